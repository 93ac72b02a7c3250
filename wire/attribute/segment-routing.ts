/**
 * PREFIX_SID (RFC 8669, RFC 9252), optional transitive, and LINK_STATE (RFC 9552 5.3), optional non-transitive: TLVs for
 * families we do not speak. A malformed one is discarded and goes no further (RFC 8669 6, RFC 9552 8.2.2); both documents
 * have that for whatever is malformed, so also for wrong flags. In May 2025 a PREFIX_SID full of zeros, passed on by
 * everybody, ended sessions all over the world: type 0 is reserved, and malformed.
 * Called through `registry.ts`.
 */

import { readU8 } from '../bytes.ts'
import { AttributeCode } from '../iana.ts'
import type { AttributeRow } from './row.ts'
import { Category } from './row.ts'
import type { Tlv, TlvLayout } from './tlv.ts'
import { areTlvs, decodeTlvs, encodeTlvs, formatTlvs, tlvEnd, tlvStart } from './tlv.ts'

/** Segment identifiers of the prefix. */
export interface PrefixSidAttribute {
  readonly type: 'prefix-sid'
  readonly tlvs: readonly Tlv[]
}

/** Properties of a node, link or prefix of link-state routing. */
export interface LinkStateAttribute {
  readonly type: 'link-state'
  readonly tlvs: readonly Tlv[]
}

const SID: TlvLayout = { typeOctets: 1, lengthOctets: 2, isHeadCounted: false }

/** Types of TLV in PREFIX_SID (RFC 8669 3, RFC 9252 2). */
const SidType = { RESERVED: 0, LABEL_INDEX: 1, ORIGINATOR_SRGB: 3, SRV6_L3_SERVICE: 5, SRV6_L2_SERVICE: 6 } as const

/** The row of PREFIX_SID. */
export const PREFIX_SID: AttributeRow<PrefixSidAttribute> = {
  code: AttributeCode.PREFIX_SID,
  type: 'prefix-sid',
  name: 'prefix_sid',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'discard',
  rfc: 'RFC 8669 6',
  onWrongFlags: 'discard',
  from: 'anybody',
  isUnused: true,
  check: checkPrefixSid,
  decode: (bytes, start, end) => ({ type: 'prefix-sid', tlvs: decodeTlvs(bytes, start, end, SID) }),
  encode: ({ tlvs }) => encodeTlvs(tlvs, SID),
  format: ({ tlvs }) => formatTlvs(tlvs),
}

function checkPrefixSid(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (start === end) return 'PREFIX_SID is empty'
  for (let at = start; at < end; ) {
    const next = tlvEnd(bytes, at, end, SID)
    if (next === -1) return 'a TLV runs past PREFIX_SID'
    if (!isSid(bytes, at, next)) return 'a TLV of PREFIX_SID has an impossible type or length'
    at = next
  }
  return undefined
}

/** Label index: 7 octets; SRGB: flags and ranges of 6 octets; SRv6 services: a reserved octet and sub-TLVs. */
function isSid(bytes: Uint8Array, at: number, end: number): boolean {
  const start = tlvStart(at, SID)
  const octets = end - start
  switch (readU8(bytes, at)) {
    case SidType.RESERVED:
      return false
    case SidType.LABEL_INDEX:
      return octets === 7
    case SidType.ORIGINATOR_SRGB:
      return octets >= 8 && octets % 6 === 2
    case SidType.SRV6_L3_SERVICE:
    case SidType.SRV6_L2_SERVICE:
      return octets >= 1 && areTlvs(bytes, start + 1, end, SID)
    default:
      return true
  }
}

const LINK: TlvLayout = { typeOctets: 2, lengthOctets: 2, isHeadCounted: false }

/** The row of LINK_STATE. */
export const LINK_STATE: AttributeRow<LinkStateAttribute> = {
  code: AttributeCode.LINK_STATE,
  type: 'link-state',
  name: 'link_state',
  flags: Category.OPTIONAL_NON_TRANSITIVE,
  onError: 'discard',
  rfc: 'RFC 9552 8.2.2',
  onWrongFlags: 'discard',
  from: 'anybody',
  isUnused: true,
  check: (bytes, start, end) => {
    if (start === end) return 'LINK_STATE is empty'
    return areTlvs(bytes, start, end, LINK) ? undefined : 'LINK_STATE does not consist of whole TLVs'
  },
  decode: (bytes, start, end) => ({ type: 'link-state', tlvs: decodeTlvs(bytes, start, end, LINK) }),
  encode: ({ tlvs }) => encodeTlvs(tlvs, LINK),
  format: ({ tlvs }) => formatTlvs(tlvs),
}
