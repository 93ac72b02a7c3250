/**
 * The faces of the RIB: what goes in (peers, local routes), what comes out (best routes, views), as plain types.
 *
 * Everything that crosses the border of src/rib is named here, so that the daemon, the kernel synchroniser and the tests
 * need no other file of this folder than `rib.ts`. Words as in RFC 4271 3.2: Adj-RIB-In, Loc-RIB, Adj-RIB-Out.
 * Addresses are octets in network order, 4 or 16 of them; address words are unsigned, most significant first.
 */

import type { Attribute } from '../../wire/attribute/registry.ts'
import type { Family, FamilyName } from '../../wire/family.ts'
import type { Prefix } from '../../wire/prefix.ts'
import type { CompiledPolicy, Edits, SourceKind } from '../policy/policy.ts'

/** A source of paths: 1 to 15 are local sources, the rest sessions. 16 bits; an id comes back only when nothing recalls it. */
export type PeerId = number & { readonly __brand: 'PeerId' }

/** One Established session, as negotiated and configured. The RIB keeps the object and never changes it. */
export interface RibPeer {
  readonly name: string
  readonly kind: 'ibgp' | 'ebgp'
  readonly asn: number
  readonly localAsn: number
  /** The neighbour's BGP Identifier, unsigned. */
  readonly routerId: number
  /** The neighbour's address and ours on this session. */
  readonly address: Uint8Array
  readonly localAddress: Uint8Array
  /** The families negotiated in both directions. */
  readonly families: readonly Family[]
  readonly fourOctetAs: boolean
  /** Longest message we may send, header included: 4096, or 65535 when extended messages were negotiated. */
  readonly maxLength: number
  /** The neighbour is our client (RFC 4456 2). Means something on internal sessions only. */
  readonly reflectorClient: boolean
  /** Cluster id of the cluster this neighbour is in, unsigned. */
  readonly clusterId: number
  /** False: it hears from the other clients of its cluster itself, and is not told what they told us. True by default. */
  readonly clientToClient?: boolean
  readonly nextHopSelf: boolean
  /** Next hops of neighbours and gateways of local routes are told as they are, to an external peer, too (but not its own address). */
  readonly nextHopKeep?: boolean
  readonly importPolicy: CompiledPolicy
  readonly exportPolicy: CompiledPolicy
  /** Own addresses to tell as next hop for a family that is not the one of `localAddress`; also known as ours on receipt. */
  readonly nextHops: OwnNextHops
  /** Path identifiers by direction, as negotiated (RFC 7911 4); a family that is absent has none. */
  readonly addPath?: Readonly<Partial<Record<FamilyName, AddPathUse>>>
  /** How many paths of a prefix are sent where identifiers are: all, those of the multipath set, or at most so many. */
  readonly addPathSend?: 'all' | 'multipath' | number
  /** Refreshes of this session have marks: BoRR and EoRR (RFC 7313 4). */
  readonly enhancedRefresh?: boolean
  /** Limits by family; a family that is absent has none. */
  readonly limits?: Readonly<Partial<Record<FamilyName, PrefixLimits>>>
  /** Octets that the attribute sets of this session may take; beyond, it is reset with 6/8 (RFC 4486 4). */
  readonly attributeOctets?: number
  /** How often an own AS number may be in AS_PATH before the route counts as looped (RFC 4271 9.1.2). 0 by default. */
  readonly allowOwnAs?: number
  /** As wire's `CodecContext` has them. */
  readonly extendedNextHop?: readonly Family[]
  readonly rejectAsSets?: boolean
  readonly isConfederationPeer?: boolean
  readonly firstAs?: number
}

/** Every path that may be a route, those as good as the best one (RFC 4271 9.1.2.2 through e), or so many of the best. */
export type PathLimit = 'all' | 'multipath' | number

/** What may change while the session is up and concerns only what it is told. */
export type ExportRules = Pick<RibPeer, 'exportPolicy' | 'nextHopSelf' | 'nextHopKeep' | 'clientToClient'>

export interface AddPathUse {
  readonly receive: boolean
  readonly send: boolean
}

export interface PrefixLimits {
  /** Most routes before import policy, and after it. */
  readonly received?: number
  readonly accepted?: number
  /** Beyond: say so, take no new prefixes, or end the session with 6/1 (RFC 4486 4). */
  readonly action: 'warn' | 'block' | 'reset'
}

