/**
 * TCP descriptors with their options set before bind and connect, which node:net cannot do: the first segment already carries them.
 *
 * The descriptor is for `new net.Socket({ fd, manualStart: true })` and a `.connect()` in the same tick (a later one silently makes a fresh socket
 * without any of the options), or for `server.listen({ fd })`. After the hand-over it is libuv's: close it only if the hand-over threw.
 * One row of OPTIONS an option: TTL, GTSM (RFC 5082), device, traffic class; MD5 keys (RFC 2385) are in tcp-md5.ts. Called by src/net.
 */
import { fstatSync } from 'node:fs'
import { AddressFamily, IpOption, Ipv6Option, Level, SocketOption, SocketType, TcpOption } from './constants.ts'
import { IS_LITTLE_ENDIAN, struct } from './host-order.ts'
import { check, requireLibc } from './libc.ts'
import { decodeEndpoint, type Endpoint, encodeEndpoint } from './sockaddr.ts'
import { getOctets, getOption, openSocket, type SocketOptionName, setOctets, setOption } from './socket-option.ts'
import { type Md5Key, setMd5Key } from './tcp-md5.ts'

export type TcpFamily = 'ipv4' | 'ipv6'

/** What may be set on a connection at any time; on an accepted one it replaces what the listener had. */
export interface ConnectionOptions {
  /** The octet in the IP header: TOS of IPv4 and traffic class of IPv6. */
  readonly trafficClass?: number
  /** TTL or hop limit of what we send, 1 to 255; KERNEL_TTL for the kernel's default. */
  readonly ttl?: number
  /** Segments that arrive with less are dropped (RFC 5082 3), 1 to 255. */
  readonly minimumTtl?: number
  /** The interface everything has to go through. */
  readonly device?: string
  /** TCP_USER_TIMEOUT, milliseconds: how long sent octets may go unacknowledged. */
  readonly userTimeoutMs?: number
  /** Key for the other end. */
  readonly md5?: Md5Key
}

export interface TcpOptions extends ConnectionOptions {
  readonly family: TcpFamily
  /** Source address of a connection, or the address to listen on. */
  readonly local?: Endpoint
  /** SO_REUSEADDR: bind although connections of an earlier process linger. */
  readonly reuseAddress?: boolean
  /** IPV6_V6ONLY; on unless switched off. Means nothing for IPv4. */
  readonly v6Only?: boolean
  /** For listeners: keep the headers of the first segment of each connection, so that `arrivalTtl` can tell. */
  readonly saveSyn?: boolean
}

/** As a `ttl`: whatever the kernel sends by default. */
export const KERNEL_TTL = -1

interface OptionRow<Options> {
  /** The value to set, undefined: leave it. */
  readonly value: (options: Options) => number | undefined
  readonly ipv4?: SocketOptionName
  readonly ipv6?: SocketOptionName
}

const REUSE_ADDRESS = { level: Level.socket, number: SocketOption.reuseAddress, name: 'SO_REUSEADDR' }
const SAVE_SYN = { level: Level.tcp, number: TcpOption.saveSyn, name: 'TCP_SAVE_SYN' }
const SAVED_SYN = { level: Level.tcp, number: TcpOption.savedSyn, name: 'TCP_SAVED_SYN' }
const DEVICE = { level: Level.socket, number: SocketOption.bindToDevice, name: 'SO_BINDTODEVICE' }
const USER_TIMEOUT = { level: Level.tcp, number: TcpOption.userTimeout, name: 'TCP_USER_TIMEOUT' }
const V6_ONLY = { level: Level.ipv6, number: Ipv6Option.v6Only, name: 'IPV6_V6ONLY' }

/** Before bind, in the order they are set. */
const SOCKET_ROWS: readonly OptionRow<TcpOptions>[] = [
  { value: options => (options.reuseAddress ? 1 : undefined), ipv4: REUSE_ADDRESS, ipv6: REUSE_ADDRESS },
  { value: options => (options.v6Only === false ? 0 : 1), ipv6: V6_ONLY },
  { value: options => (options.saveSyn ? 1 : undefined), ipv4: SAVE_SYN, ipv6: SAVE_SYN },
]

