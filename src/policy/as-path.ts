/**
 * Questions about AS_PATH (RFC 4271 4.3), read from canonical octets behind what earlier terms have prepended.
 * Confederation segments name members, not neighbours, and are passed over (RFC 5065 5.3), but for `hasAs`. Called by condition.ts.
 */
import { readU32 } from '../../wire/bytes.ts'
import { SegmentType } from '../../wire/iana.ts'
import { countAsn } from '../../wire/summary.ts'
import type { PolicySubject } from './policy.ts'

/** Instead of an AS number: there is none at that place, or a set. */
const NONE = -1

/** The AS at a place from 0; a set takes up one place. */
function asAt({ bytes, start, attributes }: PolicySubject, prepended: readonly number[], place: number): number {
  if (place < prepended.length) return prepended[place] ?? NONE
  let left = place - prepended.length
  const first = start + attributes.asPathOffset
  const end = first + attributes.asPathLengthOctets
  for (let at = first; at < end; ) {
    const type = bytes[at]
    const count = bytes[at + 1] ?? 0
    if (type === SegmentType.SEQUENCE) {
      if (left < count) return readU32(bytes, at + 2 + 4 * left)
      left -= count
    } else if (type === SegmentType.SET) {
      if (left === 0) return NONE
      left--
    }
    at += 2 + 4 * count
  }
  return NONE
}

export function startsWith(subject: PolicySubject, prepended: readonly number[], asns: readonly number[]): boolean {
  for (let i = 0; i < asns.length; i++) if (asAt(subject, prepended, i) !== asns[i]) return false
  return true
}

export function pathLength({ attributes }: PolicySubject, prepended: readonly number[]): number {
  return attributes.asPathLength + prepended.length
}

/** Is the first AS one of these? */
export function isFirst(subject: PolicySubject, prepended: readonly number[], asns: readonly number[]): boolean {
  return asns.includes(asAt(subject, prepended, 0))
}

/** Is the last AS, the origin of the route, one of these? */
export function isLast(subject: PolicySubject, prepended: readonly number[], asns: readonly number[]): boolean {
  const length = pathLength(subject, prepended)
  return length > 0 && asns.includes(asAt(subject, prepended, length - 1))
}

export function hasAs(subject: PolicySubject, prepended: readonly number[], asns: readonly number[]): boolean {
  const { bytes, start, attributes } = subject
  const first = start + attributes.asPathOffset
  const end = first + attributes.asPathLengthOctets
  for (const asn of asns) if (prepended.includes(asn) || countAsn(bytes, first, end, asn) > 0) return true
  return false
}
