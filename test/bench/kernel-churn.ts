/**
 * The whole path: `npx tsx test/bench/kernel-churn.ts [seconds] [pods a second]` as root, after `npm run build`. Three nodes in namespaces, each with a
 * godwit of its own and a stand-in agent; on one of them workload routes come and go at that rate. A monitor in every other node's namespace times each
 * route from the agent's write to its arrival; at rest the three kernels must equal the model. Prints figures, exits 1 when a kernel differs.
 */
import { KernelCluster } from '../../src/lab/kernel-cluster.ts'
import { formatSummary, summarise } from '../../src/lab/latency.ts'
import { untilEstablished } from '../../src/lab/session.ts'
import { fullMesh, type Member, nodesOf, podOf } from '../../src/lab/topology.ts'
import { Workloads } from '../../src/lab/workload.ts'

const SECONDS = Number(process.argv[2] ?? 60)
const RATE = Number(process.argv[3] ?? 1000)
/** Addresses in play; a route that exists is removed, one that does not is added. */
const ADDRESSES = 4_000
const TICK_MS = 10

const prefixOf = (k: number): string => `10.65.${64 + (k >> 8)}.${k & 255}/32`

async function run(): Promise<number> {
  const cluster = new KernelCluster(fullMesh(3))
  try {
    await cluster.start()
    const missing = await untilEstablished(cluster, 20_000)
    if (missing.length > 0) throw new Error(`sessions are missing: ${missing.join(', ')}`)
    const [node] = nodesOf(cluster.topology)
    if (node === undefined) throw new Error('a mesh has nodes')
    const pod = podOf(node, 1)
    await cluster.addPod(node, pod)
    const workloads = new Workloads(cluster)
    const changes = await churn(workloads, node, pod.device)
    const { right, wrong } = await workloads.verify('at rest')
    console.log(
      `${changes} changes in ${SECONDS} s; at rest ${right} routes of three kernels are right, ${wrong.length} wrong`,
    )
    for (const line of [...wrong, ...workloads.problems].slice(0, 10)) console.log(`  ${line}`)
    console.log(`arrival in other kernels: ${formatSummary(summarise(workloads.arrivalsMs))}`)
    console.log(`departure from them:      ${formatSummary(summarise(workloads.departuresMs))}`)
    return wrong.length + workloads.problems.length === 0 ? 0 : 1
  } finally {
    await cluster.stop()
  }
}

/** How many changes were made; resolves when the last of them has arrived everywhere. An address whose last change is still on its way is left alone. */
async function churn(workloads: Workloads, node: Member, device: string): Promise<number> {
  const present = new Set<number>()
  const busy = new Map<number, Promise<unknown>>()
  const since = performance.now()
  let changes = 0
  for (let next = 0; performance.now() - since < SECONDS * 1000; ) {
    const due = ((performance.now() - since) / 1000) * RATE
    for (; changes < due; next = (next + 1) % ADDRESSES) {
      if (busy.has(next)) continue
      const address = next
      const workload = { node, prefix: prefixOf(address), device }
      const isThere = present.has(address)
      if (isThere) present.delete(address)
      else present.add(address)
      const change = isThere ? workloads.remove(workload) : workloads.add(workload)
      busy.set(
        address,
        change.finally(() => busy.delete(address)),
      )
      changes += 1
    }
    await new Promise(resolve => setTimeout(resolve, TICK_MS))
  }
  await Promise.all(busy.values())
  return changes
}

process.exitCode = await run()
