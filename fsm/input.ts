/**
 * What can happen to a peer: the events of RFC 4271 8.1 as plain values. The event numbers of the RFC stand beside them.
 * Differences from the RFC: its four timer events (9 to 13) are one `deadline`; which one is due, the machine knows.
 * Called (built) by the driver in `src/net/`, by the simulator and by tests; read by `peer.ts`.
 */

import type { Notification } from '../wire/errors.ts'
import type { Family } from '../wire/family.ts'
import type { Message } from '../wire/message.ts'

/** Names one TCP connection. Chosen by the driver, never used twice for one peer while the first is alive. */
export type ConnectionId = number

/** Who opened a TCP connection: we did, or the peer did. */
export type Direction = 'outgoing' | 'incoming'

/** One event. */
export type PeerInput =
  /** ManualStart (1, 4). Also ends an idle hold at once. Ignored while the peer is running. */
  | { readonly type: 'start' }
  /** ManualStop (2) with a Cease subcode; `communication` is sent with subcodes 2 and 4 (RFC 9003), 255 octets of UTF-8 at most. */
  | { readonly type: 'stop'; readonly subcode: number; readonly communication?: string }
  /** TcpConnectionConfirmed or Tcp_CR_Acked (16, 17). */
  | { readonly type: 'connected'; readonly connection: ConnectionId; readonly direction: Direction }
  /** TcpConnectionFails (18) for the dial that is under way. Never for one that was cancelled. */
  | { readonly type: 'dial-failed'; readonly reason: string }
  /** TcpConnectionFails (18): TCP went away without us. Not reported after a `close` output. */
  | { readonly type: 'closed'; readonly connection: ConnectionId; readonly reason: string }
  /** A decoded message (19, 24 to 27). UPDATEs of an Established session go to `updateReceived` instead. */
  | { readonly type: 'message'; readonly connection: ConnectionId; readonly message: Message }
  /** The framer, a decoder or the RIB wants the session reset (21, 22, 28). */
  | { readonly type: 'failure'; readonly connection: ConnectionId; readonly error: Notification }
  /** An operator wants the routes of the peer again (RFC 2918 3). Nothing happens where that was not agreed on. */
  | { readonly type: 'request-refresh'; readonly family: Family }
  /** `nextDeadline` has passed (9 to 13). Harmless when it has not. */
  | { readonly type: 'deadline' }
