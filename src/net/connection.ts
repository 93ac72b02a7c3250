/**
 * One TCP connection: a socket and a framer (RFC 4271 section 3, 4.1). It knows bytes and message boundaries, and nothing of states.
 *
 * Reading goes through the read gate. Writing gathers pieces under a cork; the owner asks `isFull` before each piece and comes back on `drained`,
 * so a slow neighbour holds a bounded amount of memory. Closing is done so that the neighbour can read the NOTIFICATION sent last (RFC 4271 6):
 * flush, half-close, keep emptying the receive buffer (unread bytes would turn the close into a reset), and destroy after a bounded linger.
 * INTEROP: works with any socket of node:net, also one made around a descriptor of our own.
 */
import type { ConnectionId, Direction, Millis } from '../../fsm/index.ts'
import { Framer, type FrameSink, type Notification } from '../../wire/index.ts'
import { addressOctets, zoneOf } from './address.ts'
import type { Clock, PendingCall } from './clock.ts'
import type { ConnectionView } from './peer-row.ts'
import type { Reader, ReadGate } from './read-gate.ts'
import type { SessionEndpoints } from './routing-port.ts'
import type { StreamSocket } from './stream-socket.ts'
import { describeTcpError } from './tcp-error.ts'
import { rekey } from './transport.ts'
import { WriteQueue } from './write-queue.ts'

/** No piece is pulled for a connection that has this much waiting. */
export const WRITE_LIMIT_OCTETS = 256 * 1024

/** Who a connection tells what happens to it. None of these may throw but `receive`. */
export interface ConnectionOwner {
  /** One message, header included, borrowed. False: nothing after it is read. */
  receive(connection: Connection, type: number, bytes: Uint8Array, start: number, end: number): boolean
  /** The stream cannot be read on (RFC 4271 6.1). */
  framingFailed(connection: Connection, error: Notification): void
  /** Something threw while a chunk was read, most likely `receive`. */
  faulted(connection: Connection, thrown: unknown): void
  /** A chunk with all its messages was handed over. */
  chunkRead(connection: Connection): void
  /** What was queued has been taken by the kernel. */
  drained(connection: Connection): void
  /** TCP went away, and it was not us. */
  lost(connection: Connection, reason: string): void
  /** The socket is closed for good; always the last call. */
  gone(connection: Connection): void
}

export interface ConnectionOptions {
  readonly id: ConnectionId
  readonly socket: StreamSocket
  readonly direction: Direction
  readonly owner: ConnectionOwner
  readonly clock: Clock
  readonly readGate: ReadGate
  /** No piece is pulled for a connection that has this much waiting. Default 256 KiB. */
  readonly writeLimitOctets?: number | undefined
}

export class Connection implements FrameSink, Reader {
  readonly id: ConnectionId
  readonly direction: Direction
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  /** When it was handed over. */
  readonly openedAt: Millis
  /** Time of the chunk being read. */
  now: Millis
  octetsReceived = 0
  readonly #socket: StreamSocket
  readonly #writeQueue: WriteQueue
  readonly #writeLimitOctets: number
  readonly #owner: ConnectionOwner
  readonly #clock: Clock
  readonly #framer: Framer
  #held: Uint8Array | undefined
  #isOpen = true
  #linger: PendingCall | undefined
  #failure: string | undefined

