/**
 * Errors are NOTIFICATION values (RFC 4271 4.5, 6): a code, a subcode, the data octets the RFC wants, and a reason for
 * people. One named factory per row of the error tables, so that the data field is right in one place only.
 * Data: RFC 4271 6.1-6.8, 4486, 5492 5, 6608, 7313 5, 8538 3, 9003, 9384, 9687.
 * Called by decoders (to return), `fsm/` (to send and to judge) and show commands (to describe).
 */

import { concatBytes, encodeUtf8, readU8, u16, u32 } from './bytes.ts'
import type { Family } from './family.ts'
import {
  BGP_VERSION,
  CeaseSubcode,
  ErrorCode,
  FsmSubcode,
  HeaderSubcode,
  OpenSubcode,
  RefreshSubcode,
  UpdateSubcode,
} from './iana.ts'

/** A NOTIFICATION, received or to be sent. `data` is owned by this object. */
export interface Notification {
  readonly code: number
  readonly subcode: number
  /** The Data field, in wire order; empty for most errors. */
  readonly data: Uint8Array
  /** For logs and operators; never sent. */
  readonly reason: string
  /** Close without sending this: the fault was inside a NOTIFICATION, which is never answered (RFC 4271 6.4). */
  readonly silent?: boolean
}

const NO_DATA = new Uint8Array(0)

/** Builds a NOTIFICATION value. `data` is kept, not copied. */
export function notification(code: number, subcode: number, reason: string, data: Uint8Array = NO_DATA): Notification {
  return { code, subcode, data, reason }
}

// RFC 4271 6.1, message header errors

/** 1/1: an octet of the marker was not all ones. */
export const notSynchronized = (): Notification =>
  notification(ErrorCode.MESSAGE_HEADER, HeaderSubcode.NOT_SYNCHRONIZED, 'the marker is not all ones')

/** 1/2: the length is outside what the header or the type allows; data is the two length octets as received. */
export const badMessageLength = (length: number, reason = `message length ${length} is not legal`): Notification =>
  notification(ErrorCode.MESSAGE_HEADER, HeaderSubcode.BAD_LENGTH, reason, u16(length))

/** 1/3: a message type we do not know; data is the type octet. */
export const badMessageType = (type: number): Notification =>
  notification(ErrorCode.MESSAGE_HEADER, HeaderSubcode.BAD_TYPE, `unknown message type ${type}`, Uint8Array.of(type))

// RFC 4271 6.2, OPEN message errors

/** 2/0: a recognised optional parameter or capability is malformed. */
export const malformedParameter = (reason: string): Notification =>
  notification(ErrorCode.OPEN_MESSAGE, OpenSubcode.UNSPECIFIC, reason)

/** 2/1: not our version; data is the version we support, as two octets. */
export const unsupportedVersion = (version: number): Notification =>
  notification(ErrorCode.OPEN_MESSAGE, OpenSubcode.UNSUPPORTED_VERSION, `BGP version ${version}`, u16(BGP_VERSION))

/** 2/2: the AS number is not the configured one, or is 0 (RFC 7607 2). */
export const badPeerAs = (reason: string): Notification =>
  notification(ErrorCode.OPEN_MESSAGE, OpenSubcode.BAD_PEER_AS, reason)

/** 2/3: the BGP Identifier is 0, or ours on an internal session (RFC 6286 2.2). */
export const badIdentifier = (reason: string): Notification =>
  notification(ErrorCode.OPEN_MESSAGE, OpenSubcode.BAD_IDENTIFIER, reason)

/** 2/4: an optional parameter of a type we do not know. */
export const unsupportedParameter = (type: number): Notification =>
  notification(ErrorCode.OPEN_MESSAGE, OpenSubcode.UNSUPPORTED_PARAMETER, `unknown optional parameter type ${type}`)

/** 2/6: hold time 1 or 2, or below the configured floor. */
export const unacceptableHoldTime = (holdTimeS: number): Notification =>
  notification(ErrorCode.OPEN_MESSAGE, OpenSubcode.UNACCEPTABLE_HOLD_TIME, `hold time of ${holdTimeS} s`)

/** 2/7: a capability we insist on is missing; `triples` is it in code-length-value form (RFC 5492 5). */
export const unsupportedCapability = (triples: Uint8Array, reason: string): Notification =>
  notification(ErrorCode.OPEN_MESSAGE, OpenSubcode.UNSUPPORTED_CAPABILITY, reason, triples)

