/**
 * What a row of the attribute table is, and the words for what a bad attribute does to its UPDATE (RFC 7606 2).
 * One row describes one path attribute completely: a new attribute is a new row in `registry.ts` and nothing else.
 * Called by the attribute files, `registry.ts` and `judge.ts`.
 */

import type { CodecContext } from '../context.ts'

/**
 * The outcome of reading an UPDATE, weakest first (RFC 7606 2): take it; take it without some attribute; take every
 * prefix in it as withdrawn; end the session. With several errors the strongest counts (RFC 7606 3 h).
 */
export type Action = 'accept' | 'discard' | 'withdraw' | 'reset'

/** One thing that was wrong with an attribute, and what that alone would do to the UPDATE. */
export interface AttributeProblem {
  /** Attribute type code; 0 when the block itself is broken. */
  readonly code: number
  readonly action: Exclude<Action, 'accept'>
  /** For logs and operators. */
  readonly reason: string
  /** The paragraph that decides: "RFC 7606 7.1". */
  readonly rfc: string
  /**
   * A copy of the attribute as received, from its flags to the end of its value or of the block, for inspection
   * (RFC 7606 6). Empty when the fault is that something is missing.
   */
  readonly octets: Uint8Array
}

/** A fault that has a paragraph or an outcome other than the usual ones of its row. */
export interface Fault {
  readonly reason: string
  readonly rfc?: string
  readonly action?: 'discard' | 'withdraw'
}

/**
 * Who may send an attribute; from anybody else it is discarded unread (RFC 7606 7.5, 7.9, 7.10; RFC 6793 6).
 * `inside` is an internal peer or any member of our confederation, `internal` the former only.
 */
export type AttributeSender = 'anybody' | 'inside' | 'internal' | 'two-octet-speaker'

/** Everything about one path attribute. Offsets are those of the value. */
export interface AttributeRow<A extends { readonly type: string } = { readonly type: string }> {
  readonly code: number
  readonly type: A['type']
  /** The name behind `BGP.` in BIRD's show output. */
  readonly name: string
  /** The Optional and Transitive bits it must have. */
  readonly flags: number
  /** What a syntax error in the value does (RFC 7606 7). */
  readonly onError: Exclude<Action, 'accept'>
  /** The paragraph that says so. RFC 7606 7 when absent. */
  readonly rfc?: string
  /**
   * Present when the attribute's own document overrules RFC 7606 3 c, by which wrong flags withdraw (and reset where
   * `onError` does).
   */
  readonly onWrongFlags?: 'discard'
  readonly from: AttributeSender
  /**
   * Present when we only know the shape of the attribute: a broken one is stopped, a sound one treated as an
   * unrecognised one is, passed on with the Partial bit or dropped (RFC 4271 5).
   */
  readonly isUnused?: true
  /** What is wrong with the value, or undefined. Allocates nothing when all is well. */
  check(bytes: Uint8Array, start: number, end: number, context: CodecContext): string | Fault | undefined
  /** The value as an object; only after `check` found nothing wrong. Copies what it keeps. */
  decode(bytes: Uint8Array, start: number, end: number, context: CodecContext): A
  /** The octets of the value. */
  encode(attribute: A, context: CodecContext): Uint8Array
  /** The value in the words of BIRD's `show route all`. */
  format(attribute: A): string
}

/** The flags of the three kinds of attribute (RFC 4271 5): bits Optional (0x80) and Transitive (0x40). */
export const Category = { WELL_KNOWN: 0x40, OPTIONAL_TRANSITIVE: 0xc0, OPTIONAL_NON_TRANSITIVE: 0x80 } as const

/** A check that the value has exactly `octets` octets. */
export const exactly =
  (octets: number, name: string) =>
  (_bytes: Uint8Array, start: number, end: number): string | undefined =>
    end - start === octets ? undefined : `${name} is not ${octets} octets long`

/** A check that the value is a list of items of `octets` octets, at least one of them (RFC 7606 4). */
export const listOf =
  (octets: number, name: string) =>
  (_bytes: Uint8Array, start: number, end: number): string | undefined => {
    if (end === start) return `${name} is empty`
    return (end - start) % octets === 0 ? undefined : `${name} is not a multiple of ${octets} octets`
  }
