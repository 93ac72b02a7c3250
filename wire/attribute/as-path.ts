/**
 * AS_PATH (RFC 4271 4.3, 5.1.2) and AS4_PATH (RFC 6793 3): segments of a type, a count and that many AS numbers, two
 * octets each between old speakers in AS_PATH, four otherwise. Treat as withdraw (RFC 7606 7.2): unknown segment type,
 * overrun, stray octet, empty segment; AS 0 (RFC 7607 2); AS_SET unless allowed (RFC 9774 3); confederation segments,
 * since we are a member of none (RFC 5065 5). A malformed AS4_PATH is only discarded (RFC 6793 6).
 * Called through `registry.ts`; the two paths are brought together in `as4.ts`.
 */

import { readU8, readU16, readU32, writeU16, writeU32 } from '../bytes.ts'
import type { CodecContext } from '../context.ts'
import { AS_TRANS, AttributeCode, SegmentType } from '../iana.ts'
import type { AttributeRow } from './row.ts'
import { Category } from './row.ts'

/** One segment of a path: an ordered sequence or an unordered set, 1 to 255 AS numbers. */
export interface AsPathSegment {
  readonly type: 'sequence' | 'set' | 'confed-sequence' | 'confed-set'
  readonly asns: readonly number[]
}

/** The way the route came, nearest AS first. Empty for a route of our own AS. */
export interface AsPathAttribute {
  readonly type: 'as-path'
  readonly segments: readonly AsPathSegment[]
}

/** The same as told by a two-octet speaker that could not put it into AS_PATH. */
export interface As4PathAttribute {
  readonly type: 'as4-path'
  readonly segments: readonly AsPathSegment[]
}

/** Most AS numbers in one segment: the count is one octet. */
export const MAX_SEGMENT_LENGTH = 255

/** Index = segment type on the wire. */
const SEGMENT_NAMES = [undefined, 'set', 'sequence', 'confed-sequence', 'confed-set'] as const
const SEGMENT_TYPES = {
  set: SegmentType.SET,
  sequence: SegmentType.SEQUENCE,
  'confed-sequence': SegmentType.CONFED_SEQUENCE,
  'confed-set': SegmentType.CONFED_SET,
} as const

/** The row of AS_PATH. */
export const AS_PATH: AttributeRow<AsPathAttribute> = {
  code: AttributeCode.AS_PATH,
  type: 'as-path',
  name: 'as_path',
  flags: Category.WELL_KNOWN,
  onError: 'withdraw',
  from: 'anybody',
  check: checkAsPath,
  decode: (bytes, start, end, context) => {
    return { type: 'as-path', segments: decodeSegments(bytes, start, end, context.fourOctetAs ? 4 : 2) }
  },
  encode: ({ segments }, context) => encodeSegments(segments, context.fourOctetAs ? 4 : 2),
  format: ({ segments }) => formatSegments(segments),
}

/** The row of AS4_PATH. */
export const AS4_PATH: AttributeRow<As4PathAttribute> = {
  code: AttributeCode.AS4_PATH,
  type: 'as4-path',
  name: 'as4_path',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'discard',
  from: 'two-octet-speaker',
  check: (bytes, start, end) => (end === start ? 'AS4_PATH is empty' : checkSegments(bytes, start, end, 4)),
  decode: (bytes, start, end) => ({ type: 'as4-path', segments: decodeSegments(bytes, start, end, 4) }),
  encode: ({ segments }) => encodeSegments(segments, 4),
  format: ({ segments }) => formatSegments(segments),
}

function checkAsPath(bytes: Uint8Array, start: number, end: number, context: CodecContext): string | undefined {
  const octets = context.fourOctetAs ? 4 : 2
  return checkSegments(bytes, start, end, octets) ?? checkSegmentTypes(bytes, start, end, octets, context)
}

/** RFC 7606 7.2 and RFC 7607 2: the shape of a path, without judging which kinds of segment we like. */
function checkSegments(bytes: Uint8Array, start: number, end: number, octets: 2 | 4): string | undefined {
  let offset = start
  while (offset < end) {
    if (offset + 2 > end) return 'a stray octet after the last path segment'
    const type = readU8(bytes, offset)
    if (type < SegmentType.SET || type > SegmentType.CONFED_SET) return 'unknown path segment type'
    const count = readU8(bytes, offset + 1)
    if (count === 0) return 'empty path segment'
    offset += 2
    const next = offset + octets * count
    if (next > end) return 'a path segment runs past its attribute'
    for (; offset < next; offset += octets) {
      if (readU16(bytes, offset) !== 0) continue
      if (octets === 2 || readU16(bytes, offset + 2) === 0) return 'AS 0 in the path'
    }
  }
  return undefined
}

/** RFC 5065 5 and RFC 9774 3 for a path of proven shape. */
function checkSegmentTypes(
  bytes: Uint8Array,
  start: number,
  end: number,
  octets: 2 | 4,
  context: CodecContext,
): string | undefined {
  for (let offset = start; offset < end; offset += 2 + octets * readU8(bytes, offset + 1)) {
    const type = readU8(bytes, offset)
    if (type >= SegmentType.CONFED_SEQUENCE) return 'confederation segment from outside a confederation'
    if (type === SegmentType.SET && context.rejectAsSets !== false) return 'AS_SET in the path'
  }
  return undefined
}

/** The segments of a path of proven shape. */
export function decodeSegments(bytes: Uint8Array, start: number, end: number, octets: 2 | 4): AsPathSegment[] {
  const segments: AsPathSegment[] = []
  let offset = start
  while (offset < end) {
    const type = SEGMENT_NAMES[readU8(bytes, offset)] ?? 'sequence'
    const next = offset + 2 + octets * readU8(bytes, offset + 1)
    const asns: number[] = []
    for (offset += 2; offset < next; offset += octets) {
      asns.push(octets === 2 ? readU16(bytes, offset) : readU32(bytes, offset))
    }
    segments.push({ type, asns })
  }
  return segments
}

/**
 * The octets of a path. In two octets, a number that does not fit becomes AS_TRANS (RFC 6793 4.2.2). A segment of more
 * than 255 numbers is written as several.
 */
export function encodeSegments(path: readonly AsPathSegment[], octets: 2 | 4): Uint8Array {
  const segments = path.flatMap(splitSegment)
  const length = segments.reduce((sum, segment) => sum + 2 + octets * segment.asns.length, 0)
  const out = new Uint8Array(length)
  let offset = 0
  for (const { type, asns } of segments) {
    out[offset] = SEGMENT_TYPES[type]
    out[offset + 1] = asns.length
    offset += 2
    for (const asn of asns) {
      offset = octets === 4 ? writeU32(out, offset, asn) : writeU16(out, offset, asn > 0xffff ? AS_TRANS : asn)
    }
  }
  return out
}

function splitSegment({ type, asns }: AsPathSegment): readonly AsPathSegment[] {
  const pieces: AsPathSegment[] = []
  for (let at = 0; at < asns.length; at += MAX_SEGMENT_LENGTH) {
    pieces.push({ type, asns: asns.slice(at, at + MAX_SEGMENT_LENGTH) })
  }
  return pieces
}

/** "65001 65002 {1 2} (65003 65004)": sequences bare, sets in braces, confederations in parentheses. */
function formatSegments(segments: readonly AsPathSegment[]): string {
  const texts = segments.map(({ type, asns }) => {
    const text = asns.join(' ')
    if (type === 'set') return `{${text}}`
    if (type === 'confed-sequence') return `(${text})`
    return type === 'confed-set' ? `({${text}})` : text
  })
  return texts.join(' ')
}
