/**
 * Attributes on their way out: one attribute set as this update group must see it, written as a run of TLVs.
 *
 * What changes where (each rule is one `#emit` case below):
 *   to internal peers   LOCAL_PREF present, 100 if there was none (RFC 4271 5.1.5); NEXT_HOP unchanged unless ours is asked for
 *   reflected           ORIGINATOR_ID if absent, CLUSTER_LIST prepended (RFC 4456 8); the rest untouched (RFC 4456 10)
 *   to external peers   own AS prepended (5.1.2), NEXT_HOP ours (5.1.3), no LOCAL_PREF (5.1.5), MED only when it is ours
 *                       (5.1.4), no ORIGINATOR_ID and CLUSTER_LIST (RFC 4456 8)
 *   policy              LOCAL_PREF, MED, communities of both kinds, own NEXT_HOP, AS numbers in front of AS_PATH
 * Import policy goes through the same function with a plan that changes nothing else and keeps NEXT_HOP in place. For
 * 2-octet speakers the caller narrows the result (RFC 6793 4.2.2, wire/narrow.ts).
 *
 * Hot: one walk over the canonical bytes, runs that nobody cares about copied whole; `plan.mask` says who cares. The types
 * ascend, so what is missing is added when something greater (or the end) is met (RFC 7606 5.1 wants that order).
 * DEVIATION: a third-party next hop is kept towards external peers where the configuration says so, and never of itself
 * because it is on a subnet that both share (RFC 4271 5.1.3 says "may").
 */
import { AttributeCode, AttributeFlag, DEFAULT_LOCAL_PREF, SegmentType } from '../../wire/iana.ts'
import type { Community, CommunityPattern, Edits } from '../policy/policy.ts'
import { Flag, RECORD_SHIFT, ROUTER_ID } from './attribute-record.ts'
import type { AttributeStore } from './attribute-store.ts'
import { type SourceTable, sourceKind } from './source-table.ts'

/** The synthetic attribute of local routes; never sent. The first one of its set, with the metric at this octet. */
export const LOCAL_ATTRIBUTE = 0
const LOCAL_METRIC = 10

/** There is no type 31, so its bit stands for LARGE_COMMUNITY, which is 32. */
const LARGE_COMMUNITY_BIT = 31

/** Bits of attribute types up to 30, and of LARGE_COMMUNITY, in `RewritePlan.mask`. */
export function maskOf(...types: readonly number[]): number {
  return types.reduce((mask, type) => mask | (1 << Math.min(type, LARGE_COMMUNITY_BIT)), 0)
}

/** What to do, fixed per (update group, kind of source, family). */
export interface RewritePlan {
  /** The attribute types that have a case in `#emit`; all others are copied. */
  readonly mask: number
  /** NEXT_HOP leaves the run and is reported for MP_REACH_NLRI (RFC 4760 3). */
  readonly isMultiprotocol: boolean
  /** Expected octets of a next hop that may stay: 4, or 16 (of which a 32-octet one is the longer form). */
  readonly nextHopLength: 4 | 16
  /** Next hops of an IPv4 route may be of 4, 16 or 32 octets (RFC 8950 3). */
  readonly isExtended?: boolean
  readonly isNextHopSelf: boolean
  readonly ownNextHop: Uint8Array | undefined
  /** Never told as next hop: the receiver's own address (RFC 4271 5.1.3). */
  readonly avoidedNextHop?: Uint8Array | undefined
  /** Prepend this AS; 0: none. */
  readonly prependAsn: number
  readonly isExternal: boolean
  /** Prepend the cluster id of the source's cluster, and of the target's when that is a client too; 0 for none. */
  readonly targetClusterId: number
  /** The result is for a 2-octet speaker and must be narrowed. */
  readonly isTwoOctet: boolean
}

