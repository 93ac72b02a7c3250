/**
 * Who is there and who talks to whom: a full mesh, clients behind redundant reflectors, a hierarchy of reflectors (RFC 4456
 * 7), or a mesh of nodes opposite a pair of ToR routers over eBGP. Drawn from the seed where there is a choice.
 * Called by `cluster.ts`; read by `model.ts`, which knows what routes such a cluster must end up with.
 */
import type { Random } from './random.ts'

export const TOPOLOGIES = ['mesh', 'reflectors', 'hierarchy', 'tor'] as const
export type TopologyKind = (typeof TOPOLOGIES)[number]

export type Role = 'node' | 'reflector' | 'tor'

/** One machine. */
export interface Site {
  readonly index: number
  readonly role: Role
  readonly asn: number
  /** In no order: who wins a collision or a tie must not depend on the place in the topology. */
  readonly routerId: number
  readonly clusterId: number
  readonly ipv4: Uint8Array
  readonly ipv6: Uint8Array
}

/** A session that is configured on both ends. */
export interface Edge {
  /** Indexes of sites. */
  readonly ends: readonly [number, number]
  /** Whether the other end is a reflector client of this one. */
  readonly hasClient: readonly [boolean, boolean]
  /** An end that only listens. At most one. */
  readonly isPassive: readonly [boolean, boolean]
}

export interface Topology {
  readonly kind: TopologyKind
  readonly sites: readonly Site[]
  readonly edges: readonly Edge[]
}

const INSIDE = 64512
const TOR = 65001

/** Fewest speakers a kind makes sense with. */
export const FEWEST_SPEAKERS: Readonly<Record<TopologyKind, number>> = { mesh: 2, reflectors: 4, hierarchy: 7, tor: 4 }

/** Where Calico's advice is to leave the full mesh for reflectors. */
const MOST_IN_MESH = 100

/** What a cluster of so many speakers would be. */
export const kindsFor = (speakers: number | undefined): readonly TopologyKind[] =>
  speakers !== undefined && speakers > MOST_IN_MESH ? ['reflectors', 'hierarchy'] : TOPOLOGIES

/** A topology of `count` speakers, raised to the fewest of the kind. */
export function drawTopology(kind: TopologyKind, wanted: number, random: Random): Topology {
  const count = Math.max(wanted, FEWEST_SPEAKERS[kind])
  const indexes = Array.from({ length: count }, (_, index) => index)
  const ranks = random.shuffle(indexes)
  const builder = new Builder(random)
  const roles = BUILD[kind](builder, count)
  const sharesCluster = kind === 'reflectors' && random.chance(0.5)
  let tors = 0
  const sites = indexes.map((index): Site => {
    const role = roles(index)
    const routerId = 0x0a800001 + (ranks[index] ?? 0)
    const clusterId = sharesCluster && role === 'reflector' ? 0x0a640001 : routerId
    const asn = role === 'tor' ? TOR + tors++ : INSIDE
    const ipv4 = Uint8Array.of(10, 0, index >> 8, index & 255)
    const ipv6 = Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, index >> 8, index & 255)
    return { index, role, asn, routerId, clusterId, ipv4, ipv6 }
  })
  return { kind, sites, edges: builder.edges }
}

class Builder {
  readonly edges: Edge[] = []
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** `b` is a client of `a`, or none is of the other. */
  add(a: number, b: number, isClient = false): void {
    const passive = this.#random.below(10)
    this.edges.push({ ends: [a, b], hasClient: [isClient, false], isPassive: [passive === 0, passive === 1] })
  }

  mesh(from: number, end: number): void {
    for (let a = from; a < end; a++) for (let b = a + 1; b < end; b++) this.add(a, b)
  }
}

/** Adds the edges; returns the role of each site. */
const BUILD: Readonly<Record<TopologyKind, (builder: Builder, count: number) => (index: number) => Role>> = {
  mesh(builder, count) {
    builder.mesh(0, count)
    return () => 'node'
  },

  reflectors(builder, count) {
    const reflectors = count >= 8 ? 3 : 2
    builder.mesh(0, reflectors)
    for (let node = reflectors; node < count; node++) {
      for (let reflector = 0; reflector < reflectors; reflector++) builder.add(reflector, node, true)
    }
    return index => (index < reflectors ? 'reflector' : 'node')
  },

  hierarchy(builder, count) {
    const tops = 2
    const middles = Math.max(2, Math.floor(count / 10))
    const first = tops + middles
    builder.mesh(0, tops)
    for (let middle = tops; middle < first; middle++) {
      for (let top = 0; top < tops; top++) builder.add(top, middle, true)
    }
    for (let node = first; node < count; node++) {
      const home = node % middles
      builder.add(tops + home, node, true)
      builder.add(tops + ((home + 1) % middles), node, true)
    }
    return index => (index < first ? 'reflector' : 'node')
  },

  tor(builder, count) {
    const tors = count - 2
    builder.mesh(0, tors)
    for (let node = 0; node < tors; node++) for (let tor = tors; tor < count; tor++) builder.add(node, tor)
    return index => (index < tors ? 'node' : 'tor')
  },
}
