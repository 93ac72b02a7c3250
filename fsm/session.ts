/**
 * One TCP connection, from the moment it is up: OpenSent, OpenConfirm and Established of RFC 4271 8.2.2 as a step over
 * data. `step` changes the record it is given and nothing else; what has to be done comes back as values.
 * Also RFC 6608 (subcodes of the FSM error), RFC 2918 4 (refresh), RFC 4271 4.4 and 10 (KEEPALIVEs and their jitter).
 * Differences from the RFC: a valid OPEN is answered in two steps, `opened` and then `confirm` or `cease`, so that the
 * peer can resolve a collision in between; with a hold time of 0, OpenConfirm keeps the large hold time (nothing would
 * end a silent connection otherwise); a hold timer that is looked at far too late gets one reprieve (see `expireHold`).
 * Called by `peer.ts`. DelayOpen and the send-hold timer (RFC 9687) would be two more names in `SESSION_TIMERS`.
 */

import { match, P } from 'ts-pattern'
import type { Notification } from '../wire/errors.ts'
import { holdTimerExpired, unexpectedMessage } from '../wire/errors.ts'
import type { Family } from '../wire/family.ts'
import { familyOf } from '../wire/family.ts'
import { FsmSubcode, MessageType, RefreshSubtype } from '../wire/iana.ts'
import type { Message } from '../wire/message.ts'
import { KEEPALIVE } from '../wire/message.ts'
import { encodeNotification } from '../wire/notification.ts'
import type { Open } from '../wire/open.ts'
import type { RouteRefresh } from '../wire/route-refresh.ts'
import { Deadlines, jitter, type Millis } from './deadlines.ts'
import type { ConnectionId, Direction } from './input.ts'
import type { Negotiated } from './negotiate.ts'
import { negotiate } from './negotiate.ts'
import type { LocalTerms } from './options.ts'
import type { DownReason } from './output.ts'

/** States of a live connection; `Closed` is its grave, where every input is ignored. */
export type SessionState = LiveState | 'Closed'

/** A connection that has not ended. */
export type LiveState = 'OpenSent' | 'OpenConfirm' | 'Established'

/** What every session of a peer shares. */
export interface SessionTerms {
  readonly local: LocalTerms
  /** Our OPEN, encoded. */
  readonly open: Uint8Array
  /** Hold time until the peer's OPEN, milliseconds. */
  readonly largeHoldMs: number
  readonly random: () => number
}

const SESSION_TIMERS = ['keepalive', 'hold'] as const

/** One connection. Changed by `step` only. */
export interface Session {
  readonly connection: ConnectionId
  readonly direction: Direction
  readonly terms: SessionTerms
  readonly deadlines: Deadlines<(typeof SESSION_TIMERS)[number]>
  state: SessionState
  /** Set from the peer's valid OPEN on. */
  negotiated: Negotiated | undefined
  /** The hold timer got its reprieve, and nothing has been heard since. */
  hasReprieve: boolean
}

/** What can happen to a connection. */
export type SessionInput =
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'failure'; readonly error: Notification }
  | { readonly type: 'closed'; readonly reason: string }
  | { readonly type: 'deadline' }
  /** After `opened`: go on. */
  | { readonly type: 'confirm' }
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
  | { readonly type: 'reprieved' }
  | { readonly type: 'ended'; readonly from: LiveState; readonly reason: DownReason }

const NOTHING: readonly SessionOutput[] = []
/** The one KEEPALIVE. */
const SEND_KEEPALIVE: SessionOutput = { type: 'send', message: 'keepalive', bytes: KEEPALIVE }

/** Never two KEEPALIVEs within a second (RFC 4271 4.4). */
const MIN_KEEPALIVE_MS = 1000
/** A deadline looked at this much too late means that this process was not running. */
const LATE_MS = 1000
/** INTEROP: BIRD 2 gives a silent peer 10 s more after a stall of its own; so do we, but never more than the hold time. */
const REPRIEVE_MS = 10_000

