/**
 * The names of path attributes in the IANA registry "BGP Path Attributes", for people: also of those we have no row for
 * and of those that are deprecated (RFC 6938, RFC 8093, RFC 9015 and others). Called by the CLI's `decode` and by logs.
 */

/** By type code; a trailing "(deprecated)" is part of the name. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'ORIGIN',
  2: 'AS_PATH',
  3: 'NEXT_HOP',
  4: 'MULTI_EXIT_DISC',
  5: 'LOCAL_PREF',
  6: 'ATOMIC_AGGREGATE',
  7: 'AGGREGATOR',
  8: 'COMMUNITIES',
  9: 'ORIGINATOR_ID',
  10: 'CLUSTER_LIST',
  11: 'DPA (deprecated)',
  12: 'ADVERTISER (deprecated)',
  13: 'RCID_PATH (deprecated)',
  14: 'MP_REACH_NLRI',
  15: 'MP_UNREACH_NLRI',
  16: 'EXTENDED COMMUNITIES',
  17: 'AS4_PATH',
  18: 'AS4_AGGREGATOR',
  19: 'SAFI Specific Attribute (deprecated)',
  20: 'Connector Attribute (deprecated)',
  21: 'AS_PATHLIMIT (deprecated)',
  22: 'PMSI_TUNNEL',
  23: 'Tunnel Encapsulation',
  24: 'Traffic Engineering',
  25: 'IPv6 Address Specific Extended Community',
  26: 'AIGP',
  27: 'PE Distinguisher Labels',
  28: 'Entropy Label Capability (deprecated)',
  29: 'BGP-LS Attribute',
  30: 'unassigned (deprecated)',
  31: 'unassigned (deprecated)',
  32: 'LARGE_COMMUNITY',
  33: 'BGPsec_Path',
  34: 'Community Container',
  35: 'Only to Customer (OTC)',
  36: 'Domain Path (D-PATH)',
  37: 'SFP Attribute',
  38: 'BFD Discriminator',
  39: 'Next Hop Dependent Characteristics',
  40: 'Prefix-SID',
  128: 'ATTR_SET',
  129: 'unassigned (deprecated)',
  241: 'unassigned (deprecated)',
  242: 'unassigned (deprecated)',
  243: 'unassigned (deprecated)',
  255: 'Reserved for development',
}

/** The registered name of a type code, or undefined where there is none. */
export const registeredAttributeName = (code: number): string | undefined => NAMES[code]
