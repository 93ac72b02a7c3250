/**
 * The node's interfaces and addresses as the kernel last told them: names for show commands, "is this address ours", connected subnets.
 *
 * A listener of the port like any other; put it first in `fanOut`, so that learn and sync ask a model that already knows. Says what changed in six
 * words (`InterfaceChange`), which is all learn and sync want of link and address messages.
 */
import type { AddressEvent, Dump, KernelListener, LinkEvent } from './port.ts'

export interface Interface {
  readonly index: number
  readonly name: string
  readonly isUp: boolean
  readonly isRunning: boolean
  readonly addresses: readonly InterfaceAddress[]
}

export interface InterfaceAddress {
  /** Our own address; 4 or 16 octets. */
  readonly address: Uint8Array
  /** The address whose `length` bits are the connected prefix. */
  readonly subnet: Uint8Array
  readonly length: number
}

export interface InterfaceChange {
  readonly kind: 'up' | 'down' | 'removed' | 'renamed' | 'address-added' | 'address-removed'
  readonly index: number
}

interface Entry {
  index: number
  name: string
  isUp: boolean
  isRunning: boolean
  addresses: InterfaceAddress[]
  /** Seen in the running dump. */
  dumped: boolean
  dumpedAddresses: Set<string>
}

export class Interfaces implements Partial<KernelListener> {
  readonly #entries = new Map<number, Entry>()
  readonly #watchers: ((change: InterfaceChange) => void)[] = []
  /** How often each own address is configured; keys are octets in hex. */
  readonly #own = new Map<string, number>()
  #inDump = false

  /** Calls `watcher` after each change, synchronously. */
  watch(watcher: (change: InterfaceChange) => void): void {
    this.#watchers.push(watcher)
  }

  all(): Iterable<Interface> {
    return this.#entries.values()
  }

  get(index: number): Interface | undefined {
    return this.#entries.get(index)
  }

  nameOf(index: number): string | undefined {
    return this.#entries.get(index)?.name
  }

  /** Index of a named interface, or 0. */
  indexOf(name: string): number {
    for (const entry of this.#entries.values()) if (entry.name === name) return entry.index
    return 0
  }

  /** Has it an address that routes may depend on, that is, not only link-local ones? */
  hasGlobalAddress(index: number): boolean {
    return this.#entries.get(index)?.addresses.some(one => !isLinkLocal(one.address)) ?? false
  }

  /** Index of the interface that has this address, or 0. */
  owning(octets: Uint8Array): number {
    if (!this.isOwnAddress(octets)) return 0
    const own = hex(octets)
    for (const { index, addresses } of this.#entries.values())
      if (addresses.some(({ address }) => hex(address) === own)) return index
    return 0
  }

  isOwnAddress(octets: Uint8Array): boolean {
    return this.#own.has(hex(octets))
  }

  /** The interface whose subnet holds this address, by longest prefix; undefined when no subnet of at least `shortest` bits does. */
  connectedTo(octets: Uint8Array, shortest = 0): Interface | undefined {
    let best: Entry | undefined
    let longest = shortest - 1
    for (const entry of this.#entries.values()) {
      if (!entry.isUp) continue
      for (const { subnet, length } of entry.addresses) {
        if (length > longest && subnet.length === octets.length && agree(subnet, octets, length)) {
          best = entry
          longest = length
        }
      }
    }
    return best
  }

  dumpStarted(dump: Dump): void {
    if (dump.protocol !== 0) return
    this.#inDump = true
    for (const entry of this.#entries.values()) {
      entry.dumped = false
      entry.dumpedAddresses.clear()
    }
  }

  dumpFinished(dump: Dump): void {
    if (dump.protocol !== 0) return
    this.#inDump = false
    for (const entry of [...this.#entries.values()]) {
      if (!entry.dumped) this.#removeLink(entry)
      else
        for (const one of [...entry.addresses])
          if (!entry.dumpedAddresses.has(key(one))) this.#removeAddress(entry, one)
    }
  }

  links(events: readonly LinkEvent[]): void {
    for (const event of events) {
      const entry = this.#entries.get(event.index)
      if (event.kind === 'present') this.#updateLink(event, entry)
      else if (entry !== undefined) this.#removeLink(entry)
    }
  }

  addresses(events: readonly AddressEvent[]): void {
    for (const event of events) {
      const entry = this.#entries.get(event.interfaceIndex)
      if (entry === undefined) continue
      const known = entry.addresses.find(one => key(one) === key(event))
      if (this.#inDump) entry.dumpedAddresses.add(key(event))
      if (event.kind === 'gone' && known !== undefined) this.#removeAddress(entry, known)
      if (event.kind === 'present' && known === undefined) this.#addAddress(entry, event)
    }
  }

  #updateLink({ index, name, isUp, isRunning }: LinkEvent, entry: Entry | undefined): void {
    if (entry === undefined) {
      const fresh = { index, name, isUp, isRunning, addresses: [], dumped: true, dumpedAddresses: new Set<string>() }
      this.#entries.set(index, fresh)
      if (isUp) this.#tell('up', index)
      return
    }
    const was = { ...entry }
    Object.assign(entry, { name, isUp, isRunning, dumped: true })
    if (was.name !== name) this.#tell('renamed', index)
    if (was.isUp && !isUp) this.#tell('down', index)
    if ((isUp && !was.isUp) || (isRunning && !was.isRunning)) this.#tell('up', index)
  }

  #removeLink(entry: Entry): void {
    for (const one of [...entry.addresses]) this.#removeAddress(entry, one)
    this.#entries.delete(entry.index)
    this.#tell('removed', entry.index)
  }

  #addAddress(entry: Entry, { address, subnet, length }: AddressEvent): void {
    entry.addresses.push({ address, subnet, length })
    this.#own.set(hex(address), (this.#own.get(hex(address)) ?? 0) + 1)
    this.#tell('address-added', entry.index)
  }

  #removeAddress(entry: Entry, gone: InterfaceAddress): void {
    entry.addresses = entry.addresses.filter(one => one !== gone)
    const left = (this.#own.get(hex(gone.address)) ?? 1) - 1
    if (left === 0) this.#own.delete(hex(gone.address))
    else this.#own.set(hex(gone.address), left)
    // Link-local addresses come and go with every pod's link and carry no route of ours.
    if (!isLinkLocal(gone.address)) this.#tell('address-removed', entry.index)
  }

  #tell(kind: InterfaceChange['kind'], index: number): void {
    for (const watcher of this.#watchers) watcher({ kind, index })
  }
}

/** 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291 2.5.6). */
export function isLinkLocal(octets: Uint8Array): boolean {
  return octets.length === 4
    ? octets[0] === 169 && octets[1] === 254
    : octets[0] === 0xfe && ((octets[1] ?? 0) & 0xc0) === 0x80
}

/** Do the first `bits` bits agree? */
function agree(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let at = 0; at < bits; at += 8) {
    const mask = bits - at >= 8 ? 0xff : (0xff00 >> (bits - at)) & 0xff
    if ((((a[at >> 3] ?? 0) ^ (b[at >> 3] ?? 0)) & mask) !== 0) return false
  }
  return true
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex')
}

function key({ address, subnet, length }: InterfaceAddress): string {
  return `${hex(address)}/${hex(subnet)}/${length}`
}
