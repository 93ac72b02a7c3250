/**
 * A speaker: RIB, peers and kernel put together from a configuration, without any face to the outside.
 *
 * The order matters. The kernel comes first, so that its routes are there when the first peer is told; then the configured routes; the network last, so that
 * nobody connects to a speaker that is not ready. Used by run.ts (the daemon), by the lab and by tests, several in one process if need be.
 */
import { randomInt } from 'node:crypto'
import type { Views } from '../api/index.ts'
import type { Config, Objection, ReloadPlan } from '../config/index.ts'
import { IprouteKernel, type KernelError, type KernelPort, MemoryKernel, RtnetlinkPort } from '../kernel/index.ts'
import { PeerSet } from '../net/index.ts'
import { sessionState } from '../observe/channels.ts'
import { createLogger, type Logger } from '../observe/log.ts'
import { type PeerId, Rib } from '../rib/index.ts'
import { CurrentConfig } from './current-config.ts'
import { KernelCoupling } from './kernel-coupling.ts'
import { withPasswords } from './password.ts'
import { peerOptions, rangeOptions } from './peer-options.ts'
import { announceStatic, obstacleTo, reconfigure } from './reconfigure.ts'
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
  readonly current: CurrentConfig
  /** Why a plan cannot be put into effect here and now: the machine lacks something, or the speaker is stopping. */
  obstacleTo(next: Config, plan: ReloadPlan): Objection | undefined
  /** Puts a plan into effect that needs no restart and meets no obstacle: only what it names is touched. */
  reconfigure(next: Config, plan: ReloadPlan): void
  /** Ends all sessions with Cease / Administrative Shutdown and closes everything; kernel routes stay. */
  stop(reason?: string): Promise<void>
}

const STOPPING: Objection = { message: 'godwit is stopping', hint: 'start it again with the new configuration' }

/** Rejects with an error that has `code` and `hint` when an address, a password or the kernel cannot be had; nothing is left running then. */
export async function startSpeaker(written: Config, parts: SpeakerParts = {}): Promise<Speaker> {
  const config = withPasswords(written)
  const seed = randomInt(2 ** 32)
  const current = new CurrentConfig(config)
  const { asn, routerId } = config.speaker
  const { selection } = config.speaker
  // Without a kernel side nobody tells what leads where, and every next hop counts as reachable.
  const hasKernel = parts.kernel !== undefined || config.kernel.backend !== 'none'
  const resolveNextHops = hasKernel && config.kernel.resolveNextHops
  const rib = new Rib({
    asn,
    routerId,
    seed,
    selection,
    resolveNextHops,
  })
  const routing = new Routing(rib, config)
  const peers = new PeerSet<PeerId>({ routing, listen: config.speaker.listen })
  for (const peer of config.peers) peers.add(peerOptions(config, peer))
  for (const range of config.peerRanges) peers.addRange(rangeOptions(range, () => current.config, routing))
  const logger = parts.logger ?? createLogger('silent')
  const kernel = coupleKernel(config, parts, {
    rib,
    seed,
    wake: () => peers.wake(),
    logger,
    localAddress: id => routing.localAddress(id),
    zone: id => routing.zone(id),
  })
  const unsubscribe = noticeReturn(current, peers, kernel)
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
    for (const route of config.statics) announceStatic(route, { rib, kernel })
    await peers.start()
  } catch (error) {
    await stop()
    throw error
  }
  peers.wake()
  const { configPath = '', version = '' } = parts
  const running = { current, rib, routing, peers, kernel }
  return {
    views: createViews({ ...running, configPath, version }),
    peers,
    current,
    obstacleTo: (next, plan) => (ended === undefined ? obstacleTo(next, plan, running) : STOPPING),
    reconfigure: (next, plan) => reconfigure(next, plan, running),
    stop,
  }
}

interface KernelParts {
  readonly rib: Rib
  readonly seed: number
  readonly wake: () => void
  readonly logger: Logger
  readonly localAddress: (id: number) => Uint8Array | undefined
  readonly zone: (id: number) => string | undefined
}

function coupleKernel(
  { kernel }: Config,
  { kernel: given }: SpeakerParts,
  { rib, seed, wake, logger, localAddress, zone }: KernelParts,
) {
  const port = given ?? kernelPort(kernel)
  if (port === undefined) return undefined
  return new KernelCoupling({
    rib,
    port,
    config: kernel,
    seed,
    wake,
    onProblem: error => logProblem(error, logger),
    onBehind: (ms, waiting) => logBehind(ms, waiting, logger),
    localAddress,
    zone,
  })
}

function logProblem(error: KernelError | undefined, logger: Logger): void {
  if (error === undefined) logger.info({ event: 'kernel-restored' }, 'the kernel side works again')
  else logger.error({ event: 'kernel-problem', code: error.code, hint: error.hint }, error.message)
}

function logBehind(ms: number, waiting: number, logger: Logger): void {
  if (ms === 0) logger.info({ event: 'kernel-caught-up' }, 'the kernel has all routes again')
  else
    logger.warn(
      { event: 'kernel-behind', ms, waiting },
      `the kernel is ${Math.round(ms / 1000)} s behind, ${waiting} routes wait`,
    )
}

function kernelPort({ backend, table, protocol }: Config['kernel']): KernelPort | undefined {
  switch (backend) {
    case 'rtnetlink':
      return new RtnetlinkPort({ table, protocol })
    case 'iproute2':
      return new IprouteKernel({ table, protocol })
    case 'memory':
      return new MemoryKernel({ table })
    case 'none':
      return undefined
  }
}

/** Tells the kernel side once every configured neighbour is Established. */
function noticeReturn(current: CurrentConfig, peers: PeerSet<PeerId>, kernel: KernelCoupling | undefined): () => void {
  if (kernel === undefined) return () => {}
  const returned = new Set<string>()
  const unsubscribe = sessionState.subscribe(({ peer, to }) => {
    if (to !== 'Established' || peers.row(peer)?.state !== 'Established') return
    returned.add(peer)
    if (returned.size < current.config.peers.length) return
    if (current.config.peers.some(({ name }) => !returned.has(name))) return
    unsubscribe()
    kernel.neighboursReturned()
  })
  return unsubscribe
}
