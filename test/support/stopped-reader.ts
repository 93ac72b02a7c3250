/**
 * One reader of many stops reading: a built godwit as reflector, a client that changes all its routes over and over, and clients that read them, each a socket
 * of this process on an address of 127/8. Says how long changes take to the readers, what the speaker needs meanwhile, and what the stopped one is told when it
 * reads on. Each UPDATE has a number as its MED, which says when it was sent and which block of prefixes it is about.
 * Used by test/bench/stopped-reader.ts (figures) and test/interop/stopped-reader.test.ts.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Godwit } from '../../src/lab/godwit.ts'
import { pause } from '../../src/lab/process.ts'
import {
  encodeUpdate,
  formatAddress,
  IPV4_UNICAST,
  MODERN_CONTEXT,
  type Prefix,
  parseAddress,
  splitUpdate,
  UpdateSections,
} from '../../wire/index.ts'
import { RawPeer } from './lab-raw-peer.ts'
import { Spread } from './spread.ts'

export interface TrialPlan {
  readonly port: number
  readonly readers: number
  /** Blocks of prefixes that change together, an UPDATE each. */
  readonly blocks: number
  readonly blockSize: number
  readonly updatesPerS: number
}

/** What happened while routes changed. */
export interface Phase {
  readonly delays: Spread
  /** Octets told to one reader. */
  readonly octets: number
  readonly mostRssKiB: number
  readonly processorS: number
}

/** What a reader was told from the moment it read on. */
export interface CatchUp {
  readonly tookMs: number
  /** Announcements of the newest state, by prefix: how many prefixes were announced so often. */
  readonly timesTold: ReadonlyMap<number, number>
  /** Octets of older states: what had left the table before it stopped. */
  readonly staleOctets: number
}

const SPEAKER = '127.0.3.51'
const ASN = 64_512
const HOLD_TIME_S = 90
const TICK_MS = 5
const FIRST = 0x01000000
const MED_TYPE = 4
/** Of every reader. Much smaller, and TCP on loopback, with its segments of 64 KiB, crawls. */
const RECEIVE_BUFFER_OCTETS = 512 * 1024

/** 127.64.0.1 and on. */
const addressOf = (index: number): string => formatAddress(Uint8Array.of(127, 64, (index + 1) >> 8, (index + 1) & 255))

/** What one reader holds: per block the number of its newest UPDATE, and how many of its prefixes came with that. */
class Tally {
  readonly newest: Int32Array
  readonly counts: Int32Array
  octets = 0
  staleOctets = 0
  /** Times each prefix came with the newest number of its block; empty while nobody asks. */
  timesTold = new Uint8Array(0)
  readonly #blockSize: number

  constructor({ blocks, blockSize }: TrialPlan) {
    this.newest = new Int32Array(blocks).fill(-1)
    this.counts = new Int32Array(blocks)
    this.#blockSize = blockSize
  }

  note(number: number, bytes: Uint8Array, start: number, end: number): void {
    const block = number % this.newest.length
    if (number > (this.newest[block] ?? 0)) {
      this.newest[block] = number
      this.counts[block] = 0
      this.timesTold.fill(0, block * this.#blockSize, (block + 1) * this.#blockSize)
    }
    // All prefixes are /24: four octets each.
    this.counts[block] = (this.counts[block] ?? 0) + (end - start) / 4
    if (this.timesTold.length === 0) return
    for (let at = start; at < end; at += 4) {
      const index = (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) - (FIRST >>> 8)
      this.timesTold[index] = (this.timesTold[index] ?? 0) + 1
    }
  }

  hasAll(numbers: Int32Array): boolean {
    return numbers.every(
      (number, block) => this.newest[block] === number && (this.counts[block] ?? 0) >= this.#blockSize,
    )
  }
}

export class StoppedReaderTrial {
  readonly #plan: TrialPlan
  readonly #directory: string
  readonly #godwit: Godwit
  readonly #sender: RawPeer
  readonly #readers: RawPeer[] = []
  readonly #tallies: Tally[] = []
  readonly #messages: Uint8Array[]
  readonly #medAt: number
  /** When each UPDATE was sent, by number. */
  readonly #sentAt: number[] = []
  /** The last number that each block was sent with. */
  readonly #sent: Int32Array
  readonly #sections = new UpdateSections()
  #delays = new Spread()
  #stopped = -1

