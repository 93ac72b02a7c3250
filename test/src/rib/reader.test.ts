import { describe, expect, it } from 'vitest'
import { IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/index.ts'
import { attributes, Fixture, key, peer } from '../../support/rib-fixture.ts'
import { readMessages } from '../../support/rib-wire.ts'

const P = '10.1.0.0/16'
const Q = '10.2.0.0/16'
const R = '10.3.0.0/16'
const [p, q, r] = [key(P), key(Q), key(R)]
const many = (count: number, top = 11) => Array.from({ length: count }, (_, i) => `${top}.${i >> 8}.${i & 255}.0/24`)

function announceMany(fixture: Fixture, id: ReturnType<Fixture['join']>, prefixes: readonly string[]): void {
  for (let i = 0; i < prefixes.length; i += 500) fixture.announce(id, prefixes.slice(i, i + 500))
}

describe('a peer that joins', () => {
  it('gets End-of-RIB for each of its families, also when there is nothing to tell (row 83, RFC 4724 2)', () => {
    const fixture = new Fixture()
    const both = fixture.join(peer(1), { isNew: true })
    const one = fixture.join(peer(2, { families: [IPV6_UNICAST] }), { isNew: true })
    expect(fixture.read(both).map(update => update.types)).toEqual([[], [15]])
    expect(fixture.read(one).map(update => update.types)).toEqual([[15]])
    expect(fixture.rib.hasOutput(both)).toBe(false)
  })

  it('gets the table first, then End-of-RIB, then changes', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    fixture.announce(source, [P, Q])
    const late = fixture.join(peer(2, { families: [IPV4_UNICAST] }), { isNew: true })
    expect(fixture.told(late)).toEqual([`+${q}`, `+${p}`, 'end'])
    fixture.withdraw(source, [P])
    expect(fixture.told(late)).toEqual([`-${p}`])
  })

  it('gets no End-of-RIB before what was known when it came has been flushed', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    fixture.send(source, { announced4: [p], attributes: attributes() })
    const late = fixture.join(peer(2, { families: [IPV4_UNICAST] }), { isNew: true })
    expect(fixture.told(late)).toEqual([])
    fixture.settle()
    expect(fixture.told(late)).toEqual([`+${p}`, 'end'])
  })

  it('is not told its own routes, neither by scan nor by log', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1), { isNew: true })
    fixture.announce(source, [P])
    expect(fixture.told(source)).toEqual(['end', 'end'])
    fixture.rib.refresh(source, IPV4_UNICAST)
    expect(fixture.told(source)).toEqual([])
  })

  it('shares the slices of its scan with those that joined with it', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    announceMany(fixture, source, many(9000))
    const late = [2, 3, 4].map(n => fixture.join(peer(n, { families: [IPV4_UNICAST] }), { isNew: true }))
    const pieces = late.map(id => {
      const arrays: Uint8Array[] = []
      fixture.rib.pull(id, bytes => arrays.push(bytes))
      return arrays
    })
    expect(pieces[1]?.[0]).toBe(pieces[0]?.[0])
    for (const id of late) expect(fixture.read(id).flatMap(update => update.announced).length).toBeGreaterThan(4000)
    const [, group] = fixture.rib.stats().groups
    expect([group?.slicesEncoded, group?.slicesShared]).toEqual([9, 18])
  })

  it('shares what did not change since with those that came before it, and is told the rest as it is', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const early = Array.from({ length: 20 }, (_, i) => fixture.join(peer(20 + i, { families: [IPV4_UNICAST] })))
    announceMany(fixture, source, many(3000))
    const slices = () => {
      const [, group] = fixture.rib.stats().groups
      return [group?.slicesEncoded, group?.slicesShared]
    }
    // The empty table, for the early ones. Who is alone shares with nobody.
    expect(slices()).toEqual([2, 18])
    for (const [n, encoded, shared] of [
      [3, 5, 18],
      [4, 5, 21],
    ] as const) {
      const late = fixture.join(peer(n, { families: [IPV4_UNICAST] }), { isNew: true })
      expect(fixture.read(late).flatMap(update => update.announced)).toHaveLength(3000)
      expect(slices()).toEqual([encoded, shared])
    }
    fixture.announce(source, ['10.0.0.0/16'])
    const last = fixture.join(peer(5, { families: [IPV4_UNICAST] }), { isNew: true })
    expect(new Set(fixture.read(last).flatMap(update => update.announced)).size).toBe(3001)
    expect(slices()).toEqual([6, 23])
    for (const id of early) expect(new Set(fixture.read(id).flatMap(update => update.announced)).size).toBe(3001)
  })
})

