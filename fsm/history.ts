/**
 * The memory of a peer for show commands and bug reports: its state, its last 64 changes of state, its counters and its
 * last error. No RFC asks for it; the counters of RFC 4273 (the BGP MIB) can be told from these.
 * Called by `peer.ts`.
 */

import type { Millis } from './deadlines.ts'
import type { MessageCounts, PeerCounters, PeerError, State, Transition } from './output.ts'

/** How many transitions are kept. */
export const HISTORY_LIMIT = 64

/** What a peer remembers. Written by the peer only. */
export class History {
  readonly counters: PeerCounters = newCounters()
  lastError: PeerError | undefined
  /** Why the next change of state will have happened: the last thing worth telling. */
  cause = ''
  #state: State = 'Idle'
  readonly #ring: Transition[] = []
  #oldest = 0

  get state(): State {
    return this.#state
  }

  /** Notes the state as it is now. The transition, if there was one. */
  moveTo(to: State, now: Millis): Transition | undefined {
    if (to === this.#state) return undefined
    const transition = { at: now, from: this.#state, to, cause: this.cause }
    this.#state = to
    if (this.#ring.length < HISTORY_LIMIT) {
      this.#ring.push(transition)
    } else {
      this.#ring[this.#oldest] = transition
      this.#oldest = (this.#oldest + 1) % HISTORY_LIMIT
    }
    return transition
  }

  /** A copy of the transitions, oldest first. */
  transitions(): readonly Transition[] {
    return [...this.#ring.slice(this.#oldest), ...this.#ring.slice(0, this.#oldest)]
  }
}

const noMessages = (): MessageCounts => ({ open: 0, update: 0, notification: 0, keepalive: 0, 'route-refresh': 0 })

function newCounters(): PeerCounters {
  return {
    received: noMessages(),
    sent: noMessages(),
    dials: 0,
    dialFailures: 0,
    connections: 0,
    refusals: 0,
    collisions: 0,
    sessions: 0,
    refreshesIgnored: 0,
    refreshTimeouts: 0,
    reprieves: 0,
  }
}
