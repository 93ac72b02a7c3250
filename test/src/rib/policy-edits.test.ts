/** What policies change, seen by whoever is told: on import, on export, towards each kind of peer. */
import { describe, expect, it } from 'vitest'
import { compilePolicy, type Edits, type Match } from '../../../src/policy/index.ts'
import type { LocalSource, RibPeer } from '../../../src/rib/index.ts'
import { attributes, Fixture, key, OWN, peer, prefix } from '../../support/rib-fixture.ts'
import type { TestAttributes } from '../../support/rib-wire.ts'

const P = '10.1.0.0/16'
const external = { kind: 'ebgp', asn: 65099 } as const
const session = { type: 'ibgp', localAsn: OWN.asn } as const
const setting = (set: Edits, match: Match = {}) =>
  compilePolicy({ name: 'edit', terms: [{ match, set, action: 'accept' }], otherwise: 'accept' }, session)

interface Case {
  readonly from?: Partial<RibPeer>
  readonly to?: Partial<RibPeer>
  readonly carries?: Partial<TestAttributes>
}

/** What peer 2 is told when peer 1 announces one route. */
function tell({ from = {}, to = {}, carries = {} }: Case): TestAttributes | undefined {
  const fixture = new Fixture()
  const source = fixture.join(peer(1, from))
  const target = fixture.join(peer(2, to))
  expect(fixture.send(source, { announced4: [key(P)], attributes: attributes(carries) })).toBeUndefined()
  fixture.settle()
  return fixture.toldAttributes(target)
}

const count = (path: readonly number[] = []) => [path.length, path[0], path.at(-1)]
const many = (length: number, asn: number) => new Array<number>(length).fill(asn)

describe('AS numbers in front of the path (RFC 4271 5.1.2)', () => {
  const twice = setting({ prepend: [0, 7] })
  it.each<[string, Case, number[]]>([
    ['on import', { from: { importPolicy: twice } }, [OWN.asn, 7, 65001]],
    ['on export to an internal peer', { to: { exportPolicy: twice } }, [OWN.asn, 7, 65001]],
    [
      'on export, behind the own AS that is due',
      { to: { ...external, exportPolicy: twice } },
      [OWN.asn, OWN.asn, 7, 65001],
    ],
    ['to an empty path', { to: { exportPolicy: twice }, carries: { path: [] } }, [OWN.asn, 7]],
    [
      'to a 2-octet speaker, which gets AS4_PATH',
      { to: { ...external, fourOctetAs: false, exportPolicy: setting({ prepend: [4200000001] }) } },
      [OWN.asn, 4200000001, 65001],
    ],
  ])('%s', (_, given, path) => {
    expect(tell(given)?.path).toEqual(path)
  })

  it.each([
    ['fill up the first segment', 253, 2, 255],
    ['take a segment of their own when it is full', 254, 2, 256],
    ['take more than one', 200, 520, 720],
  ])('%s', (_, had, added, length) => {
    const exportPolicy = setting({ prepend: many(added, 7) })
    const told = tell({ to: { exportPolicy, maxLength: 65535 }, carries: { path: many(had, 9) } })
    expect(count(told?.path)).toEqual([length, 7, 9])
    const external4 = { ...external, exportPolicy, maxLength: 65535 }
    expect(count(tell({ to: external4, carries: { path: many(had, 9) } })?.path)).toEqual([length + 1, OWN.asn, 9])
  })

  it('make a path longer in the decision, too', () => {
    const fixture = new Fixture()
    fixture.announce(fixture.join(peer(1, { importPolicy: setting({ prepend: [7, 7] }) })), [P])
    fixture.announce(fixture.join(peer(2)), [P], { path: [65001, 65002] })
    expect(fixture.best(P)).toBe('peer 2')
  })
})

