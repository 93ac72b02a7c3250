/**
 * A kernel side of its own for interop tests: interfaces, learn and sync on one rtnetlink port in a namespace, with the timer that the daemon would own,
 * and everything it says written down.
 */
import type { LearnedRoute } from '../../src/kernel/alien.ts'
import type { KernelError } from '../../src/kernel/error.ts'
import { Interfaces } from '../../src/kernel/interfaces.ts'
import { KernelLearn, type LearnSource } from '../../src/kernel/learn.ts'
import { fanOut } from '../../src/kernel/port.ts'
import { RtnetlinkPort } from '../../src/kernel/rtnetlink/port.ts'
import { KernelSync } from '../../src/kernel/sync.ts'
import { formatAddress, formatPrefix, type Prefix } from '../../wire/prefix.ts'
import { key, until, via } from '../src/kernel/support.ts'

export class KernelSpeaker {
  said: string[] = []
  /** Routes of others as they were announced last: "via 10.99.0.7 dev va metric 0", by prefix. */
  readonly learned = new Map<string, string>()
  /** Codes of the problems told; undefined: it works again. */
  readonly problems: (string | undefined)[] = []
  readonly sync: KernelSync
  readonly #interfaces = new Interfaces()
  readonly #learn: KernelLearn
  readonly #port: RtnetlinkPort
  #timer: NodeJS.Timeout | undefined

  constructor(namespace: string, table = 254) {
    this.#port = new RtnetlinkPort({ table, protocol: 12, namespace })
    const common = { table, protocol: 12, seed: 42 }
    this.#learn = new KernelLearn(
      this.#port,
      this.#interfaces,
      { ...common, learnAliens: true, directInterfaces: ['-cali*', '*'] },
      {
        announce: (source, prefix, route) => this.#announced(source, prefix, route),
        withdraw: (source, { family, words, length }) => {
          const text = formatPrefix(family, words, length)
          this.said.push(`-${source} ${text}`)
          if (source === 'kernel') this.learned.delete(text)
        },
      },
    )
    this.sync = new KernelSync(this.#port, this.#interfaces, {
      ...common,
      metric: 0,
      underlay: this.#learn.underlay,
      deadlineChanged: () => this.#arm(),
    })
  }

  start(): Promise<void> {
    const problem = (error: KernelError | undefined) => void this.problems.push(error?.code)
    return this.#port.start(fanOut(this.#interfaces, this.#learn, this.sync, { problem }))
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#port.close()
  }

  /** Index of a named interface. */
  indexOf(name: string): number {
    return this.#interfaces.indexOf(name)
  }

  want(prefix: string, gateway: string): void {
    this.sync.desire(key(prefix), via(gateway))
    this.sync.commit()
  }

  unwant(prefix: string): void {
    this.sync.undesire(key(prefix))
    this.sync.commit()
  }

  settled(): Promise<void> {
    return until('settled', () => this.sync.isSettled)
  }

  states(): string[] {
    return [...this.sync.rows()].map(row => `${row.prefix} ${row.state} ${row.interface}`)
  }

  #announced(source: LearnSource, { family, words, length }: Prefix, route: LearnedRoute): void {
    const text = formatPrefix(family, words, length)
    this.said.push(`+${source} ${text}`)
    const { type, gateway, interfaceName, metric } = route
    const via = gateway === undefined ? '' : `via ${formatAddress(gateway)} `
    const how = type === 'unicast' ? `${via}dev ${interfaceName}` : type
    if (source === 'kernel') this.learned.set(text, `${how} metric ${metric}`)
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const deadline = this.sync.nextDeadlineMs()
    if (deadline === undefined) return
    const fire = () => {
      this.sync.tick(performance.now())
      this.#arm()
    }
    this.#timer = setTimeout(fire, Math.max(0, deadline - performance.now()) + 1)
  }
}