/** At any time; all of them can be read back. */
const CONNECTION_ROWS: readonly Required<OptionRow<ConnectionOptions>>[] = [
  {
    value: options => options.trafficClass,
    ipv4: { level: Level.ip, number: IpOption.typeOfService, name: 'IP_TOS' },
    ipv6: { level: Level.ipv6, number: Ipv6Option.trafficClass, name: 'IPV6_TCLASS' },
  },
  {
    value: options => options.ttl,
    ipv4: { level: Level.ip, number: IpOption.ttl, name: 'IP_TTL' },
    ipv6: { level: Level.ipv6, number: Ipv6Option.unicastHops, name: 'IPV6_UNICAST_HOPS' },
  },
  {
    value: options => options.minimumTtl,
    ipv4: { level: Level.ip, number: IpOption.minimumTtl, name: 'IP_MINTTL' },
    ipv6: { level: Level.ipv6, number: Ipv6Option.minimumHopCount, name: 'IPV6_MINHOPCOUNT' },
  },
  { value: options => options.userTimeoutMs, ipv4: USER_TIMEOUT, ipv6: USER_TIMEOUT },
]

/** A non-blocking, close-on-exec TCP descriptor, bound if `local` is given. Throws SysUnavailable, or a SysError (EADDRNOTAVAIL, EADDRINUSE, ENODEV ...). */
export function openTcp(options: TcpOptions): number {
  const libc = requireLibc()
  const family = options.family === 'ipv4' ? AddressFamily.inet : AddressFamily.inet6
  const type = SocketType.stream | SocketType.nonBlocking | SocketType.closeOnExec
  return openSocket(libc, family, type, fd => {
    for (const row of SOCKET_ROWS) {
      const value = row.value(options)
      const option = row[options.family]
      if (value !== undefined && option !== undefined) setOption(libc, fd, option, value)
    }
    setConnectionOptions(fd, options.family, options)
    if (options.local === undefined) return
    const address = encodeEndpoint(options.local)
    check(libc, 'bind', libc.bind(fd, address, address.length))
  })
}

/** Sets what is given and leaves the rest. Throws a SysError. */
export function setConnectionOptions(fd: number, family: TcpFamily, options: ConnectionOptions): void {
  const libc = requireLibc()
  if (options.device !== undefined) setOctets(libc, fd, DEVICE, new TextEncoder().encode(`${options.device}\0`))
  for (const row of CONNECTION_ROWS) {
    const value = row.value(options)
    if (value !== undefined) setOption(libc, fd, row[family], value)
  }
  if (options.md5 !== undefined) setMd5Key(fd, options.md5)
}

/** The name of the first option that the descriptor has not got, as far as the kernel tells (MD5 keys it does not); undefined when all is well. */
export function missingOption(fd: number, family: TcpFamily, options: ConnectionOptions): string | undefined {
  const libc = requireLibc()
  for (const row of CONNECTION_ROWS) {
    const value = row.value(options)
    if (value === undefined || value === KERNEL_TTL) continue
    if (getOption(libc, fd, row[family]) !== value) return row[family].name
  }
  if (options.device === undefined) return undefined
  const [device] = new TextDecoder().decode(getOctets(libc, fd, DEVICE, 16)).split('\0')
  return device === options.device ? undefined : DEVICE.name
}

/** TTL or hop limit of the segment that opened an accepted connection; undefined when the kernel kept none. Can be asked once. */
export function arrivalTtl(fd: number, family: TcpFamily): number | undefined {
  return getOctets(requireLibc(), fd, SAVED_SYN, 256)[family === 'ipv4' ? 8 : 7]
}

/** What tells one socket from every other, also from a later one with the same number. */
export function socketIdentity(fd: number): number {
  return fstatSync(fd).ino
}

/** The local address of a descriptor: after 'connect', the proof that the options did not get lost with a fresh socket. */
export function localEndpoint(fd: number): Endpoint | undefined {
  const libc = requireLibc()
  const address = new Uint8Array(28)
  const length = struct(4)
  length.view.setUint32(0, address.length, IS_LITTLE_ENDIAN)
  check(libc, 'getsockname', libc.getsockname(fd, address, length.bytes))
  return decodeEndpoint(address)
}

/** Closes a descriptor that was not handed over. */
export function closeDescriptor(fd: number): void {
  requireLibc().close(fd)
}

/** The descriptor inside an accepted or connected socket; undefined when Node keeps it elsewhere one day. Never keep the number: forget it on 'close'. */
export function descriptorOf(socket: object): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle')
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  return typeof fd === 'number' && Number.isInteger(fd) && fd > 2 ? fd : undefined
}
