import { describe, expect, it } from 'vitest'
import { cease, notification } from '../../wire/index.ts'
import { Bench, keepalive, notify, openMessage, update } from '../support/fsm-peer.ts'

describe('coming up', () => {
  it('dials at once on the first start', () => {
    expect(new Bench().start()).toEqual(['dial', 'Idle -> Connect'])
  })

  it('goes through every state in order to Established, with one OPEN and one KEEPALIVE sent', () => {
    const bench = new Bench()
    bench.start()
    expect(bench.connected(1)).toEqual(['send 1 open', 'Connect -> OpenSent'])
    expect(bench.message(1, openMessage())).toEqual(['send 1 keepalive', 'OpenSent -> OpenConfirm'])
    expect(bench.message(1, keepalive)).toEqual(['established 1', 'OpenConfirm -> Established'])
    expect(bench.peer.established).toMatchObject({ connection: 1, since: bench.now, negotiated: { kind: 'ebgp' } })
  })

  it('ignores a start while it is running', () => {
    const bench = new Bench()
    bench.start()
    expect(bench.start()).toEqual([])
    expect(bench.toEstablished().start()).toEqual([])
  })

  it('a passive peer never dials, and still runs the rest (row 52)', () => {
    const bench = new Bench({ passive: true })
    expect(bench.start()).toEqual(['Idle -> Active'])
    expect(bench.untilDeadline).toBeUndefined()
    bench.toEstablished(1, 'incoming')
    expect(bench.peer.state).toBe('Established')
    bench.closed(1)
    expect(bench.elapse(60_000)).toEqual(['Idle -> Active'])
  })

  it('accepts the connection of the peer while its own dial is under way, and keeps dialling', () => {
    const bench = new Bench()
    bench.start()
    expect(bench.connected(1, 'incoming')).toEqual(['send 1 open', 'Connect -> OpenSent'])
    expect(bench.connected(2, 'outgoing')).toEqual(['send 2 open'])
    expect(bench.peer.sessions).toHaveLength(2)
  })

  it('a dial under way is no collision, and is dropped once the incoming connection progresses (row 40)', () => {
    const bench = new Bench()
    bench.start()
    bench.connected(1, 'incoming')
    expect(bench.message(1, openMessage())).toEqual(['send 1 keepalive', 'cancel-dial', 'OpenSent -> OpenConfirm'])
    expect(bench.until('connect-retry')).toBeUndefined()
    expect(bench.peer.counters.collisions).toBe(0)
  })

  it('closes a connection of a dial it has given up, without a word', () => {
    const bench = new Bench().toEstablished(1, 'incoming')
    expect(bench.connected(2, 'outgoing')).toEqual(['close 2'])
  })

  it('dials again beside an incoming connection that stays silent, after a whole connect-retry time', () => {
    const bench = new Bench()
    bench.start()
    bench.dialFailed()
    bench.wait(4000).connected(1, 'incoming')
    expect(bench.until('connect-retry')).toBe(4375)
    expect(bench.elapse(4375)).toEqual(['dial'])
    expect(bench.peer.state).toBe('OpenSent')
  })
})

describe('refusing', () => {
  it('an incoming connection in Idle is refused with 6/5, and Idle is kept (rows 43, 44)', () => {
    const bench = new Bench()
    expect(bench.connected(1, 'incoming')).toEqual(['send 1 notification 6/5', 'close 1'])
    expect(bench.peer.state).toBe('Idle')
    expect(bench.peer.counters.refusals).toBe(1)
  })

  it('an incoming connection of a stopped peer is refused with 6/5 (row 44)', () => {
    const bench = new Bench().toEstablished()
    bench.stop()
    expect(bench.connected(2, 'incoming')).toEqual(['send 2 notification 6/5', 'close 2'])
  })

  it('an incoming connection during the idle hold is refused with 6/5 (row 43)', () => {
    const bench = new Bench().toEstablished()
    bench.closed(1)
    expect(bench.connected(2, 'incoming')).toEqual(['send 2 notification 6/5', 'close 2'])
    expect(bench.peer.state).toBe('Idle')
  })

  it('an incoming connection is refused with 6/5 where we do not accept, and the dial goes on', () => {
    const bench = new Bench({ mayAccept: false })
    bench.start()
    expect(bench.connected(1, 'incoming')).toEqual(['send 1 notification 6/5', 'close 1'])
    expect(bench.connected(2)).toEqual(['send 2 open', 'Connect -> OpenSent'])
  })

  it('hears nothing more from a connection it has refused', () => {
    const bench = new Bench()
    bench.connected(1, 'incoming')
    expect(bench.message(1, openMessage())).toEqual([])
    expect(bench.closed(1)).toEqual([])
  })
})

