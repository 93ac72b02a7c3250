/**
 * A message as a tree of boxes with lengths (RFC 4271 4, 5492 4, 4760 3), so that mutators can break one thing and keep
 * the rest whole. Reading is tolerant: what does not fit its box stays a leaf of bytes. Writing computes every length
 * unless a mutator made the box lie (`claim`). Knows nothing of wire/, which is under test.
 */

/** What a piece is, for mutators that look for something. */
export type Role =
  | 'withdrawn'
  | 'attributes'
  | 'attribute'
  | 'segment'
  | 'family'
  | 'next-hop'
  | 'prefix'
  | 'parameters'
  | 'parameter'
  | 'capability'
  | 'value'

/** Bytes without inner lengths. */
export interface Leaf {
  readonly kind: 'leaf'
  role: Role
  bytes: Uint8Array
}

/** Something with a length field: `head`, the length in `width` octets and units of `unit`, then the parts. */
export interface Box {
  readonly kind: 'box'
  role: Role
  head: number[]
  width: 0 | 1 | 2
  unit: number
  /** Written instead of the true length. */
  claim?: number
  parts: Piece[]
}

export type Piece = Leaf | Box

/** A whole message. */
export interface Shape {
  marker: Uint8Array
  type: number
  claim?: number
  parts: Piece[]
}

const OPEN = 1
const UPDATE = 2
const AS_PATH = 2
const MP_REACH = 14
const MP_UNREACH = 15
const AS4_PATH = 17
const EXTENDED = 0x10

export const leaf = (bytes: Uint8Array | readonly number[], role: Role = 'value'): Leaf => ({
  kind: 'leaf',
  role,
  bytes: bytes instanceof Uint8Array ? bytes : Uint8Array.from(bytes),
})

export const box = (role: Role, head: readonly number[], width: 0 | 1 | 2, parts: Piece[], unit = 1): Box => ({
  kind: 'box',
  role,
  head: [...head],
  width,
  unit,
  parts,
})

/** An attribute whose length field is as wide as it must be. */
export function attribute(flags: number, code: number, parts: Piece[]): Box {
  const isExtended = sizeOf(parts) > 255 || (flags & EXTENDED) !== 0
  return box('attribute', [isExtended ? flags | EXTENDED : flags, code], isExtended ? 2 : 1, parts)
}

/** Octets of pieces when written. */
export function sizeOf(parts: readonly Piece[]): number {
  let size = 0
  for (const part of parts) {
    size += part.kind === 'leaf' ? part.bytes.length : part.head.length + part.width + sizeOf(part.parts)
  }
  return size
}

