/** Options of the decision process, and what follows a choice: multipath sets for a listener (RFC 4271 9.1.2.2, RFC 5004). */
import { describe, expect, it } from 'vitest'
import type { BestRoute, RibPeer, SelectionOptions } from '../../../src/rib/index.ts'
import { Fixture, key, peer, prefix } from '../../support/rib-fixture.ts'
import { attribute, nlriBytes, type TestAttributes, updateBody } from '../../support/rib-wire.ts'

const P = '10.1.0.0/16'
const external = (n: number, more: Partial<RibPeer> = {}) => peer(n, { kind: 'ebgp', asn: 65001, ...more })

function lostSteps(fixture: Fixture): (string | undefined)[] {
  return (fixture.rib.explain(prefix(P))?.paths ?? []).map(path => path.lost?.step)
}

/** Sessions announce P in the given order; who is best? */
function contest(selection: SelectionOptions, ...paths: readonly [RibPeer, Partial<TestAttributes>][]) {
  const fixture = new Fixture({ selection })
  for (const [description, a] of paths) fixture.announce(fixture.join(description), [P], a)
  return { fixture, best: fixture.best(P) }
}

describe('MED', () => {
  it.each<[SelectionOptions, string]>([
    [{}, 'peer 1'],
    [{ alwaysCompareMed: true }, 'peer 2'],
  ])('of different neighbour ASes, with %j: %s', (options, winner) => {
    const { fixture, best } = contest(
      options,
      [peer(1), { path: [65001], med: 50 }],
      [peer(2), { path: [65002], med: 1 }],
    )
    expect(best).toBe(winner)
    expect(lostSteps(fixture)[1]).toBe(options.alwaysCompareMed === true ? 'med' : 'router-id')
  })

  it.each<[SelectionOptions, string]>([
    [{}, 'peer 2'],
    [{ missingMedAsWorst: true }, 'peer 1'],
  ])('that is missing, with %j: %s (row 139)', (options, winner) => {
    expect(contest(options, [peer(1), { med: 50 }], [peer(2), {}]).best).toBe(winner)
  })
})

describe('an older external path', () => {
  const preferOlder = { preferOlder: true }

  it('stays best against one with a lower identifier, and says why (row 142)', () => {
    const { fixture, best } = contest(preferOlder, [external(2), {}], [external(1), {}])
    expect(best).toBe('peer 2')
    expect(lostSteps(fixture)).toEqual([undefined, 'prefer-older'])
  })

  it('does not without the option', () => {
    expect(contest({}, [external(2), {}], [external(1), {}]).best).toBe('peer 1')
  })

  it('gives way to the lower address of a session with the same identifier (row 142)', () => {
    const same = { routerId: 7 }
    expect(contest(preferOlder, [external(2, same), {}], [external(1, same), {}]).best).toBe('peer 1')
  })

  it('gives way to whatever is better before the identifier', () => {
    expect(contest(preferOlder, [external(2), { path: [65001, 1] }], [external(1), {}]).best).toBe('peer 1')
    expect(contest(preferOlder, [external(2), { med: 2 }], [external(1), { med: 1 }]).best).toBe('peer 1')
  })

  it('is nothing when it is internal (row 142)', () => {
    expect(contest(preferOlder, [peer(2), {}], [peer(1), {}]).best).toBe('peer 1')
  })

  it('stays best though its attributes change, and among more than two', () => {
    const fixture = new Fixture({ selection: preferOlder })
    const ids = [3, 2, 1].map(n => fixture.join(external(n)))
    for (const id of ids) fixture.announce(id, [P])
    expect(fixture.best(P)).toBe('peer 3')
    const [oldest, middle] = ids
    if (oldest === undefined || middle === undefined) throw new Error('three sessions')
    fixture.announce(oldest, [P], { communities: [1] })
    expect(fixture.best(P)).toBe('peer 3')
    fixture.withdraw(oldest, [P])
    expect(fixture.best(P)).toBe('peer 1')
    fixture.withdraw(middle, [P])
    fixture.announce(oldest, [P])
    expect(fixture.best(P)).toBe('peer 1')
  })
})

describe('a long-lived stale path (RFC 9494 4.3)', () => {
  const stale = { communities: [0xffff0006] }

  it('ranks after every other, whatever its preference, and is used when there is nothing else (row 143)', () => {
    const fixture = new Fixture()
    const [a, b] = [fixture.join(peer(1)), fixture.join(peer(2))]
    fixture.announce(a, [P], { ...stale, localPref: 500 })
    expect(fixture.best(P)).toBe('peer 1')
    fixture.announce(b, [P], { localPref: 1, path: [65001, 65002] })
    expect(fixture.best(P)).toBe('peer 2')
    expect(lostSteps(fixture)).toEqual([undefined, 'long-lived-stale'])
    fixture.withdraw(b, [P])
    expect(fixture.best(P)).toBe('peer 1')
  })
})

