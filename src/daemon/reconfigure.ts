/**
 * Puts a ReloadPlan into effect on a running speaker: only what the plan names is touched, everything in one go between two turns of the event loop.
 *
 * Peers that go or change leave first, all of them, so that names and addresses may be swapped; a changed one is told Cease / Other Configuration Change
 * (RFC 4486 4), one that goes Cease / Peer De-configured. Static routes come and go in the RIB, without any session noticing more than their routes.
 * `obstacleTo` is asked before, `reconfigure` cannot fail. `announceStatic` serves the start as well. Called by speaker.ts.
 */
import { type Config, type ReloadPlan, type SessionConfig, staticKey } from '../config/index.ts'
import { KernelError } from '../kernel/index.ts'
import { NetError, type PeerSet, requireTransport } from '../net/index.ts'
import { LOCAL_PREFERENCE, type PeerId, type Rib } from '../rib/index.ts'
import type { CurrentConfig } from './current-config.ts'
import type { KernelCoupling } from './kernel-coupling.ts'
import { peerOptions, rangeOptions } from './peer-options.ts'
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
    for (const item of [...next.peers, ...next.peerRanges]) requireTransport(item.name, transportOptions(item))
    return undefined
  } catch (error) {
    if (error instanceof NetError) return error
    throw error
  }
}

/** The plan must be for `next` after the present configuration, need no restart, and meet no obstacle. */
export function reconfigure(next: Config, plan: ReloadPlan, parts: RunningParts): void {
  const { current, peers, routing, kernel } = parts
  const actions = new Map([...plan.peers, ...plan.ranges].map(({ name, action }) => [name, action]))
  const isNew = ({ name }: SessionConfig): boolean => actions.get(name) === 'add' || actions.get(name) === 'reset'
  const leaving = { remove: 'peer-deconfigured', reset: 'configuration-change' } as const
  for (const { name, action } of plan.peers) {
    // What is left is the closing of sockets, which nobody has to wait for.
    if (action === 'remove' || action === 'reset') void peers.remove(name, leaving[action])
  }
  for (const { name, action } of plan.ranges) {
    if (action === 'remove' || action === 'reset') peers.removeRange(name, leaving[action])
  }
  routing.configure(next)
  if (plan.settings.some(({ path }) => path.startsWith('speaker.selection.'))) {
    parts.rib.setSelection(next.speaker.selection)
  }
  if (plan.settings.some(({ path }) => path.startsWith('kernel.'))) kernel?.configure(next.kernel)
  changeStatics(next, plan, parts)
  current.replace(next)
  for (const peer of next.peers) {
    if (isNew(peer)) peers.add(peerOptions(next, peer))
    else peers.setConnectRetry(peer.name, peer.connectRetryS * 1000)
  }
  for (const range of next.peerRanges) {
    if (isNew(range)) peers.addRange(rangeOptions(range, () => current.config, routing))
    else peers.setRangeLimit(range.name, range.limit)
  }
  for (const item of [...next.peers, ...next.peerRanges]) {
    const { password } = item
    if (!isNew(item) && password !== undefined) peers.rekey(item.name, () => password.reveal())
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
