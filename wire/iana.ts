/**
 * The numbers of BGP, as IANA lists them ("BGP Parameters" and friends) and RFC 4271 4 lays them out.
 * Tables are `as const` objects: the values are literal types, so a switch over them is checked by the compiler.
 * Called by everyone; knows nothing.
 */

/** Octets of a message header: marker 16, length 2, type 1 (RFC 4271 4.1). */
export const HEADER_LENGTH = 19
/** Octets of the all-ones marker that opens every message (RFC 4271 4.1). */
export const MARKER_LENGTH = 16
/** Longest message without RFC 8654, header included (RFC 4271 4.1). */
export const MAX_MESSAGE_LENGTH = 4096
/** Longest message with extended messages negotiated, header included (RFC 8654 4). OPEN and KEEPALIVE never grow. */
export const MAX_EXTENDED_MESSAGE_LENGTH = 65535
/** The one version there is (RFC 4271 4.2). */
export const BGP_VERSION = 4
/** Stands for any AS number that does not fit two octets (RFC 6793 9). */
export const AS_TRANS = 23456
/** LOCAL_PREF when none was given. The RFC leaves it open; every implementation uses 100. */
export const DEFAULT_LOCAL_PREF = 100

/** Message types (RFC 4271 4.1, RFC 2918 3). */
export const MessageType = { OPEN: 1, UPDATE: 2, NOTIFICATION: 3, KEEPALIVE: 4, ROUTE_REFRESH: 5 } as const

/**
 * Shortest legal message per type, header included (RFC 4271 6.1). A ROUTE-REFRESH of the wrong length has an error of
 * its own (RFC 7313 5), so its decoder judges that.
 */
export const MIN_MESSAGE_LENGTH = { OPEN: 29, UPDATE: 23, NOTIFICATION: 21, KEEPALIVE: 19, ROUTE_REFRESH: 19 } as const

/** Bits of the attribute flags octet (RFC 4271 4.3). The low four bits are sent 0 and ignored. */
export const AttributeFlag = { OPTIONAL: 0x80, TRANSITIVE: 0x40, PARTIAL: 0x20, EXTENDED_LENGTH: 0x10 } as const

/** Path attribute type codes we interpret. */
export const AttributeCode = {
  ORIGIN: 1,
  AS_PATH: 2,
  NEXT_HOP: 3,
  MED: 4,
  LOCAL_PREF: 5,
  ATOMIC_AGGREGATE: 6,
  AGGREGATOR: 7,
  COMMUNITIES: 8,
  ORIGINATOR_ID: 9,
  CLUSTER_LIST: 10,
  MP_REACH: 14,
  MP_UNREACH: 15,
  EXTENDED_COMMUNITIES: 16,
  AS4_PATH: 17,
  AS4_AGGREGATOR: 18,
  PMSI_TUNNEL: 22,
  TUNNEL_ENCAPSULATION: 23,
  IPV6_EXTENDED_COMMUNITIES: 25,
  AIGP: 26,
  LINK_STATE: 29,
  LARGE_COMMUNITY: 32,
  ONLY_TO_CUSTOMER: 35,
  NEXT_HOP_CHARACTERISTICS: 39,
  PREFIX_SID: 40,
  ATTR_SET: 128,
} as const

/** Values of ORIGIN, best first (RFC 4271 5.1.1). */
export const Origin = { IGP: 0, EGP: 1, INCOMPLETE: 2 } as const

/** Segment types of AS_PATH (RFC 4271 4.3, RFC 5065 3). */
export const SegmentType = { SET: 1, SEQUENCE: 2, CONFED_SEQUENCE: 3, CONFED_SET: 4 } as const

/** Capability codes (RFC 5492 registry) we send or interpret. */
export const CapabilityCode = {
  MULTIPROTOCOL: 1,
  ROUTE_REFRESH: 2,
  EXTENDED_NEXT_HOP: 5,
  EXTENDED_MESSAGE: 6,
  ROLE: 9,
  GRACEFUL_RESTART: 64,
  FOUR_OCTET_AS: 65,
  ADD_PATH: 69,
  ENHANCED_ROUTE_REFRESH: 70,
  LONG_LIVED_GRACEFUL_RESTART: 71,
  FQDN: 73,
  SOFTWARE_VERSION: 75,
} as const

/** Values of the BGP Role capability: what the sender is to the other side (RFC 9234 4.1). */
export const Role = { PROVIDER: 0, ROUTE_SERVER: 1, ROUTE_SERVER_CLIENT: 2, CUSTOMER: 3, PEER: 4 } as const

