/**
 * The whole path: `npx tsx test/bench/kernel-churn.ts [seconds] [pods a second]` as root, after `npm run build`. Prints how long workload routes take from
 * one node's agent to the other nodes' kernels under that load, exits 1 when a kernel differs from the model at rest. The load is in test/support.
 */
import { formatSummary, summarise } from '../../src/lab/latency.ts'
import { runChurn } from '../support/kernel-churn.ts'

const [seconds = 60, rate = 1000] = process.argv.slice(2).map(Number)
const { changes, tookMs, right, problems, arrivalsMs, departuresMs } = await runChurn({
  seconds,
  rate,
  addresses: 4000,
})
const took = (tookMs / 1000).toFixed(1)
console.log(
  `${changes} changes in ${took} s; at rest ${right} routes of three kernels are right, ${problems.length} problems`,
)
for (const line of problems.slice(0, 10)) console.log(`  ${line}`)
console.log(`arrival in other kernels: ${formatSummary(summarise(arrivalsMs))}`)
console.log(`departure from them:      ${formatSummary(summarise(departuresMs))}`)
process.exitCode = problems.length === 0 ? 0 : 1
