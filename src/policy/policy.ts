/**
 * Policy as data: what to look at, what to change, what to decide (RFC 4271 9.1.1 "Policy Information Base").
 *
 * One representation, whatever language it came from: our own configuration (src/config), Calico's BGPFilter resources
 * (src/calico), filters of a BIRD configuration. Nothing here computes; `compile.ts` turns a Policy into a CompiledPolicy
 * that the RIB evaluates once per route or, where prefixes do not matter, once per attribute set.
 */
import type { LargeCommunity } from '../../wire/attribute/community.ts'
import type { Family, FamilyName } from '../../wire/family.ts'
import type { Prefix } from '../../wire/prefix.ts'
import type { AttributeSummary } from '../../wire/summary.ts'

/** Where a route came from. BGP neighbours, the kernel's alien routes, interface addresses, configuration. */
export type SourceKind = 'bgp' | 'kernel' | 'direct' | 'static'
export const SOURCE_KINDS: readonly SourceKind[] = ['bgp', 'kernel', 'direct', 'static']

/** A community (RFC 1997) is an unsigned number, first half in the upper 16 bits; a large one (RFC 8092) has three of them. */
export type Community = number | LargeCommunity

/** All communities that agree with `value` in the bits of `mask`; both of one kind. */
export interface CommunityPattern {
  readonly value: Community
  readonly mask: Community
}

/** In `Edits.prepend`: the AS number that the session shows to the neighbour. */
export const OWN_AS = 0

/** LOCAL_PREF of a route with Calico's priority (a kernel metric) of 0; each step of priority takes one off. */
export const MAX_PRIORITY_PREF = 0x7fffffff

/**
 * Changes to a route's attributes. Within one of them communities are removed first and added then. An empty object changes
 * nothing.
 */
export interface Edits {
  /** LOCAL_PREF, 0..4294967295. */
  readonly localPref?: number
  /**
   * LOCAL_PREF of local routes is MAX_PRIORITY_PREF less their metric, whatever `localPref` says; this is the metric of those
   * that have none (0, and not from the kernel). Changes no route of a neighbour.
   */
  readonly localPrefFromMetric?: number
  /** MULTI_EXIT_DISC, 0..4294967295. */
  readonly med?: number
  /** AS numbers to put in front of AS_PATH, as they are to stand there. To external peers our own comes first still. */
  readonly prepend?: readonly number[]
  readonly addCommunities?: readonly Community[]
  readonly removeCommunities?: readonly (Community | CommunityPattern)[]
  /** Preference among sources (100 for BGP, 200 for statics), 0..32766. Means something on import only. */
  readonly preference?: number
  /** Tell our own address as next hop. Means something on export only. */
  readonly nextHopSelf?: boolean
}

/** Prefixes inside `prefix` (itself included) whose length is in minLength..maxLength. A family never matches the other. */
export interface PrefixMatch {
  readonly prefix: Prefix
  readonly minLength: number
  readonly maxLength: number
}

/** Both ends count. */
export interface NumberRange {
  readonly min: number
  readonly max: number
}

/** AS_PATH with what earlier terms prepended; without the own AS that goes in front on the way to an external peer. */
export interface AsPathMatch {
  /** The path begins with these, in this order. */
  readonly startsWith?: readonly number[]
  /** The first AS is one of these: the neighbour's, usually. */
  readonly first?: readonly number[]
  /** The last AS is one of these: the one that originated the route. */
  readonly last?: readonly number[]
  /** One of these is anywhere in it, sets included. */
  readonly contains?: readonly number[]
  /** As in the decision process: a set counts as one (RFC 4271 9.1.2.2 a). */
  readonly length?: NumberRange
}

export type PeerType = 'ebgp' | 'ibgp'

/**
 * All given conditions must hold; within one list any of the values will do. No condition: matches everything. Changes of
 * earlier `next` terms count. Everything but `prefixes` and `exceptPrefixes` is the same for all routes with one attribute set.
 */
export interface Match {
  /** The term is there only on sessions of this type; see `PolicySession`. */
  readonly peerType?: PeerType
  readonly families?: readonly FamilyName[]
  readonly prefixes?: readonly PrefixMatch[]
  /** The route is none of these. */
  readonly exceptPrefixes?: readonly PrefixMatch[]
  readonly sources?: readonly SourceKind[]
  /** Learnt from a neighbour whose name fits: `*` any text, `?` one character. Never a local route. */
  readonly fromPeers?: readonly string[]
  /** Learnt on a session of this type. Never a local route. */
  readonly fromPeerType?: PeerType
  /** Interface of a local route, patterns as in `fromPeers`. Never a route of a neighbour, nor one without interface. */
  readonly interfaces?: readonly string[]
  /** Metric of a local route. Never a route of a neighbour. */
  readonly metric?: NumberRange
  /** 100 when there is none. */
  readonly localPref?: NumberRange
  /** 0 when there is none (RFC 4271 9.1.2.2 c). */
  readonly med?: NumberRange
  /** The route carries at least one of these; each of these. */
  readonly communities?: readonly (Community | CommunityPattern)[]
  readonly allCommunities?: readonly (Community | CommunityPattern)[]
  readonly asPath?: AsPathMatch
  /** NEXT_HOP as it came is in one of these. */
  readonly nextHops?: readonly Prefix[]
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

/** What a policy must know of the session it is compiled for. */
export interface PolicySession {
  readonly type: PeerType
  /** Our AS number on it. */
  readonly localAsn: number
}

/** What a local route has besides attributes. */
export interface LocalFacts {
  readonly metric: number
  /** Empty: none. */
  readonly interfaceName: string
}

/** The neighbour that a route came from. */
export interface PeerFacts {
  readonly name: string
  readonly kind: PeerType
}

/** One reused object, filled by the caller before each evaluation. Address words most significant first; IPv4 in address0. */
export interface PolicySubject {
  readonly family: Family
  readonly address0: number
  readonly address1: number
  readonly address2: number
  readonly address3: number
  readonly length: number
  readonly source: SourceKind
  /** Undefined for local routes. */
  readonly peer: PeerFacts | undefined
  /** Undefined for routes of neighbours. */
  readonly local: LocalFacts | undefined
  /** Canonical attributes (wire/normalise.ts); the block begins at `start`, and so do the offsets of `attributes`. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly attributes: AttributeSummary
}

/** What `evaluate` returns for a refused route; everything else is an index into `edits`. */
export const REJECT = -1

export interface CompiledPolicy {
  readonly name: string
  /** False: the outcome depends on source and attributes alone, so one evaluation per attribute set is enough. */
  readonly dependsOnPrefix: boolean
  /** REJECT, or an index into `edits`; 0 is accepted unchanged. Allocates only when a combination of edits is new. */
  evaluate(subject: PolicySubject): number
  /** Which term decides about the route, for people: `tor-in, term 2 (pods)`, or `tor-in, otherwise`. Slow. */
  decidedBy(subject: PolicySubject): string
  /** edits[0] is empty. Grows when terms with `next` meet in a new combination; an index never changes its meaning. */
  readonly edits: readonly Edits[]
}
