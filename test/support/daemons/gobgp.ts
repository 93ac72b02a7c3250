/**
 * GoBGP behind the port: `gobgpd` with its API on a unix socket, asked and told by the `gobgp` command in JSON.
 * INTEROP: GoBGP 3.10. It has no enhanced refresh, no extended messages, and no table of the kernel to look at.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../../src/lab/command.ts'
import type { LabProcess } from '../../../src/lab/process.ts'
import {
  addressIn,
  type Daemon,
  type DaemonPlan,
  type DaemonRoute,
  isIpv6,
  type Neighbour,
  type OwnRoute,
  type Place,
  type SessionView,
  sortedRoutes,
} from './port.ts'

const START_TIMEOUT_MS = 10_000
const ESTABLISHED = 6
const ORIGINS = ['igp', 'egp', 'incomplete']

interface NeighbourJson {
  readonly state: {
    readonly session_state?: number
    readonly flops?: number
  }
  readonly timers: { readonly state?: { readonly uptime?: { readonly seconds: number } } }
}

interface AttributeJson {
  readonly type: number
  readonly value?: unknown
  readonly nexthop?: string
  readonly metric?: number
  readonly communities?: readonly number[]
  readonly as_paths?: readonly { readonly asns: readonly number[] }[]
}

interface PathJson {
  readonly 'neighbor-ip'?: string
  readonly attrs: readonly AttributeJson[]
}

export class GobgpDaemon implements Daemon {
  readonly kind = 'gobgp'
  readonly process: LabProcess
  readonly #plan: DaemonPlan
  readonly #socket: string
  readonly #log: string

  static async start(plan: DaemonPlan, place: Place): Promise<GobgpDaemon> {
    const gobgp = new GobgpDaemon(plan, place)
    const answers = () =>
      gobgp.command('global').then(
        text => text.includes('AS:'),
        () => false,
      )
    await gobgp.process.ready(answers, START_TIMEOUT_MS)
    for (const route of plan.routes ?? []) await gobgp.announce(route)
    return gobgp
  }

  private constructor(plan: DaemonPlan, { directory, spawn }: Place) {
    const base = join(directory, plan.name)
    this.#plan = plan
    this.#socket = `unix://${base}.gobgp.sock`
    this.#log = `${base}.log`
    writeFileSync(`${base}.gobgp.toml`, configuration(plan))
    const args = ['-f', `${base}.gobgp.toml`, '--api-hosts', this.#socket, '--pprof-disable']
    this.process = spawn({ name: plan.name, program: 'gobgpd', args, logFile: this.#log })
  }

  command(...words: readonly string[]): Promise<string> {
    return run('gobgp', ['--target', this.#socket, ...words])
  }

  async session(neighbour: string): Promise<SessionView> {
    const address = addressIn(this.#plan, neighbour)
    const { state, timers } = JSON.parse(await this.command('-j', 'neighbor', address)) as NeighbourJson
    return {
      isEstablished: state.session_state === ESTABLISHED,
      incarnation: `${state.flops ?? 0} ${timers.state?.uptime?.seconds ?? 0}`,
      lastWords: this.#lastWords(address),
    }
  }

  async routes(): Promise<DaemonRoute[]> {
    const texts = await Promise.all(['ipv4', 'ipv6'].map(family => this.command('-j', 'global', 'rib', '-a', family)))
    const tables = texts.map(text => JSON.parse(text) as Record<string, readonly PathJson[]>)
    return sortedRoutes(
      tables.flatMap(table =>
        Object.entries(table).flatMap(([prefix, paths]) => paths.flatMap(path => routeOf(prefix, path))),
      ),
    )
  }

  async announce(route: OwnRoute): Promise<void> {
    const words = (name: string, values: readonly (number | string)[] | undefined, separator: string): string[] =>
      values === undefined || values.length === 0 ? [] : [name, values.join(separator)]
    await this.command(
      ...this.#rib(route.prefix, 'add'),
      ...words('aspath', route.asPath, ' '),
      ...words('med', route.med === undefined ? undefined : [route.med], ''),
      ...words('local-pref', route.localPref === undefined ? undefined : [route.localPref], ''),
      ...words('community', route.communities, ','),
      ...words('large-community', route.largeCommunities, ','),
      'origin',
      'igp',
    )
  }

  async withdraw(prefix: string): Promise<void> {
    await this.command(...this.#rib(prefix, 'del'))
  }

  async shutDown(neighbour: string, text: string): Promise<void> {
    // `disable`, which it says to use instead, sends no text.
    await this.command('neighbor', addressIn(this.#plan, neighbour), 'shutdown', '--reason', text)
  }

  async enable(neighbour: string): Promise<void> {
    await this.command('neighbor', addressIn(this.#plan, neighbour), 'enable')
  }

  async askAgain(neighbour: string): Promise<void> {
    await this.command('neighbor', addressIn(this.#plan, neighbour), 'softresetin')
  }

  stop(): Promise<void> {
    return this.process.stop()
  }

  #rib(prefix: string, verb: 'add' | 'del'): string[] {
    return ['global', 'rib', verb, '-a', isIpv6(prefix) ? 'ipv6' : 'ipv4', prefix]
  }

  /** The API does not tell them; the log does. */
  #lastWords(address: string): string {
    const lines = readFileSync(this.#log, 'utf8').split('\n')
    return lines.filter(line => line.includes(`"Key":"${address}"`) && line.includes('notification')).join('\n')
  }
}

