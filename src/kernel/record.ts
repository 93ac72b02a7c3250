/**
 * Packed route records: how routes cross the thread boundary, in both directions, in transferred ArrayBuffers. The one writer and reader of the layout.
 *
 * 80 octets a record, words in host order (both ends share the machine):
 *
 *   word 0   op, family index, prefix length, route type          one octet each
 *   word 1   protocol, leg count (0 unless multipath), flags      octet, octet, octet, unused
 *   word 2-6 table, metric, interface index, token, errno << 16 | reason
 *   word 7   weight of a leg
 *   word 8   destination, 4 words, most significant first         (IPv4 uses the first)
 *   word 12  gateway, 16 octets, network byte order               (IPv4 uses the first 4)
 *   word 16  preferred source, likewise; zero: none
 *
 * A multipath route is a record with `legs` > 0 followed by so many `leg` records; the first leg is also in the route's own fields.
 * RouteRecords is a flyweight: accessors read the record under the cursor. No object is made for a route.
 */
import { FAMILIES, type Family } from '../../wire/family.ts'
import { RouteKind } from './constants.ts'
import type { KernelNextHop, KernelRoute, RouteType } from './route.ts'

export const RECORD_OCTETS = 80
const RECORD_WORDS = RECORD_OCTETS / 4

/** Records in a full batch: large enough that posting costs nothing per route, small enough that a batch is 3 to 5 ms of kernel work. */
export const BATCH_RECORDS = 1024

/** What a record says. Writes go down; `present` and `gone` come up. */
export const Op = {
  /** Create, and fail with EEXIST when the prefix and metric are taken. */
  add: 1,
  /** Create or overwrite. Only over a route known to be ours. */
  replace: 2,
  /** Delete the route of this protocol and metric. */
  delete: 3,
  /** One leg of the multipath route before it. */
  leg: 4,
  present: 5,
  gone: 6,
} as const

export const RecordFlag = {
  onlink: 0x01,
  /** The route has a type of service (RFC 1349): another lookup key, not comparable. */
  tos: 0x02,
  /** IPv6 route bound to an input interface. */
  inputInterface: 0x04,
  /** The gateway is of the other family (RTA_VIA, RFC 5549) and not in the record. */
  viaOtherFamily: 0x08,
  /** A cache entry of the kernel's, not a route (RTM_F_CLONED). */
  cloned: 0x10,
  /** Event only: this route overwrote another of the same prefix and metric (NLM_F_REPLACE). */
  replaced: 0x20,
  /** Event only: this route was put beside another of the same prefix and metric (NLM_F_APPEND). */
  appended: 0x40,
  /** Its legs are in a nexthop object. */
  nextHopObject: 0x80,
} as const

/** A token nobody waits for. */
export const NO_TOKEN = 0xffffffff

export class RouteRecords {
  /** When the kernel's message was read, in ms since 1970 with fractions; 0 in dumps and writes. Not part of the buffer. */
  readAtMs = 0
  #bytes: Uint8Array
  #words: Uint32Array
  #count: number
  /** Index of the first octet and word of the record under the cursor; negative before the first. */
  #byte = -RECORD_OCTETS
  #word = -RECORD_WORDS

  /** An empty batch with room for `capacity` records (it grows), or the `count` records of a received buffer. */
  constructor(capacityOrBuffer: number | ArrayBuffer, count = 0) {
    const buffer =
      typeof capacityOrBuffer === 'number' ? new ArrayBuffer(capacityOrBuffer * RECORD_OCTETS) : capacityOrBuffer
    this.#bytes = new Uint8Array(buffer)
    this.#words = new Uint32Array(buffer)
    this.#count = count
  }

  /** Number of records, legs included. */
  get count(): number {
    return this.#count
  }

  /** For transfer: the first `count` records of it are in use. */
  get buffer(): ArrayBuffer {
    return this.#bytes.buffer as ArrayBuffer
  }

