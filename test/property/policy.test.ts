/** The compiled policy against the plainest reading of the same terms: no tries, no masks, no memory. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../src/policy/compile.ts'
import type { Edits, Policy, PolicySubject, PrefixMatch, SourceKind, Term } from '../../src/policy/policy.ts'
import { FAMILIES, IPV4_UNICAST } from '../../wire/family.ts'

const SOURCES: readonly SourceKind[] = ['bgp', 'kernel', 'direct', 'static']

/** Few addresses, so that prefixes cover each other often. */
const address = fc.constantFrom(0, 0x0a000000, 0x0a800000, 0x0a010000, 0x0a010200, 0x0a010203, 0xc0000200, 0xffffffff)

const prefixMatch: fc.Arbitrary<PrefixMatch> = fc
  .record({
    isIpv6: fc.boolean(),
    address,
    length: fc.integer({ min: 0, max: 32 }),
    lengths: fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 })),
  })
  .map(({ isIpv6, address, length, lengths: [a, b] }) => {
    const family = FAMILIES[isIpv6 ? 1 : 0] ?? IPV4_UNICAST
    const mask = length === 0 ? 0 : (-1 << (32 - length)) >>> 0
    const words = new Uint32Array(family.words)
    words[0] = (address & mask) >>> 0
    return { prefix: { family, words, length }, minLength: Math.min(a, b), maxLength: Math.max(a, b) }
  })

const communities = fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 3 })
const edits: fc.Arbitrary<Edits> = fc.record(
  {
    localPref: fc.integer({ min: 1, max: 3 }),
    med: fc.integer({ min: 1, max: 3 }),
    addCommunities: communities,
    removeCommunities: communities,
    nextHopSelf: fc.constant(true),
  },
  { requiredKeys: [] },
)
const term: fc.Arbitrary<Term> = fc.record(
  {
    match: fc.record(
      { prefixes: fc.array(prefixMatch, { maxLength: 5 }), sources: fc.subarray([...SOURCES]), communities },
      { requiredKeys: [] },
    ),
    set: edits,
    action: fc.constantFrom('accept' as const, 'reject' as const, 'next' as const),
  },
  { requiredKeys: ['match', 'action'] },
)
const policy: fc.Arbitrary<Policy> = fc.record({
  name: fc.constant('p'),
  terms: fc.array(term, { maxLength: 6 }),
  otherwise: fc.constantFrom('accept' as const, 'reject' as const),
})

interface Route {
  readonly isIpv6: boolean
  readonly address: number
  readonly length: number
  readonly source: SourceKind
  readonly communities: readonly number[]
}
const route: fc.Arbitrary<Route> = fc.record({
  isIpv6: fc.boolean(),
  address,
  length: fc.integer({ min: 0, max: 32 }),
  source: fc.constantFrom(...SOURCES),
  communities,
})

function toSubject({ isIpv6, address, length, source, communities }: Route): PolicySubject {
  const family = FAMILIES[isIpv6 ? 1 : 0] ?? IPV4_UNICAST
  const address0 = length === 0 ? 0 : (address & (-1 << (32 - length))) >>> 0
  return {
    family,
    address0,
    address1: 0,
    address2: 0,
    address3: 0,
    length,
    source,
    hasCommunity: value => communities.includes(value),
  }
}

interface Verdict {
  readonly localPref: number | undefined
  readonly med: number | undefined
  readonly communities: readonly number[]
  readonly nextHopSelf: boolean
}

function covers({ prefix, minLength, maxLength }: PrefixMatch, subject: PolicySubject): boolean {
  if (prefix.family !== subject.family || prefix.length > subject.length) return false
  if (subject.length < minLength || subject.length > maxLength) return false
  return prefix.length === 0 || ((prefix.words[0] ?? 0) ^ subject.address0) >>> (32 - prefix.length) === 0
}

function apply(before: Verdict, set: Edits): Verdict {
  const kept = before.communities.filter(value => set.removeCommunities?.includes(value) !== true)
  return {
    localPref: set.localPref ?? before.localPref,
    med: set.med ?? before.med,
    communities: [...new Set([...kept, ...(set.addCommunities ?? [])])].sort(),
    nextHopSelf: before.nextHopSelf || set.nextHopSelf === true,
  }
}

function naive(policy: Policy, subject: PolicySubject, communities: readonly number[]): Verdict | 'reject' {
  let verdict: Verdict = {
    localPref: undefined,
    med: undefined,
    communities: [...communities].sort(),
    nextHopSelf: false,
  }
  for (const { match, set, action } of policy.terms) {
    if (match.sources !== undefined && !match.sources.includes(subject.source)) continue
    if (match.communities !== undefined && !match.communities.some(value => verdict.communities.includes(value)))
      continue
    if (match.prefixes !== undefined && !match.prefixes.some(entry => covers(entry, subject))) continue
    if (action === 'reject') return 'reject'
    if (set !== undefined) verdict = apply(verdict, set)
    if (action === 'accept') return verdict
  }
  return policy.otherwise === 'accept' ? verdict : 'reject'
}

describe('a compiled policy', () => {
  it('decides and edits as its terms read', () => {
    fc.assert(
      fc.property(policy, fc.array(route, { minLength: 1, maxLength: 20 }), (policy, routes) => {
        const compiled = compilePolicy(policy)
        for (const given of routes) {
          const subject = toSubject(given)
          const index = compiled.evaluate(subject)
          const start: Verdict = {
            localPref: undefined,
            med: undefined,
            communities: [...given.communities].sort(),
            nextHopSelf: false,
          }
          expect(index < 0 ? 'reject' : apply(start, compiled.edits[index] ?? {})).toEqual(
            naive(policy, subject, given.communities),
          )
        }
      }),
      { numRuns: 500 },
    )
  })

  it('that does not depend on prefixes says the same of all prefixes', () => {
    fc.assert(
      fc.property(policy, fc.array(route, { minLength: 2, maxLength: 8 }), (policy, routes) => {
        const compiled = compilePolicy(policy)
        fc.pre(!compiled.dependsOnPrefix)
        const [first] = routes
        if (first === undefined) return
        const all = routes.map(({ isIpv6, address, length }) =>
          compiled.evaluate(toSubject({ ...first, isIpv6, address, length })),
        )
        expect(new Set(all).size).toBe(1)
      }),
      { numRuns: 500 },
    )
  })
})
