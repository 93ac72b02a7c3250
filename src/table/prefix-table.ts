/**
 * Prefix -> dense id, and one record of words per id. The main table of the RIB, and of everyone who keeps routes by prefix.
 *
 * Open addressing with linear probing and deletion by shifting back; no tombstones. The ids are dense, start at 1, and an
 * id that was removed is given to the next new prefix. IPv4 slots hold the key itself, so that a probe touches one cache
 * line; IPv6 slots hold 26 bits of id and 6 bits of hash, and the key is verified in the record.
 * The slots grow in steps: each add and remove moves some of the old ones, so that no caller ever waits for a million of
 * them. Until all are moved a search that finds nothing goes on in the old slots. The memory of larger arrays is fetched
 * before they are needed, in steps too (fetch-ahead.ts).
 * Records live here because the address and what hangs on it are wanted together: after the address words comes one word
 * with the length in its low 8 bits and 24 bits for the owner, then two words for the owner. A subclass names those.
 * No RFC: host bits must be zero already (RFC 4271 4.3 is the business of wire/).
 *
 * Hot module: plain index arithmetic, kept inside this file and its subclasses. Arrays are replaced when they grow.
 */
import type { Family } from '../../wire/family.ts'
import { FetchAhead, WORTH_TOUCHING_OCTETS } from './fetch-ahead.ts'
import { type Displacement, DisplacementCount, secretMultiplier, secretWord } from './hash.ts'

/** Ids are 26 bits: 67 million prefixes of a family. */
const MAX_ID = 0x3ffffff
/** An IPv6 slot keeps so many bits of the hash above the id. */
const TAG = 63
/** In the low 8 bits of the length word: this id is on the free list. */
const FREE = 0xff
/** An old slot whose prefix was removed: id 0, and a length that no IPv4 prefix has. */
const BURIED = 63 << 26
/** Old slots that one add or remove moves. The next growth is further away than a sixth of them. */
const MOVED_AT_ONCE = 16
/** log2 of the number of slots at first. */
const FIRST_BITS = 7
/** Below so many slots (log2) a growth makes four of one: half the moving. A full table of IPv4 ends at 2 million slots. */
const FAST_BITS = 21
/** Larger slots are fetched from a fill of 9/16 on, larger records from one of 3/4: a page each 16 prefixes is soon enough. */
const BETWEEN_PAGES = 15

type Words = { readonly words: Uint32Array<ArrayBuffer> }

export function grown(words: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length)
  larger.set(words)
  return larger
}

export class PrefixTable {
  readonly family: Family
  /** Prefixes in the table. */
  size = 0
  /** One past the largest id ever given. */
  idLimit = 1

  protected records: Uint32Array<ArrayBuffer>
  readonly #wide: boolean
  /** log2 of words per record: 4 words for IPv4, 8 for IPv6. */
  protected readonly shift: number
  /** Offset of the length word inside a record. */
  protected readonly lengthWord: number

  #slots: Uint32Array<ArrayBuffer>
  /** log2 of the number of slots. */
  #bits = FIRST_BITS
  /** While the slots grow: those before. What was moved is still in them, what was removed is buried. */
  #old: Uint32Array<ArrayBuffer> | undefined
  /** log2 of their number. */
  #oldBits = 0
  /** The next old slot to move. */
  #unmoved = 0
  #freeId = 0
  /** The slots and the records that come next, while their memory is fetched. */
  #nextSlots: FetchAhead<Words> | undefined
  #nextRecords: FetchAhead<Words> | undefined
  readonly #salt: number
  readonly #multiplier: number
  readonly #second: number

  /** `seed` is the secret of the process; `reserve` is the number of records to set address space aside for. */
  constructor(family: Family, seed: number, reserve = 1024) {
    this.family = family
    this.#wide = family.words === 4
    this.shift = this.#wide ? 3 : 2
    this.lengthWord = family.words
    this.records = new Uint32Array(Math.max(reserve, 16) << this.shift)
    this.#slots = new Uint32Array(this.#wide ? 1 << this.#bits : 2 << this.#bits)
    this.#salt = secretWord(seed, family.index) | 0
    this.#multiplier = secretMultiplier(seed, 2 * family.index)
    this.#second = secretMultiplier(seed, 2 * family.index + 1)
  }

