/**
 * One peer: its state machine (RFC 4271 section 8), its connections, its dial attempt. Turns what happens on sockets into inputs of the machine,
 * and the machine's outputs into bytes, closes, dials, and calls of the routing port.
 *
 * UPDATEs of an Established session take the hot lane: the machine is told that one came, and the bytes go to the RIB as they lie in the chunk.
 * All else is decoded and goes through `handle`. Inputs are queued, never nested, because an output can cause the next input.
 * Nothing thrown on behalf of this peer leaves this file: an exception of the routing port ends the session with Cease / Out of Resources, one of
 * the machine itself replaces the machine. Both are counted, and reported with a stack the first time.
 */
import {
  type ConnectionId,
  type Direction,
  type Millis,
  type Negotiated,
  PeerFsm,
  type PeerInput,
  type PeerOutput,
} from '../../fsm/index.ts'
import {
  CeaseSubcode,
  cease,
  decodeMessage,
  decodeNotification,
  encodeNotification,
  type Family,
  HEADER_LENGTH,
  KEEPALIVE,
  MAX_MESSAGE_LENGTH,
  MessageType,
  MODERN_CONTEXT,
  type Notification,
  type Update,
} from '../../wire/index.ts'
import { ActiveSession } from './active-session.ts'
import type { Connection, ConnectionOwner } from './connection.ts'
import { ConnectionTable } from './connection-table.ts'
import type { DeadlineOwner, DeadlineSlot } from './deadline-timer.ts'
import { Dialer } from './dialer.ts'
import { FaultLog } from './fault-log.ts'
import type { RefusalReason } from './observer.ts'
import { DEFAULT_CONNECT_TIMEOUT_MS, type DriverParts, dialTarget, type PeerOptions } from './peer-options.ts'
import type { PastTransition, PeerRow, RefreshObstacle, TrafficCounters } from './peer-row.ts'
import type { PeerKey } from './routing-port.ts'
import type { Sender, SendResult, SendSlot } from './send-loop.ts'
import type { StreamSocket } from './stream-socket.ts'
import { openDialSocket, prepareAccepted, type TransportOptions } from './transport.ts'

/** How long a member's connection may take to bring its OPEN while another waits. */
const PENDING_GRACE_MS = 1000
const TYPE_OFFSET = HEADER_LENGTH - 1
/** Stands for an UPDATE outside Established, where only its type matters (RFC 6608 4) and decoding it could name the wrong error. */
const UNREAD_UPDATE: Update = { withdrawn: [], attributes: [], nlri: [], problems: [], action: 'accept' }

export class PeerDriver<Handle> implements ConnectionOwner, DeadlineOwner, Sender {
  readonly name: PeerKey
  readonly remoteAddress: string
  #transport: TransportOptions
  #options: PeerOptions
  readonly #parts: DriverParts<Handle>
  readonly #faults = new FaultLog()
  readonly #connections: ConnectionTable
  /** Made by the first dial: members of a range never dial. */
  #dialer: Dialer | undefined
  readonly #inputs: PeerInput[] = []
  readonly #deadlines: DeadlineSlot
  #fsm: PeerFsm
  #active: ActiveSession<Handle> | undefined
  #slot: SendSlot | undefined
  #isHandling = false
  /** When a machine that was replaced after a fault starts again. */
  #restartAt: Millis | undefined
  #stateSince: Millis
  #disposed: (() => void) | undefined
  #accepted = 0
  /** Of sessions that are over. */
  #pastUpdateOctetsSent = 0

  constructor(options: PeerOptions, parts: DriverParts<Handle>) {
    this.name = options.name
    this.remoteAddress = options.remoteAddress
    this.#transport = options.transport ?? {}
    this.#options = options
    this.#parts = parts
    this.#connections = new ConnectionTable(this, parts)
    this.#fsm = new PeerFsm(options.fsm)
    this.#stateSince = parts.clock.now()
    this.#deadlines = parts.deadlines.add(this)
  }

