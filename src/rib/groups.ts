/**
 * The update groups that exist, and who is in which. A group lives as long as it has members.
 * Called by rib.ts when sessions come and go.
 */
import type { CompiledPolicy } from '../policy/policy.ts'
import type { CatchUp } from './catch-up.ts'
import type { Core } from './core.ts'
import { groupKey } from './egress.ts'
import type { RibPeer } from './port.ts'
import { Reader } from './reader.ts'
import type { PeerRecord } from './source-table.ts'
import { UpdateGroup } from './update-group.ts'

export interface GroupsOptions {
  /** Octets a member may lag behind. */
  readonly limit: number
}

export class Groups implements Iterable<UpdateGroup> {
  readonly #core: Core
  readonly #catchUp: CatchUp
  readonly #options: GroupsOptions
  readonly #byKey = new Map<string, UpdateGroup>()
  readonly #keys = new Map<UpdateGroup, string>()
  readonly #freeNumbers: number[] = []
  readonly #policyNumbers = new WeakMap<CompiledPolicy, number>()
  #policyCount = 0
  #serial = 0

  constructor(core: Core, catchUp: CatchUp, options: GroupsOptions) {
    this.#core = core
    this.#catchUp = catchUp
    this.#options = options
  }

  /** Puts a session into its group and starts its first scan. */
  join({ id, peer }: PeerRecord): Reader {
    const group = this.#groupFor(peer)
    const reader = new Reader(id, group, {
      core: this.#core,
      catchUp: this.#catchUp,
      limit: this.#options.limit,
      marksRefresh: peer.enhancedRefresh === true,
    })
    this.#enter(group, reader)
    return reader
  }

  leave(reader: Reader): void {
    reader.leave()
    this.#exit(reader.group, reader)
  }

  /** What the session may be told has changed: it goes on in the group that fits, and is told the differences. */
  move(reader: Reader, { peer }: PeerRecord): void {
    const from = reader.group
    const group = this.#groupFor(peer)
    if (group === from) return
    this.#exit(from, reader)
    reader.move(group)
    this.#enter(group, reader)
    // Slices name their sources only where those are members, and this one has been none.
    group.cache.clear()
    group.isOwnCountDue = true
  }

  /** Numbers prefixes that a group is told and whose route is the member's own, where moves have made that necessary. */
  countOwn(group: UpdateGroup): void {
    if (!group.isOwnCountDue) return
    group.isOwnCountDue = false
    const { sources, tables } = this.#core
    for (const { id } of group.readers) sources.ownTold[id] = 0
    for (const { family, prefixes, paths } of tables) {
      const told = group.told[family.index]!
      const isPathwise = group.sendsPaths(family)
      const end = isPathwise ? paths.idLimit : prefixes.idLimit
      for (let unit = 1; unit < end; unit++) {
        if (!told.has(unit)) continue
        const source = isPathwise ? paths.sourceOf(unit) : prefixes.toldSource(unit)
        if (sources.group[source] === group.number) sources.ownTold[source]! += 1
      }
    }
  }

  #groupFor(peer: RibPeer): UpdateGroup {
    const key = groupKey(peer, this.#policyNumber(peer.exportPolicy))
    let group = this.#byKey.get(key)
    if (group === undefined) {
      const number = this.#freeNumbers.pop() ?? this.#byKey.size + 1
      group = new UpdateGroup({ number, serial: ++this.#serial }, peer, this.#core)
      this.#byKey.set(key, group)
      this.#keys.set(group, key)
    }
    return group
  }

  #enter(group: UpdateGroup, reader: Reader): void {
    group.readers.add(reader)
    this.trackPaths()
    this.#core.sources.group[reader.id] = group.number
  }

  #exit(group: UpdateGroup, reader: Reader): void {
    const { id } = reader
    group.readers.delete(reader)
    this.#core.sources.group[id] = 0
    this.#core.sources.ownTold[id] = 0
    if (group.readers.size > 0) return
    this.#byKey.delete(this.#keys.get(group) ?? '')
    this.#keys.delete(group)
    this.#freeNumbers.push(group.number)
    this.trackPaths()
  }

  /** All paths are watched while somebody is told more than the best one, or the kernel gets several. */
  trackPaths(): void {
    const { tables, decision } = this.#core
    const isMultipath = Math.max(decision.multipath.ebgp, decision.multipath.ibgp) > 1
    for (const table of tables) {
      table.tracksAllPaths = isMultipath || this.#core.isReselecting
      for (const group of this) if (group.sendsPaths(table.family)) table.tracksAllPaths = true
    }
  }

  #policyNumber(policy: CompiledPolicy): number {
    let number = this.#policyNumbers.get(policy)
    if (number === undefined) {
      number = ++this.#policyCount
      this.#policyNumbers.set(policy, number)
    }
    return number
  }

  [Symbol.iterator](): IterableIterator<UpdateGroup> {
    return this.#byKey.values()
  }
}
