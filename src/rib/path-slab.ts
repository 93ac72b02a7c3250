/**
 * Paths: (prefix, source) -> attribute set, four words each, linked per prefix (Adj-RIB-In and Loc-RIB in one, RFC 4271 3.2).
 * The first path of a prefix is the best one; the rest has no order. One slab per family. Hot module.
 */
import { grown } from '../table/prefix-table.ts'

const SET = 0
const NEXT = 1
const PREFIX = 2
const SOURCE = 3

export class PathSlab {
  /** Paths in use. */
  size = 0
  /** One past the largest path id ever given. */
  idLimit = 1
  #words: Uint32Array<ArrayBuffer>
  #freeId = 0

  constructor(reserve: number) {
    this.#words = new Uint32Array(Math.max(reserve, 16) * 4)
  }

  /** A new path, not linked to anything. */
  add(set: number, prefix: number, source: number): number {
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
    words[at + SOURCE] = source
    this.size++
    return path
  }

  /** Frees a path that is linked to nothing any more; its source becomes 0. */
  remove(path: number): void {
    const at = path * 4
    this.#words[at + SET] = 0
    this.#words[at + NEXT] = this.#freeId
    this.#words[at + PREFIX] = 0
    this.#words[at + SOURCE] = 0
    this.#freeId = path
    this.size--
  }

  setOf(path: number): number {
    return this.#words[path * 4 + SET]!
  }

  /** Changes the attribute set; references are the caller's business. */
  replaceSet(path: number, set: number): void {
    this.#words[path * 4 + SET] = set
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
    return this.#words[path * 4 + SOURCE]!
  }

  get octets(): number {
    return this.#words.byteLength
  }
}
