/**
 * Where a route leads, as the speaker asks for it, and the table that turns each distinct one into a small number.
 *
 * A full table has a million routes and a handful of targets, so sync.ts keeps 4 octets a route and compares numbers. Wishes of the speaker, the forms
 * they take in the kernel (resolve.ts) and what a dump shows are interned side by side; `covers` tells whether one is what the other asks for.
 * Hot: `internTarget` once per changed route, `internRecord` once per dumped route. No strings, no objects.
 */
import { secretMultiplier } from '../table/hash.ts'
import { RouteKind } from './constants.ts'
import { Op, RecordFlag, type RouteRecords, routeType } from './record.ts'
import type { RouteType } from './route.ts'
import { TextTable } from './text-table.ts'

/** One next hop of a wish. */
export interface TargetNextHop {
  /** 4 or 16 octets, network byte order; undefined: straight to the device. */
  readonly gateway: Uint8Array | undefined
  /** 0: the kernel resolves the device from the gateway, or resolve.ts does, from the routes that lead to it. */
  readonly interfaceIndex: number
  /** The gateway is behind the interface although no subnet says so. */
  readonly isOnlink: boolean
  /** Name of the interface to use instead while it is up, with the gateway on-link behind it: `tunl0`. */
  readonly tunnel?: string
}

interface TargetSettings {
  /** Metric of this route instead of the configured one; 0 or absent: the configured one. */
  readonly metric?: number
}

/** What a route does with a packet. Never changed after it was handed over; using one object again for many routes is faster, not required. */
export type KernelTarget =
  | (TargetSettings & {
      readonly type: 'unicast'
      /** One or several; the order means nothing to the kernel. */
      readonly nextHops: readonly TargetNextHop[]
      /** Own address that packets of this machine carry (RTA_PREFSRC). */
      readonly source?: Uint8Array
    })
  | (TargetSettings & { readonly type: 'blackhole' | 'unreachable' | 'prohibit' })

/** No target: nothing wanted, or nothing there. */
export const NO_TARGET = 0

/** As many next hops as a route may have; Calico's BIRD merges 16 (calico.md 3.7). */
export const MAX_NEXT_HOPS = 16

/**
 * A key is a head of 6 words and 6 words a leg. Head: kind, legs << 8 and flags; metric (0: the default); preferred source, 4 words in memory order.
 * Leg: flags and tunnel << 16; interface; gateway, 4 words in memory order.
 */
const PART = 6
/** In a head: something in the kernel that no wish of ours can mean (a nexthop object, another family's gateway, unequal weights): always replaced. */
const FOREIGN_SHAPE = 1 << 16
const ONLINK = 1
/** The leg has a gateway of 4, or of 16 octets. */
const GATEWAY4 = 2
const GATEWAY6 = 4

export class TargetTable {
  /** Metric of a route that names none, by family index. */
  readonly #defaultMetrics: readonly number[]
  readonly #multipliers: Int32Array
  /** Keys one behind the other; a target's starts at `#starts[id]` and ends where the next one starts. */
  #keys = new Uint32Array(64 * PART)
  #starts = new Uint32Array(66)
  /** Open addressing: target ids by hash of the key; 0 is free. */
  #slots = new Uint32Array(32)
  #size = 0
  #scratch = new Uint32Array((1 + MAX_NEXT_HOPS) * PART)
  #scratchOctets = new Uint8Array(this.#scratch.buffer)
  readonly #tunnels = new TextTable()
  #known = new WeakMap<KernelTarget, number>()
  #last: KernelTarget | undefined
  #lastId = NO_TARGET

  /** `seed`: secret of the process. */
  constructor(seed: number, defaultMetrics: readonly number[]) {
    this.#multipliers = Int32Array.from({ length: PART }, (_, k) => secretMultiplier(seed, k))
    this.#defaultMetrics = defaultMetrics
  }

  /** Number of targets; ids are 1 to size. */
  get size(): number {
    return this.#size
  }

