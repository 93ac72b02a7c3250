/** Counts the exceptions of one peer's handlers, and knows which of them were reported with their stack already. */

/** Places that are remembered. */
const MAX_PLACES = 16

export class FaultLog {
  count = 0
  readonly #known: string[] = []

  /** Counts one. The place it was thrown from decides whether it is a new one; a bounded number of places is remembered. */
  record(thrown: unknown): { readonly error: Error; readonly count: number; readonly isFirst: boolean } {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    const place = (error.stack ?? error.message).slice(0, 1000)
    const isFirst = !this.#known.includes(place) && this.#known.length < MAX_PLACES
    if (isFirst) this.#known.push(place)
    return { error, count: ++this.count, isFirst }
  }
}
