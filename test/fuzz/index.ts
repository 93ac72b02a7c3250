/**
 * `npm run fuzz -- --minutes N [--executions N] [--seed S] [--target NAME[,NAME]] [--no-coverage] [--keep] [--json FILE]`
 *
 * Runs the fuzzer on one core, a status line every five seconds, a summary at the end; crashes go to fixtures/fuzz/crashes.
 * Exit code 0: nothing broke; 1: something did; 2: usage. See docs/fuzzing.md.
 */
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Coverage } from './coverage.ts'
import { saveCrash } from './crash.ts'
import { Fuzzer } from './engine.ts'
import { foundInputs, saveFound, seedMessages } from './seeds.ts'
import { TARGETS } from './targets.ts'

const STATUS_MS = 5000
/** Scripts whose coverage counts: the code under test, not the fuzzer. */
const COVERED = ['wire/', 'src/rib/', 'src/table/', 'src/policy/', 'src/decode/']

function fail(text: string): never {
  console.error(text)
  process.exit(2)
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    executions: { type: 'string' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    'no-coverage': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    json: { type: 'string' },
    crashes: { type: 'string' },
    root: { type: 'string', default: process.cwd() },
  },
})
const minutes = Number(values.minutes ?? (values.executions === undefined ? '1' : 'Infinity'))
const executions = Number(values.executions ?? 'Infinity')
const seed = Number(values.seed)
if (Number.isNaN(minutes) || Number.isNaN(executions) || !Number.isInteger(seed))
  fail('--minutes, --executions and --seed take numbers')
const names = values.target?.split(',')
const targets = TARGETS.filter(({ name }) => names === undefined || names.includes(name))
if (targets.length === 0 || (names !== undefined && targets.length < names.length)) {
  fail(`--target takes some of ${TARGETS.map(({ name }) => name).join(', ')}`)
}

/** The folder this program was compiled to, or the repository when it runs as TypeScript. */
const built = fileURLToPath(new URL('../../', import.meta.url))
const ours = COVERED.map(folder => pathToFileURL(join(built, folder)).href)
const coverage = values['no-coverage'] ? undefined : new Coverage(url => ours.some(prefix => url.startsWith(prefix)))

const messages = seedMessages(values.root)
const started = performance.now()
coverage?.start()
const found = foundInputs(values.root)
const fuzzer = new Fuzzer({ seed, targets, messages, found, coverage, executions, until: started + minutes * 60_000 })
console.log(
  `seed ${seed}, targets ${targets.map(({ name }) => name).join(' ')}, ${messages.length} seed messages, ${fuzzer.corpusSize} seed inputs`,
)

const number = (value: number): string => Math.round(value).toLocaleString('en').replaceAll(',', '_')

function status(): string {
  const seconds = (performance.now() - started) / 1000
  const { covered = 0, known = 0 } = coverage?.blocks() ?? {}
  const slowest = [...fuzzer.slowest.values()].sort((a, b) => b.ms - a.ms)[0]
  return [
    `${seconds.toFixed(0).padStart(5)} s`,
    `${number(fuzzer.executions)} executions`,
    `${number(fuzzer.executions / seconds)}/s`,
    `${number(fuzzer.messages)} messages`,
    coverage === undefined ? 'no coverage' : `${number(covered)} of ${number(known)} blocks`,
    `${fuzzer.outcomes} outcomes`,
    `corpus ${fuzzer.corpusSize} (${(fuzzer.corpusOctets / 1e6).toFixed(1)} MB)`,
    slowest === undefined ? '' : `slowest ${slowest.ms.toFixed(2)} ms (${slowest.target}, ${slowest.octets} octets)`,
    `${fuzzer.throws} throws`,
    `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
  ].join(', ')
}

let nextStatus = started + STATUS_MS
let saved = 0
const folder = values.crashes ?? join(values.root, 'fixtures/fuzz/crashes')
function saveCrashes(): void {
  for (; saved < fuzzer.crashes.length; saved++) {
    const crash = fuzzer.crashes[saved]
    if (crash !== undefined)
      console.log(`CRASH ${crash.property}: ${crash.reason}\n  ${relative(values.root, saveCrash(folder, crash))}`)
  }
}
fuzzer.runSeeds()
saveCrashes()
for (const _ of fuzzer.batches()) {
  saveCrashes()
  if (performance.now() < nextStatus) continue
  nextStatus = performance.now() + STATUS_MS
  console.log(status())
}

console.log(`end   ${status()}`)
const seconds = (performance.now() - started) / 1000
const blocks = coverage?.blocks()
if (coverage !== undefined) {
  const share = (coverage.spentMs / 10 / seconds).toFixed(1)
  console.log(
    `coverage asked ${coverage.questions} times, ${share} % of the time; ${fuzzer.keptForCoverage} inputs kept for it, ${fuzzer.keptForOutcome} for their outcome`,
  )
  for (const { url, covered, known } of coverage.byScript().sort((a, b) => a.url.localeCompare(b.url))) {
    console.log(
      `  ${url.slice(pathToFileURL(built).href.length).padEnd(36)} ${String(covered).padStart(4)} of ${String(known).padStart(4)} blocks`,
    )
  }
}
for (const [target, { executions: count, ms }] of fuzzer.effort) {
  console.log(
    `  ${target.padEnd(12)} ${number(count).padStart(12)} executions, ${(ms / 1000).toFixed(1)} s, ${((1000 * ms) / count).toFixed(0)} µs each`,
  )
}
for (const { target, ms, octets } of fuzzer.slowest.values())
  console.log(`  slowest of ${target.padEnd(12)} ${ms.toFixed(3)} ms, ${octets} octets`)
console.log(`${fuzzer.crashes.length} crashes`)
if (values.keep) saveFound(values.root, fuzzer.discoveries)
if (values.json !== undefined) {
  const { crashes, throws, outcomes, corpusSize } = fuzzer
  const figures = {
    seed,
    seconds,
    executions: fuzzer.executions,
    messages: fuzzer.messages,
    throws,
    blocks,
    outcomes,
    corpusSize,
  }
  writeFileSync(
    values.json,
    `${JSON.stringify({ ...figures, slowest: [...fuzzer.slowest.values()], crashes }, undefined, 2)}\n`,
  )
}
process.exitCode = fuzzer.crashes.length > 0 || fuzzer.throws > 0 ? 1 : 0
