/**
 * Deadlines: the timers of RFC 4271 8.1.3 as plain numbers. Nothing here arms anything; whoever owns the clock asks for
 * `next`, sleeps as it likes, and comes back with `now`. Coming back too early or too late is harmless.
 * Differences from the RFC: a stopped timer has no value (the RFC sets it to zero).
 * Called by `session.ts` and `peer.ts`. Setting a deadline is on the UPDATE lane and allocates nothing.
 */

/** Milliseconds on the driver's monotonic clock, or a length of time on it. May have a fraction. */
export type Millis = number & { readonly __brand: 'Millis' }

/** Brands a number of milliseconds. */
export const millis = (value: number): Millis => value as Millis

/** The timers of one connection. `collision`: our KEEPALIVE waits for the OPEN of a connection that would win. */
export const SESSION_TIMERS = ['keepalive', 'hold', 'delay-open', 'collision', 'refresh'] as const
export type SessionTimer = (typeof SESSION_TIMERS)[number]

const UNSET = Number.POSITIVE_INFINITY

/** A small fixed set of named points in time, each set or clear. */
export class Deadlines<Name extends string> {
  /** The names, in the order in which deadlines of the same instant are reported. */
  readonly names: readonly Name[]
  readonly #at: number[]

  constructor(names: readonly Name[]) {
    this.names = names
    this.#at = Array.from(names, () => UNSET)
  }

  /** Arms `name`, or moves it when it is armed already. */
  set(name: Name, at: Millis): void {
    this.#at[this.names.indexOf(name)] = at
  }

  /** Disarms `name`. Harmless when it is not armed. */
  clear(name: Name): void {
    this.#at[this.names.indexOf(name)] = UNSET
  }

  /** Disarms everything. */
  clearAll(): void {
    this.#at.fill(UNSET)
  }

  /** When `name` is due; undefined when it is not armed. */
  at(name: Name): Millis | undefined {
    const at = this.#at[this.names.indexOf(name)] ?? UNSET
    return at === UNSET ? undefined : (at as Millis)
  }

  /** Whether `name` is armed and due. */
  isDue(name: Name, now: Millis): boolean {
    return (this.#at[this.names.indexOf(name)] ?? UNSET) <= now
  }

  /** Whether `name` is armed for `from` or later. */
  isSetFrom(name: Name, from: Millis): boolean {
    const at = this.#at[this.names.indexOf(name)] ?? UNSET
    return at >= from && at !== UNSET
  }

  /** Whether `name` is due, and nothing else is. Allocates nothing. */
  isOnlyDue(name: Name, now: Millis): boolean {
    const only = this.names.indexOf(name)
    for (let i = 0; i < this.#at.length; i++) if ((this.#at[i] ?? UNSET) <= now !== (i === only)) return false
    return true
  }

  /** The earliest armed deadline; undefined when none is armed. */
  next(): Millis | undefined {
    let earliest = UNSET
    for (let i = 0; i < this.#at.length; i++) earliest = Math.min(earliest, this.#at[i] ?? UNSET)
    return earliest === UNSET ? undefined : (earliest as Millis)
  }

  /** What is armed, for show commands. */
  list(): readonly { readonly name: Name; readonly at: Millis }[] {
    return this.names.flatMap(name => {
      const at = this.at(name)
      return at === undefined ? [] : [{ name, at }]
    })
  }

  /** The earliest deadline that is due at `now`; undefined when none is. It stays armed until cleared or set anew. */
  expired(now: Millis): Name | undefined {
    let earliest = UNSET
    let name: Name | undefined
    for (let i = 0; i < this.#at.length; i++) {
      const at = this.#at[i] ?? UNSET
      if (at <= now && at < earliest) {
        earliest = at
        name = this.names[i]
      }
    }
    return name
  }
}

/** The smallest factor of `jitter` (RFC 4271 10). */
export const LEAST_JITTER = 0.75

/** `interval` times a fresh factor between 0.75 and 1.0 (RFC 4271 10). `random` gives 0 to 1. */
export function jitter(interval: number, random: () => number): Millis {
  return (interval * (LEAST_JITTER + (1 - LEAST_JITTER) * random())) as Millis
}
