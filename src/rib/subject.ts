/**
 * A route as policy sees it: the one reused object behind every `CompiledPolicy.evaluate`. Communities are looked for in
 * the canonical bytes when a policy asks, prefixes are filled in only for policies that look at them.
 * Called by ingest.ts (import) and teller.ts (export).
 */

import { type Family, IPV4_UNICAST } from '../../wire/family.ts'
import { AttributeCode, AttributeFlag } from '../../wire/iana.ts'
import type { PolicySubject, SourceKind } from '../policy/policy.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { PrefixRecords } from './prefix-record.ts'
import { sourceKind } from './source-table.ts'

/** What `CompiledPolicy.evaluate` answers for a refused route (policy.ts; the RIB takes only types from there). */
export const REJECT = -1

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
  readonly #store: AttributeStore
  #set = 0
  /** Where the communities are, once looked for. */
  #start = -1
  #end = 0

  constructor(store: AttributeStore) {
    this.#store = store
  }

  /** Takes up an attribute set. */
  setRoute(set: number, family: Family): this {
    this.#set = set
    this.#start = -1
    this.family = family
    this.source = sourceKind(this.#store.sourceOf(set))
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

  hasCommunity(value: number): boolean {
    if (this.#start < 0) this.#find()
    const bytes = this.#store.bytes
    for (let at = this.#start; at < this.#end; at += 4) {
      const community = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
      if (community === (value | 0)) return true
    }
    return false
  }

  #find(): void {
    const bytes = this.#store.bytes
    let at = this.#store.startOf(this.#set)
    const end = at + this.#store.lengthOf(this.#set)
    this.#start = 0
    this.#end = 0
    while (at < end) {
      const isExtended = (bytes[at]! & AttributeFlag.EXTENDED_LENGTH) !== 0
      const value = at + (isExtended ? 4 : 3)
      const next = value + (isExtended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!)
      if (bytes[at + 1] === AttributeCode.COMMUNITIES) {
        this.#start = value
        this.#end = next
        return
      }
      at = next
    }
  }
}
