/**
 * What an MRT record says, as objects. Octets of messages and attributes are borrowed from the record: copy what must
 * outlive the call that delivered it.
 */

import type { Nlri } from '../nlri.ts'
import type { MrtHeader, MrtProblem } from './framer.ts'

/** A peer of the collector. */
export interface MrtPeer {
  readonly asn: number
  /** 4 or 16 octets. */
  readonly address: Uint8Array
  /** BGP Identifier; only a peer index table knows it. */
  readonly routerId?: number
}

/** The peers that RIB records refer to by number (RFC 6396 4.3.1). */
export interface PeerIndexRecord {
  readonly kind: 'peer-index'
  readonly collectorId: number
  readonly viewName: string
  readonly peers: readonly MrtPeer[]
}

/** One path of a RIB record. */
export interface RibEntry {
  /** Undefined when the record names a peer that is not in the peer index table. */
  readonly peer: MrtPeer | undefined
  /** Number in the peer index table; undefined in TABLE_DUMP. */
  readonly peerIndex?: number
  /** When the collector heard of it, seconds since 1970. */
  readonly originatedS: number
  /** With ADD-PATH (RFC 8050 4). */
  readonly pathId?: number
  /** Path attributes as in an UPDATE, but see `ribAttributes`. Borrowed. */
  readonly attributes: Uint8Array
}

/** The paths to one prefix (RFC 6396 4.2, 4.3.2, 4.3.3). */
export interface RibRecord {
  readonly kind: 'rib'
  readonly afi: number
  readonly safi: number
  readonly sequence: number
  /** Undefined for a family whose prefixes we cannot read: then `opaque` has the octets. */
  readonly prefix: Nlri | undefined
  readonly opaque?: Uint8Array
  /** AS numbers of four octets, as everywhere but in TABLE_DUMP. */
  readonly fourOctetAs: boolean
  readonly entries: readonly RibEntry[]
}

/** One BGP message as it was received, or sent (RFC 6396 4.4.2, 4.4.3). */
export interface MessageRecord {
  readonly kind: 'message'
  readonly peer: MrtPeer
  readonly local: MrtPeer
  readonly fourOctetAs: boolean
  /** Prefixes with path identifiers (RFC 8050 3). */
  readonly hasPathIds: boolean
  /** Sent by the collector itself. */
  readonly isLocal: boolean
  /** The whole message with its header. Borrowed. */
  readonly message: Uint8Array
}

/** A session changed its state (RFC 6396 4.4.1): numbers 1 Idle to 6 Established. */
export interface StateChangeRecord {
  readonly kind: 'state-change'
  readonly peer: MrtPeer
  readonly local: MrtPeer
  readonly from: number
  readonly to: number
}

/** A record of a kind that is not read: other protocols, and what MRT left behind. */
export interface SkippedRecord {
  readonly kind: 'skipped'
}

/** A record that contradicts its own lengths. */
export interface MalformedRecord {
  readonly kind: 'malformed'
  readonly problem: MrtProblem
}

export type MrtContent =
  | PeerIndexRecord
  | RibRecord
  | MessageRecord
  | StateChangeRecord
  | SkippedRecord
  | MalformedRecord

/** One record. */
export interface MrtRecord {
  readonly header: MrtHeader
  /** Beyond the seconds of the header; only with BGP4MP_ET (RFC 6396 3). */
  readonly microseconds?: number
  readonly content: MrtContent
}
