import { describe, expect, it } from 'vitest'
import type { BestRoute, LocalRoute } from '../../../src/rib/index.ts'
import { formatPrefix, IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/index.ts'
import { attributes, Fixture, key, peer, prefix } from '../../support/rib-fixture.ts'

const P = '10.1.0.0/16'
const Q = '10.1.2.0/24'
const local: LocalRoute = { metric: 5, type: 'unicast', interfaceIndex: 3, interfaceName: 'eth1', preference: 240 }
const many = (count: number, top = 11) => Array.from({ length: count }, (_, i) => `${top}.${i >> 8}.${i & 255}.0/24`)

/** Writes down what it hears. */
function listener() {
  const lines: string[] = []
  return {
    lines,
    routeChanged: (route: BestRoute) => {
      const words = [route.address0, route.address1, route.address2, route.address3]
      const how = route.present
        ? `${route.source} ${route.nextHop?.text ?? '-'} ${route.local?.interfaceName ?? '-'}`
        : 'gone'
      lines.push(`${formatPrefix(route.family, words, route.length)} ${how}`)
    },
    flushed: () => lines.push('flushed'),
  }
}

describe('a listener of best routes', () => {
  it('hears of each changed prefix once a flush, after the peers', () => {
    const fixture = new Fixture()
    const heard = listener()
    fixture.rib.onBestRoute(heard)
    const id = fixture.join(peer(1))
    fixture.announce(id, [P])
    fixture.rib.announceLocal('direct', prefix(P), local)
    fixture.rib.announceLocal('direct', prefix('2001:db8::/64'), local)
    fixture.settle()
    fixture.withdraw(id, [P])
    fixture.rib.withdrawLocal('direct', prefix(P))
    fixture.settle()
    expect(heard.lines).toEqual([
      `${P} bgp 10.0.2.1 -`,
      'flushed',
      `${P} direct - eth1`,
      '2001:db8::/64 direct - eth1',
      'flushed',
      `${P} gone`,
      'flushed',
    ])
  })

  it('that comes late hears of everything present, and of nothing twice', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    fixture.announce(id, [P, Q])
    fixture.withdraw(id, [Q])
    const heard = listener()
    fixture.rib.onBestRoute(heard)
    expect(fixture.rib.pending).toBe(true)
    fixture.settle()
    expect(heard.lines.filter(line => line !== 'flushed')).toEqual([`${P} bgp 10.0.2.1 -`])
    expect(fixture.rib.pending).toBe(false)
  })

  it('gets one object for each next hop for as long as it is in use', () => {
    const fixture = new Fixture()
    const ids: (number | undefined)[] = []
    fixture.rib.onBestRoute({ routeChanged: route => ids.push(route.nextHop?.id), flushed: () => {} })
    const id = fixture.join(peer(1))
    fixture.announce(id, [P], { nextHop: '0a000909' })
    fixture.announce(id, [Q], { nextHop: '0a000909', med: 1 })
    fixture.announce(id, ['10.9.0.0/16'], { nextHop: '0a000908' })
    expect(ids[1]).toBe(ids[0])
    expect(ids[2]).not.toBe(ids[0])
    expect(fixture.rib.stats().nextHops).toBe(2)
  })
})

