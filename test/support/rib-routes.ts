/**
 * Generated full tables for benchmarks and large tests: random IPv4 prefixes, 60 % /24, and UPDATE messages of an internal
 * peer as a real one sends them: one attribute set, then its prefixes, in messages of at most 4096 octets.
 */
import { randomFrom } from './rib-random-parts.ts'

export interface RouteSet {
  readonly addresses: Uint32Array
  readonly lengths: Uint8Array
}

/** Share of each prefix length, most frequent first. */
const LENGTHS = [
  [24, 0.6],
  [22, 0.12],
  [23, 0.11],
  [21, 0.05],
  [20, 0.05],
  [19, 0.03],
  [16, 0.02],
  [18, 0.02],
] as const

function pickLength(r: number): number {
  let left = r
  for (const [length, share] of LENGTHS) {
    if (left < share) return length
    left -= share
  }
  return 24
}

/** `count` different prefixes between 1.0.0.0 and 223.255.255.255, 127/8 and 169/8 left out. */
export function generatePrefixes(count: number, seed: number): RouteSet {
  const random = randomFrom(seed)
  const addresses = new Uint32Array(count)
  const lengths = new Uint8Array(count)
  const seen = new Set<number>()
  for (let i = 0; i < count; ) {
    const length = pickLength(random())
    const address = (Math.floor((1 + random() * 222) * 16777216) & (-1 << (32 - length))) >>> 0
    const top = address >>> 24
    const key = address * 64 + length
    if (top === 127 || top === 169 || seen.has(key)) continue
    seen.add(key)
    addresses[i] = address
    lengths[i++] = length
  }
  return { addresses, lengths }
}

/** Appends the attributes of set number `n` of peer `peer` at `o`; returns the offset after them. */
function writeAttributes(out: Uint8Array, o: number, n: number, peer: number, random: () => number): number {
  const put = (...octets: readonly number[]) => {
    for (const octet of octets) out[o++] = octet
  }
  const put32 = (value: number) => put(value >>> 24, value >>> 16, value >>> 8, value)
  let hops = 2
  while (hops < 10 && random() < 0.62) hops++
  put(0x40, 1, 1, random() < 0.9 ? 0 : 2)
  put(0x40, 2, 2 + 4 * hops, 2, hops)
  put32(64600 + peer)
  for (let k = 1; k < hops - 1; k++) put32(1000 + Math.floor(random() * 3000))
  put32(70000 + n)
  put(0x40, 3, 4, 10, 0, peer, 1 + (n & 3))
  if (random() < 0.3) {
    put(0x80, 4, 4)
    put32(Math.floor(random() * 100))
  }
  put(0x40, 5, 4)
  put32(random() < 0.8 ? 100 : 80 + Math.floor(random() * 60))
  if (random() < 0.6) {
    const count = 1 + Math.floor(random() * 6)
    put(0xc0, 8, 4 * count)
    for (let k = 0; k < count; k++) put32((64600 + Math.floor(random() * 20)) * 65536 + Math.floor(random() * 3000))
  }
  return o
}

/** Offsets of the messages in `bytes`: message i is `bytes[offsets[i], offsets[i + 1])`, header included. */
export interface EncodedRoutes {
  readonly bytes: Uint8Array
  readonly offsets: readonly number[]
}

/** The routes as peer `peer` tells them, in `sets` attribute sets of very different popularity. */
export function encodeRoutes({ addresses, lengths }: RouteSet, sets: number, peer: number): EncodedRoutes {
  const random = randomFrom(7000 + peer)
  const count = addresses.length
  const heads = new Int32Array(sets).fill(-1)
  const next = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const set = i < sets ? i : Math.floor(sets * random() ** 2.2)
    next[i] = heads[set] ?? -1
    heads[set] = i
  }
  const bytes = new Uint8Array(sets * 250 + count * 6 + 4096)
  const attributes = new Uint8Array(256)
  const offsets: number[] = []
  let o = 0
  for (let set = 0; set < sets; set++) {
    const length = writeAttributes(attributes, 0, set, peer, random)
    for (let i = heads[set] ?? -1; i >= 0; ) {
      const start = o
      offsets.push(start)
      bytes.fill(255, o, o + 16)
      bytes[o + 18] = 2
      bytes[o + 21] = length >>> 8
      bytes[o + 22] = length
      bytes.set(attributes.subarray(0, length), o + 23)
      o += 23 + length
      for (; i >= 0 && o - start + 5 <= 4096; i = next[i] ?? -1) {
        const bits = lengths[i] ?? 0
        const address = addresses[i] ?? 0
        bytes[o++] = bits
        for (let k = 0; k < bits; k += 8) bytes[o++] = address >>> (24 - k)
      }
      bytes[start + 16] = (o - start) >>> 8
      bytes[start + 17] = o - start
    }
  }
  offsets.push(o)
  return { bytes: bytes.subarray(0, o), offsets }
}
