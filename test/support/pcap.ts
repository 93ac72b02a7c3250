/**
 * Captures for other people's decoders: BGP messages as one direction of TCP connections to port 179, in the classic pcap
 * format with raw IPv4 packets (link type 101). Sequence numbers run on, so a dissector can put cut messages together;
 * checksums are left 0.
 */

/** One TCP connection: what the client sent, one array a segment unless it is too long for a packet. */
export type Stream = readonly Uint8Array[]

const RAW_IP = 101
const HEADERS = 40
/** A packet's length has 16 bits. */
const MAX_SEGMENT = 65535 - HEADERS
const FIRST_PORT = 40_000
const BGP_PORT = 179
const PSH_ACK = 0x18

/** The octets of a capture file, and how many packets are in it. */
export function writePcap(streams: readonly Stream[]): { readonly bytes: Uint8Array; readonly packets: number } {
  const parts: Uint8Array[] = [fileHeader()]
  let packets = 0
  for (const [i, stream] of streams.entries()) {
    let sequence = 1
    for (const data of stream) {
      for (let at = 0; at < data.length; at += MAX_SEGMENT) {
        const segment = data.subarray(at, at + MAX_SEGMENT)
        parts.push(
          recordHeader(packets++, HEADERS + segment.length),
          packetHeaders(FIRST_PORT + i, sequence, segment.length),
          segment,
        )
        sequence += segment.length
      }
    }
  }
  return { bytes: new Uint8Array(Buffer.concat(parts)), packets }
}

function fileHeader(): Uint8Array {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(0x40000, 16)
  header.writeUInt32LE(RAW_IP, 20)
  return header
}

/** A millisecond between packets. */
function recordHeader(packet: number, length: number): Uint8Array {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(1_700_000_000 + Math.floor(packet / 1000), 0)
  header.writeUInt32LE((packet % 1000) * 1000, 4)
  header.writeUInt32LE(length, 8)
  header.writeUInt32LE(length, 12)
  return header
}

function packetHeaders(port: number, sequence: number, length: number): Uint8Array {
  const headers = Buffer.alloc(HEADERS)
  headers.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2])
  headers.writeUInt16BE(HEADERS + length, 2)
  headers.writeUInt16BE(port, 20)
  headers.writeUInt16BE(BGP_PORT, 22)
  headers.writeUInt32BE(sequence, 24)
  headers.writeUInt32BE(1, 28)
  headers.set([0x50, PSH_ACK, 0xff, 0xff], 32)
  return headers
}
