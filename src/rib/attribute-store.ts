/**
 * Attribute sets, interned: the same canonical bytes from the same source are one record with one number.
 *
 * A set is named by (source, bytes): next hop and originator differ by source anyhow, and so a set knows who told it.
 * The bytes lie in an arena of 16-octet classes; the record (attribute-record.ts) is one cache line. A hit costs one pass
 * over the bytes and one comparison, and nothing is parsed: validation happened when the set came in. The hash is secret
 * (table/hash.ts) and never trusted: bytes are always compared.
 * Derived sets (what import policy made of a set) hang on the set they came from, by verdict and policy, and are not in the hash
 * table: a received block can never be mistaken for one. A derived set keeps the set it came from alive. The one for routes
 * that import policy refused (verdict REJECT) has no octets of its own.
 *
 * Hot module: index arithmetic stays here. Needs a little-endian machine, as every platform of Node but s390x is.
 */
import { type Displacement, DisplacementCount, secretMultiplier, secretWord } from '../table/hash.ts'
import { grown } from '../table/prefix-table.ts'
import {
  ARENA,
  BUCKET,
  DERIVED,
  Flag,
  HASH,
  LENGTH_SOURCE,
  LOCAL_PREF,
  NEXT_HOP,
  PREFERENCE_FLAGS,
  RECORD_SHIFT,
  REFS,
  SIBLING,
  UNUSABLE,
} from './attribute-record.ts'
import { FEW_SOURCES, withRoomFor } from './source-table.ts'

/** Longest canonical attribute block: what a 65535-octet message can hold, 4-octet AS form included. */
const MAX_OCTETS = 65535
const UNUSABLE_BITS = UNUSABLE << 16
const REJECTED_FLAGS = Flag.DERIVED | Flag.REJECTED
const DERIVED_FLAGS = REJECTED_FLAGS | Flag.POLICY_MED | Flag.PREFERRED
/** The key of the set for refused routes, see PeerRecord.policyKey. */
export const REJECTED_KEY = 0
/** Words per size class of the arena. */
const CLASS_WORDS = 4

/** Called with the id of a set whose last reference is gone, before its record is cleared. */
export type ReleaseHook = (set: number) => void

export class AttributeStore {
  /** 16 words per set, see attribute-record.ts. Replaced when it grows. */
  records: Uint32Array<ArrayBuffer>
  /** The canonical bytes of all sets; those of one start at `startOf(set)`. Replaced when it grows. */
  bytes: Uint8Array<ArrayBuffer>
  /** Sets in the store, derived ones included. */
  size = 0
  /** Octets of attributes in the store. */
  octets = 0
  /** Sets in the store and octets of attributes, by source id. */
  setsOf = new Uint32Array(FEW_SOURCES)
  octetsOf = new Uint32Array(FEW_SOURCES)
  /** Of sets with Flag.PREFERRED: the preference that policy gave them. */
  readonly preferences = new Map<number, number>()
  /** One past the largest id ever given. */
  idLimit = 1

  #arena: Uint32Array<ArrayBuffer>
  #top = CLASS_WORDS
  readonly #freeArena = new Uint32Array((MAX_OCTETS >> 4) + 2)
  #freeId = 0
  #slots = new Uint32Array(64)
  #interned = 0
  /** The probed key: its words, hash and the slot where the search ended. */
  readonly #key = new Uint32Array((MAX_OCTETS >> 2) + 2)
  #keyHash = 0
  #keySlot = 0
  readonly #salt: number
  readonly #multiplier: number
  readonly #second: number
  readonly #onRelease: ReleaseHook

  constructor(seed: number, reserve: number, onRelease: ReleaseHook) {
    if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) throw new Error('the RIB needs a little-endian machine')
    const sets = Math.max(reserve, 64)
    this.records = new Uint32Array(sets << RECORD_SHIFT)
    this.#arena = new Uint32Array(sets * 16)
    this.bytes = new Uint8Array(this.#arena.buffer)
    this.#salt = secretWord(seed, 8) | 0
    this.#multiplier = secretMultiplier(seed, 8)
    this.#second = secretMultiplier(seed, 9)
    this.#onRelease = onRelease
  }