describe('local routes', () => {
  it('of the three sources compete by preference and replace each other within a source', () => {
    const fixture = new Fixture()
    fixture.rib.announceLocal('kernel', prefix(P), { ...local, preference: 10 })
    fixture.rib.announceLocal('static', prefix(P), { ...local, preference: 200, type: 'blackhole' })
    expect(fixture.best(P)).toBe('static')
    fixture.rib.announceLocal('direct', prefix(P), local)
    fixture.rib.announceLocal('direct', prefix(P), { ...local, preference: 1 })
    expect(fixture.best(P)).toBe('static')
    fixture.rib.withdrawLocal('static', prefix(P))
    expect(fixture.best(P)).toBe('kernel')
    expect([...fixture.rib.routes()].map(view => view.local?.preference)).toEqual([10, 1])
  })

  it('that are equal are one attribute set, and host bits do not matter', () => {
    const fixture = new Fixture()
    fixture.rib.announceLocal('direct', prefix(P), local)
    fixture.rib.announceLocal('direct', prefix('10.7.7.7/16'), { ...local })
    expect(fixture.rib.stats().attributeSets).toBe(1)
    fixture.rib.withdrawLocal('direct', prefix('10.7.8.8/16'))
    fixture.rib.withdrawLocal('direct', prefix(P))
    fixture.settle()
    expect(fixture.rib.stats()).toMatchObject({ attributeSets: 0 })
  })

  it.each([
    ['metric', { metric: 6 }],
    ['type', { type: 'prohibit' }],
    ['interface', { interfaceIndex: 4 }],
    ['name of the interface', { interfaceName: 'eth2' }],
    ['preference', { preference: 241 }],
    ['gateway', { gateway: Uint8Array.of(10, 0, 0, 1) }],
  ] as const)('that differ in %s are told to the listener as such', (_, change) => {
    const fixture = new Fixture()
    const seen: (LocalRoute | undefined)[] = []
    fixture.rib.onBestRoute({ routeChanged: route => seen.push(route.local), flushed: () => {} })
    fixture.rib.announceLocal('direct', prefix(P), local)
    fixture.settle()
    fixture.rib.announceLocal('direct', prefix(P), { ...local, ...change })
    fixture.settle()
    expect(seen).toEqual([local, { ...local, ...change }])
  })
})

describe('a peer that leaves', () => {
  it('takes its paths along in slices, and the others hear of it', () => {
    const fixture = new Fixture({ stretch: 100 })
    const leaver = fixture.join(peer(1))
    const other = fixture.join(peer(2))
    for (const prefixes of [many(500, 11), many(500, 12)]) fixture.announce(leaver, prefixes)
    fixture.announce(other, [P])
    fixture.read(other)
    fixture.rib.removePeer(leaver)
    expect(fixture.rib.pull(leaver, () => {})).toBe(false)
    fixture.rib.work()
    expect(fixture.rib.stats().families[0]?.paths).toBeGreaterThan(500)
    fixture.settle()
    expect(fixture.rib.stats().families[0]).toMatchObject({ prefixes: 1, paths: 1 })
    expect(fixture.read(other).flatMap(update => update.withdrawn)).toHaveLength(1000)
  })

  it('gives its id back only when nothing recalls it', () => {
    const fixture = new Fixture()
    const first = fixture.join(peer(1))
    fixture.announce(first, [P])
    fixture.rib.removePeer(first)
    const second = fixture.join(peer(2))
    expect(second).not.toBe(first)
    fixture.settle()
    expect(fixture.join(peer(3))).toBe(first)
  })

  it('may be one of a thousand that leave at once, in two passes over the paths', () => {
    const fixture = new Fixture({ stretch: 1000 })
    const ids = Array.from({ length: 1000 }, (_, n) => fixture.join(peer(n & 255, { routerId: n + 1 })))
    for (const [n, id] of ids.entries()) {
      fixture.send(id, { announced4: [key(`10.${n >> 8}.${n & 255}.0/24`)], attributes: attributes() })
    }
    fixture.settle()
    for (const id of ids) fixture.rib.removePeer(id)
    let stretches = 0
    while (fixture.rib.pending) {
      fixture.rib.work()
      stretches++
    }
    expect(stretches).toBeLessThan(10)
    expect(fixture.rib.stats()).toMatchObject({ attributeSets: 0, groups: [] })
  })

  it('twice is the same as once', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    fixture.rib.removePeer(id)
    fixture.rib.removePeer(id)
    fixture.settle()
    expect([fixture.join(peer(2)), fixture.join(peer(3))]).toEqual([id, id + 1])
  })
})

describe('update groups', () => {
  it('hold the peers that get identical updates, and no others', () => {
    const fixture = new Fixture()
    for (const more of [
      {},
      {},
      { maxLength: 65535 },
      { fourOctetAs: false },
      { families: [IPV4_UNICAST] },
      { clusterId: 9 },
    ]) {
      fixture.join(peer(1, more))
    }
    for (const more of [
      { nextHopSelf: true },
      { reflectorClient: false },
      { localAddress: Uint8Array.of(9, 9, 9, 9) },
    ]) {
      fixture.join(peer(2, more))
    }
    for (const asn of [65001, 65001, 65002]) fixture.join(peer(3, { kind: 'ebgp', asn }))
    expect(fixture.rib.stats().groups.map(group => group.peers)).toEqual([2, 1, 1, 1, 1, 1, 1, 1, 2, 1])
  })
})

