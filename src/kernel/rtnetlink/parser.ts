/**
 * Reads rtnetlink messages: routes into records, links and addresses into objects, errors with the kernel's own words. The sender is the kernel, but
 * lengths are checked all the same: nothing here reads outside the datagram or loops on a zero length. Hot for routes: no object a route.
 * Called by request.ts and monitor.ts.
 */
import { IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/family.ts'
import { IS_LITTLE_ENDIAN } from '../../sys/host-order.ts'
import type { AddressEvent, LinkEvent } from '../port.ts'
import { Op, RecordFlag, type RouteRecords } from '../record.ts'
import {
  ADDRESS_HEADER,
  AddressAttribute,
  ATTRIBUTE_TYPE_MASK,
  align,
  ErrorAttribute,
  FamilyNumber,
  LINK_HEADER,
  LinkAttribute,
  LinkFlag,
  MessageFlag,
  MessageType,
  NETLINK_HEADER,
  ROUTE_HEADER,
  RouteAttribute,
  RouteFlag,
} from './constants.ts'

/** A cursor over the messages of one datagram. */
export class MessageReader {
  #bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #end = 0
  #next = 0
  /** nlmsg_type, nlmsg_flags and nlmsg_seq of the message under the cursor. */
  type = 0
  flags = 0
  sequence = 0
  /** The message without its header. */
  start = 0
  end = 0

  /** Reads `length` octets of `bytes`, which are borrowed. */
  reset(bytes: Uint8Array, length: number): this {
    if (bytes !== this.#bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#bytes = bytes
    this.#end = length
    this.#next = 0
    return this
  }

  /** Moves to the next message; false at the end, or where the rest is no message. */
  next(): boolean {
    const at = this.#next
    if (at + NETLINK_HEADER > this.#end) return false
    const view = this.#view
    const length = view.getUint32(at, IS_LITTLE_ENDIAN)
    if (length < NETLINK_HEADER || at + length > this.#end) return false
    this.type = view.getUint16(at + 4, IS_LITTLE_ENDIAN)
    this.flags = view.getUint16(at + 6, IS_LITTLE_ENDIAN)
    this.sequence = view.getUint32(at + 8, IS_LITTLE_ENDIAN)
    this.start = at + NETLINK_HEADER
    this.end = at + length
    this.#next = at + align(length)
    return true
  }

  /** The positive errno of an `error` or `done` message; 0: an acknowledgement. */
  get errno(): number {
    return this.end - this.start < 4 ? 0 : -this.#view.getInt32(this.start, IS_LITTLE_ENDIAN)
  }

  /** The kernel's words for an error (NETLINK_EXT_ACK); '' when it has none. */
  errorText(): string {
    if ((this.flags & MessageFlag.hasAttributes) === 0) return ''
    // struct nlmsgerr: errno and the header of the request (capped by NETLINK_CAP_ACK), then attributes.
    for (let at = this.start + 4 + NETLINK_HEADER; at + 4 <= this.end; ) {
      const length = this.#view.getUint16(at, IS_LITTLE_ENDIAN)
      if (length < 4 || at + length > this.end) return ''
      if (this.#attributeType(at) === ErrorAttribute.message) return this.#text(at + 4, at + length)
      at += align(length)
    }
    return ''
  }

  /** Appends the route of a `newRoute` or `deleteRoute` message, with its legs; false when it is none of ours to read (other families). */
  route(records: RouteRecords): boolean {
    const bytes = this.#bytes
    const at = this.start
    if (at + ROUTE_HEADER > this.end) return false
    const number = bytes[at]
    if (number !== FamilyNumber.ipv4 && number !== FamilyNumber.ipv6) return false
    records.append(this.type === MessageType.newRoute ? Op.present : Op.gone)
    records.family = number === FamilyNumber.ipv4 ? IPV4_UNICAST : IPV6_UNICAST
    records.length = bytes[at + 1]!
    records.table = bytes[at + 4]!
    records.protocol = bytes[at + 5]!
    records.kind = bytes[at + 7]!
    records.flags = this.#recordFlags(at)
    for (let attribute = at + ROUTE_HEADER; attribute + 4 <= this.end; ) {
      const length = this.#view.getUint16(attribute, IS_LITTLE_ENDIAN)
      if (length < 4 || attribute + length > this.end) break
      this.#routeAttribute(records, attribute, length)
      attribute += align(length)
    }
    return true
  }

  /** Flags of the record from the header of a route; what a NEWROUTE event did to others is in the flags of the message. */
  #recordFlags(at: number): number {
    const routeFlags = this.#view.getUint32(at + 8, IS_LITTLE_ENDIAN)
    let flags = (routeFlags & RouteFlag.onlink) === 0 ? 0 : RecordFlag.onlink
    if ((routeFlags & RouteFlag.cloned) !== 0) flags |= RecordFlag.cloned
    if (this.#bytes[at + 3] !== 0) flags |= RecordFlag.tos
    if ((this.flags & MessageFlag.replace) !== 0) flags |= RecordFlag.replaced
    if ((this.flags & MessageFlag.append) !== 0) flags |= RecordFlag.appended
    return flags
  }

  #routeAttribute(records: RouteRecords, at: number, length: number): void {
    const view = this.#view
    const value = at + 4
    const octets = length - 4
    switch (this.#attributeType(at)) {
      case RouteAttribute.destination:
        for (let k = 0; k < records.family.words && k * 4 + 4 <= octets; k++)
          records.setWord(k, view.getUint32(value + k * 4))
        break
      case RouteAttribute.gateway:
        this.#address(records, records.gatewayOffset, value, octets)
        break
      case RouteAttribute.preferredSource:
        this.#address(records, records.sourceOffset, value, octets)
        break
      case RouteAttribute.outputInterface:
        if (octets >= 4) records.interfaceIndex = view.getUint32(value, IS_LITTLE_ENDIAN)
        break
      case RouteAttribute.priority:
        if (octets >= 4) records.metric = view.getUint32(value, IS_LITTLE_ENDIAN)
        break
      case RouteAttribute.table:
        if (octets >= 4) records.table = view.getUint32(value, IS_LITTLE_ENDIAN)
        break
      case RouteAttribute.inputInterface:
        records.flags |= RecordFlag.inputInterface
        break
      case RouteAttribute.via:
        records.flags |= RecordFlag.viaOtherFamily
        break
      case RouteAttribute.nextHopObject:
        records.flags |= RecordFlag.nextHopObject
        break
      case RouteAttribute.multipath:
        this.#multipath(records, value, at + length)
        break
      default:
        break
    }
  }

  /** Copies an address of the message into the record, at `start` of its octets. */
  #address(records: RouteRecords, start: number, value: number, octets: number): void {
    const wanted = records.familyIndex === 0 ? 4 : 16
    if (octets < wanted) return
    const to = records.octets
    for (let k = 0; k < wanted; k++) to[start + k] = this.#bytes[value + k]!
  }

  /** Legs become records of their own; the first is repeated in the route. Cursor: back on the route. */
  #multipath(records: RouteRecords, from: number, end: number): void {
    const route = records.index
    const { family } = records
    let legs = 0
    for (let at = from; at + 8 <= end; ) {
      const length = this.#view.getUint16(at, IS_LITTLE_ENDIAN)
      if (length < 8 || at + length > end || legs === 255) break
      records.append(Op.leg)
      records.family = family
      this.#leg(records, at, length)
      legs += 1
      const { interfaceIndex, flags } = records
      const gateway = legs === 1 && records.hasGateway ? records.gatewayView().slice() : undefined
      records.seek(route)
      if (legs === 1) {
        records.interfaceIndex = interfaceIndex
        records.flags |= flags
        if (gateway !== undefined) records.setGateway(gateway)
      }
      at += align(length)
    }
    records.legs = legs
  }

  #leg(records: RouteRecords, at: number, length: number): void {
    records.flags = (this.#bytes[at + 2]! & RouteFlag.onlink) === 0 ? 0 : RecordFlag.onlink
    records.weight = this.#bytes[at + 3]! + 1
    records.interfaceIndex = this.#view.getUint32(at + 4, IS_LITTLE_ENDIAN)
    for (let attribute = at + 8; attribute + 4 <= at + length; ) {
      const octets = this.#view.getUint16(attribute, IS_LITTLE_ENDIAN)
      if (octets < 4 || attribute + octets > at + length) return
      const type = this.#attributeType(attribute)
      if (type === RouteAttribute.gateway) this.#address(records, records.gatewayOffset, attribute + 4, octets - 4)
      if (type === RouteAttribute.via) records.flags |= RecordFlag.viaOtherFamily
      attribute += align(octets)
    }
  }

  /** A `newLink` or `deleteLink` message; undefined for the bridge's messages about its ports, which are not about the link itself. */
  link(): LinkEvent | undefined {
    const at = this.start
    if (at + LINK_HEADER > this.end || this.#bytes[at] !== FamilyNumber.unspecified) return undefined
    const index = this.#view.getInt32(at + 4, IS_LITTLE_ENDIAN)
    const flags = this.#view.getUint32(at + 8, IS_LITTLE_ENDIAN)
    let name = ''
    this.#eachAttribute(at + LINK_HEADER, (type, start, end) => {
      if (type === LinkAttribute.name) name = this.#text(start, end)
    })
    const kind = this.type === MessageType.newLink ? 'present' : 'gone'
    return { kind, index, name, isUp: (flags & LinkFlag.up) !== 0, isRunning: (flags & LinkFlag.running) !== 0 }
  }

  /** A `newAddress` or `deleteAddress` message. */
  address(): AddressEvent | undefined {
    const at = this.start
    if (at + ADDRESS_HEADER > this.end) return undefined
    const octets = this.#bytes[at] === FamilyNumber.ipv4 ? 4 : this.#bytes[at] === FamilyNumber.ipv6 ? 16 : 0
    let subnet: Uint8Array | undefined
    let local: Uint8Array | undefined
    this.#eachAttribute(at + ADDRESS_HEADER, (type, start, end) => {
      if (end - start !== octets) return
      if (type === AddressAttribute.address) subnet = this.#bytes.slice(start, end)
      if (type === AddressAttribute.local) local = this.#bytes.slice(start, end)
    })
    const address = local ?? subnet
    if (address === undefined || octets === 0) return undefined
    const kind = this.type === MessageType.newAddress ? 'present' : 'gone'
    const interfaceIndex = this.#view.getUint32(at + 4, IS_LITTLE_ENDIAN)
    return { kind, interfaceIndex, address, subnet: subnet ?? address, length: this.#bytes[at + 1]! }
  }

  #eachAttribute(from: number, visit: (type: number, start: number, end: number) => void): void {
    for (let at = from; at + 4 <= this.end; ) {
      const length = this.#view.getUint16(at, IS_LITTLE_ENDIAN)
      if (length < 4 || at + length > this.end) return
      visit(this.#attributeType(at), at + 4, at + length)
      at += align(length)
    }
  }

  #attributeType(at: number): number {
    return this.#view.getUint16(at + 2, IS_LITTLE_ENDIAN) & ATTRIBUTE_TYPE_MASK
  }

  /** Text up to its NUL. */
  #text(start: number, end: number): string {
    const nul = this.#bytes.indexOf(0, start)
    return Buffer.from(this.#bytes.subarray(start, nul >= 0 && nul < end ? nul : end)).toString('utf8')
  }
}
