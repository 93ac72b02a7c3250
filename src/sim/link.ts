/**
 * The network between two machines, and TCP in their kernels: dials, connections, and what can go wrong with both.
 *
 * A lane is one direction of a connection: octets keep their order, arrive later, in other pieces than they were sent in.
 * What is lost on the way is sent again by TCP, so loss in one direction holds a lane back until it heals, and a lost SYN
 * is repeated. A reset may come after any octet, and may reach one end only. Octets for an end that knows of no connection
 * are answered with a reset, unless that machine is gone or mute.
 * Called by `socket.ts` (dial, send, close) and `fault.ts`; calls `Host` and `Receiver`.
 */
import type { VirtualClock } from './clock.ts'
import type { Random } from './random.ts'

/** One of the two ends of a link. */
export type End = 0 | 1
const otherEnd = (end: End): End => (end === 0 ? 1 : 0)
export const ENDS: readonly [End, End] = [0, 1]

/** The socket at one end of a connection. */
export interface Receiver {
  /** The dial has succeeded. */
  connected(connection: Connection): void
  received(bytes: Uint8Array): void
  /** The other side sends nothing more. */
  finished(): void
  /** The connection is gone, or there will be none. `code` as in errno. */
  failed(code: string): void
  /** The kernel can take more. */
  writable(): void
}

/** A machine with a speaker on it, as the network sees it. */
export interface Host {
  /** The machine answers at all. */
  readonly isReachable: boolean
  /** A connection for whoever listens; undefined: nobody does. */
  accept(link: Link, connection: Connection): Receiver | undefined
}

/** A dial, for as long as the dialler wants it. */
export interface Dial {
  isCancelled: boolean
  readonly receiver: Receiver
}

type Segment =
  | { readonly type: 'data'; bytes: Uint8Array; at: number }
  | { readonly type: 'accepted'; readonly dial: Dial; readonly at: number }
  | { readonly type: 'end'; readonly at: number }

export interface LinkOptions {
  readonly clock: VirtualClock
  readonly random: Random
  /** One way, milliseconds. */
  readonly minDelayMs: number
  readonly maxDelayMs: number
  /** Chance that a piece of a stream is cut in two. */
  readonly splits: number
  /** Octets that the kernel of either end takes before it waits for the other one. */
  readonly kernelOctets: number
}

/** RFC 6298 5: doubled every time. */
const FIRST_SYN_RETRY_MS = 1000
const SYN_RETRIES = 5

export class Link {
  readonly hosts: readonly [Host, Host]
  readonly clock: VirtualClock
  readonly random: Random
  readonly options: LinkOptions
  readonly connections = new Set<Connection>()
  /** How many faults hold what this end sends, dials included. */
  readonly #lost: [number, number] = [0, 0]
  /** How many faults hold the streams from this end. */
  readonly #stalled: [number, number] = [0, 0]
  #extraDelayMs = 0
  #dials = 0

  constructor(hosts: readonly [Host, Host], options: LinkOptions) {
    this.hosts = hosts
    this.clock = options.clock
    this.random = options.random
    this.options = options
  }

  delay(): number {
    return this.random.between(this.options.minDelayMs, this.options.maxDelayMs) + this.#extraDelayMs
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

  /** The receiver is connected or failed later, unless the dial is cancelled before. */
  dial(from: End, receiver: Receiver): Dial {
    const dial: Dial = { isCancelled: false, receiver }
    this.#syn(from, dial, 0)
    return dial
  }

  #syn(from: End, dial: Dial, tries: number): void {
    if (dial.isCancelled) return
    const to = otherEnd(from)
    this.clock.after(this.delay(), () => {
      const remote = this.hosts[to]
      if (this.isLost(from) || this.isLost(to) || !remote.isReachable) {
        if (tries < SYN_RETRIES)
          this.clock.after(FIRST_SYN_RETRY_MS * 2 ** tries, () => this.#syn(from, dial, tries + 1))
        return
      }
      const connection = new Connection(this, from, ++this.#dials)
      if (connection.open(to, remote.accept(this, connection))) connection.lanes[to].accept(dial)
      else this.#refuse(dial, to)
    })
  }

  #refuse(dial: Dial, to: End): void {
    this.clock.after(this.delay(), () => {
      if (!dial.isCancelled && !this.isLost(to)) dial.receiver.failed('ECONNREFUSED')
    })
  }
}

/** One TCP connection. */
export class Connection {
  readonly link: Link
  readonly dialler: End
  /** Unique on its link; stands for the port of the dialler. */
  readonly port: number
  /** By the end that sends. */
  readonly lanes: readonly [Lane, Lane]
  /** An end that is not open has closed, has forgotten, or has not heard yet. */
  readonly #receivers: [Receiver | undefined, Receiver | undefined] = [undefined, undefined]
  readonly #isMute: [boolean, boolean] = [false, false]

  constructor(link: Link, dialler: End, port: number) {
    this.link = link
    this.dialler = dialler
    this.port = port
    this.lanes = [new Lane(this, 0), new Lane(this, 1)]
  }

  isOpen(end: End): boolean {
    return this.#receivers[end] !== undefined
  }

  /** Whether the kernel takes nothing from this end for now. */
  isFull(from: End): boolean {
    return this.lanes[from].queued >= this.link.options.kernelOctets
  }

