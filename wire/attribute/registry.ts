/**
 * The table of path attributes: one row each, with code, flags, error action, and how to check, read, write and show it.
 * To teach godwit an attribute, write its row in a file beside this one and add it to `ATTRIBUTES` and `KnownAttribute`.
 * RFC sections are in the files of the rows. Called by `judge.ts`, `codec.ts` and `normalise.ts`.
 */

import type { AggregatorAttribute, As4AggregatorAttribute, AtomicAggregateAttribute } from './aggregate.ts'
import { AGGREGATOR, AS4_AGGREGATOR, ATOMIC_AGGREGATE } from './aggregate.ts'
import type { AigpAttribute } from './aigp.ts'
import { AIGP } from './aigp.ts'
import type { As4PathAttribute, AsPathAttribute } from './as-path.ts'
import { AS_PATH, AS4_PATH } from './as-path.ts'
import type { AttrSetAttribute, NextHopCharacteristicsAttribute } from './carried.ts'
import { ATTR_SET, NEXT_HOP_CHARACTERISTICS } from './carried.ts'
import type { CommunitiesAttribute, LargeCommunitiesAttribute } from './community.ts'
import { COMMUNITIES, LARGE_COMMUNITY } from './community.ts'
import type { ExtendedCommunitiesAttribute, Ipv6ExtendedCommunitiesAttribute } from './extended-community.ts'
import { EXTENDED_COMMUNITIES, IPV6_EXTENDED_COMMUNITIES } from './extended-community.ts'
import type { LocalPrefAttribute, MedAttribute } from './metric.ts'
import { LOCAL_PREF, MED } from './metric.ts'
import type { MpReachAttribute, MpUnreachAttribute } from './mp-nlri.ts'
import { MP_REACH, MP_UNREACH } from './mp-nlri.ts'
import type { NextHopAttribute } from './next-hop.ts'
import { NEXT_HOP } from './next-hop.ts'
import type { OnlyToCustomerAttribute } from './only-to-customer.ts'
import { ONLY_TO_CUSTOMER } from './only-to-customer.ts'
import type { OriginAttribute } from './origin.ts'
import { ORIGIN } from './origin.ts'
import type { ClusterListAttribute, OriginatorIdAttribute } from './reflection.ts'
import { CLUSTER_LIST, ORIGINATOR_ID } from './reflection.ts'
import type { AttributeRow } from './row.ts'
import type { LinkStateAttribute, PrefixSidAttribute } from './segment-routing.ts'
import { LINK_STATE, PREFIX_SID } from './segment-routing.ts'
import type { PmsiTunnelAttribute, TunnelEncapsulationAttribute } from './tunnel.ts'
import { PMSI_TUNNEL, TUNNEL_ENCAPSULATION } from './tunnel.ts'
import type { UnknownAttribute } from './unknown.ts'

/** Any attribute that has a row. */
export type KnownAttribute =
  | OriginAttribute
  | AsPathAttribute
  | NextHopAttribute
  | MedAttribute
  | LocalPrefAttribute
  | AtomicAggregateAttribute
  | AggregatorAttribute
  | CommunitiesAttribute
  | OriginatorIdAttribute
  | ClusterListAttribute
  | MpReachAttribute
  | MpUnreachAttribute
  | ExtendedCommunitiesAttribute
  | As4PathAttribute
  | As4AggregatorAttribute
  | PmsiTunnelAttribute
  | TunnelEncapsulationAttribute
  | Ipv6ExtendedCommunitiesAttribute
  | AigpAttribute
  | LinkStateAttribute
  | LargeCommunitiesAttribute
  | OnlyToCustomerAttribute
  | NextHopCharacteristicsAttribute
  | PrefixSidAttribute
  | AttrSetAttribute

/** Any path attribute as an object; `type` tells which. */
export type Attribute = KnownAttribute | UnknownAttribute

/** All attributes we know, by ascending type code. */
export const ATTRIBUTES: readonly AttributeRow<KnownAttribute>[] = [
  ORIGIN,
  AS_PATH,
  NEXT_HOP,
  MED,
  LOCAL_PREF,
  ATOMIC_AGGREGATE,
  AGGREGATOR,
  COMMUNITIES,
  ORIGINATOR_ID,
  CLUSTER_LIST,
  MP_REACH,
  MP_UNREACH,
  EXTENDED_COMMUNITIES,
  AS4_PATH,
  AS4_AGGREGATOR,
  PMSI_TUNNEL,
  TUNNEL_ENCAPSULATION,
  IPV6_EXTENDED_COMMUNITIES,
  AIGP,
  LINK_STATE,
  LARGE_COMMUNITY,
  ONLY_TO_CUSTOMER,
  NEXT_HOP_CHARACTERISTICS,
  PREFIX_SID,
  ATTR_SET,
]

const BY_CODE: readonly (AttributeRow<KnownAttribute> | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  ATTRIBUTES.find(row => row.code === code),
)
const BY_TYPE: ReadonlyMap<string, AttributeRow<KnownAttribute>> = new Map(ATTRIBUTES.map(row => [row.type, row]))

/** The row of a type code 0 to 255, or undefined for an attribute we do not know. */
export const rowByCode = (code: number): AttributeRow<KnownAttribute> | undefined => BY_CODE[code]

/** The row of an attribute object, or undefined for an unknown attribute. */
export const rowByType = (type: Attribute['type']): AttributeRow<KnownAttribute> | undefined => BY_TYPE.get(type)
