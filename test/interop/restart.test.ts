/** A speaker that goes leaves its routes in the kernel, comes back to them without taking one away, and only then sweeps. */
import { type ChildProcess, spawn } from 'node:child_process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pause } from '../../src/lab/process.ts'
import { untilEstablished } from '../../src/lab/session.ts'
import { fullMesh, podOf } from '../../src/lab/topology.ts'
import { describeLab } from '../support/lab-interop.ts'
import { LabRun } from '../support/lab-workload-cases.ts'

const SESSION_TIMEOUT_MS = 30_000
/** Leftovers go a few seconds after the last neighbour is back. */
const SWEEP_TIMEOUT_MS = 20_000
const ROUTE_TIMEOUT_MS = 5_000
const STALE = '10.65.2.99/32'

describeLab('a godwit node in a mesh with godwit and BIRD', () => {
  const run = new LabRun(fullMesh(3, ['godwit', 'godwit', 'bird']))
  const { cluster } = run
  const [first, second] = run.nodes
  if (first === undefined || second === undefined) throw new Error('a lab has nodes')
  const { device } = podOf(second, 1)
  /** A witness beside ours: every line of `ip monitor route` on the first node since it was killed. */
  let monitor: ChildProcess | undefined
  let seen = ''
  let unchanged: string[] = []

  const routesOfFirst = async () => {
    const routes = await cluster.routes(first)
    return routes.filter(({ owner }) => owner === 'bgp')
  }

  beforeAll(async () => {
    await run.start()
    for (const node of run.nodes) await run.addPod({ node, pod: podOf(node, 1) })
    cluster.agentAdd(second, STALE, device)
    await cluster.watch.until(first.name, STALE, '10.0.0.2', ROUTE_TIMEOUT_MS)
  })
  afterAll(async () => {
    monitor?.kill()
    await cluster.stop()
  })

  it('leaves its routes in the kernel when it is killed', async () => {
    const before = await routesOfFirst()
    monitor = spawn('ip', ['-n', cluster.fabric.namespaces.fullName(first.name), 'monitor', 'route'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    monitor.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString()
    })
    await cluster.kill(first)
    expect(before).toHaveLength(5)
    unchanged = before.map(({ prefix }) => prefix.replace('/32', ''))
    expect(await routesOfFirst()).toEqual(before)
  })

  it('is given back its peers, takes no route away meanwhile, and learns what is new', async () => {
    cluster.agentRemove(second, STALE, device)
    await cluster.startMember(first)
    expect(await untilEstablished(cluster, SESSION_TIMEOUT_MS)).toEqual([])
    // What `ip monitor route` says of an unchanged route: nothing. It does listen: the new pod's route is there.
    expect(seen.split('\n').filter(line => line.includes('proto bird'))).toEqual([])
    for (const node of run.nodes) await run.addPod({ node, pod: podOf(node, 2) })
    expect(await run.silent()).toEqual([])
    const told = unchanged.filter(prefix => seen.includes(prefix))
    expect([told, seen.includes('proto bird')]).toEqual([[], true])
  })

  it('removes the one route that nobody tells any more, and no other', async () => {
    expect(await cluster.watch.until(first.name, STALE, undefined, SWEEP_TIMEOUT_MS)).toBeDefined()
    await pause(500)
    expect(cluster.watch.departuresFrom(first.name)).toBe(1)
    expect(await run.problems()).toEqual([])
  })
})
