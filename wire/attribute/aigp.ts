/**
 * AIGP (RFC 7311): the metric to the next hop accumulated over networks under one administration, optional
 * non-transitive, TLVs of type 1 octet and length 2 octets that counts the head too. Malformed (3): not made of whole
 * TLVs, or the AIGP TLV (type 1) not 11 octets long; also when the Transitive bit is set. It is then discarded (3.2).
 * Other types of TLV are no error.
 * DEVIATION: AIGP_SESSION is off everywhere, so the attribute is read for show commands and then dropped (3.2).
 * Called through `registry.ts`.
 */

import { AttributeCode } from '../iana.ts'
import type { AttributeRow } from './row.ts'
import { Category } from './row.ts'
import type { Tlv } from './tlv.ts'
import { decodeTlvs, encodeTlvs, formatTlvs, tlvEnd, tlvType } from './tlv.ts'

/** The TLVs of the attribute; the metric is in the first of type 1. */
export interface AigpAttribute {
  readonly type: 'aigp'
  readonly tlvs: readonly Tlv[]
}

const LAYOUT = { typeOctets: 1, lengthOctets: 2, isHeadCounted: true } as const
const METRIC = 1
const METRIC_OCTETS = 11

/** The row of AIGP. */
export const AIGP: AttributeRow<AigpAttribute> = {
  code: AttributeCode.AIGP,
  type: 'aigp',
  name: 'aigp',
  flags: Category.OPTIONAL_NON_TRANSITIVE,
  onError: 'discard',
  rfc: 'RFC 7311 3.2',
  onWrongFlags: 'discard',
  from: 'anybody',
  isUnused: true,
  check: checkAigp,
  decode: (bytes, start, end) => ({ type: 'aigp', tlvs: decodeTlvs(bytes, start, end, LAYOUT) }),
  encode: ({ tlvs }) => encodeTlvs(tlvs, LAYOUT),
  format: ({ tlvs }) => {
    const metric = aigpMetric(tlvs)
    return metric === undefined ? formatTlvs(tlvs) : `${metric}`
  },
}

function checkAigp(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (start === end) return 'AIGP is empty'
  let isMetricSeen = false
  for (let at = start; at < end; ) {
    const next = tlvEnd(bytes, at, end, LAYOUT)
    if (next === -1) return 'AIGP does not consist of whole TLVs'
    // RFC 7311 3: of several AIGP TLVs only the first counts.
    if (!isMetricSeen && tlvType(bytes, at, LAYOUT) === METRIC) {
      if (next - at !== METRIC_OCTETS) return 'the AIGP TLV is not 11 octets long'
      isMetricSeen = true
    }
    at = next
  }
  return undefined
}

/** The accumulated metric, 64 bits, or undefined when there is none (RFC 7311 3). */
export function aigpMetric(tlvs: readonly Tlv[]): bigint | undefined {
  const metric = tlvs.find(({ type }) => type === METRIC)
  return metric?.value.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n)
}
