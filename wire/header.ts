/**
 * The message header on the way out (RFC 4271 4.1): sixteen octets of ones, the length with the header, the type.
 * The way in is `framer.ts`. Called by every encoder.
 */

import { concatBytes, writeU16 } from './bytes.ts'
import { HEADER_LENGTH, MARKER_LENGTH } from './iana.ts'

/** A new array with a whole message: header, then the parts of its body. */
export function encodeMessage(type: number, ...body: readonly Uint8Array[]): Uint8Array {
  const message = concatBytes(new Uint8Array(HEADER_LENGTH), ...body)
  writeHeader(message, 0, message.length, type)
  return message
}

/** Writes a header for a message of `length` octets at `offset`; returns the offset after it. Allocates nothing. */
export function writeHeader(out: Uint8Array, offset: number, length: number, type: number): number {
  out.fill(0xff, offset, offset + MARKER_LENGTH)
  writeU16(out, offset + MARKER_LENGTH, length)
  out[offset + MARKER_LENGTH + 2] = type
  return offset + HEADER_LENGTH
}
