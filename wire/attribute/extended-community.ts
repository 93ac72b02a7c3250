/**
 * Extended communities (RFC 4360): EXTENDED_COMMUNITIES with eight octets each and IPV6_EXTENDED_COMMUNITIES with twenty
 * (RFC 5701). Optional transitive lists; an empty list or a broken length: treat as withdraw (RFC 7606 7.14, 7.15). A type
 * nobody knows is never an error. The row shows them as BIRD does; `formatExtendedCommunity` and
 * `parseExtendedCommunity` are the two directions of the text people write: "rt:65001:100", "link-bandwidth:65001:1250000".
 * Types: RFC 4360 3-5 (two-octet AS, IPv4 address, opaque, route target, route origin), RFC 5668 (four-octet AS),
 * draft-ietf-idr-link-bandwidth, RFC 9012 4.3 (colour). The table goes through `registry.ts`.
 */

import { concatBytes, formatHex, readU8, readU16, readU32, u16, u32, writeU16, writeU32 } from '../bytes.ts'
import { AttributeCode } from '../iana.ts'
import { formatAddress, formatRouterId, parseRouterId } from '../prefix.ts'
import type { AttributeRow } from './row.ts'
import { Category, listOf } from './row.ts'

/** Extended communities, eight octets each: type, subtype, six octets of value. */
export interface ExtendedCommunitiesAttribute {
  readonly type: 'extended-communities'
  readonly values: readonly Uint8Array[]
}

/** Extended communities about IPv6 addresses, twenty octets each: type, subtype, address, two octets of value. */
export interface Ipv6ExtendedCommunitiesAttribute {
  readonly type: 'ipv6-extended-communities'
  readonly values: readonly Uint8Array[]
}

/** Octets of one community. */
const OCTETS = 8
const IPV6_OCTETS = 20

/** The row of EXTENDED COMMUNITIES. */
export const EXTENDED_COMMUNITIES: AttributeRow<ExtendedCommunitiesAttribute> = {
  code: AttributeCode.EXTENDED_COMMUNITIES,
  type: 'extended-communities',
  name: 'ext_community',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'withdraw',
  rfc: 'RFC 7606 7.14',
  from: 'anybody',
  check: listOf(OCTETS, 'EXTENDED COMMUNITIES'),
  decode: (bytes, start, end) => ({ type: 'extended-communities', values: pieces(bytes, start, end, OCTETS) }),
  encode: ({ values }) => concatBytes(...values),
  format: ({ values }) => values.map(formatAsBird).join(' '),
}

/** The row of IPV6_EXTENDED_COMMUNITIES. */
export const IPV6_EXTENDED_COMMUNITIES: AttributeRow<Ipv6ExtendedCommunitiesAttribute> = {
  code: AttributeCode.IPV6_EXTENDED_COMMUNITIES,
  type: 'ipv6-extended-communities',
  name: 'ipv6_ext_community',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'withdraw',
  rfc: 'RFC 7606 7.15',
  from: 'anybody',
  check: listOf(IPV6_OCTETS, 'IPV6_EXTENDED_COMMUNITIES'),
  decode: (bytes, start, end) => ({
    type: 'ipv6-extended-communities',
    values: pieces(bytes, start, end, IPV6_OCTETS),
  }),
  encode: ({ values }) => concatBytes(...values),
  format: ({ values }) => values.map(formatIpv6).join(' '),
}

function pieces(bytes: Uint8Array, start: number, end: number, octets: number): Uint8Array[] {
  const values: Uint8Array[] = []
  for (let offset = start; offset < end; offset += octets) values.push(bytes.slice(offset, offset + octets))
  return values
}

const formatIpv6 = (value: Uint8Array): string =>
  `(${birdKind(value)}, ${formatAddress(value.slice(2, 18))}, ${readU16(value, 18)})`

/** Kinds that have a word in BIRD, by subtype (RFC 4360 4, 5). */
const BIRD_KINDS: Record<number, string> = { 2: 'rt', 3: 'ro' }

const birdKind = (value: Uint8Array): string =>
  BIRD_KINDS[readU8(value, 1)] ?? `unknown 0x${readU16(value, 0).toString(16)}`

/** High octet of the type, non-transitive bit cleared. */
const Form = { TWO_OCTET_AS: 0, IPV4: 1, FOUR_OCTET_AS: 2, OPAQUE: 3 } as const
const NON_TRANSITIVE = 0x40

/** RFC 4360 3.1, 3.2 and RFC 5668 2 by the high type octet, with or without the non-transitive bit. */
function formatAsBird(value: Uint8Array): string {
  switch (readU8(value, 0) & ~NON_TRANSITIVE) {
    case Form.TWO_OCTET_AS:
      return `(${birdKind(value)}, ${readU16(value, 2)}, ${readU32(value, 4)})`
    case Form.IPV4:
      return `(${birdKind(value)}, ${formatRouterId(readU32(value, 2))}, ${readU16(value, 6)})`
    case Form.FOUR_OCTET_AS:
      return `(${birdKind(value)}, ${readU32(value, 2)}, ${readU16(value, 6)})`
    default:
      return `(generic, 0x${readU32(value, 0).toString(16)}, 0x${readU32(value, 4).toString(16)})`
  }
}

/** Kinds with a word of their own whose value is "administrator:number", by subtype. */
const WORDS: readonly (readonly [word: string, subtype: number])[] = [
  ['rt', 2],
  ['ro', 3],
]
const LINK_BANDWIDTH = 0x4004
const COLOR = 0x030b

