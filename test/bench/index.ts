/**
 * `npm run bench -- [wire] [rib] [worst]`: what reading costs, beside what issue 3 asks for. mitata measures nanoseconds (median
 * and best of many samples); garbage per iteration is measured apart, as growth of the heap over iterations without a
 * collection in between. Prints tables and ratios, gates nothing: a busy machine misses targets that a quiet one meets.
 * Needs `node --expose-gc --max-semi-space-size=64`; without them garbage is not measured.
 */
import { measureAll } from './measure.ts'
import { RIB_ROWS } from './rib-rows.ts'
import { WIRE_ROWS } from './wire-rows.ts'

const PARTS = ['wire', 'rib', 'worst'] as const

// The scripts that follow look at their own arguments.
const asked = process.argv.splice(2)
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
