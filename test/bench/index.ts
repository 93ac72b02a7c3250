/**
 * `npm run bench -- [wire] [rib] [worst] [scenarios [names…] [--runs n] [--results file] [--no-write]]`. wire, rib and worst: what reading costs, beside what
 * it may. mitata measures nanoseconds (median and best of many samples); garbage per iteration is measured apart, as growth of the heap over iterations
 * without a collection in between. Needs `node --expose-gc --max-semi-space-size=64`; without them garbage is not measured. scenarios: the whole daemon beside
 * others, see scenarios.ts. Prints tables and ratios, gates nothing: a busy machine misses targets that a quiet one meets.
 */
import { parseArgs } from 'node:util'
import { measureAll } from './measure.ts'
import { RIB_ROWS } from './rib-rows.ts'
import { measureScenarios } from './scenarios.ts'
import { WIRE_ROWS } from './wire-rows.ts'

const PARTS = ['wire', 'rib', 'worst', 'scenarios'] as const

// The scripts that follow look at their own arguments.
const { values, positionals } = parseArgs({
  args: process.argv.splice(2),
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    results: { type: 'string' },
    'no-write': { type: 'boolean', default: false },
  },
})
const split = positionals.indexOf('scenarios')
const asked = split < 0 ? positionals : positionals.slice(0, split + 1)
const wrong = asked.find(part => !PARTS.some(name => name === part))
if (wrong !== undefined) {
  console.error(`no part is called ${wrong}: ${PARTS.join(', ')}`)
  process.exit(2)
}
const isAsked = (part: (typeof PARTS)[number]) => asked.length === 0 || asked.includes(part)

if (isAsked('wire')) await measureAll('wire: one message, one block, one prefix', WIRE_ROWS)
if (isAsked('rib')) {
  await measureAll('rib: an UPDATE as the hot path takes it', RIB_ROWS)
  console.log('\nrib: whole tables')
  await import('./rib.bench.ts')
}
if (isAsked('worst')) {
  console.log('\nworst messages')
  await import('./worst-case.ts')
}
if (isAsked('scenarios')) {
  console.log('\nscenarios of the testbed')
  measureScenarios({
    names: split < 0 ? [] : positionals.slice(split + 1),
    runs: Math.max(0, Math.trunc(Number(values.runs)) || 0),
    results: values.results,
    isWriting: !values['no-write'],
  })
}
