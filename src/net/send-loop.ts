/**
 * The rhythm of the speaker: reads mark work, work is done in bounded stretches, what came out of it is written to the peers in slices.
 *
 * One turn is at most one stretch of work and one slice of writing (10 ms), then the loop gets a chance to read, and other timers to run. Due
 * keepalives go before every slice (RFC 4271 4.4; spec/rib.md section 7). A round visits every peer that may have output once, from a starting
 * point that moves; the next stretch of work waits until the round is done, and then as long as both together took (at most 100 ms), so that
 * load makes batches larger instead of the queue longer. An idle speaker has no such delay: a route goes in and out within one turn of the loop, or
 * within a few where a round is long.
 * A peer that could take more than its share of a visit stays in line, and is visited again in the next round.
 */
import type { Millis } from '../../fsm/index.ts'
import type { Clock, PendingCall } from './clock.ts'
import type { WorkPort } from './routing-port.ts'

/** How a visit ended: nothing left, the socket is full (its 'drain' will call `ready`), or there is more and room for it. */
export type SendResult = 'idle' | 'blocked' | 'more'

/** Somebody to write to. Must not throw. */
export interface Sender {
  /** Writes until nothing is left, the socket is full, or the clock has passed `until`. */
  send(until: Millis): SendResult
}

/** A sender's place in the rounds. */
export class SendSlot {
  readonly sender: Sender
  state: 'idle' | 'ready' | 'blocked' | 'left' = 'idle'

  constructor(sender: Sender) {
    this.sender = sender
  }
}

export interface SendLoopOptions {
  readonly work: WorkPort
  readonly clock: Clock
  /** Called before every slice: due keepalives. */
  readonly beforeSlice: (now: Millis) => void
  /** Longest stretch of writing. Default 10. */
  readonly sliceMs?: number
  /** Longest wait between the end of a round and the next stretch of work. Default 100. */
  readonly maxGapMs?: number
}

/** A wait this short is not worth a timer. */
const SHORTEST_WAIT_MS = 1

/**
 * Where a round takes so long, the sockets are looked at some more times before the next one begins: what belongs together (a withdraw here,
 * the announcement there) then costs one round. That takes some tens of microseconds. When it takes longer, a table is coming in, and there is
 * enough to begin with.
 */
const LONG_ROUND_MS = 2
const MORE_LOOKS = 3
const LONGEST_LOOK_MS = 1

/** While neighbours come up one after the other, everything told to them will be told anew in a moment: rounds are rarer then. */
const JOINING_MS = 50
const JOINING_FACTOR = 3

export class SendLoop {
  readonly #work: WorkPort
  readonly #clock: Clock
  readonly #beforeSlice: (now: Millis) => void
  readonly #sliceMs: number
  readonly #maxGapMs: number
  readonly #slots = new Set<SendSlot>()
  #readyCount = 0
  /** Whom the running round visits: `#round[0, #roundEnd)` in a circle from `#roundStart` on, `#roundAt` of them so far. */
  readonly #round: SendSlot[] = []
  #roundStart = 0
  #roundAt = 0
  #roundEnd = 0
  #rounds = 0
  /** When the running round's stretch of work began; undefined in a round without one. */
  #workedAt: Millis | undefined
  #joinedAt = Number.NEGATIVE_INFINITY
  /** How long the last round with work in it took. */
  #lastRoundMs = 0
  /** Before this time no stretch of work is begun. */
  #workFrom = 0
  #soon: PendingCall | undefined
  #later: PendingCall | undefined

  constructor(options: SendLoopOptions) {
    this.#work = options.work
    this.#clock = options.clock
    this.#beforeSlice = options.beforeSlice
    this.#sliceMs = options.sliceMs ?? 10
    this.#maxGapMs = options.maxGapMs ?? 100
  }

  /** Takes a sender in; it is visited in the next round, for it has a table to get. */
  join(sender: Sender): SendSlot {
    const slot = new SendSlot(sender)
    this.#slots.add(slot)
    this.#joinedAt = this.#clock.now()
    this.ready(slot)
    return slot
  }

