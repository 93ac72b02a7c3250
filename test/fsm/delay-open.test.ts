/** DelayOpen: waiting for the OPEN of the peer before sending ours (RFC 4271 8.1.1, 8.2.2). */

import { describe, expect, it } from 'vitest'
import type { Direction } from '../../fsm/index.ts'
import type { Message } from '../../wire/index.ts'
import { Bench, keepalive, notify, openMessage, refresh, update } from '../support/fsm-peer.ts'

const DELAY_MS = 2000
const delayed = (direction: Direction = 'outgoing'): Bench => {
  const bench = new Bench({ delayOpenMs: DELAY_MS })
  bench.start()
  if (direction === 'incoming') bench.dialFailed()
  bench.connected(1, direction)
  return bench
}

describe.each<[Direction, string]>([
  ['outgoing', 'Connect'],
  ['incoming', 'Active'],
])('an %s connection with DelayOpen', (direction, state) => {
  it('stays where it was and says nothing until the timer expires; then the OPEN goes out (row 50)', () => {
    const bench = delayed(direction)
    expect(bench.outputs.filter(({ type }) => type !== 'state')).toEqual([])
    expect(bench.peer.state).toBe(state)
    expect(bench.until('delay-open')).toBe(DELAY_MS)
    expect(bench.elapse(DELAY_MS - 1)).toEqual([])
    expect(bench.elapse(1)).toEqual(['send 1 open', `${state} -> OpenSent`])
    expect(bench.message(1, openMessage())).toEqual(['send 1 keepalive', 'OpenSent -> OpenConfirm'])
  })

  it('answers an OPEN that comes first with OPEN and KEEPALIVE, and goes to OpenConfirm (row 51)', () => {
    const bench = delayed(direction)
    expect(bench.message(1, openMessage())).toEqual(['send 1 open', 'send 1 keepalive', `${state} -> OpenConfirm`])
    expect(bench.until('delay-open')).toBeUndefined()
    expect(bench.message(1, keepalive)).toEqual(['established 1', 'OpenConfirm -> Established'])
  })

  it('goes to Active when TCP is lost meanwhile, and dials again after connect-retry (row 48)', () => {
    const bench = delayed(direction)
    bench.closed(1)
    expect(bench.peer.state).toBe('Active')
    expect(bench.until('connect-retry')).toBe(4375)
    expect(bench.peer.connectRetryCounter).toBe(0)
  })

  it.each<[string, Message]>([
    ['KEEPALIVE', keepalive],
    ['UPDATE', update],
    ['ROUTE-REFRESH', refresh()],
  ])('does not take a %s: 5/0, Idle', (_name, message) => {
    const bench = delayed(direction)
    expect(bench.message(1, message)[0]).toMatch(/^send 1 notification 5\/0/)
    expect(bench.peer.state).toBe('Idle')
  })

  it('goes to Idle uncounted on 2/1, as event 24 wants', () => {
    const bench = delayed(direction)
    bench.message(1, notify(2, 1))
    expect([bench.peer.state, bench.peer.connectRetryCounter]).toEqual(['Idle', 0])
  })

  it('refuses an OPEN of the wrong AS', () => {
    const bench = delayed(direction)
    expect(bench.message(1, openMessage({ asn: 65009 }))[0]).toBe('send 1 notification 2/2')
  })
})

describe('a delayed connection of ours', () => {
  it('is dropped without a word once one of the peer has shown its OPEN (row 40)', () => {
    const bench = delayed()
    bench.connected(2, 'incoming')
    expect(bench.message(2, openMessage())).toContain('close 1')
    expect(bench.peer.sessions.map(({ connection }) => connection)).toEqual([2])
  })
})
