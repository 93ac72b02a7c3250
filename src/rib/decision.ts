/**
 * The decision process (RFC 4271 9.1.2.2), hot: which of two paths of a prefix wins, which is best, which are as good.
 *
 * The same ladder stands in ladder.ts as data, for reading and explaining; a test proves that both agree. MED is compared
 * only between paths from the same neighbour AS (9.1.2.2 c), which makes "better" intransitive; the choice is nevertheless
 * independent of the order of arrival: within each neighbour AS the best path by the whole ladder is found first, then the
 * best of these, as the RFC's elimination does. Needed only where paths tie until MED and neighbour ASes differ.
 * DEVIATION: preference of the source comes before everything, as in BIRD and Calico (the RFC leaves this local).
 * Called by route-table.ts, and for sets of paths by best-route.ts and whoever tells several paths (RFC 7911).
 */
import {
  CLUSTER_LENGTH,
  INTERNAL_METRIC,
  LOCAL_PREF,
  MED,
  NEIGHBOUR_AS,
  NEXT_HOP,
  PATH_ORIGIN,
  PREFERENCE_FLAGS,
  RECORD_SHIFT,
  ROUTER_ID,
} from './attribute-record.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { PathSlab } from './path-slab.ts'
import type { Multipath, SelectionOptions } from './port.ts'
import type { SourceTable } from './source-table.ts'

const NO_MULTIPATH: Multipath = { ebgp: 1, ibgp: 1 }

export class Decision {
  /** How many paths of a prefix the kernel may get, by the kind of session of the best one. */
  multipath: Multipath = NO_MULTIPATH
  readonly #store: AttributeStore
  readonly #sources: SourceTable
  #isAlwaysMed = false
  #isOlderPreferred = false
  /** Scratch of `#selectByNeighbour`: best path per neighbour AS. */
  #bestOfNeighbour = new Uint32Array(64)
  /** Paths that `#pass` leaves out: `#taken[0, #takenCount)`. */
  #taken: Uint32Array = new Uint32Array(0)
  #takenCount = 0

  constructor(store: AttributeStore, sources: SourceTable, options: SelectionOptions = {}) {
    this.#store = store
    this.#sources = sources
    this.use(options)
  }

  /** Other rules from now on. What was chosen by the ones before has to be chosen anew, see reselection.ts. */
  use({ alwaysCompareMed = false, preferOlder = false, multipath = NO_MULTIPATH }: SelectionOptions): void {
    this.#isAlwaysMed = alwaysCompareMed
    this.#isOlderPreferred = preferOlder
    this.multipath = multipath
  }

  /** The ladder on two attribute sets: negative when `a` wins, 0 only for sets of one source that differ in nothing. */
  compare(a: number, b: number): number {
    const records = this.#store.records
    const i = a << RECORD_SHIFT
    const j = b << RECORD_SHIFT
    let x = records[i + PREFERENCE_FLAGS]! >>> 16
    let y = records[j + PREFERENCE_FLAGS]! >>> 16
    if (x !== y) return x < y ? -1 : 1
    x = records[i + LOCAL_PREF]!
    y = records[j + LOCAL_PREF]!
    if (x !== y) return x < y ? -1 : 1
    x = records[i + PATH_ORIGIN]!
    y = records[j + PATH_ORIGIN]!
    if (x !== y) return x < y ? -1 : 1
    x = records[i + MED]!
    y = records[j + MED]!
    if (x !== y && this.#areMedsComparable(i, j)) return x < y ? -1 : 1
    return this.#compareAfterMed(i, j)
  }

  #areMedsComparable(i: number, j: number): boolean {
    const records = this.#store.records
    return this.#isAlwaysMed || records[i + NEIGHBOUR_AS] === records[j + NEIGHBOUR_AS]
  }

