import { describe, expect, it } from 'vitest'
import { millis } from '../../fsm/index.ts'
import type { Message } from '../../wire/index.ts'
import { Bench, keepalive, notify, openMessage, refresh, update } from '../support/fsm-peer.ts'

const holdDeadline = ({ peer }: Bench): number =>
  peer.timers.find(({ name, connection }) => name === 'hold' && connection === 1)?.at ?? Number.NaN

type Reached = 'OpenSent' | 'OpenConfirm' | 'Established'

const reach = (state: Reached): Bench => {
  const bench = new Bench()
  if (state === 'OpenSent') return bench.toOpenSent()
  return state === 'OpenConfirm' ? bench.toOpenConfirm() : bench.toEstablished()
}

describe('an unexpected message is answered with the FSM error of RFC 6608', () => {
  it.each<[string, Reached, Message, string, number]>([
    ['KEEPALIVE', 'OpenSent', keepalive, '5/1', 4],
    ['UPDATE', 'OpenSent', update, '5/1', 2],
    ['ROUTE-REFRESH', 'OpenSent', refresh(), '5/1', 5],
    ['OPEN', 'OpenConfirm', openMessage(), '5/2', 1],
    ['UPDATE', 'OpenConfirm', update, '5/2', 2],
    ['ROUTE-REFRESH', 'OpenConfirm', refresh(), '5/2', 5],
    ['OPEN', 'Established', openMessage(), '5/3', 1],
  ])('%s in %s (rows 55 to 57)', (_name, state, message, error, type) => {
    const bench = reach(state)
    const outputs = bench.message(1, message)
    expect(outputs[0]).toBe(`send 1 notification ${error} [${type}]`)
    expect(outputs).toContain('close 1')
    expect(outputs.at(-1)).toBe(`${state} -> Idle`)
  })

  it('and an UPDATE outside Established is not taken by the hot lane', () => {
    const bench = reach('OpenConfirm')
    expect(bench.peer.updateReceived(1, bench.now)).toBe(false)
    expect(bench.peer.counters.received.update).toBe(0)
  })
})

describe('an expected message', () => {
  it('UPDATE in Established goes through the hot lane, and only on the Established connection', () => {
    const bench = reach('Established')
    bench.connected(2, 'incoming')
    expect(bench.peer.updateReceived(1, bench.now)).toBe(true)
    expect(bench.peer.updateReceived(2, bench.now)).toBe(false)
    expect(bench.peer.counters.received.update).toBe(1)
  })

  it('KEEPALIVE in Established goes through a hot lane too, and moves the hold deadline', () => {
    const bench = reach('Established')
    const before = holdDeadline(bench)
    const later = millis(bench.now + 1000)
    expect(bench.peer.keepaliveReceived(2, later)).toBe(false)
    expect(holdDeadline(bench)).toBe(before)
    expect(bench.peer.keepaliveReceived(1, later)).toBe(true)
    expect(holdDeadline(bench)).toBe(before + 1000)
    expect(bench.peer.counters.received.keepalive).toBe(2)
  })

  it('and is not taken by it in OpenConfirm, where it makes the session', () => {
    const bench = reach('OpenConfirm')
    expect(bench.peer.keepaliveReceived(1, bench.now)).toBe(false)
  })

  it('KEEPALIVE and UPDATE through `handle` in Established ask for nothing', () => {
    const bench = reach('Established')
    expect(bench.message(1, keepalive)).toEqual([])
    expect(bench.message(1, update)).toEqual([])
  })

  it('ROUTE-REFRESH for a negotiated family asks for its routes', () => {
    expect(reach('Established').message(1, refresh(2, 1))).toEqual(['refresh ipv6-unicast'])
  })

  it.each<[string, Message]>([
    ['for a family nobody knows', refresh(25, 65)],
    ['of the subtype BoRR, which was not agreed on', refresh(1, 1, 1)],
    ['of the subtype EoRR, which was not agreed on', refresh(1, 1, 2)],
    ['of a subtype nobody knows', refresh(1, 1, 3)],
  ])('ROUTE-REFRESH %s is ignored and counted (rows 171, 175)', (_name, message) => {
    const bench = reach('Established')
    expect(bench.message(1, message)).toEqual([])
    expect(bench.peer.counters.refreshesIgnored).toBe(1)
    expect(bench.peer.state).toBe('Established')
  })

  it('ROUTE-REFRESH for a family we know but did not negotiate is ignored (row 171)', () => {
    const bench = new Bench().toEstablished(1, 'outgoing', { capabilities: [] })
    expect(bench.message(1, refresh(2, 1))).toEqual([])
    expect(bench.message(1, refresh(1, 1))).toEqual(['refresh ipv4-unicast'])
  })
})

