/**
 * One neighbour of a simulated speaker: a real `PeerFsm`, a real `Framer` a connection, and what carries the machine's
 * outputs out. The twin of `src/net/peer-driver.ts`, with virtual connections for sockets.
 *
 * Differences from the driver: no send hold timer (RFC 9687), no faults caught: whatever is thrown ends the run.
 * Called by `speaker.ts`. Inputs are queued, never nested, as there.
 */
import {
  type ConnectionId,
  describeReason,
  type Millis,
  type Negotiated,
  PeerFsm,
  type PeerInput,
  type PeerOutput,
} from '../../fsm/index.ts'
import {
  decodeMessage,
  ErrorCode,
  encodeRouteRefresh,
  FAMILIES,
  type Family,
  Framer,
  HEADER_LENGTH,
  MessageType,
  MODERN_CONTEXT,
  type Notification,
  RefreshSubtype,
  type Update,
} from '../../wire/index.ts'
import type { PeerId, Rib, RibPeer } from '../rib/index.ts'
import type { Connection, Dial, End, Link } from './link.ts'
import type { Random } from './random.ts'
import type { Timing } from './timing.ts'
import type { Edge, Site } from './topology.ts'
import type { Trace } from './trace.ts'
import { Violation } from './violation.ts'

/** Stands for an UPDATE outside Established, where only its type matters. */
const UNREAD_UPDATE: Update = { withdrawn: [], attributes: [], nlri: [], problems: [], action: 'accept' }
const TYPE_OFFSET = HEADER_LENGTH - 1

/** Of a speaker, as its peers see it. */
export interface PeerHome {
  readonly site: Site
  readonly rib: Rib
  readonly trace: Trace
  readonly timing: Timing
  readonly random: Random
  now(): Millis
  ribPeer(peer: Peer, negotiated: Negotiated): RibPeer
  /** The next deadline may have moved. */
  touched(peer: Peer): void
  /** Routes may have changed, or there is something to send. */
  schedule(): void
}

interface Stream {
  readonly connection: Connection
  readonly framer: Framer
}

/** The session that carries routes. */
export interface ActiveSession {
  readonly id: PeerId
  readonly connection: Connection
  readonly negotiated: Negotiated
}

export class Peer {
  readonly link: Link
  /** Which end of the link this is. */
  readonly end: End
  readonly edge: Edge
  readonly remote: Site
  readonly fsm: PeerFsm
  active: ActiveSession | undefined
  /** Time of the world of the earliest wake-up that is planned. */
  wakeAt = Number.POSITIVE_INFINITY
  readonly #home: PeerHome
  readonly #streams = new Map<ConnectionId, Stream>()
  readonly #inputs: PeerInput[] = []
  #isHandling = false
  #dial: Dial | undefined
  #updatesWritten = 0

  constructor(home: PeerHome, place: { link: Link; end: End; edge: Edge; remote: Site }) {
    this.#home = home
    this.link = place.link
    this.end = place.end
    this.edge = place.edge
    this.remote = place.remote
    const { timing, site, random } = home
    this.fsm = new PeerFsm({
      localAsn: site.asn,
      peerAsn: place.remote.asn,
      routerId: site.routerId,
      families: FAMILIES,
      passive: place.edge.isPassive[place.end],
      mayAccept: true,
      random: random.next,
      ...timing.fsm,
    })
  }

