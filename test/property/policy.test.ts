/** The compiled policy against the plainest reading of the same terms: no tries, no masks, no memory, no octets. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../src/policy/compile.ts'
import type {
  Community,
  CommunityPattern,
  Edits,
  Match,
  NumberRange,
  PeerType,
  Policy,
  PrefixMatch,
  SourceKind,
  Term,
} from '../../src/policy/policy.ts'
import { FAMILIES, IPV4_UNICAST, IPV6_UNICAST } from '../../wire/family.ts'
import { policySubject } from '../support/policy-subject.ts'

const SOURCES: readonly SourceKind[] = ['bgp', 'kernel', 'direct', 'static']
const TYPES: readonly PeerType[] = ['ebgp', 'ibgp']
const MAX = 0x7fffffff

/** Few addresses, so that prefixes cover each other often. */
const address = fc.constantFrom(0, 0x0a000000, 0x0a800000, 0x0a010000, 0x0a010200, 0x0a010203, 0xc0000200, 0xffffffff)
const family = fc.constantFrom(IPV4_UNICAST, IPV6_UNICAST)

const masked = (address: number, length: number) => (length === 0 ? 0 : (address & (-1 << (32 - length))) >>> 0)
const prefix = fc
  .record({ family, address, length: fc.integer({ min: 0, max: 32 }) })
  .map(({ family, address, length }) => {
    const words = new Uint32Array(family.words)
    words[0] = masked(address, length)
    return { family, words, length }
  })
const prefixMatch: fc.Arbitrary<PrefixMatch> = fc
  .record({ prefix, lengths: fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 })) })
  .map(({ prefix, lengths: [a, b] }) => ({ prefix, minLength: Math.min(a, b), maxLength: Math.max(a, b) }))

const asn = fc.integer({ min: 1, max: 4 })
const path = fc.array(asn, { maxLength: 4 })
const small = fc.integer({ min: 0, max: 3 })
const range: fc.Arbitrary<NumberRange> = fc
  .tuple(small, small)
  .map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }))
const metric = fc.constantFrom(0, 1, 2, 1024)

const standard = fc.integer({ min: 1, max: 5 })
const large = fc.tuple(fc.constantFrom(1, 0xffffffff), small, small)
const community: fc.Arbitrary<Community> = fc.oneof(standard, large)
const pattern: fc.Arbitrary<Community | CommunityPattern> = fc.oneof(
  community,
  fc.record({ value: standard, mask: fc.constantFrom(4, 6, 0xffffffff) }),
  fc.record({ value: large, mask: fc.constantFrom([0xffffffff, 0xffffffff, 0] as const, [0xffffffff, 0, 1] as const) }),
)
const communities = fc.array(community, { maxLength: 3 })
const patterns = fc.array(pattern, { maxLength: 3 })

const edits: fc.Arbitrary<Edits> = fc.record(
  {
    localPref: fc.integer({ min: 1, max: 3 }),
    localPrefFromMetric: fc.constantFrom(0, 1024),
    med: fc.integer({ min: 1, max: 3 }),
    prepend: path,
    addCommunities: communities,
    removeCommunities: patterns,
    preference: fc.constantFrom(150, 200),
    nextHopSelf: fc.constant(true),
  },
  { requiredKeys: [] },
)
const match: fc.Arbitrary<Match> = fc.record(
  {
    peerType: fc.constantFrom(...TYPES),
    families: fc.subarray(['ipv4-unicast' as const, 'ipv6-unicast' as const]),
    prefixes: fc.array(prefixMatch, { maxLength: 5 }),
    exceptPrefixes: fc.array(prefixMatch, { maxLength: 3 }),
    sources: fc.subarray([...SOURCES]),
    fromPeers: fc.subarray(['tor-*', '*-b', 'node-1']),
    fromPeerType: fc.constantFrom(...TYPES),
    interfaces: fc.subarray(['cali*', '*.calico', 'eth?']),
    metric: range,
    localPref: fc.constantFrom({ min: 0, max: 2 }, { min: 100, max: 100 }, { min: MAX - 1024, max: MAX - 1 }),
    med: range,
    communities: patterns,
    allCommunities: patterns,
    asPath: fc.record(
      { startsWith: path, first: path, last: path, contains: path, length: range },
      { requiredKeys: [] },
    ),
    nextHops: fc.array(prefix, { maxLength: 3 }),
  },
  { requiredKeys: [] },
)
/** A few conditions at a time, or nothing would ever match. */
const someMatch = fc
  .tuple(match, fc.array(fc.nat(14), { minLength: 0, maxLength: 3 }))
  .map(([all, chosen]) => Object.fromEntries(Object.entries(all).filter((_, i) => chosen.includes(i))) as Match)
