/**
 * When to try refused routes again: soon after something changed in the network, and slowly by itself in any case.
 * Data only; the driver owns the timer. One clock for all refused routes: what refuses one usually refuses all over the same link.
 */

/** The first retry by time alone, and the slowest. */
const FIRST_BACKOFF_MS = 1_000
const LAST_BACKOFF_MS = 60_000
/** Events come in crowds (a link brings addresses, addresses bring routes); one retry answers the crowd. */
const EVENT_GAP_MS = 250

export class RetryClock {
  #deadlineMs: number | undefined
  #backoffMs = FIRST_BACKOFF_MS
  #lastRunMs = Number.NEGATIVE_INFINITY

  get deadlineMs(): number | undefined {
    return this.#deadlineMs
  }

  /** A route was refused. True when that brought the deadline forward. */
  refused(now: number): boolean {
    if (this.#deadlineMs !== undefined) return false
    // A refusal long after the last round is a new story.
    if (now - this.#lastRunMs > 2 * this.#backoffMs) this.#backoffMs = FIRST_BACKOFF_MS
    this.#deadlineMs = now + this.#backoffMs
    return true
  }

  /** The network changed. True when that brought the deadline forward, perhaps to `now`. Nothing while nothing is refused. */
  changed(now: number): boolean {
    if (this.#deadlineMs === undefined) return false
    this.#backoffMs = FIRST_BACKOFF_MS
    const soon = Math.max(now, this.#lastRunMs + EVENT_GAP_MS)
    if (soon >= this.#deadlineMs) return false
    this.#deadlineMs = soon
    return true
  }

  /** True once when the deadline has passed: retry now. The next refusal starts the next, slower round. */
  due(now: number): boolean {
    if (this.#deadlineMs === undefined || now < this.#deadlineMs) return false
    this.#deadlineMs = undefined
    this.#lastRunMs = now
    this.#backoffMs = Math.min(this.#backoffMs * 2, LAST_BACKOFF_MS)
    return true
  }
}
