/**
 * A cursor over the octets of one record. Reading past the end gives zeros and is remembered in `isShort`, so that a
 * decoder reads its fields in the order of the RFC and asks once, at the end, whether they were all there.
 * Called by the decoders in this folder only.
 */

import { readU8, readU16, readU32 } from '../bytes.ts'

export class RecordReader {
  readonly bytes: Uint8Array
  readonly end: number
  at: number
  /** Some field lay past the end of the record. */
  isShort = false

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes
    this.at = start
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  u8(): number {
    const at = this.advance(1)
    return at < 0 ? 0 : readU8(this.bytes, at)
  }

  u16(): number {
    const at = this.advance(2)
    return at < 0 ? 0 : readU16(this.bytes, at)
  }

  u32(): number {
    const at = this.advance(4)
    return at < 0 ? 0 : readU32(this.bytes, at)
  }

  /** A two- or four-octet AS number. */
  asn(octets: 2 | 4): number {
    return octets === 2 ? this.u16() : this.u32()
  }

  /** A copy of the next octets; empty when they are not there. */
  take(octets: number): Uint8Array {
    const at = this.advance(octets)
    return at < 0 ? new Uint8Array(0) : this.bytes.slice(at, at + octets)
  }

  /** The next octets in place, borrowed; empty when they are not there. */
  borrow(octets: number): Uint8Array {
    const at = this.advance(octets)
    return at < 0 ? new Uint8Array(0) : this.bytes.subarray(at, at + octets)
  }

  private advance(octets: number): number {
    const { at } = this
    if (at + octets > this.end) {
      this.isShort = true
      this.at = this.end
      return -1
    }
    this.at += octets
    return at
  }
}
