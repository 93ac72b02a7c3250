/**
 * What must hold at rest, long enough after the last fault: sessions, tables against the model, and every session's two
 * ends against each other. The second is told from the tables alone, with the rules of RFC 4456 6 and 8 and RFC 4271 9.2 in
 * their plainest form; so a path that is lost or stale is found even where a second reflector hides it.
 * What must hold always is checked where it happens (`peer.ts`, `speaker.ts`, `violation.ts`).
 * Called by `cluster.ts`.
 */
import { type Attribute, formatAddress } from '../../wire/index.ts'
import type { RouteView } from '../rib/index.ts'
import { otherEnd } from './link.ts'
import type { Expected, Model } from './model.ts'
import type { Peer } from './peer.ts'
import type { Speaker } from './speaker.ts'
import type { Site } from './topology.ts'
import { Violation } from './violation.ts'

/** Throws the first violation it finds. */
export function checkAtRest(speakers: readonly Speaker[], model: Model): void {
  for (const speaker of speakers) {
    speaker.checkDeadlines()
    checkSessions(speaker, speakers)
  }
  const tables = new Map(speakers.map(speaker => [speaker.site, tableOf(speaker)]))
  for (const speaker of speakers)
    checkRoutes(speaker, tables.get(speaker.site) ?? new Map(), model.routesOf(speaker.site))
  for (const speaker of speakers) {
    for (const view of [...(tables.get(speaker.site)?.values() ?? [])].flat()) {
      if (view.source === 'bgp') sessionOf(speaker, view)
    }
    for (const peer of speaker.peers.values()) {
      const neighbour = speakers[peer.remote.index]
      const table = tables.get(peer.remote)
      if (neighbour !== undefined && table !== undefined) checkAdjRibIn(speaker, peer, { speaker: neighbour, table })
    }
  }
}

/** The paths of a prefix, the best first. */
type Table = Map<string, RouteView[]>

function tableOf({ rib }: Speaker): Table {
  const table: Table = new Map()
  for (const view of rib.routes()) {
    const paths = table.get(view.prefix)
    if (paths === undefined) table.set(view.prefix, [view])
    else paths.push(view)
  }
  return table
}

function checkSessions(speaker: Speaker, speakers: readonly Speaker[]): void {
  for (const peer of speaker.peers.values()) {
    const other = speakers[peer.remote.index]?.peers.get(peer.link)
    const mine = peer.active?.connection.id
    if (mine === undefined || peer.fsm.state !== 'Established') {
      throw new Violation('all-established', `${peer.name} is ${peer.fsm.state}: ${lastWords(peer)}`)
    }
    const theirs = other?.active?.connection.id
    if (mine !== theirs) throw new Violation('all-established', `${peer.name}: ${mine} here, ${theirs} there`)
    if (peer.connections.length !== 1) {
      throw new Violation('all-established', `${peer.name}: ${peer.connections.length} connections`)
    }
    if (peer.active !== undefined && speaker.rib.hasOutput(peer.active.id)) {
      throw new Violation('at-rest', `${peer.name}: something waits to be sent`)
    }
  }
  if (speaker.rib.pending) throw new Violation('at-rest', `${speaker.site.index}: the table has work to do`)
}

function lastWords({ fsm }: Peer): string {
  const { history } = fsm
  return history
    .slice(-3)
    .map(one => `${one.from} -> ${one.to} (${one.cause})`)
    .join(', ')
}

/** The best routes against the model. */
function checkRoutes({ site }: Speaker, table: Table, expected: ReadonlyMap<string, Expected>): void {
  for (const [prefix, wanted] of expected) {
    const best = table.get(prefix)?.[0]
    if (best === undefined) throw new Violation('same-routes', `${site.index} has no route to ${prefix}`)
    const nextHop = wanted.nextHop === undefined ? undefined : ownAddress(wanted.nextHop, prefix)
    const path = asPathOf(best.attributes).join(' ')
    if (best.nextHop !== nextHop || path !== wanted.asPath.join(' ')) {
      const is = `${best.nextHop ?? 'itself'} [${path}]`
      const shall = `${nextHop ?? 'itself'} [${wanted.asPath.join(' ')}]`
      throw new Violation('right-next-hop', `${site.index} to ${prefix}: ${is}, and not ${shall}`)
    }
    checkLoop(site, prefix, best)
  }
  for (const prefix of table.keys()) {
    if (!expected.has(prefix))
      throw new Violation('same-routes', `${site.index} has a route to ${prefix}, which is gone`)
  }
}

