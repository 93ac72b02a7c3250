/** A changed import policy on a running session (RFC 4271 9.1.1): judged again from what was received, without asking. */
import { describe, expect, it } from 'vitest'
import { ACCEPT_ALL, compilePolicy, type Policy, REJECT_ALL, type Term } from '../../../src/policy/index.ts'
import { attributes, Fixture, key, peer, prefix } from '../../support/rib-fixture.ts'

const P = '10.1.0.0/16'
const Q = '10.2.0.0/16'

const policy = (terms: readonly Term[], otherwise: Policy['otherwise'] = 'accept') =>
  compilePolicy({ name: 'test', terms, otherwise })
const localPref = (value: number, only?: string) => {
  const prefixes = only === undefined ? undefined : [{ prefix: prefix(only), minLength: 16, maxLength: 16 }]
  return policy([{ match: { ...(prefixes && { prefixes }) }, set: { localPref: value }, action: 'accept' }])
}
const localPrefs = (fixture: Fixture, rejected = false) =>
  [...fixture.rib.routes({ rejected })].map(view => [
    view.prefix,
    view.attributes.find(attribute => attribute.type === 'local-pref')?.value,
  ])

function world() {
  const fixture = new Fixture({ stretch: 3 })
  const reader = fixture.join(peer(9))
  const id = fixture.join(peer(1))
  fixture.announce(id, [P, Q])
  fixture.told(reader)
  const change = (next: ReturnType<typeof compilePolicy>) => {
    fixture.rib.setImportPolicy(id, next)
    fixture.settle()
    return fixture.told(reader)
  }
  return { fixture, id, reader, change }
}

describe('a changed import policy', () => {
  it('brings in what was refused and takes out what is refused now', () => {
    const { fixture, id, change } = world()
    expect(change(compilePolicy(REJECT_ALL)).toSorted()).toEqual([`-${key(P)}`, `-${key(Q)}`])
    expect(localPrefs(fixture, true)).toEqual([
      [P, 100],
      [Q, 100],
    ])
    expect(fixture.rib.peerCounters(id)).toMatchObject({ prefixesReceived: 2, prefixesAccepted: 0 })
    expect(change(compilePolicy(ACCEPT_ALL)).toSorted()).toEqual([`+${key(P)}`, `+${key(Q)}`])
    expect(fixture.rib.stats().attributeSets).toBe(1)
  })

  it('tells only what differs', () => {
    const { change, fixture } = world()
    expect(change(localPref(50, P))).toEqual([`+${key(P)}`])
    expect(localPrefs(fixture)).toEqual([
      [P, 50],
      [Q, 100],
    ])
    // Another policy with the same outcome, compiled anew, and one that changes the other prefix only.
    expect(change(localPref(50, P))).toEqual([])
    const more = [50, 60].map((value, i) => ({
      match: { prefixes: [{ prefix: prefix(i === 0 ? P : Q), minLength: 16, maxLength: 16 }] },
      set: { localPref: value },
      action: 'accept' as const,
    }))
    expect(change(policy(more))).toEqual([`+${key(Q)}`])
    expect(fixture.rib.stats().attributeSets).toBe(3)
  })

  it('is not confused by the verdicts of the policy before', () => {
    const { change, fixture } = world()
    change(localPref(50))
    change(localPref(60))
    expect(localPrefs(fixture).map(([, value]) => value)).toEqual([60, 60])
    change(localPref(50, P))
    expect(localPrefs(fixture).map(([, value]) => value)).toEqual([50, 100])
    expect(fixture.rib.stats().attributeSets).toBe(2)
  })

  it('holds for what comes in before the pass has come by', () => {
    const { fixture, id } = world()
    fixture.rib.setImportPolicy(id, compilePolicy(REJECT_ALL))
    fixture.send(id, { announced4: [key('10.3.0.0/16')], attributes: attributes() })
    expect(fixture.best('10.3.0.0/16')).toBeUndefined()
    fixture.rib.setImportPolicy(id, localPref(70))
    fixture.settle()
    expect(localPrefs(fixture).map(([, value]) => value)).toEqual([70, 70, 70])
  })

  it('leaves looped routes where they are, and routes of others alone', () => {
    const { fixture, id, change } = world()
    fixture.announce(fixture.join(peer(2)), ['10.9.0.0/16'])
    fixture.announce(id, [P], { path: [64512] })
    expect(change(localPref(70)).toSorted()).toEqual([`+${key(Q)}`, '+0a090000/16', `-${key(P)}`])
    expect(localPrefs(fixture)).toEqual([
      [Q, 70],
      ['10.9.0.0/16', 100],
    ])
  })

  it('of a session that goes meanwhile does no harm', () => {
    const { fixture, id } = world()
    fixture.rib.setImportPolicy(id, localPref(70))
    fixture.rib.removePeer(id)
    fixture.settle()
    expect(fixture.rib.stats().attributeSets).toBe(0)
    expect(localPrefs(fixture)).toEqual([])
  })
})
