/**
 * The short cut past RFC 7606: is a block of attributes what a sound modern speaker sends for IPv4 routes, so that nothing
 * about it needs judging or rewriting? Then it is its own canonical form (`normalise.ts`).
 *
 * Most blocks are; the question costs one walk without a call per attribute. "No" means nothing but that the long way must be
 * taken. A test proves over every block we have, and over damaged ones, that "yes" is never said where `normaliseAttributes`
 * would find a problem or write other bytes. Called by `src/rib` for each block not met before.
 */

import { LARGE_COMMUNITY_LENGTH } from './attribute/community.ts'
import { mayBeHost } from './attribute/host-address.ts'
import { Category } from './attribute/row.ts'
import type { CodecContext } from './context.ts'
import { AttributeCode, AttributeFlag, Origin, SegmentType } from './iana.ts'

const PARTIAL_OR_NOT = ~AttributeFlag.PARTIAL

/** ORIGIN, AS_PATH and NEXT_HOP were met: bits by type code. */
const MANDATORY = (1 << AttributeCode.ORIGIN) | (1 << AttributeCode.AS_PATH) | (1 << AttributeCode.NEXT_HOP)

/**
 * May `bytes[start, end)`, the attributes of routes outside MP_REACH_NLRI, be taken as they are? Only for sessions with
 * four-octet AS numbers. Reads nothing outside the range, allocates nothing.
 */
export function isPlainBlock(bytes: Uint8Array, start: number, end: number, context: CodecContext): boolean {
  if (!context.fourOctetAs || context.isConfederationPeer === true) return false
  const isInternal = context.peerKind === 'ibgp'
  let met = 0
  let last = 0
  let at = start
  while (at < end) {
    if (at + 3 > end) return false
    const flags = bytes[at]!
    const code = bytes[at + 1]!
    const length = bytes[at + 2]!
    const value = at + 3
    at = value + length
    if (code <= last || at > end) return false
    last = code
    switch (code) {
      case AttributeCode.ORIGIN:
        if (flags !== Category.WELL_KNOWN || length !== 1 || bytes[value]! > Origin.INCOMPLETE) return false
        break
      case AttributeCode.AS_PATH:
        if (flags !== Category.WELL_KNOWN || !isPlainPath(bytes, value, at, context)) return false
        break
      case AttributeCode.NEXT_HOP:
        if (flags !== Category.WELL_KNOWN || length !== 4 || !mayBeHost(bytes, value, 4)) return false
        break
      case AttributeCode.MED:
        if (flags !== Category.OPTIONAL_NON_TRANSITIVE || length !== 4) return false
        break
      case AttributeCode.LOCAL_PREF:
        if (flags !== Category.WELL_KNOWN || length !== 4 || !isInternal) return false
        break
      case AttributeCode.COMMUNITIES:
        if (!isPlainList(flags, length, 4)) return false
        break
      case AttributeCode.ORIGINATOR_ID:
        if (flags !== Category.OPTIONAL_NON_TRANSITIVE || length !== 4 || !isInternal) return false
        break
      case AttributeCode.CLUSTER_LIST:
        if (flags !== Category.OPTIONAL_NON_TRANSITIVE || !isWhole(length, 4) || !isInternal) return false
        break
      case AttributeCode.EXTENDED_COMMUNITIES:
        if (!isPlainList(flags, length, 8)) return false
        break
      case AttributeCode.LARGE_COMMUNITY:
        // Several may repeat each other, which the long way mends.
        if (!isPlainList(flags, length, LARGE_COMMUNITY_LENGTH) || length !== LARGE_COMMUNITY_LENGTH) return false
        break
      default:
        return false
    }
    if (code < 32) met |= 1 << code
  }
  return (met & MANDATORY) === MANDATORY
}

const isWhole = (length: number, octets: number): boolean => length > 0 && length % octets === 0

function isPlainList(flags: number, length: number, octets: number): boolean {
  return (flags & PARTIAL_OR_NOT) === Category.OPTIONAL_TRANSITIVE && isWhole(length, octets)
}

/** Sequences only, without AS 0 (RFC 7607 2); that of an external peer is not empty and begins as configured. */
function isPlainPath(bytes: Uint8Array, start: number, end: number, { peerKind, firstAs }: CodecContext): boolean {
  if (start === end) return peerKind === 'ibgp'
  if (firstAs !== undefined) return false
  let at = start
  while (at < end) {
    if (at + 2 > end || bytes[at] !== SegmentType.SEQUENCE) return false
    const count = bytes[at + 1]!
    const next = at + 2 + 4 * count
    if (count === 0 || next > end) return false
    for (at += 2; at < next; at += 4) {
      if ((bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) === 0) return false
    }
  }
  return true
}
