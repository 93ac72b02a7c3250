/**
 * What the control API, the metrics and the health page see of a speaker: rows built on demand out of the RIB, the network side and the kernel side.
 * Read-only and cold; the shapes are those of src/api/schema.ts. Built by speaker.ts.
 */
import { formatRouterId } from '../../wire/index.ts'
import type { KernelRow, NextHopRow, Readiness, RouteQuery, RouteRow, StatusView, Views } from '../api/index.ts'
import type { Config } from '../config/index.ts'
import { LATENCY_BOUNDS_MS, LatencyHistogram } from '../kernel/index.ts'
import { explanationView } from './explanation.ts'
import type { KernelCoupling } from './kernel-coupling.ts'
import { peerDetail, peerView } from './peer-view.ts'
import { routeRow } from './route-row.ts'
import type { ViewParts } from './view-parts.ts'

export function createViews(parts: ViewParts): Views {
  const startedAt = new Date()
  return {
    status: () => statusView(parts, startedAt),
    peers: () => [
      ...parts.current.config.peers.map(peer => peerView(peer, null, parts)),
      ...Array.from(parts.routing.members(), ({ peer, range }) => peerView(peer, range, parts)),
    ],
    peer(name) {
      const known = parts.current.config.peers.find(peer => peer.name === name)
      if (known !== undefined) return peerDetail(known, null, parts)
      const member = parts.routing.member(name)
      return member && peerDetail(member.peer, member.range, parts)
    },
    routes: query => routeRows(query, parts),
    explain: (prefix, longest) => explanationView(prefix, longest, parts),
    nextHops: () => nextHopRows(parts),
    kernel: () => kernelRows(parts),
    readiness: () => readiness(parts),
  }
}

function* routeRows(
  { peer, longest, best, rejected = false, ...query }: RouteQuery,
  { rib, routing, kernel }: ViewParts,
): Iterable<RouteRow> {
  const session = peer === undefined ? undefined : routing.session(peer)
  // A peer without a session has no paths, which is not the same as not asking for a peer.
  if (peer !== undefined && session === undefined) return
  for (const view of rib.routes({
    ...query,
    longest,
    best,
    rejected,
    ...(session !== undefined && { peer: session }),
  })) {
    yield routeRow(view, octets => kernel?.interfaces.connectedTo(octets)?.name)
  }
}

function* nextHopRows({ rib, kernel }: ViewParts): Iterable<NextHopRow> {
  for (const { address, linkLocal, isReachable, via, metric, isConnected, interfaceIndex } of rib.nextHops()) {
    yield {
      address,
      linkLocal: linkLocal ?? null,
      reachable: isReachable,
      via: via ?? null,
      metric: metric ?? null,
      connected: isConnected ?? null,
      interface: kernel?.interfaces.nameOf(interfaceIndex ?? 0) ?? null,
    }
  }
}

function* kernelRows({ kernel }: ViewParts): Iterable<KernelRow> {
  if (kernel === undefined) return
  for (const row of kernel.sync.rows()) yield { ...row, nextHops: [...row.nextHops] }
}

/** Ready: the kernel side works and no configured neighbour is missing (as Calico's readiness probe has it). */
function readiness({ current, peers, kernel }: ViewParts): Readiness {
  const rows = current.config.peers.flatMap(({ name }) => peers.row(name) ?? [])
  const reasons = rows.flatMap(row => (row.state === 'Established' ? [] : `peer ${row.name} is ${row.state}`))
  if (kernel?.problem !== undefined) reasons.push(kernel.problem.message)
  return { ready: reasons.length === 0, reasons }
}

function statusView(
  { current, rib, routing, peers, kernel, configPath, version }: ViewParts,
  startedAt: Date,
): StatusView {
  const { config, loadedAt, lastReload } = current
  const { families, attributeSets, groups } = rib.stats()
  const { asn, routerId } = config.speaker
  const peersByState: StatusView['peersByState'] = {
    Idle: 0,
    Connect: 0,
    Active: 0,
    OpenSent: 0,
    OpenConfirm: 0,
    Established: 0,
  }
  for (const { state } of peers.rows()) peersByState[state] += 1
  return {
    version,
    nodeVersion: process.version,
    pid: process.pid,
    asn,
    routerId: formatRouterId(routerId),
    clusterId: config.reflector === undefined ? null : formatRouterId(config.reflector.clusterId),
    startedAt: startedAt.toISOString(),
    uptimeS: Math.floor((Date.now() - startedAt.getTime()) / 1000),
    tables: families.map(({ family, prefixes, paths }) => ({ family: family.name, prefixes, paths })),
    attributeSets,
    updateGroups: groups.map(group => ({ name: group.name, peers: group.peers, logOctets: group.logOctets })),
    peersByState,
    peerRanges: peers
      .ranges()
      .map(({ name, limit, members }) => ({ name, limit, peers: members.length, resets: routing.rangeResets(name) })),
    refusals: refusalRows(peers),
    kernel: kernelStatus(config, kernel),
    config: {
      file: configPath,
      loadedAt: loadedAt.toISOString(),
      lastReload: lastReload === undefined ? null : { ...lastReload, at: lastReload.at.toISOString() },
    },
  }
}

function refusalRows(peers: ViewParts['peers']): StatusView['refusals'] {
  return Object.entries({ ...peers.refusals(), ...peers.kernelRefusals() }).map(([reason, count]) => ({
    reason,
    count,
  }))
}

function kernelStatus({ kernel: { backend } }: Config, kernel: KernelCoupling | undefined): StatusView['kernel'] {
  if (kernel === undefined) {
    return {
      backend,
      state: 'off',
      reason: null,
      routes: { confirmed: 0, desired: 0, pending: 0, failed: 0, conflict: 0 },
      errors: [],
      counters: {},
      behindMs: 0,
      learnLatency: latencyView(new LatencyHistogram()),
      syncLatency: latencyView(new LatencyHistogram()),
    }
  }
  const { sync, learn, problem, isStarted } = kernel
  const { byErrno, ...counters } = sync.counters
  return {
    backend,
    state: problem === undefined ? (isStarted ? 'up' : 'starting') : 'down',
    reason: problem?.message ?? null,
    routes: sync.stateCounts(),
    errors: [...byErrno].map(([errno, count]) => ({ errno, count })),
    counters,
    behindMs: sync.behindMs,
    learnLatency: latencyView(learn.latency),
    syncLatency: latencyView(sync.latency),
  }
}

function latencyView({ counts, sumMs }: LatencyHistogram): StatusView['kernel']['syncLatency'] {
  return { boundsMs: [...LATENCY_BOUNDS_MS], counts: [...counts], sumMs }
}
