/**
 * Framing (RFC 4271 4.1, 6.1; RFC 8654 4): chunks of a byte stream in, whole messages out, in the order of arrival.
 * A message lying whole in a chunk is handed on in place. Only a message cut by the end of a chunk is copied, into a
 * carry buffer that is made when needed and grows to the largest message ever cut. After a header error, or when the sink
 * says stop, not one further octet is interpreted.
 * Hot path: nothing is allocated per message. Called by the peer driver in `src/net`, one framer per connection.
 */

import type { Notification } from './errors.ts'
import { badMessageLength, badMessageType, notSynchronized } from './errors.ts'
import {
  HEADER_LENGTH,
  MARKER_LENGTH,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MAX_MESSAGE_LENGTH,
  MessageType,
  MIN_MESSAGE_LENGTH,
} from './iana.ts'

/** Where a framer delivers. It must not push into the same framer from inside a call. */
export interface FrameSink {
  /**
   * One whole message. `start` is the offset of its header, `end` one past its last octet. The bytes are borrowed until
   * this returns. Return false to stop: the rest of the stream is dropped.
   */
  message(type: number, bytes: Uint8Array, start: number, end: number): boolean
  /** A header error (1/1, 1/2 or 1/3): reported once, and nothing after it is read. */
  failure(error: Notification): void
}

const LENGTH_OFFSET = MARKER_LENGTH
const TYPE_OFFSET = MARKER_LENGTH + 2
const FIRST_CARRY = 256
const NOTHING_CARRIED = new Uint8Array(0)

/** Legal lengths by message type (RFC 4271 6.1); type 0 does not exist. OPEN and KEEPALIVE never grow (RFC 8654 4). */
const SHORTEST = [
  0,
  MIN_MESSAGE_LENGTH.OPEN,
  MIN_MESSAGE_LENGTH.UPDATE,
  MIN_MESSAGE_LENGTH.NOTIFICATION,
  MIN_MESSAGE_LENGTH.KEEPALIVE,
  MIN_MESSAGE_LENGTH.ROUTE_REFRESH,
] as const
const EXTENDED = MAX_EXTENDED_MESSAGE_LENGTH
const LONGEST = [0, MAX_MESSAGE_LENGTH, EXTENDED, EXTENDED, HEADER_LENGTH, EXTENDED] as const

/** Cuts one byte stream into messages. */
export class Framer {
  /** Longest acceptable message, header included: 4096, or 65535 once extended messages are negotiated. */
  maxLength: number = MAX_MESSAGE_LENGTH

  private readonly sink: FrameSink
  private isStopped = false
  private carry: Uint8Array = NOTHING_CARRIED
  /** Octets of an unfinished message in `carry`. */
  private carried = 0
  /** Length of the unfinished message, or 0 while its header is incomplete. */
  private wanted = 0

  constructor(sink: FrameSink) {
    this.sink = sink
  }

  /** True after a header error or after the sink said stop; from then on `push` does nothing. */
  get stopped(): boolean {
    return this.isStopped
  }

  /** Takes the next octets of the stream. They are borrowed until this returns. */
  push(chunk: Uint8Array): void {
    if (this.isStopped) return
    let offset = this.carried === 0 ? 0 : this.completeCarried(chunk)
    let length = 0
    while (!this.isStopped) {
      const available = chunk.length - offset
      length = 0
      if (available < HEADER_LENGTH) break
      length = this.checkHeader(chunk, offset)
      if (length === 0) return
      if (length > available) break
      this.deliver(chunk, offset, offset + length)
      offset += length
    }
    if (this.isStopped || offset >= chunk.length) return
    this.wanted = length
    this.append(chunk, offset, chunk.length)
  }

  /** Finishes the message begun in an earlier chunk; returns how many octets of this chunk that took. */
  private completeCarried(chunk: Uint8Array): number {
    let taken = 0
    if (this.wanted === 0) {
      taken = Math.min(HEADER_LENGTH - this.carried, chunk.length)
      this.append(chunk, 0, taken)
      if (this.carried < HEADER_LENGTH) return taken
      this.wanted = this.checkHeader(this.carry, 0)
      if (this.wanted === 0) return chunk.length
    }
    const end = Math.min(taken + this.wanted - this.carried, chunk.length)
    this.append(chunk, taken, end)
    if (this.carried === this.wanted) {
      this.carried = 0
      this.deliver(this.carry, 0, this.wanted)
      this.wanted = 0
    }
    return end
  }

  private append(chunk: Uint8Array, start: number, end: number): void {
    const length = this.carried + end - start
    if (length > this.carry.length) {
      const grown = new Uint8Array(Math.max(FIRST_CARRY, length, this.wanted))
      grown.set(this.carry.subarray(0, this.carried))
      this.carry = grown
    }
    this.carry.set(chunk.subarray(start, end), this.carried)
    this.carried = length
  }

  private deliver(bytes: Uint8Array, start: number, end: number): void {
    if (!this.sink.message(bytes[start + TYPE_OFFSET]!, bytes, start, end)) this.isStopped = true
  }

  /** RFC 4271 6.1 in its order: marker, length, type, length for the type. The length, or 0 after a failure. */
  private checkHeader(bytes: Uint8Array, at: number): number {
    let marker = 0xff
    for (let i = at; i < at + MARKER_LENGTH; i++) marker &= bytes[i]!
    if (marker !== 0xff) return this.fail(notSynchronized())
    const length = (bytes[at + LENGTH_OFFSET]! << 8) | bytes[at + LENGTH_OFFSET + 1]!
    if (length < HEADER_LENGTH || length > this.maxLength) return this.fail(badMessageLength(length))
    const type = bytes[at + TYPE_OFFSET]!
    if (type < MessageType.OPEN || type > MessageType.ROUTE_REFRESH) return this.fail(badMessageType(type))
    if (length >= SHORTEST[type]! && length <= LONGEST[type]!) return length
    const error = badMessageLength(length, `message type ${type} of ${length} octets`)
    return this.fail(type === MessageType.NOTIFICATION ? { ...error, silent: true } : error)
  }

  private fail(error: Notification): 0 {
    this.isStopped = true
    this.sink.failure(error)
    return 0
  }
}
