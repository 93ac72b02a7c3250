/**
 * From a captured frame to the TCP segment in it, and from segments to the stream of one direction (RFC 9293 3.4): in order,
 * repeats dropped, what arrived early kept for a while. IP fragments are left out; BGP speakers do not fragment.
 * Called by `pcap-file.ts`.
 */

import { formatAddress } from '../../wire/index.ts'

/** One TCP segment. The payload is borrowed. */
export interface Segment {
  readonly from: { readonly address: string; readonly port: number }
  readonly to: { readonly address: string; readonly port: number }
  readonly sequence: number
  readonly isSyn: boolean
  /** FIN or RST: nothing comes after it. */
  readonly isLast: boolean
  readonly payload: Uint8Array
}

const ETHERTYPE = { IPV4: 0x0800, IPV6: 0x86dd, VLAN: 0x8100, QINQ: 0x88a8, QINQ_OLD: 0x9100 } as const
const TCP = 6

/** Where the IP packet of a frame starts, by link type; undefined for a frame without one. */
function ipOffset(linkType: number, frame: DataView): number | undefined {
  switch (linkType) {
    case 0: // BSD loopback: four octets of address family
    case 108:
      return 4
    case 1:
      return afterEthertype(frame, 12)
    case 113: // Linux cooked
      return afterEthertype(frame, 14)
    case 276: // Linux cooked, version 2
      return frame.byteLength > 20 && isIp(frame.getUint16(0)) ? 20 : undefined
    case 12: // raw IP, under all the numbers it ever had
    case 14:
    case 101:
    case 228:
    case 229:
      return 0
    default:
      return undefined
  }
}

const isIp = (type: number): boolean => type === ETHERTYPE.IPV4 || type === ETHERTYPE.IPV6

function afterEthertype(frame: DataView, at: number): number | undefined {
  while (at + 2 <= frame.byteLength) {
    const type = frame.getUint16(at)
    if (isIp(type)) return at + 2
    if (type !== ETHERTYPE.VLAN && type !== ETHERTYPE.QINQ && type !== ETHERTYPE.QINQ_OLD) return undefined
    at += 4
  }
  return undefined
}

/** Finds the TCP segment in a frame; undefined when there is none, or not enough of it was captured. */
export function tcpSegment(linkType: number, bytes: Uint8Array): Segment | undefined {
  const frame = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const at = ipOffset(linkType, frame)
  if (at === undefined || at + 20 > bytes.length) return undefined
  const version = frame.getUint8(at) >> 4
  if (version === 4) return fromIpv4(bytes, frame, at)
  return version === 6 ? fromIpv6(bytes, frame, at) : undefined
}

function fromIpv4(bytes: Uint8Array, frame: DataView, at: number): Segment | undefined {
  const tcpAt = at + (frame.getUint8(at) & 15) * 4
  const isFragment = (frame.getUint16(at + 6) & 0x3fff) !== 0
  if (isFragment || frame.getUint8(at + 9) !== TCP) return undefined
  // Length 0 is what offloading network cards leave to be filled in.
  const end = at + (frame.getUint16(at + 2) || bytes.length - at)
  const addresses = { from: bytes.subarray(at + 12, at + 16), to: bytes.subarray(at + 16, at + 20) }
  return fromTcp(bytes, frame, { at: tcpAt, end }, addresses)
}

/** Headers of extension that may stand between IPv6 and TCP: hop-by-hop, routing, destination options. */
const EXTENSIONS = new Set([0, 43, 60])

function fromIpv6(bytes: Uint8Array, frame: DataView, at: number): Segment | undefined {
  if (at + 40 > bytes.length) return undefined
  const end = at + 40 + (frame.getUint16(at + 4) || bytes.length - at - 40)
  let next = frame.getUint8(at + 6)
  let tcpAt = at + 40
  while (EXTENSIONS.has(next) && tcpAt + 8 <= bytes.length) {
    next = frame.getUint8(tcpAt)
    tcpAt += 8 + 8 * frame.getUint8(tcpAt + 1)
  }
  const addresses = { from: bytes.subarray(at + 8, at + 24), to: bytes.subarray(at + 24, at + 40) }
  return next === TCP ? fromTcp(bytes, frame, { at: tcpAt, end }, addresses) : undefined
}

