/**
 * `npm run bench -- scenarios [names…]`: godwit, BIRD 2 and FRR as black boxes under the testbed's harness, one after the other within each round so that
 * noise meets all of them, and the medians as docs/performance.md. Needs root, two cores, the harness beside the repository and the packages; says which is
 * not there. Called by index.ts.
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { type Contender, ROWS, type Row } from './scenario-rows.ts'
import { formatFigure, medianTable, mustTable, type Run, readRun } from './scenario-table.ts'

export interface ScenarioOptions {
  /** Rows; all when empty. */
  readonly names: readonly string[]
  readonly runs: number
  /** Lines of results are added here, and those already there count; a temporary file when absent. */
  readonly results: string | undefined
  readonly isWriting: boolean
}

const ROOT = process.cwd()
const HARNESS = resolve(ROOT, '../shared/testbed/bench/bench.py')
const FRR_BGPD = process.env['FRR_BGPD'] ?? '/usr/lib/frr/bgpd'
const PAGE = 'docs/performance.md'
const COMMIT =
  spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: ROOT }).stdout?.trim() || 'unknown'
const RUN_TIMEOUT_S = 140

/** Why nothing can be measured here. */
function missing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'root on Linux is needed (a network namespace is made)'
  if (!existsSync(HARNESS)) return `the harness is not there: ${HARNESS}`
  if (cpus().length < 2) return 'two cores are needed: one for the daemon, one for the generator'
  const tools = ['python3', 'cc', 'ip', 'taskset'].filter(tool => spawnSync(tool, ['--version']).error !== undefined)
  return tools.length === 0 ? undefined : `not installed: ${tools.join(', ')}`
}

