/**
 * Desired versus confirmed: keeps the FIB at what the RIB wants, and knows for every prefix how far it got (main thread).
 *
 * Rules, each from something the kernel really does, each with a test:
 *   - nothing is written before the first dump: what an earlier process left and we still want is adopted as it stands, without a rewrite;
 *   - a first install is create-or-fail; EEXIST is a conflict with another owner, reported and never stolen; only our own routes are overwritten;
 *   - a route changes in place; one that gets another metric is another route to the kernel, so the new one comes before the old one goes;
 *   - a delete names protocol and metric; leftovers of an earlier process go only after `recovered()`.
 * The books are in ledger.ts, what the kernel says goes through witness.ts, writes leave through outbox.ts, rows for people are made in row.ts.
 * The driver owns the timer: `nextDeadlineMs` and `tick`. Called by the daemon (desire, undesire, commit, recovered, rows) and by the port.
 */
import { LatencyHistogram } from './histogram.ts'
import type { Interfaces } from './interfaces.ts'
import { EEXIST, ENOBUFS, ESRCH, type KernelState, Ledger, type LedgerOptions, TAKEN, TRANSIENT } from './ledger.ts'
import { Outbox } from './outbox.ts'
import type { Dump, KernelListener, KernelPort } from './port.ts'
import { DELETING, PrefixFlag, type PrefixKey, type PrefixStates } from './prefix-state.ts'
import { NO_TOKEN, Op, type RouteRecords } from './record.ts'
import { type KernelRow, rowsOf, type SyncView } from './row.ts'
import { type KernelTarget, NO_TARGET } from './target.ts'
import { Witness } from './witness.ts'

/** A conflict is worth a dump of our protocol, in case we are the other owner; this often at most. */
const CONFLICT_DUMP_MS = 30_000
/** Routes that wait this long for the kernel to keep up are worth a warning. */
const BEHIND_MS = 5_000

/** What the kernel said to one write. */
interface Outcome {
  readonly errno: number
  readonly text: string
}

export interface KernelSyncOptions extends LedgerOptions {
  /** rtm_protocol that marks our routes. */
  readonly protocol: number
  readonly table: number
  /** Monotonic milliseconds; default performance.now. */
  readonly now?: () => number
  /** The kernel does not keep up since so many ms, with so many routes waiting; 0 ms: it does again. Once each. */
  readonly onBehind?: (ms: number, waiting: number) => void
}

export class KernelSync implements Partial<KernelListener> {
  /** From wish to confirmation. */
  readonly latency = new LatencyHistogram()
  readonly #port: KernelPort
  readonly #options: KernelSyncOptions
  readonly #now: () => number
  readonly #ledger: Ledger
  readonly #witness: Witness
  readonly #outbox: Outbox
  readonly #view: SyncView
  #isRecovered = false
  #conflictDumpMs = Number.NEGATIVE_INFINITY
  /** Time of the wishes of this turn: one reading for all of them. */
  #turnMs = 0
  /** Since when there was always something waiting; undefined: nothing is. */
  #busySinceMs: number | undefined
  #isBehind = false

  constructor(port: KernelPort, interfaces: Interfaces, options: KernelSyncOptions) {
    this.#port = port
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#ledger = new Ledger(interfaces, options, this.#now)
    this.#witness = new Witness(port, interfaces, this.#ledger, options)
    this.#outbox = new Outbox(port, options)
    const { families, targets, texts } = this.#ledger
    this.#view = {
      families,
      targets,
      texts,
      interfaces,
      wanted: (states, id) => this.#ledger.wanted(states, id),
      stateOf: (states, id) => this.#ledger.stateOf(states, id),
    }
    interfaces.watch(change => this.#witness.interfaceChanged(change))
  }

  get counters(): Ledger['counters'] {
    return this.#ledger.counters
  }

  /** The RIB wants this route. Takes effect at the next `commit`. */
  desire(prefix: PrefixKey, target: KernelTarget): void {
    const states = this.#ledger.families[prefix.family.index]!
    const wanted = this.#ledger.targets.internTarget(target)
    const { address0, address1, address2, address3, length } = prefix
    const id = states.table.add(address0, address1, address2, address3, length)
    states.reserve(id)
    if (states.desired[id] === wanted) return
    states.flags[id]! |= PrefixFlag.claimed
    this.#wish(states, id, wanted)
  }

  /** The RIB wants no route here any more. Takes effect at the next `commit`. */
  undesire(prefix: PrefixKey): void {
    const states = this.#ledger.families[prefix.family.index]!
    const { address0, address1, address2, address3, length } = prefix
    const id = states.table.lookup(address0, address1, address2, address3, length)
    if (id !== 0 && states.desired[id] !== NO_TARGET) this.#wish(states, id, NO_TARGET)
  }

