import { expect, it } from 'vitest'
import { cease, IPV4_UNICAST, maximumPrefixes } from '../../wire/index.ts'
import { Bench } from '../support/fsm-peer.ts'

const error = maximumPrefixes(IPV4_UNICAST, 5)

it.each([
  ['too many prefixes (6/1, row 181)', error],
  ['too many attributes (6/8)', cease(8)],
])('a session that we ended for %s comes back after the wait that is configured for it', (_, reason) => {
  const bench = new Bench({ overloadHoldMs: 900_000 }).toEstablished()
  bench.handle({ type: 'failure', connection: 1, error: reason })
  expect([bench.peer.state, bench.until('idle-hold')]).toEqual(['Idle', 900_000])
})

it('without such a wait it is damped like any failure', () => {
  const bench = new Bench().toEstablished()
  bench.handle({ type: 'failure', connection: 1, error })
  expect(bench.until('idle-hold')).toBe(4375)
})

it('the wait is for nothing else that ends a session', () => {
  const bench = new Bench({ overloadHoldMs: 900_000 }).toEstablished()
  bench.handle({ type: 'failure', connection: 1, error: cease(5) })
  expect(bench.until('idle-hold')).toBe(4375)
})