describe('losing TCP', () => {
  it('in Connect leads to Idle, and at once on to Active, where the peer can still reach us (row 48)', () => {
    const bench = new Bench()
    bench.start()
    expect(bench.dialFailed('refused')).toEqual(['Connect -> Idle', 'Idle -> Active'])
    expect(bench.until('connect-retry')).toBe(4375)
    expect(bench.peer.lastError?.reason).toEqual({ kind: 'dial-failed', detail: 'refused' })
    expect(bench.connected(1, 'incoming')).toContain('Active -> OpenSent')
  })

  it('in OpenSent leads to Active, restarts the connect-retry timer and counts nothing (row 46)', () => {
    const bench = new Bench().toOpenSent()
    expect(bench.until('connect-retry')).toBeUndefined()
    expect(bench.closed(1)).toEqual(['OpenSent -> Active'])
    expect(bench.until('connect-retry')).toBe(4375)
    expect(bench.peer.connectRetryCounter).toBe(0)
  })

  it('in OpenConfirm leads to Idle and raises ConnectRetryCounter (row 47)', () => {
    const bench = new Bench().toOpenConfirm()
    expect(bench.closed(1)).toEqual(['OpenConfirm -> Idle'])
    expect(bench.peer.connectRetryCounter).toBe(1)
  })

  it('in Established leads to Idle, says down and raises ConnectRetryCounter (row 47)', () => {
    const bench = new Bench().toEstablished()
    expect(bench.closed(1, 'reset by peer')).toEqual(['down 1 connection-lost', 'Established -> Idle'])
    expect(bench.peer.connectRetryCounter).toBe(1)
    expect(bench.peer.established).toBeUndefined()
    expect(bench.peer.lastError).toEqual({
      at: bench.now,
      state: 'Established',
      reason: { kind: 'connection-lost', detail: 'reset by peer' },
    })
  })

  it('on one of two connections leaves the other alone', () => {
    const bench = new Bench().toOpenSent(1)
    bench.connected(2, 'incoming')
    expect(bench.closed(1)).toEqual([])
    expect(bench.peer.state).toBe('OpenSent')
    expect(bench.until('connect-retry')).toBe(4375)
  })
})

describe('the connect-retry timer', () => {
  it('in Connect drops the attempt, dials again and stays in Connect (row 49)', () => {
    const bench = new Bench()
    bench.start()
    expect(bench.elapse(4375)).toEqual(['cancel-dial', 'dial'])
    expect(bench.peer.state).toBe('Connect')
  })

  it('in Active dials and goes to Connect (row 49)', () => {
    const bench = new Bench().toOpenSent()
    bench.closed(1)
    expect(bench.elapse(4375)).toEqual(['dial', 'Active -> Connect'])
  })

  it.each([
    [0, 3750],
    [1, 5000],
  ])('is jittered: a random number of %d makes %d ms of 5 s (row 58)', (random, expected) => {
    const bench = new Bench({ random: () => random })
    bench.start()
    expect(bench.untilDeadline).toBe(expected)
  })

  it('draws a fresh factor every time it is armed (row 58)', () => {
    const numbers = [0, 1, 0.5]
    const bench = new Bench({ random: () => numbers.shift() ?? 0 })
    bench.start()
    const armed = [bench.untilDeadline]
    bench.elapse(3750)
    armed.push(bench.untilDeadline)
    bench.dialFailed()
    armed.push(bench.untilDeadline)
    expect(armed).toEqual([3750, 5000, 4375])
  })
})

describe('the idle hold', () => {
  const fail = (bench: Bench, connection: number): number => {
    bench.toEstablished(connection).closed(connection)
    const hold = bench.until('idle-hold') ?? Number.NaN
    bench.elapse(hold)
    return hold
  }

  it('lengthens exponentially to a cap while failures repeat (row 53)', () => {
    const bench = new Bench({ random: () => 1 })
    expect([1, 2, 3, 4, 5].map(connection => fail(bench, connection))).toEqual([5000, 10_000, 20_000, 30_000, 30_000])
  })

  it('is jittered (row 53)', () => {
    expect(fail(new Bench({ random: () => 0 }), 1)).toBe(3750)
  })

  it('is forgotten after a stable period (row 53)', () => {
    const bench = new Bench({ random: () => 1 })
    fail(bench, 1)
    expect(fail(bench, 2)).toBe(10_000)
    bench.toEstablished(3).wait(300_000)
    bench.closed(3)
    expect(bench.until('idle-hold')).toBe(5000)
  })

  it('is skipped by a manual start, which also forgives the past (row 53)', () => {
    const bench = new Bench({ random: () => 1 })
    fail(bench, 1)
    bench.toEstablished(2).closed(2)
    expect(bench.start()).toEqual(['dial', 'Idle -> Connect'])
    expect(bench.peer.connectRetryCounter).toBe(0)
    expect(fail(bench, 3)).toBe(5000)
  })

  it('ends with an automatic start, which dials', () => {
    const bench = new Bench().toEstablished()
    bench.closed(1)
    expect(bench.elapse(4375)).toEqual(['dial', 'Idle -> Connect'])
    expect(bench.peer.connectRetryCounter).toBe(1)
  })

  it('gives up a dial that was under way when the only connection failed', () => {
    const bench = new Bench()
    bench.start()
    bench.connected(1, 'incoming')
    expect(bench.failure(1, notification(1, 1, 'noise'))).toEqual([
      'send 1 notification 1/1',
      'close 1',
      'cancel-dial',
      'OpenSent -> Idle',
    ])
  })
})

