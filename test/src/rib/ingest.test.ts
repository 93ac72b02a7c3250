import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/index.ts'
import { IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/index.ts'
import { attributes, Fixture, key, OWN, peer, prefix } from '../../support/rib-fixture.ts'
import { attribute, attributeBytes, buildUpdate, nlriBytes, updateBody } from '../../support/rib-wire.ts'

const P = '10.1.0.0/16'
const Q = '10.2.0.0/16'
const V6 = '2001:db8:1::/48'
const codec = { fourOctetAs: true }

/** The texts of the prefixes that have a path. */
const prefixes = (fixture: Fixture) => [...fixture.rib.routes()].map(view => view.prefix)

describe('an UPDATE', () => {
  it('announces a prefix that is both withdrawn and announced in it (RFC 4271 4.3)', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    fixture.send(id, { withdrawn4: [key(P)], announced4: [key(P)], attributes: attributes() })
    expect(prefixes(fixture)).toEqual([P])
  })

  it('takes IPv4 and IPv6 routes and withdraws of both in one message (RFC 7606 5.1)', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    fixture.announce(id, [Q])
    fixture.send(id, {
      withdrawn4: [key(Q)],
      announced4: [key(P)],
      announced6: [key(V6)],
      nextHop6: '20010db8000000000000000000000001',
      attributes: attributes(),
    })
    expect([...fixture.rib.routes()].map(view => `${view.prefix} ${view.nextHop}`)).toEqual([
      `${P} 10.0.2.1`,
      `${V6} 2001:db8::1`,
    ])
  })

  it('takes IPv4 routes in MP_REACH_NLRI for the same as those outside', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    fixture.announce(id, [P])
    const reach = attribute(0x80, 14, [0, 1, 1, 4, 10, 0, 2, 1, 0, ...nlriBytes(key(Q))])
    const rest = attributeBytes(attributes(), codec, false)
    expect(fixture.sendBody(id, updateBody([], [...reach, ...rest], []))).toBeUndefined()
    expect(prefixes(fixture)).toEqual([P, Q])
    expect(fixture.rib.stats().attributeSets).toBe(1)
  })

  it('makes equal attribute sets of blocks in any order, with any flags and with repeats', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    const plain = attributeBytes(attributes({ communities: [1, 2] }), codec)
    const [origin, path, nextHop] = [
      attribute(0x40, 1, [0]),
      attribute(0x40, 2, [2, 1, 0, 0, 0xfd, 0xe9]),
      attribute(0x40, 3, [10, 0, 2, 1]),
    ]
    const communities = attribute(0xc0, 8, [0, 0, 0, 1, 0, 0, 0, 2])
    const localPref = [0x5f, 5, 0, 4, 0, 0, 0, 100]
    const mixed = [communities, localPref, nextHop, origin, path, attribute(0x40, 1, [2])].flat()
    expect(fixture.sendBody(id, updateBody([], plain, nlriBytes(key(P))))).toBeUndefined()
    expect(fixture.sendBody(id, updateBody([], mixed, nlriBytes(key(Q))))).toBeUndefined()
    expect(prefixes(fixture)).toEqual([P, Q])
    expect(fixture.rib.stats().attributeSets).toBe(1)
    expect(fixture.rib.peerCounters(id).attributesDiscarded).toBe(1)
  })

  it('treats malformed attributes as a withdraw of every route in the message, of both families (RFC 7606 2)', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    const update = { announced4: [key(P)], announced6: [key(V6)], nextHop6: '20010db8000000000000000000000001' }
    fixture.send(id, { ...update, attributes: attributes() })
    expect(prefixes(fixture)).toHaveLength(2)
    expect(fixture.send(id, { ...update, attributes: attributes({ origin: 3 }) })).toBeUndefined()
    expect(prefixes(fixture)).toEqual([])
    expect(fixture.rib.peerCounters(id).treatedAsWithdraw).toBeGreaterThan(0)
    expect(fixture.rib.stats().attributeSets).toBe(0)
  })

  it.each([
    ['IPv4 routes without NEXT_HOP', [attribute(0x40, 1, [0]), attribute(0x40, 2, [])]],
    ['IPv4 routes without ORIGIN', [attribute(0x40, 2, []), attribute(0x40, 3, [10, 0, 2, 1])]],
    ['no attributes at all', []],
    [
      'an address of 16 octets in NEXT_HOP',
      [attribute(0x40, 1, [0]), attribute(0x40, 2, []), attribute(0x40, 3, new Array(16).fill(9))],
    ],
  ])('withdraws instead of announcing: %s', (_, parts) => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    fixture.announce(id, [P])
    expect(fixture.sendBody(id, updateBody([], parts.flat(), nlriBytes(key(P))))).toBeUndefined()
    expect(prefixes(fixture)).toEqual([])
  })

  it('is not fooled by NEXT_HOP with the very bytes that an IPv6 set of the same peer has', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    fixture.send(id, { announced6: [key(V6)], nextHop6: '20010db8000000000000000000000001', attributes: attributes() })
    const same = attributeBytes(attributes({ nextHop: '20010db8000000000000000000000001' }), codec)
    expect(fixture.sendBody(id, updateBody([], same, nlriBytes(key(P))))).toBeUndefined()
    expect(prefixes(fixture)).toEqual([V6])
  })

  it('does not let an external peer choose LOCAL_PREF, not even with the bytes that import policy made', () => {
    const fixture = new Fixture()
    const importPolicy = compilePolicy({
      name: 'raise',
      terms: [{ match: { communities: [7] }, set: { localPref: 500 }, action: 'accept' }],
      otherwise: 'accept',
    })
    const id = fixture.join(peer(1, { kind: 'ebgp', importPolicy }))
    fixture.send(id, {
      announced4: [key(P)],
      attributes: { origin: 0, path: [65001], nextHop: '0a000201', communities: [7] },
    })
    const forged = { origin: 0, path: [65001], nextHop: '0a000201', communities: [7], localPref: 500 }
    fixture.send(id, { announced4: [key(Q)], attributes: { ...forged, communities: [8] } })
    const localPrefs = [...fixture.rib.routes()].map(view => view.attributes.find(a => a.type === 'local-pref')?.type)
    expect(localPrefs).toEqual(['local-pref', undefined])
  })

  it.each([
    ['a withdrawn prefix of 33 bits', updateBody([33, 1, 2, 3, 4, 5], [], [])],
    ['an announced prefix past its field', updateBody([], attributeBytes(attributes(), codec), [24, 10, 1])],
    ['lengths that contradict each other', Uint8Array.of(0, 200, 0, 0)],
    ['bad attributes without any route', updateBody([], attributeBytes(attributes({ origin: 9 }), codec), [])],
  ])('resets the session with code 3 for %s', (_, body) => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    expect(fixture.sendBody(id, body)?.code).toBe(3)
  })

  it.each([
    ['End-of-RIB for IPv4', updateBody([], [], [])],
    ['End-of-RIB for IPv6', updateBody([], attribute(0x80, 15, [0, 2, 1]), [])],
    ['correct attributes without routes (RFC 4271 6.3)', updateBody([], attributeBytes(attributes(), codec), [])],
  ])('accepts %s and keeps nothing', (_, body) => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    expect(fixture.sendBody(id, body)).toBeUndefined()
    expect(fixture.rib.pending).toBe(false)
    expect(fixture.rib.stats().attributeSets).toBe(0)
  })

  it('ignores and counts routes of a family that was not negotiated (RFC 4760 8)', () => {
    const fixture = new Fixture()
    const v4only = fixture.join(peer(1, { families: [IPV4_UNICAST] }))
    const v6only = fixture.join(peer(2, { families: [IPV6_UNICAST] }))
    const update = {
      announced6: [key(V6)],
      announced4: [key(P)],
      nextHop6: '20010db8000000000000000000000001',
      attributes: attributes(),
    }
    expect(fixture.send(v4only, update)).toBeUndefined()
    expect(fixture.send(v6only, { ...update, announced6: [] })).toBeUndefined()
    expect(prefixes(fixture)).toEqual([P])
    expect([v4only, v6only].map(id => fixture.rib.peerCounters(id).foreignFamilies)).toEqual([1, 1])
  })

  it.each(['224.0.0.0/4', '239.1.1.1/32', '127.0.0.0/8', '0.0.0.0/8', '169.254.3.0/24', '240.0.0.0/5'])(
    'ignores the odd prefix %s and takes the others (RFC 4271 6.3)',
    odd => {
      const fixture = new Fixture()
      const id = fixture.join(peer(1))
      fixture.announce(id, [odd, P])
      expect(prefixes(fixture)).toEqual([P])
      expect(fixture.rib.peerCounters(id).oddPrefixes).toBe(1)
    },
  )

  it.each(['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1', '169.0.0.0/8', '192.0.0.0/2'])('takes %s', fine => {
    const fixture = new Fixture()
    fixture.announce(fixture.join(peer(1)), [fine])
    expect(prefixes(fixture)).toEqual([fine])
  })

  it.each(['ff02::/16', 'fe80::/64', '::1/128', '::/128'])('ignores the odd prefix %s', odd => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    const update = { announced6: [key(odd), key(V6), key('::/0')], nextHop6: '20010db8000000000000000000000001' }
    fixture.send(id, { ...update, attributes: attributes() })
    expect(prefixes(fixture)).toEqual([V6, '::/0'])
  })

  it.each([
    ['our AS in AS_PATH (RFC 4271 9.1.2)', { path: [65001, OWN.asn] }, 'loops', 'loop'],
    ['our router id in ORIGINATOR_ID (RFC 4456 8)', { originatorId: OWN.routerId }, 'loops', 'loop'],
    [
      'our cluster id in CLUSTER_LIST (RFC 4456 8)',
      { originatorId: 5, clusterList: [9, OWN.clusterId] },
      'loops',
      'loop',
    ],
    ['our own address as next hop (RFC 4271 6.3)', { nextHop: '0a0000fe' }, 'ownNextHops', 'own next hop'],
  ] as const)(
    'row 148: keeps no older route, counts and says why when one comes back with %s',
    (_, change, counter, why) => {
      const fixture = new Fixture()
      const id = fixture.join(peer(1))
      fixture.announce(id, [P])
      fixture.announce(id, [P], { ...change, path: [...('path' in change ? change.path : [65001])] } as never)
      expect(prefixes(fixture)).toEqual([])
      expect(fixture.rib.peerCounters(id)[counter]).toBe(1)
      expect([...fixture.rib.routes({ rejected: true })].map(view => [view.best, view.unusable])).toEqual([
        [false, why],
      ])
      fixture.withdraw(id, [P])
      expect(fixture.rib.stats().attributeSets).toBe(0)
    },
  )

  it('runs the loop check of a 2-octet peer on the merged path (RFC 6793 4.2.3)', () => {
    const fixture = new Fixture({ asn: 4200000000 })
    const id = fixture.join(peer(1, { kind: 'ebgp', fourOctetAs: false, localAsn: 4200000000 }))
    fixture.send(id, {
      announced4: [key(P)],
      attributes: { origin: 0, path: [65001, 4200000000], nextHop: '0a000201' },
    })
    fixture.send(id, {
      announced4: [key(Q)],
      attributes: { origin: 0, path: [65001, 4200000009], nextHop: '0a000201' },
    })
    expect(prefixes(fixture)).toEqual([Q])
    expect(fixture.rib.peerCounters(id).loops).toBe(1)
  })

  it('withdraws what import policy rejects, prefix by prefix', () => {
    const ten = prefix('10.1.0.0/16')
    const importPolicy = compilePolicy({
      name: 'not ten',
      terms: [{ match: { prefixes: [{ prefix: ten, minLength: 16, maxLength: 32 }] }, action: 'reject' }],
      otherwise: 'accept',
    })
    const fixture = new Fixture()
    const id = fixture.join(peer(1, { importPolicy }))
    fixture.announce(id, [P, Q])
    expect(prefixes(fixture)).toEqual([Q])
    const { rejectedByPolicy, prefixesReceived, prefixesAccepted } = fixture.rib.peerCounters(id)
    expect({ rejectedByPolicy, prefixesReceived, prefixesAccepted }).toEqual({
      rejectedByPolicy: 1,
      prefixesReceived: 2,
      prefixesAccepted: 1,
    })
    const [refused, ...others] = fixture.rib.routes({ rejected: true })
    expect([refused?.prefix, refused?.unusable, others]).toEqual([P, 'rejected by policy', []])
  })

  it('interns an edited set once, whichever message brings it', () => {
    const importPolicy = compilePolicy({
      name: 'lower',
      terms: [{ match: {}, set: { localPref: 50 }, action: 'accept' }],
      otherwise: 'accept',
    })
    const fixture = new Fixture()
    const id = fixture.join(peer(1, { importPolicy }))
    fixture.announce(id, [P])
    fixture.announce(id, [Q])
    expect(fixture.rib.stats().attributeSets).toBe(2)
    fixture.withdraw(id, [P, Q])
    expect(fixture.rib.stats().attributeSets).toBe(0)
  })

  it('survives a message that withdraws the last path with its own attributes before announcing others', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    const nextHop6 = '20010db8000000000000000000000001'
    fixture.send(id, { announced6: [key(V6)], nextHop6, attributes: attributes() })
    fixture.send(id, {
      withdrawn6: [key(V6)],
      announced6: [key('2001:db8:2::/48')],
      nextHop6,
      attributes: attributes(),
    })
    expect(prefixes(fixture)).toEqual(['2001:db8:2::/48'])
    expect(fixture.rib.stats().attributeSets).toBe(1)
  })

  it('is ignored when its peer was removed already', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    fixture.rib.removePeer(id)
    const body = buildUpdate({ announced4: [key(P)], attributes: attributes() }, codec)
    expect(fixture.rib.update(id, body, 0, body.length)).toBeUndefined()
    fixture.settle()
    expect(prefixes(fixture)).toEqual([])
  })
})