  /** Connections this end believes in. */
  get connections(): readonly Connection[] {
    return Array.from(this.#streams.values(), stream => stream.connection)
  }

  input(input: PeerInput): void {
    this.#inputs.push(input)
    if (this.#isHandling) return
    this.#isHandling = true
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      for (const output of this.fsm.handle(next, this.#home.now())) this.#perform(output)
    }
    this.#isHandling = false
    this.#home.touched(this)
    this.#home.schedule()
  }

  opened(connection: Connection, direction: 'incoming' | 'outgoing'): void {
    if (direction === 'outgoing') this.#dial = undefined
    const stream: Stream = { connection, framer: new Framer(this.#sink(connection)) }
    this.#streams.set(connection.id, stream)
    this.input({ type: 'connected', connection: connection.id, direction })
  }

  dialFailed(dial: Dial): void {
    if (this.#dial !== dial) return
    this.#dial = undefined
    this.input({ type: 'dial-failed', reason: 'refused' })
  }

  received(connection: Connection, bytes: Uint8Array): void {
    this.#streams.get(connection.id)?.framer.push(bytes)
    this.#home.touched(this)
    this.#home.schedule()
  }

  closed(connection: Connection, reason: string): void {
    if (!this.#streams.delete(connection.id)) return
    this.input({ type: 'closed', connection: connection.id, reason })
  }

  /** What is due. */
  deadline(now: Millis): void {
    const next = this.fsm.nextDeadline()
    if (next === undefined || next > now) return
    this.input({ type: 'deadline' })
    const after = this.fsm.nextDeadline()
    if (after !== undefined && after <= now) {
      throw new Violation('no-stuck-deadline', `${this.name}: still due at ${after} when it is ${now}`)
    }
  }

  /** Writes at most `pieces` pieces of what the table has for this neighbour; whether there is more and room for it. */
  send(pieces: number): boolean {
    const active = this.active
    if (active === undefined) return false
    this.#updatesWritten = 0
    let isMore = true
    for (let i = 0; i < pieces && isMore && !active.connection.isFull(this.end); i++) {
      isMore = this.#home.rib.pull(active.id, bytes => this.#write(active, bytes))
    }
    if (this.#updatesWritten > 0) {
      this.fsm.updateSent(this.#home.now(), this.#updatesWritten)
      this.#home.touched(this)
    }
    return isMore && !active.connection.isFull(this.end)
  }

  /** Asks the neighbour for everything again (RFC 2918 3), as an operator would. */
  requestRefresh(): void {
    const active = this.active
    if (active === undefined) return
    for (const { afi, safi } of active.negotiated.families) {
      active.connection.send(this.end, encodeRouteRefresh({ afi, safi, subtype: RefreshSubtype.REQUEST }))
    }
  }

  /** The process is gone: nothing is dialled or heard any more. */
  abandon(): void {
    if (this.#dial !== undefined) this.#dial.isCancelled = true
    this.#dial = undefined
    this.#streams.clear()
    this.active = undefined
  }

  get name(): string {
    return `${this.#home.site.index} -> ${this.remote.index}`
  }

  #write(active: ActiveSession, bytes: Uint8Array): void {
    if (this.active !== active) throw new Violation('no-update-outside', this.name)
    active.connection.send(this.end, bytes)
    for (let at = 0; at < bytes.length; at += ((bytes[at + 16] ?? 0) << 8) | (bytes[at + 17] ?? 0)) {
      if (bytes[at] !== 255) throw new Violation('no-protocol-error', `${this.name} writes no message at ${at}`)
      this.#updatesWritten++
    }
  }

  #sink(connection: Connection) {
    return {
      message: (type: number, bytes: Uint8Array, start: number, end: number): boolean => {
        this.#message(connection, { type, bytes, start, end })
        return this.#streams.has(connection.id)
      },
      failure: (error: Notification): void => this.input({ type: 'failure', connection: connection.id, error }),
    }
  }

  #message(connection: Connection, frame: Frame): void {
    const { type, bytes, start, end } = frame
    const active = this.active
    if (type !== MessageType.UPDATE) {
      const decoded = decodeMessage(type, bytes, start, end, active?.negotiated.codec ?? MODERN_CONTEXT)
      if (decoded.ok) this.input({ type: 'message', connection: connection.id, message: decoded.value })
      else this.input({ type: 'failure', connection: connection.id, error: decoded.error })
    } else if (active?.connection === connection && this.fsm.updateReceived(connection.id, this.#home.now())) {
      const error = this.#home.rib.update(active.id, bytes, start + HEADER_LENGTH, end)
      if (error !== undefined) this.input({ type: 'failure', connection: connection.id, error })
    } else {
      this.input({ type: 'message', connection: connection.id, message: { type: 'update', update: UNREAD_UPDATE } })
    }
  }

  #perform(output: PeerOutput): void {
    const { trace, site } = this.#home
    switch (output.type) {
      case 'dial':
        this.#dial = this.link.dial(this.end)
        break
      case 'cancel-dial':
        if (this.#dial !== undefined) this.#dial.isCancelled = true
        this.#dial = undefined
        break
      case 'send':
        this.#sendMessage(output.connection, output.bytes)
        break
      case 'close':
        this.#streams.get(output.connection)?.connection.close(this.end)
        this.#streams.delete(output.connection)
        break
      case 'established':
        this.#established(output.connection, output.negotiated)
        break
      case 'down':
        trace.note(site.index, `down ${this.remote.index} ${describeReason(output.reason)}`)
        if (this.active !== undefined) this.#home.rib.removePeer(this.active.id)
        this.active = undefined
        break
      case 'refresh':
        this.#refresh(output.family)
        break
      case 'refresh-begins':
      case 'refresh-ends':
        break
      case 'state':
        trace.note(site.index, `${output.from} -> ${output.to} (${output.cause})`, this.remote.index)
        break
      default:
        output satisfies never
    }
  }

  #sendMessage(id: ConnectionId, bytes: Uint8Array): void {
    const stream = this.#streams.get(id)
    if (stream === undefined) return
    const type = bytes[TYPE_OFFSET] ?? 0
    if (type === MessageType.UPDATE) throw new Violation('no-update-outside', `${this.name}: an UPDATE of the machine`)
    if (type === MessageType.NOTIFICATION && !HARMLESS.has(bytes[HEADER_LENGTH] ?? 0)) {
      const what = `${bytes[HEADER_LENGTH]}/${bytes[HEADER_LENGTH + 1]}`
      throw new Violation('no-protocol-error', `${this.name} sends NOTIFICATION ${what}`)
    }
    stream.connection.send(this.end, bytes)
  }

  #established(id: ConnectionId, negotiated: Negotiated): void {
    if (this.active !== undefined) throw new Violation('one-session', `${this.name} has two`)
    const connection = this.#streams.get(id)?.connection
    if (connection === undefined) throw new Violation('one-session', `${this.name}: on no connection`)
    this.#home.trace.note(this.#home.site.index, 'established', this.remote.index, id)
    this.active = { id: this.#home.rib.addPeer(this.#home.ribPeer(this, negotiated)), connection, negotiated }
  }

  #refresh(family: Family): void {
    if (this.active !== undefined) this.#home.rib.refresh(this.active.id, family)
  }
}

interface Frame {
  readonly type: number
  readonly bytes: Uint8Array
  /** Of the header. */
  readonly start: number
  readonly end: number
}

/** What two healthy speakers may say to each other when they part. */
const HARMLESS: ReadonlySet<number> = new Set([ErrorCode.HOLD_TIMER_EXPIRED, ErrorCode.CEASE])