function versionOf(program: string): string | undefined {
  const { error, stdout, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return error === undefined ? `${stdout}${stderr}`.trim().split('\n')[0] : undefined
}

const versions = { bird2: versionOf('bird'), frr: versionOf(FRR_BGPD) }

/** `{config}` and `{dir}` are filled in by the harness. */
function daemonArgs({ daemon, plan = [], isProbed = false }: Contender): string[] {
  if (daemon !== 'godwit') return ['--dut', daemon]
  const probe = isProbed ? `--import ${ROOT}/dist/tools/test/bench/stall-probe.js ` : ''
  const config = `${ROOT}/test/testbed/plan-to-config ${[...plan, '{config}'].join(' ')} > {dir}/godwit.yaml`
  const run = `exec node ${probe}${ROOT}/dist/src/bin/godwit.js run --config {dir}/godwit.yaml`
  return ['--format', 'json', '--dut-cmd', `sh -c '${config} && ${run}'`]
}

/** One run; the line that the harness wrote about it, with the stall of a probed one. */
function measure(row: Row, contender: Contender): string {
  const directory = mkdtempSync(join(tmpdir(), 'godwit-bench-'))
  const results = join(directory, 'results.jsonl')
  const stall = join(directory, 'stall')
  const key = `${row.name}/${contender.name}`
  try {
    const args = [HARNESS, row.scenario, '--runs', '1', '--results', results, '--dut-name', key]
    args.push('--total-timeout', String(RUN_TIMEOUT_S), ...(row.args ?? []), ...(contender.args ?? []))
    const done = spawnSync('python3', [...args, ...daemonArgs(contender)], {
      encoding: 'utf8',
      env: { ...process.env, FRR_BGPD, GODWIT_STALL_FILE: stall },
    })
    if (!existsSync(results)) return JSON.stringify({ dut: key, ok: false, error: done.stderr.trim().slice(-600) })
    const line: object = JSON.parse(readFileSync(results, 'utf8'))
    return JSON.stringify({
      ...line,
      commit: COMMIT,
      ...(existsSync(stall) ? { stall_ms: Number(readFileSync(stall, 'utf8')) } : {}),
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function report({ key, failure, figures }: Run): void {
  const shown = [...figures].filter(([name]) => !/^churn\d|noise/.test(name))
  console.log(`${key.padEnd(34)} ${shown.map(([name, value]) => `${name} ${formatFigure(name, value)}`).join(', ')}`)
  if (failure !== undefined) console.log(`  failed: ${failure}`)
}

function readRuns(path: string): Run[] {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return text.split('\n').filter(Boolean).map(readRun)
}

function measureRow(row: Row, runs: number, results: string): void {
  for (let left = runs; left > 0; left--) {
    const isOdd =
      readRuns(results).filter(({ key }) => key === `${row.name}/${row.contenders[0]?.name}`).length % 2 === 1
    const order = isOdd ? row.contenders.toReversed() : row.contenders
    for (const contender of order) {
      const key = `${row.name}/${contender.name}`
      if (contender.daemon !== 'godwit' && versions[contender.daemon] === undefined) continue
      if (contender.isOnce === true && readRuns(results).some(run => run.key === key)) continue
      const line = measure(row, contender)
      appendFileSync(results, `${line}\n`)
      report(readRun(line))
    }
  }
}

/** `commit (rows)`, for figures that were kept from call to call. */
function commits(runs: readonly Run[]): string {
  const rows = new Map<string, Set<string>>()
  for (const { key, commit } of runs) rows.set(commit, (rows.get(commit) ?? new Set()).add(key.split('/')[0] ?? key))
  return [...rows]
    .map(([commit, names]) => (rows.size === 1 ? commit : `${commit} (${[...names].join(', ')})`))
    .join(', ')
}

function machine(runs: readonly Run[]): string[] {
  const [cpu] = cpus()
  return [
    `- ${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB of memory, Linux ${release()}`,
    `- godwit ${commits(runs)}; Node ${process.version}; ${versions.bird2 ?? 'no BIRD'}; ${versions.frr ?? 'no FRR'}`,
    `- measured on ${new Date().toISOString().slice(0, 10)}`,
  ]
}

function page(runs: readonly Run[]): string {
  return [
    '# Performance',
    '',
    'Written by `npm run bench -- scenarios`; do not edit. Every daemon is a black box between the neighbours that the harness of the testbed plays: it has one',
    'core, the generator the other. A time is from the first octet sent until every receiver holds exactly the expected routes; a run with one route lost, wrong or',
    'stale, or one session lost, has failed (a phase that ended well still counts for a daemon that is compared with). Figures are medians.',
    '',
    ...machine(runs),
    '',
    '## What must be reached',
    '',
    ...mustTable(ROWS, runs),
    '',
    '## Medians',
    '',
    ...ROWS.map(({ name, title }) => `- \`${name}\`: ${title}`),
    '',
    ...medianTable(ROWS, runs),
    '',
    'One run where a daemon is so slow that more would tell nothing new. In `s4` "announced" is the cold start: the clock starts with the first connect. "Other work" is',
    'what the rest of the machine used meanwhile: figures with much of it are worse than the daemon is.',
    '',
    '## Again',
    '',
    'As root, with `bird2`, `frr`, a C compiler, `python3` and `iproute2`, and the testbed at `../shared/testbed`:',
    '',
    '    npm ci && npm run bench -- scenarios',
    '',
    'It takes some twenty minutes. `npm run bench -- scenarios s1 s3 --runs 1` measures some and prints them; with `--results FILE` figures are kept from call to call, and',
    'this page is written from all of them. `--no-write` leaves it alone; `FRR_BGPD` names another bgpd.',
    '',
  ].join('\n')
}

export function measureScenarios({ names, runs, results, isWriting }: ScenarioOptions): void {
  const unknown = names.find(name => !ROWS.some(row => row.name === name))
  if (unknown !== undefined)
    throw new Error(`no scenario is called ${unknown}: ${ROWS.map(row => row.name).join(', ')}`)
  const reason = missing()
  if (reason !== undefined) {
    console.log(`scenarios are not measured: ${reason}`)
    return
  }
  for (const [name, version] of Object.entries(versions)) {
    if (version === undefined) console.log(`without ${name}: it is not installed`)
  }
  const own = results === undefined ? mkdtempSync(join(tmpdir(), 'godwit-results-')) : undefined
  const path = results ?? join(own ?? tmpdir(), 'results.jsonl')
  try {
    for (const row of ROWS) if (names.length === 0 || names.includes(row.name)) measureRow(row, runs, path)
    const measured = readRuns(path)
    const shown = ROWS.filter(row => measured.some(({ key }) => key.startsWith(`${row.name}/`)))
    console.log(['', ...mustTable(shown, measured), '', ...medianTable(shown, measured)].join('\n'))
    if (isWriting && (names.length === 0 || results !== undefined)) writeFileSync(PAGE, page(measured))
  } finally {
    if (own !== undefined) rmSync(own, { recursive: true, force: true })
  }
}
