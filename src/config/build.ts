/**
 * From checked keys to the Config of types.ts: defaults that depend on other keys, policy names to policies, seconds named as such.
 * Nothing can fail here any more. Called by load.ts.
 */
import { type Family, IPV4_UNICAST, IPV6_UNICAST } from '../../wire/family.ts'
import { ACCEPT_ALL, type Policy, REJECT_ALL } from '../policy/policy.ts'
import type { ParsedTerm } from './policy-schema.ts'
import { buildRouteOptions } from './route-options.ts'
import {
  BIRD_PROTOCOL,
  DEFAULT_CONNECT_RETRY_S,
  DEFAULT_DIRECT,
  DEFAULT_HOLD_TIME_S,
  DEFAULT_MIN_HOLD_TIME_S,
  MAIN_TABLE,
  type ParsedConfig,
  type ParsedPeer,
  type ParsedRange,
} from './schema.ts'
import type {
  Config,
  KernelConfig,
  PeerConfig,
  PeerRangeConfig,
  ReflectorConfig,
  SessionConfig,
  SpeakerConfig,
  StaticRoute,
} from './types.ts'

const FAMILY_OF = { ipv4: IPV4_UNICAST, ipv6: IPV6_UNICAST } as const satisfies Record<string, Family>

/** An object without the keys whose value is undefined: "not configured" and "set to undefined" differ. */
type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }
function present<T extends object>(object: T): Present<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Present<T>
}

export function buildConfig(parsed: ParsedConfig): Config {
  const speaker: SpeakerConfig = {
    asn: parsed.speaker.asn,
    routerId: parsed.speaker.routerId,
    listen: parsed.speaker.listen.map(({ address, port }) => ({ address: address.text, port })),
    holdTimeS: parsed.speaker.holdTime ?? DEFAULT_HOLD_TIME_S,
    connectRetryS: parsed.speaker.connectRetry ?? DEFAULT_CONNECT_RETRY_S,
    selection: parsed.speaker.selection,
  }
  const policies = new Map(Object.entries(parsed.policies).map(([name, policy]) => [name, buildPolicy(name, policy)]))
  const reflector = parsed.reflector && {
    ...parsed.reflector,
    clusterId: parsed.reflector.clusterId ?? speaker.routerId,
  }
  const { api } = parsed
  const shared = { speaker, policies, reflector }
  return {
    speaker,
    ...present({ reflector }),
    policies,
    peers: parsed.peers.map(peer => buildPeer(peer, shared)),
    peerRanges: parsed.peerRanges.map(range => buildRange(range, shared)),
    statics: parsed.statics.map(buildStatic),
    kernel: buildKernel(parsed.kernel),
    datastore: parsed.datastore,
    api: present({
      socket: api.socket === false ? undefined : api.socket,
      metrics: api.metrics,
    }),
    log: parsed.log,
  }
}

function buildStatic({
  prefix,
  via,
  interface: interfaceName,
  blackhole,
}: ParsedConfig['statics'][number]): StaticRoute {
  const where = present({ gateway: via?.octets, interfaceName })
  return { prefix, type: blackhole === true ? 'blackhole' : 'unicast', ...where }
}

function buildPolicy(name: string, { terms, otherwise }: ParsedConfig['policies'][string]): Policy {
  return { name, terms: terms.map(buildTerm), otherwise }
}

function buildTerm({ name, match, set, action }: ParsedTerm): Policy['terms'][number] {
  const { families, asPath, ...rest } = match
  const conditions = {
    ...present(rest),
    ...(families !== undefined && { families: families.map(family => FAMILY_OF[family].name) }),
    ...(asPath !== undefined && { asPath: present(asPath) }),
  }
  return { ...present({ name }), match: conditions, ...(set === undefined ? {} : { set: present(set) }), action }
}

/** What every neighbour is built with. */
interface Shared {
  readonly speaker: SpeakerConfig
  readonly policies: ReadonlyMap<string, Policy>
  readonly reflector: ReflectorConfig | undefined
}

