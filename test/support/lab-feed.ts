/** An IPv4 table to feed: `routes` /24 prefixes from 1.0.0.0 on, ten to an UPDATE, each UPDATE with an AS_PATH of its own. */
import { encodeUpdate, IPV4_UNICAST, MODERN_CONTEXT, type Prefix, parseAddress } from '../../wire/index.ts'

export interface Feed {
  readonly routes: number
  readonly asn: number
  readonly nextHop: string
}

const PREFIXES_PER_UPDATE = 10
const FIRST = 0x01000000

/** The UPDATE messages of the feed, encoded one at a time as they are asked for. */
export function* feedUpdates({ routes, asn, nextHop }: Feed): Generator<Uint8Array> {
  const octets = parseAddress(nextHop) ?? new Uint8Array(4)
  for (let first = 0; first < routes; first += PREFIXES_PER_UPDATE) {
    const nlri = Array.from({ length: Math.min(PREFIXES_PER_UPDATE, routes - first) }, (_, k) => prefixAt(first + k))
    const group = first / PREFIXES_PER_UPDATE
    const asns = [asn, 100_000 + (group >> 8), 200_000 + (group & 255)]
    const attributes = [
      { type: 'origin', origin: 0 },
      { type: 'as-path', segments: [{ type: 'sequence', asns }] },
      { type: 'next-hop', octets },
    ] as const
    yield encodeUpdate({ attributes, nlri }, MODERN_CONTEXT)
  }
}

function prefixAt(index: number): Prefix {
  return { family: IPV4_UNICAST, words: Uint32Array.of(FIRST + index * 256), length: 24 }
}

/** Which route of the feed an address word belongs to; beyond the feed for strangers. */
export function feedIndex(address: number): number {
  return (address - FIRST) / 256
}
