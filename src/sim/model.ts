/**
 * What a cluster must end up with, told from the originated routes alone and without any BGP: who originates a prefix has
 * its own route; everybody else has that of the origin with the lowest router id, since nothing else differs (RFC 4271
 * 9.1.2.2 f, RFC 4456 9). Opposite ToR routers the mesh looks like one AS whose node with the lowest router id speaks for it.
 * Called by `invariant.ts`; told about every change by `workload.ts`.
 */
import type { Site, Topology } from './topology.ts'

/** The route that a site must have. */
export interface Expected {
  /** Undefined: its own. */
  readonly nextHop: Site | undefined
  readonly asPath: readonly number[]
}

const OWN: Expected = { nextHop: undefined, asPath: [] }

export class Model {
  readonly #topology: Topology
  readonly #origins = new Map<string, Set<Site>>()
  readonly #speaksForMesh: Site | undefined

  constructor(topology: Topology) {
    this.#topology = topology
    this.#speaksForMesh = lowest(topology.sites.filter(site => site.role !== 'tor'))
  }

  announce(prefix: string, site: Site): void {
    const origins = this.#origins.get(prefix)
    if (origins === undefined) this.#origins.set(prefix, new Set([site]))
    else origins.add(site)
  }

  withdraw(prefix: string, site: Site): void {
    const origins = this.#origins.get(prefix)
    origins?.delete(site)
    if (origins?.size === 0) this.#origins.delete(prefix)
  }

  /** All routes of a site, by prefix. */
  routesOf(site: Site): Map<string, Expected> {
    const routes = new Map<string, Expected>()
    for (const [prefix, origins] of this.#origins) {
      const expected = this.#expected(site, origins)
      if (expected !== undefined) routes.set(prefix, expected)
    }
    return routes
  }

  #expected(site: Site, origins: ReadonlySet<Site>): Expected | undefined {
    if (origins.has(site)) return OWN
    const winner = lowest([...origins])
    if (winner === undefined) return undefined
    if (this.#topology.kind !== 'tor') return { nextHop: winner, asPath: [] }
    const foreign = winner.role === 'tor' ? [winner.asn] : []
    if (site.role === 'tor') return { nextHop: this.#speaksForMesh, asPath: [INSIDE_OF(this.#topology), ...foreign] }
    return { nextHop: winner, asPath: foreign }
  }
}

const lowest = (sites: readonly Site[]): Site | undefined =>
  sites.reduce<Site | undefined>(
    (low, site) => (low === undefined || site.routerId < low.routerId ? site : low),
    undefined,
  )

/** The AS of the mesh. */
const INSIDE_OF = (topology: Topology): number => topology.sites.find(site => site.role !== 'tor')?.asn ?? 0
