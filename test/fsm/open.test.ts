/** Our OPEN and the wait for that of the peer: the retry without capabilities (RFC 5492 3), and the deadline (reliability F39). */

import { describe, expect, it } from 'vitest'
import type { PeerFsmOptions } from '../../fsm/index.ts'
import type { Capability } from '../../wire/index.ts'
import { IPV6_UNICAST } from '../../wire/index.ts'
import { Bench, decode, multiprotocol, notify, openMessage } from '../support/fsm-peer.ts'

/** How many capabilities the OPEN just sent has. */
function offered(bench: Bench): number | undefined {
  const open = bench.outputs.find(output => output.type === 'send')
  const message = open?.type === 'send' ? decode(open.bytes) : undefined
  return message?.type === 'open' ? message.open.capabilities.length : undefined
}

/** Waits out the idle hold and connects again; how many capabilities are offered now. */
function again(bench: Bench, connection: number): number | undefined {
  bench.wait(bench.until('idle-hold') ?? 0).deadline()
  bench.connected(connection)
  return offered(bench)
}

describe('capabilities the peer refuses (row 24)', () => {
  it.each([4, 7])('with 2/%d are left out once, soon and without blame', subcode => {
    const bench = new Bench({ random: () => 1 }).toOpenSent()
    bench.message(1, notify(2, subcode))
    expect([bench.peer.state, bench.until('idle-hold'), bench.peer.connectRetryCounter]).toEqual(['Idle', 5000, 0])
    expect(again(bench, 2)).toBe(0)
    bench.message(2, openMessage())
    expect(bench.peer.state).toBe('OpenConfirm')
  })

  it('are offered again when that did not help either', () => {
    const bench = new Bench({ random: () => 1 }).toOpenSent()
    bench.message(1, notify(2, 4))
    expect(again(bench, 2)).toBe(0)
    bench.message(2, notify(2, 4))
    expect(bench.peer.connectRetryCounter).toBe(1)
    expect(again(bench, 3)).toBe(5)
  })

  it('are offered again after a session without them', () => {
    const bench = new Bench().toOpenSent()
    bench.message(1, notify(2, 4))
    expect(again(bench, 2)).toBe(0)
    bench.message(2, openMessage({ capabilities: [] }))
    bench.message(2, { type: 'keepalive' })
    expect(bench.peer.established?.negotiated.codec.fourOctetAs).toBe(false)
    bench.closed(2)
    expect(again(bench, 3)).toBe(5)
  })

  it.each<[string, Partial<PeerFsmOptions>]>([
    ['that was switched off', { retryWithoutCapabilities: false }],
    ['nothing would be left to talk about', { families: [IPV6_UNICAST] }],
    ['we insist on one', { requiredCapabilities: [multiprotocol(IPV6_UNICAST) satisfies Capability] }],
  ])('are not left out where %s', (_name, options) => {
    const bench = new Bench(options).toOpenSent()
    bench.message(1, notify(2, 4))
    expect(bench.peer.connectRetryCounter).toBe(1)
    expect(again(bench, 2)).toBeGreaterThan(0)
  })

  it('are not left out for other errors', () => {
    const bench = new Bench().toOpenSent()
    bench.message(1, notify(2, 2))
    expect(again(bench, 2)).toBe(5)
  })
})

describe('an incoming connection that never comes to an OPEN (F39)', () => {
  it('is closed after 10 s, and held against nobody: we go on listening', () => {
    const bench = new Bench({ passive: true }).toOpenSent(1, 'incoming')
    expect(bench.elapse(9999)).toEqual([])
    expect(bench.elapse(1)).toEqual(['send 1 notification 4/0', 'close 1', 'OpenSent -> Active'])
    expect(bench.peer.connectRetryCounter).toBe(0)
    expect(bench.connected(2, 'incoming')).toContain('send 2 open')
  })

  it('keeps nobody out meanwhile: the peer that dials beside it is up at once', () => {
    const bench = new Bench({ passive: true }).toOpenSent(1, 'incoming')
    bench.toEstablished(2, 'incoming')
    expect(bench.peer.established?.connection).toBe(2)
    expect(bench.elapse(10_000)).toContain('close 1')
    expect(bench.peer.established?.connection).toBe(2)
  })

  it('has less time where that is configured', () => {
    const bench = new Bench({ passive: true, openDeadlineMs: 3000 }).toOpenSent(1, 'incoming')
    expect(bench.until('hold')).toBe(3000)
  })
})
