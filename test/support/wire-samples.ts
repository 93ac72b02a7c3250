/**
 * One or more messages of every kind that wire/ can write, with realistic content: every capability, every attribute, every
 * error, both forms of OPEN parameters, messages at the limits. For checks by other people's decoders.
 */
import {
  type Attribute,
  administrativeReset,
  administrativeShutdown,
  attributeError,
  badIdentifier,
  badMessageLength,
  badMessageType,
  badPeerAs,
  type Capability,
  type CodecContext,
  cease,
  encodeEndOfRib,
  encodeNotification,
  encodeOpen,
  encodeRouteRefresh,
  encodeUpdate,
  FAMILIES,
  hardReset,
  holdTimerExpired,
  IPV4_UNICAST,
  IPV6_UNICAST,
  invalidNetworkField,
  invalidRefreshLength,
  KEEPALIVE,
  malformedAttributeList,
  maximumPrefixes,
  missingWellKnown,
  multiprotocol,
  type Notification,
  notSynchronized,
  type Prefix,
  parsePrefix,
  sendHoldTimerExpired,
  unacceptableHoldTime,
  unexpectedMessage,
  unsupportedVersion,
} from '../../wire/index.ts'

export interface Sample {
  readonly name: string
  readonly bytes: Uint8Array
}

const octets = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replace(/\s+/g, ''), 'hex'))

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(`no prefix: ${text}`)
  return prefix
}

const V6_HOP = octets('20010db8 00000000 00000000 00000001')
const LINK_LOCAL = octets('fe800000 00000000 00000000 00000001')

