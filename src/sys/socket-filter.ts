/**
 * Packet filters on sockets (classic BPF, SO_ATTACH_FILTER) and the kernel's count of what a socket dropped. On a listening TCP socket a filter sees every
 * segment before a connection is made of it. Called by src/net/flood-guard.ts.
 */
import { Level, SocketOption } from './constants.ts'
import { isSysError } from './errno.ts'
import { IS_LITTLE_ENDIAN } from './host-order.ts'
import { check, requireLibc } from './libc.ts'
import { getOctets, setOption } from './socket-option.ts'

const DETACH_FILTER = { level: Level.socket, number: SocketOption.detachFilter, name: 'SO_DETACH_FILTER' }
const MEMORY_INFO = { level: Level.socket, number: SocketOption.memoryInfo, name: 'SO_MEMINFO' }
/** SK_MEMINFO_DROPS, the ninth of the 32-bit numbers of SO_MEMINFO. */
const DROPS_AT = 8
const MEMORY_INFO_OCTETS = 36

/** Attaches or replaces the filter; `program` is an array of struct sock_filter. Throws a SysError (ENOMEM: net.core.optmem_max). */
export function attachFilter(fd: number, program: Uint8Array): void {
  const libc = requireLibc()
  check(libc, 'SO_ATTACH_FILTER', libc.attachFilter(fd, Level.socket, SocketOption.attachFilter, program))
}

/** Takes the filter away, if there is one. */
export function detachFilter(fd: number): void {
  try {
    setOption(requireLibc(), fd, DETACH_FILTER, 0)
  } catch (error) {
    if (!isSysError(error, 'ENOENT')) throw error
  }
}

/** Segments this socket has dropped since it was made, by its filter or for want of room or a good signature; 32 bits, wraps. */
export function droppedSegments(fd: number): number {
  const octets = getOctets(requireLibc(), fd, MEMORY_INFO, MEMORY_INFO_OCTETS)
  return new DataView(octets.buffer).getUint32(DROPS_AT * 4, IS_LITTLE_ENDIAN)
}
