/**
 * Cross checks of policies: terms that contradict themselves, names, and uses in the wrong direction. Called by check.ts.
 */
import { ACCEPT_ALL, REJECT_ALL } from '../policy/policy.ts'
import type { PlacedFinding } from './explain.ts'
import type { ParsedPolicy, ParsedTerm } from './policy-schema.ts'
import { suggest } from './suggest.ts'
import { parseName } from './text.ts'

type Policies = Readonly<Record<string, ParsedPolicy>>
export type Direction = 'import' | 'export'

export function checkPolicies(policies: Policies): PlacedFinding[] {
  return Object.entries(policies).flatMap(([name, { terms }]) => [
    ...checkPolicyName(name),
    ...terms.flatMap((term, index) =>
      checkTerm(term).map(finding => ({ ...finding, path: ['policies', name, 'terms', index, ...finding.path] })),
    ),
  ])
}

function checkPolicyName(name: string): PlacedFinding[] {
  const path = ['policies', name]
  if (name === ACCEPT_ALL.name || name === REJECT_ALL.name) {
    const message = `${name} is built in`
    return [{ path, code: 'reserved-name', message, hint: 'give the policy another name', onKey: true }]
  }
  const parsed = parseName(name)
  return parsed.ok ? [] : [{ ...parsed.finding, path, onKey: true }]
}

/** Changes that mean something in one direction only. */
const DIRECTIONS = { nextHopSelf: 'export', preference: 'import' } as const

/** Is there a policy of this name, and may it be used in this direction? */
export function checkPolicyUse(policies: Policies, name: string | undefined, direction: Direction): PlacedFinding[] {
  if (name === undefined || name === ACCEPT_ALL.name || name === REJECT_ALL.name) return []
  const path = [direction]
  const policy = Object.hasOwn(policies, name) ? policies[name] : undefined
  if (policy === undefined) {
    const known = [...new Set([...Object.keys(policies), ACCEPT_ALL.name, REJECT_ALL.name])]
    const meant = suggest(name, known)
    const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`
    return [{ path, code: 'unknown-policy', message: `there is no policy ${JSON.stringify(name)}`, hint }]
  }
  return (['nextHopSelf', 'preference'] as const).flatMap(key => {
    const wanted = DIRECTIONS[key]
    if (wanted === direction || !policy.terms.some(({ set }) => set?.[key] !== undefined)) return []
    const message = `${name} sets ${key}, which is for ${wanted}`
    return [{ path, code: 'policy-direction', message, hint: `use another policy for ${direction}` }]
  })
}

function checkTerm(term: ParsedTerm): PlacedFinding[] {
  return [...checkRanges(term), ...checkChanges(term)]
}

function checkRanges({ match }: ParsedTerm): PlacedFinding[] {
  const ranges = [
    [['match', 'metric'], match.metric],
    [['match', 'localPref'], match.localPref],
    [['match', 'med'], match.med],
    [['match', 'asPath', 'length'], match.asPath?.length],
  ] as const
  return ranges.flatMap(([path, range]) => {
    if (range === undefined || range.min <= range.max) return []
    const message = `nothing is from ${range.min} to ${range.max}`
    return [{ path, code: 'contradiction', message, hint: 'write the smaller one as min' }]
  })
}

function checkChanges({ set, action }: ParsedTerm): PlacedFinding[] {
  if (set === undefined) return []
  if (action === 'reject') {
    const message = 'changes routes that are then rejected'
    const hint = 'take set out, or make the action accept or next'
    return [{ path: ['set'], code: 'contradiction', message, hint }]
  }
  const removed = new Set(set.removeCommunities?.map(value => JSON.stringify(value)))
  const both = set.addCommunities?.findIndex(value => removed.has(JSON.stringify(value))) ?? -1
  if (both < 0) return []
  const path = ['set', 'addCommunities', both]
  return [
    { path, code: 'contradiction', message: 'is both added and removed', hint: 'take it out of one of the lists' },
  ]
}
