/**
 * Socket addresses as C structures: sockaddr_in, sockaddr_in6 (RFC 3493 3.3) and sockaddr_nl. Family in host order, port and address in network order.
 */
import { AddressFamily } from './constants.ts'
import { IS_LITTLE_ENDIAN, struct } from './host-order.ts'

/** An address and port of TCP or UDP. `address` is 4 or 16 octets in network byte order. */
export interface Endpoint {
  readonly address: Uint8Array
  readonly port: number
  /** Interface index of a link-local address; 0 or absent: none. */
  readonly scopeId?: number
}

/** sockaddr_in (16 octets) or sockaddr_in6 (28 octets), by the length of the address. */
export function encodeEndpoint({ address, port, scopeId = 0 }: Endpoint): Uint8Array {
  const isIpv4 = address.length === 4
  const { bytes, view } = struct(isIpv4 ? 16 : 28)
  view.setUint16(0, isIpv4 ? AddressFamily.inet : AddressFamily.inet6, IS_LITTLE_ENDIAN)
  view.setUint16(2, port)
  bytes.set(address, isIpv4 ? 4 : 8)
  if (!isIpv4) view.setUint32(24, scopeId, IS_LITTLE_ENDIAN)
  return bytes
}

/** The endpoint in a sockaddr of either family; undefined for other families. */
export function decodeEndpoint(bytes: Uint8Array): Endpoint | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const family = view.getUint16(0, IS_LITTLE_ENDIAN)
  const port = view.getUint16(2)
  if (family === AddressFamily.inet) return { address: bytes.slice(4, 8), port }
  if (family !== AddressFamily.inet6) return undefined
  return { address: bytes.slice(8, 24), port, scopeId: view.getUint32(24, IS_LITTLE_ENDIAN) }
}

/** sockaddr_nl: a port id (0: the kernel chooses) and a mask of multicast groups. */
export function encodeNetlinkAddress(portId: number, groups: number): Uint8Array {
  const { bytes, view } = struct(12)
  view.setUint16(0, AddressFamily.netlink, IS_LITTLE_ENDIAN)
  view.setUint32(4, portId, IS_LITTLE_ENDIAN)
  view.setUint32(8, groups, IS_LITTLE_ENDIAN)
  return bytes
}

/** The port id in a sockaddr_nl. */
export function netlinkPortId(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(4, IS_LITTLE_ENDIAN)
}
