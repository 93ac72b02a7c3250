/**
 * The numbers of MRT: record types and subtypes with their names (RFC 6396 4, 8050 3 and 4; the deprecated ones of
 * RFC 6396 appendix B). A pair without a row is still a record: it is named by its numbers and passed over.
 * Called by `record.ts` and by whoever shows a record.
 */

/** MRT record types (RFC 6396 4). Only those of BGP are read. */
export const MrtType = { BGP: 5, TABLE_DUMP: 12, TABLE_DUMP_V2: 13, BGP4MP: 16, BGP4MP_ET: 17 } as const

/** Subtypes of `MrtType.BGP`, deprecated; written by MRTD until about 2000 (RFC 6396 B.2). */
export const LegacySubtype = { UPDATE: 1, STATE_CHANGE: 3 } as const

/** Subtypes of `MrtType.TABLE_DUMP`: the address family (RFC 6396 4.2). */
export const TableDumpSubtype = { IPV4: 1, IPV6: 2 } as const

/** Subtypes of `MrtType.TABLE_DUMP_V2` (RFC 6396 4.3, RFC 8050 4). */
export const TableDumpV2Subtype = {
  PEER_INDEX_TABLE: 1,
  RIB_IPV4_UNICAST: 2,
  RIB_IPV4_MULTICAST: 3,
  RIB_IPV6_UNICAST: 4,
  RIB_IPV6_MULTICAST: 5,
  RIB_GENERIC: 6,
  RIB_IPV4_UNICAST_ADDPATH: 8,
  RIB_IPV4_MULTICAST_ADDPATH: 9,
  RIB_IPV6_UNICAST_ADDPATH: 10,
  RIB_IPV6_MULTICAST_ADDPATH: 11,
  RIB_GENERIC_ADDPATH: 12,
} as const

/** Subtypes of `MrtType.BGP4MP` and `MrtType.BGP4MP_ET` (RFC 6396 4.4, RFC 8050 3). */
export const Bgp4mpSubtype = {
  STATE_CHANGE: 0,
  MESSAGE: 1,
  MESSAGE_AS4: 4,
  STATE_CHANGE_AS4: 5,
  MESSAGE_LOCAL: 6,
  MESSAGE_AS4_LOCAL: 7,
  MESSAGE_ADDPATH: 8,
  MESSAGE_AS4_ADDPATH: 9,
  MESSAGE_LOCAL_ADDPATH: 10,
  MESSAGE_AS4_LOCAL_ADDPATH: 11,
} as const

const TYPE_NAMES: Record<number, string> = {
  0: 'NULL',
  1: 'START',
  2: 'DIE',
  3: 'I_AM_DEAD',
  4: 'PEER_DOWN',
  5: 'BGP',
  6: 'RIP',
  7: 'IDRP',
  8: 'RIPNG',
  9: 'BGP4PLUS',
  10: 'BGP4PLUS_01',
  11: 'OSPFv2',
  12: 'TABLE_DUMP',
  13: 'TABLE_DUMP_V2',
  16: 'BGP4MP',
  17: 'BGP4MP_ET',
  32: 'ISIS',
  33: 'ISIS_ET',
  48: 'OSPFv3',
  49: 'OSPFv3_ET',
}

const LEGACY_NAMES: Record<number, string> = {
  0: 'NULL',
  1: 'UPDATE',
  2: 'PREF_UPDATE',
  3: 'STATE_CHANGE',
  4: 'SYNC',
  5: 'OPEN',
  6: 'NOTIFY',
  7: 'KEEPALIVE',
}

const BGP4MP_NAMES: Record<number, string> = { ...names(Bgp4mpSubtype), 2: 'ENTRY', 3: 'SNAPSHOT' }

const SUBTYPE_NAMES: Record<number, Record<number, string>> = {
  [MrtType.BGP]: LEGACY_NAMES,
  9: LEGACY_NAMES,
  10: LEGACY_NAMES,
  [MrtType.TABLE_DUMP]: { 1: 'AFI_IPv4', 2: 'AFI_IPv6' },
  [MrtType.TABLE_DUMP_V2]: { ...names(TableDumpV2Subtype), 7: 'GEO_PEER_TABLE' },
  [MrtType.BGP4MP]: BGP4MP_NAMES,
  [MrtType.BGP4MP_ET]: BGP4MP_NAMES,
}

function names(table: Readonly<Record<string, number>>): Record<number, string> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [value, name]))
}

/** "BGP4MP MESSAGE_AS4", "TABLE_DUMP_V2 subtype 99", "type 77 subtype 1". */
export function mrtTypeName(type: number, subtype: number): string {
  const subtypeName = SUBTYPE_NAMES[type]?.[subtype] ?? `subtype ${subtype}`
  return `${TYPE_NAMES[type] ?? `type ${type}`} ${subtypeName}`
}
