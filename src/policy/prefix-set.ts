/**
 * A set of prefixes with length ranges, as BIRD's `[ 10.0.0.0/8{16,24}, 10.1.0.0/16+ ]`: is this route's prefix in it?
 *
 * Two tries (one a family) give the longest listed prefix that covers the route. Each entry carries every length that it
 * *or any listed prefix around it* allows, so one longest match and one bit test answer the question, without allocation.
 * Built by compile.ts, asked once per route.
 */
import { FAMILIES } from '../../wire/family.ts'
import type { Prefix } from '../../wire/prefix.ts'
import { PrefixTrie } from '../table/prefix-trie.ts'
import type { PolicySubject, PrefixMatch } from './policy.ts'

/** Bit n of the 160: prefixes of length n are in. Lengths go from 0 to 128. */
type Lengths = Uint32Array
const LENGTHS_WORDS = 5

function hasLength(lengths: Lengths, length: number): boolean {
  return (((lengths[length >>> 5] ?? 0) >>> (length & 31)) & 1) === 1
}

function addLengths(lengths: Lengths, match: PrefixMatch): void {
  const last = Math.min(match.maxLength, match.prefix.family.bits)
  for (let n = Math.max(match.minLength, match.prefix.length, 0); n <= last; n++) {
    lengths[n >>> 5] = (lengths[n >>> 5] ?? 0) | (1 << (n & 31))
  }
}

export class PrefixSet {
  readonly #tries: readonly PrefixTrie<Lengths>[]

  constructor(matches: readonly PrefixMatch[]) {
    this.#tries = FAMILIES.map(family => new PrefixTrie<Lengths>(family))
    // Shortest first: when a prefix comes, everything that covers it is there already, with all it inherited.
    const sorted = [...matches].sort((a, b) => a.prefix.length - b.prefix.length)
    for (const match of sorted) this.#add(match)
  }

  #add(match: PrefixMatch): void {
    const { family, words, length } = match.prefix
    const trie = this.#tries[family.index]
    if (trie === undefined) return
    const around = longest(trie, match.prefix)
    const lengths = around === undefined ? new Uint32Array(LENGTHS_WORDS) : around.slice()
    addLengths(lengths, match)
    trie.insert(words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0, length, lengths)
  }

  has(subject: PolicySubject): boolean {
    const trie = this.#tries[subject.family.index]
    if (trie === undefined) return false
    const lengths = trie.longestMatch(
      subject.address0,
      subject.address1,
      subject.address2,
      subject.address3,
      subject.length,
    )
    return lengths !== undefined && hasLength(lengths, subject.length)
  }
}

function longest(trie: PrefixTrie<Lengths>, prefix: Prefix): Lengths | undefined {
  const { words, length } = prefix
  return trie.longestMatch(words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0, length)
}

/** True when the set holds every prefix of every family: then the condition is none. */
export function isEverything(matches: readonly PrefixMatch[]): boolean {
  return FAMILIES.every(family => {
    const lengths = new Uint32Array(LENGTHS_WORDS)
    for (const match of matches)
      if (match.prefix.family === family && match.prefix.length === 0) addLengths(lengths, match)
    for (let n = 0; n <= family.bits; n++) if (!hasLength(lengths, n)) return false
    return true
  })
}
