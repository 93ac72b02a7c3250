/**
 * A bucket of a batch taken apart: its positions as several linked lists, one per pair of numbers met, in order of meeting.
 * Flat arrays, nothing allocated per prefix; a search per position among the few pairs. Used by teller.ts. Hot module.
 */
export class Chains {
  /** Lists, each with its pair and the position + 1 of its first member. */
  count = 0
  first = new Int32Array(16)
  second = new Int32Array(16)
  heads = new Uint32Array(16)
  /** Position + 1 of the next member of the same list, by position. Replaced when it grows. */
  link: Uint32Array
  #last = 0

  constructor(capacity: number) {
    this.link = new Uint32Array(capacity)
  }

  clear(): void {
    this.count = 0
    this.#last = 0
  }

  /** Puts a position (+ 1) into the list of a pair. */
  add(position: number, first: number, second: number): void {
    const { first: firsts, second: seconds } = this
    // Neighbours mostly go together.
    let i = this.#last
    if (i >= this.count || firsts[i] !== first || seconds[i] !== second) {
      for (i = 0; i < this.count; i++) if (firsts[i] === first && seconds[i] === second) break
      if (i === this.count) this.#open(first, second)
      this.#last = i
    }
    this.link[position - 1] = this.heads[i]!
    this.heads[i] = position
  }

  #open(first: number, second: number): void {
    const i = this.count++
    if (i === this.heads.length) {
      this.first = larger(this.first)
      this.second = larger(this.second)
      const heads = new Uint32Array(i * 2)
      heads.set(this.heads)
      this.heads = heads
    }
    this.first[i] = first
    this.second[i] = second
    this.heads[i] = 0
  }
}

function larger(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(numbers.length * 2)
  copy.set(numbers)
  return copy
}
