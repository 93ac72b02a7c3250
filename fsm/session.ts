/**
 * One TCP connection, from the moment it is up: DelayOpen, OpenSent, OpenConfirm and Established of RFC 4271 8.2.2 as a
 * step over data. `step` changes the record it is given and nothing else; what has to be done comes back as values.
 * Also RFC 6608 (subcodes of the FSM error), RFC 4271 4.4 and 10 (KEEPALIVEs and their jitter); refresh in `refresh.ts`.
 * Differences from the RFC: a valid OPEN is answered in two steps, `opened` and then `confirm` or `cease`, so that the
 * peer can resolve a collision in between, and may have the KEEPALIVE wait for it (see `confirm`); with a hold time of 0,
 * OpenConfirm keeps the large hold time (nothing would end a silent connection otherwise); a hold timer that is looked
 * at far too late gets one reprieve (see `expireHold`); errors before our OPEN are said too (SendNOTIFICATIONwithoutOPEN).
 * Called by `peer.ts`. The send-hold timer (RFC 9687) watches sockets and is the driver's.
 */

import { match, P } from 'ts-pattern'
import type { Notification } from '../wire/errors.ts'
import { holdTimerExpired, unexpectedMessage } from '../wire/errors.ts'
import { FsmSubcode, MessageType } from '../wire/iana.ts'
import type { Message } from '../wire/message.ts'
import { KEEPALIVE } from '../wire/message.ts'
import { encodeNotification } from '../wire/notification.ts'
import type { Open } from '../wire/open.ts'
import { Deadlines, jitter, LEAST_JITTER, type Millis, SESSION_TIMERS } from './deadlines.ts'
import { negotiate } from './negotiate.ts'
import type { DownReason } from './output.ts'
import { acceptRefresh, expireRefreshes, requestRefresh } from './refresh.ts'
import type { LiveState, Session, SessionInput, SessionOutput } from './session-record.ts'

const NOTHING: readonly SessionOutput[] = []
/** The one KEEPALIVE. */
const SEND_KEEPALIVE: SessionOutput = { type: 'send', message: 'keepalive', bytes: KEEPALIVE }

/** Never two KEEPALIVEs within a second (RFC 4271 4.4). */
const MIN_KEEPALIVE_MS = 1000
/** A deadline looked at this much too late means that this process was not running. */
const LATE_MS = 1000
/** INTEROP: BIRD 2 gives a silent peer 10 s more after a stall of its own; so do we, but never more than the hold time. */
const REPRIEVE_MS = 10_000

/**
 * Opens the BGP side of a TCP connection (events 16 and 17): our OPEN goes out, and the peer has a while for its own; or
 * DelayOpenTimer runs first.
 */
export function open(
  { connection, direction, terms, own }: Pick<Session, 'connection' | 'direction' | 'terms' | 'own'>,
  now: Millis,
): { readonly session: Session; readonly outputs: readonly SessionOutput[] } {
  const session: Session = {
    connection,
    direction,
    terms,
    own,
    openedAt: now,
    deadlines: new Deadlines(SESSION_TIMERS),
    state: 'Delayed',
    negotiated: undefined,
    hasKeepalive: false,
    hasReprieve: false,
    refreshes: [],
  }
  const { delayOpenMs } = terms
  if (delayOpenMs === 0) return { session, outputs: sendOpen(session, now) }
  session.deadlines.set('delay-open', (now + delayOpenMs) as Millis)
  return { session, outputs: NOTHING }
}

/** Our KEEPALIVE is waiting for a collision to show itself. */
const isWaiting = ({ deadlines }: Session): boolean => deadlines.at('collision') !== undefined

