/**
 * The keys of a configuration: types, ranges, defaults and their descriptions, in zod. Unknown keys are refused everywhere.
 *
 * What concerns one key alone is here; what concerns several (a name used twice, a policy that does not exist) is in check.ts,
 * and defaults that depend on other keys are filled in by build.ts. docs/configuration.md and docs/godwit.schema.json follow.
 */
import { z } from 'zod'
import { asn, FOUR_OCTETS_MAX, numberOrText, secret, text, whole } from './field.ts'
import { policy, prefixMatches } from './policy-schema.ts'
import { ROUTE_KEYS } from './route-options.ts'
import {
  type Parsed,
  parseEndpoint,
  parseHostAddress,
  parseInterfaceName,
  parseInterfacePattern,
  parseListenAddress,
  parseName,
  parsePassword,
  parsePasswordFile,
  parsePeerAddress,
  parsePrefixText,
  parseRouterIdText,
  parseSocketPath,
  parseSpecificAddress,
} from './text.ts'
import { DEFAULT_SOCKET } from './types.ts'

const BGP_PORT = 179
export const DEFAULT_HOLD_TIME_S = 90
/** The floor of RFC 4271 4.2. */
export const DEFAULT_MIN_HOLD_TIME_S = 3
export const DEFAULT_CONNECT_RETRY_S = 5
const DEFAULT_RANGE_LIMIT = 1000
/** Calico's workload and IPVS interfaces are not ours to tell; every other interface is. */
export const DEFAULT_DIRECT: readonly string[] = ['-cali*', '-kube-ipvs*', '*']
/** The kernel's main table. */
export const MAIN_TABLE = 254
/** rtm_protocol "bird", which Calico's agent knows as the BGP daemon's. */
export const BIRD_PROTOCOL = 12

/** One number or several; always several afterwards. */
const asnList = (description: string) =>
  z
    .union([
      z.array(asn('An AS number.')).min(1).describe('AS numbers, any of which will do.'),
      asn(description).transform(one => [one]),
    ])
    .describe(description)
const routerId = (description: string) => text(parseRouterIdText, description, { examples: ['10.0.0.1'] })
const hostAddress = (description: string) => text(parseSpecificAddress, description)
const flag = (value: boolean, description: string) => z.boolean().default(value).describe(description)
const holdTime = whole(
  0,
  0xffff,
  'Seconds without a message after which a session is given up, 0 for never, else at least 3 (RFC 4271 4.2). The smaller one of both sides counts.',
  { default: DEFAULT_HOLD_TIME_S },
)
const connectRetry = whole(1, 0xffff, 'Seconds between attempts to connect (RFC 4271 8.2.2).', {
  default: DEFAULT_CONNECT_RETRY_S,
})
const listenAddress = z.strictObject({
  address: text(parseListenAddress, 'Own IPv4 or IPv6 address, or 0.0.0.0 or :: for all.'),
  port: whole(1, 0xffff, 'TCP port.').default(BGP_PORT),
})

const multipath = z.strictObject({
  ebgp: whole(1, 64, 'How many paths when the best one is from an eBGP neighbour.').default(1),
  ibgp: whole(1, 64, 'How many paths when the best one is from an iBGP neighbour.').default(1),
})

const selection = z.strictObject({
  alwaysCompareMed: flag(false, 'Compare MED between different neighbour ASes, too (RFC 4271 9.1.2.2 c).'),
  missingMedAsWorst: flag(false, 'A path without MED counts as 4294967295 instead of 0.'),
  preferOlder: flag(
    false,
    'An eBGP path that is best stays best when only the identifier speaks for another (RFC 5004).',
  ),
  multipath: multipath
    .prefault({})
    .describe('How many equal paths to a prefix the kernel gets: equal through the metric of the next hop.'),
})

const speaker = z.strictObject({
  asn: asn("This speaker's AS number, 1 to 4294967295 or asdot such as 1.10."),
  routerId: routerId("This speaker's BGP Identifier as a dotted quad, the same for no other speaker (RFC 6286)."),
  listen: z
    .array(listenAddress)
    .prefault([
      { address: '0.0.0.0', port: BGP_PORT },
      { address: '::', port: BGP_PORT },
    ])
    .describe('Where neighbours may connect to. An empty list: nowhere, this speaker only dials.'),
  holdTime: holdTime.optional(),
  connectRetry: connectRetry.optional(),
  selection: selection.prefault({}).describe('How the best of several paths to a prefix is chosen.'),
})

