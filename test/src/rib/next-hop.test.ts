/** Resolution of next hops by an underlay fed from outside (RFC 4271 9.1.2.1): rows 136 to 138, and what is not resolved. */
import { describe, expect, it } from 'vitest'
import type { RibOptions } from '../../../src/rib/index.ts'
import { Fixture, peer, prefix } from '../../support/rib-fixture.ts'

const P = '10.1.0.0/16'
const Q = '10.2.0.0/16'
const A = { nextHop: '0a000201' }
const B = { nextHop: '0a000302' }

class Net extends Fixture {
  constructor(options: Partial<RibOptions> = {}) {
    super({ resolveNextHops: true, ...options })
  }

  /** The underlay has a route; everything that follows is done. */
  up(text: string, metric = 0): void {
    this.rib.setUnderlayRoute(prefix(text), { metric, isConnected: metric === 0, interfaceIndex: 2 })
    this.settle()
  }

  down(text: string): void {
    this.rib.removeUnderlayRoute(prefix(text))
    this.settle()
  }

  paths(text: string): string[] {
    const paths = this.rib.explain(prefix(text))?.paths ?? []
    return paths.map(({ view, lost }) => `${view.peerName} ${view.best ? 'best' : (view.unusable ?? lost?.step)}`)
  }
}

describe('a route whose next hop nothing leads to', () => {
  it('is no route, and becomes one, and none again, without a message of its peer (row 136)', () => {
    const net = new Net()
    const [from, to] = [net.join(peer(1)), net.join(peer(2))]
    net.announce(from, [P], A)
    expect(net.told(to)).toEqual([])
    expect(net.paths(P)).toEqual(['peer 1 next hop unreachable'])
    net.up('10.0.2.0/24')
    expect(net.told(to)).toEqual(['+0a010000/16'])
    net.down('10.0.2.0/24')
    expect(net.told(to)).toEqual(['-0a010000/16'])
    expect(net.rib.pending).toBe(false)
  })

  it('is not resolved by itself, nor by another route of BGP (row 137)', () => {
    const net = new Net()
    const from = net.join(peer(1))
    net.announce(from, ['10.0.2.0/24', '10.0.0.0/8'], A)
    expect(net.paths('10.0.2.0/24')).toEqual(['peer 1 next hop unreachable'])
    net.up('10.0.3.0/24')
    net.announce(from, ['10.0.2.0/24'], B)
    net.announce(from, [P], A)
    expect(net.paths('10.0.2.0/24')).toEqual(['peer 1 best'])
    expect(net.paths(P)).toEqual(['peer 1 next hop unreachable'])
  })

  it('leaves the choice to the others', () => {
    const net = new Net()
    const [a, b] = [net.join(peer(1)), net.join(peer(2))]
    net.up('10.0.3.0/24')
    net.announce(a, [P], { ...A, localPref: 900 })
    net.announce(b, [P], B)
    expect(net.paths(P)).toEqual(['peer 2 best', 'peer 1 next hop unreachable'])
    net.up('10.0.0.0/16')
    expect(net.paths(P)).toEqual(['peer 1 best', 'peer 2 local-pref'])
  })
})

describe('a change of one next hop', () => {
  it('has the choice made again for the prefixes it matters to, and no other (row 138)', () => {
    const net = new Net({ stretch: 4 })
    const [a, b] = [net.join(peer(1)), net.join(peer(2))]
    net.up('10.0.2.0/24', 10)
    net.up('10.0.3.0/24', 10)
    const others = Array.from({ length: 30 }, (_, i) => `10.9.${i}.0/24`)
    for (const from of [a, b]) net.announce(from, others, B)
    net.announce(b, [P, Q], B)
    net.announce(a, [P], A)
    net.rib.setUnderlayRoute(prefix('10.0.2.0/24'), { metric: 20, isConnected: false, interfaceIndex: 2 })
    let most = 0
    while (net.rib.pending) {
      net.rib.work()
      most = Math.max(most, net.rib.stats().families[0]?.dirty ?? 0)
    }
    expect(most).toBe(1)
    expect(net.paths(P)).toEqual(['peer 2 best', 'peer 1 metric'])
  })
})

describe('the metric of a next hop', () => {
  it('decides where all before it ties, by the longest underlay route, and changes with it (row 138)', () => {
    const net = new Net()
    const [a, b] = [net.join(peer(1)), net.join(peer(2))]
    net.up('0.0.0.0/0', 50)
    net.announce(a, [P], A)
    net.announce(b, [P], B)
    expect(net.paths(P)).toEqual(['peer 1 best', 'peer 2 router-id'])
    net.up('10.0.3.0/24', 10)
    expect(net.paths(P)).toEqual(['peer 2 best', 'peer 1 metric'])
    net.up('10.0.2.0/25', 5)
    expect(net.paths(P)).toEqual(['peer 1 best', 'peer 2 metric'])
    net.down('10.0.2.0/25')
    expect(net.paths(P)).toEqual(['peer 2 best', 'peer 1 metric'])
    net.down('0.0.0.0/0')
    expect(net.paths(P)).toEqual(['peer 2 best', 'peer 1 next hop unreachable'])
  })

  it('touches only prefixes it may matter to', () => {
    const net = new Net()
    const [a, b, reader] = [net.join(peer(1)), net.join(peer(2)), net.join(peer(3))]
    net.up('0.0.0.0/0', 50)
    net.announce(a, [P, Q], A)
    net.announce(b, [Q], B)
    net.read(reader)
    const heard: number[] = []
    net.rib.onBestRoute({ routeChanged: route => heard.push(route.address0), flushed: () => {} })
    net.settle()
    heard.length = 0
    net.up('10.0.3.0/24', 60)
    net.up('10.0.9.0/24', 1)
    expect(heard.filter(address => address !== 0x0a020000)).toEqual([])
    expect(net.paths(Q)).toEqual(['peer 1 best', 'peer 2 metric'])
  })

  it('that is above 2147483647 counts as that', () => {
    const net = new Net()
    net.up('10.0.2.0/24', 4294967295)
    net.announce(net.join(peer(1)), [P], A)
    expect(net.paths(P)).toEqual(['peer 1 best'])
    expect([...net.rib.nextHops()]).toEqual([
      {
        address: '10.0.2.1',
        isReachable: true,
        via: '10.0.2.0/24',
        metric: 4294967295,
        isConnected: false,
        interfaceIndex: 2,
      },
    ])
  })
})

