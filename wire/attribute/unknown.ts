/**
 * Attributes we have no row for (RFC 4271 5): optional transitive ones are passed on with the Partial bit set and the
 * value untouched, optional non-transitive ones are dropped, well-known ones reset the session (RFC 4271 6.3: 3/2).
 * Called by `codec.ts`.
 */

/** An attribute without a row. `flags` as received, low four bits cleared; `value` is a copy. */
export interface UnknownAttribute {
  readonly type: 'unknown'
  readonly code: number
  readonly flags: number
  readonly value: Uint8Array
}

/** "01 02 03" as BIRD prints what it does not know. */
export function formatUnknown({ value }: UnknownAttribute): string {
  return Array.from(value, octet => octet.toString(16).padStart(2, '0')).join(' ')
}
