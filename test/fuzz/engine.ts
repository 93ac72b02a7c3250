/**
 * The loop: pick a target and an old input, mutate, execute; keep what reached new code (asked per batch, then halved down
 * to the one input) or had a new kind of outcome; shrink what broke a property. Memory is bounded by the shelves.
 * Deterministic for a seed and a number of executions but for coverage V8 reports differently between two runs, and time.
 */
import { Broken, mix } from './check.ts'
import { Messages, Shelf } from './corpus.ts'
import type { Coverage } from './coverage.ts'
import { Random } from './random.ts'
import type { Run, Target } from './target.ts'

/** A failing input, shrunk. */
export interface Crash {
  readonly target: string
  /** Name of the property, or the kind of exception. */
  readonly property: string
  readonly reason: string
  readonly input: object
}

export interface Slowest {
  target: string
  ms: number
  octets: number
  input: object
}

/** An input that reached code nothing before it had reached, as it is kept in fixtures/fuzz/found.jsonl. */
export interface Found {
  readonly target: string
  readonly input: object
}

export interface FuzzOptions {
  readonly seed: number
  readonly targets: readonly Target<unknown>[]
  readonly messages: readonly Uint8Array[]
  /** What earlier runs found. */
  readonly found?: readonly Found[]
  /** Undefined: outcomes alone guide. */
  readonly coverage: Coverage | undefined
  /** Stop after so many executions, or at this time of `performance.now()`. */
  readonly executions?: number
  readonly until?: number
  /** One input in so many also runs its expensive checks. */
  readonly thoroughEvery?: number
}

const MAX_OUTCOMES = 50_000
const MAX_CRASHES = 40
/** Found inputs larger than this are not worth a place in the repository. */
const MAX_FOUND_OCTETS = 3000

export class Fuzzer {
  executions = 0
  messages = 0
  throws = 0
  readonly crashes: Crash[] = []
  readonly slowest = new Map<string, Slowest>()
  readonly #options: FuzzOptions
  readonly #random: Random
  readonly #shelves: Shelf<unknown>[]
  readonly #found: Messages
  readonly #outcomes = new Set<number>()
  readonly #wheel: number[] = []
  readonly #seen = new Set<string>()
  /** Executions and milliseconds by target, checks and mutation included. */
  readonly effort = new Map<string, { executions: number; ms: number }>()
  /** Small inputs that reached new code, in the order found. */
  readonly discoveries: Found[] = []
  /** Inputs kept for their coverage, and for their outcome. */
  keptForCoverage = 0
  keptForOutcome = 0

