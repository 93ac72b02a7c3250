/**
 * Readers of several paths (RFC 7911) that had lost their place in the log kept a path for good, because nobody told them
 * that it was gone: once when it could not be used any more before it was withdrawn, once when a slice was shared with a
 * reader that had scanned before the flush. Found by the model test (test/property/rib-model.test.ts).
 */
import { expect, it } from 'vitest'
import type { PeerId } from '../../src/rib/index.ts'
import { IPV4_UNICAST } from '../../wire/index.ts'
import { Fixture, key, peer, prefix } from '../support/rib-fixture.ts'

const several = { families: [IPV4_UNICAST], addPath: { 'ipv4-unicast': { receive: false, send: true } } }
const X = '10.1.0.0/16'

/** What a reader holds, path by path. */
function follow(fixture: Fixture, id: PeerId, held: Set<string>): Set<string> {
  for (const { withdrawn, announced } of fixture.read(id)) {
    for (const one of withdrawn) held.delete(one)
    for (const one of announced) held.add(one)
  }
  return held
}

const ofX = (held: ReadonlySet<string>): string[] => [...held].filter(one => one.startsWith(key(X)))

/** Routes that fill the log. */
const filler = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `20.${(from + i) >> 8}.${(from + i) & 255}.0/24`)

it('a path that is withdrawn after it had become unusable goes from a reader that missed both', () => {
  const fixture = new Fixture({ resolveNextHops: true, logLimit: 200 })
  const { rib } = fixture
  const underlay = prefix('10.0.2.0/24')
  rib.setUnderlayRoute(underlay, { metric: 0, isConnected: true, interfaceIndex: 2 })
  const [first, second, feeder] = [1, 2, 3].map(n => fixture.join(peer(n, { families: [IPV4_UNICAST] })))
  if (first === undefined || second === undefined || feeder === undefined) throw new Error('too few peers')
  const reader = fixture.join(peer(9, several), { isNew: true })
  fixture.announce(second, [X], { nextHop: '0a090909' })
  fixture.announce(first, [X])
  const held = follow(fixture, reader, new Set())
  expect(ofX(held)).toHaveLength(1)

  rib.removeUnderlayRoute(underlay)
  fixture.settle()
  for (const one of filler(0, 30)) fixture.withdraw(feeder, [one])
  rib.setUnderlayRoute(prefix('10.0.3.0/24'), { metric: 0, isConnected: true, interfaceIndex: 2 })
  fixture.announce(feeder, filler(0, 60), { nextHop: '0a000301' })
  expect(rib.peerCounters(reader).resyncs).toBe(1)
  fixture.send(first, { withdrawn4: [key(X)] })
  follow(fixture, reader, held)
  fixture.announce(feeder, filler(60, 1), { nextHop: '0a000301' })
  follow(fixture, reader, held)
  expect(ofX(held)).toEqual([])
})

it('a path that went in a flush with no room for its prefix goes from every reader that scans', () => {
  const stretch = 4
  const fixture = new Fixture({ logLimit: 2000, stretch })
  const { rib } = fixture
  const [first, second] = [1, 2].map(n => fixture.join(peer(n, { families: [IPV4_UNICAST] })))
  if (first === undefined || second === undefined) throw new Error('too few peers')
  const readers = [8, 9].map(n => fixture.join(peer(n, several), { isNew: true }))
  const tables = readers.map(() => new Set<string>())
  const readAll = (which: readonly number[]) => {
    for (const i of which) follow(fixture, readers[i] ?? first, tables[i] ?? new Set())
  }
  fixture.announce(first, [X])
  fixture.announce(second, [X])
  // So that the others lie in another range of prefixes than X does.
  for (let from = 0; from < 5000; from += 500) fixture.announce(second, filler(from, 500))
  readAll([0, 1])
  expect(tables.map(held => ofX(held).length)).toEqual([2, 2])

  for (const med of [1, 2, 3, 4]) fixture.announce(second, filler(4800, 100), { med })
  for (const id of readers) expect(rib.peerCounters(id).resyncs).toBeGreaterThan(0)
  fixture.send(second, { withdrawn4: filler(4990, stretch).map(key) })
  fixture.send(first, { withdrawn4: [key(X)] })
  readAll([0])
  rib.work()
  readAll([1])
  fixture.settle()
  readAll([0, 1])
  expect(tables.map(held => ofX(held).length)).toEqual([1, 1])
})
