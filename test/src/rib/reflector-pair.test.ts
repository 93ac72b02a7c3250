/** Two reflectors of one cluster with a common client, each a RIB of its own; what one tells is given to the other. */
import { describe, expect, it } from 'vitest'
import { Fixture, key, OWN, peer } from '../../support/rib-fixture.ts'

const P = '10.1.0.0/16'

/** A reflector, its session with the client, and the one with the other reflector, which is no client. */
function reflector(routerId: number) {
  const fixture = new Fixture({ routerId, clusterId: OWN.clusterId })
  const client = fixture.join(peer(1))
  const mate = fixture.join(peer(2, { reflectorClient: false, routerId: routerId ^ 1 }))
  return { fixture, client, mate }
}

describe('two reflectors with one cluster id and a common client (RFC 4456 8)', () => {
  it('do not learn the copy that the other reflects (row 150)', () => {
    const one = reflector(0x0a0000f0)
    const two = reflector(0x0a0000f1)
    one.fixture.announce(one.client, [P])
    const [update] = one.fixture.read(one.mate)
    expect(update?.attributes?.clusterList).toEqual([OWN.clusterId])
    two.fixture.send(two.mate, {
      announced4: update?.announced ?? [],
      attributes: update?.attributes ?? { origin: 0, path: [] },
    })
    two.fixture.settle()
    expect([two.fixture.best(P), two.fixture.told(two.client)]).toEqual([undefined, []])
    expect(two.fixture.rib.peerCounters(two.mate).loops).toBe(1)
    two.fixture.announce(two.client, [P])
    expect(two.fixture.best(P)).toBe('peer 1')
    expect(one.fixture.told(one.client)).toEqual([])
    expect(update?.announced).toEqual([key(P)])
  })
})
