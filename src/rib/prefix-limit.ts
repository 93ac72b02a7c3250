/**
 * How much one session may put into the tables: routes per family, as received and as let in by import policy, and octets of
 * attribute sets (RFC 4486 4, subcodes 1 and 8).
 *
 * Looked at after every UPDATE, with the counts that the tables keep anyhow. What happens beyond a limit of routes is the
 * operator's choice: `warn` and nothing else, `block` (prefixes that are new do not come in) or `reset`. A listener hears of
 * it once, and again only after the count has fallen below three quarters of the limit. Too many octets always reset.
 * Called by ingest.ts.
 */
import { cease, maximumPrefixes, type Notification } from '../../wire/errors.ts'
import { FAMILIES, type Family } from '../../wire/family.ts'
import { CeaseSubcode } from '../../wire/iana.ts'
import { RECORD_SHIFT } from './attribute-record.ts'
import type { Core } from './core.ts'
import type { LimitKind, LimitListener, PrefixLimits } from './port.ts'
import type { RouteTable } from './route-table.ts'
import type { PeerRecord } from './source-table.ts'

/** A limit is forgotten to be reached when the count is below this share of it. */
const CALM = 0.75

/** The limits of one session and family, and whether they count as reached. */
class FamilyLimits {
  readonly family: Family
  readonly received: number
  readonly accepted: number
  readonly action: PrefixLimits['action']
  /** By kind. */
  readonly isReached = { received: false, accepted: false }

  constructor(family: Family, { received, accepted, action }: PrefixLimits) {
    this.family = family
    this.received = received ?? Number.POSITIVE_INFINITY
    this.accepted = accepted ?? Number.POSITIVE_INFINITY
    this.action = action
  }
}

export class Limits {
  readonly #core: Core
  readonly #listeners: LimitListener[] = []
  /** Those of sessions that have any, by family index. */
  readonly #bySession = new WeakMap<PeerRecord, readonly (FamilyLimits | undefined)[]>()

  constructor(core: Core) {
    this.#core = core
  }

  listen(listener: LimitListener): void {
    this.#listeners.push(listener)
  }

  /** A session has come, or its limits have changed. */
  add(record: PeerRecord): void {
    const { limits } = record.peer
    this.#bySession.delete(record)
    if (limits === undefined) return
    const byFamily = FAMILIES.map(family => {
      const own = limits[family.name]
      return own === undefined ? undefined : new FamilyLimits(family, own)
    })
    this.#bySession.set(record, byFamily)
  }

  /** After an UPDATE: the reason to reset the session, if there is one. */
  check(record: PeerRecord): Notification | undefined {
    const { limits, attributeOctets } = record.peer
    if (attributeOctets !== undefined && this.octets(record) > attributeOctets) {
      const reason = `attributes of more than ${attributeOctets} octets`
      return cease(CeaseSubcode.OUT_OF_RESOURCES, reason)
    }
    if (limits === undefined) return undefined
    let error: Notification | undefined
    for (const own of this.#bySession.get(record) ?? []) {
      if (own !== undefined) error ??= this.#judge(record, own)
    }
    return error
  }

  /** Octets that the attribute sets of a session take, records included. */
  octets({ id }: PeerRecord): number {
    const { store } = this.#core
    return store.octetsOf[id]! + (store.setsOf[id]! << (RECORD_SHIFT + 2))
  }

  #judge(record: PeerRecord, own: FamilyLimits): Notification | undefined {
    const table = this.#core.table(own.family)
    const received = table.received[record.id]!
    const accepted = received - table.keptAside[record.id]!
    const isOver = this.#compare(record, own, 'received', received) || this.#compare(record, own, 'accepted', accepted)
    if (!isOver || own.action !== 'reset') return undefined
    return maximumPrefixes(own.family, received > own.received ? own.received : own.accepted)
  }

  /** Is the count beyond the limit? Tells the listeners when that is news. */
  #compare(record: PeerRecord, own: FamilyLimits, kind: LimitKind, count: number): boolean {
    if (count < own[kind] * CALM) own.isReached[kind] = false
    if (count <= own[kind]) return false
    this.#reach(record, own, kind, count)
    return true
  }

  #reach({ id, peer }: PeerRecord, own: FamilyLimits, kind: LimitKind, count: number): void {
    if (own.isReached[kind]) return
    own.isReached[kind] = true
    const { family, action } = own
    const event = { peer: id, name: peer.name, family, kind, limit: own[kind], count, action }
    for (const listener of this.#listeners) listener(event)
  }

  /** May an UPDATE with at most `prefixes` routes of this family meet a limit that blocks? Then each must be asked for. */
  mayBlock(record: PeerRecord, table: RouteTable, prefixes: number): boolean {
    if (record.peer.limits === undefined) return false
    const own = this.#bySession.get(record)?.[table.family.index]
    if (own?.action !== 'block') return false
    return table.received[record.id]! + prefixes > Math.min(own.received, own.accepted)
  }

  /** Is there no room for one more route of this session, `accepted` or kept aside? Counts and tells. */
  isFull(record: PeerRecord, table: RouteTable, kind: LimitKind): boolean {
    const own = this.#bySession.get(record)?.[table.family.index]
    if (own?.action !== 'block') return false
    const received = table.received[record.id]!
    const count = kind === 'received' ? received : received - table.keptAside[record.id]!
    if (count < own[kind]) return false
    record.blocked++
    this.#reach(record, own, kind, count)
    return true
  }
}
