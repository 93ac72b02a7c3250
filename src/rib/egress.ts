/**
 * Which routes an update group may be told, and with which rewrite plan, before its export policy is asked.
 *
 *   from \ to          internal client   internal non-client   external
 *   local, external    yes               yes                   yes
 *   internal client    reflected (*)     reflected             yes
 *   internal other     reflected         no (RFC 4271 9.2)     yes
 *
 * (RFC 4456 6.) (*) Not between clients of one cluster that are meshed among themselves (`RibPeer.clientToClient`). NO_ADVERTISE stops everywhere, NO_EXPORT and NO_EXPORT_SUBCONFED at the border of the AS (RFC 1997).
 * INTEROP: internal sessions with different AS numbers of ours exchange routes like external ones, as BIRD and Calico do.
 * Called by update-group.ts; everything is computed when the group is made, `planFor` only chooses.
 */
import { FAMILIES, type Family } from '../../wire/family.ts'
import { AttributeCode } from '../../wire/iana.ts'
import { Flag } from './attribute-record.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { RibPeer, UntoldReason } from './port.ts'
import { LOCAL_ATTRIBUTE, maskOf, type RewritePlan } from './rewrite.ts'
import type { SourceTable } from './source-table.ts'

const { AS_PATH, NEXT_HOP, MED, LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST } = AttributeCode

/** The plans of one family. */
interface Plans {
  readonly external: RewritePlan
  readonly local: RewritePlan
  readonly internal: RewritePlan
  readonly reflected: RewritePlan
  /** The same for sets whose next hop may not fit the family: NEXT_HOP is looked at (RFC 8950 3). */
  readonly internalOther: RewritePlan
  readonly reflectedOther: RewritePlan
}

/** Routes of the family may have IPv6 next hops on this session (RFC 8950 4). */
function hasExtendedNextHops({ extendedNextHop = [] }: RibPeer, family: Family): boolean {
  return family.bits === 32 && extendedNextHop.includes(family)
}

/** The address of ours to tell as next hop of a family on this session. */
function ownNextHop(peer: RibPeer, family: Family): Uint8Array | undefined {
  const { localAddress, nextHops } = peer
  if (localAddress.length * 8 === family.bits) return localAddress
  if (family.bits === 128) return nextHops.ipv6
  return nextHops.ipv4 ?? (hasExtendedNextHops(peer, family) ? (nextHops.ipv6 ?? localAddress) : undefined)
}

function makePlans(peer: RibPeer, family: Family): Plans {
  const isExtended = hasExtendedNextHops(peer, family)
  const isMultiprotocol = family.bits === 128 || isExtended
  const isExternal = peer.kind === 'ebgp'
  const isKept = peer.nextHopKeep === true
  const isNextHopSelf = peer.nextHopSelf || (isExternal && !isKept)
  const common = isMultiprotocol || isNextHopSelf ? maskOf(NEXT_HOP, LOCAL_PREF) : maskOf(LOCAL_PREF)
  const base: RewritePlan = {
    mask: common,
    isMultiprotocol,
    nextHopLength: family.bits === 128 ? 16 : 4,
    isExtended,
    isNextHopSelf,
    ownNextHop: ownNextHop(peer, family),
    avoidedNextHop: isExternal && isKept ? peer.address : undefined,
    prependAsn: 0,
    isExternal,
    targetClusterId: peer.reflectorClient ? peer.clusterId : 0,
    isTwoOctet: !peer.fourOctetAs,
  }
  const externalMask = maskOf(LOCAL_ATTRIBUTE, AS_PATH, NEXT_HOP, MED, LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST)
  return {
    external: { ...base, mask: externalMask, prependAsn: peer.localAsn },
    local: { ...base, mask: common | maskOf(LOCAL_ATTRIBUTE, NEXT_HOP) },
    internal: base,
    reflected: { ...base, mask: common | maskOf(ORIGINATOR_ID, CLUSTER_LIST) },
    internalOther: { ...base, mask: common | maskOf(NEXT_HOP) },
    reflectedOther: { ...base, mask: common | maskOf(NEXT_HOP, ORIGINATOR_ID, CLUSTER_LIST) },
  }
}

