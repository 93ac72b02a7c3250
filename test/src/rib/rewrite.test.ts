import { describe, expect, it } from 'vitest'
import { compilePolicy, type Edits } from '../../../src/policy/index.ts'
import type { LocalRoute, RibPeer } from '../../../src/rib/index.ts'
import { IPV4_UNICAST } from '../../../wire/index.ts'
import { attributes, Fixture, key, OWN, peer, prefix } from '../../support/rib-fixture.ts'
import {
  attribute,
  attributeBytes,
  bytesOf,
  hexOf,
  nlriBytes,
  type TestAttributes,
  updateBody,
} from '../../support/rib-wire.ts'

const P = '10.1.0.0/16'
const V6 = '2001:db8:1::/48'
const GLOBAL = '20010db8000000000000000000000001'
const LINK_LOCAL = 'fe800000000000000000000000000001'
const OWN6 = Uint8Array.from([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe])
const external = { kind: 'ebgp', asn: 65099 } as const

const setting = (set: Edits) =>
  compilePolicy({ name: 'edit', terms: [{ match: {}, set, action: 'accept' }], otherwise: 'accept' })

/** What peer 2 is told when peer 1 announces one route. */
function tell(
  from: Partial<RibPeer>,
  to: Partial<RibPeer>,
  more: Partial<TestAttributes> = {},
): TestAttributes | undefined {
  const fixture = new Fixture()
  const source = fixture.join(peer(1, from))
  const target = fixture.join(peer(2, to))
  const sent = attributes(more)
  if (from.kind === 'ebgp') delete sent.localPref
  expect(fixture.send(source, { announced4: [key(P)], attributes: sent })).toBeUndefined()
  fixture.settle()
  return fixture.toldAttributes(target)
}

function tell6(to: Partial<RibPeer>, nextHop6: string): string | undefined {
  const fixture = new Fixture()
  const source = fixture.join(peer(1))
  const target = fixture.join(peer(2, to))
  fixture.send(source, { announced6: [key(V6)], nextHop6, attributes: attributes() })
  fixture.settle()
  return fixture.toldAttributes(target)?.nextHop
}

describe('who is told (RFC 4456 6, RFC 4271 9.2)', () => {
  const client = { reflectorClient: true }
  const other = { reflectorClient: false }
  it.each([
    ['a client', 'a client', client, client, true],
    ['a client', 'a non-client', client, other, true],
    ['a non-client', 'a client', other, client, true],
    ['a non-client', 'a non-client', other, other, false],
    ['an external peer', 'a non-client', external, other, true],
    ['an external peer', 'an external peer', { ...external, asn: 65003 }, external, true],
    ['a non-client', 'an external peer', other, external, true],
    ['a non-client under another AS of ours', 'a non-client', { ...other, localAsn: 64999, asn: 64999 }, other, true],
  ])('rows 80, 145: a route of %s goes to %s or not as it should', (_from, _to, from, to, isTold) => {
    expect(tell(from, to) !== undefined).toBe(isTold)
  })

  it.each([
    ['NO_ADVERTISE', 0xffffff02, false, false],
    ['NO_EXPORT', 0xffffff01, true, false],
    ['NO_EXPORT_SUBCONFED', 0xffffff03, true, false],
    ['any other community', 0xfc000001, true, true],
  ])('%s stops a route where RFC 1997 says', (_, community, toInternal, toExternal) => {
    expect(tell({}, {}, { communities: [community] }) !== undefined).toBe(toInternal)
    expect(tell({}, external, { communities: [community] }) !== undefined).toBe(toExternal)
  })
})

