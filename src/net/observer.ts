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

/** Why an incoming connection was turned away; `transport`: without the TTL, key or device its peer has to have. */
export type RefusalReason = 'stranger' | 'too-many' | 'gone' | 'transport'

export const noRefusals = (): Record<RefusalReason, number> => ({ stranger: 0, 'too-many': 0, gone: 0, transport: 0 })

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
