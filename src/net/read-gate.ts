/**
 * Shares reading time between connections and leaves some for the rest. Left alone, libuv hands out up to 2 MB per socket in one turn of the loop;
 * a hundred peers that bring their tables at once would keep timers and writing waiting for seconds.
 *
 * A turn has a budget of reading time. Chunks beyond it are held, their sockets paused, and taken up in the next turn, first come first served.
 * The gate asks for the next turn only once half of the budget is spent, so that a KEEPALIVE now and then costs no turn of the loop; what was
 * spent before counts, which leaves a turn at least the other half.
 * At most one chunk (64 KiB) is held per connection, and about as much stays in its paused socket.
 */
import type { Millis } from '../../fsm/index.ts'
import type { Clock, PendingCall } from './clock.ts'

/** One connection's reading side. Must not throw. */
export interface Reader {
  /** Parses a chunk; `now` is the time of all that is in it. */
  consume(chunk: Uint8Array, now: Millis): void
  /** Keeps the chunk and stops reading. */
  hold(chunk: Uint8Array): void
  /** Parses what is held, if anything is, and reads on. */
  release(now: Millis): void
}

const READ_SLICE_MS = 10

export class ReadGate {
  readonly #clock: Clock
  readonly #sliceMs: number
  #spentMs = 0
  #waiting: Reader[] = []
  #turn: PendingCall | undefined

  constructor(clock: Clock, sliceMs: number = READ_SLICE_MS) {
    this.#clock = clock
    this.#sliceMs = sliceMs
  }

  /** A chunk arrived: parse it now, or hold it when this turn has had its share. */
  offer(reader: Reader, chunk: Uint8Array): void {
    if (this.#spentMs >= this.#sliceMs) {
      reader.hold(chunk)
      this.#waiting.push(reader)
    } else {
      const now = this.#clock.now()
      reader.consume(chunk, now)
      this.#spentMs += this.#clock.now() - now
    }
    this.#askForTurn()
  }

  #askForTurn(): void {
    const isDue = this.#waiting.length > 0 || this.#spentMs >= this.#sliceMs / 2
    if (isDue) this.#turn ??= this.#clock.soon(() => this.#nextTurn())
  }

  #nextTurn(): void {
    this.#turn = undefined
    this.#spentMs = 0
    let at = 0
    // At least one, however small the share: a held chunk must not be held for ever.
    do {
      const now = this.#clock.now()
      this.#waiting[at++]?.release(now)
      this.#spentMs += this.#clock.now() - now
    } while (at < this.#waiting.length && this.#spentMs < this.#sliceMs)
    this.#waiting = this.#waiting.slice(at)
    this.#askForTurn()
  }
}
