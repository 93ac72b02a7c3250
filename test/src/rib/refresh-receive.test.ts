/** Enhanced route refresh on receipt (RFC 7313 4): what a peer does not tell again between BoRR and EoRR goes. */
import { describe, expect, it } from 'vitest'
import { IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/index.ts'
import { attributes, Fixture, key, peer } from '../../support/rib-fixture.ts'

const A = '10.1.0.0/16'
const B = '10.2.0.0/16'
const C = '10.3.0.0/16'
const V6 = '2001:db8::/32'

const prefixes = ({ rib }: Fixture) => [...rib.routes()].map(view => view.prefix)

function world() {
  const fixture = new Fixture({ stretch: 2 })
  const id = fixture.join(peer(1))
  fixture.announce(id, [A, B, C])
  const tell = (announced: readonly string[]) => fixture.announce(id, announced)
  return { fixture, id, tell }
}

describe('a refresh with marks; row 173', () => {
  it('removes what was not told again, after its end and not before', () => {
    const { fixture, id, tell } = world()
    fixture.rib.beginRefresh(id, IPV4_UNICAST)
    tell([B])
    expect(prefixes(fixture)).toEqual([A, B, C])
    fixture.rib.endRefresh(id, IPV4_UNICAST)
    fixture.settle()
    expect(prefixes(fixture)).toEqual([B])
  })

  it('keeps what comes while the stale routes are being removed', () => {
    const { fixture, id, tell } = world()
    fixture.rib.beginRefresh(id, IPV4_UNICAST)
    fixture.rib.endRefresh(id, IPV4_UNICAST)
    fixture.send(id, { announced4: [key(C)], attributes: attributes() })
    fixture.settle()
    expect(prefixes(fixture)).toEqual([C])
    tell([A])
    expect(prefixes(fixture)).toEqual([A, C])
  })

  it('touches neither the other family nor another peer', () => {
    const { fixture, id } = world()
    fixture.announce(fixture.join(peer(2)), ['10.9.0.0/16'])
    const nextHop6 = '20010db8000000000000000000000001'
    fixture.send(id, { announced6: [key(V6)], attributes: attributes(), nextHop6 })
    fixture.rib.beginRefresh(id, IPV4_UNICAST)
    fixture.rib.endRefresh(id, IPV4_UNICAST)
    fixture.settle()
    expect(prefixes(fixture)).toEqual(['10.9.0.0/16', V6])
    fixture.rib.beginRefresh(id, IPV6_UNICAST)
    fixture.rib.endRefresh(id, IPV6_UNICAST)
    fixture.settle()
    expect(prefixes(fixture)).toEqual(['10.9.0.0/16'])
  })

  it('may begin again before its end, and again while routes are being removed', () => {
    const { fixture, id, tell } = world()
    fixture.rib.beginRefresh(id, IPV4_UNICAST)
    tell([A])
    fixture.rib.beginRefresh(id, IPV4_UNICAST)
    tell([B])
    fixture.rib.endRefresh(id, IPV4_UNICAST)
    fixture.rib.beginRefresh(id, IPV4_UNICAST)
    fixture.settle()
    expect(prefixes(fixture)).toEqual([B])
    tell([C])
    fixture.rib.endRefresh(id, IPV4_UNICAST)
    fixture.settle()
    expect(prefixes(fixture)).toEqual([C])
  })

  it('can follow another any number of times', () => {
    const { fixture, id, tell } = world()
    for (let i = 0; i < 600; i++) {
      fixture.rib.beginRefresh(id, IPV4_UNICAST)
      tell(i % 2 === 0 ? [A] : [A, B])
      fixture.rib.endRefresh(id, IPV4_UNICAST)
      fixture.settle()
      expect(prefixes(fixture)).toEqual(i % 2 === 0 ? [A] : [A, B])
    }
  })

  it('does not keep a stale route because import policy changed meanwhile', () => {
    const { fixture, id, tell } = world()
    const { importPolicy } = peer(1)
    fixture.rib.beginRefresh(id, IPV4_UNICAST)
    tell([A])
    fixture.rib.setImportPolicy(id, { ...importPolicy, evaluate: () => 0, edits: [{}] })
    fixture.settle()
    fixture.rib.endRefresh(id, IPV4_UNICAST)
    fixture.settle()
    expect(prefixes(fixture)).toEqual([A])
  })

  it('of a peer or a family that is not there is ignored; row 171', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1, { families: [IPV4_UNICAST] }))
    fixture.rib.beginRefresh(id, IPV6_UNICAST)
    fixture.rib.endRefresh(id, IPV6_UNICAST)
    fixture.rib.removePeer(id)
    fixture.rib.beginRefresh(id, IPV4_UNICAST)
    fixture.rib.endRefresh(id, IPV4_UNICAST)
    fixture.settle()
    expect(prefixes(fixture)).toEqual([])
  })
})
