/**
 * What one speaker has at rest, read from its table once: the best route of each prefix with what matters for loops, the
 * prefixes each neighbour has told, and which routes it has to tell whom (RFC 4271 9.2, RFC 4456 6 and 8 in plain words).
 * Called by `invariant.ts`.
 */
import type { Attribute } from '../../wire/index.ts'
import type { RouteView } from '../rib/index.ts'
import type { Place } from './place.ts'
import type { Speaker } from './speaker.ts'
import type { Site } from './topology.ts'
import { Violation } from './violation.ts'

/** What tells a loop. */
export interface LoopFacts {
  readonly asPath: readonly number[]
  readonly originator: number | undefined
  readonly clusters: readonly number[]
}

/** RFC 4271 9.1.2, RFC 4456 8: the route has been here. */
export const hasPassed = (site: Site, { asPath, originator, clusters }: LoopFacts): boolean =>
  asPath.includes(site.asn) || originator === site.routerId || clusters.includes(site.clusterId)

/** How a route came in, which decides whom it goes out to. */
type Kind = 'local' | 'external' | 'client' | 'non-client'
const KINDS: readonly Kind[] = ['local', 'external', 'client', 'non-client']

/** A best route. */
export interface Held {
  readonly prefix: string
  readonly nextHop: string | undefined
  readonly kind: Kind
  /** Who told it. */
  readonly from: Site | undefined
  readonly facts: LoopFacts
}

const NOTHING: ReadonlySet<string> = new Set()

export class Holdings {
  readonly speaker: Speaker
  /** The best route by prefix. */
  readonly table = new Map<string, Held>()
  pathCount = 0
  readonly #bySource = new Map<number, Set<string>>()
  readonly #byKind = new Map<Kind, Held[]>(KINDS.map(kind => [kind, []]))
  readonly #places = new Map<number, Place>()

  constructor(speaker: Speaker) {
    this.speaker = speaker
    for (const { id, place } of speaker.life.routes.sessions.values()) this.#places.set(id, place)
    for (const view of speaker.rib.routes()) this.#add(view)
    for (const _ of speaker.rib.routes({ rejected: true })) this.pathCount++
  }

  /** The prefixes there is a path to from this session. */
  prefixesFrom(session: number): ReadonlySet<string> {
    return this.#bySource.get(session) ?? NOTHING
  }

  /** The routes that have to be told to whoever has `place` for us, but not to who told them. */
  *tellable(place: Place): Iterable<Held> {
    const isToClient = place.edge.hasClient[place.end === 0 ? 1 : 0]
    for (const kind of KINDS) {
      if (kind === 'non-client' && place.isInternal && !isToClient) continue
      yield* this.#byKind.get(kind) ?? []
    }
  }

  /** What a route looks like when told to whoever has `place` for us. */
  told({ kind, from, facts }: Held, place: Place): LoopFacts {
    const { asn, clusterId } = this.speaker.site
    if (!place.isInternal) return { asPath: [asn, ...facts.asPath], originator: undefined, clusters: [] }
    if (kind === 'local' || kind === 'external') return facts
    return { ...facts, originator: facts.originator ?? from?.routerId, clusters: [clusterId, ...facts.clusters] }
  }

  #add(view: RouteView): void {
    this.pathCount++
    const { prefix, source, sourceId } = view
    const place = this.#places.get(sourceId)
    if (source === 'bgp') {
      const { index } = this.speaker.site
      if (place === undefined)
        throw new Violation('nothing-stale', `${index} has a path to ${prefix} of a session that is over`)
      const prefixes = this.#bySource.get(sourceId)
      if (prefixes === undefined) this.#bySource.set(sourceId, new Set([prefix]))
      else prefixes.add(prefix)
    }
    if (!view.best) return
    const kind = kindOf(place)
    const held = { prefix, nextHop: view.nextHop, kind, from: place?.remote, facts: factsOf(view.attributes) }
    this.table.set(prefix, held)
    this.#byKind.get(kind)?.push(held)
  }
}

function kindOf(place: Place | undefined): Kind {
  if (place === undefined) return 'local'
  if (!place.isInternal) return 'external'
  return place.hasClient ? 'client' : 'non-client'
}

function factsOf(attributes: readonly Attribute[]): LoopFacts {
  let asPath: readonly number[] = []
  let originator: number | undefined
  let clusters: readonly number[] = []
  for (const attribute of attributes) {
    if (attribute.type === 'as-path') asPath = attribute.segments.flatMap(segment => segment.asns)
    if (attribute.type === 'originator-id') originator = attribute.routerId
    if (attribute.type === 'cluster-list') clusters = attribute.ids
  }
  return { asPath, originator, clusters }
}
