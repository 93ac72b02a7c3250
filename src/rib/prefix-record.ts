/**
 * What the RIB keeps per prefix, beside the key, in the record of the prefix table (16 octets for IPv4, 32 for IPv6):
 * the source of the route that peers were told last, whether something changed since, the head of the path list, and the
 * number of the flush that told the last change. What each peer was told follows from this and one bit per update group.
 * Hot module; the only one besides prefix-table.ts that knows the layout.
 */
import { PrefixTable } from '../table/prefix-table.ts'

/** In the length word: length in bits 0 to 7, DIRTY, told source in the high half. */
const DIRTY = 0x100

export class PrefixRecords extends PrefixTable {
  /** The best path, 0 for none. */
  head(id: number): number {
    return this.records[(id << this.shift) + this.lengthWord + 1]!
  }

  setHead(id: number, path: number): void {
    this.records[(id << this.shift) + this.lengthWord + 1] = path
  }

  /** Source of the best path as of the last flush, 0 when there was none. */
  toldSource(id: number): number {
    return this.records[(id << this.shift) + this.lengthWord]! >>> 16
  }

  /** True between a change and the flush that takes it up. */
  isDirty(id: number): boolean {
    return (this.records[(id << this.shift) + this.lengthWord]! & DIRTY) !== 0
  }

  /** Marks a prefix; true when it was not marked already. */
  markDirty(id: number): boolean {
    const at = (id << this.shift) + this.lengthWord
    const word = this.records[at]!
    if ((word & DIRTY) !== 0) return false
    this.records[at] = word | DIRTY
    return true
  }

  /** Takes a change up: clean, told from `source` (0: withdrawn) in flush number `flush`. */
  settle(id: number, source: number, flush: number): void {
    const at = (id << this.shift) + this.lengthWord
    const records = this.records
    records[at] = (source << 16) | (records[at]! & 0xff)
    records[at + 2] = flush
  }

  /** A change came to nothing. */
  markClean(id: number): void {
    const at = (id << this.shift) + this.lengthWord
    this.records[at] = this.records[at]! & ~DIRTY
  }

  /** Number of the flush that told the last change, unsigned; 0 before the first. */
  changedIn(id: number): number {
    return this.records[(id << this.shift) + this.lengthWord + 2]!
  }

  /** Every prefix in the table counts as changed in this flush. */
  changeAllIn(flush: number): void {
    for (let id = 1; id < this.idLimit; id++) {
      if (this.isLive(id)) this.records[(id << this.shift) + this.lengthWord + 2] = flush
    }
  }
}
