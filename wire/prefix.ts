/**
 * Prefixes and addresses as text (RFC 4632 3.1, RFC 4291 2.2-2.3, RFC 5952). Text lives at the edges only: the inside
 * knows 32-bit words. Reading is strict (no leading zeros in IPv4, no zone); writing is canonical.
 * INTEROP: BIRD 2 (`ip6_ntop`) prints v4-mapped and v4-compatible IPv6 addresses mixed, `::ffff:10.0.0.1`; so do we.
 * Called by configuration, policy, show commands and tests; never per prefix on the hot path.
 */

import { readU16, readU32, writeU16 } from './bytes.ts'
import type { Family } from './family.ts'
import { IPV4_UNICAST, IPV6_UNICAST } from './family.ts'

/** A prefix of one family. */
export interface Prefix {
  readonly family: Family
  /** 1 or 4 unsigned 32-bit words, most significant first. */
  readonly words: Uint32Array
  /** Bits that count, 0 to `family.bits`. */
  readonly length: number
}

/** Reads "10.0.0.0/8" or "2001:db8::/32"; undefined when malformed. Bits after the length are kept as given. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/')
  if (slash < 0) return undefined
  const octets = parseAddress(text.slice(0, slash))
  const length = parseDecimal(text.slice(slash + 1), 128)
  if (octets === undefined || length === undefined) return undefined
  const family = octets.length === 4 ? IPV4_UNICAST : IPV6_UNICAST
  return length > family.bits ? undefined : { family, words: wordsOf(octets), length }
}

/** True when a bit after the prefix length is set. */
export function hasHostBits(prefix: Prefix): boolean {
  return prefix.words.some((word, index) => (word & ~networkMask(prefix.length - 32 * index)) !== 0)
}

/** The same prefix with every bit after its length cleared. */
export function clearHostBits(prefix: Prefix): Prefix {
  return { ...prefix, words: prefix.words.map((word, index) => word & networkMask(prefix.length - 32 * index)) }
}

/** A 32-bit mask (signed) of the first `bits` bits; `bits` may be negative or above 32. */
function networkMask(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? -1 : -1 << (32 - bits)
}

/** "10.0.0.0/8": `words` holds the address, 1 or 4 unsigned words, most significant first. */
export function formatPrefix(family: Family, words: ArrayLike<number>, length: number): string {
  const octets = new Uint8Array(family.bits / 8)
  for (let i = 0; i < family.words; i++) {
    writeU16(octets, 4 * i, (words[i] ?? 0) >>> 16)
    writeU16(octets, 4 * i + 2, words[i] ?? 0)
  }
  return `${formatAddress(octets)}/${length}`
}

/** Reads an IPv4 or IPv6 address into 4 or 16 octets; undefined when malformed or with a zone. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** Writes 4 or 16 octets as an address, IPv6 as in RFC 5952 4. */
export function formatAddress(octets: Uint8Array): string {
  return octets.length === 4 ? octets.join('.') : formatIpv6(octets)
}

/** "10.0.0.1" for a router id, originator id or cluster id. */
export function formatRouterId(id: number): string {
  return `${id >>> 24}.${(id >>> 16) & 0xff}.${(id >>> 8) & 0xff}.${id & 0xff}`
}

/** Reads a router id in dotted form into an unsigned 32-bit number; undefined when malformed. */
export function parseRouterId(text: string): number | undefined {
  const octets = parseIpv4(text)
  return octets === undefined ? undefined : readU32(octets, 0)
}

/** The words of 4 or 16 octets, most significant first. */
export function wordsOf(octets: Uint8Array): Uint32Array {
  const words = new Uint32Array(octets.length / 4)
  for (let i = 0; i < words.length; i++) words[i] = readU32(octets, 4 * i)
  return words
}

function parseDecimal(text: string, limit: number): number | undefined {
  if (!/^(0|[1-9][0-9]{0,2})$/.test(text)) return undefined
  const value = Number(text)
  return value <= limit ? value : undefined
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const octets = new Uint8Array(4)
  for (const [index, part] of parts.entries()) {
    const value = parseDecimal(part, 255)
    if (value === undefined) return undefined
    octets[index] = value
  }
  return octets
}

/** RFC 4291 2.2: eight groups, one run of zero groups as `::`, the last two groups possibly as an IPv4 address. */
function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0] ?? '', halves.length === 1)
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const octets = new Uint8Array(16)
  for (const [index, group] of head.entries()) writeU16(octets, 2 * index, group)
  for (const [index, group] of tail.entries()) writeU16(octets, 2 * (head.length + missing + index), group)
  return octets
}

function parseGroups(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16))
      continue
    }
    const embedded = isLast && index === parts.length - 1 ? parseIpv4(part) : undefined
    if (embedded === undefined) return undefined
    groups.push(readU16(embedded, 0), readU16(embedded, 2))
  }
  return groups
}

function formatIpv6(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => readU16(octets, 2 * index))
  const run = longestZeroRun(groups)
  const isMapped = run.start === 0 && run.length === 5 && groups[5] === 0xffff
  const isCompatible = run.start === 0 && run.length === 6
  if (isMapped || isCompatible) return `::${isMapped ? 'ffff:' : ''}${octets.slice(12).join('.')}`
  const text = (from: number, to: number): string => {
    const part = groups.slice(from, to)
    return part.map(group => group.toString(16)).join(':')
  }
  // RFC 5952 4.2.2: a single zero group is not shortened.
  if (run.length < 2) return text(0, 8)
  return `${text(0, run.start)}::${text(run.start + run.length, 8)}`
}

/** RFC 5952 4.2.3: the longest run of zero groups, the first of equals. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let length = 0
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0
    if (length > best.length) best = { start: index - length + 1, length }
  }
  return best
}