  #wish(states: PrefixStates, id: number, wanted: number): void {
    if (this.#ledger.queue.size === 0) this.#turnMs = this.#now()
    states.desired[id] = wanted
    states.errno[id] = 0
    states.since[id] = this.#turnMs
    this.#ledger.note(states, id)
    this.#ledger.enqueue(states, id)
  }

  /** End of a flush: sends what is due, as far as the kernel keeps up; the rest follows by itself. */
  commit(): void {
    if (!this.#witness.isReady || this.#witness.inDump) return
    const { queue } = this.#ledger
    this.#ledger.followForms()
    if (this.#isRecovered) this.#removeStrays()
    while (queue.size > 0 && this.#outbox.hasRoom) this.#plan(queue.shift())
    this.#outbox.flush()
    this.#ledger.compact()
    this.#watchPace()
  }

  /** The RIB is complete again after a start: routes under our protocol that nobody wants are removed from now on. */
  recovered(): void {
    this.#isRecovered = true
    for (const states of this.#ledger.families) {
      for (let id = 1; id < states.table.idLimit; id++) {
        if (states.actual[id] !== NO_TARGET && states.desired[id] === NO_TARGET) this.#ledger.enqueue(states, id)
      }
    }
    this.commit()
  }

  /** When `tick` wants to be called, in ms of the clock; undefined: no need. */
  nextDeadlineMs(): number | undefined {
    const retry = this.#ledger.retry.deadlineMs
    const behind = this.#busySinceMs === undefined || this.#isBehind ? undefined : this.#busySinceMs + BEHIND_MS
    return retry === undefined || behind === undefined ? (retry ?? behind) : Math.min(retry, behind)
  }

  tick(now: number): void {
    this.#watchPace()
    if (!this.#ledger.retry.due(now)) return
    this.#ledger.retryRefused()
    this.commit()
  }

  /** Every route the RIB wants, with its state. */
  rows(): Generator<KernelRow> {
    return rowsOf(this.#view, this.#now())
  }

  /** How many wanted routes are in each state. Counted as they change: nothing is walked. */
  stateCounts(): Record<KernelState, number> {
    return this.#ledger.stateCounts()
  }

  /** Nothing waits and nothing is on its way: the FIB is as wanted, refusals aside. */
  get isSettled(): boolean {
    const { isReady, inDump } = this.#witness
    return isReady && !inDump && this.#ledger.queue.size === 0 && this.#outbox.isEmpty
  }

  /** Since how many ms there were always routes waiting; 0: none wait. */
  get behindMs(): number {
    return this.#isBehind ? this.#now() - (this.#busySinceMs ?? this.#now()) : 0
  }

  #watchPace(): void {
    const waiting = this.#ledger.queue.size
    const now = this.#now()
    if (waiting === 0 && this.#outbox.isEmpty) {
      this.#busySinceMs = undefined
      if (this.#isBehind) this.#options.onBehind?.(0, 0)
      this.#isBehind = false
    } else if (this.#busySinceMs === undefined) {
      this.#busySinceMs = now
      this.#options.deadlineChanged?.()
    } else if (!this.#isBehind && now - this.#busySinceMs >= BEHIND_MS) {
      this.#isBehind = true
      this.#options.onBehind?.(now - this.#busySinceMs, waiting)
    }
  }

  // ---- planning: from the books to a write

  #plan(token: number): void {
    const ledger = this.#ledger
    const states = ledger.families[token & 1]!
    const id = token >>> 1
    states.flags[id]! &= ~PrefixFlag.queued
    // A write is on its way: its outcome brings the prefix back here.
    if (states.sent[id] !== 0) return
    const actual = states.actual[id]!
    if (states.desired[id] === NO_TARGET) this.#planRemoval(states, id)
    else if (actual === NO_TARGET) this.#write(states, id, Op.add)
    else if (ledger.isMet(states, id, actual)) this.#confirmUnchanged(states, id)
    else if (ledger.metricOf(states, actual) !== ledger.metricOf(states, states.desired[id]!))
      this.#write(states, id, Op.add)
    else this.#write(states, id, Op.replace)
  }

  #planRemoval(states: PrefixStates, id: number): void {
    if (states.actual[id] === NO_TARGET) {
      this.#ledger.forget(states, id)
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
    this.#ledger.note(states, id)
  }

  #write(states: PrefixStates, id: number, op: number): void {
    const ledger = this.#ledger
    if (op === Op.delete) ledger.counters.deletes += 1
    else if (op === Op.add) ledger.counters.adds += 1
    else ledger.counters.replaces += 1
    // The wish may have got another form since: then this write makes it true as well.
    const wanted = op === Op.delete ? NO_TARGET : ledger.wanted(states, id)
    states.sent[id] = op === Op.delete ? DELETING : wanted
    ledger.note(states, id)
    const record = this.#outbox.append(op, states, id)
    if (wanted === NO_TARGET) record.metric = ledger.metricOf(states, states.actual[id]!)
    else ledger.targets.fill(record, wanted)
  }

  /** Takes away the route of the prefix that has another metric than the one now in force. */
  #removeOld(states: PrefixStates, id: number, metric: number): void {
    this.counters.deletes += 1
    const record = this.#outbox.append(Op.delete, states, id)
    record.metric = metric
    record.token = NO_TOKEN
  }

  #removeStrays(): void {
    const strays = this.#witness.takeStrays()
    if (strays === undefined) return
    this.counters.leftoversRemoved += strays.count
    this.#outbox.submit(strays)
  }

  // ---- outcomes

  written(records: RouteRecords, reasons: readonly string[]): void {
    const now = this.#now()
    while (records.nextRoute()) {
      if (records.token === NO_TOKEN) continue
      const states = this.#ledger.families[records.token & 1]!
      const id = records.token >>> 1
      const sent = states.sent[id]!
      states.sent[id] = 0
      if (sent === 0) continue
      if (records.errno === 0 || (sent === DELETING && records.errno === ESRCH)) this.#succeeded(states, id, sent, now)
      else this.#failed(states, id, sent, { errno: records.errno, text: reasons[records.reason] ?? '' })
      this.#ledger.note(states, id)
    }
    this.#outbox.returned(records)
    this.commit()
  }

  #succeeded(states: PrefixStates, id: number, sent: number, now: number): void {
    const ledger = this.#ledger
    const before = states.actual[id]!
    states.actual[id] = sent === DELETING ? NO_TARGET : sent
    states.flags[id]! &= ~PrefixFlag.found
    if (before !== NO_TARGET && sent !== DELETING) {
      const metric = ledger.metricOf(states, before)
      if (metric !== ledger.metricOf(states, sent)) this.#removeOld(states, id, metric)
    }
    const wanted = ledger.wanted(states, id)
    if (wanted === sent) {
      this.latency.record(now - states.since[id]!)
      states.since[id] = now
      states.errno[id] = 0
      return
    }
    if (wanted === NO_TARGET && sent === DELETING) ledger.forget(states, id)
    // A refused replacement was cleared away: what is left to do is in the list of retries.
    else if (sent !== DELETING || states.errno[id] === 0) ledger.enqueue(states, id)
  }

