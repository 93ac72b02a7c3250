/**
 * Address families: the (AFI, SAFI) pairs this speaker knows (RFC 4760 3, IANA address-family numbers).
 * A `Family` is one of a closed list of frozen objects, so `===` compares families and `FAMILIES[family.index]`
 * finds a per-family table. A pair we do not speak has no `Family`; callers keep the two numbers instead.
 * Called by everyone who handles NLRI.
 */

/** The name of a family as used in configuration, show output and metrics. */
export type FamilyName = 'ipv4-unicast' | 'ipv6-unicast'

/** One address family. `bits` and `words` size an address; `index` numbers the families densely from 0. */
export interface Family {
  readonly name: FamilyName
  /** Address Family Identifier, 2 octets on the wire. */
  readonly afi: number
  /** Subsequent Address Family Identifier, 1 octet on the wire. */
  readonly safi: number
  /** Length of an address in bits. */
  readonly bits: 32 | 128
  /** Length of an address in 32-bit words. */
  readonly words: 1 | 4
  /** Position in `FAMILIES`. */
  readonly index: 0 | 1
}

/** IPv4 unicast: AFI 1, SAFI 1. The one family every speaker has without asking (RFC 4760 8). */
export const IPV4_UNICAST: Family = { name: 'ipv4-unicast', afi: 1, safi: 1, bits: 32, words: 1, index: 0 }

/** IPv6 unicast: AFI 2, SAFI 1 (RFC 2545). */
export const IPV6_UNICAST: Family = { name: 'ipv6-unicast', afi: 2, safi: 1, bits: 128, words: 4, index: 1 }

/** All families this speaker knows; `FAMILIES[family.index] === family`. */
export const FAMILIES: readonly Family[] = [IPV4_UNICAST, IPV6_UNICAST]

/** The family with these numbers, or undefined when we do not speak it. Does not allocate. */
export function familyOf(afi: number, safi: number): Family | undefined {
  if (safi !== 1) return undefined
  if (afi === 1) return IPV4_UNICAST
  if (afi === 2) return IPV6_UNICAST
  return undefined
}

/** The family with this name, or undefined. */
export function familyByName(name: string): Family | undefined {
  return FAMILIES.find(family => family.name === name)
}
