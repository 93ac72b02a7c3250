/**
 * A raw AF_NETLINK socket for rtnetlink (RFC 3549 in spirit; include/uapi/linux/netlink.h in fact): synchronous send and receive for requests, and
 * reading driven by libuv for notifications. Called by kernel/rtnetlink.
 *
 * Requests need no event loop: the kernel runs a request inside send(), so the answers are there when it returns. Notifications use the dup trick:
 * libuv is given one end of a socket pair, and in the same tick the netlink descriptor is duplicated over it, before libuv registers the number with
 * epoll. From then on libuv polls and reads the netlink socket. Public API of Node only, and no thread of the pool is pinned.
 */

import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net'
import { constants } from 'node:os'
import { AddressFamily, Level, NetlinkOption, SocketOption, SocketType } from './constants.ts'
import { SysError } from './errno.ts'
import { IS_LITTLE_ENDIAN, struct, toNetworkOrder } from './host-order.ts'
import { check, type Libc, requireLibc } from './libc.ts'
import { encodeNetlinkAddress, netlinkPortId } from './sockaddr.ts'
import { openSocket, setOption } from './socket-option.ts'

export interface NetlinkOptions {
  /** Mask of multicast groups (RTMGRP_*); 0: none. */
  readonly groups: number
  /** Octets the kernel may queue for us. Memory is used only when queued. */
  readonly receiveBuffer: number
  readonly sendBuffer?: number
}

/** Room for one datagram: the kernel's notifications and dump pieces are at most 32 KiB, answers to a batch more. */
const DATAGRAM_OCTETS = 256 << 10

/** libuv reads 32 datagrams a turn of the loop; in a flood of notifications so many more follow in the same turn, a few milliseconds of work. */
const MORE_A_TURN = 1024

const { EAGAIN, EINTR } = constants.errno

export class NetlinkSocket {
  readonly #libc: Libc
  /** -1 once closed or handed over. */
  #fd: number

