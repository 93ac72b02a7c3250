/**
 * NOTIFICATION (RFC 4271 4.5): code, subcode, data, and then the connection closes. What the data means is in
 * `notification-data.ts`, what to put there in `errors.ts`.
 * Called by `message.ts` on receipt and by `fsm/` to speak.
 */

import { concatBytes, readU8 } from './bytes.ts'
import type { Notification } from './errors.ts'
import { describeNotification, notification } from './errors.ts'
import { encodeMessage } from './header.ts'
import { HEADER_LENGTH, MAX_MESSAGE_LENGTH, MessageType } from './iana.ts'
import { decodeNotificationData, formatNotificationData } from './notification-data.ts'

/** Reads a NOTIFICATION from `bytes[start, end)`, header excluded. Never fails: there is nobody to complain to. */
export function decodeNotification(bytes: Uint8Array, start: number, end: number): Notification {
  if (end - start < 2) return notification(0, 0, 'a NOTIFICATION without a code')
  const code = readU8(bytes, start)
  const subcode = readU8(bytes, start + 1)
  const plain = notification(code, subcode, describeNotification(code, subcode), bytes.slice(start + 2, end))
  const words = formatNotificationData(decodeNotificationData(plain))
  return words === '' ? plain : { ...plain, reason: `${plain.reason}: ${words}` }
}

/**
 * Writes a whole NOTIFICATION message, header included. Its data is cut to what fits `maxLength`, by default to the 4096
 * octets every peer can read; with extended messages the limit of the session may be given (RFC 4271 6.3, RFC 8654 5).
 */
export function encodeNotification(error: Notification, maxLength = MAX_MESSAGE_LENGTH): Uint8Array {
  const room = maxLength - HEADER_LENGTH - 2
  const data = error.data.length > room ? error.data.slice(0, room) : error.data
  return encodeMessage(MessageType.NOTIFICATION, concatBytes(Uint8Array.of(error.code, error.subcode), data))
}
