/**
 * The Data field of a NOTIFICATION as a value: what each error says about itself (RFC 4271 4.5, 6; RFC 4486 4;
 * RFC 5492 5; RFC 6608 4; RFC 7313 5; RFC 8538 3.1; RFC 9003 2). The factories in `errors.ts` write what this reads.
 * Peers put all sorts of things there, so whatever does not fit its error is `opaque`, never an error again.
 * Called by `notification.ts` and by show commands.
 */

import { rowByCode } from './attribute/registry.ts'
import { formatHex, readU8, readU16, readU32 } from './bytes.ts'
import { formatFamily } from './capability/family.ts'
import type { Capability } from './capability.ts'
import { decodeCapabilities, formatCapability } from './capability.ts'
import type { Notification } from './errors.ts'
import { describeNotification, innerNotification } from './errors.ts'
import { AttributeFlag, CeaseSubcode, ErrorCode, HeaderSubcode, OpenSubcode, UpdateSubcode } from './iana.ts'
import { decodeText } from './text.ts'

/** What is in a Data field; `octets` are views of it. */
export type NotificationData =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'message-type'; readonly messageType: number }
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'capabilities'; readonly capabilities: readonly Capability[] }
  /** The attribute at fault; its value may have been cut. */
  | { readonly kind: 'attribute'; readonly flags: number; readonly code: number; readonly value: Uint8Array }
  | { readonly kind: 'attribute-code'; readonly code: number }
  | { readonly kind: 'prefix-limit'; readonly afi: number; readonly safi: number; readonly limit: number }
  /** The words of an operator, safe to print. */
  | { readonly kind: 'communication'; readonly text: string }
  /** The real error behind a hard reset. */
  | { readonly kind: 'hard-reset'; readonly inner: Notification }
  /** A whole BGP message, header included. */
  | { readonly kind: 'message'; readonly octets: Uint8Array }
  | { readonly kind: 'opaque'; readonly octets: Uint8Array }

type Reader = (data: Uint8Array, error: Notification) => NotificationData | undefined

const NONE: NotificationData = { kind: 'none' }

const attributeData: Reader = data => {
  const isExtended = (readU8(data, 0) & AttributeFlag.EXTENDED_LENGTH) !== 0
  const valueStart = isExtended ? 4 : 3
  if (data.length < valueStart) return undefined
  return { kind: 'attribute', flags: readU8(data, 0), code: readU8(data, 1), value: data.subarray(valueStart) }
}

const messageType: Reader = data =>
  data.length === 1 ? { kind: 'message-type', messageType: readU8(data, 0) } : undefined

const communication: Reader = (data, error) => {
  const text = shutdownCommunication(error)
  if (text !== undefined) return { kind: 'communication', text }
  return readU8(data, 0) === 0 ? NONE : undefined
}

/** One reader per error that says more than its subcode, by 256 × code + subcode. */
const READERS: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [key(ErrorCode.MESSAGE_HEADER, HeaderSubcode.BAD_LENGTH), pair(length => ({ kind: 'length', length }))],
  [key(ErrorCode.MESSAGE_HEADER, HeaderSubcode.BAD_TYPE), messageType],
  [key(ErrorCode.OPEN_MESSAGE, OpenSubcode.UNSUPPORTED_VERSION), pair(version => ({ kind: 'version', version }))],
  [key(ErrorCode.OPEN_MESSAGE, OpenSubcode.UNSUPPORTED_CAPABILITY), capabilityData],
  [key(ErrorCode.UPDATE_MESSAGE, UpdateSubcode.UNRECOGNIZED_WELL_KNOWN), attributeData],
  [key(ErrorCode.UPDATE_MESSAGE, UpdateSubcode.MISSING_WELL_KNOWN), missingAttribute],
  [key(ErrorCode.UPDATE_MESSAGE, UpdateSubcode.ATTRIBUTE_FLAGS), attributeData],
  [key(ErrorCode.UPDATE_MESSAGE, UpdateSubcode.ATTRIBUTE_LENGTH), attributeData],
  [key(ErrorCode.UPDATE_MESSAGE, UpdateSubcode.INVALID_ORIGIN), attributeData],
  [key(ErrorCode.UPDATE_MESSAGE, UpdateSubcode.INVALID_NEXT_HOP), attributeData],
  [key(ErrorCode.UPDATE_MESSAGE, UpdateSubcode.OPTIONAL_ATTRIBUTE), attributeData],
  [key(ErrorCode.FSM, 0), messageType],
  [key(ErrorCode.FSM, 1), messageType],
  [key(ErrorCode.FSM, 2), messageType],
  [key(ErrorCode.FSM, 3), messageType],
  [key(ErrorCode.CEASE, CeaseSubcode.MAXIMUM_PREFIXES), prefixLimit],
  [key(ErrorCode.CEASE, CeaseSubcode.ADMINISTRATIVE_SHUTDOWN), communication],
  [key(ErrorCode.CEASE, CeaseSubcode.ADMINISTRATIVE_RESET), communication],
  [key(ErrorCode.CEASE, CeaseSubcode.HARD_RESET), hardResetData],
  [key(ErrorCode.ROUTE_REFRESH, 1), data => ({ kind: 'message', octets: data })],
])