export type LimitKind = 'received' | 'accepted'

/** A limit is exceeded; heard once until the count has fallen below three quarters of it. */
export interface LimitReached {
  readonly peer: PeerId
  readonly name: string
  readonly family: Family
  readonly kind: LimitKind
  readonly limit: number
  readonly count: number
  readonly action: PrefixLimits['action']
}

/** What may change while the session is up and concerns only how much it may put into the tables. */
export type LimitRules = Pick<RibPeer, 'limits' | 'attributeOctets'>

export type LimitListener = (event: LimitReached) => void

export interface OwnNextHops {
  readonly ipv4?: Uint8Array
  /** 16 octets, or 32 when a link-local address goes along (RFC 2545 3). */
  readonly ipv6?: Uint8Array
}

/** The three sources that are not sessions, and their preference (the higher wins; a path of BGP has 100). */
export type LocalSource = 'kernel' | 'direct' | 'static'
export const LOCAL_PREFERENCE: Readonly<Record<LocalSource, number>> = { kernel: 10, direct: 240, static: 200 }
export const BGP_PREFERENCE = 100

export type LocalRouteType = 'unicast' | 'blackhole' | 'unreachable' | 'prohibit'

/** A route that did not come from a session: one per source and prefix, the best one by its source's own rules. */
export interface LocalRoute {
  readonly metric: number
  readonly type: LocalRouteType
  readonly gateway?: Uint8Array
  readonly interfaceIndex: number
  readonly interfaceName: string
  /** 0 to 32766, usually LOCAL_PREFERENCE of its source. */
  preference: number
}

/** A next hop, one object per distinct value for as long as any attribute set names it. */
export interface NextHop {
  readonly id: number
  /** 4 or 16 octets: the global address, or the link-local one when there is no other. */
  readonly octets: Uint8Array
  /** The second half of a 32-octet IPv6 next hop (RFC 2545 3). */
  readonly linkLocal?: Uint8Array
  readonly text: string
}

/** One change of the Loc-RIB. One reused object: copy what you keep. */
export interface BestRoute {
  family: Family
  /** Dense number of the prefix within its family, stable while `present`, given to another prefix later. */
  prefixId: number
  address0: number
  address1: number
  address2: number
  address3: number
  length: number
  /** False: there is no route to this prefix any more; the fields below are void. */
  present: boolean
  source: SourceKind
  sourceId: number
  /** That of the best path. */
  nextHop: NextHop | undefined
  /** LOCAL_PREF of the best path as it was compared (RFC 4271 9.1.1): 100 where nobody gave one, of local routes too. */
  localPref: number
  /** How many next hops to spread over: those of the multipath set, the best path's first. 0 when `nextHop` is undefined. */
  nextHopCount: number
  /** Only while the listener is called. Throws RangeError from `nextHopCount` on. */
  nextHopAt(i: number): NextHop
  local: LocalRoute | undefined
}

export interface BestRouteListener {
  routeChanged(route: BestRoute): void
  /** All changes of this flush were told. */
  flushed(): void
}

/** A route that next hops may be resolved by: not one of BGP. */
export interface UnderlayRoute {
  /** 0 to 2147483647, the lower is nearer. */
  readonly metric: number
  /** The prefix is that of a link of ours. */
  readonly isConnected: boolean
  /** 0 when it is not known. */
  readonly interfaceIndex: number
}

/** How many paths of a prefix are used at most when the best one is external, and when it is internal. */
export interface Multipath {
  readonly ebgp: number
  readonly ibgp: number
}

/** What may differ in the decision process (RFC 4271 9.1.2.2). All off by default. */
export interface SelectionOptions {
  /** MED counts between neighbour ASes, too. */
  readonly alwaysCompareMed?: boolean
  /** A path without MED is worse than any other, instead of better. */
  readonly missingMedAsWorst?: boolean
  /** RFC 5004: an external path that is best stays so against one that is better by its identifier only. */
  readonly preferOlder?: boolean
  /** 1 and 1 by default. */
  readonly multipath?: Multipath
}

