/**
 * The inputs worth mutating, by target: seeds, and whatever reached new code or had a new kind of outcome. Bounded in number
 * and in octets; when full, an old input that is no seed makes room. Newer inputs are chosen more often.
 */
import type { Random } from './random.ts'
import type { Pool, Target } from './target.ts'

const MAX_INPUTS = 6000
const MAX_OCTETS = 24 << 20
/** Longer seeds are rare enough not to be needed and slow down everything. */
const MAX_SEED = 65535

export class Shelf<Input> implements Pool<Input> {
  readonly target: Target<Input>
  readonly inputs: Input[] = []
  octets = 0
  #seeds = 0
  readonly #random: Random
  readonly #messages: readonly Uint8Array[]

  constructor(target: Target<Input>, messages: readonly Uint8Array[], random: Random, found: readonly Input[] = []) {
    this.target = target
    this.#random = random
    this.#messages = messages
    for (const input of target.seeds(messages)) if (target.size(input) <= MAX_SEED * 4) this.#push(input)
    for (const input of found) this.#push(input)
    this.#seeds = this.inputs.length
  }

  /** Half of the time one of the last hundred. */
  any(): Input {
    const recent = Math.min(100, this.inputs.length)
    const at = this.#random.oneIn(2)
      ? this.inputs.length - 1 - this.#random.below(recent)
      : this.#random.below(this.inputs.length)
    return this.inputs[at] as Input
  }

  message(): Uint8Array {
    return this.#random.pick(this.#messages)
  }

  add(input: Input): void {
    const size = this.target.size(input)
    while (this.inputs.length > this.#seeds && (this.inputs.length >= MAX_INPUTS || this.octets + size > MAX_OCTETS)) {
      const at = this.#seeds + this.#random.below(this.inputs.length - this.#seeds)
      const [gone] = this.inputs.splice(at, 1)
      if (gone !== undefined) this.octets -= this.target.size(gone)
    }
    this.#push(input)
  }

  #push(input: Input): void {
    this.inputs.push(input)
    this.octets += this.target.size(input)
  }
}

/** Messages any target may take parts from: the seeds, and a bounded number of what was found. */
export class Messages {
  readonly all: Uint8Array[]
  readonly #seeds: number
  readonly #random: Random
  readonly #limit: number

  constructor(seeds: readonly Uint8Array[], random: Random, limit = 2000) {
    this.all = [...seeds]
    this.#seeds = seeds.length
    this.#random = random
    this.#limit = limit
  }

  add(bytes: Uint8Array): void {
    const extra = this.all.length - this.#seeds
    if (extra < this.#limit) this.all.push(bytes)
    else this.all[this.#seeds + this.#random.below(extra)] = bytes
  }
}