/** Opens the BGP side of a TCP connection: our OPEN goes out, the large hold time runs (events 16 and 17). */
export function open(
  terms: SessionTerms,
  connection: ConnectionId,
  direction: Direction,
  now: Millis,
): { readonly session: Session; readonly outputs: readonly SessionOutput[] } {
  const deadlines = new Deadlines(SESSION_TIMERS)
  deadlines.set('hold', (now + terms.largeHoldMs) as Millis)
  return {
    session: { connection, direction, terms, deadlines, state: 'OpenSent', negotiated: undefined, hasReprieve: false },
    outputs: [{ type: 'send', message: 'open', bytes: terms.open }],
  }
}

/** One event on one connection. Never throws on what a peer sent. */
export function step(session: Session, input: SessionInput, now: Millis): readonly SessionOutput[] {
  if (session.state === 'Closed') return NOTHING
  switch (input.type) {
    case 'message':
      return receive(session, input.message, now)
    case 'deadline':
      return expire(session, now)
    case 'confirm':
      return confirm(session, now)
    case 'failure':
      return endWith(session, input.error)
    case 'cease':
      return endWith(session, input.notification)
    case 'closed':
      return end(session, { kind: 'connection-lost', detail: input.reason })
    default:
      return input satisfies never
  }
}

/** RFC 4271 8.2.2, HoldTimer: heard from the peer. Nothing to do with a hold time of 0. Allocates nothing. */
export function heard(session: Session, now: Millis): void {
  session.hasReprieve = false
  const holdTimeMs = session.negotiated?.holdTimeMs ?? 0
  if (holdTimeMs > 0) session.deadlines.set('hold', (now + holdTimeMs) as Millis)
}

/** RFC 4271 8.2.2, KeepaliveTimer: a KEEPALIVE or UPDATE was written. Jittered afresh each time (RFC 4271 10). */
export function wrote(session: Session, now: Millis): void {
  const keepaliveMs = session.negotiated?.keepaliveMs ?? 0
  if (keepaliveMs === 0) return
  const interval = Math.max(MIN_KEEPALIVE_MS, jitter(keepaliveMs, session.terms.random))
  session.deadlines.set('keepalive', (now + interval) as Millis)
}

/** Every message in every state: RFC 4271 8.2.2, with the subcodes of RFC 6608 4. */
function receive(session: Session, message: Message, now: Millis): readonly SessionOutput[] {
  const { state } = session
  if (state === 'Closed') return NOTHING
  if (state === 'Established' && isSignOfLife(message)) {
    // The KEEPALIVE and UPDATE lane, ahead of all matching.
    heard(session, now)
    return NOTHING
  }
  const unexpected = () => endWith(session, unexpectedMessage(SUBCODES[state], TYPES[message.type]))
  return (
    match<[LiveState, Message], readonly SessionOutput[]>([state, message])
      .with(['OpenSent', { type: 'open' }], ([, { open }]) => acceptOpen(session, open))
      .with(['OpenSent', { type: P.union('keepalive', 'update', 'route-refresh') }], unexpected)
      .with(['OpenConfirm', { type: 'keepalive' }], () => establish(session, now))
      // A second OPEN needs no collision check: another confirmed connection would have been resolved against this one.
      .with(['OpenConfirm', { type: P.union('open', 'update', 'route-refresh') }], unexpected)
      .with(['Established', { type: P.union('keepalive', 'update') }], () => NOTHING)
      .with(['Established', { type: 'route-refresh' }], ([, { refresh }]) => acceptRefresh(session, refresh))
      .with(['Established', { type: 'open' }], unexpected)
      // RFC 4271 6.4: whatever it says, in whatever state, it is not answered.
      .with([P.any, { type: 'notification' }], ([, { notification }]) =>
        end(session, { kind: 'notification-received', notification }),
      )
      .exhaustive()
  )
}

const isSignOfLife = (message: Message): boolean => message.type === 'keepalive' || message.type === 'update'

const SUBCODES: Record<LiveState, number> = {
  OpenSent: FsmSubcode.OPEN_SENT,
  OpenConfirm: FsmSubcode.OPEN_CONFIRM,
  Established: FsmSubcode.ESTABLISHED,
}

