/**
 * godwit/wire: BGP-4 messages as pure functions over bytes. No I/O, no clock, no dependency; runs anywhere.
 * Every decoder takes `(bytes, start, end, …)`, reads only inside that range, never throws on any bytes, and says what
 * a bad message deserves as a value (RFC 4271 6, RFC 7606). See README.md for the map from RFC section to file.
 */

export type { AggregatorAttribute, As4AggregatorAttribute, AtomicAggregateAttribute } from './attribute/aggregate.ts'
export type { As4PathAttribute, AsPathAttribute, AsPathSegment } from './attribute/as-path.ts'
export {
  attributeCode,
  attributeName,
  type DecodedAttributes,
  decodeAttributes,
  decodeCanonicalAttributes,
  encodeAttributes,
  formatAttribute,
  formatAttributeValue,
} from './attribute/codec.ts'
export type {
  CommunitiesAttribute,
  ExtendedCommunitiesAttribute,
  LargeCommunitiesAttribute,
  LargeCommunity,
} from './attribute/community.ts'
export type { Expectations } from './attribute/judge.ts'
export type { LocalPrefAttribute, MedAttribute } from './attribute/metric.ts'
export { isNextHopLength, type MpReachAttribute, type MpUnreachAttribute } from './attribute/mp-nlri.ts'
export type { NextHopAttribute } from './attribute/next-hop.ts'
export type { OriginAttribute } from './attribute/origin.ts'
export type { ClusterListAttribute, OriginatorIdAttribute } from './attribute/reflection.ts'
export { ATTRIBUTES, type Attribute, type KnownAttribute } from './attribute/registry.ts'
export type { Action, AttributeProblem, AttributeRow, AttributeSender } from './attribute/row.ts'
export type { UnknownAttribute } from './attribute/unknown.ts'
export { type Asn, asn, type RouterId, routerId } from './brand.ts'
export * from './bytes.ts'
export {
  type Capability,
  type CapabilityOf,
  capabilityCode,
  encodeCapability,
  formatCapability,
  multiprotocol,
} from './capability.ts'
export { type CodecContext, MODERN_CONTEXT } from './context.ts'
export * from './errors.ts'
export * from './family.ts'
export { Framer, type FrameSink } from './framer.ts'
export { encodeMessage, writeHeader } from './header.ts'
export * from './iana.ts'
export { decodeMessage, KEEPALIVE, type Message } from './message.ts'
export { narrowAttributes } from './narrow.ts'
export { decodeNlri, encodeNlri, MAX_NLRI_LENGTH, NlriReader, writeNlri4, writeNlri6 } from './nlri.ts'
export { NormalisedAttributes, normaliseAttributes } from './normalise.ts'
export { decodeNotification, encodeNotification, shutdownCommunication } from './notification.ts'
export { decodeOpen, encodeOpen, type Open } from './open.ts'
export * from './prefix.ts'
export { failure, type Result, success } from './result.ts'
export { decodeRouteRefresh, encodeRouteRefresh, type RouteRefresh } from './route-refresh.ts'
export { AttributeSummary, countAsn, hasClusterId, summarise } from './summary.ts'
export * from './update.ts'
