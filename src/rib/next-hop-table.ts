/**
 * Next hops as objects with small ids, one per distinct value for as long as an attribute set names it (RFC 4271 5.1.3,
 * RFC 2545 3). The listener of best routes gets the object itself, so that it can keep its own facts by `id`.
 * Called by the interner on a miss of the attribute store only; looking up the value of the last call again is free.
 */
import { formatAddress } from '../../wire/prefix.ts'
import type { NextHop } from './port.ts'

export class NextHopTable {
  /** Next hops in use. */
  size = 0
  readonly #objects: (NextHop | undefined)[] = [undefined]
  readonly #references: number[] = [0]
  readonly #keys: (number | string)[] = [0]
  /** IPv4 by number, the rest by text. */
  readonly #ids = new Map<number | string, number>()
  readonly #free: number[] = []

  /** The id of `bytes[start, start + length)`, 4, 16 or 32 octets, with one reference more. */
  acquire(bytes: Uint8Array, start: number, length: number): number {
    const key = length === 4 ? numberAt(bytes, start) : textAt(bytes, start, length)
    let id = this.#ids.get(key)
    if (id === undefined) id = this.#add(key, bytes.slice(start, start + length))
    this.#references[id]! += 1
    return id
  }

  #add(key: number | string, octets: Uint8Array): number {
    const id = this.#free.pop() ?? this.#objects.length
    this.#objects[id] = nextHop(id, octets)
    this.#references[id] = 0
    this.#keys[id] = key
    this.#ids.set(key, id)
    this.size++
    return id
  }

  /** One reference more. 0 is ignored. */
  retain(id: number): void {
    if (id !== 0) this.#references[id]! += 1
  }

  /** Gives one reference back. 0 is ignored. */
  release(id: number): void {
    if (id === 0) return
    this.#references[id]! -= 1
    if (this.#references[id]! > 0) return
    this.#ids.delete(this.#keys[id]!)
    this.#objects[id] = undefined
    this.#free.push(id)
    this.size--
  }

  get(id: number): NextHop | undefined {
    return this.#objects[id]
  }

  /** The next hops in use. */
  *[Symbol.iterator](): Iterator<NextHop> {
    for (const nextHop of this.#objects) if (nextHop !== undefined) yield nextHop
  }
}

function nextHop(id: number, octets: Uint8Array): NextHop {
  if (octets.length !== 32) return { id, octets, text: formatAddress(octets) }
  const linkLocal = octets.slice(16)
  const global = octets.slice(0, 16)
  // INTEROP: some send zero or the link-local address twice where there is no global one (RFC 2545 3).
  if (global.every(octet => octet === 0)) return { id, octets: linkLocal, text: formatAddress(linkLocal) }
  return { id, octets: global, linkLocal, text: formatAddress(global) }
}

function numberAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function textAt(bytes: Uint8Array, start: number, length: number): string {
  let text = ''
  for (let i = start; i < start + length; i++) text += String.fromCharCode(bytes[i]!)
  return text
}
