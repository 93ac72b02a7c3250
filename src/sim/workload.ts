/**
 * What happens to local routes: every site has prefixes of its own, IPv4 and IPv6, and some are shared by several sites of
 * one role. Announced and withdrawn at random for as long as faults happen. Drawn beforehand, so that a run with fewer
 * faults has the same changes.
 * Called by `cluster.ts`.
 */
import { formatPrefix, parsePrefix } from '../../wire/index.ts'
import type { Random } from './random.ts'
import type { Site, Topology } from './topology.ts'

export interface Change {
  readonly at: number
  readonly site: number
  readonly prefix: string
  readonly isAnnounced: boolean
}

export interface WorkloadOptions {
  readonly ownPrefixes: number
  readonly sharedPrefixes: number
  /** Changes after the start, each of one prefix. */
  readonly changes: number
  readonly endMs: number
}

/** The first table of every site, then changes until `endMs`. */
export function drawWorkload(topology: Topology, options: WorkloadOptions, random: Random): readonly Change[] {
  const changes: Change[] = []
  const held = new Set<string>()
  const flip = (at: number, site: Site, prefix: string) => {
    const key = `${site.index} ${prefix}`
    const isAnnounced = !held.delete(key)
    if (isAnnounced) held.add(key)
    changes.push({ at, site: site.index, prefix, isAnnounced })
  }
  const { sites } = topology
  for (const site of sites) {
    for (const prefix of ownPrefixes(site, options.ownPrefixes)) if (random.chance(0.8)) flip(0, site, prefix)
  }
  for (let i = 0; i < options.changes; i++) {
    const at = random.between(0, options.endMs)
    const site = random.pick(sites)
    // Shared by sites of one role, and by no reflector: the model knows who wins only among equals.
    const isShared = site.role !== 'reflector' && options.sharedPrefixes > 0 && random.chance(0.3)
    const burst = random.chance(0.2) ? options.ownPrefixes : 1
    if (isShared) flip(at, site, sharedPrefix(site, random.below(options.sharedPrefixes)))
    else
      for (const prefix of random.shuffle(ownPrefixes(site, options.ownPrefixes)).slice(0, burst))
        flip(at, site, prefix)
  }
  // Sorted by time; flips of one key were drawn in another order, so who is up is counted again.
  changes.sort((a, b) => a.at - b.at)
  const up = new Set<string>()
  return changes.map(change => {
    const key = `${change.site} ${change.prefix}`
    const isAnnounced = !up.delete(key)
    if (isAnnounced) up.add(key)
    return { ...change, isAnnounced }
  })
}

function ownPrefixes({ index }: Site, count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    i % 3 === 2
      ? canonical(`fd65:${index.toString(16)}:${i.toString(16)}::/64`)
      : canonical(`10.${64 + (index >> 8)}.${index & 255}.${(i * 4) & 255}/${i % 2 === 0 ? 30 : 32}`),
  )
}

const sharedPrefix = ({ role }: Site, i: number): string =>
  canonical(i % 3 === 2 ? `fd66:${role === 'tor' ? 1 : 2}:${i}::/64` : `192.168.${role === 'tor' ? 128 + i : i}.0/24`)

/** As the table writes it. */
function canonical(text: string): string {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new RangeError(text)
  return formatPrefix(prefix.family, prefix.words, prefix.length)
}
