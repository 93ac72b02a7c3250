import { describe, expect, it } from 'vitest'
import { RECORD_SHIFT, rankOf, UNUSABLE } from '../../../src/rib/attribute-record.ts'
import { AttributeStore } from '../../../src/rib/attribute-store.ts'
import { Decision } from '../../../src/rib/decision.ts'
import { firstDifference, LADDER, type PathFacts } from '../../../src/rib/ladder.ts'
import { PathSlab } from '../../../src/rib/path-slab.ts'
import type { SelectionOptions } from '../../../src/rib/port.ts'
import { SourceTable } from '../../../src/rib/source-table.ts'
import { attributes, Fixture, key, peer, prefix } from '../../support/rib-fixture.ts'
import { randomFrom } from '../../support/rib-random-parts.ts'
import type { TestAttributes } from '../../support/rib-wire.ts'

const P = '10.1.0.0/16'

interface Rival {
  kind?: 'ebgp'
  routerId?: number
  address?: Uint8Array
  with?: Partial<TestAttributes>
}

/** One row per step: what makes the loser lose there, all else equal. */
const ROWS: { step: string; best: Rival; loser: Rival }[] = [
  { step: 'local-pref', best: { with: { localPref: 101 } }, loser: { with: { path: [] } } },
  { step: 'as-path-length', best: { with: { path: [65001], origin: 2 } }, loser: { with: { path: [65001, 65002] } } },
  { step: 'origin', best: { with: { origin: 0, med: 9 } }, loser: { with: { origin: 1 } } },
  { step: 'med', best: { routerId: 99, with: { med: 1 } }, loser: { routerId: 1, with: { med: 2 } } },
  { step: 'external', best: { kind: 'ebgp', routerId: 99, with: { path: [65002] } }, loser: { routerId: 1 } },
  { step: 'router-id', best: { routerId: 1 }, loser: { routerId: 2 } },
  { step: 'router-id', best: { routerId: 9, with: { originatorId: 1 } }, loser: { routerId: 2 } },
  {
    step: 'cluster-list-length',
    best: { with: { originatorId: 1, clusterList: [7] } },
    loser: { with: { originatorId: 1, clusterList: [7, 8] } },
  },
  {
    step: 'peer-address',
    best: { routerId: 5, address: Uint8Array.of(10, 0, 0, 9) },
    loser: { routerId: 5, address: Uint8Array.of(10, 0, 0, 10) },
  },
  {
    step: 'peer-address',
    best: { routerId: 5, address: Uint8Array.of(200, 0, 0, 9) },
    loser: { routerId: 5, address: new Uint8Array(16) },
  },
]

function compete(best: Rival, loser: Rival, isReversed: boolean) {
  const fixture = new Fixture()
  const join = (n: number, rival: Rival) => {
    const { with: _, ...more } = rival
    return fixture.join(peer(n, more.kind === undefined ? more : { ...more, asn: 65002 }))
  }
  const winner = join(1, best)
  const other = join(2, loser)
  const sessions = [
    { id: winner, rival: best },
    { id: other, rival: loser },
  ]
  for (const { id, rival } of isReversed ? sessions.toReversed() : sessions) fixture.announce(id, [P], rival.with)
  return { fixture, explanation: fixture.rib.explain(prefix(P)) }
}

describe('the decision process', () => {
  for (const isReversed of [false, true]) {
    it.each(ROWS)(
      `prefers the better path on step $step, ${isReversed ? 'worse first' : 'better first'}`,
      ({ step, best, loser }) => {
        const { fixture, explanation } = compete(best, loser, isReversed)
        expect(fixture.best(P)).toBe('peer 1')
        expect(explanation?.paths.map(path => path.lost?.step)).toEqual([undefined, step])
        expect(explanation?.paths[1]?.lost?.against).toBe('peer 1')
      },
    )
  }

  it('prefers the source with the higher preference before BGP is asked', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    fixture.announce(id, [P], { localPref: 4000 })
    const route = { metric: 0, type: 'blackhole', interfaceIndex: 0, interfaceName: '' } as const
    fixture.rib.announceLocal('kernel', prefix(P), { ...route, preference: 10 })
    expect(fixture.best(P)).toBe('peer 1')
    fixture.rib.announceLocal('static', prefix(P), { ...route, preference: 200 })
    expect(fixture.best(P)).toBe('static')
    const lost = fixture.rib.explain(prefix(P))?.paths.map(path => path.lost?.step)
    expect(lost?.toSorted()).toEqual(['preference', 'preference', undefined])
  })

  it('compares MED only between paths from the same neighbour AS', () => {
    const fixture = new Fixture()
    const first = fixture.join(peer(1))
    const second = fixture.join(peer(2))
    fixture.announce(second, [P], { path: [65002], med: 1 })
    fixture.announce(first, [P], { path: [65001], med: 50 })
    expect(fixture.best(P)).toBe('peer 1')
  })

  it('says which path of its own neighbour AS takes a path out that beats the best one pairwise', () => {
    const fixture = new Fixture()
    const [a, b, c] = [1, 2, 3].map(n => fixture.join(peer(n)))
    if (a === undefined || b === undefined || c === undefined) throw new Error('three peers')
    fixture.announce(a, [P], { path: [65001], med: 20 })
    fixture.announce(b, [P], { path: [65002], med: 0 })
    fixture.announce(c, [P], { path: [65001], med: 10 })
    expect(fixture.best(P)).toBe('peer 2')
    const lost = fixture.rib.explain(prefix(P))?.paths.find(path => path.view.peerName === 'peer 1')?.lost
    expect(lost).toEqual({
      step: 'med',
      section: 'RFC 4271 9.1.2.2 c',
      value: 'MED 20 from AS 65001',
      winner: 'MED 10 from AS 65001',
      against: 'peer 3',
    })
  })

  it('brings a path back when the one that hid it by MED is withdrawn, though neither was best', () => {
    const fixture = new Fixture()
    const [a, b, c] = [1, 2, 3].map(n => fixture.join(peer(n)))
    if (a === undefined || b === undefined || c === undefined) throw new Error('three peers')
    fixture.announce(a, [P], { path: [65001], med: 20 })
    fixture.announce(b, [P], { path: [65002], med: 0 })
    fixture.announce(c, [P], { path: [65001], med: 10 })
    expect(fixture.best(P)).toBe('peer 2')
    fixture.withdraw(c, [P])
    expect(fixture.best(P)).toBe('peer 1')
    fixture.announce(c, [P], { path: [65001], med: 10 })
    expect(fixture.best(P)).toBe('peer 2')
    fixture.announce(c, [P], { path: [65001], med: 30 })
    expect(fixture.best(P)).toBe('peer 1')
  })

  it('does not prefer a path for being announced again', () => {
    const fixture = new Fixture()
    const [a, b] = [fixture.join(peer(1)), fixture.join(peer(2))]
    fixture.announce(a, [P])
    fixture.announce(b, [P])
    fixture.announce(b, [P])
    expect(fixture.send(a, { announced4: [key(P)], attributes: attributes() })).toBeUndefined()
    expect(fixture.best(P)).toBe('peer 1')
    expect(fixture.rib.pending).toBe(false)
  })
})

