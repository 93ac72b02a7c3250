/**
 * One UPDATE of a peer, applied (RFC 4271 6.3, 9; RFC 4760; RFC 7606).
 *
 * Withdrawn routes first, then announcements, so that a prefix in both is announced (RFC 4271 4.3). The usual message,
 * IPv4 routes with attributes known already, costs one look-up for the attributes and nothing is parsed. Import policy is
 * asked once per message unless it looks at prefixes; what loops or is refused is kept, unusable (RFC 4271 3.2). Peer bytes never throw; a Notification means reset.
 * Hot module. Called by rib.ts; bytes are borrowed until it returns.
 */
import { invalidNetworkField, malformedAttributeList, type Notification } from '../../wire/errors.ts'
import { type Family, IPV4_UNICAST } from '../../wire/family.ts'
import { AttributeCode } from '../../wire/iana.ts'
import { NlriReader } from '../../wire/nlri.ts'
import { locateMp, MpSections, splitUpdate, UpdateSections } from '../../wire/update.ts'
import { Flag, KEPT_ASIDE } from './attribute-record.ts'
import type { Core } from './core.ts'
import type { ImportPolicy } from './import-policy.ts'
import { Intake } from './intake.ts'
import { type Carried, type Interner, RESET, WITHDRAW } from './interner.ts'
import { isOddPrefix4, isOddPrefix6 } from './odd-prefix.ts'
import type { Limits } from './prefix-limit.ts'
import type { RouteTable } from './route-table.ts'
import type { PeerRecord } from './source-table.ts'

/** For which routes a block is judged, see `Interner.intern`. */
const CLASSIC: Carried = { ipv4Nlri: true, mpReach: false, anyReachable: true }
const MULTIPROTOCOL: Carried = { ipv4Nlri: false, mpReach: true, anyReachable: true }

export interface IngestParts {
  readonly interner: Interner
  readonly policy: ImportPolicy
  readonly limits: Limits
}

export class Ingest {
  readonly #core: Core
  readonly #interner: Interner
  readonly #policy: ImportPolicy
  readonly #limits: Limits
  readonly #sections = new UpdateSections()
  readonly #mp = new MpSections()
  readonly #nlri = new NlriReader()
  /** By family index. */
  readonly #intakes: readonly Intake[]

  constructor(core: Core, { interner, policy, limits }: IngestParts) {
    this.#core = core
    this.#interner = interner
    this.#policy = policy
    this.#limits = limits
    this.#intakes = core.tables.map(table => new Intake(table, core.store))
  }

  /** Takes in the UPDATE `bytes[start, end)`, header excluded; its routes may wait until `settle`. */
  update(peer: PeerRecord, bytes: Uint8Array, start: number, end: number): Notification | undefined {
    const error = this.#apply(peer, bytes, start, end)
    // Limits go by what is in the tables.
    if (peer.peer.limits !== undefined) this.settle()
    return error ?? this.#limits.check(peer)
  }

  /** Some routes are not in the tables yet. */
  get isPending(): boolean {
    return !this.#intakes.every(intake => intake.isEmpty)
  }

  /** Puts all routes that were taken in into the tables. */
  settle(): void {
    for (const intake of this.#intakes) intake.apply()
  }

  #apply(peer: PeerRecord, bytes: Uint8Array, start: number, end: number): Notification | undefined {
    const sections = this.#sections
    const error = splitUpdate(bytes, start, end, sections)
    if (error !== undefined) return error
    peer.updatesReceived++
    const { withdrawnStart, withdrawnEnd, attributesStart, attributesEnd, nlriStart, nlriEnd } = sections
    if (withdrawnEnd > withdrawnStart) {
      const bad = this.#withdraw(peer, bytes, withdrawnStart, withdrawnEnd, IPV4_UNICAST)
      if (bad !== undefined) return bad
    }
    if (attributesEnd === attributesStart && nlriEnd === nlriStart) return undefined
    const first = bytes[attributesStart + 1]
    if (nlriEnd > nlriStart && first !== AttributeCode.MP_REACH && first !== AttributeCode.MP_UNREACH) {
      const set = this.#interner.internPlain(peer, bytes, attributesStart, attributesEnd)
      if (set !== 0) return this.#announce(peer, bytes, nlriStart, nlriEnd, IPV4_UNICAST, set)
    }
    return this.#updateWithAttributes(peer, bytes)
  }

