/**
 * Desired versus confirmed: keeps the FIB at what the RIB wants, and knows for every prefix how far it got (main thread).
 *
 * Rules, each from something the kernel really does, each with a test:
 *   - nothing is written before the first dump: what an earlier process left and we still want is adopted as it stands, without a rewrite;
 *   - a first install is create-or-fail; EEXIST is a conflict with another owner, reported and never stolen; only our own routes are overwritten;
 *   - a delete names protocol and metric; leftovers of an earlier process go only after `recovered()`;
 *   - IPv4 routes vanish without a word when a link goes down or an address goes away: our own protocol is dumped again;
 *   - what others do to our routes is repaired when the event comes (own writes are not echoed).
 * The facts are in prefix-state.ts, writes leave through outbox.ts, rows for people are made in row.ts.
 * The driver owns the timer: `nextDeadlineMs` and `tick`. Called by the daemon (desire, undesire, commit, recovered, rows) and by the port.
 */
import { constants } from 'node:os'
import { FAMILIES, type Family } from '../../wire/family.ts'
import { IPV6_DEFAULT_METRIC } from './constants.ts'
import { KernelCounters } from './counters.ts'
import { LatencyHistogram } from './histogram.ts'
import type { InterfaceChange, Interfaces } from './interfaces.ts'
import { Outbox } from './outbox.ts'
import type { Dump, KernelListener, KernelPort } from './port.ts'
import { DELETING, PrefixFlag, PrefixStates, TokenQueue } from './prefix-state.ts'
import { NO_TOKEN, Op, RecordFlag, type RouteRecords } from './record.ts'
import { RetryClock } from './retry.ts'
import { countStates, type KernelRow, type KernelState, rowsOf, type SyncView } from './row.ts'
import { type KernelTarget, NO_TARGET, TargetTable } from './target.ts'
import { TextTable } from './text-table.ts'

const { EEXIST, ESRCH, EAGAIN, EBUSY, EINTR, ENOBUFS, ENOMEM } = constants.errno
/** Refusals that say nothing about the route: the old one stays until the retry. */
const TRANSIENT = new Set<number>([EAGAIN, EBUSY, EINTR, ENOBUFS, ENOMEM])
/** The kernel's own words for EEXIST speak of files. */
const TAKEN = 'a route of another owner has this prefix and metric'
/** A conflict is worth a dump of our protocol, in case we are the other owner; this often at most. */
const CONFLICT_DUMP_MS = 30_000
/** Interned targets above which unused ones are looked for. */
const TARGETS_BEFORE_COMPACTION = 4096

/** What the kernel said to one write. */
interface Outcome {
  readonly errno: number
  readonly op: number
  readonly text: string
}

/** The prefix of a change, as BestRoute of the RIB carries it; words beyond the family's are ignored. Host bits are zero. */
export interface PrefixKey {
  readonly family: Family
  readonly address0: number
  readonly address1: number
  readonly address2: number
  readonly address3: number
  readonly length: number
}

export interface KernelSyncOptions {
  /** rtm_protocol that marks our routes. */
  readonly protocol: number
  readonly table: number
  /** Metric of every route; 0: none (the kernel makes that 1024 for IPv6). */
  readonly metric: number
  /** Secret of the process, for the tables keyed by what peers choose. */
  readonly seed: number
  /** Monotonic milliseconds; default performance.now. */
  readonly now?: () => number
  /** Called when `nextDeadlineMs` moved forward: arm the timer again. */
  readonly deadlineChanged?: () => void
}

export class KernelSync implements Partial<KernelListener> {
  readonly counters = new KernelCounters()
  /** From wish to confirmation. */
  readonly latency = new LatencyHistogram()
  readonly #port: KernelPort
  readonly #interfaces: Interfaces
  readonly #options: KernelSyncOptions
  readonly #now: () => number
  readonly #families: readonly PrefixStates[]
  /** By family index: IPv6 knows no route without one. */
  readonly #metrics: readonly number[]
  readonly #targets: TargetTable
  #compactAbove = TARGETS_BEFORE_COMPACTION
  readonly #queue = new TokenQueue()
  #refused: number[] = []
  readonly #retry = new RetryClock()
  readonly #texts = new TextTable()
  readonly #outbox: Outbox
  readonly #view: SyncView
  #sawDouble = false
  #dump = 0
  #inDump = false
  #isReady = false
  #isRecovered = false
  #conflictDumpMs = Number.NEGATIVE_INFINITY
  /** Time of the wishes of this turn: one reading for all of them. */
  #turnMs = 0

