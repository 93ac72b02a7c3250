/**
 * Why a path is not the best one: the first step of the ladder that it loses, and against whom. Cold.
 *
 * A path may beat the best one pairwise and still have lost: to a path from its own neighbour AS with a lower MED, which
 * takes it out before the best one is chosen (RFC 4271 9.1.2.2 c). Then that path is named.
 * Called by view.ts and rib.ts.
 */
import {
  CLUSTER_LENGTH,
  Flag,
  INTERNAL_METRIC,
  LOCAL_PREF,
  MED,
  NEIGHBOUR_AS,
  PATH_ORIGIN,
  PREFERENCE_FLAGS,
  preferenceOf,
  RECORD_SHIFT,
  ROUTER_ID,
} from './attribute-record.ts'
import type { Core } from './core.ts'
import { firstDifference, type PathFacts } from './ladder.ts'
import { BGP_PREFERENCE, type LostStep, type UnusableReason } from './port.ts'
import type { RouteTable } from './route-table.ts'

/** A path of a table. */
export interface TablePath {
  readonly table: RouteTable
  readonly path: number
}

/** Why a path with this set may not be a route; undefined when it may. */
export function whyUnusable({ store }: Core, set: number): UnusableReason | undefined {
  if (store.isUsable(set)) return undefined
  const flags = store.flagsOf(set)
  if ((flags & Flag.LOOP) !== 0) return 'loop'
  if ((flags & Flag.OWN_NEXT_HOP) !== 0) return 'own next hop'
  return (flags & Flag.REJECTED) !== 0 ? 'rejected by policy' : 'next hop unreachable'
}

/** The preference of the source (ours, not LOCAL_PREF) of a set. */
export function preferenceOfSet({ store }: Core, set: number): number {
  const rank = (store.records[(set << RECORD_SHIFT) + PREFERENCE_FLAGS] ?? 0) >>> 16
  return store.isUsable(set) ? preferenceOf(rank) : BGP_PREFERENCE
}

/** What the ladder wants to know of a path. `isHeld`: it is the best one of its prefix. */
function factsOf(core: Core, { table: { paths }, path }: TablePath, isHeld: boolean): PathFacts {
  const { store, sources } = core
  const set = paths.setOf(path)
  const word = (offset: number) => store.records[(set << RECORD_SHIFT) + offset] ?? 0
  const sourceId = store.sourceOf(set)
  const isUsable = store.isUsable(set)
  return {
    unusable: whyUnusable(core, set),
    isStale: isUsable && (store.flagsOf(set) & Flag.LLGR_STALE) !== 0,
    preference: preferenceOfSet(core, set),
    localPref: ~word(LOCAL_PREF) >>> 0,
    asPathLength: word(PATH_ORIGIN) >>> 8,
    origin: word(PATH_ORIGIN) & 0xff,
    neighbourAs: word(NEIGHBOUR_AS),
    med: word(MED),
    isInternal: word(INTERNAL_METRIC) >>> 31 === 1,
    metric: word(INTERNAL_METRIC) & 0x7fffffff,
    routerId: word(ROUTER_ID),
    clusterListLength: word(CLUSTER_LENGTH),
    isHeld,
    address: sources.get(sourceId)?.peer.address,
    sourceId,
    pathId: paths.receivedIdOf(path) >>> 0,
  }
}

/** Why `path` lost where `candidates` (best first) are the paths of the prefix; undefined for the best, and where there is none. */
export function whyLost(
  core: Core,
  table: RouteTable,
  candidates: readonly number[],
  path: number,
): LostStep | undefined {
  const [best] = candidates
  const isUsable = (one: number) => core.store.isUsable(table.paths.setOf(one))
  if (best === undefined || best === path || !isUsable(best)) return undefined
  const loser = factsOf(core, { table, path }, false)
  const pairwise = lostTo(core, loser, factsOf(core, { table, path: best }, true))
  if (pairwise !== undefined) return pairwise
  for (const other of candidates) {
    if (other === path || !isUsable(other)) continue
    const lost = lostTo(core, loser, factsOf(core, { table, path: other }, false))
    if (lost?.step === 'med') return lost
  }
  return undefined
}

function lostTo(core: Core, loser: PathFacts, winner: PathFacts): LostStep | undefined {
  const difference = firstDifference(winner, loser, core.selection)
  if (difference === undefined || !difference.isFirstBetter) return undefined
  const { step } = difference
  return {
    step: step.name,
    section: step.section,
    value: step.describe(loser),
    winner: step.describe(winner),
    against: core.sources.nameOf(winner.sourceId),
  }
}
