/**
 * Metrics for Prometheus. The speaker counts in plain fields; this page reads them through the views when it is scraped, so counting costs nothing and
 * nothing is counted twice. One row per metric; names are GoBGP's where the meaning is the same, so that dashboards open. Labels are bounded: configured
 * peers, families, known codes; never a prefix, a path, a next hop, or a text from a peer. Called by src/daemon, served by src/api/metrics-server.ts.
 */
import { constants } from 'node:os'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { FamilyName, MessageCounts, PeerState, PeerView, StatusView } from '../api/schema.ts'
import type { Views } from '../api/views.ts'
import { sessionNotification } from './channels.ts'

export interface Metrics {
  readonly contentType: string
  /** The page as of now. */
  text(): Promise<string>
  /** Stops listening to the channels. */
  close(): void
}

export interface MetricsOptions {
  /** Series about the process itself (memory, garbage collection, event loop lag). Default true. */
  readonly processMetrics?: boolean
}

interface Snapshot {
  readonly status: StatusView
  /** The configured ones: a series for every neighbour that ever came from a range would be without bound. */
  readonly peers: readonly PeerView[]
  readonly members: readonly PeerView[]
  readonly notifications: NotificationCounts
}

type Put = (value: number, ...labelValues: readonly string[]) => void

interface Row {
  readonly type: 'gauge' | 'counter'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  read(snapshot: Snapshot, put: Put): void
}

export function createMetrics(views: Views, options: MetricsOptions = {}): Metrics {
  const registry = new Registry()
  const notifications = new NotificationCounts()
  const unsubscribe = sessionNotification.subscribe(event => notifications.count(event))
  let snapshot: Snapshot | undefined
  for (const row of ROWS) register(registry, row, () => snapshot)
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry })
  return {
    contentType: registry.contentType,
    async text() {
      const all = views.peers()
      const peers = all.filter(({ range }) => range === null)
      const members = all.filter(({ range }) => range !== null)
      snapshot = { status: views.status(), peers, members, notifications }
      notifications.keepOnly(snapshot.peers)
      return registry.metrics()
    },
    close: unsubscribe,
  }
}

function register(registry: Registry, row: Row, take: () => Snapshot | undefined): void {
  const options = { name: row.name, help: row.help, labelNames: [...row.labels], registers: [registry] }
  const toLabels = (values: readonly string[]) =>
    Object.fromEntries(row.labels.map((label, at) => [label, values[at] ?? '']))
  const publish = (metric: { reset(): void }, put: Put) => {
    metric.reset()
    const snapshot = take()
    if (snapshot !== undefined) row.read(snapshot, put)
  }
  if (row.type === 'gauge') {
    const gauge: Gauge = new Gauge({
      ...options,
      collect: () => publish(gauge, (value, ...values) => gauge.set(toLabels(values), value)),
    })
  } else {
    const counter: Counter = new Counter({
      ...options,
      collect: () => publish(counter, (value, ...values) => counter.inc(toLabels(values), value)),
    })
  }
}

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

/** The three series of a histogram as Prometheus reads them (cumulative buckets, sum, count), out of counts that the speaker keeps itself. */
function latencyRows(name: string, help: string, field: 'syncLatency' | 'learnLatency'): Row[] {
  return [
    {
      type: 'counter',
      name: `${name}_bucket`,
      help,
      labels: ['le'],
      read({ status }, put) {
        const { boundsMs, counts } = status.kernel[field]
        let sum = 0
        counts.forEach((count, at) => {
          sum += count
          const bound = boundsMs[at]
          put(sum, bound === undefined ? '+Inf' : String(bound / 1000))
        })
      },
    },
    {
      type: 'counter',
      name: `${name}_sum`,
      help,
      labels: [],
      read: ({ status }, put) => put(status.kernel[field].sumMs / 1000),
    },
    {
      type: 'counter',
      name: `${name}_count`,
      help,
      labels: [],
      read: ({ status }, put) => put(status.kernel[field].counts.reduce((sum, count) => sum + count, 0)),
    },
  ]
}

/** A gauge per peer and family of one of the three route counts. */
function routeCount(name: string, help: string, field: 'received' | 'accepted' | 'advertised'): Row {
  return {
    type: 'gauge',
    name,
    help,
    labels: ['peer', 'route_family'],
    read({ peers }, put) {
      for (const peer of peers) {
        for (const [family, counts] of routeCounts(peer)) {
          const value = counts[field]
          if (value !== null) put(value, peer.address, family)
        }
      }
    },
  }
}

interface RouteCounts {
  readonly received: number | null
  readonly accepted: number | null
  readonly advertised: number | null
}

/** Per family where known, else the sum under the only family, or under `all`. */
function routeCounts(peer: PeerView): (readonly [FamilyName | 'all', RouteCounts])[] {
  if (peer.routesByFamily.length > 0) return peer.routesByFamily.map(counts => [counts.family, counts])
  const [first, ...others] = peer.families
  const family = first !== undefined && others.length === 0 ? first : 'all'
  return [[family, { received: peer.routesReceived, accepted: peer.routesAccepted, advertised: peer.routesAdvertised }]]
}

const ROWS: readonly Row[] = [
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
  ...latencyRows('bgp_kernel_sync_seconds', "From the wish for a route to the kernel's answer.", 'syncLatency'),
  ...latencyRows('bgp_kernel_learn_seconds', "From the kernel's notification of a route to the table.", 'learnLatency'),
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

/** Highest subcode with a meaning, per NOTIFICATION code (RFC 4271 4.5 and successors); a peer may send any octet. */
const HIGHEST_SUBCODE: Readonly<Record<number, number>> = { 1: 3, 2: 11, 3: 11, 4: 0, 5: 3, 6: 10, 7: 1, 8: 0 }

/** NOTIFICATIONs by peer, direction and code. They are rare, and the channel is the only place that sees both directions. */
class NotificationCounts {
  readonly #peers = new Map<string, Map<string, number>>()

  count(event: { peer: string; direction: 'sent' | 'received'; code: number; subcode: number }): void {
    const highest = HIGHEST_SUBCODE[event.code]
    const code = highest === undefined ? 'other' : String(event.code)
    const subcode = highest === undefined || event.subcode > highest ? 'other' : String(event.subcode)
    let counts = this.#peers.get(event.peer)
    if (counts === undefined) {
      counts = new Map()
      this.#peers.set(event.peer, counts)
    }
    const key = `${event.direction} ${code} ${subcode}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }

  /** Forgets peers that are configured no more. */
  keepOnly(peers: readonly PeerView[]): void {
    const names = new Set(peers.map(peer => peer.name))
    for (const name of this.#peers.keys()) if (!names.has(name)) this.#peers.delete(name)
  }

  read(peer: PeerView, put: Put): void {
    for (const [key, count] of this.#peers.get(peer.name) ?? []) put(count, peer.address, ...key.split(' '))
  }
}
