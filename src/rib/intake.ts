/**
 * What came in and is not in the table of its family yet: announcements and withdraws of many messages, applied together in
 * the order they came (RFC 4271 9.1.1).
 *
 * A prefix, its path list and the attribute sets in it lie anywhere in memory, and one route after the other waits for each
 * of them in turn. Short loops over a thousand routes ask for the same thing of each, so that the waits overlap: the slot,
 * the prefix, the list, step by step, up to the peer's own path. A message has six routes of a full table, so one message
 * alone would be too few. The sums are only there to make the reads happen. Whoever looks at the table applies this first.
 * Hot module. Filled by ingest.ts, which also says when to apply.
 */
import type { NlriReader } from '../../wire/nlri.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { RouteTable } from './route-table.ts'

const CAPACITY = 1024

export class Intake {
  /** What was read ahead of its use; nobody's business. */
  touched = 0
  #count = 0
  readonly #table: RouteTable
  readonly #store: AttributeStore
  readonly #isWide: boolean
  readonly #a0 = new Int32Array(CAPACITY)
  readonly #a1 = new Int32Array(CAPACITY)
  readonly #a2 = new Int32Array(CAPACITY)
  readonly #a3 = new Int32Array(CAPACITY)
  readonly #lengths = new Uint8Array(CAPACITY)
  readonly #pathIds = new Int32Array(CAPACITY)
  readonly #sources = new Int32Array(CAPACITY)
  /** Attribute sets, each held by a reference; 0 for a withdraw. */
  readonly #sets = new Int32Array(CAPACITY)
  readonly #prefixes = new Int32Array(CAPACITY)
  readonly #paths = new Int32Array(CAPACITY)

  constructor(table: RouteTable, store: AttributeStore) {
    this.#table = table
    this.#store = store
    this.#isWide = table.family.words === 4
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** `source` announces the present prefix of a list with attribute set `set`, or withdraws it: 0. */
  add(nlri: NlriReader, source: number, set: number): void {
    if (this.#count === CAPACITY) this.apply()
    const i = this.#count++
    this.#a0[i] = nlri.address0
    if (this.#isWide) {
      this.#a1[i] = nlri.address1
      this.#a2[i] = nlri.address2
      this.#a3[i] = nlri.address3
    }
    this.#lengths[i] = nlri.length
    this.#pathIds[i] = nlri.pathId
    this.#sources[i] = source
    this.#sets[i] = set
    if (set !== 0) this.#store.retain(set)
  }

  /** Puts everything into the table, and is empty again. */
  apply(): void {
    const count = this.#count
    if (count === 0) return
    this.#find()
    this.#walk()
    const table = this.#table
    const store = this.#store
    const ids = this.#prefixes
    const pathIds = this.#pathIds
    const sources = this.#sources
    const sets = this.#sets
    for (let i = 0; i < count; i++) {
      const set = sets[i]!
      const id = ids[i]!
      if (set !== 0) {
        table.announce(id, sources[i]!, set, pathIds[i]!)
        store.release(set)
      } else if (id !== 0) table.withdraw(id, sources[i]!, pathIds[i]!)
    }
    this.#count = 0
  }

  /** The ids of all prefixes; those that are announced and new get one, those that are withdrawn and unknown have none: 0. */
  #find(): void {
    const { prefixes } = this.#table
    const count = this.#count
    const a0 = this.#a0
    const a1 = this.#a1
    const a2 = this.#a2
    const a3 = this.#a3
    const lengths = this.#lengths
    const sets = this.#sets
    const ids = this.#prefixes
    let sum = 0
    for (let i = 0; i < count; i++) sum += prefixes.touch(a0[i]!, a1[i]!, a2[i]!, a3[i]!, lengths[i]!)
    for (let i = 0; i < count; i++) {
      ids[i] =
        sets[i] !== 0
          ? prefixes.add(a0[i]!, a1[i]!, a2[i]!, a3[i]!, lengths[i]!)
          : prefixes.lookup(a0[i]!, a1[i]!, a2[i]!, a3[i]!, lengths[i]!)
    }
    this.touched = sum | 0
  }

  /** All lists at once, a step at a time, each until the source's own path or its end. */
  #walk(): void {
    const { prefixes, paths } = this.#table
    const count = this.#count
    const ids = this.#prefixes
    const pathIds = this.#pathIds
    const sources = this.#sources
    const at = this.#paths
    for (let i = 0; i < count; i++) at[i] = ids[i] === 0 ? 0 : prefixes.head(ids[i]!)
    for (let left = count; left > 0; ) {
      left = 0
      for (let i = 0; i < count; i++) {
        const path = at[i]!
        if (path === 0) continue
        at[i] = paths.isFrom(path, sources[i]!, pathIds[i]!) ? 0 : paths.next(path)
        left++
      }
    }
  }
}