describe('what a reflected route looks like (RFC 4456 8, 10)', () => {
  it('carries the originator and our cluster, and everything else as it was (rows 146, 149)', () => {
    const a = { med: 5, communities: [1, 2], origin: 2, localPref: 70 }
    expect(tell({}, {}, a)).toEqual({ ...attributes(a), originatorId: 0x0a000101, clusterList: [OWN.clusterId] })
  })

  it('keeps the originator it has and puts our cluster first (rows 146, 147)', () => {
    const told = tell({}, {}, { originatorId: 77, clusterList: [8, 9] })
    expect([told?.originatorId, told?.clusterList]).toEqual([77, [OWN.clusterId, 8, 9]])
  })

  it.each([
    ['the cluster of the client it came from', { clusterId: 1 }, { reflectorClient: false, clusterId: 3 }, [1]],
    ['the cluster of the client it goes to', { reflectorClient: false, clusterId: 3 }, { clusterId: 2 }, [2]],
    ['both clusters when the clients are in different ones', { clusterId: 1 }, { clusterId: 2 }, [2, 1]],
  ])('row 147: names %s', (_, from, to, clusterList) => {
    expect(tell(from, to)?.clusterList).toEqual(clusterList)
  })

  it('has our next hop only when that is asked for (row 149)', () => {
    expect(tell({}, { nextHopSelf: true })?.nextHop).toBe('0a0000fe')
    expect(tell({}, { exportPolicy: setting({ nextHopSelf: true }) })?.nextHop).toBe('0a0000fe')
    expect(tell({}, {})?.nextHop).toBe('0a000201')
  })

  it('has no originator and no cluster list when it came from outside', () => {
    expect(tell(external, {})).toEqual(attributes())
  })
})

describe('what an external peer is told (RFC 4271 5.1)', () => {
  it('has our AS in front and our next hop, and none of what is internal (rows 76, 79, 89)', () => {
    const told = tell({}, external, { med: 4, originatorId: 6, clusterList: [6], communities: [7] })
    expect(told).toEqual({ origin: 0, path: [OWN.asn, 65001], nextHop: '0a0000fe', communities: [7] })
  })

  it('carries a MED that import or export policy set, and no other (row 81)', () => {
    expect(tell({ importPolicy: setting({ med: 9 }) }, external, { med: 4 })?.med).toBe(9)
    expect(tell({}, { ...external, exportPolicy: setting({ med: 8 }) }, { med: 4 })?.med).toBe(8)
    expect(tell({}, external, { med: 4 })?.med).toBeUndefined()
  })

  it.each([
    ['an empty path', [], [2, 1, 0, 0, 0xfc, 0]],
    ['a sequence with room', [2, 1, 0, 0, 0, 9], [2, 2, 0, 0, 0xfc, 0, 0, 0, 0, 9]],
    [
      'a full sequence',
      [2, 255, ...new Array(255).fill([0, 0, 0, 9]).flat()],
      [2, 1, 0, 0, 0xfc, 0, 2, 255, ...new Array(255).fill([0, 0, 0, 9]).flat()],
    ],
  ])('row 78: puts our AS in front of %s (RFC 4271 5.1.2)', (_, path, wanted) => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2, external))
    const block = [
      attribute(0x40, 1, [0]),
      attribute(0x40, 2, path),
      attribute(0x40, 3, [10, 0, 2, 1]),
      attribute(0x40, 5, [0, 0, 0, 100]),
    ]
    expect(fixture.sendBody(source, updateBody([], block.flat(), nlriBytes(key(P))))).toBeUndefined()
    fixture.settle()
    let bytes: Uint8Array = new Uint8Array()
    while (fixture.rib.pull(target, piece => (bytes = piece)));
    const sent = [...bytes.subarray(23)]
    const at = 4 + (wanted.length > 255 ? 4 : 3)
    expect(sent.slice(at, at + wanted.length)).toEqual(wanted)
  })
})

describe('LOCAL_PREF (RFC 4271 5.1.5)', () => {
  it('is added for internal peers when there is none (row 76)', () => {
    expect(tell(external, {})?.localPref).toBe(100)
  })

  it('is what policy says, on import or on export', () => {
    expect(tell({ importPolicy: setting({ localPref: 7 }) }, {})?.localPref).toBe(7)
    expect(tell({}, { exportPolicy: setting({ localPref: 8 }) })?.localPref).toBe(8)
    expect(tell({}, { ...external, exportPolicy: setting({ localPref: 8 }) })?.localPref).toBeUndefined()
  })
})

describe('communities (RFC 1997)', () => {
  const edit = { addCommunities: [3, 1], removeCommunities: [2] }
  it.each([
    ['none', undefined, [3, 1]],
    ['one to be added anyway', [1], [1, 3]],
    ['one to be removed', [2, 4], [4, 3, 1]],
    [
      'seventy of them',
      Array.from({ length: 70 }, (_, i) => i + 100),
      [...Array.from({ length: 70 }, (_, i) => i + 100), 3, 1],
    ],
  ])('are edited without repeats when there were %s', (_, communities, wanted) => {
    const more = communities === undefined ? {} : { communities }
    expect(tell({}, { exportPolicy: setting(edit) }, more)?.communities?.toSorted()).toEqual(wanted.toSorted())
    expect(tell({ importPolicy: setting(edit) }, {}, more)?.communities?.toSorted()).toEqual(wanted.toSorted())
  })

  it('disappear with the last one', () => {
    expect(tell({}, { exportPolicy: setting({ removeCommunities: [2] }) }, { communities: [2] })).not.toHaveProperty(
      'communities',
    )
  })

  it('added on import count at once: NO_EXPORT keeps the route inside', () => {
    const importPolicy = setting({ addCommunities: [0xffffff01] })
    expect(tell({ importPolicy }, external)).toBeUndefined()
    expect(tell({ importPolicy }, {})).toBeDefined()
  })
})

