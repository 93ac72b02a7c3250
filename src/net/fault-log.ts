/** Counts the exceptions of one peer's handlers, and knows which of them were reported with their stack already. */

export class FaultLog {
  count = 0
  readonly #known = new Set<string>()

  /** Counts one. The place it was thrown from decides whether it is a new one; a bounded number of places is remembered. */
  record(thrown: unknown): { readonly error: Error; readonly count: number; readonly isFirst: boolean } {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    const place = (error.stack ?? error.message).slice(0, 1000)
    const isFirst = !this.#known.has(place) && this.#known.size < 16
    if (isFirst) this.#known.add(place)
    return { error, count: ++this.count, isFirst }
  }
}
