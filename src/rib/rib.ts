/**
 * The routing information base (RFC 4271 3.2, 9): sessions and local sources put paths in, peers and the kernel take best
 * routes out. Pure and synchronous, one owner; no clock, no socket. ARCHITECTURE.md has the picture, README.md the map.
 *
 * How a driver uses it: `update` per UPDATE; while `pending`, `work` now and then (each call a few milliseconds); then
 * `pull` for every peer that can be written to. Nothing is decided for peers between `update` and `work`.
 * Every method may be called at any time, but not from inside a listener or a `write` callback.
 */
import type { Notification } from '../../wire/errors.ts'
import type { Family } from '../../wire/family.ts'
import type { Prefix } from '../../wire/prefix.ts'
import type { CompiledPolicy } from '../policy/policy.ts'
import { BestRoutes } from './best-route.ts'
import { CatchUp } from './catch-up.ts'
import { ClusterIds } from './cluster-ids.ts'
import { Core } from './core.ts'
import { peerCounters, ribStats } from './counters.ts'
import { Flusher } from './flush.ts'
import { Groups } from './groups.ts'
import { ImportPolicy } from './import-policy.ts'
import { Ingest } from './ingest.ts'
import { Interner } from './interner.ts'
import { LocalRoutes } from './local-route.ts'
import { PathSweep } from './path-sweep.ts'
import { PATH_BATCH, PathTeller } from './path-teller.ts'
import type {
  BestRouteListener,
  Explanation,
  ExportRules,
  LimitListener,
  LimitRules,
  LocalRoute,
  LocalSource,
  NextHopView,
  PeerCounters,
  PeerId,
  RibOptions,
  RibPeer,
  RibStats,
  RouteQuery,
  RouteView,
  SelectionOptions,
  UnderlayRoute,
} from './port.ts'
import { Limits } from './prefix-limit.ts'
import type { Reader } from './reader.ts'
import { Reselection } from './reselection.ts'
import { RANGE_SHIFT } from './route-table.ts'
import type { PeerRecord } from './source-table.ts'
import { Teller } from './teller.ts'
import { explain, nextHopViews, routes } from './view.ts'

/** Records that address space is set aside for, a full table and half of another; pages that are never touched cost nothing. */
const RESERVED_RECORDS = 3 << 19
/** Octets a peer may lag behind before it is fed by a scan. */
const LOG_LIMIT = 16 << 20

/** Prefixes of a flush, paths of a removal slice: a few milliseconds of work. */
const STRETCH = 65536

interface Session {
  readonly record: PeerRecord
  readonly reader: Reader
}

export class Rib {
  readonly #core: Core
  readonly #interner: Interner
  readonly #ingest: Ingest
  readonly #locals: LocalRoutes
  readonly #groups: Groups
  readonly #bestRoutes: BestRoutes
  readonly #flusher: Flusher
  readonly #sweep: PathSweep
  readonly #clusterIds: ClusterIds
  readonly #reselection: Reselection
  readonly #limits: Limits
  /** Sessions that are up, by id. */
  readonly #sessions: (Session | undefined)[] = []
  /** Sources without paths, to be recycled by the next flush that leaves nothing dirty. */
  #gone: number[] = []
  /** A session has something to pull that no flush announces: a driver looks at sessions after `work`. */
  #isRetellingDue = false

