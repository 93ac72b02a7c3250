/**
 * What is on the metrics page, one row per metric: name, help, labels, and how it is read out of the views. Names are GoBGP's where the meaning is the same,
 * so that dashboards open. Labels are bounded: configured peers, families, known codes; never a prefix, a path, a next hop, or a text from a peer.
 * Called by metrics.ts.
 */
import { constants } from 'node:os'
import type { FamilyName, MessageCounts, PeerState, PeerView, StatusView } from '../api/schema.ts'
import type { CollectedBuckets } from './histogram.ts'
import type { NotificationCounts } from './notification-counts.ts'

export interface Snapshot {
  readonly status: StatusView
  /** The configured ones: a series for every neighbour that ever came from a range would be without bound. */
  readonly peers: readonly PeerView[]
  readonly members: readonly PeerView[]
  readonly notifications: NotificationCounts
}

export type Put = (value: number, ...labelValues: readonly string[]) => void

/** One number for each set of labels. */
export interface NumberRow {
  readonly type: 'gauge' | 'counter'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  read(snapshot: Snapshot, put: Put): void
}

/** Durations that the speaker counts in buckets of its own. */
export interface HistogramRow {
  readonly type: 'histogram'
  readonly name: string
  readonly help: string
  read(snapshot: Snapshot): CollectedBuckets
}

export type Row = NumberRow | HistogramRow

const STATE_NUMBERS: Readonly<Record<PeerState, number>> = {
  Idle: 1,
  Connect: 2,
  Active: 3,
  OpenSent: 4,
  OpenConfirm: 5,
  Established: 6,
}

const MESSAGE_TYPES: readonly (readonly [keyof MessageCounts, string])[] = [
  ['open', 'open'],
  ['update', 'update'],
  ['notification', 'notification'],
  ['keepalive', 'keepalive'],
  ['routeRefresh', 'route-refresh'],
]

/** A gauge per peer and family of one of the three route counts. */
function routeCount(name: string, help: string, field: RouteCount): Row {
  return {
    type: 'gauge',
    name,
    help,
    labels: ['peer', 'route_family'],
    read({ peers }, put) {
      for (const peer of peers) {
        for (const [family, value] of routeCounts(peer, field)) put(value, peer.address, family)
      }
    },
  }
}

type RouteCount = 'received' | 'accepted' | 'advertised'

const SUMS = { received: 'routesReceived', accepted: 'routesAccepted', advertised: 'routesAdvertised' } as const

/** Per family where known, else the sum under the only family, or under `all`. */
function routeCounts(peer: PeerView, field: RouteCount): (readonly [FamilyName | 'all', number])[] {
  const known = peer.routesByFamily.flatMap(({ family, [field]: value }) =>
    value === null ? [] : [[family, value] as const],
  )
  const sum = peer[SUMS[field]]
  if (known.length > 0 || sum === null) return known
  const [first, ...others] = peer.families
  return [[first !== undefined && others.length === 0 ? first : 'all', sum]]
}

type LimitView = PeerView['limits'][number]

/** What limits of routes are and do, by peer, family and kind (received, accepted). */
function limitRows(): Row[] {
  const row = (type: 'gauge' | 'counter', name: string, help: string, value: (limit: LimitView) => number): Row => ({
    type,
    name,
    help,
    labels: ['peer', 'route_family', 'kind'],
    read({ peers }, put) {
      for (const { address, limits } of peers)
        for (const limit of limits) put(value(limit), address, limit.family, limit.kind)
    },
  })
  return [
    row('gauge', 'bgp_peer_route_limit', 'Most routes the peer may have here.', ({ limit }) => limit),
    row('gauge', 'bgp_peer_route_limit_reached', '1 while the limit counts as reached.', ({ reached }) =>
      Number(reached),
    ),
    row(
      'counter',
      'bgp_peer_route_limit_reached_total',
      'Times the limit was reached in this session.',
      ({ timesReached }) => timesReached,
    ),
    row(
      'counter',
      'bgp_peer_routes_blocked_total',
      'Announcements of new prefixes in this session that did not come in because of the limit.',
      ({ blocked }) => blocked,
    ),
  ]
}

