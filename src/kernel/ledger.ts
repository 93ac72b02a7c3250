/**
 * The books of sync.ts: per prefix what is wanted, what the kernel has, what is on its way and what was refused; and which prefixes have to be looked at.
 *
 * sync.ts writes wishes and outcomes into it and takes prefixes out of the queue; witness.ts writes what dumps and events show. Neither calls the other.
 * A prefix is a token, `id * 2 + family index`. The arrays are in prefix-state.ts.
 */
import { constants } from 'node:os'
import { FAMILIES } from '../../wire/family.ts'
import { IPV6_DEFAULT_METRIC } from './constants.ts'
import { KernelCounters } from './counters.ts'
import type { Interfaces } from './interfaces.ts'
import { DELETING, PrefixFlag, PrefixStates, TokenQueue } from './prefix-state.ts'
import type { RouteRecords } from './record.ts'
import { Resolver } from './resolve.ts'
import { RetryClock } from './retry.ts'
import { NO_TARGET, TargetTable } from './target.ts'
import { TextTable } from './text-table.ts'
import type { Underlay } from './underlay.ts'

/**
 * How far a wanted route got. desired: waits for its turn; pending: sent, no answer yet; confirmed: in the kernel as wanted; failed: refused, retried by
 * itself; conflict: refused because a route of another owner holds the prefix and metric.
 */
const KERNEL_STATES = ['desired', 'pending', 'confirmed', 'failed', 'conflict'] as const
export type KernelState = (typeof KERNEL_STATES)[number]

/** `PrefixStates.state` of a prefix that nobody wants; else 1 and on, in the order of KERNEL_STATES. */
const UNWANTED = 0
const stateNumber = (state: KernelState): number => KERNEL_STATES.indexOf(state) + 1
const DESIRED = stateNumber('desired')
const PENDING = stateNumber('pending')
const CONFIRMED = stateNumber('confirmed')
const FAILED = stateNumber('failed')
const CONFLICT = stateNumber('conflict')

/** Interned targets above which unused ones are looked for. */
const TARGETS_BEFORE_COMPACTION = 4096

export interface LedgerOptions {
  /** Metric of routes that name none; 0: none (the kernel makes that 1024 for IPv6). */
  readonly metric: number
  /** Secret of the process, for the tables keyed by what peers choose. */
  readonly seed: number
  /** What next hops resolve through; absent: only connected subnets. */
  readonly underlay?: Underlay
  /** Called when `nextDeadlineMs` of sync.ts moved forward. */
  readonly deadlineChanged?: () => void
}

export class Ledger {
  readonly counters = new KernelCounters()
  readonly families: readonly PrefixStates[]
  readonly targets: TargetTable
  readonly resolver: Resolver
  /** Prefixes to look at. */
  readonly queue = new TokenQueue()
  readonly texts = new TextTable()
  readonly retry = new RetryClock()
  readonly now: () => number
  readonly #deadlineChanged: () => void
  /** How many prefixes have each `state`; that of UNWANTED means nothing. */
  readonly #stateCounts = new Uint32Array(KERNEL_STATES.length + 1)
  /** Refused prefixes, until their retry. */
  #refused: number[] = []
  #compactAbove = TARGETS_BEFORE_COMPACTION

  constructor(interfaces: Interfaces, options: LedgerOptions, now: () => number) {
    const { metric, seed } = options
    this.now = now
    this.families = FAMILIES.map(family => new PrefixStates(family, seed))
    this.targets = new TargetTable(seed, [metric, metric === 0 ? IPV6_DEFAULT_METRIC : metric])
    this.resolver = new Resolver(this.targets, interfaces, options.underlay)
    this.#deadlineChanged = options.deadlineChanged ?? (() => {})
  }

  /** The target the kernel is to have: the form of the wish. */
  wanted(states: PrefixStates, id: number): number {
    return this.resolver.form(states.desired[id]!)
  }

  /** Has the kernel what is wanted, as far as we know? */
  isMet(states: PrefixStates, id: number, actual: number): boolean {
    const wanted = this.wanted(states, id)
    if (wanted === NO_TARGET || actual === NO_TARGET) return wanted === actual
    return this.targets.covers(wanted, actual, states.family.index)
  }

  metricOf(states: PrefixStates, target: number): number {
    return this.targets.metric(target, states.family.index)
  }

  /** Counts the prefix anew. Due after every change of what is desired, sent, actual or refused. */
  note(states: PrefixStates, id: number): void {
    const before = states.state[id]!
    const now = this.#stateOf(states, id)
    if (now === before) return
    this.#stateCounts[before]! -= 1
    this.#stateCounts[now]! += 1
    states.state[id] = now
  }

