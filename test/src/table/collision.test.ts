/** Keys chosen against the hash tables (design 3.8): whoever does not know the seed gains nothing by choosing. */
import { describe, expect, it } from 'vitest'
import { AttributeStore } from '../../../src/rib/attribute-store.ts'
import { PrefixTable } from '../../../src/table/prefix-table.ts'
import { IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/index.ts'
import { collidingAddresses, collidingBlocks, publicHash, publicSlot4 } from '../../support/hash-attack.ts'
import { randomFrom } from '../../support/rib-random-parts.ts'

const COUNT = 65_536
const SEEDS = [1, 0xdeadbeef, 0x12345678, 4_000_000_000]

const crafted = collidingAddresses(COUNT)
const blocks = collidingBlocks(COUNT)

/** As many distinct words, at random. */
function randomWords(seed: number): Uint32Array {
  const random = randomFrom(seed)
  const words = new Set<number>()
  while (words.size < COUNT) words.add(Math.floor(random() * 2 ** 32))
  return Uint32Array.from(words)
}

function table4(seed: number, addresses: Uint32Array) {
  const table = new PrefixTable(IPV4_UNICAST, seed)
  for (const address of addresses) table.add(address, 0, 0, 0, 32)
  expect(table.size).toBe(COUNT)
  return table.displacement()
}

function table6(seed: number, addresses: Uint32Array) {
  const table = new PrefixTable(IPV6_UNICAST, seed)
  for (const address of addresses) table.add(0x20010db8, address, 0, 0, 128)
  expect(table.size).toBe(COUNT)
  return table.displacement()
}

function storeOf(seed: number, all: readonly Uint8Array[]) {
  const store = new AttributeStore(seed, 64, () => {})
  for (const block of all) {
    expect(store.probe(16, block, 0, block.length)).toBe(0)
    store.retain(store.insert(16, block.length))
  }
  return store.displacement()
}

describe('keys that collide without a secret', () => {
  it('do collide without one', () => {
    expect(new Set(Array.from(crafted, address => publicSlot4(address, 32, 17))).size).toBeLessThanOrEqual(2)
    expect(new Set(crafted).size).toBe(COUNT)
    const hashes = blocks.map(block => publicHash([...new Int32Array(block.buffer)]))
    expect(new Set(hashes).size).toBe(1)
  })

  it.each(SEEDS)('lie no further from their slots than random prefixes, seed %i', seed => {
    const random = table4(seed, randomWords(seed))
    const chosen = table4(seed, crafted)
    expect(chosen.mean).toBeLessThan(1.5 * random.mean + 0.1)
    expect(chosen.longest).toBeLessThan(4 * random.longest)
  })

  it.each(SEEDS)('lie no further from their slots than random IPv6 prefixes, seed %i', seed => {
    const random = table6(seed, randomWords(seed))
    const chosen = table6(seed, crafted)
    expect(chosen.mean).toBeLessThan(1.5 * random.mean + 0.1)
    expect(chosen.longest).toBeLessThan(4 * random.longest)
  })

  it.each(SEEDS)('lie no further from their slots than random attribute sets, seed %i', seed => {
    const words = randomWords(seed)
    const random = storeOf(
      seed,
      Array.from(words, (word, i) => new Uint8Array(Uint32Array.of(word, i).buffer)),
    )
    const chosen = storeOf(seed, blocks)
    expect(chosen.mean).toBeLessThan(1.5 * random.mean + 0.1)
    expect(chosen.longest).toBeLessThan(4 * random.longest)
  })
})
