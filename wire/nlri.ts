/**
 * NLRI: lists of prefixes as one length octet and as many address octets as that needs (RFC 4271 4.3 and, for IPv6,
 * RFC 4760 5); with ADD-PATH, a path identifier of four octets before each (RFC 7911 3). Bits after the prefix length
 * are ignored on receipt and sent as 0 (RFC 4271 4.3). A length beyond the family, or a prefix running past its field,
 * spoils the list (RFC 4271 6.3, RFC 7606 5.3): 3/10.
 * Hot path: monomorphic, no allocation; addresses are numbers. Called by `src/rib` per prefix, and by `update.ts`.
 */

import type { PathId } from './brand.ts'
import { pathId } from './brand.ts'
import { writeU32 } from './bytes.ts'
import type { Family } from './family.ts'
import { FAMILIES } from './family.ts'
import type { Prefix } from './prefix.ts'
import { formatPrefix } from './prefix.ts'

/** A prefix as it stands in a message: with its path identifier where the session has them (RFC 7911 3). */
export interface Nlri extends Prefix {
  readonly pathId?: PathId
}

/**
 * What fields of 32-bit words begin with: beyond what V8 takes for a small integer, so that no later value changes the shape of
 * the object, and throws away the code compiled for it.
 */
const WIDE = 0xffffffff

/**
 * Walks a list of prefixes. After `next()` returned true, `address0` to `address3` are the words of the address, most
 * significant first, unsigned, host bits cleared (IPv4 has only `address0`), `length` the prefix length in bits, and
 * `pathId` the path identifier, 0 in lists without them. After it returned false, `malformed` tells whether the list
 * ended early. The bytes are borrowed while walking.
 */
export class NlriReader {
  address0 = WIDE
  address1 = WIDE
  address2 = WIDE
  address3 = WIDE
  length = 0
  pathId = WIDE

  private bytes: Uint8Array = new Uint8Array(0)
  private offset = 0
  private end = 0
  private bits = 32
  private hasPathIds = false
  private isMalformed = false

  /** True when the list broke off: an overlong prefix, or one running past the end. */
  get malformed(): boolean {
    return this.isMalformed
  }

  /** Starts over at `bytes[start, end)`, a list of prefixes of `family`, each after a path identifier if it has them. */
  reset(bytes: Uint8Array, start: number, end: number, family: Family, hasPathIds = false): void {
    this.bytes = bytes
    this.offset = start
    this.end = end
    this.bits = family.bits
    this.hasPathIds = hasPathIds
    this.isMalformed = false
    this.pathId = 0
    this.address1 = 0
    this.address2 = 0
    this.address3 = 0
  }

  /** Moves to the next prefix; false at the end of the list or of its well-formed part. */
  next(): boolean {
    const bytes = this.bytes
    let at = this.offset
    if (at >= this.end) return false
    if (this.hasPathIds) {
      if (at + 5 > this.end) return this.breakOff()
      this.pathId = readWord(bytes, at, 32)
      at += 4
    }
    const length = bytes[at]!
    const next = at + 1 + ((length + 7) >> 3)
    if (length > this.bits || next > this.end) return this.breakOff()
    this.offset = next
    this.length = length
    this.address0 = readWord(bytes, at + 1, length)
    if (this.bits === 128) {
      this.address1 = readWord(bytes, at + 5, length - 32)
      this.address2 = readWord(bytes, at + 9, length - 64)
      this.address3 = readWord(bytes, at + 13, length - 96)
    }
    return true
  }

  private breakOff(): false {
    this.isMalformed = true
    this.offset = this.end
    return false
  }
}

/** Up to 32 bits at `at`, left-aligned in an unsigned word, the rest 0. Reads only octets that hold one of the bits. */
function readWord(bytes: Uint8Array, at: number, bits: number): number {
  if (bits >= 32) {
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  }
  if (bits <= 0) return 0
  let word = bytes[at]! << 24
  if (bits > 8) word |= bytes[at + 1]! << 16
  if (bits > 16) word |= bytes[at + 2]! << 8
  if (bits > 24) word |= bytes[at + 3]!
  return (word & (-1 << (32 - bits))) >>> 0
}

