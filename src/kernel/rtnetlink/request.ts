/**
 * The request socket: route writes in batches and dumps, synchronously. Usually in the kernel worker; tests and the lab use it on their own thread.
 *
 * Writes go 128 to a datagram with one acknowledgement, asked of the last; the kernel reports every refused one with its own sequence number and
 * installs the others. Dumps are filtered by the kernel (strict checking) and begun again when the table changed under them.
 */
import { constants } from 'node:os'
import { errnoText, isSysError, SysError } from '../../sys/errno.ts'
import { inNamespace } from '../../sys/namespace.ts'
import { NetlinkSocket } from '../../sys/netlink-socket.ts'
import type { AddressEvent, LinkEvent } from '../port.ts'
import { BATCH_RECORDS, Op, RouteRecords } from '../record.ts'
import { MessageBuilder } from './builder.ts'
import { FamilyNumber, MessageFlag, MessageType } from './constants.ts'
import { MessageReader } from './parser.ts'

/** More bring nothing; this keeps the usual commit at half a millisecond. */
const MESSAGES_PER_SEND = 128
/** 128 refusals with their texts must fit. */
const RECEIVE_BUFFER = 8 << 20
const SEND_BUFFER = 4 << 20
const DATAGRAM_OCTETS = 256 << 10
/** A table that changes under every attempt is taken as it comes; the events behind the dump put it right. */
const DUMP_ATTEMPTS = 5

const { ENOBUFS, ENOENT } = constants.errno

/** Receives the pieces of a dump. */
export interface DumpSink {
  /** The dump begins, or begins again. */
  started(): void
  links(links: readonly LinkEvent[]): void
  addresses(addresses: readonly AddressEvent[]): void
  /** A full batch, or the last one; the sink may keep it. */
  routes(records: RouteRecords): void
}

export class RequestSocket {
  readonly #socket: NetlinkSocket
  readonly #builder = new MessageBuilder(128 << 10)
  readonly #reader = new MessageReader()
  readonly #answer = new Uint8Array(DATAGRAM_OCTETS)
  /** Index of the record that each message of the datagram was made from. */
  readonly #recordOf = new Uint32Array(MESSAGES_PER_SEND)
  #sequence = 1

  /** Opens in the named namespace, or in the thread's own. Throws SysUnavailable, SysError, or an error of node:fs for an unknown namespace. */
  constructor(namespace?: string) {
    const open = () => new NetlinkSocket({ groups: 0, receiveBuffer: RECEIVE_BUFFER, sendBuffer: SEND_BUFFER })
    this.#socket = namespace === undefined ? open() : inNamespace(namespace, open)
  }

  get portId(): number {
    return this.#socket.portId
  }

  /** For whoever has to close it when this thread cannot. */
  get descriptor(): number {
    return this.#socket.descriptor
  }

  close(): void {
    this.#socket.close()
  }

  /** Runs every write of a batch and fills in the outcomes; returns the texts they point at. Throws only when the socket itself fails. */
  commit(records: RouteRecords): string[] {
    const reasons = ['']
    const builder = this.#builder
    records.rewind()
    let hasMore = records.next()
    while (hasMore) {
      const first = this.#sequence
      builder.clear()
      while (hasMore && builder.count < MESSAGES_PER_SEND && builder.room > MessageBuilder.routeOctets(records.legs)) {
        if (records.op !== Op.leg) {
          this.#recordOf[builder.count] = records.index
          builder.route(records, this.#sequence++)
        }
        hasMore = records.next()
      }
      if (builder.count > 0) this.#exchange(records, first, reasons)
      // The answers were written through the cursor.
      if (hasMore) hasMore = this.#resume(records, first)
    }
    return reasons
  }

  /** Puts the cursor on the first record that was not sent yet. */
  #resume(records: RouteRecords, first: number): boolean {
    records.seek(this.#recordOf[this.#sequence - first - 1]!)
    for (let left = records.legs; left > 0; left--) records.next()
    return records.next()
  }

  #exchange(records: RouteRecords, first: number, reasons: string[]): void {
    const builder = this.#builder
    builder.acknowledgeLast()
    this.#socket.send(builder.bytes, builder.length)
    const last = first + builder.count - 1
    for (;;) {
      const length = this.#receiveAnswer(records, reasons)
      if (length === 0) return
      const reader = this.#reader.reset(this.#answer, length)
      while (reader.next()) {
        if (reader.type !== MessageType.error) continue
        const { sequence, errno } = reader
        // An answer left over from an exchange that lost its end.
        if (sequence < first || sequence > last) continue
        if (errno !== 0) this.#refuse(records, sequence - first, errno, reasons)
        if (sequence === last) return
      }
    }
  }

