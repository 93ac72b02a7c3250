/**
 * Inserting 65,536 prefixes and attribute sets that were crafted to collide in tables without a secret, beside as many
 * random ones, in turn. `npx tsx test/bench/collision.bench.ts`. Prints medians and ratios; gates nothing.
 */
import { AttributeStore } from '../../src/rib/attribute-store.ts'
import { PrefixTable } from '../../src/table/prefix-table.ts'
import { IPV4_UNICAST } from '../../wire/index.ts'
import { collidingAddresses, collidingBlocks } from '../support/hash-attack.ts'
import { randomFrom } from '../support/rib-random-parts.ts'

const COUNT = 65_536
const ROUNDS = 15

const random = randomFrom(1)
const word = () => Math.floor(random() * 2 ** 32)
const addresses = { random: Uint32Array.from({ length: COUNT }, word), crafted: collidingAddresses(COUNT) }
const blocks = {
  random: Array.from({ length: COUNT }, () => new Uint8Array(Uint32Array.of(word(), word()).buffer)),
  crafted: collidingBlocks(COUNT),
}

function insertPrefixes(seed: number, kind: 'random' | 'crafted'): void {
  const table = new PrefixTable(IPV4_UNICAST, seed, COUNT)
  for (const address of addresses[kind]) table.add(address, 0, 0, 0, 32)
}

function insertSets(seed: number, kind: 'random' | 'crafted'): void {
  const store = new AttributeStore(seed, COUNT, () => {})
  for (const block of blocks[kind]) if (store.probe(16, block, 0, 8) === 0) store.retain(store.insert(16, 8))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

for (const [name, insert] of [
  ['prefixes', insertPrefixes],
  ['attribute sets', insertSets],
] as const) {
  const times = { random: [] as number[], crafted: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    const seed = word()
    for (const kind of ['random', 'crafted'] as const) {
      const start = performance.now()
      insert(seed, kind)
      if (round > 2) times[kind].push(performance.now() - start)
    }
  }
  const plain = median(times.random)
  const chosen = median(times.crafted)
  const perKey = (ms: number) => `${((ms * 1e6) / COUNT).toFixed(0)} ns`
  console.log(`${name}: random ${perKey(plain)}, crafted ${perKey(chosen)}, ratio ${(chosen / plain).toFixed(2)}`)
}
