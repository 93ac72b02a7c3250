/**
 * A configured neighbour: all six states of RFC 4271 8.2.2, made of up to two connections (`session.ts`), a dial that
 * may be under way (`dialling.ts`) and the idle hold. Collision detection (RFC 4271 6.8, RFC 6286), damping (RFC 4271
 * 8.1.1), refusals (RFC 4486) and the operator's start and stop.
 * Differences from the RFC: one machine for both connections, whose state is that of the further one; dialling goes on beside an incoming connection that is still in
 * OpenSent, because that one may be dead; ConnectRetryCounter counts only endings of the last connection.
 * Called by the driver in `src/net/` and by the simulator. Values in, values out: no socket, no clock, no timer.
 */

import { match } from 'ts-pattern'
import type { Notification } from '../wire/errors.ts'
import { cease } from '../wire/errors.ts'
import { CeaseSubcode } from '../wire/iana.ts'
import { encodeNotification } from '../wire/notification.ts'
import type { Ending } from './aftermath.ts'
import { aftermath, COLLISION, farewell, isCollision, isOverload, RESTARTED } from './aftermath.ts'
import { BackOff } from './backoff.ts'
import { isRestart, judgeCollision } from './collision.ts'
import type { Millis } from './deadlines.ts'
import { Deadlines } from './deadlines.ts'
import { Dialling } from './dialling.ts'
import { History } from './history.ts'
import type { ConnectionId, PeerInput } from './input.ts'
import type { PeerFsmOptions } from './options.ts'
import type {
  DownReason,
  EstablishedSession,
  PeerCounters,
  PeerError,
  PeerOutput,
  SessionView,
  State,
  TimerView,
  Transition,
} from './output.ts'
import { describeReason } from './output.ts'
import { OwnOpens } from './own-open.ts'
import { Roster } from './roster.ts'
import { heard, open, step, wrote } from './session.ts'
import type { LiveState, Session, SessionInput, SessionOutput, SessionTerms } from './session-record.ts'
import { sessionTerms, stateOf } from './session-record.ts'

type InputOf<Type extends PeerInput['type']> = Extract<PeerInput, { readonly type: Type }>

const NO_OUTPUTS: readonly PeerOutput[] = []

/**
 * One peer. Give it every event through `handle` and carry out what comes back, in order; call `handle` with
 * `deadline` when `nextDeadline()` has passed, and ask for the next one after every call.
 */
export class PeerFsm {
  readonly #options: PeerFsmOptions
  readonly #terms: SessionTerms
  readonly #ownOpens: OwnOpens
  /** Failures, for the idle hold. */
  readonly #backOff: BackOff
  /** Refusals we met, for the next dial. Apart, lest two sides that turn each other away while idle feed each other. */
  readonly #dialBackOff: BackOff
  readonly #deadlines = new Deadlines(['connect-retry', 'idle-hold'] as const)
  readonly #dialling: Dialling
  readonly #history = new History()
  readonly #roster = new Roster()
  #live: Session | undefined
  #established: EstablishedSession | undefined
  #isStarted = false
  #connectRetryCounter = 0
  #outputs: PeerOutput[] = []

  constructor(options: PeerFsmOptions) {
    this.#options = options
    this.#backOff = new BackOff(options)
    this.#dialBackOff = new BackOff(options)
    this.#dialling = new Dialling(options, this.#deadlines, output => this.#outputs.push(output))
    this.#terms = sessionTerms(options)
    this.#ownOpens = new OwnOpens(options)
  }

  /** ConnectRetryTime (RFC 4271 8.1.3) changed at run time; the timer that runs is left alone. */
  set connectRetryMs(ms: number) {
    this.#dialling.connectRetryMs = ms
  }

  /** One event. Returns what to do, in order. Never throws on anything a peer can cause; unknown connections are ignored. */
  handle(input: PeerInput, now: Millis): readonly PeerOutput[] {
    this.#outputs = []
    // The KEEPALIVE lane, ahead of all matching.
    if (input.type === 'message') this.#messageReceived(input, now)
    else this.#dispatch(input, now)
    this.#settle(now)
    return this.#outputs.length === 0 ? NO_OUTPUTS : this.#outputs
  }

  /**
   * Hot lane: an UPDATE arrived. Re-arms the hold deadline; false when that connection is not Established (then send it
   * through `handle` as a message). Allocates nothing.
   */
  updateReceived(connection: ConnectionId, now: Millis): boolean {
    return this.#signOfLife('update', connection, now)
  }

  /** The same for a KEEPALIVE. */
  keepaliveReceived(connection: ConnectionId, now: Millis): boolean {
    return this.#signOfLife('keepalive', connection, now)
  }