const term: fc.Arbitrary<Term> = fc.record(
  { match: someMatch, set: edits, action: fc.constantFrom('accept' as const, 'reject' as const, 'next' as const) },
  { requiredKeys: ['match', 'action'] },
)
const policy: fc.Arbitrary<Policy> = fc.record({
  name: fc.constant('p'),
  terms: fc.array(term, { maxLength: 6 }),
  otherwise: fc.constantFrom('accept' as const, 'reject' as const),
})
const session = fc.record({ type: fc.constantFrom(...TYPES), localAsn: fc.constant(1) })

interface Route {
  readonly isIpv6: boolean
  readonly address: number
  readonly length: number
  readonly source: SourceKind
  readonly peerName: string
  readonly peerType: PeerType
  readonly interfaceName: string
  readonly metric: number
  readonly nextHop: number
  readonly facts: Facts
}
/** What terms may change, as far as it is known: undefined is not set. */
interface Facts {
  readonly localPref: number | undefined
  readonly med: number | undefined
  readonly path: readonly number[]
  readonly communities: readonly Community[]
  readonly nextHopSelf: boolean
  readonly preference: number | undefined
}
const optional = fc.option(small, { nil: undefined })
const route: fc.Arbitrary<Route> = fc.record({
  isIpv6: fc.boolean(),
  address,
  length: fc.integer({ min: 0, max: 32 }),
  source: fc.constantFrom(...SOURCES),
  peerName: fc.constantFrom('tor-a', 'tor-b', 'node-1'),
  peerType: fc.constantFrom(...TYPES),
  interfaceName: fc.constantFrom('', 'cali12', 'vxlan.calico', 'eth0', 'eth10'),
  metric,
  nextHop: address,
  facts: fc.record({
    localPref: optional,
    med: optional,
    path,
    communities: fc.uniqueArray(community, { maxLength: 4, selector: value => String(value) }),
    nextHopSelf: fc.constant(false),
    preference: fc.constant(undefined),
  }),
})

function toSubject({
  isIpv6,
  address,
  length,
  source,
  peerName,
  peerType,
  interfaceName,
  metric,
  nextHop,
  facts,
}: Route) {
  const family = FAMILIES[isIpv6 ? 1 : 0] ?? IPV4_UNICAST
  const isLocal = source !== 'bgp'
  const standards = facts.communities.filter(value => typeof value === 'number')
  const larges = facts.communities.filter(value => typeof value !== 'number')
  const hex = nextHop.toString(16).padStart(8, '0')
  return policySubject(
    { family, words: Uint32Array.of(masked(address, length), 0, 0, 0), length },
    {
      ...{ origin: 0, path: [...facts.path], nextHop: isIpv6 ? hex.padEnd(32, '0') : hex },
      ...(facts.localPref !== undefined && { localPref: facts.localPref }),
      ...(facts.med !== undefined && { med: facts.med }),
      ...(standards.length > 0 && { communities: standards }),
      ...(larges.length > 0 && { largeCommunities: larges }),
    },
    {
      source,
      peer: isLocal ? undefined : { name: peerName, kind: peerType },
      local: isLocal ? { metric, interfaceName } : undefined,
    },
  )
}

function covers({ prefix, minLength, maxLength }: PrefixMatch, { isIpv6, address, length }: Route): boolean {
  if ((prefix.family === IPV6_UNICAST) !== isIpv6 || prefix.length > length) return false
  if (length < minLength || length > maxLength) return false
  return masked(address, prefix.length) === prefix.words[0]
}

function stands(pattern: Community | CommunityPattern, value: Community): boolean {
  const { value: wanted, mask } =
    typeof pattern === 'object' && 'mask' in pattern
      ? pattern
      : { value: pattern, mask: typeof pattern === 'number' ? 0xffffffff : ([1, 1, 1].fill(0xffffffff) as number[]) }
  const [a, b, m] = [value, wanted, mask].map(one => (typeof one === 'number' ? [one] : [...one]))
  if (a === undefined || b === undefined || m === undefined || a.length !== b.length) return false
  return a.every(
    (word, k) =>
      BigInt(word) % 2n ** 32n === BigInt(word) &&
      (BigInt(word) & BigInt(m[k] ?? 0)) === (BigInt(b[k] ?? 0) & BigInt(m[k] ?? 0)),
  )
}

const regular = (pattern: string) =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')}$`)
const isWithin = (value: number, { min, max }: NumberRange) => min <= value && value <= max