  /** There is a source of this id from now on. */
  makeRoom(source: number): void {
    this.setsOf = withRoomFor(this.setsOf, source)
    this.octetsOf = withRoomFor(this.octetsOf, source)
  }

  /** The set of `source` with exactly these canonical bytes, or 0. The key is remembered for `insert`. */
  probe(source: number, bytes: Uint8Array, start: number, end: number): number {
    const key = this.#key
    const m = this.#multiplier
    const n = this.#second
    let hash = Math.imul(source ^ this.#salt, n)
    let words = 0
    let at = start
    const whole = start + ((end - start) & ~3)
    for (; at < whole; at += 4) {
      const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
      key[words++] = word
      hash = Math.imul(hash ^ word, m)
      hash = Math.imul((hash << 15) | (hash >>> 17), n)
    }
    if (at < end) {
      let word = 0
      for (let bit = 0; at < end; at++, bit += 8) word |= bytes[at]! << bit
      key[words++] = word
      hash = Math.imul(hash ^ word, m)
      hash = Math.imul((hash << 15) | (hash >>> 17), n)
    }
    return this.#find(hash ^ (hash >>> 15), (source << 16) | (end - start), words)
  }

  /** All numbers are signed here: one above 2^31 handed over would be an object on the heap. */
  #find(hash: number, lengthSource: number, words: number): number {
    const records = this.records
    const arena = this.#arena
    const key = this.#key
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hash & mask
    for (;;) {
      const set = slots[slot]!
      if (set === 0) break
      const at = set << RECORD_SHIFT
      if ((records[at + HASH]! | 0) === hash && (records[at + LENGTH_SOURCE]! | 0) === lengthSource) {
        const offset = records[at + ARENA]!
        let k = 0
        while (k < words && arena[offset + k] === key[k]) k++
        if (k === words) return set
      }
      slot = (slot + 1) & mask
    }
    this.#keyHash = hash
    this.#keySlot = slot
    return 0
  }

  /**
   * Adds the set that the last `probe` (which answered 0) looked for, without references and with decision words 0.
   * May replace `records` and `bytes`. Between the two calls nothing else may happen to the store.
   */
  insert(source: number, length: number): number {
    const set = this.#takeRecord(source, length)
    const offset = this.records[(set << RECORD_SHIFT) + ARENA]!
    const arena = this.#arena
    const key = this.#key
    const words = (length + 3) >> 2
    for (let k = 0; k < words; k++) arena[offset + k] = key[k]!
    this.records[(set << RECORD_SHIFT) + HASH] = this.#keyHash
    this.#slots[this.#keySlot] = set
    if (++this.#interned * 2 > this.#slots.length) this.#rehash()
    return set
  }

  /** The set that import policy made of `origin` with the verdict of this key (see PeerRecord.policyKey), or 0. */
  derived(origin: number, key: number): number {
    const records = this.records
    let set = records[(origin << RECORD_SHIFT) + DERIVED]!
    while (set !== 0 && records[(set << RECORD_SHIFT) + HASH] !== key) {
      set = records[(set << RECORD_SHIFT) + SIBLING]!
    }
    return set
  }

  /** The set with these octets and exactly these of the flags for derived sets that import policy made of `origin`, or 0. */
  derivedAlike(origin: number, flags: number, bytes: Uint8Array, length: number): number {
    const records = this.records
    let set = records[(origin << RECORD_SHIFT) + DERIVED]!
    for (; set !== 0; set = records[(set << RECORD_SHIFT) + SIBLING]!) {
      if ((this.flagsOf(set) & DERIVED_FLAGS) === flags && this.#hasOctets(set, bytes, length)) return set
    }
    return 0
  }

  #hasOctets(set: number, bytes: Uint8Array, length: number): boolean {
    if (this.lengthOf(set) !== length) return false
    const start = this.startOf(set)
    for (let i = 0; i < length; i++) if (this.bytes[start + i] !== bytes[i]) return false
    return true
  }

  /** Of a derived set: by which key `derived` finds it. */
  keyOf(set: number): number {
    return this.records[(set << RECORD_SHIFT) + HASH]!
  }

  setKey(set: number, key: number): void {
    this.records[(set << RECORD_SHIFT) + HASH] = key
  }

  /** Adds what import policy made of `origin`: canonical `bytes[0, length)`, which are copied. Retains `origin`. */
  insertDerived(origin: number, key: number, bytes: Uint8Array, length: number): number {
    const set = this.#takeRecord(this.sourceOf(origin), length)
    const at = set << RECORD_SHIFT
    const records = this.records
    this.bytes.set(bytes.subarray(0, length), records[at + ARENA]! * 4)
    records[at + PREFERENCE_FLAGS] = Flag.DERIVED
    this.#hang(set, origin, key)
    return set
  }

  /**
   * Adds `origin` as import policy refuses it: unusable, all else and the octets as they are there. Retains `origin`.
   * The caller sees to the next hop, which is named once more.
   */
  insertRejected(origin: number): number {
    const set = this.#takeId()
    this.setsOf[this.sourceOf(origin)]! += 1
    const at = set << RECORD_SHIFT
    const from = origin << RECORD_SHIFT
    const records = this.records
    records.copyWithin(at, from, from + (1 << RECORD_SHIFT))
    records[at + REFS] = 0
    records[at + BUCKET] = 0
    records[at + PREFERENCE_FLAGS] = UNUSABLE_BITS | (records[at + PREFERENCE_FLAGS]! & 0xffff) | REJECTED_FLAGS
    this.#hang(set, origin, REJECTED_KEY)
    return set
  }

  #hang(set: number, origin: number, key: number): void {
    const records = this.records
    const at = set << RECORD_SHIFT
    const from = origin << RECORD_SHIFT
    records[at + HASH] = key
    records[at + DERIVED] = origin
    records[at + SIBLING] = records[from + DERIVED]!
    records[from + DERIVED] = set
    records[from + REFS]! += 1
  }

