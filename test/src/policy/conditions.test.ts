/** One row a condition: what Calico's BGPFilter asks (calico.md 3.9) and what a policy towards a ToR needs besides. */
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { type Match, type Policy, type PolicySession, REJECT } from '../../../src/policy/policy.ts'
import type { RouteOrigin } from '../../support/policy-subject.ts'
import type { TestAttributes } from '../../support/rib-wire.ts'
import { policy, prefixes, subject, term } from './build.ts'

type Route = Partial<TestAttributes> & RouteOrigin
const TOR: Route = { peer: { name: 'tor-a', kind: 'ebgp' } }
const kernel = (interfaceName: string, metric = 0): Route => ({ local: { interfaceName, metric } })
const NO_EXPORT = 0xffffff01
const wild = { value: 0xfc000000, mask: 0xffff0000 }
const wildLarge = { value: [64512, 1, 0], mask: [0xffffffff, 0xffffffff, 0] } as const
const only = (address: string) => [prefixes(address).prefix]

/** Attribute conditions: the outcome must not depend on the prefix. */
const ROWS: readonly [condition: string, match: Match, fits: Route, fitsNot: Route][] = [
  ['a neighbour by name', { fromPeers: ['tor-a'] }, TOR, { peer: { name: 'tor-b', kind: 'ebgp' } }],
  ['neighbours by pattern', { fromPeers: ['x', 'tor-?'] }, TOR, { peer: { name: 'tor-10', kind: 'ebgp' } }],
  ['any neighbour, not a local route', { fromPeers: ['*'] }, TOR, kernel('eth0')],
  ['an external neighbour', { fromPeerType: 'ebgp' }, TOR, { peer: { name: 'tor-a', kind: 'ibgp' } }],
  ['an external neighbour, not a local route', { fromPeerType: 'ebgp' }, TOR, kernel('eth0')],
  ['an interface', { interfaces: ['eth0'] }, kernel('eth0'), kernel('eth01')],
  ['interfaces by pattern', { interfaces: ['cali*', '*.calico'] }, kernel('vxlan.calico'), kernel('eth0')],
  ['any interface, not a route without one', { interfaces: ['*'] }, kernel('eth0'), kernel('')],
  ['any interface, not a route of a neighbour', { interfaces: ['*'] }, kernel('eth0'), TOR],
  ['a metric', { metric: { min: 1, max: 1023 } }, kernel('c', 512), kernel('c', 1024)],
  ['a metric, not a route of a neighbour', { metric: { min: 0, max: 1023 } }, kernel('c', 0), TOR],
  ['LOCAL_PREF', { localPref: { min: 200, max: 300 } }, { localPref: 200 }, { localPref: 301 }],
  ['LOCAL_PREF 100 when there is none', { localPref: { min: 100, max: 100 } }, {}, { localPref: 99 }],
  ["Calico's priority 512", { localPref: { min: 2147483135, max: 2147483135 } }, { localPref: 2147483135 }, {}],
  ['MED', { med: { min: 5, max: 10 } }, { med: 10 }, { med: 4 }],
  ['MED 0 when there is none', { med: { min: 0, max: 0 } }, {}, { med: 1 }],
  ['a community', { communities: [1, 2] }, { communities: [3, 2] }, { communities: [3] }],
  ['a well-known community', { communities: [NO_EXPORT] }, { communities: [NO_EXPORT] }, { communities: [0xffffff02] }],
  ['communities of one AS', { communities: [wild] }, { communities: [0xfc00ffff] }, { communities: [0xfc010000] }],
  ['each of two communities', { allCommunities: [1, 2] }, { communities: [2, 9, 1] }, { communities: [1, 9] }],
  [
    'a large community',
    { communities: [[64512, 1, 2]] },
    { largeCommunities: [[64512, 1, 2]] },
    { largeCommunities: [[64512, 1, 3]] },
  ],
  [
    'a large one, not its halves',
    { communities: [[0, 0, 7]] },
    { largeCommunities: [[0, 0, 7]] },
    { communities: [0, 7] },
  ],
  [
    'large communities by pattern',
    { communities: [wildLarge] },
    {
      largeCommunities: [
        [9, 9, 9],
        [64512, 1, 77],
      ],
    },
    { largeCommunities: [[64512, 2, 0]] },
  ],
  [
    'both kinds together',
    { allCommunities: [1, [1, 2, 3]] },
    { communities: [1], largeCommunities: [[1, 2, 3]] },
    { communities: [1] },
  ],
  ['the beginning of the path', { asPath: { startsWith: [7, 8] } }, { path: [7, 8, 9] }, { path: [7, 9, 8] }],
  ['the beginning, in a path that is too short', { asPath: { startsWith: [7, 8] } }, { path: [7, 8] }, { path: [7] }],
  ['the first AS', { asPath: { first: [7, 4200000001] } }, { path: [4200000001, 8] }, { path: [8, 7] }],
  ['the origin AS', { asPath: { last: [7] } }, { path: [8, 7] }, { path: [7, 8] }],
  ['the origin AS, not of an empty path', { asPath: { last: [7] } }, { path: [7] }, { path: [] }],
  ['an AS anywhere', { asPath: { contains: [7, 5] } }, { path: [8, 7, 9] }, { path: [8, 9] }],
  ['the length of the path', { asPath: { length: { min: 1, max: 2 } } }, { path: [1, 2] }, { path: [1, 2, 3] }],
  ['an empty path', { asPath: { length: { min: 0, max: 0 } } }, { path: [] }, { path: [1] }],
  ['a next hop', { nextHops: only('10.0.2.0/24') }, { nextHop: '0a0002fe' }, { nextHop: '0a000301' }],
  ['an odd length of a next hop', { nextHops: only('10.0.2.0/23') }, { nextHop: '0a000301' }, { nextHop: '0a000401' }],
  [
    'an IPv6 next hop',
    { nextHops: only('2001:db8::/33') },
    { nextHop: `20010db80000${'0'.repeat(20)}` },
    { nextHop: `20010db88000${'0'.repeat(20)}` },
  ],
  [
    'a next hop with its link-local half',
    { nextHops: only('2001:db8::/32') },
    { nextHop: `20010db8${'0'.repeat(24)}fe80${'0'.repeat(28)}` },
    { nextHop: '20010db8' },
  ],
]

