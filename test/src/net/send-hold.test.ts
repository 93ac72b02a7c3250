import { describe, expect, it } from 'vitest'
import type { Millis } from '../../../fsm/index.ts'
import { defaultSendHoldMs, SendHold } from '../../../src/net/send-hold.ts'

function world(holdMs: number) {
  const queue = { queuedOctets: 0, hasMoved: false, hasProgressed: () => queue.hasMoved }
  const hold = new SendHold(queue, holdMs)
  /** Looks whenever it is time to, until it gives up or `end` comes; returns when it gave up. */
  const run = (end: number): number | undefined => {
    for (let next = hold.nextCheck; next !== undefined && next <= end; next = hold.nextCheck) {
      if (hold.check(next) !== undefined) return next
    }
    return undefined
  }
  return { queue, hold, run }
}

const at = (ms: number): Millis => ms as Millis

describe('SendHold (RFC 9687)', () => {
  it('does nothing while everything written is taken at once', () => {
    const { hold } = world(10_000)
    expect(hold.written(at(0))).toBe(false)
    expect(hold.nextCheck).toBeUndefined()
  })

  it('gives up exactly one send hold time after the queue stopped moving (row 62)', () => {
    const { queue, hold, run } = world(10_000)
    queue.queuedOctets = 100
    hold.written(at(500))
    expect(run(100_000)).toBe(10_500)
  })

  it('answers with 8/0', () => {
    const { queue, hold } = world(1000)
    queue.queuedOctets = 100
    hold.written(at(0))
    expect(hold.check(at(1000))).toMatchObject({ code: 8, subcode: 0 })
  })

  it('does not take more queueing for progress (row 62)', () => {
    const { queue, hold, run } = world(10_000)
    queue.queuedOctets = 100
    hold.written(at(0))
    run(5000)
    queue.queuedOctets = 200
    hold.written(at(5000))
    expect(run(100_000)).toBe(10_000)
  })

  it('starts over whenever the kernel took something', () => {
    const { queue, hold, run } = world(10_000)
    queue.queuedOctets = 100
    hold.written(at(0))
    queue.hasMoved = true
    expect(run(60_000)).toBeUndefined()
    queue.hasMoved = false
    expect(run(100_000)).toBe(70_000)
  })

  it('stops looking when the queue is empty', () => {
    const { queue, hold, run } = world(10_000)
    queue.queuedOctets = 100
    hold.written(at(0))
    queue.queuedOctets = 0
    run(2000)
    expect(hold.nextCheck).toBeUndefined()
  })

  it('can be turned off', () => {
    const { queue, hold } = world(0)
    queue.queuedOctets = 100
    expect(hold.written(at(0))).toBe(false)
  })

  it.each([
    [90_000, 480_000],
    [300_000, 600_000],
    [0, 480_000],
  ])('is by default, for a hold time of %i ms, %i ms', (holdTimeMs, expected) => {
    expect(defaultSendHoldMs(holdTimeMs)).toBe(expected)
  })
})
