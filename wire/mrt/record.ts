/**
 * Any MRT record as an object (RFC 6396, RFC 8050): picks the decoder by type. Records of other protocols, and kinds of
 * the nineties nobody writes, are `skipped`; records that contradict their own lengths are `malformed`. Both are values,
 * and the next record is read as if nothing had been.
 * Called by `src/decode`.
 */

import type { Reading } from './bgp4mp.ts'
import { readBgp4mp, readLegacy } from './bgp4mp.ts'
import type { MrtHeader } from './framer.ts'
import { RecordReader } from './reader.ts'
import { readPeerIndex, readRib, readTableDump } from './rib.ts'
import { MrtType, TableDumpV2Subtype } from './type.ts'
import type { MrtPeer, MrtRecord } from './types.ts'

/** Reads the records of one file in their order: RIB records need the peer index table that came before them. */
export class MrtDecoder {
  private peers: readonly MrtPeer[] = []

  /** Reads the record whose octets after the common header are `bytes[start, end)`. Never throws on any bytes. */
  decode(header: MrtHeader, bytes: Uint8Array, start: number, end: number): MrtRecord {
    const reader = new RecordReader(bytes, start, end)
    if (header.type !== MrtType.BGP4MP_ET) return finish(header, this.read(header, reader))
    const microseconds = reader.u32()
    if (reader.isShort) {
      return finish(header, { kind: 'wrong', reason: 'no room for the microseconds', section: 'RFC 6396 3' })
    }
    return { ...finish(header, this.read(header, reader)), microseconds }
  }

  private read({ type, subtype }: MrtHeader, reader: RecordReader): Reading {
    switch (type) {
      case MrtType.BGP:
        return readLegacy(reader, subtype)
      case MrtType.TABLE_DUMP:
        return readTableDump(reader, subtype)
      case MrtType.TABLE_DUMP_V2:
        return subtype === TableDumpV2Subtype.PEER_INDEX_TABLE
          ? this.remember(readPeerIndex(reader))
          : readRib(reader, subtype, this.peers)
      case MrtType.BGP4MP:
      case MrtType.BGP4MP_ET:
        return readBgp4mp(reader, subtype)
      default:
        return { kind: 'skipped' }
    }
  }

  private remember(reading: Reading): Reading {
    if (reading.kind === 'peer-index') this.peers = reading.peers
    return reading
  }
}

function finish(header: MrtHeader, reading: Reading): MrtRecord {
  if (reading.kind !== 'wrong') return { header, content: reading }
  const { reason, section } = reading
  return { header, content: { kind: 'malformed', problem: { offset: header.offset, reason, section } } }
}
