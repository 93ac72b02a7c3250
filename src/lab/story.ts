/**
 * The demo on one cluster, step by step: sessions come up, workload routes appear in the other tables, pods talk, move
 * and go, a reflector dies. Every step says what it saw and compares every table with what must be there; whatever is
 * missing or too many makes the demo fail.
 */
import type { Cluster } from './cluster.ts'
import { formatMs, formatSummary, type LatencySummary, summarise } from './latency.ts'
import type { Narrator } from './narrator.ts'
import { pause } from './process.ts'
import { establishedEnds, untilEstablished } from './session.ts'
import {
  extraPrefix,
  type Member,
  nodesOf,
  type Pod,
  podOf,
  podPrefixes,
  reflectorsOf,
  sessionsOf,
} from './topology.ts'
import { type Outcome, type Workload, Workloads } from './workload.ts'

export interface StoryReport {
  readonly topology: string
  readonly tables: Cluster['tables']
  readonly speakers: number
  readonly sessions: number
  readonly sessionsUpMs: number
  /** From the agent's write to the route in another table: pods, moves and the paced sample. */
  readonly latency: LatencySummary
  /** From the agent's removal to the route gone from another table: pods. */
  readonly withdrawal: LatencySummary
  /** So many routes written at once, and the time until the last was in the last table. */
  readonly burst: { readonly routes: number; readonly allInPlaceMs: number }
  readonly pings: { readonly sent: number; readonly answered: number }
  /** Routes compared with what must be there and found right, over all tables and steps. */
  readonly verified: number
  readonly problems: readonly string[]
}

interface Home {
  readonly node: Member
  readonly pod: Pod
}

const PODS_PER_NODE = 2
const SESSION_TIMEOUT_MS = 15_000
/** Between two writes of the paced sample: long enough for the machine to be idle again. */
const SAMPLE_PACE_MS = 8
/** How long nothing may change after a reflector died. */
const SETTLE_MS = 500

export class Story {
  readonly #cluster: Cluster
  readonly #narrator: Narrator
  readonly #workloads: Workloads
  readonly #nodes: readonly Member[]
  readonly #pings = { sent: 0, answered: 0 }
  #homes: readonly Home[] = []

  constructor(cluster: Cluster, narrator: Narrator) {
    this.#cluster = cluster
    this.#narrator = narrator
    this.#nodes = nodesOf(cluster.topology)
    this.#workloads = new Workloads(cluster)
  }

  /** Tells the whole story on a cluster that is not started yet. The caller stops it. */
  async tell(sampleSize: number): Promise<StoryReport> {
    const sessionsUpMs = await this.#bringUp()
    await this.#startPods()
    await this.#pingAll()
    await this.#movePod()
    await this.#removePod()
    const burst = await this.#sample(sampleSize)
    await this.#loseReflector()
    await this.#showTables()
    const { topology, tables } = this.#cluster
    return {
      topology: topology.name,
      tables,
      speakers: topology.members.length,
      sessions: sessionsOf(topology).length,
      sessionsUpMs,
      latency: summarise(this.#workloads.arrivalsMs),
      withdrawal: summarise(this.#workloads.departuresMs),
      burst,
      pings: this.#pings,
      verified: this.#workloads.verified,
      problems: this.#workloads.problems,
    }
  }

  async #bringUp(): Promise<number> {
    const startedAt = performance.now()
    this.#narrator.step(`${this.#cluster.topology.members.length} speakers start`)
    await this.#cluster.start()
    this.#narrator.line(`all answer after ${formatMs(performance.now() - startedAt)}`)
    const missing = await untilEstablished(this.#cluster, SESSION_TIMEOUT_MS, ([one, other]) => {
      const took = formatMs(performance.now() - startedAt)
      this.#narrator.good(`${one.name} -- ${other.name}  Established after ${took}`)
    })
    for (const [one, other] of missing) this.#problem(`session ${one.name} -- ${other.name} is not Established`)
    return performance.now() - startedAt
  }

