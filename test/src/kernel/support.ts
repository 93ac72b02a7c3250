/** Shorthands of the kernel tests: prefixes and targets from text, routes to text, a listener that writes down what it hears. */
import { constants } from 'node:os'
import type { KernelListener, KernelRoute } from '../../../src/kernel/port.ts'
import type { PrefixKey } from '../../../src/kernel/prefix-state.ts'
import { Op, type RouteRecords, routeOf } from '../../../src/kernel/record.ts'
import type { KernelTarget } from '../../../src/kernel/target.ts'
import { formatAddress, formatPrefix, type Prefix, parseAddress, parsePrefix } from '../../../wire/prefix.ts'

export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text)
  if (parsed === undefined) throw new Error(`"${text}" is no prefix`)
  return parsed
}

export function key(text: string): PrefixKey {
  const { family, words, length } = prefix(text)
  const [address0 = 0, address1 = 0, address2 = 0, address3 = 0] = words
  return { family, address0, address1, address2, address3, length }
}

export function address(text: string): Uint8Array {
  const octets = parseAddress(text)
  if (octets === undefined) throw new Error(`"${text}" is no address`)
  return octets
}

export function via(gateway: string, interfaceIndex = 0, isOnlink = false): KernelTarget {
  return { type: 'unicast', nextHops: [{ gateway: address(gateway), interfaceIndex, isOnlink }] }
}

/** "10.0.0.0/24 via 10.99.0.2 metric 5", "blackhole 10.1.0.0/16": as `ip route` has it, without what does not matter. */
export function routeText(route: KernelRoute): string {
  const { family, words, length, type, gateway, metric, nextHops, isOnlink, source } = route
  const head = `${type === 'unicast' ? '' : `${type} `}${formatPrefix(family, words, length)}`
  const legs = nextHops?.map(
    leg => ` nexthop ${leg.gateway === undefined ? 'direct' : formatAddress(leg.gateway)}*${leg.weight}`,
  )
  const single = `${gateway === undefined ? '' : ` via ${formatAddress(gateway)}`}${isOnlink ? ' onlink' : ''}`
  const from = source === undefined ? '' : ` src ${formatAddress(source)}`
  return `${head}${legs?.join('') ?? single}${from}${metric === 0 ? '' : ` metric ${metric}`}`
}

/** Everything a port says, one line each. */
export class Recorder implements Partial<KernelListener> {
  lines: string[] = []
  readonly #indexes = new Map<string, number>()
  readonly outcomes = new Map<number, string>()

  dumpStarted({ protocol }: { protocol: number }): void {
    this.lines.push(`dump ${protocol} {`)
  }
  dumpFinished(): void {
    this.lines.push('}')
  }
  links(events: Parameters<KernelListener['links']>[0]): void {
    for (const { kind, name, index, isUp } of events) {
      this.#indexes.set(name, index)
      this.lines.push(`link ${name} ${kind} ${isUp ? 'up' : 'down'}`)
    }
  }
  /** Index of an interface that was told; one that no interface has for a name that was not. */
  indexOf(name: string): number {
    return this.#indexes.get(name) ?? 9_999
  }
  addresses(events: Parameters<KernelListener['addresses']>[0]): void {
    for (const one of events) this.lines.push(`address ${formatAddress(one.address)}/${one.length} ${one.kind}`)
  }
  routes(records: RouteRecords): void {
    while (records.nextRoute()) {
      const { op, protocol } = records
      const route = routeOf(records)
      if (route !== undefined && protocol !== 2)
        this.lines.push(`${op === Op.gone ? 'gone' : 'present'} ${routeText(route)} proto ${protocol}`)
    }
  }
  written(records: RouteRecords, reasons: readonly string[]): void {
    while (records.nextRoute()) {
      const name = records.errno === 0 ? 'ok' : errnoName(records.errno)
      this.outcomes.set(records.token, reasons[records.reason] ? `${name}: ${reasons[records.reason]}` : name)
    }
  }
  resync(): void {
    this.lines.push('resync')
  }
}

function errnoName(errno: number): string {
  return Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? String(errno)
}

/** Waits until the condition holds, a second at most; for what comes through real sockets and threads. */
export async function until(what: string, condition: () => boolean, limitMs = 3_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
