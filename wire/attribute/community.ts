/**
 * Communities that are just numbers: COMMUNITIES (RFC 1997) and LARGE_COMMUNITY (RFC 8092). Both optional transitive
 * lists; an empty list or a broken length: treat as withdraw (RFC 7606 7.8; RFC 8092 6).
 * Repeated large communities count once (RFC 8092 3); `normalise.ts` drops the repeats.
 * Called through `registry.ts`.
 */

import { readU32 } from '../bytes.ts'
import { AttributeCode } from '../iana.ts'
import type { AttributeRow } from './row.ts'
import { Category, listOf } from './row.ts'
import { decodeWords, encodeWords } from './words.ts'

/** Communities as unsigned 32-bit numbers; the high half is by custom an AS number. */
export interface CommunitiesAttribute {
  readonly type: 'communities'
  readonly values: readonly number[]
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
  rfc: 'RFC 7606 7.8',
  from: 'anybody',
  check: listOf(4, 'COMMUNITIES'),
  decode: (bytes, start, end) => ({ type: 'communities', values: decodeWords(bytes, start, end) }),
  encode: ({ values }) => encodeWords(values),
  format: ({ values }) => values.map(value => `(${value >>> 16},${value & 0xffff})`).join(' '),
}

/** The row of LARGE_COMMUNITY. */
export const LARGE_COMMUNITY: AttributeRow<LargeCommunitiesAttribute> = {
  code: AttributeCode.LARGE_COMMUNITY,
  type: 'large-communities',
  name: 'large_community',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'withdraw',
  rfc: 'RFC 8092 6',
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
