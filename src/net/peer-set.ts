/**
 * All peers of a speaker: their drivers, the listeners, and what the drivers share (one deadline timer, one send loop, one read gate).
 *
 * This is what `src/daemon` holds. Peers come and go at run time; nothing here knows the configuration, its differences, or the RIB.
 */
import type { Family } from '../../wire/index.ts'
import { AcceptRate } from './accept-rate.ts'
import { canonicalAddress } from './address.ts'
import { type Clock, systemClock } from './clock.ts'
import { DeadlineTimer } from './deadline-timer.ts'
import type { SocketFactory } from './dialer.ts'
import { NetError } from './errors.ts'
import { type KernelRefusal, KernelRefusals } from './kernel-refusals.ts'
import type { ListenedPeer } from './listen-descriptor.ts'
import { type Acceptor, type ListenAddress, Listener } from './listener.ts'
import { channelObserver, type NetObserver, noRefusals, type RefusalReason } from './observer.ts'
import { PeerDriver } from './peer-driver.ts'
import type { DriverParts, PeerOptions } from './peer-options.ts'
import { PeerRange, type RangeOptions, type RangeRow, RangeTable } from './peer-range.ts'
import type { PastTransition, PeerRow, RefreshObstacle } from './peer-row.ts'
import { ReadGate } from './read-gate.ts'
import type { PeerKey, RoutingPort } from './routing-port.ts'
import { SendLoop } from './send-loop.ts'
import type { StreamSocket } from './stream-socket.ts'
import { requireTransport } from './transport.ts'
import { UpdateCounter } from './update-count.ts'

/** RFC 4486 section 3: the subcodes of Cease an operator causes. */
const CEASE_ADMINISTRATIVE_SHUTDOWN = 2
const CEASE_ADMINISTRATIVE_RESET = 4
/** Why a peer is taken away: for good, or to be added again with other options. */
const REMOVAL_SUBCODE = { 'peer-deconfigured': 3, 'configuration-change': 6 } as const

export interface PeerSetOptions<Handle> {
  readonly routing: RoutingPort<Handle>
  /** Where to accept connections; empty for a speaker that only dials. Port 0 takes any free one. */
  readonly listen: readonly ListenAddress[]
  /** Default: the diagnostics channels. */
  readonly observer?: NetObserver
  /** Default: performance.now and Node's timers. */
  readonly clock?: Clock
  /** How long a closed connection may take to deliver its last bytes. Default 2000. */
  readonly lingerMs?: number
  /** No piece is pulled for a connection that has this much waiting. Default 256 KiB. */
  readonly writeLimitOctets?: number
  /** Makes the socket of a connection attempt; for descriptors with options set beforehand. Default: a plain one. */
  readonly openSocket?: SocketFactory
}

/** An operator's word on a peer, sent with the Cease (RFC 9003): at most 255 octets of UTF-8. */
export interface Farewell {
  readonly communication?: string
}

export class PeerSet<Handle> {
  readonly #options: PeerSetOptions<Handle>
  readonly #clock: Clock
  readonly #observer: NetObserver
  readonly #deadlines: DeadlineTimer
  readonly #sendLoop: SendLoop
  readonly #parts: DriverParts<Handle>
  readonly #byName = new Map<PeerKey, PeerDriver<Handle>>()
  readonly #byAddress = new Map<string, PeerDriver<Handle>>()
  /** Peers an operator keeps down; by name, so that a peer that is added again stays down. */
  readonly #disabled = new Set<PeerKey>()
  readonly #ranges = new RangeTable()
  readonly #acceptRate: AcceptRate
  readonly #kernelRefusals = new KernelRefusals()
  #listeners: readonly Listener[] = []
  #isStarted = false

