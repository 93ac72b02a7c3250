/**
 * What TCP carries for one peer beyond the connection itself: MD5 signatures (RFC 2385), GTSM (RFC 5082), TTL, device; and DSCP CS6 for everybody.
 *
 * Dialled: a descriptor of our own with all of it set before the first segment, one an attempt, checked again once connected. Accepted: set and checked
 * before a byte is read. What a peer is configured to have, it has, or there is no connection; never one without (spec/platform.md 1, trap 1).
 * Without the C library sockets are Node's own, and a peer that needs one of these is refused when it is added. Called by peer-set, peer-driver, listener.
 */
import { Socket, type SocketConstructorOpts } from 'node:net'
import { TRAFFIC_CLASS_CS6 } from '../sys/constants.ts'
import { SysError } from '../sys/errno.ts'
import { type LibcResult, loadLibc } from '../sys/libc.ts'
import { interfaceIndex } from '../sys/namespace.ts'
import type { Endpoint } from '../sys/sockaddr.ts'
import {
  arrivalTtl,
  type ConnectionOptions,
  closeDescriptor,
  descriptorOf,
  KERNEL_TTL,
  missingOption,
  openTcp,
  setConnectionOptions,
  socketIdentity,
  type TcpFamily,
} from '../sys/tcp.ts'
import { addressOctets } from './address.ts'
import type { DialSocket, DialTarget } from './dialer.ts'
import { NetError } from './errors.ts'
import type { StreamSocket } from './stream-socket.ts'

export interface TransportOptions {
  /** RFC 2385: gives the key, 1 to 80 octets. A function, so that no log or view can show it. */
  readonly md5Key?: () => Uint8Array
  /** RFC 5082: how many hops away the neighbour may be, 1 for directly connected. Sends with 255, takes nothing below 256 minus this. */
  readonly ttlSecurityHops?: number
  /** TTL or hop limit of what we send. Default: the kernel's. */
  readonly ttl?: number
  /** The only interface the session may use. */
  readonly device?: string
  /** TCP_USER_TIMEOUT: how long what we sent may go unacknowledged before TCP gives up. Default: the kernel's. */
  readonly userTimeoutMs?: number
}

export const MAX_TTL = 255

const familyOf = (address: string): TcpFamily => (address.includes(':') ? 'ipv6' : 'ipv4')
const minimumTtl = (hops: number): number => MAX_TTL + 1 - hops

/** A local address for a descriptor; port 0: any. */
export function endpoint(address: string, port: number): Endpoint {
  const octets = addressOctets(address)
  if (octets === undefined)
    throw new NetError('peer-address-invalid', `"${address}" is not an IP address`, 'Correct it.')
  const zone = address.split('%')[1]
  return { address: octets, port, scopeId: zone === undefined ? 0 : interfaceIndex(zone) }
}

/** Options of the connection with a peer, on whichever side it was opened. */
function connectionOptions(remoteAddress: string, transport: TransportOptions): ConnectionOptions {
  const { md5Key, ttlSecurityHops: hops, ttl, device, userTimeoutMs } = transport
  const address = addressOctets(remoteAddress)
  return {
    trafficClass: TRAFFIC_CLASS_CS6,
    ...(ttl !== undefined && { ttl }),
    ...(hops !== undefined && { ttl: MAX_TTL, minimumTtl: minimumTtl(hops) }),
    ...(device !== undefined && { device }),
    ...(userTimeoutMs !== undefined && { userTimeoutMs }),
    ...(md5Key !== undefined && address !== undefined && { md5: { address, key: md5Key() } }),
  }
}

/** Options that Node cannot set itself, by the words of the configuration. */
const NEEDS_LIBC: readonly (readonly [keyof TransportOptions, string])[] = [
  ['md5Key', 'password'],
  ['ttlSecurityHops', 'ttlSecurity'],
  ['ttl', 'ttl (multihop)'],
  ['device', 'device'],
  ['userTimeoutMs', 'tcpUserTimeout'],
]

