/**
 * Texts that are equal exactly when two values mean the same to the speaker: octets as numbers, sets in order, names that are only for people left out.
 * Called by diff.ts to compare, and by src/daemon/routing.ts to recognise a policy that another reading of the file has brought again.
 */
import type { Policy, PrefixMatch } from '../policy/policy.ts'

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
  const rows = terms.map(({ match, set = {}, action }) => [
    match.prefixes === undefined ? null : unordered(match.prefixes.map(prefixMatchText)),
    match.sources === undefined ? null : unordered(match.sources),
    match.communities === undefined ? null : unordered(match.communities),
    [set.localPref ?? null, set.med ?? null, set.nextHopSelf ?? false],
    unordered(set.addCommunities ?? []),
    unordered(set.removeCommunities ?? []),
    action,
  ])
  return JSON.stringify([rows, otherwise])
}

function unordered(values: readonly (string | number)[]): string[] {
  return [...new Set(values.map(String))].sort()
}

function prefixMatchText({ prefix, minLength, maxLength }: PrefixMatch): string {
  return JSON.stringify([prefix.family.name, Array.from(prefix.words), prefix.length, minLength, maxLength])
}
