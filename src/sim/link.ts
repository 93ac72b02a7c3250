/**
 * The network between two machines: dials, connections, and what can go wrong with both. Stands for TCP, not for BGP.
 *
 * A lane is one direction of a connection: octets keep their order, arrive later, in other pieces than they were sent in.
 * What is lost on the way is sent again by TCP, so loss in one direction holds a lane back until it heals; dials in the
 * meantime get no answer. A reset may come after any octet, and may reach one end only. Octets for an end that knows of no
 * connection are answered with a reset, unless that machine is gone or mute.
 * Called by `speaker.ts` (dial, send, close) and `fault.ts`; calls `Host`.
 */
import type { VirtualClock } from './clock.ts'
import type { Random } from './random.ts'

/** One of the two ends of a link. */
export type End = 0 | 1
export const otherEnd = (end: End): End => (end === 0 ? 1 : 0)

/** A dial, for as long as the dialler wants it. */
export interface Dial {
  isCancelled: boolean
}

/** A machine with a speaker on it, as the network sees it. */
export interface Host {
  /** The machine answers at all. */
  readonly isReachable: boolean
  /** Somebody listens. */
  readonly isListening: boolean
  accepted(link: Link, connection: Connection): void
  connected(link: Link, connection: Connection): void
  dialFailed(link: Link, dial: Dial): void
  received(link: Link, connection: Connection, bytes: Uint8Array): void
  closed(link: Link, connection: Connection, reason: string): void
  /** There is room in the lane again. */
  drained(link: Link): void
}

type Segment =
  | { readonly type: 'data'; bytes: Uint8Array; at: number }
  | { readonly type: 'accepted'; readonly dial: Dial; readonly at: number }
  | { readonly type: 'end'; readonly reason: string; readonly at: number }

/** A lane with more octets than this is full. */
const WINDOW_OCTETS = 16_384

export interface LinkOptions {
  readonly clock: VirtualClock
  readonly random: Random
  /** One way, milliseconds. */
  readonly minDelayMs: number
  readonly maxDelayMs: number
  /** Chance that a piece of a stream is cut in two. */
  readonly splits: number
}

export class Link {
  readonly hosts: readonly [Host, Host]
  readonly clock: VirtualClock
  readonly random: Random
  readonly connections = new Set<Connection>()
  /** How many faults hold what this end sends, dials included. */
  readonly #lost: [number, number] = [0, 0]
  /** How many faults hold the streams from this end. */
  readonly #stalled: [number, number] = [0, 0]
  readonly #options: LinkOptions
  #extraDelayMs = 0

  constructor(hosts: readonly [Host, Host], options: LinkOptions) {
    this.hosts = hosts
    this.clock = options.clock
    this.random = options.random
    this.#options = options
  }

  delay(): number {
    return this.random.between(this.#options.minDelayMs, this.#options.maxDelayMs) + this.#extraDelayMs
  }

  get splits(): number {
    return this.#options.splits
  }

  isLost(from: End): boolean {
    return this.#lost[from] > 0
  }

  isHeld(from: End): boolean {
    return this.#lost[from] > 0 || this.#stalled[from] > 0
  }

  /** Loses (1) or no longer loses (-1) everything that `from` sends. */
  lose(from: End, by: 1 | -1): void {
    this.#lost[from] += by
    this.#resume(from)
  }

  /** Holds (1) or lets go (-1) the streams from `from`, as a closed window does. */
  stall(from: End, by: 1 | -1): void {
    this.#stalled[from] += by
    this.#resume(from)
  }

  /** Adds to every delay from now on; a negative number takes it back. */
  slowDown(byMs: number): void {
    this.#extraDelayMs += byMs
  }

  #resume(from: End): void {
    if (this.isHeld(from)) return
    for (const connection of this.connections) connection.lanes[from].resume()
  }