  /** A copy that is exactly as long as its records. */
  copy(): ArrayBuffer {
    return this.buffer.slice(0, this.#count * RECORD_OCTETS)
  }

  /** Puts the cursor before the first record. */
  rewind(): this {
    this.#byte = -RECORD_OCTETS
    this.#word = -RECORD_WORDS
    return this
  }

  /** Moves to the next record, legs included; false at the end. */
  next(): boolean {
    if (this.#byte + RECORD_OCTETS >= this.#count * RECORD_OCTETS) return false
    this.#byte += RECORD_OCTETS
    this.#word += RECORD_WORDS
    return true
  }

  /** Moves to the next route, over the legs of this one; false at the end. */
  nextRoute(): boolean {
    while (this.next()) if (this.op !== Op.leg) return true
    return false
  }

  /** Index of the record under the cursor. */
  get index(): number {
    return this.#byte / RECORD_OCTETS
  }

  seek(index: number): this {
    this.#byte = index * RECORD_OCTETS
    this.#word = index * RECORD_WORDS
    return this
  }

  clear(): this {
    this.#count = 0
    return this.rewind()
  }

  /** Drops the records from `count` on. */
  truncate(count: number): void {
    this.#count = count
  }

  /** A new zeroed record at the end, with the cursor on it. */
  append(op: number): this {
    const at = this.#count * RECORD_WORDS
    if (at + RECORD_WORDS > this.#words.length) this.#grow()
    this.#words.fill(0, at, at + RECORD_WORDS)
    this.seek(this.#count)
    this.#count += 1
    this.#bytes[this.#byte] = op
    return this
  }

  /** A copy of the record under `from`'s cursor, legs not included, at the end, with the cursor on it. */
  appendCopy(from: RouteRecords): this {
    this.append(0)
    this.#words.set(from.#words.subarray(from.#word, from.#word + RECORD_WORDS), this.#word)
    return this
  }

  #grow(): void {
    const bytes = new Uint8Array(Math.max(16 * RECORD_OCTETS, this.#bytes.length * 2))
    bytes.set(this.#bytes)
    this.#bytes = bytes
    this.#words = new Uint32Array(bytes.buffer)
  }

  get op(): number {
    return this.#bytes[this.#byte]!
  }
  set op(value: number) {
    this.#bytes[this.#byte] = value
  }

  get family(): Family {
    return FAMILIES[this.#bytes[this.#byte + 1]!]!
  }
  set family(family: Family) {
    this.#bytes[this.#byte + 1] = family.index
  }
  /** 0 for IPv4, 1 for IPv6: `family.index` without the object. */
  get familyIndex(): 0 | 1 {
    return this.#bytes[this.#byte + 1] === 0 ? 0 : 1
  }

  /** Prefix length in bits. */
  get length(): number {
    return this.#bytes[this.#byte + 2]!
  }
  set length(bits: number) {
    this.#bytes[this.#byte + 2] = bits
  }

  /** The kernel's number of the route type (RouteKind). */
  get kind(): number {
    return this.#bytes[this.#byte + 3]!
  }
  set kind(value: number) {
    this.#bytes[this.#byte + 3] = value
  }

  get protocol(): number {
    return this.#bytes[this.#byte + 4]!
  }
  set protocol(value: number) {
    this.#bytes[this.#byte + 4] = value
  }

  /** Number of `leg` records that follow; 0 for a route that is not multipath. */
  get legs(): number {
    return this.#bytes[this.#byte + 5]!
  }
  set legs(value: number) {
    this.#bytes[this.#byte + 5] = value
  }

  get flags(): number {
    return this.#bytes[this.#byte + 6]!
  }
  set flags(value: number) {
    this.#bytes[this.#byte + 6] = value
  }
  has(flag: number): boolean {
    return (this.#bytes[this.#byte + 6]! & flag) !== 0
  }

  get table(): number {
    return this.#words[this.#word + 2]!
  }
  set table(value: number) {
    this.#words[this.#word + 2] = value
  }

  get metric(): number {
    return this.#words[this.#word + 3]!
  }
  set metric(value: number) {
    this.#words[this.#word + 3] = value
  }

  get interfaceIndex(): number {
    return this.#words[this.#word + 4]!
  }
  set interfaceIndex(value: number) {
    this.#words[this.#word + 4] = value
  }

  /** The submitter's own number for this write; comes back with its outcome. */
  get token(): number {
    return this.#words[this.#word + 5]!
  }
  set token(value: number) {
    this.#words[this.#word + 5] = value
  }

  /** Outcome of a write: 0, or a positive errno. */
  get errno(): number {
    return this.#words[this.#word + 6]! >>> 16
  }
  /** Outcome of a write: index into the texts delivered with the batch. */
  get reason(): number {
    return this.#words[this.#word + 6]! & 0xffff
  }
  setOutcome(errno: number, reason: number): void {
    this.#words[this.#word + 6] = (errno << 16) | reason
  }

  /** Share of a leg, 1 to 256. */
  get weight(): number {
    return this.#words[this.#word + 7]!
  }
  set weight(value: number) {
    this.#words[this.#word + 7] = value
  }

  /** One word of the destination, 0 the most significant. */
  word(k: number): number {
    return this.#words[this.#word + 8 + k]!
  }
  setWord(k: number, value: number): void {
    this.#words[this.#word + 8 + k] = value
  }

  /** One word of the gateway in memory order: for comparing and hashing, not for arithmetic. */
  gatewayWord(k: number): number {
    return this.#words[this.#word + 12 + k]!
  }
  setGatewayWord(k: number, value: number): void {
    this.#words[this.#word + 12 + k] = value
  }
  get hasGateway(): boolean {
    const words = this.#words
    const at = this.#word + 12
    return (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) !== 0
  }
  /** Copies the gateway's octets (4 or 16, network byte order) into the record. */
  setGateway(octets: Uint8Array): void {
    this.#bytes.set(octets, this.#byte + 48)
  }
  /** A view of the gateway, 4 or 16 octets long by the record's family; borrowed like the record. */
  gatewayView(): Uint8Array {
    const at = this.#byte + 48
    return this.#bytes.subarray(at, at + (this.#bytes[this.#byte + 1] === 0 ? 4 : 16))
  }
  /** One word of the preferred source in memory order. */
  sourceWord(k: number): number {
    return this.#words[this.#word + 16 + k]!
  }
  setSourceWord(k: number, value: number): void {
    this.#words[this.#word + 16 + k] = value
  }
  get hasSource(): boolean {
    const words = this.#words
    const at = this.#word + 16
    return (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) !== 0
  }
  /** Copies the preferred source's octets (4 or 16, network byte order) into the record. */
  setSource(octets: Uint8Array): void {
    this.#bytes.set(octets, this.#byte + 64)
  }
  /** A view of the preferred source, like `gatewayView`. */
  sourceView(): Uint8Array {
    const at = this.#byte + 64
    return this.#bytes.subarray(at, at + (this.#bytes[this.#byte + 1] === 0 ? 4 : 16))
  }
  /** The octets the records live in, and where the cursor's gateway starts: for copying without a view. */
  get octets(): Uint8Array {
    return this.#bytes
  }
  get gatewayOffset(): number {
    return this.#byte + 48
  }
  get sourceOffset(): number {
    return this.#byte + 64
  }
}

const TYPE_OF_KIND = new Map<number, RouteType>([
  [RouteKind.unicast, 'unicast'],
  [RouteKind.blackhole, 'blackhole'],
  [RouteKind.unreachable, 'unreachable'],
  [RouteKind.prohibit, 'prohibit'],
])

/** The word for a route type the speaker deals with; undefined for the kernel's others (local, broadcast, throw ...). */
export function routeType(kind: number): RouteType | undefined {
  return TYPE_OF_KIND.get(kind)
}

/** The record under the cursor as an object of its own, legs included; undefined for types outside RouteType. Leaves the cursor on the last leg. */
export function routeOf(records: RouteRecords): KernelRoute | undefined {
  const type = routeType(records.kind)
  if (type === undefined) return undefined
  const { family, length, protocol, table, metric, interfaceIndex } = records
  const words = Uint32Array.from({ length: family.words }, (_, k) => records.word(k))
  const isOnlink = records.has(RecordFlag.onlink)
  const gateway = records.hasGateway ? { gateway: records.gatewayView().slice() } : {}
  const source = records.hasSource ? { source: records.sourceView().slice() } : {}
  const route = {
    family,
    words,
    length,
    protocol,
    table,
    metric,
    type,
    interfaceIndex,
    isOnlink,
    ...gateway,
    ...source,
  }
  if (records.legs === 0) return route
  const nextHops: KernelNextHop[] = []
  for (let left = records.legs; left > 0 && records.next(); left--) nextHops.push(nextHopOf(records))
  return { ...route, nextHops }
}

function nextHopOf(records: RouteRecords): KernelNextHop {
  const { interfaceIndex, weight } = records
  const gateway = records.hasGateway ? { gateway: records.gatewayView().slice() } : {}
  return { interfaceIndex, weight, isOnlink: records.has(RecordFlag.onlink), ...gateway }
}

/** Appends a route object with its legs; the cursor ends on the route's own record. */
export function appendRoute(records: RouteRecords, op: number, route: KernelRoute): RouteRecords {
  const index = records.append(op).index
  records.family = route.family
  for (let k = 0; k < route.family.words; k++) records.setWord(k, route.words[k] ?? 0)
  records.length = route.length
  records.kind = RouteKind[route.type]
  records.protocol = route.protocol
  records.table = route.table
  records.metric = route.metric
  const legs = route.nextHops ?? []
  records.legs = legs.length
  fillLeg(records, legs[0] ?? route)
  if (route.source !== undefined) records.setSource(route.source)
  for (const leg of legs) {
    records.append(Op.leg)
    records.family = route.family
    records.weight = leg.weight
    fillLeg(records, leg)
  }
  return records.seek(index)
}

function fillLeg(records: RouteRecords, leg: Pick<KernelNextHop, 'gateway' | 'interfaceIndex' | 'isOnlink'>): void {
  records.interfaceIndex = leg.interfaceIndex
  records.flags = leg.isOnlink ? RecordFlag.onlink : 0
  if (leg.gateway !== undefined) records.setGateway(leg.gateway)
}
