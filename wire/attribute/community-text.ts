/**
 * Communities and large communities as people write them, both ways: "65001:100", names of well-known ones (RFC 1997,
 * RFC 3765 NOPEER, RFC 7611 ACCEPT_OWN, RFC 7999 BLACKHOLE, RFC 8326 GRACEFUL_SHUTDOWN, RFC 9026 Standby PE, RFC 9494
 * LLGR_STALE, NO_LLGR), "65001:1:2" (RFC 8092 5). BIRD's "(65001,100)" and "(65001, 1, 2)" are read too.
 * Called by the CLI and by whoever reads communities from text.
 */

import { WellKnownCommunity } from '../iana.ts'
import type { LargeCommunity } from './community.ts'

/** "no-export" for NO_EXPORT, and so on, by value. */
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(WellKnownCommunity).map(([name, value]) => [value, name.toLowerCase().replaceAll('_', '-')]),
)
const VALUES: ReadonlyMap<string, number> = new Map([...NAMES].map(([value, name]) => [name, value]))
/** Other spellings in use. */
const ALIASES: ReadonlyMap<string, number> = new Map([
  ['nopeer', WellKnownCommunity.NO_PEER],
  ['local-as', WellKnownCommunity.NO_EXPORT_SUBCONFED],
  ['internet', 0],
])

/** The name of a well-known community ("no-export"), or undefined. */
export const communityName = (value: number): string | undefined => NAMES.get(value)

/** "65001:100", or the name of a well-known community. */
export const formatCommunity = (value: number): string => NAMES.get(value) ?? `${value >>> 16}:${value & 0xffff}`

/** Reads a community: name, "65001:100" or "(65001,100)"; undefined for anything else. Case and `_` for `-` do not matter. */
export function parseCommunity(text: string): number | undefined {
  const name = text.trim().toLowerCase().replaceAll('_', '-')
  const known = VALUES.get(name) ?? ALIASES.get(name)
  if (known !== undefined) return known
  const [high, low, ...more] = numbers(text, 0xffff)
  if (high === undefined || low === undefined || more.length > 0) return undefined
  return high * 0x10000 + low
}

/** "65001:1:2" (RFC 8092 5). */
export const formatLargeCommunity = (value: LargeCommunity): string => value.join(':')

/** Reads a large community: "65001:1:2" or "(65001, 1, 2)"; undefined for anything else. */
export function parseLargeCommunity(text: string): LargeCommunity | undefined {
  const [global, local1, local2, ...more] = numbers(text, 0xffffffff)
  if (global === undefined || local1 === undefined || local2 === undefined || more.length > 0) return undefined
  return [global, local1, local2]
}

/** The numbers of "a:b" or "(a, b)", none when one of them is no number up to `limit`. */
function numbers(text: string, limit: number): readonly number[] {
  const trimmed = text.trim()
  const isBird = trimmed.startsWith('(') && trimmed.endsWith(')')
  const parts = isBird ? trimmed.slice(1, -1).split(',') : trimmed.split(':')
  const values = parts.map(part => (/^\s*\d{1,10}\s*$/.test(part) ? Number(part) : limit + 1))
  return values.every(value => value <= limit) ? values : []
}
