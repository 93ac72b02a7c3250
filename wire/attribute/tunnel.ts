/**
 * Two attributes about tunnels that we do not build: PMSI_TUNNEL (RFC 6514 5) for multicast and TUNNEL_ENCAPSULATION
 * (RFC 9012 2). Both optional transitive; passed on when sound, treat as withdraw when not.
 * PMSI_TUNNEL is malformed with a tunnel type RFC 6514 does not define, or an identifier its type cannot have (5); types
 * of later documents count as undefined, since we know none of those.
 * TUNNEL_ENCAPSULATION is malformed when TLVs or sub-TLVs do not end where the whole ends, or there is none; types are
 * nobody's error (RFC 9012 13). Called through `registry.ts`.
 */

import { concatBytes, formatHex, readU8 } from '../bytes.ts'
import { AttributeCode } from '../iana.ts'
import type { AttributeRow } from './row.ts'
import { Category } from './row.ts'
import type { Tlv, TlvLayout } from './tlv.ts'
import { decodeTlvs, encodeTlvs, formatTlvs, tlvEnd, tlvStart } from './tlv.ts'

/** A tunnel for multicast traffic; `label` has the 24 bits of the field, `identifier` depends on the type. */
export interface PmsiTunnelAttribute {
  readonly type: 'pmsi-tunnel'
  readonly flags: number
  readonly tunnelType: number
  readonly label: number
  readonly identifier: Uint8Array
}

/** Tunnels by type; values are sub-TLVs, unread. */
export interface TunnelEncapsulationAttribute {
  readonly type: 'tunnel-encapsulation'
  readonly tunnels: readonly Tlv[]
}

/** Flags, tunnel type, label. */
const PMSI_HEAD = 5

/** Lengths the identifier of a tunnel type may have (RFC 6514 5; IPv6 forms RFC 6515); `mldp` is a FEC of any length. */
const IDENTIFIER_LENGTHS: readonly (readonly number[] | 'any' | 'mldp')[] = [
  'any', // 0: no tunnel information
  [12, 24], // 1: RSVP-TE point-to-multipoint
  'mldp', // 2: mLDP point-to-multipoint
  [8, 32], // 3: PIM-SSM tree: root and group
  [8, 32], // 4: PIM-SM tree
  [8, 32], // 5: BIDIR-PIM tree
  [4, 16], // 6: ingress replication: where to tunnel to
  'mldp', // 7: mLDP multipoint-to-multipoint
]

/** Shortest mLDP FEC element: type, address family, address length, an IPv4 root (RFC 6388 2.2). */
const MIN_MLDP_FEC = 8

/** The row of PMSI_TUNNEL. */
export const PMSI_TUNNEL: AttributeRow<PmsiTunnelAttribute> = {
  code: AttributeCode.PMSI_TUNNEL,
  type: 'pmsi-tunnel',
  name: 'pmsi_tunnel',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'withdraw',
  rfc: 'RFC 6514 5',
  from: 'anybody',
  isUnused: true,
  check: checkPmsi,
  decode: (bytes, start, end) => ({
    type: 'pmsi-tunnel',
    flags: readU8(bytes, start),
    tunnelType: readU8(bytes, start + 1),
    label: (readU8(bytes, start + 2) << 16) | (readU8(bytes, start + 3) << 8) | readU8(bytes, start + 4),
    identifier: bytes.slice(start + PMSI_HEAD, end),
  }),
  encode: ({ flags, tunnelType, label, identifier }) =>
    concatBytes(Uint8Array.of(flags, tunnelType, label >>> 16, label >>> 8, label), identifier),
  format: ({ flags, tunnelType, label, identifier }) =>
    `type ${tunnelType} flags 0x${flags.toString(16)} label 0x${label.toString(16)} id ${formatHex(identifier)}`,
}

function checkPmsi(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start < PMSI_HEAD) return 'PMSI_TUNNEL is shorter than 5 octets'
  const lengths = IDENTIFIER_LENGTHS[readU8(bytes, start + 1)]
  if (lengths === undefined) return 'undefined tunnel type in PMSI_TUNNEL'
  const octets = end - start - PMSI_HEAD
  const isPossible = lengths === 'any' || (lengths === 'mldp' ? octets >= MIN_MLDP_FEC : lengths.includes(octets))
  return isPossible ? undefined : 'impossible tunnel identifier in PMSI_TUNNEL'
}

const TUNNEL: TlvLayout = { typeOctets: 2, lengthOctets: 2, isHeadCounted: false }
/** Sub-TLVs of type 128 and above have a length of two octets (RFC 9012 2). */
const SHORT: TlvLayout = { typeOctets: 1, lengthOctets: 1, isHeadCounted: false }
const LONG: TlvLayout = { typeOctets: 1, lengthOctets: 2, isHeadCounted: false }

/** The row of TUNNEL_ENCAPSULATION. */
export const TUNNEL_ENCAPSULATION: AttributeRow<TunnelEncapsulationAttribute> = {
  code: AttributeCode.TUNNEL_ENCAPSULATION,
  type: 'tunnel-encapsulation',
  name: 'tunnel_encap',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'withdraw',
  rfc: 'RFC 9012 13',
  from: 'anybody',
  isUnused: true,
  check: checkTunnels,
  decode: (bytes, start, end) => ({ type: 'tunnel-encapsulation', tunnels: decodeTlvs(bytes, start, end, TUNNEL) }),
  encode: ({ tunnels }) => encodeTlvs(tunnels, TUNNEL),
  format: ({ tunnels }) => formatTlvs(tunnels),
}

function checkTunnels(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (start === end) return 'TUNNEL_ENCAPSULATION has no tunnel'
  for (let at = start; at < end; ) {
    const next = tlvEnd(bytes, at, end, TUNNEL)
    if (next === -1) return 'a tunnel runs past TUNNEL_ENCAPSULATION'
    for (let sub = tlvStart(at, TUNNEL); sub < next; ) {
      sub = tlvEnd(bytes, sub, next, readU8(bytes, sub) < 128 ? SHORT : LONG)
      if (sub === -1) return 'a sub-TLV runs past its tunnel'
    }
    at = next
  }
  return undefined
}
