/**
 * Two OPENs make one agreement, or a NOTIFICATION (RFC 4271 4.2, 6.2; RFC 5492; RFC 4760 8; RFC 6793 4.1; RFC 6286;
 * RFC 7607 2). The checks stand in the order of RFC 4271 6.2: version, AS, hold time, identifier, then capabilities.
 * Differences from the RFC: no family in common is refused with 2/7 instead of idling in Established with nothing to do.
 * Called by `session.ts` when an OPEN arrives; `localOpen` by `peer.ts` once per peer.
 */

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
import type { Family } from '../wire/family.ts'
import { IPV4_UNICAST } from '../wire/family.ts'
import { AS_TRANS, BGP_VERSION, MAX_MESSAGE_LENGTH } from '../wire/iana.ts'
import type { Open } from '../wire/open.ts'
import type { Result } from '../wire/result.ts'
import { failure, success } from '../wire/result.ts'
import type { LocalTerms } from './options.ts'

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
  readonly routeRefresh: boolean
  /** What the codec of this session must know. */
  readonly codec: CodecContext
  /** Everything the peer offered, understood or not. */
  readonly capabilities: readonly Capability[]
}

/** The smallest hold time but 0 (RFC 4271 4.2). */
const MIN_HOLD_TIME_S = 3

/** Our OPEN. An AS number that does not fit the old field is sent there as AS_TRANS (RFC 6793 4.1). */
export function localOpen(terms: LocalTerms): Open {
  const families = terms.families.map(offer)
  return {
    version: BGP_VERSION,
    asn: terms.localAsn > 0xffff ? AS_TRANS : terms.localAsn,
    holdTimeS: terms.holdTimeS,
    routerId: terms.routerId,
    capabilities: [...families, { kind: 'route-refresh' }, { kind: 'four-octet-as', asn: terms.localAsn }],
  }
}

/** Judges the peer's OPEN by our terms: the agreement, or the NOTIFICATION it deserves. */
export function negotiate(terms: LocalTerms, open: Open): Result<Negotiated> {
  const families = commonFamilies(terms.families, open.capabilities)
  const error = judge(terms, open) ?? judgeCapabilities(terms, open.capabilities, families)
  if (error !== undefined) return failure(error)

  const holdTimeMs = Math.min(terms.holdTimeS, open.holdTimeS) * 1000
  const kind = terms.localAsn === terms.peerAsn ? 'ibgp' : 'ebgp'
  const fourOctetAs = open.capabilities.some(capability => capability.kind === 'four-octet-as')
  return success({
    kind,
    peerAsn: peerAsnOf(open),
    peerRouterId: open.routerId >>> 0,
    holdTimeMs,
    keepaliveMs: Math.min(terms.keepaliveMs ?? Number.POSITIVE_INFINITY, holdTimeMs / 3),
    families,
    fourOctetAs,
    routeRefresh: open.capabilities.some(capability => capability.kind === 'route-refresh'),
    codec: { fourOctetAs, peerKind: kind, families, maxLength: MAX_MESSAGE_LENGTH },
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
  if (asn !== terms.peerAsn) return badPeerAs(`AS ${asn} where ${terms.peerAsn} is configured`)

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

/** What we insist on (RFC 5492 5): configured capabilities, and something to talk about. */
function judgeCapabilities(
  terms: LocalTerms,
  offered: readonly Capability[],
  families: readonly Family[],
): Notification | undefined {
  const missing = (terms.requiredCapabilities ?? []).filter(wanted => !offered.some(other => isSame(wanted, other)))
  if (missing.length > 0) return unsupportedCapability(triples(missing), 'a required capability is missing')
  if (families.length > 0) return undefined
  return unsupportedCapability(triples(terms.families.map(offer)), 'no address family in common')
}

/** RFC 4760 8: without any multiprotocol capability the peer speaks IPv4 unicast and nothing else. */
function commonFamilies(ours: readonly Family[], offered: readonly Capability[]): readonly Family[] {
  const theirs = offered.filter(capability => capability.kind === 'multiprotocol')
  if (theirs.length === 0) return ours.filter(family => family === IPV4_UNICAST)
  return ours.filter(family => theirs.some(({ afi, safi }) => afi === family.afi && safi === family.safi))
}

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
