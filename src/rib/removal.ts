/**
 * Taking the paths of departed sessions out, in slices (RFC 4271 3.2: what a peer told is valid only while the session is).
 *
 * One pass over the path slabs serves all sessions that had left when it began; those that leave meanwhile wait for the
 * next pass. So a thousand sessions lost at once cost two passes at most, not a thousand. Ids are handed back by `finished`
 * only after a pass; the caller gives them out again after the flush that follows.
 * Called by rib.ts from `work`.
 */
import type { Core } from './core.ts'

export class Removal {
  readonly #core: Core
  /** By source id: 1 while this pass takes its paths out. */
  readonly #isLeaving = new Uint8Array(65536)
  #leaving: number[] = []
  #waiting: number[] = []
  #family = 0
  #position = 1

  constructor(core: Core) {
    this.#core = core
  }

  get isActive(): boolean {
    return this.#leaving.length > 0 || this.#waiting.length > 0
  }

  /** All paths of a source are to go. */
  add(source: number): void {
    this.#waiting.push(source)
  }

  /** One slice. Returns the sources that have no paths left when a pass has ended, else nothing. */
  step(): readonly number[] {
    if (this.#leaving.length === 0) this.#begin()
    const table = this.#core.tables[this.#family]!
    const { paths } = table
    const end = Math.min(paths.idLimit, this.#position + this.#core.stretch)
    for (let path = this.#position; path < end; path++) {
      const source = paths.sourceOf(path)
      if (this.#isLeaving[source] === 1) table.withdraw(paths.prefixOf(path), source, paths.receivedIdOf(path))
    }
    this.#position = end
    if (end < paths.idLimit) return []
    this.#position = 1
    this.#family++
    return this.#family < this.#core.tables.length ? [] : this.#finish()
  }

  #begin(): void {
    // Sources without paths need no pass.
    this.#leaving = this.#waiting
    this.#waiting = []
    this.#family = 0
    this.#position = 1
    for (const source of this.#leaving) this.#isLeaving[source] = 1
    if (this.#leaving.every(source => this.#core.tables.every(table => table.received[source] === 0))) {
      this.#family = this.#core.tables.length - 1
      this.#position = this.#core.tables[this.#family]!.paths.idLimit
    }
  }

  #finish(): readonly number[] {
    const finished = this.#leaving
    for (const source of finished) this.#isLeaving[source] = 0
    this.#leaving = []
    return finished
  }
}
