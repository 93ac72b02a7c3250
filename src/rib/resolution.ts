/**
 * Which next hops lead anywhere, and how far they are (RFC 4271 9.1.2.1, 9.1.2.2 e), kept up to date by events.
 *
 * Every distinct next hop is resolved once, by the longest underlay route that covers it. A change of the underlay touches
 * only the next hops it covers. When one of them becomes reachable, unreachable or nearer, three steps follow:
 *   1. in slices, one pass over the paths marks the prefixes that the change may matter to (no index is kept for this);
 *   2. at once, the decision words of the attribute sets that name the next hop are rewritten;
 *   3. the flush chooses anew among the paths of the prefixes marked.
 * No flush comes between 1 and 2, and a marked prefix waits for its flush, so nobody ever sees a choice half made.
 * INTEROP: a link-local next hop, alone or beside a global one, is on the link of the session that told it (RFC 2545 3) and
 * needs no route. Local routes are not resolved: their source answers for them.
 * Called by rib.ts; `apply` by the interner for each new set.
 */
import type { Prefix } from '../../wire/prefix.ts'
import {
  Flag,
  INTERNAL_METRIC,
  KEPT_ASIDE,
  LENGTH_SOURCE,
  NEXT_HOP,
  PREFERENCE_FLAGS,
  RECORD_SHIFT,
  rankOf,
  UNUSABLE,
} from './attribute-record.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { NextHopTable } from './next-hop-table.ts'
import { BGP_PREFERENCE, type NextHop, type UnderlayRoute } from './port.ts'
import type { RouteTable } from './route-table.ts'
import { covers, Underlay, type UnderlayEntry } from './underlay.ts'

const MAX_METRIC = 0x7fffffff
const ON_LINK: UnderlayEntry = { metric: 0, isConnected: true, interfaceIndex: 0, prefix: 'link-local' }

/** What is known of one next hop. */
interface Resolved {
  /** To notice that the id went to another next hop. */
  readonly nextHop: NextHop
  /** Absent: nothing leads there. */
  readonly via: UnderlayEntry | undefined
}

export interface ResolutionParts {
  readonly store: AttributeStore
  readonly nextHops: NextHopTable
  readonly tables: readonly RouteTable[]
  /** Paths that one slice looks at. */
  readonly stretch: number
}

export class Resolution {
  readonly #parts: ResolutionParts
  readonly #underlay = new Underlay()
  /** By next-hop id. */
  readonly #known: (Resolved | undefined)[] = []
  /** Ids whose underlay route may be another one. */
  readonly #suspects = new Set<number>()
  /** What will hold after the pass under way, by id. */
  #changes = new Map<number, Resolved>()
  /** By next-hop id, during a pass: NEARER or ELIGIBLE. */
  #marks = new Uint8Array(64)
  #family = 0
  #position = 0

  constructor(parts: ResolutionParts) {
    this.#parts = parts
  }

  setRoute(prefix: Prefix, route: UnderlayRoute): void {
    this.#underlay.set(prefix, route)
    this.#suspect(prefix)
  }

  removeRoute(prefix: Prefix): void {
    this.#underlay.remove(prefix)
    this.#suspect(prefix)
  }

