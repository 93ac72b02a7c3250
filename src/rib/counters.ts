/** Numbers for show commands and metrics, gathered from where they are kept. Cold. Called by rib.ts. */
import type { Core } from './core.ts'
import type { GroupStats, PeerCounters, RibStats } from './port.ts'
import type { Reader } from './reader.ts'
import type { PeerRecord } from './source-table.ts'
import type { UpdateGroup } from './update-group.ts'

export function peerCounters({ sources, tables }: Core, record: PeerRecord, reader: Reader): PeerCounters {
  const { id } = record
  const received = tables.reduce((sum, table) => sum + (table.received[id] ?? 0), 0)
  const keptAside = tables.reduce((sum, table) => sum + (table.keptAside[id] ?? 0), 0)
  return {
    prefixesReceived: received,
    prefixesAccepted: received - keptAside,
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
    resyncs: reader.resyncs,
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
