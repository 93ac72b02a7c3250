/** Views of a small made-up speaker, for the tests of the API, the metrics and the command line. */
import type { AdministrationRequest, Controls, ReloadRequest } from '../../../src/api/controls.ts'
import type {
  AdministrationReport,
  ExplanationView,
  KernelRow,
  NextHopRow,
  PeerDetail,
  PeerView,
  ReloadReport,
  RouteRow,
  StatusView,
} from '../../../src/api/schema.ts'
import type { RouteQuery, Views } from '../../../src/api/views.ts'
import { formatPrefix, type Prefix } from '../../../wire/prefix.ts'

const NO_MESSAGES = { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 }

export function samplePeer(over: Partial<PeerView> = {}): PeerView {
  return {
    name: 'tor-a',
    address: '10.0.0.254',
    asn: 65001,
    range: null,
    localAsn: 64512,
    kind: 'ebgp',
    state: 'Established',
    sinceMs: 3_725_000,
    uptimeS: 3725,
    families: ['ipv4-unicast'],
    routesReceived: 120,
    routesAccepted: 118,
    routesAdvertised: 42,
    routesByFamily: [],
    limits: [
      {
        family: 'ipv4-unicast',
        kind: 'received',
        limit: 150,
        action: 'block',
        count: 120,
        reached: true,
        timesReached: 2,
        blocked: 31,
      },
    ],
    attributeOctets: { now: 5120, limit: 1_000_000 },
    lastError: null,
    messagesIn: { open: 1, update: 30, notification: 0, keepalive: 124, routeRefresh: 0 },
    messagesOut: { open: 1, update: 12, notification: 0, keepalive: 125, routeRefresh: 1 },
    updateErrors: { withdraw: 1, discard: 2, reset: 0 },
    establishedCount: 2,
    flapCount: 1,
    queueOctets: 0,
    holdTimeS: 90,
    localAddress: '10.0.0.1',
    routerId: '10.0.0.254',
    disabled: false,
    passive: false,
    reflectorClient: false,
    importPolicy: 'tor-in',
    exportPolicy: 'tor-out',
    capabilities: ['multiprotocol ipv4-unicast', 'route-refresh', 'four-octet-as'],
    ...over,
  }
}

export const DOWN_PEER = samplePeer({
  name: 'node/b ü',
  address: '2001:db8::2',
  asn: 64512,
  kind: 'ibgp',
  state: 'Active',
  sinceMs: 4000,
  uptimeS: null,
  families: ['ipv4-unicast', 'ipv6-unicast'],
  routesReceived: null,
  routesAccepted: null,
  routesAdvertised: null,
  limits: [],
  attributeOctets: { now: null, limit: null },
  lastError: 'Cease / Administrative Shutdown: "back at noon\u001b[31m"',
  messagesIn: NO_MESSAGES,
  messagesOut: NO_MESSAGES,
  queueOctets: null,
  holdTimeS: null,
  localAddress: null,
  routerId: null,
  reflectorClient: true,
  capabilities: [],
})

export function sampleRoute(over: Partial<RouteRow> = {}): RouteRow {
  return {
    prefix: '10.1.0.0/16',
    family: 'ipv4-unicast',
    best: true,
    source: 'bgp',
    peer: 'tor-a',
    type: 'unicast',
    nextHop: '10.0.0.254',
    interface: 'eth0',
    preference: 100,
    localPref: 100,
    med: null,
    asPath: '65001 65010',
    origin: 'igp',
    communities: ['65001:1', 'no-export'],
    extendedCommunities: [],
    largeCommunities: ['65001:1:2'],
    originatorId: null,
    clusterList: [],
    lostOn: null,
    unusable: null,
    via: '10.0.0.0/24',
    metric: 0,
    pathId: null,
    ...over,
  }
}

export const SAMPLE_ROUTES: readonly RouteRow[] = [
  sampleRoute(),
  sampleRoute({ best: false, peer: 'node/b ü', localPref: 50, asPath: '', lostOn: 'local preference' }),
  sampleRoute({
    prefix: '10.2.0.0/24',
    source: 'static',
    peer: null,
    type: 'blackhole',
    nextHop: null,
    interface: null,
    preference: 200,
    localPref: null,
    asPath: '',
    origin: null,
    communities: [],
    largeCommunities: [],
  }),
]