/**
 * One extended community as text: "rt:65001:100", "rt:10.0.0.1:100", "rt:4200000001:100", "ro:…" likewise,
 * "link-bandwidth:65001:1250000" (octets a second), "color:0:100" (flags, colour); whatever else is
 * "generic:0x0306000000000001". `parseExtendedCommunity` reads it back to the same octets.
 */
export function formatExtendedCommunity(value: Uint8Array): string {
  const generic = `generic:0x${formatHex(value)}`
  const text = describe(value)
  // A four-octet form whose number fits two octets would be read back as the two-octet form.
  return text !== undefined && isSame(parseExtendedCommunity(text), value) ? text : generic
}

function describe(value: Uint8Array): string | undefined {
  const type = readU16(value, 0)
  if (type === LINK_BANDWIDTH) return `link-bandwidth:${readU16(value, 2)}:${viewOf(value).getFloat32(4)}`
  if (type === COLOR) return `color:${readU16(value, 2)}:${readU32(value, 4)}`
  const word = WORDS.find(([, subtype]) => subtype === readU8(value, 1))?.[0]
  if (word === undefined) return undefined
  switch (readU8(value, 0)) {
    case Form.TWO_OCTET_AS:
      return `${word}:${readU16(value, 2)}:${readU32(value, 4)}`
    case Form.IPV4:
      return `${word}:${formatRouterId(readU32(value, 2))}:${readU16(value, 6)}`
    case Form.FOUR_OCTET_AS:
      return `${word}:${readU32(value, 2)}:${readU16(value, 6)}`
    default:
      return undefined
  }
}

/**
 * Reads the text of `formatExtendedCommunity`, and BIRD's "(rt, 65001, 100)" and "(generic, 0x…, 0x…)"; undefined for
 * anything else. An AS number that fits two octets takes the two-octet form, else the four-octet one (RFC 5668 2).
 */
export function parseExtendedCommunity(text: string): Uint8Array | undefined {
  const isBird = text.startsWith('(') && text.endsWith(')')
  const parts = isBird ? text.slice(1, -1).split(/\s*,\s*/) : text.split(':')
  const [kind = '', first = '', second = ''] = parts.map(part => part.trim().toLowerCase())
  if (kind === 'generic') return parseGeneric(parts.slice(1).map(part => part.trim()))
  if (parts.length !== 3) return undefined
  if (kind === 'link-bandwidth') return parseBandwidth(first, second)
  if (kind === 'color') return build(COLOR, [first, 0xffff, 2], [second, 0xffffffff, 4])
  const subtype = WORDS.find(([word]) => word === kind)?.[1]
  return subtype === undefined ? undefined : parseAdministered(subtype, first, second)
}

function parseAdministered(subtype: number, administrator: string, number: string): Uint8Array | undefined {
  const address = parseRouterId(administrator)
  if (address !== undefined && administrator.includes('.')) {
    return build((Form.IPV4 << 8) | subtype, [`${address}`, 0xffffffff, 4], [number, 0xffff, 2])
  }
  const asn = parseNumber(administrator, 0xffffffff)
  if (asn === undefined) return undefined
  return asn <= 0xffff
    ? build((Form.TWO_OCTET_AS << 8) | subtype, [administrator, 0xffff, 2], [number, 0xffffffff, 4])
    : build((Form.FOUR_OCTET_AS << 8) | subtype, [administrator, 0xffffffff, 4], [number, 0xffff, 2])
}

function parseBandwidth(administrator: string, rate: string): Uint8Array | undefined {
  const asn = parseNumber(administrator, 0xffff)
  if (asn === undefined || !/^\d+(\.\d+)?(e[+-]?\d+)?$/.test(rate)) return undefined
  const value = new Uint8Array(OCTETS)
  writeU16(value, writeU16(value, 0, LINK_BANDWIDTH), asn)
  viewOf(value).setFloat32(4, Number(rate))
  return value
}

function parseGeneric(words: readonly string[]): Uint8Array | undefined {
  const digits = words.map(word => {
    const found = /^0x([0-9a-f]{1,16})$/i.exec(word)?.[1]
    return words.length === 2 ? found?.padStart(8, '0') : found
  })
  const all = digits.join('')
  if (digits.includes(undefined) || all.length !== 2 * OCTETS) return undefined
  const value = new Uint8Array(OCTETS)
  writeU32(value, writeU32(value, 0, Number.parseInt(all.slice(0, 8), 16)), Number.parseInt(all.slice(8), 16))
  return value
}

type Field = readonly [text: string, limit: number, octets: 2 | 4]

function build(type: number, ...fields: readonly Field[]): Uint8Array | undefined {
  const parts = [u16(type)]
  for (const [text, limit, octets] of fields) {
    const number = parseNumber(text, limit)
    if (number === undefined) return undefined
    parts.push(octets === 2 ? u16(number) : u32(number))
  }
  return concatBytes(...parts)
}

function parseNumber(text: string, limit: number): number | undefined {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : undefined
  return number !== undefined && number <= limit ? number : undefined
}

const viewOf = (value: Uint8Array): DataView => new DataView(value.buffer, value.byteOffset, value.byteLength)

const isSame = (one: Uint8Array | undefined, other: Uint8Array): boolean =>
  one !== undefined && one.length === other.length && one.every((octet, index) => octet === other[index])
