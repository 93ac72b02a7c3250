/**
 * Attributes on their way out: one attribute set as this update group must see it, written as a run of TLVs.
 *
 * What changes where (each rule is one `#emit` case below):
 *   to internal peers   LOCAL_PREF present, 100 if there was none (RFC 4271 5.1.5); NEXT_HOP unchanged unless ours is asked for
 *   reflected           ORIGINATOR_ID if absent, CLUSTER_LIST prepended (RFC 4456 8); the rest untouched (RFC 4456 10)
 *   to external peers   own AS prepended (5.1.2), NEXT_HOP ours (5.1.3), no LOCAL_PREF (5.1.5), MED only when it is ours
 *                       (5.1.4), no ORIGINATOR_ID and CLUSTER_LIST (RFC 4456 8)
 *   policy              LOCAL_PREF, MED, communities, own NEXT_HOP
 * Import policy goes through the same function with a plan that changes nothing else and keeps NEXT_HOP in place. For
 * 2-octet speakers the caller narrows the result (RFC 6793 4.2.2, wire/narrow.ts).
 *
 * Hot: one walk over the canonical bytes, runs that nobody cares about copied whole; `plan.mask` says who cares. The types
 * ascend, so what is missing is added when something greater (or the end) is met (RFC 7606 5.1 wants that order).
 * DEVIATION: a third-party next hop is never kept towards external peers (RFC 4271 5.1.3 says "may").
 */
import { AttributeCode, AttributeFlag, DEFAULT_LOCAL_PREF, SegmentType } from '../../wire/iana.ts'
import type { Edits } from '../policy/policy.ts'
import { Flag, RECORD_SHIFT, ROUTER_ID } from './attribute-record.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { SourceTable } from './source-table.ts'

/** The synthetic attribute of local routes; never sent. */
export const LOCAL_ATTRIBUTE = 0

/** Bit of an attribute type below 32 in `RewritePlan.mask`. */
export function maskOf(...types: readonly number[]): number {
  return types.reduce((mask, type) => mask | (1 << type), 0)
}

/** What to do, fixed per (update group, kind of source, family). */
export interface RewritePlan {
  /** The attribute types that have a case in `#emit`; all others are copied. */
  readonly mask: number
  /** NEXT_HOP leaves the run and is reported for MP_REACH_NLRI (RFC 4760 3). */
  readonly isMultiprotocol: boolean
  /** Expected octets of a next hop that may stay: 4, or 16 (of which a 32-octet one is the longer form). */
  readonly nextHopLength: 4 | 16
  readonly isNextHopSelf: boolean
  readonly ownNextHop: Uint8Array | undefined
  /** Prepend this AS; 0: leave the path alone. */
  readonly prependAsn: number
  readonly isExternal: boolean
  /** Prepend the cluster id of the source's cluster, and of the target's when that is a client too; 0 for none. */
  readonly targetClusterId: number
  /** Prepended when the source is no client. */
  readonly ownClusterId: number
  /** The result is for a 2-octet speaker and must be narrowed. */
  readonly isTwoOctet: boolean
}

const EXTENDED = AttributeFlag.EXTENDED_LENGTH
/** AS numbers a segment can hold. */
const MAX_SEGMENT = 255
/** Longer runs are copied by the engine, shorter ones are cheaper by hand. */
const LONG_RUN = 96

export class Rewriter {
  /** After a rewrite with a multiprotocol plan: `nextHopBytes[nextHopStart, nextHopStart + nextHopLength)`. */
  nextHopBytes: Uint8Array = new Uint8Array(0)
  nextHopStart = 0
  nextHopLength = 0

  readonly #store: AttributeStore
  readonly #sources: SourceTable
  #bytes: Uint8Array = new Uint8Array(0)
  #out: Uint8Array = new Uint8Array(0)
  #set = 0
  #plan!: RewritePlan
  #edits: Edits | undefined
  #hasFailed = false

  constructor(store: AttributeStore, sources: SourceTable) {
    this.#store = store
    this.#sources = sources
  }

  /** No rewrite of this set needs more octets than this, narrowed or not. */
  bound(set: number, edits: Edits | undefined): number {
    return 2 * this.#store.lengthOf(set) + 160 + 4 * (edits?.addCommunities?.length ?? 0)
  }