const ownAddress = ({ ipv4, ipv6 }: Site, prefix: string): string => formatAddress(prefix.includes(':') ? ipv6 : ipv4)

function checkLoop(site: Site, prefix: string, { source, attributes }: RouteView): void {
  if (source === 'bgp' && hasPassed(site, factsOf(attributes)))
    throw new Violation('no-loop', `${site.index}: ${prefix}`)
}

/** What one neighbour has told: exactly what its table says that it has to. */
function checkAdjRibIn({ site, rib }: Speaker, peer: Peer, neighbour: Neighbour): void {
  if (peer.active === undefined) return
  const live = new Set(Array.from(rib.routes({ peer: peer.active.id }), view => view.prefix))
  for (const [prefix, [best]] of neighbour.table) {
    if (best === undefined) continue
    const isDue = isTold(peer, best, neighbour.speaker, site)
    const has = live.delete(prefix)
    if (isDue === has) continue
    const what = `path to ${prefix} from ${peer.remote.index}`
    if (isDue) throw new Violation('nothing-lost', `${site.index} has no ${what}`)
    throw new Violation('nothing-stale', `${site.index} has a ${what}`)
  }
  for (const prefix of live) {
    throw new Violation('nothing-stale', `${site.index} has ${prefix} from ${peer.remote.index}, which has it no more`)
  }
}

interface Neighbour {
  readonly speaker: Speaker
  readonly table: Table
}

/** The session a path came on; a path without one has outlived it. */
function sessionOf({ site, peers }: Speaker, view: RouteView): Peer {
  for (const peer of peers.values()) if (peer.active?.id === view.sourceId) return peer
  throw new Violation('nothing-stale', `${site.index} has a path to ${view.prefix} of a session that is over`)
}

/** Whether the neighbour has to tell its best path to `site`, and `site` to keep it. `peer` is the session as `site` has it. */
function isTold(peer: Peer, best: RouteView, neighbour: Speaker, site: Site): boolean {
  const { remote } = peer
  const isExternal = site.asn !== remote.asn
  const facts = factsOf(best.attributes)
  const source = best.source === 'bgp' ? sessionOf(neighbour, best) : undefined
  if (source?.remote === site) return false
  // RFC 1997 and policies play no part here.
  if (isExternal)
    return !hasPassed(site, { asPath: [remote.asn, ...facts.asPath], originator: undefined, clusters: [] })
  if (source === undefined || source.remote.asn !== remote.asn) return !hasPassed(site, facts)
  const isFromClient = source.edge.hasClient[source.end]
  const isToClient = peer.edge.hasClient[otherEnd(peer.end)]
  if (!isFromClient && !isToClient) return false
  const originator = facts.originator ?? source.remote.routerId
  return !hasPassed(site, { ...facts, originator, clusters: [remote.clusterId, ...facts.clusters] })
}

/** What tells a loop. */
interface LoopFacts {
  readonly asPath: readonly number[]
  readonly originator: number | undefined
  readonly clusters: readonly number[]
}

const hasPassed = (site: Site, { asPath, originator, clusters }: LoopFacts): boolean =>
  asPath.includes(site.asn) || originator === site.routerId || clusters.includes(site.clusterId)

function factsOf(attributes: readonly Attribute[]): LoopFacts {
  let originator: number | undefined
  let clusters: readonly number[] = []
  for (const attribute of attributes) {
    if (attribute.type === 'originator-id') originator = attribute.routerId
    if (attribute.type === 'cluster-list') clusters = attribute.ids
  }
  return { asPath: asPathOf(attributes), originator, clusters }
}

function asPathOf(attributes: readonly Attribute[]): readonly number[] {
  const path = attributes.find(attribute => attribute.type === 'as-path')
  return path?.segments.flatMap(segment => segment.asns) ?? []
}
