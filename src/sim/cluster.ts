/**
 * One run: a cluster built from a seed, its faults and changes, rest, and the invariants. Everything is drawn before the
 * first event, in separate streams, so that a run can be repeated with fewer faults and is otherwise the same.
 * Called by `main.ts`, `shrink.ts` and tests.
 */
import { VirtualClock } from './clock.ts'
import { drawFaults, type Fault, inject } from './fault.ts'
import { checkAtRest } from './invariant.ts'
import { Link } from './link.ts'
import { Model } from './model.ts'
import { Place } from './place.ts'
import { Random } from './random.ts'
import { Speaker } from './speaker.ts'
import { drawScale, type Scale, type Timing, timingOf } from './timing.ts'
import { drawTopology, FEWEST_SPEAKERS, kindsFor, type Topology, type TopologyKind } from './topology.ts'
import { Trace } from './trace.ts'
import { Violation } from './violation.ts'
import { type Change, drawWorkload } from './workload.ts'

export interface RunOptions {
  readonly seed: number
  /** How many speakers; drawn when absent (up to 12). */
  readonly speakers?: number | undefined
  /** Drawn when absent, from those that suit so many. */
  readonly topology?: TopologyKind | undefined
  /** Virtual minutes of faults and changes; rest comes after that. Drawn (half a minute to one and a half) when absent. */
  readonly minutes?: number | undefined
  /** How many faults; by default as many a minute as there are speakers, up to 50. */
  readonly faults?: number | undefined
  /** These faults instead of those of the seed. */
  readonly only?: readonly Fault[] | undefined
  /** Gets every event as a line. */
  readonly trace?: ((line: string) => void) | undefined
}

export interface RunResult {
  readonly seed: number
  readonly topology: Topology
  readonly faults: readonly Fault[]
  readonly violation: Violation | undefined
  /** When the run ended, virtual milliseconds. */
  readonly endedAt: number
  readonly events: number
  readonly sessions: number
  /** Of everything that happened. */
  readonly hash: string
}

/** What one seed asks for. */
interface Plan {
  readonly topology: Topology
  readonly faults: readonly Fault[]
  readonly changes: readonly Change[]
  readonly holdTimeS: number
  readonly scale: Scale
  readonly endMs: number
  readonly random: Random
}

/** More sessions than this get longer hold times (RFC 4271 10, then what BIRD does): KEEPALIVEs would be all there is. */
const MANY_SESSIONS = 1000
const VERY_MANY_SESSIONS = 5000
/** Faults a minute, at most. */
const MOST_FAULTS = 50

function draw(options: RunOptions): Plan {
  const random = new Random(options.seed).fork(1)
  const kind = options.topology ?? random.pick(kindsFor(options.speakers))
  const drawn = FEWEST_SPEAKERS[kind] + random.below(Math.max(1, 13 - FEWEST_SPEAKERS[kind]))
  const count = options.speakers ?? drawn
  const endMs = 60_000 * (options.minutes ?? random.between(0.5, 1.5))
  const topology = drawTopology(kind, count, random.fork(2))
  const sessions = topology.edges.length
  const short = random.pick([3, 6, 9])
  const holdTimeS = sessions > VERY_MANY_SESSIONS ? 240 : sessions > MANY_SESSIONS ? 90 : short
  const faults = options.faults ?? Math.ceil((Math.min(topology.sites.length, MOST_FAULTS) * endMs) / 60_000)
  const workload = { ownPrefixes: 6, sharedPrefixes: 3, changes: 2 * topology.sites.length, endMs }
  return {
    topology,
    faults: options.only ?? drawFaults(topology, { count: faults, endMs, holdMs: 1000 * holdTimeS }, random.fork(3)),
    changes: drawWorkload(topology, workload, random.fork(4)),
    holdTimeS,
    scale: drawScale(topology.sites.length, mostPeers(topology), random.fork(6)),
    endMs,
    random: random.fork(5),
  }
}

/** Sessions of the speaker that has most. */
function mostPeers({ sites, edges }: Topology): number {
  const counts = sites.map(() => 0)
  for (const { ends } of edges) for (const end of ends) counts[end] = (counts[end] ?? 0) + 1
  return Math.max(...counts)
}

/** Speakers, links and model of one run. */
export class Cluster {
  readonly clock = new VirtualClock()
  readonly trace: Trace
  readonly speakers: readonly Speaker[]
  readonly links: readonly Link[]
  readonly model: Model
  readonly plan: Plan
  readonly timing: Timing
  /** When a session has last changed its state. */
  #stirredAt = 0

