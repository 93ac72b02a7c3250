/**
 * Attribute bytes for a two-octet speaker (RFC 6793 4.2.2): a canonical block with AS_PATH and AGGREGATOR in two octets,
 * AS_TRANS where a number does not fit, and then AS4_PATH and AS4_AGGREGATOR with the real ones, in their place by type
 * code. Every other attribute keeps its bytes. The opposite of what `normalise.ts` does with such a peer's attributes.
 * Called by `src/rib` once per attribute set and group of old peers; not a hot path.
 */

import { AGGREGATOR, AS4_AGGREGATOR } from './attribute/aggregate.ts'
import { AS_PATH, AS4_PATH } from './attribute/as-path.ts'
import { as4PathFor } from './attribute/as4.ts'
import type { AttributeRow } from './attribute/row.ts'
import { concatBytes, readU8, readU16, u16 } from './bytes.ts'
import type { CodecContext } from './context.ts'
import { MODERN_CONTEXT } from './context.ts'
import { AttributeCode, AttributeFlag } from './iana.ts'

const OLD_CONTEXT: CodecContext = { ...MODERN_CONTEXT, fourOctetAs: false }

/** The block `canonical[start, end)` in the form a two-octet speaker understands, as a new array. */
export function narrowAttributes(canonical: Uint8Array, start: number, end: number): Uint8Array {
  const parts: Uint8Array[] = []
  const companions: Uint8Array[] = []
  let isFinished = false
  let offset = start
  while (offset < end) {
    const flags = readU8(canonical, offset)
    const code = readU8(canonical, offset + 1)
    const isExtended = (flags & AttributeFlag.EXTENDED_LENGTH) !== 0
    const valueStart = offset + (isExtended ? 4 : 3)
    const next = valueStart + (isExtended ? readU16(canonical, offset + 2) : readU8(canonical, offset + 2))
    if (!isFinished && code > AttributeCode.AS4_AGGREGATOR) {
      parts.push(...companions)
      isFinished = true
    }
    if (code === AttributeCode.AS_PATH) {
      const path = AS_PATH.decode(canonical, valueStart, next, MODERN_CONTEXT)
      const as4Path = as4PathFor(path.segments)
      parts.push(encodeRow(AS_PATH, flags, AS_PATH.encode(path, OLD_CONTEXT)))
      if (as4Path !== undefined) {
        const value = AS4_PATH.encode({ type: 'as4-path', segments: as4Path }, OLD_CONTEXT)
        companions.unshift(encodeRow(AS4_PATH, AS4_PATH.flags, value))
      }
    } else if (code === AttributeCode.AGGREGATOR) {
      const aggregator = AGGREGATOR.decode(canonical, valueStart, next, MODERN_CONTEXT)
      parts.push(encodeRow(AGGREGATOR, flags, AGGREGATOR.encode(aggregator, OLD_CONTEXT)))
      if (aggregator.asn > 0xffff) {
        const value = AS4_AGGREGATOR.encode({ ...aggregator, type: 'as4-aggregator' }, OLD_CONTEXT)
        companions.push(encodeRow(AS4_AGGREGATOR, AS4_AGGREGATOR.flags, value))
      }
    } else {
      parts.push(canonical.subarray(offset, next))
    }
    offset = next
  }
  if (!isFinished) parts.push(...companions)
  return concatBytes(...parts)
}

function encodeRow(row: AttributeRow, flags: number, value: Uint8Array): Uint8Array {
  if (value.length <= 255) {
    return concatBytes(Uint8Array.of(flags & ~AttributeFlag.EXTENDED_LENGTH, row.code, value.length), value)
  }
  return concatBytes(Uint8Array.of(flags | AttributeFlag.EXTENDED_LENGTH, row.code), u16(value.length), value)
}
