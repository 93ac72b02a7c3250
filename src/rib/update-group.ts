/**
 * Peers that get identical updates, and what they share: rules, export policy, one log, and one bit per prefix for what
 * they were told. A message is encoded once for all of them.
 * Made by groups.ts when its first member comes, dropped when the last one goes. Written by teller.ts, read by reader.ts.
 */
import { FAMILIES, type Family } from '../../wire/family.ts'
import type { CompiledPolicy } from '../policy/policy.ts'
import type { Core } from './core.ts'
import { Egress, pathFamilies } from './egress.ts'
import { type ChunkSink, ChunkWriter, GroupLog } from './group-log.ts'
import type { PathLimit, RibPeer } from './port.ts'
import { type Piece, SliceCache } from './slice-cache.ts'
import { Told } from './told.ts'
import type { Target } from './update-writer.ts'

/** What a flush wants of the members, see reader.ts. */
export interface GroupReader {
  readonly id: number
  /** The last flush whose news the member has had for sure. */
  readonly confirmed: number
  /** The last flush that it has read in full. */
  readonly seen: number
  /** It is further behind in the log than it may be. */
  readonly isBehind: boolean
  /** Gives up its place in the log, and makes up for it with a scan of what changed since flush `since`. */
  loseLog(since: number): void
  /** Flush numbers start over: what was flushed so far is flush 1. */
  startOver(): void
}

/** Collects what is encoded for one slice. Slabs of memory are shared by one slice after the other. */
export class SliceTarget implements Target, ChunkSink {
  readonly writer: ChunkWriter
  readonly maxLength: number
  #pieces: Piece[] = []

  constructor(maxLength: number) {
    this.maxLength = maxLength
    this.writer = new ChunkWriter(maxLength, this)
  }

  take(bytes: Uint8Array, segments: readonly number[]): void {
    this.#pieces.push({ bytes, segments })
  }

  /** What was collected since the last call. */
  finish(): Piece[] {
    this.writer.seal()
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }
}

export interface GroupIdentity {
  /** 1 to 65535, unique among the groups that exist; see SourceTable.group. */
  readonly number: number
  /** Never given again. */
  readonly serial: number
}

export class UpdateGroup implements GroupIdentity {
  readonly number: number
  readonly serial: number
  readonly name: string
  readonly egress: Egress
  readonly policy: CompiledPolicy
  readonly families: readonly Family[]
  /** How many paths of a prefix are told in the families in which several are (RFC 7911). */
  readonly pathLimit: PathLimit
  readonly #pathFamilies: readonly Family[]
  readonly maxLength: number
  readonly log: GroupLog
  readonly slices: SliceTarget
  readonly readers = new Set<GroupReader>()
  /** Which prefixes the members are told, by family index. */
  readonly told: readonly Told[] = FAMILIES.map(() => new Told())
  readonly cache = new SliceCache()
  /** Scans that are under way. */
  activeScans = 0
  /** A session has moved in, so what is counted of its own prefixes must be counted anew (groups.ts). */
  isOwnCountDue = false

  withoutNextHop = 0
  tooLong = 0
  slicesEncoded = 0
  slicesShared = 0
  resyncs = 0

  constructor({ number, serial }: GroupIdentity, peer: RibPeer, core: Core) {
    this.number = number
    this.serial = serial
    this.name = groupName(peer)
    this.egress = new Egress(peer, core)
    this.policy = peer.exportPolicy
    this.families = FAMILIES.filter(family => peer.families.includes(family))
    this.pathLimit = peer.addPathSend ?? 'all'
    this.#pathFamilies = pathFamilies(peer)
    this.maxLength = peer.maxLength
    this.log = new GroupLog(peer.maxLength)
    this.slices = new SliceTarget(peer.maxLength)
  }

  /** The members are told several paths of a prefix, each with an identifier (RFC 7911). */
  sendsPaths(family: Family): boolean {
    return this.#pathFamilies.includes(family)
  }

  /** Prefixes (or paths) told, of all families. */
  get advertised(): number {
    let count = 0
    for (const told of this.told) count += told.count
    return count
  }

  endScan(): void {
    this.activeScans--
    if (this.activeScans === 0) this.cache.settle(this.readers.size)
  }

  /**
   * Members that are too far behind lose their place in the log. Those that do at the same time go on from the same flush,
   * the earliest of theirs, so that they can share the slices of their scans. Stalled peers do not ask, so a flush does.
   */
  dropBehind(): void {
    let since = Number.POSITIVE_INFINITY
    for (const reader of this.readers) if (reader.isBehind) since = Math.min(since, reader.seen)
    if (since === Number.POSITIVE_INFINITY) return
    for (const reader of this.readers) {
      if (!reader.isBehind) continue
      reader.loseLog(since)
      this.resyncs++
    }
  }
}

function groupName(peer: RibPeer): string {
  const kind = peer.kind === 'ebgp' ? `ebgp AS${peer.asn}` : peer.reflectorClient ? 'client' : 'ibgp'
  return `${kind}, export ${peer.exportPolicy.name}`
}
