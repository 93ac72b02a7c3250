/**
 * Capabilities that say something of the session as a whole: route refresh (RFC 2918 2) and its enhancement
 * (RFC 7313 3.1), extended messages (RFC 8654 3), four-octet AS numbers (RFC 6793 3). The BGP role is in `role.ts`.
 * Called through `registry.ts`.
 */

import { readU32, u32 } from '../bytes.ts'
import { CapabilityCode } from '../iana.ts'
import type { CapabilityRow } from './row.ts'
import { ofLength } from './row.ts'

/** The sender answers ROUTE-REFRESH requests. */
export interface RouteRefreshCapability {
  readonly kind: 'route-refresh'
}

/** The sender marks begin and end of what it tells again, and understands the marks. */
export interface EnhancedRouteRefreshCapability {
  readonly kind: 'enhanced-route-refresh'
}

/** The sender reads messages of up to 65535 octets. */
export interface ExtendedMessageCapability {
  readonly kind: 'extended-message'
}

/** The sender uses four-octet AS numbers; its own is this one. */
export interface FourOctetAsCapability {
  readonly kind: 'four-octet-as'
  readonly asn: number
}

const NOTHING = new Uint8Array(0)

/** A capability without a value: being there is all it says. */
function flag<Kind extends string>(code: number, kind: Kind): CapabilityRow<{ readonly kind: Kind }> {
  return {
    code,
    kind,
    onMalformed: 'refuse',
    decode: ofLength(0, () => ({ kind })),
    encode: () => NOTHING,
    format: () => kind,
  }
}

/** The row of route refresh. */
export const ROUTE_REFRESH: CapabilityRow<RouteRefreshCapability> = flag(CapabilityCode.ROUTE_REFRESH, 'route-refresh')

/** The row of enhanced route refresh. */
export const ENHANCED_ROUTE_REFRESH: CapabilityRow<EnhancedRouteRefreshCapability> = flag(
  CapabilityCode.ENHANCED_ROUTE_REFRESH,
  'enhanced-route-refresh',
)

/** The row of extended messages. */
export const EXTENDED_MESSAGE: CapabilityRow<ExtendedMessageCapability> = flag(
  CapabilityCode.EXTENDED_MESSAGE,
  'extended-message',
)

/** The row of four-octet AS numbers. */
export const FOUR_OCTET_AS: CapabilityRow<FourOctetAsCapability> = {
  code: CapabilityCode.FOUR_OCTET_AS,
  kind: 'four-octet-as',
  onMalformed: 'refuse',
  decode: ofLength(4, (bytes, start) => ({ kind: 'four-octet-as', asn: readU32(bytes, start) })),
  encode: ({ asn }) => u32(asn),
  format: ({ asn }) => `four-octet-as ${asn}`,
}
