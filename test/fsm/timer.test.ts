import { describe, expect, it } from 'vitest'
import { Bench, keepalive, openMessage } from '../support/fsm-peer.ts'

describe('the hold timer', () => {
  it('is 4 minutes while no OPEN has come, then 4/0 and Idle (row 45)', () => {
    const bench = new Bench().toOpenSent()
    expect(bench.untilDeadline).toBe(240_000)
    expect(bench.elapse(239_999)).toEqual([])
    expect(bench.elapse(1)).toEqual(['send 1 notification 4/0', 'close 1', 'OpenSent -> Idle'])
    expect(bench.peer.connectRetryCounter).toBe(1)
  })

  it('is 4 minutes without an OPEN even where we propose 0, and as configured where it is (row 45)', () => {
    expect(new Bench({ holdTimeS: 0 }).toOpenSent().until('hold')).toBe(240_000)
    expect(new Bench({ largeHoldMs: 60_000 }).toOpenSent().until('hold')).toBe(60_000)
  })

  it('is the negotiated one from OpenConfirm on, and expires there too', () => {
    const bench = new Bench().toOpenConfirm(1, 'outgoing', { holdTimeS: 30 })
    expect(bench.until('hold')).toBe(30_000)
    expect(bench.elapse(30_000)).toContain('send 1 notification 4/0')
    expect(bench.peer.state).toBe('Idle')
  })

  it('expires in Established with 4/0, down and close (row 61)', () => {
    const bench = new Bench().toEstablished(1, 'outgoing', { holdTimeS: 9 })
    expect(bench.elapse(9000).filter(word => word !== 'send 1 keepalive')).toEqual([
      'send 1 notification 4/0',
      'down 1 notification-sent',
      'close 1',
      'Established -> Idle',
    ])
  })

  it.each<[string, (bench: Bench) => unknown]>([
    ['a KEEPALIVE', bench => bench.message(1, keepalive)],
    ['an UPDATE in the hot lane', bench => bench.peer.updateReceived(1, bench.now)],
  ])('is restarted by %s (row 59)', (_name, hear) => {
    const bench = new Bench().toEstablished(1, 'outgoing', { holdTimeS: 9 })
    bench.elapse(8000)
    hear(bench)
    expect(bench.until('hold')).toBe(9000)
    bench.elapse(8999)
    expect(bench.peer.state).toBe('Established')
    bench.elapse(1)
    expect(bench.peer.state).toBe('Idle')
  })

  it('is not restarted by what comes on another connection', () => {
    const bench = new Bench().toEstablished(1, 'outgoing', { holdTimeS: 9 })
    bench.elapse(5000)
    bench.connected(2, 'incoming')
    expect(bench.peer.updateReceived(2, bench.now)).toBe(false)
    expect(bench.peer.timers.find(({ name, connection }) => name === 'hold' && connection === 1)?.at).toBe(
      bench.now + 4000,
    )
  })

  it('does nothing when asked too early', () => {
    const bench = new Bench().toEstablished()
    expect(bench.deadline()).toEqual([])
    expect(bench.wait(1000).deadline()).toEqual([])
  })
})

describe('with a hold time of 0', () => {
  it.each([
    ['ours', 0, 90],
    ['theirs', 90, 0],
  ])('%s, no timer runs after OpenConfirm and the session is kept (row 14)', (_name, ours, theirs) => {
    const bench = new Bench({ holdTimeS: ours }).toEstablished(1, 'outgoing', { holdTimeS: theirs })
    expect(bench.peer.nextDeadline()).toBeUndefined()
    bench.peer.updateSent(bench.now)
    bench.peer.updateReceived(1, bench.now)
    bench.message(1, keepalive)
    expect(bench.peer.nextDeadline()).toBeUndefined()
    expect(bench.elapse(1e9)).toEqual([])
    expect(bench.peer.state).toBe('Established')
  })

  it('a peer that never confirms is still let go after the large hold time', () => {
    const bench = new Bench({ holdTimeS: 0 }).toOpenConfirm()
    expect(bench.elapse(240_000)).toContain('send 1 notification 4/0')
  })
})

