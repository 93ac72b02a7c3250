/**
 * One row of a benchmark: time by mitata, garbage by the growth of the heap, both divided by the units that one call works
 * on. Called by index.ts with the tables of wire-rows.ts and rib-rows.ts.
 */
import { getHeapStatistics } from 'node:v8'
import { do_not_optimize, measure } from 'mitata'

export interface Row {
  readonly name: string
  /** What the figures are per: "message", "prefix". */
  readonly unit: string
  /** Units per call of `run`; 1 when absent. */
  readonly count?: number
  run(): unknown
  /** Must reach (issue 3): nanoseconds and octets of garbage per unit, as far as it says. */
  readonly goal?: { readonly ns?: number; readonly octets?: number }
}

interface Figures {
  /** Nanoseconds per unit: median, and the best sample. */
  readonly ns: number
  readonly best: number
  /** Octets of garbage per unit; undefined when it could not be measured. */
  readonly octets: number | undefined
}

/** A scavenge inside the measured stretch would hide garbage, so a stretch makes less than this. */
const STRETCH_OCTETS = 8 << 20
const CALLS = 20_000

/** Octets allocated per call, or undefined when no collection can be asked for. */
function garbage(run: () => unknown): number | undefined {
  const { gc } = globalThis
  if (gc === undefined) return undefined
  const growth = (calls: number): number => {
    gc()
    const before = getHeapStatistics().used_heap_size
    for (let left = calls; left > 0; left--) do_not_optimize(run())
    return getHeapStatistics().used_heap_size - before
  }
  const rough = Math.max(1, growth(100) / 100)
  const calls = Math.max(10, Math.min(CALLS, Math.floor(STRETCH_OCTETS / rough)))
  // What the loop and the two questions themselves take.
  const own = Math.min(...[0, 1, 2].map(() => growth(0)))
  return Math.max(0, (Math.min(...[0, 1, 2, 3, 4].map(() => growth(calls))) - own) / calls)
}

async function figuresOf({ run, count = 1 }: Row): Promise<Figures> {
  for (let left = 2000; left > 0; left--) do_not_optimize(run())
  const { p50, min } = await measure(() => do_not_optimize(run()), { min_cpu_time: 400e6 })
  const octets = garbage(run)
  return { ns: p50 / count, best: min / count, octets: octets === undefined ? undefined : octets / count }
}

const format = (value: number): string =>
  value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en').replaceAll(',', ' ')

/** "met" or "missed" with the ratio of what it takes to what it may take; below 1 is good. */
function verdict({ ns, best, octets }: Figures, goal: Row['goal']): string {
  if (goal === undefined) return ''
  const words: string[] = []
  if (goal.ns !== undefined) {
    const isMet = ns <= goal.ns ? 'met' : best <= goal.ns ? 'met at best' : 'missed'
    words.push(`${goal.ns} ns ${isMet}, ${(ns / goal.ns).toFixed(2)} of it`)
  }
  // Less than an octet per unit is noise of the measurement.
  if (goal.octets !== undefined && octets !== undefined)
    words.push(`${goal.octets} B ${octets < goal.octets + 1 ? 'met' : 'missed'}`)
  return words.join('; ')
}

/** Measures and prints a table, row by row. */
export async function measureAll(title: string, rows: readonly Row[]): Promise<void> {
  console.log(`\n${title}`)
  console.log(`${''.padEnd(52)} ${'median'.padStart(9)} ${'best'.padStart(9)} ${'garbage'.padStart(9)}`)
  for (const row of rows) {
    const figures = await figuresOf(row)
    const { ns, best, octets } = figures
    const size = octets === undefined ? '?' : octets < 1 ? '0 B' : `${format(octets)} B`
    const times = [ns, best].map(value => `${format(value)} ns`.padStart(9))
    console.log(
      `${`${row.name}, per ${row.unit}`.padEnd(52)} ${times.join(' ')} ${size.padStart(9)}  ${verdict(figures, row.goal)}`,
    )
  }
}
