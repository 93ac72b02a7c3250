/** Limits on what one session may put into the tables (RFC 4486 4). */
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/index.ts'
import type { LimitReached, PrefixLimits } from '../../../src/rib/index.ts'
import { attributes, Fixture, key, peer, prefix } from '../../support/rib-fixture.ts'

const P = Array.from({ length: 20 }, (_, i) => `10.${i}.0.0/16`)
const refuseSome = compilePolicy({
  name: 'not below 10.8',
  terms: [{ match: { prefixes: [{ prefix: prefix('10.8.0.0/13'), minLength: 16, maxLength: 16 }] }, action: 'reject' }],
  otherwise: 'accept',
})

function world(limits: PrefixLimits, more: Parameters<typeof peer>[1] = {}) {
  const fixture = new Fixture()
  const id = fixture.join(peer(1, { limits: { 'ipv4-unicast': limits }, ...more }))
  const events: Pick<LimitReached, 'kind' | 'limit' | 'count'>[] = []
  fixture.rib.onLimit(({ kind, limit, count }) => events.push({ kind, limit, count }))
  const announce = (from: number, to: number) =>
    fixture.send(id, { announced4: P.slice(from, to).map(key), attributes: attributes() })
  const withdraw = (from: number, to: number) => fixture.send(id, { withdrawn4: P.slice(from, to).map(key) })
  const counts = () => {
    const { prefixesReceived, prefixesAccepted, blocked } = fixture.rib.peerCounters(id)
    return [prefixesReceived, prefixesAccepted, blocked]
  }
  return { fixture, id, events, announce, withdraw, counts }
}

describe('a limit of routes', () => {
  it('that warns is heard once, and again only after the count was below three quarters', () => {
    const { events, announce, withdraw } = world({ received: 8, action: 'warn' })
    announce(0, 8)
    expect(events).toEqual([])
    announce(8, 10)
    announce(10, 12)
    expect(events).toEqual([{ kind: 'received', limit: 8, count: 10 }])
    withdraw(6, 12)
    announce(6, 10)
    expect(events).toHaveLength(1)
    withdraw(5, 10)
    announce(5, 10)
    expect(events).toHaveLength(2)
  })

  it('that resets ends the session with AFI, SAFI and the limit; row 181', () => {
    const { announce } = world({ received: 3, action: 'reset' })
    expect(announce(0, 3)).toBeUndefined()
    const error = announce(3, 4)
    expect([error?.code, error?.subcode, [...(error?.data ?? [])]]).toEqual([6, 1, [0, 1, 1, 0, 0, 0, 3]])
  })

  it('after policy counts only what policy lets in; row 181', () => {
    const { announce, counts, events } = world({ accepted: 10, action: 'reset' }, { importPolicy: refuseSome })
    // 10.8 to 10.15 are refused.
    expect(announce(0, 18)).toBeUndefined()
    expect(counts()).toEqual([18, 10, 0])
    const error = announce(18, 19)
    expect([error?.code, error?.subcode]).toEqual([6, 1])
    expect(events).toEqual([{ kind: 'accepted', limit: 10, count: 11 }])
  })

  it('that blocks takes no new prefixes, and changes of old ones', () => {
    const { fixture, id, announce, withdraw, counts, events } = world({ received: 5, action: 'block' })
    announce(0, 4)
    announce(3, 9)
    expect(counts()).toEqual([5, 5, 4])
    expect(events).toEqual([{ kind: 'received', limit: 5, count: 5 }])
    fixture.send(id, { announced4: P.slice(0, 9).map(key), attributes: attributes({ localPref: 300 }) })
    const localPrefs = [...fixture.rib.routes()].map(
      view => view.attributes.find(attribute => attribute.type === 'local-pref')?.value,
    )
    expect(localPrefs).toEqual([300, 300, 300, 300, 300])
    withdraw(0, 1)
    announce(8, 10)
    expect([...fixture.rib.routes()].map(view => view.prefix)).toEqual([...P.slice(1, 5), P[8]])
  })

  it('after policy that blocks keeps the rest aside', () => {
    const { fixture, announce, counts } = world({ accepted: 2, action: 'block' }, { importPolicy: refuseSome })
    announce(6, 12)
    announce(0, 3)
    expect(counts()).toEqual([9, 2, 3])
    expect([...fixture.rib.routes()].map(view => view.prefix)).toEqual(P.slice(6, 8))
    expect([...fixture.rib.routes({ rejected: true })]).toHaveLength(7)
  })

  it('shows what it is compared with and what it did, also after other limits were set', () => {
    const { fixture, id, announce, withdraw } = world({ received: 5, accepted: 4, action: 'block' })
    const shown = () =>
      fixture.rib.peerCounters(id).limits.map(({ family, kind, limit, count, isReached, timesReached, blocked }) => {
        return [family.name, kind, limit, count, isReached, timesReached, blocked]
      })
    expect(shown()).toEqual([
      ['ipv4-unicast', 'received', 5, 0, false, 0, 0],
      ['ipv4-unicast', 'accepted', 4, 0, false, 0, 0],
    ])
    announce(0, 8)
    expect(shown()).toEqual([
      ['ipv4-unicast', 'received', 5, 5, true, 1, 3],
      ['ipv4-unicast', 'accepted', 4, 4, true, 1, 1],
    ])
    withdraw(0, 8)
    fixture.rib.setLimits(id, { limits: { 'ipv4-unicast': { received: 1, action: 'block' } } })
    announce(0, 2)
    expect(shown()).toEqual([['ipv4-unicast', 'received', 1, 1, true, 2, 4]])
  })

  it('concerns its own family only', () => {
    const { fixture, id } = world({ received: 1, action: 'reset' })
    const nextHop6 = '20010db8000000000000000000000001'
    const announced6 = ['2001:db8:1::/48', '2001:db8:2::/48'].map(key)
    expect(fixture.send(id, { announced6, attributes: attributes(), nextHop6 })).toBeUndefined()
  })
})

describe('a limit of attribute octets', () => {
  it('resets a session that sends a new attribute set with every route', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1, { attributeOctets: 1000 }))
    const send = (i: number) =>
      fixture.send(id, { announced4: [key(P[i] ?? '')], attributes: attributes({ localPref: i }) })
    const errors = P.map((_, i) => send(i))
    const { attributeOctets } = fixture.rib.peerCounters(id)
    expect(attributeOctets).toBeGreaterThan(1000)
    const first = errors.findIndex(error => error !== undefined)
    // 64 octets of record and 27 of attributes each.
    expect(first).toBe(Math.floor(1000 / 91))
    expect([errors[first]?.code, errors[first]?.subcode]).toEqual([6, 8])
  })

  it('counts a set once, whatever uses it, and no longer than something does', () => {
    const fixture = new Fixture()
    const id = fixture.join(peer(1))
    fixture.announce(id, P)
    expect(fixture.rib.peerCounters(id).attributeOctets).toBe(91)
    fixture.withdraw(id, P)
    expect(fixture.rib.peerCounters(id).attributeOctets).toBe(0)
  })
})
