/**
 * Paths that are gone and whose numbers may not be given again yet: somebody may know them as path identifiers (RFC 7911 3).
 *
 * Kept only while all paths are tracked. The withdraw of a path belongs to a flush; until every reader has heard that one,
 * the number stays out of use, and a scan of who missed it can say what must go. A ring, oldest first; the newest ones wait
 * for their flush. Called by route-table.ts, path-teller.ts, flush.ts.
 */
import { grown } from '../table/prefix-table.ts'

const WORDS = 4
const PATH = 0
const PREFIX = 1
const SOURCE = 2
const FLUSHED = 3

export class GonePaths {
  size = 0
  /** How many of the newest wait for a flush. */
  pending = 0
  #words = new Uint32Array(64 * WORDS)
  #first = 0

  add(path: number, prefix: number, source: number): void {
    if (this.#first + this.size >= this.#words.length / WORDS) this.#makeRoom()
    const at = (this.#first + this.size++) * WORDS
    const words = this.#words
    words[at + PATH] = path
    words[at + PREFIX] = prefix
    words[at + SOURCE] = source
    this.pending++
  }

  #makeRoom(): void {
    this.#words.copyWithin(0, this.#first * WORDS, (this.#first + this.size) * WORDS)
    this.#first = 0
    if (this.size * 2 * WORDS > this.#words.length) this.#words = grown(this.#words, this.#words.length * 2)
  }

  path(i: number): number {
    return this.#words[(this.#first + i) * WORDS + PATH]!
  }

  prefix(i: number): number {
    return this.#words[(this.#first + i) * WORDS + PREFIX]!
  }

  source(i: number): number {
    return this.#words[(this.#first + i) * WORDS + SOURCE]!
  }

  /** The flush that tells it; only for those that do not wait for one. */
  flush(i: number): number {
    return this.#words[(this.#first + i) * WORDS + FLUSHED]!
  }

  /** Those that waited were told in this flush. */
  settle(flush: number): void {
    for (let i = this.size - this.pending; i < this.size; i++) this.#words[(this.#first + i) * WORDS + FLUSHED] = flush
    this.pending = 0
  }

  /** Flush numbers start over: all were told in flush 1. */
  startOver(): void {
    for (let i = 0; i < this.size - this.pending; i++) this.#words[(this.#first + i) * WORDS + FLUSHED] = 1
  }

  /** The oldest one, if its flush is not after `upTo`; 0 otherwise. It is forgotten here. */
  take(upTo: number): number {
    if (this.size === this.pending || this.flush(0) > upTo) return 0
    const path = this.path(0)
    this.#first++
    this.size--
    return path
  }
}
