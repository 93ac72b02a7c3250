/**
 * The routes of one family: prefixes, their paths, and which prefixes changed since the last flush.
 *
 * Adj-RIBs-In and Loc-RIB in one (RFC 4271 3.2): all paths of a prefix hang on its record, the best one first. Paths that
 * may not be routes are among them, behind all others; whoever wants the route asks `best`, not for the head of the list.
 * A change of the best path marks the prefix dirty, once, whatever happens before the flush; the flush compares with what
 * was told.
 * Emptied prefixes keep their id, as tombstones, until every peer is known to have seen the withdraw.
 * Hot module, called per prefix by ingest.ts, removal.ts and local-route.ts; flush.ts takes the dirty list.
 */
import type { Family } from '../../wire/family.ts'
import { grown } from '../table/prefix-table.ts'
import { KEPT_ASIDE } from './attribute-record.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { Decision } from './decision.ts'
import { GonePaths } from './gone-paths.ts'
import { PathSlab } from './path-slab.ts'
import { PrefixRecords } from './prefix-record.ts'
import { FEW_SOURCES, withRoomFor } from './source-table.ts'

/** What the tables of both families share. */
export interface Shared {
  readonly store: AttributeStore
  readonly decision: Decision
  readonly seed: number
  readonly reserve: number
}

/** log2 of prefix ids per range; a range is what one catch-up slice covers. */
export const RANGE_SHIFT = 10

/** Arrays begin small: what depends on their never having grown is compiled for a speaker with nothing to do (warm-up.ts). */
const FEW = 64

export class RouteTable {
  readonly family: Family
  readonly prefixes: PrefixRecords
  readonly paths: PathSlab
  /** Prefixes with at least one path, usable or not. */
  prefixCount = 0
  /** Paths, by source id, and how many of them are kept aside (KEPT_ASIDE) because they loop or were refused. */
  received = new Uint32Array(FEW_SOURCES)
  keptAside = new Uint32Array(FEW_SOURCES)
  /** A change of any path makes its prefix dirty, not only one of the best: somebody is told more than the best. */
  tracksAllPaths = false
  /** As `tracksAllPaths`, and for paths that may not be routes: what may be one is about to change (resolution.ts). */
  marksEveryChange = false
  /** Of the dirty prefixes, how many of the oldest have to be chosen for anew before they are told. */
  #doubted = 0
  /** Some source has ever begun an epoch: paths are stamped. */
  hasEpochs = false
  #epochs = new Uint32Array(FEW_SOURCES)
  #oldestEpochs = new Uint32Array(FEW_SOURCES)
  /** Changed prefixes, oldest first: `dirty[0, dirtyCount)`. Replaced when it grows. */
  dirty = new Uint32Array(FEW)
  /** The attribute set of the best path before the change, which is what was told; 0 for none. Holds a reference. */
  dirtySets = new Uint32Array(FEW)
  dirtyCount = 0
  /**
   * Somebody has passed over a prefix that waits for a flush, and counts on that flush: whatever it finds must be told,
   * even if it is what was told before.
   */
  owesDirty = false
  /** Number of the last flush that told something of the prefixes of a range, by range. Replaced when it grows. */
  ranges = new Uint32Array(0)
  /** Paths whose numbers are out of use for now; filled while all paths are tracked. */
  readonly gone = new GonePaths()
  /** Emptied prefixes: pairs of id and flush number, a ring. */
  #dead = new Uint32Array(256)
  #deadHead = 0
  #deadSize = 0
  readonly #store: AttributeStore
  readonly #decision: Decision
  /** Set by `#find`: the path before the one found. */
  #before = 0

  constructor(family: Family, shared: Shared) {
    this.family = family
    this.prefixes = new PrefixRecords(family, shared.seed, shared.reserve)
    this.paths = new PathSlab(shared.reserve)
    this.#store = shared.store
    this.#decision = shared.decision
  }

  /** The best path to a prefix; 0 when there is none that may be a route. */
  best(prefix: number): number {
    const head = this.prefixes.head(prefix)
    return head !== 0 && this.#store.isUsable(this.paths.setOf(head)) ? head : 0
  }

