/** Latency samples and the one line that sums them up. Pure; used by the demo. */

export interface LatencySummary {
  readonly n: number
  readonly medianMs: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Nearest-rank percentiles of at least one sample. */
export function summarise(samplesMs: readonly number[]): LatencySummary {
  const sorted = [...samplesMs].sort((a, b) => a - b)
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { n: sorted.length, medianMs: rank(0.5), p99Ms: rank(0.99), maxMs: rank(1) }
}

export function formatMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`
}

export function formatSummary(summary: LatencySummary): string {
  const { medianMs, p99Ms, maxMs, n } = summary
  return `median ${formatMs(medianMs)}, p99 ${formatMs(p99Ms)}, max ${formatMs(maxMs)}, n=${n}`
}
