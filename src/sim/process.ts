/**
 * One life of a process: the event loop that the real drivers of `src/net` run on, with virtual time for `performance.now`,
 * `setTimeout` and `setImmediate`. It may be frozen, when whatever happens waits, and it dies, when nothing happens any more.
 *
 * Time passes while it works: a turn that asks for the time again is told a later one now and then, so that slices end and
 * budgets run out in the middle of things. Timers fire late, never early. Called by `speaker.ts` and `socket.ts`.
 */
import { type Millis, millis } from '../../fsm/index.ts'
import type { Clock, PendingCall } from '../net/index.ts'
import type { LocalClock, VirtualClock } from './clock.ts'
import type { Random } from './random.ts'

/** Something to do, and whether a timer asked for it. */
interface Waiting {
  readonly isTimer: boolean
  readonly run: () => void
}

export interface ProcessOptions {
  readonly world: VirtualClock
  readonly local: LocalClock
  readonly random: Random
  /** Chance that a look at the clock finds that work has taken a while. */
  readonly effort: number
  /** The longest turn of its loop, milliseconds. */
  readonly turnMs: number
}

/** The longest that work takes between two looks at the clock, milliseconds: more than a slice of the send loop. */
const LONGEST_EFFORT_MS = 15
/** How far work makes a process late, at most. */
const MOST_BUSY_MS = 40

export class Process implements Clock {
  isFrozen = false
  isDead = false
  /** Time of the world. */
  awakeSince = 0
  readonly #options: ProcessOptions
  #waiting: Waiting[] = []
  /** What the next turn of the loop begins with. */
  #soon: Call[] = []
  #now: Millis

  constructor(options: ProcessOptions) {
    this.#options = options
    this.#now = options.local.now()
  }

  // Clock

  now(): Millis {
    const { local, random, effort } = this.#options
    const now = local.now()
    if (now > this.#now) this.#now = now
    if (effort > 0 && this.#now < now + MOST_BUSY_MS && random.chance(effort)) {
      this.#now = millis(this.#now + random.between(0, LONGEST_EFFORT_MS))
    }
    return this.#now
  }

  after(delayMs: number, run: () => void): PendingCall {
    const { world, local, random } = this.#options
    const from = Math.max(local.now(), this.#now)
    const call = new Call(run)
    world.at(local.worldTime(from + delayMs) + random.next(), () => this.#do({ isTimer: true, run: call.run }))
    return call
  }

  soon(run: () => void): PendingCall {
    const call = new Call(run)
    if (this.#soon.push(call) === 1) {
      const { world, random, turnMs } = this.#options
      world.after(random.between(0, turnMs), () => this.#do({ isTimer: false, run: this.#turn }))
    }
    return call
  }

  /** Everything that was asked for in time, as `setImmediate` has it; what these ask for comes a turn later. */
  readonly #turn = (): void => {
    const calls = this.#soon
    this.#soon = []
    for (const call of calls) call.run()
  }

  // The outside

  /** Something happened: it is seen to now, or when the process goes on. */
  run(task: () => void): void {
    this.#do({ isTimer: false, run: task })
  }

  /** Goes on, with what has come in meanwhile or with what is overdue. */
  thaw(): void {
    if (!this.isFrozen) return
    this.isFrozen = false
    this.awakeSince = this.#options.world.now
    const waiting = this.#waiting
    this.#waiting = []
    const isTimersFirst = this.#options.random.chance(0.5)
    const order = isTimersFirst
      ? [...waiting.filter(one => one.isTimer), ...waiting.filter(one => !one.isTimer)]
      : waiting
    for (const one of order) this.#do(one)
  }

  die(): void {
    this.isDead = true
    this.#waiting = []
  }

  #do(one: Waiting): void {
    if (this.isDead) return
    if (this.isFrozen) this.#waiting.push(one)
    else one.run()
  }
}

/** A call that can be taken back. */
class Call implements PendingCall {
  #run: (() => void) | undefined

  constructor(run: () => void) {
    this.#run = run
  }

  cancel(): void {
    this.#run = undefined
  }

  readonly run = (): void => this.#run?.()
}