describe('2-octet speakers (RFC 6793 4.2.2)', () => {
  it('get AS_TRANS and the true path beside it', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2, { ...external, fourOctetAs: false }))
    fixture.announce(source, [P], { path: [4200000001, 65001] })
    const [update] = fixture.read(target)
    expect(update?.types).toEqual([1, 2, 3, 17])
    expect(update?.attributes?.path).toEqual([OWN.asn, 4200000001, 65001])
  })

  it('get no AS4_PATH when every number fits', () => {
    expect(tell({}, { fourOctetAs: false })?.path).toEqual([65001])
  })
})

describe('unknown attributes (RFC 4271 5)', () => {
  it('are passed on byte by byte with Partial set when transitive, in their place, and dropped when not (rows 74, 75)', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2))
    const block = [
      ...attributeBytes(attributes(), { fourOctetAs: true }),
      ...attribute(0x80, 98, [1]),
      ...attribute(0xc0, 99, [1, 2, 3]),
    ]
    fixture.sendBody(source, updateBody([], block, nlriBytes(key(P))))
    fixture.settle()
    const pieces: number[] = []
    while (fixture.rib.pull(target, bytes => pieces.push(...bytes)));
    const text = pieces.join()
    expect(text).toContain([0xe0, 99, 3, 1, 2, 3].join())
    expect(text).not.toContain([98, 1, 1].join())
  })
})

describe('next hops that are kept (RFC 4271 5.1.3)', () => {
  const keep = { nextHopKeep: true }
  it.each<[string, Partial<RibPeer>, Partial<TestAttributes>, string]>([
    ['an external peer is told that of the route', { ...external, ...keep }, {}, '0a000201'],
    ['but never its own address (row 79)', { ...external, ...keep }, { nextHop: '0a000102' }, '0a0000fe'],
    ['an internal peer is told that of the route anyhow', keep, {}, '0a000201'],
    ['our own comes first where both are asked for', { ...external, ...keep, nextHopSelf: true }, {}, '0a0000fe'],
  ])('%s', (_, to, more, told) => {
    expect(tell({}, to, more)?.nextHop).toBe(told)
  })

  it('an external peer is told the global address of an IPv6 pair, and never its own (rows 79, 85)', () => {
    const to = { ...external, ...keep, nextHops: { ipv6: OWN6 } }
    expect(tell6(to, GLOBAL + LINK_LOCAL)).toBe(GLOBAL)
    const overIpv6 = { ...to, address: Uint8Array.from(bytesOf(GLOBAL)), localAddress: OWN6 }
    expect(tell6(overIpv6, GLOBAL + LINK_LOCAL)).toBe('20010db80000000000000000000000fe')
  })

  it('a local route with a gateway has that, one without has our address', () => {
    const fixture = new Fixture()
    const target = fixture.join(peer(2, { ...external, ...keep }))
    const where = { metric: 0, type: 'unicast', interfaceIndex: 2, interfaceName: 'eth0', preference: 200 } as const
    fixture.rib.announceLocal('static', prefix(P), { ...where, gateway: Uint8Array.of(10, 0, 9, 9) })
    fixture.rib.announceLocal('static', prefix('10.2.0.0/16'), where)
    fixture.settle()
    const hops = fixture.read(target).map(update => [update.announced, update.attributes?.nextHop])
    expect(hops.toSorted()).toEqual(
      [
        [[key(P)], '0a000909'],
        [[key('10.2.0.0/16')], '0a0000fe'],
      ].toSorted(),
    )
  })

  it('external peers with different addresses each get their own answer', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const two = fixture.join(peer(2, { ...external, ...keep }))
    const three = fixture.join(peer(3, { ...external, ...keep }))
    fixture.announce(source, [P], { nextHop: '0a000103' })
    expect([fixture.toldAttributes(two)?.nextHop, fixture.toldAttributes(three)?.nextHop]).toEqual([
      '0a000103',
      '0a0000fe',
    ])
  })
})