export interface RibOptions {
  readonly asn: number
  readonly routerId: number
  /** Ours when a peer names no other; the router id by default (RFC 4456 7). */
  readonly clusterId?: number
  /** Secret of this process, 32 bits: peers choose prefixes and attributes, so they must not know the hash. */
  readonly seed: number
  /** Octets a peer may lag behind its group's log before it is fed by a scan instead. 16 MiB by default. */
  readonly logLimit?: number
  /** Prefixes that one flush takes up at most, and paths that one slice of a removal looks at. 65536 by default. */
  readonly stretch?: number
  /** Records for which address space is set aside at the start: a million by default; small in tests. */
  readonly reserve?: number
  readonly selection?: SelectionOptions
  /** Paths count only while an underlay route leads to their next hop. False by default: every next hop is as good. */
  readonly resolveNextHops?: boolean
}

/** What `Rib.routes` may be asked. Absent field: no restriction. */
export interface RouteQuery {
  readonly family?: Family
  readonly prefix?: Prefix
  /** With `prefix`: the longest prefix that covers it, instead of exactly that one. */
  readonly longest?: boolean
  /** Only paths of this session. */
  readonly peer?: PeerId
  /** Only paths of this kind of source. */
  readonly source?: SourceKind
  /** Only the best path of each prefix. */
  readonly best?: boolean
  /** Only paths that loop, that name our own next hop or that import policy refused; without it only the others. */
  readonly rejected?: boolean
  readonly limit?: number
}

/** One path, for people. */
export interface RouteView {
  readonly family: Family
  readonly prefix: string
  readonly best: boolean
  readonly source: SourceKind
  readonly sourceId: number
  /** Name of the session; the name of the source when it is local. */
  readonly peerName: string
  /** The identifier it came with, on sessions that have them (RFC 7911 3), unsigned. */
  readonly pathId?: number
  /** Absent for a local route without a gateway. */
  readonly nextHop?: string
  /** What leads to the next hop, a prefix, and its metric; absent while nothing does or nobody asks. */
  readonly via?: string
  readonly metric?: number
  /** In ascending order of type, NEXT_HOP among them, MP_REACH never. */
  readonly attributes: readonly Attribute[]
  readonly preference: number
  readonly local?: LocalRoute
  /** For a path that is not best: the step of the ladder it lost on, see ladder.ts. */
  readonly lostOn?: string
  /** For a path that may not be a route: why. It is never the best one. */
  readonly unusable?: UnusableReason
}

export type UnusableReason = 'loop' | 'own next hop' | 'rejected by policy' | 'next hop unreachable'

/** One next hop of routes from neighbours or local sources. */
export interface NextHopView {
  readonly address: string
  readonly linkLocal?: string
  readonly isReachable: boolean
  /** The underlay route that leads there; absent while none does, and when next hops are not resolved. */
  readonly via?: string
  readonly metric?: number
  readonly isConnected?: boolean
  readonly interfaceIndex?: number
}

/** Why each loser lost, see `Rib.explain`. */
export interface Explanation {
  readonly prefix: string
  readonly family: Family
  /** Best first, the rest in no order. When the first is unusable, there is no route. */
  readonly paths: readonly ExplainedPath[]
  /** What each session that is up is told of it, in the order they came up: one a session, or one a path where several are told. */
  readonly tellings: readonly Telling[]
}

export interface ExplainedPath {
  readonly view: RouteView
  /** Absent for the best path. */
  readonly lost?: LostStep
  /** What import policy said; absent for local paths, and for those that loop or name our own next hop: they are not shown to it. */
  readonly imported?: PolicyVerdict & { readonly isBlockedByLimit: boolean }
}

/** What a policy says about a path. */
export interface PolicyVerdict {
  /** `tor-in, term 2 (pods)`, or `tor-in, otherwise`. */
  readonly decidedBy: string
  readonly isAccepted: boolean
  /** Empty: nothing is changed. */
  readonly edits: Edits
}

/** Why a session is not told a path, in the order in which it is asked. */
export type UntoldReason =
  | 'family not negotiated'
  | 'no route'
  | 'its own route'
  | 'not among the paths that are told'
  | 'community no-advertise'
  | 'community no-export'
  | 'not reflected'
  | 'clients are meshed'
  | 'rejected by policy'
  | 'no own next hop'
  | 'attributes too long'

