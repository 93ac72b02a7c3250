/**
 * The two attributes of route reflection (RFC 4456 8): ORIGINATOR_ID, the router that brought the route into the AS,
 * and CLUSTER_LIST, the clusters it went through. Optional non-transitive; from external peers discarded, from internal
 * peers with a bad length treat as withdraw (RFC 7606 7.9, 7.10).
 * Called through `registry.ts`.
 */

import { readU32, u32 } from '../bytes.ts'
import { AttributeCode } from '../iana.ts'
import { formatRouterId } from '../prefix.ts'
import type { AttributeRow } from './row.ts'
import { Category, exactly, listOf } from './row.ts'
import { decodeWords, encodeWords } from './words.ts'

/** The router id of the originator within the AS, unsigned 32 bits. */
export interface OriginatorIdAttribute {
  readonly type: 'originator-id'
  readonly routerId: number
}

/** Cluster ids, unsigned 32 bits, the last reflector's first. */
export interface ClusterListAttribute {
  readonly type: 'cluster-list'
  readonly ids: readonly number[]
}

/** The row of ORIGINATOR_ID. */
export const ORIGINATOR_ID: AttributeRow<OriginatorIdAttribute> = {
  code: AttributeCode.ORIGINATOR_ID,
  type: 'originator-id',
  name: 'originator_id',
  flags: Category.OPTIONAL_NON_TRANSITIVE,
  onError: 'withdraw',
  rfc: 'RFC 7606 7.9',
  from: 'internal',
  check: exactly(4, 'ORIGINATOR_ID'),
  decode: (bytes, start) => ({ type: 'originator-id', routerId: readU32(bytes, start) }),
  encode: ({ routerId }) => u32(routerId),
  format: ({ routerId }) => formatRouterId(routerId),
}

/** The row of CLUSTER_LIST. */
export const CLUSTER_LIST: AttributeRow<ClusterListAttribute> = {
  code: AttributeCode.CLUSTER_LIST,
  type: 'cluster-list',
  name: 'cluster_list',
  flags: Category.OPTIONAL_NON_TRANSITIVE,
  onError: 'withdraw',
  rfc: 'RFC 7606 7.10',
  from: 'internal',
  check: listOf(4, 'CLUSTER_LIST'),
  decode: (bytes, start, end) => ({ type: 'cluster-list', ids: decodeWords(bytes, start, end) }),
  encode: ({ ids }) => encodeWords(ids),
  format: ({ ids }) => ids.map(formatRouterId).join(' '),
}
