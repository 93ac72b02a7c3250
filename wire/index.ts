/**
 * godwit/wire: BGP-4 messages as pure functions over bytes. No I/O, no clock, no dependency; runs anywhere.
 * Every decoder takes `(bytes, start, end, …)`, reads only inside that range, never throws on any bytes, and says what
 * a bad message deserves as a value (RFC 4271 6, RFC 7606). See README.md for the map from RFC section to file.
 */

export type { AggregatorAttribute, As4AggregatorAttribute, AtomicAggregateAttribute } from './attribute/aggregate.ts'
export { type AigpAttribute, aigpMetric } from './attribute/aigp.ts'
export type { As4PathAttribute, AsPathAttribute, AsPathSegment } from './attribute/as-path.ts'
export type { AttrSetAttribute, NextHopCharacteristicsAttribute } from './attribute/carried.ts'
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
export type { CommunitiesAttribute, LargeCommunitiesAttribute, LargeCommunity } from './attribute/community.ts'
export * from './attribute/community-text.ts'
export {
  type ExtendedCommunitiesAttribute,
  formatExtendedCommunity,
  type Ipv6ExtendedCommunitiesAttribute,
  parseExtendedCommunity,
} from './attribute/extended-community.ts'
export type { Expectations } from './attribute/judge.ts'
export type { LocalPrefAttribute, MedAttribute } from './attribute/metric.ts'
export { isNextHopLength, type MpReachAttribute, type MpUnreachAttribute } from './attribute/mp-nlri.ts'
export { registeredAttributeName } from './attribute/name.ts'
export { type NextHopAddresses, type NextHopAttribute, nextHopAddresses } from './attribute/next-hop.ts'
export type { OnlyToCustomerAttribute } from './attribute/only-to-customer.ts'
export type { OriginAttribute } from './attribute/origin.ts'
export type { ClusterListAttribute, OriginatorIdAttribute } from './attribute/reflection.ts'
export { ATTRIBUTES, type Attribute, type KnownAttribute } from './attribute/registry.ts'
export type { Action, AttributeProblem, AttributeRow, AttributeSender } from './attribute/row.ts'
export type { LinkStateAttribute, PrefixSidAttribute } from './attribute/segment-routing.ts'
export type { Tlv } from './attribute/tlv.ts'
export type { PmsiTunnelAttribute, TunnelEncapsulationAttribute } from './attribute/tunnel.ts'
export type { UnknownAttribute } from './attribute/unknown.ts'
export { type Asn, asn, type PathId, pathId, type RouterId, routerId } from './brand.ts'
export * from './bytes.ts'
export { agreeCodec, type CodecAgreement } from './capability/agreement.ts'
export {
  type AddPathCapability,
  type AddPathEntry,
  type ExtendedNextHopCapability,
  type ExtendedNextHopEntry,
  formatFamily,
  type MultiprotocolCapability,
} from './capability/family.ts'
export { type FamilyNumbers, type Offer, summariseCapabilities } from './capability/offer.ts'
export { CAPABILITIES, type KnownCapability } from './capability/registry.ts'
export type {
  GracefulRestartCapability,
  LongLivedFamily,
  LongLivedGracefulRestartCapability,
  RestartFamily,
} from './capability/restart.ts'
export { formatRole, judgeRoles, type RoleCapability } from './capability/role.ts'
export type { CapabilityRow } from './capability/row.ts'
export type {
  EnhancedRouteRefreshCapability,
  ExtendedMessageCapability,
  FourOctetAsCapability,
  RouteRefreshCapability,
} from './capability/session.ts'
export type { FqdnCapability, SoftwareVersionCapability } from './capability/text.ts'
export {
  type Capability,
  type CapabilityOf,
  capabilityCode,
  decodeCapabilities,
  encodeCapability,
  formatCapability,
  multiprotocol,
  type UnknownCapability,
} from './capability.ts'
export {
  type AddPathFamilies,
  type CodecContext,
  hasReceivedPathIds,
  hasSentPathIds,
  MODERN_CONTEXT,
} from './context.ts'
export * from './errors.ts'
export * from './family.ts'
export { Framer, type FrameSink } from './framer.ts'
export { encodeMessage, writeHeader } from './header.ts'
export * from './iana.ts'
export { decodeMessage, KEEPALIVE, type Message } from './message.ts'
export * from './mrt/index.ts'
export { narrowAttributes } from './narrow.ts'
export {
  decodeNlri,
  encodeNlri,
  formatNlri,
  MAX_NLRI_LENGTH,
  type Nlri,
  NlriReader,
  writeNlri4,
  writeNlri6,
} from './nlri.ts'
export { NormalisedAttributes, normaliseAttributes } from './normalise.ts'
export { decodeNotification, encodeNotification } from './notification.ts'
export {
  decodeNotificationData,
  formatNotificationData,
  type NotificationData,
  shutdownCommunication,
} from './notification-data.ts'
export { decodeOpen, encodeOpen, type Open } from './open.ts'
export { isPlainBlock } from './plain.ts'
export * from './prefix.ts'
export { failure, type Result, success } from './result.ts'
export { decodeRouteRefresh, encodeRouteRefresh, formatRefreshSubtype, type RouteRefresh } from './route-refresh.ts'
export { AttributeSummary, countAsn, hasClusterId, summarise } from './summary.ts'
export { decodeText, escapeControls } from './text.ts'
export * from './update.ts'
