/** Our reading of a message in the field names of tshark 4.0, for the fields both have. */
import {
  type Attribute,
  capabilityCode,
  formatAddress,
  formatPrefix,
  formatRouterId,
  type Message,
  type MpReachAttribute,
  type MpUnreachAttribute,
  type Prefix,
  type Update,
} from '../../wire/index.ts'

/** Field name to its values; a field that is not there is an empty list. */
export type Reading = Readonly<Record<string, readonly string[]>>

const TYPES = { open: '1', update: '2', notification: '3', keepalive: '4', 'route-refresh': '5' } as const

/** What we read; `hasAs4` says that the session had four-octet AS numbers. */
export function ourReading(message: Message, hasAs4: boolean): Reading {
  return { type: [TYPES[message.type]], ...fieldsOf(message, hasAs4) }
}

function fieldsOf(message: Message, hasAs4: boolean): Reading {
  switch (message.type) {
    case 'open': {
      const { version, asn, holdTimeS, routerId, capabilities } = message.open
      return {
        'open.version': [`${version}`],
        'open.myas': [`${asn}`],
        'open.holdtime': [`${holdTimeS}`],
        'open.identifier': [formatRouterId(routerId)],
        'cap.type': capabilities.map(capability => `${capabilityCode(capability)}`),
      }
    }
    case 'notification': {
      const { code, subcode } = message.notification
      return {
        'notify.major_error': [`${code}`],
        ...(code === 6 && { 'notify.minor_error_cease': [`${subcode}`] }),
      }
    }
    case 'route-refresh': {
      const { afi, safi } = message.refresh
      return { 'route_refresh.afi': [`${afi}`], 'route_refresh.safi': [`${safi}`] }
    }
    case 'update':
      return updateFields(message.update, hasAs4)
    case 'keepalive':
      return {}
  }
}

const find = <T extends Attribute['type']>(attributes: readonly Attribute[], type: T) =>
  attributes.find((candidate): candidate is Extract<Attribute, { type: T }> => candidate.type === type)

/** tshark prints the address of a prefix, and its length in a field that is the same for all lists. */
const addressOf = ({ family, words, length }: Prefix): string =>
  formatPrefix(family, words, length).replace(/\/\d+$/, '')

function updateFields({ attributes, nlri, withdrawn }: Update, hasAs4: boolean): Reading {
  const some = <T extends Attribute['type']>(
    type: T,
    field: (attribute: Extract<Attribute, { type: T }>) => readonly string[],
  ): readonly string[] => {
    const found = find(attributes, type)
    return found === undefined ? [] : field(found)
  }
  const path = some('as-path', ({ segments }) => segments.flatMap(({ asns }) => asns.map(String)))
  return {
    origin: some('origin', ({ origin }) => [`${origin}`]),
    [hasAs4 ? 'as_path_segment.as4' : 'as_path_segment.as2']: path,
    next_hop: some('next-hop', ({ octets }) => [formatAddress(octets)]),
    multi_exit_disc: some('med', ({ value }) => [`${value}`]),
    local_pref: some('local-pref', ({ value }) => [`${value}`]),
    aggregator_as: some('aggregator', ({ asn }) => [`${asn}`]),
    aggregator_origin: some('aggregator', ({ address }) => [formatRouterId(address)]),
    community_as: some('communities', ({ values }) => values.filter(isPlain).map(value => `${value >>> 16}`)),
    community_value: some('communities', ({ values }) => values.filter(isPlain).map(value => `${value & 0xffff}`)),
    large_communities: some('large-communities', ({ values }) => values.map(value => value.join(':'))),
    originator_id: some('originator-id', ({ routerId }) => [formatRouterId(routerId)]),
    nlri_prefix: nlri.map(addressOf),
    withdrawn_prefix: withdrawn.map(addressOf),
    ...reachFields(find(attributes, 'mp-reach')),
    ...unreachFields(find(attributes, 'mp-unreach')),
  }
}

/** tshark shows the well-known communities by name, not in these fields. */
const isPlain = (value: number): boolean => value >>> 16 !== 0xffff && value >>> 16 !== 0

function reachFields(reach: MpReachAttribute | undefined): Reading {
  if (reach === undefined) return {}
  const { afi, safi, nextHop, nlri } = reach
  const shared = { 'mp_reach_nlri.afi': [`${afi}`], 'mp_reach_nlri.safi': [`${safi}`] }
  if (safi !== 1 || reach.opaque !== undefined) return shared
  const via: Reading =
    nextHop.length === 4
      ? { 'mp_reach_nlri.next_hop.ipv4': [formatAddress(nextHop)] }
      : { 'mp_reach_nlri.next_hop.ipv6': [formatAddress(nextHop.subarray(0, 16))] }
  return { ...shared, ...via, [`mp_reach_nlri_ipv${afi === 1 ? 4 : 6}_prefix`]: nlri.map(addressOf) }
}

function unreachFields(unreach: MpUnreachAttribute | undefined): Reading {
  if (unreach === undefined) return {}
  const { afi, safi, nlri } = unreach
  const shared = { 'mp_unreach_nlri.afi': [`${afi}`], 'mp_unreach_nlri.safi': [`${safi}`] }
  // For IPv4 in this attribute tshark 4.0 has no field.
  if (safi !== 1 || afi !== 2 || unreach.opaque !== undefined) return shared
  return { ...shared, mp_unreach_nlri_ipv6_prefix: nlri.map(addressOf) }
}