  /**
   * Writes the attributes of `set` at `out[offset]`, which must have `bound` octets of room. Returns the offset after them,
   * or -1 when the route cannot be told: an address of ours is needed as next hop and none of the family is known.
   */
  rewrite(set: number, plan: RewritePlan, edits: Edits | undefined, out: Uint8Array, offset: number): number {
    const bytes = this.#store.bytes
    const start = this.#store.startOf(set)
    const end = start + this.#store.lengthOf(set)
    this.#bytes = bytes
    this.#out = out
    this.#set = set
    this.#plan = plan
    this.#edits = edits
    this.#hasFailed = false
    let mask = edits === undefined ? plan.mask : plan.mask | editMask(edits)
    let special = lowest(mask)
    let o = offset
    let run = start
    let at = start
    while (at < end) {
      const type = bytes[at + 1]!
      let length = bytes[at + 2]!
      let value = at + 3
      if ((bytes[at]! & EXTENDED) !== 0) length = (length << 8) | bytes[value++]!
      const next = value + length
      if (type >= special) {
        o = copyRun(bytes, run, at, out, o)
        run = at
        while (special < type) {
          o = this.#emit(special, -1, 0, o)
          mask &= mask - 1
          special = lowest(mask)
        }
        if (special === type) {
          o = this.#emit(special, value, length, o)
          mask &= mask - 1
          special = lowest(mask)
          run = next
        }
      }
      at = next
    }
    o = copyRun(bytes, run, end, out, o)
    for (; mask !== 0; mask &= mask - 1) o = this.#emit(lowest(mask), -1, 0, o)
    return this.#hasFailed ? -1 : o
  }

