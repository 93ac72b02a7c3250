/**
 * Tells listeners what became of the Loc-RIB: the kernel side, mostly. Each flush reports its prefixes once, after the
 * peers were fed; a listener that comes late hears of everything present, in stretches, before or between flushes.
 * One object is reused for all changes. Called by flush.ts and rib.ts.
 */
import { IPV4_UNICAST } from '../../wire/family.ts'
import { Flag } from './attribute-record.ts'
import type { Core } from './core.ts'
import type { PathSlab } from './path-slab.ts'
import type { BestRoute, BestRouteListener, NextHop } from './port.ts'
import type { PrefixBatch } from './prefix-batch.ts'
import type { RouteTable } from './route-table.ts'
import { sourceKind } from './source-table.ts'

/** Prefix ids that one stretch of a replay looks at. */
const REPLAY_STRETCH = 16384

interface Replay {
  readonly listener: BestRouteListener
  family: number
  position: number
}

export class BestRoutes {
  readonly #core: Core
  readonly #listeners: BestRouteListener[] = []
  #replays: Replay[] = []
  readonly #route: BestRoute = {
    family: IPV4_UNICAST,
    prefixId: 0,
    address0: 0,
    address1: 0,
    address2: 0,
    address3: 0,
    length: 0,
    present: false,
    source: 'bgp',
    sourceId: 0,
    nextHop: undefined,
    localPref: 0,
    nextHopCount: 0,
    nextHopAt: i => this.#nextHopAt(i),
    local: undefined,
  }
  /** The paths of the multipath set of `#route`, when there are several. */
  #equals = new Uint32Array(1)
  #paths: PathSlab | undefined

  constructor(core: Core) {
    this.#core = core
    const { ebgp, ibgp } = core.decision.multipath
    if (Math.max(ebgp, ibgp) > 1) for (const table of core.tables) table.tracksAllPaths = true
  }

  add(listener: BestRouteListener): void {
    this.#listeners.push(listener)
    this.repeat(listener)
  }

  /** Tells a listener everything present, from the beginning. */
  repeat(listener: BestRouteListener): void {
    this.#replays = this.#replays.filter(replay => replay.listener !== listener)
    if (this.#core.tables.some(table => table.prefixes.size > 0))
      this.#replays.push({ listener, family: 0, position: 1 })
  }

  /** A listener has not heard of everything present yet. */
  get isReplaying(): boolean {
    return this.#replays.length > 0
  }

  /** The prefixes of one flush and family. */
  tell(batch: PrefixBatch): void {
    for (const listener of this.#listeners) {
      for (let i = 0; i < batch.count; i++) listener.routeChanged(this.#fill(batch.table, batch.ids[i]!))
      for (let i = 0; i < batch.keptCount; i++) listener.routeChanged(this.#fill(batch.table, batch.kept[i]!))
    }
  }

  /** A flush is over. */
  flushed(): void {
    for (const listener of this.#listeners) listener.flushed()
  }

  /** One stretch of what late listeners missed. Prefixes that wait for a flush come with that flush. */
  replay(): void {
    for (const replay of this.#replays) this.#replayOne(replay)
    this.#replays = this.#replays.filter(replay => replay.family < this.#core.tables.length)
  }

  #replayOne(replay: Replay): void {
    const table = this.#core.tables[replay.family]!
    const { prefixes } = table
    const end = Math.min(prefixes.idLimit, replay.position + REPLAY_STRETCH)
    for (let id = replay.position; id < end; id++) {
      if (!prefixes.isLive(id)) continue
      if (prefixes.isDirty(id)) table.owesDirty = true
      else if (table.best(id) !== 0) replay.listener.routeChanged(this.#fill(table, id))
    }
    replay.position = end
    if (end >= prefixes.idLimit) {
      replay.family++
      replay.position = 1
    }
    replay.listener.flushed()
  }

  #fill(table: RouteTable, id: number): BestRoute {
    const route = this.#route
    const { prefixes, paths } = table
    const { store, nextHops, localRoutes } = this.#core
    route.family = table.family
    route.prefixId = id
    route.address0 = prefixes.word(id, 0)
    route.address1 = prefixes.word(id, 1)
    route.address2 = prefixes.word(id, 2)
    route.address3 = prefixes.word(id, 3)
    route.length = prefixes.lengthOf(id)
    const best = table.best(id)
    route.present = best !== 0
    if (best === 0) {
      route.sourceId = 0
      route.nextHop = undefined
      route.nextHopCount = 0
      route.local = undefined
      return route
    }
    const set = paths.setOf(best)
    route.sourceId = paths.sourceOf(best)
    route.source = sourceKind(route.sourceId)
    route.nextHop = nextHops.get(store.nextHopOf(set))
    route.localPref = store.localPrefOf(set)
    route.local = route.source === 'bgp' ? undefined : localRoutes.get(set)
    route.nextHopCount = route.nextHop === undefined ? 0 : 1
    const { ebgp, ibgp } = this.#core.decision.multipath
    if (route.source === 'bgp' && (ebgp > 1 || ibgp > 1)) this.#findEquals(paths, best)
    return route
  }

  #findEquals(paths: PathSlab, best: number): void {
    const { decision, store } = this.#core
    const isInternal = (store.flagsOf(paths.setOf(best)) & Flag.INTERNAL) !== 0
    const limit = isInternal ? decision.multipath.ibgp : decision.multipath.ebgp
    this.#paths = paths
    if (limit > this.#equals.length) this.#equals = new Uint32Array(limit)
    this.#route.nextHopCount = decision.equals(paths, best, limit, this.#equals)
  }

  #nextHopAt(i: number): NextHop {
    const { nextHop, nextHopCount } = this.#route
    const { store, nextHops } = this.#core
    const other = i > 0 && i < nextHopCount ? this.#paths?.setOf(this.#equals[i]!) : undefined
    const found = other === undefined ? nextHop : nextHops.get(store.nextHopOf(other))
    if (found === undefined || i >= nextHopCount)
      throw new RangeError(`a route with ${nextHopCount} next hops has none at ${i}`)
    return found
  }
}
