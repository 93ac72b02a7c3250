/**
 * Structure-aware mutators (spec: reliability 5.2): each breaks one thing a parser may trust. Lengths one off, zero, too
 * large; nested boxes that overrun; attributes repeated, reordered, spliced between messages, AS4_PATH first; flags toggled;
 * next hops of 0 to 255 octets; segments, prefixes and capabilities of every size; path identifiers; messages grown to their
 * limit. After them, sometimes, plain damage to bytes. All choices come from one `Random`.
 */
import { randomAttribute, randomCapability, randomPrefix } from './grammar.ts'
import type { Random } from './random.ts'
import { type Box, box, leaf, type Piece, readShape, type Shape, sizeOf, writePieces, writeShape } from './shape.ts'

/** Another message of the corpus, to take parts from. */
export type Donor = () => Uint8Array

interface Scene {
  readonly shape: Shape
  readonly random: Random
  readonly donor: Donor
}

type Mutator = (scene: Scene) => void

/** Every list of pieces in a shape, with the box around it, outermost first. */
function* lists(parts: Piece[], around?: Box): Iterable<{ parts: Piece[]; around: Box | undefined }> {
  yield { parts, around }
  for (const part of parts) if (part.kind === 'box') yield* lists(part.parts, part)
}

const boxes = (shape: Shape): Box[] =>
  [...lists(shape.parts)].flatMap(({ around }) => (around === undefined ? [] : [around]))

function pickBox({ shape, random }: Scene, role?: Box['role']): Box | undefined {
  const all = boxes(shape).filter(candidate => role === undefined || candidate.role === role)
  return all.length === 0 ? undefined : random.pick(all)
}

function pickList({ shape, random }: Scene): Piece[] {
  return random.pick([...lists(shape.parts)]).parts
}

function attributesOf(shape: Shape): Piece[] {
  const found = shape.parts.find(part => part.kind === 'box' && part.role === 'attributes')
  return found?.kind === 'box' ? found.parts : []
}

function pickLeaf({ shape, random }: Scene) {
  const all = [...lists(shape.parts)].flatMap(({ parts }) => parts.filter(part => part.kind === 'leaf'))
  return all.length === 0 ? undefined : random.pick(all)
}

const insert = (parts: Piece[], random: Random, ...pieces: readonly Piece[]) =>
  parts.splice(random.below(parts.length + 1), 0, ...pieces)

const lieAboutLength: Mutator = scene => {
  const target = pickBox(scene)
  if (target === undefined || target.width === 0) return
  const { random } = scene
  const truth = Math.floor(sizeOf(target.parts) / target.unit)
  const most = target.width === 1 ? 255 : 65535
  const claim = random.pick([
    truth - 1,
    truth + 1,
    0,
    most,
    truth + 2,
    truth - 2,
    random.edge(),
    random.below(most + 1),
  ])
  target.claim = Math.max(0, Math.min(most, claim))
}

const lieAboutMessageLength: Mutator = ({ shape, random }) => {
  const truth = 19 + sizeOf(shape.parts)
  shape.claim = Math.max(0, random.pick([truth - 1, truth + 1, 18, 19, 0, 65535, 4096, 4097, random.edge()])) & 0xffff
}

const repeat: Mutator = scene => {
  const parts = pickList(scene)
  if (parts.length === 0) return
  const copy = structuredClone(scene.random.pick(parts))
  insert(parts, scene.random, copy)
}

const reorder: Mutator = scene => {
  const parts = pickList(scene)
  const from = scene.random.below(parts.length)
  const [moved] = parts.splice(from, 1)
  if (moved !== undefined) insert(parts, scene.random, moved)
}

/** CVE-2026-41643: AS4_PATH before AS_PATH; and whatever else the others meet too late. */
const bringForward: Mutator = ({ shape, random }) => {
  const parts = attributesOf(shape)
  const from = random.below(parts.length)
  const [moved] = parts.splice(from, 1)
  if (moved !== undefined) parts.unshift(moved)
}

const drop: Mutator = scene => {
  const parts = pickList(scene)
  if (parts.length > 0) parts.splice(scene.random.below(parts.length), 1)
}

const toggleFlags: Mutator = scene => {
  const target = pickBox(scene, 'attribute')
  if (target === undefined) return
  const bit = scene.random.pick([0x80, 0x40, 0x20, 0x10, 0x08, 0x01, 0xc0])
  target.head[0] = (target.head[0] ?? 0) ^ bit
  // The flag says how wide the length is; sometimes the octets follow it, sometimes they do not.
  if (bit === 0x10 && !scene.random.oneIn(3)) target.width = target.width === 1 ? 2 : 1
}

const CODES = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 22, 23, 25, 26, 32, 35, 40, 128, 0, 255, 99, 11, 13, 20, 21, 29,
]