const reflector = z.strictObject({
  clusterId: routerId('Cluster id as a dotted quad (RFC 4456 7). Default: the router id.').optional(),
  clientToClient: flag(
    true,
    'false where the clients of a cluster peer with each other: what one of them tells is not reflected to the others.',
  ),
})

const nextHops = z.strictObject({
  ipv4: hostAddress('Own IPv4 address to tell as next hop of IPv4 routes on an IPv6 session.').optional(),
  ipv6: hostAddress('Own IPv6 address to tell as next hop of IPv6 routes on an IPv4 session.').optional(),
})

const policyName = (description: string) => z.string().describe(description).optional()

/** What a neighbour and a range of neighbours have in common. */
const session = {
  password: secret(
    parsePassword,
    'Password for TCP MD5 signatures (RFC 2385), 1 to 80 octets. Better kept in a file, see passwordFile.',
  ).optional(),
  passwordFile: text(
    parsePasswordFile,
    'File with the password, read at start and at every reload; a newline at its end does not count.',
  ).optional(),
  ttlSecurity: whole(
    1,
    254,
    'How many hops away the neighbour may be, 1 for directly connected; whatever comes from further is dropped (GTSM, RFC 5082). The neighbour has to do the same.',
  ).optional(),
  ttl: whole(1, 255, "TTL or hop limit of what we send. Default: the kernel's.").optional(),
  multihop: whole(1, 255, 'How many hops away an eBGP neighbour may be: the same as ttl.').optional(),
  device: text(parseInterfaceName, 'The only interface the session may use.', { examples: ['eth0'] }).optional(),
  tcpUserTimeout: whole(
    1,
    0xffff,
    "Seconds TCP waits for an acknowledgement before it gives the connection up. Default: the kernel's, some 15 minutes.",
  ).optional(),
  holdTime: holdTime.meta({ default: undefined }).optional(),
  minHoldTime: whole(3, 0xffff, 'Refuse a neighbour that proposes less, but for 0: seconds (RFC 4271 6.2).', {
    default: DEFAULT_MIN_HOLD_TIME_S,
  }).optional(),
  sendHoldTime: whole(
    0,
    0xffff,
    'Seconds in which nothing could be written to the neighbour, after which a session is given up; more than holdTime, 0 for never (RFC 9687). Default: 480, or twice the hold time where that is more.',
  ).optional(),
  delayOpen: whole(0, 240, "Seconds to wait for the neighbour's OPEN before ours is sent (RFC 4271 8.1.1).").default(0),
  extendedMessages: flag(true, 'Offer to read messages of up to 65535 octets (RFC 8654).'),
  // INTEROP: not enhanced by default: FRR 8.4.4 does not answer requests of who offers it without graceful restart (FRRouting/frr#16126).
  routeRefresh: z
    .enum(['enhanced', 'plain', 'off'])
    .default('plain')
    .describe(
      'Tell routes again when asked (RFC 2918): enhanced marks begin and end (RFC 7313), which FRR does not cope with; off offers nothing.',
    ),
  retryWithoutCapabilities: flag(
    true,
    'Try once without capabilities when the neighbour refuses ours with 2/4 or 2/7 (RFC 5492 3).',
  ),
  families: z
    .array(z.enum(['ipv4', 'ipv6']))
    .min(1)
    .meta({
      description: 'Address families to offer; those that both sides offer are used.',
      default: ['ipv4', 'ipv6'],
    })
    .optional(),
  reflectorClient: flag(false, 'A client of this route reflector (RFC 4456). iBGP only, needs the reflector section.'),
  clusterId: routerId(
    "Cluster id of the cluster this client is in, as a dotted quad (RFC 4456 7). Default: the reflector's.",
  ).optional(),
  import: policyName(
    'Policy for routes from this neighbour: accept-all, reject-all or a name. Default: accept-all on iBGP, reject-all on eBGP (RFC 8212).',
  ),
  export: policyName(
    'Policy for routes to this neighbour: accept-all, reject-all or a name. Default: accept-all on iBGP, reject-all on eBGP (RFC 8212).',
  ),
  nextHopSelf: flag(false, 'Tell our own address as next hop of everything: short for nextHopMode: self.'),
  nextHopMode: z
    .enum(['auto', 'self', 'keep'])
    .describe(
      "Next hop that is told: auto is our own to eBGP and the route's to iBGP neighbours; self is always our own; keep is the route's, but never the neighbour's own address. Default: auto.",
    )
    .optional(),
  nextHops: nextHops
    .default({})
    .describe("Own addresses to tell as next hop for the family the session's own address does not belong to."),
  extendedNextHop: flag(
    false,
    'Offer IPv4 routes with IPv6 next hops (RFC 8950): for sessions over IPv6 on links without IPv4 addresses.',
  ),
  ...ROUTE_KEYS,
}

