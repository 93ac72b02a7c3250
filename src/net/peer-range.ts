/**
 * Ranges of peers: neighbours that are known by the prefix they connect from, and become peers when they do. The longest prefix that covers a source
 * decides; a configured peer comes before all ranges (peer-set.ts asks here only when there is none). A range holds at most `limit` members.
 */
import { addressOctets } from './address.ts'
import type { ListenedPeer } from './listen-descriptor.ts'
import type { PeerOptions } from './peer-options.ts'
import type { TransportOptions } from './transport.ts'

export interface RangeOptions {
  /** Unique among peers and ranges. */
  readonly name: string
  /** First address of the prefix, canonical. */
  readonly network: string
  readonly prefixLength: number
  /** Members at a time. */
  readonly limit: number
  readonly transport?: TransportOptions
  /** What a source becomes; called before its connection is taken. */
  readonly join: (address: string) => PeerOptions
  /** A member has gone; its session is down already. */
  readonly leave: (member: string) => void
}

/** What `show` and the metrics see of a range. */
export interface RangeRow {
  readonly name: string
  readonly limit: number
  /** Names, in the order they came. */
  readonly members: readonly string[]
}

export class PeerRange implements ListenedPeer {
  readonly options: RangeOptions
  /** Addresses by name. */
  readonly members = new Map<string, string>()
  limit: number
  transport: TransportOptions
  readonly #network: Uint8Array

  /** Throws a RangeError when the network is no address. */
  constructor(options: RangeOptions) {
    const network = addressOctets(options.network)
    if (network === undefined) throw new RangeError(`"${options.network}" is not an IP address`)
    this.options = options
    this.limit = options.limit
    this.transport = options.transport ?? {}
    this.#network = network
  }

  get name(): string {
    return this.options.name
  }

  get remoteAddress(): string {
    return this.options.network
  }

  get prefixLength(): number {
    return this.options.prefixLength
  }

  get isFull(): boolean {
    return this.members.size >= this.limit
  }

  /** Whether the address, 4 or 16 octets, is in it. */
  covers(address: Uint8Array): boolean {
    if (address.length !== this.#network.length) return false
    const whole = this.prefixLength >> 3
    for (let at = 0; at < whole; at++) if (address[at] !== this.#network[at]) return false
    const unread = 8 - (this.prefixLength & 7)
    return unread === 8 || (address[whole] ?? 0) >> unread === (this.#network[whole] ?? 0) >> unread
  }

  row(): RangeRow {
    return { name: this.name, limit: this.limit, members: [...this.members.keys()] }
  }
}

/** All ranges of a speaker, the longest prefixes first. */
export class RangeTable {
  #ranges: readonly PeerRange[] = []

  add(range: PeerRange): void {
    this.#ranges = [...this.#ranges, range].sort((a, b) => b.prefixLength - a.prefixLength)
  }

  remove(range: PeerRange): void {
    this.#ranges = this.#ranges.filter(other => other !== range)
  }

  get(name: string): PeerRange | undefined {
    return this.#ranges.find(range => range.name === name)
  }

  values(): readonly PeerRange[] {
    return this.#ranges
  }

  /** The range a source belongs to. */
  match(address: string): PeerRange | undefined {
    if (this.#ranges.length === 0) return undefined
    const octets = addressOctets(address)
    return octets === undefined ? undefined : this.#ranges.find(range => range.covers(octets))
  }
}
