/**
 * Slices that an update group has encoded and may want again, see catch-up.ts.
 *
 * A slice stays right until a flush touches its range, whoever joins meanwhile: a session that is new has no routes in it.
 * So neighbours that come up one after the other, as thousands do when a reflector starts, share what does not change
 * between them. Nobody clears away what is out of date: its successor takes its place. When nobody scans any more, a small
 * table is kept for who comes next.
 */

/** As a chunk of the log, see group-log.ts. */
export interface Piece {
  readonly bytes: Uint8Array
  readonly segments: readonly number[]
}

/** A stretch of encoded state, shared by readers whose scans are alike. */
export interface Slice {
  /** The flush it shows. */
  readonly flush: number
  readonly pieces: readonly Piece[]
}

/** What one group keeps at most while somebody scans. */
const MAX_OCTETS = 16 << 20
const MAX_SLICES = 4096
/** What it keeps afterwards, for each member it has. */
const KEPT_OCTETS = 1024

export class SliceCache {
  readonly #slices = new Map<string, Slice>()
  #octets = 0
  /** Some slice shows less than everything: only scans under way can want it. */
  #isMixed = false

  /** The slice of this key (see catch-up.ts), if flush `changed`, the last one that changed something there, is in it. */
  get(key: string, changed: number): Slice | undefined {
    const slice = this.#slices.get(key)
    return slice !== undefined && slice.flush >= changed ? slice : undefined
  }

  /** `isWhole`: it shows everything there is to tell of its range, not what somebody lacks. */
  set(key: string, slice: Slice, isWhole: boolean): void {
    if (this.#octets >= MAX_OCTETS || this.#slices.size >= MAX_SLICES) this.clear()
    const before = this.#slices.get(key)
    if (before !== undefined) this.#octets -= octetsOf(before)
    this.#slices.set(key, slice)
    this.#octets += octetsOf(slice)
    if (!isWhole) this.#isMixed = true
  }

  /** Nobody of the group's `members` scans any more. */
  settle(members: number): void {
    if (this.#isMixed || this.#octets > members * KEPT_OCTETS) this.clear()
  }

  clear(): void {
    this.#slices.clear()
    this.#octets = 0
    this.#isMixed = false
  }
}

function octetsOf({ pieces }: Slice): number {
  let octets = 0
  for (const { bytes } of pieces) octets += bytes.length
  return octets
}
