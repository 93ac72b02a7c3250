/**
 * The demo: one workload route, from the kernel of one node into the kernels of all the others, live. First a full mesh of
 * three nodes, then the same three behind two route reflectors. As root on Linux in network namespaces; without root the
 * same topologies on loopback with tables in memory. Called by `godwit lab demo`, which is also `npm run demo`.
 */
import { constants } from 'node:os'
import type { DemoOptions } from '../cli/context.ts'
import { loadLibc } from '../sys/libc.ts'
import type { Cluster } from './cluster.ts'
import { KernelCluster } from './kernel-cluster.ts'
import { formatSummary } from './latency.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { Namespaces } from './namespace.ts'
import { Narrator } from './narrator.ts'
import { Story, type StoryReport } from './story.ts'
import { fullMesh, reflected, type Topology } from './topology.ts'

const NODES = 3
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** As many as a person reads; all of them are told where they were met, and in the report. */
const MOST_PROBLEMS = 20
const ExitCode = { done: 0, missing: 1 } as const

/** Why there can be no namespaces here, in a few words; undefined when there can: it is tried. */
async function whyNoNamespaces(): Promise<string | undefined> {
  const libc = loadLibc()
  if (!libc.isLoaded) return libc.reason
  if (process.getuid?.() !== 0) return 'not root'
  const namespaces = new Namespaces()
  try {
    await namespaces.add(['probe'])
    return undefined
  } catch (error) {
    return `no namespaces: ${messageOf(error)}`
  } finally {
    namespaces.removeAll()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function tell(cluster: Cluster, narrator: Narrator, scale: number): Promise<StoryReport> {
  const onSignal = (signal: NodeJS.Signals) => {
    cluster.abandon()
    process.exit(128 + constants.signals[signal])
  }
  const onExit = () => cluster.abandon()
  for (const signal of SIGNALS) process.once(signal, onSignal)
  process.once('exit', onExit)
  try {
    const report = await new Story(cluster, narrator).tell(scale)
    if (report.problems.length > 0) sayLogs(cluster, narrator)
    return report
  } catch (error) {
    sayLogs(cluster, narrator)
    throw error
  } finally {
    await cluster.stop()
    for (const signal of SIGNALS) process.off(signal, onSignal)
    process.off('exit', onExit)
  }
}

function sayLogs(cluster: Cluster, narrator: Narrator): void {
  const logs = cluster.logs()
  if (logs !== '') narrator.quote(logs)
}

/**
 * Runs the demo on the process's own streams. Exit code 0: every expected route was verified where it belongs and gone
 * where it does not; 1: it said what is missing, or why it could not go on. Leaves nothing behind, also on SIGINT.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  try {
    return await tellAll(options)
  } catch (error) {
    process.stderr.write(`demo: ${messageOf(error)}\n`)
    return ExitCode.missing
  }
}

async function tellAll(options: DemoOptions): Promise<number> {
  const narrator = new Narrator(options.json ? process.stderr : process.stdout)
  const startedAt = performance.now()
  const why = options.memory ? 'as asked' : await whyNoNamespaces()
  narrator.line(
    why === undefined
      ? `${NODES} nodes, network namespaces, real kernels; node ${process.version}`
      : `${NODES} nodes on 127.0.0.0/8, tables in memory, no pods to ping (${why})`,
  )
  const newCluster = (topology: Topology): Cluster =>
    why === undefined ? new KernelCluster(topology) : new MemoryCluster(topology)
  const reports: StoryReport[] = []
  for (const topology of [fullMesh(NODES), reflected(NODES, ['godwit', 'godwit'])]) {
    narrator.title(`== ${topology.name} ==`)
    reports.push(await tell(newCluster(topology), narrator, options.scale))
  }
  const seconds = (performance.now() - startedAt) / 1000
  const problems = reports.flatMap(report => report.problems)
  conclude(narrator, reports, seconds)
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ schema: 'godwit/v1', kind: 'DemoReport', seconds, topologies: reports })}\n`,
    )
  }
  return problems.length === 0 ? ExitCode.done : ExitCode.missing
}

function conclude(narrator: Narrator, reports: readonly StoryReport[], seconds: number): void {
  narrator.title('== in short ==')
  for (const { topology, tables, latency, verified, pings, problems } of reports) {
    const answered = pings.sent === 0 ? '' : `, ${pings.answered} of ${pings.sent} pings answered`
    narrator.line(`${topology}: ${verified} routes verified${answered}`)
    narrator.line(`  agent write -> other ${tables}: ${formatSummary(latency)}`)
    for (const problem of problems.slice(0, MOST_PROBLEMS)) narrator.bad(problem)
    if (problems.length > MOST_PROBLEMS) narrator.bad(`and ${problems.length - MOST_PROBLEMS} more`)
  }
  const count = reports.reduce((sum, { problems }) => sum + problems.length, 0)
  const verdict = `${count === 0 ? 'nothing missing' : `${count} things missing`}, ${seconds.toFixed(1)} s`
  if (count === 0) narrator.good(verdict)
  else narrator.bad(verdict)
}
