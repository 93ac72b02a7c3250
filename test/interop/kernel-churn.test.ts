/** Pods that come and go on one node of three while everybody watches: whatever the pace, at rest all kernels have what the agents wrote. */
import { expect, it } from 'vitest'
import { formatSummary, summarise } from '../../src/lab/latency.ts'
import { runChurn } from '../support/kernel-churn.ts'
import { describeLab } from '../support/lab-interop.ts'

describeLab('three godwit nodes under churn', () => {
  it('have every kernel as the model after 5 s at 300 changes a second', async () => {
    const addresses = 400
    const { changes, right, problems, arrivalsMs, departuresMs } = await runChurn({ seconds: 5, rate: 300, addresses })
    console.log(`arrival:   ${formatSummary(summarise(arrivalsMs))}`)
    console.log(`departure: ${formatSummary(summarise(departuresMs))}`)
    expect(problems).toEqual([])
    // Each change is heard of in two other kernels; routes are there at the end, too.
    expect(arrivalsMs.length + departuresMs.length).toBe(2 * changes)
    expect(changes).toBeGreaterThan(500)
    expect(right).toBeGreaterThanOrEqual(addresses)
  })
})