describe('the ladder', () => {
  it('names every step once, each with its section', () => {
    expect(new Set(LADDER.map(step => step.name)).size).toBe(LADDER.length)
    expect(LADDER.every(step => /^(RFC|local: )/.test(step.section))).toBe(true)
  })

  it.each<SelectionOptions>([
    {},
    { alwaysCompareMed: true },
    { preferOlder: true },
    { alwaysCompareMed: true, preferOlder: true },
  ])('agrees with the hot comparison on random pairs, options %j', options => {
    const random = randomFrom(11)
    const below = (n: number) => Math.floor(random() * n)
    const sources = new SourceTable()
    const store = new AttributeStore(3, 64, () => {})
    const decision = new Decision(store, sources, options)
    const paths = new PathSlab(64)
    for (let n = 0; n < 40; n++) {
      const address = n % 3 === 0 ? Uint8Array.of(10, 0, 0, n % 2) : new Uint8Array(16).fill(n % 2)
      sources.add(peer(n, { address }))
    }
    const draw = (isHeld: boolean): { path: number; facts: PathFacts } => {
      const sourceId = below(10) === 0 ? 1 + below(3) : 16 + below(40)
      const isUsable = below(16) > 0
      const facts: PathFacts = {
        unusable: isUsable ? undefined : 'loop',
        isStale: isUsable && below(8) === 0,
        preference: isUsable && below(8) === 0 ? 200 : 100,
        localPref: [0, 100, 0xffffffff][below(10)] ?? 100,
        asPathLength: below(6) === 0 ? 1 : 2,
        origin: below(6) === 0 ? 1 : 0,
        neighbourAs: [0, 65001, 4200000001][below(3)] ?? 0,
        med: [0, 1, 0xffffffff][below(6)] ?? 0,
        isInternal: below(3) === 0,
        metric: below(6) === 0 ? 1 : 0,
        routerId: [1, 0xc0000000][below(4)] ?? 1,
        clusterListLength: below(6) === 0 ? 1 : 0,
        isHeld,
        address: sources.get(sourceId)?.peer.address,
        sourceId,
        pathId: [0, 1, 0xffffffff][below(3)] ?? 0,
      }
      return { path: paths.add(insert(store, facts), 1, sourceId, facts.pathId | 0), facts }
    }
    const steps = new Set<string>()
    for (let i = 0; i < 20_000; i++) {
      const a = draw(true)
      const b = draw(false)
      const difference = firstDifference(a.facts, b.facts, options)
      steps.add(difference?.step.name ?? 'none')
      if (difference === undefined) continue
      expect(decision.displaces(paths, b.path, a.path)).toBe(!difference.isFirstBetter)
      if (difference.step.name === 'prefer-older') continue
      paths.link(a.path, b.path)
      expect(decision.select(paths, a.path, 0)).toBe(difference.isFirstBetter ? a.path : b.path)
    }
    const all = LADDER.map(step => step.name).filter(name => options.preferOlder === true || name !== 'prefer-older')
    expect([...steps].filter(name => name !== 'none').toSorted()).toEqual(all.toSorted())
  })
})

let unique = 0

/** A set with these facts and bytes of its own. The words are those of attribute-record.ts. */
function insert(store: AttributeStore, facts: PathFacts): number {
  const bytes = Uint8Array.of(unique >> 16, unique >> 8, unique++)
  store.probe(facts.sourceId, bytes, 0, 3)
  const set = store.insert(facts.sourceId, 3)
  const rank = facts.unusable === undefined ? rankOf(facts.preference, facts.isStale) : UNUSABLE
  store.records.set(
    [
      rank << 16,
      ~facts.localPref,
      (facts.asPathLength << 8) | facts.origin,
      facts.med,
      facts.neighbourAs,
      (facts.isInternal ? 0x80000000 : 0) | facts.metric,
      facts.routerId,
      facts.clusterListLength,
    ],
    (set << RECORD_SHIFT) + 4,
  )
  return set
}
