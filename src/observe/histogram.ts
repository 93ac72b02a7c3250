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

  /** Seconds, with cumulative buckets, as Prometheus reads them. What prom-client asks for when it writes a page; its types do not name it. */
  async getForPromString() {
    const { name, help, read } = this.#options
    const collected = read()
    return { name, help, type: 'histogram', values: collected === undefined ? [] : seriesOf(name, collected) }
  }
}

interface Sample {
  readonly metricName: string
  readonly labels: { readonly le?: number | string }
  readonly value: number
}

function seriesOf(name: string, { boundsMs, counts, sumMs }: CollectedBuckets): Sample[] {
  let sum = 0
  const buckets = counts.map((count, at): Sample => {
    sum += count
    const bound = boundsMs[at]
    return { metricName: `${name}_bucket`, labels: { le: bound === undefined ? '+Inf' : bound / 1000 }, value: sum }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, value: sumMs / 1000 },
    { metricName: `${name}_count`, labels: {}, value: sum },
  ]
}
