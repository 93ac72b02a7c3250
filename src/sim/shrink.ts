/**
 * The fewest faults that still break the same invariant: halves first, then one by one, until none can be left out.
 * Called by `main.ts` for a seed that failed.
 */
import { type RunOptions, type RunResult, run } from './cluster.ts'
import type { Fault } from './fault.ts'

/** `failed` is what `options` gave. The last result that failed, with the fewest faults; at most `runs` runs. */
export function shrink(options: RunOptions, failed: RunResult, runs = 500): RunResult {
  let best = failed
  let left = runs
  const attempt = (faults: readonly Fault[]): boolean => {
    if (left-- <= 0) return false
    const result = run({ ...options, only: faults })
    if (result.violation?.invariant !== failed.violation?.invariant) return false
    best = result
    return true
  }
  for (let size = Math.ceil(best.faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.faults.length; ) {
      const { faults } = best
      if (!attempt([...faults.slice(0, at), ...faults.slice(at + size)])) at += size
    }
  }
  return best
}
