import { describe, expect, it } from 'vitest'
import { ACCEPT_ALL, compilePolicy, type Policy, REJECT_ALL } from '../../../src/policy/index.ts'
import type { RibPeer } from '../../../src/rib/index.ts'
import { IPV4_UNICAST } from '../../../wire/index.ts'
import { Fixture, key, peer, prefix } from '../../support/rib-fixture.ts'

const P = '10.1.0.0/16'
const Q = '20.2.0.0/16'
const R = '30.3.0.0/16'
const [p, q, r] = [key(P), key(Q), key(R)]

const policy = (name: string, terms: Policy['terms']) => compilePolicy({ name, terms, otherwise: 'accept' })
const within = (text: string) => ({ prefixes: [{ prefix: prefix(text), minLength: 0, maxLength: 32 }] })
const acceptAll = compilePolicy(ACCEPT_ALL)
const rejectAll = compilePolicy(REJECT_ALL)
const noTens = policy('no tens', [{ match: within('10.0.0.0/8'), action: 'reject' }])
const noTwenties = policy('no twenties', [{ match: within('20.0.0.0/8'), action: 'reject' }])
const med = policy('med for tens', [{ match: within('10.0.0.0/8'), set: { med: 7 }, action: 'accept' }])
const sameByOtherWords = policy('as accept-all', [{ match: within('10.0.0.0/8'), action: 'accept' }])

function start(more: Partial<RibPeer> = {}) {
  const fixture = new Fixture()
  const source = fixture.join(peer(1, { families: [IPV4_UNICAST] }))
  const reader = fixture.join(peer(2, { families: [IPV4_UNICAST], exportPolicy: acceptAll, ...more }))
  fixture.announce(source, [P, Q, R])
  fixture.read(reader)
  return { fixture, source, reader }
}

describe('a change of export policy', () => {
  it.each([
    ['withdraws what it filters now (row 82)', acceptAll, noTens, [`-${p}`]],
    ['announces what it filtered before', noTens, acceptAll, [`+${p}`]],
    ['does both', noTens, noTwenties, [`+${p}`, `-${q}`]],
    ['tells changed attributes', acceptAll, med, [`+${p}`]],
    ['takes everything back', acceptAll, rejectAll, [`-${p}`, `-${q}`, `-${r}`]],
    ['tells everything', rejectAll, acceptAll, [`+${p}`, `+${q}`, `+${r}`]],
    ['says nothing when it makes no difference', acceptAll, sameByOtherWords, []],
  ])('%s', (_name, before, after, told) => {
    const { fixture, reader } = start({ exportPolicy: before })
    fixture.rib.setExportPolicy(reader, after)
    expect(fixture.rib.hasOutput(reader)).toBe(true)
    expect(fixture.told(reader).sort()).toEqual([...told].sort())
    expect(fixture.rib.hasOutput(reader)).toBe(false)
  })

  it('carries a next hop of ours as well', () => {
    const { fixture, reader } = start()
    fixture.rib.setExport(reader, { nextHopSelf: true })
    const [update] = fixture.read(reader)
    expect([update?.announced.toSorted(), update?.attributes?.nextHop]).toEqual([[p, q, r], '0a0000fe'])
    fixture.rib.setExport(reader, { nextHopSelf: true, exportPolicy: sameByOtherWords })
    expect(fixture.told(reader)).toEqual([])
  })

  it('does not give a peer its own routes', () => {
    const { fixture, source } = start()
    fixture.read(source)
    fixture.rib.setExportPolicy(source, med)
    expect(fixture.told(source)).toEqual([])
    expect(fixture.rib.peerCounters(source).prefixesAdvertised).toBe(0)
  })

  it('leaves the others of the group alone, also when they share its new policy', () => {
    const { fixture, source, reader } = start()
    const other = fixture.join(peer(3, { families: [IPV4_UNICAST] }))
    const filtered = fixture.join(peer(4, { families: [IPV4_UNICAST], exportPolicy: noTens }))
    fixture.rib.setExportPolicy(reader, noTens)
    expect([fixture.told(other), fixture.told(filtered), fixture.told(reader)]).toEqual([[], [], [`-${p}`]])
    fixture.withdraw(source, [P, Q])
    expect([fixture.told(reader), fixture.told(filtered)]).toEqual([[`-${q}`], [`-${q}`]])
    expect(fixture.rib.peerCounters(reader).prefixesAdvertised).toBe(1)
  })

  it('comes together with what a laggard has not read of its old log, each prefix once', () => {
    const { fixture, source, reader } = start()
    fixture.announce(source, [Q], { med: 1 })
    fixture.withdraw(source, [R])
    fixture.rib.setExportPolicy(reader, noTens)
    expect(fixture.told(reader).sort()).toEqual([`+${q}`, `-${p}`, `-${r}`].sort())
  })

  it('takes back a route that changes before the difference was told', () => {
    const { fixture, source, reader } = start()
    fixture.rib.setExportPolicy(reader, noTens)
    fixture.withdraw(source, [P, R])
    expect(fixture.told(reader).sort()).toEqual([`-${p}`, `-${r}`].sort())
  })

  it('waits for a flush with a route that is about to change', () => {
    const { fixture, source, reader } = start()
    fixture.send(source, { withdrawn4: [p, q] })
    fixture.rib.setExportPolicy(reader, noTens)
    expect(fixture.told(reader)).toEqual([])
    fixture.settle()
    expect(fixture.told(reader).sort()).toEqual([`-${p}`, `-${q}`].sort())
  })

  it('may come twice before anything was read', () => {
    const { fixture, reader } = start()
    fixture.rib.setExportPolicy(reader, noTens)
    fixture.rib.setExportPolicy(reader, noTwenties)
    expect(fixture.told(reader)).toEqual([`-${q}`])
  })

  it('encodes the differences once for all that change together', () => {
    const { fixture } = start()
    const readers = [5, 6, 7, 8].map(n => fixture.join(peer(n, { families: [IPV4_UNICAST] })))
    for (const id of readers) fixture.rib.setExportPolicy(id, noTens)
    for (const id of readers) expect(fixture.told(id)).toEqual([`-${p}`])
    const group = fixture.rib.stats().groups.find(({ name }) => name.includes('no tens'))
    expect(group).toMatchObject({ peers: 4, slicesEncoded: 1, slicesShared: 3 })
  })

  it('brings a peer among others who share slices, and still it does not get its own routes back', () => {
    const { fixture, source } = start({ exportPolicy: noTens })
    fixture.read(source)
    const others = [5, 6].map(n => fixture.join(peer(n, { families: [IPV4_UNICAST], exportPolicy: noTens })))
    for (const id of others) fixture.rib.refresh(id, IPV4_UNICAST)
    for (const id of others) expect(fixture.told(id)).not.toEqual([])
    // As long as somebody scans, slices are kept.
    fixture.join(peer(7, { families: [IPV4_UNICAST], exportPolicy: noTens }), { isNew: true })
    fixture.rib.setExportPolicy(source, noTens)
    expect(fixture.told(source)).toEqual([])
    fixture.rib.refresh(source, IPV4_UNICAST)
    expect(fixture.told(source)).toEqual([])
  })

  it('does not delay End-of-RIB of a session that has just come, and tells nothing in vain', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1, { families: [IPV4_UNICAST] }))
    fixture.announce(source, [P, Q])
    const reader = fixture.join(peer(2, { families: [IPV4_UNICAST] }), { isNew: true })
    fixture.rib.setExportPolicy(reader, noTens)
    expect(fixture.told(reader)).toEqual([`+${q}`, 'end'])
  })
})
