/**
 * Messages as hex digits, from arguments or a text file: `ff ff…`, `0xff…`, `ff:ff:…`, with any space between. Every problem
 * names the digit it is at: `argument 1, digit 37: "g" is no hex digit`.
 * Called by `index.ts`.
 */

import {
  decodeNlri,
  type Family,
  Framer,
  formatHex,
  hasReceivedPathIds,
  MAX_EXTENDED_MESSAGE_LENGTH,
} from '../../wire/index.ts'
import { complaintOf } from './complaint.ts'
import { describeAttributes, describeMessage, describeNlri } from './describe.ts'
import { contextOf, type DecodeOptions } from './options.ts'
import { malformed, type Report } from './report.ts'

/** What the digits are: whole messages, a block of path attributes, or a list of prefixes of one family. */
export type HexContent =
  | { readonly kind: 'messages' }
  | { readonly kind: 'attributes' }
  | { readonly kind: 'nlri'; readonly family: Family }

/** The octets of a text, or what is wrong with it. */
export type HexResult = { readonly bytes: Uint8Array } | { readonly digit: number; readonly reason: string }

/** Reads hex digits; spaces, colons, commas and `0x` between octets are passed over. Digits are counted from 1. */
export function parseHex(text: string): HexResult {
  const bytes: number[] = []
  let digits = 0
  let high = -1
  const clean = text.replace(/(^|[\s:,])0x/gi, '$1')
  for (const character of clean) {
    if (/[\s:,]/.test(character)) continue
    const value = /^[0-9a-f]$/i.test(character) ? Number.parseInt(character, 16) : -1
    digits++
    if (value < 0) return { digit: digits, reason: `${JSON.stringify(character)} is no hex digit` }
    if (high < 0) high = value
    else {
      bytes.push(high * 16 + value)
      high = -1
    }
  }
  if (high >= 0) return { digit: digits, reason: 'half an octet at the end' }
  return { bytes: Uint8Array.from(bytes) }
}

/** Reads one text of hex digits into the report; `source` is "argument 1" or a file name. */
export function decodeHex(
  text: string,
  source: string,
  { content, options, report }: { content: HexContent; options: DecodeOptions; report: Report },
): void {
  const parsed = parseHex(text)
  if (!('bytes' in parsed)) {
    report.add(malformed({ source: `${source}, digit ${parsed.digit}` }, parsed.reason, ''))
    return
  }
  const { bytes } = parsed
  const context = contextOf(options)
  if (content.kind === 'messages') decodeStream(bytes, source, options, report)
  else if (content.kind === 'attributes') {
    report.add({ kind: 'Attributes', place: { source }, description: describeAttributes(bytes, context) })
  } else {
    const { family } = content
    const list = decodeNlri(bytes, 0, bytes.length, family, hasReceivedPathIds(context, family))
    report.add({ kind: 'Nlri', place: { source }, description: describeNlri(list, family, bytes) })
  }
}

/** Whole messages after each other. */
function decodeStream(bytes: Uint8Array, source: string, options: DecodeOptions, report: Report): void {
  const context = contextOf(options)
  let done = 0
  const digit = (): string => `${source}, digit ${2 * done + 1}`
  const framer = new Framer({
    message(_type, at, start, end) {
      report.add({
        kind: 'Message',
        place: { source, offset: done },
        description: describeMessage(at, start, end, context),
      })
      done += end - start
      return true
    },
    failure(error) {
      const { reason, rfc } = complaintOf(error)
      report.add(malformed({ source: digit() }, reason, rfc))
    },
  })
  framer.maxLength = MAX_EXTENDED_MESSAGE_LENGTH
  framer.push(bytes)
  if (framer.stopped) return
  const left = bytes.length - done
  if (bytes.length === 0) report.add(malformed({ source }, 'no hex digits', ''))
  else if (left > 0) {
    const shown = formatHex(bytes, done, Math.min(done + 24, bytes.length))
    report.add(
      malformed(
        { source: digit() },
        `${left} octets are no whole message: ${shown}${left > 24 ? '…' : ''}`,
        'RFC 4271 4.1',
      ),
    )
  }
}