export const ROWS: readonly Row[] = [
  {
    type: 'gauge',
    name: 'bgp_peer_state',
    help: 'State of the session: 1 Idle, 2 Connect, 3 Active, 4 OpenSent, 5 OpenConfirm, 6 Established.',
    labels: ['peer', 'name', 'asn'],
    read({ peers }, put) {
      for (const peer of peers) put(STATE_NUMBERS[peer.state], peer.address, peer.name, String(peer.asn))
    },
  },
  {
    type: 'counter',
    name: 'bgp_peer_established_transitions_total',
    help: 'Times the session reached Established.',
    labels: ['peer'],
    read({ peers }, put) {
      for (const peer of peers) put(peer.establishedCount, peer.address)
    },
  },
  {
    type: 'counter',
    name: 'bgp_peer_flaps_total',
    help: 'Times the session left Established.',
    labels: ['peer'],
    read({ peers }, put) {
      for (const peer of peers) put(peer.flapCount, peer.address)
    },
  },
  {
    type: 'gauge',
    name: 'bgp_peer_uptime_seconds',
    help: 'Seconds since the session reached Established; no series while it is not.',
    labels: ['peer'],
    read({ peers }, put) {
      for (const peer of peers) if (peer.uptimeS !== null) put(peer.uptimeS, peer.address)
    },
  },
  {
    type: 'counter',
    name: 'bgp_messages_total',
    help: 'BGP messages by direction (received, sent) and type.',
    labels: ['peer', 'direction', 'type'],
    read({ peers }, put) {
      for (const peer of peers) {
        for (const [field, type] of MESSAGE_TYPES) {
          put(peer.messagesIn[field], peer.address, 'received', type)
          put(peer.messagesOut[field], peer.address, 'sent', type)
        }
      }
    },
  },
  {
    type: 'counter',
    name: 'bgp_notifications_total',
    help: 'NOTIFICATION messages by direction, code and subcode; numbers no RFC defines are "other".',
    labels: ['peer', 'direction', 'code', 'subcode'],
    read({ peers, notifications }, put) {
      for (const peer of peers) notifications.read(peer, put)
    },
  },
  routeCount('bgp_routes_received', 'Live paths from the peer.', 'received'),
  routeCount('bgp_routes_accepted', 'Live paths from the peer that the import policy let in.', 'accepted'),
  routeCount('bgp_routes_advertised', 'Prefixes the peer was told.', 'advertised'),
  {
    type: 'counter',
    name: 'bgp_update_errors_total',
    help: 'Malformed UPDATE messages by reaction (withdraw, discard, reset), RFC 7606.',
    labels: ['peer', 'action'],
    read({ peers }, put) {
      for (const { address, updateErrors } of peers) {
        put(updateErrors.withdraw, address, 'withdraw')
        put(updateErrors.discard, address, 'discard')
        put(updateErrors.reset, address, 'reset')
      }
    },
  },
  ...limitRows(),
  {
    type: 'gauge',
    name: 'bgp_peer_attribute_bytes',
    help: 'Memory that the attributes of the routes of the peer take.',
    labels: ['peer'],
    read({ peers }, put) {
      for (const { address, attributeOctets } of peers)
        if (attributeOctets.now !== null) put(attributeOctets.now, address)
    },
  },
  {
    type: 'gauge',
    name: 'bgp_peer_attribute_limit_bytes',
    help: 'How much memory that may be; no series without a limit.',
    labels: ['peer'],
    read({ peers }, put) {
      for (const { address, attributeOctets } of peers)
        if (attributeOctets.limit !== null) put(attributeOctets.limit, address)
    },
  },
  {
    type: 'gauge',
    name: 'bgp_peer_tx_queue_bytes',
    help: 'Octets waiting to be written to the peer.',
    labels: ['peer'],
    read({ peers }, put) {
      for (const peer of peers) if (peer.queueOctets !== null) put(peer.queueOctets, peer.address)
    },
  },
  {
    type: 'gauge',
    name: 'bgp_range_peers',
    help: 'Neighbours that came from a range of peers, by state.',
    labels: ['range', 'state'],
    read({ status, members }, put) {
      for (const { name } of status.peerRanges) {
        const states = members.filter(({ range }) => range === name).map(({ state }) => state)
        for (const state of new Set([...states, 'Established' as const])) {
          put(states.filter(other => other === state).length, name, state)
        }
      }
    },
  },
  {
    type: 'gauge',
    name: 'bgp_range_limit',
    help: 'How many neighbours a range of peers may have at a time.',
    labels: ['range'],
    read({ status }, put) {
      for (const { name, limit } of status.peerRanges) put(limit, name)
    },
  },
  {
    type: 'gauge',
    name: 'bgp_range_routes_received',
    help: 'Live paths from all neighbours of a range of peers.',
    labels: ['range'],
    read({ status, members }, put) {
      for (const { name } of status.peerRanges) {
        let sum = 0
        for (const { range, routesReceived } of members) if (range === name) sum += routesReceived ?? 0
        put(sum, name)
      }
    },
  },
  {
    type: 'counter',
    name: 'bgp_range_update_resets_total',
    help: 'Sessions of neighbours from a range of peers that ended over a malformed UPDATE.',
    labels: ['range'],
    read({ status }, put) {
      for (const { name, resets } of status.peerRanges) put(resets, name)
    },
  },
  {
    type: 'counter',
    name: 'bgp_connections_refused_total',
    help: 'Incoming connections turned away, by reason.',
    labels: ['reason'],
    read({ status }, put) {
      for (const { reason, count } of status.refusals) put(count, reason)
    },
  },
  {
    type: 'gauge',
    name: 'bgp_rib_prefixes',
    help: 'Prefixes in the table.',
    labels: ['route_family'],
    read({ status }, put) {
      for (const table of status.tables) put(table.prefixes, table.family)
    },
  },
  {
    type: 'gauge',
    name: 'bgp_rib_routes',
    help: 'Paths in the table.',
    labels: ['route_family'],
    read({ status }, put) {
      for (const table of status.tables) put(table.paths, table.family)
    },
  },
  {
    type: 'gauge',
    name: 'bgp_rib_attribute_sets',
    help: 'Distinct attribute sets held.',
    labels: [],
    read: ({ status }, put) => put(status.attributeSets),
  },
  {
    type: 'gauge',
    name: 'bgp_kernel_up',
    help: '1 when the kernel backend works.',
    labels: ['backend'],
    read({ status: { kernel } }, put) {
      if (kernel.state !== 'off') put(kernel.state === 'up' ? 1 : 0, kernel.backend)
    },
  },
  {
    type: 'gauge',
    name: 'bgp_kernel_routes',
    help: 'Routes wanted in the kernel, by what became of them.',
    labels: ['state'],
    read({ status }, put) {
      for (const [state, count] of Object.entries(status.kernel.routes)) put(count, state)
    },
  },
  {
    type: 'counter',
    name: 'bgp_kernel_errors_total',
    help: 'Refusals of the kernel by error.',
    labels: ['errno'],
    read({ status }, put) {
      for (const { errno, count } of status.kernel.errors) put(count, errnoName(errno))
    },
  },
  {
    type: 'counter',
    name: 'bgp_kernel_operations_total',
    help: 'What the kernel side did: adds, replaces, deletes, dumps, repaired, conflicts and others.',
    labels: ['operation'],
    read({ status }, put) {
      for (const [name, count] of Object.entries(status.kernel.counters)) put(count, name)
    },
  },
  {
    type: 'gauge',
    name: 'bgp_kernel_behind_seconds',
    help: 'How long routes have been waiting for the kernel to keep up; 0: none does.',
    labels: [],
    read: ({ status }, put) => put(status.kernel.behindMs / 1000),
  },
  {
    type: 'histogram',
    name: 'bgp_kernel_sync_seconds',
    help: "From the wish for a route to the kernel's answer.",
    read: ({ status }) => status.kernel.syncLatency,
  },
  {
    type: 'histogram',
    name: 'bgp_kernel_learn_seconds',
    help: "From the kernel's notification of a route to the table.",
    read: ({ status }) => status.kernel.learnLatency,
  },
  {
    type: 'gauge',
    name: 'bgp_config_last_reload_success_timestamp_seconds',
    help: 'When the configuration in use was read, seconds since 1970.',
    labels: [],
    read: ({ status }, put) => put(Date.parse(status.config.loadedAt) / 1000),
  },
  {
    type: 'gauge',
    name: 'bgp_build_info',
    help: 'Always 1.',
    labels: ['version', 'node'],
    read: ({ status }, put) => put(1, status.version, status.nodeVersion),
  },
]

/** 17 becomes EEXIST. */
function errnoName(errno: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? 'other'
}
