/**
 * What the decision process (RFC 4271 9.1.2.2, RFC 4456 9), loop checks (RFC 4271 9.1.2, RFC 4456 8) and the writers
 * of `src/rib` want to know of an attribute set, read once from its canonical bytes (see `normalise.ts`).
 * Plain numbers in one reused object, no allocation. Only canonical bytes may be given: nothing is checked here.
 */

import { AttributeCode, AttributeFlag, Origin, SegmentType, WellKnownCommunity } from './iana.ts'

/**
 * What fields of 32-bit words begin with: beyond what V8 takes for a small integer, so that no later value changes the shape of
 * the object, and throws away the code compiled for it.
 */
const WIDE = 0xffffffff

/**
 * The facts of one attribute set. Offsets are those of values, relative to the start of the block; an absent attribute
 * has offset 0, which no value can have. Lengths named `…Octets`, `nextHopLength` and `communitiesLength` are octets.
 */
export class AttributeSummary {
  /** Origin.IGP, EGP or INCOMPLETE. */
  origin: number = Origin.INCOMPLETE
  /** RFC 4271 9.1.2.2 a: AS numbers in sequences, one per set, nothing for confederation segments. */
  asPathLength = 0
  /**
   * The first AS of the path when that begins with a sequence, else 0 (RFC 4271 9.1.2.2 c). Confederation segments in
   * front are skipped: they name members, not neighbours (RFC 5065 5.3).
   */
  neighbourAs = WIDE
  hasMed = false
  med = WIDE
  hasLocalPref = false
  localPref = WIDE
  hasOriginatorId = false
  originatorId = WIDE
  /** Number of cluster ids. */
  clusterListLength = 0

  asPathOffset = 0
  asPathLengthOctets = 0
  nextHopOffset = 0
  /** 4, 16 or 32; 0 when there is none. */
  nextHopLength = 0
  clusterListOffset = 0
  clusterListLengthOctets = 0
  communitiesOffset = 0
  communitiesLength = 0
  extendedCommunitiesOffset = 0
  extendedCommunitiesLength = 0
  largeCommunitiesOffset = 0
  largeCommunitiesLength = 0
  /** Where ORIGINATOR_ID and CLUSTER_LIST are or would be: the first attribute with a code above 8, or the end. */
  reflectionOffset = 0

  noExport = false
  noAdvertise = false
  noExportSubconfed = false
  /** RFC 9494 4.3: to be used only when there is nothing else. */
  llgrStale = false
}

/** Reads the canonical block `canonical[start, end)` into `out`; every field is overwritten. */
export function summarise(canonical: Uint8Array, start: number, end: number, out: AttributeSummary): void {
  clear(out, end - start)
  let isReflectionFound = false
  let at = start
  while (at < end) {
    const code = canonical[at + 1]!
    const isExtended = (canonical[at]! & AttributeFlag.EXTENDED_LENGTH) !== 0
    const length = isExtended ? (canonical[at + 2]! << 8) | canonical[at + 3]! : canonical[at + 2]!
    if (!isReflectionFound && code > AttributeCode.COMMUNITIES) {
      out.reflectionOffset = at - start
      isReflectionFound = true
    }
    at += isExtended ? 4 : 3
    summariseOne(canonical, code, at, length, start, out)
    at += length
  }
}

function summariseOne(
  bytes: Uint8Array,
  code: number,
  at: number,
  length: number,
  start: number,
  out: AttributeSummary,
): void {
  switch (code) {
    case AttributeCode.ORIGIN:
      out.origin = bytes[at]!
      break
    case AttributeCode.AS_PATH:
      out.asPathOffset = at - start
      out.asPathLengthOctets = length
      summarisePath(bytes, at, at + length, out)
      break
    case AttributeCode.NEXT_HOP:
      out.nextHopOffset = at - start
      out.nextHopLength = length
      break
    case AttributeCode.MED:
      out.hasMed = true
      out.med = word(bytes, at)
      break
    case AttributeCode.LOCAL_PREF:
      out.hasLocalPref = true
      out.localPref = word(bytes, at)
      break
    case AttributeCode.COMMUNITIES:
      out.communitiesOffset = at - start
      out.communitiesLength = length
      summariseCommunities(bytes, at, at + length, out)
      break
    case AttributeCode.ORIGINATOR_ID:
      out.hasOriginatorId = true
      out.originatorId = word(bytes, at)
      break
    case AttributeCode.CLUSTER_LIST:
      out.clusterListOffset = at - start
      out.clusterListLengthOctets = length
      out.clusterListLength = length >> 2
      break
    case AttributeCode.EXTENDED_COMMUNITIES:
      out.extendedCommunitiesOffset = at - start
      out.extendedCommunitiesLength = length
      break
    case AttributeCode.LARGE_COMMUNITY:
      out.largeCommunitiesOffset = at - start
      out.largeCommunitiesLength = length
      break
  }
}

