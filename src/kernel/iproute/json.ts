/**
 * What `ip -json` says of links, addresses and routes, as the port tells it. Pure; whatever is not as expected is left out, never thrown over.
 * INTEROP: iproute2 6.1 with -N (numbers instead of names) and -d. It leaves out a route's protocol when the dump was asked for one.
 */
import { FAMILIES, type Family, IPV4_UNICAST } from '../../../wire/family.ts'
import { parseAddress, parsePrefix } from '../../../wire/prefix.ts'
import type { AddressEvent, LinkEvent } from '../port.ts'
import { Op, RecordFlag, type RouteRecords } from '../record.ts'

/** An object of JSON, of unknown shape. */
export type Json = Readonly<Record<string, unknown>>

/** The objects in a list of JSON; `ip` writes nothing at all for an empty one. */
export function rowsOf(text: string): Json[] {
  if (text.trim() === '') return []
  const rows: unknown = JSON.parse(text)
  return Array.isArray(rows) ? rows.filter(isObject) : []
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null
}

const textOf = (row: Json, key: string): string => (typeof row[key] === 'string' ? row[key] : '')
const listOf = (row: Json, key: string): unknown[] => (Array.isArray(row[key]) ? row[key] : [])
const numberOf = (row: Json, key: string): number => Number(row[key] ?? 0) || 0

/** A row of `ip -json address show`. */
export function linkOf(row: Json): { link: LinkEvent; addresses: AddressEvent[] } {
  const index = numberOf(row, 'ifindex')
  const flags = listOf(row, 'flags')
  const isUp = flags.includes('UP')
  const isRunning = isUp && !flags.includes('NO-CARRIER')
  const addresses = listOf(row, 'addr_info')
    .filter(isObject)
    .flatMap(info => addressOf(info, index))
  return { link: { kind: 'present', index, name: textOf(row, 'ifname'), isUp, isRunning }, addresses }
}

function addressOf(info: Json, interfaceIndex: number): AddressEvent[] {
  const address = parseAddress(textOf(info, 'local'))
  const subnet = parseAddress(textOf(info, 'address')) ?? address
  if (address === undefined || subnet === undefined) return []
  return [{ kind: 'present', interfaceIndex, address, subnet, length: numberOf(info, 'prefixlen') }]
}

/** What a row does not say itself. */
export interface RouteContext {
  readonly family: Family
  readonly table: number
  /** The protocol that was asked for; 0: any. */
  readonly protocol: number
  indexOf(name: string): number
}

/** Appends a row of `ip -json route show` with its legs; false when it is no route we could read. The cursor ends on the route's own record. */
export function appendRow(records: RouteRecords, op: number, row: Json, context: RouteContext): boolean {
  const { family } = context
  const prefix = parsePrefix(prefixText(textOf(row, 'dst'), family))
  if (prefix === undefined || prefix.family !== family) return false
  const index = records.append(op).index
  records.family = family
  prefix.words.forEach((word, k) => void records.setWord(k, word))
  records.length = prefix.length
  records.kind = numberOf(row, 'type') || 1
  records.protocol = numberOf(row, 'protocol') || context.protocol
  records.table = context.table
  records.metric = numberOf(row, 'metric')
  const source = parseAddress(textOf(row, 'prefsrc'))
  if (source !== undefined) records.setSource(source)
  if (row['tos'] !== undefined) records.flags |= RecordFlag.tos
  if (row['nhid'] !== undefined) records.flags |= RecordFlag.nextHopObject
  const legs = listOf(row, 'nexthops').filter(isObject)
  fillLeg(records, legs[0] ?? row, context)
  records.legs = legs.length
  for (const leg of legs) {
    records.append(Op.leg)
    records.family = family
    records.weight = numberOf(leg, 'weight') || 1
    fillLeg(records, leg, context)
  }
  records.seek(index)
  return true
}

function fillLeg(records: RouteRecords, leg: Json, { family, indexOf }: RouteContext): void {
  records.interfaceIndex = indexOf(textOf(leg, 'dev'))
  if (listOf(leg, 'flags').includes('onlink')) records.flags |= RecordFlag.onlink
  const gateway = parseAddress(textOf(leg, 'gateway'))
  if (gateway !== undefined && gateway.length * 8 === family.bits) records.setGateway(gateway)
  if (leg['via'] !== undefined) records.flags |= RecordFlag.viaOtherFamily
}

/** "default" and lone hosts with their length. */
function prefixText(dst: string, family: Family): string {
  if (dst === 'default') return family === IPV4_UNICAST ? '0.0.0.0/0' : '::/0'
  return dst.includes('/') ? dst : `${dst}/${family.bits}`
}

/** What makes two rows the same entry of the table: prefix, metric and type of service. */
export function keyOf(row: Json, family: Family): string {
  const prefix = prefixText(textOf(row, 'dst'), family)
  return `${FAMILIES.indexOf(family)} ${prefix} ${numberOf(row, 'metric')}${row['tos'] === undefined ? '' : ` ${String(row['tos'])}`}`
}
