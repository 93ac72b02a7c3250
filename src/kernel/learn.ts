/**
 * What the speaker learns from the node itself: routes that others put in the kernel's table, and the subnets of its interfaces (main thread).
 *
 * "Alien" is everything in the configured table that is not ours, the kernel's own, or useless to a neighbour; the list is in `worth.ts`.
 * Several aliens of one prefix: the one with the lowest metric is announced. Connected prefixes are announced as `direct` for interfaces that the
 * ordered patterns admit. Says only what changed, also after a fresh dump. INTEROP: kernel and direct protocols of BIRD 1.6/2.0 as Calico configures
 * them, except that protocol-80 routes with a gateway and protocol-80 blackholes are never learned: they are the agent's copies of what BGP itself says.
 * Called by the port (listener); calls the sink, which is the daemon handing on to the RIB.
 */
import { FAMILIES, type Family, IPV4_UNICAST, IPV6_UNICAST } from '../../wire/family.ts'
import { clearHostBits, type Prefix, wordsOf } from '../../wire/prefix.ts'
import { PrefixTable } from '../table/prefix-table.ts'
import { RouteKind } from './constants.ts'
import type { Interface, InterfaceAddress, InterfaceChange, Interfaces } from './interfaces.ts'
import { isAdmitted } from './pattern.ts'
import type { Dump, KernelListener, KernelPort } from './port.ts'
import { Op, RecordFlag, type RouteRecords, routeType } from './record.ts'
import type { RouteType } from './route.ts'
import { isHostClass, isWorthLearning } from './worth.ts'

export type LearnSource = 'kernel' | 'direct'

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

export interface LearnSink {
  announce(source: LearnSource, prefix: Prefix, route: LearnedRoute): void
  withdraw(source: LearnSource, prefix: Prefix): void
}

export interface KernelLearnOptions {
  readonly table: number
  /** Our own protocol number: never learned. */
  readonly protocol: number
  /** False: only connected prefixes. */
  readonly learnAliens: boolean
  /** Interfaces whose subnets are announced; patterns tried in order, `-` in front excludes, `*` and `?` as in a shell. */
  readonly directInterfaces: readonly string[]
  /** Secret of the process. */
  readonly seed: number
}

/** Preferences among sources for one prefix (higher wins), as BIRD has them: BGP 100 and static 200 lie between. */
const PREFERENCE = { kernel: 10, direct: 240 } as const

/** One alien route. Several of one prefix differ in metric. */
interface Alien {
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
class AlienTable {
  readonly family: Family
  readonly prefixes: PrefixTable
  readonly aliens: (Alien[] | undefined)[] = []
  readonly announced: (LearnedRoute | undefined)[] = []

  constructor(family: Family, seed: number) {
    this.family = family
    this.prefixes = new PrefixTable(family, seed)
  }

  prefixOf(id: number): Prefix {
    const words = Uint32Array.from({ length: this.family.words }, (_, k) => this.prefixes.word(id, k))
    return { family: this.family, words, length: this.prefixes.lengthOf(id) }
  }
}

interface DirectPrefix {
  readonly prefix: Prefix
  readonly route: LearnedRoute
}

export class KernelLearn implements Partial<KernelListener> {
  readonly #port: Pick<KernelPort, 'dump'>
  readonly #interfaces: Interfaces
  readonly #options: KernelLearnOptions
  readonly #sink: LearnSink
  readonly #tables: readonly AlienTable[]
  /** Announced connected prefixes by text of the prefix. */
  #direct = new Map<string, DirectPrefix>()
  #dump = 0
  #inDump = false

