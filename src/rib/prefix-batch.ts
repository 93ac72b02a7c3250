/**
 * Prefixes sorted for telling: in buckets by the attribute set of their best path, buckets in order of their source.
 *
 * A bucket becomes one run of messages, and runs of one source lie together so that a log chunk has few segments. Linked
 * lists through flat arrays: linear, no comparison. The head of a bucket lives in the attribute record (BUCKET) while the
 * batch is filled and is 0 again after `sort`. One batch for flushes, one for catch-up slices; both reused. Hot module.
 */
import { BUCKET, RECORD_SHIFT } from './attribute-record.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { RouteTable } from './route-table.ts'
import { FEW_SOURCES, withRoomFor } from './source-table.ts'

export class PrefixBatch {
  table!: RouteTable
  /** Prefix ids, by position. */
  readonly ids: Uint32Array
  /** Source of what was told before, by position. */
  readonly old: Uint32Array
  /** Position + 1 of the next prefix of the same bucket, by position. */
  readonly link: Uint32Array
  count = 0
  /** After `sort`: the buckets, each an attribute set and the position + 1 of its first prefix. */
  readonly sets: Uint32Array
  readonly heads: Uint32Array
  setCount = 0
  /** Position + 1 of the first prefix without any path; linked by `link`. */
  emptied = 0
  /** Prefixes whose best path is as it was told and of which other paths changed: `kept[0, keptCount)`. */
  readonly kept: Uint32Array
  keptCount = 0
  /** Somebody counts on the flush that this batch is for, see RouteTable.owesDirty. */
  isOwed = false
  /** Path ids, by position, in a batch of paths; empty in one of prefixes. */
  readonly paths: Uint32Array
  readonly isPathwise: boolean

  readonly #store: AttributeStore
  readonly #touched: Uint32Array
  readonly #touchedLink: Uint32Array
  readonly #sources: Uint32Array
  /** Position + 1 in `#touched`, by source id; 0 at rest. */
  #bySource = new Uint32Array(FEW_SOURCES)

  constructor(capacity: number, store: AttributeStore, isPathwise = false) {
    this.#store = store
    this.isPathwise = isPathwise
    this.paths = new Uint32Array(isPathwise ? capacity : 0)
    this.ids = new Uint32Array(capacity)
    this.old = new Uint32Array(capacity)
    this.link = new Uint32Array(capacity)
    this.sets = new Uint32Array(capacity)
    this.heads = new Uint32Array(capacity)
    this.kept = new Uint32Array(capacity)
    this.#touched = new Uint32Array(capacity)
    this.#touchedLink = new Uint32Array(capacity)
    this.#sources = new Uint32Array(capacity)
  }

  get capacity(): number {
    return this.ids.length
  }

  clear(table: RouteTable): void {
    this.table = table
    this.count = 0
    this.setCount = 0
    this.emptied = 0
    this.keptCount = 0
    this.isOwed = false
  }

  addKept(id: number): void {
    this.kept[this.keptCount++] = id
  }

  /** Adds a prefix whose best path has attribute set `set`. */
  add(id: number, old: number, set: number): void {
    const position = this.count++
    this.ids[position] = id
    this.old[position] = old
    const records = this.#store.records
    const at = (set << RECORD_SHIFT) + BUCKET
    const head = records[at]!
    if (head === 0) this.#touched[this.setCount++] = set
    this.link[position] = head
    records[at] = position + 1
  }

  /** Adds a path with attribute set `set` to a batch of paths. */
  addPath(id: number, path: number, set: number): void {
    this.paths[this.count] = path
    this.add(id, 0, set)
  }

  /** Adds a prefix that has no path any more. */
  addEmptied(id: number, old: number): void {
    const position = this.count++
    this.ids[position] = id
    this.old[position] = old
    this.link[position] = this.emptied
    this.emptied = position + 1
  }

  /** Brings the buckets into order and takes their heads out of the attribute records. */
  sort(): void {
    const store = this.#store
    let bySource = this.#bySource
    let sourceCount = 0
    for (let k = 0; k < this.setCount; k++) {
      const source = store.sourceOf(this.#touched[k]!)
      if (source >= bySource.length) this.#bySource = bySource = withRoomFor(bySource, source)
      if (bySource[source] === 0) this.#sources[sourceCount++] = source
      this.#touchedLink[k] = bySource[source]!
      bySource[source] = k + 1
    }
    const records = store.records
    let n = 0
    for (let s = 0; s < sourceCount; s++) {
      const source = this.#sources[s]!
      for (let k = bySource[source]!; k !== 0; k = this.#touchedLink[k - 1]!) {
        const set = this.#touched[k - 1]!
        const at = (set << RECORD_SHIFT) + BUCKET
        this.sets[n] = set
        this.heads[n++] = records[at]!
        records[at] = 0
      }
      bySource[source] = 0
    }
  }
}