describe('changes', () => {
  it('are told once, however often a prefix changed before the flush', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2))
    for (const localPref of [100, 200, 300])
      fixture.send(source, { announced4: [p], attributes: attributes({ localPref }) })
    fixture.settle()
    const updates = fixture.read(target)
    expect(updates.map(update => update.attributes?.localPref)).toEqual([300])
  })

  it('say nothing about a prefix that came and went between two flushes', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2))
    fixture.send(source, { announced4: [p], attributes: attributes() })
    fixture.send(source, { withdrawn4: [p] })
    fixture.settle()
    expect(fixture.told(target)).toEqual([])
    expect(fixture.rib.stats().families[0]).toMatchObject({ prefixes: 0, tombstones: 0 })
  })

  it('withdraw from a peer whose own path became best what it was told from another', () => {
    const fixture = new Fixture()
    const [a, b, c] = [fixture.join(peer(1)), fixture.join(peer(2)), fixture.join(peer(3))]
    fixture.announce(a, [P], { localPref: 100 })
    for (const id of [a, b, c]) fixture.read(id)
    fixture.announce(b, [P], { localPref: 200 })
    expect([a, b, c].map(id => fixture.told(id))).toEqual([[`+${p}`], [`-${p}`], [`+${p}`]])
    fixture.withdraw(b, [P])
    expect([a, b, c].map(id => fixture.told(id))).toEqual([[`-${p}`], [`+${p}`], [`+${p}`]])
  })

  it('withdraw a route that may not be told any more, and only where it had been told', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const inside = fixture.join(peer(2))
    const outside = fixture.join(peer(3, { kind: 'ebgp' }))
    fixture.announce(source, [P])
    for (const id of [inside, outside]) fixture.read(id)
    fixture.announce(source, [P], { communities: [0xffffff01] })
    expect([fixture.told(inside), fixture.told(outside)]).toEqual([[`+${p}`], [`-${p}`]])
    fixture.withdraw(source, [P])
    expect([fixture.told(inside), fixture.told(outside)]).toEqual([[`-${p}`], []])
  })

  it('of one flush are the identical bytes for every peer they concern in full', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1, { kind: 'ebgp' }))
    const targets = [2, 3].map(n => fixture.join(peer(n)))
    fixture.announce(source, [P, Q])
    const arrays = targets.map(id => {
      let one: Uint8Array | undefined
      fixture.rib.pull(id, bytes => {
        one = bytes
      })
      return one
    })
    expect(arrays[0]).toBeDefined()
    expect(arrays[1]).toBe(arrays[0])
  })
})

describe('route refresh (RFC 2918 4)', () => {
  it('tells everything of that family again and nothing else', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2))
    fixture.announce(source, [P])
    const nextHop6 = '20010db8000000000000000000000001'
    fixture.send(source, { announced6: [key('2001:db8::/48')], nextHop6, attributes: attributes() })
    fixture.settle()
    fixture.read(target)
    fixture.rib.refresh(target, IPV4_UNICAST)
    expect(fixture.rib.hasOutput(target)).toBe(true)
    expect(fixture.told(target)).toEqual([`+${p}`])
    fixture.rib.refresh(target, IPV6_UNICAST)
    expect(fixture.told(target)).toEqual([`+${key('2001:db8::/48')}`])
  })

  it('of a family that was not negotiated is ignored', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1, { families: [IPV4_UNICAST] }))
    fixture.rib.refresh(id, IPV6_UNICAST)
    expect(fixture.told(id)).toEqual([])
  })
})

