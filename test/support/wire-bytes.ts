/**
 * Builds message bytes for tests by hand, from hex text and numbers. Deliberately knows nothing of the encoders in
 * wire/, which are under test themselves.
 */

/** Octets of hex text; blanks are for the reader. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '')
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new Error(`not hex: ${text}`)
  return Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}

/** Hex text of octets, for readable failures. */
export const text = (bytes: Uint8Array): string =>
  Array.from(bytes, octet => octet.toString(16).padStart(2, '0')).join('')

/** Hex text of a number in so many octets. */
export const int = (value: number, octets: number): string => value.toString(16).padStart(2 * octets, '0')

/** All parts after each other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => [...part]))
}

/** A whole message: marker, length, type, body as hex. */
export function message(type: number, body = ''): Uint8Array {
  const octets = hex(body)
  return join(hex('ff'.repeat(16) + int(19 + octets.length, 2) + int(type, 1)), octets)
}

/** One path attribute as hex: flags, type, length (two octets when the flags say so), value. */
export function attribute(flags: number, code: number, value = ''): string {
  const length = hex(value).length
  if (length > 255 && (flags & 0x10) === 0) throw new Error(`${length} octets need the Extended Length flag`)
  return int(flags, 1) + int(code, 1) + int(length, (flags & 0x10) === 0 ? 1 : 2) + value.replace(/\s+/g, '')
}

/** The body of an UPDATE: hex of withdrawn prefixes, of each attribute, of announced prefixes. */
export function updateBody(parts: { withdrawn?: string; attributes?: readonly string[]; nlri?: string }): string {
  const withdrawn = (parts.withdrawn ?? '').replace(/\s+/g, '')
  const attributes = (parts.attributes ?? []).join('')
  return int(withdrawn.length / 2, 2) + withdrawn + int(attributes.length / 2, 2) + attributes + (parts.nlri ?? '')
}

/** The body of an OPEN with version 4, AS 65001, hold time 90, identifier 10.0.0.1, and these parameters as hex. */
export function openBody(parameters = '', overrides: { fixed?: string; length?: number } = {}): string {
  const fixed = overrides.fixed ?? '04 fde9 005a 0a000001'
  return fixed.replace(/\s+/g, '') + int(overrides.length ?? hex(parameters).length, 1) + parameters.replace(/\s+/g, '')
}

/** ORIGIN IGP, AS_PATH 65001 (four octets), NEXT_HOP 10.0.0.1: what every route needs. */
export const ORIGIN_IGP = attribute(0x40, 1, '00')
export const PATH_65001 = attribute(0x40, 2, '02 01 0000fde9')
export const NEXT_HOP_10_0_0_1 = attribute(0x40, 3, '0a000001')
export const MANDATORY = [ORIGIN_IGP, PATH_65001, NEXT_HOP_10_0_0_1] as const

/** 10.0.0.0/8 as NLRI. */
export const NET_10 = '080a'

/** The bytes lying in the middle of a larger array whose other octets are all `filler`. */
export function surrounded(bytes: Uint8Array, filler: number): { bytes: Uint8Array; start: number; end: number } {
  const padding = 40
  const larger = new Uint8Array(bytes.length + 2 * padding).fill(filler)
  larger.set(bytes, padding)
  return { bytes: larger, start: padding, end: padding + bytes.length }
}
