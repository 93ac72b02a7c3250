/**
 * Tells a batch of prefixes to an update group: who may hear them (egress.ts), what export policy makes of them, which
 * withdraws follow (RFC 4271 9.1.3, 9.2).
 *
 * After a flush (`tellChanges`) exactly these messages result, with S the source of the new best route, O that of the one
 * told before:
 *   told before, not now       withdraw for everyone but O
 *   told now                   announcement for everyone but S
 *   told before, S is not O    and a withdraw for S: it held the route of O, and its own must not come back
 *   neither                    nothing
 * A slice of a catch-up scan (`tellState`) shows the state instead: announcements for everyone but S, and, unless the scan
 * is fresh, a withdraw for S and one for everyone of whatever in the batch is not announced.
 * Hot module, called once per (flush or slice, group). Policies that look at prefixes split a bucket by verdict.
 */
import { AttributeCode } from '../../wire/iana.ts'
import type { Core } from './core.ts'
import type { PrefixBatch } from './prefix-batch.ts'
import { maskOf, type RewritePlan, Rewriter } from './rewrite.ts'
import { REJECT, RouteSubject } from './subject.ts'
import type { Told } from './told.ts'
import type { UpdateGroup } from './update-group.ts'
import { type Chain, NO_NEXT_HOP, SENT, TOO_LONG, UpdateWriter } from './update-writer.ts'
import { Withdrawals } from './withdrawals.ts'

/** What may be left out when a message gets too long: errors in these only discard them (RFC 8654 4, RFC 7606 7.6, 7.7). */
const DISPENSABLE = maskOf(AttributeCode.ATOMIC_AGGREGATE, AttributeCode.AGGREGATOR)

const FLUSH = 0
const FRESH_SLICE = 1
const SLICE = 2

export class Teller {
  readonly #core: Core
  readonly #subject: RouteSubject
  readonly #writer: UpdateWriter
  readonly #withdrawals = new Withdrawals()
  #group!: UpdateGroup
  #batch!: PrefixBatch
  #told!: Told
  #mode = FLUSH
  /** Links of the chains into which a bucket is split by verdict, by position. */
  readonly #splitLink: Uint32Array
  /** Position + 1 of the first prefix, by verdict + 1; 0 at rest. */
  #splitHeads = new Uint32Array(64)
  readonly #verdicts: number[] = []
  readonly #chain: Chain = { head: 0, link: new Uint32Array(0), who: 0 }

  constructor(core: Core, capacity: number) {
    this.#core = core
    this.#subject = new RouteSubject(core.store)
    this.#writer = new UpdateWriter(new Rewriter(core.store, core.sources))
    this.#splitLink = new Uint32Array(capacity)
  }

  /** Writes the changes of a flush to the group's log. The prefixes of `batch` are settled already. */
  tellChanges(group: UpdateGroup, batch: PrefixBatch): void {
    this.#begin(group, batch, FLUSH)
    this.#writer.begin(group.log, batch)
    this.#tell()
  }

  /** Writes the state of the prefixes in `batch` as a slice, whose pieces the caller takes. */
  tellState(group: UpdateGroup, batch: PrefixBatch, isFresh: boolean): void {
    this.#begin(group, batch, isFresh ? FRESH_SLICE : SLICE)
    this.#writer.begin(group.slices, batch)
    this.#tell()
  }

