/**
 * The table of capabilities: one row each, with code, what a malformed value does, and how to read, write and show it.
 * To teach godwit a capability, write its row in a file beside this one and add it to `CAPABILITIES` and
 * `KnownCapability`. RFC sections are in the files of the rows.
 * Called by `wire/capability.ts`.
 */

import type { AddPathCapability, ExtendedNextHopCapability, MultiprotocolCapability } from './family.ts'
import { ADD_PATH, EXTENDED_NEXT_HOP, MULTIPROTOCOL } from './family.ts'
import type { GracefulRestartCapability, LongLivedGracefulRestartCapability } from './restart.ts'
import { GRACEFUL_RESTART, LONG_LIVED_GRACEFUL_RESTART } from './restart.ts'
import type { RoleCapability } from './role.ts'
import { ROLE } from './role.ts'
import type { CapabilityRow } from './row.ts'
import type {
  EnhancedRouteRefreshCapability,
  ExtendedMessageCapability,
  FourOctetAsCapability,
  RouteRefreshCapability,
} from './session.ts'
import { ENHANCED_ROUTE_REFRESH, EXTENDED_MESSAGE, FOUR_OCTET_AS, ROUTE_REFRESH } from './session.ts'
import type { FqdnCapability, SoftwareVersionCapability } from './text.ts'
import { FQDN, SOFTWARE_VERSION } from './text.ts'

/** Any capability that has a row. */
export type KnownCapability =
  | MultiprotocolCapability
  | RouteRefreshCapability
  | ExtendedNextHopCapability
  | ExtendedMessageCapability
  | RoleCapability
  | GracefulRestartCapability
  | FourOctetAsCapability
  | AddPathCapability
  | EnhancedRouteRefreshCapability
  | LongLivedGracefulRestartCapability
  | FqdnCapability
  | SoftwareVersionCapability

/** All capabilities we know, by ascending code. */
export const CAPABILITIES: readonly CapabilityRow<KnownCapability>[] = [
  MULTIPROTOCOL,
  ROUTE_REFRESH,
  EXTENDED_NEXT_HOP,
  EXTENDED_MESSAGE,
  ROLE,
  GRACEFUL_RESTART,
  FOUR_OCTET_AS,
  ADD_PATH,
  ENHANCED_ROUTE_REFRESH,
  LONG_LIVED_GRACEFUL_RESTART,
  FQDN,
  SOFTWARE_VERSION,
]

const BY_CODE: ReadonlyMap<number, CapabilityRow<KnownCapability>> = new Map(CAPABILITIES.map(row => [row.code, row]))
const BY_KIND: ReadonlyMap<string, CapabilityRow<KnownCapability>> = new Map(CAPABILITIES.map(row => [row.kind, row]))

/** The row of a capability code 0 to 255, or undefined for a capability we do not know. */
export const capabilityRow = (code: number): CapabilityRow<KnownCapability> | undefined => BY_CODE.get(code)

/** The row of a kind of capability, or undefined for `unknown`. */
export const capabilityRowOf = (kind: string): CapabilityRow<KnownCapability> | undefined => BY_KIND.get(kind)

/** Names of capabilities without a row, as in the IANA registry: for people who wonder what the peer offered. */
export const OTHER_CAPABILITY_NAMES: Record<number, string> = {
  3: 'outbound route filtering',
  7: 'BGPsec',
  8: 'multiple labels',
  67: 'dynamic capability',
  68: 'multisession',
  72: 'routing policy distribution',
  74: 'BFD',
  76: 'paths limit',
  77: 'link-local next hop',
  128: 'prestandard route refresh',
  130: 'prestandard outbound route filtering',
  131: 'prestandard multisession',
}
