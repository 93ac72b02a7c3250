/**
 * Attributes, capabilities and prefixes out of nothing, mostly well-formed: what the mutators put into messages that do
 * not have them yet. Flags and lengths as the RFC of each attribute has them; values random.
 */
import type { Random } from './random.ts'
import { attribute, type Box, box, type Leaf, leaf, type Piece } from './shape.ts'

type Value = (random: Random) => Piece[]

const octets =
  (...sizes: readonly number[]): Value =>
  random => [leaf(random.bytes(random.oneIn(12) ? random.below(40) : random.pick(sizes)))]

const asNumbers = (random: Random, count: number, unit: number): Leaf => {
  const bytes = random.bytes(count * unit)
  // Small numbers and AS_TRANS are what code paths ask for.
  for (let at = 0; at < bytes.length; at += unit) {
    const special = random.pick([[0, 0, 0xfd, 0xe9], [0, 0, 0x5b, 0xa0], undefined, undefined])
    if (special !== undefined) bytes.set(special.slice(4 - unit), at)
  }
  return leaf(bytes)
}

const segments =
  (isWide: boolean): Value =>
  random => {
    const unit = isWide || !random.oneIn(3) ? 4 : 2
    return Array.from({ length: random.pick([0, 1, 1, 1, 2, 3]) }, () => {
      const count = random.pick([1, 2, 3, 4, 255, random.below(256)])
      return box('segment', [random.pick([2, 2, 2, 1, 3, 4])], 1, [asNumbers(random, count, unit)], unit)
    })
  }

const reach: Value = random => {
  const isWide = !random.oneIn(4)
  const size = isWide ? random.pick([16, 16, 32, 24, 4]) : random.pick([4, 4, 16, 32, 12])
  const nextHop = random.bytes(size)
  nextHop.set([0x20, 0x01, 0x0d, 0xb8].slice(0, size))
  if (size === 32) nextHop.set([0xfe, 0x80, 0, 0, 0, 0, 0, 0], 16)
  return [
    family(random, isWide),
    box('next-hop', [], 1, [leaf(nextHop)]),
    leaf([0]),
    ...prefixes(random, isWide ? 128 : 32),
  ]
}

const unreach: Value = random => {
  const isWide = !random.oneIn(4)
  return [family(random, isWide), ...prefixes(random, isWide ? 128 : 32)]
}

function family(random: Random, isWide: boolean): Leaf {
  return leaf(random.oneIn(10) ? [64, 4, 71] : [0, isWide ? 2 : 1, random.pick([1, 1, 1, 1, 1, 1, 2, 128])], 'family')
}

function prefixes(random: Random, bits: number): Leaf[] {
  return Array.from({ length: random.pick([0, 1, 1, 2, 3, 8]) }, () => randomPrefix(random, bits))
}

/** One prefix, few enough different ones that messages meet in a table. Sometimes too long, sometimes with host bits. */
export function randomPrefix(random: Random, bits: number): Leaf {
  const length = random.oneIn(16)
    ? random.below(256)
    : random.pick([0, 1, 8, 16, 20, 24, 24, 25, 31, 32, 48, 64, 127, 128].filter(n => n <= bits))
  const size = (length + 7) >> 3
  const bytes = new Uint8Array(1 + size)
  bytes[0] = length
  const base =
    bits === 32
      ? [10, random.below(4), random.below(4), random.below(256)]
      : [0x20, 0x01, 0x0d, 0xb8, random.below(4), random.below(4)]
  bytes.set(base.slice(0, size), 1)
  if (size > base.length) bytes.set(random.bytes(size - base.length), 1 + base.length)
  return leaf(bytes, 'prefix')
}

const aigp: Value = random => [
  box('value', [1], 2, [leaf(random.bytes(8))]),
  ...(random.oneIn(4) ? [leaf(random.bytes(3))] : []),
]
/** AIGP (RFC 7311 3) counts type and length in its length. */
const countedAigp: Value = random => [leaf([1, 0, 11, ...random.bytes(8)])]

const words = (unit: number, random: Random): Piece[] => {
  const count = random.pick([1, 1, 2, 3, 4, 64, 0])
  const bytes = random.bytes(unit * count)
  if (unit === 4 && count > 0 && random.oneIn(2)) bytes.set([0xff, 0xff, 0xff, random.below(8)])
  return [leaf(bytes)]
}

/** Flags, code, value. */
const ATTRIBUTES: readonly (readonly [number, number, Value])[] = [
  [0x40, 1, random => [leaf([random.below(4)])]],
  [0x40, 2, segments(false)],
  [0x40, 3, octets(4)],
  [0x80, 4, octets(4)],
  [0x40, 5, octets(4)],
  [0x40, 6, octets(0)],
  [0xc0, 7, octets(6, 8)],
  [0xc0, 8, random => words(4, random)],
  [0x80, 9, octets(4)],
  [0x80, 10, random => words(4, random)],
  [0x80, 14, reach],
  [0x80, 14, reach],
  [0x80, 15, unreach],
  [0xc0, 16, random => words(8, random)],
  [0xc0, 17, segments(true)],
  [0xc0, 18, octets(8)],
  [0xc0, 25, random => words(20, random)],
  [0x80, 26, aigp],
  [0x80, 26, countedAigp],
  [0xc0, 32, random => words(12, random)],
  [0xc0, 35, octets(4)],
  [0xc0, 40, octets(7, 10, 24)],
  [0xc0, 23, octets(8, 20)],
  [0xc0, 128, octets(4, 40)],
  [0xe0, 99, octets(0, 1, 255, 300, 3000)],
  [0x80, 200, octets(3)],
]

/** One attribute, its flags right but for one in ten. */
export function randomAttribute(random: Random): Box {
  const [flags, code, value] = random.pick(ATTRIBUTES)
  const partial = (flags & 0xc0) === 0xc0 && random.oneIn(4) ? 0x20 : 0
  const wrong = random.oneIn(10) ? random.pick([0x80, 0x40, 0x20, 0x10, 0x0f]) : 0
  return attribute((flags | partial) ^ wrong, code, value(random))
}

/** Code and the lengths its value may have (RFC 4760, 2918, 8950, 8654, 9234, 4724, 6793, 7911, 7313, 9494, FQDN, software). */
const CAPABILITIES: readonly (readonly [number, readonly number[]])[] = [
  [1, [4]],
  [2, [0]],
  [5, [6, 12]],
  [6, [0]],
  [9, [1]],
  [64, [2, 6, 10]],
  [65, [4]],
  [67, [0, 2]],
  [69, [4, 8]],
  [70, [0]],
  [71, [0, 7, 14]],
  [73, [2, 5, 20, 130]],
  [75, [1, 2, 10]],
  [128, [0]],
  [131, [4]],
  [222, [3]],
]

/** One capability; often of a length it should not have. */
export function randomCapability(random: Random): Box {
  const [code, sizes] = random.pick(CAPABILITIES)
  const size = random.oneIn(5) ? random.below(256) : random.pick(sizes)
  const value = random.bytes(size)
  if (random.oneIn(2)) value.set([0, random.pick([1, 2]), code === 1 ? 0 : 1, 1].slice(0, size))
  // Inner lengths of FQDN (two) and software version (one).
  if ((code === 73 || code === 75) && size > 0) value[0] = random.pick([0, 1, size - 1, size, 255])
  return box('capability', [code], 1, [leaf(value)])
}
