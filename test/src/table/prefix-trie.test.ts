import { describe, expect, it } from 'vitest'
import { PrefixTrie } from '../../../src/table/prefix-trie.ts'
import { FAMILIES, IPV4_UNICAST } from '../../../wire/index.ts'
import { randomFrom } from '../../support/rib-random-parts.ts'

type Words = [number, number, number, number, number]

const masked = (words: readonly number[], length: number) =>
  words.map((word, k) => {
    const bits = Math.max(0, Math.min(32, length - 32 * k))
    return bits === 0 ? 0 : (word & (-1 << (32 - bits))) >>> 0
  })

describe('a prefix trie', () => {
  it.each(FAMILIES)('agrees with a linear search over random prefixes: $name', family => {
    const random = randomFrom(3)
    const trie = new PrefixTrie<string>(family)
    const all = new Map<string, Words>()
    const draw = (): Words => {
      const length = Math.floor(random() * (family.bits + 1))
      const words = [0, 1, 2, 3].map(k =>
        k < family.words ? Math.floor(random() * 4) * 0x40000000 + Math.floor(random() * 2) : 0,
      )
      const [a = 0, b = 0, c = 0, d = 0] = masked(words, length)
      return [a, b, c, d, length]
    }
    for (let i = 0; i < 300; i++) {
      const words = draw()
      trie.insert(...words, words.join())
      all.set(words.join(), words)
    }
    expect(trie.size).toBe(all.size)
    for (let i = 0; i < 2000; i++) {
      const words = draw()
      const [, , , , length] = words
      const covering = [...all.values()]
        .filter(one => one[4] <= length && masked(words.slice(0, 4), one[4]).join() === one.slice(0, 4).join())
        .toSorted((a, b) => a[4] - b[4])
        .map(one => one.join())
      expect(trie.longestMatch(...words)).toBe(covering.at(-1))
      expect(trie.get(...words)).toBe(all.get(words.join())?.join())
      const seen: string[] = []
      trie.someCovering(...words, value => {
        seen.push(value)
        return false
      })
      expect(seen).toEqual(covering)
    }
  })

  it('replaces a value and ignores host bits', () => {
    const trie = new PrefixTrie<number>(IPV4_UNICAST)
    trie.insert(0x0a0000ff, 0, 0, 0, 24, 1)
    trie.insert(0x0a000000, 0, 0, 0, 24, 2)
    expect(trie.size).toBe(1)
    expect(trie.longestMatch(0x0a000001, 0, 0, 0, 32)).toBe(2)
    expect(trie.longestMatch(0x0a000001, 0, 0, 0, 23)).toBeUndefined()
  })

  it('stops at the first covering prefix that is good enough', () => {
    const trie = new PrefixTrie<number>(IPV4_UNICAST)
    for (const length of [0, 8, 16]) trie.insert(0x0a000000, 0, 0, 0, length, length)
    const seen: number[] = []
    const found = trie.someCovering(0x0a000001, 0, 0, 0, 32, value => {
      seen.push(value)
      return value === 8
    })
    expect([found, seen]).toEqual([true, [0, 8]])
  })
})
