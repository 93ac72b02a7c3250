/**
 * Text of communities into values: "64512:10", "64512:1:2" and names (RFC 1997, RFC 8092), and patterns of them with `*` for any number.
 * Called by policy-schema.ts, once per value.
 */
import { WellKnownCommunity } from '../../wire/iana.ts'
import type { Community, CommunityPattern } from '../policy/policy.ts'
import { describe, type Parsed } from './text.ts'

const NAMES: ReadonlyMap<string, number> = new Map([
  ['no-export', WellKnownCommunity.NO_EXPORT],
  ['no-advertise', WellKnownCommunity.NO_ADVERTISE],
  ['no-export-subconfed', WellKnownCommunity.NO_EXPORT_SUBCONFED],
  ['no-peer', WellKnownCommunity.NO_PEER],
  ['blackhole', WellKnownCommunity.BLACKHOLE],
  ['graceful-shutdown', WellKnownCommunity.GRACEFUL_SHUTDOWN],
  ['accept-own', WellKnownCommunity.ACCEPT_OWN],
  ['llgr-stale', WellKnownCommunity.LLGR_STALE],
  ['no-llgr', WellKnownCommunity.NO_LLGR],
])

const HINT = `write numbers such as 64512:10 or 64512:1:2, or one of ${[...NAMES.keys()].join(', ')}`

function refused(text: string): Parsed<never> {
  return { ok: false, finding: { code: 'bad-community', message: `${describe(text)} is not a community`, hint: HINT } }
}

interface Part {
  readonly value: number
  readonly mask: number
}

/** The two or three numbers of a community; undefined for anything else. */
function partsOf(text: string): readonly Part[] | undefined {
  const words = text.split(':')
  if (words.length !== 2 && words.length !== 3) return undefined
  const limit = words.length === 2 ? 0xffff : 0xffffffff
  const parts = words.map((word): Part | undefined => {
    if (word === '*') return { value: 0, mask: 0 }
    return /^\d{1,10}$/.test(word) && Number(word) <= limit ? { value: Number(word), mask: limit } : undefined
  })
  const found = parts.filter(part => part !== undefined)
  return found.length === parts.length ? found : undefined
}

function join(numbers: readonly number[]): Community {
  const [first = 0, second = 0, third] = numbers
  return third === undefined ? first * 0x10000 + second : [first, second, third]
}

/** A community or large community, or a pattern of one. */
export function parseCommunityPattern(text: string): Parsed<Community | CommunityPattern> {
  const known = NAMES.get(text)
  if (known !== undefined) return { ok: true, value: known }
  const parts = partsOf(text)
  if (parts === undefined) return refused(text)
  const value = join(parts.map(part => part.value))
  if (parts.every(({ mask }) => mask !== 0)) return { ok: true, value }
  return { ok: true, value: { value, mask: join(parts.map(part => part.mask)) } }
}

/** One community or large community. */
export function parseCommunity(text: string): Parsed<Community> {
  const parsed = parseCommunityPattern(text)
  if (!parsed.ok) return parsed
  const { value } = parsed
  if (typeof value === 'number' || !('mask' in value)) return { ok: true, value }
  const finding = { code: 'bad-community', message: `${text} stands for many communities`, hint: HINT } as const
  return { ok: false, finding }
}
