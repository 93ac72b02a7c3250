/**
 * The ground under BGP: subnets of interfaces and routes of others, through which BGP next hops are reached (RFC 4271 5.1.3, 9.1.2.1).
 *
 * Two readers: the RIB, which is told of every change (is a next hop reachable, and at what metric?), and resolve.ts, which asks which gateway and device
 * a route through a distant next hop gets. Routes that godwit wrote are never part of it, or a route could resolve through itself.
 * Filled by learn.ts; connected subnets win over aliens of the same length.
 */
import { FAMILIES, IPV4_UNICAST, IPV6_UNICAST } from '../../wire/family.ts'
import { clearHostBits, type Prefix, wordsOf } from '../../wire/prefix.ts'
import type { AlienTable, LearnedRoute } from './alien.ts'
import type { Interface, InterfaceAddress, Interfaces } from './interfaces.ts'

/** A route that next hops may resolve through. */
export interface UnderlayRoute {
  readonly metric: number
  /** The prefix is the subnet of an interface: what is in it is a neighbour on that link. */
  readonly isConnected: boolean
  readonly interfaceIndex: number
  /** Absent: the destination itself is on the link. */
  readonly gateway?: Uint8Array
}

/** Told of each change; undefined: nothing leads there any more, as far as this prefix goes. */
export type UnderlayWatcher = (prefix: Prefix, route: UnderlayRoute | undefined) => void

/** The subnet of an address, with its interface. */
export interface Connected {
  readonly prefix: Prefix
  readonly interfaceIndex: number
  readonly interfaceName: string
}

export class Underlay {
  readonly #tables: readonly AlienTable[]
  readonly #interfaces: Interfaces
  readonly #watchers: UnderlayWatcher[] = []
  /** By text of the prefix. There are few. */
  #connected = new Map<string, Connected>()

  constructor(tables: readonly AlienTable[], interfaces: Interfaces) {
    this.#tables = tables
    this.#interfaces = interfaces
  }

  /** Calls back after each change, synchronously. */
  watch(watcher: UnderlayWatcher): void {
    this.#watchers.push(watcher)
  }

  /** How this address is reached; undefined: not at all, or only into a blackhole. */
  lookup(octets: Uint8Array): UnderlayRoute | undefined {
    const alien = this.#tables[octets.length === 4 ? IPV4_UNICAST.index : IPV6_UNICAST.index]?.longestMatch(octets)
    const connected = this.#interfaces.connectedTo(octets, alien?.length ?? 0)
    if (connected !== undefined) return { metric: 0, isConnected: true, interfaceIndex: connected.index }
    return alien === undefined ? undefined : fromAlien(alien.route)
  }

  /** The best alien of a prefix is another one now, or none. */
  alienChanged(prefix: Prefix, route: LearnedRoute | undefined): void {
    if (this.#connected.has(keyOf(prefix))) return
    this.#tell(prefix, route === undefined ? undefined : fromAlien(route))
  }

  /** Compares the subnets of the interfaces with those told. */
  compareConnected(): void {
    const now = connectedSubnets(this.#interfaces, () => true)
    const before = this.#connected
    this.#connected = now
    for (const [key, { prefix }] of before) {
      if (now.has(key)) continue
      const alien = this.#alienOf(prefix)
      this.#tell(prefix, alien === undefined ? undefined : fromAlien(alien))
    }
    for (const [key, { prefix, interfaceIndex }] of now) {
      if (before.get(key)?.interfaceIndex === interfaceIndex) continue
      this.#tell(prefix, { metric: 0, isConnected: true, interfaceIndex })
    }
  }

  #alienOf({ family, words, length }: Prefix): LearnedRoute | undefined {
    const table = this.#tables[family.index]
    const [a = 0, b = 0, c = 0, d = 0] = words
    return table?.announced[table.prefixes.lookup(a, b, c, d, length)]
  }

  #tell(prefix: Prefix, route: UnderlayRoute | undefined): void {
    for (const watcher of this.#watchers) watcher(prefix, route)
  }
}

/** The subnets of all interfaces that are up, as far as they are admitted, by text of the prefix; of several interfaces with one subnet the first. */
export function connectedSubnets(
  interfaces: Interfaces,
  isAdmitted: (one: Interface, prefix: Prefix) => boolean,
): Map<string, Connected> {
  const found = new Map<string, Connected>()
  for (const one of [...interfaces.all()].sort((a, b) => a.index - b.index)) {
    if (!one.isUp) continue
    for (const address of one.addresses) {
      const prefix = subnetOf(address)
      const key = keyOf(prefix)
      if (!isAdmitted(one, prefix) || found.has(key)) continue
      found.set(key, { prefix, interfaceIndex: one.index, interfaceName: one.name })
    }
  }
  return found
}

function subnetOf({ subnet, length }: InterfaceAddress): Prefix {
  const family = subnet.length === 4 ? IPV4_UNICAST : IPV6_UNICAST
  return clearHostBits({ family, words: wordsOf(subnet), length })
}

function keyOf({ family, words, length }: Prefix): string {
  return `${FAMILIES.indexOf(family)} ${words.join('.')}/${length}`
}

function fromAlien({ type, metric, interfaceIndex, gateway }: LearnedRoute): UnderlayRoute | undefined {
  if (type !== 'unicast') return undefined
  return { metric, isConnected: false, interfaceIndex, ...(gateway !== undefined && { gateway }) }
}
