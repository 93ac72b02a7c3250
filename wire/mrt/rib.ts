/**
 * Tables at one moment: TABLE_DUMP (RFC 6396 4.2), one path a record, and TABLE_DUMP_V2 (RFC 6396 4.3, RFC 8050 4), one
 * prefix a record with peers by number in an index that comes first.
 * INTEROP: OpenBGPD and GoBGP write RIB_GENERIC_ADDPATH with the path identifier in each entry, RFC 8050 4.2 has it in the
 * NLRI; whichever fills the record exactly is taken.
 * Called by `record.ts`.
 */

import { pathId } from '../brand.ts'
import type { Family } from '../family.ts'
import { familyOf, IPV4_UNICAST, IPV6_UNICAST } from '../family.ts'
import type { Nlri } from '../nlri.ts'
import { decodeNlri } from '../nlri.ts'
import { decodeText } from '../text.ts'
import type { Reading } from './bgp4mp.ts'
import { RecordReader } from './reader.ts'
import { TableDumpSubtype, TableDumpV2Subtype } from './type.ts'
import type { MrtPeer, PeerIndexRecord, RibEntry, RibRecord } from './types.ts'

const wrong = (reason: string, section: string): Reading => ({ kind: 'wrong', reason, section })

/** Reads a TABLE_DUMP record: a prefix, a peer and the attributes, AS numbers of two octets. */
export function readTableDump(reader: RecordReader, subtype: number): Reading {
  const section = 'RFC 6396 4.2'
  if (subtype !== TableDumpSubtype.IPV4 && subtype !== TableDumpSubtype.IPV6) return { kind: 'skipped' }
  const family = subtype === TableDumpSubtype.IPV4 ? IPV4_UNICAST : IPV6_UNICAST
  const octets = family.bits / 8
  reader.u16() // view
  const sequence = reader.u16()
  const address = reader.take(octets)
  const length = reader.u8()
  reader.u8() // status, always 1
  const originatedS = reader.u32()
  const peerAddress = reader.take(octets)
  const peer: MrtPeer = { asn: reader.u16(), address: peerAddress }
  const attributeLength = reader.u16()
  const attributes = reader.borrow(attributeLength)
  if (reader.isShort) return wrong(`the record ends before its ${attributeLength} octets of attributes`, section)
  if (length > family.bits) return wrong(`a prefix of ${length} bits`, section)
  const prefix = prefixFrom(address, length, family)
  const { afi, safi } = family
  const entries: RibEntry[] = [{ peer, originatedS, attributes }]
  return { kind: 'rib', afi, safi, sequence, prefix, fourOctetAs: false, entries }
}

function prefixFrom(address: Uint8Array, length: number, family: Family): Nlri | undefined {
  const octets = new Uint8Array(1 + ((length + 7) >> 3))
  octets[0] = length
  octets.set(address.subarray(0, octets.length - 1), 1)
  return decodeNlri(octets, 0, octets.length, family)?.[0]
}

/** Reads a PEER_INDEX_TABLE (RFC 6396 4.3.1). The view name comes out safe to print, whatever its octets are. */
export function readPeerIndex(reader: RecordReader): PeerIndexRecord | Reading {
  const section = 'RFC 6396 4.3.1'
  const collectorId = reader.u32()
  const name = reader.take(reader.u16())
  const viewName = decodeText(name, 0, name.length)
  const count = reader.u16()
  if (reader.isShort) return wrong('the peer index table ends inside its header', section)
  const peers: MrtPeer[] = []
  for (let index = 0; index < count; index++) {
    const type = reader.u8()
    const routerId = reader.u32()
    const address = reader.take((type & 1) === 0 ? 4 : 16)
    const asn = reader.asn((type & 2) === 0 ? 2 : 4)
    if (reader.isShort) return wrong(`the peer index table ends inside peer ${index} of ${count}`, section)
    peers.push({ asn, address, routerId })
  }
  return { kind: 'peer-index', collectorId, viewName, peers }
}

interface RibForm {
  readonly afi: number
  readonly safi: number
  readonly hasPathIds: boolean
}

const rib = (afi: number, safi: number, hasPathIds = false): RibForm => ({ afi, safi, hasPathIds })

