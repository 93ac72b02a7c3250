/**
 * Withdraws of one flush or slice for one update group, collected by whom they concern and then written in full messages
 * (RFC 4271 4.3, 9.2). Without this, routes of many sources withdrawn in turn would make a message each.
 * Called by teller.ts; one object serves all groups, one after the other.
 */
import { grown } from '../table/prefix-table.ts'
import { FEW_SOURCES, withRoomFor } from './source-table.ts'
import type { Chain, UpdateWriter } from './update-writer.ts'

/** An array index for `who`: source ids are small, and `who` is minus such an id, 0, or such an id. */
const placeOf = (who: number): number => (who >= 0 ? 2 * who : -2 * who - 1)

export class Withdrawals {
  #ids = new Uint32Array(256)
  #paths = new Uint32Array(256)
  #link = new Uint32Array(256)
  #count = 0
  /** Position + 1 of the first prefix, by `placeOf`; 0 at rest. */
  #heads = new Uint32Array(2 * FEW_SOURCES)
  #touched = new Int32Array(64)
  #touchedCount = 0
  readonly #chain: Chain = { head: 0, link: this.#link, who: 0 }

  /** `who`: 0 everyone, > 0 everyone but that source, < 0 that source only. `path`: which one, where several are told. */
  add(prefix: number, who: number, path = 0): void {
    if (this.#count === this.#ids.length) {
      this.#ids = grown(this.#ids, this.#count * 2)
      this.#paths = grown(this.#paths, this.#count * 2)
      this.#link = grown(this.#link, this.#count * 2)
    }
    const place = placeOf(who)
    if (place >= this.#heads.length) this.#heads = withRoomFor(this.#heads, place)
    const head = this.#heads[place]!
    if (head === 0) this.#touch(who)
    this.#ids[this.#count] = prefix
    this.#paths[this.#count] = path
    this.#link[this.#count++] = head
    this.#heads[place] = this.#count
  }

  #touch(who: number): void {
    if (this.#touchedCount === this.#touched.length) {
      const larger = new Int32Array(this.#touchedCount * 2)
      larger.set(this.#touched)
      this.#touched = larger
    }
    this.#touched[this.#touchedCount++] = who
  }

  /** Writes and forgets everything. `writer` must have begun with the batch that the prefixes are of. */
  write(writer: UpdateWriter): void {
    const chain = this.#chain
    chain.link = this.#link
    for (let i = 0; i < this.#touchedCount; i++) {
      chain.who = this.#touched[i]!
      const place = placeOf(chain.who)
      chain.head = this.#heads[place]!
      this.#heads[place] = 0
      writer.withdraw(this.#ids, this.#paths, chain)
    }
    this.#count = 0
    this.#touchedCount = 0
  }
}