describe('views', () => {
  it('show every path with its attributes, the best first, and why the others lost', () => {
    const fixture = new Fixture()
    const [a, b] = [fixture.join(peer(1)), fixture.join(peer(2))]
    fixture.announce(a, [P], { localPref: 50 })
    fixture.announce(b, [P], { communities: [1] })
    const [best, loser] = [...fixture.rib.routes()]
    expect(best).toMatchObject({
      prefix: P,
      best: true,
      source: 'bgp',
      peerName: 'peer 2',
      nextHop: '10.0.2.1',
      preference: 100,
    })
    expect(best?.attributes.map(attribute => attribute.type)).toEqual([
      'origin',
      'as-path',
      'next-hop',
      'local-pref',
      'communities',
    ])
    expect(loser).toMatchObject({ best: false, peerName: 'peer 1', lostOn: 'local-pref' })
  })

  it('show both next hops of an IPv6 route and leave out what is internal to a local one', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    const nextHop6 = '20010db8000000000000000000000001fe800000000000000000000000000001'
    fixture.send(id, { announced6: [key('2001:db8:5::/48')], nextHop6, attributes: attributes() })
    fixture.rib.announceLocal('static', prefix(P), local)
    const [four, six] = [...fixture.rib.routes()]
    expect(four).toMatchObject({ peerName: 'static', local })
    expect(four?.attributes.map(attribute => attribute.type)).toEqual(['origin', 'as-path'])
    expect(six?.nextHop).toBe('2001:db8::1')
    expect(six?.attributes.find(attribute => attribute.type === 'next-hop')).toBeDefined()
  })

  it('answer for one prefix, the longest match, one family, one peer, one kind of source, the best only, and a limit', () => {
    const fixture = new Fixture()
    const [a, b] = [fixture.join(peer(1)), fixture.join(peer(2))]
    fixture.announce(a, [P, Q])
    fixture.announce(b, [P])
    fixture.rib.announceLocal('kernel', prefix('2001:db8::/32'), { ...local, preference: 10 })
    const ask = (query: Parameters<Fixture['rib']['routes']>[0]) =>
      [...fixture.rib.routes(query)].map(view => `${view.prefix} ${view.peerName}`)
    expect(ask({ prefix: prefix(Q) })).toEqual([`${Q} peer 1`])
    expect(ask({ prefix: prefix('10.1.2.3/32') })).toEqual([])
    expect(ask({ prefix: prefix('10.1.2.3/32'), longest: true })).toEqual([`${Q} peer 1`])
    expect(ask({ prefix: prefix('2001:db8::1/128'), longest: true })).toEqual(['2001:db8::/32 kernel'])
    expect(ask({ family: IPV6_UNICAST })).toEqual(['2001:db8::/32 kernel'])
    expect(ask({ peer: b })).toEqual([`${P} peer 2`])
    expect(ask({ source: 'kernel' })).toEqual(['2001:db8::/32 kernel'])
    expect(ask({ best: true, limit: 2 })).toEqual([`${P} peer 1`, `${Q} peer 1`])
  })

  it('survive changes between two rows', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    fixture.announce(id, many(20))
    const seen: string[] = []
    for (const view of fixture.rib.routes()) {
      seen.push(view.prefix)
      if (seen.length === 5) fixture.rib.removePeer(id)
      if (seen.length === 5) fixture.settle()
    }
    expect(seen).toHaveLength(5)
  })

  it('count what each peer sent and is told', () => {
    const fixture = new Fixture()
    const [a, b] = [fixture.join(peer(1)), fixture.join(peer(2))]
    fixture.announce(a, [P, Q])
    fixture.withdraw(a, [Q])
    fixture.announce(b, ['10.4.0.0/16'])
    expect(fixture.rib.peerCounters(a)).toMatchObject({
      updatesReceived: 2,
      announcementsReceived: 2,
      withdrawsReceived: 1,
      prefixesReceived: 1,
      prefixesAdvertised: 1,
    })
    expect(fixture.rib.explain(prefix('10.200.0.0/16'))).toBeUndefined()
    expect(() => fixture.rib.peerCounters(999 as typeof a)).toThrow(RangeError)
  })
})
