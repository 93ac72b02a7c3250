/**
 * What the kernel has, as far as it is ours: dumps and events, written into the ledger. The half of sync.ts that listens.
 *
 * Rules, each from something the kernel really does, each with a test:
 *   - a dump is the whole truth of our protocol: what it does not show is lost, also where no event said so (link down, address removed);
 *   - a route of ours with a metric nobody wants, or shown twice, is a stray: deleted, once the speaker has recovered from its start;
 *   - a route made by a redirect is a stray as well, whatever it leads to;
 *   - a foreign route that overwrote ours is not fought; one that went away may have been in our way;
 *   - what was found as it is wanted is left alone.
 */
import { Protocol } from './constants.ts'
import type { InterfaceChange, Interfaces } from './interfaces.ts'
import { EEXIST, type Ledger } from './ledger.ts'
import type { Dump, KernelPort } from './port.ts'
import { PrefixFlag, type PrefixStates } from './prefix-state.ts'
import { NO_TOKEN, Op, RecordFlag, RouteRecords } from './record.ts'
import { NO_TARGET } from './target.ts'

export interface WitnessOptions {
  /** rtm_protocol that marks our routes. */
  readonly protocol: number
  readonly table: number
}

export class Witness {
  readonly #port: Pick<KernelPort, 'dump'>
  readonly #interfaces: Interfaces
  readonly #ledger: Ledger
  readonly #options: WitnessOptions
  /** Routes under our protocol that no wish can mean: to be deleted. */
  #strays = new RouteRecords(0)
  /** Routes made by redirects: to be deleted too, but a dump of our protocol does not show them. */
  #redirects = new RouteRecords(0)
  #sawDouble = false
  /** Number of the newest dump. */
  #dump = 0
  /** A dump runs: what is known is half old and half new. */
  inDump = false
  /** A dump was taken in, since the start or since doubt. */
  isReady = false

  constructor(port: Pick<KernelPort, 'dump'>, interfaces: Interfaces, ledger: Ledger, options: WitnessOptions) {
    this.#port = port
    this.#interfaces = interfaces
    this.#ledger = ledger
    this.#options = options
  }

