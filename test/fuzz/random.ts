/**
 * Random numbers from a seed: mulberry32. Everything the fuzzer chooses comes out of one of these, so that a seed and a
 * number of executions name a run.
 */

/** Values at which lengths and counters break: both ends of one octet, of two, and their neighbours. */
const EDGES = [
  0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 23, 31, 32, 33, 63, 64, 127, 128, 129, 254, 255, 256, 257, 4095, 4096, 65534,
  65535,
]

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }

  /** 0 to n - 1; 0 for n = 0. */
  below(n: number): number {
    return n <= 1 ? 0 : Math.floor((this.next() / 4294967296) * n)
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** A number at which something may break. */
  edge(): number {
    return this.pick(EDGES)
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) bytes[i] = this.next() >>> 11
    return bytes
  }
}