  /** Opens in the namespace the thread is in. Throws SysUnavailable or a SysError. */
  constructor(options: NetlinkOptions) {
    const libc = requireLibc()
    this.#libc = libc
    const type = SocketType.raw | SocketType.nonBlocking | SocketType.closeOnExec
    this.#fd = openSocket(libc, AddressFamily.netlink, type, fd => {
      setBuffer(libc, fd, 'receiveBuffer', options.receiveBuffer)
      if (options.sendBuffer !== undefined) setBuffer(libc, fd, 'sendBuffer', options.sendBuffer)
      for (const [name, number] of Object.entries(NetlinkOption))
        setOption(libc, fd, { level: Level.netlink, number, name }, 1)
      const address = encodeNetlinkAddress(0, options.groups)
      check(libc, 'bind netlink', libc.bind(fd, address, address.length))
    })
  }

  /** The number by which the kernel tells our requests from others'. */
  get portId(): number {
    const address = encodeNetlinkAddress(0, 0)
    const length = struct(4)
    length.view.setUint32(0, address.length, IS_LITTLE_ENDIAN)
    check(this.#libc, 'getsockname', this.#libc.getsockname(this.#fd, address, length.bytes))
    return netlinkPortId(address)
  }

  /** The descriptor; -1 once closed or handed over. */
  get descriptor(): number {
    return this.#fd
  }

  /** Sends the first `length` octets as one datagram; the kernel has run the requests when this returns. */
  send(bytes: Uint8Array, length: number): void {
    check(this.#libc, 'send netlink', this.#libc.send(this.#fd, bytes, length, 0))
  }

  /** Receives one datagram into `bytes` and returns its length. Throws a SysError: EAGAIN when nothing is queued, ENOBUFS when something was lost. */
  receive(bytes: Uint8Array): number {
    return check(this.#libc, 'receive netlink', this.#libc.recv(this.#fd, bytes, bytes.length, 0))
  }

  /** Drops notifications caused by the socket with this port id inside the kernel: changes we made ourselves need not be told to us. */
  ignoreFrom(portId: number): void {
    const program = encodeFilter([
      // nlmsg_pid of the first message; the load is big-endian, the field in host order
      [BPF.loadWord, 0, 0, 12],
      [BPF.jumpIfEqual, 1, 0, toNetworkOrder(portId)],
      [BPF.return, 0, 0, 0xffffffff],
      [BPF.return, 0, 0, 0],
    ])
    const { attachFilter } = SocketOption
    check(this.#libc, 'SO_ATTACH_FILTER', this.#libc.attachFilter(this.#fd, Level.socket, attachFilter, program))
  }

  /**
   * Hands the descriptor to libuv: `onDatagram` is called for each datagram with its length and a buffer that is borrowed for the call.
   * `onError` comes once, at the end: ENOBUFS means events were lost. Destroying the returned socket closes the descriptor. This object is spent.
   */
  listen(
    onDatagram: (bytes: Uint8Array, length: number) => void,
    onError: (error: NodeJS.ErrnoException) => void,
  ): Socket {
    const libc = this.#libc
    const pair = struct(8)
    const type = SocketType.stream | SocketType.nonBlocking | SocketType.closeOnExec
    check(libc, 'socketpair', libc.socketpair(AddressFamily.unix, type, 0, pair.bytes))
    const ours = pair.view.getInt32(0, IS_LITTLE_ENDIAN)
    const other = pair.view.getInt32(4, IS_LITTLE_ENDIAN)
    const more = new Uint8Array(DATAGRAM_OCTETS)
    let left = MORE_A_TURN
    const newTurn = (): void => {
      left = MORE_A_TURN
    }
    const callback = (length: number, bytes: Uint8Array): boolean => {
      onDatagram(bytes, length)
      if (left === MORE_A_TURN) setImmediate(newTurn)
      for (; left > 0; left--) {
        const received = libc.recv(ours, more, more.length, 0)
        if (received < 0) {
          const errno = libc.errno()
          if (errno !== EAGAIN && errno !== EINTR) socket.destroy(new SysError('receive netlink', errno))
          break
        }
        onDatagram(more, received)
      }
      return true
    }
    const options: SocketConstructorOpts & ConnectOpts = {
      fd: ours,
      readable: true,
      writable: false,
      onread: { buffer: new Uint8Array(DATAGRAM_OCTETS), callback },
    }
    const socket = new Socket(options)
    const duplicated = libc.dup3(this.#fd, ours, SocketType.closeOnExec)
    const errno = libc.errno()
    libc.close(other)
    this.close()
    socket.on('error', error => {
      socket.destroy()
      onError(error)
    })
    if (duplicated < 0) socket.destroy(new SysError('dup3', errno))
    return socket
  }

  close(): void {
    if (this.#fd >= 0) this.#libc.close(this.#fd)
    this.#fd = -1
  }
}

/** Classic BPF opcodes, as far as needed. */
const BPF = { loadWord: 0x20, jumpIfEqual: 0x15, return: 0x06 } as const

/** Instructions [code, jump if true, jump if false, operand] as struct sock_filter. */
function encodeFilter(instructions: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const { bytes, view } = struct(instructions.length * 8)
  instructions.forEach(([code, yes, no, operand], at) => {
    view.setUint16(at * 8, code, IS_LITTLE_ENDIAN)
    view.setUint8(at * 8 + 2, yes)
    view.setUint8(at * 8 + 3, no)
    view.setUint32(at * 8 + 4, operand, IS_LITTLE_ENDIAN)
  })
  return bytes
}

/** Beyond the system's limit where we may (CAP_NET_ADMIN), as far as it goes otherwise. */
function setBuffer(libc: Libc, fd: number, which: 'receiveBuffer' | 'sendBuffer', octets: number): void {
  try {
    setOption(libc, fd, { level: Level.socket, number: SocketOption[`${which}Force`], name: `${which}Force` }, octets)
  } catch {
    setOption(libc, fd, { level: Level.socket, number: SocketOption[which], name: which }, octets)
  }
}