  #begin(group: UpdateGroup, batch: PrefixBatch, mode: number): void {
    this.#group = group
    this.#batch = batch
    this.#mode = mode
    this.#told = group.told[batch.table.family.index]!
  }

  #tell(): void {
    const batch = this.#batch
    for (let k = 0; k < batch.setCount; k++) this.#tellBucket(batch.sets[k]!, batch.heads[k]!)
    if (this.#mode === FLUSH) this.#refuse(batch.emptied, batch.link)
    else this.#withdrawEmptied()
    this.#withdrawals.write(this.#writer)
  }

  #tellBucket(set: number, head: number): void {
    const batch = this.#batch
    const { egress, policy } = this.#group
    const family = batch.table.family
    const plan = egress.planFor(set, family)
    if (plan === undefined) {
      this.#refuse(head, batch.link)
      return
    }
    this.#subject.setRoute(set, family)
    if (policy.dependsOnPrefix) this.#split(set, plan, head)
    else this.#decide(set, plan, policy.evaluate(this.#subject), head, batch.link)
  }

  /** Asks a policy that looks at prefixes about each one, and goes on with the prefixes of each verdict together. */
  #split(set: number, plan: RewritePlan, head: number): void {
    const { ids, link, table } = this.#batch
    const policy = this.#group.policy
    const subject = this.#subject
    const splitLink = this.#splitLink
    const verdicts = this.#verdicts
    verdicts.length = 0
    for (let p = head; p !== 0; p = link[p - 1]!) {
      const verdict = policy.evaluate(subject.setPrefix(table.prefixes, ids[p - 1]!))
      if (verdict + 1 >= this.#splitHeads.length) this.#splitHeads = grownHeads(this.#splitHeads, verdict)
      const first = this.#splitHeads[verdict + 1]!
      if (first === 0) verdicts.push(verdict)
      splitLink[p - 1] = first
      this.#splitHeads[verdict + 1] = p
    }
    for (let i = 0; i < verdicts.length; i++) {
      const verdict = verdicts[i]!
      const first = this.#splitHeads[verdict + 1]!
      this.#splitHeads[verdict + 1] = 0
      this.#decide(set, plan, verdict, first, splitLink)
    }
  }

  #decide(set: number, plan: RewritePlan, verdict: number, head: number, link: Uint32Array): void {
    if (verdict === REJECT) {
      this.#refuse(head, link)
      return
    }
    const edits = verdict === 0 ? undefined : this.#group.policy.edits[verdict]
    const source = this.#core.store.sourceOf(set)
    const isMember = this.#isMember(source)
    const chain = this.#chain
    chain.head = head
    chain.link = link
    chain.who = isMember ? source : 0
    let outcome = this.#writer.announce(set, plan, edits, chain)
    if (outcome === TOO_LONG) outcome = this.#writer.announce(set, withoutDispensable(plan), edits, chain)
    if (outcome === SENT) this.#accept(head, link, source, isMember)
    else this.#fail(outcome, head, link)
  }

  /** The prefixes of a chain were announced. */
  #accept(head: number, link: Uint32Array, source: number, isMember: boolean): void {
    const { ids, old } = this.#batch
    const told = this.#told
    const ownTold = this.#core.sources.ownTold
    for (let p = head; p !== 0; p = link[p - 1]!) {
      const id = ids[p - 1]!
      const wasTold = told.add(id)
      const before = wasTold ? old[p - 1]! : 0
      if (isMember) ownTold[source]! += 1
      if (this.#isMember(before)) ownTold[before]! -= 1
      if (isMember && (this.#mode === SLICE || (wasTold && before !== source))) this.#withdrawals.add(id, -source)
    }
  }

  /** The emptied prefixes of a slice: for everyone, or for one source only, if that is a member (catch-up.ts). */
  #withdrawEmptied(): void {
    const { ids, old, link, emptied } = this.#batch
    for (let p = emptied; p !== 0; p = link[p - 1]!) {
      const source = old[p - 1]!
      if (source === 0 || this.#isMember(source)) this.#withdrawals.add(ids[p - 1]!, -source)
    }
  }

  /** The prefixes of a chain are not for this group (any more). */
  #refuse(head: number, link: Uint32Array): void {
    const { ids, old } = this.#batch
    const withdrawals = this.#withdrawals
    if (this.#mode === FRESH_SLICE) return
    for (let p = head; p !== 0; p = link[p - 1]!) {
      const id = ids[p - 1]!
      if (this.#mode === SLICE) withdrawals.add(id, 0)
      else if (this.#told.remove(id)) {
        const before = old[p - 1]!
        const isMember = this.#isMember(before)
        if (isMember) this.#core.sources.ownTold[before]! -= 1
        withdrawals.add(id, isMember ? before : 0)
      }
    }
  }

  #fail(outcome: number, head: number, link: Uint32Array): void {
    let count = 0
    for (let p = head; p !== 0; p = link[p - 1]!) count++
    if (outcome === NO_NEXT_HOP) this.#group.withoutNextHop += count
    else this.#group.tooLong += count
    this.#refuse(head, link)
  }

  #isMember(source: number): boolean {
    return this.#core.sources.group[source] === this.#group.number
  }
}

function withoutDispensable(plan: RewritePlan): RewritePlan {
  return { ...plan, mask: plan.mask | DISPENSABLE }
}

function grownHeads(heads: Uint32Array<ArrayBuffer>, verdict: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * (verdict + 2))
  larger.set(heads)
  return larger
}
