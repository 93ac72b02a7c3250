/**
 * Tells a batch of prefixes to an update group: who may hear them (egress.ts), what export policy makes of them, what is
 * announced and which withdraws follow (ledger.ts) (RFC 4271 9.1.3, 9.2).
 *
 * Three ways: the changes of a flush, the state of a range for a catch-up slice, and the difference between what another
 * group told and what this one tells, for readers that changed group.
 * Hot module, called once per (flush or slice, group). Policies that look at prefixes split a bucket by verdict.
 */
import type { CompiledPolicy, Edits } from '../policy/policy.ts'
import { Chains } from './chains.ts'
import type { Core } from './core.ts'
import { DIFFERENCE, FLUSH, FRESH_SLICE, SLICE } from './group-books.ts'
import { Ledger } from './ledger.ts'
import { PathLedger } from './path-ledger.ts'
import type { PrefixBatch } from './prefix-batch.ts'
import { type RewritePlan, Rewriter } from './rewrite.ts'
import { REJECT, RouteSubject } from './subject.ts'
import { type Told, UNDECIDED } from './told.ts'
import type { UpdateGroup } from './update-group.ts'
import { type Chain, NO_NEXT_HOP, SENT, UpdateWriter } from './update-writer.ts'
import { Withdrawals } from './withdrawals.ts'

/** Instead of a verdict: the other group has not told it. */
const UNTOLD = -1

export class Teller {
  readonly #core: Core
  readonly #subject: RouteSubject
  readonly #rewriter: Rewriter
  readonly #writer: UpdateWriter
  readonly #withdrawals = new Withdrawals()
  readonly #prefixLedger: Ledger
  /** For groups that are told several paths of a prefix. */
  readonly pathLedger: PathLedger
  #ledger: Ledger | PathLedger
  #group!: UpdateGroup
  #batch!: PrefixBatch
  #told!: Told
  /** Of `tellPaths`. */
  #from: UpdateGroup | undefined
  /** The parts of a bucket: by verdict, or by pair of verdicts. */
  readonly #parts: Chains
  readonly #chain: Chain = { head: 0, link: new Uint32Array(0), who: 0 }

  constructor(core: Core, capacity: number) {
    this.#core = core
    this.#subject = new RouteSubject(core)
    this.#rewriter = new Rewriter(core.store, core.sources)
    this.#writer = new UpdateWriter(this.#rewriter)
    this.#prefixLedger = new Ledger(core.sources, this.#withdrawals)
    this.pathLedger = new PathLedger(core.sources, this.#withdrawals)
    this.#ledger = this.#prefixLedger
    this.#parts = new Chains(capacity)
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

  /** As `tellState`, for readers that know what group `from` tells about these prefixes: only what differs is written. */
  tellDifference(group: UpdateGroup, from: UpdateGroup, batch: PrefixBatch): void {
    this.#begin(group, batch, DIFFERENCE)
    this.#writer.begin(group.slices, batch)
    for (let k = 0; k < batch.setCount; k++) this.#compareBucket(from, batch.sets[k]!, batch.heads[k]!)
    this.#withdrawals.write(this.#writer)
  }

  // Several paths of a prefix, see path-teller.ts

  /** What follows is told to a group in one of the modes of group-books.ts; with `from`, as a difference to that group. */
  beginPaths(group: UpdateGroup, batch: PrefixBatch, mode: number, from: UpdateGroup | undefined): void {
    this.#begin(group, batch, mode)
    this.#from = from
    this.#writer.begin(mode === FLUSH ? group.log : group.slices, batch)
  }

  /** Tells the paths in the batch, which is sorted. */
  tellPaths(): void {
    const { setCount, sets, heads } = this.#batch
    const from = this.#from
    for (let k = 0; k < setCount; k++) {
      if (from === undefined) this.#tellBucket(sets[k]!, heads[k]!)
      else this.#compareBucket(from, sets[k]!, heads[k]!)
    }
  }

  /** After the last batch. */
  writeWithdraws(): void {
    this.#withdrawals.write(this.#writer)
  }

  #begin(group: UpdateGroup, batch: PrefixBatch, mode: number): void {
    this.#group = group
    this.#batch = batch
    this.#told = group.told[batch.table.family.index]!
    this.#ledger = batch.isPathwise ? this.pathLedger : this.#prefixLedger
    this.#ledger.begin(group, batch, mode)
  }

  #tell(): void {
    const batch = this.#batch
    for (let k = 0; k < batch.setCount; k++) this.#tellBucket(batch.sets[k]!, batch.heads[k]!)
    this.#ledger.empty()
    this.#withdrawals.write(this.#writer)
  }

