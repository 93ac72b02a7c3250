/**
 * The maths and the text of docs/performance.md: lines of the harness's results become figures, figures become medians, medians are held against what must
 * be reached. Pure. A run of ours that lost a route or a session is not met, however fast it was. Called by scenarios.ts.
 */
import type { Must, Row } from './scenario-rows.ts'

export interface Run {
  /** `row/contender`. */
  readonly key: string
  /** Of godwit, when it was measured. */
  readonly commit: string
  /** Why its figures do not count. */
  readonly failure: string | undefined
  /** By phase in ms (`announce`, `coldstart`, `churn`: median of the rounds, `moves p50`), `peak` in MB, `stall` in ms, `lost` routes and sessions, `noise` in CPUs. */
  readonly figures: ReadonlyMap<string, number>
}

interface PhaseLine {
  readonly phase: string
  readonly ok?: boolean
  readonly converge_ms?: number
  readonly all_p50_ms?: number
  readonly all_p99_ms?: number
  readonly dut_peak_mb?: number
  readonly missing?: number
  readonly wrong?: number
  readonly stale?: number
  readonly unknown?: number
  readonly lost?: number
}

/** A line of bench.py's results file, `stall_ms` and `commit` added by scenarios.ts. */
interface ResultLine {
  readonly dut: string
  readonly commit?: string
  readonly ok: boolean
  readonly error?: string
  readonly last_notification?: string
  readonly phases?: readonly PhaseLine[]
  readonly flaps?: number
  readonly noise_cpu_s?: number
  readonly wall_s?: number
  readonly stall_ms?: number
}

export function readRun(line: string): Run {
  const result = JSON.parse(line) as ResultLine
  const phases = result.phases ?? []
  const figures = new Map<string, number>()
  for (const phase of phases) {
    if (phase.ok === false) continue
    if (phase.phase === 'moves') {
      figures.set('moves p50', phase.all_p50_ms ?? Number.NaN)
      figures.set('moves p99', phase.all_p99_ms ?? Number.NaN)
    } else if (phase.phase !== 'idle' && !figures.has(phase.phase)) {
      figures.set(phase.phase, phase.converge_ms ?? Number.NaN)
    }
  }
  const rounds = phases.filter(({ phase }) => phase.startsWith('churn')).map(phase => phase.converge_ms ?? Number.NaN)
  if (rounds.length > 0) figures.set('churn', median(rounds))
  if (phases.length > 0) figures.set('peak', Math.max(...phases.map(phase => phase.dut_peak_mb ?? 0)))
  const lost = phases.reduce((sum, phase) => sum + wrongOf(phase), result.flaps ?? 0)
  figures.set('lost', lost)
  if (result.stall_ms !== undefined) figures.set('stall', result.stall_ms)
  if (result.wall_s !== undefined) figures.set('noise', (result.noise_cpu_s ?? 0) / result.wall_s)
  return { key: result.dut, commit: result.commit ?? 'unknown', failure: failureOf(result, lost), figures }
}

const wrongOf = ({ missing = 0, wrong = 0, stale = 0, unknown = 0, lost = 0 }: PhaseLine): number =>
  missing + wrong + stale + unknown + lost

function failureOf({ ok, error, last_notification: notification }: ResultLine, lost: number): string | undefined {
  if (ok && lost === 0) return undefined
  if (error !== undefined) return error
  if (lost > 0) return `${lost} routes or sessions lost`
  return notification === undefined || notification === '' ? 'not done in time' : `not done: ${notification}`
}

/** The middle one, or the mean of the middle two; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2
}

const runsOf = (runs: readonly Run[], row: Row, contender: string) =>
  runs.filter(({ key }) => key === `${row.name}/${contender}`)

function valuesOf(runs: readonly Run[], figure: string): number[] {
  return runs.flatMap(({ figures }) => figures.get(figure) ?? [])
}

export interface Verdict {
  readonly ours: number
  /** The best of the others' medians and what ours is of it; undefined for a must in the figure's own unit. */
  readonly theirs: number | undefined
  readonly ratio: number | undefined
  readonly word: 'met' | 'not met' | 'not measured'
}

