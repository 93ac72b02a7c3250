/** What a peer is made of: what is configured about it, and what it shares with all others. */
import type { PeerFsmOptions } from '../../fsm/index.ts'
import type { Clock } from './clock.ts'
import type { DeadlineTimer } from './deadline-timer.ts'
import type { DialTarget, SocketFactory } from './dialer.ts'
import type { NetObserver } from './observer.ts'
import type { ReadGate } from './read-gate.ts'
import type { PeerKey, RoutingPort } from './routing-port.ts'
import type { SendLoop } from './send-loop.ts'
import type { TransportOptions } from './transport.ts'
import type { UpdateCounter } from './update-count.ts'

export const DEFAULT_CONNECT_TIMEOUT_MS = 20_000
const BGP_PORT = 179

/** One configured peer. */
export interface PeerOptions {
  readonly name: PeerKey
  /** IPv4 or IPv6, a link-local one with its zone (`fe80::1%eth0`). */
  readonly remoteAddress: string
  /** Where to dial. Default 179. */
  readonly remotePort?: number
  /** Source address of dialled connections. Default: the kernel's choice. */
  readonly localAddress?: string
  /** Password, TTL, device. */
  readonly transport?: TransportOptions
  /** AS numbers, timers, families, and whether to dial or accept. */
  readonly fsm: PeerFsmOptions
  /** RFC 9687: how long nothing may leave before the session is given up; greater than the hold time. Default: 480 s, or twice the hold time. */
  readonly sendHoldMs?: number
  /** How long one connection attempt may take. Default 20 s; the connect-retry time of the machine ends it earlier when that is shorter. */
  readonly connectTimeoutMs?: number
  /** A member of a range: one connection at a time that is not Established, and no more peer once the last one is gone. */
  readonly isMember?: boolean
}

/** What all drivers of a PeerSet share. */
export interface DriverParts<Handle> {
  readonly routing: RoutingPort<Handle>
  readonly observer: NetObserver
  readonly clock: Clock
  readonly deadlines: DeadlineTimer
  readonly sendLoop: SendLoop
  readonly readGate: ReadGate
  readonly updateCounter: UpdateCounter
  readonly lingerMs: number
  readonly writeLimitOctets: number | undefined
  readonly openSocket?: SocketFactory | undefined
  /** A member's last connection is gone. */
  readonly vacated: (name: PeerKey) => void
}

/** Where a peer is dialled, and from where. */
export const dialTarget = ({ remoteAddress, remotePort = BGP_PORT, localAddress }: PeerOptions): DialTarget => ({
  remoteAddress,
  remotePort,
  localAddress,
})
