/** ROUTE-REFRESH, both roles (RFC 2918, RFC 7313). */

import { describe, expect, it } from 'vitest'
import type { PeerFsmOptions } from '../../fsm/index.ts'
import type { Capability } from '../../wire/index.ts'
import { IPV4_UNICAST, IPV6_UNICAST } from '../../wire/index.ts'
import { Bench, multiprotocol, peerOpen, refresh } from '../support/fsm-peer.ts'

const [REQUEST, BEGIN, END] = [0, 1, 2]
const ENHANCED: Capability = { kind: 'enhanced-route-refresh' }
const enhanced = (ours: Partial<PeerFsmOptions> = {}, extra: readonly Capability[] = [ENHANCED]): Bench =>
  new Bench({ routeRefresh: 'enhanced', ...ours }).toEstablished(1, 'outgoing', {
    capabilities: [...peerOpen().capabilities, ...extra],
  })
const mark = (subtype: number, family = IPV4_UNICAST) => refresh(family.afi, family.safi, subtype)

describe('between two speakers of RFC 7313', () => {
  it('BoRR and EoRR are handed on (row 173)', () => {
    const bench = enhanced()
    expect(bench.message(1, mark(BEGIN))).toEqual(['refresh-begins ipv4-unicast'])
    expect(bench.message(1, mark(BEGIN, IPV6_UNICAST))).toEqual(['refresh-begins ipv6-unicast'])
    expect(bench.message(1, mark(END))).toEqual(['refresh-ends ipv4-unicast'])
    expect(bench.message(1, mark(END, IPV6_UNICAST))).toEqual(['refresh-ends ipv6-unicast'])
    expect(bench.until('refresh')).toBeUndefined()
  })

  it('an EoRR that never comes is replaced by a deadline of our own (row 173)', () => {
    const bench = enhanced({ refreshTimeoutMs: 20_000, holdTimeS: 0 })
    bench.message(1, mark(BEGIN))
    bench.wait(5000).message(1, mark(BEGIN, IPV6_UNICAST))
    expect(bench.elapse(14_999)).toEqual([])
    expect(bench.elapse(1)).toEqual(['refresh-ends ipv4-unicast too late'])
    expect(bench.elapse(5000)).toEqual(['refresh-ends ipv6-unicast too late'])
    expect(bench.peer.counters.refreshTimeouts).toBe(2)
    expect(bench.message(1, mark(END))).toEqual([])
  })

  it('takes five minutes for that deadline unless told otherwise, and a second BoRR begins anew', () => {
    const bench = enhanced({ holdTimeS: 0 })
    bench.message(1, mark(BEGIN))
    expect(bench.until('refresh')).toBe(300_000)
    bench.wait(1000).message(1, mark(BEGIN))
    expect(bench.until('refresh')).toBe(300_000)
  })

  it.each([
    ['an EoRR without BoRR', END, IPV4_UNICAST],
    ['subtype 3', 3, IPV4_UNICAST],
    ['subtype 255', 255, IPV4_UNICAST],
  ])('%s is ignored and counted (row 175)', (_name, subtype, family) => {
    const bench = enhanced()
    expect(bench.message(1, mark(subtype, family))).toEqual([])
    expect(bench.peer.counters.refreshesIgnored).toBe(1)
    expect(bench.peer.state).toBe('Established')
  })

  it('marks around a family that was not negotiated are ignored (row 171)', () => {
    const bench = new Bench({ routeRefresh: 'enhanced', families: [IPV4_UNICAST] }).toEstablished(1, 'outgoing', {
      capabilities: [...peerOpen().capabilities, ENHANCED],
    })
    expect(bench.message(1, mark(BEGIN, IPV6_UNICAST))).toEqual([])
    expect(bench.message(1, mark(REQUEST, IPV6_UNICAST))).toEqual([])
    expect(bench.peer.counters.refreshesIgnored).toBe(2)
  })

  it('no mark waits for graceful restart, which we do not offer: both are honoured from the start (row 174)', () => {
    const restart = { kind: 'unknown', code: 64, value: Uint8Array.of(0, 120) } as const
    const bench = enhanced({}, [ENHANCED, restart])
    expect(bench.message(1, mark(BEGIN))).toEqual(['refresh-begins ipv4-unicast'])
  })
})

describe('marks', () => {
  it.each<[string, Partial<PeerFsmOptions>, readonly Capability[]]>([
    ['the peer did not offer them', {}, []],
    ['we did not offer them', { routeRefresh: 'plain' }, [ENHANCED]],
  ])('are ignored where %s', (_name, ours, theirs) => {
    const bench = enhanced(ours, theirs)
    expect(bench.message(1, mark(BEGIN))).toEqual([])
    expect(bench.message(1, mark(REQUEST))).toEqual(['refresh ipv4-unicast'])
  })
})

describe('a request', () => {
  it('of the peer is ignored where we offered none (RFC 2918 2)', () => {
    expect(enhanced({ routeRefresh: 'off' }).message(1, mark(REQUEST))).toEqual([])
  })

  it('of an operator goes out, for families that were negotiated (RFC 2918 3)', () => {
    const bench = new Bench().toEstablished(1, 'outgoing', {
      capabilities: [multiprotocol(IPV4_UNICAST), { kind: 'route-refresh' }],
    })
    expect(bench.requestRefresh()).toEqual(['send 1 route-refresh'])
    const sent = bench.outputs[0]
    expect(sent?.type === 'send' ? [...sent.bytes.slice(16)] : []).toEqual([0, 23, 5, 0, 1, 0, 1])
    expect(bench.requestRefresh(IPV6_UNICAST)).toEqual([])
    expect(bench.peer.counters.sent['route-refresh']).toBe(1)
  })

  it('of an operator goes nowhere where the peer offers no refresh, or there is no session', () => {
    const bench = new Bench().toEstablished(1, 'outgoing', { capabilities: [] })
    expect(bench.requestRefresh()).toEqual([])
    expect(new Bench().toOpenConfirm().requestRefresh()).toEqual([])
    expect(new Bench().requestRefresh()).toEqual([])
  })
})
