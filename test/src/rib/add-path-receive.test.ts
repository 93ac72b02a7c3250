/** ADD-PATH on receipt (RFC 7911): several paths of one peer to one prefix, told apart by their identifiers. */
import { describe, expect, it } from 'vitest'
import { attributes, Fixture, key, peer } from '../../support/rib-fixture.ts'

const P = '10.1.0.0/16'
const V6 = '2001:db8::/32'
const NEXT_HOP6 = '20010db8000000000000000000000001'
const both = { receive: true, send: false }
const addPath = { 'ipv4-unicast': both, 'ipv6-unicast': both }

const views = ({ rib }: Fixture) =>
  [...rib.routes()].map(({ prefix, pathId, best, attributes: all }) => {
    const localPref = all.find(attribute => attribute.type === 'local-pref')?.value
    return [prefix, pathId, localPref, best]
  })

describe('a session that receives path identifiers', () => {
  it.each([
    ['IPv4', 'announced4', 'withdrawn4', P],
    ['IPv6', 'announced6', 'withdrawn6', V6],
  ] as const)('keeps one %s path per identifier; rows 152, 153', (_, announced, withdrawn, prefix) => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1, { addPath }))
    const announce = (pathId: number, localPref: number) =>
      fixture.send(id, {
        [announced]: [`${key(prefix)}#${pathId}`],
        attributes: attributes({ localPref }),
        nextHop6: NEXT_HOP6,
      })
    announce(7, 100)
    announce(4294967295, 110)
    announce(0, 90)
    expect(views(fixture)).toEqual([
      [prefix, 4294967295, 110, true],
      [prefix, 0, 90, false],
      [prefix, 7, 100, false],
    ])
    // Row 153: the same prefix and identifier again.
    announce(7, 120)
    expect(views(fixture)[0]).toEqual([prefix, 7, 120, true])
    expect(fixture.rib.peerCounters(id).prefixesReceived).toBe(3)
    // Row 152: an identifier that was never announced.
    fixture.send(id, { [withdrawn]: [`${key(prefix)}#8`] })
    expect(views(fixture)).toHaveLength(3)
    fixture.send(id, { [withdrawn]: [`${key(prefix)}#7`, `${key(prefix)}#0`] })
    expect(views(fixture)).toEqual([[prefix, 4294967295, 110, true]])
  })

  it('reads identifiers in the families that have them, and in no other', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1, { addPath: { 'ipv6-unicast': both } }))
    fixture.announce(id, [P])
    fixture.send(id, { announced6: [`${key(V6)}#9`], attributes: attributes(), nextHop6: NEXT_HOP6 })
    expect(views(fixture)).toEqual([
      [P, undefined, 100, true],
      [V6, 9, 100, true],
    ])
  })

  it('resets the session when the field ends within an identifier (RFC 7606 5.3)', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1, { addPath }))
    const error = fixture.send(id, { announced4: [key(P)], attributes: attributes() })
    expect([error?.code, error?.subcode]).toEqual([3, 10])
  })

  it('loses only the paths listed in an UPDATE that is treated as a withdraw; row 120', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1, { addPath }))
    const announced4 = [1, 2, 3].map(pathId => `${key(P)}#${pathId}`)
    fixture.send(id, { announced4, attributes: attributes() })
    fixture.send(id, { announced4: [`${key(P)}#2`], attributes: attributes({ origin: 3 }) })
    expect(views(fixture).map(([, pathId]) => pathId)).toEqual([1, 3])
  })

  it('takes all its paths along when it leaves', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1, { addPath }))
    fixture.announce(fixture.join(peer(2)), [P])
    const announced4 = Array.from({ length: 50 }, (_, i) => `${key(P)}#${i}`)
    fixture.send(id, { announced4, attributes: attributes({ localPref: 200 }) })
    fixture.settle()
    expect(fixture.best(P)).toBe('peer 1')
    fixture.rib.removePeer(id)
    fixture.settle()
    expect(views(fixture)).toEqual([[P, undefined, 100, true]])
    expect(fixture.rib.stats().attributeSets).toBe(1)
  })

  it('tells a peer without identifiers the best path alone; row 155', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1, { addPath }))
    const reader = fixture.join(peer(2))
    fixture.send(id, { announced4: [`${key(P)}#1`], attributes: attributes() })
    fixture.send(id, { announced4: [`${key(P)}#2`], attributes: attributes({ localPref: 200 }) })
    fixture.settle()
    expect(fixture.told(reader)).toEqual([`+${key(P)}`])
    fixture.send(id, { withdrawn4: [`${key(P)}#1`] })
    fixture.settle()
    expect(fixture.told(reader)).toEqual([])
    fixture.send(id, { withdrawn4: [`${key(P)}#2`] })
    fixture.settle()
    expect(fixture.told(reader)).toEqual([`-${key(P)}`])
  })
})