  #refuse(records: RouteRecords, message: number, errno: number, reasons: string[]): void {
    const text = this.#reader.errorText() || errnoText(errno)
    let reason = reasons.indexOf(text)
    if (reason < 0) reason = reasons.push(text) - 1
    records.seek(this.#recordOf[message]!).setOutcome(errno, reason)
  }

  /** 0 when answers were lost: then the whole datagram counts as refused with ENOBUFS, and only a dump can tell. */
  #receiveAnswer(records: RouteRecords, reasons: string[]): number {
    try {
      return this.#socket.receive(this.#answer)
    } catch (error) {
      if (!isSysError(error, 'ENOBUFS', 'EAGAIN')) throw error
      const reason = reasons.push(errnoText(ENOBUFS)) - 1
      for (let message = 0; message < this.#builder.count; message++) {
        records.seek(this.#recordOf[message]!).setOutcome(ENOBUFS, reason)
      }
      return 0
    }
  }

  /** Dumps the routes of a table, of one protocol (0: all, then also links and addresses first) and both families. */
  dump(table: number, protocol: number, sink: DumpSink): void {
    for (let attempt = 1; attempt <= DUMP_ATTEMPTS; attempt++) {
      sink.started()
      if (this.#dumpOnce(table, protocol, sink)) return
    }
  }

  /** True when the table held still. */
  #dumpOnce(table: number, protocol: number, sink: DumpSink): boolean {
    let isWhole = true
    if (protocol === 0) {
      isWhole = this.#dumpLinks(sink) && isWhole
      isWhole = this.#dumpAddresses(sink) && isWhole
    }
    for (const family of [FamilyNumber.ipv4, FamilyNumber.ipv6]) {
      isWhole = this.#dumpRoutes({ family, table, protocol }, sink) && isWhole
    }
    return isWhole
  }

  #dumpLinks(sink: DumpSink): boolean {
    const links: LinkEvent[] = []
    this.#builder.clear()
    this.#builder.dumpAll(this.#sequence, MessageType.getLink)
    const isWhole = this.#receiveDump(reader => {
      const link = reader.type === MessageType.newLink ? reader.link() : undefined
      if (link !== undefined) links.push(link)
    })
    sink.links(links)
    return isWhole
  }

  #dumpAddresses(sink: DumpSink): boolean {
    const addresses: AddressEvent[] = []
    this.#builder.clear()
    this.#builder.dumpAll(this.#sequence, MessageType.getAddress)
    const isWhole = this.#receiveDump(reader => {
      const address = reader.type === MessageType.newAddress ? reader.address() : undefined
      if (address !== undefined) addresses.push(address)
    })
    sink.addresses(addresses)
    return isWhole
  }

  #dumpRoutes(scope: { family: number; table: number; protocol: number }, sink: DumpSink): boolean {
    let records = new RouteRecords(BATCH_RECORDS)
    this.#builder.clear()
    this.#builder.dumpRoutes(this.#sequence, scope.family, scope.protocol, scope.table)
    const isWhole = this.#receiveDump(reader => {
      if (reader.type !== MessageType.newRoute) return
      const before = records.count
      if (reader.route(records) && records.seek(before).table !== scope.table) records.truncate(before)
      if (records.count < BATCH_RECORDS) return
      sink.routes(records)
      records = new RouteRecords(BATCH_RECORDS)
    })
    if (records.count > 0) sink.routes(records)
    return isWhole
  }

  /** Sends the request in the builder and reads to the end of the dump; false when the kernel says the table changed meanwhile. */
  #receiveDump(visit: (reader: MessageReader) => void): boolean {
    const sequence = this.#sequence++
    this.#socket.send(this.#builder.bytes, this.#builder.length)
    let isWhole = true
    for (;;) {
      const reader = this.#reader.reset(this.#answer, this.#socket.receive(this.#answer))
      while (reader.next()) {
        if (reader.sequence !== sequence) continue
        if ((reader.flags & MessageFlag.dumpInterrupted) !== 0) isWhole = false
        if (reader.type === MessageType.done) return isWhole
        if (reader.type !== MessageType.error) visit(reader)
        // A table that nobody has used yet does not exist.
        else if (reader.errno === ENOENT) return isWhole
        else throw new SysError('dump', reader.errno)
      }
    }
  }
}
