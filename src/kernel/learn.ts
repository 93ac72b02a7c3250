/**
 * What the speaker learns from the node itself: routes that others put in the kernel's table, and the subnets of its interfaces (main thread).
 *
 * "Alien" is everything in the configured table that is not ours, the kernel's own, or useless to a neighbour; the list is in `worth.ts`.
 * Several aliens of one prefix: the one with the lowest metric is announced. Connected prefixes are announced as `direct` for interfaces that the
 * ordered patterns admit. Says only what changed, also after a fresh dump. INTEROP: kernel and direct protocols of BIRD 1.6/2.0 as Calico configures
 * them, except that protocol-80 routes with a gateway and protocol-80 blackholes are never learned: they are the agent's copies of what BGP itself says.
 * Called by the port (listener); calls the sink, which is the daemon handing on to the RIB.
 */
import { FAMILIES } from '../../wire/family.ts'
import type { Prefix } from '../../wire/prefix.ts'
import { type Alien, AlienTable, isSameRoute, type LearnedRoute, leadsTo } from './alien.ts'
import { RouteKind } from './constants.ts'
import { LatencyHistogram } from './histogram.ts'
import type { InterfaceChange, Interfaces } from './interfaces.ts'
import { isAdmitted } from './pattern.ts'
import type { Dump, KernelListener, KernelPort } from './port.ts'
import { Op, RecordFlag, type RouteRecords, routeType } from './record.ts'
import { type Connected, connectedSubnets, Underlay } from './underlay.ts'
import { isHostClass, isWorthLearning } from './worth.ts'

export type LearnSource = 'kernel' | 'direct'

export interface LearnSink {
  announce(source: LearnSource, prefix: Prefix, route: LearnedRoute): void
  withdraw(source: LearnSource, prefix: Prefix): void
}

/** What may change while it learns. */
export interface LearnSettings {
  /** False: only connected prefixes are announced. Aliens are followed all the same: next hops resolve through them. */
  readonly learnAliens: boolean
  /** Aliens on some interfaces whose metric says that they matter more. */
  readonly elevated?: Elevated
  /** Interfaces whose subnets are announced; patterns tried in order, `-` in front excludes, `*` and `?` as in a shell. */
  readonly directInterfaces: readonly string[]
}

export interface KernelLearnOptions extends LearnSettings {
  readonly table: number
  /** Our own protocol number: never learned. */
  readonly protocol: number
  /** Secret of the process. */
  readonly seed: number
}

/**
 * Workload routes with a metric that the agent gave while the workload moves in: they must win over the stale path that BGP still has (preference 100)
 * and lose to an elevated one (200). INTEROP: kernel import of Calico's templates since the fix for live migration.
 * DEVIATION: a route without a metric is not elevated; agents older than that fix write workload routes so.
 */
export interface Elevated {
  /** Patterns as in `directInterfaces`. */
  readonly interfaces: readonly string[]
  readonly belowMetric: number
  readonly preference: number
}

/** Preferences among sources for one prefix (higher wins), as BIRD has them: BGP 100 and static 200 lie between. */
const PREFERENCE = { kernel: 10, direct: 240 } as const

export class KernelLearn implements Partial<KernelListener> {
  readonly underlay: Underlay
  /** From the kernel's message to the RIB, notifications only. */
  readonly latency = new LatencyHistogram()
  readonly #port: Pick<KernelPort, 'dump'>
  readonly #interfaces: Interfaces
  readonly #options: KernelLearnOptions
  #settings: LearnSettings
  readonly #sink: LearnSink
  readonly #tables: readonly AlienTable[]
  /** Announced connected prefixes by text of the prefix. */
  #direct = new Map<string, Connected>()
  #dump = 0
  #inDump = false