const SAMPLE_EXPLANATION: ExplanationView = {
  prefix: '10.1.0.0/16',
  family: 'ipv4-unicast',
  paths: [
    {
      route: sampleRoute(),
      lost: null,
      imported: { decidedBy: 'tor-in, term 2 (pods)', accepted: true, changes: ['med 5'], blockedByLimit: false },
    },
    {
      route: sampleRoute({ best: false, peer: 'node/b ü', asPath: '', lostOn: 'local-pref' }),
      lost: {
        step: 'local-pref',
        section: 'RFC 4271 9.1.1',
        value: 'LOCAL_PREF 50',
        winner: 'LOCAL_PREF 100',
        against: 'tor-a',
      },
      imported: { decidedBy: 'accept-all, otherwise', accepted: true, changes: [], blockedByLimit: false },
    },
    {
      route: sampleRoute({ best: false, peer: 'tor-b', unusable: 'rejected by policy', via: null }),
      lost: null,
      imported: { decidedBy: 'tor-in, otherwise', accepted: true, changes: [], blockedByLimit: true },
    },
  ],
  tellings: [
    {
      peer: 'tor-a',
      told: false,
      reason: 'its own route',
      path: 0,
      pathId: null,
      exported: null,
      pending: false,
    },
    {
      peer: 'node/b ü',
      told: true,
      reason: null,
      path: 0,
      pathId: 7,
      exported: { decidedBy: 'out, term 1', accepted: true, changes: ['prepend 64512'] },
      pending: true,
    },
    {
      peer: 'tor-b',
      told: false,
      reason: 'rejected by policy',
      path: 0,
      pathId: null,
      exported: { decidedBy: 'tor-out, otherwise', accepted: false, changes: [] },
      pending: false,
    },
  ],
}

const SAMPLE_NEXT_HOPS: readonly NextHopRow[] = [
  {
    address: '10.0.0.254',
    linkLocal: null,
    reachable: true,
    via: '10.0.0.0/24',
    metric: 0,
    connected: true,
    interface: 'eth0',
  },
  {
    address: '2001:db8::2',
    linkLocal: 'fe80::2',
    reachable: false,
    via: null,
    metric: null,
    connected: null,
    interface: null,
  },
]

const SAMPLE_KERNEL: readonly KernelRow[] = [
  {
    prefix: '10.1.0.0/16',
    family: 'ipv4-unicast',
    type: 'unicast',
    gateway: '10.0.0.254',
    interface: 'eth0',
    nextHops: [{ gateway: '10.0.0.254', interface: 'eth0', isOnlink: false }],
    metric: 0,
    state: 'confirmed',
    errno: null,
    errnoName: null,
    reason: null,
    ageMs: 65_000,
  },
  {
    prefix: '2001:db8::/32',
    family: 'ipv6-unicast',
    type: 'blackhole',
    gateway: null,
    interface: null,
    nextHops: [],
    metric: 1024,
    state: 'failed',
    errno: 17,
    errnoName: 'EEXIST',
    reason: 'File exists',
    ageMs: 90_000_000,
  },
]

const SAMPLE_STATUS: StatusView = {
  version: '1.2.3',
  nodeVersion: 'v20.20.2',
  pid: 4711,
  asn: 64512,
  routerId: '10.0.0.1',
  clusterId: '10.0.0.1',
  startedAt: '2026-01-02T03:04:05.000Z',
  uptimeS: 86_461,
  tables: [
    { family: 'ipv4-unicast', prefixes: 2, paths: 3 },
    { family: 'ipv6-unicast', prefixes: 0, paths: 0 },
  ],
  attributeSets: 2,
  updateGroups: [{ name: 'ibgp-clients', peers: 1, logOctets: 4096 }],
  peersByState: { Idle: 0, Connect: 0, Active: 1, OpenSent: 0, OpenConfirm: 0, Established: 1 },
  peerRanges: [{ name: 'nodes', limit: 5000, peers: 12, resets: 2 }],
  refusals: [
    { reason: 'stranger', count: 7 },
    { reason: 'pending', count: 0 },
  ],
  kernel: {
    backend: 'rtnetlink',
    state: 'up',
    reason: null,
    routes: { confirmed: 1, desired: 0, pending: 0, failed: 1, conflict: 0 },
    errors: [{ errno: 17, count: 3 }],
    counters: { adds: 4, repaired: 1 },
    behindMs: 0,
    learnLatency: { boundsMs: [1], counts: [2, 0], sumMs: 1 },
    syncLatency: { boundsMs: [1, 2], counts: [3, 1, 1], sumMs: 8 },
  },
  config: {
    file: '/etc/godwit/godwit.yaml',
    loadedAt: '2026-01-02T03:04:05.000Z',
    lastReload: { at: '2026-01-02T04:00:00.000Z', ok: false, message: 'unknown key' },
  },
}

