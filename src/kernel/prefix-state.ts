/**
 * What sync.ts knows of each prefix of one family, in typed arrays indexed by the PrefixTable's id: about 40 octets a prefix, no objects.
 *
 * Four facts decide everything; the state a person sees is derived from them (`ledger.ts`, stateOf):
 *   desired   the target asked for            (0: none)
 *   actual    the target the kernel has       (0: none, as far as we know)
 *   sent      the target of the write on its way (0: none, DELETING: a delete)
 *   errno     why the last write failed       (0: it did not)
 */
import type { Family } from '../../wire/family.ts'
import { FetchAhead, WORTH_TOUCHING_OCTETS } from '../table/fetch-ahead.ts'
import { PrefixTable } from '../table/prefix-table.ts'

/** The prefix of a change, as BestRoute of the RIB carries it; words beyond the family's are ignored. Host bits are zero. */
export interface PrefixKey {
  readonly family: Family
  readonly address0: number
  readonly address1: number
  readonly address2: number
  readonly address3: number
  readonly length: number
}

/** `sent` while a delete is on its way. */
export const DELETING = 0xffffffff

export const PrefixFlag = {
  /** Waits in the queue of prefixes to look at. */
  queued: 1,
  /** This process has wanted it at some time: no leftover of an earlier one. */
  claimed: 2,
  /** In the list of prefixes to retry. */
  listed: 4,
  /** `actual` was found in the kernel, not written by us. */
  found: 8,
} as const

const FIRST_IDS = 64
/** The arrays that come next are fetched from a fill of 3/4 on, in steps of so many ids, with a page each. */
const STEP_IDS = 32

export class PrefixStates {
  readonly family: Family
  readonly table: PrefixTable
  desired = new Uint32Array(FIRST_IDS)
  actual = new Uint32Array(FIRST_IDS)
  sent = new Uint32Array(FIRST_IDS)
  errno = new Uint8Array(FIRST_IDS)
  /** Index into the interned texts of sync.ts. */
  reason = new Uint16Array(FIRST_IDS)
  flags = new Uint8Array(FIRST_IDS)
  /** The state as it was counted last, a number of ledger.ts. */
  state = new Uint8Array(FIRST_IDS)
  /** The last dump that showed this prefix. */
  dump = new Uint32Array(FIRST_IDS)
  /** When the wish or the state last changed, in ms of the injected clock. */
  since = new Float64Array(FIRST_IDS)
  #next: FetchAhead<Columns> | undefined
  /** The id at which `reserve` looks again. */
  #lookAt = 0

  constructor(family: Family, seed: number) {
    this.family = family
    this.table = new PrefixTable(family, seed)
  }

  /** Makes room for `id`, one of the table's, which come one after the other. */
  reserve(id: number): void {
    if (id < this.#lookAt) return
    while (id >= this.desired.length) this.#grow()
    this.#lookAt = Math.min(id + STEP_IDS, this.desired.length)
    if (id * 4 < this.desired.length * 3 || this.since.byteLength < WORTH_TOUCHING_OCTETS) return
    this.#next ??= new FetchAhead(columnsFor(this.desired.length * 2), 1 / 2)
    this.#next.touch()
  }

  #grow(): void {
    const { columns } = this.#next ?? { columns: columnsFor(this.desired.length * 2) }
    this.#next = undefined
    for (const name of Object.keys(columns) as (keyof Columns)[]) columns[name].set(this[name])
    Object.assign(this, columns)
  }

  /** Gives the id back; its slots are clean for the next prefix. */
  forget(id: number): void {
    this.table.remove(id)
    this.desired[id] = 0
    this.actual[id] = 0
    this.sent[id] = 0
    this.errno[id] = 0
    this.reason[id] = 0
    this.flags[id] = 0
    this.state[id] = 0
    this.dump[id] = 0
    this.since[id] = 0
  }
}

/** Arrays for so many ids, zero. */
function columnsFor(ids: number) {
  return {
    desired: new Uint32Array(ids),
    actual: new Uint32Array(ids),
    sent: new Uint32Array(ids),
    errno: new Uint8Array(ids),
    reason: new Uint16Array(ids),
    flags: new Uint8Array(ids),
    state: new Uint8Array(ids),
    dump: new Uint32Array(ids),
    since: new Float64Array(ids),
  }
}
type Columns = ReturnType<typeof columnsFor>

/** First in, first out: prefixes as tokens (id * 2 + family index). A ring that grows. */
export class TokenQueue {
  #ring = new Uint32Array(1024)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(token: number): void {
    if (this.#size === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = token
    this.#size += 1
  }

  /** The oldest token. Only while `size` > 0. */
  shift(): number {
    const token = this.#ring[this.#head]!
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.#size -= 1
    return token
  }

  #grow(): void {
    const ring = new Uint32Array(this.#ring.length * 2)
    const tail = this.#ring.subarray(this.#head)
    ring.set(tail)
    ring.set(this.#ring.subarray(0, this.#head), tail.length)
    this.#ring = ring
    this.#head = 0
  }
}