  constructor(options: FuzzOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#found = new Messages(options.messages, this.#random)
    this.#shelves = options.targets.map(target => {
      const own = (options.found ?? []).filter(({ target: name }) => name === target.name)
      return new Shelf(
        target,
        this.#found.all,
        this.#random,
        own.map(({ input }) => target.fromJson(input)),
      )
    })
    for (const [i, { weight }] of options.targets.entries())
      for (let left = weight; left > 0; left--) this.#wheel.push(i)
  }

  get corpusSize(): number {
    return this.#shelves.reduce((sum, { inputs }) => sum + inputs.length, 0)
  }

  get corpusOctets(): number {
    return this.#shelves.reduce((sum, { octets }) => sum + octets, 0)
  }

  get outcomes(): number {
    return this.#outcomes.size
  }

  /** Every seed once; then coverage is what the seeds reach. */
  runSeeds(): void {
    for (const shelf of this.#shelves) for (const input of [...shelf.inputs]) this.#execute(shelf, input, true)
    this.#options.coverage?.collect()
  }

  /** Batches until `isOver` or the limits of the options. Comes back after every batch, for status lines. */
  *batches(): Iterable<void> {
    const { executions = Number.POSITIVE_INFINITY, until = Number.POSITIVE_INFINITY } = this.#options
    while (this.executions < executions && performance.now() < until && this.crashes.length < MAX_CRASHES) {
      this.#batch(this.#shelves[this.#random.pick(this.#wheel)] as Shelf<unknown>)
      yield
    }
  }

  #batch(shelf: Shelf<unknown>): void {
    const { coverage, thoroughEvery = 8 } = this.#options
    const { target } = shelf
    const children: unknown[] = []
    const started = performance.now()
    for (let left = target.batch; left > 0; left--) {
      // Two generations at once now and then, so that rare pairs of changes meet.
      let child = target.mutate(shelf.any(), this.#random, shelf)
      while (this.#random.oneIn(5)) child = target.mutate(child, this.#random, shelf)
      children.push(child)
      this.#execute(shelf, child, this.#random.oneIn(thoroughEvery))
    }
    const effort = this.effort.get(target.name) ?? { executions: 0, ms: 0 }
    effort.executions += target.batch
    effort.ms += performance.now() - started
    this.effort.set(target.name, effort)
    const ran = coverage?.probe()
    if (coverage === undefined || ran === undefined) return
    this.#keepNew(shelf, children, coverage)
    // What none of them reaches again depended on what ran before; it is not asked for a second time.
    coverage.learn(ran)
  }

  /** Which of these inputs reached new code? Halves run again until one is left; `coverage` learns it only then. */
  #keepNew(shelf: Shelf<unknown>, children: readonly unknown[], coverage: Coverage): void {
    if (children.length === 1) {
      this.#quietly(shelf, children)
      if (!coverage.collect()) return
      this.keptForCoverage++
      const { target } = shelf
      if (target.size(children[0]) <= MAX_FOUND_OCTETS) {
        this.discoveries.push({ target: target.name, input: target.toJson(children[0]) })
      }
      this.#keep(shelf, children[0])
      return
    }
    for (const half of [children.slice(0, children.length >> 1), children.slice(children.length >> 1)]) {
      this.#quietly(shelf, half)
      if (coverage.probe() !== undefined) this.#keepNew(shelf, half, coverage)
    }
  }

  #quietly({ target }: Shelf<unknown>, inputs: readonly unknown[]): void {
    for (const input of inputs) {
      try {
        target.run(input, true)
      } catch {
        // Counted and kept when it was executed first.
      }
    }
  }

  #keep(shelf: Shelf<unknown>, input: unknown): void {
    shelf.add(input)
    const bytes = (input as { bytes?: Uint8Array }).bytes
    if (bytes !== undefined && bytes[0] === 0xff && bytes.length >= 19 && bytes.length <= 8192) this.#found.add(bytes)
  }

  #execute(shelf: Shelf<unknown>, input: unknown, isThorough: boolean): void {
    const { target } = shelf
    this.executions++
    let run: Run
    try {
      run = target.run(input, isThorough)
    } catch (error) {
      this.#crash(target, input, error)
      return
    }
    this.messages += run.messages
    if (run.ms > (this.slowest.get(target.name)?.ms ?? 0)) this.#time(target, input)
    const known = this.#outcomes.size
    if (known >= MAX_OUTCOMES) return
    for (const outcome of run.outcomes) this.#outcomes.add(mix(outcome, this.#shelves.indexOf(shelf)))
    if (this.#outcomes.size === known) return
    this.keptForOutcome++
    this.#keep(shelf, input)
  }

  /** A record counts only when it is slow every time: the best of five, so that other work on the machine is not blamed. */
  #time(target: Target<unknown>, input: unknown): void {
    let best = Number.POSITIVE_INFINITY
    for (let left = 5; left > 0; left--) best = Math.min(best, target.run(input, false).ms)
    const known = this.slowest.get(target.name)
    if (known !== undefined && known.ms >= best) return
    this.slowest.set(target.name, {
      target: target.name,
      ms: best,
      octets: target.size(input),
      input: target.toJson(input),
    })
    const limit = target.limitMs(input)
    if (limit !== undefined && best > limit)
      this.#record(target, input, 'bounded time', `${best.toFixed(2)} ms, at most ${limit} allowed`)
  }

  #crash(target: Target<unknown>, input: unknown, error: unknown): void {
    this.throws++
    const { property } = describe(error)
    const key = `${target.name} ${property} ${placeOf(error)}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    const { input: smallest, error: last } = shrink(target, input, error)
    this.#record(target, smallest, property, describe(last).reason)
  }

  #record(target: Target<unknown>, input: unknown, property: string, reason: string): void {
    this.crashes.push({ target: target.name, property, reason: reason.slice(0, 1000), input: target.toJson(input) })
  }
}

/** The broken property, or the exception and where it came from. */
function describe(error: unknown): { property: string; reason: string } {
  if (error instanceof Broken) return { property: error.property, reason: error.message }
  const { name, message, stack = '' } = error instanceof Error ? error : { name: 'thrown', message: String(error) }
  const frames = stack.split('\n').filter(line => line.includes('    at '))
  return { property: 'no throw', reason: `${name}: ${message}\n${frames.slice(0, 4).join('\n')}` }
}

/** What tells one failure from another, numbers aside. */
function placeOf(error: unknown): string {
  if (error instanceof Broken)
    return error.message
      .slice(error.property.length)
      .replace(/[^a-z ]/gi, '')
      .slice(0, 60)
  return describe(error).reason.replace(/\d+/g, '#').slice(0, 200)
}

const SHRINK_RUNS = 4000
const SHRINK_MS = 10_000

/** The smallest input found that breaks the same property. */
function shrink<Input>(target: Target<Input>, input: Input, error: unknown): { input: Input; error: unknown } {
  const { property } = describe(error)
  const until = performance.now() + SHRINK_MS
  let best = { input, error }
  let runs = 0
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false
    for (const candidate of target.shrink(best.input)) {
      if (++runs > SHRINK_RUNS || performance.now() > until) return best
      const failure = failureOf(target, candidate)
      if (failure === undefined || describe(failure).property !== property) continue
      best = { input: candidate, error: failure }
      isSmaller = true
      break
    }
  }
  return best
}

function failureOf<Input>(target: Target<Input>, input: Input): unknown {
  try {
    target.run(input, true)
    return undefined
  } catch (error) {
    return error
  }
}
