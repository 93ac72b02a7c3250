/** The maths behind docs/performance.md: lines as the harness writes them, medians, ratios, and when something is met. */
import { describe, expect, it } from 'vitest'
import { ROWS, type Row } from './scenario-rows.ts'
import { formatFigure, judge, median, medianTable, mustTable, type Run, readRun } from './scenario-table.ts'

/** Recorded: s4 with 1,000 clients against godwit, phases as they came, columns that nobody reads left out. */
const RECORDED =
  '{"label": "", "routes": 4000, "senders": 1000, "receivers": 1000, "established": 1000, "establish_ms": 2719.151, "phases": [' +
  '{"phase": "coldstart", "ok": true, "converge_ms": 2744.719, "announced": 3999916, "missing": 0, "wrong": 0, "stale": 0, "unknown": 0, "own_echo": 0, "dut_rss_mb": 119.2, "dut_peak_mb": 119.2, "flaps": 0}, ' +
  '{"phase": "idle", "ok": true, "converge_ms": 0.0, "missing": 0, "wrong": 0, "stale": 0, "unknown": 0, "dut_peak_mb": 119.4, "flaps": 0}, ' +
  '{"phase": "moves", "ok": true, "moves": 100, "lost": 0, "all_p50_ms": 25.965, "all_p99_ms": 61.114, "all_max_ms": 63.827, "dut_peak_mb": 120.7}, ' +
  '{"phase": "withdraw", "ok": true, "converge_ms": 167.089, "missing": 0, "wrong": 0, "stale": 0, "unknown": 0, "dut_peak_mb": 121.4, "flaps": 0}, ' +
  '{"phase": "announce", "ok": true, "converge_ms": 213.372, "missing": 0, "wrong": 0, "stale": 0, "unknown": 0, "dut_peak_mb": 121.6, "flaps": 0}], ' +
  '"ok": true, "flaps": 0, "notifications": 0, "last_notification": "", "gen_cpu_s": 2.03, "noise_cpu_s": 4.1, "wall_s": 16.4, "scenario": "s4", "dut": "s4/godwit", "clients": 0, "run": 0, "when": "19:58:47"}'

const phase = (name: string, ms: number, more: object = {}) => ({
  phase: name,
  ok: true,
  converge_ms: ms,
  missing: 0,
  wrong: 0,
  stale: 0,
  unknown: 0,
  dut_peak_mb: 100,
  ...more,
})
const lineOf = (dut: string, phases: readonly object[], more: object = {}): string =>
  JSON.stringify({ dut, ok: true, flaps: 0, noise_cpu_s: 0, wall_s: 10, phases, ...more })

describe('a line of results', () => {
  it('becomes figures: times by phase, moves, the highest memory, work of others per second', () => {
    const { key, failure, figures } = readRun(RECORDED)
    expect(key).toBe('s4/godwit')
    expect(failure).toBeUndefined()
    expect(Object.fromEntries(figures)).toEqual({
      coldstart: 2744.719,
      'moves p50': 25.965,
      'moves p99': 61.114,
      withdraw: 167.089,
      announce: 213.372,
      peak: 121.6,
      lost: 0,
      noise: 0.25,
    })
  })

  it('has the first announcement as the announcement, and the median of the rounds as churn', () => {
    const rounds = [5, 1, 9, 3, 7].map((ms, at) => phase(`churn${at + 1}`, ms))
    const { figures } = readRun(lineOf('s1/x', [phase('announce', 50), ...rounds, phase('announce', 20)]))
    expect(figures.get('announce')).toBe(50)
    expect(figures.get('churn')).toBe(5)
  })

  it.each([
    ['a missing route', lineOf('a/b', [phase('announce', 5, { missing: 1 })]), '1 routes or sessions lost'],
    ['a stale route', lineOf('a/b', [phase('withdraw', 5, { stale: 2, wrong: 1 })]), '3 routes or sessions lost'],
    ['a lost session', lineOf('a/b', [phase('announce', 5)], { flaps: 4 }), '4 routes or sessions lost'],
    ['a phase that did not end', lineOf('a/b', [phase('announce', 5)], { ok: false }), 'not done in time'],
    ['a daemon that did not start', '{"dut":"a/b","ok":false,"error":"DUT did not listen"}', 'DUT did not listen'],
  ])('is a failure with %s', (_, text, failure) => {
    expect(readRun(text).failure).toBe(failure)
  })
})

describe('median', () => {
  it.each([
    [[], Number.NaN],
    [[3], 3],
    [[100, 9], 54.5],
    [[100, 9, 20], 20],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected)
  })
})

