/**
 * Our side of coming together: the dial that may be under way and the ConnectRetryTimer (RFC 4271 8.2.2, Connect and
 * Active; jitter 10). The timer runs while a dial is under way, so that a dial that never ends is dropped, and between
 * dials. A passive peer has neither.
 * Differences from the RFC: none. DelayOpen, when it comes, belongs to the connection and not here.
 * Called by `peer.ts`.
 */

import type { Deadlines, Millis } from './deadlines.ts'
import { jitter } from './deadlines.ts'
import type { PeerFsmOptions } from './options.ts'
import type { PeerOutput } from './output.ts'

/** One peer's dialling. Says what to do through `emit`. */
export class Dialling {
  readonly #options: PeerFsmOptions
  readonly #deadlines: Deadlines<'connect-retry' | 'idle-hold'>
  readonly #emit: (output: PeerOutput) => void
  #connectRetryMs: number
  #isUnderWay = false

  constructor(
    options: PeerFsmOptions,
    deadlines: Deadlines<'connect-retry' | 'idle-hold'>,
    emit: (output: PeerOutput) => void,
  ) {
    this.#options = options
    this.#connectRetryMs = options.connectRetryMs
    this.#deadlines = deadlines
    this.#emit = emit
  }

  get isUnderWay(): boolean {
    return this.#isUnderWay
  }

  /** Counts from the next time the timer is armed. */
  set connectRetryMs(ms: number) {
    this.#connectRetryMs = ms
  }

  /** Dials; a dial that is still under way is dropped first. */
  begin(now: Millis): void {
    if (this.#isUnderWay) this.#emit({ type: 'cancel-dial' })
    this.#isUnderWay = true
    this.#emit({ type: 'dial' })
    this.retryLater(now)
  }

  /** The dial became a connection. */
  succeeded(): void {
    this.#isUnderWay = false
    this.#deadlines.clear('connect-retry')
  }

  /** The dial came to nothing. */
  failed(now: Millis): void {
    this.#isUnderWay = false
    this.retryLater(now)
  }

  /** Gives up: no dial, no timer. */
  stop(): void {
    this.#deadlines.clear('connect-retry')
    if (!this.#isUnderWay) return
    this.#isUnderWay = false
    this.#emit({ type: 'cancel-dial' })
  }

  /** Arms the timer anew, with fresh jitter, for `atLeastMs` or longer. */
  retryLater(now: Millis, atLeastMs = 0): void {
    const waitMs = Math.max(atLeastMs, jitter(this.#connectRetryMs, this.#options.random))
    this.#deadlines.set('connect-retry', (now + waitMs) as Millis)
  }
}
