/**
 * How long a failing peer is left alone: DampPeerOscillations and IdleHoldTime of RFC 4271 8.1.1, which asks for
 * exponential growth and leaves the numbers to us. Doubles from `first` to `cap`, jittered (RFC 4271 10), and is
 * forgotten after a stable period.
 * Called by `peer.ts`. Later refinements of damping belong here.
 */

import type { Millis } from './deadlines.ts'
import { jitter } from './deadlines.ts'
import type { PeerFsmOptions } from './options.ts'

const DEFAULT_FORGET_MS = 300_000

/** The memory of one peer's failures. */
export class BackOff {
  readonly #options: Pick<PeerFsmOptions, 'idleHoldMs' | 'random'>
  #failures = 0
  #forgetAt = Number.NEGATIVE_INFINITY

  constructor(options: Pick<PeerFsmOptions, 'idleHoldMs' | 'random'>) {
    this.#options = options
  }

  /** Another failure: how long to wait now. */
  next(now: Millis): Millis {
    const { first, cap, forget = DEFAULT_FORGET_MS } = this.#options.idleHoldMs
    if (now >= this.#forgetAt) this.#failures = 0
    const hold = jitter(Math.min(cap, first * 2 ** this.#failures), this.#options.random)
    this.#failures++
    this.#forgetAt = now + hold + forget
    return hold
  }

  /** How long to wait after an ending that is nobody's failure; leaves the memory alone. */
  flat(): Millis {
    return jitter(this.#options.idleHoldMs.first, this.#options.random)
  }

  /** An operator started the peer: everything is forgiven. */
  forget(): void {
    this.#failures = 0
  }
}
