/**
 * Where a route leads, as the speaker asks for it, and the table that turns each distinct one into a small number.
 *
 * A full table has a million routes and a handful of targets, so sync.ts keeps 4 octets a route and compares numbers. Targets found in the kernel
 * (a dump) are interned in the same table; they name the device even where the wish left it to the kernel, which is what `covers` is about.
 * Hot: `internTarget` once per changed route, `internRecord` once per dumped route. No strings, no objects.
 */
import { secretMultiplier } from '../table/hash.ts'
import { RouteKind } from './constants.ts'
import { RecordFlag, type RouteRecords, routeType } from './record.ts'
import type { RouteType } from './route.ts'

/** What a route does with a packet. Never changed after it was handed over; using one object again for many routes is faster, not required. */
export type KernelTarget =
  | {
      readonly type: 'unicast'
      /** 4 or 16 octets, network byte order; undefined: a device route. */
      readonly gateway: Uint8Array | undefined
      /** 0: the kernel resolves the device from the gateway. */
      readonly interfaceIndex: number
      /** The gateway is behind the interface although no subnet says so. */
      readonly isOnlink: boolean
    }
  | { readonly type: 'blackhole' | 'unreachable' | 'prohibit' }

/** No target: nothing wanted, or nothing there. */
export const NO_TARGET = 0

/** Words of a key: kind and flags, interface, 4 words of gateway in memory order. */
const KEY_WORDS = 6
const ONLINK = 1 << 8
/** Something in the kernel that no wish of ours can mean (several legs, a nexthop object): always replaced. */
const FOREIGN_SHAPE = 1 << 9
const HAS_GATEWAY = 1 << 10

export class TargetTable {
  readonly #multipliers: Int32Array
  #keys = new Uint32Array(16 * KEY_WORDS)
  /** Open addressing: target ids by hash of the key; 0 is free. */
  #slots = new Uint32Array(32)
  #size = 0
  readonly #scratch = new Uint32Array(KEY_WORDS)
  readonly #scratchOctets = new Uint8Array(this.#scratch.buffer)
  #known = new WeakMap<KernelTarget, number>()
  #last: KernelTarget | undefined
  #lastId = NO_TARGET

  /** `seed`: secret of the process. */
  constructor(seed: number) {
    this.#multipliers = Int32Array.from({ length: KEY_WORDS }, (_, k) => secretMultiplier(seed, k))
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
    const scratch = this.#scratch.fill(0)
    let head = RouteKind[target.type] as number
    if (target.type === 'unicast') {
      if (target.isOnlink) head |= ONLINK
      scratch[1] = target.interfaceIndex
      if (target.gateway !== undefined) {
        head |= HAS_GATEWAY
        this.#scratchOctets.set(target.gateway, 8)
      }
    }
    scratch[0] = head
    const id = this.#internScratch()
    this.#known.set(target, id)
    return id
  }

  /** The target of the route under the cursor, as the kernel has it. */
  internRecord(records: RouteRecords): number {
    const scratch = this.#scratch
    const flags = records.flags
    let head = records.kind
    if ((flags & RecordFlag.onlink) !== 0) head |= ONLINK
    if (records.legs > 0 || (flags & (RecordFlag.nextHopObject | RecordFlag.viaOtherFamily)) !== 0)
      head |= FOREIGN_SHAPE
    if (records.hasGateway) head |= HAS_GATEWAY
    scratch[0] = head
    // The kernel names a device (lo) even for IPv6 blackholes; it means nothing.
    scratch[1] = records.kind === RouteKind.unicast ? records.interfaceIndex : 0
    for (let k = 0; k < 4; k++) scratch[2 + k] = records.gatewayWord(k)
    return this.#internScratch()
  }

  /** True when a kernel route `actual` is what `wanted` asks for. The device counts only if the wish names one. */
  covers(wanted: number, actual: number): boolean {
    if (wanted === actual) return true
    const keys = this.#keys
    const w = wanted * KEY_WORDS
    const a = actual * KEY_WORDS
    if (keys[w] !== keys[a]) return false
    if (keys[w + 1] !== 0 && keys[w + 1] !== keys[a + 1]) return false
    for (let k = 2; k < KEY_WORDS; k++) if (keys[w + k] !== keys[a + k]) return false
    return true
  }