describe('a condition on what all routes of an attribute set share', () => {
  it.each(ROWS)('%s', (_, match, fits, fitsNot) => {
    const compiled = compilePolicy(policy([term('accept', match)]))
    const source = (route: Route) => (route.local === undefined ? 'bgp' : 'kernel')
    expect(compiled.evaluate(subject('10.0.0.0/8', source(fits), [], fits))).toBe(0)
    expect(compiled.evaluate(subject('10.0.0.0/8', source(fitsNot), [], fitsNot))).toBe(REJECT)
    expect(compiled.dependsOnPrefix).toBe(false)
  })

  it('AS_SET takes one place of the path, and is nobody', () => {
    // AS 7, then the set of 8 and 9.
    const route = subject('10.0.0.0/8')
    const path = [0x40, 2, 16, 2, 1, 0, 0, 0, 7, 1, 2, 0, 0, 0, 8, 0, 0, 0, 9]
    const odd = {
      ...route,
      bytes: Uint8Array.from(path),
      start: 0,
      attributes: Object.assign(Object.create(Object.getPrototypeOf(route.attributes) as object), route.attributes, {
        asPathOffset: 3,
        asPathLengthOctets: 16,
        asPathLength: 2,
      }) as typeof route.attributes,
    }
    const holds = (asPath: Match['asPath']) =>
      compilePolicy(policy([term('accept', { ...(asPath && { asPath }) })])).evaluate(odd) === 0
    expect(holds({ last: [7, 8, 9] })).toBe(false)
    expect(holds({ startsWith: [7, 8] })).toBe(false)
    expect(holds({ contains: [9], length: { min: 2, max: 2 }, first: [7] })).toBe(true)
  })
})

describe('a condition on the session or the family', () => {
  const forExternal = policy([term('reject', { peerType: 'ebgp' })], 'accept')
  it.each<[string, Policy, PolicySession | undefined, number]>([
    ['a term for external sessions is there on one', forExternal, { type: 'ebgp', localAsn: 1 }, REJECT],
    ['and not on an internal one', forExternal, { type: 'ibgp', localAsn: 1 }, 0],
    ['nor where no session is known', forExternal, undefined, 0],
  ])('%s', (_, given, session, outcome) => {
    expect(compilePolicy(given, session).evaluate(subject('10.0.0.0/8'))).toBe(outcome)
  })

  it('a term for one family leaves the other alone, and needs no prefixes', () => {
    const compiled = compilePolicy(policy([term('accept', { families: ['ipv6-unicast'] })]))
    expect(compiled.evaluate(subject('2001:db8::/32'))).toBe(0)
    expect(compiled.evaluate(subject('10.0.0.0/8'))).toBe(REJECT)
    expect(compiled.dependsOnPrefix).toBe(false)
  })
})