function clear(out: AttributeSummary, blockLength: number): void {
  out.origin = Origin.INCOMPLETE
  out.asPathLength = 0
  out.neighbourAs = 0
  out.hasMed = false
  out.med = 0
  out.hasLocalPref = false
  out.localPref = 0
  out.hasOriginatorId = false
  out.originatorId = 0
  out.clusterListLength = 0
  out.asPathOffset = 0
  out.asPathLengthOctets = 0
  out.nextHopOffset = 0
  out.nextHopLength = 0
  out.clusterListOffset = 0
  out.clusterListLengthOctets = 0
  out.communitiesOffset = 0
  out.communitiesLength = 0
  out.extendedCommunitiesOffset = 0
  out.extendedCommunitiesLength = 0
  out.largeCommunitiesOffset = 0
  out.largeCommunitiesLength = 0
  out.reflectionOffset = blockLength
  out.noExport = false
  out.noAdvertise = false
  out.noExportSubconfed = false
  out.llgrStale = false
}

const word = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0

function summarisePath(bytes: Uint8Array, start: number, end: number, out: AttributeSummary): void {
  let isFirst = true
  for (let at = start; at < end; ) {
    const type = bytes[at]!
    const count = bytes[at + 1]!
    if (isFirst && type < SegmentType.CONFED_SEQUENCE) {
      if (type === SegmentType.SEQUENCE) out.neighbourAs = word(bytes, at + 2)
      isFirst = false
    }
    if (type === SegmentType.SEQUENCE) out.asPathLength += count
    else if (type === SegmentType.SET) out.asPathLength += 1
    at += 2 + 4 * count
  }
}

/** RFC 1997, "Well-known Communities": the three that bind every speaker; RFC 9494: long-lived stale. */
function summariseCommunities(bytes: Uint8Array, start: number, end: number, out: AttributeSummary): void {
  for (let at = start; at < end; at += 4) {
    if (bytes[at] !== 0xff) continue
    const value = word(bytes, at)
    if (value === WellKnownCommunity.NO_EXPORT) out.noExport = true
    else if (value === WellKnownCommunity.NO_ADVERTISE) out.noAdvertise = true
    else if (value === WellKnownCommunity.NO_EXPORT_SUBCONFED) out.noExportSubconfed = true
    else if (value === WellKnownCommunity.LLGR_STALE) out.llgrStale = true
  }
}

/**
 * How often `asn` is in the AS_PATH value `canonical[asPathValueStart, end)`, four-octet numbers, segments of every type
 * (RFC 4271 9.1.2: a loop when it is our own).
 */
export function countAsn(canonical: Uint8Array, asPathValueStart: number, end: number, asn: number): number {
  let count = 0
  for (let at = asPathValueStart; at < end; ) {
    const next = at + 2 + 4 * canonical[at + 1]!
    for (at += 2; at < next; at += 4) if (word(canonical, at) === asn) count++
  }
  return count
}

/** Is `id` in the CLUSTER_LIST value `canonical[clusterListValueStart, end)` (RFC 4456 8: a loop when it is ours)? */
export function hasClusterId(canonical: Uint8Array, clusterListValueStart: number, end: number, id: number): boolean {
  for (let at = clusterListValueStart; at < end; at += 4) if (word(canonical, at) === id >>> 0) return true
  return false
}
