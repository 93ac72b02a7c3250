/**
 * One member of an update group: where it stands in the log, and how far its catch-up scans are.
 *
 * `pull` gives it the next piece, the log before any slice: a slice then shows a state that is not older than what the
 * log told before, so a peer never sees routes go backwards. A member that lags more than the limit behind loses its
 * place in the log (UpdateGroup.dropBehind) and is fed by a scan of what changed since; its slowness costs nobody.
 * End-of-RIB (RFC 4724 2) follows the first scan of each family, and whatever was already known but not flushed then.
 * Called by rib.ts.
 */
import type { Family } from '../../wire/family.ts'
import { RefreshSubtype } from '../../wire/iana.ts'
import { encodeRouteRefresh } from '../../wire/route-refresh.ts'
import { encodeEndOfRib } from '../../wire/update.ts'
import type { CatchUp } from './catch-up.ts'
import type { Core } from './core.ts'
import { type Chunk, readChunk } from './group-log.ts'
import { Scan } from './scan.ts'
import type { GroupReader, UpdateGroup } from './update-group.ts'

export class Reader implements GroupReader {
  readonly id: number
  /** Changed by `move` only. */
  group: UpdateGroup
  /** Times it lost its place in the log. */
  resyncs = 0
  readonly #core: Core
  readonly #catchUp: CatchUp
  readonly #limit: number
  readonly #marksRefresh: boolean
  readonly #scans: readonly Scan[]
  #cursor: Chunk
  /** The last flush that was read in full. */
  #seen: number
  /** How much of the log was read or skipped. */
  #seenOctets: number
  /** The log told it something. */
  #hasHeard = false
  /** Only the log concerns it: no scan is under way or will be, nor a mark after one. So it is nearly always. */
  #isSettled = false

  constructor(id: number, group: UpdateGroup, { core, catchUp, limit, marksRefresh }: ReaderParts) {
    this.#marksRefresh = marksRefresh
    this.id = id
    this.group = group
    this.#core = core
    this.#catchUp = catchUp
    this.#limit = limit
    this.#scans = group.families.map(family => new Scan(family))
    this.#cursor = group.log.tail
    this.#seen = core.flushNumber
    this.#seenOctets = group.log.octets
    for (const scan of this.#scans) {
      scan.isEndOfRibDue = true
      this.#startFresh(scan)
    }
  }