  private constructor(plan: TrialPlan, directory: string, godwit: Godwit) {
    this.#plan = plan
    this.#directory = directory
    this.#godwit = godwit
    this.#sent = new Int32Array(plan.blocks).fill(-1)
    this.#messages = Array.from({ length: plan.blocks }, (_, block) => blockUpdate(block, plan.blockSize))
    this.#medAt = Buffer.from(this.#messages[0] ?? []).indexOf(Uint8Array.of(0x80, MED_TYPE, 4)) + 3
    this.#sender = this.#peer(0)
    for (let i = 0; i < plan.readers; i++) {
      this.#tallies.push(new Tally(plan))
      this.#readers.push(this.#peer(i + 1, (bytes, start, end) => this.#read(i, bytes, start, end)))
    }
  }

  /** Everybody is there when it resolves, and all routes have been told once. */
  static async start(plan: TrialPlan): Promise<StoppedReaderTrial> {
    const directory = mkdtempSync(join(tmpdir(), 'godwit-stopped-'))
    const socket = join(directory, 'godwit.sock')
    const config = {
      speaker: { asn: ASN, routerId: SPEAKER, listen: [{ address: SPEAKER, port: plan.port }] },
      reflector: {},
      peerRanges: [
        { name: 'clients', prefix: '127.64.0.0/16', asn: ASN, limit: plan.readers + 1, reflectorClient: true },
      ],
      log: { level: 'warn' as const },
      api: { socket },
    }
    const godwit = Godwit.start({ name: 'speaker', config, socket, directory, enter: work => work() })
    await godwit.ready()
    const trial = new StoppedReaderTrial(plan, directory, godwit)
    await Promise.all([trial.#sender, ...trial.#readers].map(peer => peer.established()))
    for (let number = 0; number < plan.blocks; number++) await trial.#change(number)
    await trial.settled()
    return trial
  }

  #peer(index: number, onUpdate?: (bytes: Uint8Array, start: number, end: number) => void): RawPeer {
    return new RawPeer({
      ...{ address: addressOf(index), asn: ASN, remoteAddress: SPEAKER, remotePort: this.#plan.port },
      ...{ holdTimeS: HOLD_TIME_S, receiveBufferOctets: RECEIVE_BUFFER_OCTETS },
      ...(onUpdate && { onUpdate }),
    })
  }

  #read(reader: number, bytes: Uint8Array, start: number, end: number): void {
    const sections = this.#sections
    const tally = this.#tallies[reader]
    if (tally === undefined || splitUpdate(bytes, start, end, sections) !== undefined) return
    const number = medOf(bytes, sections.attributesStart, sections.attributesEnd)
    if (number < 0) return
    tally.octets += end - start
    if (number < (this.#sent[number % this.#plan.blocks] ?? 0)) tally.staleOctets += end - start
    tally.note(number, bytes, sections.nlriStart, sections.nlriEnd)
    if (reader !== this.#stopped) this.#delays.add(performance.now() - (this.#sentAt[number] ?? 0))
  }

  async #change(number: number): Promise<void> {
    const message = Uint8Array.from(this.#messages[number % this.#plan.blocks] ?? [])
    new DataView(message.buffer).setUint32(this.#medAt, number)
    this.#sent[number % this.#plan.blocks] = number
    this.#sentAt[number] = performance.now()
    await this.#sender.send([message])
  }

  /** Routes change for so long, or until every reader that reads was told so many octets. */
  async churn(forMs: number, octets = Number.POSITIVE_INFINITY): Promise<Phase> {
    const { updatesPerS } = this.#plan
    const watched = this.#tallies[this.#stopped === 0 ? 1 : 0]
    const [startedAt, before, spent] = [performance.now(), watched?.octets ?? 0, this.#processorS()]
    const first = this.#sentAt.length
    const told = () => (watched?.octets ?? 0) - before
    this.#delays = new Spread()
    let mostRssKiB = 0
    let lookedAt = 0
    for (let now = startedAt; now - startedAt < forMs && told() < octets; now = performance.now()) {
      const due = first + Math.floor(((now - startedAt) * updatesPerS) / 1000)
      while (this.#sentAt.length < due) await this.#change(this.#sentAt.length)
      if (now - lookedAt > 100) {
        lookedAt = now
        mostRssKiB = Math.max(mostRssKiB, this.rssKiB())
      }
      await pause(TICK_MS)
    }
    await this.settled()
    return { delays: this.#delays, octets: told(), mostRssKiB, processorS: this.#processorS() - spent }
  }

  /** Everybody who reads has the newest state of everything. */
  async settled(limitMs = 30_000): Promise<void> {
    await this.#until('the newest routes at every reader', limitMs, () =>
      this.#tallies.every((tally, i) => i === this.#stopped || tally.hasAll(this.#sent)),
    )
  }

  async #until(what: string, limitMs: number, condition: () => boolean): Promise<void> {
    const end = performance.now() + limitMs
    while (!condition()) {
      const failure = [this.#sender, ...this.#readers].find(peer => peer.failure !== undefined)?.failure
      if (failure !== undefined) throw new Error(`a session ended: ${failure}`)
      if (performance.now() > end) throw new Error(`waited in vain for: ${what}`)
      await pause(TICK_MS)
    }
  }

  stop(reader: number): void {
    this.#stopped = reader
    this.#readers[reader]?.stopReading()
  }

  /** The one that stopped reads on, while nothing changes, until it has everything and for a little longer. */
  async readOn(): Promise<CatchUp> {
    const reader = this.#stopped
    const tally = this.#tallies[reader]
    if (tally === undefined) throw new Error('nobody has stopped')
    tally.staleOctets = 0
    tally.timesTold = new Uint8Array(this.#plan.blocks * this.#plan.blockSize)
    this.#stopped = -1
    const startedAt = performance.now()
    this.#readers[reader]?.readOn()
    await this.settled()
    const tookMs = performance.now() - startedAt
    await pause(500)
    const timesTold = new Map<number, number>()
    for (const times of tally.timesTold) timesTold.set(times, (timesTold.get(times) ?? 0) + 1)
    tally.timesTold = new Uint8Array(0)
    return { tookMs, timesTold, staleOctets: tally.staleOctets }
  }

  /** The memory of the speaker at this moment. */
  rssKiB(): number {
    const text = readFileSync(`/proc/${this.#godwit.process.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1])
  }

  #processorS(): number {
    const text = readFileSync(`/proc/${this.#godwit.process.pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }

  async close(): Promise<void> {
    for (const peer of [this.#sender, ...this.#readers]) peer.close()
    await this.#godwit.process.stop(10_000)
    rmSync(this.#directory, { recursive: true })
  }
}

/** The routes of one block, with a MED to be overwritten. */
function blockUpdate(block: number, size: number): Uint8Array {
  const nlri = Array.from({ length: size }, (_, i): Prefix => {
    return { family: IPV4_UNICAST, words: Uint32Array.of(FIRST + (block * size + i) * 256), length: 24 }
  })
  const attributes = [
    { type: 'origin', origin: 0 },
    { type: 'as-path', segments: [] },
    { type: 'next-hop', octets: parseAddress(addressOf(0)) ?? new Uint8Array(4) },
    { type: 'med', value: 0 },
    { type: 'local-pref', value: 100 },
  ] as const
  return encodeUpdate({ attributes, nlri }, MODERN_CONTEXT)
}

/** The MED among attributes in bytes[from, to); -1 without one. */
function medOf(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at + 3 <= to; ) {
    const isWide = ((bytes[at] ?? 0) & 0x10) !== 0
    const start = at + (isWide ? 4 : 3)
    const length = isWide ? ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0) : (bytes[at + 2] ?? 0)
    if (bytes[at + 1] === MED_TYPE) return new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(0)
    at = start + length
  }
  return -1
}
