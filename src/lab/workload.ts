/**
 * Workload routes of a cluster as the agent writes and removes them, followed into the tables of all other nodes.
 *
 * Keeps the ledger of what must be where, the latencies, and every sentence about what is not as it must be. Called by
 * the demo's story and by the interop suites.
 */
import type { Cluster } from './cluster.ts'
import { differences, Ledger, type TableRoute } from './expect.ts'
import { type Member, nodesOf } from './topology.ts'

/** How one change fared on one other node; `tookMs` is undefined when it never got there. */
export interface Outcome {
  readonly node: string
  readonly tookMs: number | undefined
}

export interface Workload {
  readonly node: Member
  readonly prefix: string
  readonly device: string
}

const ROUTE_TIMEOUT_MS = 5_000

export class Workloads {
  readonly problems: string[] = []
  /** From the agent's write to the route in another table. */
  readonly arrivalsMs: number[] = []
  /** From the agent's removal to the route gone from another table. */
  readonly departuresMs: number[] = []
  /** Routes compared with the ledger and found right, over all tables and all calls of `verify`. */
  verified = 0
  readonly #cluster: Cluster
  readonly #ledger: Ledger
  readonly #nodes: readonly Member[]

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.#nodes = nodesOf(cluster.topology)
    this.#ledger = new Ledger(cluster.addresses)
  }

  /** The agent writes the route; resolves when all other nodes have it, or will not get it any more. */
  add({ node, prefix, device }: Workload, samplesMs: number[] = this.arrivalsMs): Promise<Outcome[]> {
    this.#ledger.place(prefix, node.name, device)
    const gateway = this.#ledger.gatewayTo(node.name, prefix)
    const sinceMs = this.#cluster.agentAdd(node, prefix, device)
    return this.#follow({ node, prefix, gateway, sinceMs }, samplesMs)
  }

  /** The agent removes the route; resolves when it is gone from all other nodes, or has outstayed its time. */
  remove({ node, prefix, device }: Workload, samplesMs: number[] = this.departuresMs): Promise<Outcome[]> {
    this.#ledger.remove(prefix)
    const sinceMs = this.#cluster.agentRemove(node, prefix, device)
    return this.#follow({ node, prefix, gateway: undefined, sinceMs }, samplesMs)
  }

  /** The workload's link is gone without a word from the agent, and its route with it. */
  vanished({ node, prefix }: Workload, sinceMs: number): Promise<Outcome[]> {
    this.#ledger.remove(prefix)
    return this.#follow({ node, prefix, gateway: undefined, sinceMs }, this.departuresMs)
  }

  /** The workload routes that must be in the table of a member, whatever it is; a reflector's are all by BGP. */
  expectedOn(member: Member): TableRoute[] {
    return this.#ledger.expectedOn(member.name)
  }

  /** Compares every node's table with the ledger; the number of routes found right, differences go to `problems`. */
  async verify(occasion: string): Promise<{ right: number; wrong: readonly string[] }> {
    const wrong: string[] = []
    let right = 0
    for (const node of this.#nodes) {
      const expected = this.#ledger.expectedOn(node.name)
      const found = differences(node.name, expected, await this.#cluster.routes(node))
      wrong.push(...found)
      right += Math.max(0, expected.length - found.length)
    }
    this.verified += right
    this.problems.push(...wrong.map(problem => `${occasion}: ${problem}`))
    return { right, wrong }
  }

  #follow(
    change: { node: Member; prefix: string; gateway: string | undefined; sinceMs: number },
    samplesMs: number[],
  ): Promise<Outcome[]> {
    const { prefix, gateway, sinceMs } = change
    const others = this.#nodes.filter(node => node !== change.node)
    return Promise.all(
      others.map(async ({ name }) => {
        const atMs = await this.#cluster.watch.until(name, prefix, gateway, ROUTE_TIMEOUT_MS)
        if (atMs === undefined) {
          const what = gateway === undefined ? 'was not withdrawn' : `via ${gateway} did not arrive`
          this.problems.push(`${name}: ${prefix} ${what} within ${ROUTE_TIMEOUT_MS} ms`)
          return { node: name, tookMs: undefined }
        }
        samplesMs.push(atMs - sinceMs)
        return { node: name, tookMs: atMs - sinceMs }
      }),
    )
  }
}
