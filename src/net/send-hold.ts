/**
 * The send hold timer (RFC 9687): a neighbour that keeps talking but takes nothing from us must not keep its session for ever.
 *
 * While octets are waiting, progress is looked at about once a second; progress is what the kernel took, not what was queued (RFC 9687 3).
 * Looked at only while something waits, so a healthy session costs nothing. Differences: the timer runs in Established only.
 */
import type { Millis } from '../../fsm/index.ts'
import { type Notification, sendHoldTimerExpired } from '../../wire/index.ts'

const LONGEST_CHECK_MS = 1000
const CHECKS_PER_HOLD = 8

/** RFC 9687 6: the default is the greater of 8 minutes and twice the hold time. */
export const defaultSendHoldMs = (holdTimeMs: number): number => Math.max(480_000, 2 * holdTimeMs)

/** The side of a connection that can be stuck. */
export interface SendQueue {
  readonly queuedOctets: number
  hasProgressed(): boolean
}

export class SendHold {
  readonly #queue: SendQueue
  readonly #holdMs: number
  #stalledSince = 0
  #nextCheck: Millis | undefined

  /** `holdMs` 0 turns it off. */
  constructor(queue: SendQueue, holdMs: number) {
    this.#queue = queue
    this.#holdMs = holdMs
  }

  get nextCheck(): Millis | undefined {
    return this.#nextCheck
  }

  /** To be called after writing. True when `nextCheck` has become earlier by it. */
  written(now: Millis): boolean {
    if (this.#nextCheck !== undefined || this.#holdMs === 0 || this.#queue.queuedOctets === 0) return false
    this.#queue.hasProgressed()
    this.#stalledSince = now
    this.#plan(now)
    return true
  }

  /** Looks at the queue when it is time to; the NOTIFICATION to end the session with when it has not moved for the whole time. */
  check(now: Millis): Notification | undefined {
    if (this.#nextCheck === undefined || now < this.#nextCheck) return undefined
    if (this.#queue.queuedOctets === 0) {
      this.#nextCheck = undefined
      return undefined
    }
    if (this.#queue.hasProgressed()) this.#stalledSince = now
    if (now - this.#stalledSince >= this.#holdMs) {
      this.#nextCheck = undefined
      return sendHoldTimerExpired()
    }
    this.#plan(now)
    return undefined
  }

  #plan(now: Millis): void {
    const step = Math.min(LONGEST_CHECK_MS, this.#holdMs / CHECKS_PER_HOLD)
    this.#nextCheck = Math.min(now + step, this.#stalledSince + this.#holdMs) as Millis
  }
}
