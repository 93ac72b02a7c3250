import { describe, expect, it } from 'vitest'
import { formatMs, formatSummary, summarise } from '../../../src/lab/latency.ts'

describe('a latency summary', () => {
  it('takes nearest-rank percentiles of unsorted samples', () => {
    const samples = Array.from({ length: 200 }, (_, index) => 200 - index)
    expect(summarise(samples)).toEqual({ n: 200, medianMs: 100, p99Ms: 198, maxMs: 200 })
  })

  it('of one sample is that sample', () => {
    expect(summarise([3])).toEqual({ n: 1, medianMs: 3, p99Ms: 3, maxMs: 3 })
  })

  it('of nothing is not a number, so that it is never taken for fast', () => {
    expect(summarise([]).medianMs).toBeNaN()
  })

  it('reads as one line', () => {
    expect(formatSummary({ n: 5, medianMs: 1.234, p99Ms: 12.34, maxMs: 123.4 })).toBe(
      'median 1.23 ms, p99 12.3 ms, max 123 ms, n=5',
    )
  })

  it.each([
    [0.5, '0.50 ms'],
    [10.04, '10.0 ms'],
    [999.6, '1000 ms'],
  ])('writes %d as %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text)
  })
})