/** 2/11: the roles of the two sides do not go together (RFC 9234 4.2). */
export const roleMismatch = (reason: string): Notification =>
  notification(ErrorCode.OPEN_MESSAGE, OpenSubcode.ROLE_MISMATCH, reason)

// RFC 4271 6.3, UPDATE message errors still answered by a reset under RFC 7606

/** 3/1: the lengths of the UPDATE contradict each other, MP attributes repeat, or nothing can be trusted (RFC 7606 3, 5.2). */
export const malformedAttributeList = (reason: string): Notification =>
  notification(ErrorCode.UPDATE_MESSAGE, UpdateSubcode.MALFORMED_ATTRIBUTE_LIST, reason)

/** 3/`subcode` (2, 4, 5, 6, 8 or 9): one attribute is at fault; data is the attribute: flags, type, length, value. */
export const attributeError = (subcode: number, attribute: Uint8Array, reason: string): Notification =>
  notification(ErrorCode.UPDATE_MESSAGE, subcode, reason, attribute)

/** 3/3: a mandatory attribute is missing; data is its type code. */
export const missingWellKnown = (code: number): Notification => {
  const reason = `mandatory attribute ${code} is missing`
  return notification(ErrorCode.UPDATE_MESSAGE, UpdateSubcode.MISSING_WELL_KNOWN, reason, Uint8Array.of(code))
}

/** 3/10: a prefix is longer than its family allows, or runs past its field. */
export const invalidNetworkField = (reason: string): Notification =>
  notification(ErrorCode.UPDATE_MESSAGE, UpdateSubcode.INVALID_NETWORK_FIELD, reason)

// RFC 4271 6.5-6.8 and later

/** 4/0: nothing was heard for the hold time. */
export const holdTimerExpired = (): Notification =>
  notification(ErrorCode.HOLD_TIMER_EXPIRED, 0, 'nothing heard for the hold time')

/** 5/n: a message of this type is not expected in the state named by `subcode`, see FsmSubcode (RFC 6608 3). */
export const unexpectedMessage = (subcode: number, type: number): Notification => {
  const reason = `message type ${type} not expected in ${FSM_STATES[subcode] ?? 'this state'}`
  return notification(ErrorCode.FSM, subcode, reason, Uint8Array.of(type))
}

/** 6/1: more prefixes than allowed; data is AFI, SAFI and the limit (RFC 4486 4). */
export const maximumPrefixes = (family: Family, limit: number): Notification => {
  const data = concatBytes(u16(family.afi), Uint8Array.of(family.safi), u32(limit))
  return notification(
    ErrorCode.CEASE,
    CeaseSubcode.MAXIMUM_PREFIXES,
    `more than ${limit} ${family.name} prefixes`,
    data,
  )
}

/** 6/2: an operator shut the session down; `communication` travels as RFC 9003 text, cut to 255 octets of UTF-8. */
export const administrativeShutdown = (communication?: string): Notification =>
  withCommunication(CeaseSubcode.ADMINISTRATIVE_SHUTDOWN, communication)

/** 6/4: an operator reset the session; `communication` as for `administrativeShutdown`. */
export const administrativeReset = (communication?: string): Notification =>
  withCommunication(CeaseSubcode.ADMINISTRATIVE_RESET, communication)

/** 6/3, 5, 6, 7, 8, 10 (and 0): a Cease without data, see CeaseSubcode (RFC 4486 4, RFC 9384 3). */
export const cease = (subcode: number, reason = describeNotification(ErrorCode.CEASE, subcode)): Notification =>
  notification(ErrorCode.CEASE, subcode, reason)

/** 6/9: the session ends for good despite graceful restart; data is the inner code, subcode and data (RFC 8538 3.1). */
export const hardReset = (inner: Notification): Notification => {
  const data = concatBytes(Uint8Array.of(inner.code, inner.subcode), inner.data)
  return notification(ErrorCode.CEASE, CeaseSubcode.HARD_RESET, inner.reason, data)
}

/** 7/1: a ROUTE-REFRESH of the wrong length; data is the whole message, header included (RFC 7313 5). */
export const invalidRefreshLength = (message: Uint8Array): Notification => {
  const reason = `ROUTE-REFRESH of ${message.length} octets`
  return notification(ErrorCode.ROUTE_REFRESH, RefreshSubcode.INVALID_LENGTH, reason, message)
}

/** 8/0: nothing could be sent for the send hold time (RFC 9687 6). */
export const sendHoldTimerExpired = (): Notification =>
  notification(ErrorCode.SEND_HOLD_TIMER_EXPIRED, 0, 'nothing could be sent for the send hold time')

