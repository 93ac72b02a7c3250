/**
 * Books of what an update group is told: what follows from telling the members a route, or from not telling it.
 *
 * In a flush exactly these messages result, with S the source of the new best route, O that of the one told before:
 *   told before, not now       withdraw for everyone but O
 *   told now                   announcement for everyone but S
 *   told before, S is not O    and a withdraw for S: it held the route of O, and its own must not come back
 *   neither                    nothing
 * A slice of a catch-up scan shows the state instead: announcements for everyone but S, and, unless the scan is fresh, a
 * withdraw for S and one for everyone of whatever in the batch is not announced. A slice that shows differences to what
 * another group told takes back what only that one told.
 * Hot module. Called by teller.ts, one object serves all groups.
 */
import { FLUSH, FRESH_SLICE, GroupBooks, SLICE } from './group-books.ts'

export class Ledger extends GroupBooks {
  /** The prefixes of a chain, whose route is of `source`, are told. */
  accept(head: number, link: Uint32Array, source: number): void {
    const { ids, old } = this.batch
    const told = this.told
    const ownTold = this.sources.ownTold
    const isMember = this.isMember(source)
    for (let p = head; p !== 0; p = link[p - 1]!) {
      const id = ids[p - 1]!
      const wasTold = told.add(id)
      const before = wasTold ? old[p - 1]! : 0
      if (isMember) ownTold[source]! += 1
      if (this.isMember(before)) ownTold[before]! -= 1
      if (isMember && (this.mode === SLICE || (wasTold && before !== source))) this.withdrawals.add(id, -source)
    }
  }

  /** The prefixes of a chain are not for this group (any more). */
  refuse(head: number, link: Uint32Array): void {
    const { ids, old } = this.batch
    const withdrawals = this.withdrawals
    if (this.mode === FRESH_SLICE) return
    for (let p = head; p !== 0; p = link[p - 1]!) {
      const id = ids[p - 1]!
      if (this.mode === SLICE) {
        withdrawals.add(id, 0)
        continue
      }
      if (this.mode === FLUSH && !this.told.remove(id)) continue
      const before = old[p - 1]!
      const isMember = this.isMember(before)
      if (isMember && this.mode === FLUSH) this.sources.ownTold[before]! -= 1
      withdrawals.add(id, isMember ? before : 0)
    }
  }

  /** The prefixes of the batch that have no route. In a slice `old` says from whom: everyone, or one source (catch-up.ts). */
  empty(): void {
    const { ids, old, link, emptied } = this.batch
    if (this.mode === FLUSH) {
      this.refuse(emptied, link)
      return
    }
    for (let p = emptied; p !== 0; p = link[p - 1]!) {
      const source = old[p - 1]!
      if (source === 0 || this.isMember(source)) this.withdrawals.add(ids[p - 1]!, -source)
    }
  }
}
