/**
 * The flush: takes up changed prefixes, tells every update group, then the listeners (RFC 4271 9.1.3, 9.2).
 *
 * Flushes are numbered; a prefix remembers the number of the one that told its last change. Buckets are made once and
 * serve all groups; only the rewrite differs. At most `stretch` prefixes of a family are taken up at a time.
 * Called by rib.ts from `work`.
 */
import type { BestRoutes } from './best-route.ts'
import type { Core } from './core.ts'
import { PathFlag } from './path-slab.ts'
import type { PathTeller } from './path-teller.ts'
import { PrefixBatch } from './prefix-batch.ts'
import type { RouteTable } from './route-table.ts'
import type { Teller } from './teller.ts'
import type { UpdateGroup } from './update-group.ts'

export interface Tellers {
  readonly teller: Teller
  readonly pathTeller: PathTeller
}

export class Flusher {
  readonly #core: Core
  readonly #teller: Teller
  readonly #pathTeller: PathTeller
  readonly #bestRoutes: BestRoutes
  readonly #batch: PrefixBatch

  constructor(core: Core, { teller, pathTeller }: Tellers, bestRoutes: BestRoutes) {
    this.#core = core
    this.#teller = teller
    this.#pathTeller = pathTeller
    this.#bestRoutes = bestRoutes
    this.#batch = new PrefixBatch(core.stretch, core.store)
  }

  /** One flush of both families. Nothing happens when nothing is dirty. */
  flush(groups: Iterable<UpdateGroup>): void {
    const core = this.#core
    if (core.dirtyCount === 0) return
    if (core.flushNumber >= core.lastFlush) this.#startOver(groups)
    const number = ++core.flushNumber
    for (const table of core.tables) {
      if (table.dirtyCount === 0) continue
      this.#take(table, number)
      for (const group of groups) this.#tell(group, table, number)
      if (table.tracksAllPaths || table.gone.pending > 0) this.#settlePaths(table, number)
      this.#bestRoutes.tell(this.#batch)
    }
    for (const group of groups) {
      group.log.writer.seal()
      group.dropBehind()
    }
    this.#bestRoutes.flushed()
  }

  /** Everything so far counts as flush 1. Readers that are not up to date are fed by a scan of everything. */
  #startOver(groups: Iterable<UpdateGroup>): void {
    this.#core.flushNumber = 1
    for (const table of this.#core.tables) table.startOver()
    for (const group of groups) {
      group.cache.clear()
      for (const reader of group.readers) reader.startOver()
    }
  }

  /** Moves dirty prefixes into the batch and settles them. */
  #take(table: RouteTable, number: number): void {
    const batch = this.#batch
    const { prefixes, paths, dirty, dirtySets, owesDirty } = table
    const count = Math.min(table.dirtyCount, batch.capacity)
    batch.clear(table)
    batch.isOwed = owesDirty
    table.chooseDoubted(count)
    for (let i = 0; i < count; i++) {
      const prefix = dirty[i]!
      const old = prefixes.toldSource(prefix)
      const best = table.best(prefix)
      const set = best === 0 ? 0 : paths.setOf(best)
      if (set !== 0 && set === dirtySets[i] && !owesDirty) {
        // It went and came back, or only other paths changed: nobody who is told the best one needs to know.
        if (table.tracksAllPaths) this.#keep(table, prefix, number)
        else prefixes.markClean(prefix)
        continue
      }
      table.touchRange(prefix, number)
      if (best === 0) {
        prefixes.settle(prefix, 0, number)
        if (prefixes.head(prefix) === 0) table.bury(prefix, number)
        batch.addEmptied(prefix, old)
      } else {
        prefixes.settle(prefix, paths.sourceOf(best), number)
        batch.add(prefix, old, set)
      }
    }
    table.dropDirty(count)
    batch.sort()
  }

  /** A prefix whose best path is what was told, while other paths of it changed. */
  #keep(table: RouteTable, prefix: number, number: number): void {
    table.touchRange(prefix, number)
    table.prefixes.settle(prefix, table.prefixes.toldSource(prefix), number)
    this.#batch.addKept(prefix)
  }

  #tell(group: UpdateGroup, table: RouteTable, number: number): void {
    if (!group.families.includes(table.family)) return
    group.log.flush = number
    if (group.sendsPaths(table.family)) this.#pathTeller.tellChanges(group, this.#batch)
    else this.#teller.tellChanges(group, this.#batch)
  }

  /** Everybody was told about the paths of the batch, and of those that are gone. */
  #settlePaths(table: RouteTable, number: number): void {
    const { ids, count, kept, keptCount } = this.#batch
    for (let i = 0; i < count; i++) clearChanged(table, ids[i]!)
    for (let i = 0; i < keptCount; i++) clearChanged(table, kept[i]!)
    const { gone } = table
    // Also those of prefixes that this flush had no room for: slices made before know nothing of their withdraws.
    for (let i = gone.size - gone.pending; i < gone.size; i++) table.touchRange(gone.prefix(i), number)
    gone.settle(number)
  }

  /** Emptied prefixes may go once every reader has seen their withdraw. */
  recycle(groups: Iterable<UpdateGroup>): void {
    const core = this.#core
    if (core.tables.every(table => table.tombstones === 0 && table.gone.size === 0)) return
    let seen = core.flushNumber
    for (const group of groups) for (const reader of group.readers) seen = Math.min(seen, reader.confirmed)
    for (const table of core.tables) table.recycle(seen)
  }
}

function clearChanged({ prefixes, paths }: RouteTable, prefix: number): void {
  for (let path = prefixes.head(prefix); path !== 0; path = paths.next(path)) paths.clearFlag(path, PathFlag.CHANGED)
}
