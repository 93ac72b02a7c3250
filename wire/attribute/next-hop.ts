/**
 * NEXT_HOP (RFC 4271 5.1.3): well-known mandatory with IPv4 NLRI, four octets; any other length: treat as withdraw
 * (RFC 7606 7.3). Whether the address is sensible is for whoever knows our own addresses (RFC 4271 6.3).
 * Canonical blocks (`normalise.ts`) also carry the next hop of MP_REACH_NLRI in this attribute, 4, 16 or 32 octets.
 * Called through `registry.ts`.
 */

import { AttributeCode } from '../iana.ts'
import { formatAddress } from '../prefix.ts'
import type { AttributeRow } from './row.ts'
import { Category, exactly } from './row.ts'

/** The next hop: 4 octets, 16, or 32 for a global and a link-local address (RFC 2545 3). */
export interface NextHopAttribute {
  readonly type: 'next-hop'
  readonly octets: Uint8Array
}

/** The row of NEXT_HOP. */
export const NEXT_HOP: AttributeRow<NextHopAttribute> = {
  code: AttributeCode.NEXT_HOP,
  type: 'next-hop',
  name: 'next_hop',
  flags: Category.WELL_KNOWN,
  onError: 'withdraw',
  rfc: 'RFC 7606 7.3',
  from: 'anybody',
  check: exactly(4, 'NEXT_HOP'),
  decode: (bytes, start, end) => ({ type: 'next-hop', octets: bytes.slice(start, end) }),
  encode: ({ octets }) => octets,
  format: ({ octets }) => formatNextHop(octets),
}

/** What a next hop says: a global address, a link-local one, or both. */
export interface NextHopAddresses {
  /** 4 or 16 octets, a view of what was given. */
  readonly global?: Uint8Array
  /** 16 octets inside fe80::/10, a view. */
  readonly linkLocal?: Uint8Array
}

/**
 * The addresses in a next hop of 4, 16 or 32 octets (RFC 2545 3). INTEROP: on link-local sessions the link-local address
 * comes alone (16 octets), after `::` (BIRD, FRR) or twice (FRR); all three say that there is no global one.
 */
export function nextHopAddresses(octets: Uint8Array): NextHopAddresses {
  if (octets.length === 4) return { global: octets }
  const first = octets.subarray(0, 16)
  const second = octets.subarray(16)
  const linkLocal = isLinkLocal(first) ? first : isLinkLocal(second) ? second : undefined
  const isGlobal = first !== linkLocal && first.some(octet => octet !== 0)
  return { ...(isGlobal && { global: first }), ...(linkLocal !== undefined && { linkLocal }) }
}

const isLinkLocal = (octets: Uint8Array): boolean => octets[0] === 0xfe && ((octets[1] ?? 0) & 0xc0) === 0x80

/** One address, or the global and the link-local one with a space between. */
export function formatNextHop(octets: Uint8Array): string {
  if (octets.length !== 32) return formatAddress(octets)
  return `${formatAddress(octets.slice(0, 16))} ${formatAddress(octets.slice(16))}`
}
