/**
 * What a new configuration changes in a running speaker: Config x Config -> ReloadPlan. Pure; nothing is applied here (src/daemon/reconfigure.ts does).
 *
 * Peers are matched by name, statics by prefix, policies by name, and values are compared as the speaker understands them: order where order means
 * nothing, spelled-out defaults and names of policies make no difference. The tables of options have one row per key with its impact; docs/configuration.md says
 * the same in words. A `refresh` asks nothing of the neighbour: the RIB judges what it has again and tells the differences (RFC 4271 9.1.1, 9.1.3).
 * Called by src/daemon on reload; tested as a table in test/src/config/diff.test.ts.
 */
import { formatPrefix } from '../../wire/prefix.ts'
import { canonical, policyText } from './canonical.ts'
import { ROUTE_OPTION_ROWS } from './route-options.ts'
import type { Config, KernelConfig, PeerConfig, PeerRangeConfig, SessionConfig, StaticRoute } from './types.ts'

/** What happens to a session that is up: nothing, routes are judged again and differences told, or it ends and comes back. */
const IMPACTS = ['none', 'refresh', 'reset'] as const
export type Impact = (typeof IMPACTS)[number]

/** One peer, or one range of peers, of the old or the new configuration. */
export interface PeerChange {
  readonly name: string
  /** `none` with reasons: applied to the peer as it runs. */
  readonly action: Impact | 'add' | 'remove'
  /** Paths of the keys that differ, the peer or range by its name: `peers[tor-a].holdTime`. Empty for `add` and `remove`. */
  readonly because: readonly string[]
}

/** A static route by its prefix, or a policy by its name. */
export interface NamedChange {
  readonly name: string
  readonly action: 'add' | 'remove' | 'change'
}

/** A key outside peers, policies and statics. */
export interface SettingChange {
  readonly path: string
  /** `live`: applied at once. `restart`: only a new process can have it, and the whole reload is refused. */
  readonly action: 'live' | 'restart'
}

export interface ReloadPlan {
  /** The worst that happens to a session that is up; a removed peer counts as a reset. */
  readonly impact: Impact
  /** Every peer: those of the new configuration in its order, then those that go. */
  readonly peers: readonly PeerChange[]
  /** Every range in the same order; what is done to one is done to every neighbour that came from it. */
  readonly ranges: readonly PeerChange[]
  readonly statics: readonly NamedChange[]
  readonly policies: readonly NamedChange[]
  readonly settings: readonly SettingChange[]
}

interface Option<Item> {
  readonly key: string
  /** What a change does; where that depends on the values, a function of them. */
  readonly impact: Impact | ((was: Item, is: Item) => Impact)
  /** Equal for values that mean the same. */
  readonly read: (item: Item) => unknown
  /** Asked first: whether the key means anything to both. */
  readonly matters?: (item: Item) => boolean
  /** The key of `speaker` it follows when the item does not say. */
  readonly inherited?: 'holdTimeS' | 'connectRetryS'
}

/** A key can be exchanged under a live connection; signing cannot begin or end under it. */
function keyImpact(was: SessionConfig, is: SessionConfig): Impact {
  return isSigned(was) === isSigned(is) ? 'none' : 'reset'
}
const isSigned = ({ password, passwordFile }: SessionConfig): boolean =>
  password !== undefined || passwordFile !== undefined

/** What peers and ranges have in common. */
const SESSION_OPTIONS: readonly Option<SessionConfig>[] = [
  { key: 'holdTime', impact: 'reset', read: peer => peer.holdTimeS, inherited: 'holdTimeS' },
  { key: 'minHoldTime', impact: 'reset', read: peer => peer.minHoldTimeS },
  { key: 'sendHoldTime', impact: 'reset', read: peer => peer.sendHoldTimeS },
  { key: 'delayOpen', impact: 'reset', read: peer => peer.delayOpenS },
  { key: 'extendedMessages', impact: 'reset', read: peer => peer.extendedMessages },
  { key: 'routeRefresh', impact: 'reset', read: peer => peer.routeRefresh },
  { key: 'retryWithoutCapabilities', impact: 'reset', read: peer => peer.retryWithoutCapabilities },
  { key: 'families', impact: 'reset', read: peer => peer.families.map(family => family.name).sort() },
  { key: 'reflectorClient', impact: 'reset', read: peer => peer.reflectorClient },
  { key: 'import', impact: 'refresh', read: peer => policyText(peer.import) },
  { key: 'export', impact: 'refresh', read: peer => policyText(peer.export) },
  { key: 'clusterId', impact: 'reset', matters: peer => peer.reflectorClient, read: peer => peer.clusterId },
  { key: 'clientToClient', impact: 'refresh', read: peer => peer.clientToClient },
  { key: 'nextHopMode', impact: 'refresh', read: peer => peer.nextHopMode },
  { key: 'password', impact: keyImpact, read: peer => peer.password?.reveal() },
  { key: 'passwordFile', impact: keyImpact, read: peer => peer.passwordFile },
  { key: 'ttlSecurity', impact: 'reset', read: peer => peer.ttlSecurity },
  { key: 'ttl', impact: 'reset', read: peer => peer.ttl },
  { key: 'device', impact: 'reset', read: peer => peer.device },
  { key: 'tcpUserTimeout', impact: 'reset', read: peer => peer.tcpUserTimeoutS },
  { key: 'nextHops', impact: 'reset', read: ({ nextHops: { ipv4, ipv6 } }) => [ipv4, ipv6] },
  { key: 'extendedNextHop', impact: 'reset', read: peer => peer.extendedNextHop },
  ...ROUTE_OPTION_ROWS,
]

