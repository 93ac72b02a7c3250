/**
 * Branded numbers: two integers of the same machine type that must never be mixed up (house rule 3).
 * The brands exist for the compiler only; at run time they are plain numbers.
 * Called by whoever creates such a value from the outside world (configuration, command line, a decoded OPEN).
 */

/** An autonomous system number, 0 to 4294967295 (RFC 6793). */
export type Asn = number & { readonly __brand: 'Asn' }

/** A BGP Identifier, router id, ORIGINATOR_ID or cluster id: an unsigned 32-bit number (RFC 6286 2.1). */
export type RouterId = number & { readonly __brand: 'RouterId' }

/** A path identifier of ADD-PATH: an unsigned 32-bit number without meaning of its own (RFC 7911 3). */
export type PathId = number & { readonly __brand: 'PathId' }

/** Brands `n` as an AS number. The value is reduced to unsigned 32 bits, never checked: check at the edge. */
export const asn = (n: number): Asn => (n >>> 0) as Asn

/** Brands `n` as a router id. The value is reduced to unsigned 32 bits, never checked: check at the edge. */
export const routerId = (n: number): RouterId => (n >>> 0) as RouterId

/** Brands `n` as a path identifier. The value is reduced to unsigned 32 bits. */
export const pathId = (n: number): PathId => (n >>> 0) as PathId
