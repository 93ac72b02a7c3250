/**
 * Which cluster ids are ours (RFC 4456 7, 8): those that are configured and those of the clusters that sessions are in. A route with one of them in
 * CLUSTER_LIST loops. When they change, sets that are here already are judged again, at once: their paths are parked as refused, the sets get their
 * new flags while no path names them, and import policy has its say about those that loop no more. Rare; one pass over sets and paths.
 * Called by rib.ts.
 */
import { CLUSTER_LENGTH, Flag, LENGTH_SOURCE, RECORD_SHIFT } from './attribute-record.ts'
import type { Core } from './core.ts'
import type { ImportPolicy } from './import-policy.ts'
import type { Interner } from './interner.ts'
import type { RibPeer } from './port.ts'
import type { RouteTable } from './route-table.ts'

interface Parts {
  readonly interner: Interner
  readonly policy: ImportPolicy
  /** Those that are up. */
  readonly sessions: () => Iterable<RibPeer>
  /** Applies what has come in and waits. */
  readonly settle: () => void
}

export class ClusterIds {
  readonly #core: Core
  readonly #parts: Parts
  #configured: readonly number[]

  constructor(core: Core, parts: Parts, configured: readonly number[]) {
    this.#core = core
    this.#parts = parts
    this.#configured = configured
    parts.interner.clusterIds = configured
  }

  /** Others are configured. Those of sessions stay. */
  configure(ids: readonly number[]): void {
    this.#configured = ids
    this.#gather()
  }

  /** A session has come. */
  add({ clusterId }: RibPeer): void {
    if (!this.#parts.interner.clusterIds.includes(clusterId)) this.#gather()
  }

  #gather(): void {
    const { interner, sessions } = this.#parts
    const ids = new Set(this.#configured)
    for (const { kind, reflectorClient, clusterId } of sessions()) {
      if (kind === 'ibgp' && reflectorClient) ids.add(clusterId)
    }
    const before = interner.clusterIds
    interner.clusterIds = [...ids]
    if (before.length !== ids.size || before.some(id => !ids.has(id))) this.#judgeAgain()
  }

  #judgeAgain(): void {
    const { store } = this.#core
    const { interner } = this.#parts
    this.#parts.settle()
    const changed = this.#changedSets()
    if (changed.size === 0) return
    const parked: (readonly [table: RouteTable, path: number, received: number])[] = []
    for (const table of this.#core.tables) {
      for (let path = 1; path < table.paths.idLimit; path++) {
        const set = table.paths.setOf(path)
        const received = set === 0 ? 0 : store.receivedOf(set)
        if (!changed.has(received)) continue
        table.changeSet(path, interner.reject(received))
        parked.push([table, path, received])
      }
    }
    for (const [set, isLoop] of changed) interner.setLooped(set, isLoop)
    for (const [table, path, received] of parked) this.#restore(table, path, received)
  }

  #restore(table: RouteTable, path: number, received: number): void {
    const record = this.#core.sources.get(table.paths.sourceOf(path))
    if (record === undefined) return
    table.changeSet(path, this.#parts.policy.importedAgain(record, received, table, table.paths.prefixOf(path)))
  }

  /** Received sets whose flag is another one by the ids of now, and what it is to be. */
  #changedSets(): ReadonlyMap<number, boolean> {
    const { store, sources } = this.#core
    const { records } = store
    const changed = new Map<number, boolean>()
    for (let set = 1; set < store.idLimit; set++) {
      const at = set << RECORD_SHIFT
      if (records[at + LENGTH_SOURCE] === 0 || records[at + CLUSTER_LENGTH] === 0) continue
      const flags = store.flagsOf(set)
      const record = sources.get(store.sourceOf(set))
      if ((flags & (Flag.DERIVED | Flag.LOCAL)) !== 0 || record === undefined) continue
      const isLoop = this.#parts.interner.loops(set, record)
      if (isLoop !== ((flags & Flag.LOOP) !== 0)) changed.set(set, isLoop)
    }
    return changed
  }
}
