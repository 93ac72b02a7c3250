/** What the random life of a RIB draws from: numbers of a seed, policies of every kind, routes that next hops are resolved by. */
import { ACCEPT_ALL, type Policy } from '../../src/policy/index.ts'
import { IPV4_UNICAST, IPV6_UNICAST, type Prefix } from '../../wire/index.ts'
import { hexOf } from './rib-wire.ts'

/** mulberry32 */
export function randomFrom(seed: number): () => number {
  let s = seed >>> 0
  return () => {
    s = (s + 0x6d2b79f5) >>> 0
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export const COMMUNITIES = [0xfc000001, 0xfc000002, 0xfc000003, 0xffffff01, 0xffffff02, 0xffffff03]

const tens = { family: IPV4_UNICAST, words: Uint32Array.of(0x0a000000), length: 8 }
const twenties: Prefix = { family: IPV4_UNICAST, words: Uint32Array.of(0x14000000), length: 8 }
const docs: Prefix = { family: IPV6_UNICAST, words: Uint32Array.of(0x20010db8, 0, 0, 0), length: 36 }

export const POLICIES: readonly Policy[] = [
  ACCEPT_ALL,
  ACCEPT_ALL,
  {
    name: 'by prefix',
    terms: [
      { match: { prefixes: [{ prefix: tens, minLength: 24, maxLength: 32 }] }, action: 'reject' },
      {
        match: {
          prefixes: [
            { prefix: twenties, minLength: 8, maxLength: 32 },
            { prefix: docs, minLength: 36, maxLength: 128 },
          ],
        },
        set: { med: 7, addCommunities: [0xfc000009], removeCommunities: [0xfc000001] },
        action: 'accept',
      },
    ],
    otherwise: 'accept',
  },
  {
    name: 'by community',
    terms: [
      { match: { communities: [0xfc000001] }, action: 'reject' },
      {
        match: { communities: [0xfc000002] },
        set: { localPref: 101, removeCommunities: [0xfc000002] },
        action: 'next',
      },
      { match: { sources: ['bgp'] }, set: { addCommunities: [0xfc00000a] }, action: 'accept' },
    ],
    otherwise: 'accept',
  },
  {
    name: 'own next hop for some',
    terms: [
      {
        match: { prefixes: [{ prefix: twenties, minLength: 0, maxLength: 24 }] },
        set: { nextHopSelf: true },
        action: 'accept',
      },
    ],
    otherwise: 'accept',
  },
]

/** `count` IPv4 prefixes, some of which lie in others, and half as many IPv6 ones, as "<hex>/<length>"; `below` draws. */
export function drawPrefixes(count: number, below: (n: number) => number): { ipv4: string[]; ipv6: string[] } {
  const [ipv4, ipv6]: [string[], string[]] = [[], []]
  for (let i = 0; i < count; i++) {
    const top = [10, 20, 30][below(3)] ?? 10
    const length = 16 + below(17)
    const word = ((top << 24) | below(1 << 24)) & (-1 << (32 - length))
    ipv4.push(`${hexOf([word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255])}/${length}`)
    if (i % 2 === 0) ipv6.push(`20010db8${hexOf([below(256), below(256), i >> 8, i & 255])}${'00'.repeat(8)}/64`)
  }
  return { ipv4, ipv6 }
}

/** What next hops are resolved by, "<hex>/<length>": some cover others. */
export const UNDERLAY = [
  '00000000/0',
  '0a000200/24',
  '0a000200/27',
  '0a000220/27',
  '0a000208/29',
  `${'0'.repeat(32)}/0`,
  `20010db8${'0'.repeat(24)}/32`,
  `20010db8${'0'.repeat(24)}/123`,
]

/** A prefix as it is told, in two: with its path identifier, 0 when there is none. */
export function splitId(text: string): [prefix: string, pathId: number] {
  const [prefix = '', id = '0'] = text.split('#')
  return [prefix, Number(id)]
}

export function prefixOf(text: string): Prefix {
  const [address = '', length = '0'] = text.split('/')
  const words = Uint32Array.from((address.match(/.{8}/g) ?? []).map(word => Number.parseInt(word, 16)))
  return { family: words.length === 4 ? IPV6_UNICAST : IPV4_UNICAST, words, length: Number(length) }
}
