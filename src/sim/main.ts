/**
 * `npm run sim -- --seed N`, `--seeds COUNT`, `--speakers N`, `--minutes M`, `--topology KIND`, `--faults N`, `--trace`:
 * runs simulations and, when an invariant breaks, says which, with the seed and the fewest faults that break it.
 * The only file of this folder that knows a process. Exit codes: 0 all held, 1 one broke, 2 usage.
 */
import { parseArgs } from 'node:util'
import { type RunOptions, type RunResult, run } from './cluster.ts'
import { describeFault } from './fault.ts'
import { shrink } from './shrink.ts'
import { TOPOLOGIES, type TopologyKind } from './topology.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    speakers: { type: 'string' },
    minutes: { type: 'string' },
    topology: { type: 'string' },
    faults: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
})

function numberOf(name: 'seed' | 'seeds' | 'speakers' | 'minutes' | 'faults'): number | undefined {
  const text = values[name]
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isFinite(number) && number >= 0) return number
  usage(`--${name} wants a number, not "${text}"`)
}

function usage(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

function topologyOf(text: string | undefined): TopologyKind | undefined {
  const kind = TOPOLOGIES.find(one => one === text)
  if (text !== undefined && kind === undefined) usage(`--topology is one of ${TOPOLOGIES.join(', ')}`)
  return kind
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`)

function report(options: RunOptions, failed: RunResult): void {
  say(`seed ${failed.seed} broke ${failed.violation?.message}`)
  say(`  at ${(failed.endedAt / 1000).toFixed(3)} s, ${failed.faults.length} faults; shrinking`)
  const fewest = shrink({ ...options, trace: undefined }, failed)
  say(`  ${fewest.faults.length} faults are enough: ${fewest.violation?.message}`)
  for (const fault of fewest.faults) say(`    ${describeFault(fault, fewest.topology)}`)
}

function main(): void {
  const first = numberOf('seed') ?? 1
  const count = numberOf('seeds') ?? 1
  const options = {
    speakers: numberOf('speakers'),
    minutes: numberOf('minutes'),
    faults: numberOf('faults'),
    topology: topologyOf(values.topology),
    trace: values.trace ? (line: string) => void say(line) : undefined,
  }
  const from = performance.now()
  let broken = 0
  let virtualMs = 0
  for (let seed = first; seed < first + count; seed++) {
    const began = performance.now()
    const result = run({ ...options, seed })
    virtualMs += result.endedAt
    if (result.violation !== undefined) {
      broken++
      report({ ...options, seed }, result)
    } else if (count <= 20) {
      const { topology, sessions, faults, endedAt, events, hash } = result
      const what = `${topology.kind}, ${topology.sites.length} speakers, ${sessions} sessions, ${faults.length} faults`
      const how = `${(endedAt / 60_000).toFixed(1)} virtual minutes, ${events} events, ${seconds(began)} s`
      say(`seed ${seed}: ${what}, ${how}, hash ${hash}`)
    }
  }
  say(`${count} seeds, ${broken} broken, ${(virtualMs / 60_000).toFixed(1)} virtual minutes in ${seconds(from)} s`)
  process.exitCode = broken === 0 ? 0 : 1
}

const seconds = (from: number): string => ((performance.now() - from) / 1000).toFixed(1)

main()
