/**
 * The traces of aggregation: ATOMIC_AGGREGATE (RFC 4271 5.1.6), AGGREGATOR (RFC 4271 5.1.7) and, from speakers with
 * two-octet AS numbers, AS4_AGGREGATOR (RFC 6793 3). They do not influence routing, so whatever is wrong with them only
 * discards them (RFC 7606 7.6, 7.7; RFC 6793 6); AS 0 counts as wrong (RFC 7607 2).
 * Called through `registry.ts`; the two aggregators are brought together in `as4.ts`.
 */

import { concatBytes, readU16, readU32, u16, u32 } from '../bytes.ts'
import type { CodecContext } from '../context.ts'
import { AS_TRANS, AttributeCode } from '../iana.ts'
import { formatRouterId } from '../prefix.ts'
import type { AttributeRow, Fault } from './row.ts'
import { Category } from './row.ts'

/** Some more specific route was left out of an aggregate. */
export interface AtomicAggregateAttribute {
  readonly type: 'atomic-aggregate'
}

/** Who aggregated: AS number and IPv4 address (as unsigned 32 bits). */
export interface AggregatorAttribute {
  readonly type: 'aggregator'
  readonly asn: number
  readonly address: number
}

/** Who aggregated, with the AS number a two-octet speaker could not say. */
export interface As4AggregatorAttribute {
  readonly type: 'as4-aggregator'
  readonly asn: number
  readonly address: number
}

/** The row of ATOMIC_AGGREGATE: present or not, no value. */
export const ATOMIC_AGGREGATE: AttributeRow<AtomicAggregateAttribute> = {
  code: AttributeCode.ATOMIC_AGGREGATE,
  type: 'atomic-aggregate',
  name: 'atomic_aggr',
  flags: Category.WELL_KNOWN,
  onError: 'discard',
  rfc: 'RFC 7606 7.6',
  from: 'anybody',
  check: (_bytes, start, end) => (end === start ? undefined : 'ATOMIC_AGGREGATE is not empty'),
  decode: () => ({ type: 'atomic-aggregate' }),
  encode: () => new Uint8Array(0),
  format: () => '',
}

const AS_0: Fault = { reason: 'the aggregator is in AS 0', rfc: 'RFC 7607 2' }

const formatAggregator = ({ asn, address }: { asn: number; address: number }): string =>
  `${formatRouterId(address)} AS${asn}`

/** The row of AGGREGATOR: six octets, or eight between four-octet speakers. */
export const AGGREGATOR: AttributeRow<AggregatorAttribute> = {
  code: AttributeCode.AGGREGATOR,
  type: 'aggregator',
  name: 'aggregator',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'discard',
  rfc: 'RFC 7606 7.7',
  from: 'anybody',
  check: checkAggregator,
  decode: (bytes, start, end) => ({ type: 'aggregator', ...decodeAggregator(bytes, start, end) }),
  encode: ({ asn, address }, { fourOctetAs }) => {
    // RFC 6793 4.2.2: a number that does not fit is sent as AS_TRANS; the real one follows in AS4_AGGREGATOR.
    const number = fourOctetAs ? u32(asn) : u16(asn > 0xffff ? AS_TRANS : asn)
    return concatBytes(number, u32(address))
  },
  format: formatAggregator,
}

/** The row of AS4_AGGREGATOR: always eight octets. */
export const AS4_AGGREGATOR: AttributeRow<As4AggregatorAttribute> = {
  code: AttributeCode.AS4_AGGREGATOR,
  type: 'as4-aggregator',
  name: 'as4_aggregator',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'discard',
  rfc: 'RFC 6793 6',
  from: 'two-octet-speaker',
  check: (bytes, start, end) => {
    if (end - start !== 8) return 'AS4_AGGREGATOR is not 8 octets long'
    return readU32(bytes, start) === 0 ? AS_0 : undefined
  },
  decode: (bytes, start, end) => ({ type: 'as4-aggregator', ...decodeAggregator(bytes, start, end) }),
  encode: ({ asn, address }) => concatBytes(u32(asn), u32(address)),
  format: formatAggregator,
}

/** RFC 7606 7.7 and RFC 6793 4: the length says which size of AS number it holds, and must say the negotiated one. */
function checkAggregator(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: CodecContext,
): string | Fault | undefined {
  const octets = context.fourOctetAs ? 8 : 6
  if (end - start !== octets) return 'AGGREGATOR does not have the length of the negotiated AS size'
  const asn = context.fourOctetAs ? readU32(bytes, start) : readU16(bytes, start)
  return asn === 0 ? AS_0 : undefined
}

function decodeAggregator(bytes: Uint8Array, start: number, end: number): { asn: number; address: number } {
  const asn = end - start === 8 ? readU32(bytes, start) : readU16(bytes, start)
  return { asn, address: readU32(bytes, end - 4) }
}
