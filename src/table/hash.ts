/**
 * Constants for hashing keys that peers choose.
 *
 * A peer that knows the hash can send prefixes or attributes that all fall into one place and make the table a list. Two
 * measures: every constant comes from a secret of this process, and multipliers are secret too, not only a starting value.
 * With a random odd multiplier, taking the high bits of the product is a universal family: no pair of keys collides for
 * more than about one in 2^bits of the secrets. Mixing with fixed constants is not: flipping the top bit of one word and a
 * known pattern of the next collides whatever the starting value is.
 * Called by the prefix tables here and by the attribute store of src/rib.
 */

/** The `index`-th 32-bit secret (unsigned) that follows from `seed`. */
export function secretWord(seed: number, index: number): number {
  let h = (seed ^ Math.imul(index + 1, 0x9e3779b9)) | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** The `index`-th secret multiplier: odd, and with its top bit set so that small keys spread. As a signed 32-bit integer. */
export function secretMultiplier(seed: number, index: number): number {
  return secretWord(seed, index + 0x1000) | 0x80000001 | 0
}

/** How far from where they belong the keys of a table lie. */
export interface Displacement {
  readonly mean: number
  readonly longest: number
}

export class DisplacementCount implements Displacement {
  longest = 0
  #sum = 0
  #keys = 0

  add(slots: number): void {
    this.#sum += slots
    this.#keys++
    if (slots > this.longest) this.longest = slots
  }

  get mean(): number {
    return this.#keys === 0 ? 0 : this.#sum / this.#keys
  }
}