  #tellBucket(set: number, head: number): void {
    const batch = this.#batch
    const { egress, policy } = this.#group
    const family = batch.table.family
    const plan = egress.planFor(set, family)
    if (plan === undefined) {
      this.#ledger.refuse(head, batch.link)
      return
    }
    this.#subject.setRoute(set, family)
    if (policy.dependsOnPrefix) this.#split(set, plan, head)
    else this.#decide(set, plan, policy.evaluate(this.#subject), head, batch.link)
  }

  /** Asks a policy that looks at prefixes about each one, and goes on with the prefixes of each verdict together. */
  #split(set: number, plan: RewritePlan, head: number): void {
    const { ids, link } = this.#batch
    const parts = this.#parts
    const told = this.#told
    const policy = this.#group.policy
    const isNew = this.#ledger.mode === FLUSH
    parts.clear()
    for (let p = head; p !== 0; p = link[p - 1]!) parts.add(p, this.#verdict(policy, told, ids[p - 1]!, isNew), 0)
    for (let i = 0; i < parts.count; i++) this.#decide(set, plan, parts.first[i]!, parts.heads[i]!, parts.link)
  }

  /** What a policy says about a prefix with the route of `#subject`; what it said before, unless the route `isNew`. */
  #verdict(policy: CompiledPolicy, told: Told, prefix: number, isNew: boolean): number {
    if (!policy.dependsOnPrefix) return policy.evaluate(this.#subject)
    // Verdicts are per prefix; several paths have several.
    const { isPathwise, table } = this.#batch
    const kept = isNew || isPathwise ? UNDECIDED : told.verdict(prefix)
    if (kept !== UNDECIDED) return kept
    const verdict = policy.evaluate(this.#subject.setPrefix(table.prefixes, prefix))
    if (!isPathwise) told.keep(prefix, verdict)
    return verdict
  }

  #decide(set: number, plan: RewritePlan, verdict: number, head: number, link: Uint32Array): void {
    if (verdict === REJECT) {
      this.#ledger.refuse(head, link)
      return
    }
    const edits = editsOf(this.#group.policy, verdict)
    const source = this.#core.store.sourceOf(set)
    const chain = this.#chain
    chain.head = head
    chain.link = link
    chain.who = this.#ledger.isMember(source) ? source : 0
    const outcome = this.#writer.announceShort(set, plan, edits, chain)
    if (outcome === SENT) this.#ledger.accept(head, link, source)
    else this.#fail(outcome, head, link)
  }

  #fail(outcome: number, head: number, link: Uint32Array): void {
    let count = 0
    for (let p = head; p !== 0; p = link[p - 1]!) count++
    if (outcome === NO_NEXT_HOP) this.#group.withoutNextHop += count
    else this.#group.tooLong += count
    this.#ledger.refuse(head, link)
  }

  // Differences

  /** Splits a bucket by what either group makes of its prefixes, and tells the parts that differ. */
  #compareBucket(from: UpdateGroup, set: number, head: number): void {
    const { link, ids, paths, isPathwise, table } = this.#batch
    const family = table.family
    const before = from.egress.planFor(set, family)
    const now = this.#group.egress.planFor(set, family)
    const toldBefore = from.told[family.index]!
    const parts = this.#parts
    this.#subject.setRoute(set, family)
    parts.clear()
    for (let p = head; p !== 0; p = link[p - 1]!) {
      const prefix = ids[p - 1]!
      const wasTold = before !== undefined && toldBefore.has(isPathwise ? paths[p - 1]! : prefix)
      const old = wasTold ? this.#verdict(from.policy, toldBefore, prefix, false) : UNTOLD
      parts.add(p, now === undefined ? REJECT : this.#verdict(this.#group.policy, this.#told, prefix, false), old)
    }
    for (let i = 0; i < parts.count; i++) {
      const verdict = parts.first[i]!
      const old = parts.second[i]!
      if (verdict === REJECT || now === undefined) {
        if (old !== UNTOLD) this.#ledger.refuse(parts.heads[i]!, parts.link)
      } else if (
        old !== UNTOLD &&
        before !== undefined &&
        this.#isSame(set, [before, editsOf(from.policy, old)], [now, editsOf(this.#group.policy, verdict)])
      )
        this.#ledger.accept(parts.heads[i]!, parts.link, this.#core.store.sourceOf(set))
      else this.#decide(set, now, verdict, parts.heads[i]!, parts.link)
    }
  }

  /** Do two ways to tell a set end in the same octets? */
  #isSame(set: number, [planA, editsA]: Way, [planB, editsB]: Way): boolean {
    return sameOctets(this.#outcome(set, planA, editsA), this.#outcome(set, planB, editsB))
  }

  /** The attributes as they would be sent, the next hop of MP_REACH_NLRI in front; nothing when they cannot be. */
  #outcome(set: number, plan: RewritePlan, edits: Edits | undefined): Uint8Array {
    const rewriter = this.#rewriter
    const out = new Uint8Array(rewriter.bound(set, edits))
    const end = rewriter.rewrite(set, plan, edits, out, 0)
    if (end < 0) return new Uint8Array(0)
    if (!plan.isMultiprotocol) return out.subarray(0, end)
    const { nextHopBytes, nextHopStart, nextHopLength } = rewriter
    const whole = new Uint8Array(nextHopLength + end)
    whole.set(nextHopBytes.subarray(nextHopStart, nextHopStart + nextHopLength))
    whole.set(out.subarray(0, end), nextHopLength)
    return whole
  }
}

type Way = readonly [plan: RewritePlan, edits: Edits | undefined]

function editsOf(policy: CompiledPolicy, verdict: number): Edits | undefined {
  return verdict === 0 ? undefined : policy.edits[verdict]
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i])
}