  /** Manual start (RFC 4271 8.1.2, event 1). */
  start(): void {
    if (this.#disposed !== undefined) return
    this.#restartAt = undefined
    this.#input({ type: 'start' })
  }

  /** Manual stop (event 2) with a subcode of Cease (RFC 4486) and, where that has one, a text (RFC 9003). */
  stop(subcode: number, communication?: string): void {
    this.#restartAt = undefined
    this.#input(communication === undefined ? { type: 'stop', subcode } : { type: 'stop', subcode, communication })
  }

  /** Stops for good; resolves when the last socket is closed. */
  dispose(subcode: number, communication?: string): Promise<void> {
    this.stop(subcode, communication)
    this.#parts.deadlines.remove(this.#deadlines)
    return new Promise(resolve => {
      this.#disposed = resolve
      if (this.#connections.isEmpty) resolve()
    })
  }

  /** Asks the neighbour for its routes again (`in`, RFC 2918), or tells it ours (`out`). No families: all of the session. */
  refresh(direction: 'in' | 'out', families?: readonly Family[]): RefreshObstacle | undefined {
    const negotiated = this.#active?.negotiated
    if (negotiated === undefined) return 'no-session'
    if (direction === 'in' && !negotiated.routeRefresh) return 'not-offered'
    const wanted = negotiated.families.filter(family => families?.includes(family) !== false)
    if (wanted.length === 0) return 'not-negotiated'
    for (const family of wanted) {
      if (direction === 'in') this.#input({ type: 'request-refresh', family })
      else this.#refreshed('refresh', family)
    }
    return undefined
  }

  /** The last changes of state, oldest first. */
  history(): readonly PastTransition[] {
    const now = this.#parts.clock.now()
    return this.#fsm.history.map(({ at, ...transition }) => ({ ...transition, agoMs: now - at }))
  }

  /** How long to wait between attempts, from the next one on; a session or an attempt under way does not notice. */
  setConnectRetry(connectRetryMs: number): void {
    this.#options = { ...this.#options, fsm: { ...this.#options.fsm, connectRetryMs } }
    this.#fsm.connectRetryMs = connectRetryMs
  }

  /** Another key from now on (RFC 2385), also on connections that are up; one that will not take it is ended. */
  rekey(md5Key: () => Uint8Array): void {
    this.#transport = { ...this.#transport, md5Key }
    for (const connection of this.#connections.values()) {
      if (!connection.isOpen || connection.rekey(md5Key())) continue
      this.#input({ type: 'failure', connection: connection.id, error: cease(CeaseSubcode.CONFIGURATION_CHANGE) })
    }
  }

  get transport(): TransportOptions {
    return this.#transport
  }

  /** A connection from this peer's address; a reason when it was not taken, and is still the caller's. */
  accept(socket: StreamSocket): RefusalReason | undefined {
    if (this.#disposed !== undefined) return 'too-many'
    // First, so that a connection that is none of the peer's pushes nothing out.
    const flaw = prepareAccepted(socket, this.remoteAddress, this.#transport)
    if (flaw !== undefined) return flaw
    const rival = this.#options.isMember === true ? this.#pending() : undefined
    if (rival === 'busy') return 'pending'
    if (!this.#connections.makeRoom()) return 'too-many'
    this.#accepted++
    this.#adopt(socket, 'incoming')
    if (rival !== undefined) this.#displace(rival)
    return undefined
  }

  /** The connection that has not come up yet; 'busy' when it is getting on or had no time to. */
  #pending(): Connection | 'busy' | undefined {
    const session = this.#fsm.sessions.find(({ state }) => state !== 'Established')
    const connection = session === undefined ? undefined : this.#connections.get(session.connection)
    if (session === undefined || connection === undefined) return undefined
    const ageMs = this.#parts.clock.now() - connection.openedAt
    return session.state === 'OpenConfirm' || ageMs < PENDING_GRACE_MS ? 'busy' : connection
  }

  /** A connection that said nothing whole in time gives way to the next: whoever sits there must not keep the neighbour out. */
  #displace(connection: Connection): void {
    connection.abort()
    this.#input({ type: 'closed', connection: connection.id, reason: 'gave way to a newer connection' })
  }

  row(): PeerRow {
    this.#tellUpdates()
    const { name } = this
    const { fsm } = this.#options
    const connection = this.#active?.connection ?? this.#connections.oldestOpen
    return {
      ...dialTarget(this.#options),
      name,
      localAsn: fsm.localAsn,
      peerAsn: fsm.peerAsn,
      isPassive: fsm.passive,
      state: this.#fsm.state,
      stateForMs: this.#parts.clock.now() - this.#stateSince,
      negotiated: this.#active?.negotiated,
      connection: connection?.view(),
      counters: this.#fsm.counters,
      traffic: this.#traffic(),
      connectRetryCounter: this.#fsm.connectRetryCounter,
      lastError: this.#fsm.lastError,
    }
  }

  // What connections say

  receive(connection: Connection, type: number, bytes: Uint8Array, start: number, end: number): boolean {
    const active = this.#active
    if (type === MessageType.KEEPALIVE && this.#fsm.keepaliveReceived(connection.id, connection.now)) return true
    if (type !== MessageType.UPDATE) {
      this.#receiveCold(connection, type, bytes, start, end)
    } else if (active?.connection === connection && this.#fsm.updateReceived(connection.id, connection.now)) {
      const error = active.update(bytes, start + HEADER_LENGTH, end)
      if (error !== undefined) this.#input({ type: 'failure', connection: connection.id, error })
    } else {
      this.#input({ type: 'message', connection: connection.id, message: { type: 'update', update: UNREAD_UPDATE } })
    }
    return connection.isOpen
  }

  faulted(connection: Connection, thrown: unknown): void {
    this.#sessionFault(connection.id, thrown)
  }

  framingFailed(connection: Connection, error: Notification): void {
    this.#input({ type: 'failure', connection: connection.id, error })
  }

  chunkRead(): void {
    this.#parts.sendLoop.schedule()
  }

  drained(connection: Connection): void {
    if (this.#active?.connection === connection) this.#hasOutput()
  }

  lost(connection: Connection, reason: string): void {
    this.#input({ type: 'closed', connection: connection.id, reason })
  }

  gone(connection: Connection): void {
    this.#connections.remove(connection)
    if (!this.#connections.isEmpty) return
    if (this.#disposed !== undefined) this.#disposed()
    else if (this.#options.isMember === true) this.#parts.vacated(this.name)
  }

  // What the deadline timer and the send loop ask

  nextDeadline(): Millis | undefined {
    let next = this.#fsm.nextDeadline()
    const sendHold = this.#active?.sendHold.nextCheck
    if (sendHold !== undefined && (next === undefined || sendHold < next)) next = sendHold
    if (this.#restartAt !== undefined && (next === undefined || this.#restartAt < next)) next = this.#restartAt
    return next
  }

  deadlineReached(now: Millis): void {
    this.#tellUpdates()
    if (this.#keptAlive(now)) return
    // What has arrived counts, even if nobody has had the time to look at it: it may be the KEEPALIVE the hold timer waits for.
    for (const connection of this.#connections.values()) connection.release(now)
    if (this.#restartAt !== undefined && this.#restartAt <= now) this.start()
    const active = this.#active
    const stuck = active?.sendHold.check(now)
    if (active !== undefined && stuck !== undefined) {
      this.#input({ type: 'failure', connection: active.connection.id, error: stuck })
    }
    const next = this.#fsm.nextDeadline()
    if (next !== undefined && next <= now) this.#input({ type: 'deadline' })
  }

  /** What nearly always is due, and nothing else: thousands of idle sessions must cost next to nothing. */
  #keptAlive(now: Millis): boolean {
    const active = this.#active
    if (active === undefined || (active.sendHold.nextCheck ?? Number.POSITIVE_INFINITY) <= now) return false
    if (!this.#fsm.keepaliveDue(now)) return false
    active.connection.send(KEEPALIVE)
    active.sendHold.written(now)
    return true
  }

  send(until: Millis): SendResult {
    const active = this.#active
    if (active === undefined) return 'idle'
    let result: SendResult = 'idle'
    try {
      result = active.send(until)
    } catch (error) {
      this.#sessionFault(active.connection.id, error)
    }
    // What waits is watched (RFC 9687).
    const { connection, sendHold } = active
    if (connection.queuedOctets > 0 && sendHold.written(this.#parts.clock.now()))
      this.#parts.deadlines.touch(this.#deadlines)
    return result
  }

  /**
   * UPDATEs do for KEEPALIVEs (RFC 4271 8.2.2, Established). The machine hears of them before anything that it has to know it for: they only put
   * its deadlines off, and a thousand neighbours are told of one change.
   */
  #tellUpdates(): void {
    const active = this.#active
    if (active === undefined || active.updatesWritten === 0) return
    const count = active.updatesWritten
    active.updatesWritten = 0
    try {
      this.#fsm.updateSent(active.writtenAt, count)
    } catch (error) {
      this.#machineFault(error)
    }
  }

  #hasOutput(): void {
    if (this.#slot !== undefined) this.#parts.sendLoop.ready(this.#slot)
  }

  // The machine

  #input(input: PeerInput): void {
    this.#inputs.push(input)
    if (this.#isHandling) return
    this.#tellUpdates()
    this.#isHandling = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        for (const output of this.#fsm.handle(next, this.#parts.clock.now())) this.#perform(output)
      }
    } catch (error) {
      this.#machineFault(error)
    } finally {
      this.#isHandling = false
    }
    this.#parts.deadlines.touch(this.#deadlines)
    this.#parts.sendLoop.schedule()
  }

  #perform(output: PeerOutput): void {
    switch (output.type) {
      case 'dial':
        this.#dial()
        return
      case 'cancel-dial':
        this.#dialer?.cancel()
        return
      case 'send':
        this.#sendMessage(output.connection, output.bytes)
        return
      case 'close':
        this.#connections.get(output.connection)?.close(this.#parts.lingerMs)
        return
      case 'established':
        this.#established(output.connection, output.negotiated)
        return
      case 'down':
        this.#leave()
        return
      case 'refresh':
      case 'refresh-begins':
      case 'refresh-ends':
        this.#refreshed(output.type, output.family)
        return
      case 'state':
        this.#stateSince = this.#parts.clock.now()
        this.#parts.observer.stateChanged(this, output)
        return
      default:
        output satisfies never
    }
  }

  #receiveCold(connection: Connection, type: number, bytes: Uint8Array, start: number, end: number): void {
    const context = this.#active?.negotiated.codec ?? MODERN_CONTEXT
    const decoded = decodeMessage(type, bytes, start, end, context)
    if (!decoded.ok) {
      this.#input({ type: 'failure', connection: connection.id, error: decoded.error })
      return
    }
    const message = decoded.value
    if (message.type === 'notification') this.#parts.observer.notificationReceived(this, message.notification)
    this.#input({ type: 'message', connection: connection.id, message })
  }

  #dial(): void {
    const { clock, openSocket } = this.#parts
    this.#dialer ??= new Dialer({
      target: dialTarget(this.#options),
      timeoutMs: this.#options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      clock,
      openSocket: openSocket ?? (target => openDialSocket(target, this.#transport)),
      connected: socket => this.#adopt(socket, 'outgoing'),
      failed: reason => this.#dialFailed(reason),
    })
    this.#dialer.start()
  }

  #dialFailed(reason: string): void {
    this.#parts.observer.dialFailed(this, reason)
    this.#input({ type: 'dial-failed', reason })
  }

  #adopt(socket: StreamSocket, direction: Direction): void {
    const { id: connection } = this.#connections.add(socket, direction)
    this.#input({ type: 'connected', connection, direction })
  }

  #sendMessage(id: ConnectionId, bytes: Uint8Array): void {
    const connection = this.#connections.get(id)
    if (connection === undefined) return
    connection.send(bytes)
    if (this.#active?.connection === connection) this.#active.sendHold.written(this.#parts.clock.now())
    if (bytes[TYPE_OFFSET] !== MessageType.NOTIFICATION) return
    this.#parts.observer.notificationSent(this, decodeNotification(bytes, HEADER_LENGTH, bytes.length))
  }

  #established(id: ConnectionId, negotiated: Negotiated): void {
    const connection = this.#connections.get(id)
    const endpoints = connection?.endpoints
    if (connection === undefined || endpoints === undefined) {
      this.#input({ type: 'closed', connection: id, reason: 'connection lost while coming up' })
      return
    }
    connection.maxLength = negotiated.codec.maxReceiveLength ?? MAX_MESSAGE_LENGTH
    const parts = this.#parts
    const { sendHoldMs } = this.#options
    try {
      const handle = parts.routing.established(this.name, negotiated, endpoints)
      this.#active = new ActiveSession({ connection, handle, negotiated, sendHoldMs, parts })
      this.#slot = parts.sendLoop.join(this)
    } catch (error) {
      this.#sessionFault(id, error)
    }
  }

  #refreshed(...[what, family]: Parameters<ActiveSession<Handle>['refreshed']>): void {
    const active = this.#active
    if (active === undefined) return
    try {
      active.refreshed(what, family)
    } catch (error) {
      this.#sessionFault(active.connection.id, error)
    }
    this.#hasOutput()
  }

  /** The session is no longer Established: routes go at once, bytes already written still leave. */
  #leave(): void {
    const active = this.#active
    if (active === undefined) return
    this.#active = undefined
    this.#pastUpdateOctetsSent += active.updateOctetsSent
    if (this.#slot !== undefined) this.#parts.sendLoop.leave(this.#slot)
    this.#slot = undefined
    try {
      this.#parts.routing.down(active.handle)
    } catch (error) {
      this.#report(error)
    }
  }

  // Faults

  /** An exception on behalf of a connection that the machine had no part in: the machine ends the session. */
  #sessionFault(id: ConnectionId, thrown: unknown): void {
    this.#report(thrown)
    this.#input({ type: 'failure', connection: id, error: cease(CeaseSubcode.OUT_OF_RESOURCES, 'internal error') })
  }

  /** An exception of the machine itself, whose state means nothing any more: every connection ends, and a new machine starts after a rest. */
  #machineFault(thrown: unknown): void {
    this.#report(thrown)
    const { clock, lingerMs, observer } = this.#parts
    this.#inputs.length = 0
    this.#dialer?.cancel()
    this.#leave()
    const farewell = encodeNotification(cease(CeaseSubcode.OUT_OF_RESOURCES, 'internal error'))
    for (const connection of this.#connections.values()) {
      connection.send(farewell)
      connection.close(lingerMs)
    }
    const { state: from, isStarted } = this.#fsm
    this.#fsm = new PeerFsm(this.#options.fsm)
    this.#stateSince = clock.now()
    if (isStarted) this.#restartAt = (clock.now() + this.#options.fsm.idleHoldMs.cap) as Millis
    if (from !== 'Idle') observer.stateChanged(this, { from, to: 'Idle', cause: 'internal error' })
    this.#parts.deadlines.touch(this.#deadlines)
    this.#parts.sendLoop.schedule()
  }

  #report(thrown: unknown): void {
    this.#parts.observer.faulted(this, this.#faults.record(thrown))
  }

  #traffic(): TrafficCounters {
    const { count: faults } = this.#faults
    const updateOctetsSent = this.#pastUpdateOctetsSent + (this.#active?.updateOctetsSent ?? 0)
    return { ...this.#connections.octets(), updateOctetsSent, accepted: this.#accepted, faults }
  }
}