/** Send/Receive values of the ADD-PATH capability: what the sender of it can do (RFC 7911 4). */
export const AddPathMode = { RECEIVE: 1, SEND: 2, BOTH: 3 } as const

/** OPEN optional parameter types (RFC 5492 4, RFC 9072 2). */
export const ParameterType = { CAPABILITIES: 2, EXTENDED_LENGTH: 255 } as const

/** ROUTE-REFRESH message subtypes (RFC 7313 3.2). */
export const RefreshSubtype = { REQUEST: 0, BEGIN: 1, END: 2 } as const

/** Well-known communities (RFC 1997, 3765, 7611, 7999, 8326, 9026, 9494) as unsigned 32-bit numbers. */
export const WellKnownCommunity = {
  GRACEFUL_SHUTDOWN: 0xffff0000,
  ACCEPT_OWN: 0xffff0001,
  LLGR_STALE: 0xffff0006,
  NO_LLGR: 0xffff0007,
  STANDBY_PE: 0xffff0009,
  BLACKHOLE: 0xffff029a,
  NO_EXPORT: 0xffffff01,
  NO_ADVERTISE: 0xffffff02,
  NO_EXPORT_SUBCONFED: 0xffffff03,
  NO_PEER: 0xffffff04,
} as const

/** NOTIFICATION error codes (RFC 4271 4.5, RFC 7313 5, RFC 9687 6). */
export const ErrorCode = {
  MESSAGE_HEADER: 1,
  OPEN_MESSAGE: 2,
  UPDATE_MESSAGE: 3,
  HOLD_TIMER_EXPIRED: 4,
  FSM: 5,
  CEASE: 6,
  ROUTE_REFRESH: 7,
  SEND_HOLD_TIMER_EXPIRED: 8,
} as const

/** Subcodes of ErrorCode.MESSAGE_HEADER (RFC 4271 6.1). */
export const HeaderSubcode = { NOT_SYNCHRONIZED: 1, BAD_LENGTH: 2, BAD_TYPE: 3 } as const

/** Subcodes of ErrorCode.OPEN_MESSAGE (RFC 4271 6.2, RFC 5492 5, RFC 9234 4.2). */
export const OpenSubcode = {
  UNSPECIFIC: 0,
  UNSUPPORTED_VERSION: 1,
  BAD_PEER_AS: 2,
  BAD_IDENTIFIER: 3,
  UNSUPPORTED_PARAMETER: 4,
  UNACCEPTABLE_HOLD_TIME: 6,
  UNSUPPORTED_CAPABILITY: 7,
  ROLE_MISMATCH: 11,
} as const

/** Subcodes of ErrorCode.UPDATE_MESSAGE (RFC 4271 6.3). */
export const UpdateSubcode = {
  MALFORMED_ATTRIBUTE_LIST: 1,
  UNRECOGNIZED_WELL_KNOWN: 2,
  MISSING_WELL_KNOWN: 3,
  ATTRIBUTE_FLAGS: 4,
  ATTRIBUTE_LENGTH: 5,
  INVALID_ORIGIN: 6,
  INVALID_NEXT_HOP: 8,
  OPTIONAL_ATTRIBUTE: 9,
  INVALID_NETWORK_FIELD: 10,
  MALFORMED_AS_PATH: 11,
} as const

/** Subcodes of ErrorCode.FSM: the state the unexpected message met (RFC 6608 3). */
export const FsmSubcode = { UNSPECIFIED: 0, OPEN_SENT: 1, OPEN_CONFIRM: 2, ESTABLISHED: 3 } as const

/** Subcodes of ErrorCode.CEASE (RFC 4486 3, RFC 8538 3, RFC 9384 3). */
export const CeaseSubcode = {
  UNSPECIFIED: 0,
  MAXIMUM_PREFIXES: 1,
  ADMINISTRATIVE_SHUTDOWN: 2,
  PEER_DECONFIGURED: 3,
  ADMINISTRATIVE_RESET: 4,
  CONNECTION_REJECTED: 5,
  CONFIGURATION_CHANGE: 6,
  CONNECTION_COLLISION: 7,
  OUT_OF_RESOURCES: 8,
  HARD_RESET: 9,
  BFD_DOWN: 10,
} as const

/** Subcodes of ErrorCode.ROUTE_REFRESH (RFC 7313 5). */
export const RefreshSubcode = { INVALID_LENGTH: 1 } as const