/** Reads the Data field of an error by its code and subcode. */
export function decodeNotificationData(error: Notification): NotificationData {
  const { code, subcode, data } = error
  if (data.length === 0) return NONE
  return READERS.get(key(code, subcode))?.(data, error) ?? { kind: 'opaque', octets: data }
}

/**
 * The operator's words in a 6/2 or 6/4 (RFC 9003 2), safe to print on one line; undefined when there are none. Octets
 * that are not UTF-8 come back escaped, and the whole field as hex when its length does not fit (RFC 9003 2 asks to log
 * them so).
 */
export function shutdownCommunication(error: Notification): string | undefined {
  if (error.code !== ErrorCode.CEASE) return undefined
  const carriesText =
    error.subcode === CeaseSubcode.ADMINISTRATIVE_SHUTDOWN || error.subcode === CeaseSubcode.ADMINISTRATIVE_RESET
  if (!carriesText || error.data.length === 0) return undefined
  const length = readU8(error.data, 0)
  if (length === 0) return undefined
  return length < error.data.length ? decodeText(error.data, 1, 1 + length) : `0x${formatHex(error.data)}`
}

/** The Data field in words, "" when there is nothing to say. */
export function formatNotificationData(data: NotificationData): string {
  switch (data.kind) {
    case 'none':
      return ''
    case 'length':
      return `length ${data.length}`
    case 'message-type':
      return `message type ${data.messageType}`
    case 'version':
      return `version ${data.version}`
    case 'capabilities':
      return data.capabilities.map(formatCapability).join(', ')
    case 'attribute':
      return `${attributeText(data.code)}, flags 0x${hexOctet(data.flags)}, value ${formatOctets(data.value)}`
    case 'attribute-code':
      return attributeText(data.code)
    case 'prefix-limit':
      return `${formatFamily(data.afi, data.safi)}, limit ${data.limit}`
    case 'communication':
      return data.text
    case 'hard-reset':
      return describeInner(data.inner)
    case 'message':
    case 'opaque':
      return formatOctets(data.octets)
  }
}

/** RFC 8538 3: the real reason, one level deep; a hard reset inside a hard reset is nonsense and shown as octets. */
function describeInner(inner: Notification): string {
  const name = describeNotification(inner.code, inner.subcode)
  const data = decodeNotificationData(inner)
  const text = data.kind === 'hard-reset' ? formatOctets(inner.data) : formatNotificationData(data)
  return text === '' ? name : `${name}: ${text}`
}

const attributeText = (code: number): string => {
  const name = rowByCode(code)?.name
  return `attribute ${code}${name === undefined ? '' : ` ${name}`}`
}

const hexOctet = (octet: number): string => octet.toString(16).padStart(2, '0')

const SHOWN_OCTETS = 32

function formatOctets(octets: Uint8Array): string {
  if (octets.length === 0) return 'empty'
  if (octets.length <= SHOWN_OCTETS) return `0x${formatHex(octets)}`
  return `0x${formatHex(octets, 0, SHOWN_OCTETS)}… (${octets.length} octets)`
}

function key(code: number, subcode: number): number {
  return 256 * code + subcode
}

/** A reader for exactly one two-octet number. */
function pair(toData: (value: number) => NotificationData): Reader {
  return data => (data.length === 2 ? toData(readU16(data, 0)) : undefined)
}

/** RFC 5492 5. */
function capabilityData(data: Uint8Array): NotificationData | undefined {
  const decoded = decodeCapabilities(data, 0, data.length)
  return decoded.ok ? { kind: 'capabilities', capabilities: decoded.value } : undefined
}

function missingAttribute(data: Uint8Array): NotificationData | undefined {
  return data.length === 1 ? { kind: 'attribute-code', code: readU8(data, 0) } : undefined
}

/** RFC 4486 4. */
function prefixLimit(data: Uint8Array): NotificationData | undefined {
  if (data.length !== 7) return undefined
  return { kind: 'prefix-limit', afi: readU16(data, 0), safi: readU8(data, 2), limit: readU32(data, 3) }
}

/** RFC 8538 3.1. */
function hardResetData(_data: Uint8Array, error: Notification): NotificationData | undefined {
  const inner = innerNotification(error)
  return inner && { kind: 'hard-reset', inner }
}
