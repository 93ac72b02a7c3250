/**
 * The configuration as the daemon wants it: checked, defaults filled in, text turned into numbers and octets.
 *
 * `load.ts` makes it from a file, `configFromObject` from a plain object (lab, demo, tests). Every key is described for
 * people in docs/configuration.md; nothing is here that does nothing.
 */
import type { Family, FamilyName } from '../../wire/family.ts'
import type { Prefix } from '../../wire/prefix.ts'
import type { Policy, PrefixMatch } from '../policy/policy.ts'
import type { Password } from './password.ts'
import type { Problem } from './problem.ts'

export interface Config {
  readonly speaker: SpeakerConfig
  /** Present: this speaker is a route reflector (RFC 4456). */
  readonly reflector?: ReflectorConfig
  /** The named policies of the file; the built-in accept-all and reject-all are not in it. */
  readonly policies: ReadonlyMap<string, Policy>
  readonly peers: readonly PeerConfig[]
  readonly peerRanges: readonly PeerRangeConfig[]
  readonly statics: readonly StaticRoute[]
  readonly kernel: KernelConfig
  readonly datastore: { readonly type: 'none' }
  readonly api: ApiConfig
  readonly log: { readonly level: LogLevel }
}

export interface ReflectorConfig {
  /** Of clients that name no other. */
  readonly clusterId: number
  /** False: clients of one cluster tell each other themselves. */
  readonly clientToClient: boolean
}

export interface SpeakerConfig {
  readonly asn: number
  /** BGP Identifier, unsigned 32 bits, never 0 (RFC 6286). */
  readonly routerId: number
  /** Empty: nobody can connect to us, we only dial. */
  readonly listen: readonly ListenAddress[]
  readonly holdTimeS: number
  readonly connectRetryS: number
  readonly selection: SelectionConfig
}

/** How the best of several paths is chosen (RFC 4271 9.1.2.2). */
export interface SelectionConfig {
  readonly alwaysCompareMed: boolean
  readonly missingMedAsWorst: boolean
  /** RFC 5004. */
  readonly preferOlder: boolean
  /** Paths the kernel may get for one prefix, by the kind of neighbour that told the best one; 1 and more. */
  readonly multipath: { readonly ebgp: number; readonly ibgp: number }
}

/** Canonical address text (RFC 5952 for IPv6) and a TCP port. */
export interface ListenAddress {
  readonly address: string
  readonly port: number
}

/** As Calico's `nextHopMode`. `auto`: our own address to eBGP neighbours, that of the route to iBGP neighbours. */
export type NextHopMode = 'auto' | 'self' | 'keep'

export type AddPathMode = 'receive' | 'send' | 'both'

/** Routes of one family. */
export interface RouteLimits {
  /** Most routes before import policy, and after it. */
  readonly received?: number
  readonly accepted?: number
  readonly action: 'warn' | 'block' | 'reset'
}

/** What a neighbour's routes may do beside its policies, see route-options.ts. */
export interface RouteOptions {
  /** What to offer, by family; families that are absent have single paths. */
  readonly addPath: Readonly<Partial<Record<FamilyName, AddPathMode>>>
  /** How many paths of a prefix are told where identifiers are sent. */
  readonly addPathSend: 'all' | 'multipath' | number
  readonly limits: Readonly<Partial<Record<FamilyName, RouteLimits>>>
  /** Octets of memory for attributes of this neighbour's routes. */
  readonly attributeOctets?: number
  /** How long a session that exceeded a limit stays down. Absent: as after any failure. */
  readonly limitRestartS?: number
  /** Own AS numbers in AS_PATH that are forgiven. */
  readonly allowOwnAs: number
  readonly enforceFirstAs: boolean
  readonly rejectAsSets: boolean
}

