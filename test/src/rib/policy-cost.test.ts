/**
 * What a policy that looks at prefixes costs where many are told: one decision a prefix for all readers of a group, kept until
 * the route changes. Counted, not timed: the count is what must not grow with readers.
 */
import { describe, expect, it } from 'vitest'
import { type CompiledPolicy, compilePolicy, type Term } from '../../../src/policy/index.ts'
import { Fixture, peer, prefix } from '../../support/rib-fixture.ts'

const READERS = 50
const PREFIXES = Array.from({ length: 500 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)

/** Twenty rules, none of which decides about most routes. */
const TERMS: readonly Term[] = Array.from({ length: 20 }, (_, i) => ({
  match: { prefixes: [{ prefix: prefix(`10.1.${i}.0/24`), minLength: 24, maxLength: 32 }] },
  set: { med: i + 1 },
  action: 'accept',
}))

function counted(policy: CompiledPolicy): { readonly policy: CompiledPolicy; readonly calls: () => number } {
  let calls = 0
  const evaluate: CompiledPolicy['evaluate'] = subject => {
    calls++
    return policy.evaluate(subject)
  }
  const { name, dependsOnPrefix } = policy
  return {
    calls: () => calls,
    policy: { name, dependsOnPrefix, evaluate, decidedBy: subject => policy.decidedBy(subject), edits: policy.edits },
  }
}

describe('twenty rules that look at prefixes, on fifty readers', () => {
  it('are asked once a prefix and change, whoever reads and whoever comes later', () => {
    const { policy, calls } = counted(compilePolicy({ name: 'twenty', terms: TERMS, otherwise: 'accept' }))
    const fixture = new Fixture()
    const readers = Array.from({ length: READERS }, (_, i) => fixture.join(peer(i + 1, { exportPolicy: policy })))
    const source = fixture.join(peer(200))
    for (let i = 0; i < PREFIXES.length; i += 100) fixture.announce(source, PREFIXES.slice(i, i + 100))
    for (const reader of readers) expect(fixture.told(reader)).toHaveLength(PREFIXES.length)
    expect(calls()).toBe(PREFIXES.length)
    expect(fixture.told(fixture.join(peer(100, { exportPolicy: policy }), { isNew: true }))).toHaveLength(
      PREFIXES.length + 2,
    )
    expect(calls()).toBe(PREFIXES.length)
    fixture.announce(source, PREFIXES.slice(0, 10), { med: 9 })
    expect(calls()).toBe(PREFIXES.length + 10)
  })

  it('tell what they change to all of them', () => {
    const policy = compilePolicy({ name: 'twenty', terms: TERMS, otherwise: 'reject' })
    const fixture = new Fixture()
    const reader = fixture.join(peer(1, { exportPolicy: policy }))
    fixture.announce(fixture.join(peer(200)), PREFIXES.slice(200, 300))
    const told = fixture
      .read(reader)
      .flatMap(({ announced, attributes }) => announced.map(one => [one, attributes?.med]))
    expect(told.toSorted()).toEqual(TERMS.map((_, i) => [`0a01${i.toString(16).padStart(2, '0')}00/24`, i + 1]))
  })
})