  constructor(port: Pick<KernelPort, 'dump'>, interfaces: Interfaces, options: KernelLearnOptions, sink: LearnSink) {
    this.#port = port
    this.#interfaces = interfaces
    this.#options = options
    this.#settings = options
    this.#sink = sink
    this.#tables = FAMILIES.map(family => new AlienTable(family, options.seed))
    this.underlay = new Underlay(this.#tables, interfaces)
    interfaces.watch(change => this.#interfaceChanged(change))
  }

  /** Other settings from here on: announces and withdraws what differs. */
  configure(settings: LearnSettings): void {
    const { learnAliens } = this.#settings
    this.#settings = settings
    for (const table of this.#tables) this.#preferAnew(table)
    if (settings.learnAliens !== learnAliens) {
      for (const table of this.#tables) {
        table.announced.forEach((route, id) => {
          if (route !== undefined) this.#say(table.prefixOf(id), learnAliens ? undefined : route)
        })
      }
    }
    if (!this.#inDump) this.#compareDirect()
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
    while (records.nextRoute()) {
      if (records.table !== this.#options.table) continue
      if (records.op === Op.gone) this.#gone(records)
      else if (isWorthLearning(records, this.#interfaces, this.#options.protocol)) this.#present(records)
      else if (records.has(RecordFlag.replaced)) this.#overwritten(records)
    }
    if (records.readAtMs > 0) this.latency.record(wallClockMs() - records.readAtMs, records.count)
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
    const interfaceName = this.#interfaces.nameOf(interfaceIndex) ?? ''
    const route: LearnedRoute = {
      metric: records.metric,
      type: routeType(records.kind) ?? 'unicast',
      interfaceIndex,
      interfaceName,
      preference: this.#preference(interfaceName, records.metric),
      ...(isUnicast && records.hasGateway ? { gateway: records.gatewayView().slice() } : {}),
    }
    const legInterfaces: number[] = []
    for (let left = records.legs; left > 0 && records.next(); left--) legInterfaces.push(records.interfaceIndex)
    return { route, protocol, legInterfaces, isDoubled, dump: this.#dump }
  }

  #preference(interfaceName: string, metric: number): number {
    const { elevated } = this.#settings
    const isElevated = elevated !== undefined && metric > 0 && metric < elevated.belowMetric
    return isElevated && isAdmitted(interfaceName, elevated.interfaces) ? elevated.preference : PREFERENCE.kernel
  }

  /** Judges nothing but identity: the interface may be unknown by now. */
  #gone(records: RouteRecords): void {
    const table = this.#tables[records.familyIndex]!
    const id = table.lookup(records)
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
    const id = table.lookup(records)
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
    const prefix = table.prefixOf(id)
    if (best === undefined) {
      table.forget(id)
      if (announced !== undefined) this.#tell(prefix, undefined)
    } else if (announced === undefined || !isSameRoute(best, announced)) {
      table.announce(id, best)
      this.#tell(prefix, best)
    }
  }

  #tell(prefix: Prefix, route: LearnedRoute | undefined): void {
    this.underlay.alienChanged(prefix, route)
    if (this.#settings.learnAliens) this.#say(prefix, route)
  }

  #say(prefix: Prefix, route: LearnedRoute | undefined): void {
    if (route === undefined) this.#sink.withdraw('kernel', prefix)
    else this.#sink.announce('kernel', prefix, route)
  }

  #interfaceChanged({ kind, index }: InterfaceChange): void {
    if (this.#inDump) return
    if (kind === 'down' || kind === 'removed') this.#linkGone(index)
    if (kind === 'renamed') this.#renamed(index)
    if (kind === 'address-removed' || this.#interfaces.hasGlobalAddress(index)) this.#compareDirect()
    if (kind === 'address-removed') {
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

  #preferAnew(table: AlienTable): void {
    table.aliens.forEach((aliens, id) => {
      let isOther = false
      for (const alien of aliens ?? []) {
        const preference = this.#preference(alien.route.interfaceName, alien.route.metric)
        if (preference === alien.route.preference) continue
        alien.route = { ...alien.route, preference }
        isOther = true
      }
      if (isOther) this.#announceBest(table, id)
    })
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
    this.underlay.compareConnected()
    const patterns = this.#settings.directInterfaces
    const wanted = connectedSubnets(
      this.#interfaces,
      ({ name }, prefix) => isAdmitted(name, patterns) && isHostClass(prefix),
    )
    for (const [key, { prefix }] of this.#direct) if (!wanted.has(key)) this.#sink.withdraw('direct', prefix)
    for (const [key, subnet] of wanted) {
      const announced = this.#direct.get(key)
      const route = directRoute(subnet)
      if (announced === undefined || !isSameRoute(directRoute(announced), route)) {
        this.#sink.announce('direct', subnet.prefix, route)
      }
    }
    this.#direct = wanted
  }
}

function directRoute({ interfaceIndex, interfaceName }: Connected): LearnedRoute {
  return { metric: 0, type: 'unicast', interfaceIndex, interfaceName, preference: PREFERENCE.direct }
}

/** Milliseconds since 1970 with fractions, the same in all threads. */
function wallClockMs(): number {
  return performance.timeOrigin + performance.now()
}
