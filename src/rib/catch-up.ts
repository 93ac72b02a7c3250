/**
 * Catch-up: the present state of a range of prefixes, encoded for a reader that cannot be fed from the log.
 *
 * One mechanism for three needs: a peer that joins, a peer that asks for everything again (RFC 2918 4), a peer that lagged
 * too far behind. A scan walks the prefix ids range by range. A fresh scan (the peer has nothing, or the log told it the
 * rest) shows what is told, and its slices are shared by all fresh readers of the group while nothing in the range changes.
 * Any other scan shows what changed after flush number `since`, withdraws included, for one reader alone.
 * Prefixes that wait for a flush are left out where the flush will speak to every reader anyhow, and withdrawn where it
 * might not (see `#add`). So a slice shows flushed state only, whatever is dirty.
 */
import type { Family } from '../../wire/family.ts'
import type { Core } from './core.ts'
import { PrefixBatch } from './prefix-batch.ts'
import { RANGE_SHIFT } from './route-table.ts'
import type { Teller } from './teller.ts'
import type { Slice, UpdateGroup } from './update-group.ts'

/** Slices that one group keeps at most; at some 60 KiB each. */
const CACHE_LIMIT = 256

/** Progress of one reader through the prefixes of one family. */
export class Scan {
  readonly family: Family
  /** Next prefix id; -1 when no scan is under way. */
  position = -1
  /** Show what changed after this flush. 0 with a fresh scan. */
  since = 0
  isFresh = false
  /** The reader lagged again meanwhile: another scan must follow, from `sinceAgain`. */
  isAgain = false
  sinceAgain = 0
  /** End-of-RIB is due when the scan ends and flush `endOfRibAfter` was read; -1: not due (any more). */
  endOfRibAfter = -1
  isEndOfRibDue = false

  constructor(family: Family) {
    this.family = family
  }

  get isActive(): boolean {
    return this.position >= 0
  }

  /** From the beginning, for a reader that has nothing or wants everything again. */
  start(): void {
    this.position = 0
    this.since = 0
    this.isFresh = true
    this.isAgain = false
  }

  /** The log between flush `seen` and now was dropped for this reader. */
  restart(seen: number): void {
    this.isFresh = false
    if (this.position < 0) {
      this.position = 0
      this.since = seen
    } else if (this.position > 0 && !this.isAgain) {
      // What lies behind was up to date as of `seen`; the present round goes on, so that every round ends.
      this.isAgain = true
      this.sinceAgain = seen
    }
  }

  /** The end was reached. Starts the next round if one is due. */
  finish(): void {
    this.position = -1
    this.isFresh = false
    if (!this.isAgain) return
    this.isAgain = false
    this.position = 0
    this.since = this.sinceAgain
  }

  /** The last flush whose news about every prefix this scan's reader has for sure, if that depends on the scan. */
  confirmed(upTo: number): number {
    let flush = upTo
    if (this.position >= 0 && !this.isFresh && this.since < flush) flush = this.since
    if (this.isAgain && this.sinceAgain < flush) flush = this.sinceAgain
    return flush
  }
}

export class CatchUp {
  readonly #core: Core
  readonly #teller: Teller
  readonly #batch: PrefixBatch

  constructor(core: Core, teller: Teller) {
    this.#core = core
    this.#teller = teller
    this.#batch = new PrefixBatch(1 << RANGE_SHIFT, core.store)
  }

  /** The next slice of a scan for reader `id`; moves the scan on. Undefined: the scan has come to its end. */
  next(group: UpdateGroup, scan: Scan, id: number): Slice | undefined {
    const table = this.#core.table(scan.family)
    while (scan.position < table.prefixes.idLimit) {
      const range = scan.position >>> RANGE_SHIFT
      scan.position = (range + 1) << RANGE_SHIFT
      const slice = scan.isFresh ? this.#shared(group, scan, range) : this.#encode(group, scan, range, id)
      if (slice.pieces.length > 0) return slice
    }
    return undefined
  }

  #shared(group: UpdateGroup, scan: Scan, range: number): Slice {
    const key = range * 2 + scan.family.index
    const table = this.#core.table(scan.family)
    const known = group.cache.get(key)
    if (known !== undefined && known.flush >= (table.ranges[range] ?? 0)) {
      group.slicesShared++
      return known
    }
    const slice = this.#encode(group, scan, range, 0)
    if (group.cache.size >= CACHE_LIMIT) group.cache.clear()
    group.cache.set(key, slice)
    return slice
  }

  #encode(group: UpdateGroup, scan: Scan, range: number, id: number): Slice {
    const batch = this.#batch
    const table = this.#core.table(scan.family)
    batch.clear(table)
    const first = Math.max(1, range << RANGE_SHIFT)
    const end = Math.min(table.prefixes.idLimit, (range + 1) << RANGE_SHIFT)
    for (let prefix = first; prefix < end; prefix++) this.#add(group, scan, prefix, id)
    batch.sort()
    this.#teller.tellState(group, batch, scan.isFresh)
    group.slicesEncoded++
    return { flush: this.#core.flushNumber, pieces: group.slices.finish() }
  }

  /**
   * Puts one prefix into the batch, as told or as emptied. A dirty prefix that the members are told from another source
   * than this reader is skipped: its flush will say something to this reader for certain. Any other dirty prefix is
   * withdrawn from a reader that is not fresh: the flush may have nothing to say about it.
   */
  #add(group: UpdateGroup, scan: Scan, prefix: number, id: number): void {
    const { prefixes, paths } = this.#batch.table
    if (!prefixes.isLive(prefix)) return
    const isFresh = scan.isFresh
    if (!isFresh && prefixes.changedIn(prefix) <= scan.since) return
    const source = prefixes.toldSource(prefix)
    if (prefixes.isDirty(prefix)) {
      if (isFresh) return
      const isCertain = source !== id && group.told[scan.family.index]!.has(prefix)
      if (!isCertain) this.#batch.addEmptied(prefix, source)
      return
    }
    const head = prefixes.head(prefix)
    if (head === 0 || (!isFresh && source === id)) {
      if (!isFresh) this.#batch.addEmptied(prefix, source)
      return
    }
    this.#batch.add(prefix, source, paths.setOf(head))
  }
}
