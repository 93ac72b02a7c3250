/**
 * Kernel and RIB, both ways: what the agent wrote becomes routes of source `kernel` and `direct`, and the best routes of BGP and of the configuration
 * become routes of the kernel (calico.md 3.2 and 3.7).
 *
 * Never written: routes the kernel itself gave us, in either form. Leftovers of an earlier process stay until the neighbours had time to come back:
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
} from '../kernel/index.ts'
import type { BestRoute, BestRouteListener, NextHop, Rib } from '../rib/index.ts'

/** How long leftovers wait for neighbours that do not come back. */
const RECOVERY_MS = 30_000
/** How long after the last neighbour came up; its table arrives meanwhile. */
const SETTLE_MS = 3_000

export interface KernelCouplingParts {
  readonly rib: Rib
  readonly port: KernelPort
  readonly config: KernelConfig
  readonly seed: number
  /** Routes were learned: flush and send them. */
  readonly wake: () => void
  /** The kernel side cannot work any more, or not as asked. */
  readonly onProblem: (error: KernelError) => void
}

export class KernelCoupling implements BestRouteListener {
  readonly sync: KernelSync
  readonly interfaces = new Interfaces()
  readonly #port: KernelPort
  readonly #learn: KernelLearn
  readonly #parts: KernelCouplingParts
  /** One target per next hop, so that a full table makes no objects. */
  readonly #gateways = new WeakMap<NextHop, KernelTarget>()
  #problem: KernelError | undefined
  #isStarted = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined
  #recovery: NodeJS.Timeout | undefined

  constructor(parts: KernelCouplingParts) {
    const { rib, port, config, seed, wake } = parts
    this.#parts = parts
    this.#port = port
    const { protocol, table, metric } = config
    this.sync = new KernelSync(port, this.interfaces, {
      protocol,
      table,
      metric,
      seed,
      deadlineChanged: () => this.#arm(),
    })
    const learnOptions = { table, protocol, learnAliens: config.learn, directInterfaces: config.direct, seed }
    this.#learn = new KernelLearn(port, this.interfaces, learnOptions, {
      announce: (source, prefix, route) => {
        rib.announceLocal(source, prefix, route)
        wake()
      },
      withdraw: (source, prefix) => {
        rib.withdrawLocal(source, prefix)
        wake()
      },
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
    const problem = (error: KernelError): void => {
      this.#problem = error
      this.#parts.onProblem(error)
    }
    await this.#port.start(fanOut(this.interfaces, this.#learn, this.sync, { problem }))
    this.#isStarted = true
    this.#recovery = setTimeout(() => this.sync.recovered(), RECOVERY_MS)
    this.#recovery.unref()
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

  #target({ source, nextHop, local }: BestRoute): KernelTarget | undefined {
    if (source === 'kernel' || source === 'direct') return undefined
    if (local === undefined) return nextHop === undefined ? undefined : this.#gateway(nextHop)
    const { type, gateway, interfaceIndex } = local
    return type === 'unicast'
      ? { type, gateway, interfaceIndex, isOnlink: gateway !== undefined && interfaceIndex > 0 }
      : { type }
  }

  #gateway(nextHop: NextHop): KernelTarget {
    let target = this.#gateways.get(nextHop)
    if (target === undefined) {
      target = { type: 'unicast', gateway: nextHop.octets, interfaceIndex: 0, isOnlink: false }
      this.#gateways.set(nextHop, target)
    }
    return target
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
