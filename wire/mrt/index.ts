/**
 * MRT routing information (RFC 6396, RFC 8050): what collectors and routers record of their sessions and tables. Pure as
 * the rest of this folder: bytes in, records out.
 */

export { ribAttributes } from './attributes.ts'
export {
  MAX_MRT_RECORD_LENGTH,
  MRT_HEADER_LENGTH,
  MrtFramer,
  type MrtHeader,
  type MrtProblem,
  type MrtSink,
} from './framer.ts'
export { MrtDecoder } from './record.ts'
export { Bgp4mpSubtype, LegacySubtype, MrtType, mrtTypeName, TableDumpSubtype, TableDumpV2Subtype } from './type.ts'
export type {
  MalformedRecord,
  MessageRecord,
  MrtContent,
  MrtPeer,
  MrtRecord,
  PeerIndexRecord,
  RibEntry,
  RibRecord,
  SkippedRecord,
  StateChangeRecord,
} from './types.ts'