/** Writes the octets of `word` that hold the first `bits` bits (at most 32), the rest of the last octet 0. */
function writeWord(out: Uint8Array, at: number, word: number, bits: number): number {
  if (bits <= 0) return at
  const masked = bits >= 32 ? word : word & (-1 << (32 - bits))
  out[at] = masked >>> 24
  if (bits <= 8) return at + 1
  out[at + 1] = masked >>> 16
  if (bits <= 16) return at + 2
  out[at + 2] = masked >>> 8
  if (bits <= 24) return at + 3
  out[at + 3] = masked
  return at + 4
}

/** Most octets one prefix takes: a length octet and the whole address. A path identifier takes 4 more. */
export const MAX_NLRI_LENGTH = 17

/** Writes one IPv4 prefix at `offset`, host bits cleared; returns the offset after it. Needs 5 octets of room. */
export function writeNlri4(out: Uint8Array, offset: number, a0: number, length: number): number {
  out[offset] = length
  return writeWord(out, offset + 1, a0, length)
}

/** Writes one IPv6 prefix at `offset`, host bits cleared; returns the offset after it. Needs 17 octets of room. */
export function writeNlri6(
  out: Uint8Array,
  offset: number,
  a0: number,
  a1: number,
  a2: number,
  a3: number,
  length: number,
): number {
  out[offset] = length
  let at = writeWord(out, offset + 1, a0, length)
  at = writeWord(out, at, a1, length - 32)
  at = writeWord(out, at, a2, length - 64)
  return writeWord(out, at, a3, length - 96)
}

/**
 * The prefixes of `bytes[start, end)` as objects, with path identifiers if the list has them; undefined when the list is
 * malformed. Not for the hot path.
 */
export function decodeNlri(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: Family,
  hasPathIds = false,
): Nlri[] | undefined {
  const reader = new NlriReader()
  const prefixes: Nlri[] = []
  reader.reset(bytes, start, end, family, hasPathIds)
  while (reader.next()) {
    const words = wordsOf(reader, family)
    const { length } = reader
    prefixes.push(hasPathIds ? { family, words, length, pathId: pathId(reader.pathId) } : { family, words, length })
  }
  return reader.malformed ? undefined : prefixes
}

/**
 * The words of the prefix a reader is at. Those of up to eight bits are shared, for a message may hold 65,000 of them and
 * only 256 are different; longer prefixes limit themselves by their own octets. Nobody changes the words of a prefix.
 */
function wordsOf(reader: NlriReader, family: Family): Uint32Array {
  const shared = reader.length <= 8 ? SHORT_WORDS[family.index]?.[reader.address0 >>> 24] : undefined
  if (shared !== undefined) return shared
  const words = new Uint32Array(family.words)
  words[0] = reader.address0
  if (family.words === 4) {
    words[1] = reader.address1
    words[2] = reader.address2
    words[3] = reader.address3
  }
  return words
}

/** By family, then by first octet. */
const SHORT_WORDS: readonly (readonly Uint32Array[])[] = FAMILIES.map(family => {
  return Array.from({ length: 256 }, (_, octet) => {
    const words = new Uint32Array(family.words)
    words[0] = octet << 24
    return words
  })
})

/**
 * The octets of a list of prefixes, which may be of mixed families only if the caller knows why. With `hasPathIds` each
 * stands after its path identifier, 0 for one that has none; otherwise identifiers are left out.
 */
export function encodeNlri(prefixes: readonly Nlri[], hasPathIds = false): Uint8Array {
  const out = new Uint8Array(prefixes.length * (MAX_NLRI_LENGTH + (hasPathIds ? 4 : 0)))
  let offset = 0
  for (const { family, words, length, pathId: id = 0 } of prefixes) {
    const [a0 = 0, a1 = 0, a2 = 0, a3 = 0] = words
    if (hasPathIds) offset = writeU32(out, offset, id)
    offset = family.bits === 32 ? writeNlri4(out, offset, a0, length) : writeNlri6(out, offset, a0, a1, a2, a3, length)
  }
  return out.slice(0, offset)
}

/** "10.0.0.0/8", or "10.0.0.0/8 path 7" with a path identifier. */
export function formatNlri({ family, words, length, pathId: id }: Nlri): string {
  const prefix = formatPrefix(family, words, length)
  return id === undefined ? prefix : `${prefix} path ${id}`
}
