/**
 * The conditions of a term that are the same for all routes with one attribute set, each as a function. One row per key of `Match`.
 *
 * A row answers with a test, or with the outcome itself when that is known beforehand. Prefixes and sources are not here, they
 * have ways of their own (compile.ts). Calico's BGPFilter: calico.md 3.9. Called by compile.ts.
 */

import { DEFAULT_LOCAL_PREF } from '../../wire/iana.ts'
import type { Prefix } from '../../wire/prefix.ts'
import { fits } from '../table/name-pattern.ts'
import { hasAs, isFirst, isLast, pathLength, startsWith } from './as-path.ts'
import { carries, compilePattern } from './community.ts'
import {
  type AsPathMatch,
  type Edits,
  MAX_PRIORITY_PREF,
  type Match,
  type NumberRange,
  type PolicySession,
  type PolicySubject,
} from './policy.ts'

/** `edits`: what earlier terms have changed; undefined: nothing. */
export type Test = (subject: PolicySubject, edits: Edits | undefined) => boolean

type Condition = (match: Match, session: PolicySession | undefined) => Test | boolean

const NOTHING: readonly number[] = []
const prepended = (edits: Edits | undefined): readonly number[] => edits?.prepend ?? NOTHING
const isWithin = (value: number, { min, max }: NumberRange): boolean => value >= min && value <= max

/** LOCAL_PREF once the edits are done (calico.md 3.5 step 0 for local routes). */
function localPrefOf({ attributes, local, source }: PolicySubject, edits: Edits | undefined): number {
  const unset = edits?.localPrefFromMetric
  if (local !== undefined && unset !== undefined) {
    const metric = local.metric === 0 && source !== 'kernel' ? unset : local.metric
    return Math.max(0, MAX_PRIORITY_PREF - metric)
  }
  return edits?.localPref ?? (attributes.hasLocalPref ? attributes.localPref : DEFAULT_LOCAL_PREF)
}

function asPathTests({ startsWith: start, first, last, contains, length }: AsPathMatch): (Test | boolean)[] {
  return [
    start === undefined || start.length === 0 || ((subject, edits) => startsWith(subject, prepended(edits), start)),
    first === undefined || ((subject, edits) => isFirst(subject, prepended(edits), first)),
    last === undefined || ((subject, edits) => isLast(subject, prepended(edits), last)),
    contains === undefined || ((subject, edits) => hasAs(subject, prepended(edits), contains)),
    length === undefined || ((subject, edits) => isWithin(pathLength(subject, prepended(edits)), length)),
  ]
}

function isInside({ bytes, start, attributes }: PolicySubject, { family, words, length }: Prefix): boolean {
  const octets = family.bits >>> 3
  if (octets === 4 ? attributes.nextHopLength !== 4 : attributes.nextHopLength < 16) return false
  const at = start + attributes.nextHopOffset
  for (let bit = 0; bit < length; bit += 8) {
    const wanted = ((words[bit >>> 5] ?? 0) >>> (24 - (bit & 31))) & 0xff
    const mask = length - bit >= 8 ? 0xff : (0xff << (8 - (length - bit))) & 0xff
    if ((((bytes[at + (bit >>> 3)] ?? 0) ^ wanted) & mask) !== 0) return false
  }
  return true
}

const CONDITIONS: readonly Condition[] = [
  ({ peerType }, session) => peerType === undefined || session?.type === peerType,
  ({ families }) => families === undefined || (({ family }) => families.includes(family.name)),
  ({ fromPeerType }) => fromPeerType === undefined || (({ peer }) => peer?.kind === fromPeerType),
  ({ fromPeers }) =>
    fromPeers === undefined ||
    (({ peer }) => peer !== undefined && fromPeers.some(pattern => fits(peer.name, pattern))),
  ({ interfaces }) => {
    if (interfaces === undefined) return true
    return ({ local }) => {
      const name = local?.interfaceName ?? ''
      return name !== '' && interfaces.some(pattern => fits(name, pattern))
    }
  },
  ({ metric }) => metric === undefined || (({ local }) => local !== undefined && isWithin(local.metric, metric)),
  ({ localPref }) => localPref === undefined || ((subject, edits) => isWithin(localPrefOf(subject, edits), localPref)),
  ({ med }) => med === undefined || (({ attributes }, edits) => isWithin(edits?.med ?? attributes.med, med)),
  ({ communities }) => {
    if (communities === undefined || communities.length === 0) return communities === undefined
    const patterns = communities.map(compilePattern)
    return (subject, edits) => patterns.some(pattern => carries(subject, pattern, edits))
  },
  ({ allCommunities }) => {
    if (allCommunities === undefined || allCommunities.length === 0) return true
    const patterns = allCommunities.map(compilePattern)
    return (subject, edits) => patterns.every(pattern => carries(subject, pattern, edits))
  },
  ({ nextHops }) => nextHops === undefined || (subject => nextHops.some(prefix => isInside(subject, prefix))),
]

/** Tests that must all hold, or false when they never do. */
export function compileConditions(match: Match, session: PolicySession | undefined): readonly Test[] | false {
  const outcomes = CONDITIONS.map(condition => condition(match, session))
  if (match.asPath !== undefined) outcomes.push(...asPathTests(match.asPath))
  const tests = outcomes.filter(outcome => typeof outcome === 'function')
  return outcomes.includes(false) ? false : tests
}
