/**
 * Sets of prefixes with length ranges, as BIRD's `[ 10.0.0.0/8{16,24}, 10.1.0.0/16+ ]`: in which of them is this route's prefix?
 *
 * All sets of a policy share two tries (one a family). An entry carries, for each set, every length that the set allows there
 * by the entry *or any entry around it*: so one longest match answers for all sets, and each of them costs one bit test more.
 * Nothing is allocated by a question. Built by compile.ts, asked once per route.
 */
import { FAMILIES, type Family } from '../../wire/family.ts'
import type { Prefix } from '../../wire/prefix.ts'
import { PrefixTrie } from '../table/prefix-trie.ts'
import type { PolicySubject, PrefixMatch } from './policy.ts'

/** Per set as many words as the lengths of the family need; bit n: prefixes of length n are in. */
export type Lengths = Uint32Array

const wordsOf = (family: Family): number => (family.bits >>> 5) + 1

function addLengths(lengths: Lengths, offset: number, { prefix, minLength, maxLength }: PrefixMatch): void {
  const last = Math.min(maxLength, prefix.family.bits)
  for (let n = Math.max(minLength, prefix.length, 0); n <= last; n++) {
    const word = offset + (n >>> 5)
    lengths[word] = (lengths[word] ?? 0) | (1 << (n & 31))
  }
}

export class PrefixSets {
  readonly #tries: readonly PrefixTrie<Lengths>[]
  readonly #count: number

  constructor(sets: readonly (readonly PrefixMatch[])[]) {
    this.#count = sets.length
    this.#tries = FAMILIES.map(family => new PrefixTrie<Lengths>(family))
    const entries = sets.flatMap((matches, set) => matches.map(match => ({ match, set })))
    // Shortest first: when a prefix comes, everything that covers it is there already, with all it inherited.
    entries.sort((a, b) => a.match.prefix.length - b.match.prefix.length)
    for (const { match, set } of entries) this.#add(match, set)
  }

  #add(match: PrefixMatch, set: number): void {
    const { family, words, length } = match.prefix
    const trie = this.#tries[family.index]
    if (trie === undefined) return
    const around = longest(trie, match.prefix)
    const lengths = around === undefined ? new Uint32Array(this.#count * wordsOf(family)) : around.slice()
    addLengths(lengths, set * wordsOf(family), match)
    trie.insert(words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0, length, lengths)
  }

  /** What `isIn` wants to know of a route; undefined: it is in no set. */
  find({ family, address0, address1, address2, address3, length }: PolicySubject): Lengths | undefined {
    return this.#tries[family.index]?.longestMatch(address0, address1, address2, address3, length)
  }
}

/** Is the route, of which `found` was found, in this set? */
export function isIn(found: Lengths | undefined, set: number, { family, length }: PolicySubject): boolean {
  if (found === undefined) return false
  return (((found[set * wordsOf(family) + (length >>> 5)] ?? 0) >>> (length & 31)) & 1) === 1
}

function longest(trie: PrefixTrie<Lengths>, prefix: Prefix): Lengths | undefined {
  const { words, length } = prefix
  return trie.longestMatch(words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0, length)
}

/** True when the set holds every prefix of every family: then the condition is none. */
export function isEverything(matches: readonly PrefixMatch[]): boolean {
  return FAMILIES.every(family => {
    const lengths = new Uint32Array(wordsOf(family))
    for (const match of matches)
      if (match.prefix.family === family && match.prefix.length === 0) addLengths(lengths, 0, match)
    for (let n = 0; n <= family.bits; n++) if ((((lengths[n >>> 5] ?? 0) >>> (n & 31)) & 1) === 0) return false
    return true
  })
}
