/**
 * Words from the other side, made safe to print on one line: shutdown communications (RFC 9003 2), host names, software
 * versions. Control characters, line separators and text direction marks are escaped as `\u{…}`; octets that are not
 * UTF-8 (RFC 3629) as `\xHH`, so that the rest stays readable.
 * Called by `notification-data.ts`, `capability/text.ts` and `mrt/rib.ts`.
 */

import { decodeUtf8, formatHex, readU8 } from './bytes.ts'

/** The text in `bytes[start, end)`, whatever is in it. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  const whole = decodeUtf8(bytes, start, end)
  if (whole !== undefined) return escapeControls(whole)
  let text = ''
  let offset = start
  while (offset < end) {
    const length = characterLength(bytes, offset, end)
    text += length === 0 ? `\\x${formatHex(bytes, offset, offset + 1)}` : decodeUtf8(bytes, offset, offset + length)
    offset += Math.max(length, 1)
  }
  return escapeControls(text)
}

/** How many octets the UTF-8 character at `offset` takes; 0 when there is none. */
function characterLength(bytes: Uint8Array, offset: number, end: number): number {
  const lead = readU8(bytes, offset)
  const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  const isWhole = offset + length <= end && decodeUtf8(bytes, offset, offset + length) !== undefined
  return isWhole ? length : 0
}

/** The same text with everything escaped that could move a cursor or reorder a line. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, character => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
}
