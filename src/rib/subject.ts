/**
 * A route as policy sees it: the one reused object behind every `CompiledPolicy.evaluate`. The canonical bytes are read when
 * a policy asks, prefixes are filled in only for policies that look at them.
 * Called by ingest.ts (import) and teller.ts (export).
 */

import { type Family, IPV4_UNICAST } from '../../wire/family.ts'
import { AttributeSummary, summarise } from '../../wire/summary.ts'
import type { PolicySubject, SourceKind } from '../policy/policy.ts'
import type { Core } from './core.ts'
import type { LocalRoute, RibPeer } from './port.ts'
import type { PrefixRecords } from './prefix-record.ts'
import { sourceKind } from './source-table.ts'

/** What `CompiledPolicy.evaluate` answers for a refused route (policy.ts; the RIB takes only types from there). */
export const REJECT = -1

type SubjectParts = Pick<Core, 'store' | 'sources' | 'localRoutes'>

/** A prefix as numbers, as `NlriReader` has it. */
export interface PrefixWords {
  readonly address0: number
  readonly address1: number
  readonly address2: number
  readonly address3: number
  readonly length: number
}

export class RouteSubject implements PolicySubject {
  family: Family = IPV4_UNICAST
  address0 = 0
  address1 = 0
  address2 = 0
  address3 = 0
  length = 0
  source: SourceKind = 'bgp'
  readonly #core: SubjectParts
  #set = 0
  readonly #attributes = new AttributeSummary()
  /** `#attributes` is that of the set. */
  #isRead = false

  constructor(core: SubjectParts) {
    this.#core = core
  }

  /** Takes up an attribute set. */
  setRoute(set: number, family: Family): this {
    this.#set = set
    this.#isRead = false
    this.family = family
    this.source = sourceKind(this.#core.store.sourceOf(set))
    return this
  }

  /** Takes up a prefix, by its id. */
  setPrefix(prefixes: PrefixRecords, id: number): this {
    this.address0 = prefixes.word(id, 0)
    this.address1 = prefixes.word(id, 1)
    this.address2 = prefixes.word(id, 2)
    this.address3 = prefixes.word(id, 3)
    this.length = prefixes.lengthOf(id)
    return this
  }

  /** Takes up a prefix, as numbers. */
  setAddress(prefix: PrefixWords): this {
    this.address0 = prefix.address0
    this.address1 = prefix.address1
    this.address2 = prefix.address2
    this.address3 = prefix.address3
    this.length = prefix.length
    return this
  }

  get peer(): RibPeer | undefined {
    return this.#core.sources.get(this.#core.store.sourceOf(this.#set))?.peer
  }

  get local(): LocalRoute | undefined {
    return this.#core.localRoutes.get(this.#set)
  }

  get bytes(): Uint8Array {
    return this.#core.store.bytes
  }

  get start(): number {
    return this.#core.store.startOf(this.#set)
  }

  get attributes(): AttributeSummary {
    if (!this.#isRead) {
      const { start } = this
      summarise(this.bytes, start, start + this.#core.store.lengthOf(this.#set), this.#attributes)
      this.#isRead = true
    }
    return this.#attributes
  }
}