  #suspect(prefix: Prefix): void {
    for (let id = 1; id < this.#known.length; id++) {
      const known = this.#known[id]
      if (known !== undefined && covers(prefix, known.nextHop.octets)) this.#suspects.add(id)
    }
  }

  /** There is something to do in `step`. */
  get isPending(): boolean {
    return this.#suspects.size > 0 || this.isMarking
  }

  /** Prefixes are being marked: no flush may come in between. */
  get isMarking(): boolean {
    return this.#changes.size > 0
  }

  /** What leads to a next hop in use, if anything does. */
  via(nextHop: NextHop): UnderlayEntry | undefined {
    return this.#resolved(nextHop).via
  }

  #resolved(nextHop: NextHop): Resolved {
    let known = this.#known[nextHop.id]
    if (known?.nextHop !== nextHop) {
      known = this.#resolve(nextHop)
      this.#known[nextHop.id] = known
    }
    return known
  }

  #resolve(nextHop: NextHop): Resolved {
    const isOnLink = nextHop.linkLocal !== undefined || isLinkLocal(nextHop.octets)
    return { nextHop, via: isOnLink ? ON_LINK : this.#underlay.lookup(nextHop.octets) }
  }

  /** Writes into the decision words of a set what is known of its next hop. */
  apply(set: number): void {
    const { store, nextHops } = this.#parts
    const nextHop = nextHops.get(store.nextHopOf(set))
    if (nextHop !== undefined) this.#write(set, this.#resolved(nextHop).via)
  }

  #write(set: number, via: UnderlayEntry | undefined): void {
    const { records } = this.#parts.store
    const at = set << RECORD_SHIFT
    const flags = records[at + PREFERENCE_FLAGS]! & 0xffff & ~Flag.UNREACHABLE
    const isInternal = records[at + INTERNAL_METRIC]! & 0x80000000
    records[at + INTERNAL_METRIC] = isInternal | Math.min(via?.metric ?? 0, MAX_METRIC)
    const preference =
      (flags & Flag.PREFERRED) === 0 ? BGP_PREFERENCE : (this.#parts.store.preferences.get(set) ?? BGP_PREFERENCE)
    const isUsable = via !== undefined && (flags & KEPT_ASIDE) === 0
    const rank = isUsable ? rankOf(preference, (flags & Flag.LLGR_STALE) !== 0) : UNUSABLE
    records[at + PREFERENCE_FLAGS] = (rank << 16) | flags | (via === undefined ? Flag.UNREACHABLE : 0)
  }

  /** One slice. */
  step(): void {
    if (!this.isMarking) this.#begin()
    if (!this.isMarking) return
    const { tables, stretch } = this.#parts
    const table = tables[this.#family]!
    const end = Math.min(table.paths.idLimit, this.#position + stretch)
    this.#mark(table, this.#position, end)
    this.#position = end
    if (end < table.paths.idLimit) return
    this.#position = 1
    this.#family++
    if (this.#family === tables.length) this.#finish()
  }

  /** Asks the underlay about the suspects. What concerns nothing but views is settled here. */
  #begin(): void {
    const { nextHops, tables } = this.#parts
    for (const id of this.#suspects) {
      const known = this.#known[id]
      if (known === undefined) continue
      if (nextHops.get(id) !== known.nextHop) {
        this.#known[id] = undefined
        continue
      }
      const now = this.#resolve(known.nextHop)
      const mark = changeOf(known.via, now.via)
      if (mark === SAME) this.#known[id] = now
      else this.#note(id, now, mark)
    }
    this.#suspects.clear()
    if (!this.isMarking) return
    this.#family = 0
    this.#position = 1
    for (const table of tables) table.marksEveryChange = true
  }

  #note(id: number, now: Resolved, mark: number): void {
    this.#changes.set(id, now)
    if (id >= this.#marks.length) {
      const larger = new Uint8Array(Math.max(id + 1, this.#marks.length * 2))
      larger.set(this.#marks)
      this.#marks = larger
    }
    this.#marks[id] = mark
  }

  #mark(table: RouteTable, start: number, end: number): void {
    const { store } = this.#parts
    const { paths } = table
    const marks = this.#marks
    for (let path = start; path < end; path++) {
      const set = paths.setOf(path)
      if (set === 0) continue
      const mark = marks[store.nextHopOf(set)]
      if (mark === undefined || mark === SAME) continue
      const flags = store.flagsOf(set)
      if ((flags & (KEPT_ASIDE | Flag.LOCAL)) !== 0) continue
      table.doubt(paths.prefixOf(path), mark === ELIGIBLE)
    }
  }

  /** The words change, and the flush chooses anew. */
  #finish(): void {
    const { store, nextHops, tables } = this.#parts
    const { records } = store
    const marks = this.#marks
    for (let set = 1; set < store.idLimit; set++) {
      const at = set << RECORD_SHIFT
      if (records[at + LENGTH_SOURCE] === 0 || (records[at + PREFERENCE_FLAGS]! & Flag.LOCAL) !== 0) continue
      const nextHop = records[at + NEXT_HOP]!
      if ((marks[nextHop] ?? SAME) === SAME) continue
      const now = this.#changes.get(nextHop)
      if (now !== undefined && nextHops.get(now.nextHop.id) === now.nextHop) this.#write(set, now.via)
    }
    for (const [id, now] of this.#changes) {
      this.#marks[id] = SAME
      if (nextHops.get(id) === now.nextHop) this.#known[id] = now
    }
    this.#changes = new Map()
    for (const table of tables) {
      table.marksEveryChange = false
      table.doubtAll()
    }
  }
}

const SAME = 0
/** Another metric: matters only where there are several paths. */
const NEARER = 1
/** Reachable or not. */
const ELIGIBLE = 2

function changeOf(before: UnderlayEntry | undefined, after: UnderlayEntry | undefined): number {
  if ((before === undefined) !== (after === undefined)) return ELIGIBLE
  return before?.metric === after?.metric ? SAME : NEARER
}

/** fe80::/10 (RFC 4291 2.5.6). */
function isLinkLocal(octets: Uint8Array): boolean {
  return octets.length === 16 && octets[0] === 0xfe && (octets[1]! & 0xc0) === 0x80
}