  retain(set: number): void {
    this.records[(set << RECORD_SHIFT) + REFS]! += 1
  }

  /** Gives a reference back; the last one frees the set. */
  release(set: number): void {
    const at = (set << RECORD_SHIFT) + REFS
    const left = this.records[at]! - 1
    this.records[at] = left
    if (left === 0) this.#free(set)
  }

  /** Where the bytes of a set start in `bytes`. */
  startOf(set: number): number {
    return this.records[(set << RECORD_SHIFT) + ARENA]! * 4
  }

  lengthOf(set: number): number {
    return this.records[(set << RECORD_SHIFT) + LENGTH_SOURCE]! & 0xffff
  }

  sourceOf(set: number): number {
    return this.records[(set << RECORD_SHIFT) + LENGTH_SOURCE]! >>> 16
  }

  flagsOf(set: number): number {
    return this.records[(set << RECORD_SHIFT) + PREFERENCE_FLAGS]! & 0xffff
  }

  /** May a path with this set be a route at all? */
  isUsable(set: number): boolean {
    return this.records[(set << RECORD_SHIFT) + PREFERENCE_FLAGS]! >>> 16 !== UNUSABLE
  }

  /** The set that came in: what a derived set was made of, else the set itself. */
  receivedOf(set: number): number {
    return (this.flagsOf(set) & Flag.DERIVED) === 0 ? set : this.records[(set << RECORD_SHIFT) + DERIVED]!
  }

  localPrefOf(set: number): number {
    return ~this.records[(set << RECORD_SHIFT) + LOCAL_PREF]! >>> 0
  }

  nextHopOf(set: number): number {
    return this.records[(set << RECORD_SHIFT) + NEXT_HOP]!
  }

  referencesOf(set: number): number {
    return this.records[(set << RECORD_SHIFT) + REFS]!
  }

  /** Octets of memory, reserved address space included. */
  get tableOctets(): number {
    return this.records.byteLength + this.bytes.byteLength + this.#slots.byteLength
  }

  /** How many slots away from its home a set lies. Looks at all of them: for diagnosis, not for every day. */
  displacement(): Displacement {
    const slots = this.#slots
    const mask = slots.length - 1
    const count = new DisplacementCount()
    for (let slot = 0; slot <= mask; slot++) {
      const set = slots[slot]!
      if (set !== 0) count.add((slot - this.records[(set << RECORD_SHIFT) + HASH]!) & mask)
    }
    return count
  }

