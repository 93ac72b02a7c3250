/**
 * Seeded chance: everything a simulation draws comes from here, so that a seed tells a whole run (design 7.5).
 * Streams fork by label: what one part draws changes nothing for the others, and dropping a fault leaves the links alone.
 * Called by every other file of this folder.
 */

/** Mulberry32: small, fast, 32 bits of state; good enough to shake speakers, no good for secrets. */
export class Random {
  readonly #seed: number
  #state: number

  constructor(seed: number) {
    this.#seed = seed >>> 0
    this.#state = this.#seed
  }

  /** 0 to 1, 1 excluded. Bound, so that it can be handed on as a function. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    return mix(this.#state) / 4294967296
  }

  /** 32 bits. */
  word(): number {
    return Math.floor(this.next() * 4294967296)
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** From `min` to `max`, with a fraction. */
  between(min: number, max: number): number {
    return min + (max - min) * this.next()
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)]
    if (one === undefined) throw new RangeError('nothing to pick from')
    return one
  }

  /** A copy in another order. */
  shuffle<T>(list: readonly T[]): T[] {
    return list
      .map(one => ({ one, key: this.next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ one }) => one)
  }

  /** A stream of its own, the same for the same label whatever was drawn before. */
  fork(label: number): Random {
    return new Random(mix((this.#seed ^ Math.imul(label + 1, 0x9e3779b1)) >>> 0))
  }
}

function mix(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return (mixed ^ (mixed >>> 14)) >>> 0
}