/** One row a key: does it hold? */
const HOLDS: Readonly<Record<keyof Match, (match: Match, route: Route, now: Facts, type: PeerType) => boolean>> = {
  peerType: (match, _route, _now, type) => match.peerType === type,
  families: ({ families = [] }, { isIpv6 }) => families.includes(isIpv6 ? 'ipv6-unicast' : 'ipv4-unicast'),
  prefixes: ({ prefixes = [] }, route) => prefixes.some(entry => covers(entry, route)),
  exceptPrefixes: ({ exceptPrefixes = [] }, route) => !exceptPrefixes.some(entry => covers(entry, route)),
  sources: ({ sources = [] }, { source }) => sources.includes(source),
  fromPeers: ({ fromPeers = [] }, { source, peerName }) =>
    source === 'bgp' && fromPeers.some(one => regular(one).test(peerName)),
  fromPeerType: ({ fromPeerType }, { source, peerType }) => source === 'bgp' && fromPeerType === peerType,
  interfaces: ({ interfaces = [] }, { source, interfaceName }) =>
    source !== 'bgp' && interfaceName !== '' && interfaces.some(one => regular(one).test(interfaceName)),
  metric: ({ metric }, route) => metric !== undefined && route.source !== 'bgp' && isWithin(route.metric, metric),
  localPref: ({ localPref }, _route, now) => localPref !== undefined && isWithin(now.localPref ?? 100, localPref),
  med: ({ med }, _route, now) => med !== undefined && isWithin(now.med ?? 0, med),
  communities: ({ communities = [] }, _route, now) =>
    communities.some(one => now.communities.some(value => stands(one, value))),
  allCommunities: ({ allCommunities = [] }, _route, now) =>
    allCommunities.every(one => now.communities.some(value => stands(one, value))),
  asPath: ({ asPath: { startsWith = [], first, last, contains, length } = {} }, _route, { path }) =>
    startsWith.every((asn, i) => path[i] === asn) &&
    (first === undefined || (path[0] !== undefined && first.includes(path[0]))) &&
    (last === undefined || last.includes(path.at(-1) ?? 0)) &&
    (contains === undefined || contains.some(asn => path.includes(asn))) &&
    (length === undefined || isWithin(path.length, length)),
  nextHops: ({ nextHops = [] }, { isIpv6, nextHop }) =>
    nextHops.some(
      ({ family, words, length }) => (family === IPV6_UNICAST) === isIpv6 && masked(nextHop, length) === words[0],
    ),
}

function localPrefOf(set: Edits, { source, metric }: Route, before: number | undefined): number | undefined {
  const { localPref = before, localPrefFromMetric: unset } = set
  if (unset === undefined || source === 'bgp') return localPref
  return MAX - (metric === 0 && source !== 'kernel' ? unset : metric)
}

function apply(before: Facts, set: Edits, route: Route): Facts {
  const kept = before.communities.filter(value => !set.removeCommunities?.some(one => stands(one, value)))
  const all = [...kept, ...(set.addCommunities ?? [])].map(value => JSON.stringify(value))
  return {
    localPref: localPrefOf(set, route, before.localPref),
    med: set.med ?? before.med,
    path: [...(set.prepend ?? []), ...before.path],
    communities: [...new Set(all)].sort().map(text => JSON.parse(text) as Community),
    nextHopSelf: before.nextHopSelf || set.nextHopSelf === true,
    preference: set.preference ?? before.preference,
  }
}

function naive(policy: Policy, route: Route, type: PeerType): { outcome: Facts | 'reject'; decided: string } {
  let now = apply(route.facts, {}, route)
  for (const [i, { match, set, action }] of policy.terms.entries()) {
    const keys = Object.keys(match) as (keyof Match)[]
    if (!keys.every(key => HOLDS[key](match, route, now, type))) continue
    const decided = `p, term ${i + 1}`
    if (action === 'reject') return { outcome: 'reject', decided }
    if (set !== undefined) now = apply(now, set, route)
    if (action === 'accept') return { outcome: now, decided }
  }
  return { outcome: policy.otherwise === 'accept' ? now : 'reject', decided: 'p, otherwise' }
}

describe('a compiled policy', () => {
  it('decides and edits as its terms read', () => {
    const seen = { rejected: 0, edited: 0 }
    fc.assert(
      fc.property(policy, session, fc.array(route, { minLength: 1, maxLength: 20 }), (policy, session, routes) => {
        const compiled = compilePolicy(policy, session)
        for (const given of routes) {
          const subject = toSubject(given)
          const index = compiled.evaluate(subject)
          const { outcome, decided } = naive(policy, given, session.type)
          expect(index < 0 ? 'reject' : apply(given.facts, compiled.edits[index] ?? {}, given)).toEqual(outcome)
          expect(compiled.decidedBy(subject)).toBe(decided)
          if (index < 0) seen.rejected++
          if (index > 0) seen.edited++
        }
      }),
      { numRuns: 1500 },
    )
    expect(Math.min(seen.rejected, seen.edited)).toBeGreaterThan(1000)
  })

  it('that does not depend on prefixes says the same of all prefixes of a family', () => {
    fc.assert(
      fc.property(policy, session, fc.array(route, { minLength: 2, maxLength: 8 }), (policy, session, routes) => {
        const compiled = compilePolicy(policy, session)
        fc.pre(!compiled.dependsOnPrefix)
        const [first] = routes
        if (first === undefined) return
        const all = routes.map(({ address, length }) => compiled.evaluate(toSubject({ ...first, address, length })))
        expect(new Set(all).size).toBe(1)
      }),
      { numRuns: 500 },
    )
  })
})
