/**
 * NOTIFICATION (RFC 4271 4.5): code, subcode, data, and then the connection closes. A Cease 6/2 or 6/4 may carry the
 * words of an operator (RFC 9003 2), which are shown but never trusted: control characters are escaped.
 * Called by `message.ts` on receipt and by `fsm/` to speak.
 */

import { concatBytes, decodeUtf8, formatHex, readU8 } from './bytes.ts'
import type { Notification } from './errors.ts'
import { describeNotification, innerNotification, notification } from './errors.ts'
import { encodeMessage } from './header.ts'
import { CeaseSubcode, ErrorCode, HEADER_LENGTH, MAX_MESSAGE_LENGTH, MessageType } from './iana.ts'

/** Octets of data that fit a NOTIFICATION every peer can read. */
const MAX_DATA = MAX_MESSAGE_LENGTH - HEADER_LENGTH - 2

/** Reads a NOTIFICATION from `bytes[start, end)`, header excluded. Never fails: there is nobody to complain to. */
export function decodeNotification(bytes: Uint8Array, start: number, end: number): Notification {
  if (end - start < 2) return notification(0, 0, 'a NOTIFICATION without a code')
  const code = readU8(bytes, start)
  const subcode = readU8(bytes, start + 1)
  const plain = notification(code, subcode, describeNotification(code, subcode), bytes.slice(start + 2, end))
  const communication = shutdownCommunication(plain)
  const inner = innerNotification(plain)
  if (communication !== undefined) return { ...plain, reason: `${plain.reason}: ${communication}` }
  return inner === undefined ? plain : { ...plain, reason: `${plain.reason}: ${inner.reason}` }
}

/** Writes a whole NOTIFICATION message, header included; data is cut to what fits 4096 octets (RFC 4271 6.3). */
export function encodeNotification(error: Notification): Uint8Array {
  const data = error.data.length > MAX_DATA ? error.data.slice(0, MAX_DATA) : error.data
  return encodeMessage(MessageType.NOTIFICATION, concatBytes(Uint8Array.of(error.code, error.subcode), data))
}

/**
 * The operator's words in a 6/2 or 6/4 (RFC 9003 2), safe to print on one line; undefined when there are none. Octets
 * that are not UTF-8, or a length that does not fit, come back as hex (RFC 9003 2 asks to log them so).
 */
export function shutdownCommunication(error: Notification): string | undefined {
  if (error.code !== ErrorCode.CEASE) return undefined
  const carriesText =
    error.subcode === CeaseSubcode.ADMINISTRATIVE_SHUTDOWN || error.subcode === CeaseSubcode.ADMINISTRATIVE_RESET
  if (!carriesText || error.data.length === 0) return undefined
  const length = readU8(error.data, 0)
  if (length === 0) return undefined
  const text = length < error.data.length ? decodeUtf8(error.data, 1, 1 + length) : undefined
  return text === undefined ? `0x${formatHex(error.data)}` : escapeControls(text)
}

function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, character => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
}
