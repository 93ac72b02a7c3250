/**
 * Speakers on one bridge: godwit and other daemons, peering over IPv4 for IPv4 routes and over IPv6 for IPv6 routes, with clients and
 * reflectors as told. Member number N has the addresses 10.77.0.N and fd77::N, the router id 10.77.0.N, and routes of its own 10.78.N.0/24
 * and fd78:N::/48. A capture runs at every godwit.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RouteRow } from '../../../src/api/index.ts'
import { readList } from '../../../src/cli/client.ts'
import type { ConfigInput } from '../../../src/config/index.ts'
import { Godwit } from '../../../src/lab/godwit.ts'
import { Namespaces } from '../../../src/lab/namespace.ts'
import { Crew } from './crew.ts'
import type { Daemon, DaemonKind, DaemonRoute, Neighbour, OwnRoute } from './port.ts'
import { startDaemon } from './start.ts'
import { Tap } from './tap.ts'

export type Family = 'ipv4' | 'ipv6'
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6']

export interface LanMember {
  readonly name: string
  readonly number: number
  readonly kind: DaemonKind | 'godwit'
  /** Present: a reflector. */
  readonly clusterId?: string
  /** Has no routes of its own. */
  readonly isSilent?: boolean
  /** Another AS than the plan's. */
  readonly asn?: number
  /** Routes of its own beside the usual two; for daemons only. */
  readonly routes?: readonly OwnRoute[]
  /** Its clients tell each other themselves; for godwit only. */
  readonly hasMeshedClients?: boolean
  /** Most paths that are as good; for godwit only. */
  readonly multipath?: number
}

export interface LanSession {
  readonly ends: readonly [string, string]
  /** The end that is a client of the other; absent between non-clients. */
  readonly client?: string
  /** With a password (RFC 2385) and TTL security (RFC 5082). */
  readonly isSecured?: boolean
  /** Several paths of a prefix, in both directions (RFC 7911). */
  readonly addPath?: boolean
  /** How many godwit tells then. */
  readonly addPathSend?: 'all' | 'multipath' | number
  /** The cluster the client is in at godwit, where it is another than godwit's. */
  readonly clusterId?: string
}

interface LanNeighbour {
  readonly member: LanMember
  readonly isClient: boolean
  readonly isSecured: boolean
  readonly addPath: boolean
  readonly session: LanSession
}

export interface LanPlan {
  readonly asn: number
  readonly members: readonly LanMember[]
  readonly sessions: readonly LanSession[]
}

/** What its routes of its own carry, so that it can be followed through every reflector. */
export const marksOf = ({ number }: LanMember) => ({
  med: 100 + number,
  communities: [`64512:${number}`],
  largeCommunities: [`64512:1:${number}`],
})

export const addressOf = ({ number }: LanMember, family: Family): string =>
  family === 'ipv4' ? `10.77.0.${number}` : `fd77::${number}`
export const ownPrefix = ({ number }: LanMember, family: Family): string =>
  family === 'ipv4' ? `10.78.${number}.0/24` : `fd78:${number}::/48`

const FABRIC = 'fabric'
const DEVICE = 'eth0'
const PASSWORD = 'rack-4-s3cret'

/** A path somebody holds: godwit's rows and the daemons' in the same words. */
export type HeldRoute = Omit<DaemonRoute, 'origin'>

export class Lan {
  readonly plan: LanPlan
  readonly directory = mkdtempSync(join(tmpdir(), 'godwit-lan-'))
  readonly namespaces = new Namespaces()
  readonly #crew = new Crew(this.directory, this.namespaces)
  readonly #daemons = new Map<string, Daemon>()
  readonly #godwits = new Map<string, Godwit>()
  readonly #taps = new Map<string, Tap>()

  constructor(plan: LanPlan) {
    this.plan = plan
  }

  member(name: string): LanMember {
    const found = this.plan.members.find(member => member.name === name)
    if (found === undefined) throw new Error(`nobody on this LAN is named ${name}`)
    return found
  }

  tap(name: string): Tap {
    const tap = this.#taps.get(name)
    if (tap === undefined) throw new Error(`no capture runs at ${name}`)
    return tap
  }

  daemon(name: string): Daemon {
    const daemon = this.#daemons.get(name)
    if (daemon === undefined) throw new Error(`no daemon ${name} runs`)
    return daemon
  }

  neighboursOf(name: string): LanNeighbour[] {
    return this.plan.sessions.flatMap(session => {
      const { client, isSecured = false, addPath = false } = session
      const [one, other] = session.ends
      if (one !== name && other !== name) return []
      const neighbour = one === name ? other : one
      return [{ member: this.member(neighbour), isClient: client === neighbour, isSecured, addPath, session }]
    })
  }

  asnOf({ asn = this.plan.asn }: LanMember): number {
    return asn
  }