/** A route with this value of AS_PATH. */
function sendPath(fixture: Fixture, description: RibPeer, segments: readonly number[]): void {
  const id = fixture.join(description, { isNew: true })
  const octets = [attribute(0x40, 1, [0]), attribute(0x40, 2, segments), attribute(0x40, 3, [10, 0, 2, 1])].flat()
  expect(
    fixture.sendBody(id, updateBody([], [...octets, ...attribute(0x40, 5, [0, 0, 0, 100])], nlriBytes(key(P)))),
  ).toBeUndefined()
  fixture.settle()
}

/** A segment of AS_PATH with four-octet numbers. */
const segment = (type: number, ...numbers: number[]) => [
  type,
  numbers.length,
  ...numbers.flatMap(n => [0, 0, n >> 8, n & 255]),
]
const [SET, SEQUENCE, CONFED_SEQUENCE, CONFED_SET] = [1, 2, 3, 4]

describe('the length of AS_PATH', () => {
  it.each<[string, number[], number[], string]>([
    ['a set as 1', [...segment(SEQUENCE, 1), ...segment(SET, 2, 3, 4)], segment(SEQUENCE, 1, 2, 3), 'as-path-length'],
    ['a set as more than 0', segment(SEQUENCE, 1), [...segment(SEQUENCE, 1), ...segment(SET, 2, 3)], 'as-path-length'],
    [
      'confederation segments as 0',
      [...segment(CONFED_SEQUENCE, 7, 8), ...segment(CONFED_SET, 9), ...segment(SEQUENCE, 1)],
      segment(SEQUENCE, 1),
      'router-id',
    ],
  ])('counts %s (row 140)', (_, best, other, step) => {
    const fixture = new Fixture()
    for (const [n, path] of [best, other].entries())
      sendPath(fixture, peer(n + 1, { isConfederationPeer: true, rejectAsSets: false }), path)
    expect(fixture.best(P)).toBe('peer 1')
    expect(lostSteps(fixture)).toEqual([undefined, step])
  })
})

describe('a tie after the metric', () => {
  it('goes to the lower ORIGINATOR_ID or identifier, then the shorter CLUSTER_LIST, then the lower address (row 141)', () => {
    const fixture = new Fixture()
    const reflected = (...clusterList: number[]) => ({ originatorId: 5, clusterList })
    const paths: [RibPeer, Partial<TestAttributes>][] = [
      [peer(4, { routerId: 5 }), {}],
      [peer(3, { routerId: 99 }), reflected(1)],
      [peer(5, { routerId: 98 }), reflected(1)],
      [peer(2, { routerId: 97 }), reflected(1, 2)],
      [peer(1, { routerId: 6 }), {}],
    ]
    const ids = paths.toReversed().map(([description, a]) => {
      const id = fixture.join(description)
      fixture.announce(id, [P], a)
      return id
    })
    const order: (string | undefined)[] = []
    for (const id of ids.toReversed()) {
      order.push(fixture.best(P))
      fixture.withdraw(id, [P])
    }
    expect(order).toEqual(['peer 4', 'peer 3', 'peer 5', 'peer 2', 'peer 1'])
  })
})

/** The next hops of P as a listener hears them, one line a change. */
function spread(fixture: Fixture): string[] {
  const lines: string[] = []
  fixture.rib.onBestRoute({
    routeChanged: (route: BestRoute) => {
      const hops = Array.from({ length: route.nextHopCount }, (_, i) => route.nextHopAt(i).text)
      expect(() => route.nextHopAt(route.nextHopCount)).toThrow(RangeError)
      lines.push(hops.join(' ') || '-')
    },
    flushed: () => {},
  })
  return lines
}

it('tells listeners the LOCAL_PREF of the best path, 100 where nobody gave one', () => {
  const fixture = new Fixture()
  const heard: number[] = []
  fixture.rib.onBestRoute({ routeChanged: route => void heard.push(route.localPref), flushed: () => {} })
  const [first, second] = [1, 2].map(n => fixture.join(peer(n)))
  if (first === undefined || second === undefined) throw new Error('two peers joined')
  fixture.announce(first, [P], {})
  fixture.announce(second, [P], { localPref: 2147482623 })
  expect(heard).toEqual([100, 2147482623])
})

