/**
 * FRR behind the port: zebra for interfaces and next hops, and a bgpd that puts nothing into the kernel. Asked and told by `vtysh`, in JSON where it has it.
 * INTEROP: FRR 8.4.4. Without zebra bgpd knows no interface, and takes every UPDATE with a link-local next hop (RFC 2545 3) for malformed.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
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
export const BGPD = '/usr/lib/frr/bgpd'
const ZEBRA = '/usr/lib/frr/zebra'

interface NeighbourJson {
  readonly bgpState: string
  readonly connectionsEstablished?: number
}

interface SummaryJson {
  readonly routes?: Readonly<Record<string, readonly { readonly peerId?: string }[]>>
}

interface PathJson {
  readonly aspath: { readonly string: string }
  readonly origin: string
  readonly metric?: number
  readonly locPrf?: number
  readonly community?: { readonly string: string }
  readonly largeCommunity?: { readonly string: string }
  readonly originatorId?: string
  readonly clusterList?: { readonly list: readonly string[] }
  readonly nexthops: readonly { readonly ip: string }[]
  readonly peer: { readonly peerId: string }
  readonly addpathRxId?: number
}

export class FrrDaemon implements Daemon {
  readonly kind = 'frr'
  readonly process: LabProcess
  readonly #zebra: LabProcess
  readonly #log: string
  readonly #plan: DaemonPlan
  readonly #sockets: string
  /** Route maps that set attributes, by the text that makes them. */
  readonly #maps = new Map<string, string>()

  static async start(plan: DaemonPlan, place: Place): Promise<FrrDaemon> {
    const base = join(place.directory, plan.name)
    const sockets = `${base}.frr`
    mkdirSync(sockets)
    writeFileSync(`${base}.zebra.conf`, `hostname ${plan.name}\n`)
    // zebra insists on a user of its own, who must get there and write there.
    chmodSync(place.directory, 0o711)
    await run('chown', ['frr:frr', sockets, `${base}.zebra.conf`])
    const zebra = place.spawn({
      name: `${plan.name}'s zebra`,
      program: ZEBRA,
      args: ['-f', `${base}.zebra.conf`, ...commonOptions(base, 'zebra')],
      logFile: `${base}.zebra.log`,
    })
    await zebra.ready(() => Promise.resolve(existsSync(zserv(base))), START_TIMEOUT_MS)
    const frr = new FrrDaemon(plan, place, zebra)
    const answers = () =>
      frr.command('show bgp summary').then(
        text => text.length > 0,
        () => false,
      )
    await frr.process.ready(answers, START_TIMEOUT_MS)
    return frr
  }

  private constructor(plan: DaemonPlan, { directory, spawn }: Place, zebra: LabProcess) {
    const base = join(directory, plan.name)
    this.#plan = plan
    this.#zebra = zebra
    this.#log = `${base}.log`
    this.#sockets = `${base}.frr`
    const routes = (plan.routes ?? []).flatMap(route => this.#routeCommands(route))
    writeFileSync(`${base}.frr.conf`, [...configuration(plan), ...routes, ''].join('\n'))
    const args = ['-f', `${base}.frr.conf`, ...commonOptions(base, 'bgpd'), '-n', '-S']
    this.process = spawn({ name: plan.name, program: BGPD, args, logFile: this.#log })
  }

  /** What `vtysh` prints for commands, one after another. */
  command(...lines: readonly string[]): Promise<string> {
    return run('vtysh', ['--vty_socket', this.#sockets, ...lines.flatMap(line => ['-c', line])])
  }

  async session(neighbour: string): Promise<SessionView> {
    const address = addressIn(this.#plan, neighbour)
    const text = await this.command(`show bgp neighbors ${address} json`)
    const row = (JSON.parse(text) as Record<string, NeighbourJson>)[address]
    if (row === undefined) throw new Error(`FRR knows no ${address}`)
    return {
      isEstablished: row.bgpState === 'Established',
      incarnation: String(row.connectionsEstablished ?? 0),
      lastWords: this.#lastWords(address),
    }
  }

  async routes(): Promise<DaemonRoute[]> {
    const routes = await Promise.all((['ipv4', 'ipv6'] as const).map(family => this.#routesOf(family)))
    return sortedRoutes(routes.flat())
  }

  async announce(route: OwnRoute): Promise<void> {
    await this.#configure(this.#routeCommands(route))
  }

  async withdraw(prefix: string): Promise<void> {
    await this.#configure([...this.#familyCommands(prefix), `no network ${prefix}`])
  }

  async shutDown(neighbour: string, text: string): Promise<void> {
    await this.#configure([this.#router, `neighbor ${addressIn(this.#plan, neighbour)} shutdown message ${text}`])
  }

  async enable(neighbour: string): Promise<void> {
    await this.#configure([this.#router, `no neighbor ${addressIn(this.#plan, neighbour)} shutdown`])
  }

  async askAgain(neighbour: string): Promise<void> {
    const address = addressIn(this.#plan, neighbour)
    const family = isIpv6(address) ? 'ipv6' : 'ipv4'
    await this.command(`clear bgp ${family} unicast ${address} soft in`)
  }

  async stop(): Promise<void> {
    await this.process.stop()
    await this.#zebra.stop()
  }

  get #router(): string {
    return `router bgp ${this.#plan.asn}`
  }

  /** From the log: `show` forgets a text as soon as the next attempt to connect fails. What is not ASCII is `\xNN` there. */
  #lastWords(address: string): string {
    const lines = readFileSync(this.#log, 'utf8').split('\n')
    const said = lines.filter(line => line.includes(`%NOTIFICATION: received from neighbor ${address} `)).join('\n')
    return said.replace(/(\\x[0-9a-f]{2})+/g, octets => Buffer.from(octets.replaceAll('\\x', ''), 'hex').toString())
  }

  /** `vtysh` ends with 0 whatever bgpd thinks of a line; a complaint begins with a percent sign. */
  async #configure(lines: readonly string[]): Promise<void> {
    const answer = await this.command('configure terminal', ...lines, 'end')
    if (/^%/m.test(answer)) throw new Error(`FRR refused: ${answer}`)
  }

  #familyCommands(prefix: string): string[] {
    return [this.#router, `address-family ${isIpv6(prefix) ? 'ipv6' : 'ipv4'} unicast`]
  }

  #routeCommands(route: OwnRoute): string[] {
    const sets = setCommands(route)
    const text = sets.join('\n')
    const known = this.#maps.get(text)
    const name = known ?? `own${this.#maps.size}`
    this.#maps.set(text, name)
    const map = known === undefined ? [`route-map ${name} permit 10`, ...sets, 'exit'] : []
    return [...map, ...this.#familyCommands(route.prefix), `network ${route.prefix} route-map ${name}`, 'exit', 'exit']
  }

  async #routesOf(family: 'ipv4' | 'ipv6'): Promise<DaemonRoute[]> {
    const summary = JSON.parse(await this.command(`show bgp ${family} unicast json`)) as SummaryJson
    const isHeard = (paths: readonly { readonly peerId?: string }[]): boolean =>
      paths.some(({ peerId }) => peerId !== undefined && peerId !== '(unspec)')
    const prefixes = Object.entries(summary.routes ?? {}).flatMap(([prefix, paths]) => (isHeard(paths) ? [prefix] : []))
    if (prefixes.length === 0) return []
    const texts = await this.command(...prefixes.map(prefix => `show bgp ${family} unicast ${prefix} json`))
    const documents = texts.split(/^(?=\{$)/m).filter(text => text.trim() !== '')
    return documents.flatMap((text, index) => {
      const { paths = [] } = JSON.parse(text) as { paths?: readonly PathJson[] }
      return paths.filter(({ peer }) => isNeighbour(peer.peerId)).map(path => routeOf(prefixes[index] ?? '', path))
    })
  }
}

const zserv = (base: string): string => `${base}.frr/zserv.api`

/** Everything in one directory, without telnet. */
function commonOptions(base: string, program: string): string[] {
  const files = ['-i', `${base}.frr/${program}.pid`, '--vty_socket', `${base}.frr`, '-z', zserv(base)]
  return [...files, '--log', 'stdout', '-P', '0']
}

const isNeighbour = (peerId: string): boolean => peerId !== '0.0.0.0' && peerId !== '::'

function routeOf(prefix: string, path: PathJson): DaemonRoute {
  const words = (text = ''): string[] => text.split(' ').filter(Boolean)
  return {
    prefix,
    from: path.peer.peerId,
    pathId: path.addpathRxId ?? null,
    nextHop: path.nexthops[0]?.ip ?? '',
    asPath: path.aspath.string === 'Local' ? '' : path.aspath.string,
    origin: path.origin.toLowerCase(),
    med: path.metric ?? null,
    localPref: path.locPrf ?? null,
    communities: words(path.community?.string),
    largeCommunities: words(path.largeCommunity?.string),
    originatorId: path.originatorId ?? null,
    clusterList: path.clusterList?.list ?? [],
  }
}

function setCommands(route: OwnRoute): string[] {
  const line = (command: string, values: readonly (number | string)[] | undefined): string[] =>
    values === undefined || values.length === 0 ? [] : [`set ${command} ${values.join(' ')}`]
  return [
    ...line('metric', route.med === undefined ? undefined : [route.med]),
    ...line('local-preference', route.localPref === undefined ? undefined : [route.localPref]),
    ...line('community', route.communities),
    ...line('large-community', route.largeCommunities),
    ...line('as-path prepend', route.asPath),
  ]
}

function configuration(plan: DaemonPlan): string[] {
  return [
    `hostname ${plan.name}`,
    `router bgp ${plan.asn}`,
    `bgp router-id ${plan.routerId}`,
    ...(plan.clusterId === undefined ? [] : [`bgp cluster-id ${plan.clusterId}`]),
    'no bgp ebgp-requires-policy',
    'no bgp default ipv4-unicast',
    'no bgp network import-check',
    'bgp log-neighbor-changes',
    // Groups wait so long for more members before they speak; the default is a second and more.
    'coalesce-time 0',
    ...plan.neighbours.flatMap(neighbourCommands),
    ...(['ipv4', 'ipv6'] as const).flatMap(family => familyCommands(plan, family)),
    'exit',
  ]
}

function neighbourCommands(neighbour: Neighbour): string[] {
  const { address, localAddress, asn, password, holdTimeS } = neighbour
  const say = (text: string): string => `neighbor ${address} ${text}`
  return [
    say(`remote-as ${asn}`),
    say(`update-source ${localAddress}`),
    say('timers connect 1'),
    say('advertisement-interval 0'),
    ...(password === undefined ? [] : [say(`password ${password}`)]),
    ...(neighbour.hasTtlSecurity === true ? [say('ttl-security hops 1')] : []),
    ...(neighbour.isPassive === true ? [say('passive')] : []),
    ...(holdTimeS === undefined ? [] : [say(`timers ${Math.floor(holdTimeS / 3)} ${holdTimeS}`)]),
  ]
}

function familyCommands(plan: DaemonPlan, family: 'ipv4' | 'ipv6'): string[] {
  const active = plan.neighbours.filter(({ families }) => families.includes(family))
  return [
    `address-family ${family} unicast`,
    ...active.flatMap(({ address, isClient, addPath }) => [
      `neighbor ${address} activate`,
      ...(isClient === true ? [`neighbor ${address} route-reflector-client`] : []),
      ...(addPath === true ? [`neighbor ${address} addpath-tx-all-paths`] : []),
    ]),
    'exit',
  ]
}