  #startFresh(scan: Scan): void {
    this.#isSettled = false
    if (!scan.isActive) this.group.activeScans++
    scan.start()
  }

  /** Everything of a family is to be told again (RFC 2918 4). */
  refresh(family: Family): void {
    const scan = this.#scans.find(one => one.family === family)
    if (scan === undefined) return
    this.#isSettled = false
    if (this.#marksRefresh) {
      scan.isRefreshDue = true
      return
    }
    // A scan that repairs must stay one that withdraws; told from the beginning it does both.
    if (scan.isActive && !scan.premise.isFresh) scan.startOver()
    else this.#startFresh(scan)
  }

  /** Gives `write` the next piece. False: there is nothing for now. */
  pull(write: (bytes: Uint8Array) => void): boolean {
    if (!this.#isSettled && this.#cursor.next !== undefined && this.#scans.every(scan => scan.willTellChanges))
      this.#skipLog()
    while (this.#cursor.next !== undefined) {
      const chunk = this.#cursor
      this.#cursor = this.#cursor.next
      // Other chunks of the same flush may follow.
      this.#seen = chunk.flush - 1
      this.#seenOctets = chunk.end
      if (!readChunk(chunk.bytes, chunk.segments, this.id, write)) continue
      this.#hasHeard = true
      return true
    }
    this.#catchLog()
    if (this.#isSettled) return false
    for (const scan of this.#scans) {
      while (scan.isActive) if (this.#pullSlice(scan, write)) return true
      if (this.#isMarkReady(scan)) {
        write(this.#nextMark(scan))
        return true
      }
    }
    this.#isSettled = this.#scans.every(scan => scan.isSettled)
    return false
  }

  /** Scans tell what it would have read. */
  #skipLog(): void {
    this.#cursor = this.group.log.tail
    this.#catchLog()
  }

  #catchLog(): void {
    this.#seen = this.#core.flushNumber
    this.#seenOctets = this.group.log.octets
  }

  #pullSlice(scan: Scan, write: (bytes: Uint8Array) => void): boolean {
    const slice = this.#catchUp.next(this.group, scan)
    if (slice === undefined) {
      this.#finish(scan)
      return false
    }
    let hasWritten = false
    for (const { bytes, segments } of slice.pieces) {
      if (readChunk(bytes, segments, this.id, write)) hasWritten = true
    }
    return hasWritten
  }

  #finish(scan: Scan): void {
    scan.finish()
    if (scan.isActive) return
    this.group.endScan()
    const isDirty = this.#core.table(scan.family).dirtyCount > 0
    scan.settledAfter = this.#core.flushNumber + (isDirty ? 1 : 0)
  }

  /** Something is to be said between two scans. */
  #isMarkReady(scan: Scan): boolean {
    if (scan.isActive || this.#core.flushNumber < scan.settledAfter) return false
    return scan.isEndOfRibDue || scan.isRefreshEndDue || scan.isRefreshDue
  }

  /**
   * End-of-RIB; the end of a refresh; or the beginning of the one that was asked for meanwhile, and its scan (RFC 7313 4).
   * Refreshes follow one another, and none begins before End-of-RIB, so the peer never has two to tell apart.
   */
  #nextMark(scan: Scan): Uint8Array {
    const { afi, safi } = scan.family
    if (scan.isEndOfRibDue) {
      scan.isEndOfRibDue = false
      return encodeEndOfRib(scan.family)
    }
    if (scan.isRefreshEndDue) {
      scan.isRefreshEndDue = false
      return encodeRouteRefresh({ afi, safi, subtype: RefreshSubtype.END })
    }
    scan.isRefreshDue = false
    scan.isRefreshEndDue = true
    this.#startFresh(scan)
    return encodeRouteRefresh({ afi, safi, subtype: RefreshSubtype.BEGIN })
  }

  get hasOutput(): boolean {
    if (this.#cursor.next !== undefined) return true
    return !this.#isSettled && this.#scans.some(scan => scan.isActive || this.#isMarkReady(scan))
  }

  get octetsBehind(): number {
    return this.#cursor.next === undefined ? 0 : this.group.log.octets - this.#seenOctets
  }

  get isBehind(): boolean {
    return this.octetsBehind > this.#limit
  }

  loseLog(since: number): void {
    this.#isSettled = false
    for (const scan of this.#scans) {
      if (!scan.isActive) this.group.activeScans++
      scan.restart(since)
    }
    this.#skipLog()
    this.resyncs++
  }

  startOver(): void {
    for (const scan of this.#scans) scan.settledAfter = Math.min(scan.settledAfter, this.#core.flushNumber)
    if (this.#cursor.next === undefined && !this.#scans.some(scan => scan.isActive)) this.#catchLog()
    else {
      this.loseLog(0)
      for (const scan of this.#scans) scan.startOver()
    }
  }

  /** The last flush whose news this reader has had for sure: older withdraws need not be remembered for it. */
  get confirmed(): number {
    let flush = this.seen
    if (this.#isSettled) return flush
    for (const scan of this.#scans) flush = scan.confirmed(flush)
    return flush
  }

  get seen(): number {
    return this.#cursor.next === undefined ? this.#core.flushNumber : this.#seen
  }

  /** It leaves its group. */
  leave(): void {
    for (const scan of this.#scans) if (scan.isActive) this.group.endScan()
  }

  /** It changes its group, and makes up for what the old log would have told it with a scan. */
  move(group: UpdateGroup): void {
    const from = this.group
    const { seen } = this
    this.#isSettled = false
    this.leave()
    // Who has heard nothing yet starts like anybody else.
    for (const scan of this.#scans) if (this.#hasHeard || !scan.isUntouched) scan.move(from, seen)
    this.group = group
    group.activeScans += this.#scans.length
    this.#skipLog()
  }
}

export interface ReaderParts {
  readonly core: Core
  readonly catchUp: CatchUp
  readonly limit: number
  /** It understands marks around a refresh (RFC 7313). */
  readonly marksRefresh: boolean
}