/** Reads whatever begins like a message; shorter ones become an empty shape with what there is. */
export function readShape(bytes: Uint8Array): Shape {
  if (bytes.length < 19) return { marker: new Uint8Array(16).fill(0xff), type: UPDATE, parts: [leaf(bytes.slice())] }
  const type = bytes[18] ?? 0
  const body = bytes.slice(19)
  const parts =
    type === OPEN ? readOpen(body) : type === UPDATE ? readUpdate(body) : [leaf(body.slice(0, 2)), leaf(body.slice(2))]
  return { marker: bytes.slice(0, 16), type, parts }
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

function readOpen(body: Uint8Array): Piece[] {
  const fixed = leaf(body.slice(0, 9))
  if (body.length < 10) return [fixed, leaf(body.slice(9))]
  const isWide = body[9] === 255 && body[10] === 255 && body.length >= 13
  const start = isWide ? 13 : 10
  const parameters: Piece[] = []
  let at = start
  const head = isWide ? 3 : 2
  while (at + head <= body.length) {
    const end = at + head + (isWide ? u16(body, at + 1) : (body[at + 1] ?? 0))
    if (end > body.length) break
    const value = body.slice(at + head, end)
    parameters.push(box('parameter', [body[at] ?? 0], isWide ? 2 : 1, readCapabilities(value)))
    at = end
  }
  if (at < body.length) parameters.push(leaf(body.slice(at)))
  const area = isWide
    ? box('parameters', [body[9] ?? 0, body[10] ?? 0], 2, parameters)
    : box('parameters', [], 1, parameters)
  const said = isWide ? u16(body, 11) : (body[9] ?? 0)
  if (said !== body.length - start) area.claim = said
  return [fixed, area]
}

function readCapabilities(bytes: Uint8Array): Piece[] {
  const parts: Piece[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const end = at + 2 + (bytes[at + 1] ?? 0)
    if (end > bytes.length) break
    parts.push(box('capability', [bytes[at] ?? 0], 1, [leaf(bytes.slice(at + 2, end))]))
    at = end
  }
  if (at < bytes.length) parts.push(leaf(bytes.slice(at)))
  return parts
}

function readUpdate(body: Uint8Array): Piece[] {
  const withdrawnEnd = 2 + u16(body, 0)
  const attributesEnd = withdrawnEnd + 2 + u16(body, withdrawnEnd)
  if (body.length < 4 || withdrawnEnd + 2 > body.length || attributesEnd > body.length) return [leaf(body)]
  return [
    box('withdrawn', [], 2, readPrefixes(body.slice(2, withdrawnEnd))),
    box('attributes', [], 2, readAttributes(body.slice(withdrawnEnd + 2, attributesEnd))),
    ...readPrefixes(body.slice(attributesEnd)),
  ]
}

/** A block of path attributes. */
export function readAttributes(bytes: Uint8Array): Piece[] {
  const parts: Piece[] = []
  let at = 0
  while (at + 3 <= bytes.length) {
    const isExtended = ((bytes[at] ?? 0) & EXTENDED) !== 0
    const start = at + (isExtended ? 4 : 3)
    const end = start + (isExtended ? u16(bytes, at + 2) : (bytes[at + 2] ?? 0))
    if (end > bytes.length || start > bytes.length) break
    const code = bytes[at + 1] ?? 0
    parts.push(box('attribute', [bytes[at] ?? 0, code], isExtended ? 2 : 1, readValue(code, bytes.slice(start, end))))
    at = end
  }
  if (at < bytes.length) parts.push(leaf(bytes.slice(at)))
  return parts
}

function readValue(code: number, value: Uint8Array): Piece[] {
  switch (code) {
    case AS_PATH:
    case AS4_PATH:
      return readSegments(value, 4) ?? readSegments(value, 2) ?? [leaf(value)]
    case MP_REACH: {
      const nextHopEnd = 4 + (value[3] ?? 0)
      if (value.length < 5 || nextHopEnd + 1 > value.length) return [leaf(value)]
      return [
        leaf(value.slice(0, 3), 'family'),
        box('next-hop', [], 1, [leaf(value.slice(4, nextHopEnd))]),
        leaf(value.slice(nextHopEnd, nextHopEnd + 1)),
        ...readPrefixes(value.slice(nextHopEnd + 1)),
      ]
    }
    case MP_UNREACH:
      return value.length < 3 ? [leaf(value)] : [leaf(value.slice(0, 3), 'family'), ...readPrefixes(value.slice(3))]
    default:
      return [leaf(value)]
  }
}

function readSegments(value: Uint8Array, unit: number): Piece[] | undefined {
  const parts: Piece[] = []
  let at = 0
  while (at < value.length) {
    const end = at + 2 + unit * (value[at + 1] ?? 0)
    if (at + 2 > value.length || end > value.length) return undefined
    parts.push(box('segment', [value[at] ?? 0], 1, [leaf(value.slice(at + 2, end))], unit))
    at = end
  }
  return parts
}

function readPrefixes(bytes: Uint8Array): Piece[] {
  const parts: Piece[] = []
  let at = 0
  while (at < bytes.length) {
    const end = at + 1 + (((bytes[at] ?? 0) + 7) >> 3)
    if (end > bytes.length) break
    parts.push(leaf(bytes.slice(at, end), 'prefix'))
    at = end
  }
  if (at < bytes.length) parts.push(leaf(bytes.slice(at)))
  return parts
}

/** The bytes of a shape; with a marker, a length (which may lie) and a type in front. */
export function writeShape({ marker, type, claim, parts }: Shape): Uint8Array {
  const size = 19 + sizeOf(parts)
  const out = new Uint8Array(size)
  out.set(marker.subarray(0, 16))
  const length = claim ?? Math.min(size, 65535)
  out[16] = length >>> 8
  out[17] = length
  out[18] = type
  writeParts(parts, out, 19)
  return out
}

/** The bytes of pieces after each other. */
export function writePieces(parts: readonly Piece[]): Uint8Array {
  const out = new Uint8Array(sizeOf(parts))
  writeParts(parts, out, 0)
  return out
}

function writeParts(parts: readonly Piece[], out: Uint8Array, start: number): number {
  let at = start
  for (const part of parts) {
    if (part.kind === 'leaf') {
      out.set(part.bytes, at)
      at += part.bytes.length
      continue
    }
    for (const octet of part.head) out[at++] = octet
    const lengthAt = at
    at = writeParts(part.parts, out, at + part.width)
    const length = part.claim ?? Math.floor((at - lengthAt - part.width) / part.unit)
    if (part.width === 2) out[lengthAt] = length >>> 8
    if (part.width > 0) out[lengthAt + part.width - 1] = length
  }
  return at
}
