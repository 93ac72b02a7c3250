/**
 * One simulated speaker: a machine with a clock of its own, a process that can crash, freeze and start again, and in the
 * process a real `Rib` and real peers (`peer.ts`). The twin of `src/net` and `src/daemon/routing.ts` without any I/O.
 *
 * While frozen nothing is handled; the kernel still takes connections and octets, which wait in the inbox. Work and
 * writing are done in turns of bounded stretches that are drawn small, so that every seam in the table is met.
 * Called by the network (`Host`), by faults and by the workload.
 */
import type { Millis, Negotiated } from '../../fsm/index.ts'
import { type Prefix, parsePrefix } from '../../wire/index.ts'
import { ACCEPT_ALL, compilePolicy } from '../policy/index.ts'
import { LOCAL_PREFERENCE, Rib, type RibPeer } from '../rib/index.ts'
import { LocalClock, type VirtualClock } from './clock.ts'
import type { Connection, Dial, End, Host, Link } from './link.ts'
import { Peer, type PeerHome } from './peer.ts'
import type { Random } from './random.ts'
import type { Timing } from './timing.ts'
import type { Edge, Site } from './topology.ts'
import type { Trace } from './trace.ts'
import { Violation } from './violation.ts'

/** What all speakers of a cluster share. */
export interface World {
  readonly clock: VirtualClock
  readonly trace: Trace
  readonly timing: Timing
}

/** Milliseconds that a wake-up may come late by rounding. */
const TOLERANCE_MS = 0.01

export class Speaker implements Host, PeerHome {
  readonly site: Site
  readonly trace: Trace
  readonly timing: Timing
  readonly random: Random
  rib: Rib
  /** By link. Peers live as long as the process. */
  peers = new Map<Link, Peer>()
  isReachable = true
  isRunning = false
  isFrozen = false
  readonly #clock: VirtualClock
  readonly #local: LocalClock
  readonly #places: { link: Link; end: End; edge: Edge; remote: Site }[] = []
  /** Configured static routes: they outlive the process. */
  readonly #statics = new Map<string, Prefix>()
  #inbox: (() => void)[] = []
  /** Tells the life of a process from that of the next. */
  #life = 0
  #isTurnPlanned = false
  readonly #policy = compilePolicy(ACCEPT_ALL)

  constructor(site: Site, world: World, random: Random) {
    this.site = site
    this.trace = world.trace
    this.timing = world.timing
    this.random = random
    this.#clock = world.clock
    this.#local = new LocalClock(world.clock, random.between(0, 1e6), random.between(0.9995, 1.0005))
    this.rib = this.#newRib()
  }

  get isListening(): boolean {
    return this.isRunning
  }

  addLink(place: { link: Link; end: End; edge: Edge; remote: Site }): void {
    this.#places.push(place)
  }

  // The process

  start(): void {
    if (this.isRunning) return
    this.trace.note(this.site.index, 'start')
    this.isReachable = true
    this.isRunning = true
    this.rib = this.#newRib()
    this.peers = new Map(this.#places.map(place => [place.link, new Peer(this, place)]))
    for (const prefix of this.#statics.values()) this.#announce(prefix)
    for (const peer of this.peers.values()) peer.input({ type: 'start' })
  }

  /** Everything in memory is lost. When the machine goes too, nobody is told. */
  crash(isMachine: boolean): void {
    if (!this.isRunning) return
    this.trace.note(this.site.index, 'crash', Number(isMachine))
    this.#life++
    this.isRunning = false
    this.isFrozen = false
    this.#inbox = []
    this.#isTurnPlanned = false
    this.isReachable = !isMachine
    for (const peer of this.peers.values()) {
      peer.abandon()
      for (const connection of [...peer.link.connections]) {
        if (isMachine) connection.vanish(peer.end, false)
        else connection.abort(peer.end)
      }
    }
    this.peers = new Map()
  }

  freeze(): void {
    if (!this.isRunning || this.isFrozen) return
    this.trace.note(this.site.index, 'freeze')
    this.isFrozen = true
  }

  /** Goes on, either with what has come in meanwhile or with what is overdue. */
  thaw(): void {
    if (!this.isFrozen) return
    this.trace.note(this.site.index, 'thaw')
    this.isFrozen = false
    const inbox = this.#inbox
    this.#inbox = []
    if (this.random.chance(0.5)) this.#runDeadlines()
    for (const one of inbox) one()
    this.#runDeadlines()
    this.schedule()
  }

  // Local routes

  announce(text: string): void {
    const prefix = parsePrefix(text)
    if (prefix === undefined) throw new RangeError(text)
    this.#statics.set(text, prefix)
    this.#whenAwake(() => this.#announce(prefix))
  }

  withdraw(text: string): void {
    const prefix = this.#statics.get(text)
    if (prefix === undefined) return
    this.#statics.delete(text)
    this.#whenAwake(() => {
      this.rib.withdrawLocal('static', prefix)
      this.schedule()
    })
  }

