/**
 * Texts that are equal exactly when two values mean the same to the speaker: octets as numbers, sets in order, names that are only for people left out.
 * Called by diff.ts to compare, and by src/daemon/routing.ts to recognise a policy that another reading of the file has brought again.
 */
import type { Edits, Policy } from '../policy/policy.ts'

/** Any plain value, typed arrays included. Lists keep their order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (part instanceof Uint8Array ? Array.from(part) : part)) ?? ''
}

const policyTexts = new WeakMap<Policy, string>()

/** A policy without its name and those of its terms. Terms keep their order, the entries of a list in `match` or `set` do not matter. */
export function policyText(policy: Policy): string {
  let text = policyTexts.get(policy)
  if (text === undefined) {
    text = writePolicy(policy)
    policyTexts.set(policy, text)
  }
  return text
}

function writePolicy({ terms, otherwise }: Policy): string {
  const rows = terms.map(({ match, set = {}, action }) => [meaning(match), meaning(withoutIdle(set)), action])
  return JSON.stringify([rows, otherwise])
}

/** Empty lists and `false` change nothing. */
function withoutIdle(set: Edits): object {
  return Object.fromEntries(
    Object.entries(set).filter(([, value]) => value !== false && !(Array.isArray(value) && value.length === 0)),
  )
}

/** Lists whose order means something. Lists inside of lists are values, and have one, too. */
const ORDERED: readonly string[] = ['startsWith', 'prepend', 'value', 'mask']

function meaning(value: unknown, key = ''): unknown {
  if (value instanceof Uint32Array) return Array.from(value)
  if (Array.isArray(value)) {
    const parts = value.map(part => meaning(part))
    return key === '' || ORDERED.includes(key) ? parts : unordered(parts)
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, part]) => part !== undefined)
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, part]) => [name, meaning(part, name)])
}

function unordered(values: readonly unknown[]): string[] {
  return [...new Set(values.map(value => JSON.stringify(value)))].sort()
}
