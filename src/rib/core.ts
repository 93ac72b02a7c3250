/**
 * What every part of the RIB shares: the attribute sets, the sources, the two route tables, the number of the last flush.
 * Built once by rib.ts and handed around; holds no behaviour of its own.
 */
import { FAMILIES, type Family } from '../../wire/family.ts'
import { Flag } from './attribute-record.ts'
import { AttributeStore } from './attribute-store.ts'
import { Decision } from './decision.ts'
import { NextHopTable } from './next-hop-table.ts'
import type { LocalRoute, RibPeer, SelectionOptions } from './port.ts'
import { Resolution } from './resolution.ts'
import { RouteTable } from './route-table.ts'
import { type PeerRecord, SourceTable } from './source-table.ts'

export interface CoreOptions {
  readonly seed: number
  readonly reserve: number
  /** Prefixes of one flush, paths of one removal slice. */
  readonly stretch: number
  readonly selection?: SelectionOptions
  readonly resolveNextHops?: boolean
}

/** Flush numbers have 32 bits; a speaker that flushes a hundred times a second gets here after 497 days. */
const LAST_FLUSH = 0xfffffff0

export class Core {
  readonly sources = new SourceTable()
  readonly nextHops = new NextHopTable()
  /** The route behind an attribute set that came from a local source, by set. */
  readonly localRoutes = new Map<number, LocalRoute>()
  readonly store: AttributeStore
  readonly decision: Decision
  /** Absent: every next hop counts as reachable. */
  readonly resolution: Resolution | undefined
  /** By family index. */
  readonly tables: readonly RouteTable[]
  /** Number of the last flush; the first one is 1. */
  flushNumber = 0
  /** After this flush numbers start over, see flush.ts. */
  lastFlush = LAST_FLUSH
  readonly stretch: number
  /** Not everything is told yet that other rules for the selection have changed (reselection.ts). */
  isReselecting = false
  /** Changes by reselection.ts only. */
  selection: SelectionOptions

  constructor({ seed, reserve, stretch, selection = {}, resolveNextHops = false }: CoreOptions) {
    this.stretch = stretch
    this.selection = selection
    // A quarter as many attribute sets as routes is what full tables have.
    this.store = new AttributeStore(seed, reserve >> 2, set => this.#forget(set))
    this.decision = new Decision(this.store, this.sources, selection)
    const { store, decision, nextHops } = this
    this.tables = FAMILIES.map(family => new RouteTable(family, { store, decision, seed, reserve }))
    const tables = this.tables
    this.resolution = resolveNextHops ? new Resolution({ store, nextHops, tables, stretch }) : undefined
  }

  /** A session comes; whatever counts by source id has room for it. Throws RangeError when there are too many. */
  addSource(peer: RibPeer): PeerRecord {
    const record = this.sources.add(peer)
    this.store.makeRoom(record.id)
    for (const table of this.tables) table.makeRoom(record.id)
    return record
  }

  /** Gives back what a set that nobody names any more has held. */
  #forget(set: number): void {
    this.nextHops.release(this.store.nextHopOf(set))
    const flags = this.store.flagsOf(set)
    if ((flags & Flag.LOCAL) !== 0) this.localRoutes.delete(set)
    if ((flags & Flag.PREFERRED) !== 0) this.store.preferences.delete(set)
  }

  table(family: Family): RouteTable {
    return this.tables[family.index]!
  }

  /** Prefixes that wait for a flush. */
  get dirtyCount(): number {
    let count = 0
    for (const table of this.tables) count += table.dirtyCount
    return count
  }
}