  constructor(options: PeerSetOptions<Handle>) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#observer = options.observer ?? channelObserver
    this.#deadlines = new DeadlineTimer(this.#clock)
    this.#sendLoop = new SendLoop({
      work: options.routing,
      clock: this.#clock,
      beforeSlice: now => this.#deadlines.runDue(now),
    })
    this.#acceptRate = new AcceptRate(this.#clock.now())
    this.#parts = {
      routing: options.routing,
      observer: this.#observer,
      clock: this.#clock,
      deadlines: this.#deadlines,
      sendLoop: this.#sendLoop,
      readGate: new ReadGate(this.#clock),
      updateCounter: new UpdateCounter(),
      lingerMs: options.lingerMs ?? 2000,
      openSocket: options.openSocket,
      writeLimitOctets: options.writeLimitOctets,
      vacated: name => this.#vacate(name),
    }
  }

  get size(): number {
    return this.#byName.size
  }

  /** Where connections are accepted, with the port that was really taken. */
  get listening(): readonly ListenAddress[] {
    return this.#listeners.map(listener => listener.address)
  }

  /** Binds every listener, then starts every peer. A NetError, and nothing bound, when one address cannot be had. */
  async start(): Promise<void> {
    if (this.#isStarted) return
    this.#isStarted = true
    const listeners = this.#options.listen.map(
      address => new Listener({ address, host: this, observer: this.#observer, clock: this.#clock }),
    )
    try {
      for (const listener of listeners) await listener.open()
    } catch (error) {
      this.#isStarted = false
      for (const listener of listeners) listener.close()
      throw error
    }
    this.#listeners = listeners
    if (listeners.length > 0) this.#kernelRefusals.begin()
    for (const driver of this.#byName.values()) this.#startUnlessDisabled(driver)
  }

  /** Adds a peer, and starts it when the set is started. A NetError when its name or address is taken or no address, or its options cannot be had. */
  add(options: PeerOptions): void {
    const address = canonicalAddress(options.remoteAddress)
    if (address === undefined) {
      const message = `peer ${options.name}: "${options.remoteAddress}" is not an IP address`
      throw new NetError('peer-address-invalid', message, 'Give the address of the neighbour, not its name.')
    }
    if (this.#byName.has(options.name)) {
      const message = `there is a peer named ${options.name} already`
      throw new NetError('peer-duplicate-name', message, 'Give every peer a name of its own.')
    }
    // Whoever came from a range gives way to the peer it now is by configuration.
    for (const range of this.#ranges.values()) {
      const member = this.#byAddress.get(address)?.name
      if (member !== undefined) void this.#dismiss(range, member, REMOVAL_SUBCODE['configuration-change'])
    }
    const holder = this.#byAddress.get(address)
    if (holder !== undefined) {
      const message = `peers ${holder.name} and ${options.name} both have the address ${address}`
      throw new NetError('peer-duplicate-address', message, 'Keep one peer per address.')
    }
    requireTransport(options.name, options.transport ?? {})
    const driver = this.#register({ ...options, remoteAddress: address })
    this.#prepare(driver)
    if (this.#isStarted) this.#startUnlessDisabled(driver)
  }

  #register(options: PeerOptions): PeerDriver<Handle> {
    const driver = new PeerDriver<Handle>(options, this.#parts)
    this.#byName.set(options.name, driver)
    this.#byAddress.set(options.remoteAddress, driver)
    return driver
  }

  /** Makes a peer, or a range, known to listeners that are open. One that cannot take its key says so and goes on: without the key nothing gets through. */
  #prepare(peer: ListenedPeer): void {
    for (const listener of this.#listeners) {
      try {
        listener.admit(peer)
      } catch (error) {
        if (!(error instanceof NetError)) throw error
        this.#observer.listenerChanged({ ...listener.address, state: 'failed', reason: error.message })
      }
    }
  }

  /**
   * Takes a peer away with Cease / Peer De-configured, or Other Configuration Change when it will be added again: name and address are free at once, and
   * the RIB has heard that the session is down. Resolves when its last connection is closed.
   */
  async remove(name: PeerKey, why: keyof typeof REMOVAL_SUBCODE = 'peer-deconfigured'): Promise<void> {
    const driver = this.#require(name)
    this.#byName.delete(name)
    this.#byAddress.delete(driver.remoteAddress)
    if (why === 'peer-deconfigured') this.#disabled.delete(name)
    for (const listener of this.#listeners) listener.forget(driver)
    await driver.dispose(REMOVAL_SUBCODE[why])
  }

  /** Adds a range of peers. A NetError when its name is taken, its prefix is none, or its options cannot be had. */
  addRange(options: RangeOptions): void {
    if (this.#ranges.get(options.name) !== undefined || this.#byName.has(options.name)) {
      const message = `there is a peer or range named ${options.name} already`
      throw new NetError('peer-duplicate-name', message, 'Give every peer and range a name of its own.')
    }
    const network = canonicalAddress(options.network)
    if (network === undefined) {
      const message = `range ${options.name}: "${options.network}" is not an IP address`
      throw new NetError('peer-address-invalid', message, 'Give the prefix neighbours connect from.')
    }
    requireTransport(options.name, options.transport ?? {})
    const range = new PeerRange({ ...options, network })
    this.#prepare(range)
    this.#ranges.add(range)
  }

  /** Takes a range away, and all who came from it with the Cease of `remove`. */
  removeRange(name: string, why: keyof typeof REMOVAL_SUBCODE = 'peer-deconfigured'): void {
    const range = this.#requireRange(name)
    this.#ranges.remove(range)
    for (const listener of this.#listeners) listener.forget(range)
    for (const member of [...range.members.keys()]) void this.#dismiss(range, member, REMOVAL_SUBCODE[why])
  }

  /** For whoever comes from now on; those who are there stay. */
  setRangeLimit(name: string, limit: number): void {
    this.#requireRange(name).limit = limit
  }

  ranges(): readonly RangeRow[] {
    return this.#ranges.values().map(range => range.row())
  }

  /** Another key for a peer or a range (RFC 2385), without ending a session; does nothing when it is the same one. */
  rekey(name: string, md5Key: () => Uint8Array): void {
    const range = this.#ranges.get(name)
    const signed = range ?? this.#require(name)
    const before = signed.transport.md5Key?.()
    if (before === undefined || sameOctets(before, md5Key())) return
    if (range !== undefined) range.transport = { ...range.transport, md5Key }
    const drivers = range === undefined ? [this.#require(name)] : this.#membersOf(range)
    for (const driver of drivers) driver.rekey(md5Key)
    this.#prepare(signed)
  }

  #membersOf(range: PeerRange): PeerDriver<Handle>[] {
    return [...range.members.keys()].flatMap(name => this.#byName.get(name) ?? [])
  }

  /** A connection from a range makes a peer of its source. */
  #welcome(range: PeerRange, address: string, socket: StreamSocket): RefusalReason | undefined {
    if (range.isFull) return 'range-full'
    const driver = this.#register(
      Object.assign({ isMember: true }, range.options.join(address), { remoteAddress: address }),
    )
    range.members.set(driver.name, address)
    this.#startUnlessDisabled(driver)
    const refusal = driver.accept(socket)
    if (refusal !== undefined) this.#vacate(driver.name)
    return refusal
  }

  #vacate(member: PeerKey): void {
    const range = this.#ranges.values().find(({ members }) => members.has(member))
    if (range !== undefined) void this.#dismiss(range, member, REMOVAL_SUBCODE['peer-deconfigured'])
  }

  /** The member is gone from all tables at once; its last connection may take its time. */
  async #dismiss(range: PeerRange, member: PeerKey, subcode: number): Promise<void> {
    const driver = this.#byName.get(member)
    if (!range.members.delete(member) || driver === undefined) return
    this.#byName.delete(member)
    this.#byAddress.delete(driver.remoteAddress)
    const gone = driver.dispose(subcode)
    range.options.leave(member)
    await gone
  }

  /** Changes the wait between attempts to connect (RFC 4271 8.1.3) without touching what is under way. */
  setConnectRetry(name: PeerKey, connectRetryMs: number): void {
    this.#require(name).setConnectRetry(connectRetryMs)
  }

  /** Brings a peer down and keeps it down, also over a change of its options: Cease / Administrative Shutdown. */
  disable(name: PeerKey, farewell: Farewell = {}): void {
    const driver = this.#require(name)
    this.#disabled.add(name)
    driver.stop(CEASE_ADMINISTRATIVE_SHUTDOWN, farewell.communication)
  }

  /** Lets a disabled peer come up again; a peer that waits after a failure comes up at once (RFC 4271 8.1.2, event 1). */
  enable(name: PeerKey): void {
    const driver = this.#require(name)
    this.#disabled.delete(name)
    driver.start()
  }

  isDisabled(name: PeerKey): boolean {
    return this.#disabled.has(name)
  }

  /** Asks a peer for its routes again, or tells it ours again; why not, when it cannot be. No families: all of the session. */
  refresh(name: PeerKey, direction: 'in' | 'out', families?: readonly Family[]): RefreshObstacle | undefined {
    return this.#require(name).refresh(direction, families)
  }

  /** The last changes of state of a peer, oldest first. */
  history(name: PeerKey): readonly PastTransition[] {
    return this.#require(name).history()
  }

  /** Ends the peer's session and lets it come up again: Cease / Administrative Reset. A disabled one stays down. */
  reset(name: PeerKey, farewell: Farewell = {}): void {
    const driver = this.#require(name)
    if (this.#disabled.has(name)) return
    driver.stop(CEASE_ADMINISTRATIVE_RESET, farewell.communication)
    driver.start()
  }

  /** Stops listening and ends every session with Cease / Administrative Shutdown; resolves when all sockets are closed. The set is empty then. */
  async stop(farewell: Farewell = {}): Promise<void> {
    this.#isStarted = false
    for (const listener of this.#listeners) listener.close()
    this.#listeners = []
    const drivers = [...this.#byName.values()]
    this.#byName.clear()
    this.#byAddress.clear()
    await Promise.all(drivers.map(driver => driver.dispose(CEASE_ADMINISTRATIVE_SHUTDOWN, farewell.communication)))
  }

  /** To be called after routes were changed from elsewhere (kernel, configuration), so that they get flushed and sent. */
  wake(): void {
    this.#sendLoop.schedule()
  }

  /** The peer with this canonical address. */
  driverAt(address: string): PeerDriver<Handle> | undefined {
    return this.#byAddress.get(address)
  }

  /** Whom a connection from this canonical address belongs to: the peer there, else the range it is in. */
  lookup(address: string): Acceptor | undefined {
    const driver = this.#byAddress.get(address)
    if (driver !== undefined) return driver
    const range = this.#ranges.match(address)
    return range === undefined ? undefined : { accept: socket => this.#welcome(range, address, socket) }
  }

  /** Whether a connection from somebody known may be taken now. */
  pace(address: string): RefusalReason | undefined {
    return this.#acceptRate.take(address, this.#clock.now())
  }

  /** Whom listeners have to be prepared for; members need nothing that their range has not. */
  listened(): Iterable<ListenedPeer> {
    return [...this.#byName.values(), ...this.#ranges.values()]
  }

  row(name: PeerKey): PeerRow | undefined {
    return this.#byName.get(name)?.row()
  }

  /** One row per peer, in the order they were added. */
  rows(): readonly PeerRow[] {
    return Array.from(this.#byName.values(), driver => driver.row())
  }

  /** Segments the kernel dropped before they were anybody's connection. */
  kernelRefusals(): Readonly<Record<KernelRefusal, number>> {
    return this.#kernelRefusals.counts()
  }

  /** How many incoming connections were turned away, by reason, over all listeners. */
  refusals(): Readonly<Record<RefusalReason, number>> {
    const sum = noRefusals()
    for (const listener of this.#listeners) {
      for (const reason of Object.keys(sum) as RefusalReason[]) sum[reason] += listener.refusals[reason]
    }
    return sum
  }

  #startUnlessDisabled(driver: PeerDriver<Handle>): void {
    if (!this.#disabled.has(driver.name)) driver.start()
  }

  #requireRange(name: string): PeerRange {
    const range = this.#ranges.get(name)
    if (range === undefined)
      throw new NetError('peer-unknown', `there is no range named ${name}`, 'See "godwit show peers".')
    return range
  }

  #require(name: PeerKey): PeerDriver<Handle> {
    const driver = this.#byName.get(name)
    if (driver === undefined)
      throw new NetError('peer-unknown', `there is no peer named ${name}`, 'See "godwit show peers".')
    return driver
  }
}

function sameOctets(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, at) => octet === other[at])
}
