import { describe, expect, it } from 'vitest'
import type { Millis } from '../../../fsm/index.ts'
import { AcceptRate } from '../../../src/net/accept-rate.ts'

const at = (ms: number): Millis => ms as Millis
const source = { perSecond: 2, burst: 3 }
const global = { perSecond: 10, burst: 5 }

describe('AcceptRate', () => {
  it('takes a burst from one source, and then its rate', () => {
    const rate = new AcceptRate(at(0), { source })
    const taken = [0, 0, 0, 0, 100, 500, 600, 1000].map(ms => rate.take('10.0.0.1', at(ms)) ?? 'taken')
    expect(taken).toEqual(['taken', 'taken', 'taken', 'source-rate', 'source-rate', 'taken', 'source-rate', 'taken'])
  })

  it('does not let one source use up what another has', () => {
    const rate = new AcceptRate(at(0), { source })
    for (let turn = 0; turn < 100; turn++) rate.take('10.0.0.1', at(0))
    expect(rate.take('10.0.0.2', at(0))).toBeUndefined()
  })

  it('bounds all sources together', () => {
    const rate = new AcceptRate(at(0), { global })
    const taken = Array.from({ length: 7 }, (_, host) => rate.take(`10.0.0.${host}`, at(0)))
    expect(taken).toEqual([undefined, undefined, undefined, undefined, undefined, 'global-rate', 'global-rate'])
    expect(rate.take('10.0.0.9', at(200))).toBeUndefined()
  })

  it('a source above its rate uses up nothing of what all have together', () => {
    const rate = new AcceptRate(at(0), { source, global })
    for (let turn = 0; turn < 100; turn++) rate.take('10.0.0.1', at(0))
    expect(rate.take('10.0.0.2', at(0))).toBeUndefined()
    expect(rate.take('10.0.0.3', at(0))).toBeUndefined()
  })

  it('remembers a bounded number of sources, and forgets quiet ones', () => {
    const rate = new AcceptRate(at(0))
    for (let host = 0; host < 20_000; host++) rate.take(`10.0.${host >> 8}.${host & 255}`, at(0))
    expect(rate.size).toBeLessThanOrEqual(10_000)
    for (let host = 0; host < 10_000; host++) rate.take('10.9.9.9', at(60_000))
    for (let host = 0; host < 10_000; host++) rate.take(`10.1.${host >> 8}.${host & 255}`, at(60_000))
    expect(rate.size).toBeLessThanOrEqual(10_000)
  })
})