function withCommunication(subcode: number, communication: string | undefined): Notification {
  const reason = describeNotification(ErrorCode.CEASE, subcode)
  if (communication === undefined || communication === '') return notification(ErrorCode.CEASE, subcode, reason)
  const text = encodeUtf8(communication, 255)
  const data = concatBytes(Uint8Array.of(text.length), text)
  return notification(ErrorCode.CEASE, subcode, `${reason}: ${communication}`, data)
}

// Names for people, as in the IANA registry

const FSM_STATES: Record<number, string> = {
  [FsmSubcode.OPEN_SENT]: 'OpenSent',
  [FsmSubcode.OPEN_CONFIRM]: 'OpenConfirm',
  [FsmSubcode.ESTABLISHED]: 'Established',
}

const CODE_NAMES: Record<number, string> = {
  [ErrorCode.MESSAGE_HEADER]: 'Message Header Error',
  [ErrorCode.OPEN_MESSAGE]: 'OPEN Message Error',
  [ErrorCode.UPDATE_MESSAGE]: 'UPDATE Message Error',
  [ErrorCode.HOLD_TIMER_EXPIRED]: 'Hold Timer Expired',
  [ErrorCode.FSM]: 'Finite State Machine Error',
  [ErrorCode.CEASE]: 'Cease',
  [ErrorCode.ROUTE_REFRESH]: 'ROUTE-REFRESH Message Error',
  [ErrorCode.SEND_HOLD_TIMER_EXPIRED]: 'Send Hold Timer Expired',
}

const SUBCODE_NAMES: Record<number, Record<number, string>> = {
  [ErrorCode.MESSAGE_HEADER]: {
    1: 'Connection Not Synchronized',
    2: 'Bad Message Length',
    3: 'Bad Message Type',
  },
  [ErrorCode.OPEN_MESSAGE]: {
    1: 'Unsupported Version Number',
    2: 'Bad Peer AS',
    3: 'Bad BGP Identifier',
    4: 'Unsupported Optional Parameter',
    5: 'Authentication Failure',
    6: 'Unacceptable Hold Time',
    7: 'Unsupported Capability',
    11: 'Role Mismatch',
  },
  [ErrorCode.UPDATE_MESSAGE]: {
    1: 'Malformed Attribute List',
    2: 'Unrecognized Well-known Attribute',
    3: 'Missing Well-known Attribute',
    4: 'Attribute Flags Error',
    5: 'Attribute Length Error',
    6: 'Invalid ORIGIN Attribute',
    7: 'AS Routing Loop',
    8: 'Invalid NEXT_HOP Attribute',
    9: 'Optional Attribute Error',
    10: 'Invalid Network Field',
    11: 'Malformed AS_PATH',
  },
  [ErrorCode.FSM]: {
    1: 'Unexpected Message in OpenSent State',
    2: 'Unexpected Message in OpenConfirm State',
    3: 'Unexpected Message in Established State',
  },
  [ErrorCode.CEASE]: {
    1: 'Maximum Number of Prefixes Reached',
    2: 'Administrative Shutdown',
    3: 'Peer De-configured',
    4: 'Administrative Reset',
    5: 'Connection Rejected',
    6: 'Other Configuration Change',
    7: 'Connection Collision Resolution',
    8: 'Out of Resources',
    9: 'Hard Reset',
    10: 'BFD Down',
  },
  [ErrorCode.ROUTE_REFRESH]: { 1: 'Invalid Message Length' },
}

/** "OPEN Message Error / Bad Peer AS"; numbers where IANA has no name, nothing after the slash for subcode 0. */
export function describeNotification(code: number, subcode: number): string {
  const name = CODE_NAMES[code] ?? `Error ${code}`
  if (subcode === 0) return name
  return `${name} / ${SUBCODE_NAMES[code]?.[subcode] ?? `Subcode ${subcode}`}`
}

/** The inner NOTIFICATION of a hard reset, or undefined for any other (RFC 8538 3.1). */
export function innerNotification(outer: Notification): Notification | undefined {
  const isHardReset = outer.code === ErrorCode.CEASE && outer.subcode === CeaseSubcode.HARD_RESET
  if (!isHardReset || outer.data.length < 2) return undefined
  const code = readU8(outer.data, 0)
  const subcode = readU8(outer.data, 1)
  return notification(code, subcode, describeNotification(code, subcode), outer.data.slice(2))
}
