/**
 * Attributes made of TLVs: a type and a length of one or two octets each, then the value. Documents differ in whether
 * the length counts the head (AIGP does), so that is part of the layout. Called by the attribute files that hold TLVs.
 */

import { concatBytes, formatHex, readU8, readU16, u16 } from '../bytes.ts'

/** One type, length, value; `value` is a copy and does not include type and length. */
export interface Tlv {
  readonly type: number
  readonly value: Uint8Array
}

/** How heads look: octets of the type, octets of the length, and whether the length counts the head too. */
export interface TlvLayout {
  readonly typeOctets: 1 | 2
  readonly lengthOctets: 1 | 2
  readonly isHeadCounted: boolean
}

const headOctets = ({ typeOctets, lengthOctets }: TlvLayout): number => typeOctets + lengthOctets
const number = (bytes: Uint8Array, at: number, octets: 1 | 2): number =>
  octets === 1 ? readU8(bytes, at) : readU16(bytes, at)
const octetsOf = (value: number, octets: 1 | 2): Uint8Array => (octets === 1 ? Uint8Array.of(value) : u16(value))

/** The type of the TLV whose head is at `at`. */
export const tlvType = (bytes: Uint8Array, at: number, { typeOctets }: TlvLayout): number =>
  number(bytes, at, typeOctets)

/** Where the value of the TLV at `at` begins. */
export const tlvStart = (at: number, layout: TlvLayout): number => at + headOctets(layout)

/** Where the TLV at `at` ends; -1 when its head or its value runs past `end`, or its length cannot be. */
export function tlvEnd(bytes: Uint8Array, at: number, end: number, layout: TlvLayout): number {
  const head = headOctets(layout)
  if (at + head > end) return -1
  const length = number(bytes, at + layout.typeOctets, layout.lengthOctets)
  if (layout.isHeadCounted && length < head) return -1
  const next = at + length + (layout.isHeadCounted ? 0 : head)
  return next > end ? -1 : next
}

/** Are there whole TLVs, and nothing else, in `bytes[start, end)`? No TLV at all will do. */
export function areTlvs(bytes: Uint8Array, start: number, end: number, layout: TlvLayout): boolean {
  let at = start
  while (at !== -1 && at < end) at = tlvEnd(bytes, at, end, layout)
  return at === end
}

/** The TLVs in `bytes[start, end)`, which `areTlvs` found to be whole. */
export function decodeTlvs(bytes: Uint8Array, start: number, end: number, layout: TlvLayout): Tlv[] {
  const tlvs: Tlv[] = []
  for (let at = start; at < end; ) {
    const next = tlvEnd(bytes, at, end, layout)
    if (next === -1) break
    tlvs.push({ type: tlvType(bytes, at, layout), value: bytes.slice(tlvStart(at, layout), next) })
    at = next
  }
  return tlvs
}

/** The octets of some TLVs. */
export function encodeTlvs(tlvs: readonly Tlv[], layout: TlvLayout): Uint8Array {
  const { typeOctets, lengthOctets, isHeadCounted } = layout
  const parts = tlvs.flatMap(({ type, value }) => {
    const length = value.length + (isHeadCounted ? headOctets(layout) : 0)
    return [octetsOf(type, typeOctets), octetsOf(length, lengthOctets), value]
  })
  return concatBytes(...parts)
}

/** "1:0000000000000064 5:00": type in decimal, value in hex. */
export const formatTlvs = (tlvs: readonly Tlv[]): string =>
  tlvs.map(({ type, value }) => `${type}:${formatHex(value)}`).join(' ')