describe('large communities (RFC 8092)', () => {
  const edit: Edits = {
    addCommunities: [5, [64512, 1, 9], [1, 2, 3]],
    removeCommunities: [
      { value: [64512, 1, 0], mask: [0xffffffff, 0xffffffff, 0] },
      { value: 0xfc000000, mask: 0xffff0000 },
    ],
  }
  const had: Partial<TestAttributes> = {
    communities: [0xfc000007, 4],
    largeCommunities: [
      [64512, 1, 2],
      [64512, 2, 2],
      [1, 2, 3],
    ],
  }
  const has = {
    communities: [4, 5],
    largeCommunities: [
      [64512, 2, 2],
      [1, 2, 3],
      [64512, 1, 9],
    ],
  }
  it.each<[string, Case]>([
    ['on import', { from: { importPolicy: setting(edit) } }],
    ['on export', { to: { exportPolicy: setting(edit) } }],
    ['to an external peer', { to: { ...external, exportPolicy: setting(edit) } }],
  ])('are added and removed %s, by pattern, each once, beside the others', (_, given) => {
    expect(tell({ ...given, carries: had })).toMatchObject(has)
  })

  it('come where there were none, and disappear with the last one', () => {
    const bare = tell({ to: { exportPolicy: setting(edit) } })
    expect([bare?.communities, bare?.largeCommunities]).toEqual([
      [5],
      [
        [1, 2, 3],
        [64512, 1, 9],
      ],
    ])
    const exportPolicy = setting({ removeCommunities: [[1, 2, 3]] })
    expect(tell({ to: { exportPolicy }, carries: { largeCommunities: [[1, 2, 3]] } })).not.toHaveProperty(
      'largeCommunities',
    )
  })

  it('are seen on export by what import added', () => {
    const importPolicy = setting({ addCommunities: [[1, 2, 3]] })
    const exportPolicy = compilePolicy({
      ...{ name: 'only marked', otherwise: 'reject' },
      terms: [{ match: { communities: [[1, 2, 3]] }, action: 'accept' }],
    })
    expect(tell({ from: { importPolicy }, to: { exportPolicy } })).toBeDefined()
    expect(tell({ to: { exportPolicy } })).toBeUndefined()
  })
})

describe('LOCAL_PREF of local routes by their metric (calico.md 3.5, step 0)', () => {
  const exportPolicy = setting({ localPref: 5, localPrefFromMetric: 1024 })
  it.each<[string, LocalSource, number, number]>([
    ['an ordinary static route', 'static', 0, 2147482623],
    ['an elevated workload route', 'kernel', 512, 2147483135],
    ['an alien route without metric', 'kernel', 0, 2147483647],
    ['a metric beyond all priorities', 'kernel', 4294967295, 0],
  ])('%s', (_, source, metric, localPref) => {
    const fixture = new Fixture()
    const target = fixture.join(peer(1, { exportPolicy }))
    fixture.rib.announceLocal(source, prefix(P), {
      ...{ metric, type: 'unicast', interfaceIndex: 3, interfaceName: 'cali1', preference: 200 },
    })
    fixture.settle()
    expect(fixture.toldAttributes(target)?.localPref).toBe(localPref)
  })

  it('routes of neighbours keep what the rest of the term says', () => {
    expect(tell({ to: { exportPolicy } })?.localPref).toBe(5)
  })
})

describe('preference among sources, set on import (calico.md 3.3, step 3)', () => {
  const elevated = setting({ preference: 200 }, { localPref: { min: 2147482624, max: 4294967295 } })
  function world(resolveNextHops: boolean) {
    const fixture = new Fixture({ resolveNextHops })
    const underlay = { metric: 1, isConnected: true, interfaceIndex: 2 }
    fixture.rib.setUnderlayRoute(prefix('10.0.2.0/24'), underlay)
    const id = fixture.join(peer(1, { importPolicy: elevated }))
    fixture.rib.announceLocal('kernel', prefix(P), {
      ...{ metric: 0, type: 'unicast', interfaceIndex: 3, interfaceName: 'cali1', preference: 150 },
    })
    return { fixture, id, underlay }
  }

  it('an elevated route wins over the local one of 150, an ordinary one does not', () => {
    const { fixture, id } = world(false)
    fixture.announce(id, [P])
    expect(fixture.best(P)).toBe('kernel')
    fixture.announce(id, [P], { localPref: 2147483135 })
    expect(fixture.best(P)).toBe('peer 1')
    expect([...fixture.rib.routes({ prefix: prefix(P) })].map(view => view.preference)).toEqual([200, 150])
  })

  it('survives that its next hop goes and comes back', () => {
    const { fixture, id, underlay } = world(true)
    fixture.announce(id, [P], { localPref: 2147483135 })
    expect(fixture.best(P)).toBe('peer 1')
    fixture.rib.removeUnderlayRoute(prefix('10.0.2.0/24'))
    fixture.settle()
    expect(fixture.best(P)).toBe('kernel')
    fixture.rib.setUnderlayRoute(prefix('10.0.2.0/24'), underlay)
    fixture.settle()
    expect(fixture.best(P)).toBe('peer 1')
  })

  it('follows a changed policy, and is forgotten with the route', () => {
    const { fixture, id } = world(false)
    fixture.announce(id, [P], { localPref: 2147483135 })
    fixture.rib.setImportPolicy(id, setting({ preference: 120 }))
    fixture.settle()
    expect(fixture.best(P)).toBe('kernel')
    fixture.rib.setImportPolicy(id, setting({ preference: 160 }))
    fixture.settle()
    expect(fixture.best(P)).toBe('peer 1')
    fixture.withdraw(id, [P])
    expect(fixture.rib.stats().attributeSets).toBe(1)
  })
})