  internTarget(target: KernelTarget): number {
    if (target === this.#last) return this.#lastId
    const id = this.#known.get(target) ?? this.#internNew(target)
    this.#last = target
    this.#lastId = id
    return id
  }

  #internNew(target: KernelTarget): number {
    this.begin(RouteKind[target.type], target.metric ?? 0)
    if (target.type === 'unicast') {
      if (target.source !== undefined) this.#scratchOctets.set(target.source, 8)
      for (const hop of target.nextHops.slice(0, MAX_NEXT_HOPS)) {
        this.addLeg(hop.interfaceIndex, hop.isOnlink, hop.gateway, this.#tunnels.intern(hop.tunnel ?? ''))
      }
    }
    const id = this.end()
    this.#known.set(target, id)
    return id
  }

  /** Starts a target in the scratch key; `addLeg` and `end` follow. */
  begin(kind: number, metric: number): void {
    this.#scratch.fill(0, 0, PART)
    this.#scratch[0] = kind
    this.#scratch[1] = metric
  }

  /** Adds a leg to the scratch key. */
  addLeg(interfaceIndex: number, isOnlink: boolean, gateway: Uint8Array | undefined, tunnel = 0): void {
    const at = this.#openLeg()
    const scratch = this.#scratch
    scratch[at] = (isOnlink ? ONLINK : 0) | (tunnel << 16)
    scratch[at + 1] = interfaceIndex
    if (gateway === undefined) return
    scratch[at]! |= gateway.length === 4 ? GATEWAY4 : GATEWAY6
    this.#scratchOctets.set(gateway, (at + 2) * 4)
  }

  /** Room for one more leg in the scratch key, zeroed; where it starts. */
  #openLeg(): number {
    const legs = this.#scratchLegs
    const at = (1 + legs) * PART
    if (at + PART > this.#scratch.length) {
      const larger = new Uint32Array(this.#scratch.length * 2)
      larger.set(this.#scratch)
      this.#scratch = larger
      this.#scratchOctets = new Uint8Array(larger.buffer)
    }
    this.#scratch[0]! += 1 << 8
    this.#scratch.fill(0, at, at + PART)
    return at
  }

  get #scratchLegs(): number {
    return (this.#scratch[0]! >>> 8) & 0xff
  }

  /** Copies head details (metric, source) of a target into the scratch key, which was begun. */
  likeHead(id: number): void {
    const at = this.#starts[id]!
    for (let k = 1; k < PART; k++) this.#scratch[k] = this.#keys[at + k]!
  }

  /** The id of the scratch key. Its legs get an order of their own: the kernel's and the wish's may differ. Equal legs become one. */
  end(): number {
    this.#sortLegs()
    return this.#internScratch()
  }

  /** The target of the route under the cursor, as the kernel has it. Leaves the cursor where it is. */
  internRecord(records: RouteRecords): number {
    const { kind, flags, legs, index, familyIndex, metric } = records
    this.begin(kind, metric === this.#defaultMetrics[familyIndex] ? 0 : metric)
    const scratch = this.#scratch
    let isForeign = (flags & (RecordFlag.nextHopObject | RecordFlag.viaOtherFamily)) !== 0
    for (let k = 0; k < 4; k++) scratch[2 + k] = records.sourceWord(k)
    // The kernel names a device (lo) even for IPv6 blackholes; it means nothing.
    if (kind === RouteKind.unicast && legs === 0) this.#legOf(records)
    for (let left = legs; left > 0 && records.next() && records.op === Op.leg; left--) {
      isForeign ||= records.weight > 1 || records.has(RecordFlag.viaOtherFamily)
      this.#legOf(records)
    }
    records.seek(index)
    this.#sortLegs()
    // Set last: while legs are added the head counts them.
    if (isForeign) scratch[0]! |= FOREIGN_SHAPE
    return this.#internScratch()
  }

  #legOf(records: RouteRecords): void {
    const at = this.#openLeg()
    const scratch = this.#scratch
    const gateway = records.familyIndex === 0 ? GATEWAY4 : GATEWAY6
    scratch[at] = (records.has(RecordFlag.onlink) ? ONLINK : 0) | (records.hasGateway ? gateway : 0)
    scratch[at + 1] = records.interfaceIndex
    for (let k = 0; k < 4; k++) scratch[at + 2 + k] = records.gatewayWord(k)
  }

  /** True when a kernel route `actual` is what `wanted` asks for. A leg's device counts only if the wish names one. */
  covers(wanted: number, actual: number, familyIndex: number): boolean {
    if (wanted === actual) return true
    const keys = this.#keys
    const w = this.#starts[wanted]!
    const a = this.#starts[actual]!
    if (keys[w] !== keys[a] || this.metric(wanted, familyIndex) !== this.metric(actual, familyIndex)) return false
    const end = this.#starts[wanted + 1]! - w
    for (let k = 2; k < end; k++) {
      if (k >= PART && k % PART === 1 && keys[w + k] === 0) continue
      if (keys[w + k] !== keys[a + k]) return false
    }
    return true
  }

  /** Writes a target into the record under the cursor, the legs of a multipath route behind it. Ends on the last record written. */
  fill(records: RouteRecords, id: number): void {
    const keys = this.#keys
    const start = this.#starts[id]!
    records.kind = keys[start]! & 0xff
    records.metric = this.metric(id, records.familyIndex)
    for (let k = 0; k < 4; k++) records.setSourceWord(k, keys[start + 2 + k]!)
    const legs = this.legs(id)
    if (legs > 0) this.#fillLeg(records, start + PART)
    if (legs < 2) return
    const { family } = records
    records.legs = legs
    for (let leg = 0; leg < legs; leg++) {
      records.append(Op.leg)
      records.family = family
      records.weight = 1
      this.#fillLeg(records, start + PART * (1 + leg))
    }
  }

  #fillLeg(records: RouteRecords, at: number): void {
    if ((this.#keys[at]! & ONLINK) !== 0) records.flags |= RecordFlag.onlink
    records.interfaceIndex = this.#keys[at + 1]!
    for (let k = 0; k < 4; k++) records.setGatewayWord(k, this.#keys[at + 2 + k]!)
  }

  type(id: number): RouteType {
    return routeType(this.kind(id)) ?? 'unicast'
  }

  /** The kernel's number of the route type. */
  kind(id: number): number {
    return this.#keys[this.#starts[id]!]! & 0xff
  }

  /** The metric a route of this target has in the kernel. */
  metric(id: number, familyIndex: number): number {
    return this.#keys[this.#starts[id]! + 1]! || this.#defaultMetrics[familyIndex]!
  }

  /** How many next hops: 0 for a blackhole and its like. */
  legs(id: number): number {
    return (this.#keys[this.#starts[id]!]! >>> 8) & 0xff
  }

  interfaceIndex(id: number, leg: number): number {
    return this.#keys[this.#legAt(id, leg) + 1]!
  }

  isOnlink(id: number, leg: number): boolean {
    return (this.#keys[this.#legAt(id, leg)]! & ONLINK) !== 0
  }

  /** Name of the tunnel of a leg; '' without one. */
  tunnel(id: number, leg: number): string {
    return this.#tunnels.get(this.#keys[this.#legAt(id, leg)]! >>> 16)
  }

  /** A copy of a leg's gateway, 4 or 16 octets; undefined without one. */
  gateway(id: number, leg: number): Uint8Array | undefined {
    const at = this.#legAt(id, leg)
    const octets = (this.#keys[at]! & GATEWAY4) !== 0 ? 4 : (this.#keys[at]! & GATEWAY6) !== 0 ? 16 : 0
    return octets === 0 ? undefined : new Uint8Array(this.#keys.buffer, (at + 2) * 4, octets).slice()
  }

  #legAt(id: number, leg: number): number {
    return this.#starts[id]! + PART * (1 + leg)
  }

  /** Is any interned target bound to this interface? */
  usesInterface(index: number): boolean {
    for (let id = 1; id <= this.#size; id++) {
      for (let leg = this.legs(id) - 1; leg >= 0; leg--) if (this.interfaceIndex(id, leg) === index) return true
    }
    return false
  }

  /** Does any wish want a tunnel of this name? */
  usesTunnel(name: string): boolean {
    return name !== '' && this.#tunnels.has(name)
  }

  /**
   * Forgets every target whose id is not in `used` (one octet an id) and numbers the rest anew, in the same order.
   * Returns new ids by old ones; the caller rewrites its arrays. Needed because peers choose next hops, for months.
   */
  compact(used: Uint8Array): Uint32Array {
    const renamed = new Uint32Array(this.#size + 1)
    let size = 0
    let end = 0
    for (let id = 1; id <= this.#size; id++) {
      if (used[id] === 0) continue
      const start = this.#starts[id]!
      const next = this.#starts[id + 1]!
      size += 1
      renamed[id] = size
      this.#keys.copyWithin(end, start, next)
      this.#starts[size] = end
      end += next - start
      this.#starts[size + 1] = end
    }
    this.#size = size
    if (size === 0) this.#starts[1] = 0
    this.#known = new WeakMap()
    this.#last = undefined
    this.#rehash(this.#slots.length)
    return renamed
  }

  /** Insertion sort by gateway, then device, then flags; there are at most some legs. */
  #sortLegs(): void {
    const legs = this.#scratchLegs
    for (let leg = 1; leg < legs; leg++) {
      for (let at = leg; at > 0; at--) {
        const order = this.#compareLegs(at - 1, at)
        if (order === 0) {
          this.#dropLeg(at)
          this.#sortLegs()
          return
        }
        if (order < 0) break
        this.#swapLegs(at - 1, at)
      }
    }
  }

  #compareLegs(a: number, b: number): number {
    const scratch = this.#scratch
    const [x, y] = [(1 + a) * PART, (1 + b) * PART]
    for (const k of [2, 3, 4, 5, 1, 0]) {
      if (scratch[x + k] !== scratch[y + k]) return scratch[x + k]! < scratch[y + k]! ? -1 : 1
    }
    return 0
  }

  #swapLegs(a: number, b: number): void {
    const scratch = this.#scratch
    const [x, y] = [(1 + a) * PART, (1 + b) * PART]
    for (let k = 0; k < PART; k++) {
      const word = scratch[x + k]!
      scratch[x + k] = scratch[y + k]!
      scratch[y + k] = word
    }
  }

  #dropLeg(leg: number): void {
    const end = (1 + this.#scratchLegs) * PART
    this.#scratch.copyWithin((1 + leg) * PART, (2 + leg) * PART, end)
    this.#scratch[0]! -= 1 << 8
  }

  #internScratch(): number {
    const words = (1 + this.#scratchLegs) * PART
    const mask = this.#slots.length - 1
    let slot = this.#hash(this.#scratch, 0, words) & mask
    for (;;) {
      const id = this.#slots[slot]!
      if (id === 0) break
      if (this.#equalsScratch(id, words)) return id
      slot = (slot + 1) & mask
    }
    this.#size += 1
    const id = this.#size
    const start = this.#starts[id]!
    this.#reserve(id, start + words)
    this.#keys.set(this.#scratch.subarray(0, words), start)
    this.#starts[id + 1] = start + words
    this.#slots[slot] = id
    if (this.#size * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2)
    return id
  }

  #equalsScratch(id: number, words: number): boolean {
    const at = this.#starts[id]!
    if (this.#starts[id + 1]! - at !== words) return false
    for (let k = 0; k < words; k++) if (this.#keys[at + k] !== this.#scratch[k]) return false
    return true
  }

  /** Room for keys up to `words` and for the start behind target `id`. */
  #reserve(id: number, words: number): void {
    if (words > this.#keys.length) this.#keys = doubled(this.#keys)
    if (id + 2 > this.#starts.length) this.#starts = doubled(this.#starts)
  }

  #rehash(slots: number): void {
    this.#slots = new Uint32Array(slots)
    for (let id = 1; id <= this.#size; id++) {
      const start = this.#starts[id]!
      let slot = this.#hash(this.#keys, start, this.#starts[id + 1]! - start) & (slots - 1)
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (slots - 1)
      this.#slots[slot] = id
    }
  }

  /** Peers choose next hops, so each word has a secret multiplier of its own (see src/table/hash.ts). */
  #hash(words: Uint32Array, at: number, count: number): number {
    let h = count
    for (let k = 0; k < count; k++) {
      h = Math.imul(h ^ words[at + k]!, this.#multipliers[k % PART]!)
      h ^= h >>> 15
    }
    return h >>> 0
  }
}

function doubled(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(words.length * 2)
  larger.set(words)
  return larger
}
