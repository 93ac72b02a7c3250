/**
 * What is known of one connection, what can happen to it and what it wants: the types of `session.ts`, and the terms that
 * all connections of a peer share. RFC 4271 8.1.1 (attributes), 8.2.2 (states).
 * Called by `session.ts`, `refresh.ts` and those that read sessions.
 */

import type { Notification } from '../wire/errors.ts'
import type { Family } from '../wire/family.ts'
import type { Message } from '../wire/message.ts'
import type { Deadlines, Millis, SessionTimer } from './deadlines.ts'
import type { ConnectionId, Direction } from './input.ts'
import type { Negotiated, OwnOpen } from './negotiate.ts'
import type { LocalTerms, PeerFsmOptions } from './options.ts'
import type { DownReason, State } from './output.ts'

/** States of a live connection; `Closed` is its grave, where every input is ignored. */
export type SessionState = LiveState | 'Closed'

/** A connection that has not ended. `Delayed`: TCP is up and DelayOpenTimer runs, in Connect or Active (RFC 4271 8.2.2). */
export type LiveState = 'Delayed' | 'OpenSent' | 'OpenConfirm' | 'Established'

/** What every session of a peer shares. */
export interface SessionTerms {
  readonly local: LocalTerms
  /** How long after our OPEN that of the peer must be here, milliseconds, by who opened the connection. */
  readonly openHoldMs: Readonly<Record<Direction, number>>
  /** Hold time of OpenConfirm when none was agreed on, milliseconds. */
  readonly largeHoldMs: number
  /** DelayOpenTime; 0: none. */
  readonly delayOpenMs: number
  /** How long what a BoRR began may take. */
  readonly refreshTimeoutMs: number
  readonly random: () => number
}

const DEFAULT_LARGE_HOLD_MS = 240_000
const DEFAULT_OPEN_DEADLINE_MS = 10_000
const DEFAULT_REFRESH_TIMEOUT_MS = 300_000

/** The terms of a peer, defaults filled in. */
export function sessionTerms(options: PeerFsmOptions): SessionTerms {
  const { largeHoldMs = DEFAULT_LARGE_HOLD_MS, openDeadlineMs = DEFAULT_OPEN_DEADLINE_MS } = options
  return {
    local: options,
    openHoldMs: { outgoing: largeHoldMs, incoming: Math.min(largeHoldMs, openDeadlineMs) },
    largeHoldMs,
    delayOpenMs: options.delayOpenMs ?? 0,
    refreshTimeoutMs: options.refreshTimeoutMs ?? DEFAULT_REFRESH_TIMEOUT_MS,
    random: options.random,
  }
}

/** A family that the peer tells again, and until when it may take. */
export interface RunningRefresh {
  readonly family: Family
  readonly until: Millis
}

/** One connection. Changed by `step` only. */
export interface Session {
  readonly connection: ConnectionId
  readonly direction: Direction
  readonly terms: SessionTerms
  readonly own: OwnOpen
  readonly openedAt: Millis
  readonly deadlines: Deadlines<SessionTimer>
  state: SessionState
  /** Set from the peer's valid OPEN on. */
  negotiated: Negotiated | undefined
  /** The peer's KEEPALIVE came while ours was waiting. */
  hasKeepalive: boolean
  /** The hold timer got its reprieve, and nothing has been heard since. */
  hasReprieve: boolean
  /** Families between BoRR and EoRR. */
  refreshes: readonly RunningRefresh[]
}

/** What can happen to a connection. */
export type SessionInput =
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'failure'; readonly error: Notification }
  | { readonly type: 'closed'; readonly reason: string }
  | { readonly type: 'deadline' }
  /** After `opened`: go on, but keep the KEEPALIVE back until `waitUntil` if that is given. */
  | { readonly type: 'confirm'; readonly waitUntil: Millis | undefined }
  /** The KEEPALIVE need not wait any longer. */
  | { readonly type: 'release' }
  | { readonly type: 'request-refresh'; readonly family: Family }
  /** End with this NOTIFICATION: collision, operator. */
  | { readonly type: 'cease'; readonly notification: Notification }

/** What a connection wants. */
export type SessionOutput =
  | { readonly type: 'send'; readonly message: Message['type']; readonly bytes: Uint8Array }
  /** A valid OPEN has come; `negotiated` is set. Answer with `confirm` or `cease` before anything else. */
  | { readonly type: 'opened' }
  | { readonly type: 'established' }
  | { readonly type: 'refresh'; readonly family: Family }
  | { readonly type: 'refresh-ignored' }
  | { readonly type: 'refresh-begins'; readonly family: Family }
  | { readonly type: 'refresh-ends'; readonly family: Family; readonly isTimeout: boolean }
  | { readonly type: 'reprieved' }
  | { readonly type: 'ended'; readonly from: LiveState; readonly reason: DownReason }

/** The state of RFC 4271 8.2.2 that a connection is in. With DelayOpenTimer running, it stays where it was. */
export function stateOf({ state, direction }: Pick<Session, 'state' | 'direction'>): State {
  if (state === 'Closed') return 'Idle'
  if (state !== 'Delayed') return state
  return direction === 'outgoing' ? 'Connect' : 'Active'
}
