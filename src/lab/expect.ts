/**
 * What must be in every node's table, given where the workloads live, and how that differs from what is there.
 *
 * The ledger follows the agent: a workload's route is a device route on its own node and a BGP route through that node
 * on all others (`spec`: one workload route, from the kernel of one node into the kernels of all the others). Within the
 * workload ranges nothing else may be there. Pure; the demo and the interop suites decide success with it.
 */
export interface TableRoute {
  readonly prefix: string
  /** Who put it there: the agent, or the BGP speaker. */
  readonly owner: 'agent' | 'bgp'
  readonly gateway?: string
  readonly device?: string
}

export interface NodeAddresses {
  readonly name: string
  readonly ipv4: string
  readonly ipv6: string
}

interface Placement {
  readonly node: string
  readonly device: string
}

export class Ledger {
  readonly #nodes: readonly NodeAddresses[]
  readonly #placements = new Map<string, Placement>()

  constructor(nodes: readonly NodeAddresses[]) {
    this.#nodes = nodes
  }

  place(prefix: string, node: string, device: string): void {
    this.#placements.set(prefix, { node, device })
  }

  remove(prefix: string): void {
    this.#placements.delete(prefix)
  }

  /** The gateway every other node must use for a workload of this node. */
  gatewayTo(node: string, prefix: string): string {
    const addresses = this.#nodes.find(({ name }) => name === node)
    if (addresses === undefined) throw new Error(`no node ${node} in this lab`)
    return prefix.includes(':') ? addresses.ipv6 : addresses.ipv4
  }

  /** All routes the node's table must hold within the workload ranges. */
  expectedOn(node: string): TableRoute[] {
    return [...this.#placements].map(([prefix, placement]) =>
      placement.node === node
        ? { prefix, owner: 'agent', device: placement.device }
        : { prefix, owner: 'bgp', gateway: this.gatewayTo(placement.node, prefix) },
    )
  }
}

/** One sentence for each route that is missing, wrong or too many; empty when the table is as it must be. */
export function differences(node: string, expected: readonly TableRoute[], seen: readonly TableRoute[]): string[] {
  const there = new Set(seen.map(describeRoute))
  const wanted = new Set(expected.map(describeRoute))
  return [
    ...[...wanted].filter(route => !there.has(route)).map(route => `${node}: missing ${route}`),
    ...[...there].filter(route => !wanted.has(route)).map(route => `${node}: must not have ${route}`),
  ]
}

function describeRoute(route: TableRoute): string {
  const via = route.gateway === undefined ? '' : ` via ${route.gateway}`
  const device = route.device === undefined ? '' : ` dev ${route.device}`
  return `${route.prefix}${via}${device} (${route.owner})`
}
