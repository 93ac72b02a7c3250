/**
 * Whole blocks of path attributes as objects (RFC 4271 4.3, 5): for show commands, the CLI's `decode`, tests and whoever
 * builds an UPDATE by hand. The hot path works on bytes instead, see `normalise.ts` and `summary.ts`.
 * Written blocks put MP attributes first and the others in ascending order (RFC 7606 5.1, RFC 4271 5).
 */

import { concatBytes, readU8, readU16, u16 } from '../bytes.ts'
import type { CodecContext } from '../context.ts'
import { MODERN_CONTEXT } from '../context.ts'
import type { Notification } from '../errors.ts'
import { invalidNetworkField } from '../errors.ts'
import { AttributeCode, AttributeFlag } from '../iana.ts'
import { as4PathFor } from './as4.ts'
import { AttributeBlock } from './block.ts'
import { judgeAttributes } from './judge.ts'
import { negotiatedFamily } from './mp-nlri.ts'
import type { Attribute } from './registry.ts'
import { rowByCode, rowByType } from './registry.ts'
import type { Action, AttributeProblem } from './row.ts'
import { formatUnknown } from './unknown.ts'

/** What became of a block of attributes. */
export interface DecodedAttributes {
  /** The usable attributes by ascending type code; AS4_PATH and AS4_AGGREGATOR already merged into their partners. */
  readonly attributes: Attribute[]
  readonly problems: readonly AttributeProblem[]
  /** The strongest action of all problems. Missing attributes are not looked for: that needs the whole UPDATE. */
  readonly action: Action
  /** What to send when `action` is reset. */
  readonly error: Notification | undefined
}

/** Reads the block `bytes[start, end)` as RFC 7606 wants it read. Copies what it returns. Never throws on any bytes. */
export function decodeAttributes(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: CodecContext,
): DecodedAttributes {
  const block = new AttributeBlock()
  judgeAttributes(bytes, start, end, context, block)
  const attributes = decodeBlock(block)
  return { attributes, problems: block.problems, action: block.action, error: block.error }
}

/** The usable attributes of a judged block; a malformed prefix inside an MP attribute is added to the verdict. */
export function decodeBlock(block: AttributeBlock): Attribute[] {
  const attributes: Attribute[] = []
  for (const code of block.codes.subarray(0, block.count)) {
    const attribute = decodeOne(block, code)
    if (attribute === undefined) continue
    attributes.push(attribute)
    if (attribute.type !== 'mp-reach' && attribute.type !== 'mp-unreach') continue
    // RFC 7606 5.3: the prefixes of a negotiated family could not be read.
    const isNegotiated = negotiatedFamily(block.bytes, block.starts[code] ?? 0, block.context) !== undefined
    if (isNegotiated && attribute.opaque !== undefined) {
      const error = invalidNetworkField(`a prefix in attribute ${code} is malformed`)
      block.fail(code, 'RFC 7606 5.3', error, block.octetsOf(code))
    }
  }
  return attributes
}

function decodeOne(block: AttributeBlock, code: number): Attribute | undefined {
  const { bytes, context, mergedPath, mergedAggregator } = block
  const start = block.starts[code] ?? 0
  const end = block.ends[code] ?? 0
  if (code === AttributeCode.AS4_PATH || code === AttributeCode.AS4_AGGREGATOR) return undefined
  if (code === AttributeCode.AS_PATH && mergedPath !== undefined) return { type: 'as-path', segments: mergedPath }
  if (code === AttributeCode.AGGREGATOR && mergedAggregator !== undefined) return mergedAggregator
  const row = rowByCode(code)
  if (row !== undefined) return row.decode(bytes, start, end, context)
  return { type: 'unknown', code, flags: block.flags[code] ?? 0, value: bytes.slice(start, end) }
}

/**
 * Reads a block in the canonical form of `normalise.ts`, which was judged already: four-octet AS numbers, next hops of
 * 4, 16 or 32 octets in NEXT_HOP. Bytes of any other origin belong into `decodeAttributes`.
 */
