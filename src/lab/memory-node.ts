/**
 * A node's table in memory: the same links, addresses and agent's writes as in a namespace, in the table `src/kernel`
 * offers for it. Called by `memory-cluster.ts`.
 */
import { formatAddress, formatPrefix } from '../../wire/index.ts'
import { type KernelRoute, MemoryKernel, Protocol } from '../kernel/index.ts'
import type { TableRoute } from './expect.ts'
import { UPLINK } from './link.ts'
import { SPEAKER_PROTOCOL } from './speaker-config.ts'
import { isWorkload } from './topology.ts'
import type { Watch } from './watch.ts'

export class MemoryNode {
  readonly fib = new MemoryKernel()
  readonly #name: string

  /** `addresses` with prefix lengths, on the uplink. */
  constructor(name: string, addresses: readonly string[], watch: Watch) {
    this.#name = name
    this.fib.addInterface(UPLINK)
    for (const address of addresses) this.fib.addAddress(UPLINK, address)
    this.fib.onChange(({ kind, route }) => {
      if (route.protocol !== SPEAKER_PROTOCOL) return
      const gateway = kind === 'present' && route.gateway !== undefined ? formatAddress(route.gateway) : undefined
      watch.see({ node: this.#name, prefix: prefixText(route), gateway, atMs: performance.now() })
    })
  }

  addLink(device: string): void {
    this.fib.addInterface(device)
  }

  removeLink(device: string): void {
    this.fib.removeInterface(device)
  }

  agentAdd(prefix: string, device: string): void {
    this.fib.addRoute({ prefix, dev: device, protocol: Protocol.boot })
  }

  agentRemove(prefix: string): void {
    this.fib.removeRoute({ prefix })
  }

  /** The workload routes of the table. */
  routes(): TableRoute[] {
    return this.fib.routes().flatMap((route): TableRoute[] => {
      const prefix = prefixText(route)
      if (!isWorkload(prefix)) return []
      if (route.protocol !== SPEAKER_PROTOCOL) return [{ prefix, owner: 'agent', device: this.#device(route) }]
      return [{ prefix, owner: 'bgp', ...(route.gateway && { gateway: formatAddress(route.gateway) }) }]
    })
  }

  /** The speaker's routes in the words of `ip route`. */
  text(): string {
    const own = this.fib.routes().filter(({ protocol }) => protocol === SPEAKER_PROTOCOL)
    const lines = own.map(route => {
      const via = route.gateway === undefined ? '' : ` via ${formatAddress(route.gateway)}`
      return `${prefixText(route)}${via} dev ${this.#device(route)} proto bird`
    })
    return lines.join('\n')
  }

  #device(route: KernelRoute): string {
    return this.fib.interfaces.get(route.interfaceIndex)?.name ?? '?'
  }
}

function prefixText({ family, words, length }: KernelRoute): string {
  return formatPrefix(family, words, length)
}
