/**
 * Numbers of the Linux system-call interface that sockets need. The same on every architecture koffi has binaries for (x64, arm64, arm, ia32, riscv64,
 * ppc64, loong64 share include/uapi/asm-generic; MIPS, SPARC, Alpha and PA-RISC do not, and are refused by libc.ts).
 */

export const AddressFamily = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const

export const SocketType = { stream: 1, datagram: 2, raw: 3, nonBlocking: 0o4000, closeOnExec: 0o2000000 } as const

export const Level = { socket: 1, ip: 0, tcp: 6, ipv6: 41, netlink: 270 } as const

/** Options at Level.socket. */
export const SocketOption = {
  reuseAddress: 2,
  sendBuffer: 7,
  receiveBuffer: 8,
  bindToDevice: 25,
  attachFilter: 26,
  detachFilter: 27,
  /** Beyond net.core.wmem_max and rmem_max; needs CAP_NET_ADMIN. */
  sendBufferForce: 32,
  receiveBufferForce: 33,
  memoryInfo: 55,
} as const

/** Options at Level.ip. */
export const IpOption = { typeOfService: 1, ttl: 2, freeBind: 15, minimumTtl: 21 } as const

/** Options at Level.ipv6. */
export const Ipv6Option = { unicastHops: 16, v6Only: 26, trafficClass: 67, minimumHopCount: 73 } as const

/** Options at Level.tcp. */
export const TcpOption = {
  md5Signature: 14,
  userTimeout: 18,
  saveSyn: 27,
  savedSyn: 28,
  md5SignatureExtended: 32,
} as const

/** Options at Level.netlink. */
export const NetlinkOption = {
  /** Acknowledgements without a copy of the request. */
  capAck: 10,
  /** Errors with a text. */
  extAck: 11,
  /** Dumps filtered by the kernel, and malformed requests refused. */
  strictCheck: 12,
} as const

/** setns(2), clone(2). */
export const CLONE_NEWNET = 0x40000000

/** DSCP class selector 6 (network control) as the octet of the IP header: RFC 4594 3.1, what BGP sessions carry. */
export const TRAFFIC_CLASS_CS6 = 0xc0
