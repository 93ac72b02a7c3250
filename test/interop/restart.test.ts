/** A speaker that goes leaves its routes in the kernel, and comes back to them without taking one away. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { untilEstablished } from '../../src/lab/session.ts'
import { fullMesh, podOf } from '../../src/lab/topology.ts'
import { describeLab } from '../support/lab-interop.ts'
import { LabRun } from '../support/lab-workload-cases.ts'

const SESSION_TIMEOUT_MS = 30_000

describeLab('a godwit node in a mesh with godwit and BIRD', () => {
  const run = new LabRun(fullMesh(3, ['godwit', 'godwit', 'bird']))
  const [first] = run.nodes
  if (first === undefined) throw new Error('a lab has nodes')

  const routesOf = async () => {
    const routes = await run.cluster.routes(first)
    return routes.filter(({ owner }) => owner === 'bgp')
  }

  beforeAll(async () => {
    await run.start()
    for (const node of run.nodes) await run.addPod({ node, pod: podOf(node, 1) })
  })
  afterAll(() => run.cluster.stop())

  it('leaves its routes in the kernel when it is killed', async () => {
    const before = await routesOf()
    await run.cluster.kill(first)
    expect(before).toHaveLength(4)
    expect(await routesOf()).toEqual(before)
  })

  it('finds them again when it is back, and no kernel misses a route', async () => {
    await run.cluster.startMember(first)
    expect(await untilEstablished(run.cluster, SESSION_TIMEOUT_MS)).toEqual([])
    for (const node of run.nodes) await run.addPod({ node, pod: podOf(node, 2) })
    expect(await run.problems()).toEqual([])
    expect(await run.silent()).toEqual([])
  })
})
