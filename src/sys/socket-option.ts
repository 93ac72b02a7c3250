/**
 * Integer socket options and the life of a descriptor, for everything in sys/ that makes sockets.
 */
import { IS_LITTLE_ENDIAN, int32, struct } from './host-order.ts'
import { check, type Libc } from './libc.ts'

/** Sets an int option; throws a SysError named after it. */
export function setOption(libc: Libc, fd: number, option: SocketOptionName, value: number): void {
  check(libc, option.name, libc.setsockopt(fd, option.level, option.number, int32(value), 4))
}

/** Reads an int option back. */
export function getOption(libc: Libc, fd: number, option: SocketOptionName): number {
  const value = getOctets(libc, fd, option, 4)
  return new DataView(value.buffer).getInt32(0, IS_LITTLE_ENDIAN)
}

/** Sets an option that is a structure or text. */
export function setOctets(libc: Libc, fd: number, option: SocketOptionName, value: Uint8Array): void {
  check(libc, option.name, libc.setsockopt(fd, option.level, option.number, value, value.length))
}

/** Reads such an option; as many octets as there are, at most `limit`. */
export function getOctets(libc: Libc, fd: number, option: SocketOptionName, limit: number): Uint8Array<ArrayBuffer> {
  const value = new Uint8Array(limit)
  const length = struct(4)
  length.view.setUint32(0, limit, IS_LITTLE_ENDIAN)
  check(libc, option.name, libc.getsockopt(fd, option.level, option.number, value, length.bytes))
  return value.subarray(0, length.view.getUint32(0, IS_LITTLE_ENDIAN))
}

/** A socket option and the name it has in manuals. */
export interface SocketOptionName {
  readonly level: number
  readonly number: number
  readonly name: string
}

/** Makes a descriptor and prepares it; closed again when the preparation throws. */
export function openSocket(libc: Libc, family: number, type: number, prepare: (fd: number) => void): number {
  const fd = check(libc, 'socket', libc.socket(family, type, 0))
  try {
    prepare(fd)
    return fd
  } catch (error) {
    libc.close(fd)
    throw error
  }
}
