/**
 * UPDATE messages for tests of the RIB: a builder and a reader that share nothing with wire/ nor with each other's code
 * under test. Attributes are plain objects; prefixes are texts "<hex of the address octets>/<length>".
 */

/** What the tests say about a route. Absent: the attribute is absent. */
export interface TestAttributes {
  origin: number
  /** One AS_SEQUENCE; empty: no segment. */
  path: number[]
  /** Address in hex; absent only for local routes. */
  nextHop?: string
  med?: number
  localPref?: number
  communities?: number[]
  originatorId?: number
  clusterList?: number[]
  largeCommunities?: (readonly [number, number, number])[]
}

export interface TestUpdate {
  withdrawn4?: readonly string[]
  announced4?: readonly string[]
  withdrawn6?: readonly string[]
  announced6?: readonly string[]
  attributes?: TestAttributes
  /** Next hop of the IPv6 routes; that of the IPv4 routes is in `attributes`. */
  nextHop6?: string
}

export interface TestCodec {
  readonly fourOctetAs: boolean
  /** With `send`, prefixes of the family are read with path identifiers, as "<prefix> <identifier>" (RFC 7911 3). */
  readonly addPath?: { readonly [family: string]: { readonly send: boolean } } | undefined
}

export const bytesOf = (hex: string): number[] => (hex.match(/../g) ?? []).map(octet => Number.parseInt(octet, 16))
export const hexOf = (bytes: ArrayLike<number>): string =>
  Array.from(bytes, octet => octet.toString(16).padStart(2, '0')).join('')

const u16 = (n: number) => [(n >>> 8) & 255, n & 255]
const u32 = (n: number) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]

/** "<address>/<length>", or "<address>/<length>#<path identifier>" (RFC 7911 3). */
export function nlriBytes(prefix: string): number[] {
  const [text = '', id] = prefix.split('#')
  const [address = '', length = '0'] = text.split('/')
  const nlri = [Number(length), ...bytesOf(address).slice(0, (Number(length) + 7) >> 3)]
  return id === undefined ? nlri : [...u32(Number(id)), ...nlri]
}

export function attribute(flags: number, type: number, value: readonly number[]): number[] {
  if (value.length <= 255) return [flags, type, value.length, ...value]
  return [flags | 0x10, type, ...u16(value.length), ...value]
}

function pathBytes(path: readonly number[], octets: 2 | 4): number[] {
  if (path.length === 0) return []
  const numbers = path.flatMap(asn => (octets === 4 ? u32(asn) : u16(asn > 0xffff ? 23456 : asn)))
  return [2, path.length, ...numbers]
}

/** The attributes but for MP_REACH and MP_UNREACH, ascending. */
export function attributeBytes(a: TestAttributes, { fourOctetAs }: TestCodec, hasNextHop = true): number[] {
  const isLong = a.path.some(asn => asn > 0xffff)
  return [
    attribute(0x40, 1, [a.origin]),
    attribute(0x40, 2, pathBytes(a.path, fourOctetAs ? 4 : 2)),
    hasNextHop && a.nextHop !== undefined ? attribute(0x40, 3, bytesOf(a.nextHop)) : [],
    a.med === undefined ? [] : attribute(0x80, 4, u32(a.med)),
    a.localPref === undefined ? [] : attribute(0x40, 5, u32(a.localPref)),
    a.communities === undefined ? [] : attribute(0xc0, 8, a.communities.flatMap(u32)),
    a.originatorId === undefined ? [] : attribute(0x80, 9, u32(a.originatorId)),
    a.clusterList === undefined ? [] : attribute(0x80, 10, a.clusterList.flatMap(u32)),
    fourOctetAs || !isLong ? [] : attribute(0xc0, 17, pathBytes(a.path, 4)),
    a.largeCommunities === undefined ? [] : attribute(0xc0, 32, a.largeCommunities.flat().flatMap(u32)),
  ].flat()
}

/** The body of an UPDATE, header excluded, around ready-made attribute bytes. */
export function updateBody(
  withdrawn: readonly number[],
  attributes: readonly number[],
  nlri: readonly number[],
): Uint8Array {
  return Uint8Array.from([...u16(withdrawn.length), ...withdrawn, ...u16(attributes.length), ...attributes, ...nlri])
}

/** The body of an UPDATE, header excluded. */
export function buildUpdate(update: TestUpdate, codec: TestCodec): Uint8Array {
  const { withdrawn4 = [], announced4 = [], withdrawn6 = [], announced6 = [], attributes, nextHop6 = '' } = update
  const nextHop = bytesOf(nextHop6)
  const reach = [0, 2, 1, nextHop.length, ...nextHop, 0, ...announced6.flatMap(nlriBytes)]
  const all = [
    announced6.length > 0 ? attribute(0x80, 14, reach) : [],
    withdrawn6.length > 0 ? attribute(0x80, 15, [0, 2, 1, ...withdrawn6.flatMap(nlriBytes)]) : [],
    attributes === undefined ? [] : attributeBytes(attributes, codec, announced4.length > 0),
  ].flat()
  return updateBody(withdrawn4.flatMap(nlriBytes), all, announced4.flatMap(nlriBytes))
}