/** Paths without a neighbour are its own. */
function routeOf(prefix: string, path: PathJson): DaemonRoute[] {
  const from = path['neighbor-ip']
  if (from === undefined) return []
  const attribute = (type: number): AttributeJson | undefined => path.attrs.find(each => each.type === type)
  const list = (type: number): readonly unknown[] => {
    const value = attribute(type)?.value
    return Array.isArray(value) ? value : []
  }
  const large = list(32) as readonly { ASN: number; LocalData1: number; LocalData2: number }[]
  return [
    {
      prefix,
      from,
      pathId: null,
      nextHop: attribute(3)?.nexthop ?? attribute(14)?.nexthop ?? '',
      asPath: (attribute(2)?.as_paths ?? []).flatMap(({ asns }) => asns).join(' '),
      origin: ORIGINS[Number(attribute(1)?.value ?? 0)] ?? '',
      med: attribute(4)?.metric ?? null,
      localPref: (attribute(5)?.value as number | undefined) ?? null,
      communities: (attribute(8)?.communities ?? []).map(word => `${word >>> 16}:${word & 0xffff}`),
      largeCommunities: large.map(({ ASN, LocalData1, LocalData2 }) => `${ASN}:${LocalData1}:${LocalData2}`),
      originatorId: (attribute(9)?.value as string | undefined) ?? null,
      clusterList: list(10).map(String),
    },
  ]
}

function configuration(plan: DaemonPlan): string {
  return [
    '[global.config]',
    `as = ${plan.asn}`,
    `router-id = "${plan.routerId}"`,
    'port = 179',
    ...plan.neighbours.flatMap(neighbour => neighbourTables(plan, neighbour)),
    '',
  ].join('\n')
}

function neighbourTables(plan: DaemonPlan, neighbour: Neighbour): string[] {
  const { password, holdTimeS } = neighbour
  const clusterId = plan.clusterId ?? plan.routerId
  return [
    '[[neighbors]]',
    '[neighbors.config]',
    `neighbor-address = "${neighbour.address}"`,
    `peer-as = ${neighbour.asn}`,
    ...(password === undefined ? [] : [`auth-password = "${password}"`]),
    '[neighbors.transport.config]',
    `local-address = "${neighbour.localAddress}"`,
    `passive-mode = ${neighbour.isPassive === true}`,
    '[neighbors.timers.config]',
    'idle-hold-time-after-reset = 1',
    'connect-retry = 1',
    ...(holdTimeS === undefined ? [] : [`hold-time = ${holdTimeS}`, `keepalive-interval = ${holdTimeS / 3}`]),
    ...(neighbour.hasTtlSecurity === true
      ? ['[neighbors.ttl-security.config]', 'enabled = true', 'ttl-min = 255']
      : []),
    ...(neighbour.isClient === true
      ? [
          '[neighbors.route-reflector.config]',
          'route-reflector-client = true',
          `route-reflector-cluster-id = "${clusterId}"`,
        ]
      : []),
    ...neighbour.families.flatMap(family => [
      '[[neighbors.afi-safis]]',
      '[neighbors.afi-safis.config]',
      `afi-safi-name = "${family}-unicast"`,
      ...(neighbour.addPath === true
        ? ['[neighbors.afi-safis.add-paths.config]', 'receive = true', 'send-max = 8']
        : []),
    ]),
  ]
}