  constructor(options: RunOptions) {
    const plan = draw(options)
    const { topology, random, holdTimeS } = plan
    const timing = timingOf(holdTimeS)
    this.plan = plan
    this.timing = timing
    this.trace = new Trace(() => this.clock.now, options.trace)
    this.model = new Model(topology)
    let failure: Violation | undefined
    this.clock.failure = () => failure
    const fail = (violation: Violation) => {
      failure ??= violation
    }
    const stirred = () => {
      this.#stirredAt = this.clock.now
    }
    const world = { clock: this.clock, trace: this.trace, timing, scale: plan.scale, fail, stirred }
    this.speakers = topology.sites.map(site => new Speaker(site, world, random.fork(site.index)))
    this.links = topology.edges.map(({ ends: [a, b] }, index) => this.#link(a, b, index))
  }

  #link(a: number, b: number, index: number): Link {
    const { topology, random } = this.plan
    const [one, other] = [this.speakers[a], this.speakers[b]]
    const edge = topology.edges[index]
    if (one === undefined || other === undefined || edge === undefined) throw new RangeError(`edge ${index}`)
    const own = random.fork(100_000 + index)
    const minDelayMs = own.pick([0.05, 0.5, 5, 40])
    const maxDelayMs = minDelayMs * own.pick([1, 1.2, 3, 10])
    const splits = own.pick([0, 0.1, 0.5])
    const { kernelOctets } = this.plan.scale
    const options = { clock: this.clock, random: own.fork(1), minDelayMs, maxDelayMs, splits, kernelOctets }
    const link = new Link([one, other], options)
    one.addPlace(new Place(link, 0, edge, [one.site, other.site]))
    other.addPlace(new Place(link, 1, edge, [other.site, one.site]))
    return link
  }

  /** Everything up to the end of the last fault, then rest, with its verdict. Throws the first violation. */
  run(): void {
    const { clock, speakers, links, plan } = this
    const { topology, random } = plan
    for (const change of plan.changes) clock.at(change.at, () => this.#apply(change))
    const starts = random.fork(200_000)
    const isAtOnce = starts.chance(0.3)
    for (const speaker of speakers) clock.at(isAtOnce ? 0 : starts.between(0, 5_000), () => speaker.start())
    for (const fault of plan.faults) inject(fault, { clock, speakers, links, topology })
    const everyMs = plan.scale.isWatched ? 1_000 : 30_000
    const end = plan.endMs + this.timing.restMs
    for (let at = everyMs; at < end; at += everyMs) {
      clock.runUntil(at)
      for (const speaker of speakers) {
        speaker.checkDeadlines()
        speaker.checkLogs()
      }
      if (this.#rests()) return
    }
    clock.runUntil(end)
    this.checkAtRest()
  }

  /** Nothing stirs any more, and everything is in its place. What is not may still come, until the time is up. */
  #rests(): boolean {
    const { clock, plan, timing } = this
    if (clock.now < Math.max(plan.endMs, this.#stirredAt) + timing.quietMs) return false
    try {
      this.checkAtRest()
      return true
    } catch (thrown) {
      if (thrown instanceof Violation) return false
      throw thrown
    }
  }

  /** Throws the first violation of an invariant that holds at rest. */
  checkAtRest(): void {
    checkAtRest(this.speakers, this.model)
  }

  #apply({ site, prefix, isAnnounced }: Change): void {
    const speaker = this.speakers[site]
    if (speaker === undefined) return
    this.trace.note(site, `${isAnnounced ? 'announce' : 'withdraw'} ${prefix}`)
    if (isAnnounced) {
      this.model.announce(prefix, speaker.site)
      speaker.announce(prefix)
    } else {
      this.model.withdraw(prefix, speaker.site)
      speaker.withdraw(prefix)
    }
  }
}

/** One run from the seed to the verdict. Throws nothing but what is wrong with the options. */
export function run(options: RunOptions): RunResult {
  const cluster = new Cluster(options)
  let violation: Violation | undefined
  try {
    cluster.run()
  } catch (thrown) {
    violation = thrown instanceof Violation ? thrown : new Violation('no-throw', stackOf(thrown))
  }
  const { plan, clock, trace, links } = cluster
  return {
    seed: options.seed,
    topology: plan.topology,
    faults: plan.faults,
    violation,
    endedAt: clock.now,
    events: clock.count,
    sessions: links.length,
    hash: trace.hash,
  }
}

const stackOf = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
