/**
 * What the capabilities of one OPEN amount to, taken together: which of several instances counts, which entries count at
 * all, and what follows from saying nothing (RFC 4760 8; RFC 4724 3; RFC 7911 4; RFC 8950 4; RFC 9234 4.1; RFC 9494 4.1;
 * RFC 5492 4 for repeats in general). One side's offer; two of them make an agreement, see `agreement.ts`.
 * Called by whoever negotiates or reads along.
 */

import type { Capability, CapabilityOf } from '../capability.ts'
import { familyOf, IPV4_UNICAST } from '../family.ts'
import { AddPathMode } from '../iana.ts'
import type { AddPathEntry, ExtendedNextHopEntry } from './family.ts'
import type { GracefulRestartCapability, LongLivedGracefulRestartCapability } from './restart.ts'

/** An address family by its numbers, whether we speak it or not. */
export interface FamilyNumbers {
  readonly afi: number
  readonly safi: number
}

/** What one side can do. */
export interface Offer {
  /** RFC 4760 8: without any multiprotocol capability, IPv4 unicast and nothing else. */
  readonly families: readonly FamilyNumbers[]
  readonly hasRouteRefresh: boolean
  readonly hasEnhancedRouteRefresh: boolean
  readonly hasExtendedMessage: boolean
  /** The AS number of capability 65; undefined for a two-octet speaker (RFC 6793 4.1). */
  readonly fourOctetAsn: number | undefined
  /** The distinct values of all role capabilities; more than one is an error (RFC 9234 4.2). */
  readonly roles: readonly number[]
  /** The last instance (RFC 4724 3). */
  readonly gracefulRestart: GracefulRestartCapability | undefined
  /** The last instance; undefined without graceful restart (RFC 9494 4.1). */
  readonly longLived: LongLivedGracefulRestartCapability | undefined
  /** The tuples with a mode of 1 to 3, the last for each family (RFC 7911 4). */
  readonly addPath: readonly AddPathEntry[]
  /** The triples for IPv6 next hops of families we speak (RFC 8950 4). */
  readonly extendedNextHop: readonly ExtendedNextHopEntry[]
}

/** Sums up the capabilities of one OPEN. */
export function summariseCapabilities(capabilities: readonly Capability[]): Offer {
  const all = <Kind extends Capability['kind']>(kind: Kind): CapabilityOf<Kind>[] =>
    capabilities.filter((capability): capability is CapabilityOf<Kind> => capability.kind === kind)
  const families = distinctFamilies(all('multiprotocol'))
  const gracefulRestart = all('graceful-restart').at(-1)
  return {
    families: families.length === 0 ? [{ afi: IPV4_UNICAST.afi, safi: IPV4_UNICAST.safi }] : families,
    hasRouteRefresh: all('route-refresh').length > 0,
    hasEnhancedRouteRefresh: all('enhanced-route-refresh').length > 0,
    hasExtendedMessage: all('extended-message').length > 0,
    fourOctetAsn: all('four-octet-as')[0]?.asn,
    roles: [...new Set(all('role').map(({ role }) => role))],
    gracefulRestart,
    longLived: gracefulRestart === undefined ? undefined : all('long-lived-graceful-restart').at(-1),
    addPath: lastByFamily(all('add-path').flatMap(({ entries }) => entries.filter(isMeant))),
    extendedNextHop: all('extended-next-hop').flatMap(({ entries }) => entries.filter(isUsable)),
  }
}

/** RFC 7911 4: a Send/Receive value that is none voids its tuple, and only that. */
const isMeant = ({ mode }: AddPathEntry): boolean => mode >= AddPathMode.RECEIVE && mode <= AddPathMode.BOTH

const AFI_IPV6 = 2

/** RFC 8950 4: a triple for families we do not run is passed over; IPv4 behind IPv6 is what the capability is for. */
const isUsable = ({ afi, safi, nextHopAfi }: ExtendedNextHopEntry): boolean =>
  nextHopAfi === AFI_IPV6 && familyOf(afi, safi)?.bits === 32

const familyKey = ({ afi, safi }: FamilyNumbers): number => afi * 256 + safi

const distinctFamilies = (families: readonly FamilyNumbers[]): FamilyNumbers[] => {
  const distinct = new Map(families.map(family => [familyKey(family), family]))
  return Array.from(distinct.values(), ({ afi, safi }) => ({ afi, safi }))
}

const lastByFamily = (entries: readonly AddPathEntry[]): AddPathEntry[] => [
  ...new Map(entries.map(entry => [familyKey(entry), entry])).values(),
]