  #announce(prefix: Prefix): void {
    const preference = LOCAL_PREFERENCE.static
    this.rib.announceLocal('static', prefix, {
      metric: 0,
      type: 'blackhole',
      interfaceIndex: 0,
      interfaceName: '',
      preference,
    })
    this.schedule()
  }

  // Host

  accepted(link: Link, connection: Connection): void {
    this.#whenAwake(() => this.peers.get(link)?.opened(connection, 'incoming'))
  }

  connected(link: Link, connection: Connection): void {
    this.#whenAwake(() => this.peers.get(link)?.opened(connection, 'outgoing'))
  }

  dialFailed(link: Link, dial: Dial): void {
    this.#whenAwake(() => {
      if (!dial.isCancelled) this.peers.get(link)?.dialFailed(dial)
    })
  }

  received(link: Link, connection: Connection, bytes: Uint8Array): void {
    this.trace.octets(this.site.index, connection.id, bytes)
    this.#whenAwake(() => this.peers.get(link)?.received(connection, bytes))
  }

  closed(link: Link, connection: Connection, reason: string): void {
    this.trace.note(this.site.index, 'closed', connection.id)
    this.#whenAwake(() => this.peers.get(link)?.closed(connection, reason))
  }

  drained(_link: Link): void {
    this.#whenAwake(() => this.schedule())
  }

  /** What an operator or an agent does to the process. Waits while it is frozen, is lost while there is none. */
  #whenAwake(run: () => void): void {
    if (!this.isRunning) return
    if (this.isFrozen) this.#inbox.push(run)
    else run()
  }

  command(run: (peers: ReadonlyMap<Link, Peer>) => void): void {
    this.#whenAwake(() => run(this.peers))
  }

  // PeerHome

  now(): Millis {
    return this.#local.now()
  }

  ribPeer(peer: Peer, negotiated: Negotiated): RibPeer {
    const { site } = this
    return {
      name: `${site.index} to ${peer.remote.index}`,
      kind: negotiated.kind,
      asn: negotiated.peerAsn,
      localAsn: site.asn,
      routerId: negotiated.peerRouterId,
      address: peer.remote.ipv4,
      localAddress: site.ipv4,
      families: negotiated.families,
      fourOctetAs: negotiated.fourOctetAs,
      maxLength: negotiated.codec.maxLength,
      reflectorClient: peer.edge.hasClient[peer.end],
      clusterId: site.clusterId,
      nextHopSelf: false,
      importPolicy: this.#policy,
      exportPolicy: this.#policy,
      nextHops: { ipv4: site.ipv4, ipv6: site.ipv6 },
    }
  }

  touched(peer: Peer): void {
    const next = peer.fsm.nextDeadline()
    if (next === undefined) return
    const at = Math.max(this.#local.worldTime(next) + TOLERANCE_MS / 2, this.#clock.now)
    if (at >= peer.wakeAt) return
    peer.wakeAt = at
    const life = this.#life
    this.#clock.at(at, () => {
      if (life !== this.#life || peer.wakeAt !== at) return
      peer.wakeAt = Number.POSITIVE_INFINITY
      if (this.isFrozen) return
      peer.deadline(this.now())
      this.touched(peer)
    })
  }

  /** Everything that is due, on all peers. */
  #runDeadlines(): void {
    for (const peer of this.peers.values()) {
      peer.deadline(this.now())
      this.touched(peer)
    }
  }

  /** A turn of work and writing soon. */
  schedule(): void {
    if (this.#isTurnPlanned || !this.isRunning || this.isFrozen) return
    this.#isTurnPlanned = true
    const life = this.#life
    this.#clock.after(this.random.between(0, 2), () => {
      if (life !== this.#life) return
      this.#isTurnPlanned = false
      if (!this.isFrozen) this.#turn()
    })
  }

  /** One stretch of work, then one stretch of writing to each peer that has something to get. */
  #turn(): void {
    if (this.rib.pending) this.rib.work()
    let isMore = this.rib.pending
    for (const peer of this.peers.values()) {
      if (peer.active !== undefined && this.rib.hasOutput(peer.active.id) && peer.send(PIECES)) isMore = true
    }
    if (isMore) this.schedule()
  }

  /** Deadlines that the clock has left behind. Always empty, unless the process is frozen. */
  checkDeadlines(): void {
    if (!this.isRunning || this.isFrozen) return
    const now = this.now()
    for (const peer of this.peers.values()) {
      const next = peer.fsm.nextDeadline()
      if (next !== undefined && next < now - 1) {
        throw new Violation('no-stuck-deadline', `${peer.name}: due at ${next}, and it is ${now}`)
      }
    }
  }

  #newRib(): Rib {
    const { random, site } = this
    return new Rib({
      asn: site.asn,
      routerId: site.routerId,
      clusterId: site.clusterId,
      seed: random.word(),
      reserve: 64,
      stretch: 1 << (2 + random.below(8)),
      logLimit: 1 << (8 + random.below(8)),
    })
  }
}

/** Pieces that one peer is written in a turn. */
const PIECES = 4