  #signOfLife(message: 'update' | 'keepalive', connection: ConnectionId, now: Millis): boolean {
    if (this.#live === undefined || this.#live.connection !== connection) return false
    this.#history.counters.received[message]++
    heard(this.#live, now)
    return true
  }

  /** Whether nothing is due but the KEEPALIVE of the Established session; then it counts as sent, and has to be. Allocates nothing. */
  keepaliveDue(now: Millis): boolean {
    const session = this.#live
    if (session === undefined || !this.#roster.isAlone(session) || !session.deadlines.isOnlyDue('keepalive', now))
      return false
    if ((this.#deadlines.next() ?? Number.POSITIVE_INFINITY) <= now) return false
    this.#history.counters.sent.keepalive++
    wrote(session, now)
    return true
  }

  /** `count` UPDATEs were written to the Established session; they do for a KEEPALIVE (RFC 4271 8.2.2, Established). */
  updateSent(now: Millis, count = 1): void {
    if (this.#live === undefined) return
    this.#history.counters.sent.update += count
    wrote(this.#live, now)
  }

  /** When to come back with `deadline`; undefined when nothing is being waited for. */
  nextDeadline(): Millis | undefined {
    const own = this.#deadlines.next()
    const theirs = this.#roster.nextDeadline()
    return own === undefined || (theirs !== undefined && theirs < own) ? theirs : own
  }

  get state(): State {
    return this.#history.state
  }

  /** The session that carries routes, while there is one. The same object for the life of the session. */
  get established(): EstablishedSession | undefined {
    return this.#established
  }

  /** The last failure; kept when a session comes up again. */
  get lastError(): PeerError | undefined {
    return this.#history.lastError
  }

  /** The last 64 changes of state, oldest first. A copy. */
  get history(): readonly Transition[] {
    return this.#history.transitions()
  }

  /** RFC 4271 8.1.1: attempts that ended in failure since the last start. */
  get connectRetryCounter(): number {
    return this.#connectRetryCounter
  }

  /** Live counters: read, do not keep. */
  get counters(): Readonly<PeerCounters> {
    return this.#history.counters
  }

  /** Whether an operator wants this peer up. */
  get isStarted(): boolean {
    return this.#isStarted
  }

  /** The connections there are, oldest first. */
  get sessions(): readonly SessionView[] {
    return this.#roster.views()
  }

  /** Running timers, for show commands. */
  get timers(): readonly TimerView[] {
    return [...this.#deadlines.list(), ...this.#roster.timers()]
  }

  #dispatch(input: Exclude<PeerInput, { readonly type: 'message' }>, now: Millis): void {
    match(input)
      .with({ type: 'start' }, () => this.#start(now))
      .with({ type: 'stop' }, stop => this.#stop(stop, now))
      .with({ type: 'connected', direction: 'outgoing' }, connected => this.#dialSucceeded(connected, now))
      .with({ type: 'connected', direction: 'incoming' }, connected => this.#accept(connected, now))
      .with({ type: 'dial-failed' }, failed => this.#dialFailed(failed, now))
      .with({ type: 'closed' }, { type: 'failure' }, ending =>
        this.#step(this.#roster.find(ending.connection), ending, now),
      )
      .with({ type: 'request-refresh' }, wanted => this.#step(this.#live, wanted, now))
      .with({ type: 'deadline' }, () => this.#deadlinePassed(now))
      .exhaustive()
  }

  #messageReceived(input: InputOf<'message'>, now: Millis): void {
    const session = this.#roster.find(input.connection)
    if (session === undefined) return
    this.#history.counters.received[input.message.type]++
    this.#step(session, input, now)
  }

  // The operator

  /** Events 1 and 4. Skips an idle hold and forgives the past. */
  #start(now: Millis): void {
    if (this.#isStarted && !this.#isHeld) return
    this.#isStarted = true
    this.#connectRetryCounter = 0
    this.#backOff.forget()
    this.#dialBackOff.forget()
    this.#activate('started', now)
  }

  /** Event 2. */
  #stop({ subcode, communication }: InputOf<'stop'>, now: Millis): void {
    if (!this.#isStarted) return
    this.#isStarted = false
    this.#connectRetryCounter = 0
    this.#dialling.stop()
    this.#deadlines.clearAll()
    const notification = farewell(subcode, communication)
    for (const session of this.#roster.all) this.#step(session, { type: 'cease', notification }, now)
    this.#history.cause = `stopped: ${notification.reason}`
  }

  // Connections coming up

  /** Out of Idle: dial, or listen when passive. */
  #activate(cause: string, now: Millis): void {
    this.#deadlines.clear('idle-hold')
    this.#history.cause = cause
    if (!this.#options.passive) this.#dial(now)
  }

  #dial(now: Millis): void {
    this.#history.counters.dials++
    this.#dialling.begin(now)
  }

  /** Event 16. A dial that was given up meanwhile is closed without a word: the peer has not heard of it yet. */
  #dialSucceeded(input: InputOf<'connected'>, now: Millis): void {
    if (this.#roster.find(input.connection) !== undefined) return
    if (!this.#dialling.isUnderWay) {
      this.#outputs.push({ type: 'close', connection: input.connection })
      return
    }
    this.#dialling.succeeded()
    this.#open(input, now)
  }

  /** Event 17. RFC 4271 8.2.2, Idle: refuses all incoming connections; RFC 4486 4 says how. */
  #accept(input: InputOf<'connected'>, now: Millis): void {
    if (this.#roster.find(input.connection) !== undefined) return
    if (!this.#isStarted || this.#isHeld || !this.#options.mayAccept) {
      this.#refuse(input.connection, cease(CeaseSubcode.CONNECTION_REJECTED))
      return
    }
    if (this.#roster.isFull && this.#roster.leastPromising() === undefined) {
      this.#refuse(input.connection, COLLISION)
      return
    }
    this.#open(input, now)
    // Gives the incoming connection a whole connect-retry time to get on before we dial beside it.
    if (this.#mayDial) this.#dialling.retryLater(now)
  }

  #refuse(connection: ConnectionId, notification: Notification): void {
    this.#history.counters.refusals++
    this.#history.counters.sent.notification++
    this.#outputs.push({ type: 'send', connection, bytes: encodeNotification(notification) })
    this.#outputs.push({ type: 'close', connection })
  }

  #open({ connection, direction }: InputOf<'connected'>, now: Millis): void {
    const displaced = this.#roster.isFull ? this.#roster.leastPromising() : undefined
    const { session, outputs } = open({ connection, direction, terms: this.#terms, own: this.#ownOpens.next }, now)
    this.#roster.add(session)
    this.#history.counters.connections++
    this.#carryOut(session, outputs, now)
    this.#step(displaced, { type: 'cease', notification: COLLISION }, now)
    this.#history.cause = direction === 'outgoing' ? 'connected' : 'incoming connection'
  }

  /**
   * Event 18 for a dial: to Idle, and out of it at once with a start that is passive (event 5) until connect-retry. In Idle
   * the dial of a neighbour would be refused, and one that is just coming up dials us the moment it is.
   */
  #dialFailed({ reason: detail }: InputOf<'dial-failed'>, now: Millis): void {
    if (!this.#dialling.isUnderWay) return
    const reason = { kind: 'dial-failed', detail } as const
    this.#history.lastError = { at: now, state: this.state, reason }
    this.#history.counters.dialFailures++
    this.#history.cause = describeReason(reason)
    this.#dialling.failed(now)
    if (!this.#roster.isEmpty) return
    this.#moveTo('Idle', now)
    this.#history.cause = 'started again, listening'
  }

  // What connections want

  #step(session: Session | undefined, input: SessionInput, now: Millis): void {
    if (session !== undefined) this.#carryOut(session, step(session, input, now), now)
  }

  #carryOut(session: Session, outputs: readonly SessionOutput[], now: Millis): void {
    const { counters } = this.#history
    for (const output of outputs) {
      match(output)
        .with({ type: 'send' }, ({ message, bytes }) => {
          counters.sent[message]++
          this.#outputs.push({ type: 'send', connection: session.connection, bytes })
        })
        .with({ type: 'opened' }, () => this.#opened(session, now))
        .with({ type: 'established' }, () => this.#sessionUp(session, now))
        .with({ type: 'refresh' }, { type: 'refresh-begins' }, wanted => this.#outputs.push(wanted))
        .with({ type: 'refresh-ends' }, ended => {
          if (ended.isTimeout) counters.refreshTimeouts++
          this.#outputs.push(ended)
        })
        .with({ type: 'refresh-ignored' }, () => counters.refreshesIgnored++)
        .with({ type: 'reprieved' }, () => counters.reprieves++)
        .with({ type: 'ended' }, ({ from, reason }) => this.#sessionEnded(session, from, reason, now))
        .exhaustive()
    }
  }

  /** A valid OPEN: the moment of collision detection (RFC 4271 6.8). */
  #opened(session: Session, now: Millis): void {
    const established = this.#established?.since ?? now
    if (isRestart(session, this.#live, established))
      this.#step(this.#live, { type: 'cease', notification: RESTARTED }, now)
    const rival = this.#roster.rivalOf(session)
    const verdict = judgeCollision(session, rival, this.#options, now)
    if (!verdict.isKept) {
      this.#step(session, { type: 'cease', notification: COLLISION }, now)
      return
    }
    this.#step(session, { type: 'confirm', waitUntil: verdict.waitUntil }, now)
    if (verdict.isRivalOver) this.#step(rival, { type: 'cease', notification: COLLISION }, now)
    // Now that one connection lives, none is dialled beside it.
    this.#dialling.stop()
    this.#history.cause = 'received OPEN'
  }

  #sessionUp(session: Session, now: Millis): void {
    const { connection, negotiated } = session
    if (negotiated === undefined) return
    this.#live = session
    this.#established = { connection, negotiated, since: now }
    this.#history.counters.sessions++
    this.#history.cause = 'received KEEPALIVE'
    this.#outputs.push({ type: 'established', connection, negotiated })
  }

  #sessionEnded(session: Session, from: LiveState, reason: DownReason, now: Millis): void {
    const { connection, direction } = session
    this.#roster.remove(session)
    this.#history.cause = describeReason(reason)
    if (from === 'Established') {
      this.#live = undefined
      this.#established = undefined
      this.#outputs.push({ type: 'down', connection, reason })
    }
    if (reason.kind !== 'connection-lost') this.#outputs.push({ type: 'close', connection })

    const isLast = this.#roster.isEmpty
    if (isCollision(reason)) this.#history.counters.collisions++
    // Losing to a connection that lives on is no error.
    if (!isCollision(reason) || isLast)
      this.#history.lastError = { at: now, state: stateOf({ state: from, direction }), reason }
    const isRetry = this.#ownOpens.ended(session.own, from, reason)
    if (!this.#isStarted) return
    for (const other of this.#roster.all) this.#step(other, { type: 'release' }, now)
    if (isLast) this.#lastSessionEnded({ from, direction, reason, isRetry }, now)
    else if (this.#mayDial && this.#deadlines.at('connect-retry') === undefined) this.#dialling.retryLater(now)
  }

  /** RFC 4271 8.2.2, the ways out of OpenSent, OpenConfirm and Established. */
  #lastSessionEnded(ending: Ending, now: Millis): void {
    const { next, isCounted, isDamped } = aftermath(ending)
    if (isCounted) this.#connectRetryCounter++
    if (next === 'Active') {
      const waitMs = isDamped ? this.#dialBackOff.next(now) : 0
      if (this.#mayDial) this.#dialling.retryLater(now, waitMs)
      return
    }
    this.#dialling.stop()
    const { overloadHoldMs } = this.#options
    const isWaitGiven = overloadHoldMs !== undefined && isOverload(ending.reason)
    const holdMs = isWaitGiven ? overloadHoldMs : isDamped ? this.#backOff.next(now) : this.#backOff.flat()
    this.#deadlines.set('idle-hold', (now + holdMs) as Millis)
  }

  // Time

  /** Everything that is due, each once: the connections first, since their KEEPALIVEs must not wait. */
  #deadlinePassed(now: Millis): void {
    for (const session of this.#roster.all) {
      this.#step(session, { type: 'deadline' }, now)
      this.#settle(now)
    }
    // Event 9. RFC 4271 8.2.2, Connect: drop the attempt and dial again; Active: dial.
    if (this.#deadlines.isDue('connect-retry', now)) {
      this.#history.cause = 'connect-retry expired'
      this.#dial(now)
      this.#settle(now)
    }
    // Events 13 and 3: an automatic start.
    if (this.#deadlines.isDue('idle-hold', now)) this.#activate('idle hold is over', now)
  }

  // Bookkeeping

  /** Dialling is our business, no dial is under way, and no connection makes one needless. */
  get #mayDial(): boolean {
    return this.#isStarted && !this.#options.passive && !this.#dialling.isUnderWay && this.#roster.isUnpromising
  }

  get #isHeld(): boolean {
    return this.#deadlines.at('idle-hold') !== undefined
  }

  /** Tells about a change of state, if there was one. Without connections: Connect while dialling, Active while listening. */
  #settle(now: Millis): void {
    const lonely = this.#dialling.isUnderWay ? 'Connect' : this.#isStarted && !this.#isHeld ? 'Active' : 'Idle'
    this.#moveTo(this.#roster.furthest(lonely), now)
  }

  #moveTo(state: State, now: Millis): void {
    const change = this.#history.moveTo(state, now)
    if (change !== undefined)
      this.#outputs.push({ type: 'state', from: change.from, to: change.to, cause: change.cause })
  }
}
