/**
 * BIRD 2 behind the port: one process, one BGP protocol a neighbour, its routes as static blackholes whose attributes the export filter sets. A route that
 * comes, changes or goes is a new configuration and `configure`. Read by `birdc`; `show route all` and `show protocols all` are parsed.
 * INTEROP: BIRD 2.0.12.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../../src/lab/command.ts'
import type { LabProcess } from '../../../src/lab/process.ts'
import {
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

export class BirdDaemon implements Daemon {
  readonly kind = 'bird'
  readonly process: LabProcess
  readonly #plan: DaemonPlan
  readonly #file: string
  readonly #socket: string
  readonly #log: string
  readonly #routes: Map<string, OwnRoute>

  static async start(plan: DaemonPlan, place: Place): Promise<BirdDaemon> {
    const bird = new BirdDaemon(plan, place)
    const answers = () =>
      bird.command('show', 'status').then(
        text => text.includes('Daemon is up'),
        () => false,
      )
    await bird.process.ready(answers, START_TIMEOUT_MS)
    return bird
  }

  private constructor(plan: DaemonPlan, { directory, spawn }: Place) {
    const base = join(directory, plan.name)
    this.#plan = plan
    this.#file = `${base}.bird.conf`
    this.#socket = `${base}.bird.ctl`
    this.#log = `${base}.log`
    this.#routes = new Map(plan.routes?.map(route => [route.prefix, route]))
    this.#write()
    const args = ['-f', '-c', this.#file, '-s', this.#socket]
    this.process = spawn({ name: plan.name, program: 'bird', args, logFile: this.#log })
  }

  /** What `birdc` prints, without the greeting. */
  async command(...words: readonly string[]): Promise<string> {
    const text = await run('birdc', ['-s', this.#socket, ...words])
    return text.replace(/^BIRD .* ready\.\n/, '')
  }

  async session(neighbour: string): Promise<SessionView> {
    const text = await this.command('show', 'protocols', 'all', neighbour)
    const words = text.split('\n').filter(line => /Last error:|Message:/.test(line))
    const isEstablished = /BGP state: +Established/.test(text)
    const timesUp = this.#timesUp(neighbour)
    if (isEstablished && timesUp === 0) throw new Error(`BIRD does not log the states of ${neighbour}`)
    return {
      isEstablished,
      incarnation: String(timesUp),
      lastWords: words.join(' '),
    }
  }

  async routes(): Promise<DaemonRoute[]> {
    const names = new Map(this.#plan.neighbours.map(({ name, address }) => [name, address]))
    return sortedRoutes(parseRoutes(await this.command('show', 'route', 'all'), names))
  }

  announce(route: OwnRoute): Promise<void> {
    this.#routes.set(route.prefix, route)
    return this.#configure()
  }

  withdraw(prefix: string): Promise<void> {
    this.#routes.delete(prefix)
    return this.#configure()
  }

  async shutDown(neighbour: string, text: string): Promise<void> {
    await this.command('disable', neighbour, `"${text}"`)
  }

  async enable(neighbour: string): Promise<void> {
    await this.command('enable', neighbour)
  }

  async askAgain(neighbour: string): Promise<void> {
    await this.command('reload', 'in', neighbour)
  }

  stop(): Promise<void> {
    return this.process.stop()
  }

  async #configure(): Promise<void> {
    this.#write()
    const answer = await this.command('configure')
    if (!answer.includes('Reconfigured')) throw new Error(`BIRD did not take its configuration: ${answer}`)
  }

  /** From the log of states: the time `show protocols` gives for the same event differs by a millisecond now and then. */
  #timesUp(neighbour: string): number {
    return readFileSync(this.#log, 'utf8').split(`> ${neighbour}: State changed to up`).length - 1
  }

  #write(): void {
    writeFileSync(this.#file, configuration(this.#plan, [...this.#routes.values()]))
  }
}

function configuration(plan: DaemonPlan, routes: readonly OwnRoute[]): string {
  const of = (family: string): string[] =>
    routes
      .filter(({ prefix }) => isIpv6(prefix) === (family === 'ipv6'))
      .map(({ prefix }) => `route ${prefix} blackhole;`)
  return [
    'log stderr all;',
    `router id ${plan.routerId};`,
    'protocol device { scan time 5; }',
    'protocol direct { ipv4; ipv6; }',
    outFilter(routes),
    `protocol static own4 { ipv4; ${of('ipv4').join(' ')} }`,
    `protocol static own6 { ipv6; ${of('ipv6').join(' ')} }`,
    ...plan.neighbours.map(neighbour => bgpProtocol(plan, neighbour)),
    '',
  ].join('\n')
}

/** In the filter, because BIRD tells eBGP neighbours no MED but one that the filter set. */
function outFilter(routes: readonly OwnRoute[]): string {
  const marks = routes
    .filter(({ prefix: _, ...rest }) => Object.keys(rest).length > 0)
    .map(route => {
      const changes = [
        ...(route.asPath ?? []).toReversed().map(asn => `bgp_path.prepend(${asn});`),
        ...(route.communities ?? []).map(text => `bgp_community.add((${text.replace(':', ',')}));`),
        ...(route.largeCommunities ?? []).map(text => `bgp_large_community.add((${text.replaceAll(':', ',')}));`),
        route.med === undefined ? '' : `bgp_med = ${route.med};`,
        route.localPref === undefined ? '' : `bgp_local_pref = ${route.localPref};`,
      ]
      return `  if source = RTS_STATIC && net = ${route.prefix} then { ${changes.join(' ')} accept; }`
    })
  return [
    'filter told {',
    ...marks,
    '  if source = RTS_STATIC || source = RTS_BGP then accept;',
    '  reject;',
    '}',
  ].join('\n')
}

function bgpProtocol(plan: DaemonPlan, neighbour: Neighbour): string {
  const { name, address, localAddress, asn, password, holdTimeS } = neighbour
  const reflection = neighbour.isClient === true ? `rr client; rr cluster id ${plan.clusterId ?? plan.routerId};` : ''
  const addPath = neighbour.addPath === true ? 'add paths on;' : ''
  const channels = neighbour.families.map(family => `${family} { import all; export filter told; ${addPath} };`)
  return `protocol bgp ${name} {
  local ${localAddress} as ${plan.asn}; neighbor ${address} as ${asn}; direct; ${reflection}
  ${password === undefined ? '' : `password "${password}";`} ${neighbour.hasTtlSecurity === true ? 'ttl security on;' : ''}
  ${neighbour.isPassive === true ? 'passive on;' : ''} ${holdTimeS === undefined ? '' : `hold time ${holdTimeS};`}
  connect delay time 1; connect retry time 1; error wait time 1, 2; enable extended messages on; debug { states };
  ${channels.join('\n  ')}
}`
}

/** The paths of `show route all` that came from a BGP neighbour. */
function parseRoutes(text: string, neighbours: ReadonlyMap<string, string>): DaemonRoute[] {
  const routes: DaemonRoute[] = []
  let prefix = ''
  for (const block of text.split(/\n(?=\S)/)) {
    const [head = '', ...lines] = block.split('\n')
    const match = /^(\S+)?\s+\w+ \[(\w+) /.exec(head)
    if (match === null) continue
    prefix = match[1] ?? prefix
    routes.push(...pathsOf(prefix, [head, ...lines], neighbours))
  }
  return routes
}

/** One prefix: every path begins with a line that names its protocol in brackets. */
function pathsOf(prefix: string, lines: readonly string[], neighbours: ReadonlyMap<string, string>): DaemonRoute[] {
  const blocks: string[][] = []
  for (const line of lines) {
    if (/^(\S+)?\s+\w+ \[\w+ /.test(line)) blocks.push([line])
    else blocks.at(-1)?.push(line)
  }
  return blocks.flatMap(([head = '', ...rest]) => {
    const from = neighbours.get(/\[(\w+) /.exec(head)?.[1] ?? '')
    if (from === undefined) return []
    const values = new Map(rest.map(line => splitAttribute(line.trim())))
    return [{ prefix, from, pathId: null, ...attributesOf(values) }]
  })
}

function splitAttribute(line: string): [string, string] {
  const at = line.indexOf(':')
  return [line.slice(0, at), line.slice(at + 1).trim()]
}

function attributesOf(values: ReadonlyMap<string, string>): Omit<DaemonRoute, 'prefix' | 'from' | 'pathId'> {
  const text = (name: string): string => values.get(`BGP.${name}`) ?? ''
  const number = (name: string): number | null => (values.has(`BGP.${name}`) ? Number(text(name)) : null)
  const tuples = (name: string): string[] =>
    [...text(name).matchAll(/\(([^)]*)\)/g)].map(([, tuple = '']) => tuple.replaceAll(/,\s*/g, ':'))
  return {
    nextHop: text('next_hop').split(' ')[0] ?? '',
    asPath: text('as_path'),
    origin: text('origin').toLowerCase(),
    med: number('med'),
    localPref: number('local_pref'),
    communities: tuples('community'),
    largeCommunities: tuples('large_community'),
    originatorId: text('originator_id') || null,
    clusterList: text('cluster_list').split(/\s+/).filter(Boolean),
  }
}
