/**
 * One simulated speaker: a machine with a clock of its own, and a process on it that can crash, freeze and start again. In
 * the process run the product's own parts: `PeerSet` with its drivers, timers and send loop (`src/net`), the state machines
 * in them (`fsm`), and a `Rib`. Only sockets (`socket.ts`), clock and event loop (`process.ts`) are virtual.
 *
 * What the table does in one go, and how much may wait where, is drawn small, so that every seam is met.
 * Called by the network (`Host`), by faults and by the workload.
 */
import { FAMILIES, type Prefix, parsePrefix } from '../../wire/index.ts'
import { type NetObserver, type PeerOptions, type PeerRow, PeerSet } from '../net/index.ts'
import { LOCAL_PREFERENCE, Rib } from '../rib/index.ts'
import { LocalClock, type VirtualClock } from './clock.ts'
import type { Connection, Host, Link, Receiver } from './link.ts'
import type { Place } from './place.ts'
import { Process } from './process.ts'
import type { Random } from './random.ts'
import { Routes, type SimulatedSession } from './routes.ts'
import { type SocketHome, VirtualSocket } from './socket.ts'
import type { Scale, Timing } from './timing.ts'
import type { Site } from './topology.ts'
import type { Trace } from './trace.ts'
import { Violation } from './violation.ts'
import { WireWatch } from './wire-watch.ts'

/** What all speakers of a cluster share. */
export interface World {
  readonly clock: VirtualClock
  readonly trace: Trace
  readonly timing: Timing
  readonly scale: Scale
  /** Ends the run after this event. */
  readonly fail: (violation: Violation) => void
  /** A session has changed its state. */
  readonly stirred: () => void
}

/** One life of the process. */
interface Life {
  readonly process: Process
  readonly rib: Rib
  readonly routes: Routes
  readonly peers: PeerSet<SimulatedSession>
  readonly watch: WireWatch
}

export class Speaker implements Host {
  readonly site: Site
  /** By name of the peer. */
  readonly places = new Map<string, Place>()
  isReachable = true
  readonly #byAddress = new Map<string, Place>()
  readonly #byLink = new Map<Link, Place>()
  readonly #world: World
  readonly #random: Random
  readonly #local: LocalClock
  /** Configured static routes: they outlive the process. */
  readonly #statics = new Map<string, Prefix>()
  #life: Life | undefined

  constructor(site: Site, world: World, random: Random) {
    this.site = site
    this.#world = world
    this.#random = random
    this.#local = new LocalClock(world.clock, random.between(0, 1e6), random.between(0.9995, 1.0005))
  }

  addPlace(place: Place): void {
    this.places.set(place.name, place)
    this.#byAddress.set(place.remoteAddress, place)
    this.#byLink.set(place.link, place)
  }