describe('a peer that lags behind', () => {
  const slow = { logLimit: 2000 }

  it('is told the newest state only, withdraws included, and costs no memory meanwhile', () => {
    const fixture = new Fixture(slow)
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2))
    fixture.announce(source, [P, Q])
    expect(fixture.told(target)).toHaveLength(2)
    for (let localPref = 100; localPref < 160; localPref++) fixture.announce(source, [P], { localPref })
    fixture.withdraw(source, [Q])
    fixture.announce(source, [R])
    const updates = fixture.read(target)
    expect(updates.flatMap(update => update.withdrawn)).toEqual([q])
    expect(updates.flatMap(update => update.announced).toSorted()).toEqual([p, r])
    expect(fixture.rib.peerCounters(target).resyncs).toBeGreaterThan(0)
  })

  it('in the middle of a flush still hears of what the rest of that flush told', () => {
    const fixture = new Fixture({ logLimit: 150_000 })
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2))
    const prefixes = many(30_000)
    for (let i = 0; i < prefixes.length; i += 500) {
      fixture.send(source, { announced4: prefixes.slice(i, i + 500).map(key), attributes: attributes() })
    }
    fixture.settle()
    const table = new Set<string>()
    const codec = { fourOctetAs: true }
    fixture.rib.pull(target, bytes => {
      for (const update of readMessages(bytes, codec)) for (const prefix of update.announced) table.add(prefix)
    })
    expect(fixture.rib.hasOutput(target)).toBe(true)
    announceMany(fixture, source, many(30_000, 12))
    for (const update of fixture.read(target)) for (const prefix of update.announced) table.add(prefix)
    expect(fixture.rib.peerCounters(target).resyncs).toBeGreaterThan(0)
    expect(table.size).toBe(60_000)
  })

  it('does not keep a route that was withdrawn and whose prefix is changing again when the scan passes', () => {
    const fixture = new Fixture(slow)
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2))
    fixture.announce(source, [P])
    fixture.read(target)
    fixture.withdraw(source, [P])
    announceMany(fixture, source, many(1000))
    // P is announced and withdrawn again around the scan, in one flush, which therefore says nothing about it.
    fixture.send(source, { announced4: [p], attributes: attributes() })
    expect(fixture.told(target)).toContain(`-${p}`)
    fixture.send(source, { withdrawn4: [p] })
    fixture.settle()
    expect(fixture.told(target)).toEqual([])
  })

  it('is not told in between to drop a route that only changes', () => {
    const fixture = new Fixture(slow)
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2))
    fixture.announce(source, [P], { med: 1 })
    announceMany(fixture, source, many(1000))
    fixture.send(source, { announced4: [p], attributes: attributes({ med: 2 }) })
    expect(fixture.told(target)).not.toContain(`-${p}`)
    fixture.settle()
    expect(fixture.told(target)).toEqual([`+${p}`])
  })

  it('does not keep a route that it may not know any more and that is changing again when the scan passes', () => {
    const fixture = new Fixture(slow)
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2, { kind: 'ebgp' }))
    fixture.announce(source, [P])
    fixture.read(target)
    const secret = { communities: [0xffffff01] }
    fixture.announce(source, [P], secret)
    announceMany(fixture, source, many(1000))
    fixture.send(source, { announced4: [p], attributes: attributes({ ...secret, med: 2 }) })
    expect(fixture.told(target)).toContain(`-${p}`)
    fixture.settle()
    expect(fixture.told(target)).toEqual([])
  })

  it('shares the slices of its scan with those that fell behind with it, though each has routes of its own', () => {
    const fixture = new Fixture(slow)
    const source = fixture.join(peer(1))
    const targets = [2, 3, 4].map(n => fixture.join(peer(n)))
    announceMany(fixture, source, many(3000))
    for (const [i, id] of targets.entries()) fixture.announce(id, [`10.${i}.0.0/16`], { localPref: 200 })
    fixture.announce(source, ['10.0.0.0/16', '10.1.0.0/16', '10.2.0.0/16'])
    const read = targets.map(id => fixture.read(id))
    for (const [i, updates] of read.entries()) {
      const own = key(`10.${i}.0.0/16`)
      expect(new Set(updates.flatMap(update => update.announced)).size).toBe(3002)
      expect(updates.flatMap(update => update.withdrawn)).toContain(own)
      expect(updates.flatMap(update => update.announced)).not.toContain(own)
    }
    const [group] = fixture.rib.stats().groups
    expect(group?.slicesShared).toBeGreaterThan(0)
  })

  it('keeps emptied prefixes in memory only until it has heard of the withdraw', () => {
    const fixture = new Fixture({ logLimit: 1 << 20 })
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2))
    fixture.announce(source, [P, Q])
    fixture.withdraw(source, [P, Q])
    fixture.rib.work()
    expect(fixture.rib.stats().families[0]).toMatchObject({ prefixes: 0, tombstones: 2 })
    fixture.read(target)
    fixture.read(source)
    fixture.rib.work()
    expect(fixture.rib.stats().families[0]).toMatchObject({ prefixes: 0, tombstones: 0 })
  })
})
