/**
 * The kernel's routing table, for the daemon and the lab: a port with two implementations, what is learned from it, and what is kept in it.
 * Wire it as `port.start(fanOut(interfaces, learn, sync))`, in this order.
 */

export type { LearnedRoute } from './alien.ts'
export { Protocol, Table } from './constants.ts'
export { KernelError } from './error.ts'
export { exerciseKernel } from './exercise.ts'
export { LATENCY_BOUNDS_MS, LatencyHistogram } from './histogram.ts'
export { type Interface, type InterfaceAddress, type InterfaceChange, Interfaces } from './interfaces.ts'
export { IprouteKernel, type IprouteOptions } from './iproute/port.ts'
export {
  type Elevated,
  KernelLearn,
  type KernelLearnOptions,
  type LearnSettings,
  type LearnSink,
  type LearnSource,
} from './learn.ts'
export type { KernelState } from './ledger.ts'
export { type MemoryChange, MemoryKernel, type MemoryKernelOptions, type MemoryRoute, type Refusal } from './memory.ts'
export {
  type AddressEvent,
  type Dump,
  fanOut,
  type KernelListener,
  type KernelNextHop,
  type KernelPort,
  type KernelRoute,
  type LinkEvent,
  type RouteType,
} from './port.ts'
export type { PrefixKey } from './prefix-state.ts'
export { appendRoute, Op, RecordFlag, RouteRecords } from './record.ts'
export type { KernelRow, NextHopRow } from './row.ts'
export { type MonitorOptions, type MonitorSink, RouteMonitor } from './rtnetlink/monitor.ts'
export { type RtnetlinkOptions, RtnetlinkPort } from './rtnetlink/port.ts'
export { type DumpSink, RequestSocket } from './rtnetlink/request.ts'
export { type KernelRule, ruleFor } from './rule.ts'
export { KernelSync, type KernelSyncOptions } from './sync.ts'
export { type KernelTarget, MAX_NEXT_HOPS, type TargetNextHop } from './target.ts'
export type { UnderlayRoute } from './underlay.ts'
export { Wishes, type WishNextHop, type WishOptions } from './wish.ts'