  /** A SYN and its answer. The dial may be cancelled at any time; then nothing is reported. */
  dial(from: End): Dial {
    const dial: Dial = { isCancelled: false }
    const to = otherEnd(from)
    this.clock.after(this.delay(), () => {
      const remote = this.hosts[to]
      if (this.isLost(from) || this.isLost(to) || !remote.isReachable) return
      if (!remote.isListening) {
        this.clock.after(this.delay(), () => {
          if (!dial.isCancelled && !this.isLost(to)) this.hosts[from].dialFailed(this, dial)
        })
        return
      }
      const connection = new Connection(this, from)
      this.connections.add(connection)
      connection.lanes[to].accept(dial)
      remote.accepted(this, connection)
    })
    return dial
  }
}

/** One TCP connection. Its number is that of the event that made it, so no two have the same. */
export class Connection {
  readonly id: number
  readonly link: Link
  readonly dialler: End
  /** By the end that sends. */
  readonly lanes: readonly [Lane, Lane]
  /** An end that has closed, or has forgotten, hears nothing more. Octets may wait for the dialler's end before it knows. */
  readonly #isOpen: [boolean, boolean] = [true, true]
  /** An end that has closed of its own will does not answer late octets with a reset. */
  readonly #hasClosed: [boolean, boolean] = [false, false]
  readonly #isMute: [boolean, boolean] = [false, false]

  constructor(link: Link, dialler: End) {
    this.id = link.clock.count
    this.link = link
    this.dialler = dialler
    this.lanes = [new Lane(this, 0), new Lane(this, 1)]
  }

  isOpen(end: End): boolean {
    return this.#isOpen[end]
  }

