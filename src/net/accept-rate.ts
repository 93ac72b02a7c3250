/**
 * How often connections are taken from one source, and from all together: token buckets, checked before anything is set up for a connection.
 *
 * A neighbour needs one connection, and a few when both sides dial; thousands of them come back at once when a reflector restarts, so the bucket of all
 * is deep and that of one is small. Sources are only remembered while their bucket is not full again, and at most MAX_SOURCES of them: beyond that the
 * longest known is forgotten, which gives it a full bucket and no more. Called by peer-set.ts with sources that are known already, never with strangers.
 */
import type { Millis } from '../../fsm/index.ts'

export interface Rate {
  /** Tokens a second. */
  readonly perSecond: number
  /** Tokens of a full bucket. */
  readonly burst: number
}

const SOURCE_RATE: Rate = { perSecond: 5, burst: 20 }
const GLOBAL_RATE: Rate = { perSecond: 2_000, burst: 10_000 }
const MAX_SOURCES = 10_000

class Bucket {
  readonly #rate: Rate
  #tokens: number
  #at: Millis

  constructor(rate: Rate, now: Millis) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#at = now
  }

  take(now: Millis): boolean {
    this.#fill(now)
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  isFull(now: Millis): boolean {
    this.#fill(now)
    return this.#tokens >= this.#rate.burst
  }

  #fill(now: Millis): void {
    const { perSecond, burst } = this.#rate
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * perSecond)
    this.#at = now
  }
}

export class AcceptRate {
  readonly #source: Rate
  readonly #all: Bucket
  readonly #sources = new Map<string, Bucket>()

  constructor(now: Millis, rates: { readonly source?: Rate; readonly global?: Rate } = {}) {
    this.#source = rates.source ?? SOURCE_RATE
    this.#all = new Bucket(rates.global ?? GLOBAL_RATE, now)
  }

  /** Whether a connection from this address may be taken now; else whose rate it is above. */
  take(address: string, now: Millis): 'source-rate' | 'global-rate' | undefined {
    let bucket = this.#sources.get(address)
    if (bucket === undefined) {
      this.#makeRoom(now)
      bucket = new Bucket(this.#source, now)
      this.#sources.set(address, bucket)
    }
    if (!bucket.take(now)) return 'source-rate'
    return this.#all.take(now) ? undefined : 'global-rate'
  }

  /** How many sources are remembered. */
  get size(): number {
    return this.#sources.size
  }

  #makeRoom(now: Millis): void {
    // The longest known two: so the full ones go as fast as new ones come.
    let looked = 0
    for (const [address, bucket] of this.#sources) {
      if (looked++ === 2) break
      if (bucket.isFull(now) || this.#sources.size >= MAX_SOURCES) this.#sources.delete(address)
      else {
        // To the end, so that the next ones are looked at.
        this.#sources.delete(address)
        this.#sources.set(address, bucket)
      }
    }
  }
}
