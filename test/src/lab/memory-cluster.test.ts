import { afterEach, describe, expect, it } from 'vitest'
import { MemoryCluster } from '../../../src/lab/memory-cluster.ts'
import { untilEstablished } from '../../../src/lab/session.ts'
import {
  fullMesh,
  nodesOf,
  podOf,
  podPrefixes,
  reflected,
  reflectorsOf,
  type Topology,
} from '../../../src/lab/topology.ts'
import { Workloads } from '../../../src/lab/workload.ts'

const SESSION_TIMEOUT_MS = 10_000
let cluster: MemoryCluster | undefined

afterEach(async () => {
  await cluster?.stop()
  cluster = undefined
})

/** A started cluster with one pod a node, all of whose routes have arrived. */
async function start(topology: Topology) {
  cluster = new MemoryCluster(topology)
  const workloads = new Workloads(cluster)
  await cluster.start()
  const missing = await untilEstablished(cluster, SESSION_TIMEOUT_MS)
  for (const node of nodesOf(topology)) {
    const pod = podOf(node, 1)
    await cluster.addPod(node, pod)
    for (const prefix of podPrefixes(pod)) await workloads.add({ node, prefix, device: pod.device })
  }
  return { cluster, workloads, missing }
}

describe('a cluster in memory', () => {
  it.each([fullMesh(3), reflected(3, ['godwit', 'godwit'])])(
    'carries workload routes to every table: $name',
    async topology => {
      const { workloads, missing } = await start(topology)
      expect(missing).toEqual([])
      expect(await workloads.verify('all')).toEqual({ right: 18, wrong: [] })
      expect(workloads.problems).toEqual([])
    },
  )

  it('notices a route that is nowhere', async () => {
    const { cluster, workloads } = await start(fullMesh(2))
    const [node] = nodesOf(cluster.topology)
    if (node === undefined) throw new Error('a mesh has nodes')
    cluster.agentRemove(node, podPrefixes(podOf(node, 1))[0])
    const { wrong } = await workloads.verify('after')
    expect(wrong).toContain('node-1: missing 10.65.1.1/32 dev cali1a (agent)')
  })

  it('keeps every route when one of two reflectors goes', async () => {
    const { cluster, workloads } = await start(reflected(2, ['godwit', 'godwit']))
    const [reflector] = reflectorsOf(cluster.topology)
    const [node] = nodesOf(cluster.topology)
    if (reflector === undefined || node === undefined) throw new Error('the cluster has both')
    await cluster.kill(reflector)
    await workloads.add({ node, prefix: '10.65.1.9/32', device: podOf(node, 1).device })
    for (const { name } of nodesOf(cluster.topology)) expect(cluster.watch.departuresFrom(name)).toBe(0)
    expect(await workloads.verify('after')).toMatchObject({ wrong: [] })
  })
})