  constructor(port: Pick<KernelPort, 'dump'>, interfaces: Interfaces, options: KernelLearnOptions, sink: LearnSink) {
    this.#port = port
    this.#interfaces = interfaces
    this.#options = options
    this.#sink = sink
    this.#tables = FAMILIES.map(family => new AlienTable(family, options.seed))
    interfaces.watch(change => this.#interfaceChanged(change))
  }

  dumpStarted(dump: Dump): void {
    if (dump.protocol !== 0) return
    this.#dump += 1
    this.#inDump = true
  }

  dumpFinished(dump: Dump): void {
    if (dump.protocol !== 0) return
    this.#inDump = false
    for (const table of this.#tables) this.#drop(table, alien => alien.dump !== this.#dump)
    this.#compareDirect()
  }

  routes(records: RouteRecords): void {
    if (!this.#options.learnAliens) return
    while (records.nextRoute()) {
      if (records.table !== this.#options.table) continue
      if (records.op === Op.gone) this.#gone(records)
      else if (isWorthLearning(records, this.#interfaces, this.#options.protocol)) this.#present(records)
      else if (records.has(RecordFlag.replaced)) this.#overwritten(records)
    }
  }

  #present(records: RouteRecords): void {
    const table = this.#tables[records.familyIndex]!
    const id = table.prefixes.add(records.word(0), records.word(1), records.word(2), records.word(3), records.length)
    const aliens = table.aliens[id] ?? []
    table.aliens[id] = aliens
    const at = aliens.findIndex(alien => alien.route.metric === records.metric)
    const known = aliens[at]
    // The kernel uses the first of several entries, and a dump shows it first.
    if (this.#inDump && known?.dump === this.#dump) {
      known.isDoubled = true
      return
    }
    const isDoubled = known !== undefined && !this.#inDump && !records.has(RecordFlag.replaced)
    const alien = this.#alienOf(records, isDoubled)
    if (known === undefined) aliens.push(alien)
    else aliens[at] = alien
    this.#announceBest(table, id)
  }

  /** Leaves the cursor on the last leg. */
  #alienOf(records: RouteRecords, isDoubled: boolean): Alien {
    const { protocol } = records
    const isUnicast = records.kind === RouteKind.unicast
    const interfaceIndex = isUnicast ? records.interfaceIndex : 0
    const route: LearnedRoute = {
      metric: records.metric,
      type: routeType(records.kind) ?? 'unicast',
      interfaceIndex,
      interfaceName: this.#interfaces.nameOf(interfaceIndex) ?? '',
      preference: PREFERENCE.kernel,
      ...(isUnicast && records.hasGateway ? { gateway: records.gatewayView().slice() } : {}),
    }
    const legInterfaces: number[] = []
    for (let left = records.legs; left > 0 && records.next(); left--) legInterfaces.push(records.interfaceIndex)
    return { route, protocol, legInterfaces, isDoubled, dump: this.#dump }
  }

  /** Judges nothing but identity: the interface may be unknown by now. */
  #gone(records: RouteRecords): void {
    const table = this.#tables[records.familyIndex]!
    const id = lookup(table, records)
    const aliens = table.aliens[id]
    const at = aliens?.findIndex(one => one.route.metric === records.metric && one.protocol === records.protocol) ?? -1
    const alien = aliens?.[at]
    if (aliens === undefined || alien === undefined) return
    if (alien.isDoubled || alien.legInterfaces.length > 0 || !leadsTo(alien.route, records)) {
      this.#port.dump(0, 'one of several routes of the same prefix and metric was removed')
      return
    }
    aliens.splice(at, 1)
    this.#announceBest(table, id)
  }

  /** Something we do not learn was put over a route that we did. */
  #overwritten(records: RouteRecords): void {
    const table = this.#tables[records.familyIndex]!
    const id = lookup(table, records)
    const aliens = table.aliens[id]
    if (aliens === undefined) return
    table.aliens[id] = aliens.filter(alien => alien.route.metric !== records.metric)
    this.#announceBest(table, id)
  }

  #drop(table: AlienTable, isGone: (alien: Alien) => boolean): void {
    for (let id = 1; id < table.prefixes.idLimit; id++) {
      const aliens = table.aliens[id]
      if (aliens === undefined || !aliens.some(isGone)) continue
      table.aliens[id] = aliens.filter(alien => !isGone(alien))
      this.#announceBest(table, id)
    }
  }

  #announceBest(table: AlienTable, id: number): void {
    const aliens = table.aliens[id] ?? []
    let best: LearnedRoute | undefined
    for (const { route } of aliens) if (best === undefined || route.metric < best.metric) best = route
    const announced = table.announced[id]
    if (best === undefined) {
      if (announced !== undefined) this.#sink.withdraw('kernel', table.prefixOf(id))
      table.aliens[id] = undefined
      table.announced[id] = undefined
      table.prefixes.remove(id)
    } else if (announced === undefined || !isSameRoute(best, announced)) {
      table.announced[id] = best
      this.#sink.announce('kernel', table.prefixOf(id), best)
    }
  }

  #interfaceChanged({ kind, index }: InterfaceChange): void {
    if (this.#inDump) return
    if (kind === 'down' || kind === 'removed') this.#linkGone(index)
    if (kind === 'renamed') this.#renamed(index)
    if (kind === 'address-removed' || this.#interfaces.hasGlobalAddress(index)) this.#compareDirect()
    if (kind === 'address-removed' && this.#options.learnAliens) {
      this.#port.dump(0, `an address of ${this.#interfaces.nameOf(index) ?? `interface ${index}`} was removed`)
    }
  }

  /** A link that is down carries no route, and the kernel does not say which IPv4 routes went with it. */
  #linkGone(index: number): void {
    let isDoubtful = false
    for (const table of this.#tables) {
      this.#drop(table, ({ route, legInterfaces }) => {
        isDoubtful ||= legInterfaces.includes(index)
        return route.interfaceIndex === index && legInterfaces.length === 0
      })
    }
    if (isDoubtful) this.#port.dump(0, 'a leg of a multipath route may have gone with its interface')
  }

