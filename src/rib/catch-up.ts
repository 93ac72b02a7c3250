/**
 * Catch-up: the present state of a range of prefixes, encoded for readers that cannot be fed from the log.
 *
 * One mechanism for four needs: a peer that joins, a peer that asks for everything again (RFC 2918 4), a peer that lagged
 * too far behind, a peer whose export rules changed (RFC 4271 9.1.3). A scan walks the prefix ids range by range. A fresh
 * scan shows what is told; any other scan shows what changed after the flush that its premise names, withdraws included,
 * and of the rest only what another group told differently. Slices do not depend on the reader, whose own routes are
 * segments that it skips, so scans that are alike share them.
 * Prefixes that wait for a flush are left out, which obliges that flush to tell them (RouteTable.owesDirty), and withdrawn
 * where it might not reach everybody (see `#addDirty`). So a slice shows flushed state only, whatever is dirty.
 */
import type { Core } from './core.ts'
import type { PathTeller } from './path-teller.ts'
import { PrefixBatch } from './prefix-batch.ts'
import { RANGE_SHIFT } from './route-table.ts'
import type { Premise, Scan, Stretch } from './scan.ts'
import type { Slice } from './slice-cache.ts'
import type { Teller } from './teller.ts'
import type { UpdateGroup } from './update-group.ts'

/** In a slice, the emptied prefixes of `PrefixBatch` are withdrawn from one source, or from everyone. */
const EVERYONE = 0

export class CatchUp {
  readonly #core: Core
  readonly #teller: Teller
  readonly #pathTeller: PathTeller
  readonly #batch: PrefixBatch

  constructor(core: Core, teller: Teller, pathTeller: PathTeller) {
    this.#core = core
    this.#teller = teller
    this.#pathTeller = pathTeller
    this.#batch = new PrefixBatch(1 << RANGE_SHIFT, core.store)
  }

  /** The next slice of a scan that is not empty; moves the scan on. Undefined: the scan has come to its end. */
  next(group: UpdateGroup, scan: Scan): Slice | undefined {
    const table = this.#core.table(scan.family)
    while (scan.position < table.prefixes.idLimit) {
      const range = scan.position >>> RANGE_SHIFT
      const slice = this.#slice(group, scan, range)
      scan.advance((range + 1) << RANGE_SHIFT)
      if (slice.pieces.length > 0) return slice
    }
    return undefined
  }

  #slice(group: UpdateGroup, scan: Scan, range: number): Slice {
    const key = cacheKey(scan, range)
    const known = group.cache.get(key, this.#core.table(scan.family).ranges[range] ?? 0)
    if (known !== undefined) {
      group.slicesShared++
      return known
    }
    const slice = this.#encode(group, scan, range)
    if (group.readers.size > 1) group.cache.set(key, slice, scan.premise.isFresh)
    return slice
  }

  #encode(group: UpdateGroup, { family, premise }: Scan, range: number): Slice {
    const batch = this.#batch
    const table = this.#core.table(family)
    const stretch = {
      first: Math.max(1, range << RANGE_SHIFT),
      end: Math.min(table.prefixes.idLimit, (range + 1) << RANGE_SHIFT),
    }
    group.slicesEncoded++
    if (group.sendsPaths(family)) {
      this.#pathTeller.tellState(group, table, premise, stretch)
      return { flush: this.#core.flushNumber, pieces: group.slices.finish() }
    }
    batch.clear(table)
    this.#addChanged(group, premise, stretch)
    batch.sort()
    this.#teller.tellState(group, batch, premise.isFresh)
    if (premise.from !== undefined) {
      batch.clear(table)
      this.#addUnchanged(group, premise.from, premise.since, stretch)
      batch.sort()
      this.#teller.tellDifference(group, premise.from, batch)
    }
    return { flush: this.#core.flushNumber, pieces: group.slices.finish() }
  }

  /** Puts what the premise leaves open into the batch, as told or as emptied. */
  #addChanged(group: UpdateGroup, { isFresh, since }: Premise, { first, end }: Stretch): void {
    const batch = this.#batch
    const { table } = batch
    const { prefixes, paths } = table
    for (let prefix = first; prefix < end; prefix++) {
      if (!prefixes.isLive(prefix)) continue
      if (!isFresh && prefixes.changedIn(prefix) <= since) continue
      const source = prefixes.toldSource(prefix)
      if (prefixes.isDirty(prefix)) {
        table.owesDirty = true
        if (!isFresh) this.#addDirty(prefix, source, group.told[table.family.index]!.has(prefix))
        continue
      }
      const best = table.best(prefix)
      if (best !== 0) batch.add(prefix, source, paths.setOf(best))
      else if (!isFresh) batch.addEmptied(prefix, EVERYONE)
    }
  }

  /**
   * A prefix that waits for a flush. If the members are told it, that flush will say something to all of them but the
   * source; if not, it may say nothing to anybody. Whoever cannot be sure gets a withdraw now.
   */
  #addDirty(prefix: number, source: number, isTold: boolean): void {
    this.#batch.addEmptied(prefix, isTold ? source : EVERYONE)
  }

  /**
   * Puts what group `from` has told the reader, and what it has not, into the batch. What it told and a flush will change
   * counts as told here, so that the flush takes it back if need be.
   */
  #addUnchanged(group: UpdateGroup, from: UpdateGroup, since: number, { first, end }: Stretch): void {
    const batch = this.#batch
    const { table } = batch
    const { prefixes, paths } = table
    const told = group.told[table.family.index]!
    const toldBefore = from.told[table.family.index]!
    for (let prefix = first; prefix < end; prefix++) {
      if (!prefixes.isLive(prefix) || prefixes.changedIn(prefix) > since) continue
      if (prefixes.isDirty(prefix)) {
        table.owesDirty = true
        if (toldBefore.has(prefix)) told.add(prefix)
        continue
      }
      const best = table.best(prefix)
      if (best !== 0) batch.add(prefix, prefixes.toldSource(prefix), paths.setOf(best))
    }
  }
}

function cacheKey({ premise: { isFresh, since, from }, family }: Scan, range: number): string {
  return `${family.index} ${isFresh ? 'fresh' : since} ${from?.serial ?? ''} ${range}`
}
