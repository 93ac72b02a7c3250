/**
 * A FIB in memory behind the same port as the kernel's, with the kernel's manners: exclusive create, protocol-checked delete, gateways that must be
 * connected, IPv4 routes that vanish without an event when their link goes down.
 *
 * Beside the port there is the agent's side, for the lab and for tests: interfaces, addresses and routes of others come and go, refusals and lost
 * events are ordered, and every change can be watched. Knows no time: work is queued and run by `schedule` (a microtask by default).
 */
import { constants } from 'node:os'
import type { Family } from '../../wire/family.ts'
import { formatPrefix, parseAddress, parsePrefix, wordsOf } from '../../wire/prefix.ts'
import { IPV6_DEFAULT_METRIC, Protocol, Table } from './constants.ts'
import { KernelError } from './error.ts'
import { type InterfaceAddress, Interfaces, isLinkLocal } from './interfaces.ts'
import type { AddressEvent, Dump, KernelListener, KernelPort, LinkEvent } from './port.ts'
import { appendRoute, Op, RecordFlag, RouteRecords, routeOf } from './record.ts'
import type { KernelNextHop, KernelRoute, RouteType } from './route.ts'

const { EEXIST, EHOSTUNREACH, EINVAL, ENETDOWN, ENETUNREACH, ENODEV, ESRCH } = constants.errno

/** A route as the agent writes it. */
export interface MemoryRoute {
  /** "10.0.0.0/24". */
  readonly prefix: string
  readonly type?: RouteType
  /** Gateway address. */
  readonly via?: string
  /** Name of the interface; without it the gateway's subnet decides. */
  readonly dev?: string
  readonly isOnlink?: boolean
  /** Default 3 (boot), as `ip route add` has it. */
  readonly protocol?: number
  /** Default 0. */
  readonly metric?: number
}

/** What a watcher of the table sees. */
export interface MemoryChange {
  readonly kind: 'present' | 'gone'
  readonly route: KernelRoute
  /** True when the speaker did it, through the port. */
  readonly isOwn: boolean
}

/** A refusal ordered by a test. */
export interface Refusal {
  readonly errno: number
  readonly reason: string
}

interface Task {
  readonly run: () => void
  /** May be lost by `loseEvents`. */
  readonly isEvent: boolean
}

export interface MemoryKernelOptions {
  /** Default 254 (main). */
  readonly table?: number
  /** Runs a task later, never at once. Default queueMicrotask. */
  readonly schedule?: (task: () => void) => void
}

export class MemoryKernel implements KernelPort {
  /** The interfaces as the "kernel" has them. */
  readonly interfaces = new Interfaces()
  readonly #table: number
  readonly #schedule: (task: () => void) => void
  readonly #routes = new Map<string, KernelRoute>()
  readonly #watchers = new Set<(change: MemoryChange) => void>()
  #listener: Partial<KernelListener> | undefined
  #tasks: Task[] = []
  #refusal: ((write: KernelRoute, op: number) => Refusal | undefined) | undefined
  #waitingDump: { protocol: number; reason: string } | undefined
  #nextIndex = 1

  constructor(options: MemoryKernelOptions = {}) {
    this.#table = options.table ?? Table.main
    this.#schedule = options.schedule ?? queueMicrotask
  }

  // ---- the port

