/**
 * Says the first of a run of equal events at once and the rest once a window, with their number: a stranger knocking a thousand times a second makes two
 * lines a minute. The number of keys remembered is bounded, for keys may be chosen by strangers. Called by log.ts.
 */

const MAX_KEYS = 4096

interface Run {
  suppressed: number
  timer: NodeJS.Timeout
  /** Says what was held back; that of the latest event. */
  tell: (repeated: number) => void
}

export class RateLimit {
  readonly #windowMs: number
  readonly #runs = new Map<string, Run>()

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** Calls `tell(0)` now when the key is quiet, else later with how often the event was repeated since the last line. */
  say(key: string, tell: (repeated: number) => void): void {
    const run = this.#runs.get(key)
    if (run !== undefined) {
      run.suppressed++
      run.tell = tell
      return
    }
    if (this.#runs.size < MAX_KEYS) this.#runs.set(key, { suppressed: 0, timer: this.#arm(key), tell })
    tell(0)
  }

  /** Tells what was held back and forgets everything. */
  close(): void {
    for (const [key, run] of this.#runs) {
      clearTimeout(run.timer)
      this.#runs.delete(key)
      if (run.suppressed > 0) run.tell(run.suppressed)
    }
  }

  #arm(key: string): NodeJS.Timeout {
    return setTimeout(() => this.#windowOver(key), this.#windowMs).unref()
  }

  #windowOver(key: string): void {
    const run = this.#runs.get(key)
    if (run === undefined) return
    if (run.suppressed === 0) {
      this.#runs.delete(key)
      return
    }
    const repeated = run.suppressed
    run.suppressed = 0
    run.timer = this.#arm(key)
    run.tell(repeated)
  }
}
