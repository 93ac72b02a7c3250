/**
 * Other rules for the decision process while routes are there (RFC 4271 9.1.2.2): as with a next hop that has moved (resolution.ts), first every prefix
 * with a choice is marked, in slices; then, at once, the rules change; then the flush chooses anew, and tells what comes out differently and nothing
 * else. No flush comes in between, so nobody ever sees a choice half made.
 * Called by rib.ts.
 */
import type { Core } from './core.ts'
import type { Interner } from './interner.ts'
import type { SelectionOptions } from './port.ts'

export class Reselection {
  readonly #core: Core
  readonly #interner: Interner
  #wanted: SelectionOptions | undefined
  #family = 0
  #position = 1

  constructor(core: Core, interner: Interner) {
    this.#core = core
    this.#interner = interner
  }

  /** The pass begins again when one is under way: what is marked stays so. */
  begin(selection: SelectionOptions): void {
    this.#wanted = selection
    this.#core.isReselecting = true
    this.#family = 0
    this.#position = 1
    // Sets of paths change where the best path does not, and what changes from now on is to be chosen for, too.
    for (const table of this.#core.tables) table.tracksAllPaths = true
  }

  /** Prefixes are being marked: no flush may come in between. */
  get isMarking(): boolean {
    return this.#wanted !== undefined
  }

  /** One slice. */
  step(): void {
    const { tables, stretch } = this.#core
    const table = tables[this.#family]!
    const { prefixes } = table
    const end = Math.min(prefixes.idLimit, this.#position + stretch)
    for (let prefix = this.#position; prefix < end; prefix++) {
      if (prefixes.isLive(prefix) && prefixes.head(prefix) !== 0) table.doubt(prefix, false)
    }
    this.#position = end
    if (end < prefixes.idLimit) return
    this.#position = 1
    this.#family++
    if (this.#family === tables.length) this.#finish()
  }

  #finish(): void {
    const { decision, tables } = this.#core
    const selection = this.#wanted ?? {}
    this.#wanted = undefined
    this.#core.selection = selection
    decision.use(selection)
    this.#interner.countMissingMedAs(selection.missingMedAsWorst === true)
    for (const table of tables) table.doubtAll()
  }
}
