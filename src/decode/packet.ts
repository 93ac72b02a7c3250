/**
 * pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng) files, chunk by chunk, into packets. Both byte orders,
 * micro- and nanoseconds, any number of interfaces. Memory holds one packet; a packet or block of more than 1 MiB means that
 * the file is broken, and ends the reading.
 * Called by `pcap-file.ts`.
 */

/** One captured packet. The octets are borrowed until the call returns. */
export interface Packet {
  /** Octets from the start of the file. */
  readonly offset: number
  readonly timeS: number
  /** Nanoseconds after `timeS`. */
  readonly nanos: number
  readonly linkType: number
  readonly bytes: Uint8Array
}

export interface PacketSink {
  packet(packet: Packet): void
  /** The file is broken here, and nothing after it is read. */
  problem(offset: number, reason: string): void
}

const MAX_BLOCK = 1024 * 1024
const PCAP_HEADER = 24
const PCAP_RECORD = 16
const BlockType = { SECTION: 0x0a0d0d0a, INTERFACE: 1, SIMPLE: 3, ENHANCED: 6 } as const

interface Interface {
  readonly linkType: number
  /** Ticks of its clock in a second. */
  readonly ticks: bigint
}

/** Cuts a capture file into packets. */
export class PacketReader {
  private readonly sink: PacketSink
  private carry: Uint8Array = new Uint8Array(0)
  private position = 0
  private isOver = false
  private isLittle = false
  /** What the file turned out to be; pcap with the length of its ticks. */
  private form: { readonly linkType: number; readonly nanosPerTick: number } | 'pcapng' | undefined
  private interfaces: Interface[] = []

  constructor(sink: PacketSink) {
    this.sink = sink
  }

  /** Takes the next octets of the file; borrowed until this returns. */
  push(chunk: Uint8Array): void {
    if (this.isOver) return
    const bytes = this.carry.length === 0 ? chunk : Buffer.concat([this.carry, chunk])
    let at = 0
    while (!this.isOver) {
      const used = this.take(bytes, at)
      if (used === 0) break
      at += used
      this.position += used
    }
    this.carry = bytes.slice(at)
  }

  /** Says that the file is over. */
  end(): void {
    if (!this.isOver && this.carry.length > 0) this.fail('the file ends inside a packet')
  }

  /** Reads one piece at `at`: its length, or 0 when it is not all there. */
  private take(bytes: Uint8Array, at: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at)
    if (view.byteLength < 12) return 0
    if (this.form === undefined) return this.takeStart(view)
    return this.form === 'pcapng' ? this.takeBlock(view) : this.takeRecord(view, this.form)
  }

  private takeStart(view: DataView): number {
    const magic = view.getUint32(0)
    if (magic === BlockType.SECTION) {
      this.form = 'pcapng'
      return this.takeBlock(view)
    }
    if (view.byteLength < PCAP_HEADER) return 0
    this.isLittle = magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1
    const nanosPerTick = view.getUint32(0, this.isLittle) === 0xa1b23c4d ? 1 : 1000
    this.form = { linkType: view.getUint32(20, this.isLittle) & 0xffff, nanosPerTick }
    return PCAP_HEADER
  }

  private takeRecord(view: DataView, { linkType, nanosPerTick }: { linkType: number; nanosPerTick: number }): number {
    if (view.byteLength < PCAP_RECORD) return 0
    const length = view.getUint32(8, this.isLittle)
    if (length > MAX_BLOCK) return this.fail(`a packet of ${length} octets`)
    const end = PCAP_RECORD + length
    if (view.byteLength < end) return 0
    const timeS = view.getUint32(0, this.isLittle)
    const nanos = view.getUint32(4, this.isLittle) * nanosPerTick
    const bytes = new Uint8Array(view.buffer, view.byteOffset + PCAP_RECORD, length)
    this.sink.packet({ offset: this.position, timeS, nanos, linkType, bytes })
    return end
  }

  private takeBlock(view: DataView): number {
    const isSection = view.getUint32(0) === BlockType.SECTION
    if (isSection) {
      this.isLittle = view.getUint32(8) === 0x4d3c2b1a
      this.interfaces = []
    }
    const length = view.getUint32(4, this.isLittle)
    if (length < 12 || length > MAX_BLOCK || length % 4 !== 0) return this.fail(`a block of ${length} octets`)
    if (view.byteLength < length) return 0
    const type = view.getUint32(0, this.isLittle)
    const body = new DataView(view.buffer, view.byteOffset + 8, length - 12)
    if (type === BlockType.INTERFACE && body.byteLength >= 8) this.interfaces.push(this.readInterface(body))
    else if (type === BlockType.ENHANCED && body.byteLength >= 20) this.takeEnhanced(body)
    else if (type === BlockType.SIMPLE && body.byteLength >= 4) this.takeSimple(body)
    return length
  }

  /** Link type, and the option that says how long a tick is: a power of ten, or of two with the high bit. */
  private readInterface(body: DataView): Interface {
    const linkType = body.getUint16(0, this.isLittle)
    let ticks = 1_000_000n
    for (let at = 8; at + 4 <= body.byteLength; ) {
      const code = body.getUint16(at, this.isLittle)
      const length = body.getUint16(at + 2, this.isLittle)
      if (code === 0) break
      if (code === 9 && length === 1 && at + 5 <= body.byteLength) {
        const resolution = body.getUint8(at + 4)
        ticks = (resolution & 0x80) === 0 ? 10n ** BigInt(resolution) : 2n ** BigInt(resolution & 0x7f)
      }
      at += 4 + length + ((4 - (length % 4)) % 4)
    }
    return { linkType, ticks }
  }

  private takeEnhanced(body: DataView): void {
    const from = this.interfaces[body.getUint32(0, this.isLittle)]
    const length = body.getUint32(12, this.isLittle)
    if (from === undefined || 20 + length > body.byteLength) return
    const ticks = (BigInt(body.getUint32(4, this.isLittle)) << 32n) | BigInt(body.getUint32(8, this.isLittle))
    const timeS = Number(ticks / from.ticks)
    const nanos = Number(((ticks % from.ticks) * 1_000_000_000n) / from.ticks)
    const bytes = new Uint8Array(body.buffer, body.byteOffset + 20, length)
    this.sink.packet({ offset: this.position, timeS, nanos, linkType: from.linkType, bytes })
  }

  private takeSimple(body: DataView): void {
    const from = this.interfaces[0]
    if (from === undefined) return
    const length = Math.min(body.getUint32(0, this.isLittle), body.byteLength - 4)
    const bytes = new Uint8Array(body.buffer, body.byteOffset + 4, length)
    this.sink.packet({ offset: this.position, timeS: 0, nanos: 0, linkType: from.linkType, bytes })
  }

  private fail(reason: string): 0 {
    this.isOver = true
    this.carry = new Uint8Array(0)
    this.sink.problem(this.position, reason)
    return 0
  }
}
