/** Messages for benchmarks, as a modern route reflector or a two-octet speaker sends them. Built by hand, not by wire/. */

const u16 = (value: number): number[] => [(value >>> 8) & 255, value & 255]
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)]

export interface RouteOptions {
  /** Different for each distinct attribute set. */
  readonly set: number
  /** How many prefixes; 1 when absent. */
  readonly prefixes?: number
  /** The first prefix; they follow each other as /24 or /48. */
  readonly first?: number
  readonly isTwoOctet?: boolean
}

/** ORIGIN, AS_PATH of four, NEXT_HOP, MED, LOCAL_PREF, three communities, ORIGINATOR_ID, CLUSTER_LIST: 90 octets or so. */
export function attributeBlock({ set, isTwoOctet = false }: RouteOptions, hasNextHop = true): number[] {
  const path = [65001, 64600 + (set & 15), 3356, 1 + ((set * 7) % 60_000)]
  const numbers = path.flatMap(isTwoOctet ? u16 : u32)
  return [
    [0x40, 1, 1, 0],
    [0x40, 2, 2 + numbers.length, 2, path.length, ...numbers],
    hasNextHop ? [0x40, 3, 4, 10, 0, (set >>> 8) & 255, 1] : [],
    [0x80, 4, 4, ...u32(set)],
    [0x40, 5, 4, ...u32(100)],
    [0xc0, 8, 12, ...u16(65001), ...u16(1), ...u16(65001), ...u16(set & 0xffff), ...u16(3356), ...u16(100)],
    [0x80, 9, 4, 10, 0, 0, 7],
    [0x80, 10, 4, 10, 255, 0, 2],
  ].flat()
}

function update(attributes: readonly number[], nlri: readonly number[]): Uint8Array {
  const body = [0, 0, ...u16(attributes.length), ...attributes, ...nlri]
  return Uint8Array.from([...new Array<number>(16).fill(255), ...u16(19 + body.length), 2, ...body])
}

/** IPv4 /24 routes after the attributes. */
export function ipv4Update(options: RouteOptions): Uint8Array {
  const { prefixes = 1, first = 0 } = options
  const nlri: number[] = []
  for (let i = first; i < first + prefixes; i++) nlri.push(24, 20 + ((i >>> 16) & 63), (i >>> 8) & 255, i & 255)
  return update(attributeBlock(options), nlri)
}

/** IPv6 /48 routes in MP_REACH_NLRI, which comes first (RFC 7606 5.1). */
export function ipv6Update(options: RouteOptions): Uint8Array {
  const { prefixes = 1, first = 0 } = options
  const value = [0, 2, 1, 16, 0x20, 1, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 1, 0]
  for (let i = first; i < first + prefixes; i++) value.push(48, 0x20, 1, 0x0d, 0xb8, (i >>> 8) & 255, i & 255)
  const reach = [0x90, 14, ...u16(value.length), ...value]
  return update([...reach, ...attributeBlock(options, false)], [])
}

/** An OPEN with seven capabilities. */
export function open(): Uint8Array {
  const capabilities = [
    1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1, 2, 0, 6, 0, 65, 4, 0, 0, 0xfd, 0xe9, 64, 6, 0, 120, 0, 1, 1, 0x80, 70, 0,
  ]
  const body = [4, 0xfd, 0xe9, 0, 90, 10, 0, 0, 1, capabilities.length + 2, 2, capabilities.length, ...capabilities]
  return Uint8Array.from([...new Array<number>(16).fill(255), ...u16(19 + body.length), 1, ...body])
}

/** All after each other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
