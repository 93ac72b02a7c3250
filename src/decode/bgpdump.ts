/**
 * MRT records in the words of `bgpdump -m`, the one-line-a-route text that everyone's scripts read. Columns:
 * `BGP4MP|time|A|peer|peer AS|prefix|AS path|origin|next hop|local pref|MED|communities|AG or NAG|aggregator|`, with `W` and
 * six columns for a withdrawal, `STATE` and seven for a change of state, `B` for a table. With ADD-PATH the first column ends
 * in `_AP` and the path identifier follows the prefix. Other messages have no line.
 * INTEROP: bgpdump 1.6.2. Two of its faults are not copied: see docs/decode.md.
 * Called by `mrt-file.ts`.
 */

import {
  familyOf,
  formatPrefix,
  HEADER_LENGTH,
  MessageType,
  readU8,
  readU32,
  splitUpdate,
  UpdateSections,
} from '../../wire/index.ts'
import { type MessageRecord, type MrtRecord, MrtType, type RibRecord, ribAttributes } from '../../wire/mrt/index.ts'
import { addressText, type MpRoutes, type RouteColumns, readColumns, shortenSingleZero } from './bgpdump-attributes.ts'

/** Adds the lines of one record to `lines`, without line ends. */
export function bgpdumpLines(record: MrtRecord, lines: string[]): void {
  const { content } = record
  switch (content.kind) {
    case 'rib':
      ribLines(record, content, lines)
      return
    case 'message':
      messageLines(record, content, lines)
      return
    case 'state-change': {
      const { peer, from, to } = content
      lines.push(`${name(record)}|${time(record)}|STATE|${addressText(peer.address)}|${peer.asn}|${from}|${to}`)
      return
    }
    case 'peer-index':
    case 'skipped':
    case 'malformed':
      return
  }
}

const NAMES: Record<number, string> = {
  [MrtType.BGP]: 'BGP',
  [MrtType.TABLE_DUMP]: 'TABLE_DUMP',
  [MrtType.TABLE_DUMP_V2]: 'TABLE_DUMP2',
  [MrtType.BGP4MP]: 'BGP4MP',
  [MrtType.BGP4MP_ET]: 'BGP4MP_ET',
}

const name = ({ header }: MrtRecord): string => NAMES[header.type] ?? `${header.type}`

function time({ header, microseconds }: MrtRecord): string {
  return microseconds === undefined ? `${header.timeS}` : `${header.timeS}.${String(microseconds).padStart(6, '0')}`
}

function ribLines(record: MrtRecord, content: RibRecord, lines: string[]): void {
  const { prefix, afi, safi, fourOctetAs, entries } = content
  if (prefix === undefined) return
  const text = shortenSingleZero(formatPrefix(prefix.family, prefix.words, prefix.length))
  for (const { peer, pathId, attributes } of entries) {
    const block = ribAttributes(attributes, afi, safi)
    const columns = readColumns(block, 0, block.length, fourOctetAs ? 4 : 2)
    const nextHop = columns.mpNextHop ?? columns.nextHop
    const kind = pathId === undefined ? name(record) : `${name(record)}_AP`
    const from = `${peer === undefined ? '' : addressText(peer.address)}|${peer?.asn ?? ''}`
    const route = pathId === undefined ? text : `${text}|${pathId}`
    lines.push(`${kind}|${time(record)}|B|${from}|${route}|${tail(columns, nextHop, true)}`)
  }
}

function tail(columns: RouteColumns, nextHop: string, hasCommunities: boolean): string {
  const { path, origin, localPref, med, communities, atomic, aggregator } = columns
  const middle = hasCommunities ? `${communities}|` : ''
  return `${path}|${origin}|${nextHop}|${localPref}|${med}|${middle}${atomic}|${aggregator}|`
}

const sections = new UpdateSections()

function messageLines(record: MrtRecord, content: MessageRecord, lines: string[]): void {
  const { peer, message, fourOctetAs, hasPathIds } = content
  if (message[HEADER_LENGTH - 1] !== MessageType.UPDATE) return
  if (splitUpdate(message, HEADER_LENGTH, message.length, sections) !== undefined) return
  const { withdrawnStart, withdrawnEnd, attributesStart, attributesEnd, nlriStart, nlriEnd } = sections
  const columns = readColumns(message, attributesStart, attributesEnd, fourOctetAs ? 4 : 2)
  const kind = hasPathIds ? `${name(record)}_AP` : name(record)
  const from = `${addressText(peer.address)}|${peer.asn}`
  const head = (letter: 'A' | 'W'): string => `${kind}|${time(record)}|${letter}|${from}|`
  const ipv4 = { afi: 1, safi: 1, bytes: message }
  const withdrawn = head('W')
  const add = (start: string, routes: MpRoutes | undefined, end: string): void => {
    if (routes !== undefined) for (const prefix of prefixes(routes, hasPathIds)) lines.push(`${start}${prefix}${end}`)
  }
  add(withdrawn, { ...ipv4, start: withdrawnStart, end: withdrawnEnd }, '')
  add(withdrawn, columns.unreach, '')
  const announced = head('A')
  // The communities are missing from lines of the old type BGP, and bgpdump's readers count columns.
  const hasCommunities = record.header.type !== MrtType.BGP
  if (nlriEnd > nlriStart) {
    const end = `|${tail(columns, columns.nextHop, hasCommunities)}`
    add(announced, { ...ipv4, start: nlriStart, end: nlriEnd }, end)
  }
  if (columns.reach !== undefined) {
    add(announced, columns.reach, `|${tail(columns, columns.mpNextHop ?? columns.nextHop, hasCommunities)}`)
  }
}

/** The prefixes of a list up to the first that is malformed. Bits after the prefix length are shown as they came. */
function* prefixes({ afi, safi, bytes, start, end }: MpRoutes, hasPathIds: boolean): Generator<string> {
  const family = familyOf(afi, safi === 2 ? 1 : safi)
  if (family === undefined) return
  const words = new Uint32Array(family.words)
  const padded = new Uint8Array(16)
  let at = start
  while (at < end) {
    const lengthAt = at + (hasPathIds ? 4 : 0)
    if (lengthAt >= end) return
    const length = readU8(bytes, lengthAt)
    const next = lengthAt + 1 + ((length + 7) >> 3)
    if (length > family.bits || next > end) return
    padded.fill(0)
    padded.set(bytes.subarray(lengthAt + 1, next))
    for (let word = 0; word < family.words; word++) words[word] = readU32(padded, 4 * word)
    const text = shortenSingleZero(formatPrefix(family, words, length))
    yield hasPathIds ? `${text}|${readU32(bytes, at)}` : text
    at = next
  }
}
