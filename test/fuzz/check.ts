/**
 * What the targets check with: a failure that says which property broke, and digests by which two results are compared
 * without keeping either.
 */

import { FAMILIES } from '../../wire/index.ts'

/** A property does not hold. `property` is the name of the rule, the message what was seen. */
export class Broken extends Error {
  readonly property: string

  constructor(property: string, detail: string) {
    super(`${property}: ${detail}`)
    this.property = property
  }
}

export function check(holds: boolean, property: string, detail: () => string): void {
  if (!holds) throw new Broken(property, detail())
}

/** Mixes a number into a digest. */
export const mix = (digest: number, value: number): number => {
  const h = Math.imul(digest ^ (value | 0), 0x9e3779b1)
  return (h ^ (h >>> 15)) | 0
}

/** A digest of anything made of plain values, arrays, maps of them and typed arrays. Keys count, their order does not. */
export function digest(value: unknown, seed = 17): number {
  switch (typeof value) {
    case 'number':
      return mix(mix(seed, 1), Number.isInteger(value) ? value ^ (value / 4294967296) : Math.trunc(value * 1e6))
    case 'string':
      return digestText(value, mix(seed, 2))
    case 'boolean':
      return mix(seed, value ? 3 : 4)
    case 'bigint':
      return digestText(value.toString(), mix(seed, 5))
    case 'object':
      return value === null ? mix(seed, 6) : digestObject(value, seed)
    default:
      return mix(seed, 7)
  }
}

function digestText(text: string, seed: number): number {
  let h = seed
  for (let i = 0; i < text.length; i++) h = mix(h, text.charCodeAt(i))
  return mix(h, text.length)
}

function digestObject(value: object, seed: number): number {
  if (ArrayBuffer.isView(value)) {
    let h = mix(seed, 8)
    const items = value as Uint8Array
    for (let i = 0; i < items.length; i++) h = mix(h, items[i] ?? -1)
    return mix(h, items.length)
  }
  if (Array.isArray(value)) {
    let h = mix(seed, 9)
    for (const item of value) h = digest(item, h)
    return mix(h, value.length)
  }
  const shared = SHARED.get(value)
  if (shared !== undefined) return mix(seed, shared)
  let sum = mix(seed, 10)
  const fields = value as Record<string, unknown>
  for (const key in fields) {
    const item = fields[key]
    if (item !== undefined) sum = (sum + digest(item, digestKey(key))) | 0
  }
  return sum
}

/** Objects that hang on everything: one number each. */
const SHARED = new Map<object, number>(FAMILIES.map(family => [family, 0x1000 + family.index]))
const keys = new Map<string, number>()

function digestKey(key: string): number {
  const known = keys.get(key)
  if (known !== undefined) return known
  const fresh = digestText(key, 23)
  if (keys.size < 1000) keys.set(key, fresh)
  return fresh
}

/** The words of a complaint without its numbers, so that one rule is one outcome. */
export const kindOf = (reason: string): string => reason.replace(/\d+/g, '#').slice(0, 80)

export const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
export const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replace(/\s+/g, ''), 'hex'))