const peerAddress = (description: string) => text(parsePeerAddress, description, { examples: ['fe80::1%eth0'] })

const peer = z.strictObject({
  name: text(parseName, 'Name of the neighbour in commands, metrics and logs. Letters, digits and _ . : -.'),
  address: peerAddress("The neighbour's IPv4 or IPv6 address; a link-local one with its interface."),
  asn: asn("The neighbour's AS number. The speaker's own makes it iBGP."),
  port: whole(1, 0xffff, 'TCP port to dial.').default(BGP_PORT),
  localAddress: peerAddress('Own address to dial from, of the same family as the neighbour.').optional(),
  passive: flag(false, 'Never dial, wait for the neighbour.'),
  connectRetry: connectRetry.meta({ default: undefined }).optional(),
  ...session,
})

const peerRange = z.strictObject({
  name: text(
    parseName,
    'Name of the range; its neighbours are called by it and their address, such as nodes@10.0.0.7.',
  ),
  prefix: text(parsePrefixText, 'Neighbours may connect from here.', { examples: ['10.0.0.0/16'] }),
  asn: asnList("Their AS number, or a list of allowed ones. The speaker's own makes them iBGP."),
  limit: whole(1, 100_000, 'How many of them at a time.').default(DEFAULT_RANGE_LIMIT),
  ...session,
})

const staticRoute = z.strictObject({
  prefix: text(parsePrefixText, 'The prefix to originate.', { examples: ['192.0.2.0/24'] }),
  via: hostAddress('Gateway, of the same family.').optional(),
  interface: z
    .string()
    .min(1)
    .max(15)
    .describe('Interface of this machine: the prefix is behind it, or behind `via` on its link.')
    .optional(),
  blackhole: z.literal(true).describe('Drop what goes there; in place of via.').optional(),
})

function parseTable(value: string | number): Parsed<number> {
  const table = value === 'main' ? MAIN_TABLE : value
  const isGood =
    typeof table === 'number' && Number.isInteger(table) && table >= 1 && table <= FOUR_OCTETS_MAX && table !== 255
  if (isGood) return { ok: true, value: table }
  const what =
    value === 255 ? "is 255, the kernel's own local table" : `is ${JSON.stringify(value)}, not a routing table`
  return {
    ok: false,
    finding: { code: 'out-of-range', message: what, hint: 'write main or a number from 1 to 4294967295' },
  }
}

const kernelRule = z.strictObject({
  prefixes: prefixMatches('The rule is for these prefixes.'),
  nextHops: z
    .array(text(parsePrefixText, 'Network with length.'))
    .min(1)
    .describe('Only for next hops in one of these networks. Default: any.')
    .optional(),
  write: flag(true, 'false keeps such routes out of the kernel.'),
  tunnel: text(
    parseInterfaceName,
    'Interface to send through while it is up, with the next hop on-link behind it.',
  ).optional(),
  metric: whole(1, FOUR_OCTETS_MAX, 'Metric of such routes in place of kernel.metric.').optional(),
})

const elevated = z.strictObject({
  interfaces: z
    .array(text(parseInterfacePattern, 'Interface name pattern with * and ?; a leading - excludes.'))
    .default(['cali*'])
    .describe("The agent's workload interfaces."),
  belowMetric: whole(1, FOUR_OCTETS_MAX, 'A route with a lower metric than this, and not 0, is elevated.').default(
    1024,
  ),
  preference: whole(0, 32_766, 'Its preference: between BGP (100) and static routes (200).').default(150),
})