export function decodeCanonicalAttributes(bytes: Uint8Array, start: number, end: number): Attribute[] {
  const attributes: Attribute[] = []
  let offset = start
  while (offset < end) {
    const flags = readU8(bytes, offset)
    const code = readU8(bytes, offset + 1)
    const isExtended = (flags & AttributeFlag.EXTENDED_LENGTH) !== 0
    const valueStart = offset + (isExtended ? 4 : 3)
    const length = isExtended ? readU16(bytes, offset + 2) : readU8(bytes, offset + 2)
    offset = valueStart + length
    const unknown = (): Attribute => {
      return { type: 'unknown', code, flags: flags & 0xe0, value: bytes.slice(valueStart, offset) }
    }
    attributes.push(rowByCode(code)?.decode(bytes, valueStart, offset, MODERN_CONTEXT) ?? unknown())
  }
  return attributes
}

/**
 * Writes a block of attributes. For a two-octet speaker AS4_PATH and AS4_AGGREGATOR are added where numbers do not fit
 * (RFC 6793 4.2.2). Throws RangeError for a value of more than 65535 octets, a mistake of the caller.
 */
export function encodeAttributes(attributes: readonly Attribute[], context: CodecContext): Uint8Array {
  const all = context.fourOctetAs ? attributes : [...attributes, ...attributes.flatMap(as4Companion)]
  const sorted = all.toSorted((a, b) => sendingRank(a) - sendingRank(b))
  return concatBytes(...sorted.map(attribute => encodeAttribute(attribute, context)))
}

function as4Companion(attribute: Attribute): readonly Attribute[] {
  if (attribute.type === 'as-path') {
    const segments = as4PathFor(attribute.segments)
    return segments === undefined ? [] : [{ type: 'as4-path', segments }]
  }
  const isLarge = attribute.type === 'aggregator' && attribute.asn > 0xffff
  return isLarge ? [{ ...attribute, type: 'as4-aggregator' }] : []
}

function sendingRank(attribute: Attribute): number {
  const code = attributeCode(attribute)
  return code === AttributeCode.MP_REACH || code === AttributeCode.MP_UNREACH ? code - 256 : code
}

/** One attribute: flags, type, length, value. Extended Length only where the value needs it. */
function encodeAttribute(attribute: Attribute, context: CodecContext): Uint8Array {
  const row = rowByType(attribute.type)
  const value = attribute.type === 'unknown' ? attribute.value : (row?.encode(attribute, context) ?? new Uint8Array(0))
  const flags = attribute.type === 'unknown' ? attribute.flags & 0xe0 : (row?.flags ?? 0)
  const code = attributeCode(attribute)
  if (value.length > 0xffff) throw new RangeError(`attribute ${code} would have ${value.length} octets`)
  if (value.length <= 255) return concatBytes(Uint8Array.of(flags, code, value.length), value)
  return concatBytes(Uint8Array.of(flags | AttributeFlag.EXTENDED_LENGTH, code), u16(value.length), value)
}

/** The type code of an attribute object. */
export function attributeCode(attribute: Attribute): number {
  return attribute.type === 'unknown' ? attribute.code : (rowByType(attribute.type)?.code ?? 0)
}

/** The value of an attribute in the words of BIRD 2: "IGP", "65001 65002", "(65001,100)". */
export function formatAttributeValue(attribute: Attribute): string {
  return attribute.type === 'unknown' ? formatUnknown(attribute) : (rowByType(attribute.type)?.format(attribute) ?? '')
}

/** The name of an attribute as BIRD 2 prints it after `BGP.`; an unknown one by its number, `[t]` when transitive. */
export function attributeName(attribute: Attribute): string {
  if (attribute.type !== 'unknown') return rowByType(attribute.type)?.name ?? attribute.type
  return (attribute.flags & AttributeFlag.TRANSITIVE) !== 0 ? `${attribute.code} [t]` : `${attribute.code}`
}

/** A whole line of BIRD 2's `show route all`, without the indent: "BGP.as_path: 65001 65002". */
export function formatAttribute(attribute: Attribute): string {
  return `BGP.${attributeName(attribute)}: ${formatAttributeValue(attribute)}`
}
