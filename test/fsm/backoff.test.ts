import { describe, expect, it } from 'vitest'
import { BackOff } from '../../fsm/backoff.ts'
import { millis } from '../../fsm/deadlines.ts'

const backOff = (random = 1, forget?: number) =>
  new BackOff({
    idleHoldMs: forget === undefined ? { first: 5000, cap: 30_000 } : { first: 5000, cap: 30_000, forget },
    random: () => random,
  })

describe('the back-off', () => {
  it('doubles from the first value to the cap and stays there', () => {
    const failing = backOff()
    const holds = [0, 1, 2, 3, 4, 5].map(() => failing.next(millis(0)))
    expect(holds).toEqual([5000, 10_000, 20_000, 30_000, 30_000, 30_000])
  })

  it('never grows beyond the cap, however often it fails', () => {
    const failing = backOff()
    for (let failure = 0; failure < 2000; failure++) failing.next(millis(0))
    expect(failing.next(millis(0))).toBe(30_000)
  })

  it('is jittered down to three quarters', () => {
    expect(backOff(0).next(millis(0))).toBe(3750)
    expect(backOff(0).flat()).toBe(3750)
  })

  it('is forgotten after 300 s without a failure, counted from the end of the hold', () => {
    const failing = backOff()
    expect(failing.next(millis(0))).toBe(5000)
    expect(failing.next(millis(304_999))).toBe(10_000)
    expect(failing.next(millis(304_999 + 310_000))).toBe(5000)
  })

  it('is forgotten sooner when so configured', () => {
    const failing = backOff(1, 1000)
    failing.next(millis(0))
    expect(failing.next(millis(5999))).toBe(10_000)
    expect(failing.next(millis(5999 + 11_000))).toBe(5000)
  })

  it('is forgiven when an operator starts the peer', () => {
    const failing = backOff()
    failing.next(millis(0))
    failing.forget()
    expect(failing.next(millis(1))).toBe(5000)
  })

  it('leaves its memory alone for endings that are no failures', () => {
    const failing = backOff()
    failing.next(millis(0))
    expect(failing.flat()).toBe(5000)
    expect(failing.next(millis(1))).toBe(10_000)
  })
})