const kernel = z.strictObject({
  backend: z
    .enum(['rtnetlink', 'iproute2', 'memory', 'none'])
    .default('rtnetlink')
    .describe(
      'rtnetlink is the kernel; iproute2 is the kernel through the program ip, slower, for machines without the package koffi; memory only pretends, for tests; none is the same as no kernel section.',
    ),
  protocol: whole(5, 255, 'Mark of our routes (rtm_protocol); routes with another one are left alone.').default(
    BIRD_PROTOCOL,
  ),
  table: numberOrText(parseTable, 'Routing table: main or a number.', {
    minimum: 1,
    maximum: FOUR_OCTETS_MAX,
    pattern: '^main$',
    default: MAIN_TABLE,
  }).optional(),
  metric: whole(0, FOUR_OCTETS_MAX, "Metric of our routes, 0 for the kernel's default.").default(0),
  metricFromLocalPref: flag(
    false,
    'Routes of BGP get 2147483647 less LOCAL_PREF as metric, which is what Calico 3.32 and later made LOCAL_PREF from.',
  ),
  source: z
    .strictObject({
      ipv4: text(parseHostAddress, 'Own IPv4 address.').optional(),
      ipv6: text(parseHostAddress, 'Own IPv6 address.').optional(),
    })
    .default({})
    .describe('Source address that packets of this machine get when they take one of our routes.'),
  rules: z
    .array(kernelRule)
    .default([])
    .describe('What is written and how; the first rule that fits prefix and next hop decides, none: as it is.'),
  auditS: whole(0, 86_400, 'Seconds between complete looks at the table; 0: never.').default(600),
  elevated: elevated
    .describe("The agent's routes with a low metric win over BGP, as when a workload moves in. Absent: they do not.")
    .optional(),
  learn: flag(true, "Take other programs' routes in the table as source kernel."),
  resolveNextHops: z
    .boolean()
    .meta({
      description:
        'Use a BGP route only while a route that is not of BGP leads to its next hop, and prefer the nearer next hop. Default: as learn.',
    })
    .optional(),
  direct: z
    .array(text(parseInterfacePattern, 'Interface name pattern with * and ?; a leading - excludes.'))
    .default([...DEFAULT_DIRECT])
    .describe(
      'Interfaces whose addresses become source direct: the first pattern that fits decides. An empty list: none.',
    ),
})

const api = z.strictObject({
  socket: z
    .union([z.literal(false), text(parseSocketPath, 'Path of a unix socket.')])
    .prefault(DEFAULT_SOCKET)
    .describe('Path of the control socket, false for none.'),
  metrics: text(parseEndpoint, 'address:port of the metrics for Prometheus. Default: none.', {
    examples: ['127.0.0.1:9179'],
  }).optional(),
})

const log = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('What is worth a line.'),
})

export const configSchema = z.strictObject({
  speaker: speaker.describe('This speaker: asn, routerId and where it listens.'),
  reflector: reflector.describe('Present: this speaker is a route reflector (RFC 4456).').optional(),
  peers: z.array(peer).default([]).describe('The neighbours.'),
  peerRanges: z
    .array(peerRange)
    .default([])
    .describe('Neighbours known by where they connect from. They dial; this speaker waits.'),
  policies: z.record(z.string(), policy).default({}).describe('Routing policies by name.'),
  statics: z.array(staticRoute).default([]).describe('Routes this speaker originates.'),
  kernel: kernel.describe('Exchange of routes with the kernel. Absent: none.').optional(),
  datastore: z
    .strictObject({ type: z.literal('none').default('none').describe('Only none so far.') })
    .default({ type: 'none' })
    .describe('Where peers and policies come from beside this file.'),
  api: api.prefault({}).describe('Control socket and metrics.'),
  log: log.default({ level: 'info' }).describe('Logging to standard output, one JSON line an event.'),
})

/** What may be written. */
export type ConfigInput = z.input<typeof configSchema>
/** What the schema makes of it: single values parsed, nothing checked across keys. */
export type ParsedConfig = z.output<typeof configSchema>
export type ParsedPeer = ParsedConfig['peers'][number]
export type ParsedRange = ParsedConfig['peerRanges'][number]
