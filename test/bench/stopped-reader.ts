/**
 * `npx tsx test/bench/stopped-reader.ts [rounds]`, after `npm run build`: one of 200 reflector clients stops reading while all routes change over and over. Phases with everybody reading and with one stopped
 * alternate; each with one stopped goes on until the log has left that one behind, so that it must be fed by a scan. Prints per phase what the others see and what
 * the speaker needs, the ratio of the p99s, and what the stopped one is told when it reads on. Gates nothing.
 */
import { type Phase, StoppedReaderTrial } from '../support/stopped-reader.ts'

const PLAN = { port: 17_951, readers: 200, blocks: 100, blockSize: 500, updatesPerS: 400 }
const WARM_UP_MS = 5_000
/** More than the 16 MiB that a log keeps for a reader, and the 5 MiB that lie in buffers. */
const LEFT_BEHIND_OCTETS = 24 << 20
const LONGEST_MS = 90_000

const mb = (kib: number): string => `${(kib / 1024).toFixed(0)} MB`
const ms = (value: number): string => `${value.toFixed(1)} ms`

function report(what: string, { delays, octets, mostRssKiB, processorS }: Phase): void {
  const times = [0.5, 0.99, 1].map(share => ms(delays.quantile(share)))
  console.log(
    `${what.padEnd(24)} p50 ${times[0]}, p99 ${times[1]}, longest ${times[2]}; ${delays.count} deliveries, ${mb(octets / 1024)} to each; ` +
      `memory at most ${mb(mostRssKiB)}, ${processorS.toFixed(1)} s of processor`,
  )
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

async function measureStoppedReader(rounds: number): Promise<void> {
  const trial = await StoppedReaderTrial.start(PLAN)
  const ratios: number[] = []
  try {
    report('warming up', await trial.churn(WARM_UP_MS))
    for (let round = 0; round < rounds; round++) {
      const calm = await trial.churn(LONGEST_MS, LEFT_BEHIND_OCTETS)
      report('everybody reads', calm)
      trial.stop(round)
      const stopped = await trial.churn(LONGEST_MS, LEFT_BEHIND_OCTETS)
      report('one has stopped', stopped)
      ratios.push(stopped.delays.quantile(0.99) / calm.delays.quantile(0.99))
      const { tookMs, timesTold, staleOctets } = await trial.readOn()
      const told = [...timesTold].map(([times, prefixes]) => `${prefixes} prefixes ${times}×`).join(', ')
      console.log(
        `it reads on: everything after ${ms(tookMs)}, newest state of ${told}, ${mb(staleOctets / 1024)} of older ones`,
      )
    }
    console.log(
      `p99 of the others with one stopped, of that before: ${ratios.map(ratio => ratio.toFixed(2)).join(', ')}`,
    )
    console.log(`median ${median(ratios).toFixed(2)}, may be 1.20; memory at the end ${mb(trial.rssKiB())}`)
  } finally {
    await trial.close()
  }
}

await measureStoppedReader(Number(process.argv[2] ?? 3))