  /** The steps d to g, for the records at `i` and `j`, which tie before. */
  #compareAfterMed(i: number, j: number): number {
    const records = this.#store.records
    let x = records[i + INTERNAL_METRIC]!
    let y = records[j + INTERNAL_METRIC]!
    if (x !== y) return x < y ? -1 : 1
    x = records[i + ROUTER_ID]!
    y = records[j + ROUTER_ID]!
    if (x !== y) return x < y ? -1 : 1
    x = records[i + CLUSTER_LENGTH]!
    y = records[j + CLUSTER_LENGTH]!
    if (x !== y) return x < y ? -1 : 1
    return this.#sources.compareAddress(
      this.#store.sourceOf(i >> RECORD_SHIFT),
      this.#store.sourceOf(j >> RECORD_SHIFT),
    )
  }

  /** Does path `a` win over path `b` of the same prefix? Exactly one of (a, b) and (b, a) is true. */
  #better(paths: PathSlab, a: number, b: number): boolean {
    const order = this.compare(paths.setOf(a), paths.setOf(b))
    return order !== 0 ? order < 0 : paths.receivedIdOf(a) >>> 0 < paths.receivedIdOf(b) >>> 0
  }

  /** As `#better`, for paths that tie before MED, and MED does not count. */
  #betterAfterMed(paths: PathSlab, a: number, b: number): boolean {
    const order = this.#compareAfterMed(paths.setOf(a) << RECORD_SHIFT, paths.setOf(b) << RECORD_SHIFT)
    return order !== 0 ? order < 0 : paths.receivedIdOf(a) >>> 0 < paths.receivedIdOf(b) >>> 0
  }

  /** Does a path win over `held`, which is the best one so far? An older external path stays when so configured. */
  displaces(paths: PathSlab, path: number, held: number): boolean {
    if (this.#isOlderPreferred && this.#isKept(paths.setOf(held), paths.setOf(path))) return false
    return this.#better(paths, path, held)
  }

  /** RFC 5004 3: both external, as good until the identifier, and that differs. */
  #isKept(held: number, rival: number): boolean {
    const records = this.#store.records
    const i = held << RECORD_SHIFT
    const j = rival << RECORD_SHIFT
    return (
      records[i + INTERNAL_METRIC]! >>> 31 === 0 &&
      records[i + ROUTER_ID] !== records[j + ROUTER_ID] &&
      this.#tiesThroughMetric(held, rival)
    )
  }

  /** Do two sets tie on everything that comes before MED? */
  #tiesBeforeMed(a: number, b: number): boolean {
    const records = this.#store.records
    const i = a << RECORD_SHIFT
    const j = b << RECORD_SHIFT
    return (
      records[i + PATH_ORIGIN] === records[j + PATH_ORIGIN] &&
      records[i + LOCAL_PREF] === records[j + LOCAL_PREF] &&
      records[i + PREFERENCE_FLAGS]! >>> 16 === records[j + PREFERENCE_FLAGS]! >>> 16
    )
  }

  /** Do they tie through the metric to the next hop, MED included where it can be compared? */
  #tiesThroughMetric(a: number, b: number): boolean {
    const records = this.#store.records
    const i = a << RECORD_SHIFT
    const j = b << RECORD_SHIFT
    if (!this.#tiesBeforeMed(a, b) || records[i + INTERNAL_METRIC] !== records[j + INTERNAL_METRIC]) return false
    return records[i + MED] === records[j + MED] || !this.#areMedsComparable(i, j)
  }

  /** A new set beats the best of several others. Is it surely best of all? Not when MED had a say. */
  settles(set: number, best: number): boolean {
    if (this.#isOlderPreferred) return false
    const records = this.#store.records
    const meds = records[(set << RECORD_SHIFT) + MED]! | records[(best << RECORD_SHIFT) + MED]!
    return meds === 0 || this.#isAlwaysMed || !this.#tiesBeforeMed(set, best)
  }

  /** May the disappearance of set `gone`, which was not best, let a third path beat `best`? Only by the MED rule. */
  mayHaveHidden(gone: number, best: number): boolean {
    const records = this.#store.records
    return (
      records[(gone << RECORD_SHIFT) + NEIGHBOUR_AS] !== records[(best << RECORD_SHIFT) + NEIGHBOUR_AS] &&
      !this.#isAlwaysMed &&
      this.#tiesBeforeMed(gone, best)
    )
  }

  /** The best path of the list that starts at `head` (not 0); `held` was the best one until now, 0 if it is gone. */
  select(paths: PathSlab, head: number, held: number): number {
    this.#takenCount = 0
    const best = this.#pass(paths, head)
    if (!this.#isOlderPreferred || held === 0 || held === best) return best
    return this.#isKept(paths.setOf(held), paths.setOf(best)) ? this.#keepOlder(paths, head, held) : best
  }

  /** The best path but for those taken; 0 when none is left. Linear but for the MED rule between several ASes. */
  #pass(paths: PathSlab, head: number): number {
    const records = this.#store.records
    let best = head
    while (best !== 0 && this.#isTaken(best)) best = paths.next(best)
    if (best === 0) return 0
    let bestSet = paths.setOf(best)
    let isMixed = false
    let meds = 0
    for (let path = paths.next(best); path !== 0; path = paths.next(path)) {
      if (this.#isTaken(path)) continue
      const set = paths.setOf(path)
      if (this.#tiesBeforeMed(set, bestSet)) {
        const i = set << RECORD_SHIFT
        const j = bestSet << RECORD_SHIFT
        if (records[i + NEIGHBOUR_AS] !== records[j + NEIGHBOUR_AS]) isMixed = true
        meds |= records[i + MED]! | records[j + MED]!
      }
      if (this.#better(paths, path, best)) {
        best = path
        bestSet = set
      }
    }
    return isMixed && meds !== 0 && !this.#isAlwaysMed ? this.#selectByNeighbour(paths, head, bestSet) : best
  }

  #isTaken(path: number): boolean {
    for (let k = 0; k < this.#takenCount; k++) if (this.#taken[k] === path) return true
    return false
  }

  /**
   * The order-independent choice: best path of each neighbour AS among those that tie with `top` before MED, then the best
   * of these without MED. Such a `top` is what a single pass finds, whatever it did about MED.
   */
  #selectByNeighbour(paths: PathSlab, head: number, top: number): number {
    const records = this.#store.records
    let count = 0
    for (let path = head; path !== 0; path = paths.next(path)) {
      const set = paths.setOf(path)
      if (this.#isTaken(path) || !this.#tiesBeforeMed(set, top)) continue
      const neighbour = records[(set << RECORD_SHIFT) + NEIGHBOUR_AS]
      const bests = this.#bestOfNeighbour
      let k = 0
      while (k < count && records[(paths.setOf(bests[k]!) << RECORD_SHIFT) + NEIGHBOUR_AS] !== neighbour) k++
      if (k === count) this.#keep(count++, path)
      else if (this.#better(paths, path, bests[k]!)) bests[k] = path
    }
    const bests = this.#bestOfNeighbour
    let best = bests[0]!
    for (let k = 1; k < count; k++) if (this.#betterAfterMed(paths, bests[k]!, best)) best = bests[k]!
    return best
  }

  #keep(k: number, path: number): void {
    if (k === this.#bestOfNeighbour.length) {
      const larger = new Uint32Array(k * 2)
      larger.set(this.#bestOfNeighbour)
      this.#bestOfNeighbour = larger
    }
    this.#bestOfNeighbour[k] = path
  }

  /** RFC 5004 3: `held` stays against all but paths of its own identifier, with which the ladder goes on. */
  #keepOlder(paths: PathSlab, head: number, held: number): number {
    const records = this.#store.records
    const heldSet = paths.setOf(held)
    if (this.#isHidden(paths, head, heldSet)) return this.#pass(paths, head)
    const identifier = records[(heldSet << RECORD_SHIFT) + ROUTER_ID]
    let best = held
    for (let path = head; path !== 0; path = paths.next(path)) {
      const set = paths.setOf(path)
      if (path === held || records[(set << RECORD_SHIFT) + ROUTER_ID] !== identifier) continue
      if (!this.#tiesThroughMetric(set, heldSet) || this.#isHidden(paths, head, set)) continue
      if (this.#betterAfterMed(paths, path, best)) best = path
    }
    return best
  }

  /** Is there a path from the same neighbour AS, as good before MED, with a lower MED (RFC 4271 9.1.2.2 c)? */
  #isHidden(paths: PathSlab, head: number, set: number): boolean {
    const records = this.#store.records
    const i = set << RECORD_SHIFT
    if (records[i + MED] === 0) return false
    for (let path = head; path !== 0; path = paths.next(path)) {
      const other = paths.setOf(path)
      const j = other << RECORD_SHIFT
      if (records[j + MED]! >= records[i + MED]! || !this.#areMedsComparable(i, j)) continue
      if (this.#tiesBeforeMed(set, other)) return true
    }
    return false
  }

  /**
   * The best `limit` paths that can be used, in order, into `out`; returns how many. Each is the best of what the ones
   * before it leave, so the MED rule holds at every place. `head` is the best one and `out` has room for `limit`.
   */
  rank(paths: PathSlab, head: number, limit: number, out: Uint32Array): number {
    this.#taken = out
    let count = 0
    for (let path = head; path !== 0 && count < limit; path = this.#pass(paths, head)) {
      if (!this.#store.isUsable(paths.setOf(path))) break
      out[count++] = path
      this.#takenCount = count
    }
    this.#takenCount = 0
    return count
  }

  /**
   * The multipath set into `out`: `head`, which is the best path, then those equal to it through the metric of the next
   * hop, best first, each with a next hop of its own, `limit` at most. Returns how many; 0 when there is no route.
   */
  equals(paths: PathSlab, head: number, limit: number, out: Uint32Array): number {
    const best = paths.setOf(head)
    if (!this.#store.isUsable(best)) return 0
    out[0] = head
    let count = 1
    while (count < limit) {
      const next = this.#nextEqual(paths, head, out, count)
      if (next === 0) break
      out[count++] = next
    }
    return count
  }

  /** The best path that belongs to the set and whose next hop is not among those of `out[0, count)`; 0 for none. */
  #nextEqual(paths: PathSlab, head: number, out: Uint32Array, count: number): number {
    const best = paths.setOf(head)
    let found = 0
    for (let path = paths.next(head); path !== 0; path = paths.next(path)) {
      const set = paths.setOf(path)
      if (!this.#tiesThroughMetric(set, best) || this.#hasNextHopOf(paths, set, out, count)) continue
      if (found !== 0 && !this.#betterAfterMed(paths, path, found)) continue
      if (!this.#isHidden(paths, head, set)) found = path
    }
    return found
  }

  #hasNextHopOf(paths: PathSlab, set: number, out: Uint32Array, count: number): boolean {
    const records = this.#store.records
    const nextHop = records[(set << RECORD_SHIFT) + NEXT_HOP]
    for (let k = 0; k < count; k++) {
      if (records[(paths.setOf(out[k]!) << RECORD_SHIFT) + NEXT_HOP] === nextHop) return true
    }
    return false
  }
}