  /** False when there is nobody to open it for. */
  open(end: End, receiver: Receiver | undefined): boolean {
    if (receiver === undefined) return false
    this.#receivers[end] = receiver
    this.link.connections.add(this)
    return true
  }

  send(from: End, bytes: Uint8Array): void {
    if (this.isOpen(from)) this.lanes[from].send(bytes)
  }

  /** Sends nothing more from `end` after what was sent. */
  shutdown(end: End): void {
    if (this.isOpen(end)) this.lanes[end].end()
  }

  /** Closes both directions; nothing more is reported to this end, and what still comes is answered with a reset. */
  close(end: End): void {
    this.shutdown(end)
    this.#forget(end)
  }

  /** This end is gone without a word. A mute one does not answer what still comes. */
  vanish(end: End, isMute: boolean): void {
    this.#isMute[end] = isMute
    this.#forget(end)
  }

  /** This end loses the connection and knows it; the other one is not told. */
  breakSilently(end: End, isMute: boolean): void {
    this.#isMute[end] = isMute
    this.#lost(end, 'ETIMEDOUT')
  }

  /** This end is gone, and its kernel says so. */
  abort(end: End): void {
    if (!this.isOpen(end)) return
    this.#forget(end)
    this.#tellReset(otherEnd(end))
  }

  /**
   * A reset from the middle of the network: what is under way is lost, nothing passes any more. Each end learns of it now,
   * or by the reset that answers what it sends next.
   */
  reset(hears: readonly [boolean, boolean]): void {
    for (const end of ENDS) {
      this.lanes[end].cut()
      if (hears[end]) this.#tellReset(end)
    }
  }

  /** `segment` has come to the end of the lane from `from`. */
  arrived(from: End, segment: Segment, isCut: boolean): void {
    const to = otherEnd(from)
    const receiver = this.#receivers[to]
    if (isCut) this.#tellReset(from)
    else if (segment.type === 'accepted') this.#connected(to, segment.dial)
    else if (receiver === undefined) {
      const isSilent = segment.type === 'end' || this.#isMute[to] || !this.link.hosts[to].isReachable
      if (!isSilent) this.#tellReset(from)
    } else if (segment.type === 'end') receiver.finished()
    else receiver.received(segment.bytes)
  }

  /** The lane has room again. */
  writable(from: End): void {
    this.#receivers[from]?.writable()
  }

  #connected(dialler: End, dial: Dial): void {
    if (!this.link.hosts[dialler].isReachable) return
    if (dial.isCancelled) {
      this.#tellReset(otherEnd(dialler))
      return
    }
    this.open(dialler, dial.receiver)
    dial.receiver.connected(this)
  }

  #tellReset(end: End): void {
    const { link } = this
    link.clock.after(link.delay(), () => {
      if (!link.isLost(otherEnd(end))) this.#lost(end, 'ECONNRESET')
    })
  }

  #lost(end: End, code: string): void {
    const receiver = this.#receivers[end]
    this.#forget(end)
    receiver?.failed(code)
  }

  #forget(end: End): void {
    this.#receivers[end] = undefined
    if (!this.isOpen(otherEnd(end))) this.link.connections.delete(this)
  }
}

/** One direction of a connection. */
class Lane {
  readonly #connection: Connection
  readonly #from: End
  #segments: Segment[] = []
  #lastAt = 0
  #isPlanned = false
  #isCut = false
  #isEnded = false
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

  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#push({ type: 'end', at: this.#arrival() })
  }

  /** Nothing arrives any more. */
  cut(): void {
    this.#isCut = true
    this.#segments = []
    this.queued = 0
  }

  /** The connection is reset when `octets` more have arrived; never, when infinite. */
  resetAfter(octets: number, hears: readonly [boolean, boolean]): void {
    this.#resetAfter = octets
    this.#resetHears = hears
  }

  /** The way is free again. */
  resume(): void {
    const { link } = this.#connection
    if (this.#segments.length > 0) this.#plan(link.clock.now + link.delay())
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
    const wasFull = this.queued >= link.options.kernelOctets
    let head = this.#segments[0]
    while (head !== undefined && head.at <= link.clock.now && !link.isHeld(this.#from)) {
      if (head.type === 'data' && head.bytes.length > 1 && link.random.chance(link.options.splits)) {
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
    if (wasFull && this.queued < link.options.kernelOctets) this.#connection.writable(this.#from)
  }

  #deliver(segment: Segment): void {
    const connection = this.#connection
    if (segment.type !== 'data' || this.#isCut) {
      if (segment.type === 'data') this.queued -= segment.bytes.length
      connection.arrived(this.#from, segment, this.#isCut)
      return
    }
    const { bytes } = segment
    const passed = bytes.length > this.#resetAfter ? bytes.subarray(0, this.#resetAfter) : bytes
    this.queued -= bytes.length
    this.#resetAfter -= passed.length
    connection.arrived(this.#from, passed === bytes ? segment : { ...segment, bytes: passed }, false)
    if (this.#resetAfter <= 0) {
      this.#resetAfter = Number.POSITIVE_INFINITY
      connection.reset(this.#resetHears)
    }
  }
}
