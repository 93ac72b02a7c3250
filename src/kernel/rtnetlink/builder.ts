/**
 * Writes rtnetlink requests: several messages in one datagram, host byte order, addresses in network byte order. Hot: one call a route.
 * Called by request.ts.
 */
import { IS_LITTLE_ENDIAN } from '../../sys/host-order.ts'
import { RouteKind } from '../constants.ts'
import { Op, RecordFlag, type RouteRecords } from '../record.ts'
import {
  align,
  FamilyNumber,
  MessageFlag,
  MessageType,
  NETLINK_HEADER,
  RouteAttribute,
  RouteFlag,
  Scope,
} from './constants.ts'

/** What a write asks of the kernel. CREATE never goes alone: it would make shadow entries (IPv4) or legs (IPv6). */
const WRITE_FLAGS: Readonly<Record<number, number>> = {
  [Op.add]: MessageFlag.create | MessageFlag.exclusive,
  [Op.replace]: MessageFlag.create | MessageFlag.replace,
  [Op.delete]: 0,
}

export class MessageBuilder {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly #view: DataView<ArrayBuffer>
  /** Octets in use. */
  length = 0
  /** Messages in the datagram. */
  count = 0
  #start = 0

  constructor(octets: number) {
    this.bytes = new Uint8Array(octets)
    this.#view = new DataView(this.bytes.buffer)
  }

  clear(): void {
    this.length = 0
    this.count = 0
  }

  /** Room left, in octets. */
  get room(): number {
    return this.bytes.length - this.length
  }

  /** Octets a route message of so many legs may take at most. */
  static routeOctets(legs: number): number {
    return 152 + legs * 40
  }

  /** Asks the kernel to answer for the last message, and so for all: errors of the others come by themselves. */
  acknowledgeLast(): void {
    const flags = this.#view.getUint16(this.#start + 6, IS_LITTLE_ENDIAN)
    this.#view.setUint16(this.#start + 6, flags | MessageFlag.acknowledge, IS_LITTLE_ENDIAN)
  }

  /** A write of the route under the cursor, with the legs behind it. Leaves the cursor on the last leg. */
  route(records: RouteRecords, sequence: number): void {
    const { op, legs } = records
    const isDelete = op === Op.delete
    this.#begin(isDelete ? MessageType.deleteRoute : MessageType.newRoute, WRITE_FLAGS[op] ?? 0, sequence)
    this.#routeHeader(records, isDelete)
    this.#destination(records)
    if (records.table > 255) this.#attribute32(RouteAttribute.table, records.table)
    if (records.metric !== 0) this.#attribute32(RouteAttribute.priority, records.metric)
    if (!isDelete) {
      if (records.hasSource) this.#address(RouteAttribute.preferredSource, records, records.sourceOffset)
      if (legs > 0) this.#multipath(records, legs)
      else this.#nextHop(records)
    }
    this.#end()
  }

  /** A request for a dump of routes; 0 for protocol or table: all. `family` is a FamilyNumber. */
  dumpRoutes(sequence: number, family: number, protocol: number, table: number): void {
    this.#begin(MessageType.getRoute, MessageFlag.dump, sequence)
    const at = this.#header(12)
    this.bytes[at] = family
    this.bytes[at + 4] = table > 255 ? 0 : table
    this.bytes[at + 5] = protocol
    if (table > 255) this.#attribute32(RouteAttribute.table, table)
    this.#end()
  }

  /** A request for a dump of links (`getLink`) or addresses (`getAddress`), all families. */
  dumpAll(sequence: number, type: number): void {
    this.#begin(type, MessageFlag.dump, sequence)
    this.#header(type === MessageType.getLink ? 16 : 8)
    this.#end()
  }

