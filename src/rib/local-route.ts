/**
 * Routes of the kernel, of interfaces and of the configuration, as attribute sets like any other (RFC 4271 9.4).
 *
 * Canonical form: a synthetic attribute of type 0, never sent, that holds what is not BGP (type, preference, interface,
 * metric), then ORIGIN IGP, an empty AS_PATH (RFC 4271 5.1.2) and NEXT_HOP with the gateway if there is one; without, the
 * own address is told (egress.ts). Equal routes are one set. The source decides which of its routes to a prefix it offers.
 * Called by rib.ts.
 */
import { encodeUtf8 } from '../../wire/bytes.ts'
import { clearHostBits, type Prefix } from '../../wire/prefix.ts'
import type { Core } from './core.ts'
import type { Interner } from './interner.ts'
import type { LocalRoute, LocalRouteType, LocalSource } from './port.ts'
import { LOCAL_ATTRIBUTE } from './rewrite.ts'
import { localSourceId } from './source-table.ts'

const TYPES: readonly LocalRouteType[] = ['unicast', 'blackhole', 'unreachable', 'prohibit']
/** Octets of the synthetic attribute before the interface name: type, preference, index, metric. */
const FIXED = 11
const MAX_NAME = 64

export class LocalRoutes {
  readonly #core: Core
  readonly #interner: Interner
  readonly #scratch = new Uint8Array(256)

  constructor(core: Core, interner: Interner) {
    this.#core = core
    this.#interner = interner
  }

  announce(source: LocalSource, prefix: Prefix, route: LocalRoute): void {
    const { store } = this.#core
    const id = localSourceId(source)
    const set = this.#interner.internLocal(id, this.#scratch, this.#encode(route), route)
    store.retain(set)
    const table = this.#core.table(prefix.family)
    const { words, length } = clearHostBits(prefix)
    table.announce(table.prefixes.add(words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0, length), id, set, 0)
    store.release(set)
  }

  withdraw(source: LocalSource, prefix: Prefix): void {
    const table = this.#core.table(prefix.family)
    const { words, length } = clearHostBits(prefix)
    const id = table.prefixes.lookup(words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0, length)
    if (id !== 0) table.withdraw(id, localSourceId(source), 0)
  }

  /** Writes the canonical form to the scratch array; returns its length. */
  #encode({ type, preference, interfaceIndex, metric, interfaceName, gateway }: LocalRoute): number {
    const out = this.#scratch
    const view = new DataView(out.buffer)
    const name = encodeUtf8(interfaceName, MAX_NAME)
    out[0] = 0
    out[1] = LOCAL_ATTRIBUTE
    out[2] = FIXED + name.length
    out[3] = TYPES.indexOf(type)
    view.setUint16(4, preference)
    view.setUint32(6, interfaceIndex)
    view.setUint32(10, metric)
    out.set(name, 14)
    let o = 14 + name.length
    out.set(ORIGIN_AND_PATH, o)
    o += ORIGIN_AND_PATH.length
    if (gateway === undefined) return o
    out.set([0x40, 3, gateway.length], o)
    out.set(gateway, o + 3)
    return o + 3 + gateway.length
  }
}

/** ORIGIN IGP, AS_PATH without segments. */
const ORIGIN_AND_PATH = Uint8Array.of(0x40, 1, 1, 0, 0x40, 2, 0)
