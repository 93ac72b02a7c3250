/**
 * From a route of BGP to what the kernel is asked for: the configured rules decide for each next hop whether and how it is written (calico.md 3.7).
 * One target per next hop and rule, kept as long as the RIB keeps the next hop, so that a full table makes no objects. Called by the daemon's coupling.
 */

import type { PrefixKey } from './prefix-state.ts'
import { type KernelRule, ruleFor } from './rule.ts'
import type { KernelTarget, TargetNextHop } from './target.ts'

/** A next hop as the RIB has it: one object per distinct value. */
export interface WishNextHop {
  /** 4 or 16 octets: the global address, or the link-local one when there is no other. */
  readonly octets: Uint8Array
}

export interface WishOptions {
  readonly rules: readonly KernelRule[]
  /** Preferred source by family. */
  readonly source: { readonly ipv4?: Uint8Array; readonly ipv6?: Uint8Array }
  /** Metric of routes unless a rule names one; 0 or absent: the kernel's choice. */
  readonly metric?: number
  /** The metric is that which the sender of the route made LOCAL_PREF from, unless a rule names one. */
  readonly metricFromLocalPref?: boolean
}

/** Where a route comes from, beyond its next hops. */
export interface WishOrigin {
  /** Where link-local next hops live; 0 when there are none. */
  readonly linkLocalInterface: number
  readonly localPref: number
}

/** The largest metric there is; LOCAL_PREF is this less the metric of the route at its origin (calico.md 3.5, 3.7). */
const MAX_METRIC = 0x7fffffff

/** What is kept per first next hop; more combinations than this are built anew each time. */
const KEPT = 16

interface Kept {
  readonly hops: readonly WishNextHop[]
  /** Rule of each next hop. */
  readonly rules: readonly number[]
  readonly interfaceIndex: number
  /** What a route has whose rules name none. */
  readonly metric: number
  readonly target: KernelTarget | undefined
}

export class Wishes {
  readonly #options: WishOptions
  readonly #kept = new WeakMap<WishNextHop, Kept[]>()
  #hops: WishNextHop[] = []
  #rules: number[] = []

  constructor(options: WishOptions) {
    this.#options = options
  }

  /** Starts a route; `add` for each next hop and `take` follow. */
  begin(): void {
    this.#hops.length = 0
    this.#rules.length = 0
  }

  add(route: PrefixKey, hop: WishNextHop): void {
    this.#hops.push(hop)
    this.#rules.push(this.#options.rules.length === 0 ? -1 : ruleFor(this.#options.rules, route, hop.octets))
  }

  /** The target of the route begun; undefined: it stays out of the kernel. */
  take({ linkLocalInterface, localPref }: WishOrigin): KernelTarget | undefined {
    // 0 would be the kernel's choice.
    const fromLocalPref = Math.max(1, MAX_METRIC - localPref)
    const metric = this.#options.metricFromLocalPref === true ? fromLocalPref : (this.#options.metric ?? 0)
    const first = this.#hops[0]
    if (first === undefined) return undefined
    let kept = this.#kept.get(first)
    if (kept === undefined) {
      kept = []
      this.#kept.set(first, kept)
    }
    for (const one of kept) if (this.#isSame(one, linkLocalInterface, metric)) return one.target
    const target = this.#build(first, linkLocalInterface, metric)
    if (kept.length < KEPT) {
      kept.push({ hops: [...this.#hops], rules: [...this.#rules], interfaceIndex: linkLocalInterface, metric, target })
    }
    return target
  }

  #isSame({ hops, rules, interfaceIndex, metric }: Kept, linkLocalInterface: number, wanted: number): boolean {
    if (hops.length !== this.#hops.length || interfaceIndex !== linkLocalInterface || metric !== wanted) return false
    for (let at = 0; at < hops.length; at++) {
      if (hops[at] !== this.#hops[at] || rules[at] !== this.#rules[at]) return false
    }
    return true
  }

  #build(first: WishNextHop, linkLocalInterface: number, usual: number): KernelTarget | undefined {
    const nextHops: TargetNextHop[] = []
    let metric: number | undefined
    this.#hops.forEach(({ octets }, at) => {
      const rule = this.#options.rules[this.#rules[at] ?? -1]
      if (rule?.write === false) return
      metric ??= rule?.metric
      nextHops.push({
        gateway: octets,
        interfaceIndex: isLinkLocal(octets) ? linkLocalInterface : 0,
        isOnlink: false,
        ...(rule?.tunnel !== undefined && { tunnel: rule.tunnel }),
      })
    })
    if (nextHops.length === 0) return undefined
    if (usual > 0) metric ??= usual
    const source = first.octets.length === 4 ? this.#options.source.ipv4 : this.#options.source.ipv6
    return {
      type: 'unicast',
      nextHops,
      ...(metric !== undefined && { metric }),
      ...(source !== undefined && { source }),
    }
  }
}

/** fe80::/10 (RFC 4291 2.5.6): means something only together with an interface. */
function isLinkLocal(octets: Uint8Array): boolean {
  return octets.length === 16 && octets[0] === 0xfe && ((octets[1] ?? 0) & 0xc0) === 0x80
}