const changeCode: Mutator = scene => {
  const target = pickBox(scene, scene.random.pick(['attribute', 'attribute', 'capability', 'parameter', 'segment']))
  if (target === undefined) return
  const last = target.head.length - 1
  target.head[last] = scene.random.oneIn(3) ? scene.random.below(256) : scene.random.pick(CODES)
}

const spliceAttribute: Mutator = ({ shape, random, donor }) => {
  const others = attributesOf(readShape(donor()))
  const into = attributesOf(shape)
  if (others.length === 0 || sizeOf(into) > 60_000) return
  insert(into, random, random.pick(others))
}

const growAttribute: Mutator = ({ shape, random }) => {
  insert(attributesOf(shape), random, randomAttribute(random))
}

const resizeNextHop: Mutator = scene => {
  const target = pickBox(scene, 'next-hop')
  if (target === undefined) return
  const size = scene.random.oneIn(2) ? scene.random.below(256) : scene.random.pick([0, 4, 8, 12, 16, 24, 32, 48, 255])
  target.parts = [leaf(scene.random.bytes(size))]
}

const changeFamily: Mutator = scene => {
  const target = pickLeaf(scene)
  if (target === undefined || target.role !== 'family') return
  const afi = scene.random.pick([1, 2, 1, 2, 25, 16388, 0, 65535])
  target.bytes = Uint8Array.of(afi >>> 8, afi, scene.random.pick([1, 1, 2, 4, 128, 133, 70, 0, 255]))
}

const changeLeaf: Mutator = scene => {
  const target = pickLeaf(scene)
  if (target === undefined) return
  target.bytes = damage(target.bytes, scene.random)
}

const addSegment: Mutator = scene => {
  const { shape, random } = scene
  const paths = attributesOf(shape).filter(part => part.kind === 'box' && (part.head[1] === 2 || part.head[1] === 17))
  if (paths.length === 0) return
  const path = random.pick(paths)
  if (path.kind !== 'box') return
  const unit = random.oneIn(3) ? 2 : 4
  const count = random.pick([0, 1, 2, 3, 255, 254, 128, random.below(256)])
  insert(
    path.parts,
    random,
    box('segment', [random.pick([1, 2, 2, 2, 3, 4, 0, 5])], 1, [leaf(random.bytes(count * unit))], unit),
  )
}

/** AS numbers in the other size, as between speakers that misunderstood their capabilities. */
const translatePath: Mutator = scene => {
  const target = pickBox(scene, 'segment')
  if (target === undefined) return
  const octets = writePieces(target.parts)
  const wide = target.unit === 4
  const out: number[] = []
  for (let at = 0; at + target.unit <= octets.length; at += target.unit) {
    if (wide) out.push(octets[at + 2] ?? 0, octets[at + 3] ?? 0)
    else out.push(0, 0, octets[at] ?? 0, octets[at + 1] ?? 0)
  }
  target.unit = wide ? 2 : 4
  target.parts = [leaf(out)]
}

const addPrefix: Mutator = scene => {
  const { shape, random } = scene
  const targets = [...lists(shape.parts)].filter(({ parts, around }) => {
    const isMp = around?.role === 'attribute' && (around.head[1] === 14 || around.head[1] === 15)
    return parts === shape.parts || around?.role === 'withdrawn' || isMp
  })
  const { parts, around } = random.pick(targets)
  const isWide = around?.role === 'attribute' && !random.oneIn(4)
  for (let left = random.pick([1, 1, 1, 2, 5, 40]); left > 0; left--)
    parts.push(randomPrefix(random, isWide ? 128 : 32))
}

/** RFC 7911: an identifier before every prefix of a list. */
const addPathIds: Mutator = scene => {
  for (const { parts } of lists(scene.shape.parts)) {
    if (!parts.some(part => part.kind === 'leaf' && part.role === 'prefix') || scene.random.oneIn(4)) continue
    for (const part of parts) {
      if (part.kind !== 'leaf' || part.role !== 'prefix') continue
      part.bytes = Uint8Array.of(0, 0, 0, scene.random.below(4), ...part.bytes)
    }
  }
}

const addCapability: Mutator = scene => {
  const target = pickBox(scene, 'parameter')
  if (target !== undefined) insert(target.parts, scene.random, randomCapability(scene.random))
}

/** RFC 9072: the wide form of optional parameters, or back. */
const widenParameters: Mutator = scene => {
  const target = pickBox(scene, 'parameters')
  if (target === undefined) return
  const isWide = target.width === 2
  target.head = isWide ? [] : [scene.random.oneIn(4) ? scene.random.below(256) : 255, 255]
  target.width = isWide ? 1 : 2
  if (scene.random.oneIn(4)) return
  for (const part of target.parts) if (part.kind === 'box') part.width = target.width
}

