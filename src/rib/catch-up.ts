/**
 * Catch-up: the present state of a range of prefixes, encoded for readers that cannot be fed from the log.
 *
 * One mechanism for three needs: a peer that joins, a peer that asks for everything again (RFC 2918 4), a peer that lagged
 * too far behind. A scan walks the prefix ids range by range. A fresh scan (the peer has nothing, or the log told it the
 * rest) shows what is told; any other scan shows what changed after flush number `since`, withdraws included. Slices do
 * not depend on the reader, whose own routes are segments that it skips, so scans that are alike share them.
 * Prefixes that wait for a flush are left out where the flush will speak to the reader anyhow, and withdrawn where it
 * might not (see `#addDirty`). So a slice shows flushed state only, whatever is dirty.
 */
import type { Family } from '../../wire/family.ts'
import type { Core } from './core.ts'
import { PrefixBatch } from './prefix-batch.ts'
import { RANGE_SHIFT } from './route-table.ts'
import type { Teller } from './teller.ts'
import type { Slice, UpdateGroup } from './update-group.ts'

/** In a slice, the emptied prefixes of `PrefixBatch` are withdrawn from one source, or from everyone. */
const EVERYONE = 0
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

  /** Flush numbers start over: from the beginning, with withdraws. */
  startOver(): void {
    this.position = 0
    this.since = 0
    this.isAgain = false
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

  /** At most `upTo`: the last flush whose news this scan's reader has for sure. The round after this one starts later. */
  confirmed(upTo: number): number {
    return this.position >= 0 && !this.isFresh ? Math.min(upTo, this.since) : upTo
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

  /** The next slice of a scan that is not empty; moves the scan on. Undefined: the scan has come to its end. */
  next(group: UpdateGroup, scan: Scan): Slice | undefined {
    const table = this.#core.table(scan.family)
    while (scan.position < table.prefixes.idLimit) {
      const range = scan.position >>> RANGE_SHIFT
      scan.position = (range + 1) << RANGE_SHIFT
      const slice = this.#slice(group, scan, range)
      if (slice.pieces.length > 0) return slice
    }
    return undefined
  }

  #slice(group: UpdateGroup, scan: Scan, range: number): Slice {
    const key = cacheKey(scan, range)
    const known = group.cache.get(key)
    if (known !== undefined && known.flush >= (this.#core.table(scan.family).ranges[range] ?? 0)) {
      group.slicesShared++
      return known
    }
    const slice = this.#encode(group, scan, range)
    if (group.activeScans > 1) {
      if (group.cache.size >= CACHE_LIMIT) group.cache.clear()
      group.cache.set(key, slice)
    }
    return slice
  }

  #encode(group: UpdateGroup, scan: Scan, range: number): Slice {
    const batch = this.#batch
    const table = this.#core.table(scan.family)
    batch.clear(table)
    const first = Math.max(1, range << RANGE_SHIFT)
    const end = Math.min(table.prefixes.idLimit, (range + 1) << RANGE_SHIFT)
    for (let prefix = first; prefix < end; prefix++) this.#add(group, scan, prefix)
    batch.sort()
    this.#teller.tellState(group, batch, scan.isFresh)
    group.slicesEncoded++
    return { flush: this.#core.flushNumber, pieces: group.slices.finish() }
  }

  /** Puts one prefix into the batch, as told or as emptied. */
  #add(group: UpdateGroup, { isFresh, since, family }: Scan, prefix: number): void {
    const { table } = this.#batch
    const { prefixes, paths } = table
    if (!prefixes.isLive(prefix)) return
    if (!isFresh && prefixes.changedIn(prefix) <= since) return
    const source = prefixes.toldSource(prefix)
    if (prefixes.isDirty(prefix)) {
      if (!isFresh) this.#addDirty(prefix, source, group.told[family.index]!.has(prefix))
      return
    }
    const best = table.best(prefix)
    if (best !== 0) this.#batch.add(prefix, source, paths.setOf(best))
    else if (!isFresh) this.#batch.addEmptied(prefix, EVERYONE)
  }

  /**
   * A prefix that waits for a flush. If the members are told it, that flush will say something to all of them but the
   * source; if not, it may say nothing to anybody. Whoever cannot be sure gets a withdraw now.
   */
  #addDirty(prefix: number, source: number, isTold: boolean): void {
    this.#batch.addEmptied(prefix, isTold ? source : EVERYONE)
  }
}

/** Ranges are at most 14 bits, flush numbers 32: together a safe integer. */
function cacheKey({ since, isFresh, family }: Scan, range: number): number {
  return ((since * 2 + (isFresh ? 1 : 0)) * 2 + family.index) * 16384 + range
}