  constructor(options: RibOptions) {
    const { asn, routerId, clusterId = routerId, seed } = options
    const { logLimit = LOG_LIMIT, reserve = RESERVED_RECORDS, stretch = STRETCH } = options
    const { selection = {}, resolveNextHops = false } = options
    const core = new Core({ seed, reserve, stretch, selection, resolveNextHops })
    // A batch of a scan may be larger than that of a flush.
    const teller = new Teller(core, Math.max(stretch, 1 << RANGE_SHIFT, PATH_BATCH))
    const pathTeller = new PathTeller(core, teller)
    this.#core = core
    this.#interner = new Interner(core, { asn, routerId })
    const policy = new ImportPolicy(core, this.#interner)
    const sessions = () => this.#sessions.flatMap(session => session?.record.peer ?? [])
    const settle = () => this.#ingest.settle()
    this.#clusterIds = new ClusterIds(core, { interner: this.#interner, policy, sessions, settle }, [clusterId])
    this.#reselection = new Reselection(core, this.#interner)
    this.#limits = new Limits(core)
    this.#ingest = new Ingest(core, { interner: this.#interner, policy, limits: this.#limits })
    this.#locals = new LocalRoutes(core, this.#interner)
    this.#groups = new Groups(core, new CatchUp(core, teller, pathTeller), { limit: logLimit })
    this.#bestRoutes = new BestRoutes(core)
    this.#flusher = new Flusher(core, { teller, pathTeller }, this.#bestRoutes)
    this.#sweep = new PathSweep(core, policy)
  }

  /**
   * A session is Established. It joins its update group; `pull` gives it the whole table, then End-of-RIB for each family
   * (RFC 4724 2). Throws RangeError when 65520 sessions exist already.
   */
  addPeer(peer: RibPeer): PeerId {
    const record = this.#core.addSource(peer)
    this.#sweep.makeRoom(record.id)
    this.#limits.add(record)
    this.#sessions[record.id] = { record, reader: this.#groups.join(record) }
    this.#clusterIds.add(peer)
    return record.id
  }

  /** The session is gone: nothing is sent from now on, its paths go in slices of `work`. The id must not be used again. */
  removePeer(id: PeerId): void {
    const session = this.#sessions[id]
    if (session === undefined) return
    this.#ingest.settle()
    this.#groups.leave(session.reader)
    this.#sessions[id] = undefined
    this.#sweep.remove(id)
  }

  /**
   * Applies one UPDATE, `bytes[start, end)` without the header; the bytes are borrowed. A Notification means that the
   * session must be reset with it (RFC 7606 2); what was applied before stays until the peer is removed. An UPDATE of a
   * peer that was removed is ignored.
   */
  update(id: PeerId, bytes: Uint8Array, start: number, end: number): Notification | undefined {
    const session = this.#sessions[id]
    return session === undefined ? undefined : this.#ingest.update(session.record, bytes, start, end)
  }

  /** The peer asked for everything of a family again (RFC 2918 4). A family it does not speak is ignored. */
  refresh(id: PeerId, family: Family): void {
    this.#sessions[id]?.reader.refresh(family)
  }

  /**
   * The session is told by another policy from now on: `pull` gives it what that changes, withdraws included, and nothing
   * that stays as it is (RFC 4271 9.1.3, 9.2). An id of no session is ignored.
   */
  setExportPolicy(id: PeerId, exportPolicy: CompiledPolicy): void {
    this.setExport(id, { exportPolicy })
  }

  /** As `setExportPolicy`, for everything about a session that touches only what it is told. */
  setExport(id: PeerId, rules: Partial<ExportRules>): void {
    const session = this.#sessions[id]
    if (session === undefined) return
    const { record, reader } = session
    record.peer = { ...record.peer, ...rules }
    this.#groups.move(reader, record)
    if (reader.hasOutput) this.#isRetellingDue = true
  }

  /**
   * The peer begins to tell a family again (RFC 7313 4, BoRR). What it has told so far stays a route, until `endRefresh`.
   * An id of no session and a family it does not speak are ignored.
   */
  beginRefresh(id: PeerId, family: Family): void {
    if (!this.#speaks(id, family)) return
    this.#ingest.settle()
    this.#core.table(family).beginEpoch(id)
  }

  /** It has told everything (EoRR): what it told before `beginRefresh` and not since goes, in slices of `work`. */
  endRefresh(id: PeerId, family: Family): void {
    if (!this.#speaks(id, family)) return
    this.#ingest.settle()
    this.#core.table(family).endEpoch(id)
    this.#sweep.removeStale(id, family)
  }

  #speaks(id: PeerId, family: Family): boolean {
    const mask = this.#sessions[id]?.record.familyMask ?? 0
    return (mask & (1 << family.index)) !== 0
  }

  /**
   * The routes of the session come in by another policy from now on; those that are here are judged again in slices of
   * `work`, from what was received. Nobody is told of a route that stays as it was. An id of no session is ignored.
   */
  setImportPolicy(id: PeerId, importPolicy: CompiledPolicy): void {
    const record = this.#sessions[id]?.record
    if (record === undefined || record.peer.importPolicy === importPolicy) return
    this.#ingest.settle()
    record.peer = { ...record.peer, importPolicy }
    record.policySerial++
    this.#sweep.importAgain(id)
  }

  /** Other limits from now on, looked at after the next UPDATE. An id of no session is ignored. */
  setLimits(id: PeerId, { limits, attributeOctets }: LimitRules): void {
    const record = this.#sessions[id]?.record
    if (record === undefined) return
    this.#ingest.settle()
    const { limits: _, attributeOctets: __, ...rest } = record.peer
    record.peer = { ...rest, ...(limits && { limits }), ...(attributeOctets !== undefined && { attributeOctets }) }
    this.#limits.add(record)
  }

  /**
   * The best paths are chosen by other rules from now on: those of all prefixes are chosen anew by slices of `work`, and what comes out differently is told.
   */
  setSelection(selection: SelectionOptions): void {
    this.#reselection.begin(selection)
  }

  /** Other cluster ids of ours, beside those of sessions; what is here is judged by them at once (RFC 4456 8). */
  setClusterIds(ids: readonly number[]): void {
    this.#clusterIds.configure(ids)
  }

  /** The listener is called from `update` when a session exceeds a limit, see prefix-limit.ts. */
  onLimit(listener: LimitListener): void {
    this.#limits.listen(listener)
  }

  /** A local source has this route, instead of the one it had to the prefix before. The object is copied. */
  announceLocal(source: LocalSource, prefix: Prefix, route: LocalRoute): void {
    this.#ingest.settle()
    this.#locals.announce(source, prefix, route)
  }

  withdrawLocal(source: LocalSource, prefix: Prefix): void {
    this.#ingest.settle()
    this.#locals.withdraw(source, prefix)
  }

  /** Next hops may be resolved by this route, instead of the one to the same prefix before (RFC 4271 9.1.2.1). Never one of BGP. */
  setUnderlayRoute(prefix: Prefix, route: UnderlayRoute): void {
    this.#core.resolution?.setRoute(prefix, route)
  }

  removeUnderlayRoute(prefix: Prefix): void {
    this.#core.resolution?.removeRoute(prefix)
  }

  /** `work` has something to do. */
  get pending(): boolean {
    if (this.#core.resolution?.isPending === true || this.#reselection.isMarking || this.#isRetellingDue) return true
    return (
      this.#core.dirtyCount > 0 ||
      this.#ingest.isPending ||
      this.#sweep.isActive ||
      this.#bestRoutes.isReplaying ||
      this.#gone.length > 0
    )
  }

  /** One bounded stretch: at most a slice of a pass over the paths, one flush, and one stretch of replay for late listeners. */
  work(): void {
    this.#isRetellingDue = false
    this.#ingest.settle()
    // No flush may come between marking and choosing.
    if (this.#isMarking()) return
    if (this.#sweep.isActive) this.#gone.push(...this.#sweep.step())
    this.#flusher.flush(this.#groups)
    this.#flusher.recycle(this.#groups)
    if (this.#core.isReselecting && this.#core.dirtyCount === 0) {
      this.#core.isReselecting = false
      this.#groups.trackPaths()
    }
    if (this.#gone.length > 0 && this.#core.dirtyCount === 0) this.#recycle()
    if (this.#bestRoutes.isReplaying) this.#bestRoutes.replay()
  }

  /** One slice for rules or next hops that have changed, one after the other. */
  #isMarking(): boolean {
    const { resolution } = this.#core
    if (this.#reselection.isMarking && resolution?.isMarking !== true) {
      this.#reselection.step()
      return this.#reselection.isMarking
    }
    if (resolution?.isPending !== true) return false
    resolution.step()
    return resolution.isMarking
  }

  #recycle(): void {
    for (const id of this.#gone) {
      this.#core.sources.recycle(id)
      for (const table of this.#core.tables) table.forgetSource(id)
    }
    this.#gone = []
  }

  /**
   * Gives `write` the next piece for a peer: whole messages, shared between peers and never changed. False: there is
   * nothing for now. One call may write several arrays.
   */
  pull(id: PeerId, write: (bytes: Uint8Array) => void): boolean {
    this.#ingest.settle()
    return this.#sessions[id]?.reader.pull(write) ?? false
  }

  /** `pull` may have something for this peer. */
  hasOutput(id: PeerId): boolean {
    return this.#sessions[id]?.reader.hasOutput ?? false
  }

  /** The listener is called from `work`, after the peers' logs were fed; everything present already is told to it first. */
  onBestRoute(listener: BestRouteListener): void {
    this.#bestRoutes.add(listener)
  }

  /** A listener that judges differently now hears of everything present once more, in stretches, from `work`. */
  repeatBestRoutes(listener: BestRouteListener): void {
    this.#bestRoutes.repeat(listener)
  }

  /** What is counted for a session that is up. Throws RangeError for any other id. */
  peerCounters(id: PeerId): PeerCounters {
    const session = this.#sessions[id]
    if (session === undefined) throw new RangeError(`no session has the id ${id}`)
    this.#ingest.settle()
    this.#groups.countOwn(session.reader.group)
    const limits = this.#limits.counters(session.record)
    return { ...peerCounters(this.#core, session.record, session.reader), limits }
  }

  /** Paths in the table, lazily. The table may change between two rows, see view.ts. */
  routes(query: RouteQuery = {}): Iterable<RouteView> {
    this.#ingest.settle()
    return routes(this.#core, query)
  }

  /** The paths of exactly this prefix: what import policy made of each, the step on which each loser lost, and what each session is told. */
  explain(prefix: Prefix): Explanation | undefined {
    this.#ingest.settle()
    const sessions = this.#sessions.filter(session => session !== undefined)
    return explain(this.#core, prefix, sessions)
  }

  /** All next hops that some path has, lazily. */
  nextHops(): Iterable<NextHopView> {
    this.#ingest.settle()
    return nextHopViews(this.#core)
  }

  stats(): RibStats {
    this.#ingest.settle()
    return ribStats(this.#core, this.#groups)
  }
}
