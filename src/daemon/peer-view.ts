/** One row of `show peers`: configuration, state machine, socket and RIB seen as one. Called by views.ts. */
import { describeReason, type MessageCounts as FsmCounts } from '../../fsm/index.ts'
import { FAMILIES, type Family, formatCapability, formatRouterId } from '../../wire/index.ts'
import type { MessageCounts, PeerDetail, PeerView } from '../api/schema.ts'
import type { PeerConfig } from '../config/index.ts'
import type { PeerCounters } from '../rib/index.ts'
import type { ViewParts } from './view-parts.ts'

const KINDS = ['received', 'accepted'] as const
const NO_SESSION = { count: null, reached: false, timesReached: 0, blocked: 0 }

export function peerView(
  peer: PeerConfig,
  range: string | null,
  { current, rib, routing, peers }: ViewParts,
): PeerView {
  const { speaker } = current.config
  const row = peers.row(peer.name)
  if (row === undefined) throw new Error(`peer ${peer.name} is configured but not running`)
  const session = routing.session(peer.name)
  const routes = session === undefined ? undefined : rib.peerCounters(session)
  const { negotiated, connection } = row
  return {
    name: peer.name,
    address: peer.address,
    asn: negotiated?.peerAsn ?? peer.asn,
    range,
    localAsn: speaker.asn,
    kind: peer.asn === speaker.asn ? 'ibgp' : 'ebgp',
    state: row.state,
    sinceMs: Math.round(row.stateForMs),
    uptimeS: row.state === 'Established' ? Math.floor(row.stateForMs / 1000) : null,
    families: (negotiated?.families ?? peer.families).map(family => family.name),
    ...routeCounts(routes, negotiated?.families ?? []),
    ...limitView(peer, routes),
    lastError: row.lastError === undefined ? null : describeReason(row.lastError.reason),
    messagesIn: messageCounts(row.counters.received),
    messagesOut: messageCounts(row.counters.sent),
    updateErrors: {
      withdraw: routes?.treatedAsWithdraw ?? 0,
      discard: routes?.attributesDiscarded ?? 0,
      reset: routing.resets(peer.name),
    },
    establishedCount: row.counters.sessions,
    flapCount: row.counters.sessions - (row.state === 'Established' ? 1 : 0),
    queueOctets: connection?.queuedOctets ?? null,
    holdTimeS: negotiated === undefined ? null : negotiated.holdTimeMs / 1000,
    localAddress: connection?.localAddress ?? row.localAddress ?? null,
    routerId: negotiated === undefined ? null : formatRouterId(negotiated.peerRouterId),
    disabled: peers.isDisabled(peer.name),
    passive: peer.passive,
    reflectorClient: peer.reflectorClient,
    importPolicy: peer.import.name,
    exportPolicy: peer.export.name,
    capabilities: (negotiated?.capabilities ?? []).map(formatCapability),
  }
}

/** The same with its past. */
export function peerDetail(peer: PeerConfig, range: string | null, parts: ViewParts): PeerDetail {
  const now = Date.now()
  const history = parts.peers.history(peer.name).map(({ agoMs, from, to, cause }) => {
    return { at: new Date(now - agoMs).toISOString(), from, to, cause }
  })
  return { ...peerView(peer, range, parts), history }
}

type RouteCounts = Pick<PeerView, 'routesReceived' | 'routesAccepted' | 'routesAdvertised' | 'routesByFamily'>

function routeCounts(routes: PeerCounters | undefined, families: readonly Family[]): RouteCounts {
  if (routes === undefined)
    return { routesReceived: null, routesAccepted: null, routesAdvertised: null, routesByFamily: [] }
  const { prefixesReceived, prefixesAccepted, prefixesAdvertised } = routes
  // What is told is counted for all families together.
  const advertised = families.length === 1 ? prefixesAdvertised : null
  const spoken = routes.routes.filter(({ family }) => families.includes(family))
  return {
    routesReceived: prefixesReceived,
    routesAccepted: prefixesAccepted,
    routesAdvertised: prefixesAdvertised,
    routesByFamily: spoken.map(({ family, received, accepted }) => {
      return { family: family.name, received, accepted, advertised }
    }),
  }
}

/** Without a session the limits as they are configured. */
function limitView(
  { limits, attributeOctets: limit }: PeerConfig,
  routes: PeerCounters | undefined,
): Pick<PeerView, 'limits' | 'attributeOctets'> {
  const configured = FAMILIES.flatMap(({ name: family }) =>
    KINDS.flatMap(kind => {
      const { [kind]: most, action } = limits[family] ?? { action: 'warn' }
      return most === undefined ? [] : [{ family, kind, limit: most, action, ...NO_SESSION }]
    }),
  )
  const live = routes?.limits.map(({ family, isReached: reached, ...rest }) => ({
    family: family.name,
    reached,
    ...rest,
  }))
  return {
    limits: live ?? configured,
    attributeOctets: { now: routes?.attributeOctets ?? null, limit: limit ?? null },
  }
}

function messageCounts(counts: FsmCounts): MessageCounts {
  return {
    open: counts.open,
    update: counts.update,
    notification: counts.notification,
    keepalive: counts.keepalive,
    routeRefresh: counts['route-refresh'],
  }
}