/** What one session is told of one path. */
export interface Telling {
  readonly peer: PeerId
  readonly peerName: string
  /** Index in `Explanation.paths`; absent when there is nothing that could be told. */
  readonly path?: number
  /** The identifier it has on the wire, on sessions that are sent some (RFC 7911 3). */
  readonly pathId?: number
  /** Absent: it is told. */
  readonly reason?: UntoldReason
  /** Absent when the policy is not asked. */
  readonly exported?: PolicyVerdict
  /** Something waits to be flushed, scanned or pulled, so what the session knows may be another state. */
  readonly isPending: boolean
}

export interface LostStep {
  readonly step: string
  /** The RFC section that asks for the step. */
  readonly section: string
  /** The loser's value and the one it lost to, as words. */
  readonly value: string
  readonly winner: string
  /** Name of the source whose path it lost to: the best path, or a better one of the same neighbour AS (RFC 4271 9.1.2.2 c). */
  readonly against: string
}

/** Everything that is counted for one session. Gauges first, then counters since the session came up. */
export interface PeerCounters {
  /** Paths of this peer in the table now, as received (Adj-RIB-In), and those of them that policy and loop checks let in. */
  readonly prefixesReceived: number
  readonly prefixesAccepted: number
  /** Prefixes this peer is told now (derived, so exact once its scan and log are read). */
  readonly prefixesAdvertised: number
  readonly updatesReceived: number
  readonly announcementsReceived: number
  readonly withdrawsReceived: number
  readonly rejectedByPolicy: number
  /** Announcements that carried our AS, router id or a cluster id of ours (RFC 4271 9.1.2, RFC 4456 8). */
  readonly loops: number
  /** Announcements whose next hop is an address of ours (RFC 4271 6.3). */
  readonly ownNextHops: number
  /** UPDATE messages handled as withdraws (RFC 7606 2). */
  readonly treatedAsWithdraw: number
  /** UPDATE messages out of which attributes were dropped, as far as they were looked at (RFC 7606 2). */
  readonly attributesDiscarded: number
  /** Prefixes that may not be routed: multicast, loopback, link-local (RFC 4271 6.3). */
  readonly oddPrefixes: number
  /** UPDATE messages with content of a family that was not negotiated (RFC 4760 8). */
  readonly foreignFamilies: number
  /** Announcements of new prefixes that did not come in because a limit was reached. */
  readonly blocked: number
  /** Octets that its attribute sets take. */
  readonly attributeOctets: number
  /** By family, as received and as accepted. */
  readonly routes: readonly FamilyRoutes[]
  /** The limits of the session, what they are compared with, and what they did. */
  readonly limits: readonly LimitCounters[]
  /** Times the peer lagged too far behind and was fed by a scan. */
  readonly resyncs: number
  /** Octets of the log of its group that the peer has not taken yet. A gauge. */
  readonly logOctetsBehind: number
}

/** One limit of one family. `count` and `isReached` are of now, the rest since the session came up or the family got limits. */
export interface LimitCounters {
  readonly family: Family
  readonly kind: LimitKind
  readonly limit: number
  readonly action: PrefixLimits['action']
  readonly count: number
  readonly isReached: boolean
  /** How often it was reached, as listeners hear it. */
  readonly timesReached: number
  /** Announcements of new prefixes that did not come in. */
  readonly blocked: number
}

export interface FamilyRoutes {
  readonly family: Family
  readonly received: number
  readonly accepted: number
}

export interface FamilyStats {
  readonly family: Family
  readonly prefixes: number
  readonly paths: number
  readonly dirty: number
  /** Emptied prefix ids that wait until every peer knows. */
  readonly tombstones: number
}

export interface GroupStats {
  readonly name: string
  readonly peers: number
  /** Octets ever written to the shared log. */
  readonly logOctets: number
  readonly messages: number
  readonly advertised: number
  /** Routes not sent because no own address of the family is known, and because their attributes leave no room (RFC 8654 4). */
  readonly withoutNextHop: number
  readonly tooLong: number
  readonly slicesEncoded: number
  readonly slicesShared: number
  readonly resyncs: number
}

export interface RibStats {
  readonly families: readonly FamilyStats[]
  readonly attributeSets: number
  readonly attributeOctets: number
  readonly nextHops: number
  readonly groups: readonly GroupStats[]
  readonly flushes: number
  /** Octets of table memory, reserved address space included. */
  readonly tableOctets: number
}