  constructor(port: KernelPort, interfaces: Interfaces, options: KernelSyncOptions) {
    this.#port = port
    this.#interfaces = interfaces
    this.#options = options
    this.#targets = new TargetTable(options.seed)
    this.#now = options.now ?? (() => performance.now())
    this.#families = FAMILIES.map(family => new PrefixStates(family, options.seed))
    this.#metrics = [options.metric, options.metric === 0 ? IPV6_DEFAULT_METRIC : options.metric]
    this.#outbox = new Outbox(port, { ...options, metrics: this.#metrics })
    this.#view = {
      families: this.#families,
      targets: this.#targets,
      texts: this.#texts,
      metrics: this.#metrics,
      interfaces,
    }
    interfaces.watch(change => this.#interfaceChanged(change))
  }

  /** The RIB wants this route. Takes effect at the next `commit`. */
  desire(prefix: PrefixKey, target: KernelTarget): void {
    const states = this.#families[prefix.family.index]!
    const wanted = this.#targets.internTarget(target)
    const { address0, address1, address2, address3, length } = prefix
    const id = states.table.add(address0, address1, address2, address3, length)
    states.reserve(id)
    if (states.desired[id] === wanted) return
    if (this.#queue.size === 0) this.#turnMs = this.#now()
    states.desired[id] = wanted
    states.errno[id] = 0
    states.flags[id]! |= PrefixFlag.claimed
    states.since[id] = this.#turnMs
    this.#enqueue(states, id)
  }

  /** The RIB wants no route here any more. Takes effect at the next `commit`. */
  undesire(prefix: PrefixKey): void {
    const states = this.#families[prefix.family.index]!
    const { address0, address1, address2, address3, length } = prefix
    const id = states.table.lookup(address0, address1, address2, address3, length)
    if (id === 0 || states.desired[id] === NO_TARGET) return
    if (this.#queue.size === 0) this.#turnMs = this.#now()
    states.desired[id] = NO_TARGET
    states.errno[id] = 0
    states.since[id] = this.#turnMs
    this.#enqueue(states, id)
  }

  /** End of a flush: sends what is due, as far as the kernel keeps up; the rest follows by itself. */
  commit(): void {
    if (!this.#isReady || this.#inDump) return
    if (this.#isRecovered) this.counters.leftoversRemoved += this.#outbox.sendStrays()
    while (this.#queue.size > 0 && this.#outbox.hasRoom) this.#plan(this.#queue.shift())
    this.#outbox.flush()
    if (this.#targets.size > this.#compactAbove) this.#compactTargets()
  }

  /** The RIB is complete again after a start: routes under our protocol that nobody wants are removed from now on. */
  recovered(): void {
    this.#isRecovered = true
    for (const states of this.#families) {
      for (let id = 1; id < states.table.idLimit; id++) {
        if (states.actual[id] !== NO_TARGET && states.desired[id] === NO_TARGET) this.#enqueue(states, id)
      }
    }
    this.commit()
  }

  /** When `tick` wants to be called, in ms of the clock; undefined: no need. */
  nextDeadlineMs(): number | undefined {
    return this.#retry.deadlineMs
  }

  tick(now: number): void {
    if (!this.#retry.due(now)) return
    const refused = this.#refused
    this.#refused = []
    for (const token of refused) {
      const states = this.#families[token & 1]!
      const id = token >>> 1
      states.flags[id]! &= ~PrefixFlag.listed
      if (states.errno[id] === 0) continue
      this.counters.retries += 1
      this.#enqueue(states, id)
    }
    this.commit()
  }

  /** Every route the RIB wants, with its state. */
  rows(): Generator<KernelRow> {
    return rowsOf(this.#view, this.#now())
  }

  /** How many wanted routes are in each state. */
  stateCounts(): Record<KernelState, number> {
    return countStates(this.#view)
  }

  /** Nothing waits and nothing is on its way: the FIB is as wanted, refusals aside. */
  get isSettled(): boolean {
    return this.#isReady && !this.#inDump && this.#queue.size === 0 && this.#outbox.isEmpty
  }

  // ---- planning: from the four facts to a write

  #enqueue(states: PrefixStates, id: number): void {
    if ((states.flags[id]! & PrefixFlag.queued) !== 0) return
    states.flags[id]! |= PrefixFlag.queued
    this.#queue.push(id * 2 + states.family.index)
  }

  #plan(token: number): void {
    const states = this.#families[token & 1]!
    const id = token >>> 1
    states.flags[id]! &= ~PrefixFlag.queued
    // A write is on its way: its outcome brings the prefix back here.
    if (states.sent[id] !== 0) return
    const wanted = states.desired[id]!
    const actual = states.actual[id]!
    if (wanted === NO_TARGET) this.#planRemoval(states, id)
    else if (actual === NO_TARGET) this.#write(states, id, Op.add)
    else if (this.#targets.covers(wanted, actual)) this.#confirmUnchanged(states, id)
    else this.#write(states, id, Op.replace)
  }

  #planRemoval(states: PrefixStates, id: number): void {
    if (states.actual[id] === NO_TARGET) {
      this.#forget(states, id)
      return
    }
    const isClaimed = (states.flags[id]! & PrefixFlag.claimed) !== 0
    if (!isClaimed && !this.#isRecovered) return
    if (!isClaimed) this.counters.leftoversRemoved += 1
    this.#write(states, id, Op.delete)
  }

  #confirmUnchanged(states: PrefixStates, id: number): void {
    this.counters.unchanged += 1
    if ((states.flags[id]! & PrefixFlag.found) !== 0) this.counters.adopted += 1
    states.flags[id]! &= ~PrefixFlag.found
    states.errno[id] = 0
    states.since[id] = this.#now()
  }

  #write(states: PrefixStates, id: number, op: number): void {
    if (op === Op.delete) this.counters.deletes += 1
    else if (op === Op.add) this.counters.adds += 1
    else this.counters.replaces += 1
    const wanted = op === Op.delete ? NO_TARGET : states.desired[id]!
    states.sent[id] = op === Op.delete ? DELETING : wanted
    const record = this.#outbox.append(op, states, id)
    if (wanted !== NO_TARGET) this.#targets.fill(record, wanted)
  }

  #forget(states: PrefixStates, id: number): void {
    // A token may still be in the queue or the list of retries: it then speaks for nobody, or for the id's next owner, and both are harmless.
    if (!states.table.isLive(id)) return
    const flags = states.flags[id]! & (PrefixFlag.listed | PrefixFlag.queued)
    states.forget(id)
    states.flags[id] = flags
  }

  // ---- outcomes

  written(records: RouteRecords, reasons: readonly string[]): void {
    this.#outbox.returned()
    const now = this.#now()
    while (records.nextRoute()) {
      if (records.token === NO_TOKEN) continue
      const states = this.#families[records.token & 1]!
      const id = records.token >>> 1
      const sent = states.sent[id]!
      states.sent[id] = 0
      if (records.errno === 0 || (sent === DELETING && records.errno === ESRCH)) this.#succeeded(states, id, sent, now)
      else this.#failed(states, id, sent, { errno: records.errno, op: records.op, text: reasons[records.reason] ?? '' })
    }
    this.commit()
  }

  #succeeded(states: PrefixStates, id: number, sent: number, now: number): void {
    states.actual[id] = sent === DELETING ? NO_TARGET : sent
    states.flags[id]! &= ~PrefixFlag.found
    const wanted = states.desired[id]!
    if (wanted === sent) {
      this.latency.record(now - states.since[id]!)
      states.since[id] = now
      states.errno[id] = 0
      return
    }
    if (wanted === NO_TARGET && sent === DELETING) this.#forget(states, id)
    // A refused replacement was cleared away: what is left to do is in the list of retries.
    else if (sent !== DELETING || states.errno[id] === 0) this.#enqueue(states, id)
  }

  #failed(states: PrefixStates, id: number, sent: number, outcome: Outcome): void {
    const { errno, op, text } = outcome
    const { byErrno } = this.counters
    this.counters.failures += 1
    byErrno.set(errno, (byErrno.get(errno) ?? 0) + 1)
    if (errno === EEXIST) this.#conflict()
    // Answers were lost: what the kernel made of the write is anybody's guess.
    if (errno === ENOBUFS) this.#port.dump(this.#options.protocol, 'the kernel had no room for its answers')
    const isClearing = sent === DELETING && states.errno[id] !== 0
    const meant = sent === DELETING ? NO_TARGET : sent
    if (isClearing) return
    if (states.desired[id] !== meant) {
      this.#enqueue(states, id)
      return
    }
    this.#refuse(states, id, errno, errno === EEXIST ? TAKEN : text)
    // The new target is refused for good and the old one is no longer wanted: better no route than a wrong one.
    if (op === Op.replace && !TRANSIENT.has(errno)) this.#write(states, id, Op.delete)
  }

  #refuse(states: PrefixStates, id: number, errno: number, text: string): void {
    const now = this.#now()
    if (states.errno[id] !== errno) states.since[id] = now
    states.errno[id] = errno
    states.reason[id] = this.#texts.intern(text)
    if ((states.flags[id]! & PrefixFlag.listed) === 0) {
      states.flags[id]! |= PrefixFlag.listed
      this.#refused.push(id * 2 + states.family.index)
    }
    if (this.#retry.refused(now)) this.#options.deadlineChanged?.()
  }

  /** Somebody holds a prefix where we believed nothing was. If it is ourselves, a dump of our protocol shows it. */
  #conflict(): void {
    this.counters.conflicts += 1
    const now = this.#now()
    if (now - this.#conflictDumpMs < CONFLICT_DUMP_MS) return
    this.#conflictDumpMs = now
    this.#port.dump(this.#options.protocol, 'a prefix was taken')
  }

  // ---- what the kernel has: dumps and events

  dumpStarted(dump: Dump): void {
    if (!this.#covers(dump)) return
    this.#dump += 1
    this.#inDump = true
    this.#outbox.forgetStrays()
    this.#sawDouble = false
  }

  dumpFinished(dump: Dump): void {
    if (!this.#covers(dump)) return
    for (const states of this.#families) this.#dropUnseen(states)
    this.counters.dumps += 1
    this.#inDump = false
    this.#isReady = true
    this.commit()
    if (this.#sawDouble && this.#isRecovered) this.#port.dump(this.#options.protocol, 'a route was there twice')
  }

  resync(): void {
    this.counters.resyncs += 1
  }

  routes(records: RouteRecords): void {
    let mayHelp = false
    while (records.nextRoute()) {
      if (records.table !== this.#options.table) continue
      if (records.protocol === this.#options.protocol) this.#ownRoute(records)
      else if (!this.#inDump) mayHelp = this.#foreignRoute(records) || mayHelp
    }
    if (mayHelp) this.#networkChanged()
    if (!this.#inDump) this.commit()
  }

  #covers(dump: Dump): boolean {
    return dump.protocol === 0 || dump.protocol === this.#options.protocol
  }

  #ownRoute(records: RouteRecords): void {
    // With a type of service it is another key, and a delete without one would hit the wrong route.
    if (records.has(RecordFlag.tos)) return
    const isOurs = records.metric === this.#metrics[records.familyIndex]
    if (records.op === Op.gone) {
      if (isOurs) this.#ownRouteGone(records)
    } else if (isOurs) this.#ownRoutePresent(records)
    else this.#outbox.addStray(records)
  }

  #ownRoutePresent(records: RouteRecords): void {
    const states = this.#families[records.familyIndex]!
    const id = states.table.add(records.word(0), records.word(1), records.word(2), records.word(3), records.length)
    states.reserve(id)
    const isDouble = this.#inDump && states.dump[id] === this.#dump
    if (isDouble) {
      // Two entries of one prefix and metric: the delete takes the first, the dump after it shows what is left.
      this.#outbox.addStray(records)
      this.#sawDouble = true
      return
    }
    states.dump[id] = this.#dump
    if (states.sent[id] !== 0) return
    const actual = this.#targets.internRecord(records)
    const wanted = states.desired[id]!
    const isNews = !this.#targets.covers(wanted, actual)
    if (isNews && states.actual[id] !== NO_TARGET && wanted !== NO_TARGET) this.counters.repaired += 1
    states.actual[id] = actual
    states.flags[id]! |= PrefixFlag.found
    // A refused prefix waits for its retry, unless this settles the matter or explains the conflict.
    const errno = states.errno[id]!
    if (errno === 0 ? isNews : !isNews || errno === EEXIST) this.#enqueue(states, id)
  }

  #ownRouteGone(records: RouteRecords): void {
    const states = this.#families[records.familyIndex]!
    const id = this.#lookup(states, records)
    if (id !== 0) this.#lost(states, id)
  }

  /** Our route is not in the kernel any more, and not by our doing. */
  #lost(states: PrefixStates, id: number): void {
    if (states.sent[id] !== 0 || states.actual[id] === NO_TARGET) return
    states.actual[id] = NO_TARGET
    if (states.desired[id] === NO_TARGET) {
      this.#forget(states, id)
      return
    }
    if (states.errno[id] !== 0) return
    this.counters.repaired += 1
    states.since[id] = this.#now()
    this.#enqueue(states, id)
  }

  #dropUnseen(states: PrefixStates): void {
    for (let id = 1; id < states.table.idLimit; id++) {
      if (states.actual[id] !== NO_TARGET && states.dump[id] !== this.#dump) this.#lost(states, id)
    }
  }

  /** A route of somebody else came or went: it may have been ours it overwrote, or the one in our way. True if refused routes may profit. */
  #foreignRoute(records: RouteRecords): boolean {
    const isGone = records.op === Op.gone
    if (records.metric === this.#metrics[records.familyIndex]) {
      const states = this.#families[records.familyIndex]!
      const id = this.#lookup(states, records)
      if (id !== 0 && !isGone && records.has(RecordFlag.replaced)) this.#lost(states, id)
      if (id !== 0 && isGone && states.errno[id] === EEXIST) this.#enqueue(states, id)
    }
    return !isGone
  }

  #lookup(states: PrefixStates, records: RouteRecords): number {
    return states.table.lookup(records.word(0), records.word(1), records.word(2), records.word(3), records.length)
  }

  #interfaceChanged({ kind, index }: InterfaceChange): void {
    if (kind === 'up' || kind === 'address-added') this.#networkChanged()
    if (kind === 'up' || kind === 'address-added' || kind === 'renamed' || !this.#isReady || this.#inDump) return
    // Pods come and go all day: only a link that a route of ours may use is worth a dump.
    const mayMatter = kind === 'address-removed' || this.#interfaces.hasGlobalAddress(index)
    if (mayMatter ? this.#targets.size > 0 : this.#targets.usesInterface(index)) {
      this.#port.dump(this.#options.protocol, `interface ${this.#interfaces.nameOf(index) ?? index}: ${kind}`)
    }
  }

  #networkChanged(): void {
    if (this.#retry.changed(this.#now())) this.#options.deadlineChanged?.()
  }

  /** Renumbers targets so that those no route uses are forgotten. */
  #compactTargets(): void {
    const used = new Uint8Array(this.#targets.size + 1)
    const arrays = this.#families.flatMap(states => [states.desired, states.actual, states.sent])
    for (const array of arrays) for (const id of array) if (id !== DELETING) used[id] = 1
    const renamed = this.#targets.compact(used)
    for (const array of arrays) {
      for (let at = 0; at < array.length; at++) if (array[at] !== DELETING) array[at] = renamed[array[at]!]!
    }
    this.#compactAbove = Math.max(TARGETS_BEFORE_COMPACTION, this.#targets.size * 2)
  }
}
