/**
 * A capture into a report: packets to TCP streams to BGP messages, each direction by itself. The OPENs of both sides, where
 * they were captured, say how the rest is to be read (`agreeCodec`); else the options do. A stream that starts in the middle,
 * or goes on after a gap or a broken message, is taken up again at the next thing that looks like a message header.
 * Called by `index.ts`.
 */

import {
  agreeCodec,
  type CodecContext,
  decodeMessage,
  FAMILIES,
  Framer,
  HEADER_LENGTH,
  MARKER_LENGTH,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MessageType,
  type Offer,
  readU8,
  readU16,
  summariseCapabilities,
} from '../../wire/index.ts'
import { complaintOf } from './complaint.ts'
import { describeResult } from './describe.ts'
import type { FileReader } from './mrt-file.ts'
import { contextOf, type DecodeOptions } from './options.ts'
import { type Packet, PacketReader } from './packet.ts'
import { isoTime, malformed, type Place, type Report } from './report.ts'
import { type Segment, TcpStream, tcpSegment } from './tcp.ts'

const BGP_PORT = 179
/** Directions remembered at a time; the oldest is forgotten first. */
const MAX_DIRECTIONS = 4096

/** Reads packets into the report. */
export class PcapReport implements FileReader {
  private readonly reader: PacketReader
  private readonly directions = new Map<string, Direction>()
  private readonly source: string
  private readonly options: DecodeOptions
  private readonly report: Report
  private packetAt: Pick<Place, 'offset' | 'time'> = {}

  constructor(source: string, options: DecodeOptions, report: Report) {
    this.source = source
    this.options = options
    this.report = report
    this.reader = new PacketReader({
      packet: packet => this.packet(packet),
      problem: (offset, reason) => report.add(malformed({ source, offset }, reason, '')),
    })
  }

  push(chunk: Uint8Array): void {
    this.reader.push(chunk)
  }

  end(): void {
    this.reader.end()
    for (const direction of this.directions.values()) direction.end()
  }

  private packet({ offset, timeS, nanos, linkType, bytes }: Packet): void {
    const segment = tcpSegment(linkType, bytes)
    if (segment === undefined || !isBgp(segment)) return
    this.packetAt = { offset, time: isoTime(timeS, String(Math.floor(nanos / 1000)).padStart(6, '0')) }
    this.directionOf(segment).take(segment)
  }

  private directionOf({ from, to, isSyn }: Segment): Direction {
    const key = `${from.address} ${from.port} ${to.address} ${to.port}`
    const known = this.directions.get(key)
    if (known !== undefined && !isSyn) return known
    known?.end()
    this.directions.delete(key)
    const [oldest] = this.directions.keys()
    if (oldest !== undefined && this.directions.size >= MAX_DIRECTIONS) this.forget(oldest)
    const place = (): Place => ({ source: this.source, ...this.packetAt, from, to })
    const opposite = `${to.address} ${to.port} ${from.address} ${from.port}`
    const direction = new Direction(place, this.report, offer =>
      this.contextFor(offer, this.directions.get(opposite)?.offer),
    )
    this.directions.set(key, direction)
    return direction
  }

  private forget(key: string): void {
    this.directions.get(key)?.end()
    this.directions.delete(key)
  }

  /** `theirs` is the OPEN of the side that sends, `ours` of the side that receives. */
  private contextFor(theirs: Offer | undefined, ours: Offer | undefined): CodecContext {
    const context = contextOf(this.options)
    if (theirs === undefined && ours === undefined) return context
    // Of half a negotiation only the size of AS numbers is worth a guess.
    if (theirs === undefined || ours === undefined) {
      return { ...context, fourOctetAs: (theirs ?? ours)?.fourOctetAsn !== undefined && !this.options.as2 }
    }
    const { fourOctetAs, addPath } = agreeCodec(ours, theirs)
    return { ...context, fourOctetAs, ...(addPath !== undefined && { addPath }), families: FAMILIES }
  }
}

const isMarker = (bytes: Uint8Array, at: number): boolean => {
  for (let index = at; index < at + MARKER_LENGTH; index++) if (bytes[index] !== 0xff) return false
  return true
}

function isBgp({ from, to, payload }: Segment): boolean {
  return from.port === BGP_PORT || to.port === BGP_PORT || isMarker(payload, 0)
}

/** Offset of what looks like a message header, or -1. */
function findHeader(bytes: Uint8Array): number {
  for (let at = 0; at + HEADER_LENGTH <= bytes.length; at++) {
    if (!isMarker(bytes, at)) continue
    const type = readU8(bytes, at + HEADER_LENGTH - 1)
    const isType = type >= MessageType.OPEN && type <= MessageType.ROUTE_REFRESH
    if (isType && readU16(bytes, at + MARKER_LENGTH) >= HEADER_LENGTH) return at
  }
  return -1
}

/** One direction of one connection. */
class Direction {
  /** What its OPEN offered, once that was seen. */
  offer: Offer | undefined
  private readonly stream: TcpStream
  private readonly place: () => Place
  private readonly report: Report
  private readonly contextFor: (offer: Offer | undefined) => CodecContext
  private framer: Framer | undefined
  /** What the framer is reading, and how much of it were whole messages. */
  private chunk: Uint8Array = new Uint8Array(0)
  private consumed = 0

  constructor(place: () => Place, report: Report, contextFor: (offer: Offer | undefined) => CodecContext) {
    this.place = place
    this.report = report
    this.contextFor = contextFor
    this.stream = new TcpStream({ data: bytes => this.data(bytes), gap: octets => this.gap(octets) })
  }

  take({ sequence, isSyn, isLast, payload }: Segment): void {
    if (isSyn) {
      this.framer = this.newFramer()
      this.stream.start(sequence, payload)
    } else {
      this.stream.push(sequence, payload)
    }
    if (isLast) this.stream.end()
  }

  end(): void {
    this.stream.end()
  }

  private data(bytes: Uint8Array): void {
    let rest = bytes
    for (;;) {
      if (this.framer === undefined || this.framer.stopped) {
        const at = findHeader(rest)
        if (at < 0) return
        rest = rest.subarray(at)
        this.framer = this.newFramer()
      }
      this.chunk = rest
      this.consumed = 0
      this.framer.push(rest)
      if (!this.framer.stopped) return
      // The header at `consumed` is broken: on with the next one after it.
      rest = rest.subarray(this.consumed + 1)
    }
  }

  private gap(octets: number): void {
    this.complain(`${octets} octets are missing from the capture`, 'RFC 9293 3.4')
    this.framer = undefined
  }

  private newFramer(): Framer {
    const framer = new Framer({
      message: (_type, bytes, start, end) => {
        if (bytes === this.chunk) this.consumed = end
        this.message(bytes, start, end)
        return true
      },
      failure: error => {
        const { reason, rfc } = complaintOf(error)
        this.complain(reason, rfc)
      },
    })
    framer.maxLength = MAX_EXTENDED_MESSAGE_LENGTH
    return framer
  }

  private message(bytes: Uint8Array, start: number, end: number): void {
    const type = readU8(bytes, start + HEADER_LENGTH - 1)
    const result = decodeMessage(type, bytes, start, end, this.contextFor(this.offer))
    if (result.ok && result.value.type === 'open') this.offer = summariseCapabilities(result.value.open.capabilities)
    const description = describeResult(result, type, bytes.subarray(start, end))
    this.report.add({ kind: 'Message', place: this.place(), description })
  }

  private complain(reason: string, rfc: string): void {
    this.report.add(malformed(this.place(), reason, rfc))
  }
}
