/**
 * AS_PATH (RFC 4271 4.3, 5.1.2) and AS4_PATH (RFC 6793 3): segments of a type, a count and that many AS numbers, two
 * octets each between old speakers in AS_PATH, four otherwise. Treat as withdraw (RFC 7606 7.2): unknown segment type,
 * overrun, stray octet, empty segment; AS 0 (RFC 7607 2); AS_SET unless allowed (RFC 9774 3); confederation segments
 * from outside our confederation, or none in front from inside (RFC 5065 5); with enforcement, a first AS that is not
 * the peer's (RFC 4271 6.3). A malformed AS4_PATH is only discarded (RFC 6793 6).
 * Called through `registry.ts`; the two paths are brought together in `as4.ts`.
 */

import { readU8, readU16, readU32, writeU16, writeU32 } from '../bytes.ts'
import type { CodecContext } from '../context.ts'
import { AS_TRANS, AttributeCode, SegmentType } from '../iana.ts'
import type { AttributeRow, Fault } from './row.ts'
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
  rfc: 'RFC 7606 7.2',
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
  rfc: 'RFC 6793 6',
  from: 'two-octet-speaker',
  check: (bytes, start, end) => (end === start ? 'AS4_PATH is empty' : checkSegments(bytes, start, end, 4)),
  decode: (bytes, start, end) => ({ type: 'as4-path', segments: decodeSegments(bytes, start, end, 4) }),
  encode: ({ segments }) => encodeSegments(segments, 4),
  format: ({ segments }) => formatSegments(segments),
}

/** Faults of a path that is well-formed. */
const AS_0: Fault = { reason: 'AS 0 in the path', rfc: 'RFC 7607 2' }
const HAS_SET: Fault = { reason: 'AS_SET in the path', rfc: 'RFC 9774 3' }
const FROM_OUTSIDE: Fault = { reason: 'confederation segment from outside a confederation', rfc: 'RFC 5065 5' }
const NOT_FROM_MEMBER: Fault = { reason: 'the path does not begin with a confederation sequence', rfc: 'RFC 5065 5' }
const WRONG_FIRST_AS: Fault = { reason: 'the path does not begin with the AS of the peer', rfc: 'RFC 4271 6.3' }

function checkAsPath(bytes: Uint8Array, start: number, end: number, context: CodecContext): string | Fault | undefined {
  const octets = context.fourOctetAs ? 4 : 2
  return (
    checkSegments(bytes, start, end, octets) ??
    checkSegmentTypes(bytes, start, end, octets, context) ??
    (context.peerKind === 'ebgp' ? checkBeginning(bytes, start, end, octets, context) : undefined)
  )
}

/** RFC 7606 7.2 and RFC 7607 2: the shape of a path, without judging which kinds of segment we like. */
function checkSegments(bytes: Uint8Array, start: number, end: number, octets: 2 | 4): string | Fault | undefined {
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
      if (octets === 2 || readU16(bytes, offset + 2) === 0) return AS_0
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
  { isConfederationPeer, rejectAsSets }: CodecContext,
): Fault | undefined {
  for (let offset = start; offset < end; offset += 2 + octets * readU8(bytes, offset + 1)) {
    const type = readU8(bytes, offset)
    if (type >= SegmentType.CONFED_SEQUENCE && isConfederationPeer !== true) return FROM_OUTSIDE
    const isSet = type === SegmentType.SET || type === SegmentType.CONFED_SET
    if (isSet && rejectAsSets !== false) return HAS_SET
  }
  return undefined
}

/** What the path of an external peer must begin with: another member of the confederation (RFC 5065 5), or its own AS. */
function checkBeginning(
  bytes: Uint8Array,
  start: number,
  end: number,
  octets: 2 | 4,
  { isConfederationPeer, firstAs }: CodecContext,
): Fault | undefined {
  const type = start === end ? 0 : readU8(bytes, start)
  if (isConfederationPeer === true && type !== SegmentType.CONFED_SEQUENCE) return NOT_FROM_MEMBER
  if (firstAs === undefined) return undefined
  const isSequence = type === SegmentType.SEQUENCE || type === SegmentType.CONFED_SEQUENCE
  const first = !isSequence ? 0 : octets === 4 ? readU32(bytes, start + 2) : readU16(bytes, start + 2)
  return first === firstAs ? undefined : WRONG_FIRST_AS
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

function splitSegment(segment: AsPathSegment): AsPathSegment | readonly AsPathSegment[] {
  const { type, asns } = segment
  if (asns.length > 0 && asns.length <= MAX_SEGMENT_LENGTH) return segment
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
