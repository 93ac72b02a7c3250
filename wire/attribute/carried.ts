/**
 * Two attributes that carry more than they say to us, optional transitive, passed on when sound:
 * ATTR_SET (RFC 6368 5), the attributes of a customer's route inside a provider's. Malformed when shorter than its AS
 * number, when what it holds is no block of attributes, or when MP attributes are among them: treat as withdraw (RFC 7606
 * 7.16). Of the inner attributes, frames and the lengths that never vary are judged.
 * NEXT_HOP_CHARACTERISTICS (draft-ietf-idr-nhc; no RFC yet): what the next hop can do. INTEROP: FRR discards one whose
 * TLVs do not fit; so do we, or it would go on to those who trip over it.
 * Called through `registry.ts`.
 */

import { concatBytes, formatHex, readU8, readU16, readU32, u16, u32 } from '../bytes.ts'
import { AttributeCode, AttributeFlag } from '../iana.ts'
import type { AttributeRow } from './row.ts'
import { Category } from './row.ts'
import type { Tlv, TlvLayout } from './tlv.ts'
import { areTlvs, decodeTlvs, encodeTlvs, formatTlvs } from './tlv.ts'

/** The AS of the customer and the attributes of its route as bytes. */
export interface AttrSetAttribute {
  readonly type: 'attr-set'
  readonly asn: number
  readonly attributes: Uint8Array
}

/** Characteristics of a next hop; they hold as long as it is the next hop of the route. */
export interface NextHopCharacteristicsAttribute {
  readonly type: 'next-hop-characteristics'
  readonly afi: number
  readonly safi: number
  readonly nextHop: Uint8Array
  readonly tlvs: readonly Tlv[]
}

/** Octets of the inner attributes whose length does not depend on anything. */
const FIXED_OCTETS: ReadonlyMap<number, number> = new Map([
  [AttributeCode.ORIGIN, 1],
  [AttributeCode.NEXT_HOP, 4],
  [AttributeCode.MED, 4],
  [AttributeCode.LOCAL_PREF, 4],
  [AttributeCode.ATOMIC_AGGREGATE, 0],
  [AttributeCode.ORIGINATOR_ID, 4],
])

/** The row of ATTR_SET. */
export const ATTR_SET: AttributeRow<AttrSetAttribute> = {
  code: AttributeCode.ATTR_SET,
  type: 'attr-set',
  name: 'attr_set',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'withdraw',
  rfc: 'RFC 7606 7.16',
  from: 'anybody',
  isUnused: true,
  check: checkAttrSet,
  decode: (bytes, start, end) => {
    return { type: 'attr-set', asn: readU32(bytes, start), attributes: bytes.slice(start + 4, end) }
  },
  encode: ({ asn, attributes }) => concatBytes(u32(asn), attributes),
  format: ({ asn, attributes }) => `AS${asn} ${formatHex(attributes)}`,
}

function checkAttrSet(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start < 4) return 'ATTR_SET is shorter than 4 octets'
  for (let at = start + 4; at < end; ) {
    const isExtended = (readU8(bytes, at) & AttributeFlag.EXTENDED_LENGTH) !== 0
    const valueStart = at + (isExtended ? 4 : 3)
    if (valueStart > end) return 'stray octets in ATTR_SET'
    const code = readU8(bytes, at + 1)
    const octets = isExtended ? readU16(bytes, at + 2) : readU8(bytes, at + 2)
    if (valueStart + octets > end) return 'an attribute runs past ATTR_SET'
    if (code === AttributeCode.MP_REACH || code === AttributeCode.MP_UNREACH) return 'MP attribute in ATTR_SET'
    if ((FIXED_OCTETS.get(code) ?? octets) !== octets) return 'malformed attribute in ATTR_SET'
    at = valueStart + octets
  }
  return undefined
}

const LAYOUT: TlvLayout = { typeOctets: 2, lengthOctets: 2, isHeadCounted: false }
/** AFI, SAFI, length of the next hop. */
const HEAD = 4

/** The row of NEXT_HOP_CHARACTERISTICS. */
export const NEXT_HOP_CHARACTERISTICS: AttributeRow<NextHopCharacteristicsAttribute> = {
  code: AttributeCode.NEXT_HOP_CHARACTERISTICS,
  type: 'next-hop-characteristics',
  name: 'nhc',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'discard',
  rfc: 'draft-ietf-idr-nhc',
  onWrongFlags: 'discard',
  from: 'anybody',
  isUnused: true,
  check: (bytes, start, end) => {
    if (end - start < HEAD) return 'NEXT_HOP_CHARACTERISTICS is shorter than 4 octets'
    const tlvs = start + HEAD + readU8(bytes, start + 3)
    if (tlvs > end) return 'the next hop runs past NEXT_HOP_CHARACTERISTICS'
    return areTlvs(bytes, tlvs, end, LAYOUT) ? undefined : 'NEXT_HOP_CHARACTERISTICS does not consist of whole TLVs'
  },
  decode: (bytes, start, end) => {
    const tlvs = start + HEAD + readU8(bytes, start + 3)
    return {
      type: 'next-hop-characteristics',
      afi: readU16(bytes, start),
      safi: readU8(bytes, start + 2),
      nextHop: bytes.slice(start + HEAD, tlvs),
      tlvs: decodeTlvs(bytes, tlvs, end, LAYOUT),
    }
  },
  encode: ({ afi, safi, nextHop, tlvs }) =>
    concatBytes(u16(afi), Uint8Array.of(safi, nextHop.length), nextHop, encodeTlvs(tlvs, LAYOUT)),
  format: ({ afi, safi, nextHop, tlvs }) => `afi ${afi} safi ${safi} via 0x${formatHex(nextHop)} ${formatTlvs(tlvs)}`,
}
