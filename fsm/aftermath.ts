/**
 * What becomes of a peer when its last connection has ended: the right-hand column of RFC 4271 8.2.2, as one table.
 * Also the Ceases we say (RFC 4486, RFC 9003) and which of those we hear ask for damping (RFC 4486 4).
 * Differences from the RFC: a Cease before Established leads to Active, not to Idle. The peer says that this connection
 * was unwelcome, and may well be about to open its own; two sides that sit in Idle and turn each other away never meet.
 * INTEROP: BIRD 2 does the same. And a connection of the peer that never came to an OPEN is held against nobody: whoever
 * can send from its address could else keep it out (it takes one octet a second).
 * Called by `peer.ts`.
 */

import type { Notification } from '../wire/errors.ts'
import { administrativeReset, administrativeShutdown, cease } from '../wire/errors.ts'
import { CeaseSubcode, ErrorCode, OpenSubcode } from '../wire/iana.ts'
import type { Direction } from './input.ts'
import type { DownReason } from './output.ts'
import type { LiveState } from './session-record.ts'

/** 6/7, the loser's farewell (RFC 4271 6.8, RFC 4486 4). */
export const COLLISION: Notification = cease(CeaseSubcode.CONNECTION_COLLISION)

/** The peer has dialled anew: its old connection is dead, and a farewell would be read by nobody (RFC 4724 4.2). */
export const RESTARTED: Notification = {
  ...cease(CeaseSubcode.UNSPECIFIED, 'the peer has restarted and dialled anew'),
  silent: true,
}

/** Whether a connection ended because another one was kept. */
export const isCollision = (reason: DownReason): boolean =>
  reason.kind !== 'connection-lost' &&
  reason.notification.code === COLLISION.code &&
  reason.notification.subcode === COLLISION.subcode

/** Whether we ended a connection because the peer told more than it may (RFC 4486 4). */
export function isOverload(reason: DownReason): boolean {
  if (reason.kind !== 'notification-sent' || reason.notification.code !== ErrorCode.CEASE) return false
  const { subcode } = reason.notification
  return subcode === CeaseSubcode.MAXIMUM_PREFIXES || subcode === CeaseSubcode.OUT_OF_RESOURCES
}

/** The Cease of an operator: 6/2 and 6/4 may carry text (RFC 9003 2), cut to 255 octets of UTF-8. */
export function farewell(subcode: number, communication?: string): Notification {
  if (subcode === CeaseSubcode.ADMINISTRATIVE_SHUTDOWN) return administrativeShutdown(communication)
  if (subcode === CeaseSubcode.ADMINISTRATIVE_RESET) return administrativeReset(communication)
  return cease(subcode)
}

/** How to go on. */
export interface Aftermath {
  /** Idle: refuse everything for the idle-hold time. Active: listen, and dial again after the connect-retry time. */
  readonly next: 'Idle' | 'Active'
  /** Raise ConnectRetryCounter. */
  readonly isCounted: boolean
  /** Remember it as a failure, so that the next wait is longer. */
  readonly isDamped: boolean
}

/** RFC 4271 8.2.2, OpenSent, event 18: not even an OPEN came; try again. */
const LOST_BEFORE_OPEN: Aftermath = { next: 'Active', isCounted: false, isDamped: false }
/** RFC 4271 8.2.2, event 24, and RFC 5492 3: version or capabilities are being negotiated; nobody has failed. */
const NEGOTIATING: Aftermath = { next: 'Idle', isCounted: false, isDamped: false }
/** A polite ending in Established: the peer will be back at once (RFC 4486 4, subcodes 4, 6, 7). */
const POLITE: Aftermath = { next: 'Idle', isCounted: true, isDamped: false }
const FAILURE: Aftermath = { next: 'Idle', isCounted: true, isDamped: true }

/** How a connection came to its end. */
export interface Ending {
  readonly from: LiveState
  readonly direction: Direction
  readonly reason: DownReason
  /** The peer refused our capabilities, and the next OPEN has none. */
  readonly isRetry: boolean
}

/** The row for the end of a connection. */
export function aftermath({ from, direction, reason, isRetry }: Ending): Aftermath {
  const isBeforeOpen = from === 'Delayed' || from === 'OpenSent'
  if (reason.kind === 'connection-lost') return isBeforeOpen ? LOST_BEFORE_OPEN : FAILURE
  const { notification } = reason
  if (reason.kind !== 'notification-received') {
    const isSilence = isBeforeOpen && notification.code === ErrorCode.HOLD_TIMER_EXPIRED
    return isSilence && direction === 'incoming' ? LOST_BEFORE_OPEN : FAILURE
  }
  if (isRetry || (from !== 'Established' && isVersionError(notification))) return NEGOTIATING
  if (notification.code !== ErrorCode.CEASE) return FAILURE
  const isDamped = !POLITE_SUBCODES.has(notification.subcode)
  if (from !== 'Established') return { next: 'Active', isCounted: true, isDamped }
  return isDamped ? FAILURE : POLITE
}

/** Cease subcodes after which RFC 4486 4 does not ask for damping. */
const POLITE_SUBCODES: ReadonlySet<number> = new Set([
  CeaseSubcode.ADMINISTRATIVE_RESET,
  CeaseSubcode.CONFIGURATION_CHANGE,
  CeaseSubcode.CONNECTION_COLLISION,
])

const isVersionError = ({ code, subcode }: Notification): boolean =>
  code === ErrorCode.OPEN_MESSAGE && subcode === OpenSubcode.UNSUPPORTED_VERSION