  #failed(states: PrefixStates, id: number, sent: number, { errno, text }: Outcome): void {
    const ledger = this.#ledger
    const { counters } = ledger
    counters.failures += 1
    counters.byErrno.set(errno, (counters.byErrno.get(errno) ?? 0) + 1)
    if (errno === EEXIST) this.#conflict()
    // Answers were lost: what the kernel made of the write is anybody's guess.
    if (errno === ENOBUFS) this.#port.dump(this.#options.protocol, 'the kernel had no room for its answers')
    const isClearing = sent === DELETING && states.errno[id] !== 0
    const meant = sent === DELETING ? NO_TARGET : sent
    if (isClearing) return
    if (ledger.wanted(states, id) !== meant) {
      ledger.enqueue(states, id)
      return
    }
    ledger.refuse(states, id, errno, errno === EEXIST ? TAKEN : text)
    // The new target is refused for good and the old one is no longer wanted: better no route than a wrong one.
    if (sent !== DELETING && states.actual[id] !== NO_TARGET && !TRANSIENT.has(errno))
      this.#write(states, id, Op.delete)
  }

  /** Somebody holds a prefix where we believed nothing was. If it is ourselves, a dump of our protocol shows it. */
  #conflict(): void {
    this.counters.conflicts += 1
    const now = this.#now()
    if (now - this.#conflictDumpMs < CONFLICT_DUMP_MS) return
    this.#conflictDumpMs = now
    this.#port.dump(this.#options.protocol, 'a prefix was taken')
  }

  // ---- what the kernel says

  dumpStarted(dump: Dump): void {
    this.#witness.dumpStarted(dump)
  }

  dumpFinished(dump: Dump): void {
    this.#witness.dumpFinished(dump)
    this.commit()
  }

  routes(records: RouteRecords): void {
    this.#witness.routes(records)
    this.commit()
  }

  /** After links and addresses, of which interfaces.ts told: forms of wishes may be others now. */
  links(): void {
    this.commit()
  }

  addresses(): void {
    this.commit()
  }

  resync(): void {
    this.counters.resyncs += 1
  }

  writesLost(): void {
    this.#outbox.lost()
    this.#ledger.forgetSent()
    // Until the dump that follows, nobody knows what the kernel has.
    this.#witness.isReady = false
  }
}
