/**
 * From attribute bytes of a message to the number of an attribute set.
 *
 * What a modern peer sends is canonical already, so the bytes are looked up as they came: with MP_REACH_NLRI, without it
 * and with its next hop in NEXT_HOP. Only what is not in the store is judged (RFC 7606) and normalised (wire/normalise.ts),
 * and only what is sound enters the store; there the decision words are computed and loops found, once per set
 * (RFC 4271 9.1.2, RFC 4456 8). A looped set is in the store like any other, but unusable: its paths are never routes.
 * Called by ingest.ts per message, by local-route.ts, and by cluster-ids.ts and reselection.ts when the rules change.
 */
import type { Notification } from '../../wire/errors.ts'
import { AttributeCode, AttributeFlag, DEFAULT_LOCAL_PREF } from '../../wire/iana.ts'
import { NormalisedAttributes, normaliseAttributes } from '../../wire/normalise.ts'
import { isPlainBlock } from '../../wire/plain.ts'
import { AttributeSummary, countAsn, hasClusterId, summarise } from '../../wire/summary.ts'
import type { MpSections } from '../../wire/update.ts'
import type { Edits } from '../policy/policy.ts'
import {
  CLUSTER_LENGTH,
  Flag,
  INTERNAL_METRIC,
  KEPT_ASIDE,
  LOCAL_PREF,
  MED,
  NEIGHBOUR_AS,
  NEXT_HOP,
  PATH_ORIGIN,
  PREFERENCE_FLAGS,
  RECORD_SHIFT,
  ROUTER_ID,
  rankOf,
  UNUSABLE,
} from './attribute-record.ts'
import { REJECTED_KEY } from './attribute-store.ts'
import type { Core } from './core.ts'
import { BGP_PREFERENCE, type LocalRoute } from './port.ts'
import { type RewritePlan, Rewriter } from './rewrite.ts'
import type { PeerRecord } from './source-table.ts'

/** Instead of a set: the prefixes of the message are to be withdrawn (RFC 7606 2). */
export const WITHDRAW = 0
/** Instead of a set: the session must be reset, see `Interner.error`. */
export const RESET = -1

const WORST_MED = 0xffffffff

/** Import policy changes attributes and nothing else. */
const IMPORT_PLAN: RewritePlan = {
  mask: 0,
  isMultiprotocol: false,
  nextHopLength: 4,
  isNextHopSelf: false,
  ownNextHop: undefined,
  prependAsn: 0,
  isExternal: false,
  targetClusterId: 0,
  isTwoOctet: false,
}

/** What the message around the attributes carries, see wire's `Expectations`. */
export interface Carried {
  readonly ipv4Nlri: boolean
  readonly mpReach: boolean
  readonly anyReachable: boolean
}

export interface InternerOptions {
  readonly asn: number
  readonly routerId: number
}

export class Interner {
  /** After RESET. */
  error: Notification | undefined = undefined
  readonly #core: Core
  readonly #options: InternerOptions
  /** What a path without MULTI_EXIT_DISC counts as (RFC 4271 9.1.2.2 c leaves it to us). */
  #missingMed: number
  /** Of ours, see cluster-ids.ts. */
  clusterIds: readonly number[] = []
  readonly #normalised = new NormalisedAttributes()
  readonly #summary = new AttributeSummary()
  readonly #rewriter: Rewriter
  #scratch = new Uint8Array(65536 + 64)

  constructor(core: Core, options: InternerOptions) {
    this.#core = core
    this.#options = options
    this.#missingMed = core.selection.missingMedAsWorst === true ? WORST_MED : 0
    this.#rewriter = new Rewriter(core.store, core.sources)
  }

  /** The set with exactly these bytes, for NLRI outside MP_REACH_NLRI; 0 when they are new and must be judged. */
  internPlain(peer: PeerRecord, bytes: Uint8Array, start: number, end: number): number {
    // From a 2-octet speaker no block is canonical, and what looks like it means something else.
    if (!peer.peer.fourOctetAs) return 0
    const { store } = this.#core
    const set = store.probe(peer.id, bytes, start, end)
    // The same bytes can be a set of MP_REACH_NLRI, with an address in NEXT_HOP that has no business there.
    if (set !== 0) return (store.flagsOf(set) & Flag.CLASSIC) !== 0 ? set : 0
    if (!isPlainBlock(bytes, start, end, peer.context)) return 0
    const added = store.insert(peer.id, end - start)
    this.#describe(added, peer, this.#loopFlags)
    return added
  }