/** One event on one connection. Never throws on what a peer sent. */
export function step(session: Session, input: SessionInput, now: Millis): readonly SessionOutput[] {
  if (session.state === 'Closed') return NOTHING
  switch (input.type) {
    case 'message':
      return receive(session, input.message, now)
    case 'deadline':
      return expire(session, now)
    case 'confirm':
      return confirm(session, input.waitUntil, now)
    case 'release':
      return release(session, now)
    case 'request-refresh':
      return session.state === 'Established' ? requestRefresh(session, input.family) : NOTHING
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

/**
 * RFC 4271 8.2.2, KeepaliveTimer: a KEEPALIVE or UPDATE was written. The next one is due at most an interval later, jittered
 * (RFC 4271 10): a deadline that is that far away stands as it is, so it never moves closer, and thousands of UPDATEs cost little.
 */
export function wrote(session: Session, now: Millis): void {
  const keepaliveMs = session.negotiated?.keepaliveMs ?? 0
  if (keepaliveMs === 0) return
  const shortest = Math.max(MIN_KEEPALIVE_MS, keepaliveMs * LEAST_JITTER)
  if (session.deadlines.isSetFrom('keepalive', (now + shortest) as Millis)) return
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
      .with([P.union('Delayed', 'OpenSent'), { type: 'open' }], ([, { open }]) => acceptOpen(session, open))
      .with([P.union('Delayed', 'OpenSent'), { type: P.union('keepalive', 'update', 'route-refresh') }], unexpected)
      .with(['OpenConfirm', { type: 'keepalive' }], () => acceptKeepalive(session, now))
      // A second OPEN needs no collision check: another confirmed connection would have been resolved against this one.
      .with(['OpenConfirm', { type: P.union('open', 'update', 'route-refresh') }], unexpected)
      .with(['Established', { type: P.union('keepalive', 'update') }], () => NOTHING)
      .with(['Established', { type: 'route-refresh' }], ([, { refresh }]) => acceptRefresh(session, refresh, now))
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
  Delayed: FsmSubcode.UNSPECIFIED,
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

/** Our OPEN goes out: at once, or when DelayOpenTimer has expired (event 12), or the peer's has come before that. */
function sendOpen(session: Session, now: Millis): readonly SessionOutput[] {
  session.state = 'OpenSent'
  session.deadlines.clear('delay-open')
  session.deadlines.set('hold', (now + session.terms.openHoldMs[session.direction]) as Millis)
  return [{ type: 'send', message: 'open', bytes: session.own.bytes }]
}

/** Events 19 and 20, first half: is it acceptable? The peer decides about collisions before anything is sent. */
function acceptOpen(session: Session, open: Open): readonly SessionOutput[] {
  const outcome = negotiate(session.terms.local, open, session.own.open)
  if (!outcome.ok) return endWith(session, outcome.error)
  session.negotiated = outcome.value
  return [{ type: 'opened' }]
}

/**
 * Events 19 and 20, second half: KEEPALIVE out, negotiated timers on, OpenConfirm. With `waitUntil`, the KEEPALIVE is
 * kept back. It is what lets the peer go to Established, where no collision is resolved any more: as long as the other
 * connection may still win, saying it could make each side keep what the other closes.
 */
function confirm(session: Session, waitUntil: Millis | undefined, now: Millis): readonly SessionOutput[] {
  const { state, negotiated, deadlines, terms } = session
  if ((state !== 'OpenSent' && state !== 'Delayed') || negotiated === undefined) return NOTHING
  const outputs = state === 'Delayed' ? sendOpen(session, now) : NOTHING
  session.state = 'OpenConfirm'
  deadlines.set('hold', (now + (negotiated.holdTimeMs || terms.largeHoldMs)) as Millis)
  if (waitUntil !== undefined) {
    deadlines.set('collision', waitUntil)
    return outputs
  }
  wrote(session, now)
  return [...outputs, SEND_KEEPALIVE]
}

/** The other connection is no rival any more, or has had its time. */
function release(session: Session, now: Millis): readonly SessionOutput[] {
  if (!isWaiting(session)) return NOTHING
  session.deadlines.clear('collision')
  wrote(session, now)
  return session.hasKeepalive ? [SEND_KEEPALIVE, ...establish(session, now)] : [SEND_KEEPALIVE]
}

/** Event 26 in OpenConfirm. While ours waits, that of the peer is remembered. */
function acceptKeepalive(session: Session, now: Millis): readonly SessionOutput[] {
  if (!isWaiting(session)) return establish(session, now)
  session.hasKeepalive = true
  heard(session, now)
  return NOTHING
}

/** Event 26. With a hold time of 0 no timer runs from here on (RFC 4271 4.2). */
function establish(session: Session, now: Millis): readonly SessionOutput[] {
  session.state = 'Established'
  session.deadlines.clear('hold')
  heard(session, now)
  return [{ type: 'established' }]
}

/** Events 10 to 12, and what the RFCs after it added. The KEEPALIVE first. */
function expire(session: Session, now: Millis): readonly SessionOutput[] {
  const { deadlines } = session
  const outputs: SessionOutput[] = []
  if (deadlines.isDue('keepalive', now)) {
    wrote(session, now)
    outputs.push(SEND_KEEPALIVE)
  }
  if (deadlines.isDue('delay-open', now)) outputs.push(...sendOpen(session, now))
  if (deadlines.isDue('collision', now)) outputs.push(...release(session, now))
  if (deadlines.isDue('refresh', now)) outputs.push(...expireRefreshes(session, now))
  if (deadlines.isDue('hold', now)) outputs.push(...expireHold(session, now))
  return outputs
}

/**
 * RFC 4271 6.5. When the deadline is looked at far too late, we were the silent ones: what the peer sent may still lie
 * unread in the socket, and no peer shall die of our stall. One reprieve, renewed only by hearing from the peer.
 */
function expireHold(session: Session, now: Millis): readonly SessionOutput[] {
  const lateMs = now - (session.deadlines.at('hold') ?? now)
  const { negotiated, terms, direction } = session
  const openHoldMs = negotiated === undefined ? terms.openHoldMs[direction] : terms.largeHoldMs
  const holdTimeMs = negotiated?.holdTimeMs || openHoldMs
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
  session.refreshes = []
  session.deadlines.clearAll()
  return [{ type: 'ended', from: state, reason }]
}
