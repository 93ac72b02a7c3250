/**
 * Virtual time: one clock of the world that jumps from event to event, and one of each machine that starts somewhere else
 * and runs a little fast or slow, as monotonic clocks of different machines do.
 * Called by all of this folder; nothing here ever looks at a real clock.
 */
import { type Millis, millis } from '../../fsm/index.ts'
import { EventQueue } from './event-queue.ts'

export class VirtualClock {
  readonly #queue = new EventQueue()
  #now = 0
  /** Events so far. */
  count = 0
  /** Asked after every event; what it gives is thrown. */
  failure: () => Error | undefined = () => undefined

  /** Milliseconds since the beginning of the world. */
  get now(): number {
    return this.#now
  }

  /** Plans `run`; no later event of the same instant comes before it. */
  after(delayMs: number, run: () => void): void {
    this.#queue.add(this.#now + Math.max(0, delayMs), run)
  }

  at(time: number, run: () => void): void {
    this.#queue.add(Math.max(time, this.#now), run)
  }

  /** Lets everything happen that is due until `end`, then it is `end`. */
  runUntil(end: number): void {
    while (this.#queue.nextAt <= end) {
      const next = this.#queue.take()
      if (next === undefined) break
      this.#now = next.at
      this.count++
      next.run()
      const failure = this.failure()
      if (failure !== undefined) throw failure
    }
    this.#now = end
  }
}

/** The monotonic clock of one machine. */
export class LocalClock {
  readonly #clock: VirtualClock
  readonly #offsetMs: number
  readonly #rate: number

  /** `rate` 1.001 gains a millisecond a second. */
  constructor(clock: VirtualClock, offsetMs: number, rate: number) {
    this.#clock = clock
    this.#offsetMs = offsetMs
    this.#rate = rate
  }

  now(): Millis {
    return millis(this.#offsetMs + this.#clock.now * this.#rate)
  }

  /** The time of the world at which this clock shows `local`. */
  worldTime(local: number): number {
    return (local - this.#offsetMs) / this.#rate
  }
}
