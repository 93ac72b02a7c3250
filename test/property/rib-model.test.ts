/**
 * The RIB against a naive model: random sessions, routes, local sources, policies, stalls and refreshes; at rest every
 * session's table, the listener's table, the counters and the stores must be what the model says.
 */
import { describe, expect, it } from 'vitest'
import { FAMILIES } from '../../wire/index.ts'
import { attributesText } from '../support/rib-model.ts'
import { RandomRib, type WorldOptions } from '../support/rib-random.ts'

function live(world: RandomRib, operations: number): void {
  for (let i = 0; i < 8; i++) world.join()
  while (world.operations < operations) {
    const dice = world.dice()
    if (dice < 6 && world.sessions.length > 4) world.leave()
    else if (dice < 16 && world.sessions.length < 14) world.join()
    else if (dice < 22) world.refresh()
    else if (dice < 30) world.changeExport()
    else if (dice < 34) world.changeImport()
    else if (dice < 50) world.refreshIn()
    else if (dice < 80) world.changeUnderlay()
    else if (dice < 100) world.stall()
    else if (dice < 180) world.local()
    else world.update()
    if (world.sessions.length < 3) world.join()
    if (dice % 2 === 0) world.work()
    world.read()
  }
  world.settle()
}

/** A table with path identifiers in its keys, or without, as prefix and sorted attributes. */
function byPrefix(table: ReadonlyMap<string, string>): Map<string, string> {
  const texts = new Map<string, string[]>()
  for (const [key, text] of table) {
    const prefix = key.split(' ')[0] ?? ''
    texts.set(prefix, [...(texts.get(prefix) ?? []), text])
  }
  return new Map(Array.from(texts, ([prefix, list]) => [prefix, list.sort().join(' and ')]))
}

function checkTables(world: RandomRib): number {
  const { model, sessions } = world
  let checked = 0
  const live = [...model.live()]
  const told = sessions.map(({ id, table, peer, endOfRibs }) => {
    const wanted = new Map<string, string>()
    let count = 0
    for (const [prefix] of live) {
      const paths = model.chosen(id, prefix).map(path => model.toldTo(id, prefix, path))
      const texts = paths.flatMap(attributes => (attributes === undefined ? [] : [attributesText(attributes)]))
      if (texts.length > 0) wanted.set(prefix, texts.sort().join(' and '))
      count += texts.length
      checked++
    }
    const held = byPrefix(table)
    for (const [prefix, text] of wanted) {
      if (held.get(prefix) !== text)
        expect(`${peer.name} ${prefix} ${held.get(prefix)}`).toBe(`${peer.name} ${prefix} ${text}`)
    }
    for (const prefix of held.keys()) if (!wanted.has(prefix)) expect(`${peer.name} was told ${prefix}`).toBe('nothing')
    expect(endOfRibs, `End-of-RIBs of ${peer.name}`).toEqual(
      FAMILIES.map(family => (peer.families.includes(family) ? 1 : 0)),
    )
    return count
  })
  expect(sessions.map(({ id }) => world.rib.peerCounters(id).prefixesAdvertised)).toEqual(told)
  return checked
}

function checkStores(world: RandomRib): void {
  const { model, rib, fib, sessions } = world
  const live = new Map(model.live())
  expect(fib.size).toBe(live.size)
  for (const [prefix, best] of live) {
    const hops = model.equals(prefix).map(path => path.attributes.nextHop?.slice(-64).slice(0, 32))
    const wanted = `${best.sourceId} ${hops.join(' ')} ${best.local?.metric ?? '-'}`
    if (fib.get(prefix) !== wanted) expect(`${prefix} ${fib.get(prefix)}`).toBe(`${prefix} ${wanted}`)
  }
  const stats = rib.stats()
  const isWide = (prefix: string) => prefix.indexOf('/') === 32
  const prefixes = [...model.table].flatMap(([prefix, paths]) => (paths.size > 0 ? [prefix] : []))
  expect(stats.families.map(family => family.prefixes)).toEqual([
    prefixes.filter(prefix => !isWide(prefix)).length,
    prefixes.filter(isWide).length,
  ])
  expect(stats.families.map(family => family.tombstones)).toEqual([0, 0])
  expect(stats.attributeSets).toBe(model.sets().size)
  const paths = [...model.table.values()]
  for (const { id } of sessions) {
    const received = paths.flatMap(sources => [...sources.values()].filter(path => path.sourceId === id))
    const { prefixesReceived, prefixesAccepted } = rib.peerCounters(id)
    expect(prefixesReceived).toBe(received.length)
    expect(prefixesAccepted).toBe(received.filter(path => path.isKeptAside !== true).length)
  }
}

const WORLDS: readonly [what: string, options: WorldOptions][] = [
  ['as it is by default', {}],
  ['that tells several paths to some', { sendsPaths: true }],
  ['that resolves next hops', { resolveNextHops: true }],
  [
    'that takes and tells several paths and resolves next hops',
    { addPath: true, sendsPaths: true, resolveNextHops: true, selection: { multipath: { ebgp: 3, ibgp: 3 } } },
  ],
  ['with several paths from a session', { addPath: true, selection: { multipath: { ebgp: 2, ibgp: 4 } } }],
  [
    'that resolves next hops, compares every MED and spreads over several paths',
    {
      resolveNextHops: true,
      selection: { alwaysCompareMed: true, missingMedAsWorst: true, multipath: { ebgp: 2, ibgp: 4 } },
    },
  ],
]

const PER_LIFE = 25_000
/** Operations in all. The short form, each world once, takes some seconds; the long one is `npm run model`, a million in two minutes. */
const OPERATIONS = Number(process.env['RIB_OPERATIONS'] ?? WORLDS.length * PER_LIFE)

describe('the RIB under random operations', () => {
  const lives = Array.from({ length: Math.ceil(OPERATIONS / PER_LIFE) }, (_, i) => {
    const [what, options] = WORLDS[i % WORLDS.length] ?? ['', {}]
    return { seed: i + 1, what, options }
  })

  it.each(lives)(
    '$what tells every session exactly what the model says, seed $seed',
    { timeout: 60_000 },
    ({ seed, options }) => {
      const world = new RandomRib(seed, options)
      live(world, PER_LIFE)
      expect(world.problems).toEqual([])
      expect(checkTables(world)).toBeGreaterThan(1_000)
      checkStores(world)
    },
  )

  it('is empty again when every session has left and every local route is gone', () => {
    const world = new RandomRib(77, { prefixes: 300 })
    for (let i = 0; i < 5; i++) world.join()
    for (let i = 0; i < 200; i++) world.update()
    while (world.sessions.length > 0) world.leave()
    world.settle()
    const { families, attributeSets, attributeOctets, nextHops, groups } = world.rib.stats()
    expect(families.map(({ prefixes, paths, tombstones }) => [prefixes, paths, tombstones])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ])
    expect({ attributeSets, attributeOctets, nextHops, groups }).toEqual({
      attributeSets: 0,
      attributeOctets: 0,
      nextHops: 0,
      groups: [],
    })
  })
})
