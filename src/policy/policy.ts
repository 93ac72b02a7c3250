/**
 * Policy as data: what to look at, what to change, what to decide (RFC 4271 9.1.1 "Policy Information Base").
 *
 * One representation, whatever language it came from: our own configuration (src/config), Calico's BGPFilter resources
 * (src/calico), filters of a BIRD configuration. Nothing here computes; `compile.ts` turns a Policy into a CompiledPolicy
 * that the RIB evaluates once per route or, where prefixes do not matter, once per attribute set.
 */
import type { Family } from '../../wire/family.ts'
import type { Prefix } from '../../wire/prefix.ts'

/** Where a route came from. BGP neighbours, the kernel's alien routes, interface addresses, configuration. */
export type SourceKind = 'bgp' | 'kernel' | 'direct' | 'static'
export const SOURCE_KINDS: readonly SourceKind[] = ['bgp', 'kernel', 'direct', 'static']

/**
 * Changes to a route's attributes. A community is never in both lists once compiled, so their order does not matter;
 * before that, removal comes first. An empty object changes nothing.
 */
export interface Edits {
  /** LOCAL_PREF, 0..4294967295. */
  readonly localPref?: number
  /** MULTI_EXIT_DISC, 0..4294967295. */
  readonly med?: number
  /** RFC 1997 values, unsigned 32 bits, first half in the upper 16. */
  readonly addCommunities?: readonly number[]
  readonly removeCommunities?: readonly number[]
  /** Tell our own address as next hop. Means something on export only. */
  readonly nextHopSelf?: boolean
}

/** Prefixes inside `prefix` (itself included) whose length is in minLength..maxLength. A family never matches the other. */
export interface PrefixMatch {
  readonly prefix: Prefix
  readonly minLength: number
  readonly maxLength: number
}

/** All given conditions must hold; within one condition any of the values will do. No condition: matches everything. */
export interface Match {
  readonly prefixes?: readonly PrefixMatch[]
  readonly sources?: readonly SourceKind[]
  /** The route carries at least one of these, edits of earlier `next` terms included. */
  readonly communities?: readonly number[]
}

/** `next` keeps the edits and goes on with the following term. */
export type Action = 'accept' | 'reject' | 'next'

export interface Term {
  readonly name?: string
  readonly match: Match
  readonly set?: Edits
  readonly action: Action
}

/** Terms in order; the first matching accept or reject decides, `otherwise` decides when none did. */
export interface Policy {
  readonly name: string
  readonly terms: readonly Term[]
  readonly otherwise: 'accept' | 'reject'
}

export const ACCEPT_ALL: Policy = { name: 'accept-all', terms: [], otherwise: 'accept' }
export const REJECT_ALL: Policy = { name: 'reject-all', terms: [], otherwise: 'reject' }

/** One reused object, filled by the caller before each evaluation. Address words most significant first; IPv4 in address0. */
export interface PolicySubject {
  readonly family: Family
  readonly address0: number
  readonly address1: number
  readonly address2: number
  readonly address3: number
  readonly length: number
  readonly source: SourceKind
  hasCommunity(value: number): boolean
}

/** What `evaluate` returns for a refused route; everything else is an index into `edits`. */
export const REJECT = -1

export interface CompiledPolicy {
  readonly name: string
  /** False: the outcome depends on source and communities alone, so one evaluation per attribute set is enough. */
  readonly dependsOnPrefix: boolean
  /** REJECT, or an index into `edits`; 0 is accepted unchanged. Allocates only when a combination of edits is new. */
  evaluate(subject: PolicySubject): number
  /** edits[0] is empty. Grows when terms with `next` meet in a new combination; an index never changes its meaning. */
  readonly edits: readonly Edits[]
}
