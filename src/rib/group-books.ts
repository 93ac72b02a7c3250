/**
 * What the books of an update group have in common, whether they are kept per prefix (ledger.ts) or per path (path-ledger.ts):
 * for which group and which batch they are, in which of the ways that a batch can be told. Hot module.
 */
import type { PrefixBatch } from './prefix-batch.ts'
import type { SourceTable } from './source-table.ts'
import type { Told } from './told.ts'
import type { UpdateGroup } from './update-group.ts'
import type { Withdrawals } from './withdrawals.ts'

/** The changes of a flush. */
export const FLUSH = 0
/** The state, for readers that have nothing. */
export const FRESH_SLICE = 1
/** The state, with withdraws of whatever is not told. */
export const SLICE = 2
/** What differs from what another group told. */
export const DIFFERENCE = 3

export class GroupBooks {
  mode = FLUSH
  protected readonly sources: SourceTable
  protected readonly withdrawals: Withdrawals
  protected batch!: PrefixBatch
  protected told!: Told
  #group!: UpdateGroup

  constructor(sources: SourceTable, withdrawals: Withdrawals) {
    this.sources = sources
    this.withdrawals = withdrawals
  }

  begin(group: UpdateGroup, batch: PrefixBatch, mode: number): void {
    this.#group = group
    this.batch = batch
    this.mode = mode
    this.told = group.told[batch.table.family.index]!
  }

  isMember(source: number): boolean {
    return this.sources.group[source] === this.#group.number
  }
}