const PEER_OPTIONS: readonly Option<PeerConfig>[] = [
  { key: 'address', impact: 'reset', read: peer => peer.address },
  { key: 'asn', impact: 'reset', read: peer => peer.asn },
  { key: 'port', impact: 'reset', read: peer => peer.port },
  { key: 'localAddress', impact: 'reset', read: peer => peer.localAddress },
  { key: 'passive', impact: 'reset', read: peer => peer.passive },
  { key: 'connectRetry', impact: 'none', read: peer => peer.connectRetryS, inherited: 'connectRetryS' },
  ...SESSION_OPTIONS,
]

const RANGE_OPTIONS: readonly Option<PeerRangeConfig>[] = [
  {
    key: 'prefix',
    impact: 'reset',
    read: ({ prefix }) => formatPrefix(prefix.family, prefix.words, prefix.length),
  },
  { key: 'asn', impact: 'reset', read: range => range.asns },
  // Counts for whoever comes next: nobody is turned out.
  { key: 'limit', impact: 'none', read: range => range.limit },
  ...SESSION_OPTIONS,
]

interface Setting extends SettingChange {
  readonly read: (config: Config) => unknown
}

/** Which routes are ours is said by protocol and table; the resolving of next hops is built into the RIB. */
const KERNEL_KEYS = {
  protocol: 'restart',
  table: 'restart',
  resolveNextHops: 'restart',
  metric: 'live',
  metricFromLocalPref: 'live',
  source: 'live',
  rules: 'live',
  learn: 'live',
  elevated: 'live',
  direct: 'live',
  auditS: 'live',
} as const satisfies Record<Exclude<keyof KernelConfig, 'backend'>, SettingChange['action']>
const SELECTION_KEYS = ['alwaysCompareMed', 'missingMedAsWorst', 'preferOlder', 'multipath'] as const

const SETTINGS: readonly Setting[] = [
  { path: 'speaker.asn', action: 'restart', read: config => config.speaker.asn },
  { path: 'speaker.routerId', action: 'restart', read: config => config.speaker.routerId },
  { path: 'speaker.listen', action: 'restart', read: config => config.speaker.listen.map(canonical).sort() },
  ...SELECTION_KEYS.map(
    (key): Setting => ({
      path: `speaker.selection.${key}`,
      action: 'live',
      read: config => config.speaker.selection[key],
    }),
  ),
  // The section alone changes nothing: a cluster id that is not written is the router id, with and without it.
  {
    path: 'reflector.clusterId',
    action: 'live',
    read: ({ reflector, speaker }) => reflector?.clusterId ?? speaker.routerId,
  },
  {
    path: 'reflector.clientToClient',
    action: 'live',
    read: ({ reflector }) => reflector?.clientToClient ?? true,
  },
  { path: 'kernel.backend', action: 'restart', read: config => config.kernel.backend },
  ...Object.entries(KERNEL_KEYS).map(
    ([key, action]): Setting => ({
      path: `kernel.${key}`,
      action,
      read: ({ kernel }) => (kernel.backend === 'none' ? undefined : kernel[key as keyof typeof KERNEL_KEYS]),
    }),
  ),
  { path: 'api.socket', action: 'restart', read: config => config.api.socket },
  { path: 'api.metrics', action: 'restart', read: config => config.api.metrics },
  { path: 'log.level', action: 'live', read: config => config.log.level },
]

