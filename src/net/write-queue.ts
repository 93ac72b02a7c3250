/**
 * The writing side of a connection: gathers pieces and hands them to the kernel in one call.
 *
 * While nothing waits, pieces go straight to the socket's descriptor, which takes a third of the time of Node's streams; a change told
 * to a thousand neighbours is a thousand such calls. What the kernel does not take at once, and everything after it, goes through
 * the stream, in order. A socket without a descriptor (the simulator's) is written to as a stream always.
 * Errors are left to the stream, which tells them by events. Called by connection.ts.
 */
import { writeSync, writevSync } from 'node:fs'
import type { StreamSocket } from './stream-socket.ts'

/** Pieces that one writev may have (IOV_MAX). */
const MAX_PIECES = 1024

/** No pieces; never added to. */
const NONE: Uint8Array[] = []

/** What Node keeps of a socket and does not publish; null when the socket is destroyed. */
interface Handle {
  readonly fd?: number
  readonly writeQueueSize?: number
}

interface WithHandle {
  readonly _handle?: Handle | null
}

export class WriteQueue {
  readonly #socket: StreamSocket & WithHandle
  /** The pieces that wait for `flush`: mostly there is one, which then costs no array. */
  #first: Uint8Array | undefined
  #rest: Uint8Array[] = NONE
  /** Octets of them. */
  #gathered = 0
  /** Octets the kernel took without the stream. */
  #direct = 0
  /** The socket's handle when its descriptor was asked for last, which takes a while. */
  #handle: Handle | null | undefined
  #descriptor = -1
  #completedMark = 0
  #queueMark = 0

  constructor(socket: StreamSocket) {
    this.#socket = socket
  }

  /** Octets written here that are not yet in the kernel's hands. */
  get queuedOctets(): number {
    return this.#socket.writableLength + this.#gathered
  }

  /** Octets written, those still waiting included. */
  get octetsSent(): number {
    return this.#socket.bytesWritten + this.#direct + this.#gathered
  }

  /** Adds a piece to what `flush` will write. The bytes must not change afterwards. */
  queue(bytes: Uint8Array): void {
    if (this.#first === undefined) this.#first = bytes
    else if (this.#rest === NONE) this.#rest = [bytes]
    else this.#rest.push(bytes)
    this.#gathered += bytes.length
  }

  /** Hands everything gathered to the kernel in one call. */
  flush(): void {
    const first = this.#first
    if (first === undefined) return
    const rest = this.#rest
    const octets = this.#gathered
    this.#first = undefined
    this.#rest = NONE
    this.#gathered = 0
    const taken = this.#writeNow(first, rest)
    this.#direct += taken
    if (taken < octets) this.#writeLater([first, ...rest], taken)
  }

  /** How many octets the kernel takes right now. */
  #writeNow(first: Uint8Array, rest: readonly Uint8Array[]): number {
    if (this.#socket.writableLength > 0 || rest.length >= MAX_PIECES) return 0
    const { _handle: handle } = this.#socket
    if (handle !== this.#handle) {
      this.#handle = handle
      this.#descriptor = handle?.fd ?? -1
    }
    const descriptor = this.#descriptor
    if (descriptor < 0) return 0
    try {
      return rest.length === 0 ? writeSync(descriptor, first) : writevSync(descriptor, [first, ...rest])
    } catch {
      // Full (EAGAIN), or broken: the stream waits in the one case, and says so in the other.
      return 0
    }
  }

  /** Everything after the first `taken` octets, as one write of the stream. */
  #writeLater(pieces: readonly Uint8Array[], taken: number): void {
    const socket = this.#socket
    socket.cork()
    let skip = taken
    for (const piece of pieces) {
      if (skip < piece.length) socket.write(skip === 0 ? piece : piece.subarray(skip))
      skip = Math.max(0, skip - piece.length)
    }
    socket.uncork()
  }

  /** Whether the kernel has taken anything since the last question. Queueing is no progress (RFC 9687 3). */
  hasProgressed(): boolean {
    const completed = this.#socket.bytesWritten - this.#socket.writableLength + this.#direct
    const queue = this.#socket._handle?.writeQueueSize ?? 0
    const moved = completed !== this.#completedMark || queue !== this.#queueMark
    this.#completedMark = completed
    this.#queueMark = queue
    return moved
  }
}