  #stateOf(states: PrefixStates, id: number): number {
    if (states.desired[id] === NO_TARGET) return UNWANTED
    const errno = states.errno[id]!
    const sent = states.sent[id]!
    // The delete that clears a refused replacement away is no attempt of its own.
    if (sent !== 0 && (errno === 0 || sent !== DELETING)) return PENDING
    if (errno !== 0) return errno === EEXIST ? CONFLICT : FAILED
    const actual = states.actual[id]!
    return actual !== NO_TARGET && this.isMet(states, id, actual) ? CONFIRMED : DESIRED
  }

  /** The state of a prefix that is wanted, looked up afresh. */
  stateOf(states: PrefixStates, id: number): KernelState {
    return KERNEL_STATES[this.#stateOf(states, id) - 1] ?? 'desired'
  }

  /** How many wanted prefixes are in each state. */
  stateCounts(): Record<KernelState, number> {
    const [, desired = 0, pending = 0, confirmed = 0, failed = 0, conflict = 0] = this.#stateCounts
    return { desired, pending, confirmed, failed, conflict }
  }

  enqueue(states: PrefixStates, id: number): void {
    if ((states.flags[id]! & PrefixFlag.queued) !== 0) return
    states.flags[id]! |= PrefixFlag.queued
    this.queue.push(id * 2 + states.family.index)
  }

  /** The id of the prefix under the cursor, 0 when nothing is known of it. */
  lookup(records: RouteRecords): number {
    const { table } = this.families[records.familyIndex]!
    return table.lookup(records.word(0), records.word(1), records.word(2), records.word(3), records.length)
  }

  forget(states: PrefixStates, id: number): void {
    // A token may still be in the queue or the list of retries: it then speaks for nobody, or for the id's next owner, and both are harmless.
    if (!states.table.isLive(id)) return
    const flags = states.flags[id]! & (PrefixFlag.listed | PrefixFlag.queued)
    this.#stateCounts[states.state[id]!]! -= 1
    this.#stateCounts[UNWANTED]! += 1
    states.forget(id)
    states.flags[id] = flags
  }

  /** The kernel said no: the prefix waits, with the reason, for time or for an event. */
  refuse(states: PrefixStates, id: number, errno: number, text: string): void {
    const now = this.now()
    if (states.errno[id] !== errno) states.since[id] = now
    states.errno[id] = errno
    states.reason[id] = this.texts.intern(text)
    if ((states.flags[id]! & PrefixFlag.listed) === 0) {
      states.flags[id]! |= PrefixFlag.listed
      this.#refused.push(id * 2 + states.family.index)
    }
    if (this.retry.refused(now)) this.#deadlineChanged()
  }

  /** Something came that refused routes may have waited for. */
  networkChanged(): void {
    if (this.retry.changed(this.now())) this.#deadlineChanged()
  }

  /** Puts every refused prefix into the queue again. */
  retryRefused(): void {
    const refused = this.#refused
    this.#refused = []
    for (const token of refused) {
      const states = this.families[token & 1]!
      const id = token >>> 1
      states.flags[id]! &= ~PrefixFlag.listed
      if (states.errno[id] === 0) continue
      this.counters.retries += 1
      this.enqueue(states, id)
    }
  }

  /** Our route is not in the kernel any more, and not by our doing. */
  lost(states: PrefixStates, id: number): void {
    if (states.sent[id] !== 0 || states.actual[id] === NO_TARGET) return
    states.actual[id] = NO_TARGET
    if (states.desired[id] === NO_TARGET) {
      this.forget(states, id)
      return
    }
    this.note(states, id)
    if (states.errno[id] !== 0) return
    this.counters.repaired += 1
    states.since[id] = this.now()
    this.enqueue(states, id)
  }

  /** Looks again at every prefix whose wish has another form since an interface or the underlay changed. */
  followForms(): void {
    const changed = this.resolver.refresh()
    if (changed === undefined) return
    const now = this.now()
    for (const states of this.families) {
      for (let id = 1; id < states.table.idLimit; id++) {
        if (changed[states.desired[id]!] !== 1) continue
        states.errno[id] = 0
        states.since[id] = now
        this.note(states, id)
        this.enqueue(states, id)
      }
    }
  }

  /** Nobody will tell what became of the writes on their way. */
  forgetSent(): void {
    for (const states of this.families) {
      for (let id = 1; id < states.table.idLimit; id++) {
        if (states.sent[id] === 0) continue
        states.sent[id] = 0
        this.note(states, id)
        this.enqueue(states, id)
      }
    }
  }

  /** Renumbers targets so that those no route uses are forgotten, when there are many. */
  compact(): void {
    if (this.targets.size <= this.#compactAbove) return
    const used = new Uint8Array(this.targets.size + 1)
    const arrays = this.families.flatMap(states => [states.desired, states.actual, states.sent])
    for (const array of arrays) for (const id of array) if (id !== DELETING) used[id] = 1
    this.resolver.markUsed(used)
    const renamed = this.targets.compact(used)
    this.resolver.renumber(renamed)
    for (const array of arrays) {
      for (let at = 0; at < array.length; at++) if (array[at] !== DELETING) array[at] = renamed[array[at]!]!
    }
    this.#compactAbove = Math.max(TARGETS_BEFORE_COMPACTION, this.targets.size * 2)
  }
}

/** Words for EEXIST; the kernel's own speak of files. */
export const TAKEN = 'a route of another owner has this prefix and metric'

export const { EEXIST, ESRCH, ENOBUFS } = constants.errno
const { EAGAIN, EBUSY, EINTR, ENOMEM } = constants.errno
/** Refusals that say nothing about the route: the old one stays until the retry. */
export const TRANSIENT: ReadonlySet<number> = new Set([EAGAIN, EBUSY, EINTR, ENOBUFS, ENOMEM])
