/**
 * The decision process (RFC 4271 9.1.2.2), hot: which of two attribute sets wins, and which path of a prefix is best.
 *
 * The same ladder stands in ladder.ts as data, for reading and explaining; a test proves that both agree. MED is compared
 * only between paths from the same neighbour AS (9.1.2.2 c), which makes "better" intransitive; the choice is nevertheless
 * independent of the order of arrival: within each neighbour AS the best path by the whole ladder is found first, then the
 * best of these, as the RFC's elimination does. Needed only where paths tie until MED and neighbour ASes differ.
 * DEVIATION: preference of the source comes before everything, as in BIRD and Calico (the RFC leaves this local).
 */
import {
  CLUSTER_LENGTH,
  INTERNAL_METRIC,
  LOCAL_PREF,
  MED,
  NEIGHBOUR_AS,
  PATH_ORIGIN,
  PREFERENCE_FLAGS,
  RECORD_SHIFT,
  ROUTER_ID,
} from './attribute-record.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { PathSlab } from './path-slab.ts'
import type { SourceTable } from './source-table.ts'

export class Decision {
  readonly #store: AttributeStore
  readonly #sources: SourceTable
  /** Scratch of `#selectByNeighbour`: best path per neighbour AS. */
  #bestOfNeighbour = new Uint32Array(64)

  constructor(store: AttributeStore, sources: SourceTable) {
    this.#store = store
    this.#sources = sources
  }

  /** Does set `a` beat set `b`? Exactly one of (a, b) and (b, a) is true for sets of different sources. */
  better(a: number, b: number): boolean {
    const records = this.#store.records
    const i = a << RECORD_SHIFT
    const j = b << RECORD_SHIFT
    let x = records[i + PREFERENCE_FLAGS]! >>> 16
    let y = records[j + PREFERENCE_FLAGS]! >>> 16
    if (x !== y) return x < y
    x = records[i + LOCAL_PREF]!
    y = records[j + LOCAL_PREF]!
    if (x !== y) return x < y
    x = records[i + PATH_ORIGIN]!
    y = records[j + PATH_ORIGIN]!
    if (x !== y) return x < y
    x = records[i + MED]!
    y = records[j + MED]!
    if (x !== y && records[i + NEIGHBOUR_AS] === records[j + NEIGHBOUR_AS]) return x < y
    return this.betterAfterMed(a, b)
  }

  /** The steps d to g, for sets that tie before. */
  betterAfterMed(a: number, b: number): boolean {
    const records = this.#store.records
    const i = a << RECORD_SHIFT
    const j = b << RECORD_SHIFT
    let x = records[i + INTERNAL_METRIC]!
    let y = records[j + INTERNAL_METRIC]!
    if (x !== y) return x < y
    x = records[i + ROUTER_ID]!
    y = records[j + ROUTER_ID]!
    if (x !== y) return x < y
    x = records[i + CLUSTER_LENGTH]!
    y = records[j + CLUSTER_LENGTH]!
    if (x !== y) return x < y
    return this.#sources.compareAddress(this.#store.sourceOf(a), this.#store.sourceOf(b)) < 0
  }

  /** Do two sets tie on everything that comes before MED? */
  tiesBeforeMed(a: number, b: number): boolean {
    const records = this.#store.records
    const i = a << RECORD_SHIFT
    const j = b << RECORD_SHIFT
    return (
      records[i + PATH_ORIGIN] === records[j + PATH_ORIGIN] &&
      records[i + LOCAL_PREF] === records[j + LOCAL_PREF] &&
      records[i + PREFERENCE_FLAGS]! >>> 16 === records[j + PREFERENCE_FLAGS]! >>> 16
    )
  }

  /** A new set beats the best of several others. Is it surely best of all? Not when MED had a say. */
  settles(set: number, best: number): boolean {
    const records = this.#store.records
    const meds = records[(set << RECORD_SHIFT) + MED]! | records[(best << RECORD_SHIFT) + MED]!
    return meds === 0 || !this.tiesBeforeMed(set, best)
  }

  /** May the disappearance of set `gone`, which was not best, let a third path beat `best`? Only by the MED rule. */
  mayHaveHidden(gone: number, best: number): boolean {
    const records = this.#store.records
    return (
      records[(gone << RECORD_SHIFT) + NEIGHBOUR_AS] !== records[(best << RECORD_SHIFT) + NEIGHBOUR_AS] &&
      this.tiesBeforeMed(gone, best)
    )
  }

  /** The best path of the list that starts at `head` (not 0). Linear but for the MED rule between several ASes. */
  select(paths: PathSlab, head: number): number {
    const records = this.#store.records
    let best = head
    let bestSet = paths.setOf(head)
    let isMixed = false
    let meds = 0
    for (let path = paths.next(head); path !== 0; path = paths.next(path)) {
      const set = paths.setOf(path)
      if (this.tiesBeforeMed(set, bestSet)) {
        const i = set << RECORD_SHIFT
        const j = bestSet << RECORD_SHIFT
        if (records[i + NEIGHBOUR_AS] !== records[j + NEIGHBOUR_AS]) isMixed = true
        meds |= records[i + MED]! | records[j + MED]!
      }
      if (this.better(set, bestSet)) {
        best = path
        bestSet = set
      }
    }
    return isMixed && meds !== 0 ? this.#selectByNeighbour(paths, head, bestSet) : best
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
      if (!this.tiesBeforeMed(set, top)) continue
      const neighbour = records[(set << RECORD_SHIFT) + NEIGHBOUR_AS]
      const bests = this.#bestOfNeighbour
      let k = 0
      while (k < count && records[(paths.setOf(bests[k]!) << RECORD_SHIFT) + NEIGHBOUR_AS] !== neighbour) k++
      if (k === count) this.#keep(count++, path)
      else if (this.better(set, paths.setOf(bests[k]!))) bests[k] = path
    }
    const bests = this.#bestOfNeighbour
    let best = bests[0]!
    for (let k = 1; k < count; k++) {
      if (this.betterAfterMed(paths.setOf(bests[k]!), paths.setOf(best))) best = bests[k]!
    }
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
}
