/** Reflection with several clusters, and with clients that are meshed among themselves (RFC 4456). */
import { describe, expect, it } from 'vitest'
import type { RibPeer } from '../../../src/rib/index.ts'
import { attributes, Fixture, key, OWN, peer } from '../../support/rib-fixture.ts'

const P = '10.1.0.0/16'
const BLUE = 0x0b000001
const GREEN = 0x0b000002
const blue = { clusterId: BLUE }
const green = { clusterId: GREEN }
const meshed = { clientToClient: false }

describe('clients of several clusters', () => {
  it.each([
    ['a client of the same cluster', blue, blue, [BLUE]],
    ['a client of another cluster', blue, green, [GREEN, BLUE]],
    ['a non-client', blue, { reflectorClient: false }, [BLUE]],
    ['a client, from a non-client', { reflectorClient: false }, green, [GREEN]],
  ])('the CLUSTER_LIST begins with the clusters passed: %s (row 147)', (_, from, to, clusterList) => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1, from))
    const target = fixture.join(peer(2, to))
    fixture.announce(source, [P], { clusterList: [1] })
    expect(fixture.toldAttributes(target)?.clusterList).toEqual([...clusterList, 1])
  })

  it.each([
    ['the one of a client', BLUE],
    ['the one of another client', GREEN],
    ['our own', OWN.clusterId],
    ['one that is configured', 77],
  ])('a route with %s in CLUSTER_LIST loops, whoever tells it (row 148)', (_, id) => {
    const fixture = new Fixture()
    fixture.rib.setClusterIds([OWN.clusterId, 77])
    fixture.join(peer(1, blue))
    fixture.join(peer(2, green))
    const source = fixture.join(peer(3, { reflectorClient: false }))
    fixture.announce(source, [P], { clusterList: [5, id] })
    expect([fixture.best(P), fixture.rib.peerCounters(source).loops]).toEqual([undefined, 1])
  })
})

describe('a cluster id that becomes ours', () => {
  function world() {
    const fixture = new Fixture()
    const source = fixture.join(peer(3, { reflectorClient: false }))
    const other = fixture.join(peer(4, { reflectorClient: false }))
    const reader = fixture.join(peer(1))
    fixture.announce(other, [P], { localPref: 50 })
    fixture.announce(source, [P, '10.2.0.0/16'], { clusterList: [BLUE] })
    fixture.announce(source, ['10.3.0.0/16'], { clusterList: [GREEN] })
    fixture.read(reader)
    const counts = () => {
      const { prefixesReceived, prefixesAccepted } = fixture.rib.peerCounters(source)
      return [prefixesReceived, prefixesAccepted]
    }
    return { fixture, source, reader, counts }
  }

  it('makes loops of what is here, and routes of them again when it is not ours any more', () => {
    const { fixture, reader, counts } = world()
    fixture.rib.setClusterIds([OWN.clusterId, BLUE])
    fixture.settle()
    expect([fixture.best(P), fixture.best('10.2.0.0/16'), fixture.best('10.3.0.0/16')]).toEqual([
      'peer 4',
      undefined,
      'peer 3',
    ])
    expect(counts()).toEqual([3, 1])
    expect([...fixture.rib.routes({ rejected: true })].map(view => view.unusable)).toEqual(['loop', 'loop'])
    expect(fixture.told(reader).toSorted()).toEqual([`+${key(P)}`, `-${key('10.2.0.0/16')}`])
    fixture.rib.setClusterIds([OWN.clusterId])
    fixture.settle()
    expect([fixture.best(P), fixture.best('10.2.0.0/16')]).toEqual(['peer 3', 'peer 3'])
    expect(counts()).toEqual([3, 3])
    expect(fixture.told(reader).toSorted()).toEqual([`+${key(P)}`, `+${key('10.2.0.0/16')}`].toSorted())
  })

  it('by a client of that cluster does the same', () => {
    const { fixture, counts } = world()
    fixture.join(peer(5, blue))
    fixture.settle()
    expect([fixture.best(P), counts()]).toEqual(['peer 4', [3, 1]])
  })

  it('tells nobody anything when it comes and goes between two flushes', () => {
    const { fixture, reader } = world()
    fixture.rib.setClusterIds([OWN.clusterId, BLUE])
    fixture.rib.setClusterIds([OWN.clusterId])
    fixture.settle()
    expect([fixture.best(P), fixture.told(reader)]).toEqual(['peer 3', []])
  })

  it('leaves nothing behind when all is withdrawn', () => {
    const { fixture, source } = world()
    fixture.rib.setClusterIds([OWN.clusterId, BLUE])
    fixture.withdraw(source, [P, '10.2.0.0/16', '10.3.0.0/16'])
    fixture.rib.setClusterIds([OWN.clusterId])
    fixture.settle()
    expect([fixture.rib.stats().attributeSets, fixture.rib.stats().nextHops]).toEqual([1, 1])
  })
})

describe('clients that are meshed among themselves', () => {
  it.each<[string, Partial<RibPeer>, Partial<RibPeer>, boolean]>([
    ['a client of the same cluster', { ...blue, ...meshed }, { ...blue, ...meshed }, false],
    ['a client of another cluster', { ...blue, ...meshed }, { ...green, ...meshed }, true],
    ['a non-client', { ...blue, ...meshed }, { reflectorClient: false, ...meshed }, true],
    ['a client, from a non-client', { reflectorClient: false, ...meshed }, { ...blue, ...meshed }, true],
    ['a client, from an external peer', { kind: 'ebgp', ...meshed }, { ...blue, ...meshed }, true],
  ])('are not told what others of their cluster tell: %s', (_, from, to, isTold) => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1, from))
    const target = fixture.join(peer(2, to))
    fixture.send(source, {
      announced4: [key(P)],
      attributes: from.kind === 'ebgp' ? { origin: 0, path: [65001], nextHop: '0a000201' } : attributes(),
    })
    fixture.settle()
    expect(fixture.told(target)).toEqual(isTold ? [`+${key(P)}`] : [])
  })

  it('are told the difference when that changes', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const outside = fixture.join(peer(3, { reflectorClient: false }))
    const target = fixture.join(peer(2))
    fixture.announce(source, [P])
    fixture.announce(outside, ['10.2.0.0/16'])
    expect(fixture.told(target)).toHaveLength(2)
    fixture.rib.setExport(target, { clientToClient: false })
    fixture.settle()
    expect(fixture.told(target)).toEqual([`-${key(P)}`])
    fixture.rib.setExport(target, { clientToClient: true })
    fixture.settle()
    expect(fixture.told(target)).toEqual([`+${key(P)}`])
  })
})
