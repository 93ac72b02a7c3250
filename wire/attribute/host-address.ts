/**
 * Can an IPv4 address be a host's? RFC 4271 6.3 asks that of NEXT_HOP, and the IPv4 next hop of MP_REACH_NLRI is held to
 * the same: not "this network" 0/8 (RFC 1122 3.2.1.3), not multicast 224/4 (RFC 1112 4), nor the reserved 240/4 with the
 * broadcast address. Of IPv6 next hops the documents only judge the length (RFC 7606 7.11).
 * DEVIATION: loopback addresses pass, for several speakers on one machine. Called by `judge.ts`.
 */

/** May the next hop of `length` octets at `start` be that of a host? Anything but four octets is not ours to say. */
export function mayBeHost(bytes: Uint8Array, start: number, length: number): boolean {
  return length !== 4 || (bytes[start]! !== 0 && bytes[start]! < 224)
}
