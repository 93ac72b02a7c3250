/**
 * ORIGIN (RFC 4271 5.1.1): well-known mandatory, one octet 0, 1 or 2. Any other length or value: treat as withdraw
 * (RFC 7606 7.1). Called through `registry.ts`.
 */

import { readU8 } from '../bytes.ts'
import { AttributeCode, Origin } from '../iana.ts'
import type { AttributeRow } from './row.ts'
import { Category } from './row.ts'

/** Where the route came into BGP: Origin.IGP, EGP or INCOMPLETE. */
export interface OriginAttribute {
  readonly type: 'origin'
  readonly origin: number
}

const NAMES = ['IGP', 'EGP', 'Incomplete'] as const

/** The row of ORIGIN. */
export const ORIGIN: AttributeRow<OriginAttribute> = {
  code: AttributeCode.ORIGIN,
  type: 'origin',
  name: 'origin',
  flags: Category.WELL_KNOWN,
  onError: 'withdraw',
  rfc: 'RFC 7606 7.1',
  from: 'anybody',
  check: (bytes, start, end) => {
    if (end - start !== 1) return 'ORIGIN is not 1 octet long'
    return readU8(bytes, start) <= Origin.INCOMPLETE ? undefined : 'ORIGIN has an undefined value'
  },
  decode: (bytes, start) => ({ type: 'origin', origin: readU8(bytes, start) }),
  encode: ({ origin }) => Uint8Array.of(origin),
  format: ({ origin }) => NAMES[origin] ?? `${origin}`,
}