export class Egress {
  readonly isExternal: boolean
  readonly isClient: boolean
  /** The cluster whose clients' routes are not for this group; 0 for none. */
  readonly #meshedCluster: number
  readonly #localAsn: number
  readonly #plans: readonly Plans[]
  readonly #store: AttributeStore
  readonly #sources: SourceTable

  constructor(peer: RibPeer, { store, sources }: { store: AttributeStore; sources: SourceTable }) {
    this.isExternal = peer.kind === 'ebgp'
    this.isClient = peer.kind === 'ibgp' && peer.reflectorClient
    this.#meshedCluster = this.isClient && peer.clientToClient === false ? peer.clusterId : 0
    this.#localAsn = peer.localAsn
    this.#plans = FAMILIES.map(family => makePlans(peer, family))
    this.#store = store
    this.#sources = sources
  }

  /** How to tell this set, or undefined when it must not be told. */
  planFor(set: number, family: Family): RewritePlan | undefined {
    const flags = this.#store.flagsOf(set)
    const plans = this.#plans[family.index]!
    if ((flags & Flag.NO_ADVERTISE) !== 0) return undefined
    if (this.isExternal) {
      return (flags & (Flag.NO_EXPORT | Flag.NO_EXPORT_SUBCONFED)) === 0 ? plans.external : undefined
    }
    if ((flags & Flag.LOCAL) !== 0) return plans.local
    const isClassic = (flags & Flag.CLASSIC) !== 0
    const internal = isClassic ? plans.internal : plans.internalOther
    if ((flags & Flag.INTERNAL) === 0) return internal
    const source = this.#sources.get(this.#store.sourceOf(set))
    if (source !== undefined && source.peer.localAsn !== this.#localAsn) return internal
    const reflected = isClassic ? plans.reflected : plans.reflectedOther
    if (this.#meshedCluster !== 0 && source?.peer.reflectorClient === true) {
      return source.peer.clusterId === this.#meshedCluster ? undefined : reflected
    }
    return this.isClient || (flags & Flag.CLIENT) !== 0 ? reflected : undefined
  }
}

/** Why `planFor` has no plan for a set; undefined when it has one. Cold. */
export function whyUntold(
  egress: Egress,
  { store, sources }: { readonly store: AttributeStore; readonly sources: SourceTable },
  set: number,
  family: Family,
): UntoldReason | undefined {
  if (egress.planFor(set, family) !== undefined) return undefined
  const flags = store.flagsOf(set)
  if ((flags & Flag.NO_ADVERTISE) !== 0) return 'community no-advertise'
  if (egress.isExternal) return 'community no-export'
  const source = sources.get(store.sourceOf(set))?.peer
  return egress.isClient && source?.reflectorClient === true ? 'clients are meshed' : 'not reflected'
}

/** The families in which the peer is told several paths (RFC 7911 4). */
export function pathFamilies({ addPath, families }: RibPeer): readonly Family[] {
  return families.filter(({ name }) => addPath?.[name]?.send === true)
}

/**
 * Peers with equal keys get identical updates. `policyNumber` stands for the identity of the export policy: policies that
 * read alike but were compiled twice make two groups.
 */
export function groupKey(peer: RibPeer, policyNumber: number): string {
  const hex = (octets: Uint8Array | undefined) =>
    octets?.reduce((text, octet) => text + octet.toString(16).padStart(2, '0'), '') ?? '-'
  const families = FAMILIES.map(family => {
    const own = peer.families.includes(family) ? hex(ownNextHop(peer, family)) : ''
    return hasExtendedNextHops(peer, family) ? `${own} extended` : own
  })
  const client = `client ${peer.clusterId}${peer.clientToClient === false ? ' meshed' : ''}`
  const session = peer.kind === 'ebgp' ? `ebgp ${peer.asn}` : peer.reflectorClient ? client : 'ibgp'
  const size = peer.fourOctetAs ? 4 : 2
  // One that is told next hops of others must not be told its own address, so it has a group of its own.
  const kept = peer.kind === 'ibgp' ? 'keep' : peer.nextHopKeep === true ? `keep, not ${hex(peer.address)}` : 'self'
  const self = peer.nextHopSelf ? 'self' : kept
  const several = pathFamilies(peer).map(({ name }) => name)
  const paths = several.length === 0 ? '' : `${several.sort().join()} ${peer.addPathSend ?? 'all'}`
  return [session, paths, peer.localAsn, size, peer.maxLength, self, policyNumber, ...families].join('/')
}