const changeType: Mutator = ({ shape, random }) => {
  shape.type = random.pick([0, 1, 2, 3, 4, 5, 6, 255, 2, 2])
}

const nest: Mutator = scene => {
  const parts = pickList(scene)
  if (parts.length === 0) return
  const at = scene.random.below(parts.length)
  const inner = parts[at]
  if (inner === undefined || (inner.kind === 'box' && inner.parts.length > 50)) return
  const outer = inner.kind === 'box' ? inner : box('value', [scene.random.below(256)], 1, [])
  parts[at] = { ...outer, head: [...outer.head], parts: [inner] }
}

/** Up to the limit of a message, and over it. */
const grow: Mutator = scene => {
  if (!scene.random.oneIn(4)) return
  const parts = pickList(scene)
  const { random, shape } = scene
  if (parts.length === 0) return
  const limit = random.oneIn(12) ? 65535 : 4096
  const piece = random.pick(parts)
  const size = Math.max(1, sizeOf([piece]))
  let room = limit - 19 - sizeOf(shape.parts) - random.below(3)
  // Many tiny pieces cost the mutator, not the parser.
  for (let i = 0; i < 800 && room >= size; i++, room -= size) parts.push(structuredClone(piece))
}

/** Lengths that a value grown by others needs. */
function widen(parts: readonly Piece[]): void {
  for (const part of parts) {
    if (part.kind !== 'box') continue
    widen(part.parts)
    if (part.role !== 'attribute' || part.width !== 1 || sizeOf(part.parts) <= 255) continue
    part.width = 2
    part.head[0] = (part.head[0] ?? 0) | 0x10
  }
}

/** Each as often as it is listed. */
const MUTATORS: readonly Mutator[] = [
  lieAboutLength,
  lieAboutLength,
  lieAboutLength,
  lieAboutMessageLength,
  repeat,
  repeat,
  reorder,
  reorder,
  bringForward,
  drop,
  drop,
  toggleFlags,
  toggleFlags,
  changeCode,
  spliceAttribute,
  spliceAttribute,
  spliceAttribute,
  growAttribute,
  growAttribute,
  growAttribute,
  resizeNextHop,
  resizeNextHop,
  changeFamily,
  changeLeaf,
  changeLeaf,
  changeLeaf,
  addSegment,
  addSegment,
  translatePath,
  addPrefix,
  addPrefix,
  addPathIds,
  addCapability,
  addCapability,
  addCapability,
  widenParameters,
  changeType,
  nest,
  grow,
]

/** A new message out of an old one: one to four structured changes, then perhaps damage to the bytes. At most 65535 octets. */
export function mutateMessage(bytes: Uint8Array, random: Random, donor: Donor): Uint8Array {
  if (random.oneIn(12)) return repairLength(damage(bytes, random), random)
  const shape = readShape(bytes)
  const scene: Scene = { shape, random, donor }
  for (let left = 1 + random.below(4); left > 0; left--) random.pick(MUTATORS)(scene)
  if (!random.oneIn(8)) widen(shape.parts)
  const out = writeShape(shape)
  if (random.oneIn(6)) return repairLength(damage(out, random), random)
  return out.length > 65535 ? out.slice(0, 65535) : out
}

/** Damage is useless when the framer already sees it, so the header is mended most of the time. */
function repairLength(bytes: Uint8Array, random: Random): Uint8Array {
  const out = bytes.length > 65535 ? bytes.slice(0, 65535) : bytes
  if (out.length < 19 || random.oneIn(8)) return out
  out.fill(0xff, 0, 16)
  out[16] = out.length >>> 8
  out[17] = out.length
  return out
}

/** Bytes without regard for what they mean: flipped, set, taken away, put in, doubled. Always a new array. */
export function damage(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length)
  const out = bytes.slice()
  switch (random.below(8)) {
    case 0:
      if (out.length > 0) out[at] = (out[at] ?? 0) ^ (1 << random.below(8))
      return out
    case 1:
      if (out.length > 0) out[at] = random.edge()
      return out
    case 2:
      if (out.length > 0) out[at] = (out[at] ?? 0) + random.pick([1, -1, 16, -16])
      return out
    case 3:
      return out.slice(0, at)
    case 4: {
      const end = Math.min(out.length, at + 1 + random.below(8))
      return concat(out.subarray(0, at), out.subarray(end))
    }
    case 5:
      return concat(out.subarray(0, at), random.bytes(1 + random.below(8)), out.subarray(at))
    case 6: {
      const end = Math.min(out.length, at + 1 + random.below(64))
      return concat(out.subarray(0, end), out.subarray(at, end), out.subarray(end))
    }
    default:
      out.fill(random.pick([0, 255]), at, at + 1 + random.below(16))
      return out
  }
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