  async start(): Promise<void> {
    const { namespaces, plan } = this
    await namespaces.add([FABRIC, ...plan.members.map(({ name }) => name)])
    await namespaces.ip(FABRIC, ['link add br0 type bridge mcast_snooping 0', 'link set br0 up'])
    for (const member of plan.members) {
      const port = `to-${member.name}`
      await namespaces.ip(FABRIC, [
        `link add ${port} type veth peer name ${DEVICE} netns ${namespaces.fullName(member.name)}`,
        `link set ${port} master br0 up`,
      ])
      await namespaces.ip(member.name, [
        `addr add ${addressOf(member, 'ipv4')}/24 dev ${DEVICE}`,
        `addr add ${addressOf(member, 'ipv6')}/64 dev ${DEVICE} nodad`,
        `link set ${DEVICE} up`,
      ])
    }
    await Promise.all(plan.members.map(member => this.#startMember(member)))
  }

  /** All paths a member has from its peers. */
  async held({ name }: LanMember): Promise<HeldRoute[]> {
    const daemon = this.#daemons.get(name)
    if (daemon !== undefined) return daemon.routes()
    const rows = await this.#rows(name, 'source=bgp')
    return rows.map(row => ({ ...row, from: row.peer ?? '', nextHop: row.nextHop ?? '' }))
  }

  /** What a godwit keeps aside. */
  rejected({ name }: LanMember): Promise<RouteRow[]> {
    return this.#rows(name, 'rejected=true')
  }

  async #rows(name: string, query: string): Promise<RouteRow[]> {
    const rows: RouteRow[] = []
    const ask = { socket: this.#socket(name), path: `/v1/routes?${query}`, kind: 'RouteList' }
    for await (const row of readList<RouteRow>(ask)) rows.push(row)
    return rows
  }

  async stop(): Promise<void> {
    const godwits = [...this.#godwits.values()]
    await Promise.all([this.#crew.stop(), ...godwits.map(godwit => godwit.process.stop())])
    this.namespaces.removeAll()
    if (process.env['GODWIT_KEEP_LAB'] === undefined) rmSync(this.directory, { recursive: true })
    else console.log(`configurations, logs and captures are in ${this.directory}`)
  }

  #socket(name: string): string {
    return join(this.directory, `${name}.sock`)
  }

  async #startMember(member: LanMember): Promise<void> {
    const { name, kind } = member
    if (kind !== 'godwit') {
      this.#daemons.set(name, await startDaemon(kind, this.#daemonPlan(member), this.#crew.place(name)))
      return
    }
    const tap = new Tap(`${name}-tap`, this.#crew.place(name), DEVICE)
    this.#taps.set(name, tap)
    await tap.ready()
    const { directory, enter } = this.#crew.place(name)
    const godwit = Godwit.start({ name, config: this.#config(member), socket: this.#socket(name), directory, enter })
    this.#godwits.set(name, godwit)
    await godwit.ready()
  }

  #daemonPlan(member: LanMember) {
    const neighbours: Neighbour[] = this.neighboursOf(member.name).flatMap(
      ({ member: peer, isClient, isSecured, addPath }) =>
        FAMILIES.map(family => ({
          name: sessionName(peer, family),
          address: addressOf(peer, family),
          localAddress: addressOf(member, family),
          asn: this.asnOf(peer),
          families: [family],
          isClient,
          addPath,
          ...(isSecured && { password: PASSWORD, hasTtlSecurity: true }),
        })),
    )
    const families = member.isSilent === true ? [] : FAMILIES
    const routes: OwnRoute[] = families.map(family => ({ prefix: ownPrefix(member, family), ...marksOf(member) }))
    const { name, clusterId } = member
    return {
      name,
      asn: this.asnOf(member),
      routerId: addressOf(member, 'ipv4'),
      neighbours,
      routes: [...routes, ...(member.routes ?? [])],
      ...(clusterId !== undefined && { clusterId }),
    }
  }

  #config(member: LanMember): ConfigInput {
    const peers = this.neighboursOf(member.name).flatMap(({ member: peer, isClient, isSecured, addPath, session }) =>
      FAMILIES.map(family => ({
        name: sessionName(peer, family),
        address: addressOf(peer, family),
        localAddress: addressOf(member, family),
        asn: this.asnOf(peer),
        families: [family],
        reflectorClient: isClient,
        import: 'accept-all',
        export: 'told',
        ...(addPath && { addPath: { [family]: 'both' as const }, addPathSend: session.addPathSend ?? 'all' }),
        ...(session.clusterId !== undefined && isClient && { clusterId: session.clusterId }),
        ...(isSecured && { password: PASSWORD, ttlSecurity: 1 }),
      })),
    )
    const { med, communities } = marksOf(member)
    const terms = [
      { match: { sources: ['static' as const] }, set: { med, addCommunities: communities }, action: 'accept' as const },
    ]
    return {
      speaker: {
        asn: this.asnOf(member),
        routerId: addressOf(member, 'ipv4'),
        connectRetry: 1,
        selection: { multipath: { ebgp: member.multipath ?? 1 } },
      },
      ...(member.clusterId !== undefined && {
        reflector: { clusterId: member.clusterId, clientToClient: member.hasMeshedClients !== true },
      }),
      policies: { told: { terms, otherwise: 'accept' } },
      statics: FAMILIES.map(family => ({ prefix: ownPrefix(member, family), blackhole: true })),
      peers,
      api: { socket: this.#socket(member.name) },
    }
  }
}

/** The session's name on the side that has this peer; also BIRD's protocol. */
function sessionName(peer: LanMember, family: Family): string {
  return `${peer.name.replaceAll('-', '')}${family === 'ipv4' ? 'v4' : 'v6'}`
}
