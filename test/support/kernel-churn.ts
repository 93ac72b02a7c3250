/**
 * Workload routes that come and go at a rate on one of three nodes, each with a godwit and a stand-in agent of its own, in namespaces. A monitor in
 * every other node's namespace times each route from the agent's write to its arrival; at rest the three kernels are compared with the model.
 * Called by the bench and, for some seconds, by the interop suite. Needs root and a build.
 */
import { KernelCluster } from '../../src/lab/kernel-cluster.ts'
import { untilEstablished } from '../../src/lab/session.ts'
import { fullMesh, type Member, nodesOf, podOf } from '../../src/lab/topology.ts'
import { Workloads } from '../../src/lab/workload.ts'

const TICK_MS = 10

export interface ChurnLoad {
  readonly seconds: number
  /** Changes a second. */
  readonly rate: number
  /** So many addresses in play: a route that exists is removed, one that does not is added. */
  readonly addresses: number
}

export interface ChurnResult {
  readonly changes: number
  /** Until the last change was everywhere. */
  readonly tookMs: number
  /** Routes of the three kernels that are as the model has them. */
  readonly right: number
  /** A sentence for each that is not, and for each change that did not arrive in time. */
  readonly problems: readonly string[]
  readonly arrivalsMs: readonly number[]
  readonly departuresMs: readonly number[]
}

export async function runChurn(load: ChurnLoad): Promise<ChurnResult> {
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
    const since = performance.now()
    const changes = await new Churn(workloads, node, pod.device).run(load)
    const tookMs = performance.now() - since
    const { right } = await workloads.verify('at rest')
    const { problems, arrivalsMs, departuresMs } = workloads
    return { changes, tookMs, right, problems, arrivalsMs, departuresMs }
  } finally {
    await cluster.stop()
  }
}

class Churn {
  readonly #workloads: Workloads
  readonly #node: Member
  readonly #device: string
  readonly #present = new Set<number>()
  /** Addresses whose last change is still on its way: left alone. */
  readonly #busy = new Map<number, Promise<unknown>>()

  constructor(workloads: Workloads, node: Member, device: string) {
    this.#workloads = workloads
    this.#node = node
    this.#device = device
  }

  /** How many changes were made; resolves when the last of them has arrived everywhere. */
  async run({ seconds, rate, addresses }: ChurnLoad): Promise<number> {
    const since = performance.now()
    let changes = 0
    let next = 0
    while (performance.now() - since < seconds * 1000) {
      const due = ((performance.now() - since) / 1000) * rate
      for (let tried = 0; changes < due && tried < addresses; tried++) {
        if (!this.#busy.has(next)) {
          this.#change(next)
          changes += 1
        }
        next = (next + 1) % addresses
      }
      await new Promise(resolve => setTimeout(resolve, TICK_MS))
    }
    await Promise.all(this.#busy.values())
    // Which routes the clock has left in place is anybody's guess: half of them shall be, for there to be something to compare.
    for (let address = 0; address < addresses; address += 2) {
      if (this.#present.has(address)) continue
      this.#change(address)
      changes += 1
    }
    await Promise.all(this.#busy.values())
    return changes
  }

  #change(address: number): void {
    const prefix = `10.65.${64 + (address >> 8)}.${address & 255}/32`
    const workload = { node: this.#node, prefix, device: this.#device }
    const isThere = this.#present.delete(address)
    if (!isThere) this.#present.add(address)
    const change = isThere ? this.#workloads.remove(workload) : this.#workloads.add(workload)
    this.#busy.set(
      address,
      change.finally(() => this.#busy.delete(address)),
    )
  }
}
