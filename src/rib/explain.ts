/**
 * Why a path is not the best one: the first step of the ladder that it loses, and against whom. Cold.
 *
 * A path may beat the best one pairwise and still have lost: to a path from its own neighbour AS with a lower MED, which
 * takes it out before the best one is chosen (RFC 4271 9.1.2.2 c). Then that path is named.
 * Called by view.ts and rib.ts.
 */
import {
  CLUSTER_LENGTH,
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
import { BGP_PREFERENCE, type LostStep } from './port.ts'

/** The facts of an attribute set, as the ladder wants them. */
export function factsOf({ store, sources }: Core, set: number): PathFacts {
  const word = (offset: number) => store.records[(set << RECORD_SHIFT) + offset] ?? 0
  const sourceId = store.sourceOf(set)
  return {
    preference: store.isUsable(set) ? preferenceOf(word(PREFERENCE_FLAGS) >>> 16) : BGP_PREFERENCE,
    localPref: ~word(LOCAL_PREF) >>> 0,
    asPathLength: word(PATH_ORIGIN) >>> 8,
    origin: word(PATH_ORIGIN) & 0xff,
    neighbourAs: word(NEIGHBOUR_AS),
    med: word(MED),
    isInternal: word(INTERNAL_METRIC) >>> 31 === 1,
    metric: word(INTERNAL_METRIC) & 0x7fffffff,
    routerId: word(ROUTER_ID),
    clusterListLength: word(CLUSTER_LENGTH),
    address: sources.get(sourceId)?.peer.address,
    sourceId,
  }
}

/** Why `set` lost where `sets` (best first) were the candidates; undefined for the best itself. */
export function whyLost(core: Core, sets: readonly number[], set: number): LostStep | undefined {
  const best = sets[0]
  if (best === undefined || best === set || !core.store.isUsable(set)) return undefined
  const loser = factsOf(core, set)
  const pairwise = lostTo(core, loser, best)
  if (pairwise !== undefined) return pairwise
  for (const other of sets) {
    const lost = other === set || !core.store.isUsable(other) ? undefined : lostTo(core, loser, other)
    if (lost?.step === 'med') return lost
  }
  return undefined
}

function lostTo(core: Core, loser: PathFacts, winnerSet: number): LostStep | undefined {
  const winner = factsOf(core, winnerSet)
  const difference = firstDifference(winner, loser)
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
