/**
 * TCP descriptors with their options set before bind and connect, which node:net cannot do: the first segment already carries them.
 *
 * The descriptor is for `new net.Socket({ fd, manualStart: true })` and a `.connect()` in the same tick (a later one silently makes a fresh socket
 * without any of the options), or for `server.listen({ fd })`. After the hand-over it is libuv's: close it only if the hand-over threw.
 * One row of OPTIONS an option; TTL, GTSM (RFC 5082), MD5 keys (RFC 2385), device and user timeout are further rows to come. Called by src/net.
 */
import type { Socket } from 'node:net'
import { AddressFamily, IpOption, Ipv6Option, Level, SocketOption, SocketType } from './constants.ts'
import { IS_LITTLE_ENDIAN, struct } from './host-order.ts'
import { check, requireLibc } from './libc.ts'
import { decodeEndpoint, type Endpoint, encodeEndpoint } from './sockaddr.ts'
import { openSocket, type SocketOptionName, setOption } from './socket-option.ts'

export interface TcpOptions {
  readonly family: 'ipv4' | 'ipv6'
  /** Source address of a connection, or the address to listen on. */
  readonly local?: Endpoint
  /** SO_REUSEADDR: bind although connections of an earlier process linger. */
  readonly reuseAddress?: boolean
  /** IPV6_V6ONLY; on unless switched off. Means nothing for IPv4. */
  readonly v6Only?: boolean
  /** The octet in the IP header: TOS of IPv4 and traffic class of IPv6. */
  readonly trafficClass?: number
}

interface OptionRow {
  /** The value to set, undefined: leave it. */
  readonly value: (options: TcpOptions) => number | undefined
  readonly ipv4?: SocketOptionName
  readonly ipv6?: SocketOptionName
}

const REUSE_ADDRESS = { level: Level.socket, number: SocketOption.reuseAddress, name: 'SO_REUSEADDR' }
const TOS = { level: Level.ip, number: IpOption.typeOfService, name: 'IP_TOS' }
const TRAFFIC_CLASS = { level: Level.ipv6, number: Ipv6Option.trafficClass, name: 'IPV6_TCLASS' }
const V6_ONLY = { level: Level.ipv6, number: Ipv6Option.v6Only, name: 'IPV6_V6ONLY' }

/** In the order they are set. */
const OPTIONS: readonly OptionRow[] = [
  { value: options => (options.reuseAddress ? 1 : undefined), ipv4: REUSE_ADDRESS, ipv6: REUSE_ADDRESS },
  { value: options => (options.v6Only === false ? 0 : 1), ipv6: V6_ONLY },
  { value: options => options.trafficClass, ipv4: TOS, ipv6: TRAFFIC_CLASS },
]

/** A non-blocking, close-on-exec TCP descriptor, bound if `local` is given. Throws SysUnavailable, or a SysError (EADDRNOTAVAIL, EADDRINUSE, EACCES ...). */
export function openTcp(options: TcpOptions): number {
  const libc = requireLibc()
  const family = options.family === 'ipv4' ? AddressFamily.inet : AddressFamily.inet6
  const type = SocketType.stream | SocketType.nonBlocking | SocketType.closeOnExec
  return openSocket(libc, family, type, fd => {
    for (const row of OPTIONS) {
      const value = row.value(options)
      const option = row[options.family]
      if (value !== undefined && option !== undefined) setOption(libc, fd, option, value)
    }
    if (options.local === undefined) return
    const address = encodeEndpoint(options.local)
    check(libc, 'bind', libc.bind(fd, address, address.length))
  })
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
export function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle')
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  return typeof fd === 'number' && Number.isInteger(fd) && fd > 2 ? fd : undefined
}
