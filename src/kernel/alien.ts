/**
 * Routes of others as learn.ts keeps them: all aliens of a prefix, the one that was announced, and the longest match over them.
 * Objects, not typed arrays: a node has as many aliens as pods and configured routes, not a full table.
 */
import type { Family } from '../../wire/family.ts'
import { type Prefix, wordsOf } from '../../wire/prefix.ts'
import { PrefixTable } from '../table/prefix-table.ts'
import { type RouteRecords, routeType } from './record.ts'
import type { RouteType } from './route.ts'

/** A learned route in the shape the RIB takes local routes. */
export interface LearnedRoute {
  readonly metric: number
  readonly type: RouteType
  /** 4 or 16 octets; absent for device routes and for types other than unicast. */
  readonly gateway?: Uint8Array
  readonly interfaceIndex: number
  readonly interfaceName: string
  preference: number
}

/** One alien route. Several of one prefix differ in metric. */
export interface Alien {
  route: LearnedRoute
  readonly protocol: number
  /** Interfaces of all legs of a multipath route, of which `route` shows the first; empty for a single one. */
  readonly legInterfaces: readonly number[]
  /** Another entry of the same prefix and metric is hidden behind it: when this one goes, only a dump tells what is left. */
  isDoubled: boolean
  /** The last full dump that showed it. */
  dump: number
}

/** Aliens of one family, by PrefixTable id. */
export class AlienTable {
  readonly family: Family
  readonly prefixes: PrefixTable
  readonly aliens: (Alien[] | undefined)[] = []
  /** The best alien of each prefix, as it was told. */
  readonly announced: (LearnedRoute | undefined)[] = []
  /** How many announced prefixes have each length: lengths without any need no look. */
  readonly #lengths = new Uint32Array(129)

  constructor(family: Family, seed: number) {
    this.family = family
    this.prefixes = new PrefixTable(family, seed)
  }

  prefixOf(id: number): Prefix {
    const words = Uint32Array.from({ length: this.family.words }, (_, k) => this.prefixes.word(id, k))
    return { family: this.family, words, length: this.prefixes.lengthOf(id) }
  }

  /** The id of the prefix under the cursor, 0 when nothing is known of it. */
  lookup(records: RouteRecords): number {
    return this.prefixes.lookup(records.word(0), records.word(1), records.word(2), records.word(3), records.length)
  }

  announce(id: number, route: LearnedRoute): void {
    if (this.announced[id] === undefined) this.#lengths[this.prefixes.lengthOf(id)]! += 1
    this.announced[id] = route
  }

  forget(id: number): void {
    if (this.announced[id] !== undefined) this.#lengths[this.prefixes.lengthOf(id)]! -= 1
    this.aliens[id] = undefined
    this.announced[id] = undefined
    this.prefixes.remove(id)
  }

  /** The announced alien with the longest prefix that holds this address, and the length of that prefix. */
  longestMatch(octets: Uint8Array): { route: LearnedRoute; length: number } | undefined {
    const words = wordsOf(octets)
    for (let length = this.family.bits; length >= 0; length--) {
      if (this.#lengths[length] === 0) continue
      const id = this.prefixes.lookup(...masked(words, length), length)
      const route = this.announced[id]
      if (route !== undefined) return { route, length }
    }
    return undefined
  }
}

/** The four words of an address with all but the first `length` bits cleared. */
function masked(words: Uint32Array, length: number): [number, number, number, number] {
  const word = (k: number): number => {
    const bits = Math.min(32, Math.max(0, length - 32 * k))
    return bits === 0 ? 0 : ((words[k] ?? 0) & (0xffffffff << (32 - bits))) >>> 0
  }
  return [word(0), word(1), word(2), word(3)]
}

/** Does the route lead where the record under the cursor says, as far as it says? */
export function leadsTo(route: LearnedRoute, records: RouteRecords): boolean {
  if (route.type !== 'unicast') return route.type === routeType(records.kind)
  if (records.interfaceIndex !== 0 && records.interfaceIndex !== route.interfaceIndex) return false
  return !records.hasGateway || (route.gateway !== undefined && isSameOctets(route.gateway, records.gatewayView()))
}

export function isSameRoute(a: LearnedRoute, b: LearnedRoute): boolean {
  return (
    a.metric === b.metric &&
    a.type === b.type &&
    a.interfaceIndex === b.interfaceIndex &&
    a.interfaceName === b.interfaceName &&
    a.preference === b.preference &&
    (a.gateway === b.gateway ||
      (a.gateway !== undefined && b.gateway !== undefined && isSameOctets(a.gateway, b.gateway)))
  )
}

function isSameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, at) => octet === b[at])
}