  #renamed(index: number): void {
    const interfaceName = this.#interfaces.nameOf(index) ?? ''
    for (const table of this.#tables) {
      table.aliens.forEach((aliens, id) => {
        const affected = aliens?.filter(alien => alien.route.interfaceIndex === index) ?? []
        for (const alien of affected) alien.route = { ...alien.route, interfaceName }
        if (affected.length > 0) this.#announceBest(table, id)
      })
    }
  }

  // ---- connected prefixes

  /** Compares the subnets that should be announced with those that are. There are few. */
  #compareDirect(): void {
    const wanted = new Map<string, DirectPrefix>()
    const patterns = this.#options.directInterfaces
    for (const one of [...this.#interfaces.all()].sort((a, b) => a.index - b.index)) {
      if (!one.isUp || !isAdmitted(one.name, patterns)) continue
      for (const address of one.addresses) {
        const direct = directPrefix(one, address)
        const key = `${direct.prefix.words.join('.')}/${direct.prefix.length}`
        if (isHostClass(direct.prefix) && !wanted.has(key)) wanted.set(key, direct)
      }
    }
    for (const [key, { prefix }] of this.#direct) if (!wanted.has(key)) this.#sink.withdraw('direct', prefix)
    for (const [key, { prefix, route }] of wanted) {
      const announced = this.#direct.get(key)?.route
      if (announced === undefined || !isSameRoute(announced, route)) this.#sink.announce('direct', prefix, route)
    }
    this.#direct = wanted
  }
}

function directPrefix({ index, name }: Interface, { subnet, length }: InterfaceAddress): DirectPrefix {
  const family = subnet.length === 4 ? IPV4_UNICAST : IPV6_UNICAST
  const prefix = clearHostBits({ family, words: wordsOf(subnet), length })
  const preference = PREFERENCE.direct
  return { prefix, route: { metric: 0, type: 'unicast', interfaceIndex: index, interfaceName: name, preference } }
}

function lookup(table: AlienTable, records: RouteRecords): number {
  return table.prefixes.lookup(records.word(0), records.word(1), records.word(2), records.word(3), records.length)
}

function leadsTo(route: LearnedRoute, records: RouteRecords): boolean {
  if (route.type !== 'unicast') return route.type === routeType(records.kind)
  if (records.interfaceIndex !== 0 && records.interfaceIndex !== route.interfaceIndex) return false
  return !records.hasGateway || (route.gateway !== undefined && isSameOctets(route.gateway, records.gatewayView()))
}

function isSameRoute(a: LearnedRoute, b: LearnedRoute): boolean {
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
