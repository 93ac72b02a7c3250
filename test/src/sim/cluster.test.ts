/** Small clusters from a few hundred seeds. For larger ones and many more: npm run sim -- --seeds 500. */
import { describe, expect, it } from 'vitest'
import { Cluster, type RunOptions, run } from '../../../src/sim/cluster.ts'
import { shrink } from '../../../src/sim/shrink.ts'
import { TOPOLOGIES } from '../../../src/sim/topology.ts'
import { Violation } from '../../../src/sim/violation.ts'

const SMALL = { speakers: 5, minutes: 0.4 }

describe.each(TOPOLOGIES)('a cluster of the kind %s', topology => {
  it.each([1, 2, 3, 4, 5, 6, 7])('comes to rest with every route in its place after the faults of seed %i', seed => {
    expect(run({ ...SMALL, topology, seed, faults: 6 }).violation?.message).toBeUndefined()
  })

  it('needs no faults to come up', () => {
    expect(run({ ...SMALL, topology, seed: 9, faults: 0 }).violation?.message).toBeUndefined()
  })
})

it.each([1, 51, 101, 151, 201])(
  'fifty small clusters are well, whatever is drawn: seeds from %i',
  first => {
    const broken: string[] = []
    for (let seed = first; seed < first + 50; seed++) {
      const { violation } = run({
        seed,
        speakers: 3 + (seed % 3),
        minutes: 0.3 + (seed % 4) / 10,
        faults: 4 + (seed % 5),
      })
      if (violation !== undefined) broken.push(`seed ${seed}: ${violation.message}`)
    }
    expect(broken).toEqual([])
  },
  60_000,
)

it('the same seed gives the same events to the last octet, and another one does not', () => {
  const hash = (seed: number) => run({ ...SMALL, seed }).hash
  const first = hash(11)
  expect(hash(12)).not.toBe(first)
  expect(hash(11)).toBe(first)
})

it.each([81, 172])(
  'what follows a reset that one end has not heard of is never taken for the stream: seed %i',
  seed => {
    expect(run({ seed }).violation?.message).toBeUndefined()
  },
)

it.each([2, 8])(
  'a peer that is disabled, taken out of the configuration, enabled in vain and put in again comes up: seed %i',
  seed => {
    expect(run({ seed, faults: 80 }).violation?.message).toBeUndefined()
  },
)

describe('the verdict', () => {
  const cluster = new Cluster({ ...SMALL, topology: 'reflectors', seed: 5, faults: 0 })
  cluster.run()
  const [, , node] = cluster.speakers
  if (node === undefined) throw new Error('too few speakers')

  it('is silent about a cluster that is well', () => {
    expect(() => cluster.checkAtRest()).not.toThrow()
  })

  it('names a route that nobody has', () => {
    cluster.model.announce('10.250.0.0/24', node.site)
    expect(() => cluster.checkAtRest()).toThrow(/^same-routes: .*10\.250\.0\.0\/24/)
    cluster.model.withdraw('10.250.0.0/24', node.site)
  })

  it('names a route that should be gone', () => {
    const [prefix = ''] = [...cluster.model.routesOf(node.site)].flatMap(([text, { nextHop }]) =>
      nextHop ? [] : [text],
    )
    cluster.model.withdraw(prefix, node.site)
    expect(() => cluster.checkAtRest()).toThrow(/^same-routes|^right-next-hop/)
    cluster.model.announce(prefix, node.site)
  })

  it('names a session that is not up', () => {
    const [place] = node.places.keys()
    node.life.peers.disable(place ?? '')
    expect(() => cluster.checkAtRest()).toThrow(/^all-established/)
  })
})

it('shrinking leaves the faults out that do not matter', () => {
  // A run that cannot come to rest: the last fault is beyond its end.
  const options: RunOptions = { ...SMALL, topology: 'mesh', seed: 3, faults: 4 }
  const { faults } = run(options)
  const cut = { kind: 'one-way-loss', at: 20_000, forMs: 1e9, edge: 0, end: 0 } as const
  const failed = run({ ...options, only: [...faults, cut] })
  expect(failed.violation).toBeInstanceOf(Violation)
  const { faults: fewest, violation } = shrink(options, failed)
  expect(violation?.invariant).toBe('all-established')
  expect(fewest).toEqual([cut])
})
