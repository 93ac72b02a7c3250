/**
 * What must hold at rest, long enough after the last fault: sessions, tables against the model, and every session's two
 * ends against each other. The last is told from the tables alone, with the rules of RFC 4456 6 and 8 and RFC 4271 9.2 in
 * their plainest form; so a path that is lost or stale is found even where a second reflector hides it.
 * What must hold always is checked where it happens (`speaker.ts`, `routes.ts`, `wire-watch.ts`).
 * Called by `cluster.ts`.
 */
import { formatAddress } from '../../wire/index.ts'
import { Holdings, hasPassed } from './holdings.ts'
import type { Connection, Link } from './link.ts'
import type { Expected, Model } from './model.ts'
import type { Place } from './place.ts'
import type { Speaker } from './speaker.ts'
import type { Site } from './topology.ts'
import { Violation } from './violation.ts'

/** Throws the first violation it finds. */
export function checkAtRest(speakers: readonly Speaker[], model: Model): void {
  for (const speaker of speakers) {
    if (!speaker.isRunning) throw new Violation('all-established', `${speaker.site.index} does not run`)
    speaker.checkDeadlines()
    speaker.checkLogs()
  }
  const met: Met = new Map()
  for (const speaker of speakers) checkSessions(speaker, met)
  const holdings = speakers.map(speaker => new Holdings(speaker))
  for (const held of holdings) {
    checkRoutes(held, model.routesOf(held.speaker.site))
    checkLeaks(held)
    for (const place of held.speaker.places.values()) {
      const neighbour = holdings[place.remote.index]
      if (neighbour !== undefined) checkAdjRibIn(held, neighbour, place)
    }
  }
}

/** The connection that the end of a link that was looked at first has its session on. */
type Met = Map<Link, Connection>

function checkSessions(speaker: Speaker, met: Met): void {
  for (const place of speaker.places.values()) {
    const { name, link } = place
    const row = speaker.row(place)
    const session = speaker.session(place)
    if (session === undefined || row?.state !== 'Established') {
      const last = speaker
        .history(place)
        .slice(-3)
        .map(one => `${one.from} -> ${one.to} (${one.cause})`)
      throw new Violation('all-established', `${name} is ${row?.state}: ${last.join(', ')}`)
    }
    const here = speaker.connection(place, row)
    const there = met.get(link) ?? here
    if (here !== undefined) met.set(link, here)
    if (here === undefined || here !== there) {
      throw new Violation('all-established', `${name}: connection ${here?.port} here, ${there?.port} there`)
    }
    if (link.connections.size !== 1) throw new Violation('no-leak', `${name}: ${link.connections.size} connections`)
    if (speaker.rib.hasOutput(session.id)) throw new Violation('at-rest', `${name}: something waits to be sent`)
  }
  if (speaker.rib.pending) throw new Violation('at-rest', `${speaker.site.index}: the table has work to do`)
}

/** The best routes against the model. */
function checkRoutes({ speaker: { site }, table }: Holdings, expected: ReadonlyMap<string, Expected>): void {
  for (const [prefix, wanted] of expected) {
    const held = table.get(prefix)
    if (held === undefined) throw new Violation('same-routes', `${site.index} has no route to ${prefix}`)
    const nextHop = wanted.nextHop === undefined ? undefined : ownAddress(wanted.nextHop, prefix)
    const path = held.facts.asPath.join(' ')
    if (held.nextHop !== nextHop || path !== wanted.asPath.join(' ')) {
      const is = `${held.nextHop ?? 'itself'} [${path}]`
      const shall = `${nextHop ?? 'itself'} [${wanted.asPath.join(' ')}]`
      throw new Violation('right-next-hop', `${site.index} to ${prefix}: ${is}, and not ${shall}`)
    }
    if (held.kind !== 'local' && hasPassed(site, held.facts)) throw new Violation('no-loop', `${site.index}: ${prefix}`)
  }
  for (const prefix of table.keys()) {
    if (!expected.has(prefix))
      throw new Violation('same-routes', `${site.index} has a route to ${prefix}, which is gone`)
  }
}

const ownAddress = ({ ipv4, ipv6 }: Site, prefix: string): string => formatAddress(prefix.includes(':') ? ipv6 : ipv4)

/** Attribute sets are held by paths and by nothing else. */
function checkLeaks({ speaker, pathCount }: Holdings): void {
  const { attributeSets, families } = speaker.rib.stats()
  if (attributeSets > pathCount) {
    throw new Violation('no-leak', `${speaker.site.index}: ${attributeSets} attribute sets of ${pathCount} paths`)
  }
  const dirty = families.find(family => family.dirty > 0)
  if (dirty !== undefined) throw new Violation('at-rest', `${speaker.site.index}: ${dirty.dirty} dirty prefixes`)
}

/** What one neighbour has told: exactly what its table says that it has to. */
function checkAdjRibIn(held: Holdings, neighbour: Holdings, place: Place): void {
  const { site } = held.speaker
  const session = held.speaker.session(place)
  const has = held.prefixesFrom(session?.id ?? 0)
  let expected = 0
  for (const route of neighbour.tellable(place)) {
    if (route.from === site || hasPassed(site, neighbour.told(route, place))) continue
    expected++
    if (!has.has(route.prefix))
      throw new Violation('nothing-lost', `${site.index} has no path to ${route.prefix} from ${place.remote.index}`)
  }
  if (has.size === expected) return
  const due = new Set(Array.from(neighbour.tellable(place), route => route.prefix))
  const stale = [...has].find(prefix => !due.has(prefix)) ?? `one of ${[...has].join(', ')}`
  throw new Violation('nothing-stale', `${site.index} has ${stale} from ${place.remote.index}, which does not tell it`)
}