  constructor(options: ConnectionOptions) {
    const { socket } = options
    this.id = options.id
    this.direction = options.direction
    this.#socket = socket
    this.#writeQueue = new WriteQueue(socket)
    this.#writeLimitOctets = options.writeLimitOctets ?? WRITE_LIMIT_OCTETS
    this.#owner = options.owner
    this.#clock = options.clock
    this.openedAt = options.clock.now()
    this.now = this.openedAt
    this.localAddress = socket.localAddress ?? ''
    this.localPort = socket.localPort ?? 0
    this.remoteAddress = socket.remoteAddress ?? ''
    this.remotePort = socket.remotePort ?? 0
    this.#framer = new Framer(this)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Uint8Array) => {
      if (this.#isOpen) options.readGate.offer(this, chunk)
    })
    socket.on('drain', () => this.#owner.drained(this))
    socket.on('end', () => this.#lose('connection closed by peer'))
    socket.on('error', error => {
      this.#failure = describeTcpError(error)
    })
    socket.on('close', () => {
      this.#lose(this.#failure ?? 'connection closed')
      this.#linger?.cancel()
      this.#owner.gone(this)
    })
    socket.resume()
  }

  /** False once either side has ended it. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Whether enough is waiting that nothing should be added. */
  get isFull(): boolean {
    return this.#writeQueue.queuedOctets >= this.#writeLimitOctets
  }

  /** Octets written here that are not yet in the kernel's hands. */
  get queuedOctets(): number {
    return this.#writeQueue.queuedOctets
  }

  /** Octets written, those still waiting included. */
  get octetsSent(): number {
    return this.#writeQueue.octetsSent
  }

  get hasHeldInput(): boolean {
    return this.#held !== undefined
  }

  /** The addresses of both ends; undefined when the socket was dead before they could be asked for. */
  get endpoints(): SessionEndpoints | undefined {
    const local = addressOctets(this.localAddress)
    const remote = addressOctets(this.remoteAddress)
    if (local === undefined || remote === undefined) return undefined
    const zone = zoneOf(this.remoteAddress)
    return zone === undefined ? { local, remote } : { local, remote, zone }
  }

  view(): ConnectionView {
    const { direction, localAddress, localPort, remoteAddress, remotePort, queuedOctets } = this
    return { direction, localAddress, localPort, remoteAddress, remotePort, queuedOctets }
  }

  /** Longest message accepted: 4096, or 65535 once we offered to read so much (RFC 8654 4). */
  set maxLength(octets: number) {
    this.#framer.maxLength = octets
  }

  /** Whether the kernel has taken anything since the last question. Queueing is no progress (RFC 9687 3). */
  hasProgressed(): boolean {
    return this.#writeQueue.hasProgressed()
  }

  /** Writes one message now. */
  send(bytes: Uint8Array): void {
    this.queue(bytes)
    this.flush()
  }

  /** Adds a piece to what `flush` will write. The bytes must not change afterwards. */
  queue(bytes: Uint8Array): void {
    if (this.#isOpen) this.#writeQueue.queue(bytes)
  }

  /** Hands everything queued to the kernel in one call. */
  flush(): void {
    this.#writeQueue.flush()
  }

  /** Ends the connection from our side: what was sent is delivered if the neighbour takes it within `lingerMs`. */
  close(lingerMs: number): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#held = undefined
    this.flush()
    if (this.octetsSent === 0) {
      this.#socket.destroy()
      return
    }
    this.#socket.end()
    this.#socket.resume()
    this.#linger = this.#clock.after(lingerMs, () => this.#socket.destroy())
  }

  /** Exchanges the key of its signatures (RFC 2385); false when the kernel will not. */
  rekey(key: Uint8Array): boolean {
    return rekey(this.#socket, this.remoteAddress, key)
  }

  /** Ends the connection now, whatever is still on its way. */
  abort(): void {
    this.#isOpen = false
    this.#socket.destroy()
  }

  consume(chunk: Uint8Array, now: Millis): void {
    if (!this.#isOpen) return
    this.now = now
    this.octetsReceived += chunk.length
    try {
      this.#framer.push(chunk)
    } catch (error) {
      this.#owner.faulted(this, error)
    }
    this.#owner.chunkRead(this)
  }

  hold(chunk: Uint8Array): void {
    this.#held = chunk
    this.#socket.pause()
  }

  release(now: Millis): void {
    const chunk = this.#held
    if (chunk === undefined) return
    this.#held = undefined
    this.consume(chunk, now)
    this.#socket.resume()
  }

  message(type: number, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#owner.receive(this, type, bytes, start, end)
  }

  failure(error: Notification): void {
    this.#owner.framingFailed(this, error)
  }

  #lose(reason: string): void {
    if (!this.#isOpen) return
    this.release(this.#clock.now())
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#owner.lost(this, reason)
    this.#socket.destroy()
  }
}