/** AFI 0: the record says itself. */
const FORMS: Record<number, RibForm> = {
  [TableDumpV2Subtype.RIB_IPV4_UNICAST]: rib(1, 1),
  [TableDumpV2Subtype.RIB_IPV4_MULTICAST]: rib(1, 2),
  [TableDumpV2Subtype.RIB_IPV6_UNICAST]: rib(2, 1),
  [TableDumpV2Subtype.RIB_IPV6_MULTICAST]: rib(2, 2),
  [TableDumpV2Subtype.RIB_GENERIC]: rib(0, 0),
  [TableDumpV2Subtype.RIB_IPV4_UNICAST_ADDPATH]: rib(1, 1, true),
  [TableDumpV2Subtype.RIB_IPV4_MULTICAST_ADDPATH]: rib(1, 2, true),
  [TableDumpV2Subtype.RIB_IPV6_UNICAST_ADDPATH]: rib(2, 1, true),
  [TableDumpV2Subtype.RIB_IPV6_MULTICAST_ADDPATH]: rib(2, 2, true),
  [TableDumpV2Subtype.RIB_GENERIC_ADDPATH]: rib(0, 0, true),
}

/** Reads a RIB record of TABLE_DUMP_V2 (RFC 6396 4.3.2 to 4.3.4, RFC 8050 4); `peers` is the index read before. */
export function readRib(reader: RecordReader, subtype: number, peers: readonly MrtPeer[]): Reading {
  const form = FORMS[subtype]
  if (form === undefined) return { kind: 'skipped' }
  if (form.afi !== 0) return readSpecific(reader, form, peers)
  const { bytes, at, end } = reader
  const result = readGeneric(reader, form.hasPathIds, false, peers)
  if (!form.hasPathIds || result.kind === 'rib') return result
  const other = readGeneric(new RecordReader(bytes, at, end), false, true, peers)
  return other.kind === 'rib' ? other : result
}

function readSpecific(reader: RecordReader, form: RibForm, peers: readonly MrtPeer[]): Reading {
  const section = form.hasPathIds ? 'RFC 8050 4.1' : 'RFC 6396 4.3.2'
  const sequence = reader.u32()
  const family = familyOf(form.afi, 1)
  const octets = 1 + ((peekU8(reader) + 7) >> 3)
  const nlri = reader.take(octets)
  const prefix = family === undefined ? undefined : decodeNlri(nlri, 0, nlri.length, family)?.[0]
  if (reader.isShort) return wrong('the record ends inside its prefix', section)
  if (prefix === undefined) return wrong(`a prefix of ${nlri[0]} bits`, section)
  const entries = readEntries(reader, form.hasPathIds, peers)
  if (entries === undefined) return wrong('the record ends inside its entries', section)
  return { kind: 'rib', afi: form.afi, safi: form.safi, sequence, prefix, fourOctetAs: true, entries }
}

/** RFC 6396 4.3.3: one NLRI of any family, of which ours are read and the others kept as they are. */
function readGeneric(
  reader: RecordReader,
  entriesHavePathIds: boolean,
  nlriHasPathId: boolean,
  peers: readonly MrtPeer[],
): Reading {
  const section = entriesHavePathIds || nlriHasPathId ? 'RFC 8050 4.2' : 'RFC 6396 4.3.3'
  const sequence = reader.u32()
  const afi = reader.u16()
  const safi = reader.u8()
  const head = nlriHasPathId ? reader.take(4) : undefined
  const octets = 1 + ((peekU8(reader) + 7) >> 3)
  const nlri = reader.take(octets)
  const entries = readEntries(reader, entriesHavePathIds, peers)
  if (entries === undefined) return wrong('the record ends inside its entries', section)
  if (reader.left > 0) return wrong(`${reader.left} stray octets after the last entry`, section)
  const family = familyOf(afi, safi)
  const prefix = family === undefined ? undefined : decodeNlri(nlri, 0, nlri.length, family)?.[0]
  const id = head === undefined ? undefined : pathId(new RecordReader(head, 0, 4).u32())
  const told = id === undefined ? entries : entries.map(entry => ({ ...entry, pathId: id }))
  const record: RibRecord = { kind: 'rib', afi, safi, sequence, prefix, fourOctetAs: true, entries: told }
  return prefix === undefined ? { ...record, opaque: nlri } : record
}

function peekU8(reader: RecordReader): number {
  return reader.left > 0 ? (reader.bytes[reader.at] ?? 0) : 0
}

/** RFC 6396 4.3.4, RFC 8050 4.1. Undefined: the record ends too early. */
function readEntries(reader: RecordReader, hasPathIds: boolean, peers: readonly MrtPeer[]): RibEntry[] | undefined {
  const count = reader.u16()
  const entries: RibEntry[] = []
  for (let index = 0; index < count && !reader.isShort; index++) {
    const peerIndex = reader.u16()
    const originatedS = reader.u32()
    const id = hasPathIds ? { pathId: reader.u32() } : {}
    const attributes = reader.borrow(reader.u16())
    entries.push({ peer: peers[peerIndex], peerIndex, originatedS, ...id, attributes })
  }
  return reader.isShort ? undefined : entries
}