const TYPES: Record<Message['type'], number> = {
  open: MessageType.OPEN,
  update: MessageType.UPDATE,
  notification: MessageType.NOTIFICATION,
  keepalive: MessageType.KEEPALIVE,
  'route-refresh': MessageType.ROUTE_REFRESH,
}

/** Event 19, first half: is it acceptable? The peer decides about collisions before anything is sent. */
function acceptOpen(session: Session, open: Open): readonly SessionOutput[] {
  const outcome = negotiate(session.terms.local, open)
  if (!outcome.ok) return endWith(session, outcome.error)
  session.negotiated = outcome.value
  return [{ type: 'opened' }]
}

/** Event 19, second half: KEEPALIVE out, negotiated timers on, OpenConfirm. */
function confirm(session: Session, now: Millis): readonly SessionOutput[] {
  if (session.state !== 'OpenSent' || session.negotiated === undefined) return NOTHING
  session.state = 'OpenConfirm'
  const holdTimeMs = session.negotiated.holdTimeMs || session.terms.largeHoldMs
  session.deadlines.set('hold', (now + holdTimeMs) as Millis)
  wrote(session, now)
  return [SEND_KEEPALIVE]
}

/** Event 26. With a hold time of 0 no timer runs from here on (RFC 4271 4.2). */
function establish(session: Session, now: Millis): readonly SessionOutput[] {
  session.state = 'Established'
  session.deadlines.clear('hold')
  heard(session, now)
  return [{ type: 'established' }]
}

/** RFC 2918 4 and RFC 7313 5: a family or subtype that was not agreed on is passed over. */
function acceptRefresh(session: Session, refresh: RouteRefresh): readonly SessionOutput[] {
  const family = familyOf(refresh.afi, refresh.safi)
  const isAgreed = family !== undefined && session.negotiated?.families.includes(family) === true
  if (!isAgreed || refresh.subtype !== RefreshSubtype.REQUEST) return [{ type: 'refresh-ignored' }]
  return [{ type: 'refresh', family }]
}

/** Events 10 and 11. */
function expire(session: Session, now: Millis): readonly SessionOutput[] {
  const outputs: SessionOutput[] = []
  if (session.deadlines.isDue('keepalive', now)) {
    wrote(session, now)
    outputs.push(SEND_KEEPALIVE)
  }
  if (session.deadlines.isDue('hold', now)) outputs.push(...expireHold(session, now))
  return outputs
}

/**
 * RFC 4271 6.5. When the deadline is looked at far too late, we were the silent ones: what the peer sent may still lie
 * unread in the socket, and no peer shall die of our stall. One reprieve, renewed only by hearing from the peer.
 */
function expireHold(session: Session, now: Millis): readonly SessionOutput[] {
  const lateMs = now - (session.deadlines.at('hold') ?? now)
  const holdTimeMs = session.negotiated?.holdTimeMs || session.terms.largeHoldMs
  if (lateMs <= LATE_MS || session.hasReprieve) return endWith(session, holdTimerExpired())
  session.hasReprieve = true
  session.deadlines.set('hold', (now + Math.min(REPRIEVE_MS, holdTimeMs)) as Millis)
  return [{ type: 'reprieved' }]
}

/** Says why, then ends; a fault inside a NOTIFICATION is not answered (RFC 4271 6.4). */
function endWith(session: Session, notification: Notification): readonly SessionOutput[] {
  if (notification.silent === true) return end(session, { kind: 'closed-silently', notification })
  const farewell: SessionOutput = { type: 'send', message: 'notification', bytes: encodeNotification(notification) }
  return [farewell, ...end(session, { kind: 'notification-sent', notification })]
}

function end(session: Session, reason: DownReason): readonly SessionOutput[] {
  const { state } = session
  if (state === 'Closed') return NOTHING
  session.state = 'Closed'
  session.deadlines.clearAll()
  return [{ type: 'ended', from: state, reason }]
}