describe('IPv4 routes with IPv6 next hops (RFC 8950)', () => {
  const extended = { extendedNextHop: [IPV4_UNICAST] }
  const overIpv6 = { address: Uint8Array.from(bytesOf(GLOBAL)), localAddress: OWN6 }
  /** MP_REACH_NLRI of IPv4 with an IPv6 next hop, and the other attributes. */
  const reach = (nextHop: string) =>
    updateBody(
      [],
      [
        ...attribute(0x80, 14, [0, 1, 1, nextHop.length / 2, ...bytesOf(nextHop), 0, ...nlriBytes(key(P))]),
        ...attributeBytes(attributes(), { fourOctetAs: true }, false),
      ],
      [],
    )

  /** The first MP_REACH_NLRI or NEXT_HOP that peer 2 is told, as hex of its value; undefined when it is told nothing. */
  function tellExtended(to: Partial<RibPeer>, nextHop: string): { types: number[]; value: string } | undefined {
    const fixture = new Fixture()
    const source = fixture.join(peer(1, { ...overIpv6, ...extended }))
    const target = fixture.join(peer(2, to))
    expect(fixture.sendBody(source, reach(nextHop))).toBeUndefined()
    fixture.settle()
    expect(fixture.best(P)).toBe('peer 1')
    const pieces: number[] = []
    while (fixture.rib.pull(target, bytes => pieces.push(...bytes)));
    return pieces.length === 0 ? undefined : firstNextHop(pieces)
  }

  function firstNextHop(message: readonly number[]): { types: number[]; value: string } {
    const types: number[] = []
    let value = ''
    for (let at = 23; at < 23 + (message[22] ?? 0) + 256 * (message[21] ?? 0); ) {
      const long = ((message[at] ?? 0) & 0x10) !== 0
      const length = long ? 256 * (message[at + 2] ?? 0) + (message[at + 3] ?? 0) : (message[at + 2] ?? 0)
      const start = at + (long ? 4 : 3)
      const type = message[at + 1] ?? 0
      types.push(type)
      if (type === 14 || type === 3) value = hexOf(message.slice(start, start + length))
      at = start + length
    }
    return { types, value }
  }

  const told = (nextHop: string) => `000101${(nextHop.length / 2).toString(16).padStart(2, '0')}${nextHop}00100a01`

  it.each<[string, Partial<RibPeer>, string | undefined]>([
    ['as they are in MP_REACH_NLRI to a peer that has agreed', { ...overIpv6, ...extended }, told(GLOBAL)],
    ['to nobody who has not', { ...overIpv6, families: [IPV4_UNICAST] }, undefined],
    ['over IPv4 neither, unless our own next hop is wanted', {}, undefined],
    ['with our IPv4 address where that is wanted', { nextHopSelf: true }, '0a0000fe'],
    ['with our IPv4 address to an external peer', external, '0a0000fe'],
    [
      'with our IPv6 address to an external peer that has agreed',
      { ...external, ...overIpv6, ...extended },
      told(hexOf(OWN6)),
    ],
    [
      'with our IPv4 address where one is known',
      { ...external, ...overIpv6, ...extended, nextHops: { ipv4: Uint8Array.of(10, 0, 0, 9) } },
      told('0a000009'),
    ],
    ['over IPv4, too', { ...extended }, told(GLOBAL)],
  ])('row 86: are told %s', (_, to, value) => {
    expect(tellExtended(to, GLOBAL)?.value).toBe(value)
  })

  it('row 86: have MP_REACH_NLRI in front and no NEXT_HOP', () => {
    expect(tellExtended({ ...overIpv6, ...extended }, GLOBAL)?.types).toEqual([14, 1, 2, 5, 9, 10])
  })

  it('row 86: routes with IPv4 next hops keep them on such a session, and all are withdrawn as ever', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2, { ...overIpv6, ...extended }))
    fixture.announce(source, [P])
    const pieces: number[] = []
    while (fixture.rib.pull(target, bytes => pieces.push(...bytes)));
    expect(firstNextHop(pieces).value).toBe(told('0a000201'))
    fixture.withdraw(source, [P])
    expect(fixture.read(target)).toMatchObject([{ withdrawn: [key(P)], types: [] }])
  })

  it('row 86: the pair of global and link-local address loses its second half on the way', () => {
    expect(tellExtended({ ...overIpv6, ...extended }, GLOBAL + LINK_LOCAL)?.value).toBe(told(GLOBAL))
  })
})

