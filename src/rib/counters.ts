/** Numbers for show commands and metrics, gathered from where they are kept. Cold. Called by rib.ts. */
import { RECORD_SHIFT } from './attribute-record.ts'
import type { Core } from './core.ts'
import type { FamilyRoutes, GroupStats, PeerCounters, RibStats } from './port.ts'
import type { Reader } from './reader.ts'
import type { PeerRecord } from './source-table.ts'
import type { UpdateGroup } from './update-group.ts'

/** All but the limits, which prefix-limit.ts counts. */
export function peerCounters(
  { sources, store, tables }: Core,
  record: PeerRecord,
  reader: Reader,
): Omit<PeerCounters, 'limits'> {
  const { id } = record
  const routes = tables.map(({ family, received, keptAside }): FamilyRoutes => {
    const count = received[id] ?? 0
    return { family, received: count, accepted: count - (keptAside[id] ?? 0) }
  })
  return {
    prefixesReceived: routes.reduce((sum, { received }) => sum + received, 0),
    prefixesAccepted: routes.reduce((sum, { accepted }) => sum + accepted, 0),
    prefixesAdvertised: reader.group.advertised - (sources.ownTold[id] ?? 0),
    updatesReceived: record.updatesReceived,
    announcementsReceived: record.announcementsReceived,
    withdrawsReceived: record.withdrawsReceived,
    rejectedByPolicy: record.rejectedByPolicy,
    loops: record.loops,
    ownNextHops: record.ownNextHops,
    treatedAsWithdraw: record.treatedAsWithdraw,
    attributesDiscarded: record.attributesDiscarded,
    oddPrefixes: record.oddPrefixes,
    foreignFamilies: record.foreignFamilies,
    blocked: record.blocked,
    attributeOctets: (store.octetsOf[id] ?? 0) + ((store.setsOf[id] ?? 0) << (RECORD_SHIFT + 2)),
    routes,
    resyncs: reader.resyncs,
    logOctetsBehind: reader.octetsBehind,
  }
}

export function ribStats(core: Core, groups: Iterable<UpdateGroup>): RibStats {
  const { store, nextHops, tables } = core
  return {
    families: tables.map(({ family, prefixCount, paths, dirtyCount, tombstones }) => {
      return { family, prefixes: prefixCount, paths: paths.size, dirty: dirtyCount, tombstones }
    }),
    attributeSets: store.size,
    attributeOctets: store.octets,
    nextHops: nextHops.size,
    groups: Array.from(groups, groupStats),
    flushes: core.flushNumber,
    tableOctets: tables.reduce((sum, table) => sum + table.octets, store.tableOctets),
  }
}

function groupStats(group: UpdateGroup): GroupStats {
  const { name, readers, log, advertised, withoutNextHop, tooLong, slicesEncoded, slicesShared, resyncs } = group
  return {
    name,
    peers: readers.size,
    logOctets: log.octets,
    messages: log.writer.messages,
    advertised,
    withoutNextHop,
    tooLong,
    slicesEncoded,
    slicesShared,
    resyncs,
  }
}