describe('an unacceptable OPEN', () => {
  it.each([
    ['an AS that is not configured', { asn: 65009 }, '2/2'],
    ['hold time 2', { holdTimeS: 2 }, '2/6'],
    ['identifier 0', { routerId: 0 }, '2/3'],
  ])('with %s is refused, and the failure is damped', (_name, open, error) => {
    const bench = new Bench().toOpenSent()
    expect(bench.message(1, openMessage(open))).toEqual([`send 1 notification ${error}`, 'close 1', 'OpenSent -> Idle'])
    expect(bench.peer.connectRetryCounter).toBe(1)
    expect(bench.until('idle-hold')).toBe(4375)
  })

  it('without a common family is refused with the families we want (row 26)', () => {
    const bench = new Bench().toOpenSent()
    const outputs = bench.message(1, openMessage({ capabilities: [{ kind: 'multiprotocol', afi: 25, safi: 65 }] }))
    expect(outputs[0]).toBe('send 1 notification 2/7 [1 4 0 1 0 1 1 4 0 2 0 1]')
  })
})

describe('a KEEPALIVE that is due', () => {
  it('goes out through a hot lane when nothing else is, and the next one is planned', () => {
    const bench = reach('Established')
    const due = bench.peer.nextDeadline() ?? millis(Number.NaN)
    expect(bench.peer.keepaliveDue(millis(due - 1))).toBe(false)
    expect(bench.peer.keepaliveDue(due)).toBe(true)
    expect(bench.peer.counters.sent.keepalive).toBe(2)
    expect(bench.peer.nextDeadline()).toBeGreaterThan(due)
    expect(bench.peer.keepaliveDue(due)).toBe(false)
  })

  it('waits for `handle` when the hold time is over as well, or another connection is there', () => {
    const bench = reach('Established')
    expect(bench.peer.keepaliveDue(millis(holdDeadline(bench)))).toBe(false)
    bench.connected(2, 'incoming')
    expect(bench.peer.keepaliveDue(millis(holdDeadline(bench) - 1))).toBe(false)
    expect(reach('OpenConfirm').peer.keepaliveDue(millis(1e9))).toBe(false)
  })
})

describe('the octets we send', () => {
  const MARKER = Array.from({ length: 16 }, () => 0xff)

  it('are one and the same KEEPALIVE for everyone', () => {
    const sent = [new Bench(), new Bench()].map(bench => {
      bench.toOpenSent().message(1, openMessage())
      const output = bench.outputs[0]
      return output?.type === 'send' ? output.bytes : undefined
    })
    expect(sent[0]).toBe(sent[1])
    expect([...(sent[0] ?? [])]).toEqual([...MARKER, 0, 19, 4])
  })

  it('are an OPEN with hold time 90, identifier 10.0.0.1 and five capabilities', () => {
    const bench = new Bench().toOpenSent()
    const output = bench.outputs[0]
    const bytes = output?.type === 'send' ? output.bytes : new Uint8Array()
    const head = [...MARKER, 0, 53, 1, 4, 0xfc, 0, 0, 90, 10, 0, 0, 1]
    const capabilities = [1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1, 2, 0, 6, 0, 65, 4, 0, 0, 0xfc, 0]
    expect([...bytes]).toEqual([...head, 24, 2, 22, ...capabilities])
  })
})

describe('the counters', () => {
  it('count every message by type, both ways', () => {
    const bench = reach('Established')
    bench.message(1, keepalive)
    bench.message(1, refresh())
    bench.peer.updateReceived(1, bench.now)
    bench.peer.updateSent(bench.now)
    bench.peer.updateSent(bench.now, 10)
    bench.elapse(30_000)
    bench.message(1, notify(6, 4))
    const { received, sent } = bench.peer.counters
    expect(received).toEqual({ open: 1, update: 1, notification: 1, keepalive: 2, 'route-refresh': 1 })
    expect(sent).toEqual({ open: 1, update: 11, notification: 0, keepalive: 2, 'route-refresh': 0 })
  })

  it('count dials, connections, sessions and failures to dial', () => {
    const bench = new Bench()
    bench.start()
    bench.dialFailed()
    bench.elapse(4375)
    bench.toEstablished()
    expect(bench.peer.counters).toMatchObject({ dials: 2, dialFailures: 1, connections: 1, sessions: 1, refusals: 0 })
  })

  it('do not count UPDATEs said to be sent when there is no session', () => {
    const bench = reach('OpenConfirm')
    bench.peer.updateSent(bench.now)
    expect(bench.peer.counters.sent.update).toBe(0)
  })
})
