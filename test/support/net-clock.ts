/** Time that only moves when a test says so, and a loop that only turns when a test says so. */
import type { Millis } from '../../fsm/index.ts'
import type { Clock, PendingCall } from '../../src/net/clock.ts'

interface Call {
  readonly at: number
  readonly run: () => void
}

export class FakeClock implements Clock {
  time = 0
  #timers: Call[] = []
  #soon: Call[] = []

  now(): Millis {
    return this.time as Millis
  }

  after(delayMs: number, run: () => void): PendingCall {
    const call = { at: this.time + delayMs, run }
    this.#timers.push(call)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter(other => other !== call)
      },
    }
  }

  soon(run: () => void): PendingCall {
    const call = { at: this.time, run }
    this.#soon.push(call)
    return {
      cancel: () => {
        this.#soon = this.#soon.filter(other => other !== call)
      },
    }
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#timers.length
  }

  /** When the next timer fires. */
  get nextTimer(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers.map(call => call.at))
  }

  /** Whether somebody waits for the end of this turn. */
  get hasSoon(): boolean {
    return this.#soon.length > 0
  }

  /** One turn of the loop: what was asked for before it, and nothing asked for in it. */
  turn(): void {
    const calls = this.#soon
    this.#soon = []
    for (const call of calls) call.run()
  }

  /** Turns until nobody asks for another one; returns how many turns it took. */
  settle(limit = 1000): number {
    for (let turns = 0; turns < limit; turns++) {
      if (!this.hasSoon) return turns
      this.turn()
    }
    throw new Error(`still busy after ${limit} turns`)
  }

  /** Moves time, firing timers and turning the loop on the way. */
  advance(ms: number): void {
    const end = this.time + ms
    this.settle()
    for (let next = this.nextTimer; next !== undefined && next <= end; next = this.nextTimer) {
      this.time = Math.max(this.time, next)
      const due = this.#timers.filter(call => call.at <= this.time)
      this.#timers = this.#timers.filter(call => call.at > this.time)
      for (const call of due) call.run()
      this.settle()
    }
    this.time = end
  }
}