  /** The attributes are new, or there are MP attributes among them. */
  #updateWithAttributes(peer: PeerRecord, bytes: Uint8Array): Notification | undefined {
    const { attributesStart: start, attributesEnd: end, nlriStart, nlriEnd } = this.#sections
    const mp = this.#mp
    locateMp(bytes, start, end, mp, peer.context)
    const ipv4Nlri = nlriEnd > nlriStart
    const reach = this.#negotiated(peer, mp.hasReach, mp.reachFamily)
    const unreach = this.#negotiated(peer, mp.hasUnreach, mp.unreachFamily)
    const mpReach = reach !== undefined && mp.reachNlriEnd > mp.reachNlriStart
    if (!ipv4Nlri && !mpReach) {
      const error = this.#judgeIdle(peer, bytes)
      return error ?? (unreach && this.#withdraw(peer, bytes, mp.unreachNlriStart, mp.unreachNlriEnd, unreach))
    }
    const classic = ipv4Nlri ? this.#intern(peer, bytes, CLASSIC) : WITHDRAW
    if (classic === RESET) return this.#interner.error ?? malformedAttributeList('unusable attributes')
    if (classic !== WITHDRAW) this.#core.store.retain(classic)
    const error = this.#applyBoth(peer, bytes, classic, { reach: mpReach ? reach : undefined, unreach, ipv4Nlri })
    if (classic !== WITHDRAW) this.#core.store.release(classic)
    return error
  }

