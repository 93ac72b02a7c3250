/**
 * Puts a ReloadPlan into effect on a running speaker: only what the plan names is touched, everything in one go between two turns of the event loop.
 *
 * Peers that go or change leave first, all of them, so that names and addresses may be swapped; a changed one is told Cease / Other Configuration Change
 * (RFC 4486 4), one that goes Cease / Peer De-configured. Static routes come and go in the RIB, without any session noticing more than their routes.
 * `obstacleTo` is asked before, `reconfigure` cannot fail. `peerOptions` and `announceStatic` serve the start as well. Called by speaker.ts.
 */
import { type Config, type PeerConfig, type ReloadPlan, staticKey } from '../config/index.ts'
import { KernelError } from '../kernel/index.ts'
import type { PeerOptions, PeerSet } from '../net/index.ts'
import { isStartError } from '../observe/start-error.ts'
import { LOCAL_PREFERENCE, type PeerId, type Rib } from '../rib/index.ts'
import type { CurrentConfig } from './current-config.ts'
import type { KernelCoupling } from './kernel-coupling.ts'
import type { Routing } from './routing.ts'
import { transportOptions } from './transport.ts'

export interface RunningParts {
  readonly current: CurrentConfig
  readonly rib: Rib
  readonly routing: Routing
  readonly peers: PeerSet<PeerId>
  readonly kernel: KernelCoupling | undefined
}

type Static = Config['statics'][number]

/** Why a plan cannot be put into effect, and what to do about it. */
type Obstacle = Error & { readonly code: string; readonly hint: string }

/** How the wait after a failed session grows (RFC 4271 8.1.1): doubled each time, never more than the cap. */
const IDLE_HOLD_MS = { first: 1_000, cap: 60_000 }

/** What the network side wants to know of a peer. */
export function peerOptions({ speaker }: Config, peer: PeerConfig): PeerOptions {
  return {
    name: peer.name,
    remoteAddress: peer.address,
    remotePort: peer.port,
    ...(peer.localAddress !== undefined && { localAddress: peer.localAddress }),
    transport: transportOptions(peer),
    ...(peer.sendHoldTimeS !== undefined && { sendHoldMs: peer.sendHoldTimeS * 1000 }),
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
      minHoldTimeS: peer.minHoldTimeS,
      delayOpenMs: peer.delayOpenS * 1000,
      extendedMessages: peer.extendedMessages,
      routeRefresh: peer.routeRefresh,
      retryWithoutCapabilities: peer.retryWithoutCapabilities,
    },
  }
}

/** A KernelError when the route is behind an interface that this machine does not have. */
export function announceStatic(route: Static, { rib, kernel }: Pick<RunningParts, 'rib' | 'kernel'>): void {
  const { prefix, type, gateway, interfaceName = '' } = route
  const interfaceIndex = indexOf(route, kernel)
  if (interfaceIndex === undefined) throw KernelError.unknownInterface(interfaceName)
  const where = { metric: 0, interfaceIndex, interfaceName, preference: LOCAL_PREFERENCE.static }
  rib.announceLocal('static', prefix, { ...where, type, ...(gateway !== undefined && { gateway }) })
}

/** 0: the route names no interface; undefined: it names one that is not there. */
function indexOf({ interfaceName }: Static, kernel: KernelCoupling | undefined): number | undefined {
  return interfaceName === undefined ? 0 : kernel?.interfaces.indexOf(interfaceName) || undefined
}

/** What a good file may still want and this machine does not have. */
export function obstacleTo(next: Config, plan: ReloadPlan, { kernel }: RunningParts): Obstacle | undefined {
  const missing = arrivals(next, plan).find(route => indexOf(route, kernel) === undefined)
  if (missing !== undefined) return KernelError.unknownInterface(missing.interfaceName ?? '')
  try {
    // Password files are read here for the first time.
    for (const peer of next.peers) transportOptions(peer)
    return undefined
  } catch (error) {
    if (isStartError(error)) return error
    throw error
  }
}

/** The plan must be for `next` after the present configuration, need no restart, and meet no obstacle. */
export function reconfigure(next: Config, plan: ReloadPlan, parts: RunningParts): void {
  const { current, peers, routing } = parts
  const actions = new Map(plan.peers.map(({ name, action }) => [name, action]))
  for (const [name, action] of actions) {
    // What is left is the closing of sockets, which nobody has to wait for.
    if (action === 'remove') void peers.remove(name)
    else if (action === 'reset') void peers.remove(name, 'configuration-change')
  }
  routing.configure(next.peers)
  changeStatics(next, plan, parts)
  current.replace(next)
  for (const peer of next.peers) {
    const action = actions.get(peer.name)
    if (action === 'add' || action === 'reset') peers.add(peerOptions(next, peer))
    else peers.setConnectRetry(peer.name, peer.connectRetryS * 1000)
  }
  peers.wake()
}

function changeStatics(next: Config, plan: ReloadPlan, parts: RunningParts): void {
  const gone = new Set(plan.statics.filter(({ action }) => action === 'remove').map(({ name }) => name))
  for (const route of parts.current.config.statics) {
    if (gone.has(staticKey(route))) parts.rib.withdrawLocal('static', route.prefix)
  }
  for (const route of arrivals(next, plan)) announceStatic(route, parts)
}

function arrivals({ statics }: Config, plan: ReloadPlan): Static[] {
  const names = new Set(plan.statics.filter(({ action }) => action !== 'remove').map(({ name }) => name))
  return statics.filter(route => names.has(staticKey(route)))
}
