/**
 * What the demo needs of a cluster, whatever it is made of: real namespaces, kernels and processes (`kernel-cluster.ts`,
 * root on Linux), or several speakers in this process with tables in memory (`memory-cluster.ts`, anybody, anywhere).
 */
import type { NodeAddresses, TableRoute } from './expect.ts'
import type { Member, Pod, Topology } from './topology.ts'
import type { Watch } from './watch.ts'

export interface PeerStatus {
  readonly name: string
  readonly state: string
}

export interface Cluster {
  readonly topology: Topology
  readonly watch: Watch
  /** The nodes with the addresses their routes are reached through. */
  readonly addresses: readonly NodeAddresses[]
  /** What the nodes' tables are, for people. */
  readonly tables: 'kernels' | 'tables'
  /** How a member is ended without warning, for people: `SIGKILL` where there is a process. */
  readonly killedBy: string

  /** Builds everything and starts every speaker; resolves when all of them answer. */
  start(): Promise<void>
  /** Ends what `start` began and leaves nothing behind. Safe to call more than once and after a failed start. */
  stop(): Promise<void>
  /** The same at once and without waiting, for the way out of a dying process. Never throws. */
  abandon(): void
  peers(member: Member): Promise<readonly PeerStatus[]>

  /** A pod's link on a node, without routes. */
  addPod(node: Member, pod: Pod): Promise<void>
  removePod(node: Member, pod: Pod): Promise<void>
  /** The agent's write of a device route, as Felix does it. Returns the time just before, in ms of `performance.now()`. */
  agentAdd(node: Member, prefix: string, device: string): number
  agentRemove(node: Member, prefix: string, device: string): number

  /** The workload routes in a node's table, read by somebody other than the speaker. */
  routes(node: Member): Promise<readonly TableRoute[]>
  /** Round trip from pod to pod in ms, undefined when there was no answer; absent where pods are not real. */
  ping?(from: Pod, address: string): Promise<number | undefined>
  /** Ends one speaker without letting it say goodbye. */
  kill(member: Member): Promise<void>
  /** What `godwit show peers` says on a member. */
  showPeers(member: Member): Promise<string>
  /** The BGP routes in a node's table, as text for people. */
  showRoutes(node: Member): Promise<string>
  /** The last lines of every member's log, for a failure report. */
  logs(): string
}
