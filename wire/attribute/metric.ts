/**
 * The two plain numbers: MULTI_EXIT_DISC (RFC 4271 5.1.4, optional non-transitive) and LOCAL_PREF (RFC 4271 5.1.5,
 * well-known, internal peers only). Four octets each; other lengths: treat as withdraw (RFC 7606 7.4, 7.5). LOCAL_PREF
 * from an external peer is discarded whatever it holds (RFC 7606 7.5).
 * INTEROP: an internal peer that leaves LOCAL_PREF out is forgiven, as in BIRD 2, FRR and GoBGP; the default applies.
 * Called through `registry.ts`.
 */

import { readU32, u32 } from '../bytes.ts'
import { AttributeCode } from '../iana.ts'
import type { AttributeRow } from './row.ts'
import { Category, exactly } from './row.ts'

/** MULTI_EXIT_DISC; lower is better, compared between routes of the same neighbouring AS. */
export interface MedAttribute {
  readonly type: 'med'
  readonly value: number
}

/** LOCAL_PREF; higher is better. */
export interface LocalPrefAttribute {
  readonly type: 'local-pref'
  readonly value: number
}

/** The row of MULTI_EXIT_DISC. */
export const MED: AttributeRow<MedAttribute> = {
  code: AttributeCode.MED,
  type: 'med',
  name: 'med',
  flags: Category.OPTIONAL_NON_TRANSITIVE,
  onError: 'withdraw',
  rfc: 'RFC 7606 7.4',
  from: 'anybody',
  check: exactly(4, 'MULTI_EXIT_DISC'),
  decode: (bytes, start) => ({ type: 'med', value: readU32(bytes, start) }),
  encode: ({ value }) => u32(value),
  format: ({ value }) => `${value}`,
}

/** The row of LOCAL_PREF. */
export const LOCAL_PREF: AttributeRow<LocalPrefAttribute> = {
  code: AttributeCode.LOCAL_PREF,
  type: 'local-pref',
  name: 'local_pref',
  flags: Category.WELL_KNOWN,
  onError: 'withdraw',
  rfc: 'RFC 7606 7.5',
  from: 'inside',
  check: exactly(4, 'LOCAL_PREF'),
  decode: (bytes, start) => ({ type: 'local-pref', value: readU32(bytes, start) }),
  encode: ({ value }) => u32(value),
  format: ({ value }) => `${value}`,
}
