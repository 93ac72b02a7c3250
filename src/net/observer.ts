/**
 * What the network side reports: transitions, NOTIFICATIONs, refusals, failed dials, faults, listeners. All of it is cold but for refusals, which
 * a flood of strangers can make frequent; that is why that method takes plain arguments and builds nothing of its own.
 *
 * `channelObserver` publishes on the diagnostics channels and is what the daemon uses; tests hand in a recorder.
 */
import type { State } from '../../fsm/index.ts'
import type { Notification } from '../../wire/index.ts'
import {
  listenerState,
  sessionDialFailed,
  sessionFault,
  sessionNotification,
  sessionRefused,
  sessionState,
} from '../observe/channels.ts'

/** Why an incoming connection was turned away, each with its words for people. */
const REFUSALS = {
  stranger: 'from an address that is neither a peer nor in a range',
  'source-rate': 'more connections from one address than are taken',
  'global-rate': 'more connections from all addresses than are taken',
  'range-full': 'the range has as many neighbours as it may have',
  pending: 'another connection from that address has not come up yet',
  'too-many': 'the peer holds as many connections as it may',
  ttl: 'came from further away than ttlSecurity allows',
  transport: 'without the key, TTL or device its peer has to have',
  gone: 'was closed before it was looked at',
} as const

export type RefusalReason = keyof typeof REFUSALS

export const noRefusals = (): Record<RefusalReason, number> => ({
  stranger: 0,
  'source-rate': 0,
  'global-rate': 0,
  'range-full': 0,
  pending: 0,
  'too-many': 0,
  ttl: 0,
  transport: 0,
  gone: 0,
})

/** Whom a report is about. */
export interface ObservedPeer {
  readonly name: string
  readonly remoteAddress: string
}

export interface StateChange {
  readonly from: State
  readonly to: State
  readonly cause: string
}

export interface Fault {
  readonly error: Error
  readonly count: number
  /** Whether this fault has not been reported for this peer before. */
  readonly isFirst: boolean
}

export interface ListenerChange {
  readonly address: string
  readonly port: number
  readonly state: 'listening' | 'closed' | 'failed'
  readonly reason?: string
}

export interface NetObserver {
  stateChanged(peer: ObservedPeer, change: StateChange): void
  notificationSent(peer: ObservedPeer, notification: Notification): void
  notificationReceived(peer: ObservedPeer, notification: Notification): void
  connectionRefused(remoteAddress: string, reason: RefusalReason, count: number): void
  dialFailed(peer: ObservedPeer, reason: string): void
  faulted(peer: ObservedPeer, fault: Fault): void
  listenerChanged(change: ListenerChange): void
}

function publishNotification(peer: ObservedPeer, direction: 'sent' | 'received', notification: Notification): void {
  if (!sessionNotification.hasSubscribers) return
  const { code, subcode, data, reason } = notification
  sessionNotification.publish({
    peer: peer.name,
    remoteAddress: peer.remoteAddress,
    direction,
    code,
    subcode,
    data,
    reason,
  })
}

/** Publishes every report on the channel of `src/observe/channels.ts` that carries it. */
export const channelObserver: NetObserver = {
  stateChanged(peer, { from, to, cause }) {
    if (!sessionState.hasSubscribers) return
    sessionState.publish({ peer: peer.name, remoteAddress: peer.remoteAddress, from, to, cause })
  },
  notificationSent(peer, notification) {
    publishNotification(peer, 'sent', notification)
  },
  notificationReceived(peer, notification) {
    publishNotification(peer, 'received', notification)
  },
  connectionRefused(remoteAddress, reason, count) {
    if (sessionRefused.hasSubscribers) sessionRefused.publish({ remoteAddress, reason, count })
  },
  dialFailed(peer, reason) {
    if (!sessionDialFailed.hasSubscribers) return
    sessionDialFailed.publish({ peer: peer.name, remoteAddress: peer.remoteAddress, reason })
  },
  faulted(peer, { error, count, isFirst }) {
    if (!sessionFault.hasSubscribers) return
    const base = { peer: peer.name, remoteAddress: peer.remoteAddress, message: error.message, count }
    sessionFault.publish(isFirst && error.stack !== undefined ? { ...base, stack: error.stack } : base)
  },
  listenerChanged(change) {
    if (listenerState.hasSubscribers) listenerState.publish(change)
  },
}
