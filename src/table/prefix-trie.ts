/**
 * A path-compressed binary trie: longest match, and everything that covers a prefix. Built once or seldom, asked often.
 *
 * Not the main table (the hash is ten times faster, see prefix-table.ts): this is for sets of prefixes in policies and for
 * resolving next hops. Nodes are numbers into flat arrays, values lie beside them; a look-up allocates nothing.
 * No RFC. One family per trie; words beyond the family's are ignored. Called by src/policy and src/kernel.
 */
import type { Family } from '../../wire/family.ts'

/** The first `length` bits of word `k` of an address, all others zero. */
function masked(word: number, k: number, length: number): number {
  const bits = length - 32 * k
  return bits >= 32 ? word >>> 0 : bits <= 0 ? 0 : (word & (-1 << (32 - bits))) >>> 0
}

export class PrefixTrie<T> {
  readonly family: Family
  /** Prefixes with a value. */
  size = 0
  /** Per node: 4 address words (host bits zero), length, child 0, child 1, spare. Node 0 is no node, node 1 the root. */
  #nodes = new Uint32Array(64 * 8)
  #count = 2
  /** By node; undefined for a branch that nobody inserted. */
  readonly #values: (T | undefined)[] = [undefined, undefined]

  constructor(family: Family) {
    this.family = family
  }

  /** Sets the value of a prefix; host bits are ignored. */
  insert(a0: number, a1: number, a2: number, a3: number, length: number, value: T): void {
    const w0 = masked(a0, 0, length)
    const w1 = masked(a1, 1, length)
    const w2 = masked(a2, 2, length)
    const w3 = masked(a3, 3, length)
    let parent = 0
    let side = 0
    let node = 1
    while (node !== 0) {
      const common = this.#common(node, w0, w1, w2, w3, length)
      const nodeLength = this.#length(node)
      if (common < nodeLength) break
      if (nodeLength === length) {
        this.#setValue(node, value)
        return
      }
      parent = node
      side = this.#bit(w0, w1, w2, w3, nodeLength)
      node = this.#child(node, side)
    }
    const leaf = this.#newNode(w0, w1, w2, w3, length)
    this.#setValue(leaf, value)
    this.#attach(parent, side, node, leaf)
  }

  /** Hangs `leaf` below `parent`, where `node` hung (0: nothing did), with a branch between when neither covers the other. */
  #attach(parent: number, side: number, node: number, leaf: number): void {
    if (node === 0) {
      this.#setChild(parent, side, leaf)
      return
    }
    const nodes = this.#nodes
    const at = leaf * 8
    const w0 = nodes[at]!
    const w1 = nodes[at + 1]!
    const w2 = nodes[at + 2]!
    const w3 = nodes[at + 3]!
    const length = nodes[at + 4]!
    const common = this.#common(node, w0, w1, w2, w3, length)
    if (common === length) {
      this.#setChild(leaf, this.#bitOf(node, common), node)
      this.#setChild(parent, side, leaf)
      return
    }
    const words = [masked(w0, 0, common), masked(w1, 1, common), masked(w2, 2, common), masked(w3, 3, common)] as const
    const branch = this.#newNode(...words, common)
    this.#setChild(branch, this.#bitOf(node, common), node)
    this.#setChild(branch, this.#bitOf(leaf, common), leaf)
    this.#setChild(parent, side, branch)
  }

  /** The value of exactly this prefix. */
  get(a0: number, a1: number, a2: number, a3: number, length: number): T | undefined {
    let node = 1
    while (node !== 0 && this.#covers(node, a0, a1, a2, a3, length)) {
      if (this.#length(node) === length) return this.#values[node]
      node = this.#child(node, this.#bit(a0, a1, a2, a3, this.#length(node)))
    }
    return undefined
  }

  /** The value of the longest prefix that covers the given one (itself included). Does not allocate. */
  longestMatch(a0: number, a1: number, a2: number, a3: number, length: number): T | undefined {
    let best: T | undefined
    let node = 1
    while (node !== 0 && this.#covers(node, a0, a1, a2, a3, length)) {
      const value = this.#values[node]
      if (value !== undefined) best = value
      const nodeLength = this.#length(node)
      if (nodeLength === length) break
      node = this.#child(node, this.#bit(a0, a1, a2, a3, nodeLength))
    }
    return best
  }

  /** Calls `test` for every prefix that covers the given one, shortest first, until one says true. */
  someCovering(
    a0: number,
    a1: number,
    a2: number,
    a3: number,
    length: number,
    test: (value: T, length: number) => boolean,
  ): boolean {
    let node = 1
    while (node !== 0 && this.#covers(node, a0, a1, a2, a3, length)) {
      const value = this.#values[node]
      const nodeLength = this.#length(node)
      if (value !== undefined && test(value, nodeLength)) return true
      if (nodeLength === length) break
      node = this.#child(node, this.#bit(a0, a1, a2, a3, nodeLength))
    }
    return false
  }

  // Index arithmetic

  #length(node: number): number {
    return this.#nodes[node * 8 + 4]!
  }

  #child(node: number, side: number): number {
    return this.#nodes[node * 8 + 5 + side]!
  }

  #setChild(node: number, side: number, child: number): void {
    this.#nodes[node * 8 + 5 + side] = child
  }

  #setValue(node: number, value: T): void {
    if (this.#values[node] === undefined) this.size++
    this.#values[node] = value
  }

  #newNode(w0: number, w1: number, w2: number, w3: number, length: number): number {
    const at = this.#count * 8
    if (at + 8 > this.#nodes.length) {
      const larger = new Uint32Array(this.#nodes.length * 2)
      larger.set(this.#nodes)
      this.#nodes = larger
    }
    const nodes = this.#nodes
    nodes[at] = w0
    nodes[at + 1] = w1
    nodes[at + 2] = w2
    nodes[at + 3] = w3
    nodes[at + 4] = length
    this.#values.push(undefined)
    return this.#count++
  }

  /** The `position`-th bit of an address, counted from the most significant. */
  #bit(w0: number, w1: number, w2: number, w3: number, position: number): number {
    const word = position < 32 ? w0 : position < 64 ? w1 : position < 96 ? w2 : w3
    return (word >>> (31 - (position & 31))) & 1
  }

  #bitOf(node: number, position: number): number {
    return (this.#nodes[node * 8 + (position >>> 5)]! >>> (31 - (position & 31))) & 1
  }

  #covers(node: number, a0: number, a1: number, a2: number, a3: number, length: number): boolean {
    const nodeLength = this.#length(node)
    return nodeLength <= length && this.#common(node, a0, a1, a2, a3, nodeLength) === nodeLength
  }

  /** How many leading bits a node and a prefix share, at most the shorter of the two lengths. */
  #common(node: number, a0: number, a1: number, a2: number, a3: number, length: number): number {
    const nodes = this.#nodes
    const at = node * 8
    const limit = Math.min(length, nodes[at + 4]!)
    let difference = nodes[at]! ^ a0
    if (difference !== 0) return Math.min(limit, Math.clz32(difference))
    if (limit <= 32) return limit
    difference = nodes[at + 1]! ^ a1
    if (difference !== 0) return Math.min(limit, 32 + Math.clz32(difference))
    difference = nodes[at + 2]! ^ a2
    if (difference !== 0) return Math.min(limit, 64 + Math.clz32(difference))
    difference = nodes[at + 3]! ^ a3
    return Math.min(limit, difference === 0 ? 128 : 96 + Math.clz32(difference))
  }
}
