/**
 * Tells update groups that take several paths of a prefix (RFC 7911) which ones there are: all, the best few, or those that
 * are as good as the best.
 *
 * The number of a path is its identifier: it stays as long as the path does, whatever its rank, so a change of ranks moves
 * nothing but what comes in and what falls out. A flush tells what changed of the paths chosen; a slice shows all of them,
 * and unless the scan is fresh withdraws every other path that its reader may still hold. A prefix that waits for a flush is
 * left to it as in catch-up.ts. Called by flush.ts and catch-up.ts.
 */
import type { Core } from './core.ts'
import { DIFFERENCE, FLUSH, FRESH_SLICE, SLICE } from './group-books.ts'
import { PathFlag } from './path-slab.ts'
import { PrefixBatch } from './prefix-batch.ts'
import type { RouteTable } from './route-table.ts'
import type { Premise, Stretch } from './scan.ts'
import type { Teller } from './teller.ts'
import type { UpdateGroup } from './update-group.ts'

/** Paths of one batch. */
export const PATH_BATCH = 8192

export class PathTeller {
  readonly #core: Core
  readonly #teller: Teller
  readonly #batch: PrefixBatch
  #group!: UpdateGroup
  #table!: RouteTable
  /** The paths that the group takes of a prefix: `#chosen[0, #chosenCount)`. With 'all' the count is -1: every usable one. */
  #chosen = new Uint32Array(16)
  #chosenCount = 0
  #mode = FLUSH

  constructor(core: Core, teller: Teller) {
    this.#core = core
    this.#teller = teller
    this.#batch = new PrefixBatch(PATH_BATCH, core.store, true)
  }

  /** Writes what a flush changes to the group's log. `changes` is settled; paths that changed are still marked. */
  tellChanges(group: UpdateGroup, changes: PrefixBatch): void {
    const { table, isOwed } = changes
    this.#begin(group, table, FLUSH)
    for (let i = 0; i < changes.count; i++) this.#change(changes.ids[i]!, isOwed)
    for (let i = 0; i < changes.keptCount; i++) this.#change(changes.kept[i]!, isOwed)
    const { gone } = table
    const ledger = this.#teller.pathLedger
    for (let i = gone.size - gone.pending; i < gone.size; i++) {
      const wasTold = ledger.forget(gone.path(i), gone.source(i))
      if (wasTold || isOwed) ledger.withdraw(gone.prefix(i), gone.path(i), gone.source(i))
    }
    this.#finish()
  }

  #change(prefix: number, isOwed: boolean): void {
    const { paths } = this.#table
    const told = this.#group.told[this.#table.family.index]!
    this.#choose(prefix)
    for (let path = this.#table.prefixes.head(prefix); path !== 0; path = paths.next(path)) {
      if (!this.#isChosen(path)) this.#teller.pathLedger.drop(prefix, path, paths.sourceOf(path))
      else if (isOwed || !told.has(path) || paths.has(path, PathFlag.CHANGED)) this.#add(prefix, path)
    }
  }

  /** Writes the state of a stretch of prefixes as a slice, whose pieces the caller takes. */
  tellState(group: UpdateGroup, table: RouteTable, premise: Premise, { first, end }: Stretch): void {
    const { isFresh, since, from } = premise
    const { prefixes } = table
    this.#begin(group, table, isFresh ? FRESH_SLICE : SLICE)
    for (let prefix = first; prefix < end; prefix++) {
      if (!prefixes.isLive(prefix) || (!isFresh && prefixes.changedIn(prefix) <= since)) continue
      if (!prefixes.isDirty(prefix)) this.#show(prefix)
      else {
        table.owesDirty = true
        if (!isFresh) this.#showDirty(prefix)
      }
    }
    if (!isFresh) this.#showGone(since, { first, end })
    this.#finish()
    if (from === undefined) return
    this.#begin(group, table, DIFFERENCE, from)
    for (let prefix = first; prefix < end; prefix++) {
      if (prefixes.isLive(prefix) && prefixes.changedIn(prefix) <= since) this.#compare(prefix, from)
    }
    this.#finish()
  }

  #show(prefix: number): void {
    const { paths, prefixes } = this.#table
    this.#choose(prefix)
    for (let path = prefixes.head(prefix); path !== 0; path = paths.next(path)) {
      if (this.#isChosen(path)) this.#add(prefix, path)
      else if (this.#mode === SLICE) this.#teller.pathLedger.withdraw(prefix, path, paths.sourceOf(path))
    }
  }

  /** The flush to come speaks of all paths that are told; whatever else the reader may hold goes now. */
  #showDirty(prefix: number): void {
    const { paths, prefixes, family } = this.#table
    const told = this.#group.told[family.index]!
    for (let path = prefixes.head(prefix); path !== 0; path = paths.next(path)) {
      if (!told.has(path)) this.#teller.pathLedger.withdraw(prefix, path, paths.sourceOf(path))
    }
  }

  #showGone(since: number, { first, end }: Stretch): void {
    const { gone } = this.#table
    for (let i = 0; i < gone.size - gone.pending; i++) {
      const prefix = gone.prefix(i)
      if (gone.flush(i) <= since || prefix < first || prefix >= end) continue
      this.#teller.pathLedger.withdraw(prefix, gone.path(i), gone.source(i))
    }
  }

  /** What group `from` told counts as told, so that a flush takes it back if need be. */
  #compare(prefix: number, from: UpdateGroup): void {
    const { paths, prefixes, family } = this.#table
    const isDirty = prefixes.isDirty(prefix)
    if (isDirty) this.#table.owesDirty = true
    else this.#choose(prefix)
    for (let path = prefixes.head(prefix); path !== 0; path = paths.next(path)) {
      if (isDirty) {
        if (from.told[family.index]!.has(path)) this.#group.told[family.index]!.add(path)
      } else if (this.#isChosen(path)) this.#add(prefix, path)
    }
  }

  #begin(group: UpdateGroup, table: RouteTable, mode: number, from?: UpdateGroup): void {
    this.#group = group
    this.#table = table
    this.#mode = mode
    this.#batch.clear(table)
    this.#teller.beginPaths(group, this.#batch, mode, from)
  }

  #add(prefix: number, path: number): void {
    const batch = this.#batch
    if (batch.count === batch.capacity) {
      batch.sort()
      this.#teller.tellPaths()
      batch.clear(this.#table)
    }
    batch.addPath(prefix, path, this.#table.paths.setOf(path))
  }

  #finish(): void {
    this.#batch.sort()
    this.#teller.tellPaths()
    this.#teller.writeWithdraws()
  }

  #choose(prefix: number): void {
    const { paths, prefixes } = this.#table
    const { pathLimit } = this.#group
    const { decision } = this.#core
    this.#chosenCount = 0
    const head = this.#table.best(prefix)
    if (head === 0) return
    if (pathLimit === 'all') {
      this.#chosenCount = -1
      return
    }
    const { ebgp, ibgp } = decision.multipath
    const limit = pathLimit === 'multipath' ? Math.max(ebgp, ibgp) : pathLimit
    if (limit > this.#chosen.length) this.#chosen = new Uint32Array(limit)
    this.#chosenCount =
      pathLimit === 'multipath'
        ? decision.equals(paths, head, limit, this.#chosen)
        : decision.rank(paths, prefixes.head(prefix), limit, this.#chosen)
  }

  #isChosen(path: number): boolean {
    if (this.#chosenCount < 0) return this.#core.store.isUsable(this.#table.paths.setOf(path))
    for (let k = 0; k < this.#chosenCount; k++) if (this.#chosen[k] === path) return true
    return false
  }
}
