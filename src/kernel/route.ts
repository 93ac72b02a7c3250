/**
 * A route of the FIB as an object: for tests, the lab and show commands. The hot path has records instead (record.ts).
 */
import type { Family } from '../../wire/family.ts'

export type RouteType = 'unicast' | 'blackhole' | 'unreachable' | 'prohibit'

/** One leg of a multipath route. `gateway` is absent for a device route; 4 or 16 octets, network byte order. */
export interface KernelNextHop {
  readonly gateway?: Uint8Array
  readonly interfaceIndex: number
  readonly isOnlink: boolean
  /** Relative share, 1 to 256. */
  readonly weight: number
}

/** A route of the FIB as an object: for tests, the lab and show commands, never for the hot path. */
export interface KernelRoute {
  readonly family: Family
  /** The destination, most significant word first; 1 or 4 words. */
  readonly words: Uint32Array
  readonly length: number
  readonly protocol: number
  readonly table: number
  /** 0 where the kernel has none (IPv4); IPv6 without a metric is 1024. */
  readonly metric: number
  readonly type: RouteType
  readonly gateway?: Uint8Array
  /** 0: not known, or none. */
  readonly interfaceIndex: number
  readonly isOnlink: boolean
  /** Own address that packets of this machine carry when they take this route (RTA_PREFSRC). */
  readonly source?: Uint8Array
  /** Present for multipath; `gateway` and `interfaceIndex` are then those of the first leg. */
  readonly nextHops?: readonly KernelNextHop[]
}
