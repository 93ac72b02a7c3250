/**
 * The monitor: kernel notifications of routes, links and addresses, read when they come. Usually in the kernel worker; the lab opens one in every
 * node's namespace to watch from outside.
 *
 * A datagram is delivered as soon as it is read, several of one turn together. When the kernel had to drop some (ENOBUFS) the socket is reopened at
 * once, before anybody asks for the dump that has to follow: monitor first, dump second, events after.
 */
import type { Socket } from 'node:net'
import { inNamespace } from '../../sys/namespace.ts'
import { NetlinkSocket } from '../../sys/netlink-socket.ts'
import type { AddressEvent, LinkEvent } from '../port.ts'
import { RouteRecords } from '../record.ts'
import { Group, MessageType } from './constants.ts'
import { MessageReader } from './parser.ts'

/** Memory is used only for what is queued; 600k changes by another process overran 8 MB once, 64 MB never. */
const RECEIVE_BUFFER = 64 << 20

const GROUPS = Group.link | Group.ipv4Address | Group.ipv4Route | Group.ipv6Address | Group.ipv6Route

export interface MonitorSink {
  routes(records: RouteRecords): void
  links(events: readonly LinkEvent[]): void
  addresses(events: readonly AddressEvent[]): void
  /** Events were lost; the monitor is listening again. */
  lost(reason: string): void
}

export interface MonitorOptions {
  /** Default: the thread's own. */
  readonly namespace?: string
  /** Only routes of this table. */
  readonly table: number
  /** Port id of the request socket whose changes are not to be told. */
  readonly ignore?: number
  /** Octets the kernel may queue. For tests of the overrun. */
  readonly receiveBuffer?: number
}

export class RouteMonitor {
  readonly #options: MonitorOptions
  readonly #sink: MonitorSink
  readonly #reader = new MessageReader()
  #socket: Socket
  #routes = new RouteRecords(16)
  #isClosed = false

  /** Listens from here on. Throws what opening a netlink socket throws. */
  constructor(options: MonitorOptions, sink: MonitorSink) {
    this.#options = options
    this.#sink = sink
    this.#socket = this.#open()
  }

  /** Hands on what has been read so far. Needed before anything else is told about the same routes. */
  flush(): void {
    if (this.#routes.count === 0) return
    const routes = this.#routes
    this.#routes = new RouteRecords(16)
    this.#sink.routes(routes.rewind())
  }

  close(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  #open(): Socket {
    const { namespace, ignore, receiveBuffer = RECEIVE_BUFFER } = this.#options
    const open = () => new NetlinkSocket({ groups: GROUPS, receiveBuffer })
    const netlink = namespace === undefined ? open() : inNamespace(namespace, open)
    if (ignore !== undefined) netlink.ignoreFrom(ignore)
    return netlink.listen(
      (bytes, length) => this.#read(bytes, length),
      error => this.#failed(error),
    )
  }

  #failed(error: Error): void {
    if (this.#isClosed) return
    this.flush()
    this.#socket = this.#open()
    this.#sink.lost(error.message)
  }

  #read(bytes: Uint8Array, length: number): void {
    const reader = this.#reader.reset(bytes, length)
    while (reader.next()) {
      switch (reader.type) {
        case MessageType.newRoute:
        case MessageType.deleteRoute:
          this.#route(reader)
          break
        case MessageType.newLink:
        case MessageType.deleteLink:
          this.#link(reader)
          break
        case MessageType.newAddress:
        case MessageType.deleteAddress:
          this.#address(reader)
          break
        default:
          break
      }
    }
  }

  #route(reader: MessageReader): void {
    const routes = this.#routes
    const before = routes.count
    if (!reader.route(routes)) return
    if (routes.seek(before).table !== this.#options.table) {
      routes.truncate(before)
      return
    }
    // libuv reads up to 32 datagrams in a row; the end of this turn is microseconds away.
    if (before > 0) return
    routes.readAtMs = performance.timeOrigin + performance.now()
    setImmediate(() => this.flush())
  }

  #link(reader: MessageReader): void {
    const link = reader.link()
    if (link === undefined) return
    this.flush()
    this.#sink.links([link])
  }

  #address(reader: MessageReader): void {
    const address = reader.address()
    if (address === undefined) return
    this.flush()
    this.#sink.addresses([address])
  }
}