  /** Of the process that runs; throws when there is none. */
  get life(): Life {
    if (this.#life === undefined) throw new RangeError(`${this.site.index} is not running`)
    return this.#life
  }

  get isRunning(): boolean {
    return this.#life !== undefined
  }

  get rib(): Rib {
    return this.life.rib
  }

  session({ name }: Place): SimulatedSession | undefined {
    return this.life.routes.sessions.get(name)
  }

  row({ name }: Place): PeerRow | undefined {
    return this.life.peers.row(name)
  }

  history({ name }: Place): readonly { readonly from: string; readonly to: string; readonly cause: string }[] {
    return this.life.peers.row(name) === undefined ? [] : this.life.peers.history(name)
  }

  /** The connection that the session with a neighbour is on; `row`: what is known about it. */
  connection(place: Place, row = this.row(place)): Connection | undefined {
    const view = this.session(place) === undefined ? undefined : row?.connection
    for (const connection of place.link.connections) {
      if (connection.port === view?.localPort || connection.port === view?.remotePort) return connection
    }
    return undefined
  }

  // The process

  start(): void {
    if (this.#life !== undefined) return
    const { clock, trace, scale } = this.#world
    trace.note(this.site.index, 'start')
    this.isReachable = true
    const process = new Process({
      world: clock,
      local: this.#local,
      random: this.#random,
      effort: scale.effort,
      turnMs: scale.turnMs,
    })
    const rib = this.#newRib()
    const { site, places } = this
    const routes = new Routes({ site, rib, places, fail: this.#world.fail })
    const watch = new WireWatch(site, routes, this.#world)
    const peers = new PeerSet<SimulatedSession>({
      routing: routes,
      listen: [],
      observer: this.#observer(),
      clock: process,
      writeLimitOctets: scale.waitingOctets,
      openSocket: ({ remoteAddress }) => ({ socket: this.#dialSocket(remoteAddress) }),
    })
    this.#life = { process, rib, routes, peers, watch }
    for (const prefix of this.#statics.values()) this.#announce(prefix)
    for (const place of places.values()) peers.add(this.#options(place))
    void peers.start()
  }

  /** Everything in memory is lost. When the machine goes too, nobody is told. */
  crash(isMachine: boolean): void {
    if (this.#life === undefined) return
    this.#world.trace.note(this.site.index, 'crash', Number(isMachine))
    this.#life.process.die()
    this.#life = undefined
    this.isReachable = !isMachine
    for (const { link, end } of this.places.values()) {
      for (const connection of [...link.connections]) {
        if (isMachine) connection.vanish(end, false)
        else connection.abort(end)
      }
    }
  }

  freeze(): void {
    if (this.#life === undefined) return
    this.#world.trace.note(this.site.index, 'freeze')
    this.#life.process.isFrozen = true
  }

  thaw(): void {
    this.#life?.process.thaw()
  }

  /** What an operator or an agent does to the process. Waits while it is frozen, is lost while there is none. */
  command(run: (life: Life) => void): void {
    const life = this.#life
    if (life !== undefined) life.process.run(() => run(life))
  }

  /** Takes a peer out of the configuration; that an operator has disabled it is forgotten with it. */
  removePeer({ name }: Place): void {
    this.command(({ peers }) => {
      if (peers.row(name) !== undefined) void peers.remove(name, 'peer-deconfigured')
    })
  }

  /** Gives it other options, as a reload does: it is away and there again at once, and stays disabled if it was. */
  changePeer(place: Place): void {
    this.command(({ peers }) => {
      if (peers.row(place.name) === undefined) return
      void peers.remove(place.name, 'configuration-change')
      peers.add(this.#options(place))
    })
  }

  /** Puts it in again. */
  addPeer(place: Place): void {
    this.command(({ peers }) => {
      if (peers.row(place.name) === undefined) peers.add(this.#options(place))
    })
  }

  // Local routes

  announce(text: string): void {
    const prefix = parsePrefix(text)
    if (prefix === undefined) throw new RangeError(text)
    this.#statics.set(text, prefix)
    this.command(() => this.#announce(prefix))
  }

  withdraw(text: string): void {
    const prefix = this.#statics.get(text)
    if (prefix === undefined) return
    this.#statics.delete(text)
    this.command(({ rib, peers }) => {
      rib.withdrawLocal('static', prefix)
      peers.wake()
    })
  }

  #announce(prefix: Prefix): void {
    const preference = LOCAL_PREFERENCE.static
    const route = { metric: 0, type: 'blackhole', interfaceIndex: 0, interfaceName: '', preference } as const
    this.life.rib.announceLocal('static', prefix, route)
    this.life.peers.wake()
  }

  // Host

  accept(link: Link, connection: Connection): Receiver | undefined {
    const life = this.#life
    const place = this.#byLink.get(link)
    if (life === undefined || place === undefined) return undefined
    const socket = new VirtualSocket(this.#home(place, life), connection)
    // The kernel is done first; the process hears of it afterwards.
    this.#world.clock.after(0, () =>
      life.process.run(() => {
        const driver = life.peers.lookup(place.remoteAddress)
        if (driver === undefined || driver.accept(socket) !== undefined) socket.resetAndDestroy()
      }),
    )
    return socket
  }

  #dialSocket(remoteAddress: string): VirtualSocket {
    const place = this.#byAddress.get(remoteAddress)
    if (place === undefined) throw new RangeError(`no way to ${remoteAddress}`)
    return new VirtualSocket(this.#home(place, this.life))
  }

  #home({ name, link, end, localAddress, remoteAddress }: Place, { process, watch }: Life): SocketHome {
    return {
      process,
      link,
      end,
      localAddress,
      remoteAddress,
      highWaterMark: this.#world.scale.waitingOctets,
      wrote: bytes => watch.wrote(name, bytes),
      heard: (port, bytes) => this.#world.trace.octets(this.site.index, port, bytes),
    }
  }

  // Checks

  /** Deadlines that the clock has left behind: not by more than a busy turn of the loop. */
  checkDeadlines(): void {
    const life = this.#life
    if (life === undefined || life.process.isFrozen) return
    if (this.#world.clock.now - life.process.awakeSince < LATEST_MS) return
    const late = this.#local.now() - LATEST_MS
    for (const { name, remoteAddress } of this.places.values()) {
      const next = life.peers.driverAt(remoteAddress)?.nextDeadline()
      if (next !== undefined && next < late) {
        throw new Violation('no-stuck-deadline', `${name}: due at ${next}, and it is ${late + LATEST_MS}`)
      }
    }
  }

  /** How far neighbours lag behind in the logs of their groups. */
  checkLogs(): void {
    const life = this.#life
    if (life === undefined) return
    for (const { id, place } of life.routes.sessions.values()) {
      const { logOctetsBehind } = life.rib.peerCounters(id)
      if (logOctetsBehind > this.#logLimit) {
        throw new Violation(
          'bounded-log',
          `${place.name} lags ${logOctetsBehind} octets behind, ${this.#logLimit} allowed`,
        )
      }
    }
  }

  #logLimit = 0

  #newRib(): Rib {
    const { site } = this
    const random = this.#random
    const { factor } = this.#world.scale
    this.#logLimit = factor << (8 + random.below(8))
    return new Rib({
      asn: site.asn,
      routerId: site.routerId,
      clusterId: site.clusterId,
      seed: random.word(),
      reserve: 64,
      stretch: factor << (2 + random.below(8)),
      logLimit: this.#logLimit,
    })
  }

  #options(place: Place): PeerOptions {
    const { name, remoteAddress, localAddress, remote, isPassive } = place
    const { fsm, sendHoldMs } = this.#world.timing
    return {
      name,
      remoteAddress,
      localAddress,
      sendHoldMs,
      fsm: {
        ...fsm,
        localAsn: this.site.asn,
        peerAsn: remote.asn,
        routerId: this.site.routerId,
        families: FAMILIES,
        routeRefresh: 'enhanced',
        passive: isPassive,
        mayAccept: true,
        random: this.#random.next,
      },
    }
  }

  #observer(): NetObserver {
    const { trace, fail, stirred } = this.#world
    const { index } = this.site
    const states = new Map<string, string>()
    return {
      stateChanged(peer, { from, to, cause }) {
        stirred()
        trace.note(index, `${peer.name} ${from} -> ${to} (${cause})`)
        const known = states.get(peer.name) ?? 'Idle'
        states.set(peer.name, to)
        if (known !== from || (to === 'Established' && from !== 'OpenConfirm')) {
          fail(new Violation('no-impossible-state', `${peer.name}: ${known}, then ${from} -> ${to} (${cause})`))
        }
      },
      notificationSent() {},
      notificationReceived() {},
      connectionRefused() {},
      dialFailed() {},
      listenerChanged() {},
      faulted(peer, { error }) {
        fail(new Violation('no-throw', `${peer.name}: ${error.stack ?? error.message}`))
      },
    }
  }
}

/** A busy turn, a frozen one that has just gone on, and the rounding of timers. */
const LATEST_MS = 100