/** What a neighbour and a range of neighbours have in common. */
export interface SessionConfig extends RouteOptions {
  /** Unique among peers and ranges. */
  readonly name: string
  /** For TCP MD5 signatures (RFC 2385). From a file it is the daemon that reads it, at start and at every reload. */
  readonly password?: Password
  /** Where the password is to be read from; never together with `password` in a file, and beside it once it was read. */
  readonly passwordFile?: string
  /** Hops the neighbour may be away (RFC 5082), 1 to 254; never together with `ttl`. */
  readonly ttlSecurity?: number
  /** TTL of what we send, 1 to 255; absent: the kernel's default. */
  readonly ttl?: number
  /** The only interface the session may use. */
  readonly device?: string
  /** How long TCP waits for an acknowledgement before it gives up (TCP_USER_TIMEOUT); absent: the kernel's default. */
  readonly tcpUserTimeoutS?: number
  /** 0 (no keepalives, no hold timer) or 3..65535. */
  readonly holdTimeS: number
  /** Smallest non-zero hold time of the neighbour that is accepted. */
  readonly minHoldTimeS: number
  /** RFC 9687; 0: never. Absent: the larger of 480 s and twice the negotiated hold time. */
  readonly sendHoldTimeS?: number
  /** RFC 4271 8.1.1; 0: our OPEN goes out at once. */
  readonly delayOpenS: number
  readonly extendedMessages: boolean
  readonly routeRefresh: 'enhanced' | 'plain' | 'off'
  readonly retryWithoutCapabilities: boolean
  /** Never empty. */
  readonly families: readonly Family[]
  readonly reflectorClient: boolean
  /** The cluster it is in as a client; of others the reflector's own. Present when the speaker is a reflector. */
  readonly clusterId?: number
  /** `ReflectorConfig.clientToClient`; true for whoever is no client. */
  readonly clientToClient: boolean
  readonly import: Policy
  readonly export: Policy
  readonly nextHopMode: NextHopMode
  /** Own addresses to tell as next hop for a family the session's own address does not belong to; 4 and 16 octets. */
  readonly nextHops: { readonly ipv4?: Uint8Array; readonly ipv6?: Uint8Array }
  /** RFC 8950, for IPv4 routes. */
  readonly extendedNextHop: boolean
}

export interface PeerConfig extends SessionConfig {
  /** Unique, canonical text; a link-local one with its zone. */
  readonly address: string
  readonly asn: number
  /** TCP port we dial; what the neighbour dials from does not matter. */
  readonly port: number
  /** Own address to dial from, same family as `address`. */
  readonly localAddress?: string
  /** Never dial, only accept. */
  readonly passive: boolean
  readonly connectRetryS: number
}

/** Neighbours that are not known by address: whoever connects from the prefix and has a right AS number. */
export interface PeerRangeConfig extends SessionConfig {
  /** Unique. */
  readonly prefix: Prefix
  /** Any of these; not empty, in ascending order, either all our own AS or none of them. */
  readonly asns: readonly number[]
  /** Neighbours at a time. */
  readonly limit: number
}

export interface StaticRoute {
  readonly prefix: Prefix
  readonly type: 'unicast' | 'blackhole'
  /** 4 or 16 octets, the prefix's family. A unicast route has this, an interface, or both: a gateway on that interface's link. */
  readonly gateway?: Uint8Array
  readonly interfaceName?: string
}

export interface KernelConfig {
  readonly backend: 'rtnetlink' | 'iproute2' | 'memory' | 'none'
  /** rtm_protocol of our routes, 5..255. */
  readonly protocol: number
  /** Routing table, 1..4294967295 without 255. */
  readonly table: number
  /** Route priority; 0 leaves it to the kernel. */
  readonly metric: number
  /** Routes of BGP get the metric their origin gave them: 2147483647 less LOCAL_PREF. */
  readonly metricFromLocalPref: boolean
  /** Own addresses for packets of this machine, by family (RTA_PREFSRC). */
  readonly source: { readonly ipv4?: Uint8Array; readonly ipv6?: Uint8Array }
  /** What is written and how, by prefix and next hop; the first that fits decides. */
  readonly rules: readonly KernelRuleConfig[]
  /** Seconds between complete looks at the table, 0 for none. */
  readonly auditS: number
  /** Take alien routes of the table as source `kernel`. */
  readonly learn: boolean
  /** BGP routes are used only while the kernel has a route to their next hop. */
  readonly resolveNextHops: boolean
  /** Workload routes with a low metric, which win over BGP; absent: none do. */
  readonly elevated?: ElevatedConfig
  /** Interface patterns for source `direct`, in order; src/kernel/pattern.ts reads them. */
  readonly direct: readonly string[]
}

export interface KernelRuleConfig {
  readonly prefixes: readonly PrefixMatch[]
  /** Absent: whatever the next hop. */
  readonly nextHops?: readonly Prefix[]
  readonly write: boolean
  /** Name of an interface. */
  readonly tunnel?: string
  readonly metric?: number
}

export interface ElevatedConfig {
  readonly interfaces: readonly string[]
  readonly belowMetric: number
  readonly preference: number
}

export interface ApiConfig {
  /** Absent: no control socket. */
  readonly socket?: string
  readonly metrics?: ListenAddress
}

/** Where the control socket is when nobody says otherwise. */
export const DEFAULT_SOCKET = '/run/godwit/godwit.sock'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] }