  send(from: End, bytes: Uint8Array): void {
    if (this.#isOpen[from]) this.lanes[from].send(bytes)
  }

  isFull(from: End): boolean {
    return this.lanes[from].queued >= WINDOW_OCTETS
  }

  /** Closes after what was sent; nothing more is reported to this end. */
  close(end: End): void {
    if (!this.#isOpen[end]) return
    this.#hasClosed[end] = true
    this.#forget(end)
    this.lanes[end].end('closed by peer')
  }

  /** This end is gone without a word. A mute one does not answer what still comes. */
  vanish(end: End, isMute: boolean): void {
    this.#isMute[end] = isMute
    this.#forget(end)
  }

  /** This end loses the connection and knows it; the other one is not told. */
  breakSilently(end: End, isMute: boolean): void {
    this.#isMute[end] = isMute
    this.lost(end, 'timed out')
  }

  /** This end is gone, and its kernel says so. */
  abort(end: End): void {
    if (!this.#isOpen[end]) return
    this.#forget(end)
    this.tellReset(otherEnd(end))
  }

  /**
   * A reset from the middle of the network: what is under way is lost, nothing passes any more. Each end learns of it now,
   * or by the reset that answers what it sends next.
   */
  reset(hears: readonly [boolean, boolean]): void {
    for (const end of ENDS) {
      this.lanes[end].cut()
      if (hears[end]) this.tellReset(end)
    }
  }

  /** The loss of this connection reaches the process at `end`. */
  tellReset(end: End): void {
    this.link.clock.after(this.link.delay(), () => {
      if (!this.link.isLost(otherEnd(end))) this.lost(end, 'reset')
    })
  }

  /** `end` learns now that the connection is gone. */
  lost(end: End, reason: string): void {
    if (!this.#isOpen[end]) return
    this.#forget(end)
    this.link.hosts[end].closed(this.link, this, reason)
  }

  /** A segment reaches an end that has no such connection. */
  unwanted(end: End): void {
    const isSilent = this.#hasClosed[end] || this.#isMute[end] || !this.link.hosts[end].isReachable
    if (!isSilent) this.tellReset(otherEnd(end))
  }

  #forget(end: End): void {
    this.#isOpen[end] = false
    if (!this.#isOpen[otherEnd(end)]) this.link.connections.delete(this)
  }
}

export const ENDS: readonly [End, End] = [0, 1]

/** One direction of a connection. */
class Lane {
  readonly #connection: Connection
  readonly #from: End
  #segments: Segment[] = []
  #lastAt = 0
  #isPlanned = false
  #isCut = false
  #resetAfter = Number.POSITIVE_INFINITY
  #resetHears: readonly [boolean, boolean] = [true, true]
  /** Octets sent and not arrived. */
  queued = 0

  constructor(connection: Connection, from: End) {
    this.#connection = connection
    this.#from = from
  }

  accept(dial: Dial): void {
    this.#push({ type: 'accepted', dial, at: this.#arrival() })
  }

  send(bytes: Uint8Array): void {
    this.queued += bytes.length
    this.#push({ type: 'data', bytes, at: this.#arrival() })
  }

  end(reason: string): void {
    this.#push({ type: 'end', reason, at: this.#arrival() })
  }

  /** Nothing arrives any more. */
  cut(): void {
    this.#isCut = true
    this.#segments = []
    this.queued = 0
  }

  /** The connection is reset when `octets` more have arrived. */
  resetAfter(octets: number, hears: readonly [boolean, boolean]): void {
    this.#resetAfter = octets
    this.#resetHears = hears
  }

  /** The way is free again. */
  resume(): void {
    if (this.#segments.length > 0) this.#plan(this.#connection.link.clock.now + this.#connection.link.delay())
  }

  #arrival(): number {
    const { link } = this.#connection
    this.#lastAt = Math.max(this.#lastAt, link.clock.now + link.delay())
    return this.#lastAt
  }

  #push(segment: Segment): void {
    this.#segments.push(segment)
    if (this.#segments.length === 1) this.#plan(segment.at)
  }

  #plan(at: number): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    this.#connection.link.clock.at(at, () => {
      this.#isPlanned = false
      this.#arrive()
    })
  }

  #arrive(): void {
    const { link } = this.#connection
    const wasFull = this.queued >= WINDOW_OCTETS
    let head = this.#segments[0]
    while (head !== undefined && head.at <= link.clock.now && !link.isHeld(this.#from)) {
      if (head.type === 'data' && head.bytes.length > 1 && link.random.chance(link.splits)) {
        const cut = 1 + link.random.below(head.bytes.length - 1)
        const rest = head.bytes.subarray(cut)
        this.#deliver({ ...head, bytes: head.bytes.subarray(0, cut) })
        // A reset may have emptied the lane meanwhile.
        if (this.#segments[0] === head) {
          head.bytes = rest
          head.at = link.clock.now + link.random.between(0, 2)
        }
      } else {
        this.#segments.shift()
        this.#deliver(head)
      }
      head = this.#segments[0]
    }
    if (head !== undefined && !link.isHeld(this.#from)) this.#plan(head.at)
    if (wasFull && this.queued < WINDOW_OCTETS) link.hosts[this.#from].drained(link)
  }

  #deliver(segment: Segment): void {
    const connection = this.#connection
    const { link } = connection
    const to = otherEnd(this.#from)
    if (this.#isCut) {
      if (segment.type === 'data') this.queued -= segment.bytes.length
      connection.tellReset(this.#from)
      return
    }
    if (segment.type === 'accepted') {
      if (segment.dial.isCancelled) connection.abort(to)
      else if (connection.isOpen(to)) link.hosts[to].connected(link, connection)
      return
    }
    if (segment.type === 'end') {
      connection.lost(to, segment.reason)
      return
    }
    const bytes = segment.bytes.length > this.#resetAfter ? segment.bytes.subarray(0, this.#resetAfter) : segment.bytes
    this.queued -= segment.bytes.length
    this.#resetAfter -= bytes.length
    if (connection.isOpen(to)) link.hosts[to].received(link, connection, bytes)
    else connection.unwanted(to)
    if (this.#resetAfter <= 0) {
      this.#resetAfter = Number.POSITIVE_INFINITY
      connection.reset(this.#resetHears)
    }
  }
}
