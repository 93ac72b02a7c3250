/**
 * Kernel and RIB, both ways: what the agent wrote becomes routes of source `kernel` and `direct`, and the best routes of BGP and of the configuration
 * become routes of the kernel (calico.md 3.2 and 3.7).
 *
 * Never written: routes the kernel itself gave us, in either form, and what a rule of the configuration keeps out. A slow audit looks at the whole table.
 * Leftovers of an earlier process stay until the neighbours had time to come back:
 * until all of them were Established and a moment passed, or until RECOVERY_MS at the latest, so that a restart takes no route away that is still wanted.
 * At the end everything stays in place. Built by speaker.ts; everything here runs on the main thread, the kernel's own work in the port's.
 */
import type { KernelConfig } from '../config/index.ts'
import {
  fanOut,
  Interfaces,
  type KernelError,
  KernelLearn,
  type KernelPort,
  KernelSync,
  type KernelTarget,
  type LearnSettings,
  MAX_NEXT_HOPS,
  ruleFor,
  Wishes,
} from '../kernel/index.ts'
import type { BestRoute, BestRouteListener, LocalRoute, NextHop, Rib } from '../rib/index.ts'

/** How long leftovers wait for neighbours that do not come back. */
const RECOVERY_MS = 30_000
/** How long after the last neighbour came up; its table arrives meanwhile. */
const SETTLE_MS = 3_000

/** The RIB compares metrics of next hops as signed numbers. */
const MAX_UNDERLAY_METRIC = 0x7fffffff

export interface KernelCouplingParts {
  readonly rib: Rib
  readonly port: KernelPort
  readonly config: KernelConfig
  readonly seed: number
  /** Routes were learned: flush and send them. */
  readonly wake: () => void
  /** The kernel side cannot work, or not as asked; undefined: it works again. */
  readonly onProblem: (error: KernelError | undefined) => void
  /** The kernel does not keep up since so many ms; 0: it does again. */
  readonly onBehind?: (ms: number, waiting: number) => void
  /** Our address on the session with this id of the RIB. */
  readonly localAddress?: (sourceId: number) => Uint8Array | undefined
  /** The interface of a session between link-local addresses. */
  readonly zone?: (sourceId: number) => string | undefined
}

export class KernelCoupling implements BestRouteListener {
  readonly sync: KernelSync
  readonly interfaces = new Interfaces()
  readonly #port: KernelPort
  readonly learn: KernelLearn
  readonly #parts: KernelCouplingParts
  #config: KernelConfig
  #wishes: Wishes
  #problem: KernelError | undefined
  #isStarted = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined
  #recovery: NodeJS.Timeout | undefined
  #audit: NodeJS.Timeout | undefined

  constructor(parts: KernelCouplingParts) {
    const { rib, port, config, seed, wake } = parts
    this.#parts = parts
    this.#port = port
    const { protocol, table } = config
    this.#config = config
    this.#wishes = new Wishes(config)
    this.learn = new KernelLearn(
      port,
      this.interfaces,
      { table, protocol, seed, ...learnSettings(config) },
      {
        announce: (from, prefix, route) => {
          rib.announceLocal(from, prefix, route)
          wake()
        },
        withdraw: (from, prefix) => {
          rib.withdrawLocal(from, prefix)
          wake()
        },
      },
    )
    this.learn.underlay.watch((prefix, route) => {
      if (route === undefined) rib.removeUnderlayRoute(prefix)
      else rib.setUnderlayRoute(prefix, { ...route, metric: Math.min(route.metric, MAX_UNDERLAY_METRIC) })
      wake()
    })
    this.sync = new KernelSync(port, this.interfaces, {
      protocol,
      table,
      // Every wish says its metric: it may change while we run.
      metric: 0,
      seed,
      underlay: this.learn.underlay,
      deadlineChanged: () => this.#arm(),
      ...(parts.onBehind !== undefined && { onBehind: parts.onBehind }),
    })
    rib.onBestRoute(this)
  }

  /** Why the kernel side does not work, as far as it does not. */
  get problem(): KernelError | undefined {
    return this.#problem
  }

  /** The first dump was taken in. */
  get isStarted(): boolean {
    return this.#isStarted
  }

