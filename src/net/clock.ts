/**
 * Time as the network side sees it: one monotonic clock, one way to be called later, one way to be called at the end of this turn of the loop.
 *
 * Drivers are the only place that may read a clock (design, section 3.3), and they do it through this, so that tests can hold time still.
 */
import { performance } from 'node:perf_hooks'
import type { Millis } from '../../fsm/index.ts'

/** A call that was asked for and has not happened yet. */
export interface PendingCall {
  cancel(): void
}

export interface Clock {
  /** Monotonic milliseconds with fraction. */
  now(): Millis
  /** Calls `run` once, `delayMs` from now or a little later. */
  after(delayMs: number, run: () => void): PendingCall
  /** Calls `run` once, after the loop has next looked at its sockets. */
  soon(run: () => void): PendingCall
}

/** `setTimeout` takes 31 bits; a longer wait is cut, which only means waking up early. */
const LONGEST_DELAY_MS = 0x7fff_ffff

export const systemClock: Clock = {
  now: () => performance.now() as Millis,
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, LONGEST_DELAY_MS))
    return { cancel: () => clearTimeout(timer) }
  },
  soon(run) {
    const immediate = setImmediate(run)
    return { cancel: () => clearImmediate(immediate) }
  },
}
