/**
 * A message, a block of attributes or a list of prefixes in words and as JSON, with every complaint. The judgement is that of
 * `wire/`, so it is the one a running speaker would pass.
 * Called by `hex.ts`, `mrt-file.ts` and `pcap-file.ts`.
 */

import {
  type Attribute,
  attributeCode,
  type CodecContext,
  decodeAttributes,
  decodeMessage,
  describeNotification,
  type Family,
  formatAttribute,
  formatCapability,
  formatHex,
  formatNlri,
  formatRouterId,
  HEADER_LENGTH,
  type Message,
  type Nlri,
  type Result,
  readU8,
  registeredAttributeName,
  type Update,
} from '../../wire/index.ts'
import { attributeComplaint, type Complaint, complaintOf } from './complaint.ts'
import { type Plain, plainAttribute, plainCapability, plainNlri } from './plain.ts'

/** Something decoded, ready to be shown either way. */
export interface Description {
  /** One line: "UPDATE, 83 octets". */
  readonly title: string
  /** More lines, not indented. */
  readonly details: readonly string[]
  readonly json: { readonly [key: string]: Plain }
  readonly complaints: readonly Complaint[]
}

const NAMES: Record<number, string> = { 1: 'OPEN', 2: 'UPDATE', 3: 'NOTIFICATION', 4: 'KEEPALIVE', 5: 'ROUTE-REFRESH' }

/** Describes the whole message `bytes[start, end)`, whose header was checked. Never throws on any bytes. */
export function describeMessage(bytes: Uint8Array, start: number, end: number, context: CodecContext): Description {
  const type = readU8(bytes, start + HEADER_LENGTH - 1)
  return describeResult(decodeMessage(type, bytes, start, end, context), type, bytes.subarray(start, end))
}

/** The same for a message that was decoded already. */
export function describeResult(result: Result<Message>, type: number, bytes: Uint8Array): Description {
  const name = NAMES[type] ?? `message type ${type}`
  const title = `${name}, ${bytes.length} octets`
  const head = { type: name.toLowerCase(), length: bytes.length }
  if (!result.ok) {
    // What cannot be read is shown as it came.
    const hex = formatHex(bytes)
    return { title, details: [`octets: ${hex}`], json: { ...head, hex }, complaints: [complaintOf(result.error)] }
  }
  const { details, json, complaints = [] } = describeContent(result.value)
  return { title, details, json: { ...head, ...json }, complaints }
}

interface Content {
  readonly details: readonly string[]
  readonly json: { readonly [key: string]: Plain }
  readonly complaints?: readonly Complaint[]
}

function describeContent(message: Message): Content {
  switch (message.type) {
    case 'open': {
      const { version, asn, holdTimeS, routerId, capabilities } = message.open
      const id = formatRouterId(routerId)
      return {
        details: [
          `version ${version}, AS ${asn}, hold time ${holdTimeS} s, identifier ${id}`,
          ...capabilities.map(capability => `capability: ${formatCapability(capability)}`),
        ],
        json: { version, asn, holdTimeS, routerId: id, capabilities: capabilities.map(plainCapability) },
      }
    }
    case 'keepalive':
      return { details: [], json: {} }
    case 'notification': {
      const { code, subcode, data, reason } = message.notification
      const text = data.length === 0 ? reason : `${reason}, data ${formatHex(data)}`
      const name = describeNotification(code, subcode)
      return { details: [`${code}/${subcode} ${text}`], json: { code, subcode, name, reason, data: formatHex(data) } }
    }
    case 'route-refresh': {
      const { afi, safi, subtype } = message.refresh
      return { details: [`afi ${afi}, safi ${safi}, subtype ${subtype}`], json: { afi, safi, subtype } }
    }
    case 'update':
      return describeUpdate(message.update)
  }
}

function describeUpdate({ withdrawn, attributes, nlri, problems, action }: Update): Content {
  return {
    details: [...listed('withdrawn', withdrawn), ...listed('announced', nlri), ...attributes.map(formatLine)],
    json: {
      action,
      withdrawn: withdrawn.map(plainNlri),
      nlri: nlri.map(plainNlri),
      attributes: attributes.map(plainAttribute),
    },
    complaints: problems.map(problem => attributeComplaint(problem)),
  }
}

function listed(word: string, list: readonly Nlri[]): string[] {
  return list.length === 0 ? [] : [`${word}: ${list.map(formatNlri).join(' ')}`]
}

/** BIRD's line, with IANA's name for what has no row. */
function formatLine(attribute: Attribute): string {
  if (attribute.type !== 'unknown') return formatAttribute(attribute)
  const name = registeredAttributeName(attributeCode(attribute))
  return name === undefined ? formatAttribute(attribute) : `${formatAttribute(attribute)} (${name})`
}

/** Describes a bare block of path attributes. */
export function describeAttributes(bytes: Uint8Array, context: CodecContext): Description {
  const { attributes, problems, action, error } = decodeAttributes(bytes, 0, bytes.length, context)
  return {
    title: `path attributes, ${bytes.length} octets`,
    details: attributes.map(formatLine),
    json: { type: 'attributes', length: bytes.length, action, attributes: attributes.map(plainAttribute) },
    complaints: problems.map(problem => attributeComplaint(problem, error)),
  }
}

/** Describes a bare list of prefixes of one family. */
export function describeNlri(list: readonly Nlri[] | undefined, family: Family, bytes: Uint8Array): Description {
  const title = `${family.name} prefixes, ${bytes.length} octets`
  const head = { type: 'nlri', length: bytes.length, family: family.name }
  if (list !== undefined) {
    return { title, details: list.map(formatNlri), json: { ...head, nlri: list.map(plainNlri) }, complaints: [] }
  }
  const hex = formatHex(bytes)
  const complaints: Complaint[] = [
    { action: 'reset', reason: 'a prefix is malformed', rfc: 'RFC 7606 5.3', notification: '3/10' },
  ]
  return { title, details: [`octets: ${hex}`], json: { ...head, nlri: [], hex }, complaints }
}
