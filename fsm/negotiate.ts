/**
 * Two OPENs make one agreement, or a NOTIFICATION (RFC 4271 4.2, 6.2; RFC 5492; RFC 4760 8; RFC 6793 4.1; RFC 6286;
 * RFC 7607 2). The checks stand in the order of RFC 4271 6.2: version, AS, hold time, identifier, then capabilities.
 * Also RFC 8654 (extended messages), RFC 7313 (enhanced refresh), RFC 9234 4.2 (roles). What counts is what each side
 * sent, ours too: an OPEN without capabilities makes a session without them.
 * Differences from the RFC: no family in common is refused with 2/7 instead of idling in Established with nothing to do.
 * Called by `session.ts` when an OPEN arrives; `localOpen` by `peer.ts` once per peer.
 */

import { agreeCodec } from '../wire/capability/agreement.ts'
import type { Offer } from '../wire/capability/offer.ts'
import { summariseCapabilities } from '../wire/capability/offer.ts'
import { judgeRoles } from '../wire/capability/role.ts'
import type { Capability } from '../wire/capability.ts'
import { encodeCapability, multiprotocol } from '../wire/capability.ts'
import type { CodecContext } from '../wire/context.ts'
import type { Notification } from '../wire/errors.ts'
import {
  badIdentifier,
  badPeerAs,
  unacceptableHoldTime,
  unsupportedCapability,
  unsupportedVersion,
} from '../wire/errors.ts'
import { type Family, IPV6_UNICAST } from '../wire/family.ts'
import { AS_TRANS, BGP_VERSION } from '../wire/iana.ts'
import type { Open } from '../wire/open.ts'
import type { Result } from '../wire/result.ts'
import { failure, success } from '../wire/result.ts'
import type { LocalTerms } from './options.ts'

/** An OPEN as a value and as octets, which are shared: never change them. */
export interface OwnOpen {
  readonly open: Open
  readonly bytes: Uint8Array
}

/** What two speakers agreed on. Immutable for the life of the session. */
export interface Negotiated {
  readonly kind: 'ibgp' | 'ebgp'
  readonly peerAsn: number
  /** The peer's BGP Identifier, unsigned 32-bit. */
  readonly peerRouterId: number
  /** The smaller of both proposals; 0: no hold timer and no KEEPALIVEs. */
  readonly holdTimeMs: number
  /** Before jitter: a third of the hold time, less if so configured; 0 with a hold time of 0. */
  readonly keepaliveMs: number
  /** Families of both sides, in our order. */
  readonly families: readonly Family[]
  readonly fourOctetAs: boolean
  /** The peer may be asked for its routes again (RFC 2918 2). */
  readonly routeRefresh: boolean
  /** We offered to tell ours again. */
  readonly answersRefresh: boolean
  /** Both mark begin and end of what they tell again (RFC 7313 4). */
  readonly enhancedRefresh: boolean
  /** What the codec of this session must know. */
  readonly codec: CodecContext
  /** Everything the peer offered, understood or not. */
  readonly capabilities: readonly Capability[]
}

/** The smallest hold time but 0 (RFC 4271 4.2). */
const MIN_HOLD_TIME_S = 3

/** Our OPEN. An AS number that does not fit the old field is sent there as AS_TRANS (RFC 6793 4.1). */
export function localOpen(terms: LocalTerms): Open {
  return {
    version: BGP_VERSION,
    asn: terms.localAsn > 0xffff ? AS_TRANS : terms.localAsn,
    holdTimeS: terms.holdTimeS,
    routerId: terms.routerId,
    capabilities: localCapabilities(terms),
  }
}

function localCapabilities(terms: LocalTerms): Capability[] {
  const { families, localAsn, addPath = [], extendedNextHop = [], role } = terms
  const { routeRefresh = 'plain', extendedMessages = true } = terms
  const capabilities = families.map(offer)
  if (routeRefresh !== 'off') capabilities.push({ kind: 'route-refresh' })
  if (extendedMessages) capabilities.push({ kind: 'extended-message' })
  if (role !== undefined) capabilities.push({ kind: 'role', role })
  capabilities.push({ kind: 'four-octet-as', asn: localAsn })
  if (extendedNextHop.length > 0) {
    capabilities.push({ kind: 'extended-next-hop', entries: extendedNextHop.map(extendedEntry) })
  }
  if (addPath.length > 0) capabilities.push({ kind: 'add-path', entries: addPath.map(addPathEntry) })
  if (routeRefresh === 'enhanced') capabilities.push({ kind: 'enhanced-route-refresh' })
  return capabilities
}