  #begin(type: number, flags: number, sequence: number): void {
    const view = this.#view
    const at = this.length
    this.#start = at
    view.setUint16(at + 4, type, IS_LITTLE_ENDIAN)
    view.setUint16(at + 6, flags | MessageFlag.request, IS_LITTLE_ENDIAN)
    view.setUint32(at + 8, sequence, IS_LITTLE_ENDIAN)
    view.setUint32(at + 12, 0, IS_LITTLE_ENDIAN)
    this.length = at + NETLINK_HEADER
    this.count += 1
  }

  #end(): void {
    this.#view.setUint32(this.#start, this.length - this.#start, IS_LITTLE_ENDIAN)
  }

  /** A zeroed family header; its offset. */
  #header(octets: number): number {
    const at = this.length
    this.bytes.fill(0, at, at + octets)
    this.length = at + octets
    return at
  }

  #routeHeader(records: RouteRecords, isDelete: boolean): void {
    const { bytes } = this
    const { kind, table } = records
    const at = this.length
    bytes[at] = records.familyIndex === 0 ? FamilyNumber.ipv4 : FamilyNumber.ipv6
    bytes[at + 1] = records.length
    bytes[at + 2] = 0
    bytes[at + 3] = 0
    bytes[at + 4] = table > 255 ? 0 : table
    bytes[at + 5] = records.protocol
    // Deletes match any type and scope: prefix, metric and protocol say enough.
    const isDevice = kind === RouteKind.unicast && records.legs === 0 && !records.hasGateway
    bytes[at + 6] = isDelete ? Scope.nowhere : isDevice ? Scope.link : Scope.universe
    bytes[at + 7] = isDelete ? 0 : kind
    const isOnlink = !isDelete && records.legs === 0 && records.has(RecordFlag.onlink)
    this.#view.setUint32(at + 8, isOnlink ? RouteFlag.onlink : 0, IS_LITTLE_ENDIAN)
    this.length = at + 12
  }

  #destination(records: RouteRecords): void {
    const view = this.#view
    const at = this.length
    const words = records.familyIndex === 0 ? 1 : 4
    view.setUint16(at, 4 + words * 4, IS_LITTLE_ENDIAN)
    view.setUint16(at + 2, RouteAttribute.destination, IS_LITTLE_ENDIAN)
    for (let k = 0; k < words; k++) view.setUint32(at + 4 + k * 4, records.word(k))
    this.length = at + 4 + words * 4
  }

  #nextHop(records: RouteRecords): void {
    if (records.hasGateway) this.#address(RouteAttribute.gateway, records, records.gatewayOffset)
    if (records.interfaceIndex !== 0) this.#attribute32(RouteAttribute.outputInterface, records.interfaceIndex)
  }

  /** An address of the record, which starts at `start` of its octets. */
  #address(type: number, records: RouteRecords, start: number): void {
    const at = this.length
    const octets = records.familyIndex === 0 ? 4 : 16
    this.#view.setUint16(at, 4 + octets, IS_LITTLE_ENDIAN)
    this.#view.setUint16(at + 2, type, IS_LITTLE_ENDIAN)
    const from = records.octets
    for (let k = 0; k < octets; k++) this.bytes[at + 4 + k] = from[start + k]!
    this.length = at + 4 + octets
  }

  /** RTA_MULTIPATH: a struct rtnexthop and its gateway for every leg. */
  #multipath(records: RouteRecords, legs: number): void {
    const view = this.#view
    const at = this.length
    this.length = at + 4
    for (let left = legs; left > 0 && records.next(); left--) {
      const leg = this.length
      this.bytes[leg + 2] = records.has(RecordFlag.onlink) ? RouteFlag.onlink : 0
      this.bytes[leg + 3] = Math.max(records.weight, 1) - 1
      view.setUint32(leg + 4, records.interfaceIndex, IS_LITTLE_ENDIAN)
      this.length = leg + 8
      if (records.hasGateway) this.#address(RouteAttribute.gateway, records, records.gatewayOffset)
      view.setUint16(leg, this.length - leg, IS_LITTLE_ENDIAN)
    }
    view.setUint16(at, this.length - at, IS_LITTLE_ENDIAN)
    view.setUint16(at + 2, RouteAttribute.multipath, IS_LITTLE_ENDIAN)
    this.length = align(this.length)
  }

  #attribute32(type: number, value: number): void {
    const view = this.#view
    const at = this.length
    view.setUint16(at, 8, IS_LITTLE_ENDIAN)
    view.setUint16(at + 2, type, IS_LITTLE_ENDIAN)
    view.setUint32(at + 4, value, IS_LITTLE_ENDIAN)
    this.length = at + 8
  }
}
