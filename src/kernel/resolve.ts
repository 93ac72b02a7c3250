/**
 * From what a route shall do to what the kernel can be told: each wish (target.ts) has one form at a time, which depends on interfaces and underlay.
 *
 *   gateway in a connected subnet    as it is; the kernel finds the device
 *   gateway behind another route     that route's gateway and device (RFC 4271 5.1.3; the kernel itself does not look twice)
 *   tunnel named and up              the BGP next hop on-link behind the tunnel (calico.md 3.7); plain otherwise
 *   a leg that leads nowhere         left out, while another leg leads somewhere; else asked for as it is, and the kernel says why not
 *
 * Called by sync.ts: `form` at each write, `refresh` once a turn after something changed, which names the wishes whose form is another one now.
 */
import type { Prefix } from '../../wire/prefix.ts'
import { RouteKind } from './constants.ts'
import type { InterfaceChange, Interfaces } from './interfaces.ts'
import { holdsAddress } from './rule.ts'
import { NO_TARGET, type TargetTable } from './target.ts'
import type { Underlay } from './underlay.ts'

/** One leg as the kernel is told. */
interface Leg {
  readonly gateway: Uint8Array | undefined
  readonly interfaceIndex: number
  readonly isOnlink: boolean
}

export class Resolver {
  readonly #targets: TargetTable
  readonly #interfaces: Interfaces
  readonly #underlay: Underlay | undefined
  /** The form of each wish; 0: nobody asked since it changed. */
  #forms = new Uint32Array(64)
  #isStale = false

  constructor(targets: TargetTable, interfaces: Interfaces, underlay: Underlay | undefined) {
    this.#targets = targets
    this.#interfaces = interfaces
    this.#underlay = underlay
    interfaces.watch(change => this.#interfaceChanged(change))
    underlay?.watch(prefix => this.#underlayChanged(prefix))
  }

  /** The target the kernel is to have for this wish. */
  form(wish: number): number {
    if (wish === NO_TARGET) return NO_TARGET
    if (wish >= this.#forms.length) this.#grow(wish)
    const known = this.#forms[wish]!
    if (known !== 0) return known
    const form = this.#resolve(wish)
    this.#forms[wish] = form
    return form
  }

  /** Wishes with another form than before, as one octet a wish; undefined: none. */
  refresh(): Uint8Array | undefined {
    if (!this.#isStale) return undefined
    this.#isStale = false
    const { size } = this.#targets
    let changed: Uint8Array | undefined
    for (let wish = 1; wish <= size && wish < this.#forms.length; wish++) {
      const before = this.#forms[wish]!
      if (before === 0) continue
      const after = this.#resolve(wish)
      if (after === before) continue
      this.#forms[wish] = after
      changed ??= new Uint8Array(size + 1)
      changed[wish] = 1
    }
    return changed
  }

  /** Targets were numbered anew; 0: forgotten. What was known of the others still holds, or `refresh` would miss that it changed. */
  renumber(renamed: Uint32Array): void {
    const forms = new Uint32Array(this.#forms.length)
    for (let wish = 1; wish < renamed.length && wish < forms.length; wish++) {
      if (renamed[wish] !== 0) forms[renamed[wish]!] = renamed[this.#forms[wish]!]!
    }
    this.#forms = forms
  }

  /** Marks the forms of wishes in use, so that they are not forgotten with the unused targets. */
  markUsed(used: Uint8Array): void {
    for (let wish = 1; wish < used.length; wish++) {
      if (used[wish] !== 0 && wish < this.#forms.length) used[this.#forms[wish]!] = 1
    }
  }

  #grow(wish: number): void {
    const larger = new Uint32Array(Math.max(wish + 1, this.#forms.length * 2))
    larger.set(this.#forms)
    this.#forms = larger
  }

  #resolve(wish: number): number {
    const targets = this.#targets
    if (targets.kind(wish) !== RouteKind.unicast) return wish
    const asked: Leg[] = []
    const legs: Leg[] = []
    for (let leg = 0; leg < targets.legs(wish); leg++) {
      const wanted = this.#askedLeg(wish, leg)
      const usable = this.#usable(wanted)
      asked.push(wanted)
      if (usable !== undefined) legs.push(usable)
    }
    targets.begin(RouteKind.unicast, 0)
    targets.likeHead(wish)
    for (const { interfaceIndex, isOnlink, gateway } of legs.length > 0 ? legs : asked) {
      targets.addLeg(interfaceIndex, isOnlink, gateway)
    }
    return targets.end()
  }

  #askedLeg(wish: number, leg: number): Leg {
    const targets = this.#targets
    const gateway = targets.gateway(wish, leg)
    const tunnel = targets.tunnel(wish, leg)
    const device = tunnel === '' ? undefined : this.#interfaces.get(this.#interfaces.indexOf(tunnel))
    if (device?.isUp) return { gateway, interfaceIndex: device.index, isOnlink: true }
    return { gateway, interfaceIndex: targets.interfaceIndex(wish, leg), isOnlink: targets.isOnlink(wish, leg) }
  }

  /** The leg as the kernel takes it; undefined: it leads nowhere now. */
  #usable(leg: Leg): Leg | undefined {
    const { gateway, interfaceIndex } = leg
    if (interfaceIndex !== 0) return this.#interfaces.get(interfaceIndex)?.isUp === false ? undefined : leg
    if (gateway === undefined) return undefined
    if (this.#underlay === undefined) return this.#interfaces.connectedTo(gateway) === undefined ? undefined : leg
    const route = this.#underlay.lookup(gateway)
    if (route === undefined) return undefined
    if (route.gateway === undefined) return leg
    return { gateway: route.gateway, interfaceIndex: route.interfaceIndex, isOnlink: false }
  }

  /** Pods' links come and go all day: only what a wish may depend on makes the forms stale. */
  #interfaceChanged({ index }: InterfaceChange): void {
    if (this.#isStale || this.#targets.size === 0) return
    const name = this.#interfaces.nameOf(index)
    // A link that is gone has no name; its subnets were told as gone before.
    const mayMatter = name === undefined || this.#interfaces.hasGlobalAddress(index)
    this.#isStale = mayMatter || this.#targets.usesInterface(index) || this.#targets.usesTunnel(name)
  }

  #underlayChanged(prefix: Prefix): void {
    if (this.#isStale) return
    for (let id = this.#targets.size; id > 0; id--) {
      for (let leg = this.#targets.legs(id) - 1; leg >= 0; leg--) {
        const gateway = this.#targets.gateway(id, leg)
        if (gateway === undefined || !holdsAddress(prefix, gateway)) continue
        this.#isStale = true
        return
      }
    }
  }
}
