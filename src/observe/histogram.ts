/**
 * A histogram for prom-client out of buckets that the speaker counts itself, read when the page is asked for: prom-client's own can only be fed one
 * observation at a time. Called by metrics.ts.
 */
import { Histogram } from 'prom-client'

/** Durations by bucket. */
export interface CollectedBuckets {
  /** Upper bounds, ascending. */
  readonly boundsMs: readonly number[]
  /** In each bucket, not cumulative; one more than bounds, for what is above all of them. */
  readonly counts: readonly number[]
  readonly sumMs: number
}

export interface CollectedHistogramOptions {
  readonly name: string
  readonly help: string
  /** Undefined: nothing is known yet, and there are no series. */
  readonly read: () => CollectedBuckets | undefined
}

export class CollectedHistogram extends Histogram {
  readonly #options: CollectedHistogramOptions

  constructor(options: CollectedHistogramOptions) {
    const { name, help } = options
    super({ name, help, registers: [] })
    this.#options = options
  }

  /** What prom-client asks for when it writes a page; its types do not name it. */
  getForPromString(): ReturnType<Histogram['get']> {
    return this.get()
  }

  /** Seconds, with cumulative buckets, as Prometheus reads them. */
  override async get(): ReturnType<Histogram['get']> {
    const { name, read } = this.#options
    const collected = read()
    const values: Awaited<ReturnType<Histogram['get']>>['values'] = []
    if (collected !== undefined) {
      const { boundsMs, counts, sumMs } = collected
      let sum = 0
      for (const [at, count] of counts.entries()) {
        sum += count
        const bound = boundsMs[at]
        const le = bound === undefined ? '+Inf' : bound / 1000
        values.push({ metricName: `${name}_bucket`, labels: { le }, value: sum })
      }
      values.push({ metricName: `${name}_sum`, labels: {}, value: sumMs / 1000 })
      values.push({ metricName: `${name}_count`, labels: {}, value: sum })
    }
    return { ...(await super.get()), values }
  }
}
