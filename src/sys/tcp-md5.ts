/**
 * TCP MD5 signatures (RFC 2385): the key for one neighbour on a listening, unconnected or connected descriptor; struct tcp_md5sig of linux/tcp.h.
 *
 * With a key for an address the kernel drops every segment from there that is not signed with it, and signs what goes there. A key cannot be read
 * back. An IPv4 descriptor takes IPv4 neighbours only; on an IPv6 one they would have to be mapped, which is why our listeners are of one family.
 * Called by tcp.ts and src/net.
 */
import { Level, TcpOption } from './constants.ts'
import { isSysError } from './errno.ts'
import { IS_LITTLE_ENDIAN, struct } from './host-order.ts'
import { requireLibc } from './libc.ts'
import { encodeEndpoint } from './sockaddr.ts'
import { setOctets } from './socket-option.ts'

/** The kernel's limit. */
const KEY_MAX_OCTETS = 80
/** `tcpm_flags`: the prefix length counts. */
const FLAG_PREFIX = 1
const MD5_SIGNATURE = { level: Level.tcp, number: TcpOption.md5Signature, name: 'TCP_MD5SIG' }
const MD5_SIGNATURE_PREFIX = { level: Level.tcp, number: TcpOption.md5SignatureExtended, name: 'TCP_MD5SIG_EXT' }

/** A neighbour, or all of a prefix, and the key for it. */
export interface Md5Key {
  /** 4 or 16 octets, of the descriptor's family. */
  readonly address: Uint8Array
  /** The key is for the prefix of this length; absent: for the one address. The longest prefix with a key counts. */
  readonly prefixLength?: number
  /** 1 to 80 octets; none at all takes the key away. */
  readonly key: Uint8Array
}

/** struct tcp_md5sig, 216 octets: sockaddr_storage, flags, prefix length, key length, interface, key. RangeError for a longer key. */
export function encodeMd5Key({ address, prefixLength, key }: Md5Key): Uint8Array {
  if (key.length > KEY_MAX_OCTETS) throw new RangeError(`an MD5 key has at most ${KEY_MAX_OCTETS} octets`)
  const { bytes, view } = struct(216)
  bytes.set(encodeEndpoint({ address, port: 0 }), 0)
  if (prefixLength !== undefined) {
    bytes[128] = FLAG_PREFIX
    bytes[129] = prefixLength
  }
  view.setUint16(130, key.length, IS_LITTLE_ENDIAN)
  bytes.set(key, 136)
  return bytes
}

/** Sets or replaces the key for a neighbour; established connections keep the one they have. Throws a SysError: ENOMEM above net.core.optmem_max. */
export function setMd5Key(fd: number, key: Md5Key): void {
  const option = key.prefixLength === undefined ? MD5_SIGNATURE : MD5_SIGNATURE_PREFIX
  setOctets(requireLibc(), fd, option, encodeMd5Key(key))
}

/** Takes the key for a neighbour or prefix away, if there is one. */
export function removeMd5Key(fd: number, whose: Omit<Md5Key, 'key'>): void {
  try {
    setMd5Key(fd, { ...whose, key: new Uint8Array(0) })
  } catch (error) {
    if (!isSysError(error, 'ENOENT')) throw error
  }
}
