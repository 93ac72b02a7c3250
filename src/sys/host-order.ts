/**
 * Reading and writing structures of the C library in the byte order of this machine. Network byte order has its own functions in wire/bytes.ts.
 * Called by everything in sys/ and by the netlink messages of kernel/.
 */
import { endianness } from 'node:os'

/** The flag DataView wants for host order. */
export const IS_LITTLE_ENDIAN = endianness() === 'LE'

/** A zeroed structure and the view that writes it. */
export function struct(octets: number): {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly view: DataView<ArrayBuffer>
} {
  const bytes = new Uint8Array(octets)
  return { bytes, view: new DataView(bytes.buffer) }
}

/** A C int as setsockopt takes it. */
export function int32(value: number): Uint8Array {
  const { bytes, view } = struct(4)
  view.setInt32(0, value, IS_LITTLE_ENDIAN)
  return bytes
}

/** The 32-bit number whose octets in memory are those of `value` in network byte order (htonl). */
export function toNetworkOrder(value: number): number {
  const { view } = struct(4)
  view.setUint32(0, value)
  return view.getUint32(0, IS_LITTLE_ENDIAN)
}
