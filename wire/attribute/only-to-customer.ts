/**
 * ONLY_TO_CUSTOMER (RFC 9234 5): the AS that first told the route to a customer or a peer, so that it must only go down
 * from there. Optional transitive, four octets; any other length: treat as withdraw. Passed on unchanged.
 * AS 0 counts as malformed too: nobody can be it (RFC 7607 1). Called through `registry.ts`.
 */

import { readU32, u32 } from '../bytes.ts'
import { AttributeCode } from '../iana.ts'
import type { AttributeRow, Fault } from './row.ts'
import { Category } from './row.ts'

/** The AS that marked the route. */
export interface OnlyToCustomerAttribute {
  readonly type: 'only-to-customer'
  readonly asn: number
}

const AS_0: Fault = { reason: 'ONLY_TO_CUSTOMER names AS 0', rfc: 'RFC 7607 1' }

/** The row of ONLY_TO_CUSTOMER. */
export const ONLY_TO_CUSTOMER: AttributeRow<OnlyToCustomerAttribute> = {
  code: AttributeCode.ONLY_TO_CUSTOMER,
  type: 'only-to-customer',
  name: 'otc',
  flags: Category.OPTIONAL_TRANSITIVE,
  onError: 'withdraw',
  rfc: 'RFC 9234 5',
  from: 'anybody',
  check: (bytes, start, end) => {
    if (end - start !== 4) return 'ONLY_TO_CUSTOMER is not 4 octets long'
    return readU32(bytes, start) === 0 ? AS_0 : undefined
  },
  decode: (bytes, start) => ({ type: 'only-to-customer', asn: readU32(bytes, start) }),
  encode: ({ asn }) => u32(asn),
  format: ({ asn }) => `${asn}`,
}
