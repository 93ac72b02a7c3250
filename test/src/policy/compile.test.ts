import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { ACCEPT_ALL, REJECT, REJECT_ALL } from '../../../src/policy/policy.ts'
import { outcome, policy, prefixes, subject, term } from './build.ts'

const PODS = { prefixes: [prefixes('10.65.0.0/16', 16, 32)] }

describe('a policy without terms', () => {
  it('accept-all takes every route unchanged, as index 0', () => {
    const compiled = compilePolicy(ACCEPT_ALL)
    expect(compiled.evaluate(subject('10.0.0.0/8'))).toBe(0)
    expect(compiled.edits[0]).toEqual({})
    expect(compiled.dependsOnPrefix).toBe(false)
  })

  it('reject-all refuses every route', () => {
    const compiled = compilePolicy(REJECT_ALL)
    expect(compiled.evaluate(subject('10.0.0.0/8'))).toBe(REJECT)
    expect(compiled.dependsOnPrefix).toBe(false)
  })
})

describe('matching prefixes', () => {
  const set = compilePolicy(
    policy([
      term('accept', {
        prefixes: [
          prefixes('10.0.0.0/8', 16, 24),
          prefixes('10.1.0.0/16'),
          prefixes('10.1.2.0/24', 30, 32),
          prefixes('192.0.2.0/24'),
          prefixes('0.0.0.0/0'),
          prefixes('2001:db8::/32', 32, 128),
        ],
      }),
    ]),
  )
  it.each([
    ['the prefix itself', '192.0.2.0/24', true],
    ['a longer one of an exact entry', '192.0.2.0/25', false],
    ['a shorter one of an exact entry', '192.0.0.0/16', false],
    ['the covering prefix of a range, outside the range', '10.0.0.0/8', false],
    ['the shortest length of a range', '10.2.0.0/16', true],
    ['the longest length of a range', '10.2.3.0/24', true],
    ['one bit beyond the range', '10.2.3.0/25', false],
    ['a route that a longer, narrower entry covers but only the wider one allows', '10.1.3.0/24', true],
    ['the same at the inner entry itself', '10.1.2.0/24', true],
    ['the inner range', '10.1.2.4/30', true],
    ['between the two ranges', '10.1.2.0/29', false],
    ['the default route', '0.0.0.0/0', true],
    ['everything else below the default route', '172.16.0.0/12', false],
    ['an IPv6 route inside', '2001:db8:1::/48', true],
    ['an IPv6 host route', '2001:db8::1/128', true],
    ['the IPv6 default route, which is not the IPv4 one', '::/0', false],
  ])('%s: %s is %s', (_, route, isIn) => {
    expect(outcome(set, subject(route))).toEqual(isIn ? {} : 'reject')
  })

  it('an IPv4 list matches no IPv6 route even where the bits are the same', () => {
    const compiled = compilePolicy(policy([term('accept', { prefixes: [prefixes('32.1.13.184/32', 32)] })]))
    expect(compiled.evaluate(subject('32.1.13.184/32'))).toBe(0)
    expect(compiled.evaluate(subject('2001:db8::/32'))).toBe(REJECT)
  })

  it('an empty list matches nothing', () => {
    expect(compilePolicy(policy([term('accept', { prefixes: [] })])).evaluate(subject('10.0.0.0/8'))).toBe(REJECT)
  })
})

describe('matching sources and communities', () => {
  it('a source condition takes any of its sources', () => {
    const compiled = compilePolicy(policy([term('accept', { sources: ['kernel', 'static'] })]))
    const accepted = (['bgp', 'kernel', 'direct', 'static'] as const).map(
      source => compiled.evaluate(subject('10.0.0.0/8', source)) === 0,
    )
    expect(accepted).toEqual([false, true, false, true])
  })

  it('a community condition takes any of its communities', () => {
    const compiled = compilePolicy(policy([term('accept', { communities: [1, 2] })]))
    expect(compiled.evaluate(subject('10.0.0.0/8', 'bgp', [2, 3]))).toBe(0)
    expect(compiled.evaluate(subject('10.0.0.0/8', 'bgp', [3]))).toBe(REJECT)
    expect(compiled.evaluate(subject('10.0.0.0/8'))).toBe(REJECT)
  })

  it('all conditions of a term must hold', () => {
    const compiled = compilePolicy(policy([term('accept', { ...PODS, sources: ['bgp'], communities: [7] })]))
    expect(compiled.evaluate(subject('10.65.1.0/24', 'bgp', [7]))).toBe(0)
    expect(compiled.evaluate(subject('10.66.1.0/24', 'bgp', [7]))).toBe(REJECT)
    expect(compiled.evaluate(subject('10.65.1.0/24', 'kernel', [7]))).toBe(REJECT)
    expect(compiled.evaluate(subject('10.65.1.0/24', 'bgp', [8]))).toBe(REJECT)
  })
})

