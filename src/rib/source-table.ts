/**
 * Who paths come from, by source id: the three local sources and the sessions.
 *
 * Ids are 16 bits. A session's id is given back (`recycle`) only after the flush that follows the removal of its last path,
 * so that no prefix still names it as the source of what peers were told; until then `get` still answers for it.
 * Called by everyone in src/rib who meets a source id.
 */
import type { CodecContext } from '../../wire/context.ts'
import type { Family } from '../../wire/family.ts'
import type { SourceKind } from '../policy/policy.ts'
import { grown } from '../table/prefix-table.ts'
import type { LocalSource, PeerId, RibPeer } from './port.ts'

/** Ids below this are local sources. */
const FIRST_PEER = 16
const MAX_SOURCE = 0xffff
/** How many ids arrays by source id have room for at first; few speakers ever have more sessions. */
export const FEW_SOURCES = 1024
const LOCAL_IDS: Readonly<Record<LocalSource, number>> = { kernel: 1, direct: 2, static: 3 }
const LOCAL_KINDS: readonly (LocalSource | undefined)[] = [undefined, 'kernel', 'direct', 'static']

export function localSourceId(source: LocalSource): number {
  return LOCAL_IDS[source]
}

export function sourceKind(id: number): SourceKind {
  return LOCAL_KINDS[id] ?? 'bgp'
}

/** An array by source id that has room for `id`: `words` itself, or a larger one with what was in it. */
export const withRoomFor = (words: Uint32Array<ArrayBuffer>, id: number): Uint32Array<ArrayBuffer> =>
  id < words.length ? words : grown(words, Math.max(2 * words.length, id + 1))

const VERDICT_BITS = 20
const SERIAL_MASK = 0x3ff

const maskOf = (families: readonly Family[]): number => families.reduce((mask, { index }) => mask | (1 << index), 0)

function codecContext(peer: RibPeer): CodecContext {
  const { fourOctetAs, kind, families, maxLength, addPath = {} } = peer
  const { rejectAsSets, isConfederationPeer, firstAs, extendedNextHop } = peer
  const receive = families.filter(({ name }) => addPath[name]?.receive === true)
  const send = families.filter(({ name }) => addPath[name]?.send === true)
  return {
    fourOctetAs,
    peerKind: kind,
    families,
    maxLength,
    addPath: { receive, send },
    ...(extendedNextHop !== undefined && { extendedNextHop }),
    ...(rejectAsSets !== undefined && { rejectAsSets }),
    ...(isConfederationPeer !== undefined && { isConfederationPeer }),
    ...(firstAs !== undefined && { firstAs }),
  }
}

/** One session: what was given to `addPeer`, and what is counted for it. */
export class PeerRecord {
  readonly id: PeerId
  /** Replaced as a whole when rules of a running session change. */
  peer: RibPeer
  /** Addresses of ours that must not come back as next hop. */
  readonly ownAddresses: readonly Uint8Array[]
  /** Bit per family index. */
  readonly familyMask: number
  /** What the codec must know to read its messages. */
  readonly context: CodecContext
  /** Families with path identifiers in what it sends (RFC 7911 3), bit per index. */
  readonly #pathIdMask: number
  /** How often its import policy has changed. */
  policySerial = 0
  updatesReceived = 0
  announcementsReceived = 0
  withdrawsReceived = 0
  rejectedByPolicy = 0
  loops = 0
  ownNextHops = 0
  treatedAsWithdraw = 0
  attributesDiscarded = 0
  oddPrefixes = 0
  foreignFamilies = 0
  blocked = 0

  constructor(id: PeerId, peer: RibPeer) {
    this.id = id
    this.peer = peer
    this.ownAddresses = [peer.localAddress, peer.nextHops.ipv4, peer.nextHops.ipv6].filter(a => a !== undefined)
    this.familyMask = maskOf(peer.families)
    this.context = codecContext(peer)
    this.#pathIdMask = maskOf(this.context.addPath?.receive ?? [])
  }

  hasPathIds(family: Family): boolean {
    return (this.#pathIdMask & (1 << family.index)) !== 0
  }

  /**
   * How the set that the present import policy makes with this verdict (not REJECT) is found among those derived from a set:
   * verdicts of another policy mean something else. Never 0, which is REJECT of any policy.
   */
  policyKey(verdict: number): number {
    return ((this.policySerial & SERIAL_MASK) << VERDICT_BITS) | (verdict + 1)
  }

  /** Does the key belong to the present import policy? */
  isPresentKey(key: number): boolean {
    return key >>> VERDICT_BITS === (this.policySerial & SERIAL_MASK)
  }
}

export class SourceTable {
  /** The update group a session is a member of, by source id; 0 for none. */
  group = new Uint32Array(FEW_SOURCES)
  /** Prefixes told to the session's group whose best route is the session's own, by source id. */
  ownTold = new Uint32Array(FEW_SOURCES)
  readonly #records: (PeerRecord | undefined)[] = []
  readonly #free: number[] = []
  #next = FIRST_PEER

  add(peer: RibPeer): PeerRecord {
    const id = this.#free.shift() ?? this.#next++
    if (id > MAX_SOURCE) throw new RangeError(`more than ${MAX_SOURCE - FIRST_PEER + 1} peers`)
    const record = new PeerRecord(id as PeerId, peer)
    this.#records[id] = record
    this.group = withRoomFor(this.group, id)
    this.ownTold = withRoomFor(this.ownTold, id)
    return record
  }

  /** Forgets a session for good; its id may be given to another one. */
  recycle(id: number): void {
    this.#records[id] = undefined
    this.ownTold[id] = 0
    this.#free.push(id)
  }

  /** The session of an id; undefined for local sources and ids not in use. */
  get(id: number): PeerRecord | undefined {
    return this.#records[id]
  }

  nameOf(id: number): string {
    return this.#records[id]?.peer.name ?? LOCAL_KINDS[id] ?? 'gone'
  }

  /** The cluster a client is in; 0 for everyone else (RFC 4456 7). */
  clientClusterId(id: number): number {
    const peer = this.#records[id]?.peer
    return peer?.reflectorClient === true ? peer.clusterId : 0
  }

  /**
   * RFC 4271 9.1.2.2 g: the lower peer address wins, IPv4 before IPv6. The source id makes the order total.
   * Negative when `a` comes first.
   */
  compareAddress(a: number, b: number): number {
    const left = this.#records[a]?.peer.address
    const right = this.#records[b]?.peer.address
    if (left === undefined || right === undefined) return a - b
    if (left.length !== right.length) return left.length - right.length
    for (let i = 0; i < left.length; i++) {
      const difference = left[i]! - right[i]!
      if (difference !== 0) return difference
    }
    return a - b
  }

  /** Sessions in the table, removed ones that are not recycled yet included. */
  *sessions(): Iterable<PeerRecord> {
    for (const record of this.#records) if (record !== undefined) yield record
  }
}
