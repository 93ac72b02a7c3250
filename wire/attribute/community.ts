/**
 * The three kinds of community: COMMUNITIES (RFC 1997), EXTENDED COMMUNITIES (RFC 4360) and LARGE_COMMUNITY (RFC 8092).
 * All optional transitive lists; an empty list or a broken length: treat as withdraw (RFC 7606 7.8, 7.14; RFC 8092 6).
 * Repeated large communities count once (RFC 8092 3); `normalise.ts` drops the repeats.
 * Called through `registry.ts`.
 */

import { concatBytes, readU8, readU16, readU32 } from '../bytes.ts'
import { AttributeCode } from '../iana.ts'
import { formatRouterId } from '../prefix.ts'
import type { AttributeRow } from './row.ts'
import { Category, listOf } from './row.ts'
import { decodeWords, encodeWords } from './words.ts'

/** Communities as unsigned 32-bit numbers; the high half is by custom an AS number. */
export interface CommunitiesAttribute {
  readonly type: 'communities'
  readonly values: readonly number[]
}

/** Extended communities, eight octets each: type, subtype, six octets of value. */
export interface ExtendedCommunitiesAttribute {
  readonly type: 'extended-communities'
  readonly values: readonly Uint8Array[]
}

/** A large community: global administrator (an AS number) and two numbers of its choosing. */
export type LargeCommunity = readonly [global: number, local1: number, local2: number]

/** Large communities, in the order received, repeats dropped. */
export interface LargeCommunitiesAttribute {
  readonly type: 'large-communities'
  readonly values: readonly LargeCommunity[]
}

/** Octets of one large community. */
export const LARGE_COMMUNITY_LENGTH = 12

/** The row of COMMUNITIES. */
export const COMMUNITIES: AttributeRow<CommunitiesAttribute> = {
  code: AttributeCode.COMMUNITIES,
  type: 'communities',
  name: 'community',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'withdraw',
  from: 'anybody',
  check: listOf(4, 'COMMUNITIES'),
  decode: (bytes, start, end) => ({ type: 'communities', values: decodeWords(bytes, start, end) }),
  encode: ({ values }) => encodeWords(values),
  format: ({ values }) => values.map(value => `(${value >>> 16},${value & 0xffff})`).join(' '),
}

/** The row of EXTENDED COMMUNITIES. */
export const EXTENDED_COMMUNITIES: AttributeRow<ExtendedCommunitiesAttribute> = {
  code: AttributeCode.EXTENDED_COMMUNITIES,
  type: 'extended-communities',
  name: 'ext_community',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'withdraw',
  from: 'anybody',
  check: listOf(8, 'EXTENDED COMMUNITIES'),
  decode: (bytes, start, end) => {
    const values: Uint8Array[] = []
    for (let offset = start; offset < end; offset += 8) values.push(bytes.slice(offset, offset + 8))
    return { type: 'extended-communities', values }
  },
  encode: ({ values }) => concatBytes(...values),
  format: ({ values }) => values.map(formatExtendedCommunity).join(' '),
}

/** The row of LARGE_COMMUNITY. */
export const LARGE_COMMUNITY: AttributeRow<LargeCommunitiesAttribute> = {
  code: AttributeCode.LARGE_COMMUNITY,
  type: 'large-communities',
  name: 'large_community',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'withdraw',
  from: 'anybody',
  check: listOf(LARGE_COMMUNITY_LENGTH, 'LARGE_COMMUNITY'),
  decode: (bytes, start, end) => {
    const values = new Map<string, LargeCommunity>()
    for (let offset = start; offset < end; offset += LARGE_COMMUNITY_LENGTH) {
      const value = [readU32(bytes, offset), readU32(bytes, offset + 4), readU32(bytes, offset + 8)] as const
      if (!values.has(value.join())) values.set(value.join(), value)
    }
    return { type: 'large-communities', values: [...values.values()] }
  },
  encode: ({ values }) => encodeWords(values.flat()),
  format: ({ values }) => values.map(value => `(${value.join(', ')})`).join(' '),
}

/** Kinds that have a word in BIRD, by subtype (RFC 4360 4, 5). */
const KINDS: Record<number, string> = { 2: 'rt', 3: 'ro' }

/** RFC 4360 3.1, 3.2 and RFC 5668 2 by the high type octet, with or without the non-transitive bit. */
function formatExtendedCommunity(value: Uint8Array): string {
  const form = readU8(value, 0) & ~0x40
  const kind = KINDS[readU8(value, 1)] ?? `unknown 0x${readU16(value, 0).toString(16)}`
  switch (form) {
    case 0:
      return `(${kind}, ${readU16(value, 2)}, ${readU32(value, 4)})`
    case 1:
      return `(${kind}, ${formatRouterId(readU32(value, 2))}, ${readU16(value, 6)})`
    case 2:
      return `(${kind}, ${readU32(value, 2)}, ${readU16(value, 6)})`
    default:
      return `(generic, 0x${readU32(value, 0).toString(16)}, 0x${readU32(value, 4).toString(16)})`
  }
}
