import { describe, expect, it } from 'vitest'
import { PrefixTable } from '../../../src/table/prefix-table.ts'
import { FAMILIES, IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/index.ts'
import { randomFrom } from '../../support/rib-random-parts.ts'

type Words = readonly [number, number, number, number, number]

/** A random prefix out of few, with addresses beyond 2^31 among them. */
function randomPrefix(random: () => number, isWide: boolean): Words {
  const length = Math.floor(random() * (isWide ? 129 : 33))
  const word = (k: number) => {
    const bits = Math.max(0, Math.min(32, length - 32 * k))
    const value = Math.floor(random() * 4) * 0x40000000 + Math.floor(random() * 3) * 0x10000 + Math.floor(random() * 3)
    return bits === 0 ? 0 : (value & (-1 << (32 - bits))) >>> 0
  }
  return isWide ? [word(0), word(1), word(2), word(3), length] : [word(0), 0, 0, 0, length]
}

describe('a prefix table', () => {
  it.each(FAMILIES)('finds what was added and not removed, under random operations: $name', family => {
    const random = randomFrom(family.index + 5)
    const table = new PrefixTable(family, 99)
    const model = new Map<string, number>()
    for (let step = 0; step < 20_000; step++) {
      const words = randomPrefix(random, family.bits === 128)
      const key = words.join()
      const id = model.get(key) ?? 0
      expect(table.lookup(...words)).toBe(id)
      if (random() < 0.6) {
        const added = table.add(...words)
        if (id !== 0) expect(added).toBe(id)
        model.set(key, added)
      } else if (id !== 0) {
        table.remove(id)
        model.delete(key)
      }
    }
    expect(table.size).toBe(model.size)
    expect(new Set(model.values()).size).toBe(model.size)
    for (const [key, id] of model) {
      const read = [0, 1, 2, 3].map(k => table.word(id, k)).concat(table.lengthOf(id))
      expect(read.join()).toBe(key)
      expect(table.isLive(id)).toBe(true)
    }
  })

  it.each(FAMILIES)('keeps every prefix findable while its slots grow, removals in between: $name', family => {
    const random = randomFrom(family.index + 11)
    const table = new PrefixTable(family, 99, 16)
    const ids: number[] = []
    const words = (i: number): Words => [0x0a000000 + i, i & 7, 0, 0, 32]
    for (let i = 0; i < 12_000; i++) {
      ids.push(table.add(...words(i)))
      // Old ones go and come back, at times twice, while most of the old slots are not moved yet.
      for (let k = 0; k < 2; k++) {
        const other = Math.floor(random() * ids.length)
        expect(table.lookup(...words(other))).toBe(ids[other])
        if (ids[other] === 0) ids[other] = table.add(...words(other))
        else if (random() < 0.4) {
          table.remove(ids[other] ?? 0)
          ids[other] = 0
          expect(table.lookup(...words(other))).toBe(0)
        }
      }
    }
    expect(ids.map((_, i) => table.lookup(...words(i)))).toEqual(ids)
    const live = ids.filter(id => id !== 0)
    expect([table.size, new Set(live).size]).toEqual([live.length, live.length])
  })

  it('gives the id of a removed prefix to the next new one and keeps ids dense', () => {
    const table = new PrefixTable(IPV4_UNICAST, 1)
    const first = table.add(0x0a000000, 0, 0, 0, 8)
    const second = table.add(0x0b000000, 0, 0, 0, 8)
    table.remove(first)
    expect(table.isLive(first)).toBe(false)
    expect(table.add(0x0c000000, 0, 0, 0, 8)).toBe(first)
    expect([first, second, table.idLimit]).toEqual([1, 2, 3])
  })

  it('tells prefixes apart that differ in length only', () => {
    const table = new PrefixTable(IPV6_UNICAST, 1)
    const ids = [0, 1, 32, 64, 127, 128].map(length => table.add(0, 0, 0, 0, length))
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('takes words above 2^31 signed or unsigned', () => {
    const table = new PrefixTable(IPV4_UNICAST, 1)
    const id = table.add(0xc0a80000, 0, 0, 0, 16)
    expect(table.lookup(0xc0a80000 | 0, 0, 0, 0, 16)).toBe(id)
    expect(table.word(id, 0)).toBe(0xc0a80000)
  })

  it('grows from a small reserve to a hundred thousand prefixes', () => {
    const table = new PrefixTable(IPV6_UNICAST, 7, 16)
    for (let i = 0; i < 100_000; i++) table.add(0x20010db8, i, 0, 0, 64)
    expect(table.size).toBe(100_000)
    for (let i = 0; i < 100_000; i += 997) expect(table.lookup(0x20010db8, i, 0, 0, 64)).toBe(i + 1)
  })

  it.each(FAMILIES)('keeps every prefix and every id over several growths fetched ahead: $name', family => {
    const table = new PrefixTable(family, 3, 16)
    const count = 200_000
    const before = table.octets
    for (let i = 0; i < count; i++) if (table.add(0x0a000000 + i, i & 3, 0, 0, 32) !== i + 1) throw new Error(`${i}`)
    for (let i = 0; i < count; i++) if (table.lookup(0x0a000000 + i, i & 3, 0, 0, 32) !== i + 1) throw new Error(`${i}`)
    for (let id = 1; id <= count; id++) if (table.lengthOf(id) !== 32) throw new Error(`${id}`)
    expect(table.octets).toBeGreaterThan(before)
  })

  it('spreads prefixes that differ in high bits only, whatever the secret', () => {
    for (let seed = 0; seed < 5; seed++) {
      const table = new PrefixTable(IPV4_UNICAST, seed)
      for (let i = 0; i < 256; i++) for (let j = 0; j < 16; j++) table.add((i << 24) | (j << 20), 0, 0, 0, 12)
      expect(table.size).toBe(4096)
    }
  })
})