const ROW: Row = {
  name: 'x',
  title: 'an example',
  scenario: 's1',
  contenders: [
    { name: 'godwit', daemon: 'godwit' },
    { name: 'BIRD 2', daemon: 'bird2' },
    { name: 'FRR', daemon: 'frr' },
  ],
  musts: [{ figure: 'announce', atMost: 0.5, against: ['BIRD 2', 'FRR'] }],
}
const [MUST = { figure: '', atMost: 0 }] = ROW.musts
const runs = (contender: string, ...times: number[]): Run[] =>
  times.map(ms => readRun(lineOf(`x/${contender}`, [phase('announce', ms)])))

describe('judge', () => {
  const others = [...runs('BIRD 2', 1000, 3000, 1200), ...runs('FRR', 9000)]

  it('holds the median against the best of the others', () => {
    const verdict = judge(ROW, MUST, [...others, ...runs('godwit', 600, 10, 5000)])
    expect(verdict).toEqual({ ours: 600, theirs: 1200, ratio: 0.5, word: 'met' })
    expect(judge(ROW, MUST, [...others, ...runs('godwit', 601)]).word).toBe('not met')
  })

  it('is not met when one run of ours failed, and leaves failed phases of others out, but not what they did well before', () => {
    const failed = (who: string) =>
      readRun(lineOf(`x/${who}`, [phase('announce', 1, { ok: false, missing: 1 })], { ok: false }))
    const later = readRun(lineOf('x/FRR', [phase('announce', 1000), phase('withdraw', 1, { ok: false, stale: 1 })]))
    expect(later.failure).toBe('1 routes or sessions lost')
    expect(judge(ROW, MUST, [...runs('BIRD 2', 1200), ...runs('godwit', 600), later])).toMatchObject({ theirs: 1000 })
    expect(judge(ROW, MUST, [...others, ...runs('godwit', 10), failed('godwit')]).word).toBe('not met')
    expect(judge(ROW, MUST, [...others, ...runs('godwit', 10), failed('FRR')])).toMatchObject({ theirs: 1200 })
  })

  it('is not measured without a figure of ours or of theirs', () => {
    expect(judge(ROW, MUST, others).word).toBe('not measured')
    expect(judge(ROW, MUST, runs('godwit', 10))).toMatchObject({ theirs: Number.POSITIVE_INFINITY, ratio: undefined })
    expect(judge(ROW, MUST, runs('godwit', 10)).word).toBe('not measured')
  })

  it('takes a must without others in its own unit', () => {
    const must = { figure: 'announce', atMost: 10_000 }
    expect(judge(ROW, must, runs('godwit', 10_000))).toMatchObject({ ours: 10_000, ratio: undefined, word: 'met' })
    expect(judge(ROW, must, runs('godwit', 10_001)).word).toBe('not met')
  })
})

describe('tables', () => {
  it('say what must be reached and whether it is', () => {
    const lines = mustTable([ROW], [...runs('godwit', 300, 320), ...runs('BIRD 2', 1000), ...runs('FRR', 15_000)])
    expect(lines.slice(2)).toEqual(['| x | time | at most 0.50 of BIRD 2 or FRR | 310 ms | 1.00 s | 0.31 | met |'])
    expect(mustTable([ROW], []).at(-1)).toBe(
      '| x | time | at most 0.50 of BIRD 2 or FRR | – | – | – | **not measured** |',
    )
  })

  it('have a line for every daemon, with its runs and its range', () => {
    const lines = medianTable(
      [ROW],
      [...runs('godwit', 300, 320), readRun('{"dut":"x/BIRD 2","ok":false,"error":"no"}')],
    )
    expect(lines.slice(2)).toEqual([
      '| x | godwit | 2 | 310 ms (300 ms to 320 ms) | – | – | – | – | 100 MB | 0.0 |',
      '| x | BIRD 2 | 1, 1 failed | – | – | – | – | – | – | – |',
      '| x | FRR | 0 | – | – | – | – | – | – | – |',
    ])
  })

  it.each([
    ['announce', 1571, '1.57 s'],
    ['announce', 310.4, '310 ms'],
    ['moves p50', 11.04, '11.0 ms'],
    ['peak', 146.4, '146 MB'],
    ['lost', 0, '0'],
    ['stall', Number.NaN, '–'],
  ])('write %s of %d as %s', (figure, value, text) => {
    expect(formatFigure(figure, value)).toBe(text)
  })
})

it('every must names daemons of its own row', () => {
  for (const { name, contenders, musts } of ROWS) {
    const names = contenders.map(contender => contender.name)
    for (const { of = 'godwit', against = [] } of musts)
      expect(names, name).toEqual(expect.arrayContaining([of, ...against]))
  }
})
