import { describe, expect, it } from 'vitest'
import { HISTORY_LIMIT } from '../../fsm/index.ts'
import { Bench, decode, openMessage } from '../support/fsm-peer.ts'

describe('a stop by the operator', () => {
  it.each(['OpenSent', 'OpenConfirm', 'Established'] as const)('in %s sends 6/2 and goes to Idle', state => {
    const bench = new Bench()
    if (state === 'OpenSent') bench.toOpenSent()
    else if (state === 'OpenConfirm') bench.toOpenConfirm()
    else bench.toEstablished()
    const down = state === 'Established' ? ['down 1 notification-sent'] : []
    expect(bench.stop()).toEqual(['send 1 notification 6/2', ...down, 'close 1', `${state} -> Idle`])
    expect(bench.peer.nextDeadline()).toBeUndefined()
    expect(bench.peer.connectRetryCounter).toBe(0)
  })

  it('in Connect gives up the dial, in Active the timer, in the idle hold the hold', () => {
    const connecting = new Bench()
    connecting.start()
    expect(connecting.stop()).toEqual(['cancel-dial', 'Connect -> Idle'])

    const active = new Bench().toOpenSent()
    active.closed(1)
    expect(active.stop()).toEqual(['Active -> Idle'])

    const held = new Bench().toEstablished()
    held.closed(1)
    expect(held.stop()).toEqual([])
    expect(held.elapse(1e6)).toEqual([])
    expect(held.peer.isStarted).toBe(false)
  })

  it('ends both connections when there are two', () => {
    const bench = new Bench().toOpenSent(1)
    bench.connected(2, 'incoming')
    expect(bench.stop(3)).toEqual([
      'send 1 notification 6/3',
      'close 1',
      'send 2 notification 6/3',
      'close 2',
      'OpenSent -> Idle',
    ])
  })

  it('twice, or before any start, does nothing', () => {
    const bench = new Bench()
    expect(bench.stop()).toEqual([])
    bench.toEstablished().stop()
    expect(bench.stop()).toEqual([])
  })

  it('is undone by a start, which dials at once', () => {
    const bench = new Bench().toEstablished()
    bench.stop()
    expect(bench.start()).toEqual(['dial', 'Idle -> Connect'])
  })

  const sentData = (bench: Bench): number[] => {
    const output = bench.outputs.find(({ type }) => type === 'send')
    const message = output?.type === 'send' ? decode(output.bytes) : undefined
    return message?.type === 'notification' ? [...message.notification.data] : []
  }

  it.each([2, 4])('with subcode %d carries the text of the operator, length first (RFC 9003 2)', subcode => {
    const bench = new Bench().toEstablished()
    bench.stop(subcode, 'né')
    expect(sentData(bench)).toEqual([3, 0x6e, 0xc3, 0xa9])
  })

  it('carries 255 octets of text whole, and cuts longer text between characters (row 65)', () => {
    const whole = new Bench().toEstablished()
    whole.stop(2, 'x'.repeat(255))
    expect(sentData(whole)).toHaveLength(256)
    const cut = new Bench().toEstablished()
    cut.stop(2, `${'x'.repeat(254)}é`)
    expect(sentData(cut)).toEqual([254, ...Array.from({ length: 254 }, () => 0x78)])
  })

  it('with another subcode carries no text', () => {
    const bench = new Bench().toEstablished()
    bench.stop(6, 'new configuration')
    expect(sentData(bench)).toEqual([])
  })
})

describe('the history', () => {
  it('tells every change of state with its reason and its time', () => {
    const bench = new Bench()
    bench.start()
    bench.wait(10).connected(1)
    bench.wait(10).message(1, openMessage({ asn: 65002 }))
    expect(bench.peer.history).toEqual([
      { at: 1000, from: 'Idle', to: 'Connect', cause: 'started' },
      { at: 1010, from: 'Connect', to: 'OpenSent', cause: 'connected' },
      {
        at: 1020,
        from: 'OpenSent',
        to: 'Idle',
        cause: 'sent OPEN Message Error / Bad Peer AS: AS 65002 where 65001 is configured',
      },
    ])
  })

  it('gives the same reason in its `state` outputs', () => {
    const bench = new Bench().toEstablished()
    bench.closed(1, 'reset by peer')
    expect(bench.outputs.at(-1)).toEqual({
      type: 'state',
      from: 'Established',
      to: 'Idle',
      cause: 'connection lost: reset by peer',
    })
  })

  it('says that it received an OPEN, whatever else the collision brought', () => {
    const bench = new Bench().toOpenSent(1)
    bench.connected(2, 'incoming')
    bench.message(2, openMessage())
    bench.message(1, openMessage())
    expect(bench.peer.history.at(-1)).toMatchObject({ to: 'OpenConfirm', cause: 'received OPEN' })
  })

  it('keeps the last 64 changes, oldest first', () => {
    const bench = new Bench()
    for (let round = 0; round < 50; round++) {
      bench.wait(1).start()
      bench.wait(1).stop()
    }
    const { history } = bench.peer
    expect(history).toHaveLength(HISTORY_LIMIT)
    expect(history.at(-1)).toMatchObject({ at: bench.now, from: 'Connect', to: 'Idle' })
    expect(history.at(0)?.at).toBe(bench.now - 63)
    expect(history.map(({ at }) => at)).toEqual(history.map(({ at }) => at).toSorted((a, b) => a - b))
  })
})
