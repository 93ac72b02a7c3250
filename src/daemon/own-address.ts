/**
 * Which own address to tell as next hop for a family that the session's own address does not belong to (RFC 4760 3, RFC 2545 3).
 *
 * A session over IPv4 carries IPv6 routes as well; their next hop is an IPv6 address of the interface that holds the session's IPv4 address, and the other
 * way round. Link-local addresses do not count: the neighbour may be more than one link away. What the configuration says comes first.
 * Called by routing.ts when a session reaches Established.
 */
import { networkInterfaces } from 'node:os'
import { type Family, formatAddress, parseAddress } from '../../wire/index.ts'

export interface OwnNextHops {
  readonly ipv4?: Uint8Array
  readonly ipv6?: Uint8Array
}

type Interfaces = ReturnType<typeof networkInterfaces>

/**
 * Own next hops for a session that speaks `families` and whose own end is `local` (4 or 16 octets). A family for which none is known is
 * absent: its local routes are not told. The machine is asked only where the session needs it: with a thousand neighbours it shows.
 */
export function ownNextHops(
  local: Uint8Array,
  configured: OwnNextHops,
  families: readonly Family[],
  interfaces: () => Interfaces = networkInterfaces,
): OwnNextHops {
  const isIpv4 = local.length === 4
  const own: OwnNextHops = isIpv4 ? { ipv4: local } : { ipv6: local }
  const isOtherSpoken = families.some(({ bits }) => bits !== local.length * 8)
  const isKnown = (isIpv4 ? configured.ipv6 : configured.ipv4) !== undefined
  if (!isOtherSpoken || isKnown) return { ...own, ...configured }
  const found = neighbourAddress(formatAddress(local), isIpv4 ? 'IPv6' : 'IPv4', interfaces())
  const other = found === undefined ? {} : isIpv4 ? { ipv6: found } : { ipv4: found }
  return { ...other, ...own, ...configured }
}

/** The first address of the wanted family on the interface that has `text`. */
function neighbourAddress(text: string, wanted: 'IPv4' | 'IPv6', interfaces: Interfaces): Uint8Array | undefined {
  for (const addresses of Object.values(interfaces)) {
    if (addresses === undefined || !addresses.some(({ address }) => address === text)) continue
    const match = addresses.find(({ family, address }) => family === wanted && !address.startsWith('fe80:'))
    if (match !== undefined) return parseAddress(match.address)
  }
  return undefined
}
