/**
 * Path attributes read the way bgpdump reads them: every attribute that can be made out counts, right or wrong, and the
 * last of a repeated one wins. RFC 7606 has no say here, since the text shows what a collector recorded, not what a
 * speaker would make of it. What runs past its block ends the reading. Large communities have no column.
 * Called by `bgpdump.ts`.
 */

import type { AsPathSegment } from '../../wire/attribute/as-path.ts'
import { mergePaths } from '../../wire/attribute/as4.ts'
import { formatAddress, formatRouterId, readU8, readU16, readU32 } from '../../wire/index.ts'

/** The routes of an MP attribute: `bytes[start, end)` is a list of prefixes. */
export interface MpRoutes {
  readonly afi: number
  readonly safi: number
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** The columns of bgpdump's `-m`, and the MP routes of the message. */
export interface RouteColumns {
  origin: string
  path: string
  nextHop: string
  localPref: number
  med: number
  communities: string
  atomic: string
  aggregator: string
  /** The next hop of MP_REACH_NLRI. */
  mpNextHop: string | undefined
  reach: MpRoutes | undefined
  unreach: MpRoutes | undefined
}

const ORIGINS = ['IGP', 'EGP', 'INCOMPLETE'] as const
/** What bgpdump prints for a next hop that is not there. */
const NO_NEXT_HOP = '255.255.255.255'
const WELL_KNOWN: Record<number, string> = {
  4294967041: 'no-export',
  4294967042: 'no-advertise',
  4294967043: 'local-AS',
}

/** State of one reading: the columns, and the two-octet and four-octet tellings that are joined at the end. */
interface Reading {
  readonly columns: RouteColumns
  readonly asOctets: 2 | 4
  segments: AsPathSegment[]
  as4Segments: AsPathSegment[] | undefined
}

type Read = (bytes: Uint8Array, start: number, end: number, reading: Reading) => void

const READERS: Record<number, Read> = {
  1: (bytes, start, end, { columns }) => {
    if (end > start) columns.origin = ORIGINS[readU8(bytes, start)] ?? 'INCOMPLETE'
  },
  2: (bytes, start, end, reading) => {
    reading.segments = readSegments(bytes, start, end, reading.asOctets)
  },
  3: (bytes, start, end, { columns }) => {
    if (end - start >= 4) columns.nextHop = formatRouterId(readU32(bytes, start))
  },
  4: (bytes, start, end, { columns }) => {
    if (end - start >= 4) columns.med = readU32(bytes, start)
  },
  5: (bytes, start, end, { columns }) => {
    if (end - start >= 4) columns.localPref = readU32(bytes, start)
  },
  6: (_bytes, _start, _end, { columns }) => {
    columns.atomic = 'AG'
  },
  7: (bytes, start, end, { columns, asOctets }) => {
    if (end - start >= asOctets + 4) columns.aggregator = aggregator(bytes, start, asOctets)
  },
  8: (bytes, start, end, { columns }) => {
    const texts: string[] = []
    for (let at = start; at + 4 <= end; at += 4) texts.push(community(readU32(bytes, at)))
    columns.communities = texts.join(' ')
  },
  14: readReach,
  15: (bytes, start, end, { columns }) => {
    if (end - start < 3) return
    const afi = readU16(bytes, start)
    columns.unreach = { afi, safi: readU8(bytes, start + 2), bytes, start: start + 3, end }
  },
  17: (bytes, start, end, reading) => {
    reading.as4Segments = readSegments(bytes, start, end, 4)
  },
  18: (bytes, start, end, { columns, asOctets }) => {
    const isTrans = columns.aggregator.startsWith('23456 ')
    if (asOctets === 2 && isTrans && end - start >= 8) columns.aggregator = aggregator(bytes, start, 4)
  },
}

/**
 * An address as bgpdump prints it: as we do, but for a single group of zeros, which it shortens to `::` as well. RFC 5952
 * 4.2.2 forbids that; whoever compares lines needs it.
 */
export function addressText(octets: Uint8Array): string {
  return shortenSingleZero(formatAddress(octets))
}

/** The same for the text of an address, with or without a prefix length. */
export function shortenSingleZero(text: string): string {
  return text.includes(':') && !text.includes('::') ? text.replace(/(^|:)0(:|(?=\/)|$)/, '::') : text
}

/** Reads the block `bytes[start, end)`; AS numbers in it have `asOctets` octets. Never throws on any bytes. */
export function readColumns(bytes: Uint8Array, start: number, end: number, asOctets: 2 | 4): RouteColumns {
  const reading: Reading = { columns: emptyColumns(), asOctets, segments: [], as4Segments: undefined }
  let at = start
  while (at + 3 <= end) {
    const isExtended = (readU8(bytes, at) & 0x10) !== 0
    const valueStart = at + (isExtended ? 4 : 3)
    if (valueStart > end) break
    const valueEnd = valueStart + (isExtended ? readU16(bytes, at + 2) : readU8(bytes, at + 2))
    if (valueEnd > end) break
    READERS[readU8(bytes, at + 1)]?.(bytes, valueStart, valueEnd, reading)
    at = valueEnd
  }
  const { columns, segments, as4Segments } = reading
  const isMerged = asOctets === 2 && as4Segments !== undefined
  columns.path = formatSegments(isMerged ? mergePaths(segments, as4Segments) : segments)
  return columns
}

function emptyColumns(): RouteColumns {
  return {
    origin: 'INCOMPLETE',
    path: '',
    nextHop: NO_NEXT_HOP,
    localPref: 0,
    med: 0,
    communities: '',
    atomic: 'NAG',
    aggregator: '',
    mpNextHop: undefined,
    reach: undefined,
    unreach: undefined,
  }
}

function readReach(bytes: Uint8Array, start: number, end: number, { columns }: Reading): void {
  if (end - start < 5) return
  const octets = readU8(bytes, start + 3)
  const nextHopEnd = start + 4 + octets
  if (nextHopEnd >= end) return
  // Of two next hops the first, the global one, is shown.
  const shown = octets >= 16 ? 16 : octets >= 4 ? 4 : 0
  columns.mpNextHop = shown === 0 ? NO_NEXT_HOP : addressText(bytes.subarray(start + 4, start + 4 + shown))
  const afi = readU16(bytes, start)
  columns.reach = { afi, safi: readU8(bytes, start + 2), bytes, start: nextHopEnd + 1, end }
}

function aggregator(bytes: Uint8Array, start: number, asOctets: 2 | 4): string {
  const asn = asOctets === 2 ? readU16(bytes, start) : readU32(bytes, start)
  return `${asn} ${formatRouterId(readU32(bytes, start + asOctets))}`
}

function community(value: number): string {
  return WELL_KNOWN[value] ?? `${value >>> 16}:${value & 0xffff}`
}

const SEGMENT_NAMES = ['sequence', 'set', 'sequence', 'confed-sequence', 'confed-set'] as const

/** The segments that can be read; a segment that runs past the attribute is left out with all after it. */
function readSegments(bytes: Uint8Array, start: number, end: number, octets: 2 | 4): AsPathSegment[] {
  const segments: AsPathSegment[] = []
  let at = start
  while (at + 2 <= end) {
    const type = SEGMENT_NAMES[readU8(bytes, at)] ?? 'sequence'
    const next = at + 2 + octets * readU8(bytes, at + 1)
    if (next > end) break
    const asns: number[] = []
    for (at += 2; at < next; at += octets) asns.push(octets === 2 ? readU16(bytes, at) : readU32(bytes, at))
    segments.push({ type, asns })
  }
  return segments
}

function formatSegments(segments: readonly AsPathSegment[]): string {
  const [only] = segments
  if (only !== undefined && segments.length === 1 && only.type === 'sequence') return only.asns.join(' ')
  return segments.map(formatSegment).join(' ')
}

function formatSegment({ type, asns }: AsPathSegment): string {
  switch (type) {
    case 'sequence':
      return asns.join(' ')
    case 'set':
      return `{${asns.join(',')}}`
    case 'confed-sequence':
      return `(${asns.join(' ')})`
    case 'confed-set':
      return `[${asns.join(',')}]`
  }
}
