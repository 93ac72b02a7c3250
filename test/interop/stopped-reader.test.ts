/**
 * A reflector client that stops reading while all routes change again and again, over real sockets: the others miss nothing, the speaker's memory stays bounded,
 * and when it reads on it is told the newest state of each prefix once. Needs no root; runs the built program. How long the others wait is measured by
 * test/bench/stopped-reader.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadLibc } from '../../src/sys/libc.ts'
import { hasBuild } from '../support/lab-interop.ts'
import { StoppedReaderTrial } from '../support/stopped-reader.ts'

const PLAN = { port: 17_952, readers: 20, blocks: 50, blockSize: 500, updatesPerS: 1500 }
const WARM_UP_OCTETS = 24 << 20
/** Far more than the 16 MiB that a log keeps for a reader, and the 5 MiB that lie in buffers. */
const MISSED_OCTETS = 48 << 20
const LONGEST_MS = 90_000
/** What the log keeps, and as much again for a heap that is collected now and then; less than what is missed. */
const MOST_GROWTH_KIB = 36 << 10

const why = hasBuild ? (loadLibc().isLoaded ? undefined : 'no libc') : 'godwit is not built (npm run build)'
if (why !== undefined) console.log(`stopped-reader.test.ts is skipped: ${why}`)

describe.skipIf(why !== undefined && !process.env['CI'])('a reader that stops while all routes change', () => {
  let trial: StoppedReaderTrial

  beforeAll(async () => {
    trial = await StoppedReaderTrial.start(PLAN)
  }, 60_000)
  afterAll(() => trial.close())

  it('costs the others nothing and the speaker little, and then is told each prefix once', {
    timeout: 240_000,
  }, async () => {
    const before = await trial.churn(LONGEST_MS, WARM_UP_OCTETS)
    trial.stop(0)
    // Resolves only when all others have the newest state of everything.
    const stopped = await trial.churn(LONGEST_MS, MISSED_OCTETS)
    expect(stopped.octets).toBeGreaterThanOrEqual(MISSED_OCTETS)
    expect(stopped.mostRssKiB - before.mostRssKiB).toBeLessThan(MOST_GROWTH_KIB)
    const { timesTold, tookMs } = await trial.readOn()
    expect([...timesTold]).toEqual([[1, PLAN.blocks * PLAN.blockSize]])
    const [p99Before, p99Stopped] = [before, stopped].map(({ delays }) => delays.quantile(0.99).toFixed(1))
    const growth = ((stopped.mostRssKiB - before.mostRssKiB) / 1024).toFixed(0)
    console.log(
      `p99 of the others ${p99Before} ms before, ${p99Stopped} ms with one stopped; memory grew by ${growth} MB; caught up in ${tookMs.toFixed(0)} ms`,
    )
  })
})
