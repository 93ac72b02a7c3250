/**
 * Path attributes of a RIB entry as an UPDATE would have them. TABLE_DUMP_V2 cuts MP_REACH_NLRI down to the length of the
 * next hop and the next hop (RFC 6396 4.3.4), since the prefix is in the record; here it gets its AFI, SAFI and reserved
 * octet back, without prefixes. Writers that left it whole (Quagga, old collectors) are recognised by their first octet:
 * an AFI starts with 0, a next hop length never is 0.
 * Called by `src/decode`.
 */

import { concatBytes, readU8, readU16, u16 } from '../bytes.ts'
import { AttributeCode, AttributeFlag } from '../iana.ts'

/** The block `attributes` with a whole MP_REACH_NLRI for the family; the same array when there is nothing to do. */
export function ribAttributes(attributes: Uint8Array, afi: number, safi: number): Uint8Array {
  let at = 0
  while (at + 3 <= attributes.length) {
    const flags = readU8(attributes, at)
    const isExtended = (flags & AttributeFlag.EXTENDED_LENGTH) !== 0
    const start = at + (isExtended ? 4 : 3)
    if (start > attributes.length) return attributes
    const end = start + (isExtended ? readU16(attributes, at + 2) : readU8(attributes, at + 2))
    if (end > attributes.length) return attributes
    if (readU8(attributes, at + 1) !== AttributeCode.MP_REACH) {
      at = end
      continue
    }
    if (end === start || readU8(attributes, start) !== end - start - 1) return attributes
    const value = concatBytes(u16(afi), Uint8Array.of(safi), attributes.subarray(start, end), Uint8Array.of(0))
    const head = Uint8Array.of(flags | AttributeFlag.EXTENDED_LENGTH, AttributeCode.MP_REACH)
    return concatBytes(attributes.subarray(0, at), head, u16(value.length), value, attributes.subarray(end))
  }
  return attributes
}
