/** Other rules for the decision process while routes are there: chosen anew, and only what comes out differently is told. */
import { describe, expect, it } from 'vitest'
import type { RibPeer, SelectionOptions } from '../../../src/rib/index.ts'
import { Fixture, key, peer, prefix } from '../../support/rib-fixture.ts'
import type { TestAttributes } from '../../support/rib-wire.ts'

const P = '10.1.0.0/16'
const SAME = '10.2.0.0/16'
const external = (n: number, more: Partial<RibPeer> = {}) => peer(n, { kind: 'ebgp', asn: 65001, ...more })

/** Sessions with a path to P each, one route that is not in question, and a reader that has read. */
function world(before: SelectionOptions, paths: readonly [RibPeer, Partial<TestAttributes>][], stretch = 65536) {
  const fixture = new Fixture({ selection: before, stretch })
  const reader = fixture.join(peer(9, { reflectorClient: true }))
  for (const [description, a] of paths) fixture.announce(fixture.join(description), [P, SAME], { localPref: 100, ...a })
  const settled = fixture.join(peer(8))
  fixture.announce(settled, [SAME], { localPref: 999 })
  fixture.read(reader)
  return { fixture, reader }
}

const nextHop = (n: number) => ({ nextHop: `0a00020${n}` })

describe('other options of the selection', () => {
  it.each<[string, SelectionOptions, SelectionOptions, [RibPeer, Partial<TestAttributes>][], string]>([
    [
      'MED between all ASes',
      {},
      { alwaysCompareMed: true },
      [
        [peer(1), { path: [65001], med: 50 }],
        [peer(2), { path: [65002], med: 1 }],
      ],
      'peer 2',
    ],
    [
      'MED within an AS only, again',
      { alwaysCompareMed: true },
      {},
      [
        [peer(1), { path: [65001], med: 50 }],
        [peer(2), { path: [65002], med: 1 }],
      ],
      'peer 1',
    ],
    [
      'a missing MED as the worst',
      {},
      { missingMedAsWorst: true },
      [
        [peer(1), {}],
        [peer(2), { med: 50 }],
      ],
      'peer 2',
    ],
    [
      'a missing MED as the best, again',
      { missingMedAsWorst: true },
      {},
      [
        [peer(1), {}],
        [peer(2), { med: 50 }],
      ],
      'peer 1',
    ],
    [
      'no preference for older paths any more',
      { preferOlder: true },
      {},
      [
        [external(2), {}],
        [external(1), {}],
      ],
      'peer 1',
    ],
  ])('are in effect at once: %s', (_, before, after, paths, winner) => {
    const { fixture, reader } = world(before, paths)
    expect(fixture.best(P)).not.toBe(winner)
    fixture.rib.setSelection(after)
    fixture.settle()
    expect(fixture.best(P)).toBe(winner)
    expect(fixture.told(reader)).toEqual([`+${key(P)}`])
    expect(fixture.rib.pending).toBe(false)
    // What comes later is measured the same way.
    const [late] = [fixture.join(peer(7))]
    fixture.announce(late, ['10.3.0.0/16'], { med: 3 })
    const fresh = new Fixture({ selection: after })
    for (const [description, a] of paths) fresh.announce(fresh.join(description), [P, SAME], { localPref: 100, ...a })
    const steps = (one: Fixture) => one.rib.explain(prefix(P))?.paths.map(path => path.lost?.step)
    expect(steps(fixture)).toEqual(steps(fresh))
  })

  it('tell nobody anything where the choice is the same, in slices as at once', () => {
    const paths: [RibPeer, Partial<TestAttributes>][] = [
      [peer(1), { path: [65001], med: 1 }],
      [peer(2), { path: [65002], med: 50 }],
    ]
    const { fixture, reader } = world({}, paths, 1)
    fixture.rib.setSelection({ alwaysCompareMed: true })
    fixture.settle()
    expect([fixture.best(P), fixture.told(reader)]).toEqual(['peer 1', []])
  })

  it('come together with routes that change meanwhile', () => {
    const { fixture, reader } = world(
      {},
      [
        [peer(1), { path: [65001], med: 50 }],
        [peer(2), { path: [65002], med: 1 }],
      ],
      1,
    )
    const late = fixture.join(peer(3))
    fixture.rib.setSelection({ alwaysCompareMed: true })
    fixture.rib.work()
    fixture.send(late, { announced4: [key(P)], attributes: { origin: 0, path: [65003], nextHop: '0a000203', med: 0 } })
    fixture.settle()
    expect(fixture.best(P)).toBe('peer 3')
    expect(fixture.told(reader)).toEqual([`+${key(P)}`])
  })

  it('give the kernel more next hops, and fewer again, without a word to peers', () => {
    const { fixture, reader } = world({}, [
      [peer(1), nextHop(1)],
      [peer(2), nextHop(2)],
      [peer(3), nextHop(3)],
    ])
    const heard: string[] = []
    fixture.rib.onBestRoute({
      routeChanged: route => {
        const hops = Array.from({ length: route.nextHopCount }, (_, i) => route.nextHopAt(i).text)
        if (route.nextHopCount > 0 && hops[0] === '10.0.2.1') heard.push(hops.join(' '))
      },
      flushed: () => {},
    })
    fixture.settle()
    expect(heard.splice(0)).toContain('10.0.2.1')
    fixture.rib.setSelection({ multipath: { ebgp: 1, ibgp: 2 } })
    fixture.settle()
    expect(heard.splice(0)).toContain('10.0.2.1 10.0.2.2')
    fixture.rib.setSelection({ multipath: { ebgp: 1, ibgp: 8 } })
    fixture.settle()
    expect(heard.splice(0)).toContain('10.0.2.1 10.0.2.2 10.0.2.3')
    fixture.rib.setSelection({})
    fixture.settle()
    expect(heard.splice(0)).toContain('10.0.2.1')
    expect(fixture.told(reader)).toEqual([])
  })

  it('reach the kernel also when a session comes up meanwhile', () => {
    const fixture = new Fixture({ stretch: 1 })
    const others = Array.from({ length: 8 }, (_, i) => `10.7.${i}.0/24`)
    for (const n of [1, 2]) fixture.announce(fixture.join(peer(n)), [...others, P], nextHop(n))
    let most = 0
    fixture.rib.onBestRoute({
      routeChanged: route => {
        most = Math.max(most, route.nextHopCount)
      },
      flushed: () => {},
    })
    fixture.settle()
    expect(most).toBe(1)
    fixture.rib.setSelection({ multipath: { ebgp: 1, ibgp: 2 } })
    fixture.rib.work()
    fixture.rib.addPeer(peer(3, { kind: 'ebgp' }))
    fixture.settle()
    expect(most).toBe(2)
  })

  it('change which paths a reader of the multipath set holds', () => {
    const fixture = new Fixture()
    const addPath = { 'ipv4-unicast': { receive: false, send: true } }
    const reader = fixture.join(peer(9, { addPath, addPathSend: 'multipath' }))
    for (const n of [1, 2, 3]) fixture.announce(fixture.join(peer(n)), [P], nextHop(n))
    const moves = () => fixture.told(reader).map(line => line[0])
    expect(moves()).toEqual(['+'])
    fixture.rib.setSelection({ multipath: { ebgp: 1, ibgp: 3 } })
    fixture.settle()
    expect(moves()).toEqual(['+', '+'])
    fixture.rib.setSelection({})
    fixture.settle()
    expect(moves()).toEqual(['-', '-'])
  })
})
