/**
 * How long routes take from the wish to the kernel's answer: counts in fixed buckets, as plain fields that metrics can read.
 */

/** Upper bounds in ms; the last bucket has none. */
export const LATENCY_BOUNDS_MS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] as const

export class LatencyHistogram {
  /** One count a bound, and one for everything above (not cumulative). */
  readonly counts: number[] = new Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0)
  sumMs = 0
  total = 0

  /** So many routes took so long. */
  record(ms: number, routes = 1): void {
    let bucket = 0
    while (bucket < LATENCY_BOUNDS_MS.length && ms > LATENCY_BOUNDS_MS[bucket]!) bucket++
    this.counts[bucket]! += routes
    this.sumMs += ms * routes
    this.total += routes
  }
}
