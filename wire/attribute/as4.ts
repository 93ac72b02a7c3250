/**
 * Living with two-octet speakers (RFC 6793 4.2): they say AS_TRANS where a number does not fit, and pass the real
 * numbers on in AS4_PATH and AS4_AGGREGATOR. Receiving: the two tellings become one (4.2.3). Sending: one becomes two
 * (4.2.2). Everything behind `wire/` sees four-octet numbers only.
 * Called by `judge.ts` (receiving), `codec.ts` and `narrow.ts` (sending).
 */

import { AS_TRANS, AttributeCode } from '../iana.ts'
import { AGGREGATOR, AS4_AGGREGATOR } from './aggregate.ts'
import type { AsPathSegment } from './as-path.ts'
import { decodeSegments, MAX_SEGMENT_LENGTH } from './as-path.ts'
import type { AttributeBlock } from './block.ts'

/** Leaves the real path and aggregator of a two-octet speaker's block in `mergedPath` and `mergedAggregator`. */
export function reconcileAs4(block: AttributeBlock): void {
  const as4Path = block.has(AttributeCode.AS4_PATH) ? segmentsOf(block, AttributeCode.AS4_PATH, 4) : undefined
  // RFC 9774 3 counts sets in AS4_PATH too.
  const hasSet = as4Path?.some(segment => segment.type === 'set' || segment.type === 'confed-set') ?? false
  if (hasSet && block.context.rejectAsSets !== false) {
    const octets = block.octetsOf(AttributeCode.AS4_PATH)
    const problem = { action: 'withdraw', reason: 'AS_SET in AS4_PATH', rfc: 'RFC 9774 3' } as const
    block.report({ code: AttributeCode.AS4_PATH, ...problem, octets })
  }
  const mayUseAs4 = reconcileAggregator(block)
  if (!block.has(AttributeCode.AS_PATH)) return
  const path = segmentsOf(block, AttributeCode.AS_PATH, 2)
  block.mergedPath = as4Path !== undefined && mayUseAs4 ? mergePaths(path, as4Path) : path
}

function segmentsOf(block: AttributeBlock, code: number, octets: 2 | 4): AsPathSegment[] {
  return decodeSegments(block.bytes, block.starts[code] ?? 0, block.ends[code] ?? 0, octets)
}

/** RFC 6793 4.2.3: an AGGREGATOR that is not AS_TRANS was set later than either AS4 attribute, and voids both. */
function reconcileAggregator(block: AttributeBlock): boolean {
  if (!block.has(AttributeCode.AGGREGATOR)) return true
  const { bytes, starts, ends, context } = block
  const decode = (row: typeof AGGREGATOR | typeof AS4_AGGREGATOR) =>
    row.decode(bytes, starts[row.code] ?? 0, ends[row.code] ?? 0, context)
  const own = decode(AGGREGATOR)
  const as4 = block.has(AttributeCode.AS4_AGGREGATOR) ? decode(AS4_AGGREGATOR) : undefined
  const { asn, address } = as4 !== undefined && own.asn === AS_TRANS ? as4 : own
  block.mergedAggregator = { type: 'aggregator', asn, address }
  return as4 === undefined || own.asn === AS_TRANS
}

/**
 * RFC 6793 4.2.3: AS4_PATH, led by as many of the first numbers of AS_PATH as it is short. A longer AS4_PATH is ignored;
 * confederation segments have no business in it (RFC 6793 6).
 */
export function mergePaths(
  path: readonly AsPathSegment[],
  as4Path: readonly AsPathSegment[],
): readonly AsPathSegment[] {
  const real = withoutConfederations(as4Path)
  let surplus = pathLength(path) - pathLength(real)
  if (surplus < 0) return path
  const merged: GrowingSegment[] = []
  for (const segment of path) {
    const weight = segmentLength(segment)
    if (surplus <= 0) break
    const isWhole = weight <= surplus
    append(merged, isWhole ? segment : { type: segment.type, asns: segment.asns.slice(0, surplus) })
    surplus -= weight
  }
  for (const segment of real) append(merged, segment)
  return merged
}

const pathLength = (path: readonly AsPathSegment[]): number =>
  path.reduce((sum, segment) => sum + segmentLength(segment), 0)

/** RFC 4271 9.1.2.2 a, RFC 5065 5.3: a set counts one, confederation segments nothing. */
const segmentLength = ({ type, asns }: AsPathSegment): number =>
  type === 'sequence' ? asns.length : type === 'set' ? 1 : 0

/** A segment of our own making, which more numbers may still be added to. */
interface GrowingSegment extends AsPathSegment {
  readonly asns: number[]
}

/** Adds a segment, joining sequences so that a merged path looks as a four-octet speaker would have sent it. */
function append(path: GrowingSegment[], { type, asns }: AsPathSegment): void {
  const last = path.at(-1)
  const isJoinable = last?.type === 'sequence' && type === 'sequence'
  if (isJoinable && last.asns.length + asns.length <= MAX_SEGMENT_LENGTH) {
    for (const asn of asns) last.asns.push(asn)
  } else {
    path.push({ type, asns: [...asns] })
  }
}

/** RFC 6793 4.2.2: the AS4_PATH to send beside `path`, or undefined when every number fits two octets. */
export function as4PathFor(path: readonly AsPathSegment[]): readonly AsPathSegment[] | undefined {
  const isNeeded = path.some(segment => segment.asns.some(asn => asn > 0xffff))
  return isNeeded ? withoutConfederations(path) : undefined
}

function withoutConfederations(path: readonly AsPathSegment[]): AsPathSegment[] {
  return path.filter(({ type }) => type === 'sequence' || type === 'set')
}