/** Every capability there is a row for. */
export const CAPABILITIES: readonly Capability[] = [
  multiprotocol(1, 1),
  multiprotocol(2, 1),
  { kind: 'route-refresh' },
  { kind: 'extended-next-hop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
  { kind: 'extended-message' },
  { kind: 'role', role: 3 },
  {
    kind: 'graceful-restart',
    isRestarting: true,
    hasNotification: true,
    restartTimeS: 120,
    families: [
      { afi: 1, safi: 1, isForwarding: true },
      { afi: 2, safi: 1, isForwarding: false },
    ],
  },
  { kind: 'four-octet-as', asn: 4_200_000_001 },
  {
    kind: 'add-path',
    entries: [
      { afi: 1, safi: 1, mode: 3 },
      { afi: 2, safi: 1, mode: 1 },
    ],
  },
  { kind: 'enhanced-route-refresh' },
  { kind: 'long-lived-graceful-restart', families: [{ afi: 1, safi: 1, isForwarding: true, staleTimeS: 3600 }] },
  { kind: 'fqdn', hostname: 'node-1', domain: 'example.net' },
  { kind: 'software-version', version: 'godwit/0.1.0' },
]

const OPEN = { version: 4, asn: 23456, holdTimeS: 90, routerId: 0x0a000001 } as const

export const openSamples = (): readonly Sample[] => [
  { name: 'OPEN without parameters', bytes: encodeOpen({ ...OPEN, capabilities: [] }) },
  { name: 'OPEN with every capability', bytes: encodeOpen({ ...OPEN, capabilities: CAPABILITIES }) },
  ...CAPABILITIES.map(capability => ({
    name: `OPEN with ${capability.kind}`,
    bytes: encodeOpen({ ...OPEN, capabilities: [capability] }),
  })),
]

/** RFC 9072: more than 255 octets of parameters. */
export const extendedOpen = (): Sample => ({
  name: 'OPEN with extended parameters',
  bytes: encodeOpen({ ...OPEN, capabilities: [...CAPABILITIES, ...CAPABILITIES, ...CAPABILITIES] }),
})

const ERRORS: readonly Notification[] = [
  notSynchronized(),
  badMessageLength(18),
  badMessageType(9),
  unsupportedVersion(3),
  badPeerAs('not 65001'),
  badIdentifier('0.0.0.0'),
  unacceptableHoldTime(2),
  malformedAttributeList('lengths'),
  attributeError(9, octets('80 0e 00'), 'MP_REACH_NLRI'),
  missingWellKnown(1),
  invalidNetworkField('33 bits'),
  holdTimerExpired(),
  unexpectedMessage(1, 2),
  maximumPrefixes(IPV4_UNICAST, 1000),
  administrativeShutdown('maintenance until 10:00'),
  administrativeReset('new keys'),
  cease(7),
  hardReset(administrativeShutdown('for good')),
  invalidRefreshLength(octets('ffffffffffffffffffffffffffffffff 0018 05 0001 00 01 00')),
  sendHoldTimerExpired(),
]

export const notificationSamples = (): readonly Sample[] =>
  ERRORS.map(error => ({ name: `NOTIFICATION ${error.code}/${error.subcode}`, bytes: encodeNotification(error) }))

export const smallSamples = (): readonly Sample[] => [
  { name: 'KEEPALIVE', bytes: KEEPALIVE },
  ...[0, 1, 2].map(subtype => ({
    name: `ROUTE-REFRESH subtype ${subtype}`,
    bytes: encodeRouteRefresh({ afi: 1, safi: 1, subtype }),
  })),
  ...FAMILIES.map(family => ({ name: `End-of-RIB ${family.name}`, bytes: encodeEndOfRib(family) })),
]

const path = (...asns: number[]): Attribute => ({
  type: 'as-path',
  segments: asns.length === 0 ? [] : [{ type: 'sequence', asns }],
})
export const MANDATORY: readonly Attribute[] = [
  { type: 'origin', origin: 0 },
  path(65001, 4_200_000_001, 3356),
  { type: 'next-hop', octets: octets('c0000201') },
]
const [IGP, , HOP] = MANDATORY as [Attribute, Attribute, Attribute]

/** Attributes beside the mandatory ones, by name. */
const EXTRAS: Readonly<Record<string, readonly Attribute[]>> = {
  'MED and LOCAL_PREF': [
    { type: 'med', value: 4_294_967_295 },
    { type: 'local-pref', value: 100 },
  ],
  aggregation: [{ type: 'atomic-aggregate' }, { type: 'aggregator', asn: 4_200_000_001, address: 0x0a000001 }],
  communities: [{ type: 'communities', values: [0xfde90001, 0xffffff01, 0xffffff02, 0xffff0000, 0xffff029a] }],
  'many communities': [{ type: 'communities', values: Array.from({ length: 300 }, (_, i) => 0xfde90000 + i) }],
  'reflection attributes': [
    { type: 'originator-id', routerId: 0x0a000007 },
    { type: 'cluster-list', ids: [0x0aff0001, 0x0aff0002] },
  ],
  'extended communities': [
    {
      type: 'extended-communities',
      values: ['0002fde900000064', '0102c00002010064', '0202000100010064', '0003fde900000064', '4004fde947f42400'].map(
        octets,
      ),
    },
  ],
  'large communities': [
    {
      type: 'large-communities',
      values: [
        [4_200_000_001, 1, 2],
        [65001, 4_294_967_295, 0],
      ],
    },
  ],
  AIGP: [{ type: 'aigp', tlvs: [{ type: 1, value: octets('0000000000000064') }] }],
  'only to customer': [{ type: 'only-to-customer', asn: 65001 }],
  'prefix SID': [{ type: 'prefix-sid', tlvs: [{ type: 1, value: octets('00 0000 00000064') }] }],
  'tunnel encapsulation': [{ type: 'tunnel-encapsulation', tunnels: [{ type: 8, value: octets('01 04 00000001') }] }],
  'PMSI tunnel': [{ type: 'pmsi-tunnel', flags: 0, tunnelType: 6, label: 100 << 4, identifier: octets('c0000201') }],
  'unknown attribute': [{ type: 'unknown', code: 213, flags: 0xe0, value: octets('0102030405') }],
  'long unknown attribute': [{ type: 'unknown', code: 213, flags: 0xe0, value: new Uint8Array(700) }],
}

const NLRI4 = ['10.0.0.0/8', '192.0.2.0/24', '198.51.100.128/25', '203.0.113.7/32', '0.0.0.0/0'].map(prefixOf)
/** The default route stands last: after a 0 octet tshark may guess that the rest has path identifiers. */
const NLRI6 = ['2001:db8::/32', '2001:db8:1::/48', '2001:db8::1/128', '2001:db8:0:8000::/49', '::/0'].map(prefixOf)

const reach = (nlri: readonly Prefix[], nextHop: Uint8Array): Attribute => ({
  type: 'mp-reach',
  afi: 2,
  safi: 1,
  nextHop,
  nlri,
})

/** UPDATEs of every kind for a session. */
export function updateSamples(context: CodecContext): readonly Sample[] {
  const update = (name: string, content: Parameters<typeof encodeUpdate>[0]): Sample => ({
    name: `UPDATE, ${name}`,
    bytes: encodeUpdate(content, context),
  })
  const long = Array.from({ length: 200 }, (_, i) => prefixOf(`10.${i}.0.0/16`))
  const segment = Array.from({ length: 600 }, (_, i) => 65001 + (i % 500))
  return [
    update('announce', { attributes: MANDATORY, nlri: NLRI4 }),
    update('withdraw', { withdrawn: NLRI4 }),
    update('both', { withdrawn: NLRI4.slice(0, 2), attributes: MANDATORY, nlri: NLRI4.slice(2) }),
    update('no path', { attributes: [IGP, path(), HOP], nlri: NLRI4 }),
    update('an AS_SET', {
      attributes: [
        IGP,
        {
          type: 'as-path',
          segments: [
            { type: 'sequence', asns: [65001] },
            { type: 'set', asns: [65002, 65003] },
          ],
        },
        HOP,
      ],
      nlri: NLRI4,
    }),
    update('a path of 600', { attributes: [IGP, path(...segment), HOP], nlri: NLRI4 }),
    update('200 prefixes', { attributes: MANDATORY, nlri: long }),
    update('IPv6', { attributes: [...MANDATORY.slice(0, 2), reach(NLRI6, V6_HOP)] }),
    update('IPv6, link-local next hop', {
      attributes: [...MANDATORY.slice(0, 2), reach(NLRI6, Uint8Array.of(...V6_HOP, ...LINK_LOCAL))],
    }),
    update('IPv6 withdraw', {
      attributes: [{ type: 'mp-unreach', afi: IPV6_UNICAST.afi, safi: IPV6_UNICAST.safi, nlri: NLRI6 }],
    }),
    ...Object.entries(EXTRAS).map(([name, extras]) =>
      update(name, { attributes: [...MANDATORY, ...extras], nlri: NLRI4 }),
    ),
    update('everything', {
      attributes: [
        ...MANDATORY,
        ...Object.values(EXTRAS).flatMap((extras, i) => (i === 3 || i === 13 ? [] : extras)),
        reach(NLRI6, V6_HOP),
      ],
      nlri: NLRI4,
    }),
  ]
}
