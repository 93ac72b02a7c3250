/** How values are spread, of any number of them in little memory: counted in steps of a tenth, up to a hundred thousand. Used by measurements. */
const STEPS_PER_UNIT = 10
const STEPS = 1_000_000

export class Spread {
  count = 0
  max = 0
  readonly #counts = new Uint32Array(STEPS)

  add(value: number): void {
    this.count++
    if (value > this.max) this.max = value
    const step = Math.min(STEPS - 1, Math.max(0, Math.floor(value * STEPS_PER_UNIT)))
    this.#counts[step] = (this.#counts[step] ?? 0) + 1
  }

  /** The value that `share` of all values do not exceed, to the next tenth; 0 without any. */
  quantile(share: number): number {
    let left = share * this.count
    for (let step = 0; step < STEPS && this.count > 0; step++) {
      left -= this.#counts[step] ?? 0
      if (left <= 0) return (step + 1) / STEPS_PER_UNIT
    }
    return 0
  }
}