  start(listener: Partial<KernelListener>): Promise<void> {
    this.#listener = listener
    this.dump(0, 'start')
    return new Promise(resolve => this.#later(resolve))
  }

  submit(batch: RouteRecords): void {
    this.#later(() => {
      const reasons = ['']
      batch.rewind()
      while (batch.nextRoute()) this.#write(batch, reasons)
      this.#listener?.written?.(batch.rewind(), reasons)
    })
  }

  dump(protocol: number, reason: string): void {
    if (this.#waitingDump !== undefined) {
      if (protocol !== this.#waitingDump.protocol) this.#waitingDump.protocol = 0
      return
    }
    const dump = { protocol, reason }
    this.#waitingDump = dump
    this.#later(() => {
      this.#waitingDump = undefined
      this.#deliverDump(dump)
    })
  }

  close(): Promise<void> {
    this.#listener = undefined
    return Promise.resolve()
  }

  // ---- the agent's side

  /** Adds an interface, up and running unless told otherwise. Returns its index. */
  addInterface(name: string, isUp = true): number {
    const index = this.#nextIndex++
    this.#link({ kind: 'present', index, name, isUp, isRunning: isUp })
    return index
  }

  /** Takes an interface up or down. Down: IPv4 routes over it vanish silently, IPv6 routes with an event. */
  setInterface(name: string, isUp: boolean): void {
    const index = this.#indexOf(name)
    if (!isUp) this.#flush(index)
    this.#link({ kind: 'present', index, name, isUp, isRunning: isUp })
  }

  renameInterface(name: string, newName: string): void {
    const index = this.#indexOf(name)
    const isUp = this.interfaces.get(index)?.isUp ?? false
    this.#link({ kind: 'present', index, name: newName, isUp, isRunning: isUp })
  }

  removeInterface(name: string): void {
    const index = this.#indexOf(name)
    this.#flush(index)
    for (const one of [...(this.interfaces.get(index)?.addresses ?? [])]) this.#address('gone', index, one)
    this.#link({ kind: 'gone', index, name, isUp: false, isRunning: false })
  }

  /** `text` is "10.0.0.1/24"; with `peer` the far end of a point-to-point link. */
  addAddress(name: string, text: string, peer?: string): void {
    this.#address('present', this.#indexOf(name), addressOf(text, peer))
  }

  /** Removes an address; the last IPv4 address of an interface takes the IPv4 routes with it, silently. */
  removeAddress(name: string, text: string, peer?: string): void {
    const index = this.#indexOf(name)
    const gone = addressOf(text, peer)
    this.#address('gone', index, gone)
    const isLeft =
      this.interfaces.get(index)?.addresses.some(one => one.address.length === gone.address.length) ?? false
    if (!isLeft) this.#flush(index)
  }

  /** Adds a route of somebody else's, or overwrites the one with its prefix and metric. Throws what the kernel would refuse. */
  addRoute(spec: MemoryRoute): void {
    const route = this.#resolve(this.#routeOf(spec))
    if ('errno' in route) throw new Error(`${spec.prefix}: ${route.reason}`)
    const key = keyOf(route)
    const isReplacing = this.#routes.has(key)
    this.#routes.set(key, route)
    this.#tell({ kind: 'present', route, isOwn: false })
    this.#event(Op.present, route, isReplacing ? RecordFlag.replaced : 0)
  }

  /** Removes the route of this prefix and metric, whoever made it. False when there is none. */
  removeRoute(spec: Pick<MemoryRoute, 'prefix' | 'metric'>): boolean {
    const key = keyOf(this.#routeOf({ ...spec, type: 'blackhole' }))
    const route = this.#routes.get(key)
    if (route === undefined) return false
    this.#remove(key, route)
    return true
  }

  /** The table as it is now. */
  routes(): KernelRoute[] {
    return [...this.#routes.values()]
  }

  /** Calls back after every change of a route, at once. The returned function ends it. */
  onChange(watcher: (change: MemoryChange) => void): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  /** From now on writes for which `rule` gives a refusal fail with it; undefined ends that. */
  refuse(rule: ((write: KernelRoute, op: number) => Refusal | undefined) | undefined): void {
    this.#refusal = rule
  }

  /** Throws away everything on its way to the listener, as an overrun socket does, and lets the listener know. */
  loseEvents(): void {
    this.#tasks = this.#tasks.map(task => (task.isEvent ? { run: () => {}, isEvent: false } : task))
    this.#later(() => this.#listener?.resync?.('events were lost'))
    this.dump(0, 'events were lost')
  }

  // ---- inside

  #later(run: () => void, isEvent = false): void {
    // What happened before anybody listened is in the first dump.
    if (isEvent && this.#listener === undefined) return
    this.#tasks.push({ run, isEvent })
    if (this.#tasks.length > 1) return
    this.#schedule(() => this.#drain())
  }

  /** Tasks that tasks leave behind run in the same go, in order. One that throws takes no other with it. */
  #drain(): void {
    let at = 0
    try {
      for (; at < this.#tasks.length; at++) this.#tasks[at]?.run()
    } finally {
      this.#tasks = this.#tasks.slice(at + 1)
      if (this.#tasks.length > 0) this.#schedule(() => this.#drain())
    }
  }

  #write(batch: RouteRecords, reasons: string[]): void {
    const { op, index } = batch
    const refusal = op === Op.delete ? this.#delete(batch) : this.#apply(op, routeOf(batch))
    batch.seek(index)
    if (refusal === undefined) return
    let reason = reasons.indexOf(refusal.reason)
    if (reason < 0) reason = reasons.push(refusal.reason) - 1
    batch.setOutcome(refusal.errno, reason)
  }

  #apply(op: number, asked: KernelRoute | undefined): Refusal | undefined {
    if (asked === undefined) return { errno: EINVAL, reason: 'Invalid argument' }
    const refused = this.#refusal?.(asked, op)
    if (refused !== undefined) return refused
    const key = keyOf(asked)
    if (op === Op.add && this.#routes.has(key)) return { errno: EEXIST, reason: 'File exists' }
    const route = this.#resolve(asked)
    if ('errno' in route) return route
    this.#routes.set(key, route)
    this.#tell({ kind: 'present', route, isOwn: true })
    return undefined
  }

  #delete(batch: RouteRecords): Refusal | undefined {
    const { family, length, metric, protocol } = batch
    const words = Uint32Array.from({ length: family.words }, (_, k) => batch.word(k))
    const key = keyOf({ family, words, length, metric })
    const route = this.#routes.get(key)
    if (route === undefined || route.protocol !== protocol) return { errno: ESRCH, reason: 'No such process' }
    const refused = this.#refusal?.(route, Op.delete)
    if (refused !== undefined) return refused
    this.#routes.delete(key)
    this.#tell({ kind: 'gone', route, isOwn: true })
    return undefined
  }

  /** The route with its device and metric filled in, or why not. */
  #resolve(route: KernelRoute): KernelRoute | Refusal {
    const metric = metricOf(route.family, route.metric)
    const { source, nextHops } = route
    if (source !== undefined && !this.interfaces.isOwnAddress(source)) {
      return { errno: EINVAL, reason: 'Invalid prefsrc address' }
    }
    if (route.type !== 'unicast') return { ...route, metric, interfaceIndex: 0 }
    if (nextHops === undefined) return this.#resolveLeg({ ...route, metric })
    const legs: KernelNextHop[] = []
    for (const leg of nextHops) {
      const found = this.#resolveLeg(leg)
      if ('errno' in found) return found
      legs.push(found)
    }
    return { ...route, metric, interfaceIndex: legs[0]?.interfaceIndex ?? 0, nextHops: legs }
  }

  /** The next hop with its device filled in, or why not. */
  #resolveLeg<Leg extends Pick<KernelNextHop, 'gateway' | 'interfaceIndex' | 'isOnlink'>>(route: Leg): Leg | Refusal {
    const { gateway } = route
    const device = this.interfaces.get(route.interfaceIndex)
    if (route.interfaceIndex !== 0 && device === undefined) return { errno: ENODEV, reason: 'No such device' }
    if (device !== undefined && !device.isUp) return { errno: ENETDOWN, reason: 'Device for nexthop is not up' }
    if (gateway === undefined || route.isOnlink || isLinkLocal(gateway)) {
      return device === undefined ? { errno: EINVAL, reason: 'Device required' } : route
    }
    const connected = this.interfaces.connectedTo(gateway)?.index ?? this.#deviceRouteTo(gateway)
    if (connected === undefined || (device !== undefined && device.index !== connected)) {
      return { errno: gateway.length === 4 ? ENETUNREACH : EHOSTUNREACH, reason: 'Nexthop has invalid gateway' }
    }
    return { ...route, interfaceIndex: connected }
  }

  /** A host route straight to a device also makes a gateway reachable. */
  #deviceRouteTo(gateway: Uint8Array): number | undefined {
    const words = wordsOf(gateway)
    for (const route of this.#routes.values()) {
      const isDevice = route.type === 'unicast' && route.gateway === undefined && route.length === route.family.bits
      if (isDevice && route.words.length === words.length && route.words.every((word, k) => word === words[k])) {
        return route.interfaceIndex
      }
    }
    return undefined
  }

  #flush(interfaceIndex: number): void {
    for (const [key, route] of [...this.#routes]) {
      if (route.type === 'unicast' && route.interfaceIndex === interfaceIndex)
        this.#remove(key, route, route.family.words === 1)
    }
  }

  #remove(key: string, route: KernelRoute, isSilent = false): void {
    this.#routes.delete(key)
    this.#tell({ kind: 'gone', route, isOwn: false })
    if (!isSilent) this.#event(Op.gone, route, 0)
  }

  #tell(change: MemoryChange): void {
    for (const watcher of this.#watchers) watcher(change)
  }

  #event(op: number, route: KernelRoute, flags: number): void {
    const records = appendRoute(new RouteRecords(1), op, route)
    records.flags |= flags
    this.#later(() => this.#listener?.routes?.(records.rewind()), true)
  }

  #link(event: LinkEvent): void {
    this.interfaces.links([event])
    this.#later(() => this.#listener?.links?.([event]), true)
  }

  #address(kind: AddressEvent['kind'], interfaceIndex: number, address: InterfaceAddress): void {
    const event = { kind, interfaceIndex, ...address }
    this.interfaces.addresses([event])
    this.#later(() => this.#listener?.addresses?.([event]), true)
  }

  #deliverDump(dump: Dump): void {
    const listener = this.#listener
    listener?.dumpStarted?.(dump)
    if (dump.protocol === 0) {
      for (const { index, name, isUp, isRunning, addresses } of this.interfaces.all()) {
        listener?.links?.([{ kind: 'present', index, name, isUp, isRunning }])
        listener?.addresses?.(addresses.map(one => ({ kind: 'present', interfaceIndex: index, ...one })))
      }
    }
    const records = new RouteRecords(this.#routes.size)
    for (const route of this.#routes.values()) {
      if (dump.protocol === 0 || route.protocol === dump.protocol) appendRoute(records, Op.present, route)
    }
    listener?.routes?.(records.rewind())
    listener?.dumpFinished?.(dump)
  }

  #indexOf(name: string): number {
    const index = this.interfaces.indexOf(name)
    if (index === 0) throw KernelError.unknownInterface(name)
    return index
  }

  #routeOf(spec: MemoryRoute): KernelRoute {
    const prefix = parsePrefix(spec.prefix)
    const gateway = spec.via === undefined ? undefined : parseAddress(spec.via)
    if (prefix === undefined) throw new Error(`"${spec.prefix}" is no prefix`)
    const { family, words, length } = prefix
    return {
      family,
      words,
      length,
      protocol: spec.protocol ?? Protocol.boot,
      table: this.#table,
      metric: metricOf(family, spec.metric ?? 0),
      type: spec.type ?? 'unicast',
      interfaceIndex: spec.dev === undefined ? 0 : this.#indexOf(spec.dev),
      isOnlink: spec.isOnlink ?? false,
      ...(gateway === undefined ? {} : { gateway }),
    }
  }
}

function metricOf(family: Family, metric: number): number {
  return metric === 0 && family.words === 4 ? IPV6_DEFAULT_METRIC : metric
}

function keyOf(route: Pick<KernelRoute, 'family' | 'words' | 'length' | 'metric'>): string {
  return `${formatPrefix(route.family, route.words, route.length)} ${metricOf(route.family, route.metric)}`
}

function addressOf(text: string, peer: string | undefined): InterfaceAddress {
  const [ours = '', length = ''] = text.split('/')
  const address = parseAddress(ours)
  const subnet = peer === undefined ? address : parseAddress(peer)
  if (address === undefined || subnet === undefined || length === '')
    throw new Error(`"${text}" is no address with a prefix length`)
  return { address, subnet, length: Number(length) }
}
