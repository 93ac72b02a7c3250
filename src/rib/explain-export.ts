/**
 * What each session is told of a prefix, and why not (RFC 4271 9.1.3, 9.2): the same rules, policies and encoder as when it is told, asked once more for one
 * path. Cold. Called by view.ts.
 */
import type { CompiledPolicy } from '../policy/policy.ts'
import type { Core } from './core.ts'
import { whyUntold } from './egress.ts'
import type { PolicyVerdict, Telling, UntoldReason } from './port.ts'
import { PrefixBatch } from './prefix-batch.ts'
import type { Reader } from './reader.ts'
import { Rewriter } from './rewrite.ts'
import type { RouteTable } from './route-table.ts'
import type { PeerRecord } from './source-table.ts'
import { REJECT, RouteSubject } from './subject.ts'
import { SliceTarget, type UpdateGroup } from './update-group.ts'
import { NO_NEXT_HOP, SENT, UpdateWriter } from './update-writer.ts'

/** A session that is up. */
export interface LiveSession {
  readonly record: PeerRecord
  readonly reader: Reader
}

/** What a policy says about a path with this set to this prefix. */
export function verdictOf(
  core: Core,
  policy: CompiledPolicy,
  table: RouteTable,
  { prefix, set }: { readonly prefix: number; readonly set: number },
): PolicyVerdict {
  const subject = new RouteSubject(core).setRoute(set, table.family).setPrefix(table.prefixes, prefix)
  const verdict = policy.evaluate(subject)
  const edits = verdict === REJECT ? {} : (policy.edits[verdict] ?? {})
  return { decidedBy: policy.decidedBy(subject), isAccepted: verdict !== REJECT, edits }
}

export class ExportExplainer {
  readonly #core: Core
  readonly #table: RouteTable
  readonly #prefix: number
  /** All paths of the prefix, the best first. */
  readonly #paths: readonly number[]

  constructor(core: Core, table: RouteTable, prefix: number, paths: readonly number[]) {
    this.#core = core
    this.#table = table
    this.#prefix = prefix
    this.#paths = paths
  }

  tellings({ record, reader }: LiveSession): Telling[] {
    const { family, prefixes } = this.#table
    const { group } = reader
    const isPending = prefixes.isDirty(this.#prefix) || reader.hasOutput
    const to = { peer: record.id, peerName: record.peer.name, isPending }
    if (!group.families.includes(family)) return [{ ...to, reason: 'family not negotiated' }]
    const best = this.#table.best(this.#prefix)
    if (best === 0) return [{ ...to, reason: 'no route' }]
    if (!group.sendsPaths(family)) return [{ ...to, path: 0, ...this.#tell(record, group, best) }]
    const chosen = this.#chosen(group, best)
    return this.#paths.flatMap((path, index): Telling[] => {
      if (!this.#core.store.isUsable(this.#table.paths.setOf(path))) return []
      if (!chosen.includes(path)) return [{ ...to, path: index, reason: 'not among the paths that are told' }]
      return [{ ...to, path: index, pathId: path, ...this.#tell(record, group, path) }]
    })
  }

  /** The paths that a group takes which is told several (path-teller.ts). */
  #chosen({ pathLimit }: UpdateGroup, best: number): readonly number[] {
    const { decision } = this.#core
    const { paths, prefixes } = this.#table
    if (pathLimit === 'all') return this.#paths
    const { ebgp, ibgp } = decision.multipath
    const limit = pathLimit === 'multipath' ? Math.max(ebgp, ibgp) : pathLimit
    const out = new Uint32Array(limit)
    const head = prefixes.head(this.#prefix)
    const count =
      pathLimit === 'multipath' ? decision.equals(paths, best, limit, out) : decision.rank(paths, head, limit, out)
    return [...out.subarray(0, count)]
  }

  #tell({ id }: PeerRecord, group: UpdateGroup, path: number): Pick<Telling, 'reason' | 'exported'> {
    const { paths, family } = this.#table
    const set = paths.setOf(path)
    if (paths.sourceOf(path) === id) return { reason: 'its own route' }
    const untold = whyUntold(group.egress, this.#core, set, family)
    if (untold !== undefined) return { reason: untold }
    const exported = verdictOf(this.#core, group.policy, this.#table, { prefix: this.#prefix, set })
    const reason = exported.isAccepted ? this.#encode(group, path, exported) : 'rejected by policy'
    return { ...(reason !== undefined && { reason }), exported }
  }

  #encode(group: UpdateGroup, path: number, { edits }: PolicyVerdict): UntoldReason | undefined {
    const { store, sources } = this.#core
    const { paths, family } = this.#table
    const set = paths.setOf(path)
    const plan = group.egress.planFor(set, family)
    if (plan === undefined) return 'not reflected'
    const batch = new PrefixBatch(1, store, group.sendsPaths(family))
    batch.clear(this.#table)
    batch.ids[0] = this.#prefix
    batch.paths[0] = path
    const writer = new UpdateWriter(new Rewriter(store, sources))
    writer.begin(new SliceTarget(group.maxLength), batch)
    const outcome = writer.announceShort(set, plan, edits, { head: 1, link: batch.link, who: 0 })
    if (outcome === SENT) return undefined
    return outcome === NO_NEXT_HOP ? 'no own next hop' : 'attributes too long'
  }
}
