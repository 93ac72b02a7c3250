/**
 * A socket of the virtual network, as the drivers of `src/net` use one: the slice of `net.Socket` that they name
 * (`StreamSocket`), with Node's manners. Reading is paused until asked for; what the kernel does not take waits here and
 * `drain` tells when it has gone; after the end of the stream our side ends too; `close` is last and never comes inside a call.
 *
 * Events reach the process when it runs; the kernel side (`Receiver`) works on while it is frozen.
 * Made by `speaker.ts` for dials and accepted connections.
 */
import type { StreamSocket } from '../net/index.ts'
import type { Connection, Dial, End, Link, Receiver } from './link.ts'
import type { Process } from './process.ts'

type EventName = 'connect' | 'drain' | 'end' | 'close' | 'data' | 'error'
type Listener = (argument: never) => void

/** Of the machine that a socket is on. */
export interface SocketHome {
  readonly process: Process
  readonly link: Link
  readonly end: End
  readonly localAddress: string
  readonly remoteAddress: string
  /** `drain` comes after this many octets waited. */
  readonly highWaterMark: number
  /** Looks at what the process writes, message by message. */
  readonly wrote: (bytes: Uint8Array) => void
  /** Looks at what arrives. */
  readonly heard: (port: number, bytes: Uint8Array) => void
}

const BGP_PORT = 179

export class VirtualSocket implements StreamSocket, Receiver {
  bytesWritten = 0
  writableLength = 0
  readonly #home: SocketHome
  readonly #listeners = new Map<EventName, Listener[]>()
  #dial: Dial | undefined
  #connection: Connection | undefined
  /** What arrived and was not read; an empty array stands for the end of the stream. */
  readonly #unread: Uint8Array[] = []
  /** What was written and not taken by the kernel. */
  #unsent: Uint8Array[] = []
  #isFlowing = false
  #isPumping = false
  #isCorked = false
  #isEnding = false
  #isDestroyed = false
  #needsDrain = false

  constructor(home: SocketHome, connection?: Connection) {
    this.#home = home
    this.#connection = connection
  }

  get localAddress(): string | undefined {
    return this.#connection === undefined ? undefined : this.#home.localAddress
  }

  get remoteAddress(): string | undefined {
    return this.#connection === undefined ? undefined : this.#home.remoteAddress
  }

  get localPort(): number | undefined {
    return this.#port(true)
  }

  get remotePort(): number | undefined {
    return this.#port(false)
  }

  #port(isLocal: boolean): number | undefined {
    const connection = this.#connection
    if (connection === undefined) return undefined
    return (connection.dialler === this.#home.end) === isLocal ? connection.port : BGP_PORT
  }

  // StreamSocket

  on(event: EventName, listener: Listener): this {
    const listeners = this.#listeners.get(event)
    if (listeners === undefined) this.#listeners.set(event, [listener])
    else listeners.push(listener)
    return this
  }

  off(event: EventName, listener: Listener): this {
    const listeners = this.#listeners.get(event)
    const at = listeners?.indexOf(listener) ?? -1
    if (at >= 0) listeners?.splice(at, 1)
    return this
  }

  removeAllListeners(event: EventName): this {
    this.#listeners.delete(event)
    return this
  }

  connect(): this {
    this.#dial = this.#home.link.dial(this.#home.end, this)
    return this
  }

  setNoDelay(): this {
    return this
  }

  pause(): this {
    this.#isFlowing = false
    return this
  }

  resume(): this {
    this.#isFlowing = true
    if (this.#unread.length > 0) this.#later(() => this.#pump())
    return this
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isEnding || this.#isDestroyed) return false
    this.#home.wrote(bytes)
    this.bytesWritten += bytes.length
    this.writableLength += bytes.length
    this.#unsent.push(bytes)
    if (!this.#isCorked) this.#flush()
    if (this.writableLength < this.#home.highWaterMark) return true
    this.#needsDrain = true
    return false
  }

  cork(): void {
    this.#isCorked = true
  }

  /** What was gathered goes out as one piece, as writev does it. */
  uncork(): void {
    this.#isCorked = false
    if (this.#unsent.length > 1) this.#unsent = [joined(this.#unsent, this.writableLength)]
    this.#flush()
  }

  end(): this {
    this.#isEnding = true
    this.#isCorked = false
    this.#flush()
    return this
  }

  destroy(): this {
    if (this.#isDestroyed) return this
    this.#isDestroyed = true
    this.#unsent = []
    if (this.#dial !== undefined) this.#dial.isCancelled = true
    // What was not read makes a reset of the close (RFC 2525 2.17).
    if (this.#unread.some(bytes => bytes !== END)) this.#connection?.abort(this.#home.end)
    else this.#connection?.close(this.#home.end)
    this.#later(() => this.#emit('close'))
    return this
  }

  /** Closes at once, and says so. */
  resetAndDestroy(): void {
    this.#connection?.abort(this.#home.end)
    this.destroy()
  }

  // Receiver

  connected(connection: Connection): void {
    this.#dial = undefined
    this.#connection = connection
    // The kernel closes what a process leaves behind.
    if (this.#home.process.isDead) connection.abort(this.#home.end)
    this.#later(() => {
      if (!this.#isDestroyed) this.#emit('connect')
    })
  }

  received(bytes: Uint8Array): void {
    this.#home.heard(this.#connection?.port ?? 0, bytes)
    this.#unread.push(bytes)
    this.#pump()
  }

  finished(): void {
    this.#unread.push(END)
    this.#pump()
  }

  failed(code: string): void {
    if (this.#isDestroyed) return
    this.#later(() => {
      if (this.#isDestroyed) return
      this.#isDestroyed = true
      this.#unsent = []
      this.#emit('error', Object.assign(new Error(`${code} on the virtual network`), { code }))
      this.#emit('close')
    })
  }

  writable(): void {
    this.#flush()
  }

  // Inside

  /** Hands the kernel what it takes. */
  #flush(): void {
    const { end } = this.#home
    const connection = this.#connection
    if (connection === undefined || this.#isCorked || this.#isDestroyed) return
    while (this.#unsent.length > 0 && !connection.isFull(end)) {
      const bytes = this.#unsent.shift()
      if (bytes === undefined) break
      this.writableLength -= bytes.length
      connection.send(end, bytes)
    }
    if (this.writableLength > 0) return
    if (this.#isEnding) connection.shutdown(end)
    if (!this.#needsDrain) return
    this.#needsDrain = false
    this.#later(() => {
      if (!this.#isDestroyed) this.#emit('drain')
    })
  }

  /** Tells the process what has arrived, in order. */
  #pump(): void {
    if (this.#isPumping || !this.#isFlowing || this.#unread.length === 0) return
    this.#isPumping = true
    this.#home.process.run(() => {
      this.#isPumping = false
      while (this.#isFlowing && !this.#isDestroyed) {
        const bytes = this.#unread.shift()
        if (bytes === undefined) return
        if (bytes === END) this.#ended()
        else this.#emit('data', bytes)
      }
    })
  }

  /** The neighbour is done, and so are we. */
  #ended(): void {
    this.#emit('end')
    this.end()
    if (this.writableLength === 0) this.destroy()
  }

  #later(run: () => void): void {
    this.#home.link.clock.after(0, () => this.#home.process.run(run))
  }

  #emit(event: EventName, argument?: Uint8Array | Error): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(argument as never)
  }
}

/** Stands for the end of a stream among what was received. */
const END = new Uint8Array(0)

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
