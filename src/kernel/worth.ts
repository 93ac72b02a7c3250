/**
 * Which routes of the kernel's table are worth learning (calico's kernel protocol: `learn`), one reason a line. Pure.
 * Called by learn.ts for every route that comes up.
 */
import type { Prefix } from '../../wire/prefix.ts'
import { Protocol, RouteKind } from './constants.ts'
import type { Interfaces } from './interfaces.ts'
import { RecordFlag, type RouteRecords, routeType } from './record.ts'

/** Routes with another lookup key, from the routing cache, or with a gateway we cannot express. */
const UNSUITABLE = RecordFlag.tos | RecordFlag.inputInterface | RecordFlag.viaOtherFamily | RecordFlag.cloned

/** May the route under the cursor be announced to others? `ownProtocol` marks ours. */
export function isWorthLearning(
  records: RouteRecords,
  interfaces: Pick<Interfaces, 'get' | 'isOwnAddress'>,
  ownProtocol: number,
): boolean {
  const { protocol, kind } = records
  if (protocol === ownProtocol) return false
  if (protocol === Protocol.unspecified || protocol === Protocol.redirect || protocol === Protocol.kernel) return false
  if ((records.flags & UNSUITABLE) !== 0 || routeType(kind) === undefined) return false
  if (protocol === Protocol.felix && (records.hasGateway || kind === RouteKind.blackhole)) return false
  if (!isHostDestination(records)) return false
  if (kind !== RouteKind.unicast) return true
  if (interfaces.get(records.interfaceIndex) === undefined) return false
  return !records.hasGateway || !interfaces.isOwnAddress(records.gatewayView())
}

function isHostDestination(records: RouteRecords): boolean {
  const { length } = records
  return records.familyIndex === 0
    ? isHost4(records.word(0), length)
    : isHost6(records.word(0), records.word(1), length)
}

/** Neither multicast, nor loopback, nor link-local, nor outside what a host may have. A default route is fine. */
export function isHostClass({ words, length }: Prefix): boolean {
  const [first = 0, second = 0] = words
  return words.length === 1 ? isHost4(first, length) : isHost6(first, second, length)
}

function isHost4(address: number, length: number): boolean {
  const head = address >>> 24
  if (head === 0) return length === 0
  // 127/8 loopback; 224/3 multicast (RFC 5771) and reserved (RFC 1112 4); 169.254/16 link-local (RFC 3927)
  return head !== 127 && head < 224 && address >>> 16 !== 0xa9fe
}

function isHost6(first: number, second: number, length: number): boolean {
  // ::/64 holds the unspecified and loopback addresses and the v4-mapped ones (RFC 4291 2.5)
  if (first === 0 && second === 0) return length === 0
  // ff00::/8 multicast, fe80::/10 link-local
  return first >>> 24 !== 0xff && first >>> 22 !== 0x3fa
}
