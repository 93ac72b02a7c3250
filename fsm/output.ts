/**
 * What a peer wants done, as plain values for the driver to carry out in order; and what it tells about itself.
 * RFC 4271 8.2.2 (the actions), 8.2.1.2 (the states). The machine never holds a socket, only connection ids.
 * Called (read) by the driver in `src/net/`, the simulator and tests; built by `peer.ts`.
 */

import type { Notification } from '../wire/errors.ts'
import { describeNotification } from '../wire/errors.ts'
import type { Family } from '../wire/family.ts'
import type { Message } from '../wire/message.ts'
import type { Millis, SessionTimer } from './deadlines.ts'
import type { ConnectionId, Direction } from './input.ts'
import type { Negotiated } from './negotiate.ts'

/** The six states of RFC 4271 8.2.2. With two connections, the state of the one that is further. */
export type State = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established'

/** All states, least progress first. */
export const STATES: readonly State[] = ['Idle', 'Active', 'Connect', 'OpenSent', 'OpenConfirm', 'Established']

/** Why a connection ended. */
export type DownReason =
  | { readonly kind: 'notification-sent'; readonly notification: Notification }
  | { readonly kind: 'notification-received'; readonly notification: Notification }
  /** TCP went away without a NOTIFICATION. */
  | { readonly kind: 'connection-lost'; readonly detail: string }
  /** The fault was inside a NOTIFICATION: closed without a word (RFC 4271 6.4). */
  | { readonly kind: 'closed-silently'; readonly notification: Notification }

/** One thing to do. */
export type PeerOutput =
  /** Open a TCP connection; answer with `connected` or `dial-failed`. */
  | { readonly type: 'dial' }
  /** Give up the dial under way and report nothing about it any more. */
  | { readonly type: 'cancel-dial' }
  /** Write these octets. They are shared between peers: never change them. */
  | { readonly type: 'send'; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  /** Close after flushing what was sent, and report nothing about this connection any more. */
  | { readonly type: 'close'; readonly connection: ConnectionId }
  | { readonly type: 'established'; readonly connection: ConnectionId; readonly negotiated: Negotiated }
  /** The connection was Established and is no more. Comes before its `close`. */
  | { readonly type: 'down'; readonly connection: ConnectionId; readonly reason: DownReason }
  /** The peer asks for all routes of a negotiated family again (RFC 2918). */
  | { readonly type: 'refresh'; readonly family: Family }
  /** The peer begins to tell a family again: what it has told so far is stale until it comes once more (RFC 7313 4). */
  | { readonly type: 'refresh-begins'; readonly family: Family }
  /** It has ended, or taken too long: what is still stale goes. */
  | { readonly type: 'refresh-ends'; readonly family: Family; readonly isTimeout: boolean }
  | { readonly type: 'state'; readonly from: State; readonly to: State; readonly cause: string }

/** The session that carries routes. */
export interface EstablishedSession {
  readonly connection: ConnectionId
  readonly negotiated: Negotiated
  readonly since: Millis
}

/** The last thing that went wrong with a peer: a connection that ended, or a dial that failed. */
export interface PeerError {
  readonly at: Millis
  readonly state: State
  readonly reason: DownReason | { readonly kind: 'dial-failed'; readonly detail: string }
}

/** One change of state. */
export interface Transition {
  readonly at: Millis
  readonly from: State
  readonly to: State
  /** One line for people. */
  readonly cause: string
}

/** Messages by type. */
export type MessageCounts = Record<Message['type'], number>

/** What a peer has seen since it was created. Only ever grows. */
export interface PeerCounters {
  readonly received: MessageCounts
  readonly sent: MessageCounts
  dials: number
  dialFailures: number
  /** Connections, either direction, on which our OPEN was sent. */
  connections: number
  /** Incoming connections turned away: idle, stopped, not accepting, or no room. */
  refusals: number
  /** Connections that lost to another one (RFC 4271 6.8), whichever side closed them. */
  collisions: number
  /** How often a session reached Established. */
  sessions: number
  /** ROUTE-REFRESH for a family not negotiated or of a subtype not agreed (RFC 2918 4, RFC 7313 5). */
  refreshesIgnored: number
  /** A BoRR whose EoRR did not come in time (RFC 7313 4). */
  refreshTimeouts: number
  /** Hold timers that were found expired too late to blame the peer, and got a reprieve. */
  reprieves: number
}

/** One connection of a peer, for show commands. */
export interface SessionView {
  readonly connection: ConnectionId
  readonly direction: Direction
  readonly state: State
}

/** One running timer of a peer, for show commands. `connection` is absent for timers of the peer itself. */
export interface TimerView {
  readonly name: SessionTimer | 'connect-retry' | 'idle-hold'
  readonly at: Millis
  readonly connection?: ConnectionId
}

/** One line for people about why something ended. */
export function describeReason(reason: PeerError['reason']): string {
  switch (reason.kind) {
    case 'notification-sent':
      return `sent ${describe(reason.notification)}`
    case 'notification-received':
      return `received ${describe(reason.notification)}`
    case 'connection-lost':
      return `connection lost: ${reason.detail}`
    case 'closed-silently':
      return `closed without reply: ${describe(reason.notification)}`
    case 'dial-failed':
      return `dial failed: ${reason.detail}`
  }
}

function describe(error: Notification): string {
  const name = describeNotification(error.code, error.subcode)
  return error.reason === '' || error.reason.startsWith(name) ? error.reason || name : `${name}: ${error.reason}`
}