describe('a multipath set', () => {
  const hop = (n: number) => ({ nextHop: `0a00020${n}` })

  it('holds the paths equal through the metric, best first, each next hop once (row 144)', () => {
    const fixture = new Fixture({ selection: { multipath: { ebgp: 1, ibgp: 3 } } })
    const lines = spread(fixture)
    const ids = [4, 3, 2, 1].map(n => fixture.join(peer(n)))
    const [d, c, b, a] = ids
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('four sessions')
    fixture.announce(d, [P], hop(4))
    fixture.announce(c, [P], hop(3))
    fixture.announce(b, [P], hop(3))
    fixture.announce(a, [P], { ...hop(1), path: [65001, 65002] })
    fixture.announce(a, [P], hop(1))
    expect(lines).toEqual([
      '10.0.2.4',
      '10.0.2.3 10.0.2.4',
      '10.0.2.3 10.0.2.4',
      '10.0.2.3 10.0.2.4',
      '10.0.2.1 10.0.2.3 10.0.2.4',
    ])
    fixture.withdraw(d, [P])
    expect(lines.at(-1)).toBe('10.0.2.1 10.0.2.3')
  })

  it('has one member by default', () => {
    const fixture = new Fixture()
    const lines = spread(fixture)
    for (const n of [2, 1]) fixture.announce(fixture.join(peer(n)), [P], hop(n))
    expect(lines).toEqual(['10.0.2.2', '10.0.2.1'])
  })

  it('of external paths has its own limit, and no internal path in it (row 144)', () => {
    const fixture = new Fixture({ selection: { multipath: { ebgp: 2, ibgp: 8 } } })
    const lines = spread(fixture)
    fixture.announce(fixture.join(peer(9)), [P], hop(9))
    for (const n of [1, 2, 3]) fixture.announce(fixture.join(external(n)), [P], hop(n))
    expect(lines.at(-1)).toBe('10.0.2.1 10.0.2.2')
  })

  it('of external paths leaves internal ones out where there is room, too (row 144)', () => {
    const fixture = new Fixture({ selection: { multipath: { ebgp: 8, ibgp: 8 } } })
    const lines = spread(fixture)
    fixture.announce(fixture.join(peer(9)), [P], hop(9))
    for (const n of [1, 2]) fixture.announce(fixture.join(external(n)), [P], hop(n))
    expect(lines.at(-1)).toBe('10.0.2.1 10.0.2.2')
  })

  it('leaves out a path whose next hop is further away, until that is as near (row 144)', () => {
    const fixture = new Fixture({ resolveNextHops: true, selection: { multipath: { ebgp: 1, ibgp: 8 } } })
    const lines = spread(fixture)
    const reach = (n: number, metric: number) =>
      fixture.rib.setUnderlayRoute(prefix(`10.0.2.${n}/32`), { metric, isConnected: false, interfaceIndex: 2 })
    for (const [n, metric] of [
      [1, 10],
      [2, 20],
      [3, 10],
    ] as const)
      reach(n, metric)
    for (const n of [1, 2, 3]) fixture.announce(fixture.join(peer(n)), [P], hop(n))
    expect(lines.at(-1)).toBe('10.0.2.1 10.0.2.3')
    reach(2, 10)
    fixture.settle()
    expect(lines.at(-1)).toBe('10.0.2.1 10.0.2.2 10.0.2.3')
  })

  it('leaves out a path that a lower MED of its neighbour AS takes out, though it is no worse than the best', () => {
    const fixture = new Fixture({ selection: { multipath: { ebgp: 1, ibgp: 8 } } })
    const lines = spread(fixture)
    fixture.announce(fixture.join(peer(1)), [P], { ...hop(1), path: [65001], med: 0 })
    fixture.announce(fixture.join(peer(2)), [P], { ...hop(2), path: [65002], med: 5 })
    fixture.announce(fixture.join(peer(3)), [P], { ...hop(3), path: [65002], med: 3 })
    expect(lines.at(-1)).toBe('10.0.2.1 10.0.2.3')
  })

  it('is told as its best path only to a peer without ADD-PATH (row 144)', () => {
    const fixture = new Fixture({ selection: { multipath: { ebgp: 1, ibgp: 8 } } })
    const reader = fixture.join(peer(9))
    for (const n of [1, 2]) fixture.announce(fixture.join(peer(n)), [P], hop(n))
    const announced = fixture.read(reader).flatMap(update => update.announced.map(() => update.attributes?.nextHop))
    expect(new Set(announced)).toEqual(new Set(['0a000201']))
  })
})
