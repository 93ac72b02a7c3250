/**
 * MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760 3, 4; RFC 2545 3 for IPv6; RFC 8950 for IPv4 behind IPv6 next hops;
 * RFC 7911 3 for path identifiers): routes of any family inside attributes.
 * Optional non-transitive. Since these attributes are the routes, every error in them resets the session (RFC 7606 5.3,
 * 7.11): 3/9, 3/10 for a bad prefix. Content of a family that was not negotiated is carried along unread (RFC 4760 8).
 * The reserved octet of MP_REACH_NLRI is ignored and sent 0 (RFC 4760 3).
 * Called through `registry.ts`; the hot path finds the same fields with `locateMp` in `update.ts`.
 */

import { concatBytes, formatHex, readU8, readU16, u16 } from '../bytes.ts'
import type { CodecContext } from '../context.ts'
import { hasReceivedPathIds, hasSentPathIds } from '../context.ts'
import type { Family } from '../family.ts'
import { familyOf } from '../family.ts'
import { AttributeCode } from '../iana.ts'
import type { Nlri } from '../nlri.ts'
import { decodeNlri, encodeNlri, formatNlri } from '../nlri.ts'
import { formatNextHop } from './next-hop.ts'
import type { AttributeRow } from './row.ts'
import { Category } from './row.ts'

/** Reachable routes of one family. `opaque` instead of `nlri` holds the NLRI of a family not negotiated. */
export interface MpReachAttribute {
  readonly type: 'mp-reach'
  readonly afi: number
  readonly safi: number
  readonly nextHop: Uint8Array
  readonly nlri: readonly Nlri[]
  readonly opaque?: Uint8Array
}

/** Withdrawn routes of one family. Without any, it is the End-of-RIB of that family (RFC 4724 2). */
export interface MpUnreachAttribute {
  readonly type: 'mp-unreach'
  readonly afi: number
  readonly safi: number
  readonly nlri: readonly Nlri[]
  readonly opaque?: Uint8Array
}

/** Shortest values: AFI, SAFI, next hop length, reserved octet; AFI, SAFI (RFC 7606 5.3). */
export const MIN_REACH_LENGTH = 5
export const MIN_UNREACH_LENGTH = 3

/**
 * May a next hop of this family have so many octets in this session? IPv6: 16, or 32 with a link-local address after the
 * global one (RFC 2545 3). IPv4: 4, and the lengths of IPv6 where the extended next hop capability covers it (RFC 8950 3).
 * For senders too: what this forbids must not be sent (RFC 8950 4).
 */
export function isNextHopLength(
  family: Family,
  octets: number,
  context?: Pick<CodecContext, 'extendedNextHop'>,
): boolean {
  if (family.bits === 32 && octets === 4) return true
  const isWide = family.bits === 128 || (context?.extendedNextHop?.includes(family) ?? false)
  return isWide && (octets === 16 || octets === 32)
}

/** The row of MP_REACH_NLRI. */
export const MP_REACH: AttributeRow<MpReachAttribute> = {
  code: AttributeCode.MP_REACH,
  type: 'mp-reach',
  name: 'mp_reach_nlri',
  flags: Category.OPTIONAL_NON_TRANSITIVE,
  onError: 'reset',
  rfc: 'RFC 7606 7.11',
  from: 'anybody',
  check: checkReach,
  decode: (bytes, start, end, context) => {
    const nlriStart = start + MIN_REACH_LENGTH + readU8(bytes, start + 3)
    const nextHop = bytes.slice(start + 4, nlriStart - 1)
    const { afi, safi, ...content } = decodeContent(bytes, { start, nlriStart, end }, context)
    return { type: 'mp-reach', afi, safi, nextHop, ...content }
  },
  encode: (attribute, context) => {
    const { afi, safi, nextHop } = attribute
    const head = concatBytes(u16(afi), Uint8Array.of(safi, nextHop.length), nextHop, Uint8Array.of(0))
    return concatBytes(head, encodeContent(attribute, context))
  },
  format: attribute => {
    const { nextHop } = attribute
    const via = nextHop.length === 4 || nextHop.length % 16 === 0 ? formatNextHop(nextHop) : `0x${formatHex(nextHop)}`
    return `${formatContent(attribute)} via ${via}`
  },
}