const EXTENDED = AttributeFlag.EXTENDED_LENGTH
/** AS numbers a segment can hold. */
const MAX_SEGMENT = 255
/** LOCAL_PREF of metric 0, see `Edits.localPrefFromMetric` (policy.ts; the RIB takes only types from there). */
const MAX_PRIORITY_PREF = 0x7fffffff
const NONE: readonly never[] = []
const NO_EDITS: Edits = {}
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
    const longest = 2 * this.#store.lengthOf(set) + 160
    if (edits === undefined) return longest
    return longest + 12 * (edits.addCommunities?.length ?? 0) + 8 * (edits.prepend?.length ?? 0)
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
        return this.#communities(type, value, length, o)
      case AttributeCode.LARGE_COMMUNITY:
        return this.#communities(type, value, length, o)
      case AttributeCode.ORIGINATOR_ID:
        return this.#originatorId(value, o)
      case AttributeCode.CLUSTER_LIST:
        return this.#clusterList(value, length, o)
      default:
        return o
    }
  }

  /**
   * RFC 4271 5.1.2: what policy puts in front, and before that our AS; in a segment of its own when there is no room in the
   * first one. INTEROP: BIRD in Calico puts what policy says before the own AS, where peers that check the first AS refuse it.
   */
  #asPath(value: number, length: number, o: number): number {
    const { prependAsn } = this.#plan
    const prepend = this.#edits?.prepend ?? NONE
    const own = prependAsn === 0 ? 0 : 1
    const count = own + prepend.length
    const bytes = this.#bytes
    const out = this.#out
    const first = length > 0 && bytes[value] === SegmentType.SEQUENCE ? bytes[value + 1]! : MAX_SEGMENT
    const hasRoom = first + count <= MAX_SEGMENT
    const segments = hasRoom ? 0 : Math.ceil(count / MAX_SEGMENT)
    o = header(out, o, AttributeFlag.TRANSITIVE, AttributeCode.AS_PATH, length + 4 * count + 2 * segments)
    let left = count
    for (let i = 0; i < count; i++) {
      // The first segment takes what does not fill a whole one.
      if (i === 0 || left % MAX_SEGMENT === 0) {
        out[o++] = SegmentType.SEQUENCE
        out[o++] = hasRoom ? first + count : left % MAX_SEGMENT || MAX_SEGMENT
      }
      o = write32(out, o, i < own ? prependAsn : prepend[i - own]!)
      left--
    }
    return copyRun(bytes, hasRoom ? value + 2 : value, value + length, out, o)
  }

  /** RFC 4271 5.1.3, RFC 4760 3, RFC 2545 3. */
  #nextHop(value: number, length: number, o: number): number {
    const plan = this.#plan
    const isWide = plan.nextHopLength === 16 || (plan.isExtended === true && length > 4)
    const maySay = value >= 0 && (isWide ? length === 16 || length === 32 : length === 4)
    const isForced = plan.isNextHopSelf || this.#edits?.nextHopSelf === true
    let size = isWide ? 16 : 4
    const isForeign = value >= 0 && !maySay && (this.#store.flagsOf(this.#set) & Flag.LOCAL) === 0
    if (isForeign && !isForced && !plan.isExternal) {
      // Ours instead would draw traffic that was meant for somebody else (RFC 4456 10).
      this.#hasFailed = true
      return o
    }
    const isSelf = isForced || !maySay || this.#isOwn(value) || this.#isAvoided(value, size)
    let from = this.#bytes
    let start = value
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

  #isAvoided(value: number, size: number): boolean {
    const { avoidedNextHop } = this.#plan
    if (avoidedNextHop?.length !== size) return false
    for (let i = 0; i < size; i++) if (this.#bytes[value + i] !== avoidedNextHop[i]) return false
    return true
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
    const localPref = this.#localPrefFromMetric() ?? this.#edits?.localPref ?? told
    return attribute32(this.#out, o, AttributeFlag.TRANSITIVE, AttributeCode.LOCAL_PREF, localPref)
  }

  /** What `Edits.localPrefFromMetric` makes of a local route; undefined when nothing. */
  #localPrefFromMetric(): number | undefined {
    const unset = this.#edits?.localPrefFromMetric
    if (unset === undefined || (this.#store.flagsOf(this.#set) & Flag.LOCAL) === 0) return undefined
    const metric = word(this.#bytes, this.#store.startOf(this.#set) + LOCAL_METRIC)
    const isUnset = metric === 0 && sourceKind(this.#store.sourceOf(this.#set)) !== 'kernel'
    return Math.max(0, MAX_PRIORITY_PREF - (isUnset ? unset : metric))
  }

  /** RFC 1997, RFC 8092: what was there and is not removed, then what is added and was not there. */
  #communities(type: number, value: number, length: number, o: number): number {
    const width = type === AttributeCode.LARGE_COMMUNITY ? 3 : 1
    const { removeCommunities: removed = NONE, addCommunities: added = NONE } = this.#edits ?? NO_EDITS
    const out = this.#out
    // The header is written with the final length, so the values go to where they end up with the longer header.
    const first = o + 4
    let end = first
    for (let at = value; at < value + length; at += 4 * width) {
      if (!stands(removed, width, this.#bytes, at)) end = copyRun(this.#bytes, at, at + 4 * width, out, end)
    }
    for (const community of added) {
      if (widthOf(community) !== width || hasCommunity(out, first, end, community)) continue
      for (let k = 0; k < width; k++) end = write32(out, end, wordOf(community, k))
    }
    const size = end - first
    if (size === 0) return o
    const body = header(out, o, AttributeFlag.OPTIONAL | AttributeFlag.TRANSITIVE, type, size)
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
    const { targetClusterId } = this.#plan
    const source = this.#sources.clientClusterId(this.#store.sourceOf(this.#set))
    const first = source !== 0 ? source : targetClusterId
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
  if (edits.localPref !== undefined || edits.localPrefFromMetric !== undefined) mask |= maskOf(AttributeCode.LOCAL_PREF)
  if (edits.med !== undefined) mask |= maskOf(AttributeCode.MED)
  if (edits.prepend !== undefined) mask |= maskOf(AttributeCode.AS_PATH)
  if (edits.addCommunities !== undefined || edits.removeCommunities !== undefined)
    mask |= maskOf(AttributeCode.COMMUNITIES, AttributeCode.LARGE_COMMUNITY)
  if (edits.nextHopSelf === true) mask |= maskOf(AttributeCode.NEXT_HOP)
  return mask
}

/** The type of the lowest bit; more than any type when there is none. */
function lowest(mask: number): number {
  if (mask === 0) return 256
  const bit = 31 - Math.clz32(mask & -mask)
  return bit === LARGE_COMMUNITY_BIT ? AttributeCode.LARGE_COMMUNITY : bit
}

// Communities are a word or three; the policy says them as a number or a triple.

function widthOf(community: Community): number {
  return typeof community === 'number' ? 1 : 3
}

function wordOf(community: Community, k: number): number {
  return typeof community === 'number' ? community : community[k]!
}

/** Does one of the patterns stand for the community at `bytes[at]`? */
function stands(
  patterns: readonly (Community | CommunityPattern)[],
  width: number,
  bytes: Uint8Array,
  at: number,
): boolean {
  for (const pattern of patterns) {
    const isMasked = typeof pattern === 'object' && 'mask' in pattern
    const value = isMasked ? pattern.value : pattern
    if (widthOf(value) !== width) continue
    let k = 0
    while (
      k < width &&
      ((word(bytes, at + 4 * k) ^ wordOf(value, k)) & (isMasked ? wordOf(pattern.mask, k) : -1)) === 0
    )
      k++
    if (k === width) return true
  }
  return false
}

function hasCommunity(bytes: Uint8Array, start: number, end: number, community: Community): boolean {
  const only = [community]
  const width = widthOf(community)
  for (let at = start; at < end; at += 4 * width) if (stands(only, width, bytes, at)) return true
  return false
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

function isZero(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + 16; i++) if (bytes[i] !== 0) return false
  return true
}