/** Judges the peer's OPEN by our terms and by the OPEN we sent: the agreement, or the NOTIFICATION it deserves. */
export function negotiate(terms: LocalTerms, open: Open, sent: Open = localOpen(terms)): Result<Negotiated> {
  const ours = summariseCapabilities(sent.capabilities)
  const theirs = summariseCapabilities(open.capabilities)
  const agreement = agreeCodec(ours, theirs)
  const families = terms.families.filter(family => agreement.families.includes(family))
  const error = judge(terms, open) ?? judgeCapabilities(terms, { offered: open.capabilities, theirs, families })
  if (error !== undefined) return failure(error)

  const holdTimeMs = Math.min(terms.holdTimeS, open.holdTimeS) * 1000
  const kind: Negotiated['kind'] = terms.localAsn === terms.peerAsn ? 'ibgp' : 'ebgp'
  return success({
    kind,
    peerAsn: peerAsnOf(open),
    peerRouterId: open.routerId >>> 0,
    holdTimeMs,
    keepaliveMs: Math.min(terms.keepaliveMs ?? Number.POSITIVE_INFINITY, holdTimeMs / 3),
    families,
    fourOctetAs: agreement.fourOctetAs,
    routeRefresh: theirs.hasRouteRefresh,
    answersRefresh: ours.hasRouteRefresh,
    enhancedRefresh: ours.hasEnhancedRouteRefresh && theirs.hasEnhancedRouteRefresh,
    // Not by spreading, which gives every copy in V8 a shape of its own: half a kilobyte a session.
    codec: Object.assign({ peerKind: kind }, agreement, { families }),
    capabilities: open.capabilities,
  })
}

/** The peer's AS number: capability 65 counts, the old field only without it (RFC 6793 4.1). */
export function peerAsnOf(open: Open): number {
  const capability = open.capabilities.find(offered => offered.kind === 'four-octet-as')
  return capability?.asn ?? open.asn
}

/** The fixed part of the OPEN (RFC 4271 6.2). */
function judge(terms: LocalTerms, open: Open): Notification | undefined {
  if (open.version !== BGP_VERSION) return unsupportedVersion(open.version)
  const asn = peerAsnOf(open)
  // RFC 7607 2: AS 0 is never anybody, in either place.
  if (asn === 0 || open.asn === 0) return badPeerAs('AS 0')
  if (asn !== terms.peerAsn && terms.otherPeerAsns?.includes(asn) !== true) {
    const expected = [terms.peerAsn, ...(terms.otherPeerAsns ?? [])].slice(0, 5).join(' or ')
    return badPeerAs(`AS ${asn} where ${expected} is configured`)
  }

  const floor = Math.max(MIN_HOLD_TIME_S, terms.minHoldTimeS ?? 0)
  if (open.holdTimeS !== 0 && open.holdTimeS < floor) {
    return { ...unacceptableHoldTime(open.holdTimeS), reason: `hold time of ${open.holdTimeS} s, below ${floor} s` }
  }

  // RFC 6286 2.1 dropped the demand for a host address: any number but 0 will do.
  if (open.routerId === 0) return badIdentifier('BGP Identifier 0.0.0.0')
  const isInternal = terms.localAsn === terms.peerAsn
  if (isInternal && open.routerId >>> 0 === terms.routerId >>> 0) return badIdentifier('BGP Identifier equal to ours')
  return undefined
}

interface Offered {
  readonly offered: readonly Capability[]
  readonly theirs: Offer
  readonly families: readonly Family[]
}

/** What we insist on (RFC 5492 5): configured capabilities, and something to talk about; and roles that go together. */
function judgeCapabilities(terms: LocalTerms, { offered, theirs, families }: Offered): Notification | undefined {
  const missing = (terms.requiredCapabilities ?? []).filter(wanted => !offered.some(other => isSame(wanted, other)))
  if (missing.length > 0) return unsupportedCapability(triples(missing), 'a required capability is missing')
  if (families.length === 0)
    return unsupportedCapability(triples(terms.families.map(offer)), 'no address family in common')
  return judgeRoles(terms.role, theirs.roles, terms.hasStrictRole === true)
}

const extendedEntry = ({ afi, safi }: Family) => ({ afi, safi, nextHopAfi: IPV6_UNICAST.afi })

const addPathEntry = ({ family: { afi, safi }, mode }: { readonly family: Family; readonly mode: number }) => ({
  afi,
  safi,
  mode,
})

const offer = (family: Family): Capability => multiprotocol(family.afi, family.safi)

/** Whether an offered capability is the one wanted. Values are compared only where they name something. */
function isSame(wanted: Capability, offered: Capability): boolean {
  if (wanted.kind === 'multiprotocol')
    return offered.kind === 'multiprotocol' && offered.afi === wanted.afi && offered.safi === wanted.safi
  if (wanted.kind === 'unknown') return offered.kind === 'unknown' && offered.code === wanted.code
  return offered.kind === wanted.kind
}

/** Capabilities in code-length-value form, as the data of 2/7 wants them. */
function triples(capabilities: readonly Capability[]): Uint8Array {
  return Uint8Array.from(capabilities.flatMap(capability => [...encodeCapability(capability)]))
}
