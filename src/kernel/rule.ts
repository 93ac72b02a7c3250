/**
 * What is written for which prefix, beyond "as BGP says it" (calico.md 3.7): prefixes that may not be written, pools that go through a tunnel, metrics.
 *
 * An ordered list; the first rule that fits a prefix and a next hop decides; none fits: write as it is. A route with several next hops is decided hop by
 * hop, so a cross-subnet pool tunnels exactly the legs that need it. INTEROP: BIRD as Calico configures it ignores the tunnel for multipath routes.
 * Called by the daemon's coupling for every changed route: no object, no string.
 */
import type { Prefix } from '../../wire/prefix.ts'
import type { PrefixKey } from './prefix-state.ts'

/** Prefixes from one length to another inside a prefix. */
export interface PrefixRange {
  readonly prefix: Prefix
  readonly minLength: number
  readonly maxLength: number
}

export interface KernelRule {
  /** Fits these prefixes. */
  readonly prefixes: readonly PrefixRange[]
  /** Fits only next hops inside one of these; absent: any, and routes without a next hop. */
  readonly nextHops?: readonly Prefix[]
  /** False: such a route stays out of the kernel. */
  readonly write: boolean
  /** Name of the interface the route goes through while it is up, with the next hop on-link behind it. */
  readonly tunnel?: string
  /** Metric instead of the configured one. */
  readonly metric?: number
}

/** The rule that decides, as its place in the list; -1: none fits. `nextHop`: 4 or 16 octets, undefined for routes that have none. */
export function ruleFor(rules: readonly KernelRule[], route: PrefixKey, nextHop: Uint8Array | undefined): number {
  for (let at = 0; at < rules.length; at++) {
    const rule = rules[at]
    if (rule === undefined || !rule.prefixes.some(range => holdsRoute(range, route))) continue
    if (rule.nextHops === undefined) return at
    if (nextHop !== undefined && rule.nextHops.some(prefix => holdsAddress(prefix, nextHop))) return at
  }
  return -1
}

function holdsRoute({ prefix, minLength, maxLength }: PrefixRange, route: PrefixKey): boolean {
  if (prefix.family !== route.family || route.length < minLength || route.length > maxLength) return false
  const { words, length } = prefix
  return (
    agree(words[0], route.address0, length) &&
    agree(words[1], route.address1, length - 32) &&
    agree(words[2], route.address2, length - 64) &&
    agree(words[3], route.address3, length - 96)
  )
}

/** Do the first `bits` bits of two words agree? Words are signed or unsigned. */
function agree(a: number | undefined, b: number, bits: number): boolean {
  if (bits <= 0) return true
  return (((a ?? 0) ^ b) & (bits >= 32 ? -1 : -1 << (32 - bits))) === 0
}

/** Is the address (4 or 16 octets) inside the prefix? */
export function holdsAddress({ family, words, length }: Prefix, octets: Uint8Array): boolean {
  if (octets.length * 8 !== family.bits) return false
  for (let k = 0; k * 32 < length; k++) {
    const at = k * 4
    const word = ((octets[at] ?? 0) << 24) | ((octets[at + 1] ?? 0) << 16) | ((octets[at + 2] ?? 0) << 8)
    if (!agree(words[k], word | (octets[at + 3] ?? 0), length - k * 32)) return false
  }
  return true
}