describe('IPv6 next hops (RFC 2545 3)', () => {
  it.each([
    ['the global address alone', GLOBAL, GLOBAL],
    ['the global half of a pair', GLOBAL + LINK_LOCAL, GLOBAL],
    ['the link-local half when there is no other', '0'.repeat(32) + LINK_LOCAL, LINK_LOCAL],
  ])('reflects %s', (_, received, told) => {
    expect(tell6({}, received)).toBe(told)
  })

  it('tells our link-local address along with our own where that is configured, as on the same link (row 85)', () => {
    const both = Uint8Array.from([...OWN6, ...bytesOf(LINK_LOCAL)])
    expect(tell6({ ...external, nextHops: { ipv6: both } }, GLOBAL)).toBe(
      `20010db80000000000000000000000fe${LINK_LOCAL}`,
    )
    expect(tell6({ ...external, nextHops: { ipv6: OWN6 } }, GLOBAL + LINK_LOCAL)).toHaveLength(32)
  })

  it('tells our own address, by the session or by configuration', () => {
    const wanted = '20010db80000000000000000000000fe'
    expect(tell6({ ...external, nextHops: { ipv6: OWN6 } }, GLOBAL)).toBe(wanted)
    expect(tell6({ ...external, localAddress: OWN6, address: OWN6 }, GLOBAL)).toBe(wanted)
    expect(tell6({ nextHopSelf: true, nextHops: { ipv6: OWN6 } }, GLOBAL)).toBe(wanted)
  })

  it('does not tell a route that would need an address we do not know, and counts it', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2, external))
    fixture.send(source, { announced6: [key(V6)], announced4: [key(P)], nextHop6: GLOBAL, attributes: attributes() })
    fixture.settle()
    expect(fixture.told(target)).toEqual([`+${key(P)}`])
    expect(fixture.rib.stats().groups.map(group => group.withoutNextHop)).toEqual([0, 1])
  })
})

describe('local routes on export', () => {
  const base: LocalRoute = { metric: 0, type: 'unicast', interfaceIndex: 2, interfaceName: 'eth0', preference: 200 }
  const told = (route: LocalRoute, to: Partial<RibPeer>, text = P) => {
    const fixture = new Fixture()
    const target = fixture.join(peer(2, { nextHops: { ipv6: OWN6 }, ...to }))
    fixture.rib.announceLocal('static', prefix(text), route)
    fixture.settle()
    return fixture.toldAttributes(target)
  }

  it('go to internal peers with an empty AS_PATH, LOCAL_PREF 100 and our address (rows 76, 77)', () => {
    expect(told(base, {})).toEqual({ origin: 0, path: [], nextHop: '0a0000fe', localPref: 100 })
  })

  it('go to external peers with our AS and our address', () => {
    expect(told({ ...base, gateway: Uint8Array.of(10, 9, 9, 9) }, external)).toEqual({
      origin: 0,
      path: [OWN.asn],
      nextHop: '0a0000fe',
    })
  })

  it.each([
    ['a gateway', Uint8Array.of(10, 9, 9, 9), P, '0a090909'],
    ['a link-local gateway, which is ours to others', Uint8Array.of(169, 254, 0, 1), P, '0a0000fe'],
    ['a gateway of the other family, which is ours to others', OWN6, P, '0a0000fe'],
    ['an IPv6 gateway', Uint8Array.from([...OWN6.subarray(0, 15), 9]), V6, '20010db8000000000000000000000009'],
    [
      'a link-local IPv6 gateway',
      Uint8Array.from([0xfe, 0x80, ...new Array(13).fill(0), 1]),
      V6,
      '20010db80000000000000000000000fe',
    ],
  ])('name %s as next hop to internal peers', (_, gateway, text, wanted) => {
    expect(told({ ...base, gateway }, {}, text)?.nextHop).toBe(wanted)
  })

  it('can be told apart by policy', () => {
    const exportPolicy = compilePolicy({
      name: 'no statics',
      terms: [{ match: { sources: ['static'] }, action: 'reject' }],
      otherwise: 'accept',
    })
    expect(told(base, { exportPolicy })).toBeUndefined()
  })
})