  /** The id of a prefix, or 0. Words beyond the family's are ignored; words may be signed or unsigned. */
  lookup(a0: number, a1: number, a2: number, a3: number, length: number): number {
    const found = this.#wide ? this.#find6(a0 | 0, a1 | 0, a2 | 0, a3 | 0, length) : this.#find4(a0 | 0, length)
    return Math.max(found, 0)
  }

  /** The id of a prefix, which is added when it is new: then its owner words are 0. May replace the record array. */
  add(a0: number, a1: number, a2: number, a3: number, length: number): number {
    const found = this.#wide ? this.#find6(a0 | 0, a1 | 0, a2 | 0, a3 | 0, length) : this.#find4(a0 | 0, length)
    return found > 0 ? found : this.#insert(~found, a0 | 0, a1 | 0, a2 | 0, a3 | 0, length)
  }

  /** Reads where the search for a prefix would begin, so that it is at hand when the search comes. */
  touch(a0: number, a1: number, a2: number, a3: number, length: number): number {
    const down = 32 - this.#bits
    if (this.#wide) return this.#slots[this.#hash6(a0, a1, a2, a3, length) >>> down]!
    return this.#slots[2 * (Math.imul(a0 ^ (length << 3) ^ this.#salt, this.#multiplier) >>> down)]!
  }

  // The search: the id, or the complement of the slot where it would go. Words are
  // signed here: a number above 2^31 handed from function to function would be an object on the heap.

  #find4(a0: number, length: number): number {
    const slots = this.#slots
    const mask = (1 << this.#bits) - 1
    let slot = Math.imul(a0 ^ (length << 3) ^ this.#salt, this.#multiplier) >>> (32 - this.#bits)
    for (;;) {
      const entry = slots[2 * slot + 1]!
      if (entry === 0) return this.#old === undefined ? ~slot : this.#findOld4(this.#old, a0, length) || ~slot
      if ((slots[2 * slot]! | 0) === a0 && entry >>> 26 === length) return entry & MAX_ID
      slot = (slot + 1) & mask
    }
  }

  /** The id, or 0. */
  #findOld4(old: Uint32Array, a0: number, length: number): number {
    const mask = (1 << this.#oldBits) - 1
    let slot = Math.imul(a0 ^ (length << 3) ^ this.#salt, this.#multiplier) >>> (32 - this.#oldBits)
    for (;;) {
      const entry = old[2 * slot + 1]!
      if (entry === 0) return 0
      if ((old[2 * slot]! | 0) === a0 && entry >>> 26 === length) return entry & MAX_ID
      slot = (slot + 1) & mask
    }
  }

  #find6(a0: number, a1: number, a2: number, a3: number, length: number): number {
    const slots = this.#slots
    const mask = (1 << this.#bits) - 1
    const hash = this.#hash6(a0, a1, a2, a3, length)
    const tag = hash & TAG
    let slot = hash >>> (32 - this.#bits)
    for (;;) {
      const entry = slots[slot]!
      if (entry === 0) break
      if (entry >>> 26 === tag && this.#holds6(entry & MAX_ID, a0, a1, a2, a3, length)) return entry & MAX_ID
      slot = (slot + 1) & mask
    }
    const old = this.#old
    if (old === undefined) return ~slot
    const oldMask = (1 << this.#oldBits) - 1
    for (let other = hash >>> (32 - this.#oldBits); ; other = (other + 1) & oldMask) {
      const entry = old[other]!
      if (entry === 0) return ~slot
      const id = entry & MAX_ID
      if (entry >>> 26 === tag && id !== 0 && this.#holds6(id, a0, a1, a2, a3, length)) return id
    }
  }

  #holds6(id: number, a0: number, a1: number, a2: number, a3: number, length: number): boolean {
    const records = this.records
    const at = id << 3
    return (
      (records[at + 1]! | 0) === a1 &&
      (records[at]! | 0) === a0 &&
      (records[at + 2]! | 0) === a2 &&
      (records[at + 3]! | 0) === a3 &&
      (records[at + 4]! & 0xff) === length
    )
  }

  #insert(slot: number, a0: number, a1: number, a2: number, a3: number, length: number): number {
    const id = this.#takeId()
    const at = id << this.shift
    const records = this.records
    records[at] = a0
    if (this.#wide) {
      records[at + 1] = a1
      records[at + 2] = a2
      records[at + 3] = a3
      this.#slots[slot] = ((this.#hash6(a0, a1, a2, a3, length) & TAG) << 26) | id
    } else {
      this.#slots[2 * slot] = a0
      this.#slots[2 * slot + 1] = (length << 26) | id
    }
    const info = at + this.lengthWord
    records[info] = length
    records[info + 1] = 0
    records[info + 2] = 0
    if (this.#old !== undefined) this.#move(this.#old)
    if (++this.size * 3 > 2 << this.#bits) this.#grow()
    else if ((this.size & BETWEEN_PAGES) === 0) this.#fetchSlots()
    return id
  }

  #takeId(): number {
    const id = this.#freeId
    if (id !== 0) {
      this.#freeId = this.records[(id << this.shift) + this.lengthWord + 1]!
      return id
    }
    if (this.idLimit > MAX_ID) throw new RangeError(`more than ${MAX_ID} ${this.family.name} prefixes`)
    const words = (this.idLimit + 1) << this.shift
    if (words > this.records.length) this.#growRecords()
    else if ((this.idLimit & BETWEEN_PAGES) === 0) this.#fetchRecords(words)
    return this.idLimit++
  }

  /** Forgets a prefix; its id may come back for another one at the next `add`. */
  remove(id: number): void {
    this.#clear(id)
    if (this.#old !== undefined) {
      this.#bury(this.#old, id)
      this.#move(this.#old)
    }
    const info = (id << this.shift) + this.lengthWord
    const records = this.records
    records[info] = FREE
    records[info + 1] = this.#freeId
    this.#freeId = id
    this.size--
  }

  /** True when the id stands for a prefix now. Any id from 1 to `idLimit` may be asked. */
  isLive(id: number): boolean {
    return (this.records[(id << this.shift) + this.lengthWord]! & 0xff) !== FREE
  }

  /** Prefix length in bits. */
  lengthOf(id: number): number {
    return this.records[(id << this.shift) + this.lengthWord]! & 0xff
  }

  /** The `k`-th address word, unsigned; 0 beyond the words of the family. */
  word(id: number, k: number): number {
    return k < this.lengthWord ? this.records[(id << this.shift) + k]! : 0
  }

  /** Octets of memory, reserved address space included. */
  get octets(): number {
    const next = (this.#nextSlots?.columns.words.byteLength ?? 0) + (this.#nextRecords?.columns.words.byteLength ?? 0)
    return this.records.byteLength + this.#slots.byteLength + (this.#old?.byteLength ?? 0) + next
  }

  /** How many slots away from its home a prefix lies. Looks at all of them: for diagnosis, not for every day. */
  displacement(): Displacement {
    const slots = this.#slots
    const stride = this.#wide ? 1 : 2
    const mask = (1 << this.#bits) - 1
    const count = new DisplacementCount()
    for (let slot = 0; slot <= mask; slot++) {
      const entry = slots[stride * slot + stride - 1]!
      if (entry !== 0) count.add((slot - (this.#hash(entry & MAX_ID) >>> (32 - this.#bits))) & mask)
    }
    return count
  }

  // Slots. `#home` is where the search for an id starts.

  #hash6(a0: number, a1: number, a2: number, a3: number, length: number): number {
    const m = this.#multiplier
    const n = this.#second
    let h = Math.imul(a0 ^ this.#salt, m)
    h = Math.imul((h << 15) | (h >>> 17), n)
    h = Math.imul(h ^ a1, m)
    h = Math.imul((h << 15) | (h >>> 17), n)
    h = Math.imul(h ^ a2, m)
    h = Math.imul((h << 15) | (h >>> 17), n)
    h = Math.imul(h ^ a3, m)
    h = Math.imul((h << 15) | (h >>> 17), n)
    h = Math.imul(h ^ length, m)
    h ^= h >>> 15
    return Math.imul(h, n) >>> 0
  }

  #hash(id: number): number {
    const records = this.records
    const at = id << this.shift
    const length = records[at + this.lengthWord]! & 0xff
    return this.#wide
      ? this.#hash6(records[at]!, records[at + 1]!, records[at + 2]!, records[at + 3]!, length)
      : Math.imul(records[at]! ^ (length << 3) ^ this.#salt, this.#multiplier) >>> 0
  }

  /** Empties the slot of `id`, if it has one, and moves up what was pushed past it. */
  #clear(id: number): void {
    const slots = this.#slots
    const stride = this.#wide ? 1 : 2
    const entry = stride - 1
    const mask = (1 << this.#bits) - 1
    const down = 32 - this.#bits
    let hole = this.#hash(id) >>> down
    while ((slots[stride * hole + entry]! & MAX_ID) !== id) {
      if (slots[stride * hole + entry] === 0) return
      hole = (hole + 1) & mask
    }
    for (let next = (hole + 1) & mask; ; next = (next + 1) & mask) {
      const other = slots[stride * next + entry]!
      if (other === 0) break
      const home = this.#hash(other & MAX_ID) >>> down
      if (((next - home) & mask) < ((next - hole) & mask)) continue
      slots[stride * hole] = slots[stride * next]!
      slots[stride * hole + entry] = other
      hole = next
    }
    slots[stride * hole] = 0
    slots[stride * hole + entry] = 0
  }

  /** log2 of how many times as many slots there will be after the next growth. */
  get #steps(): number {
    return this.#bits < FAST_BITS ? 2 : 1
  }

  /** More slots; what is in the old ones follows by and by. */
  #grow(): void {
    const steps = this.#steps
    this.#old = this.#slots
    this.#oldBits = this.#bits
    this.#unmoved = 0
    this.#slots = this.#nextSlots?.columns.words ?? new Uint32Array(this.#slots.length << steps)
    this.#nextSlots = undefined
    this.#bits += steps
  }

  /** Fetches some memory of the next slots when they will be wanted soon. All of it: hashes lie anywhere. */
  #fetchSlots(): void {
    const { length, byteLength } = this.#slots
    if (this.size * 16 < 9 << this.#bits || byteLength << this.#steps < WORTH_TOUCHING_OCTETS) return
    this.#nextSlots ??= new FetchAhead({ words: new Uint32Array(length << this.#steps) }, 1)
    this.#nextSlots.touch()
  }

  #growRecords(): void {
    const { records } = this
    this.records = this.#nextRecords?.columns.words ?? new Uint32Array(records.length * 2)
    this.records.set(records)
    this.#nextRecords = undefined
  }

  /** The same for the next records: the half that the present ones are copied into. The rest is written id by id. */
  #fetchRecords(words: number): void {
    const { length, byteLength } = this.records
    if (words * 4 < length * 3 || byteLength * 2 < WORTH_TOUCHING_OCTETS) return
    this.#nextRecords ??= new FetchAhead({ words: new Uint32Array(length * 2) }, 1 / 2)
    this.#nextRecords.touch()
  }

  /** Takes `id` out of the old slots, if it is there. What lies behind it stays: it is found by passing over this one. */
  #bury(old: Uint32Array, id: number): void {
    const stride = this.#wide ? 1 : 2
    const entry = stride - 1
    const mask = (1 << this.#oldBits) - 1
    let slot = this.#hash(id) >>> (32 - this.#oldBits)
    for (;;) {
      const other = old[stride * slot + entry]!
      if (other === 0) return
      if ((other & MAX_ID) === id) break
      slot = (slot + 1) & mask
    }
    old[stride * slot + entry] = BURIED
  }

  /** Moves some old slots. IPv4 slots hold their key; that of IPv6 is in the record. */
  #move(old: Uint32Array): void {
    const from = this.#unmoved
    this.#unmoved = from + MOVED_AT_ONCE
    if (this.#wide) this.#move6(old, from)
    else this.#move4(old, from)
    if (this.#unmoved >= 1 << this.#oldBits) this.#old = undefined
  }

  #move4(old: Uint32Array, from: number): void {
    const slots = this.#slots
    const mask = (1 << this.#bits) - 1
    const down = 32 - this.#bits
    for (let i = from; i < from + MOVED_AT_ONCE; i++) {
      const entry = old[2 * i + 1]!
      if ((entry & MAX_ID) === 0) continue
      const a0 = old[2 * i]!
      let slot = Math.imul(a0 ^ ((entry >>> 26) << 3) ^ this.#salt, this.#multiplier) >>> down
      while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask
      slots[2 * slot] = a0
      slots[2 * slot + 1] = entry
    }
  }

  #move6(old: Uint32Array, from: number): void {
    const slots = this.#slots
    const mask = (1 << this.#bits) - 1
    const down = 32 - this.#bits
    for (let i = from; i < from + MOVED_AT_ONCE; i++) {
      const entry = old[i]!
      if ((entry & MAX_ID) === 0) continue
      let slot = this.#hash(entry & MAX_ID) >>> down
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = entry
    }
  }
}