function fromTcp(
  bytes: Uint8Array,
  frame: DataView,
  { at, end }: { at: number; end: number },
  { from, to }: { from: Uint8Array; to: Uint8Array },
): Segment | undefined {
  if (at + 20 > bytes.length) return undefined
  const payloadAt = at + (frame.getUint8(at + 12) >> 4) * 4
  const flags = frame.getUint8(at + 13)
  return {
    from: { address: formatAddress(from), port: frame.getUint16(at) },
    to: { address: formatAddress(to), port: frame.getUint16(at + 2) },
    sequence: frame.getUint32(at + 4),
    isSyn: (flags & 2) !== 0,
    isLast: (flags & 5) !== 0,
    payload: bytes.subarray(payloadAt, Math.max(payloadAt, Math.min(end, bytes.length))),
  }
}

/** Where the octets of one direction go. */
export interface StreamSink {
  /** The next octets, borrowed. */
  data(bytes: Uint8Array): void
  /** So many octets were never captured; what comes next does not follow what came before. */
  gap(octets: number): void
}

/** What is kept of segments that came too early before the missing ones are given up. */
const MAX_EARLY_OCTETS = 1024 * 1024
const MAX_EARLY_SEGMENTS = 256

/** Puts the segments of one direction in order. */
export class TcpStream {
  private readonly sink: StreamSink
  private expected: number | undefined
  private mayJumpOne = false
  private early: { readonly sequence: number; readonly bytes: Uint8Array }[] = []
  private earlyOctets = 0

  constructor(sink: StreamSink) {
    this.sink = sink
  }

  /** Takes one segment's octets. The first ones seen start the stream, wherever it really began. */
  push(sequence: number, bytes: Uint8Array): void {
    this.expected ??= sequence
    if (bytes.length === 0) return
    if (this.mayJumpOne && distance(this.expected, sequence) === 1) this.expected = sequence
    this.mayJumpOne = false
    const ahead = distance(this.expected, sequence)
    if (ahead <= 0) {
      this.deliver(sequence, bytes)
      this.drain()
      return
    }
    this.early.push({ sequence, bytes: bytes.slice() })
    this.earlyOctets += bytes.length
    if (this.earlyOctets > MAX_EARLY_OCTETS || this.early.length > MAX_EARLY_SEGMENTS) this.skipGap()
  }

  /**
   * A SYN was seen, which counts as one octet, and perhaps data with it. INTEROP: captures made by Scapy number such data as
   * if there were no SYN, so the next segment may be one further on.
   */
  start(sequence: number, bytes: Uint8Array): void {
    this.expected = bytes.length === 0 ? (sequence + 1) >>> 0 : sequence
    this.mayJumpOne = bytes.length > 0
    this.deliver(sequence, bytes)
  }

  /** Nothing more comes: what was kept is delivered over its gaps. */
  end(): void {
    while (this.early.length > 0) this.skipGap()
  }

  private deliver(sequence: number, bytes: Uint8Array): void {
    const repeated = -distance(this.expected ?? sequence, sequence)
    if (repeated >= bytes.length) return
    this.expected = (sequence + bytes.length) >>> 0
    this.sink.data(bytes.subarray(repeated))
  }

  private drain(): void {
    for (;;) {
      const index = this.early.findIndex(({ sequence }) => distance(this.expected ?? 0, sequence) <= 0)
      const [next] = index < 0 ? [] : this.early.splice(index, 1)
      if (next === undefined) return
      this.earlyOctets -= next.bytes.length
      this.deliver(next.sequence, next.bytes)
    }
  }

  private skipGap(): void {
    const { expected = 0 } = this
    const nearest = this.early.reduce(
      (least, { sequence }) => Math.min(least, distance(expected, sequence)),
      0x7fffffff,
    )
    this.sink.gap(nearest)
    this.expected = (expected + nearest) >>> 0
    this.drain()
  }
}

/** How far `to` is after `from`, modulo 2^32, negative when before. */
const distance = (from: number, to: number): number => (to - from) | 0