  dumpStarted(dump: Dump): void {
    if (!this.#covers(dump)) return
    this.#dump += 1
    this.inDump = true
    this.#strays.clear()
    if (dump.protocol === 0) this.#redirects.clear()
    this.#sawDouble = false
  }

  dumpFinished(dump: Dump): void {
    if (!this.#covers(dump)) return
    for (const states of this.#ledger.families) this.#dropUnseen(states)
    this.#ledger.counters.dumps += 1
    this.inDump = false
    this.isReady = true
  }

  /** Takes the strays as deletes to submit; undefined: none. After a route was seen twice a dump shows what the delete has left. */
  takeStrays(): RouteRecords | undefined {
    if (this.#strays.count + this.#redirects.count === 0) return undefined
    const deletes = new RouteRecords(this.#strays.count + this.#redirects.count)
    for (const strays of [this.#strays, this.#redirects]) {
      strays.rewind()
      while (strays.next()) {
        if (strays === this.#strays && this.#isWanted(strays)) continue
        deletes.appendCopy(strays)
        deletes.op = Op.delete
        deletes.token = NO_TOKEN
        deletes.legs = 0
      }
      strays.clear()
    }
    if (this.#sawDouble) this.#port.dump(this.#options.protocol, 'a route was there twice')
    this.#sawDouble = false
    return deletes.count === 0 ? undefined : deletes
  }

  /** A stray by its metric may have become what is wanted since it was seen. Its double may not: that one has the metric of what we have. */
  #isWanted(stray: RouteRecords): boolean {
    const states = this.#ledger.families[stray.familyIndex]!
    const id = this.#ledger.lookup(stray)
    if (id === 0 || states.desired[id] === NO_TARGET) return false
    const actual = states.actual[id]!
    if (actual !== NO_TARGET && stray.metric === this.#ledger.metricOf(states, actual)) return false
    return stray.metric === this.#ledger.metricOf(states, states.desired[id]!)
  }

  routes(records: RouteRecords): void {
    let mayHelp = false
    while (records.nextRoute()) {
      if (records.table !== this.#options.table) continue
      if (records.protocol === this.#options.protocol) this.#ownRoute(records)
      else if (records.protocol === Protocol.redirect) this.#redirect(records)
      else if (!this.inDump) mayHelp = this.#foreignRoute(records) || mayHelp
    }
    if (mayHelp) this.#ledger.networkChanged()
  }

  #covers(dump: Dump): boolean {
    return dump.protocol === 0 || dump.protocol === this.#options.protocol
  }

  /** INTEROP: as BIRD does, so that no neighbour's ICMP redirect (RFC 1122 3.2.2.2) leads past what routing decided. With a TOS it is another key. */
  #redirect(records: RouteRecords): void {
    if (records.op !== Op.gone && !records.has(RecordFlag.tos | RecordFlag.cloned)) this.#redirects.appendCopy(records)
  }

  #ownRoute(records: RouteRecords): void {
    // With a type of service it is another key, and a delete without one would hit the wrong route.
    if (records.has(RecordFlag.tos)) return
    if (records.op === Op.gone) this.#ownRouteGone(records)
    else this.#ownRoutePresent(records)
  }

  #ownRoutePresent(records: RouteRecords): void {
    const states = this.#ledger.families[records.familyIndex]!
    const { table } = states
    const id = table.add(records.word(0), records.word(1), records.word(2), records.word(3), records.length)
    states.reserve(id)
    if (this.#isStray(states, id, records)) {
      this.#strays.appendCopy(records)
      return
    }
    states.dump[id] = this.#dump
    if (states.sent[id] !== 0) return
    this.#take(states, id, records)
  }

  /** Is this not the one route of its prefix that the ledger follows? That one has the wanted metric; else the one that was followed; else the first. */
  #isStray(states: PrefixStates, id: number, records: RouteRecords): boolean {
    const ledger = this.#ledger
    const desired = states.desired[id]!
    const actual = states.actual[id]!
    const followed = actual === NO_TARGET ? -1 : ledger.metricOf(states, actual)
    const wanted = desired === NO_TARGET ? followed : ledger.metricOf(states, desired)
    if (this.inDump && states.dump[id] === this.#dump) {
      // Two entries of one prefix and metric: the delete takes the first, the dump after it shows what is left.
      if (records.metric === followed) {
        this.#sawDouble = true
        return true
      }
      if (records.metric !== wanted) return true
      // The one that was taken before was a stray; this is the one.
      if (followed >= 0) this.#addStray(records, followed)
      return false
    }
    return followed >= 0 && records.metric !== followed && records.metric !== wanted
  }

  /** A stray of the prefix under the cursor with another metric. */
  #addStray(records: RouteRecords, metric: number): void {
    this.#strays.appendCopy(records)
    this.#strays.metric = metric
  }

  /** This is what the kernel has. */
  #take(states: PrefixStates, id: number, records: RouteRecords): void {
    const ledger = this.#ledger
    const before = states.actual[id]!
    const actual = ledger.targets.internRecord(records)
    if (before !== NO_TARGET && ledger.metricOf(states, before) !== records.metric && !this.inDump) {
      this.#addStray(records, ledger.metricOf(states, before))
    }
    const isNews = !ledger.isMet(states, id, actual)
    if (isNews && before !== NO_TARGET && states.desired[id] !== NO_TARGET) ledger.counters.repaired += 1
    states.actual[id] = actual
    states.flags[id]! |= PrefixFlag.found
    ledger.note(states, id)
    // A refused prefix waits for its retry, unless this settles the matter or explains the conflict.
    const errno = states.errno[id]!
    if (errno === 0 ? isNews : !isNews || errno === EEXIST) ledger.enqueue(states, id)
  }

  #ownRouteGone(records: RouteRecords): void {
    const states = this.#ledger.families[records.familyIndex]!
    const id = this.#ledger.lookup(records)
    if (id !== 0 && this.#isFollowed(states, id, records)) this.#ledger.lost(states, id)
  }

  #isFollowed(states: PrefixStates, id: number, records: RouteRecords): boolean {
    const actual = states.actual[id]!
    return actual !== NO_TARGET && records.metric === this.#ledger.metricOf(states, actual)
  }

  #dropUnseen(states: PrefixStates): void {
    for (let id = 1; id < states.table.idLimit; id++) {
      if (states.actual[id] !== NO_TARGET && states.dump[id] !== this.#dump) this.#ledger.lost(states, id)
    }
  }

  /** A route of somebody else came or went: it may have been ours it overwrote, or the one in our way. True if refused routes may profit. */
  #foreignRoute(records: RouteRecords): boolean {
    const isGone = records.op === Op.gone
    const states = this.#ledger.families[records.familyIndex]!
    const id = this.#ledger.lookup(records)
    if (id === 0) return !isGone
    if (!isGone && records.has(RecordFlag.replaced) && this.#isFollowed(states, id, records)) {
      this.#ledger.lost(states, id)
    }
    if (isGone && states.errno[id] === EEXIST) this.#ledger.enqueue(states, id)
    return !isGone
  }

  interfaceChanged({ kind, index }: InterfaceChange): void {
    if (kind === 'up' || kind === 'address-added') this.#ledger.networkChanged()
    if (kind === 'up' || kind === 'address-added' || kind === 'renamed' || !this.isReady || this.inDump) return
    const { targets } = this.#ledger
    // Pods come and go all day: only a link that a route of ours may use is worth a dump.
    const mayMatter = kind === 'address-removed' || this.#interfaces.hasGlobalAddress(index)
    if (mayMatter ? targets.size > 0 : targets.usesInterface(index)) {
      this.#port.dump(this.#options.protocol, `interface ${this.#interfaces.nameOf(index) ?? index}: ${kind}`)
    }
  }
}