  async #startPods(): Promise<void> {
    this.#narrator.step('pods start, the agent writes their routes; time until each is elsewhere')
    for (const node of this.#nodes) {
      for (let index = 1; index <= PODS_PER_NODE; index += 1) await this.#startPod({ node, pod: podOf(node, index) })
    }
    await this.#verify('pods started')
  }

  async #startPod(home: Home): Promise<void> {
    await this.#cluster.addPod(home.node, home.pod)
    this.#homes = [...this.#homes, home]
    for (const workload of workloadsOf(home)) {
      this.#sayOutcomes(`${workload.prefix.padEnd(18)} ${home.node.name} ->`, await this.#workloads.add(workload))
    }
  }

  async #stopPod(home: Home): Promise<void> {
    for (const workload of workloadsOf(home)) {
      this.#sayOutcomes(`${workload.prefix.padEnd(18)} gone from`, await this.#workloads.remove(workload))
    }
    await this.#cluster.removePod(home.node, home.pod)
    this.#homes = this.#homes.filter(other => other !== home)
  }

  async #pingAll(): Promise<void> {
    if (this.#cluster.ping === undefined) return
    this.#narrator.step('pods ping the pods of the other nodes; round trip in ms, IPv4/IPv6')
    for (const from of this.#homes) await this.#pingFrom(from, this.#homes)
  }

  async #pingFrom(from: Home, targets: readonly Home[]): Promise<void> {
    const cells: string[] = []
    for (const { node, pod } of targets) {
      if (node === from.node) continue
      cells.push(
        `${pod.name.replace('pod-', '')} ${await this.#ping(from.pod, pod.ipv4)}/${await this.#ping(from.pod, pod.ipv6)}`,
      )
    }
    this.#narrator.line(`${from.pod.name} -> ${cells.join('  ')}`)
  }

  async #ping(from: Pod, address: string): Promise<string> {
    this.#pings.sent += 1
    const roundTripMs = await this.#cluster.ping?.(from, address)
    if (roundTripMs === undefined) {
      this.#problem(`${from.name} pings ${address}: no answer`)
      return 'none'
    }
    this.#pings.answered += 1
    return roundTripMs.toFixed(2)
  }

  /** The second pod of the first node goes to the last node and keeps its addresses. */
  async #movePod(): Promise<void> {
    const home = this.#lastHomeOn(this.#nodes.at(0))
    const target = this.#nodes.at(-1)
    if (home === undefined || target === undefined) return
    this.#narrator.step(`${home.pod.name} moves from ${home.node.name} to ${target.name}`)
    await this.#stopPod(home)
    await this.#startPod({ node: target, pod: home.pod })
    await this.#verify('pod moved')
    if (this.#cluster.ping === undefined) return
    for (const from of this.#homes.filter(({ node }) => node !== target)) {
      await this.#pingFrom(from, [{ node: target, pod: home.pod }])
    }
  }

  async #removePod(): Promise<void> {
    const home = this.#lastHomeOn(this.#nodes.at(1))
    if (home === undefined) return
    this.#narrator.step(`${home.pod.name} on ${home.node.name} is removed`)
    await this.#stopPod(home)
    await this.#verify('pod removed')
  }

  #lastHomeOn(node: Member | undefined): Home | undefined {
    return this.#homes.findLast(home => home.node === node)
  }

  /** A paced sample for the latency line, then the same routes all at once. */
  async #sample(size: number): Promise<StoryReport['burst']> {
    this.#narrator.step(`${size} more workload routes, one every ${SAMPLE_PACE_MS} ms`)
    const extras = Array.from({ length: size }, (_, index) => this.#extraWorkload(index))
    const outcomes: Promise<unknown>[] = []
    for (const extra of extras) {
      outcomes.push(this.#workloads.add(extra))
      await pause(SAMPLE_PACE_MS)
    }
    await Promise.all(outcomes)
    const { tables } = this.#cluster
    this.#narrator.line(`agent write -> other ${tables}: ${formatSummary(summarise(this.#workloads.arrivalsMs))}`)
    await this.#verify('paced sample')

    this.#narrator.step(`the same ${size} routes removed, written again and removed, all at once`)
    await this.#allAtOnce('gone', extras, extra => this.#workloads.remove(extra, []))
    const allInPlaceMs = await this.#allAtOnce('in place', extras, extra => this.#workloads.add(extra, []))
    await this.#verify('burst written')
    await this.#allAtOnce('gone', extras, extra => this.#workloads.remove(extra, []))
    await this.#verify('burst removed')
    return { routes: size, allInPlaceMs }
  }

  async #allAtOnce(what: string, extras: readonly Workload[], change: (extra: Workload) => Promise<Outcome[]>) {
    const startedAt = performance.now()
    await Promise.all(extras.map(change))
    const tookMs = performance.now() - startedAt
    this.#narrator.line(`all ${what} after ${formatMs(tookMs)}`)
    return tookMs
  }

  /** Round robin over the nodes, behind the link of a pod that is there already. */
  #extraWorkload(index: number): Workload {
    const home = this.#homes.find(({ node }) => node === this.#nodes[index % this.#nodes.length])
    if (home === undefined) throw new Error('a node without pods has no link for more routes')
    const { node, pod } = home
    return { node, prefix: extraPrefix(node, Math.floor(index / this.#nodes.length)), device: pod.device }
  }

  /** One reflector of the cluster dies: nothing may change in any table, and news must still get through. */
  async #loseReflector(): Promise<void> {
    const reflector = reflectorsOf(this.#cluster.topology)[0]
    if (reflector === undefined) return
    this.#narrator.step(`${reflector.name} dies (${this.#cluster.killedBy})`)
    const departuresBefore = this.#departures()
    const diedAt = performance.now()
    await this.#cluster.kill(reflector)
    await this.#sessionsDown(reflector, diedAt)
    await pause(SETTLE_MS)
    const lost = this.#departures() - departuresBefore
    if (lost > 0) this.#problem(`${lost} routes were withdrawn when ${reflector.name} died`)
    else this.#narrator.good('no route left any table')
    await this.#verify('reflector lost')
    for (const node of this.#nodes) await this.#startPod({ node, pod: podOf(node, PODS_PER_NODE + 1) })
    await this.#verify('news after the loss')
    const [first, ...others] = this.#homes.slice(-this.#nodes.length)
    if (first !== undefined && this.#cluster.ping !== undefined) await this.#pingFrom(first, others)
  }

  /** Routes that disappeared so far, from all tables. */
  #departures(): number {
    return this.#nodes.reduce((sum, { name }) => sum + this.#cluster.watch.departuresFrom(name), 0)
  }

  async #sessionsDown(reflector: Member, diedAt: number): Promise<void> {
    while (performance.now() - diedAt < SESSION_TIMEOUT_MS) {
      const up = await establishedEnds(this.#cluster, this.#nodes)
      if (!this.#nodes.some(({ name }) => up.has(`${name} ${reflector.name}`))) {
        this.#narrator.line(`all nodes noticed within ${formatMs(performance.now() - diedAt)}`)
        return
      }
      await pause(10)
    }
    this.#problem(`nodes still call their session with ${reflector.name} Established`)
  }

  async #showTables(): Promise<void> {
    const [first] = this.#nodes
    const last = this.#nodes.at(-1)
    if (first === undefined || last === undefined) return
    this.#narrator.step(`godwit show peers, on ${first.name}`)
    this.#narrator.quote(await this.#cluster.showPeers(first))
    this.#narrator.step(`routes godwit put into the table of ${last.name}`)
    this.#narrator.quote(await this.#cluster.showRoutes(last))
  }

  async #verify(occasion: string): Promise<void> {
    const { right, wrong } = await this.#workloads.verify(occasion)
    for (const sentence of wrong) this.#narrator.bad(sentence)
    if (wrong.length === 0) this.#narrator.good(`${right} routes in ${this.#nodes.length} tables are as they must be`)
  }

  #sayOutcomes(start: string, outcomes: readonly Outcome[]): void {
    const cells = outcomes.map(({ node, tookMs }) => `${node} ${tookMs === undefined ? 'NEVER' : formatMs(tookMs)}`)
    this.#narrator.line(`${start} ${cells.join('  ')}`)
  }

  #problem(sentence: string): void {
    this.#workloads.problems.push(sentence)
    this.#narrator.bad(sentence)
  }
}

function workloadsOf({ node, pod }: Home): Workload[] {
  return podPrefixes(pod).map(prefix => ({ node, prefix, device: pod.device }))
}