  /** Resolves when the first dump was taken in; rejects with a KernelError. */
  async start(): Promise<void> {
    const problem = (error: KernelError | undefined): void => {
      this.#problem = error
      this.#parts.onProblem(error)
    }
    await this.#port.start(fanOut(this.interfaces, this.learn, this.sync, { problem }))
    this.#isStarted = true
    this.#recovery = setTimeout(() => this.sync.recovered(), RECOVERY_MS)
    this.#recovery.unref()
    this.#armAudit()
  }

  /** Other settings from here on, of those that may change while we run: only routes that they make different are announced, withdrawn or written. */
  configure(config: KernelConfig): void {
    this.#config = config
    this.#wishes = new Wishes(config)
    this.learn.configure(learnSettings(config))
    this.#armAudit()
    this.#parts.rib.repeatBestRoutes(this)
    this.#parts.wake()
  }

  #armAudit(): void {
    clearInterval(this.#audit)
    const { auditS } = this.#config
    if (auditS === 0 || !this.#isStarted) return
    this.#audit = setInterval(() => this.#port.dump(0, 'audit'), auditS * 1000)
    this.#audit.unref()
  }

  /** Every neighbour is up: what none of them tells within a moment is not wanted any more. */
  neighboursReturned(): void {
    if (this.#recovery === undefined) return
    clearTimeout(this.#recovery)
    this.#recovery = setTimeout(() => this.sync.recovered(), SETTLE_MS)
    this.#recovery.unref()
  }

  /** Ends the coupling before the sessions end, so that the routes they leave behind stay in place. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    clearTimeout(this.#recovery)
    clearInterval(this.#audit)
    await this.#port.close()
  }

  routeChanged(route: BestRoute): void {
    if (this.#isClosed) return
    const target = route.present ? this.#target(route) : undefined
    if (target === undefined) this.sync.undesire(route)
    else this.sync.desire(route, target)
  }

  flushed(): void {
    if (!this.#isClosed) this.sync.commit()
  }

  #target(route: BestRoute): KernelTarget | undefined {
    const { source, sourceId, nextHop, local } = route
    if (source === 'kernel' || source === 'direct') return undefined
    if (local !== undefined) return this.#localTarget(route, local)
    if (nextHop === undefined) return undefined
    this.#wishes.begin()
    for (let i = 0; i < route.nextHopCount && i < MAX_NEXT_HOPS; i++) {
      const hop = route.nextHopAt(i)
      // An IPv4 route through an IPv6 next hop (RFC 8950) stays out: the kernel side has no form for it yet.
      if (hop.octets.length * 8 === route.family.bits) this.#wishes.add(route, hop)
    }
    return this.#wishes.take({
      linkLocalInterface: this.#linkLocalInterface(sourceId, nextHop),
      localPref: route.localPref,
    })
  }

  /** A configured route; the tunnel is for next hops of BGP only. */
  #localTarget(route: BestRoute, local: LocalRoute): KernelTarget | undefined {
    const { rules } = this.#config
    const { type, gateway, interfaceIndex } = local
    const { write = true, metric = this.#config.metric } = rules[ruleFor(rules, route, gateway)] ?? {}
    if (!write) return undefined
    const settings = { metric }
    if (type !== 'unicast') return { type, ...settings }
    const isOnlink = gateway !== undefined && interfaceIndex > 0
    return { type, nextHops: [{ gateway, interfaceIndex, isOnlink }], ...settings }
  }

  /** A link-local next hop (RFC 2545 3) is on the link of the session that told it. */
  #linkLocalInterface(sourceId: number, { octets }: NextHop): number {
    if (octets.length === 4 || octets[0] !== 0xfe) return 0
    const zone = this.#parts.zone?.(sourceId)
    if (zone !== undefined) return this.interfaces.indexOf(zone)
    const own = this.#parts.localAddress?.(sourceId)
    return own === undefined ? 0 : this.interfaces.owning(own)
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const at = this.sync.nextDeadlineMs()
    if (at === undefined) return
    this.#timer = setTimeout(
      () => {
        this.sync.tick(performance.now())
        this.#arm()
      },
      Math.max(0, at - performance.now()),
    )
    this.#timer.unref()
  }
}

function learnSettings({ learn, direct, elevated }: KernelConfig): LearnSettings {
  return { learnAliens: learn, directInterfaces: direct, ...(elevated !== undefined && { elevated }) }
}