/** The row of MP_UNREACH_NLRI. */
export const MP_UNREACH: AttributeRow<MpUnreachAttribute> = {
  code: AttributeCode.MP_UNREACH,
  type: 'mp-unreach',
  name: 'mp_unreach_nlri',
  flags: Category.OPTIONAL_NON_TRANSITIVE,
  onError: 'reset',
  rfc: 'RFC 7606 5.3',
  from: 'anybody',
  check: (_bytes, start, end) =>
    end - start < MIN_UNREACH_LENGTH ? 'MP_UNREACH_NLRI is shorter than 3 octets' : undefined,
  decode: (bytes, start, end, context) => {
    return {
      type: 'mp-unreach',
      ...decodeContent(bytes, { start, nlriStart: start + MIN_UNREACH_LENGTH, end }, context),
    }
  },
  encode: (attribute, context) => {
    const { afi, safi } = attribute
    return concatBytes(u16(afi), Uint8Array.of(safi), encodeContent(attribute, context))
  },
  format: formatContent,
}

function checkReach(bytes: Uint8Array, start: number, end: number, context: CodecContext): string | undefined {
  if (end - start < MIN_REACH_LENGTH) return 'MP_REACH_NLRI is shorter than 5 octets'
  const nextHopLength = readU8(bytes, start + 3)
  if (start + MIN_REACH_LENGTH + nextHopLength > end) return 'the next hop runs past MP_REACH_NLRI'
  const family = negotiatedFamily(bytes, start, context)
  if (family === undefined || isNextHopLength(family, nextHopLength, context)) return undefined
  return 'impossible next hop length in MP_REACH_NLRI'
}

/** The family of an MP attribute value when it was negotiated. */
export function negotiatedFamily(bytes: Uint8Array, start: number, context: CodecContext): Family | undefined {
  const family = familyOf(readU16(bytes, start), readU8(bytes, start + 2))
  return family !== undefined && context.families.includes(family) ? family : undefined
}

interface MpRange {
  readonly start: number
  readonly nlriStart: number
  readonly end: number
}

function decodeContent(
  bytes: Uint8Array,
  { start, nlriStart, end }: MpRange,
  context: CodecContext,
): Pick<MpUnreachAttribute, 'afi' | 'safi' | 'nlri' | 'opaque'> {
  const pair = { afi: readU16(bytes, start), safi: readU8(bytes, start + 2) }
  const family = negotiatedFamily(bytes, start, context)
  const hasPathIds = family !== undefined && hasReceivedPathIds(context, family)
  const nlri = family === undefined ? undefined : decodeNlri(bytes, nlriStart, end, family, hasPathIds)
  return nlri === undefined ? { ...pair, nlri: [], opaque: bytes.slice(nlriStart, end) } : { ...pair, nlri }
}

function encodeContent(
  { afi, safi, nlri, opaque }: Omit<MpUnreachAttribute, 'type'>,
  context: CodecContext,
): Uint8Array {
  if (opaque !== undefined) return opaque
  const family = familyOf(afi, safi)
  return encodeNlri(nlri, family !== undefined && hasSentPathIds(context, family))
}

function formatContent({ afi, safi, nlri, opaque }: Omit<MpUnreachAttribute, 'type'>): string {
  const family = familyOf(afi, safi)?.name ?? `afi ${afi} safi ${safi}`
  if (opaque !== undefined) return `${family} (${opaque.length} octets)`
  return [family, ...nlri.map(formatNlri)].join(' ')
}
