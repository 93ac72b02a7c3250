/**
 * One Node timer for the deadlines of all peers. The state machines keep deadlines as data (RFC 4271 8.2.1.3, 10); this is what wakes them.
 *
 * A binary heap orders the owners by a lower bound of their next deadline. Bounds are lowered at once and raised lazily: a hold deadline moves
 * with every UPDATE and nobody tells us; when the old time comes, the owner is asked again and goes back into the heap. A due timer does not act
 * at once but after the loop has looked at its sockets: whoever slept (a blocked loop, a stopped process) first reads what has been waiting in
 * the kernel, and only then decides that a neighbour was silent. The send loop calls `runDue` before every slice, so keepalives go first.
 * With many owners wake-ups lie on a grid: nobody is woken early, and nobody more than its step late.
 */
import type { Millis } from '../../fsm/index.ts'
import type { Clock, PendingCall } from './clock.ts'

/** From so many owners on, the deadlines of GRAIN_MS share a wake-up: waking up costs more than the KEEPALIVE that is due. */
const MANY_OWNERS = 64
const GRAIN_MS = 50

/** Somebody with deadlines. Must not throw. */
export interface DeadlineOwner {
  nextDeadline(): Millis | undefined
  deadlineReached(now: Millis): void
}

/** An owner's place in the timer. */
export class DeadlineSlot {
  readonly owner: DeadlineOwner
  /** A time not later than the owner's next deadline. */
  at = Number.POSITIVE_INFINITY
  /** Position in the heap, -1 when not in it. */
  index = -1
  isRemoved = false

  constructor(owner: DeadlineOwner) {
    this.owner = owner
  }
}

export class DeadlineTimer {
  readonly #clock: Clock
  readonly #heap: DeadlineSlot[] = []
  #call: PendingCall | undefined
  #calledAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(owner: DeadlineOwner): DeadlineSlot {
    const slot = new DeadlineSlot(owner)
    this.touch(slot)
    return slot
  }

  remove(slot: DeadlineSlot): void {
    slot.isRemoved = true
    this.#take(slot)
    if (this.#heap.length === 0) this.#disarm()
  }

  /** To be called when the owner's next deadline may have become earlier. */
  touch(slot: DeadlineSlot): void {
    if (slot.isRemoved) return
    const next = slot.owner.nextDeadline()
    if (next === undefined) {
      this.#take(slot)
      return
    }
    if (slot.index < 0) {
      slot.index = this.#heap.length
      this.#heap.push(slot)
    } else if (next >= slot.at) return
    slot.at = next
    this.#siftUp(slot)
    this.#arm()
  }

  /** Lets every owner whose deadline has come act, each at most once. */
  runDue(now: Millis): void {
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return
    const due: DeadlineSlot[] = []
    for (let slot = this.#heap[0]; slot !== undefined && slot.at <= now; slot = this.#heap[0]) {
      this.#take(slot)
      due.push(slot)
    }
    for (const slot of due) {
      if (slot.isRemoved) continue
      const next = slot.owner.nextDeadline()
      if (next !== undefined && next <= now) slot.owner.deadlineReached(now)
      this.touch(slot)
    }
  }

  #arm(): void {
    const first = this.#heap[0]
    if (first === undefined) return
    const grainMs = this.#heap.length >= MANY_OWNERS ? GRAIN_MS : 0
    const wakeAt = grainMs === 0 ? first.at : Math.ceil(first.at / grainMs) * grainMs
    if (this.#calledAt <= wakeAt) return
    this.#disarm()
    this.#calledAt = wakeAt
    const delay = Math.max(1, Math.ceil(wakeAt - this.#clock.now()))
    this.#call = this.#clock.after(delay, () => {
      this.#call = this.#clock.soon(() => {
        this.#call = undefined
        this.#calledAt = Number.POSITIVE_INFINITY
        this.runDue(this.#clock.now())
        this.#arm()
      })
    })
  }

  #disarm(): void {
    this.#call?.cancel()
    this.#call = undefined
    this.#calledAt = Number.POSITIVE_INFINITY
  }

  #take(slot: DeadlineSlot): void {
    const at = slot.index
    if (at < 0) return
    slot.index = -1
    const last = this.#heap.pop()
    if (last === undefined || last === slot) return
    last.index = at
    this.#heap[at] = last
    this.#siftUp(last)
    this.#siftDown(last)
  }

  #siftUp(slot: DeadlineSlot): void {
    while (slot.index > 0) {
      const parent = this.#heap[(slot.index - 1) >> 1]
      if (parent === undefined || parent.at <= slot.at) return
      this.#swap(parent, slot)
    }
  }

  #siftDown(slot: DeadlineSlot): void {
    for (;;) {
      const left = this.#heap[2 * slot.index + 1]
      const right = this.#heap[2 * slot.index + 2]
      if (left === undefined) return
      const child = right !== undefined && right.at < left.at ? right : left
      if (slot.at <= child.at) return
      this.#swap(slot, child)
    }
  }

  #swap(upper: DeadlineSlot, lower: DeadlineSlot): void {
    const at = upper.index
    upper.index = lower.index
    lower.index = at
    this.#heap[upper.index] = upper
    this.#heap[lower.index] = lower
  }
}
