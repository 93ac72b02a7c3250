/**
 * What the members of an update group are told, per prefix: one bit, and for a policy that looks at prefixes its verdict.
 *
 * With the source of what was told (prefix-record.ts) the bit replaces an Adj-RIB-Out per peer (RFC 4271 3.2): a member was
 * told the best route unless it is the source of it. Where a group sends many paths (RFC 7911) the bits are per path id.
 * A verdict is kept from the flush or slice that needed it first; a flush that changes the route decides anew (teller.ts).
 */
import { grown } from '../table/prefix-table.ts'

/** Answer of `verdict` when none is kept. REJECT is -1 and accepting verdicts start at 0. */
export const UNDECIDED = -2
/** Larger verdicts are not kept. */
const MAX_KEPT = 0xffff + UNDECIDED

export class Told {
  /** Prefixes (or paths) whose bit is set. */
  count = 0
  #bits = new Uint32Array(2)
  /** By prefix: the verdict, less UNDECIDED. Empty while nothing is kept. */
  #verdicts = new Uint16Array(0)

  has(unit: number): boolean {
    return ((this.#bits[unit >>> 5] ?? 0) & (1 << (unit & 31))) !== 0
  }

  /** Sets the bit; returns whether it was set before. */
  add(unit: number): boolean {
    const word = unit >>> 5
    if (word >= this.#bits.length) this.#bits = grown(this.#bits, word * 2)
    const bit = 1 << (unit & 31)
    if ((this.#bits[word]! & bit) !== 0) return true
    this.#bits[word] = this.#bits[word]! | bit
    this.count++
    return false
  }

  /** Clears the bit; returns whether it was set. */
  remove(unit: number): boolean {
    if (!this.has(unit)) return false
    this.#bits[unit >>> 5]! &= ~(1 << (unit & 31))
    this.count--
    return true
  }

  /** What export policy said about the route as of the last flush, or UNDECIDED. */
  verdict(prefix: number): number {
    return (this.#verdicts[prefix] ?? 0) + UNDECIDED
  }

  keep(prefix: number, verdict: number): void {
    if (prefix >= this.#verdicts.length) {
      const larger = new Uint16Array(Math.max(1024, prefix * 2))
      larger.set(this.#verdicts)
      this.#verdicts = larger
    }
    this.#verdicts[prefix] = verdict > MAX_KEPT ? 0 : verdict - UNDECIDED
  }
}