  // Records and arena

  #takeId(): number {
    this.size++
    const set = this.#freeId
    if (set !== 0) {
      this.#freeId = this.records[(set << RECORD_SHIFT) + REFS]!
      return set
    }
    if ((this.idLimit + 1) << RECORD_SHIFT > this.records.length)
      this.records = grown(this.records, this.records.length * 2)
    return this.idLimit++
  }

  #takeRecord(source: number, length: number): number {
    const set = this.#takeId()
    const offset = this.#takeArena(length)
    const at = set << RECORD_SHIFT
    const records = this.records
    for (let k = at; k < at + (1 << RECORD_SHIFT); k++) records[k] = 0
    records[at + ARENA] = offset
    records[at + LENGTH_SOURCE] = (source << 16) | length
    this.octets += length
    this.setsOf[source]! += 1
    this.octetsOf[source]! += length
    return set
  }

  #takeArena(length: number): number {
    const size = arenaClass(length)
    const free = this.#freeArena[size]!
    if (free !== 0) {
      this.#freeArena[size] = this.#arena[free]!
      return free
    }
    const offset = this.#top
    this.#top += size * CLASS_WORDS
    if (this.#top > this.#arena.length) {
      this.#arena = grown(this.#arena, Math.max(this.#top, this.#arena.length * 2))
      this.bytes = new Uint8Array(this.#arena.buffer)
    }
    return offset
  }

  #free(set: number): void {
    this.#onRelease(set)
    const records = this.records
    const at = set << RECORD_SHIFT
    const flags = records[at + PREFERENCE_FLAGS]!
    const origin = (flags & Flag.DERIVED) !== 0 ? records[at + DERIVED]! : 0
    if (origin === 0) this.#unhash(set)
    else this.#unlink(set, origin)
    const source = this.sourceOf(set)
    if ((flags & Flag.REJECTED) === 0) {
      const length = this.lengthOf(set)
      this.#freeOctets(records[at + ARENA]!, length)
      this.octetsOf[source]! -= length
    }
    this.setsOf[source]! -= 1
    this.size--
    records[at + LENGTH_SOURCE] = 0
    records[at + REFS] = this.#freeId
    this.#freeId = set
    if (origin !== 0) this.release(origin)
  }

  #freeOctets(offset: number, length: number): void {
    const size = arenaClass(length)
    this.#arena[offset] = this.#freeArena[size]!
    this.#freeArena[size] = offset
    this.octets -= length
  }

  #unlink(set: number, origin: number): void {
    const records = this.records
    let link = (origin << RECORD_SHIFT) + DERIVED
    while (records[link] !== set) link = (records[link]! << RECORD_SHIFT) + SIBLING
    records[link] = records[(set << RECORD_SHIFT) + SIBLING]!
  }

  #unhash(set: number): void {
    const records = this.records
    const slots = this.#slots
    const mask = slots.length - 1
    let hole = records[(set << RECORD_SHIFT) + HASH]! & mask
    while (slots[hole] !== set) hole = (hole + 1) & mask
    for (let next = (hole + 1) & mask; ; next = (next + 1) & mask) {
      const other = slots[next]!
      if (other === 0) break
      const home = records[(other << RECORD_SHIFT) + HASH]! & mask
      if (((next - home) & mask) < ((next - hole) & mask)) continue
      slots[hole] = other
      hole = next
    }
    slots[hole] = 0
    this.#interned--
  }

  /** Twice as many slots; the records are read in their order. */
  #rehash(): void {
    const records = this.records
    const slots = new Uint32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let set = 1; set < this.idLimit; set++) {
      const at = set << RECORD_SHIFT
      if (records[at + LENGTH_SOURCE] === 0 || (records[at + PREFERENCE_FLAGS]! & Flag.DERIVED) !== 0) continue
      let slot = records[at + HASH]! & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = set
    }
    this.#slots = slots
  }
}

/** Size class of a block: at least one, so that the free list has a word to live in. */
function arenaClass(length: number): number {
  return (length >> 4) + 1
}
