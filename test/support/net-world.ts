/** A speaker under test on a random port of 127.0.0.1, with scripted neighbours on 127.0.0.x around it. */
import type { Millis, PeerFsmOptions } from '../../fsm/index.ts'
import { type Clock, systemClock } from '../../src/net/clock.ts'
import type { PeerOptions } from '../../src/net/peer-options.ts'
import { PeerSet, type PeerSetOptions } from '../../src/net/peer-set.ts'
import { FAMILIES } from '../../wire/index.ts'
import type { openMessage } from './net-bytes.ts'
import { RecordingObserver } from './net-observer.ts'
import { type FakeHandle, FakeRouting } from './net-routing.ts'
import { ScriptedPeer, until } from './net-scripted-peer.ts'

/** Time that passes `factor` times as fast as it does, for hold times of seconds in tests of milliseconds. */
export const fastClock = (factor: number): Clock => ({
  now: () => (systemClock.now() * factor) as Millis,
  after: (delayMs, run) => systemClock.after(delayMs / factor, run),
  soon: systemClock.soon,
})

export const fsmOptions = (overrides: Partial<PeerFsmOptions> = {}): PeerFsmOptions => ({
  localAsn: 64512,
  peerAsn: 64512,
  routerId: 0xc0000201,
  holdTimeS: 90,
  families: FAMILIES,
  passive: true,
  connectRetryMs: 50,
  idleHoldMs: { first: 20, cap: 100 },
  mayAccept: true,
  random: () => 0.5,
  ...overrides,
})

/** A passive peer at 127.0.0.`host`, named p`host`. */
export const peerAt = (host: number, overrides: Partial<PeerOptions> = {}): PeerOptions => ({
  name: `p${host}`,
  remoteAddress: `127.0.0.${host}`,
  fsm: fsmOptions(),
  ...overrides,
})

export class World {
  readonly routing = new FakeRouting()
  readonly observer = new RecordingObserver()
  readonly peers: PeerSet<FakeHandle>
  readonly #scripted: ScriptedPeer[] = []

  constructor(options: Partial<PeerSetOptions<FakeHandle>> = {}) {
    const { routing, observer } = this
    const listen = [{ address: '127.0.0.1', port: 0 }]
    this.peers = new PeerSet({ routing, observer, listen, lingerMs: 200, ...options })
  }

  static async start(peers: readonly PeerOptions[], options: Partial<PeerSetOptions<FakeHandle>> = {}): Promise<World> {
    const world = new World(options)
    for (const peer of peers) world.peers.add(peer)
    await world.peers.start()
    return world
  }

  get port(): number {
    return this.peers.listening[0]?.port ?? 0
  }

  /** A connection from 127.0.0.`host` on which nothing has been said. */
  connect(host: number): Promise<ScriptedPeer> {
    return this.connectFrom(`127.0.0.${host}`)
  }

  async connectFrom(address: string): Promise<ScriptedPeer> {
    const peer = await ScriptedPeer.connect(this.port, address)
    this.#scripted.push(peer)
    return peer
  }

  /** An Established session with the peer p`host`. */
  async establish(host: number, open: Parameters<typeof openMessage>[0] = {}): Promise<ScriptedPeer> {
    const peer = await this.connect(host)
    await peer.establish({ id: host, ...open })
    await until(() => this.routing.up(`p${host}`) !== undefined, `p${host} to be Established`)
    return peer
  }

  state(host: number): string | undefined {
    return this.peers.row(`p${host}`)?.state
  }

  async stop(): Promise<void> {
    for (const peer of this.#scripted) peer.close()
    await this.peers.stop()
  }
}
