/**
 * What a peer is told about itself before it starts. The first block is what every caller must say; the second has
 * defaults (RFC 4271 10) and exists for configuration that asks for more.
 * Called (built) by `src/net/` from configuration, by the simulator and by tests.
 */

import type { Capability } from '../wire/capability.ts'
import type { Family } from '../wire/family.ts'

/** What both OPENs are judged by. */
export interface LocalTerms {
  readonly localAsn: number
  readonly peerAsn: number
  /** Others that will do as well; all of them make the same kind of session, internal or external, as `peerAsn`. */
  readonly otherPeerAsns?: readonly number[]
  /** Ours: unsigned 32-bit, never 0. */
  readonly routerId: number
  /** Proposed in our OPEN: 0, or 3 to 65535 seconds. */
  readonly holdTimeS: number
  /** What we offer, in the order in which `Negotiated.families` will have them. */
  readonly families: readonly Family[]
  /** Refuse a smaller non-zero hold time of the peer with 2/6. Default 3, the floor of RFC 4271 4.2. */
  readonly minHoldTimeS?: number
  /** Send KEEPALIVEs this often instead of every third of the hold time; never longer than that third. */
  readonly keepaliveMs?: number
  /** Refuse a peer without these with 2/7 (RFC 5492 5). Default none. */
  readonly requiredCapabilities?: readonly Capability[]
  /** Offer to read messages of up to 65535 octets (RFC 8654). Default true. */
  readonly extendedMessages?: boolean
  /**
   * Tell routes again when asked (RFC 2918); `enhanced` marks begin and end too (RFC 7313). Default `plain`.
   * INTEROP: FRR 8.4.4 never answers a request of a neighbour that offers the marks without graceful restart.
   */
  readonly routeRefresh?: 'enhanced' | 'plain' | 'off'
  /** Offer path identifiers: families and modes as in `AddPathMode` of `wire/` (RFC 7911 4). Default none. */
  readonly addPath?: readonly { readonly family: Family; readonly mode: number }[]
  /** Offer to take routes of these families with IPv6 next hops, and to tell such ones (RFC 8950 4). Default none. */
  readonly extendedNextHop?: readonly Family[]
  /** What we are to the peer, as in `Role` of `wire/` (RFC 9234 4.1). Default: not said. */
  readonly role?: number
  /** Refuse a peer that does not say its role (RFC 9234 4.2). */
  readonly hasStrictRole?: boolean
}

/** Everything a `PeerFsm` has to know. */
export interface PeerFsmOptions extends LocalTerms {
  /** Never dial (RFC 4271 8.1.1, PassiveTcpEstablishment). */
  readonly passive: boolean
  /** ConnectRetryTime: between two dials, and how long one dial may take. The RFC suggests 120 s; we configure 5 s. */
  readonly connectRetryMs: number
  /**
   * IdleHoldTime (RFC 4271 8.1.1): `first` after one failure, twice that after the next, never more than `cap`.
   * A peer that goes `forget` without a failure (default 300 s) starts from `first` again.
   */
  readonly idleHoldMs: { readonly first: number; readonly cap: number; readonly forget?: number }
  /** Instead of the idle hold, after we ended a session because the peer told too much (6/1 and 6/8, RFC 4486 4). */
  readonly overloadHoldMs?: number
  /** Whether incoming connections are taken at all. */
  readonly mayAccept: boolean
  /** 0 to 1, for jitter. */
  readonly random: () => number
  /** The hold time while waiting for an OPEN on a connection of ours. Default 4 minutes (RFC 4271 8.2.2). */
  readonly largeHoldMs?: number
  /** The same on a connection of the peer, who has every reason to speak at once. Default 10 s. */
  readonly openDeadlineMs?: number
  /** DelayOpenTime: how long we wait for the OPEN of the peer before we send ours (RFC 4271 8.1.1). Default 0: not at all. */
  readonly delayOpenMs?: number
  /** How long the peer may take between BoRR and EoRR before what it has not told again goes (RFC 7313 4). Default 5 minutes. */
  readonly refreshTimeoutMs?: number
  /** Try once without capabilities after the peer refused them with 2/4 or 2/7 (RFC 5492 3). Default true. */
  readonly retryWithoutCapabilities?: boolean
}
