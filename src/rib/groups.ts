/**
 * The update groups that exist, and who is in which. A group lives as long as it has members.
 * Called by rib.ts when sessions come and go.
 */
import type { CompiledPolicy } from '../policy/policy.ts'
import type { CatchUp } from './catch-up.ts'
import type { Core } from './core.ts'
import { groupKey } from './egress.ts'
import { Reader } from './reader.ts'
import type { PeerRecord } from './source-table.ts'
import { UpdateGroup } from './update-group.ts'

export interface GroupsOptions {
  /** The cluster id of last resort (RFC 4456 7). */
  readonly clusterId: number
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

  constructor(core: Core, catchUp: CatchUp, options: GroupsOptions) {
    this.#core = core
    this.#catchUp = catchUp
    this.#options = options
  }

  /** Puts a session into its group and starts its first scan. */
  join({ id, peer }: PeerRecord): Reader {
    const key = groupKey(peer, this.#policyNumber(peer.exportPolicy))
    let group = this.#byKey.get(key)
    if (group === undefined) {
      const number = this.#freeNumbers.pop() ?? this.#byKey.size + 1
      group = new UpdateGroup(number, peer, this.#options.clusterId, this.#core)
      this.#byKey.set(key, group)
      this.#keys.set(group, key)
    }
    const reader = new Reader(id, group, { core: this.#core, catchUp: this.#catchUp, limit: this.#options.limit })
    group.readers.add(reader)
    this.#core.sources.group[id] = group.number
    return reader
  }

  leave(reader: Reader): void {
    const { group, id } = reader
    reader.leave()
    group.readers.delete(reader)
    this.#core.sources.group[id] = 0
    this.#core.sources.ownTold[id] = 0
    if (group.readers.size > 0) return
    this.#byKey.delete(this.#keys.get(group) ?? '')
    this.#keys.delete(group)
    this.#freeNumbers.push(group.number)
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
