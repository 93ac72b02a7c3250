/**
 * Progress of one reader's catch-up scan through the prefixes of one family, and what the scan may take for granted.
 *
 * A premise says what the reader knows about a stretch of prefix ids: nothing that matters (fresh), or everything up to some
 * flush, as its group or another one tells it. A reader that changes group in the middle of a scan has two: what lies behind
 * it the old group has told, what lies ahead is as it was. Called by reader.ts, read by catch-up.ts. No RFC.
 */
import type { Family } from '../../wire/family.ts'
import type { UpdateGroup } from './update-group.ts'

export interface Premise {
  /** It holds for prefix ids below. */
  readonly until: number
  /** The reader has nothing, or the log told it the rest: withdraws are superfluous. */
  readonly isFresh: boolean
  /** The last flush whose news the reader has. 0 when fresh. */
  readonly since: number
  /** What did not change since is known as that group tells it; undefined: as the present group does. */
  readonly from: UpdateGroup | undefined
}

/** Prefix ids from `first` up to `end`. */
export interface Stretch {
  readonly first: number
  readonly end: number
}

const EVERYWHERE = Number.POSITIVE_INFINITY
const FRESH: Premise = { until: EVERYWHERE, isFresh: true, since: 0, from: undefined }

function knownUpTo(since: number): Premise {
  return { until: EVERYWHERE, isFresh: false, since, from: undefined }
}

export class Scan {
  readonly family: Family
  /** Next prefix id, the first of a range; -1 when no scan is under way. */
  position = -1
  /** The reader lagged again meanwhile: another scan must follow, from `sinceAgain`. */
  isAgain = false
  sinceAgain = 0
  /** What is due after the scan (reader.ts) is due when flush `settledAfter` was read, too. */
  settledAfter = -1
  isEndOfRibDue = false
  /** The peer asked for everything again and has not been told that this begins, or that it has ended (RFC 7313). */
  isRefreshDue = false
  isRefreshEndDue = false
  /** Those for ids from `position` on. */
  #premises: Premise[] = []

  constructor(family: Family) {
    this.family = family
  }

  get isActive(): boolean {
    return this.position >= 0
  }

  /** It is over, and nothing is due after it. */
  get isSettled(): boolean {
    return !this.isActive && !this.isEndOfRibDue && !this.isRefreshDue && !this.isRefreshEndDue
  }

  /** The first scan of all, at its beginning. */
  get isUntouched(): boolean {
    return this.isEndOfRibDue && this.position === 0 && this.premise.isFresh
  }

  /** It is at its beginning and will tell whatever changed, so that the log need not. */
  get willTellChanges(): boolean {
    return this.position === 0 && !this.premise.isFresh
  }

  /** What holds at `position`. */
  get premise(): Premise {
    return this.#premises[0] ?? FRESH
  }

  #begin(premises: Premise[]): void {
    this.position = 0
    this.#premises = premises
    this.isAgain = false
  }

  /** From the beginning, for a reader that has nothing or wants everything again. */
  start(): void {
    this.#begin([FRESH])
  }

  /** Everything, with withdraws of what is not told. */
  startOver(): void {
    this.#begin([knownUpTo(0)])
  }

  advance(position: number): void {
    this.position = position
    while (this.premise.until <= position) this.#premises.shift()
  }

  /** The log between flush `seen` and now was dropped for this reader. */
  restart(seen: number): void {
    this.#premises = this.#premises.map(premise => ({ ...premise, isFresh: false }))
    if (this.position < 0) this.#begin([knownUpTo(seen)])
    else if (this.position > 0 && !this.isAgain) {
      // What lies behind was up to date as of `seen`; the present round goes on, so that every round ends.
      this.isAgain = true
      this.sinceAgain = seen
    }
  }

  /** The reader leaves group `from`, of whose log it has read up to flush `seen`, for another one. */
  move(from: UpdateGroup, seen: number): void {
    const ahead = this.#premises.map(premise =>
      premise.isFresh ? { ...premise, isFresh: false } : { ...premise, from: premise.from ?? from },
    )
    if (this.position === 0) {
      this.#begin(ahead)
      return
    }
    const until = this.isActive ? this.position : EVERYWHERE
    const behind: Premise = { until, isFresh: false, since: this.isAgain ? this.sinceAgain : seen, from }
    this.#begin([behind, ...(this.isActive ? ahead : [])])
  }

  /** The end was reached. Starts the next round if one is due. */
  finish(): void {
    if (this.isAgain) this.#begin([knownUpTo(this.sinceAgain)])
    else {
      this.position = -1
      this.#premises = []
    }
  }

  /** At most `upTo`: the last flush whose news this scan's reader has for sure. The round after this one starts later. */
  confirmed(upTo: number): number {
    let flush = upTo
    for (const { isFresh, since } of this.#premises) if (!isFresh) flush = Math.min(flush, since)
    return flush
  }
}