/** Obeys the filters of a query that need no table; remembers the last query. */
export class SampleViews implements Views {
  lastQuery: RouteQuery | undefined
  isReady = true
  peerList: readonly PeerView[] = [samplePeer(), DOWN_PEER]
  routeList: Iterable<RouteRow> = SAMPLE_ROUTES

  status(): StatusView {
    return SAMPLE_STATUS
  }

  peers(): readonly PeerView[] {
    return this.peerList
  }

  *routes(query: RouteQuery): Iterable<RouteRow> {
    this.lastQuery = query
    const { prefix, family, peer, best } = query
    const wanted = prefix === undefined ? undefined : formatPrefix(prefix.family, prefix.words, prefix.length)
    for (const route of this.routeList) {
      if (family !== undefined && route.family !== family.name) continue
      if (wanted !== undefined && !query.longest && route.prefix !== wanted) continue
      if (peer !== undefined && route.peer !== peer) continue
      if (best && !route.best) continue
      if ((query.rejected ?? false) !== (route.unusable !== null)) continue
      yield route
    }
  }

  explain(prefix: Prefix): ExplanationView | undefined {
    return formatPrefix(prefix.family, prefix.words, prefix.length) === SAMPLE_EXPLANATION.prefix
      ? SAMPLE_EXPLANATION
      : undefined
  }

  nextHops(): Iterable<NextHopRow> {
    return SAMPLE_NEXT_HOPS
  }

  kernel(): Iterable<KernelRow> {
    return SAMPLE_KERNEL
  }

  peer(name: string): PeerDetail | undefined {
    const peer = this.peers().find(known => known.name === name)
    return peer && { ...peer, history: SAMPLE_HISTORY }
  }

  readiness() {
    return this.isReady ? { ready: true, reasons: [] } : { ready: false, reasons: ['no peer is Established'] }
  }
}

const SAMPLE_HISTORY: PeerDetail['history'] = [
  { at: '2026-01-02T03:04:05.678Z', from: 'Idle', to: 'Connect', cause: 'started' },
  { at: '2026-01-02T03:04:05.700Z', from: 'Connect', to: 'OpenSent', cause: 'connected \u001b[31m' },
]

export const SAMPLE_PLAN: NonNullable<ReloadReport['plan']> = {
  impact: 'reset',
  peers: [
    { name: 'tor-a', action: 'reset', because: ['peers[tor-a].holdTime', 'policies.tor-in'] },
    { name: 'tor-b', action: 'none', because: [] },
    { name: 'tor-c', action: 'none', because: ['speaker.connectRetry'] },
    { name: 'node-7', action: 'add', because: [] },
    { name: 'node-3', action: 'remove', because: [] },
  ],
  ranges: [{ name: 'nodes', action: 'none', because: ['peerRanges[nodes].limit'] }],
  statics: [{ name: '192.0.2.0/24', action: 'add' }],
  policies: [{ name: 'tor-in', action: 'change' }],
  settings: [{ path: 'log.level', action: 'live' }],
}

/** Remembers what was asked, and answers with what the test has put here. */
export class SampleControls implements Controls {
  readonly requests: ReloadRequest[] = []
  report: ReloadReport = {
    outcome: 'applied',
    summary: '1 peer reset; 1 peer untouched',
    refusal: null,
    problems: [],
    warnings: [],
    plan: SAMPLE_PLAN,
  }

  readonly orders: AdministrationRequest[] = []
  administration: AdministrationReport = {
    action: 'disable',
    peers: [{ name: 'tor-a', outcome: 'done', detail: 'is disabled' }],
  }

  administer(request: AdministrationRequest): AdministrationReport {
    this.orders.push(request)
    return this.administration
  }

  reload(request: ReloadRequest): ReloadReport {
    this.requests.push(request)
    return this.report
  }
}