  /**
   * `source` has a path to this prefix with attribute set `set`, instead of the one it had with the same path identifier
   * (RFC 7911 5; signed, 0 without ADD-PATH). The path takes a reference of its own.
   */
  announce(prefix: number, source: number, set: number, receivedId: number): void {
    const paths = this.paths
    const head = this.prefixes.head(prefix)
    const path = this.#find(head, source, receivedId)
    if (path === 0) {
      this.#insert(prefix, head, paths.add(set, prefix, source, receivedId))
      return
    }
    if (this.hasEpochs) paths.setEpoch(path, this.#epochs[source]!)
    if (paths.setOf(path) !== set) this.#replace(prefix, head, path, set)
  }

  /** A path that is there gets another set, as from the import policy of today. */
  changeSet(path: number, set: number): void {
    const paths = this.paths
    if (paths.setOf(path) === set) return
    const prefix = paths.prefixOf(path)
    const head = this.prefixes.head(prefix)
    this.#find(head, paths.sourceOf(path), paths.receivedIdOf(path))
    this.#replace(prefix, head, path, set)
  }

  /** Another set for the path that `#find` has found. */
  #replace(prefix: number, head: number, path: number, set: number): void {
    const paths = this.paths
    const store = this.#store
    const source = paths.sourceOf(path)
    const old = paths.setOf(path)
    const before = paths.setOf(head)
    store.retain(set)
    paths.replaceSet(path, set)
    this.#countAside(source, set, 1)
    this.#countAside(source, old, -1)
    if (path === head) {
      if (paths.next(head) !== 0) this.#select(prefix, head)
      if (store.isUsable(old) || this.#matters(set)) this.#mark(prefix, before)
    } else if (this.#decision.displaces(paths, path, head)) {
      paths.link(this.#before, paths.next(path))
      this.#lead(prefix, path, head)
    } else if (this.#decision.mayHaveHidden(old, before) && this.#select(prefix, head)) this.#mark(prefix, before)
    else if (this.tracksAllPaths || this.marksEveryChange) this.#mark(prefix, before)
    store.release(old)
  }

  /** The attribute set of the path of `source` with this identifier (signed) to a prefix; 0 without one. */
  setFrom(prefix: number, source: number, receivedId: number): number {
    const path = this.#find(this.prefixes.head(prefix), source, receivedId)
    return path === 0 ? 0 : this.paths.setOf(path)
  }

  /** The path of `source` with this identifier, in the list that starts at `head`; `#before` is the one before it. */
  #find(head: number, source: number, receivedId: number): number {
    const paths = this.paths
    let before = 0
    let path = head
    while (path !== 0 && !paths.isFrom(path, source, receivedId)) {
      before = path
      path = paths.next(path)
    }
    this.#before = before
    return path
  }

  /** Puts a new path into the list that starts at `head`. */
  #insert(prefix: number, head: number, path: number): void {
    const { paths, prefixes } = this
    const set = paths.setOf(path)
    const source = paths.sourceOf(path)
    if (this.hasEpochs) paths.setEpoch(path, this.#epochs[source]!)
    this.#store.retain(set)
    this.received[source]! += 1
    this.#countAside(source, set, 1)
    if (head === 0) {
      this.prefixCount++
      prefixes.setHead(prefix, path)
      if (this.#matters(set)) this.#mark(prefix, 0)
    } else if (this.#decision.displaces(paths, path, head)) this.#lead(prefix, path, head)
    else {
      paths.link(path, paths.next(head))
      paths.link(head, path)
      if (this.tracksAllPaths || this.marksEveryChange) this.#mark(prefix, paths.setOf(head))
    }
  }

  /** Puts a path that beats `head`, and is not in the list, before it. */
  #lead(prefix: number, path: number, head: number): void {
    const paths = this.paths
    const set = paths.setOf(path)
    paths.link(path, head)
    this.prefixes.setHead(prefix, path)
    if (paths.next(head) !== 0 && !this.#decision.settles(set, paths.setOf(head))) this.#select(prefix, head)
    if (this.#matters(set)) this.#mark(prefix, paths.setOf(head))
  }

  /** Is a path that comes with this set worth a flush? */
  #matters(set: number): boolean {
    return this.marksEveryChange || this.#store.isUsable(set)
  }

  /** `source` has no path to this prefix with this identifier any more. Returns whether it had one. */
  withdraw(prefix: number, source: number, receivedId: number): boolean {
    const { paths, prefixes } = this
    const head = prefixes.head(prefix)
    const path = this.#find(head, source, receivedId)
    if (path === 0) return false
    const set = paths.setOf(path)
    const before = paths.setOf(head)
    const next = paths.next(path)
    if (this.tracksAllPaths) {
      this.gone.add(path, prefix, source)
      paths.retire(path)
    } else paths.remove(path)
    this.received[source]! -= 1
    this.#countAside(source, set, -1)
    if (path !== head) {
      paths.link(this.#before, next)
      const isOther = this.#decision.mayHaveHidden(set, before) && this.#select(prefix, head)
      if (isOther || this.tracksAllPaths) this.#mark(prefix, before)
    } else {
      prefixes.setHead(prefix, next)
      if (next !== 0) this.#select(prefix, 0)
      else this.prefixCount--
      // An empty prefix needs a flush to be buried, even if it never had a route; and a path that was once told needs one to
      // be told as gone, for readers that have not yet heard that it may not be used any more.
      if (next === 0 || this.tracksAllPaths || this.#store.isUsable(set)) this.#mark(prefix, before)
    }
    this.#store.release(set)
    return true
  }

  /**
   * `source` begins to tell everything again: what it has told so far is of an older epoch. Epochs of a source are numbered
   * modulo 256, so a path is taken for newer than it is when its source begins 256 times before one pass of removals ends.
   */
  beginEpoch(source: number): void {
    this.hasEpochs = true
    this.#epochs[source] = (this.#epochs[source]! + 1) & 255
  }

  /** `source` has told everything: from now on `isStale` is true for what is older than its present epoch. */
  endEpoch(source: number): void {
    this.#oldestEpochs[source] = this.#epochs[source]!
  }

  /** The path is older than the epoch of its source that was ended last. */
  isStale(path: number): boolean {
    const source = this.paths.sourceOf(path)
    const epoch = this.#epochs[source]!
    return ((epoch - this.paths.epochOf(path)) & 255) > ((epoch - this.#oldestEpochs[source]!) & 255)
  }

  /** There is a source of this id from now on. */
  makeRoom(source: number): void {
    this.received = withRoomFor(this.received, source)
    this.keptAside = withRoomFor(this.keptAside, source)
    this.#epochs = withRoomFor(this.#epochs, source)
    this.#oldestEpochs = withRoomFor(this.#oldestEpochs, source)
  }

  /** A source id is given to somebody else, who begins with nothing. */
  forgetSource(source: number): void {
    this.#epochs[source] = 0
    this.#oldestEpochs[source] = 0
  }

  #countAside(source: number, set: number, by: number): void {
    if ((this.#store.flagsOf(set) & KEPT_ASIDE) !== 0) this.keptAside[source]! += by
  }

  /** Moves the best path to the head of the list; `held` was it before, 0 if that is gone. Returns whether it was another one. */
  #select(prefix: number, held: number): boolean {
    const paths = this.paths
    const head = this.prefixes.head(prefix)
    const best = this.#decision.select(paths, head, held)
    if (best === head) return false
    let before = head
    while (paths.next(before) !== best) before = paths.next(before)
    paths.link(before, paths.next(best))
    paths.link(best, head)
    this.prefixes.setHead(prefix, best)
    return true
  }

  /** The rank of a path of this prefix will change, or (`isEligible`) whether it may be a route. */
  doubt(prefix: number, isEligible: boolean): void {
    const head = this.prefixes.head(prefix)
    if (isEligible || this.paths.next(head) !== 0) this.#mark(prefix, this.paths.setOf(head))
  }

  /** The ranks have changed: all prefixes that are dirty now have to be chosen for before they are told. */
  doubtAll(): void {
    this.#doubted = this.dirtyCount
  }

  /** Chooses the best path again for those of the oldest `count` dirty prefixes that are in doubt. */
  chooseDoubted(count: number): void {
    const { prefixes, paths } = this
    const end = Math.min(count, this.#doubted)
    for (let i = 0; i < end; i++) {
      const head = prefixes.head(this.dirty[i]!)
      if (head !== 0 && paths.next(head) !== 0) this.#select(this.dirty[i]!, head)
    }
    this.#doubted -= end
  }

  /** Notes a change of a prefix. `before`: the attribute set of the head of its list before the change, 0 for none. */
  #mark(prefix: number, before: number): void {
    if (!this.prefixes.markDirty(prefix)) return
    if (this.dirtyCount === this.dirty.length) {
      this.dirty = grown(this.dirty, this.dirty.length * 2)
      this.dirtySets = grown(this.dirtySets, this.dirty.length)
    }
    const told = before !== 0 && this.#store.isUsable(before) ? before : 0
    if (told !== 0) this.#store.retain(told)
    this.dirtySets[this.dirtyCount] = told
    this.dirty[this.dirtyCount++] = prefix
  }

  /** Forgets the first `count` dirty prefixes, which were taken up. */
  dropDirty(count: number): void {
    const sets = this.dirtySets
    for (let i = 0; i < count; i++) if (sets[i] !== 0) this.#store.release(sets[i]!)
    this.dirty.copyWithin(0, count, this.dirtyCount)
    sets.copyWithin(0, count, this.dirtyCount)
    this.dirtyCount -= count
    if (this.dirtyCount === 0) this.owesDirty = false
  }

  /** Notes that flush number `flush` told something about a prefix. */
  touchRange(prefix: number, flush: number): void {
    const range = prefix >>> RANGE_SHIFT
    if (range >= this.ranges.length) this.ranges = grown(this.ranges, Math.max(range * 2, FEW))
    this.ranges[range] = flush
  }

  /** Makes a tombstone of a prefix whose withdraw belongs to flush number `flush`. */
  bury(prefix: number, flush: number): void {
    const length = this.#dead.length
    if ((this.#deadSize + 1) * 2 > length) {
      const larger = new Uint32Array(length * 2)
      for (let i = 0; i < this.#deadSize * 2; i++) larger[i] = this.#dead[(this.#deadHead * 2 + i) & (length - 1)]!
      this.#dead = larger
      this.#deadHead = 0
    }
    const mask = this.#dead.length / 2 - 1
    const at = ((this.#deadHead + this.#deadSize++) & mask) * 2
    this.#dead[at] = prefix
    this.#dead[at + 1] = flush
  }

  /** Removes emptied prefixes whose withdraw everybody has seen: those of flushes up to `flush`. */
  recycle(flush: number): void {
    for (let path = this.gone.take(flush); path !== 0; path = this.gone.take(flush)) this.paths.free(path)
    const dead = this.#dead
    const mask = dead.length / 2 - 1
    const prefixes = this.prefixes
    while (this.#deadSize > 0 && dead[this.#deadHead * 2 + 1]! <= flush) {
      const prefix = dead[this.#deadHead * 2]!
      const buried = dead[this.#deadHead * 2 + 1]!
      this.#deadHead = (this.#deadHead + 1) & mask
      this.#deadSize--
      const isStillDead = prefixes.head(prefix) === 0 && prefixes.changedIn(prefix) === buried
      if (isStillDead && !prefixes.isDirty(prefix)) prefixes.remove(prefix)
    }
  }

  /** Flush numbers start over: everything changed in flush 1. */
  startOver(): void {
    this.ranges.fill(1)
    this.gone.startOver()
    this.prefixes.changeAllIn(1)
    const mask = this.#dead.length / 2 - 1
    for (let i = 0; i < this.#deadSize; i++) this.#dead[((this.#deadHead + i) & mask) * 2 + 1] = 1
  }

  get tombstones(): number {
    return this.#deadSize
  }

  get octets(): number {
    return this.prefixes.octets + this.paths.octets + 2 * this.dirty.byteLength
  }
}
