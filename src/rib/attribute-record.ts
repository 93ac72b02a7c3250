/**
 * The layout of one attribute set: 16 words of a Uint32Array, one cache line. Named offsets and flags, nothing else.
 *
 * Words 4 to 11 are the decision words: stored so that the smaller wins, compared in this order (decision.ts; the same
 * ladder as data for readers is ladder.ts). Everything in them is known when the set is interned.
 * Used by attribute-store.ts, which owns the array, and by the hot readers: decision, flush, rewrite.
 */

/** log2 of words per record. */
export const RECORD_SHIFT = 4

/** Hash of (source, bytes). Of a derived set: its key, see PeerRecord.policyKey. */
export const HASH = 0
/** Paths, derived sets and messages in progress that name this set. On the free list: the next free id. */
export const REFS = 1
/** Where the bytes are: offset into the arena in words. */
export const ARENA = 2
/** Octets of canonical attributes in the low half, source id in the high half. */
export const LENGTH_SOURCE = 3
/** The rank in the high half, see `rankOf`; flags in the low half. */
export const PREFERENCE_FLAGS = 4
/** Inverted LOCAL_PREF (RFC 4271 9.1.1). */
export const LOCAL_PREF = 5
/** AS_PATH length << 8 | ORIGIN (RFC 4271 9.1.2.2 a, b). */
export const PATH_ORIGIN = 6
/** MULTI_EXIT_DISC (RFC 4271 9.1.2.2 c), 0 or the worst when absent; counts only between equal NEIGHBOUR_AS, or always. */
export const MED = 7
export const NEIGHBOUR_AS = 8
/** Learnt from an internal peer << 31 | metric to the next hop (RFC 4271 9.1.2.2 d, e). */
export const INTERNAL_METRIC = 9
/** ORIGINATOR_ID, else the identifier of the peer (RFC 4271 9.1.2.2 f, RFC 4456 9). */
export const ROUTER_ID = 10
/** Number of cluster ids in CLUSTER_LIST (RFC 4456 9). */
export const CLUSTER_LENGTH = 11
/** Of a received set: the first set derived from it by import policy. Of a derived set: the one it came from. */
export const DERIVED = 12
/** Scratch of a flush or scan: head of the list of prefixes that are told with this set. 0 at rest. */
export const BUCKET = 13
/** Id in the next-hop table, 0 for none. */
export const NEXT_HOP = 14
/** Of a derived set: the next one derived from the same set. */
export const SIBLING = 15

/** The rank of a set that must not be used, whatever else it says: below everything else, and never a route. */
export const UNUSABLE = 0xffff
/** Preferences of sources go from 0 to this. */
const MAX_PREFERENCE = 0x7ffe
const STALE = 0x8000

/** High half of PREFERENCE_FLAGS: inverted preference of the source, long-lived stale paths after all others (RFC 9494 4.3). */
export function rankOf(preference: number, isStale = false): number {
  return (isStale ? STALE : 0) | (0x7fff - Math.min(preference, MAX_PREFERENCE))
}

/** The preference in a rank that is not UNUSABLE. */
export function preferenceOf(rank: number): number {
  return 0x7fff - (rank & 0x7fff)
}

/** Flags, low half of PREFERENCE_FLAGS. */
export const Flag = {
  /** Our AS, our router id or a cluster id of ours is in it (RFC 4271 9.1.2, RFC 4456 8). */
  LOOP: 1,
  /** NEXT_HOP is an address of ours (RFC 4271 6.3). */
  OWN_NEXT_HOP: 2,
  /** Well-known communities (RFC 1997). */
  NO_EXPORT: 4,
  NO_ADVERTISE: 8,
  NO_EXPORT_SUBCONFED: 16,
  /** Learnt from an internal peer, and from a client of ours. */
  INTERNAL: 32,
  CLIENT: 64,
  /** From the kernel, an interface or the configuration. */
  LOCAL: 128,
  /** Made by import policy; not in the hash table. */
  DERIVED: 256,
  /** MED was set by import policy: ours to tell an external peer (RFC 4271 5.1.4). */
  POLICY_MED: 512,
  /** Attributes were dropped when it was normalised (RFC 7606 2, attribute discard). */
  DISCARDED: 1024,
  /** Its NEXT_HOP has 4 octets, so it may go with NLRI of the UPDATE itself. */
  CLASSIC: 2048,
  /** Import policy refused it; derived, and shares the octets of the set it came from. */
  REJECTED: 4096,
  /** Nothing leads to its next hop (RFC 4271 9.1.2). */
  UNREACHABLE: 8192,
  /** Carries LLGR_STALE: ranks after all that do not (RFC 9494 4.3). */
  LLGR_STALE: 16384,
  /** Import policy set its preference among sources, see `AttributeStore.preferences`. */
  PREFERRED: 32768,
} as const

/** Kept in the Adj-RIB-In, and no more: not a candidate whatever the next hop (RFC 4271 9.1.1, 9.1.2; RFC 4456 8). */
export const KEPT_ASIDE = Flag.LOOP | Flag.OWN_NEXT_HOP | Flag.REJECTED