export function planReload(before: Config, after: Config): ReloadPlan {
  const whole = { before, after }
  const peers = planItems({ section: 'peers', options: PEER_OPTIONS, before: before.peers, after: after.peers }, whole)
  const ranges = planItems(
    { section: 'peerRanges', options: RANGE_OPTIONS, before: before.peerRanges, after: after.peerRanges },
    whole,
  )
  const actions = [...peers, ...ranges].map(({ action }) => action)
  return {
    impact: worst(actions.map(action => (action === 'remove' ? 'reset' : action === 'add' ? 'none' : action))),
    peers,
    ranges,
    statics: planNamed(staticTexts(before), staticTexts(after)),
    policies: planNamed(policyTexts(before), policyTexts(after)),
    settings: SETTINGS.filter(({ read }) => canonical(read(before)) !== canonical(read(after))).map(
      ({ path, action }) => ({ path, action }),
    ),
  }
}

/** There is nothing to apply at all. */
export function isIdle({ peers, ranges, statics, policies, settings }: ReloadPlan): boolean {
  const isUntouched = [...peers, ...ranges].every(({ action, because }) => action === 'none' && because.length === 0)
  return isUntouched && statics.length === 0 && policies.length === 0 && settings.length === 0
}

/** `impact` is worse than `limit`. */
export function exceeds(impact: Impact, limit: Impact): boolean {
  return IMPACTS.indexOf(impact) > IMPACTS.indexOf(limit)
}

function worst(impacts: readonly Impact[]): Impact {
  return impacts.reduce<Impact>((sofar, impact) => (exceeds(impact, sofar) ? impact : sofar), 'none')
}

interface Whole {
  readonly before: Config
  readonly after: Config
}

interface Items<Item> {
  readonly section: 'peers' | 'peerRanges'
  readonly options: readonly Option<Item>[]
  readonly before: readonly Item[]
  readonly after: readonly Item[]
}

function planItems<Item extends SessionConfig>({ section, options, before, after }: Items<Item>, whole: Whole) {
  const old = new Map(before.map(item => [item.name, item]))
  const kept = after.map((is): PeerChange => {
    const was = old.get(is.name)
    old.delete(is.name)
    if (was === undefined) return { name: is.name, action: 'add', because: [] }
    const concerned = options.filter(({ matters }) => matters === undefined || (matters(was) && matters(is)))
    const changed = concerned.filter(({ read }) => canonical(read(was)) !== canonical(read(is)))
    const because = changed.map(option => pathOf(option, { section, was, is, whole }))
    const impacts = changed.map(({ impact }) => (typeof impact === 'string' ? impact : impact(was, is)))
    return { name: is.name, action: worst(impacts), because }
  })
  const gone = Array.from(old.keys(), (name): PeerChange => ({ name, action: 'remove', because: [] }))
  return [...kept, ...gone]
}

interface Difference<Item> {
  readonly section: string
  readonly was: Item
  readonly is: Item
  readonly whole: Whole
}

/** Where a person has to look: at the policy whose terms changed, at the speaker's default, at the file, or at the item's own key. */
function pathOf<Item extends SessionConfig>(
  { key, inherited, read }: Option<Item>,
  { section, was, is, whole: { before, after } }: Difference<Item>,
): string {
  if ((key === 'import' || key === 'export') && was[key].name === is[key].name) return `policies.${is[key].name}`
  const isInherited =
    inherited !== undefined && read(was) === before.speaker[inherited] && read(is) === after.speaker[inherited]
  if (isInherited) return `speaker.${key}`
  if (key === 'clientToClient') return `reflector.${key}`
  const isOfReflector = was.clusterId === before.reflector?.clusterId && is.clusterId === after.reflector?.clusterId
  if (key === 'clusterId' && isOfReflector) return `reflector.${key}`
  const isFromFile = key === 'password' && is.passwordFile !== undefined
  return `${section}[${is.name}].${isFromFile ? 'passwordFile' : key}`
}

function staticTexts({ statics }: Config): Map<string, string> {
  return new Map(statics.map(route => [staticKey(route), canonical([route.type, route.gateway, route.interfaceName])]))
}

/** The name of a static route in a plan: its prefix as text. */
export function staticKey({ prefix }: StaticRoute): string {
  return formatPrefix(prefix.family, prefix.words, prefix.length)
}

function policyTexts({ policies }: Config): Map<string, string> {
  return new Map(Array.from(policies, ([name, policy]) => [name, policyText(policy)]))
}

function planNamed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): NamedChange[] {
  const changes: NamedChange[] = []
  for (const [name, text] of after) {
    if (!before.has(name)) changes.push({ name, action: 'add' })
    else if (before.get(name) !== text) changes.push({ name, action: 'change' })
  }
  for (const name of before.keys()) if (!after.has(name)) changes.push({ name, action: 'remove' })
  return changes
}
