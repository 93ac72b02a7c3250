/**
 * MRT framing (RFC 6396 2): chunks of a file in, whole records out, in order. A record lying whole in a chunk is handed on
 * in place; only one cut by the end of a chunk is copied. A record longer than `maxLength` is reported and skipped
 * without being kept, so memory is bounded whatever a length field says. There is nothing in MRT to find the next record
 * by but the length of this one: after a wrong length everything is noise, and the end of the file will say so.
 * Called by `src/decode`, one framer per file.
 */

import { readU16, readU32 } from '../bytes.ts'

/** The common header of a record, and where in the file the record lies. */
export interface MrtHeader {
  /** Octets from the start of the file to the header of this record. */
  readonly offset: number
  /** Seconds since 1970. */
  readonly timeS: number
  readonly type: number
  readonly subtype: number
  /** Octets after the header. */
  readonly length: number
}

/** A record that cannot be read: where it starts, and what is wrong with it. */
export interface MrtProblem {
  /** Octets from the start of the file to the header of the record at fault. */
  readonly offset: number
  readonly reason: string
  /** The section that says how it should have been: "RFC 6396 4.3.1". */
  readonly section: string
}

/** Where a framer delivers. It must not push into the same framer from inside a call. */
export interface MrtSink {
  /** One whole record: its octets after the common header are `bytes[start, end)`, borrowed until this returns. */
  record(header: MrtHeader, bytes: Uint8Array, start: number, end: number): void
  /** A record too long, or cut by the end of the file. */
  problem(problem: MrtProblem): void
}

/** Octets of the common header: timestamp 4, type 2, subtype 2, length 4 (RFC 6396 2). */
export const MRT_HEADER_LENGTH = 12

/** The longest record kept by default. 65535 RIB entries of usual size are about 10 MiB. */
export const MAX_MRT_RECORD_LENGTH = 16 * 1024 * 1024

const SECTION = 'RFC 6396 2'

/** Cuts one file into records. */
export class MrtFramer {
  private readonly sink: MrtSink
  private readonly maxLength: number
  /** Octets of the file before the unfinished record. */
  private position = 0
  private carry = new Uint8Array(4096)
  private carried = 0
  /** Octets still to skip of a record that is too long. */
  private skipping = 0

  constructor(sink: MrtSink, maxLength: number = MAX_MRT_RECORD_LENGTH) {
    this.sink = sink
    this.maxLength = maxLength
  }

  /** Takes the next octets of the file. They are borrowed until this returns. */
  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.skipping > 0) at += this.skip(chunk.length - at)
      else if (this.carried > 0) at += this.complete(chunk, at)
      else {
        const next = this.takeWhole(chunk, at)
        if (next === at) {
          this.keep(chunk, at, chunk.length)
          return
        }
        at = next
      }
    }
  }

  /** Says that the file is over: an unfinished record is a problem. */
  end(): void {
    // A record that is being skipped was reported already.
    if (this.carried > 0 && this.carried < MRT_HEADER_LENGTH) {
      this.report(`the file ends ${this.carried} octets into the header of a record`, this.position)
    } else if (this.carried > 0) {
      const missing = MRT_HEADER_LENGTH + readU32(this.carry, 8) - this.carried
      this.report(`the file ends ${missing} octets before the end of the record`, this.position)
    }
    this.carried = 0
    this.skipping = 0
  }

  /** Delivers the record at `at` when all of it is there. The offset after it, or `at` when it is cut. */
  private takeWhole(chunk: Uint8Array, at: number): number {
    if (at + MRT_HEADER_LENGTH > chunk.length) return at
    const length = readU32(chunk, at + 8)
    if (this.isTooLong(length)) return at + MRT_HEADER_LENGTH
    const end = at + MRT_HEADER_LENGTH + length
    if (end > chunk.length) return at
    this.deliver(chunk, at, end)
    return end
  }

  /** Adds to the record begun in an earlier chunk; returns how many octets that took. */
  private complete(chunk: Uint8Array, at: number): number {
    const start = at
    if (this.carried < MRT_HEADER_LENGTH) {
      const end = Math.min(at + MRT_HEADER_LENGTH - this.carried, chunk.length)
      this.keep(chunk, at, end)
      if (this.carried < MRT_HEADER_LENGTH) return end - start
      at = end
      if (this.isTooLong(readU32(this.carry, 8))) {
        this.carried = 0
        return at - start
      }
    }
    const whole = MRT_HEADER_LENGTH + readU32(this.carry, 8)
    const end = Math.min(at + whole - this.carried, chunk.length)
    this.keep(chunk, at, end)
    if (this.carried === whole) {
      this.carried = 0
      this.deliver(this.carry, 0, whole)
    }
    return end - start
  }

  /** Starts to skip a record that is longer than we keep. `position` stays on it until it is over. */
  private isTooLong(length: number): boolean {
    if (length <= this.maxLength) return false
    this.report(`a record of ${length} octets; at most ${this.maxLength} are read`, this.position)
    this.skipping = length
    this.position += MRT_HEADER_LENGTH
    return true
  }

  private skip(available: number): number {
    const count = Math.min(this.skipping, available)
    this.skipping -= count
    this.position += count
    return count
  }

  private keep(chunk: Uint8Array, start: number, end: number): void {
    const length = this.carried + end - start
    if (length > this.carry.length) {
      const grown = new Uint8Array(
        Math.max(length, Math.min(2 * this.carry.length, this.maxLength + MRT_HEADER_LENGTH)),
      )
      grown.set(this.carry.subarray(0, this.carried))
      this.carry = grown
    }
    this.carry.set(chunk.subarray(start, end), this.carried)
    this.carried = length
  }

  private deliver(bytes: Uint8Array, start: number, end: number): void {
    const offset = this.position
    const length = end - start - MRT_HEADER_LENGTH
    this.position += end - start
    const timeS = readU32(bytes, start)
    const header = { offset, timeS, type: readU16(bytes, start + 4), subtype: readU16(bytes, start + 6), length }
    this.sink.record(header, bytes, start + MRT_HEADER_LENGTH, end)
  }

  private report(reason: string, offset: number): void {
    this.sink.problem({ offset, reason, section: SECTION })
  }
}