/** What one UPDATE told, in the order of its parts. */
export interface ReadUpdate {
  readonly withdrawn: string[]
  readonly announced: string[]
  readonly attributes: TestAttributes | undefined
  /** Attribute types in the order they came. */
  readonly types: number[]
  readonly length: number
}

function readNlri(
  bytes: Uint8Array,
  [start, end]: readonly [number, number],
  octets: 4 | 16,
  codec: TestCodec,
): string[] {
  const hasIds = codec.addPath?.[octets === 4 ? 'ipv4-unicast' : 'ipv6-unicast']?.send === true
  const prefixes: string[] = []
  for (let at = start; at < end; ) {
    const id = hasIds ? ` ${readWord(bytes, at)}` : ''
    if (hasIds) at += 4
    const length = bytes[at] ?? 0
    const size = (length + 7) >> 3
    const address = new Uint8Array(octets)
    address.set(bytes.subarray(at + 1, at + 1 + size))
    prefixes.push(`${hexOf(address)}/${length}${id}`)
    at += 1 + size
    if (at > end) throw new Error('NLRI past its field')
  }
  return prefixes
}

function readPath(value: Uint8Array, octets: 2 | 4): number[] {
  const path: number[] = []
  for (let at = 0; at < value.length; ) {
    if (value[at] !== 2) throw new Error('not a sequence')
    const count = value[at + 1] ?? 0
    at += 2
    for (let k = 0; k < count; k++, at += octets) path.push(Number.parseInt(hexOf(value.subarray(at, at + octets)), 16))
  }
  return path
}

const readWords = (value: Uint8Array) => Array.from({ length: value.length / 4 }, (_, i) => readWord(value, i * 4))
const readTriples = (value: Uint8Array) =>
  Array.from({ length: value.length / 12 }, (_, i): readonly [number, number, number] => [
    readWord(value, i * 12),
    readWord(value, i * 12 + 4),
    readWord(value, i * 12 + 8),
  ])
const readWord = (value: Uint8Array, at = 0) => Number.parseInt(hexOf(value.subarray(at, at + 4)), 16)

/** Reads whole messages, each with its header. Throws on anything that is not well-formed. */
export function readMessages(bytes: Uint8Array, codec: TestCodec): ReadUpdate[] {
  const updates: ReadUpdate[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = ((bytes[at + 16] ?? 0) << 8) | (bytes[at + 17] ?? 0)
    if (bytes[at] !== 255 || bytes[at + 18] !== 2 || length < 23) throw new Error(`no UPDATE at ${at}`)
    updates.push(readUpdate(bytes.subarray(at, at + length), codec))
    at += length
  }
  return updates
}

function readUpdate(message: Uint8Array, codec: TestCodec): ReadUpdate {
  const withdrawnEnd = 21 + ((message[19] ?? 0) << 8) + (message[20] ?? 0)
  const attributesEnd = withdrawnEnd + 2 + ((message[withdrawnEnd] ?? 0) << 8) + (message[withdrawnEnd + 1] ?? 0)
  const withdrawn = readNlri(message, [21, withdrawnEnd], 4, codec)
  const announced = readNlri(message, [attributesEnd, message.length], 4, codec)
  const a: TestAttributes = { origin: -1, path: [] }
  const types: number[] = []
  for (let at = withdrawnEnd + 2; at < attributesEnd; ) {
    const isExtended = ((message[at] ?? 0) & 0x10) !== 0
    const type = message[at + 1] ?? 0
    const length = isExtended ? ((message[at + 2] ?? 0) << 8) | (message[at + 3] ?? 0) : (message[at + 2] ?? 0)
    const start = at + (isExtended ? 4 : 3)
    const value = message.subarray(start, start + length)
    at = start + length
    if (at > attributesEnd) throw new Error('attribute past its field')
    types.push(type)
    if (type === 1) a.origin = value[0] ?? -1
    if (type === 2) a.path = readPath(value, codec.fourOctetAs ? 4 : 2)
    if (type === 3) a.nextHop = hexOf(value)
    if (type === 4) a.med = readWord(value)
    if (type === 5) a.localPref = readWord(value)
    if (type === 8) a.communities = readWords(value)
    if (type === 9) a.originatorId = readWord(value)
    if (type === 10) a.clusterList = readWords(value)
    if (type === 17) a.path = readPath(value, 4)
    if (type === 32) a.largeCommunities = readTriples(value)
    if (type === 14) {
      const size = value[3] ?? 0
      a.nextHop = hexOf(value.subarray(4, 4 + size))
      announced.push(...readNlri(value, [5 + size, value.length], 16, codec))
    }
    if (type === 15) withdrawn.push(...readNlri(value, [3, value.length], 16, codec))
  }
  return { withdrawn, announced, attributes: announced.length > 0 ? a : undefined, types, length: message.length }
}
