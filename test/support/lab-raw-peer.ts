/**
 * A BGP neighbour reduced to what load tests need: it opens a session with the wire encoders, keeps it alive, sends what
 * it is given as fast as the other side takes it, and measures how long that side is ever silent.
 */
import { connect, type Socket } from 'node:net'
import { Level, SocketOption } from '../../src/sys/constants.ts'
import { requireLibc } from '../../src/sys/libc.ts'
import { setOption } from '../../src/sys/socket-option.ts'
import { descriptorOf } from '../../src/sys/tcp.ts'
import {
  decodeNotification,
  encodeOpen,
  Framer,
  IPV4_UNICAST,
  KEEPALIVE,
  MessageType,
  multiprotocol,
  NlriReader,
  parseRouterId,
  splitUpdate,
  UpdateSections,
} from '../../wire/index.ts'

export interface RawPeerOptions {
  /** Own address; also the identifier. */
  readonly address: string
  readonly asn: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly holdTimeS: number
  /** Told the first word of every announced IPv4 prefix. */
  readonly onPrefix?: (address: number) => void
  /** SO_RCVBUF, which the kernel doubles. Default: as large as the kernel likes. Needs koffi. */
  readonly receiveBufferOctets?: number
  /** Told the body of every UPDATE: borrowed octets, from `start` up to `end`. */
  readonly onUpdate?: (bytes: Uint8Array, start: number, end: number) => void
}

const HEADER_OCTETS = 19
/** No longer than this at a time is written without looking at what has come. */
const LONGEST_SPELL_MS = 10

export class RawPeer {
  /** Longest time without any message from the other side since Established, in milliseconds. */
  longestSilenceMs = 0
  /** Why the session ended, if it did. */
  failure: string | undefined
  readonly #options: RawPeerOptions
  readonly #socket: Socket
  readonly #framer: Framer
  readonly #sections = new UpdateSections()
  readonly #nlri = new NlriReader()
  readonly #established: Promise<void>
  #onEstablished: () => void = () => {}
  #lastHeardMs = 0
  #keepalives: NodeJS.Timeout | undefined
  #isClosing = false

  constructor(options: RawPeerOptions) {
    this.#options = options
    this.#established = new Promise(resolve => {
      this.#onEstablished = resolve
    })
    this.#framer = new Framer({
      message: (type, bytes, start, end) => this.#message(type, bytes, start, end),
      failure: error => {
        this.failure ??= error.reason
      },
    })
    this.#socket = connect({
      host: options.remoteAddress,
      port: options.remotePort,
      localAddress: options.address,
      noDelay: true,
    })
    this.#socket.once('connect', () => {
      this.#limitReceiveBuffer()
      this.#socket.write(this.#open())
    })
    this.#socket.on('data', chunk => this.#framer.push(chunk))
    this.#socket.on('error', error => this.#ended(error.message))
    this.#socket.on('close', () => this.#ended('the other side closed the connection'))
  }

  /** Resolves when both sides have said OPEN and KEEPALIVE. */
  established(): Promise<void> {
    return this.#established
  }

  /** Writes messages one after another, waiting whenever the other side does not keep up, and reading in between, or it would seem silent. */
  async send(messages: Iterable<Uint8Array>): Promise<void> {
    let since = performance.now()
    for (const message of messages) {
      if (this.failure !== undefined) return
      if (!this.#socket.write(message)) await this.#drained()
      if (performance.now() - since < LONGEST_SPELL_MS) continue
      await new Promise(resolve => setImmediate(resolve))
      since = performance.now()
    }
  }

  /** Stops reading. What the other side sends waits in the receive buffer, and then on its own side. */
  stopReading(): void {
    this.#socket.pause()
  }

  /** Goes on reading, with what has waited. */
  readOn(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#isClosing = true
    clearInterval(this.#keepalives)
    this.#socket.destroy()
  }

  /** Before anything has come: a buffer that shrinks under a stream throws segments away, and TCP takes its time then. */
  #limitReceiveBuffer(): void {
    const { receiveBufferOctets } = this.#options
    const descriptor = descriptorOf(this.#socket)
    if (receiveBufferOctets === undefined || descriptor === undefined) return
    const option = { level: Level.socket, number: SocketOption.receiveBuffer, name: 'SO_RCVBUF' }
    setOption(requireLibc(), descriptor, option, receiveBufferOctets)
  }

  #open(): Uint8Array {
    const { address, asn, holdTimeS } = this.#options
    const routerId = parseRouterId(address) ?? 0
    const capabilities = [multiprotocol(1, 1), { kind: 'four-octet-as', asn } as const]
    return encodeOpen({ version: 4, asn, holdTimeS, routerId, capabilities })
  }

  #message(type: number, bytes: Uint8Array, start: number, end: number): boolean {
    this.#heard()
    if (type === MessageType.OPEN) {
      this.#socket.write(KEEPALIVE)
    } else if (type === MessageType.KEEPALIVE && this.#keepalives === undefined) {
      const { holdTimeS } = this.#options
      this.#keepalives = setInterval(() => this.#socket.write(KEEPALIVE), (holdTimeS * 1000) / 3)
      this.#onEstablished()
    } else if (type === MessageType.UPDATE) {
      this.#update(bytes, start + HEADER_OCTETS, end)
    } else if (type === MessageType.NOTIFICATION) {
      this.failure ??= decodeNotification(bytes, start + HEADER_OCTETS, end).reason
    }
    return true
  }

  /** Silence counts from the first keepalive on: that is when the hold time begins to matter. */
  #heard(): void {
    const now = performance.now()
    if (this.#keepalives !== undefined) {
      this.longestSilenceMs = Math.max(this.longestSilenceMs, now - this.#lastHeardMs)
    }
    this.#lastHeardMs = now
  }

  #update(bytes: Uint8Array, start: number, end: number): void {
    const { onPrefix, onUpdate } = this.#options
    onUpdate?.(bytes, start, end)
    if (onPrefix === undefined) return
    const sections = this.#sections
    if (splitUpdate(bytes, start, end, sections) !== undefined) return
    this.#nlri.reset(bytes, sections.nlriStart, sections.nlriEnd, IPV4_UNICAST)
    while (this.#nlri.next()) onPrefix(this.#nlri.address0)
  }

  #drained(): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        this.#socket.off('drain', done).off('close', done)
        resolve()
      }
      this.#socket.once('drain', done).once('close', done)
    })
  }

  #ended(reason: string): void {
    clearInterval(this.#keepalives)
    if (!this.#isClosing) this.failure ??= reason
  }
}