describe('a NOTIFICATION from the peer', () => {
  it.each(['OpenSent', 'OpenConfirm'] as const)(
    '2/1 in %s leads to Idle without raising ConnectRetryCounter or damping (row 54)',
    state => {
      const bench = new Bench({ random: () => 1 })
      if (state === 'OpenSent') bench.toOpenSent()
      else bench.toOpenConfirm()
      expect(bench.message(1, notify(2, 1, [0, 4]))).toEqual(['close 1', `${state} -> Idle`])
      expect(bench.peer.connectRetryCounter).toBe(0)
      bench.elapse(5000)
      bench.toEstablished(2).closed(2)
      expect(bench.until('idle-hold')).toBe(5000)
    },
  )

  it('2/1 in Established is a failure like any other', () => {
    const bench = new Bench().toEstablished()
    bench.message(1, notify(2, 1, [0, 4]))
    expect(bench.peer.connectRetryCounter).toBe(1)
  })

  it.each([
    [0, 0],
    [2, 99],
    [6, 2],
    [77, 1],
    [255, 255],
  ])('%d/%d in Established is never answered: close, down, Idle (row 64)', (code, subcode) => {
    const bench = new Bench().toEstablished()
    const outputs = bench.message(1, notify(code, subcode, [200, 1, 2]))
    expect(outputs).toEqual(['down 1 notification-received', 'close 1', 'Established -> Idle'])
  })

  it('that was itself malformed is not answered either (row 64)', () => {
    const bench = new Bench().toEstablished()
    const error = { ...notification(1, 2, 'a NOTIFICATION of 20 octets', Uint8Array.of(0, 20)), silent: true }
    expect(bench.failure(1, error)).toEqual(['down 1 closed-silently', 'close 1', 'Established -> Idle'])
    expect(bench.peer.counters.sent.notification).toBe(0)
  })

  it.each([
    [5, 'connection rejected'],
    [2, 'administrative shutdown'],
    [3, 'peer de-configured'],
    [8, 'out of resources'],
  ])('6/%d (%s) before Established: we listen on, and dial ever more seldom (RFC 4486 4)', subcode => {
    const bench = new Bench({ random: () => 1 })
    bench.start()
    const waits = [1, 2, 3, 4, 5].map(connection => {
      bench.connected(connection)
      expect(bench.message(connection, notify(6, subcode))).toEqual([`close ${connection}`, 'OpenSent -> Active'])
      const wait = bench.until('connect-retry') ?? Number.NaN
      bench.elapse(wait)
      return wait
    })
    expect(waits).toEqual([5000, 10_000, 20_000, 30_000, 30_000])
  })

  it.each([
    [4, 'administrative reset'],
    [6, 'other configuration change'],
    [7, 'connection collision'],
  ])('6/%d (%s) before Established: we listen on, and dial after the plain connect-retry time', subcode => {
    const bench = new Bench({ random: () => 1 })
    for (const connection of [1, 2, 3]) {
      bench.toOpenConfirm(connection).message(connection, notify(6, subcode))
      expect(bench.peer.state).toBe('Active')
      expect(bench.until('connect-retry')).toBe(5000)
      bench.elapse(5000)
    }
  })

  it('6/4 in Established is no failure of the peer: Idle for the first idle-hold time, however often', () => {
    const bench = new Bench({ random: () => 1 })
    for (const connection of [1, 2, 3]) {
      bench.toEstablished(connection).message(connection, notify(6, 4))
      expect(bench.until('idle-hold')).toBe(5000)
      bench.elapse(5000)
    }
  })
})

describe('a failure found by the framer, the codec or the RIB', () => {
  it.each(['OpenSent', 'OpenConfirm', 'Established'] as const)('in %s is sent, and the connection closed', state => {
    const bench = new Bench()
    if (state === 'OpenSent') bench.toOpenSent()
    else if (state === 'OpenConfirm') bench.toOpenConfirm()
    else bench.toEstablished()
    const outputs = bench.failure(1, notification(1, 2, 'too short', Uint8Array.of(0, 18)))
    const down = state === 'Established' ? ['down 1 notification-sent'] : []
    expect(outputs).toEqual(['send 1 notification 1/2 [0 18]', ...down, 'close 1', `${state} -> Idle`])
    expect(bench.peer.connectRetryCounter).toBe(1)
    expect(bench.peer.lastError?.state).toBe(state)
  })

  it('for a connection nobody knows is ignored', () => {
    const bench = new Bench().toEstablished()
    expect(bench.failure(7, cease(8))).toEqual([])
    expect(bench.message(7, update)).toEqual([])
    expect(bench.closed(7)).toEqual([])
    expect(bench.connected(1, 'incoming')).toEqual([])
    expect(bench.peer.state).toBe('Established')
  })
})