  leave(slot: SendSlot): void {
    this.#setState(slot, 'left')
    this.#slots.delete(slot)
  }

  /** The sender has room again, or something to say. */
  ready(slot: SendSlot): void {
    if (slot.state === 'left') return
    this.#setState(slot, 'ready')
    this.schedule()
  }

  /** Arranges for a turn if there is anything to do; costs nothing when there is not. To be called after every read and every change of routes. */
  schedule(): void {
    if (this.#soon !== undefined) return
    if (this.#readyCount > 0 || this.#roundAt < this.#roundEnd) {
      this.#turnSoon()
      return
    }
    if (!this.#work.pending || this.#later !== undefined) return
    const wait = this.#workFrom - this.#clock.now()
    if (wait <= SHORTEST_WAIT_MS) this.#turnSoon(this.#lastRoundMs < LONG_ROUND_MS ? 0 : MORE_LOOKS)
    else {
      this.#later = this.#clock.after(wait, () => {
        this.#later = undefined
        this.#turn()
      })
    }
  }

  /** A turn after the sockets were looked at, and then `looks` times more. */
  #turnSoon(looks = 0): void {
    this.#later?.cancel()
    this.#later = undefined
    const from = this.#clock.now()
    this.#soon = this.#clock.soon(() => {
      this.#soon = undefined
      if (looks > 0 && this.#clock.now() - from < LONGEST_LOOK_MS) this.#turnSoon(looks - 1)
      else this.#turn()
    })
  }

  #turn(): void {
    let now = this.#clock.now()
    this.#beforeSlice(now)
    if (this.#roundAt >= this.#roundEnd) {
      this.#beginRound(now)
      now = this.#clock.now()
    }
    const until = (now + this.#sliceMs) as Millis
    while (this.#roundAt < this.#roundEnd && now < until) {
      const slot = this.#round[(this.#roundStart + this.#roundAt++) % this.#roundEnd]
      if (slot === undefined || slot.state !== 'ready') continue
      this.#setState(slot, 'idle')
      this.#settle(slot, slot.sender.send(until))
      now = this.#clock.now()
    }
    if (this.#roundAt >= this.#roundEnd) this.#endRound(now)
    this.schedule()
  }

  #beginRound(now: Millis): void {
    if (this.#work.pending && now >= this.#workFrom - SHORTEST_WAIT_MS) {
      this.#workedAt = now
      this.#work.work()
      for (const slot of this.#slots) if (slot.state === 'idle') this.#setState(slot, 'ready')
    }
    this.#roundAt = 0
    this.#roundEnd = 0
    if (this.#readyCount === 0) return
    for (const slot of this.#slots) if (slot.state === 'ready') this.#round[this.#roundEnd++] = slot
    this.#roundStart = this.#rounds++ % this.#roundEnd
  }

  #endRound(now: Millis): void {
    if (this.#workedAt === undefined) return
    this.#lastRoundMs = Math.min(this.#maxGapMs, now - this.#workedAt)
    const factor = now - this.#joinedAt < JOINING_MS ? JOINING_FACTOR : 1
    this.#workFrom = now + Math.min(this.#maxGapMs, this.#lastRoundMs * factor)
    this.#workedAt = undefined
  }

  /** What a visit left behind; a sender that left, or was called ready again meanwhile, knows better than its result. */
  #settle(slot: SendSlot, result: SendResult): void {
    if (slot.state !== 'idle') return
    if (result === 'blocked') this.#setState(slot, 'blocked')
    else if (result === 'more') this.#setState(slot, 'ready')
  }

  #setState(slot: SendSlot, state: SendSlot['state']): void {
    if (slot.state === 'left') return
    if (slot.state === 'ready') this.#readyCount--
    slot.state = state
    if (state === 'ready') this.#readyCount++
  }
}