  /** Writes what becomes of the attribute `type`, whose value is at `value` (-1: there is none). */
  #emit(type: number, value: number, length: number, o: number): number {
    switch (type) {
      case AttributeCode.AS_PATH:
        return this.#asPath(value, length, o)
      case AttributeCode.NEXT_HOP:
        return this.#nextHop(value, length, o)
      case AttributeCode.MED:
        return this.#med(value, o)
      case AttributeCode.LOCAL_PREF:
        return this.#localPref(value, o)
      case AttributeCode.COMMUNITIES:
        return this.#communities(value, length, o)
      case AttributeCode.ORIGINATOR_ID:
        return this.#originatorId(value, o)
      case AttributeCode.CLUSTER_LIST:
        return this.#clusterList(value, length, o)
      default:
        return o
    }
  }

  /** RFC 4271 5.1.2: our AS in front, in a segment of its own when the first is a set or full. */
  #asPath(value: number, length: number, o: number): number {
    const { prependAsn } = this.#plan
    const bytes = this.#bytes
    const out = this.#out
    const hasRoom = length > 0 && bytes[value] === SegmentType.SEQUENCE && bytes[value + 1]! < MAX_SEGMENT
    o = header(out, o, AttributeFlag.TRANSITIVE, AttributeCode.AS_PATH, length + (hasRoom ? 4 : 6))
    out[o] = SegmentType.SEQUENCE
    out[o + 1] = hasRoom ? bytes[value + 1]! + 1 : 1
    o = write32(out, o + 2, prependAsn)
    return copyRun(bytes, hasRoom ? value + 2 : value, value + length, out, o)
  }

  /** RFC 4271 5.1.3, RFC 4760 3, RFC 2545 3. */
  #nextHop(value: number, length: number, o: number): number {
    const plan = this.#plan
    const maySay = value >= 0 && (length === plan.nextHopLength || length === 2 * plan.nextHopLength)
    const isSelf = plan.isNextHopSelf || this.#edits?.nextHopSelf === true || !maySay || this.#isOwn(value)
    let from = this.#bytes
    let start = value
    let size: number = plan.nextHopLength
    if (isSelf) {
      if (plan.ownNextHop === undefined) {
        this.#hasFailed = true
        return o
      }
      from = plan.ownNextHop
      start = 0
      size = from.length
    } else if (length === 32 && isZero(from, start)) start += 16
    if (plan.isMultiprotocol) {
      this.nextHopBytes = from
      this.nextHopStart = start
      this.nextHopLength = size
      return o
    }
    o = header(this.#out, o, AttributeFlag.TRANSITIVE, AttributeCode.NEXT_HOP, size)
    return copyRun(from, start, start + size, this.#out, o)
  }

  /** A local route through a link-local gateway is told as ours: nobody else can use that address. */
  #isOwn(value: number): boolean {
    if ((this.#store.flagsOf(this.#set) & Flag.LOCAL) === 0) return false
    const a = this.#bytes[value]!
    const b = this.#bytes[value + 1]!
    return this.#plan.nextHopLength === 4 ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80
  }

  /** RFC 4271 5.1.4: what one neighbour AS said is not for another one. */
  #med(value: number, o: number): number {
    const med = this.#edits?.med
    if (med !== undefined) return attribute32(this.#out, o, AttributeFlag.OPTIONAL, AttributeCode.MED, med)
    if (value < 0) return o
    if (this.#plan.isExternal && (this.#store.flagsOf(this.#set) & Flag.POLICY_MED) === 0) return o
    return attribute32(this.#out, o, AttributeFlag.OPTIONAL, AttributeCode.MED, word(this.#bytes, value))
  }

  /** RFC 4271 5.1.5. */
  #localPref(value: number, o: number): number {
    if (this.#plan.isExternal) return o
    const told = value < 0 ? DEFAULT_LOCAL_PREF : word(this.#bytes, value)
    const localPref = this.#edits?.localPref ?? told
    return attribute32(this.#out, o, AttributeFlag.TRANSITIVE, AttributeCode.LOCAL_PREF, localPref)
  }

  /** RFC 1997: what was there and is not removed, then what is added and was not there. */
  #communities(value: number, length: number, o: number): number {
    const removed = this.#edits?.removeCommunities
    const added = this.#edits?.addCommunities
    const out = this.#out
    // The header is written with the final length, so the values go to where they end up with the longer header.
    const first = o + 4
    let end = first
    for (let at = value; at < value + length; at += 4) {
      const community = word(this.#bytes, at)
      if (removed?.includes(community) !== true) end = write32(out, end, community)
    }
    for (const community of added ?? []) if (!hasWord(out, first, end, community)) end = write32(out, end, community)
    const size = end - first
    if (size === 0) return o
    const body = header(out, o, AttributeFlag.OPTIONAL | AttributeFlag.TRANSITIVE, AttributeCode.COMMUNITIES, size)
    if (body !== first) out.copyWithin(body, first, end)
    return body + size
  }

  /** RFC 4456 8: the identifier of who told it first inside the AS, never overwritten. */
  #originatorId(value: number, o: number): number {
    if (this.#plan.isExternal) return o
    const id = value < 0 ? this.#store.records[(this.#set << RECORD_SHIFT) + ROUTER_ID]! : word(this.#bytes, value)
    return attribute32(this.#out, o, AttributeFlag.OPTIONAL, AttributeCode.ORIGINATOR_ID, id)
  }

  /** RFC 4456 8: our cluster in front. INTEROP: both clusters when two clients are in different ones, as BIRD 2 does. */
  #clusterList(value: number, length: number, o: number): number {
    if (this.#plan.isExternal) return o
    const { targetClusterId, ownClusterId } = this.#plan
    const source = this.#sources.clientClusterId(this.#store.sourceOf(this.#set))
    const first = source !== 0 ? source : targetClusterId !== 0 ? targetClusterId : ownClusterId
    const isBoth = source !== 0 && targetClusterId !== 0 && targetClusterId !== source
    const out = this.#out
    const old = value < 0 ? 0 : length
    o = header(out, o, AttributeFlag.OPTIONAL, AttributeCode.CLUSTER_LIST, old + (isBoth ? 8 : 4))
    if (isBoth) o = write32(out, o, targetClusterId)
    o = write32(out, o, first)
    return copyRun(this.#bytes, value, value + old, out, o)
  }
}

function editMask(edits: Edits): number {
  let mask = 0
  if (edits.localPref !== undefined) mask |= 1 << AttributeCode.LOCAL_PREF
  if (edits.med !== undefined) mask |= 1 << AttributeCode.MED
  if (edits.addCommunities !== undefined || edits.removeCommunities !== undefined)
    mask |= 1 << AttributeCode.COMMUNITIES
  if (edits.nextHopSelf === true) mask |= 1 << AttributeCode.NEXT_HOP
  return mask
}

/** Position of the lowest bit; more than any type when there is none. */
function lowest(mask: number): number {
  return mask === 0 ? 256 : 31 - Math.clz32(mask & -mask)
}

function copyRun(from: Uint8Array, start: number, end: number, out: Uint8Array, o: number): number {
  if (end - start > LONG_RUN) {
    out.set(from.subarray(start, end), o)
    return o + end - start
  }
  for (let i = start; i < end; i++) out[o++] = from[i]!
  return o
}

/** Flags, type and length; Extended Length only where it is needed (RFC 4271 4.3). */
function header(out: Uint8Array, o: number, flags: number, type: number, length: number): number {
  if (length > 255) {
    out[o] = flags | EXTENDED
    out[o + 1] = type
    out[o + 2] = length >>> 8
    out[o + 3] = length
    return o + 4
  }
  out[o] = flags
  out[o + 1] = type
  out[o + 2] = length
  return o + 3
}

function attribute32(out: Uint8Array, o: number, flags: number, type: number, value: number): number {
  return write32(out, header(out, o, flags, type, 4), value)
}

function write32(out: Uint8Array, o: number, value: number): number {
  out[o] = value >>> 24
  out[o + 1] = value >>> 16
  out[o + 2] = value >>> 8
  out[o + 3] = value
  return o + 4
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function hasWord(bytes: Uint8Array, start: number, end: number, value: number): boolean {
  for (let at = start; at < end; at += 4) if (word(bytes, at) === value) return true
  return false
}

function isZero(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + 16; i++) if (bytes[i] !== 0) return false
  return true
}