describe('the keepalive timer', () => {
  it.each([
    [0, 7500],
    [0.5, 8750],
    [1, 10_000],
  ])('of a hold time of 30 s is a third of it, jittered: random %d makes %d ms (rows 15, 58)', (random, expected) => {
    const bench = new Bench({ random: () => random }).toEstablished(1, 'outgoing', { holdTimeS: 30 })
    expect(bench.until('keepalive')).toBe(expected)
  })

  it('sends, again and again, while the peer is heard', () => {
    const bench = new Bench({ random: () => 1 }).toEstablished(1, 'outgoing', { holdTimeS: 30 })
    for (let third = 0; third < 6; third++) {
      expect(bench.elapse(10_000)).toEqual(['send 1 keepalive'])
      bench.message(1, keepalive)
    }
  })

  it('never sends two within a second, even with the shortest hold time (row 15)', () => {
    const bench = new Bench({ random: () => 0 }).toEstablished(1, 'outgoing', { holdTimeS: 3 })
    expect(bench.until('keepalive')).toBe(1000)
  })

  it('is put off by an UPDATE that was written', () => {
    const bench = new Bench({ random: () => 1 }).toEstablished(1, 'outgoing', { holdTimeS: 30 })
    bench.elapse(9000)
    bench.peer.updateSent(bench.now)
    expect(bench.until('keepalive')).toBe(10_000)
  })

  it('runs in OpenConfirm too', () => {
    const bench = new Bench({ random: () => 1 }).toOpenConfirm(1, 'outgoing', { holdTimeS: 30 })
    expect(bench.elapse(10_000)).toEqual(['send 1 keepalive'])
  })
})

describe('a stall of our own of 5 s with hold time 9 (row 60)', () => {
  const stalled = (): Bench => {
    const bench = new Bench({ random: () => 1 }).toEstablished(1, 'outgoing', { holdTimeS: 9 })
    bench.elapse(6000)
    return bench.wait(5000)
  }

  it('sends the KEEPALIVE that is due before anything else, and does not expire the peer', () => {
    const bench = stalled()
    expect(bench.deadline()).toEqual(['send 1 keepalive'])
    expect(bench.peer.state).toBe('Established')
    expect(bench.peer.counters.reprieves).toBe(1)
  })

  it('leaves the session as it was once the peer has been heard', () => {
    const bench = stalled()
    bench.deadline()
    bench.message(1, keepalive)
    expect(bench.until('hold')).toBe(9000)
  })

  it('grants one reprieve only, of no more than the hold time', () => {
    const bench = stalled()
    bench.deadline()
    expect(bench.until('hold')).toBe(9000)
    bench.wait(20_000)
    expect(bench.deadline()).toContain('send 1 notification 4/0')
  })

  it('earns the peer a new reprieve at the next stall, once it has been heard in between', () => {
    const bench = stalled()
    bench.deadline()
    bench.message(1, keepalive)
    expect(bench.wait(20_000).deadline()).toEqual(['send 1 keepalive'])
    expect(bench.peer.counters.reprieves).toBe(2)
  })

  it('is no excuse when the deadline is looked at in time', () => {
    const bench = new Bench({ random: () => 1 }).toEstablished(1, 'outgoing', { holdTimeS: 9 })
    bench.elapse(8999)
    expect(bench.wait(1000).deadline()).toContain('send 1 notification 4/0')
  })
})

describe('nextDeadline', () => {
  it('is nothing in Idle before a start and after a stop', () => {
    const bench = new Bench()
    expect(bench.peer.nextDeadline()).toBeUndefined()
    bench.toEstablished().stop()
    expect(bench.peer.nextDeadline()).toBeUndefined()
    expect(bench.peer.timers).toEqual([])
  })

  it('is the earliest of all connections and of the peer itself', () => {
    const bench = new Bench()
    bench.start()
    bench.connected(1, 'incoming')
    expect(bench.untilDeadline).toBe(4375)
    expect(bench.peer.timers.map(({ name, connection }) => [name, connection])).toEqual([
      ['connect-retry', undefined],
      ['hold', 1],
    ])
    bench.message(1, openMessage())
    expect(bench.untilDeadline).toBe(26_250)
  })
})
