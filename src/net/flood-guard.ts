/**
 * Keeps a flood of strangers away from a listener: as soon as they are many, the kernel drops their first segments, and nobody here hears of them.
 *
 * While few come, each is accepted and reset, which tells a misconfigured neighbour at once and names it in the log; a thousand times as many would cost a
 * core, and take the places of the real ones in the queue of the kernel. So the filter (source-filter.ts) is there during a flood only: attached above
 * FLOOD_PER_SECOND, taken off after CALM_SECONDS below it. What it drops is counted by the kernel and read once a second. Called by listener.ts.
 */
import type { Millis } from '../../fsm/index.ts'
import { SysError } from '../sys/errno.ts'
import { attachFilter, detachFilter, droppedSegments } from '../sys/socket-filter.ts'
import { addressOctets } from './address.ts'
import type { Clock, PendingCall } from './clock.ts'
import type { ListenedPeer } from './listen-descriptor.ts'
import { type SourcePrefix, sourceFilter } from './source-filter.ts'

const FLOOD_PER_SECOND = 200
const CALM_SECONDS = 10
const SECOND_MS = 1000

export interface FloodGuardOptions {
  readonly fd: number
  readonly addressOctets: 4 | 16
  readonly clock: Clock
  readonly sources: () => Iterable<ListenedPeer>
  /** So many segments of strangers were dropped since the last call. */
  readonly dropped: (count: number) => void
}

export class FloodGuard {
  readonly #options: FloodGuardOptions
  #windowAt: Millis
  #strangers = 0
  #seen = 0
  #calm = 0
  #tick: PendingCall | undefined

  constructor(options: FloodGuardOptions) {
    this.#options = options
    this.#windowAt = options.clock.now()
  }

  /** Whether strangers are dropped by the kernel now. */
  get isOn(): boolean {
    return this.#tick !== undefined
  }

  /** One more was accepted and reset. */
  stranger(): void {
    const now = this.#options.clock.now()
    if (now - this.#windowAt >= SECOND_MS) {
      this.#windowAt = now
      this.#strangers = 0
    }
    // Those that were waiting already when the filter came are no reason for another.
    if (++this.#strangers > FLOOD_PER_SECOND && !this.isOn) this.#begin()
  }

  /** The sources have changed. */
  refresh(): void {
    if (this.isOn) this.#attach()
  }

  close(): void {
    this.#tick?.cancel()
    this.#tick = undefined
  }

  #begin(): void {
    if (!this.#attach()) return
    this.#seen = droppedSegments(this.#options.fd)
    this.#calm = 0
    this.#watch()
  }

  #watch(): void {
    this.#tick = this.#options.clock.after(SECOND_MS, () => {
      const dropped = this.#count()
      this.#calm = dropped > FLOOD_PER_SECOND ? 0 : this.#calm + 1
      if (this.#calm < CALM_SECONDS) {
        this.#watch()
        return
      }
      this.#tick = undefined
      this.#strangers = 0
      detachFilter(this.#options.fd)
    })
  }

  #count(): number {
    const seen = droppedSegments(this.#options.fd)
    // A counter of 32 bits.
    const dropped = (seen - this.#seen) >>> 0
    this.#seen = seen
    if (dropped > 0) this.#options.dropped(dropped)
    return dropped
  }

  /** False when the kernel has no room for it: then strangers are reset as before. */
  #attach(): boolean {
    try {
      attachFilter(this.#options.fd, sourceFilter(this.#prefixes(), this.#options.addressOctets))
      return true
    } catch (error) {
      if (error instanceof SysError) return false
      throw error
    }
  }

  *#prefixes(): Iterable<SourcePrefix> {
    for (const { remoteAddress, prefixLength } of this.#options.sources()) {
      const address = addressOctets(remoteAddress)
      if (address !== undefined) yield { address, length: prefixLength ?? address.length * 8 }
    }
  }
}
