import { describe, expect, it } from 'vitest'
import { attributes, Fixture, key, peer } from '../../support/rib-fixture.ts'
import { attribute, attributeBytes, nlriBytes, updateBody } from '../../support/rib-wire.ts'

const many4 = (count: number) =>
  Array.from({ length: count }, (_, i) => `${11 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24`)
const many6 = (count: number) => Array.from({ length: count }, (_, i) => key(`2001:db8:${i.toString(16)}::/48`))
const GLOBAL = '20010db8000000000000000000000001'

function announceMany(fixture: Fixture, id: ReturnType<Fixture['join']>, count: number, more = {}): void {
  for (let i = 0; i < count; i += 500)
    fixture.send(id, {
      announced4: many4(count)
        .slice(i, i + 500)
        .map(key),
      attributes: attributes(more),
    })
}

describe('messages', () => {
  it.each([4096, 65535])(
    'row 70: hold equal routes packed to within one prefix of %i octets, never more (RFC 4271 9.2)',
    maxLength => {
      const fixture = new Fixture()
      const source = fixture.join(peer(1))
      const target = fixture.join(peer(2, { maxLength }))
      announceMany(fixture, source, 20_000)
      fixture.settle()
      const updates = fixture.read(target)
      const announced = new Set(updates.flatMap(update => update.announced))
      expect(announced.size).toBe(20_000)
      for (const { length } of updates.slice(0, -1)) {
        expect(length).toBeLessThanOrEqual(maxLength)
        expect(length).toBeGreaterThan(maxLength - 5)
      }
    },
  )

  it('pack withdraws of several sources by whom they concern', () => {
    const fixture = new Fixture()
    const sources = [1, 2, 3].map(n => fixture.join(peer(n)))
    const target = fixture.join(peer(9))
    const prefixes = many4(900)
    for (const [i, source] of sources.entries())
      fixture.announce(
        source,
        prefixes.filter((_, k) => k % 3 === i),
      )
    fixture.read(target)
    for (const [i, source] of sources.entries())
      fixture.send(source, { withdrawn4: prefixes.filter((_, k) => k % 3 === i).map(key) })
    fixture.settle()
    const updates = fixture.read(target)
    expect(updates.flatMap(update => update.withdrawn)).toHaveLength(900)
    expect(updates.length).toBeLessThanOrEqual(6)
  })

  it('carry IPv6 routes in MP_REACH_NLRI, first among the attributes, and withdraws alone in MP_UNREACH_NLRI (rows 68, 69)', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2))
    const all = many6(1200)
    for (let i = 0; i < all.length; i += 300) {
      fixture.send(source, {
        announced6: all.slice(i, i + 300),
        nextHop6: GLOBAL,
        attributes: attributes({ communities: [1] }),
      })
    }
    fixture.settle()
    const told = fixture.read(target)
    expect(told.flatMap(update => update.announced).toSorted()).toEqual(all.toSorted())
    expect(new Set(told.map(update => update.types.join()))).toEqual(new Set(['14,1,2,5,8,9,10']))
    expect(Math.max(...told.map(update => update.length))).toBeLessThanOrEqual(4096)
    expect(told).toHaveLength(3)
    fixture.rib.removePeer(source)
    fixture.settle()
    const withdrawn = fixture.read(target)
    expect(withdrawn.flatMap(update => update.withdrawn).toSorted()).toEqual(all.toSorted())
    expect(new Set(withdrawn.map(update => update.types.join()))).toEqual(new Set(['15']))
  })
})

describe('a route whose attributes leave no room (RFC 8654 4)', () => {
  const big = (octets: number, more: number[] = []) => [
    ...attributeBytes(attributes(), { fourOctetAs: true }),
    ...more,
    ...attribute(0xc0, 99, new Array(octets).fill(7)),
  ]

  it('is not told, is counted, and is withdrawn if an earlier one was told (row 71)', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1, { maxLength: 65535 }))
    const small = fixture.join(peer(2))
    const large = fixture.join(peer(3, { maxLength: 65535 }))
    fixture.announce(source, ['10.1.0.0/16'])
    expect(fixture.told(small)).toEqual([`+${key('10.1.0.0/16')}`])
    fixture.read(large)
    expect(fixture.sendBody(source, updateBody([], big(5000), nlriBytes(key('10.1.0.0/16'))))).toBeUndefined()
    fixture.settle()
    expect(fixture.told(small)).toEqual([`-${key('10.1.0.0/16')}`])
    expect(fixture.told(large)).toEqual([`+${key('10.1.0.0/16')}`])
    expect(fixture.rib.stats().groups.map(group => group.tooLong)).toEqual([0, 1])
  })

  it('is told without AGGREGATOR and ATOMIC_AGGREGATE when that is enough (row 71)', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1, { maxLength: 65535 }))
    const target = fixture.join(peer(2))
    const dispensable = [...attribute(0x40, 6, []), ...attribute(0xc0, 7, [0, 0, 0, 9, 1, 1, 1, 1])]
    // 4096 - 23 octets are for attributes and one prefix of up to 5; the rest of the attributes take 55 when reflected.
    const room = 4096 - 23 - 5 - (attributeBytes(attributes(), { fourOctetAs: true }).length + 14) - 4
    fixture.sendBody(source, updateBody([], big(room, dispensable), nlriBytes(key('10.1.0.0/16'))))
    fixture.settle()
    const [update] = fixture.read(target)
    expect(update?.types).toEqual([1, 2, 3, 5, 9, 10, 99])
    expect(update?.length).toBe(4096 - 2)
  })
})
