/**
 * What the codec must know of a session to read and write its messages: the outcome of the OPEN exchange
 * (RFC 6793 for the size of AS numbers, RFC 4760 for families, RFC 8654 for the message limit) and which side of the
 * AS border the peer is on (RFC 7606 7.5, 7.9, 7.10 treat some attributes by that).
 * Built by `fsm/negotiate.ts`; handed to every decoder and encoder.
 */

import type { Family } from './family.ts'
import { IPV4_UNICAST, IPV6_UNICAST } from './family.ts'

/** The negotiated facts of one session that change how bytes are read or written. Immutable. */
export interface CodecContext {
  /** Both sides sent capability 65: AS numbers in AS_PATH and AGGREGATOR are 4 octets (RFC 6793 4). */
  readonly fourOctetAs: boolean
  /** Internal or external peer. */
  readonly peerKind: 'ibgp' | 'ebgp'
  /** Families both sides agreed on. MP content of any other family is carried along unread (RFC 4760 8). */
  readonly families: readonly Family[]
  /** Longest message to send, in octets with the header: 4096, or 65535 when negotiated (RFC 8654 4). */
  readonly maxLength: number
  /**
   * An AS_SET in AS_PATH or AS4_PATH makes the UPDATE a withdrawal (RFC 9774 3). True unless set to false, for
   * operators who still hear aggregates from the last century.
   */
  readonly rejectAsSets?: boolean
}

/** A modern internal session with every family we know: what tools and tests assume when nothing was negotiated. */
export const MODERN_CONTEXT: CodecContext = {
  fourOctetAs: true,
  peerKind: 'ibgp',
  families: [IPV4_UNICAST, IPV6_UNICAST],
  maxLength: 4096,
}