describe('terms in order', () => {
  it('the first accept or reject decides', () => {
    const compiled = compilePolicy(
      policy([term('reject', { communities: [1] }), term('accept', PODS), term('reject', PODS)]),
    )
    expect(compiled.evaluate(subject('10.65.1.0/24'))).toBe(0)
    expect(compiled.evaluate(subject('10.65.1.0/24', 'bgp', [1]))).toBe(REJECT)
  })

  it('otherwise decides when no term did, and keeps the edits of next terms', () => {
    const compiled = compilePolicy(policy([term('next', { communities: [1] }, { med: 5 })], 'accept'))
    expect(outcome(compiled, subject('10.0.0.0/8'))).toEqual({})
    expect(outcome(compiled, subject('10.0.0.0/8', 'bgp', [1]))).toEqual({ med: 5 })
  })

  it('edits of next terms add up, later ones win', () => {
    const compiled = compilePolicy(
      policy([
        term('next', {}, { localPref: 10, med: 1, addCommunities: [3, 1], removeCommunities: [9] }),
        term('next', PODS, { med: 2, addCommunities: [2], removeCommunities: [1] }),
        term('accept', {}, { nextHopSelf: true }),
      ]),
    )
    expect(outcome(compiled, subject('10.65.0.0/16'))).toEqual({
      localPref: 10,
      med: 2,
      addCommunities: [2, 3],
      removeCommunities: [1, 9],
      nextHopSelf: true,
    })
    expect(outcome(compiled, subject('10.0.0.0/8'))).toEqual({
      localPref: 10,
      med: 1,
      addCommunities: [1, 3],
      removeCommunities: [9],
      nextHopSelf: true,
    })
  })

  it('a community is never both added and removed: the later word counts', () => {
    const compiled = compilePolicy(
      policy([term('next', {}, { removeCommunities: [1, 2] }), term('accept', {}, { addCommunities: [1] })]),
    )
    expect(outcome(compiled, subject('10.0.0.0/8'))).toEqual({ addCommunities: [1], removeCommunities: [2] })
  })

  it('a later term sees the communities that earlier ones added and removed', () => {
    const compiled = compilePolicy(
      policy([
        term('next', PODS, { addCommunities: [1] }),
        term('next', { communities: [2] }, { removeCommunities: [2] }),
        term('reject', { communities: [2] }),
        term('accept', { communities: [1] }),
      ]),
    )
    expect(outcome(compiled, subject('10.65.0.0/16', 'bgp', [2]))).toEqual({
      addCommunities: [1],
      removeCommunities: [2],
    })
    expect(outcome(compiled, subject('10.0.0.0/8', 'bgp', [2]))).toBe('reject')
    expect(outcome(compiled, subject('10.0.0.0/8', 'bgp', [1]))).toEqual({})
  })
})

describe('indices of edits', () => {
  it('the same combination has the same index each time', () => {
    const compiled = compilePolicy(
      policy([term('next', { communities: [1] }, { med: 1 }), term('accept', {}, { localPref: 5 })]),
    )
    const plain = compiled.evaluate(subject('10.0.0.0/8'))
    const marked = compiled.evaluate(subject('10.0.0.0/8', 'bgp', [1]))
    expect(marked).not.toBe(plain)
    expect(compiled.evaluate(subject('10.1.0.0/16'))).toBe(plain)
    expect(compiled.evaluate(subject('10.1.0.0/16', 'bgp', [1]))).toBe(marked)
    expect(compiled.edits).toHaveLength(4) // nothing, med, localPref, both
  })

  it('two ways to the same edits have one index', () => {
    const compiled = compilePolicy(
      policy([
        term('accept', { communities: [1] }, { addCommunities: [1, 2] }),
        term('accept', { communities: [2] }, { addCommunities: [2, 1] }),
      ]),
    )
    expect(compiled.evaluate(subject('10.0.0.0/8', 'bgp', [1]))).toBe(
      compiled.evaluate(subject('10.0.0.0/8', 'bgp', [2])),
    )
  })

  it('an empty set is no change', () => {
    expect(compilePolicy(policy([term('accept', {}, {})])).evaluate(subject('10.0.0.0/8'))).toBe(0)
  })
})

describe('dependsOnPrefix', () => {
  const EVERYTHING = { prefixes: [prefixes('0.0.0.0/0', 0, 32), prefixes('::/0', 0, 128)] }
  it.each([
    ['a term looks at prefixes', policy([term('accept', PODS)]), true],
    ['no term does', policy([term('accept', { communities: [1] }), term('next', {}, { med: 1 })]), false],
    ['it comes after a decision for all', policy([term('accept'), term('reject', PODS)]), false],
    [
      'it comes after a decision for all sources, named one by one',
      policy([term('reject', { sources: ['bgp', 'kernel', 'direct', 'static'] }), term('accept', PODS)]),
      false,
    ],
    ['it comes after a decision for some', policy([term('accept', { sources: ['bgp'] }), term('accept', PODS)]), true],
    ['it rejects what is rejected anyway', policy([term('accept', { communities: [1] }), term('reject', PODS)]), false],
    [
      'it accepts what is accepted anyway',
      policy([term('reject', { communities: [1] }), term('accept', PODS)], 'accept'),
      false,
    ],
    ['it accepts what a last term for all accepts anyway', policy([term('accept', PODS), term('accept')]), false],
    ['it accepts with edits', policy([term('accept', PODS, { med: 1 })], 'accept'), true],
    [
      'it accepts before a last term with edits for all',
      policy([term('accept', PODS), term('accept', {}, { med: 1 })]),
      true,
    ],
    ['it only goes on', policy([term('next', PODS), term('accept', { communities: [1] })]), false],
    [
      'its edits are lost in a reject',
      policy([term('accept', { communities: [1] }), term('next', PODS, { med: 1 })]),
      false,
    ],
    ['its list is every prefix of both families', policy([term('accept', EVERYTHING)]), false],
    [
      'its list is every prefix of one family',
      policy([term('accept', { prefixes: [prefixes('0.0.0.0/0', 0, 32)] })]),
      true,
    ],
    ['no source can match it', policy([term('accept', { ...PODS, sources: [] })]), false],
  ])('%s: %#', (_, given, depends) => {
    expect(compilePolicy(given).dependsOnPrefix).toBe(depends)
  })
})