  /** `classic` is the set of the IPv4 routes outside MP_REACH_NLRI, if there are any. */
  #applyBoth(peer: PeerRecord, bytes: Uint8Array, classic: number, content: Content): Notification | undefined {
    const { store } = this.#core
    const set = content.reach === undefined ? WITHDRAW : this.#internReach(peer, bytes)
    if (set === RESET) return this.#interner.error ?? malformedAttributeList('unusable attributes')
    // Held, for the withdraws of this very message could free it.
    if (set !== WITHDRAW) store.retain(set)
    const error = this.#applyParts(peer, bytes, { classic, set }, content)
    if (set !== WITHDRAW) store.release(set)
    return error
  }

  #applyParts(peer: PeerRecord, bytes: Uint8Array, { classic, set }: Sets, content: Content): Notification | undefined {
    const { nlriStart, nlriEnd } = this.#sections
    const { reach, unreach, ipv4Nlri } = content
    const mp = this.#mp
    // RFC 7606 2: what is wrong with the message is wrong for all its routes.
    const isWithdrawn = (ipv4Nlri && classic === WITHDRAW) || (reach !== undefined && set === WITHDRAW)
    let error: Notification | undefined
    if (unreach !== undefined) error = this.#withdraw(peer, bytes, mp.unreachNlriStart, mp.unreachNlriEnd, unreach)
    if (ipv4Nlri && error === undefined) {
      error = isWithdrawn
        ? this.#withdraw(peer, bytes, nlriStart, nlriEnd, IPV4_UNICAST)
        : this.#announce(peer, bytes, nlriStart, nlriEnd, IPV4_UNICAST, classic)
    }
    if (reach !== undefined && error === undefined) {
      error = isWithdrawn
        ? this.#withdraw(peer, bytes, mp.reachNlriStart, mp.reachNlriEnd, reach)
        : this.#announce(peer, bytes, mp.reachNlriStart, mp.reachNlriEnd, reach, set)
    }
    return error
  }

  #intern(peer: PeerRecord, bytes: Uint8Array, carried: Carried): number {
    const { attributesStart, attributesEnd } = this.#sections
    return this.#interner.intern(peer, bytes, attributesStart, attributesEnd, carried)
  }

  #internReach(peer: PeerRecord, bytes: Uint8Array): number {
    const { attributesStart, attributesEnd } = this.#sections
    const known = this.#interner.probeReach(peer, bytes, attributesStart, attributesEnd, this.#mp)
    if (known !== 0) return known
    return this.#intern(peer, bytes, MULTIPROTOCOL)
  }

  /** The attributes of a message that announces nothing: End-of-RIB and plain MP withdraws need no look (RFC 4724 2). */
  #judgeIdle(peer: PeerRecord, bytes: Uint8Array): Notification | undefined {
    const { attributesStart, attributesEnd } = this.#sections
    const mp = this.#mp
    const isPlain = mp.wellFormed && mp.unreachStart === attributesStart && mp.unreachEnd === attributesEnd
    if (isPlain && mp.hasUnreach) return undefined
    return this.#interner.judge(peer, bytes, attributesStart, attributesEnd, mp.reachNlriEnd > mp.reachNlriStart)
  }

  /** The family of an MP attribute, if this session speaks it (RFC 4760 8). */
  #negotiated(peer: PeerRecord, isPresent: boolean, family: Family | undefined): Family | undefined {
    if (!isPresent) return undefined
    if (family !== undefined && (peer.familyMask & (1 << family.index)) !== 0) return family
    peer.foreignFamilies++
    return undefined
  }

  #withdraw(peer: PeerRecord, bytes: Uint8Array, start: number, end: number, family: Family): Notification | undefined {
    const intake = this.#intakes[family.index]!
    const nlri = this.#nlri
    let count = 0
    nlri.reset(bytes, start, end, family, peer.hasPathIds(family))
    while (nlri.next()) {
      count++
      intake.add(nlri, peer.id, 0)
    }
    peer.withdrawsReceived += count
    return nlri.malformed ? invalidNetworkField(`a withdrawn ${family.name} prefix is malformed`) : undefined
  }

  /** Announces the prefixes of a field with attribute set `received`, after loop checks and import policy. */
  #announce(
    peer: PeerRecord,
    bytes: Uint8Array,
    start: number,
    end: number,
    family: Family,
    received: number,
  ): Notification | undefined {
    const { store } = this.#core
    const table = this.#core.table(family)
    store.retain(received)
    this.#nlri.reset(bytes, start, end, family, peer.hasPathIds(family))
    const isSpoken = (peer.familyMask & (1 << family.index)) !== 0
    if (!isSpoken) peer.foreignFamilies++
    else if (this.#limits.mayBlock(peer, table, end - start)) this.#announceWithin(peer, table, received)
    else if (this.#policy.asksPrefixes(peer, received)) this.#announceEach(peer, table, received)
    else {
      const imported = this.#policy.imported(peer, received, family)
      store.retain(imported)
      this.#announceAll(peer, table, imported)
      store.release(imported)
    }
    store.release(received)
    return this.#nlri.malformed ? invalidNetworkField(`an announced ${family.name} prefix is malformed`) : undefined
  }

  #announceAll(peer: PeerRecord, table: RouteTable, set: number): void {
    const nlri = this.#nlri
    const intake = this.#intakes[table.family.index]!
    const isWide = table.family.words === 4
    let count = 0
    let odd = 0
    while (nlri.next()) {
      // Signed from here on, see prefix-table.ts.
      const a0 = nlri.address0 | 0
      const length = nlri.length
      count++
      const isOdd = isWide
        ? isOddPrefix6(a0, nlri.address1 | 0, nlri.address2 | 0, nlri.address3 | 0, length)
        : isOddPrefix4(a0, length)
      if (isOdd) odd++
      else intake.add(nlri, peer.id, set)
    }
    peer.announcementsReceived += count
    peer.oddPrefixes += odd
    this.#count(peer, set, count - odd)
  }

  /** Asks a policy that looks at prefixes about each one. */
  #announceEach(peer: PeerRecord, table: RouteTable, received: number): void {
    const nlri = this.#nlri
    const policy = this.#policy
    const isWide = table.family.words === 4
    const intake = this.#intakes[table.family.index]!
    policy.begin(received, table.family)
    while (nlri.next()) {
      const a0 = nlri.address0 | 0
      const a1 = nlri.address1 | 0
      const a2 = nlri.address2 | 0
      const a3 = nlri.address3 | 0
      const length = nlri.length
      peer.announcementsReceived++
      if (isWide ? isOddPrefix6(a0, a1, a2, a3, length) : isOddPrefix4(a0, length)) {
        peer.oddPrefixes++
        continue
      }
      const set = policy.importedFor(peer, received, nlri)
      intake.add(nlri, peer.id, set)
      this.#count(peer, set, 1)
    }
  }

  /** Near a limit that blocks: each prefix for itself, and none that is new without room for it. */
  #announceWithin(peer: PeerRecord, table: RouteTable, received: number): void {
    const { store } = this.#core
    const nlri = this.#nlri
    const policy = this.#policy
    const asksPrefixes = policy.asksPrefixes(peer, received)
    this.#intakes[table.family.index]!.apply()
    const isWide = table.family.words === 4
    while (nlri.next()) {
      const { address0: a0, address1: a1, address2: a2, address3: a3, length } = nlri
      peer.announcementsReceived++
      if (isWide ? isOddPrefix6(a0, a1, a2, a3, length) : isOddPrefix4(a0, length)) {
        peer.oddPrefixes++
        continue
      }
      if (asksPrefixes) policy.begin(received, table.family)
      const set = asksPrefixes
        ? policy.importedFor(peer, received, nlri)
        : policy.imported(peer, received, table.family)
      store.retain(set)
      this.#announceOne(peer, table, received, set)
      store.release(set)
    }
  }

  #announceOne(peer: PeerRecord, table: RouteTable, received: number, set: number): void {
    const { store } = this.#core
    const { address0, address1, address2, address3, length, pathId } = this.#nlri
    const known = table.prefixes.lookup(address0, address1, address2, address3, length)
    const old = known === 0 ? 0 : table.setFrom(known, peer.id, pathId | 0)
    if (old === 0 && this.#limits.isFull(peer, table, 'received')) return
    const isLetIn = (store.flagsOf(set) & KEPT_ASIDE) === 0
    const wasLetIn = old !== 0 && (store.flagsOf(old) & KEPT_ASIDE) === 0
    const isBlocked = isLetIn && !wasLetIn && this.#limits.isFull(peer, table, 'accepted')
    const prefix = table.prefixes.add(address0, address1, address2, address3, length)
    table.announce(prefix, peer.id, isBlocked ? this.#interner.reject(received) : set, pathId | 0)
    this.#count(peer, set, 1)
  }

  /** Counts announcements that do not come in. */
  #count(peer: PeerRecord, set: number, announcements: number): void {
    const flags = this.#core.store.flagsOf(set) & KEPT_ASIDE
    if (flags === 0) return
    if ((flags & Flag.LOOP) !== 0) peer.loops += announcements
    else if ((flags & Flag.OWN_NEXT_HOP) !== 0) peer.ownNextHops += announcements
    else peer.rejectedByPolicy += announcements
  }
}

/** What else an UPDATE carries besides IPv4 routes after its attributes. */
interface Content {
  readonly reach: Family | undefined
  readonly unreach: Family | undefined
  readonly ipv4Nlri: boolean
}

interface Sets {
  readonly classic: number
  readonly set: number
}