  /** Writes a target into the record under the cursor. */
  fill(records: RouteRecords, id: number): void {
    const head = this.#keys[id * KEY_WORDS]!
    records.kind = head & 0xff
    if ((head & ONLINK) !== 0) records.flags |= RecordFlag.onlink
    records.interfaceIndex = this.interfaceIndex(id)
    for (let k = 0; k < 4; k++) records.setGatewayWord(k, this.#keys[id * KEY_WORDS + 2 + k]!)
  }

  type(id: number): RouteType {
    return routeType(this.#keys[id * KEY_WORDS]! & 0xff) ?? 'unicast'
  }

  interfaceIndex(id: number): number {
    return this.#keys[id * KEY_WORDS + 1]!
  }

  /** A copy of the gateway, cut to `octets` (4 or 16); undefined without one. */
  gateway(id: number, octets: number): Uint8Array | undefined {
    if ((this.#keys[id * KEY_WORDS]! & HAS_GATEWAY) === 0) return undefined
    return new Uint8Array(this.#keys.buffer, (id * KEY_WORDS + 2) * 4, octets).slice()
  }

  /** Is any interned target bound to this interface? */
  usesInterface(index: number): boolean {
    for (let id = 1; id <= this.#size; id++) if (this.interfaceIndex(id) === index) return true
    return false
  }

  /** Is any interned target a gateway whose device the kernel chose? */
  leavesDeviceOpen(): boolean {
    for (let id = 1; id <= this.#size; id++) {
      if ((this.#keys[id * KEY_WORDS]! & HAS_GATEWAY) !== 0 && this.interfaceIndex(id) === 0) return true
    }
    return false
  }

  /**
   * Forgets every target whose id is not in `used` (one octet an id) and numbers the rest anew.
   * Returns new ids by old ones; the caller rewrites its arrays. Needed because peers choose next hops, for months.
   */
  compact(used: Uint8Array): Uint32Array {
    const renamed = new Uint32Array(this.#size + 1)
    let size = 0
    for (let id = 1; id <= this.#size; id++) {
      if (used[id] === 0) continue
      size += 1
      renamed[id] = size
      this.#keys.copyWithin(size * KEY_WORDS, id * KEY_WORDS, (id + 1) * KEY_WORDS)
    }
    this.#size = size
    this.#known = new WeakMap()
    this.#last = undefined
    this.#rehash(this.#slots.length)
    return renamed
  }

  #internScratch(): number {
    const mask = this.#slots.length - 1
    let slot = this.#hash(this.#scratch, 0) & mask
    for (;;) {
      const id = this.#slots[slot]!
      if (id === 0) break
      if (this.#equalsScratch(id)) return id
      slot = (slot + 1) & mask
    }
    this.#size += 1
    const id = this.#size
    if ((id + 1) * KEY_WORDS > this.#keys.length) this.#growKeys()
    this.#keys.set(this.#scratch, id * KEY_WORDS)
    this.#slots[slot] = id
    if (this.#size * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2)
    return id
  }

  #equalsScratch(id: number): boolean {
    const at = id * KEY_WORDS
    for (let k = 0; k < KEY_WORDS; k++) if (this.#keys[at + k] !== this.#scratch[k]) return false
    return true
  }

  #growKeys(): void {
    const keys = new Uint32Array(this.#keys.length * 2)
    keys.set(this.#keys)
    this.#keys = keys
  }

  #rehash(slots: number): void {
    this.#slots = new Uint32Array(slots)
    for (let id = 1; id <= this.#size; id++) {
      let slot = this.#hash(this.#keys, id * KEY_WORDS) & (slots - 1)
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (slots - 1)
      this.#slots[slot] = id
    }
  }

  /** Peers choose next hops, so each word has a secret multiplier of its own (see src/table/hash.ts). */
  #hash(words: Uint32Array, at: number): number {
    let h = 0
    for (let k = 0; k < KEY_WORDS; k++) {
      h = Math.imul(h ^ words[at + k]!, this.#multipliers[k]!)
      h ^= h >>> 15
    }
    return h >>> 0
  }
}
