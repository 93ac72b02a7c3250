/**
 * One attempt to open a TCP connection to a peer (RFC 4271 section 8, events 16 and 18).
 *
 * Every attempt has a socket of its own that is connected in the turn it is made and never used again: a second `connect` on a net.Socket, or a late
 * one on a descriptor, silently goes out from a fresh descriptor without the options that were set on the first (spec/platform.md 1, trap 1).
 * For the same reason the source address is compared with the configured one before the connection is given to anybody.
 */
import { Socket } from 'node:net'
import { canonicalAddress } from './address.ts'
import type { Clock, PendingCall } from './clock.ts'
import type { StreamSocket } from './stream-socket.ts'
import { describeTcpError } from './tcp-error.ts'

/** Where an attempt goes to and comes from. */
export interface DialTarget {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string | undefined
}

/** An unconnected socket, with whatever it was given beforehand. */
export interface DialSocket {
  readonly socket: StreamSocket
  /** It has its local address already. */
  readonly isBound?: boolean
  /** Asked once connected: what was set beforehand and is not there. Undefined: nothing is amiss. */
  readonly flaw?: () => string | undefined
}

/** Makes the socket of one attempt, at the time of the call, because it is connected before the turn ends; see transport.ts. */
export type SocketFactory = (target: DialTarget) => DialSocket

export interface DialOptions {
  readonly target: DialTarget
  readonly timeoutMs: number
  readonly clock: Clock
  readonly openSocket?: SocketFactory | undefined
  /** The connection stands; nothing has been read, the socket has no listeners left and belongs to the receiver. */
  readonly connected: (socket: StreamSocket) => void
  readonly failed: (reason: string) => void
}

const ignore = (): void => {}

/**
 * An attempt under way. Exactly one of `connected` and `failed` is called, later than the constructor; neither after `cancel`, nor when the
 * constructor throws because no socket can be made or connected at all.
 */
export class Dial {
  readonly #options: DialOptions
  readonly #socket: StreamSocket
  readonly #flaw: (() => string | undefined) | undefined
  readonly #timeout: PendingCall
  #isOver = false

  constructor(options: DialOptions) {
    const { target, clock } = options
    this.#options = options
    const { socket, isBound = false, flaw } = options.openSocket?.(target) ?? { socket: new Socket() }
    this.#socket = socket
    this.#flaw = flaw
    this.#socket.on('connect', () => this.#connected())
    this.#socket.on('error', error => this.#fail(describeTcpError(error)))
    this.#timeout = clock.after(options.timeoutMs, () => this.#fail('connection attempt timed out'))
    const { remoteAddress: host, remotePort: port, localAddress } = target
    try {
      this.#socket.connect(localAddress === undefined || isBound ? { host, port } : { host, port, localAddress })
    } catch (error) {
      this.cancel()
      throw error
    }
  }

  /** Gives the attempt up without a word. */
  cancel(): void {
    if (this.#finish()) this.#socket.destroy()
  }

  #connected(): void {
    const expected = this.#options.target.localAddress
    const actual = canonicalAddress(this.#socket.localAddress ?? '')
    if (expected !== undefined && actual !== canonicalAddress(expected)) {
      this.#fail(`connected from ${actual ?? 'an unknown address'} instead of ${expected}`)
      return
    }
    const flaw = this.#flaw?.()
    if (flaw !== undefined) {
      this.#fail(flaw)
      return
    }
    if (!this.#finish()) return
    this.#socket.removeAllListeners('connect')
    this.#socket.off('error', ignore)
    this.#options.connected(this.#socket)
  }

  #fail(reason: string): void {
    if (!this.#finish()) return
    this.#socket.destroy()
    this.#options.failed(reason)
  }

  /** Ends the attempt once; later errors of the socket are of no interest. */
  #finish(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#timeout.cancel()
    this.#socket.removeAllListeners('error')
    this.#socket.on('error', ignore)
    return true
  }
}

/** Dials one peer, one attempt at a time. `connected` and `failed` may be called more than once here: once an attempt. */
export class Dialer {
  readonly #options: DialOptions
  #attempt: Dial | undefined

  constructor(options: DialOptions) {
    this.#options = options
  }

  /** Begins an attempt; one that is under way is given up. */
  start(): void {
    this.cancel()
    const { connected, failed } = this.#options
    try {
      this.#attempt = new Dial({
        ...this.#options,
        connected: socket => {
          this.#attempt = undefined
          connected(socket)
        },
        failed: reason => {
          this.#attempt = undefined
          failed(reason)
        },
      })
    } catch (error) {
      // A socket that could not even be made: bad source address, missing device or key.
      failed(error instanceof Error ? describeTcpError(error) : String(error))
    }
  }

  /** Gives up the attempt under way, if there is one. */
  cancel(): void {
    this.#attempt?.cancel()
    this.#attempt = undefined
  }
}
