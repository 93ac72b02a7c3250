/**
 * From a received attribute set to the one that takes part in the decision (RFC 4271 9.1.1): the import policy of the peer
 * accepts it as it is, changes it, or refuses it. A set that loops or names our own next hop is not shown to the policy.
 * The results are interned by (received set, verdict), so a policy that does not look at prefixes costs one evaluation per
 * message. Called by ingest.ts as routes come in, and by path-sweep.ts when the policy of a running session has changed.
 */
import type { Family } from '../../wire/family.ts'
import { KEPT_ASIDE } from './attribute-record.ts'
import type { Core } from './core.ts'
import type { Interner } from './interner.ts'
import type { RouteTable } from './route-table.ts'
import type { PeerRecord } from './source-table.ts'
import { type PrefixWords, REJECT, RouteSubject } from './subject.ts'

export class ImportPolicy {
  readonly #core: Core
  readonly #interner: Interner
  readonly #subject: RouteSubject

  constructor(core: Core, interner: Interner) {
    this.#core = core
    this.#interner = interner
    this.#subject = new RouteSubject(core)
  }

  /** Has each prefix to be shown to the policy? Not when the set cannot come in anyway. */
  asksPrefixes({ peer }: PeerRecord, received: number): boolean {
    return peer.importPolicy.dependsOnPrefix && (this.#core.store.flagsOf(received) & KEPT_ASIDE) === 0
  }

  /** What becomes of a set, whatever the prefix; for sets of which `asksPrefixes` says no. */
  imported(peer: PeerRecord, received: number, family: Family): number {
    if ((this.#core.store.flagsOf(received) & KEPT_ASIDE) !== 0) return received
    return this.#apply(peer, received, peer.peer.importPolicy.evaluate(this.#subject.setRoute(received, family)))
  }

  /** Takes up a set whose prefixes are to be shown one by one. */
  begin(received: number, family: Family): void {
    this.#subject.setRoute(received, family)
  }

  /** What becomes of the set of the last `begin` for this prefix. */
  importedFor(peer: PeerRecord, received: number, prefix: PrefixWords): number {
    return this.#apply(peer, received, peer.peer.importPolicy.evaluate(this.#subject.setAddress(prefix)))
  }

  /** What becomes now of a set that came in for this prefix some time ago. */
  importedAgain(peer: PeerRecord, received: number, table: RouteTable, prefix: number): number {
    if (!this.asksPrefixes(peer, received)) return this.imported(peer, received, table.family)
    const subject = this.#subject.setRoute(received, table.family).setPrefix(table.prefixes, prefix)
    return this.#apply(peer, received, peer.peer.importPolicy.evaluate(subject))
  }

  #apply(peer: PeerRecord, received: number, verdict: number): number {
    if (verdict === 0) return received
    if (verdict === REJECT) return this.#interner.reject(received)
    return this.#interner.derive(received, verdict, peer.peer.importPolicy.edits[verdict] ?? {}, peer)
  }
}
