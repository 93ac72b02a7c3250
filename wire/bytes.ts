/**
 * Reading and writing integers and text in byte arrays, big-endian as everything in BGP (RFC 4271 4).
 * Nothing here checks bounds: the caller has proven them, that is the whole art of a decoder. Plain functions over
 * `Uint8Array` with shifts, since those are what V8 turns into single loads. `TextDecoder` does not exist in this
 * folder, so UTF-8 (RFC 3629) is done by hand.
 * Called by every decoder and encoder in wire/.
 */

/** The unsigned 8-bit number at `offset`. The caller has proven that the offset is inside. */
export const readU8 = (bytes: Uint8Array, offset: number): number => bytes[offset]!

/** The unsigned 16-bit number at `offset`, big-endian. */
export const readU16 = (bytes: Uint8Array, offset: number): number => (bytes[offset]! << 8) | bytes[offset + 1]!

/** The unsigned 32-bit number at `offset`, big-endian. */
export const readU32 = (bytes: Uint8Array, offset: number): number =>
  ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0

/** Writes the low 16 bits of `value` big-endian and returns the offset after them. */
export function writeU16(bytes: Uint8Array, offset: number, value: number): number {
  bytes[offset] = value >>> 8
  bytes[offset + 1] = value
  return offset + 2
}

/** Writes the low 32 bits of `value` big-endian and returns the offset after them. */
export function writeU32(bytes: Uint8Array, offset: number, value: number): number {
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
  return offset + 4
}

/** Copies `from[start, end)` to `to` at `offset` and returns the offset after it. Allocates nothing; for short runs. */
export function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, offset: number): number {
  for (let i = start; i < end; i++) to[offset++] = from[i]!
  return offset
}

/** The two low octets of `value`, big-endian, in a new array. */
export const u16 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value)

/** The four octets of `value`, big-endian, in a new array. */
export const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)

/** One new array with all parts after each other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Lower-case hex text of `bytes[start, end)`, two digits an octet, no separators. */
export function formatHex(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = ''
  for (let i = start; i < end; i++) text += readU8(bytes, i).toString(16).padStart(2, '0')
  return text
}

/** UTF-8 octets of `text`, cut after the last whole code point that fits `limit` octets. Lone surrogates become U+FFFD. */
export function encodeUtf8(text: string, limit = Number.POSITIVE_INFINITY): Uint8Array {
  const octets: number[] = []
  for (const character of text) {
    const scalar = character.codePointAt(0) ?? 0
    const encoded = encodeScalar(scalar >= 0xd800 && scalar <= 0xdfff ? 0xfffd : scalar)
    if (octets.length + encoded.length > limit) break
    octets.push(...encoded)
  }
  return Uint8Array.from(octets)
}

function encodeScalar(scalar: number): readonly number[] {
  const tail = (shift: number): number => 0x80 | ((scalar >> shift) & 0x3f)
  if (scalar < 0x80) return [scalar]
  if (scalar < 0x800) return [0xc0 | (scalar >> 6), tail(0)]
  if (scalar < 0x10000) return [0xe0 | (scalar >> 12), tail(6), tail(0)]
  return [0xf0 | (scalar >> 18), tail(12), tail(6), tail(0)]
}

/** The text of UTF-8 octets `bytes[start, end)`; undefined when they are not well-formed (RFC 3629 3). */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = ''
  let offset = start
  while (offset < end) {
    const lead = readU8(bytes, offset)
    const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
    if (length === 0 || offset + length > end) return undefined
    let scalar = length === 1 ? lead : lead & (0x7f >> length)
    for (let i = 1; i < length; i++) {
      const octet = readU8(bytes, offset + i)
      if ((octet & 0xc0) !== 0x80) return undefined
      scalar = (scalar << 6) | (octet & 0x3f)
    }
    const isOverlong = (length === 3 && scalar < 0x800) || (length === 4 && scalar < 0x10000)
    if (isOverlong || scalar > 0x10ffff || (scalar >= 0xd800 && scalar <= 0xdfff)) return undefined
    text += String.fromCodePoint(scalar)
    offset += length
  }
  return text
}
