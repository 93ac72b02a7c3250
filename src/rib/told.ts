/**
 * One bit per prefix: is the members of an update group told it? With the source of what was told (prefix-record.ts) this
 * replaces an Adj-RIB-Out per peer (RFC 4271 3.2): a member was told the best route unless it is the source of it.
 */
import { grown } from '../table/prefix-table.ts'

export class Told {
  /** Prefixes whose bit is set. */
  count = 0
  #bits = new Uint32Array(32)

  has(prefix: number): boolean {
    return ((this.#bits[prefix >>> 5] ?? 0) & (1 << (prefix & 31))) !== 0
  }

  /** Sets the bit; returns whether it was set before. */
  add(prefix: number): boolean {
    const word = prefix >>> 5
    if (word >= this.#bits.length) this.#bits = grown(this.#bits, word * 2)
    const bit = 1 << (prefix & 31)
    if ((this.#bits[word]! & bit) !== 0) return true
    this.#bits[word] = this.#bits[word]! | bit
    this.count++
    return false
  }

  /** Clears the bit; returns whether it was set. */
  remove(prefix: number): boolean {
    if (!this.has(prefix)) return false
    this.#bits[prefix >>> 5]! &= ~(1 << (prefix & 31))
    this.count--
    return true
  }
}