  /** As `internPlain`, for the routes in MP_REACH_NLRI, but only what is known, which `mp` has found in the block. */
  probeReach(peer: PeerRecord, bytes: Uint8Array, start: number, end: number, mp: MpSections): number {
    if (!peer.peer.fourOctetAs || !mp.wellFormed) return 0
    const length = this.#gather(bytes, start, end, mp)
    return length < 0 ? 0 : this.#core.store.probe(peer.id, this.#scratch, 0, length)
  }

  /**
   * The block without MP attributes and NEXT_HOP, and with the next hop of MP_REACH_NLRI in its place; in `#scratch`.
   * What is left out has no part in the look-up, so it must be sound by itself: of the MP attributes `mp` says so, of a
   * NEXT_HOP that is not -1 is returned and the block must be judged.
   */
  #gather(bytes: Uint8Array, start: number, end: number, mp: MpSections): number {
    const out = this.#scratch
    const { nextHopStart, nextHopEnd } = mp
    let isDue = true
    let o = 0
    for (let at = start; at < end; ) {
      const type = bytes[at + 1]!
      const isExtended = (bytes[at]! & AttributeFlag.EXTENDED_LENGTH) !== 0
      const next = at + (isExtended ? 4 + ((bytes[at + 2]! << 8) | bytes[at + 3]!) : 3 + bytes[at + 2]!)
      if (type !== AttributeCode.MP_REACH && type !== AttributeCode.MP_UNREACH && type !== AttributeCode.NEXT_HOP) {
        if (isDue && type > AttributeCode.NEXT_HOP) {
          o = writeNextHop(bytes, nextHopStart, nextHopEnd, out, o)
          isDue = false
        }
        for (let i = at; i < next; i++) out[o++] = bytes[i]!
      } else if (type === AttributeCode.NEXT_HOP && !isSoundNextHop(bytes, at, next)) return -1
      at = next
    }
    return isDue ? writeNextHop(bytes, nextHopStart, nextHopEnd, out, o) : o
  }

  /**
   * Judges a block and interns its canonical form. Returns the set (without references of its own), WITHDRAW or RESET.
   * For a message with both kinds of route ask twice; when one answer is WITHDRAW, it holds for both (RFC 7606 2).
   */
  intern(peer: PeerRecord, bytes: Uint8Array, start: number, end: number, carried: Carried): number {
    const out = this.#normalised
    normaliseAttributes(bytes, start, end, peer.context, carried, out)
    switch (out.action) {
      case 'reset':
        this.error = out.error
        return RESET
      case 'withdraw':
        peer.treatedAsWithdraw++
        return WITHDRAW
      case 'discard':
        peer.attributesDiscarded++
        break
      case 'accept':
    }
    const { store } = this.#core
    const known = store.probe(peer.id, out.bytes, 0, out.length)
    if (known !== 0) return known
    const set = store.insert(peer.id, out.length)
    this.#describe(set, peer, this.#loopFlags)
    return set
  }

  /**
   * Judges a block that announces nothing to this session. Returns the Notification of a reset. With routes of a family that
   * the session does not speak (`anyReachable`), a mistake that withdraws them ends there (RFC 7606 5.2).
   */
  judge(
    peer: PeerRecord,
    bytes: Uint8Array,
    start: number,
    end: number,
    anyReachable: boolean,
  ): Notification | undefined {
    const out = this.#normalised
    const carried = { ipv4Nlri: false, mpReach: false, anyReachable }
    normaliseAttributes(bytes, start, end, peer.context, carried, out)
    return out.action === 'reset' ? out.error : undefined
  }

  /** The set that import policy makes of `set` with this verdict. */
  derive(set: number, verdict: number, edits: Edits, peer: PeerRecord): number {
    const { store } = this.#core
    const key = peer.policyKey(verdict)
    const known = store.derived(set, key)
    if (known !== 0) return known
    // A next hop of ours means something on export only (policy.ts).
    const { nextHopSelf: _, ...rest } = edits
    const bound = this.#rewriter.bound(set, rest)
    if (bound > this.#scratch.length) this.#scratch = new Uint8Array(2 * bound)
    const length = this.#rewriter.rewrite(set, IMPORT_PLAN, rest, this.#scratch, 0)
    // Policy cannot make a set longer than any message; if it tried, the route stays as it came.
    if (length > 0xffff) return set
    const { med, preference } = rest
    const preferred = preference === undefined ? 0 : Flag.PREFERRED
    const own = Flag.DERIVED | (med === undefined ? 0 : Flag.POLICY_MED) | preferred
    // What the policy before the present one made of it may be the same, and then nothing has changed for anybody.
    const same = peer.policySerial === 0 ? 0 : store.derivedAlike(set, own, this.#scratch, length)
    if (same !== 0 && !peer.isPresentKey(store.keyOf(same)) && store.preferences.get(same) === preference) {
      store.setKey(same, key)
      return same
    }
    const derived = store.insertDerived(set, key, this.#scratch, length)
    if (preference !== undefined) store.preferences.set(derived, preference)
    this.#describe(derived, peer, () => own)
    return derived
  }

  /** The set of routes that came with `set` and that import policy refuses. */
  reject(set: number): number {
    const { store, nextHops } = this.#core
    const known = store.derived(set, REJECTED_KEY)
    if (known !== 0) return known
    nextHops.retain(store.nextHopOf(set))
    return store.insertRejected(set)
  }

  /** Computes the decision words of a new set from its bytes. `more` gives further flags once `#summary` is filled. */
  #describe(set: number, peer: PeerRecord, more: (start: number, peer: PeerRecord) => number): void {
    const { store, nextHops, resolution } = this.#core
    const start = store.startOf(set)
    const summary = this.#summary
    this.#summariseSet(set)
    const { kind, routerId, reflectorClient } = peer.peer
    const isInternal = kind === 'ibgp'
    let flags = more(start, peer)
    if (isInternal) flags |= reflectorClient ? Flag.INTERNAL | Flag.CLIENT : Flag.INTERNAL
    if (summary.noExport) flags |= Flag.NO_EXPORT
    if (summary.noAdvertise) flags |= Flag.NO_ADVERTISE
    if (summary.noExportSubconfed) flags |= Flag.NO_EXPORT_SUBCONFED
    if (summary.nextHopLength === 4) flags |= Flag.CLASSIC
    if (summary.llgrStale) flags |= Flag.LLGR_STALE
    const at = set << RECORD_SHIFT
    const records = store.records
    const isUsable = (flags & KEPT_ASIDE) === 0
    const preference = (flags & Flag.PREFERRED) === 0 ? BGP_PREFERENCE : (store.preferences.get(set) ?? BGP_PREFERENCE)
    records[at + PREFERENCE_FLAGS] = ((isUsable ? rankOf(preference, summary.llgrStale) : UNUSABLE) << 16) | flags
    records[at + LOCAL_PREF] = ~(summary.hasLocalPref ? summary.localPref : DEFAULT_LOCAL_PREF)
    records[at + PATH_ORIGIN] = (summary.asPathLength << 8) | summary.origin
    records[at + MED] = summary.hasMed ? summary.med : this.#missingMed
    records[at + NEIGHBOUR_AS] = summary.neighbourAs
    records[at + INTERNAL_METRIC] = isInternal ? 0x80000000 : 0
    records[at + ROUTER_ID] = summary.hasOriginatorId ? summary.originatorId : routerId
    records[at + CLUSTER_LENGTH] = summary.clusterListLength
    records[at + NEXT_HOP] = nextHops.acquire(store.bytes, start + summary.nextHopOffset, summary.nextHopLength)
    resolution?.apply(set)
  }

  /** RFC 4271 9.1.2 and 6.3, RFC 4456 8: is it ours coming back? */
  readonly #loopFlags = (start: number, { peer, ownAddresses }: PeerRecord): number => {
    const { bytes } = this.#core.store
    const summary = this.#summary
    const { asn, routerId } = this.#options
    const path = start + summary.asPathOffset
    const pathEnd = path + summary.asPathLengthOctets
    const { localAsn, allowOwnAs = 0 } = peer
    let isLoop = countAsn(bytes, path, pathEnd, localAsn) > allowOwnAs
    if (asn !== localAsn && countAsn(bytes, path, pathEnd, asn) > allowOwnAs) isLoop = true
    if (summary.hasOriginatorId && summary.originatorId === routerId) isLoop = true
    if (summary.clusterListLength > 0) {
      const list = start + summary.clusterListOffset
      const listEnd = list + summary.clusterListLengthOctets
      const ids = this.clusterIds
      for (let i = 0; i < ids.length; i++) if (hasClusterId(bytes, list, listEnd, ids[i]!)) isLoop = true
    }
    const nextHop = start + summary.nextHopOffset
    let isOwn = false
    for (let i = 0; i < ownAddresses.length; i++) {
      if (startsWith(bytes, nextHop, summary.nextHopLength, ownAddresses[i]!)) isOwn = true
    }
    return (isLoop ? Flag.LOOP : 0) | (isOwn ? Flag.OWN_NEXT_HOP : 0)
  }

  /** Does a received set loop, by the cluster ids of now? */
  loops(set: number, peer: PeerRecord): boolean {
    this.#summariseSet(set)
    return (this.#loopFlags(this.#core.store.startOf(set), peer) & Flag.LOOP) !== 0
  }

  /** Marks a received set that no path names as looped or not. */
  setLooped(set: number, isLoop: boolean): void {
    const { store, resolution } = this.#core
    const { records } = store
    const at = set << RECORD_SHIFT
    const flags = (records[at + PREFERENCE_FLAGS]! & 0xffff & ~Flag.LOOP) | (isLoop ? Flag.LOOP : 0)
    const isUsable = (flags & KEPT_ASIDE) === 0
    const rank = isUsable ? rankOf(BGP_PREFERENCE, (flags & Flag.LLGR_STALE) !== 0) : UNUSABLE
    records[at + PREFERENCE_FLAGS] = (rank << 16) | flags
    resolution?.apply(set)
  }

  /** What a path without MED counts as from now on, of sets that are here already, too. */
  countMissingMedAs(isWorst: boolean): void {
    const { store } = this.#core
    const before = this.#missingMed
    this.#missingMed = isWorst ? WORST_MED : 0
    if (before === this.#missingMed) return
    for (let set = 1; set < store.idLimit; set++) {
      const at = set << RECORD_SHIFT
      // Local routes have no MED, and it is never asked for.
      if (store.lengthOf(set) === 0 || store.records[at + MED] !== before) continue
      if ((store.flagsOf(set) & Flag.LOCAL) !== 0) continue
      this.#summariseSet(set)
      if (!this.#summary.hasMed) store.records[at + MED] = this.#missingMed
    }
  }

  #summariseSet(set: number): void {
    const { store } = this.#core
    const start = store.startOf(set)
    summarise(store.bytes, start, start + store.lengthOf(set), this.#summary)
  }

  /** The set of a route from a local source, `bytes[0, length)` in canonical form; see local-route.ts. */
  internLocal(source: number, bytes: Uint8Array, length: number, route: LocalRoute): number {
    const { store, nextHops, localRoutes } = this.#core
    const known = store.probe(source, bytes, 0, length)
    if (known !== 0) return known
    const set = store.insert(source, length)
    const at = set << RECORD_SHIFT
    const start = store.startOf(set)
    summarise(store.bytes, start, start + length, this.#summary)
    const { nextHopOffset, nextHopLength } = this.#summary
    const { records } = store
    records[at + PREFERENCE_FLAGS] = (rankOf(route.preference) << 16) | Flag.LOCAL
    records[at + LOCAL_PREF] = ~DEFAULT_LOCAL_PREF
    records[at + ROUTER_ID] = this.#options.routerId
    if (nextHopLength > 0) records[at + NEXT_HOP] = nextHops.acquire(store.bytes, start + nextHopOffset, nextHopLength)
    localRoutes.set(set, { ...route })
    return set
  }
}

/** Has the NEXT_HOP attribute `bytes[at, next)` the flags and the length that it must have (RFC 7606 3 c, 7.3)? */
function isSoundNextHop(bytes: Uint8Array, at: number, next: number): boolean {
  const flags = bytes[at]!
  const head = (flags & AttributeFlag.EXTENDED_LENGTH) !== 0 ? 4 : 3
  const category = flags & (AttributeFlag.OPTIONAL | AttributeFlag.TRANSITIVE)
  return category === AttributeFlag.TRANSITIVE && next - at - head === 4
}

function writeNextHop(bytes: Uint8Array, start: number, end: number, out: Uint8Array, o: number): number {
  out[o] = AttributeFlag.TRANSITIVE
  out[o + 1] = AttributeCode.NEXT_HOP
  out[o + 2] = end - start
  o += 3
  for (let i = start; i < end; i++) out[o++] = bytes[i]!
  return o
}

/** Is the next hop of `length` octets this address of ours (its global half, when it has two)? */
function startsWith(bytes: Uint8Array, at: number, length: number, own: Uint8Array): boolean {
  const octets = own.length === 4 ? 4 : 16
  if (length < octets || (length === 4) !== (octets === 4)) return false
  for (let i = 0; i < octets; i++) if (bytes[at + i] !== own[i]) return false
  return true
}
