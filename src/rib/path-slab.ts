/**
 * Paths: (prefix, source, received path identifier) -> attribute set, four words each, linked per prefix (Adj-RIB-In and
 * Loc-RIB in one, RFC 4271 3.2). The first path of a prefix is the best one; the rest has no order. One slab per family.
 * Received identifiers (RFC 7911 3) lie in an array of their own, made when the first one that is not 0 comes. The number of
 * a path is the identifier that we send. Hot module.
 */
import { grown } from '../table/prefix-table.ts'

const SET = 0
const NEXT = 1
const PREFIX = 2
/** Source id in the low half, flags in the high half. */
const SOURCE = 3

/** What is noted per path, high half of its last word; its uppermost octet is the epoch. */
export const PathFlag = {
  /** New, or with another attribute set than at the last flush. */
  CHANGED: 0x10000,
} as const
const EPOCH_SHIFT = 24

export class PathSlab {
  /** Paths in use. */
  size = 0
  /** One past the largest path id ever given. */
  idLimit = 1
  #words: Uint32Array<ArrayBuffer>
  #freeId = 0
  /** By path; empty while all are 0. */
  #receivedIds: Uint32Array<ArrayBuffer> = new Uint32Array(0)

  constructor(reserve: number) {
    this.#words = new Uint32Array(Math.max(reserve, 16) * 4)
  }

  /** A new path of epoch 0, CHANGED, not linked to anything. */
  add(set: number, prefix: number, source: number, receivedId: number): number {
    let path = this.#freeId
    if (path !== 0) this.#freeId = this.#words[path * 4 + NEXT]!
    else {
      path = this.idLimit++
      if (this.idLimit * 4 > this.#words.length) this.#words = grown(this.#words, this.#words.length * 2)
    }
    const words = this.#words
    const at = path * 4
    words[at + SET] = set
    words[at + NEXT] = 0
    words[at + PREFIX] = prefix
    words[at + SOURCE] = source | PathFlag.CHANGED
    if (receivedId !== 0 || path < this.#receivedIds.length) this.#setReceivedId(path, receivedId)
    this.size++
    return path
  }

  #setReceivedId(path: number, receivedId: number): void {
    const ids = this.#receivedIds
    if (path >= ids.length) this.#receivedIds = grown(ids, Math.max(path + 1, ids.length * 2, 1024))
    this.#receivedIds[path] = receivedId
  }

  /** Frees a path that is linked to nothing any more; its source becomes 0. */
  remove(path: number): void {
    this.retire(path)
    this.free(path)
  }

  /** As `remove`, but the number is not given again before `free`. */
  retire(path: number): void {
    const at = path * 4
    this.#words[at + SET] = 0
    this.#words[at + NEXT] = 0
    this.#words[at + PREFIX] = 0
    this.#words[at + SOURCE] = 0
    this.size--
  }

  free(path: number): void {
    this.#words[path * 4 + NEXT] = this.#freeId
    this.#freeId = path
  }

  setOf(path: number): number {
    return this.#words[path * 4 + SET]!
  }

  /** Changes the attribute set; references are the caller's business. */
  replaceSet(path: number, set: number): void {
    const at = path * 4
    this.#words[at + SET] = set
    this.#words[at + SOURCE] = this.#words[at + SOURCE]! | PathFlag.CHANGED
  }

  /** The next path of the same prefix, 0 at the end. */
  next(path: number): number {
    return this.#words[path * 4 + NEXT]!
  }

  link(path: number, next: number): void {
    this.#words[path * 4 + NEXT] = next
  }

  prefixOf(path: number): number {
    return this.#words[path * 4 + PREFIX]!
  }

  /** 0 for a free path. */
  sourceOf(path: number): number {
    return this.#words[path * 4 + SOURCE]! & 0xffff
  }

  /** The identifier with which it came (RFC 7911 3), signed; 0 without ADD-PATH. */
  receivedIdOf(path: number): number {
    return path < this.#receivedIds.length ? this.#receivedIds[path]! | 0 : 0
  }

  /** Did it come from `source` with this identifier (signed)? */
  isFrom(path: number, source: number, receivedId: number): boolean {
    return (this.#words[path * 4 + SOURCE]! & 0xffff) === source && this.receivedIdOf(path) === receivedId
  }

  /** In which epoch of its source it was announced last, 0 to 255; see RouteTable.beginEpoch. */
  epochOf(path: number): number {
    return this.#words[path * 4 + SOURCE]! >>> EPOCH_SHIFT
  }

  setEpoch(path: number, epoch: number): void {
    const at = path * 4 + SOURCE
    this.#words[at] = (this.#words[at]! & 0xffffff) | (epoch << EPOCH_SHIFT)
  }

  has(path: number, flag: number): boolean {
    return (this.#words[path * 4 + SOURCE]! & flag) !== 0
  }

  setFlag(path: number, flag: number): void {
    const at = path * 4 + SOURCE
    this.#words[at] = this.#words[at]! | flag
  }

  clearFlag(path: number, flag: number): void {
    const at = path * 4 + SOURCE
    this.#words[at] = this.#words[at]! & ~flag
  }

  get octets(): number {
    return this.#words.byteLength + this.#receivedIds.byteLength
  }
}
