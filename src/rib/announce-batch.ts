/**
 * The announcements of one message, applied together (RFC 4271 9.1.1 asks for no order between them).
 *
 * A prefix, its path list and the attribute sets in it lie anywhere in memory, and one route after the other waits for each
 * of them in turn. Short loops over all routes of the message ask for the same thing of each, so that the waits overlap: the
 * slot, the prefix, the list, step by step, up to the peer's own path. With eight peers to a prefix this takes a third off
 * the time, with one peer nothing either way. The sum is only there to make the reads happen.
 * Hot module. Called by ingest.ts.
 */
import type { NlriReader } from '../../wire/nlri.ts'
import type { RouteTable } from './route-table.ts'

/** More are applied in several batches. */
const CAPACITY = 1024

export class AnnounceBatch {
  /** What was read ahead of its use; nobody's business. */
  touched = 0
  #count = 0
  readonly #a0 = new Int32Array(CAPACITY)
  readonly #a1 = new Int32Array(CAPACITY)
  readonly #a2 = new Int32Array(CAPACITY)
  readonly #a3 = new Int32Array(CAPACITY)
  readonly #lengths = new Uint8Array(CAPACITY)
  readonly #pathIds = new Int32Array(CAPACITY)
  readonly #prefixes = new Int32Array(CAPACITY)
  readonly #paths = new Int32Array(CAPACITY)

  get isFull(): boolean {
    return this.#count === CAPACITY
  }

  /** Takes the present prefix of a list in. */
  add(nlri: NlriReader): void {
    const i = this.#count++
    this.#a0[i] = nlri.address0
    this.#a1[i] = nlri.address1
    this.#a2[i] = nlri.address2
    this.#a3[i] = nlri.address3
    this.#lengths[i] = nlri.length
    this.#pathIds[i] = nlri.pathId
  }

  /** Announces all of them with attribute set `set`, and is empty again. */
  apply(table: RouteTable, source: number, set: number): void {
    this.#find(table)
    this.#walk(table, source)
    const ids = this.#prefixes
    const pathIds = this.#pathIds
    const count = this.#count
    for (let i = 0; i < count; i++) table.announce(ids[i]!, source, set, pathIds[i]!)
    this.#count = 0
  }

  #find({ prefixes }: RouteTable): void {
    const count = this.#count
    const a0 = this.#a0
    const a1 = this.#a1
    const a2 = this.#a2
    const a3 = this.#a3
    const lengths = this.#lengths
    const ids = this.#prefixes
    let sum = 0
    for (let i = 0; i < count; i++) sum += prefixes.touch(a0[i]!, a1[i]!, a2[i]!, a3[i]!, lengths[i]!)
    for (let i = 0; i < count; i++) ids[i] = prefixes.add(a0[i]!, a1[i]!, a2[i]!, a3[i]!, lengths[i]!)
    this.touched = sum | 0
  }

  /** All lists at once, a step at a time, each until the source's own path or its end. */
  #walk({ prefixes, paths }: RouteTable, source: number): void {
    const count = this.#count
    const ids = this.#prefixes
    const pathIds = this.#pathIds
    const at = this.#paths
    for (let i = 0; i < count; i++) at[i] = prefixes.head(ids[i]!)
    for (let left = count; left > 0; ) {
      left = 0
      for (let i = 0; i < count; i++) {
        const path = at[i]!
        if (path === 0) continue
        at[i] = paths.isFrom(path, source, pathIds[i]!) ? 0 : paths.next(path)
        left++
      }
    }
  }
}
