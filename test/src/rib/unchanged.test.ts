import { describe, expect, it } from 'vitest'
import { IPV4_UNICAST } from '../../../wire/index.ts'
import { attributes, Fixture, key, peer } from '../../support/rib-fixture.ts'

const P = '10.1.0.0/16'
const p = key(P)
const ipv4 = { families: [IPV4_UNICAST] }

function start() {
  const fixture = new Fixture()
  const told: boolean[] = []
  fixture.rib.onBestRoute({ routeChanged: ({ present }) => told.push(present), flushed: () => {} })
  const [a, b, reader] = [1, 2, 3].map(n => fixture.join(peer(n, ipv4))) as [never, never, never]
  fixture.announce(a, [P])
  for (const id of [a, b, reader]) fixture.read(id)
  told.length = 0
  const announce = (id: never, med: number) => fixture.send(id, { announced4: [p], attributes: attributes({ med }) })
  const withdraw = (id: never) => fixture.send(id, { withdrawn4: [p] })
  return { fixture, a, b, reader, announce, withdraw, told }
}

describe('a route that is what it was when the flush comes', () => {
  it('is told to nobody after A, B, A (row 87)', () => {
    const { fixture, a, reader, announce, told } = start()
    announce(a, 5)
    fixture.send(a, { announced4: [p], attributes: attributes() })
    fixture.settle()
    expect([fixture.told(reader), told]).toEqual([[], []])
  })

  it('is told as C only after A, B, C (row 87)', () => {
    const { fixture, a, reader, announce } = start()
    announce(a, 5)
    announce(a, 6)
    fixture.settle()
    expect(fixture.read(reader).map(update => update.attributes?.med)).toEqual([6])
  })

  it('is told to nobody when it was withdrawn and came back (row 88)', () => {
    const { fixture, a, reader, withdraw, told } = start()
    withdraw(a)
    fixture.send(a, { announced4: [p], attributes: attributes() })
    fixture.settle()
    expect([fixture.told(reader), told]).toEqual([[], []])
    expect(fixture.rib.stats()).toMatchObject({ attributeSets: 1, families: [{ dirty: 0, tombstones: 0 }, {}] })
  })

  it('is told to nobody when another source held it in between', () => {
    const { fixture, a, b, reader, withdraw } = start()
    fixture.send(b, { announced4: [p], attributes: attributes({ localPref: 200 }) })
    withdraw(b)
    fixture.settle()
    expect([a, b, reader].map(id => fixture.told(id))).toEqual([[], [], []])
  })

  it('is told all the same to a peer that joined in between, which would not have it otherwise', () => {
    const { fixture, a, announce } = start()
    announce(a, 5)
    const late = fixture.join(peer(4, ipv4), { isNew: true })
    expect(fixture.told(late)).toEqual([])
    fixture.send(a, { announced4: [p], attributes: attributes() })
    fixture.settle()
    expect(fixture.told(late)).toEqual([`+${p}`, 'end'])
  })

  it('is told all the same to a listener that came in between', () => {
    const { fixture, a, announce } = start()
    announce(a, 5)
    const late: boolean[] = []
    fixture.rib.onBestRoute({ routeChanged: ({ present }) => late.push(present), flushed: () => {} })
    fixture.send(a, { announced4: [p], attributes: attributes() })
    fixture.settle()
    expect(late).toContain(true)
  })
})
