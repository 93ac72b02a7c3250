/**
 * As ledger.ts, for a group that is told several paths of a prefix (RFC 7911): the bits of what is told are per path. A path
 * has one source as long as it lives, so whom it concerns never changes, and nothing follows from a path but its own end.
 * Hot module. Called by teller.ts and path-teller.ts.
 */
import { FLUSH, FRESH_SLICE, GroupBooks } from './group-books.ts'

export class PathLedger extends GroupBooks {
  /** The paths of a chain, all of `source`, are told. */
  accept(head: number, link: Uint32Array, source: number): void {
    const { paths } = this.batch
    const told = this.told
    const isMember = this.isMember(source)
    for (let p = head; p !== 0; p = link[p - 1]!) {
      if (!told.add(paths[p - 1]!) && isMember) this.sources.ownTold[source]! += 1
    }
  }

  /** The paths of a chain are not for this group (any more). */
  refuse(head: number, link: Uint32Array): void {
    const { ids, paths, table } = this.batch
    if (this.mode === FRESH_SLICE) return
    for (let p = head; p !== 0; p = link[p - 1]!) {
      const path = paths[p - 1]!
      this.drop(ids[p - 1]!, path, table.paths.sourceOf(path))
    }
  }

  /** A path is not for this group: in a flush that matters if it was told. */
  drop(prefix: number, path: number, source: number): void {
    if (this.mode === FLUSH && !this.forget(path, source)) return
    this.withdraw(prefix, path, source)
  }

  /** It is not told any more; returns whether it was. */
  forget(path: number, source: number): boolean {
    if (!this.told.remove(path)) return false
    if (this.isMember(source)) this.sources.ownTold[source]! -= 1
    return true
  }

  withdraw(prefix: number, path: number, source: number): void {
    this.withdrawals.add(prefix, this.isMember(source) ? source : 0, path)
  }

  /** Prefixes without any path need no word of their own. */
  empty(): void {}
}
