/**
 * Passes over all paths, in slices, for what concerns every path of a session at once:
 *
 *   remove     the session is gone, and so is what it told (RFC 4271 3.2)
 *   stale      the session has told a family again; what it did not repeat goes (RFC 7313 4)
 *   import     its import policy has changed; what was received is judged again (RFC 4271 9.1.1)
 *
 * One pass over the path slabs serves all sessions that asked before it began; those that ask meanwhile wait for the next
 * one. So a thousand sessions lost at once cost two passes at most, not a thousand. Ids of sessions that are gone are handed
 * back by `step` only after a pass; the caller gives them out again after the flush that follows.
 * Called by rib.ts from `work`.
 */
import type { Family } from '../../wire/family.ts'
import type { Core } from './core.ts'
import type { ImportPolicy } from './import-policy.ts'
import type { RouteTable } from './route-table.ts'
import { FEW_SOURCES, withRoomFor } from './source-table.ts'

const REMOVE = 1
const IMPORT = 2
/** Shifted by the index of the family. */
const STALE = 4

export class PathSweep {
  readonly #core: Core
  readonly #policy: ImportPolicy
  /** What the present pass does with the paths of a source. */
  #tasks = new Uint32Array(FEW_SOURCES)
  /** What the next one will do. */
  #nextTasks = new Uint32Array(FEW_SOURCES)
  #sources: number[] = []
  #nextSources: number[] = []
  #family = 0
  #position = 1

  constructor(core: Core, policy: ImportPolicy) {
    this.#core = core
    this.#policy = policy
  }

  /** There is a source of this id from now on. */
  makeRoom(source: number): void {
    this.#tasks = withRoomFor(this.#tasks, source)
    this.#nextTasks = withRoomFor(this.#nextTasks, source)
  }

  get isActive(): boolean {
    return this.#sources.length > 0 || this.#nextSources.length > 0
  }

  /** All paths of a source are to go; nothing else matters then. */
  remove(source: number): void {
    this.#add(source, REMOVE)
    this.#nextTasks[source] = REMOVE
  }

  /** The paths of a source are to be shown to its import policy again. */
  importAgain(source: number): void {
    this.#add(source, IMPORT)
  }

  /** The paths of a source that are older than its epoch are to go, see `RouteTable.beginEpoch`. */
  removeStale(source: number, family: Family): void {
    this.#add(source, STALE << family.index)
  }

  #add(source: number, task: number): void {
    if (this.#nextTasks[source] === 0) this.#nextSources.push(source)
    if (this.#nextTasks[source] !== REMOVE) this.#nextTasks[source]! |= task
  }

  /** One slice. Returns the sources that have gone and have no paths left when a pass has ended, else nothing. */
  step(): readonly number[] {
    if (this.#sources.length === 0) this.#begin()
    const table = this.#core.tables[this.#family]!
    const { paths } = table
    const end = Math.min(paths.idLimit, this.#position + this.#core.stretch)
    for (let path = this.#position; path < end; path++) {
      const task = this.#tasks[paths.sourceOf(path)]!
      if (task !== 0) this.#visit(table, path, task)
    }
    this.#position = end
    if (end < paths.idLimit) return []
    this.#position = 1
    this.#family++
    return this.#family < this.#core.tables.length ? [] : this.#finish()
  }

  #visit(table: RouteTable, path: number, task: number): void {
    const { paths } = table
    const source = paths.sourceOf(path)
    const isStale = (task & (STALE << table.family.index)) !== 0 && table.isStale(path)
    if (isStale || (task & REMOVE) !== 0) table.withdraw(paths.prefixOf(path), source, paths.receivedIdOf(path))
    else if ((task & IMPORT) !== 0) this.#import(table, path, source)
  }

  #import(table: RouteTable, path: number, source: number): void {
    const { store, sources } = this.#core
    const record = sources.get(source)
    if (record === undefined) return
    const { paths } = table
    const prefix = paths.prefixOf(path)
    const set = this.#policy.importedAgain(record, store.receivedOf(paths.setOf(path)), table, prefix)
    table.changeSet(path, set)
  }

  #begin(): void {
    this.#sources = this.#nextSources
    this.#nextSources = []
    this.#family = 0
    this.#position = 1
    for (const source of this.#sources) {
      this.#tasks[source] = this.#nextTasks[source]!
      this.#nextTasks[source] = 0
    }
    // Sources without paths need no pass.
    const { tables } = this.#core
    if (this.#sources.every(source => tables.every(table => table.received[source] === 0))) {
      this.#family = tables.length - 1
      this.#position = tables[this.#family]!.paths.idLimit
    }
  }

  #finish(): readonly number[] {
    const gone = this.#sources.filter(source => (this.#tasks[source]! & REMOVE) !== 0)
    for (const source of this.#sources) this.#tasks[source] = 0
    this.#sources = []
    return gone
  }
}