function buildPeer(peer: ParsedPeer, shared: Shared): PeerConfig {
  return {
    ...buildSession(peer, peer.asn, shared),
    address: peer.address.text,
    asn: peer.asn,
    port: peer.port,
    ...present({ localAddress: peer.localAddress?.text }),
    passive: peer.passive,
    connectRetryS: peer.connectRetry ?? shared.speaker.connectRetryS,
  }
}

function buildRange(range: ParsedRange, shared: Shared): PeerRangeConfig {
  const asns = [...new Set(range.asn)].sort((a, b) => a - b)
  // check.ts: if one is our own, it is the only one.
  const session = buildSession(range, asns[0] ?? 0, shared)
  return { ...session, prefix: range.prefix, asns, limit: range.limit }
}

function buildSession(
  parsed: ParsedPeer | ParsedRange,
  asn: number,
  { speaker, policies, reflector }: Shared,
): SessionConfig {
  // RFC 8212: without a policy nothing crosses the border of the AS.
  const unset = asn === speaker.asn ? ACCEPT_ALL : REJECT_ALL
  const { password, passwordFile, device, ttlSecurity, nextHops, reflectorClient } = parsed
  const clusterId = parsed.clusterId ?? reflector?.clusterId
  return {
    name: parsed.name,
    ...present({ clusterId, password, passwordFile, device, ttlSecurity }),
    ...present({ ttl: parsed.ttl ?? parsed.multihop, tcpUserTimeoutS: parsed.tcpUserTimeout }),
    holdTimeS: parsed.holdTime ?? speaker.holdTimeS,
    minHoldTimeS: parsed.minHoldTime ?? DEFAULT_MIN_HOLD_TIME_S,
    ...present({ sendHoldTimeS: parsed.sendHoldTime }),
    delayOpenS: parsed.delayOpen,
    extendedMessages: parsed.extendedMessages,
    routeRefresh: parsed.routeRefresh,
    retryWithoutCapabilities: parsed.retryWithoutCapabilities,
    families: (parsed.families ?? (['ipv4', 'ipv6'] as const)).map(family => FAMILY_OF[family]),
    reflectorClient,
    clientToClient: !reflectorClient || reflector?.clientToClient !== false,
    import: findPolicy(parsed.import, policies) ?? unset,
    export: findPolicy(parsed.export, policies) ?? unset,
    nextHopMode: parsed.nextHopMode ?? (parsed.nextHopSelf ? 'self' : 'auto'),
    nextHops: present({ ipv4: nextHops.ipv4?.octets, ipv6: nextHops.ipv6?.octets }),
    extendedNextHop: parsed.extendedNextHop,
    ...buildRouteOptions(parsed),
  }
}

function findPolicy(name: string | undefined, policies: ReadonlyMap<string, Policy>): Policy | undefined {
  if (name === ACCEPT_ALL.name) return ACCEPT_ALL
  if (name === REJECT_ALL.name) return REJECT_ALL
  return name === undefined ? undefined : policies.get(name)
}

const NO_KERNEL: KernelConfig = {
  backend: 'none',
  protocol: BIRD_PROTOCOL,
  table: MAIN_TABLE,
  metric: 0,
  metricFromLocalPref: false,
  source: {},
  rules: [],
  auditS: 600,
  learn: true,
  resolveNextHops: true,
  direct: DEFAULT_DIRECT,
}

function buildKernel(kernel: ParsedConfig['kernel']): KernelConfig {
  if (kernel === undefined) return NO_KERNEL
  const { source, rules, elevated, table = MAIN_TABLE, resolveNextHops = kernel.learn, ...rest } = kernel
  return {
    ...rest,
    table,
    resolveNextHops,
    source: present({ ipv4: source.ipv4?.octets, ipv6: source.ipv6?.octets }),
    rules: rules.map(({ prefixes, write, ...rest }) => ({ prefixes, write, ...present(rest) })),
    ...(elevated !== undefined && { elevated }),
  }
}
