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
import type { LimitCounters, LimitKind, LimitListener, PrefixLimits } from './port.ts'
import type { RouteTable } from './route-table.ts'
import type { PeerRecord } from './source-table.ts'

/** A limit is forgotten to be reached when the count is below this share of it. */
const CALM = 0.75

const KINDS: readonly LimitKind[] = ['received', 'accepted']

/** What a limit did. */
interface Deeds {
  isReached: boolean
  timesReached: number
  blocked: number
}

const noDeeds = (): Deeds => ({ isReached: false, timesReached: 0, blocked: 0 })

/** The limits of one session and family, and what they did; other limits go on from the deeds of those `before`. */
class FamilyLimits {
  readonly family: Family
  readonly received: number
  readonly accepted: number
  readonly action: PrefixLimits['action']
  readonly deeds: Readonly<Record<LimitKind, Deeds>>

  constructor(family: Family, { received, accepted, action }: PrefixLimits, before: FamilyLimits | undefined) {
    this.family = family
    this.received = received ?? Number.POSITIVE_INFINITY
    this.accepted = accepted ?? Number.POSITIVE_INFINITY
    this.action = action
    this.deeds = before?.deeds ?? { received: noDeeds(), accepted: noDeeds() }
    for (const kind of KINDS) this.deeds[kind].isReached = false
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
    const before = this.#bySession.get(record)
    this.#bySession.delete(record)
    if (limits === undefined) return
    const byFamily = FAMILIES.map(family => {
      const own = limits[family.name]
      return own === undefined ? undefined : new FamilyLimits(family, own, before?.[family.index])
    })
    if (byFamily.some(own => own !== undefined)) this.#bySession.set(record, byFamily)
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
    const { received, accepted } = this.#counts(record, own)
    const isOver = this.#compare(record, own, 'received', received) || this.#compare(record, own, 'accepted', accepted)
    if (!isOver || own.action !== 'reset') return undefined
    return maximumPrefixes(own.family, received > own.received ? own.received : own.accepted)
  }

  #counts({ id }: PeerRecord, { family }: FamilyLimits): Readonly<Record<LimitKind, number>> {
    const table = this.#core.table(family)
    const received = table.received[id]!
    return { received, accepted: received - table.keptAside[id]! }
  }

  /** The limits of a session, for people. */
  counters(record: PeerRecord): LimitCounters[] {
    const present = (this.#bySession.get(record) ?? []).filter(own => own !== undefined)
    return present.flatMap(own =>
      KINDS.filter(kind => Number.isFinite(own[kind])).map(kind => {
        const { family, action, deeds } = own
        return { family, kind, limit: own[kind], action, count: this.#counts(record, own)[kind], ...deeds[kind] }
      }),
    )
  }

  /** Is the count beyond the limit? Tells the listeners when that is news. */
  #compare(record: PeerRecord, own: FamilyLimits, kind: LimitKind, count: number): boolean {
    if (count < own[kind] * CALM) own.deeds[kind].isReached = false
    if (count <= own[kind]) return false
    this.#reach(record, own, kind, count)
    return true
  }

  #reach({ id, peer }: PeerRecord, own: FamilyLimits, kind: LimitKind, count: number): void {
    const deeds = own.deeds[kind]
    if (deeds.isReached) return
    deeds.isReached = true
    deeds.timesReached++
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
    own.deeds[kind].blocked++
    this.#reach(record, own, kind, count)
    return true
  }
}
