/**
 * What the interop suites ask of another BGP speaker, whichever it is: start with neighbours and routes, say how a session
 * stands, tell and take back routes, end a session with words, ask for and send everything again. `bird.ts`, `frr.ts` and
 * `gobgp.ts` put a real daemon behind it. Everything read is the daemon's own opinion, from its own tools.
 */
import type { LabProcess, ProcessPlan } from '../../../src/lab/process.ts'

export type DaemonKind = 'bird' | 'frr' | 'gobgp'
export const DAEMON_KINDS: readonly DaemonKind[] = ['bird', 'frr', 'gobgp']

export interface Neighbour {
  /** Letters and digits: BIRD's protocol is named so. */
  readonly name: string
  readonly address: string
  readonly localAddress: string
  readonly asn: number
  readonly families: readonly ('ipv4' | 'ipv6')[]
  readonly password?: string | undefined
  /** GTSM (RFC 5082) for a neighbour next door. */
  readonly hasTtlSecurity?: boolean
  readonly isPassive?: boolean
  readonly holdTimeS?: number
  /** A client of this daemon as a reflector (RFC 4456). */
  readonly isClient?: boolean
  /** ADD-PATH in both directions (RFC 7911), all paths. */
  readonly addPath?: boolean
}

/** A route the daemon has of its own, with the attributes it shall leave with. */
export interface OwnRoute {
  readonly prefix: string
  readonly med?: number
  readonly localPref?: number
  readonly communities?: readonly string[]
  readonly largeCommunities?: readonly string[]
  /** AS numbers that stand in AS_PATH as if the route had come that way, nearest first. */
  readonly asPath?: readonly number[]
}

export interface DaemonPlan {
  readonly name: string
  readonly asn: number
  readonly routerId: string
  readonly clusterId?: string
  readonly neighbours: readonly Neighbour[]
  readonly routes?: readonly OwnRoute[]
}

/** The address of a neighbour that the plan names so. */
export function addressIn({ neighbours }: DaemonPlan, neighbour: string): string {
  const found = neighbours.find(({ name }) => name === neighbour)
  if (found === undefined) throw new Error(`no neighbour ${neighbour} in this plan`)
  return found.address
}

/** Where a daemon runs: its files, and how to spawn in its namespace. */
export interface Place {
  readonly directory: string
  readonly enter: <T>(work: () => T) => T
  /** Starts a program here; whoever made the place ends it. */
  readonly spawn: (plan: Omit<ProcessPlan, 'enter'>) => LabProcess
}

export interface SessionView {
  readonly isEstablished: boolean
  /** Changes whenever the session has been another one in between: time of Established, or a count. */
  readonly incarnation: string
  /** Everything the daemon keeps of why the last session ended. */
  readonly lastWords: string
}

/** A path in the daemon's tables that came from a peer. */
export interface DaemonRoute {
  readonly prefix: string
  /** Address of the neighbour that told it. */
  readonly from: string
  /** The identifier it came with (RFC 7911), where the daemon shows one. */
  readonly pathId: number | null
  readonly nextHop: string
  readonly asPath: string
  readonly origin: string
  readonly med: number | null
  readonly localPref: number | null
  readonly communities: readonly string[]
  readonly largeCommunities: readonly string[]
  readonly originatorId: string | null
  readonly clusterList: readonly string[]
}

export interface Daemon {
  readonly kind: DaemonKind
  readonly process: LabProcess
  session(neighbour: string): Promise<SessionView>
  /** Paths from peers, sorted by prefix and neighbour. */
  routes(): Promise<DaemonRoute[]>
  announce(route: OwnRoute): Promise<void>
  withdraw(prefix: string): Promise<void>
  /** Cease / Administrative Shutdown with a text (RFC 9003). */
  shutDown(neighbour: string, text: string): Promise<void>
  enable(neighbour: string): Promise<void>
  /** ROUTE-REFRESH to the neighbour (RFC 2918). */
  askAgain(neighbour: string): Promise<void>
  stop(): Promise<void>
}

export const isIpv6 = (text: string): boolean => text.includes(':')

export function sortedRoutes(routes: readonly DaemonRoute[]): DaemonRoute[] {
  const key = ({ prefix, from }: DaemonRoute): string => `${prefix} ${from}`
  return routes.toSorted((a, b) => key(a).localeCompare(key(b)))
}
