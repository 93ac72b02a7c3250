import { describe, expect, it } from 'vitest'
import type { PathLimit, PeerId, RibPeer } from '../../../src/rib/index.ts'
import { IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/index.ts'
import { attributes, Fixture, key, peer } from '../../support/rib-fixture.ts'

const P = '10.1.0.0/16'
const p = key(P)
const p6 = '20010db8000000000000000000000000/32'
const ipv4 = { families: [IPV4_UNICAST] }
const send = { receive: false, send: true }

/** A reader of several paths, as its own table: path id -> MED, which names the path. */
class Several {
  readonly held = new Map<string, number | undefined>()
  readonly messages: string[] = []
  readonly id: PeerId
  readonly #fixture: Fixture

  constructor(fixture: Fixture, n: number, addPathSend: PathLimit, more: Partial<RibPeer> = {}) {
    this.#fixture = fixture
    this.id = fixture.join(peer(n, { ...ipv4, addPath: { 'ipv4-unicast': send }, addPathSend, ...more }), {
      isNew: true,
    })
  }

  read(): string[] {
    const lines: string[] = []
    for (const { withdrawn, announced, attributes: told } of this.#fixture.read(this.id)) {
      for (const one of withdrawn) {
        lines.push(`-${this.held.get(one)}`)
        this.held.delete(one)
      }
      for (const one of announced) {
        this.held.set(one, told?.med)
        lines.push(`+${told?.med}`)
      }
    }
    return lines.sort()
  }
}

function start(limit: PathLimit, options = {}) {
  const fixture = new Fixture(options)
  const sources = [1, 2, 3, 4].map(n => fixture.join(peer(n, ipv4)))
  const announce = (n: number, med: number, localPref = 100) => {
    fixture.send(sources[n - 1] ?? (0 as PeerId), { announced4: [p], attributes: attributes({ med, localPref }) })
    fixture.settle()
  }
  const withdraw = (n: number) => fixture.withdraw(sources[n - 1] ?? (0 as PeerId), [P])
  const reader = new Several(fixture, 9, limit)
  reader.read()
  return { fixture, sources, announce, withdraw, reader }
}

describe('a peer that takes several paths (RFC 7911)', () => {
  it('is told all of them, and of each change only what changed', () => {
    const { announce, withdraw, reader } = start('all')
    for (const n of [1, 2, 3]) announce(n, n)
    expect(reader.read()).toEqual(['+1', '+2', '+3'])
    announce(2, 22)
    expect(reader.read()).toEqual(['+22'])
    withdraw(1)
    expect(reader.read()).toEqual(['-1'])
    withdraw(2)
    withdraw(3)
    expect(reader.read()).toEqual(['-22', '-3'])
    expect(reader.held.size).toBe(0)
  })

  it('keeps the identifiers of surviving paths when the best few change (row 154)', () => {
    const { announce, withdraw, reader } = start(2)
    announce(1, 1, 300)
    announce(2, 2, 200)
    announce(3, 3, 100)
    expect(reader.read()).toEqual(['+1', '+2'])
    const second = [...reader.held].find(([, med]) => med === 2)?.[0]
    withdraw(1)
    expect(reader.read()).toEqual(['+3', '-1'])
    expect(reader.held.get(second ?? '')).toBe(2)
    announce(4, 4, 400)
    expect(reader.read()).toEqual(['+4', '-3'])
    expect(reader.held.get(second ?? '')).toBe(2)
  })

  it('gets paths as good as the best one with multipath, and no others', () => {
    const { announce, fixture, reader } = start('multipath', { selection: { multipath: { ebgp: 4, ibgp: 4 } } })
    announce(1, 0)
    announce(2, 0, 50)
    fixture.send(fixture.join(peer(5, ipv4)), {
      announced4: [p],
      attributes: attributes({ med: 0, nextHop: '0a000209' }),
    })
    fixture.settle()
    expect(reader.read()).toEqual(['+0', '+0'])
  })

  it('is not told its own paths, but those of the others', () => {
    const { fixture, announce, reader } = start('all')
    announce(1, 1)
    fixture.send(reader.id, { announced4: [p], attributes: attributes({ med: 9, localPref: 500 }) })
    fixture.settle()
    expect(reader.read()).toEqual(['+1'])
    expect(fixture.rib.peerCounters(reader.id).prefixesAdvertised).toBe(1)
  })

  it('does not disturb a peer without, which gets exactly the single best (row 155)', () => {
    const { fixture, announce, withdraw, reader } = start('all')
    const single = fixture.join(peer(8, ipv4))
    announce(1, 1, 200)
    expect(fixture.told(single)).toEqual([`+${p}`])
    announce(2, 2)
    expect([fixture.told(single), reader.read()]).toEqual([[], ['+1', '+2']])
    withdraw(1)
    expect([fixture.told(single), reader.read()]).toEqual([[`+${p}`], ['-1']])
  })

  it('may be told several in one family only', () => {
    const { fixture, sources, announce } = start('all')
    const wide = fixture.join(peer(5, { families: [IPV4_UNICAST, IPV6_UNICAST] }))
    const reader = fixture.join(peer(7, { families: [IPV4_UNICAST, IPV6_UNICAST], addPath: { 'ipv6-unicast': send } }))
    announce(1, 1)
    announce(2, 2)
    fixture.send(wide, { announced6: [p6], attributes: attributes(), nextHop6: '20010db8000000000000000000000001' })
    fixture.settle()
    expect(sources).toHaveLength(4)
    const told = fixture.told(reader)
    expect(told).toContain(`+${p}`)
    expect(told.filter(line => line.startsWith(`+${p6} `))).toHaveLength(1)
  })

  it('gets all of it by scan when it comes late or asks again, with the same identifiers', () => {
    const { fixture, announce, reader } = start('all')
    for (const n of [1, 2, 3]) announce(n, n)
    reader.read()
    const late = new Several(fixture, 10, 'all')
    expect([late.read(), late.held]).toEqual([['+1', '+2', '+3'], reader.held])
    fixture.rib.refresh(reader.id, IPV4_UNICAST)
    expect([reader.read(), reader.held]).toEqual([['+1', '+2', '+3'], late.held])
  })

  it('catches up after it lost its place in the log, withdraws of paths that are gone included', () => {
    const { announce, withdraw, reader } = start('all', { logLimit: 100 })
    announce(1, 1)
    announce(2, 2)
    expect(reader.read()).toEqual(['+1', '+2'])
    withdraw(1)
    for (let med = 10; med < 20; med++) announce(3, med)
    expect(reader.read()).toEqual(expect.arrayContaining(['+19', '-1']))
    expect([...reader.held.values()].sort()).toEqual([19, 2])
  })

  it('never sees an identifier again before it knows that its path is gone', () => {
    const { announce, withdraw, reader } = start('all')
    announce(1, 1)
    expect(reader.read()).toEqual(['+1'])
    const [id] = reader.held.keys()
    withdraw(1)
    announce(2, 2)
    reader.read()
    expect([...reader.held.keys()]).not.toContain(id)
  })
})
