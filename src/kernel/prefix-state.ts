/**
 * What sync.ts knows of each prefix of one family, in typed arrays indexed by the PrefixTable's id: about 40 octets a prefix, no objects.
 *
 * Four facts decide everything; the state a person sees is derived from them (`sync.ts`, stateOf):
 *   desired   the target asked for            (0: none)
 *   actual    the target the kernel has       (0: none, as far as we know)
 *   sent      the target of the write on its way (0: none, DELETING: a delete)
 *   errno     why the last write failed       (0: it did not)
 */
import type { Family } from '../../wire/family.ts'
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

export class PrefixStates {
  readonly family: Family
  readonly table: PrefixTable
  desired = new Uint32Array(64)
  actual = new Uint32Array(64)
  sent = new Uint32Array(64)
  errno = new Uint8Array(64)
  /** Index into the interned texts of sync.ts. */
  reason = new Uint16Array(64)
  flags = new Uint8Array(64)
  /** The last dump that showed this prefix. */
  dump = new Uint32Array(64)
  /** When the wish or the state last changed, in ms of the injected clock. */
  since = new Float64Array(64)
  /** The id at which `reserve` looks again. */
  #growAt = 0

  constructor(family: Family, seed: number) {
    this.family = family
    this.table = new PrefixTable(family, seed)
  }

  /**
   * Makes room for `id`. Each array grows at a fill of its own, so that no turn of the loop pays for all of them: at a million prefixes
   * one costs 2 ms, all together 12.
   */
  reserve(id: number): void {
    if (id < this.#growAt) return
    const next = id + 64
    const at = (sixteenths: number) => Math.floor((next * 16) / sixteenths)
    this.desired = roomy(this.desired, next)
    this.actual = roomy(this.actual, at(15))
    this.sent = roomy(this.sent, at(14))
    this.dump = roomy(this.dump, at(13))
    this.since = roomy(this.since, at(12))
    this.reason = roomy(this.reason, at(11))
    this.errno = roomy(this.errno, at(10))
    this.flags = roomy(this.flags, at(10))
    this.#growAt = next
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
    this.dump[id] = 0
    this.since[id] = 0
  }
}

type Column = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

/** The array, or one twice as long when it has no slot `index`. */
function roomy<T extends Column>(column: T, index: number): T {
  if (index < column.length) return column
  const make = column.constructor as new (length: number) => T
  const larger = new make(Math.max(index + 1, column.length * 2))
  larger.set(column)
  return larger
}

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