describe('prefixes that a term leaves out', () => {
  const compiled = compilePolicy(
    policy([
      term('accept', { prefixes: [prefixes('10.0.0.0/8', 8, 32)], exceptPrefixes: [prefixes('10.65.0.0/16', 24, 28)] }),
    ]),
  )
  it.each([
    ['10.1.0.0/16', 0],
    ['10.65.0.0/16', 0],
    ['10.65.1.0/24', REJECT],
    ['10.65.1.0/29', 0],
    ['192.0.2.0/24', REJECT],
  ])('%s: %i', (route, outcome) => {
    expect(compiled.evaluate(subject(route))).toBe(outcome)
  })

  it('make a policy depend on prefixes, unless there are none of them or all', () => {
    const depends = (exceptPrefixes: Match['exceptPrefixes']) =>
      compilePolicy(policy([term('accept', { ...(exceptPrefixes && { exceptPrefixes }) })])).dependsOnPrefix
    expect(depends([prefixes('10.0.0.0/8')])).toBe(true)
    expect(depends([])).toBe(false)
    expect(depends([prefixes('0.0.0.0/0', 0, 32), prefixes('::/0', 0, 128)])).toBe(false)
  })
})

describe('a later condition sees what earlier terms changed', () => {
  const changing = (set: Parameters<typeof term>[2], match: Match) =>
    compilePolicy(policy([term('next', {}, set), term('accept', match)]), { type: 'ebgp', localAsn: 64512 })
  it.each<[string, Parameters<typeof term>[2], Match, Route]>([
    ['LOCAL_PREF', { localPref: 7 }, { localPref: { min: 7, max: 7 } }, {}],
    ['MED', { med: 7 }, { med: { min: 7, max: 7 } }, { med: 1 }],
    ['the path', { prepend: [7, 8] }, { asPath: { startsWith: [7, 8, 9], length: { min: 3, max: 3 } } }, { path: [9] }],
    ['the own AS in the path', { prepend: [0] }, { asPath: { first: [64512] } }, {}],
    ['the origin of an empty path', { prepend: [7, 8] }, { asPath: { last: [8] } }, {}],
    ['a large community', { addCommunities: [[1, 2, 3]] }, { communities: [[1, 2, 3]] }, {}],
    ['an added community by pattern', { addCommunities: [0xfc000007] }, { communities: [wild] }, {}],
    [
      'LOCAL_PREF from a metric',
      { localPrefFromMetric: 1024 },
      { localPref: { min: 2147483135, max: 2147483135 } },
      kernel('c', 512),
    ],
    [
      'LOCAL_PREF from a metric of 0 in the kernel',
      { localPrefFromMetric: 1024 },
      { localPref: { min: 2147483647, max: 2147483647 } },
      kernel('c', 0),
    ],
  ])('%s', (_, set, match, route) => {
    const source = route.local === undefined ? 'bgp' : 'kernel'
    expect(changing(set, match).evaluate(subject('10.0.0.0/8', source, [], route))).toBeGreaterThan(0)
    expect(
      compilePolicy(policy([term('accept', match)])).evaluate(subject('10.0.0.0/8', 'bgp', [], { path: [3] })),
    ).toBe(REJECT)
  })

  it('a static route without metric has the one that is given for those', () => {
    const compiled = changing({ localPrefFromMetric: 1024 }, { localPref: { min: 2147482623, max: 2147482623 } })
    expect(compiled.evaluate(subject('10.0.0.0/8', 'static', [], kernel('', 0)))).toBeGreaterThan(0)
    expect(compiled.evaluate(subject('10.0.0.0/8', 'kernel', [], kernel('', 0)))).toBe(REJECT)
  })

  it('a removed community is gone, by pattern too', () => {
    const compiled = changing(
      { removeCommunities: [wild], addCommunities: [0xfc000001] },
      { communities: [0xfc000002] },
    )
    expect(compiled.evaluate(subject('10.0.0.0/8', 'bgp', [0xfc000002]))).toBe(REJECT)
    expect(
      changing({ removeCommunities: [wild] }, { communities: [wild] }).evaluate(
        subject('10.0.0.0/8', 'bgp', [0xfc000002]),
      ),
    ).toBe(REJECT)
  })
})

describe('what decided', () => {
  const compiled = compilePolicy({
    name: 'tor-in',
    terms: [
      { name: 'mark', match: {}, set: { med: 5 }, action: 'next' },
      { match: { med: { min: 5, max: 5 }, prefixes: [prefixes('10.65.0.0/16', 16, 32)] }, action: 'accept' },
      { name: 'no-default', match: { prefixes: [prefixes('0.0.0.0/0')] }, action: 'reject' },
    ],
    otherwise: 'reject',
  })
  it.each([
    ['10.65.1.0/24', 'tor-in, term 2'],
    ['0.0.0.0/0', 'tor-in, term 3 (no-default)'],
    ['192.0.2.0/24', 'tor-in, otherwise'],
  ])('about %s: %s, whether it changes the outcome or not', (route, decided) => {
    expect(compiled.decidedBy(subject(route))).toBe(decided)
  })
})

it('our own AS needs a session to be known', () => {
  const given = policy([term('accept', {}, { prepend: [0, 0] })])
  expect(() => compilePolicy(given)).toThrow(RangeError)
  expect(compilePolicy(given, { type: 'ebgp', localAsn: 64512 }).edits).toHaveLength(1)
})