/** One failed run of ours is enough for "not met"; of theirs, phases that ended well count whatever happened in others, or they would seem slower. */
export function judge(row: Row, must: Must, runs: readonly Run[]): Verdict {
  const own = runsOf(runs, row, must.of ?? 'godwit')
  const hasFailed = own.some(({ failure }) => failure !== undefined)
  const ours = median(valuesOf(own, must.figure))
  const medians = must.against?.map(name => median(valuesOf(runsOf(runs, row, name), must.figure)))
  const theirs = medians === undefined ? undefined : Math.min(...medians.filter(value => !Number.isNaN(value)))
  const ratio = theirs === undefined || !Number.isFinite(theirs) ? undefined : ours / theirs
  const value = must.against === undefined ? ours : (ratio ?? Number.NaN)
  const word = hasFailed ? 'not met' : Number.isNaN(value) ? 'not measured' : value <= must.atMost ? 'met' : 'not met'
  return { ours, theirs, ratio, word }
}

/** With the unit that the figure has. */
export function formatFigure(figure: string, value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–'
  if (figure === 'peak') return `${value.toFixed(0)} MB`
  if (figure === 'lost') return String(value)
  return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(value < 100 ? 1 : 0)} ms`
}

const formatRatio = (ratio = Number.NaN): string => (Number.isNaN(ratio) ? '–' : ratio.toFixed(ratio < 0.1 ? 3 : 2))

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  line(head),
  `|${'---|'.repeat(head.length)}`,
  ...rows.map(line),
]

const FIGURE_NAMES: Readonly<Record<string, string>> = {
  announce: 'time',
  coldstart: 'time',
  churn: 'time of a round',
  peak: 'peak memory',
  stall: 'longest loop stall',
  lost: 'routes and sessions lost',
}

/** What must be reached, and whether it is. */
export function mustTable(rows: readonly Row[], runs: readonly Run[]): string[] {
  const lines = rows.flatMap(row =>
    row.musts.map(must => {
      const { ours, theirs, ratio, word } = judge(row, must, runs)
      const { figure, of = 'godwit', atMost, against } = must
      const who = against?.join(' or ')
      const wanted = who === undefined ? formatFigure(figure, atMost) : `${atMost.toFixed(2)} of ${who}`
      return [
        row.name,
        `${FIGURE_NAMES[figure] ?? figure}${of === 'godwit' ? '' : `: ${of}`}`,
        `at most ${wanted}`,
        formatFigure(figure, ours),
        formatFigure(figure, theirs),
        formatRatio(ratio),
        word === 'met' ? 'met' : `**${word}**`,
      ]
    }),
  )
  return table(['scenario', 'what', 'must', 'godwit', 'the other', 'ratio', ''], lines)
}

/** The medians of everything, with the least and the most of the main phase. */
export function medianTable(rows: readonly Row[], runs: readonly Run[]): string[] {
  const lines = rows.flatMap(row =>
    row.contenders.map(({ name }) => {
      const own = runsOf(runs, row, name)
      const failures = own.filter(({ failure }) => failure !== undefined).length
      const of = (figure: string) => formatFigure(figure, median(valuesOf(own, figure)))
      const main = row.scenario === 's4' ? 'coldstart' : 'announce'
      const all = valuesOf(own, main)
      const range =
        all.length < 2 ? '' : ` (${[Math.min(...all), Math.max(...all)].map(v => formatFigure(main, v)).join(' to ')})`
      const noise = median(own.flatMap(({ figures }) => figures.get('noise') ?? []))
      return [
        row.name,
        name,
        failures === 0 ? String(own.length) : `${own.length}, ${failures} failed`,
        `${of(main)}${range}`,
        of('withdraw'),
        of('churn'),
        of('moves p50'),
        of('moves p99'),
        of('peak'),
        Number.isNaN(noise) ? '–' : noise.toFixed(1),
      ]
    }),
  )
  const head = [
    'scenario',
    'daemon',
    'runs',
    'announced',
    'withdrawn',
    'churn',
    'moves p50',
    'moves p99',
    'peak memory',
    'other work, CPUs',
  ]
  return table(head, lines)
}
