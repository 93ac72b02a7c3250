/**
 * The routes that next hops are resolved by: those of the kernel and of the configuration, never one of BGP, so that no
 * route can lead to its own next hop (RFC 4271 9.1.2.1). Longest match, one family after the other.
 *
 * One map per prefix length: an underlay has few lengths, and is asked once per next hop and change, not per route. Cold.
 * Called by resolution.ts.
 */
import { clearHostBits, formatPrefix, type Prefix } from '../../wire/prefix.ts'
import type { UnderlayRoute } from './port.ts'

export interface UnderlayEntry extends UnderlayRoute {
  /** The prefix as text, for people. */
  readonly prefix: string
}

export class Underlay {
  /** By octets of the address and prefix length: routes by the octets of their prefix as text. */
  readonly #byLength = new Map<number, Map<string, UnderlayEntry>>()
  /** Keys of `#byLength`, longest first. */
  #lengths: number[] = []

  set(prefix: Prefix, route: UnderlayRoute): void {
    const { octets, length, text } = canonical(prefix)
    const lengthKey = octets.length * 256 + length
    let routes = this.#byLength.get(lengthKey)
    if (routes === undefined) {
      routes = new Map()
      this.#byLength.set(lengthKey, routes)
      this.#lengths = [...this.#byLength.keys()].sort((a, b) => b - a)
    }
    routes.set(keyOf(octets, length), { ...route, prefix: text })
  }

  remove(prefix: Prefix): void {
    const { octets, length } = canonical(prefix)
    const lengthKey = octets.length * 256 + length
    const routes = this.#byLength.get(lengthKey)
    routes?.delete(keyOf(octets, length))
    if (routes?.size !== 0) return
    this.#byLength.delete(lengthKey)
    this.#lengths = this.#lengths.filter(key => key !== lengthKey)
  }

  /** The route with the longest prefix that covers an address of 4 or 16 octets. */
  lookup(octets: Uint8Array): UnderlayEntry | undefined {
    for (const lengthKey of this.#lengths) {
      if (lengthKey >> 8 !== octets.length) continue
      const entry = this.#byLength.get(lengthKey)?.get(keyOf(octets, lengthKey & 0xff))
      if (entry !== undefined) return entry
    }
    return undefined
  }
}

/** Is an address of 4 or 16 octets inside the prefix? */
export function covers({ family, words, length }: Prefix, octets: Uint8Array): boolean {
  if (octets.length * 8 !== family.bits) return false
  for (let bit = 0; bit < length; bit += 8) {
    const octet = (words[bit >> 5] ?? 0) >>> (24 - (bit & 31))
    const mask = length - bit >= 8 ? 0xff : (0xff00 >> (length - bit)) & 0xff
    if (((octet ^ (octets[bit >> 3] ?? 0)) & mask) !== 0) return false
  }
  return true
}

function canonical(prefix: Prefix): { octets: Uint8Array; length: number; text: string } {
  const { family, words, length } = clearHostBits(prefix)
  const octets = new Uint8Array(family.bits / 8)
  for (let i = 0; i < octets.length; i++) octets[i] = (words[i >> 2] ?? 0) >>> (24 - 8 * (i & 3))
  return { octets, length, text: formatPrefix(family, words, length) }
}

/** The first `length` bits as text. */
function keyOf(octets: Uint8Array, length: number): string {
  let text = ''
  for (let bit = 0; bit < length; bit += 8) {
    const mask = length - bit >= 8 ? 0xff : (0xff00 >> (length - bit)) & 0xff
    text += String.fromCharCode((octets[bit >> 3] ?? 0) & mask)
  }
  return text
}
