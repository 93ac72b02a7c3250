/**
 * What the codec must know of a session to read and write its messages: the outcome of the OPEN exchange
 * (RFC 6793 for the size of AS numbers, RFC 4760 for families, RFC 7911 for path identifiers, RFC 8654 for the message
 * limits, RFC 8950 for next hops) and which side of the AS border the peer is on (RFC 7606 7.5, 7.9, 7.10 treat some
 * attributes by that).
 * Built by `fsm/negotiate.ts`, for which `capability/agreement.ts` does the sums; handed to every decoder and encoder.
 */

import type { Family } from './family.ts'
import { IPV4_UNICAST, IPV6_UNICAST } from './family.ts'

/** ADD-PATH by direction: they receive what the other side sends, so the two lists may differ (RFC 7911 4). */
export interface AddPathFamilies {
  /** Families whose prefixes come with a path identifier. */
  readonly receive: readonly Family[]
  /** Families whose prefixes we write with a path identifier. */
  readonly send: readonly Family[]
}

/** The negotiated facts of one session that change how bytes are read or written. Immutable. */
export interface CodecContext {
  /** Both sides sent capability 65: AS numbers in AS_PATH and AGGREGATOR are 4 octets (RFC 6793 4). */
  readonly fourOctetAs: boolean
  /** Internal or external peer. */
  readonly peerKind: 'ibgp' | 'ebgp'
  /** Families both sides agreed on. MP content of any other family is carried along unread (RFC 4760 8). */
  readonly families: readonly Family[]
  /** Longest message to send, in octets with the header: 4096, or 65535 if the peer offers to read it (RFC 8654 4). */
  readonly maxLength: number
  /** Longest message to accept: 65535 if we offered to read it, 4096 when absent (RFC 8654 4). For the framer. */
  readonly maxReceiveLength?: number
  /** Families with path identifiers before their prefixes (RFC 7911 3); none when absent. */
  readonly addPath?: AddPathFamilies
  /** Families of IPv4 whose routes may have an IPv6 next hop, both ways (RFC 8950 4); none when absent. */
  readonly extendedNextHop?: readonly Family[]
  /**
   * An AS_SET in AS_PATH or AS4_PATH makes the UPDATE a withdrawal (RFC 9774 3). True unless set to false, for
   * operators who still hear aggregates from the last century.
   */
  readonly rejectAsSets?: boolean
  /**
   * The peer belongs to our confederation: with an external one AS_PATH must begin with a confederation sequence and
   * LOCAL_PREF is welcome. From anybody else confederation segments are an error (RFC 5065 5). False when absent.
   */
  readonly isConfederationPeer?: boolean
  /**
   * The first AS that the path of an external peer must have, its own; for peers that are no route server. A path that
   * begins otherwise makes the UPDATE a withdrawal (RFC 4271 6.3, RFC 7606 3 e). Not enforced when absent.
   */
  readonly firstAs?: number
}

/** A modern internal session with every family we know: what tools and tests assume when nothing was negotiated. */
export const MODERN_CONTEXT: CodecContext = {
  fourOctetAs: true,
  peerKind: 'ibgp',
  families: [IPV4_UNICAST, IPV6_UNICAST],
  maxLength: 4096,
}

/** Do prefixes of this family come with path identifiers (RFC 7911 3)? */
export const hasReceivedPathIds = (context: CodecContext, family: Family): boolean =>
  context.addPath?.receive.includes(family) ?? false

/** Are prefixes of this family written with path identifiers (RFC 7911 3)? */
export const hasSentPathIds = (context: CodecContext, family: Family): boolean =>
  context.addPath?.send.includes(family) ?? false
