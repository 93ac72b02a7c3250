import { describe, expect, it, vi } from 'vitest'
import type { Millis } from '../../../fsm/index.ts'
import { type DeadlineOwner, DeadlineTimer } from '../../../src/net/deadline-timer.ts'
import { FakeClock } from '../../support/net-clock.ts'

class Owner implements DeadlineOwner {
  readonly reached: number[] = []
  next: number | undefined
  onReached: (now: number) => void = () => {
    this.next = undefined
  }

  constructor(next: number | undefined) {
    this.next = next
  }

  nextDeadline(): Millis | undefined {
    return this.next as Millis | undefined
  }

  deadlineReached(now: Millis): void {
    this.reached.push(now)
    this.onReached(now)
  }
}

describe('DeadlineTimer', () => {
  it('wakes the owner when its deadline comes, and not before', () => {
    const clock = new FakeClock()
    const owner = new Owner(100)
    new DeadlineTimer(clock).add(owner)
    clock.advance(99)
    expect(owner.reached).toEqual([])
    clock.advance(1)
    expect(owner.reached).toEqual([100])
  })

  it('arms one timer for fifty owners and wakes each of them at its time', () => {
    const clock = new FakeClock()
    const timer = new DeadlineTimer(clock)
    const owners = Array.from({ length: 50 }, (_, i) => new Owner(((i * 7919) % 1000) + 1))
    for (const owner of owners) timer.add(owner)
    expect(clock.armed).toBe(1)
    const times = owners.map(owner => owner.next)
    clock.advance(1000)
    expect(owners.map(owner => owner.reached[0])).toEqual(times)
    expect(clock.armed).toBe(0)
  })

  it('does not touch its timer when a deadline moves away, and asks again when the old time comes', () => {
    const clock = new FakeClock()
    const timer = new DeadlineTimer(clock)
    const owner = new Owner(100)
    const slot = timer.add(owner)
    clock.advance(50)
    owner.next = 150
    timer.touch(slot)
    expect(clock.nextTimer).toBe(100)
    clock.advance(50)
    expect(owner.reached).toEqual([])
    expect(clock.nextTimer).toBe(150)
    clock.advance(50)
    expect(owner.reached).toEqual([150])
  })

  it('wakes earlier when told that a deadline has become earlier', () => {
    const clock = new FakeClock()
    const timer = new DeadlineTimer(clock)
    const owner = new Owner(1000)
    const slot = timer.add(owner)
    owner.next = 10
    timer.touch(slot)
    clock.advance(10)
    expect(owner.reached).toEqual([10])
  })

  it('lets the loop read before it decides that a deadline has passed', () => {
    const clock = new FakeClock()
    const owner = new Owner(100)
    new DeadlineTimer(clock).add(owner)
    // The loop was blocked for a second; the read that follows moves the deadline.
    clock.time = 1000
    clock.soon(() => {
      owner.next = 2000
    })
    clock.advance(0)
    expect(owner.reached).toEqual([])
    clock.advance(1000)
    expect(owner.reached).toEqual([2000])
  })

  it('wakes an owner once a turn even if it does not move its deadline', () => {
    const clock = new FakeClock()
    const timer = new DeadlineTimer(clock)
    const stubborn = new Owner(5)
    stubborn.onReached = () => {}
    timer.add(stubborn)
    clock.advance(5)
    expect(stubborn.reached).toEqual([5])
    expect(clock.nextTimer).toBe(6)
  })

  it('forgets removed owners, also one removed while others are being woken', () => {
    const clock = new FakeClock()
    const timer = new DeadlineTimer(clock)
    const first = new Owner(5)
    const second = new Owner(5)
    timer.add(first)
    const slot = timer.add(second)
    first.onReached = () => {
      first.next = undefined
      timer.remove(slot)
    }
    clock.advance(10)
    expect(first.reached).toEqual([5])
    expect(second.reached).toEqual([])
    expect(clock.armed).toBe(0)
  })

  it('holds no timer when nobody has a deadline', () => {
    const clock = new FakeClock()
    const timer = new DeadlineTimer(clock)
    const owner = new Owner(5)
    const slot = timer.add(owner)
    owner.next = undefined
    timer.touch(slot)
    clock.advance(5)
    expect(clock.armed).toBe(0)
    timer.remove(slot)
    timer.touch(slot)
    expect(clock.armed).toBe(0)
  })
})

describe('DeadlineTimer with many owners', () => {
  it('lets them share wake-ups: twenty a second at most, nobody early, nobody a twentieth of a second late', () => {
    const clock = new FakeClock()
    const timer = new DeadlineTimer(clock)
    const owners = Array.from({ length: 1000 }, (_, i) => new Owner(((i * 7919) % 1000) + 0.5))
    const times = owners.map(owner => owner.next ?? 0)
    for (const owner of owners) {
      owner.onReached = () => {
        owner.next = 10_000
      }
      timer.add(owner)
    }
    clock.advance(2000)
    const reached = owners.map(owner => owner.reached[0] ?? Number.NaN)
    const lateMs = reached.map((time, at) => time - (times[at] ?? 0))
    expect(Math.min(...lateMs)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...lateMs)).toBeLessThan(50)
    // And the one that was armed while there were few.
    expect(new Set(reached).size).toBeLessThanOrEqual(21)
  })

  it('does not arm again for an earlier deadline that the same wake-up serves', () => {
    const clock = new FakeClock()
    const after = vi.spyOn(clock, 'after')
    const timer = new DeadlineTimer(clock)
    for (let n = 0; n < 100; n++) timer.add(new Owner(1049 - n / 10))
    const armed = after.mock.calls.length
    timer.add(new Owner(1001))
    expect(after.mock.calls.length).toBe(armed)
    timer.add(new Owner(1000))
    expect(after.mock.calls.length).toBe(armed + 1)
  })
})