describe('what is not resolved', () => {
  it('a link-local next hop is on the link of its session (RFC 2545 3)', () => {
    const net = new Net()
    const id = net.join(peer(1))
    const global = '20010db8000000000000000000000001'
    const linkLocal = 'fe800000000000000000000000000001'
    const announce = (prefix6: string, nextHop6: string) =>
      net.send(id, {
        announced6: [prefix6],
        attributes: { origin: 0, path: [65001], nextHop: '', localPref: 100 },
        nextHop6,
      })
    announce('20010db8000100000000000000000000/48', linkLocal)
    announce('20010db8000200000000000000000000/48', global + linkLocal)
    announce('20010db8000300000000000000000000/48', global)
    net.settle()
    const unusable = ['2001:db8:1::/48', '2001:db8:2::/48', '2001:db8:3::/48'].map(text => net.paths(text))
    expect(unusable).toEqual([['peer 1 best'], ['peer 1 best'], ['peer 1 next hop unreachable']])
    net.up('2001:db8::/32', 5)
    expect(net.paths('2001:db8:3::/48')).toEqual(['peer 1 best'])
  })

  it('the gateway of a local route is the business of its source', () => {
    const net = new Net()
    const gateway = Uint8Array.of(10, 0, 2, 1)
    const route = {
      metric: 0,
      type: 'unicast',
      interfaceIndex: 2,
      interfaceName: 'eth0',
      preference: 200,
      gateway,
    } as const
    net.rib.announceLocal('static', prefix(P), route)
    net.settle()
    expect(net.best(P)).toBe('static')
    net.announce(net.join(peer(1)), [Q], A)
    net.up('10.0.2.0/24', 5)
    net.down('10.0.2.0/24')
    expect([net.best(P), net.best(Q)]).toEqual(['static', undefined])
  })

  it('without the option every next hop will do', () => {
    const net = new Net({ resolveNextHops: false })
    net.announce(net.join(peer(1)), [P], A)
    net.up('10.0.3.0/24')
    expect(net.paths(P)).toEqual(['peer 1 best'])
    expect([...net.rib.nextHops()]).toEqual([{ address: '10.0.2.1', isReachable: true }])
  })

  it('a path kept aside stays aside', () => {
    const net = new Net()
    net.up('10.0.2.0/24', 5)
    net.announce(net.join(peer(1)), [P], { ...A, path: [64512] })
    net.down('10.0.2.0/24')
    net.up('10.0.2.0/24', 7)
    expect(net.paths(P)).toEqual(['peer 1 loop'])
  })
})

describe('a change that takes several slices', () => {
  it('shows nobody a choice half made, whatever comes in between', () => {
    const net = new Net({ stretch: 16 })
    const [a, b, reader] = [net.join(peer(1)), net.join(peer(2)), net.join(peer(3))]
    const many = Array.from({ length: 200 }, (_, i) => `10.3.${i}.0/24`)
    net.up('10.0.2.0/24')
    net.up('10.0.3.0/24')
    net.announce(a, many, A)
    net.announce(b, many, B)
    net.read(reader)
    net.rib.removeUnderlayRoute(prefix('10.0.2.0/24'))
    net.rib.work()
    // Behind the pass, with a next hop that is about to go: a new path that is best, one that is not, and a late joiner.
    net.send(b, { withdrawn4: ['0a030000/24'] })
    net.send(a, { announced4: ['0a050000/24'], attributes: { origin: 0, path: [65001], localPref: 100, ...A } })
    const late = net.join(peer(4), { isNew: true })
    net.read(late)
    net.settle()
    const table = new Map<string, string | undefined>()
    for (const { withdrawn, announced, attributes } of net.read(reader)) {
      for (const one of withdrawn) table.delete(one)
      for (const one of announced) table.set(one, attributes?.nextHop)
    }
    expect(table.size).toBe(199)
    expect(new Set(table.values())).toEqual(new Set([B.nextHop]))
    net.read(late)
    expect(net.best('10.5.0.0/24')).toBeUndefined()
    net.up('10.0.2.0/24')
    expect(net.best('10.5.0.0/24')).toBe('peer 1')
    expect(net.best('10.3.7.0/24')).toBe('peer 1')
  })

  it('is taken back before it was told, and nobody hears of it', () => {
    const net = new Net({ stretch: 16 })
    const [a, reader] = [net.join(peer(1)), net.join(peer(2))]
    net.up('10.0.2.0/24')
    net.announce(a, [P, Q], A)
    net.read(reader)
    net.rib.removeUnderlayRoute(prefix('10.0.2.0/24'))
    net.rib.setUnderlayRoute(prefix('10.0.2.0/24'), { metric: 0, isConnected: true, interfaceIndex: 2 })
    net.settle()
    expect(net.told(reader)).toEqual([])
  })
})