const neededOf = (transport: TransportOptions): string[] =>
  NEEDS_LIBC.filter(([option]) => transport[option] !== undefined).map(([, words]) => words)

/** A NetError when the peer is to have something that this machine cannot give. */
export function requireTransport(peer: string, transport: TransportOptions, libc: LibcResult = loadLibc()): void {
  const needed = neededOf(transport)
  if (libc.isLoaded || needed.length === 0) return
  throw new NetError(
    'transport-unavailable',
    `peer ${peer} is to have ${needed.join(', ')}, which cannot be set here: ${libc.reason}`,
    `Install godwit on Linux with its optional package koffi, or take ${needed.join(', ')} out.`,
  )
}

/** The socket of one attempt to connect. Must be connected in the same turn. Throws a SysError when an option cannot be had. */
export function openDialSocket(target: DialTarget, transport: TransportOptions): DialSocket {
  if (!loadLibc().isLoaded) return { socket: new Socket() }
  const { remoteAddress, localAddress } = target
  const family = familyOf(remoteAddress)
  const options = connectionOptions(remoteAddress, transport)
  const local = localAddress === undefined ? undefined : endpoint(localAddress, 0)
  const fd = openTcp({ ...options, family, ...(local !== undefined && { local }) })
  try {
    const identity = socketIdentity(fd)
    const constructorOptions: SocketConstructorOpts & { readonly manualStart: true } = { fd, manualStart: true }
    const socket = new Socket(constructorOptions)
    return { socket, isBound: local !== undefined, flaw: () => flawOf(socket, identity, { family, options }) }
  } catch (error) {
    closeDescriptor(fd)
    throw error
  }
}

interface Expected {
  readonly family: TcpFamily
  readonly options: ConnectionOptions
}

/** The inode says whether this is still the socket that was given the key, which cannot be read back; the rest is read back. */
function flawOf(socket: Socket, identity: number, { family, options }: Expected): string | undefined {
  const fd = descriptorOf(socket)
  if (fd === undefined || socketIdentity(fd) !== identity) return 'connected with another socket than the one prepared'
  const missing = missingOption(fd, family, options)
  return missing === undefined ? undefined : `connected without ${missing}`
}

/**
 * Gives an accepted socket the options of its peer, before anything is read. Returns why it cannot be used, or undefined. A key is set again although the
 * listener's was inherited: the connection may have been waiting since before the peer was added. Data may be there already that came in before the
 * minimum TTL was set, so the segment that opened the connection has to have kept it too.
 */
export function prepareAccepted(
  socket: StreamSocket,
  remoteAddress: string,
  transport: TransportOptions,
): 'ttl' | 'transport' | undefined {
  if (!loadLibc().isLoaded) return undefined
  const fd = descriptorOf(socket)
  if (fd === undefined) return neededOf(transport).length > 0 ? 'transport' : undefined
  const family = familyOf(remoteAddress)
  const options = { ttl: KERNEL_TTL, ...connectionOptions(remoteAddress, transport) }
  try {
    setConnectionOptions(fd, family, options)
    const { ttlSecurityHops: hops } = transport
    const arrived = hops === undefined ? MAX_TTL : (arrivalTtl(fd, family) ?? 0)
    if (hops !== undefined && arrived < minimumTtl(hops)) return 'ttl'
    return missingOption(fd, family, options) === undefined ? undefined : 'transport'
  } catch (error) {
    if (error instanceof SysError) return 'transport'
    throw error
  }
}

/** Exchanges the key of a live connection. The other end may follow within the hold time: TCP sends again what was signed with the wrong one. False: not possible. */
export function rekey(socket: StreamSocket, remoteAddress: string, key: Uint8Array): boolean {
  const fd = descriptorOf(socket)
  const address = addressOctets(remoteAddress)
  if (fd === undefined || address === undefined) return false
  try {
    setConnectionOptions(fd, familyOf(remoteAddress), { md5: { address, key } })
    return true
  } catch (error) {
    if (error instanceof SysError) return false
    throw error
  }
}
