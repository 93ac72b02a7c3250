/**
 * A speaker: RIB, peers and kernel put together from a configuration, without any face to the outside.
 *
 * The order matters. The kernel comes first, so that its routes are there when the first peer is told; then the configured routes; the network last, so that
 * nobody connects to a speaker that is not ready. Used by run.ts (the daemon), by the lab and by tests, several in one process if need be.
 */
import { randomInt } from 'node:crypto'
import type { Views } from '../api/index.ts'
import type { Config, PeerConfig } from '../config/index.ts'
import { KernelError, type KernelPort, MemoryKernel, RtnetlinkPort } from '../kernel/index.ts'
import { PeerSet } from '../net/index.ts'
import { sessionState } from '../observe/channels.ts'
import { createLogger, type Logger } from '../observe/log.ts'
import { LOCAL_PREFERENCE, type PeerId, Rib } from '../rib/index.ts'
import { KernelCoupling } from './kernel-coupling.ts'
import { Routing } from './routing.ts'
import { createViews } from './views.ts'

/** What a caller may bring along; everything has a default. */
export interface SpeakerParts {
  /** Instead of the one `kernel.backend` names. */
  readonly kernel?: KernelPort
  readonly logger?: Logger
  readonly configPath?: string
  readonly version?: string
}

export interface Speaker {
  readonly views: Views
  readonly peers: PeerSet<PeerId>
  /** Ends all sessions with Cease / Administrative Shutdown and closes everything; kernel routes stay. */
  stop(reason?: string): Promise<void>
}

/** How the wait after a failed session grows (RFC 4271 8.1.1): doubled each time, never more than the cap. */
const IDLE_HOLD_MS = { first: 1_000, cap: 60_000 }

/** Rejects with an error that has `code` and `hint` when an address or the kernel cannot be had; nothing is left running then. */
export async function startSpeaker(config: Config, parts: SpeakerParts = {}): Promise<Speaker> {
  const seed = randomInt(2 ** 32)
  const { asn, routerId } = config.speaker
  const clusterId = config.reflector?.clusterId
  const rib = new Rib({ asn, routerId, seed, ...(clusterId !== undefined && { clusterId }) })
  const routing = new Routing(rib, config.speaker, config.peers)
  const peers = new PeerSet<PeerId>({ routing, listen: config.speaker.listen })
  for (const peer of config.peers) peers.add(peerOptions(config, peer))
  const logger = parts.logger ?? createLogger('silent')
  const kernel = coupleKernel(config, parts, { rib, seed, wake: () => peers.wake(), logger })
  const unsubscribe = noticeReturn(config, peers, kernel)
  const end = async (reason?: string): Promise<void> => {
    unsubscribe()
    await kernel?.close()
    await peers.stop(reason === undefined ? {} : { communication: reason })
  }
  let ended: Promise<void> | undefined
  const stop = (reason?: string): Promise<void> => {
    ended ??= end(reason)
    return ended
  }
  try {
    await kernel?.start()
    announceStatics(config, rib, kernel)
    await peers.start()
  } catch (error) {
    await stop()
    throw error
  }
  peers.wake()
  const { configPath = '', version = '' } = parts
  return { views: createViews({ config, rib, routing, peers, kernel, configPath, version }), peers, stop }
}

function peerOptions({ speaker }: Config, peer: PeerConfig) {
  return {
    name: peer.name,
    remoteAddress: peer.address,
    remotePort: peer.port,
    ...(peer.localAddress !== undefined && { localAddress: peer.localAddress }),
    fsm: {
      localAsn: speaker.asn,
      peerAsn: peer.asn,
      routerId: speaker.routerId,
      holdTimeS: peer.holdTimeS,
      families: peer.families,
      passive: peer.passive,
      connectRetryMs: peer.connectRetryS * 1000,
      idleHoldMs: IDLE_HOLD_MS,
      mayAccept: true,
      random: Math.random,
    },
  }
}

interface KernelParts {
  readonly rib: Rib
  readonly seed: number
  readonly wake: () => void
  readonly logger: Logger
}

function coupleKernel({ kernel }: Config, { kernel: given }: SpeakerParts, { rib, seed, wake, logger }: KernelParts) {
  const port = given ?? kernelPort(kernel)
  if (port === undefined) return undefined
  return new KernelCoupling({
    rib,
    port,
    config: kernel,
    seed,
    wake,
    onProblem: error => logger.error({ event: 'kernel-problem', code: error.code, hint: error.hint }, error.message),
  })
}

function kernelPort({ backend, table, protocol }: Config['kernel']): KernelPort | undefined {
  switch (backend) {
    case 'rtnetlink':
      return new RtnetlinkPort({ table, protocol })
    case 'memory':
      return new MemoryKernel({ table })
    case 'none':
      return undefined
  }
}

/** A KernelError when a route is behind an interface that this machine does not have. */
function announceStatics({ statics }: Config, rib: Rib, kernel: KernelCoupling | undefined): void {
  for (const { prefix, type, gateway, interfaceName = '' } of statics) {
    const interfaceIndex = interfaceName === '' ? 0 : (kernel?.interfaces.indexOf(interfaceName) ?? 0)
    if (interfaceName !== '' && interfaceIndex === 0) throw KernelError.unknownInterface(interfaceName)
    const where = { metric: 0, interfaceIndex, interfaceName, preference: LOCAL_PREFERENCE.static }
    rib.announceLocal('static', prefix, { ...where, type, ...(gateway !== undefined && { gateway }) })
  }
}

/** Tells the kernel side once every configured neighbour is Established. */
function noticeReturn(config: Config, peers: PeerSet<PeerId>, kernel: KernelCoupling | undefined): () => void {
  if (kernel === undefined) return () => {}
  const missing = new Set(config.peers.map(peer => peer.name))
  const unsubscribe = sessionState.subscribe(({ peer, to }) => {
    if (to !== 'Established' || peers.row(peer)?.state !== 'Established') return
    missing.delete(peer)
    if (missing.size > 0) return
    unsubscribe()
    kernel.neighboursReturned()
  })
  return unsubscribe
}
