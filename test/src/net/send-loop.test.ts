import { describe, expect, it } from 'vitest'
import type { Millis } from '../../../fsm/index.ts'
import type { WorkPort } from '../../../src/net/routing-port.ts'
import { type Sender, SendLoop, type SendResult } from '../../../src/net/send-loop.ts'
import { FakeClock } from '../../support/net-clock.ts'

/** A world in which work and visits take a set time, and everything that happens is written down. */
function world(sliceMs = 10) {
  const clock = new FakeClock()
  const events: string[] = []
  const work: WorkPort & { pending: boolean; costMs: number } = {
    pending: false,
    costMs: 0,
    work() {
      events.push(`work@${clock.time}`)
      clock.time += work.costMs
      work.pending = false
    },
  }
  const loop = new SendLoop({ work, clock, sliceMs, beforeSlice: now => events.push(`keepalives@${now}`) })
  const sender = (name: string, costMs = 0, result: () => SendResult = () => 'idle'): Sender => ({
    send(_until: Millis) {
      events.push(name)
      clock.time += costMs
      return result()
    },
  })
  const visits = (): string[] => events.filter(event => !event.includes('@'))
  return { clock, events, work, loop, sender, visits }
}

describe('SendLoop', () => {
  it('does nothing, and waits for nothing, when nothing is pending', () => {
    const { clock, loop } = world()
    loop.schedule()
    expect(clock.hasSoon).toBe(false)
    expect(clock.armed).toBe(0)
  })

  it('works and writes to everybody in the same turn when idle', () => {
    const { clock, loop, work, sender, events } = world()
    loop.join(sender('a'))
    loop.join(sender('b'))
    clock.settle()
    events.length = 0
    work.pending = true
    loop.schedule()
    clock.turn()
    expect(events).toEqual(['keepalives@0', 'work@0', ...events.slice(2)])
    expect(events.slice(2).sort()).toEqual(['a', 'b'])
    expect(clock.hasSoon).toBe(false)
  })

  it('works without any peer, for the kernel wants to hear of changes too', () => {
    const { clock, loop, work, events } = world()
    work.pending = true
    loop.schedule()
    clock.settle()
    expect(events).toContain('work@0')
  })

  it('visits a peer that joins, without any work pending', () => {
    const { clock, loop, sender, visits } = world()
    loop.join(sender('new'))
    clock.settle()
    expect(visits()).toEqual(['new'])
  })

  it('writes in slices, with due keepalives before each', () => {
    const { clock, loop, sender, events } = world(10)
    for (const name of ['a', 'b', 'c', 'd', 'e']) loop.join(sender(name, 4))
    clock.turn()
    expect(events).toEqual(['keepalives@0', 'a', 'b', 'c'])
    clock.turn()
    expect(events.slice(4)).toEqual(['keepalives@12', 'd', 'e'])
    expect(clock.hasSoon).toBe(false)
  })

  it('begins every round with another peer', () => {
    const { clock, loop, work, sender, visits } = world()
    for (const name of ['a', 'b', 'c']) loop.join(sender(name))
    const rounds: string[] = []
    for (let i = 0; i < 3; i++) {
      work.pending = true
      loop.schedule()
      clock.settle()
      rounds.push(visits().slice(-3).join(''))
    }
    expect(rounds).toEqual(['abc', 'bca', 'cab'])
  })

  it('does not work again before the round is done', () => {
    const { clock, loop, work, sender, events } = world(10)
    for (const name of ['a', 'b', 'c']) loop.join(sender(name, 20))
    work.pending = true
    loop.schedule()
    clock.turn()
    work.pending = true
    loop.schedule()
    clock.turn()
    clock.turn()
    expect(events.filter(event => event.startsWith('work'))).toEqual(['work@0'])
    expect(events.filter(event => !event.includes('@'))).toEqual(['a', 'b', 'c'])
  })

  it('waits before the next work as long as the last work and round took', () => {
    const { clock, loop, work, sender, events } = world(10)
    loop.join(sender('a', 3))
    clock.advance(100)
    work.costMs = 5
    work.pending = true
    loop.schedule()
    clock.settle()
    expect(clock.time).toBe(108)
    work.pending = true
    loop.schedule()
    expect(clock.hasSoon).toBe(false)
    expect(clock.nextTimer).toBe(116)
    clock.advance(8)
    expect(events.filter(event => event.startsWith('work'))).toEqual(['work@100', 'work@116'])
  })

  it('waits three times as long while neighbours come up', () => {
    const { clock, loop, work, sender } = world(10)
    loop.join(sender('a', 3))
    work.costMs = 5
    work.pending = true
    loop.schedule()
    clock.settle()
    work.pending = true
    loop.schedule()
    expect(clock.nextTimer).toBe(8 + 3 * 8)
  })

  it('looks at the sockets some more times before a long round, so that what belongs to a single change comes along', () => {
    const { clock, loop, work, sender, events } = world(10)
    loop.join(sender('a', 3))
    clock.advance(100)
    work.costMs = 21
    work.pending = true
    loop.schedule()
    clock.settle()
    clock.advance(1000)
    work.pending = true
    loop.schedule()
    for (let look = 0; look < 3; look++) {
      clock.turn()
      expect(events.filter(event => event.startsWith('work'))).toEqual(['work@100'])
    }
    clock.turn()
    expect(events.filter(event => event.startsWith('work'))).toEqual(['work@100', 'work@1124'])
  })

  it('looks no further when a look takes long, as it does while a table comes in', () => {
    const { clock, loop, work, sender, events } = world(10)
    loop.join(sender('a', 3))
    clock.advance(100)
    work.costMs = 21
    work.pending = true
    loop.schedule()
    clock.settle()
    clock.advance(1000)
    work.pending = true
    loop.schedule()
    clock.time += 10
    clock.turn()
    expect(events.filter(event => event.startsWith('work'))).toEqual(['work@100', 'work@1134'])
  })

  it('never waits longer than 100 ms', () => {
    const { clock, loop, work } = world()
    work.costMs = 5000
    work.pending = true
    loop.schedule()
    clock.settle()
    work.pending = true
    loop.schedule()
    expect(clock.nextTimer).toBe(5100)
  })

  it('writes to peers with room while it waits to work', () => {
    const { clock, loop, work, sender, visits } = world()
    const slot = loop.join(sender('a'))
    work.costMs = 50
    work.pending = true
    loop.schedule()
    clock.settle()
    work.pending = true
    loop.schedule()
    const before = visits().length
    loop.ready(slot)
    clock.settle()
    expect(visits().length).toBe(before + 1)
    expect(work.pending).toBe(true)
    clock.advance(50)
    expect(work.pending).toBe(false)
  })

  it('visits a peer that has more in every round, and others in between', () => {
    const { clock, loop, sender, visits } = world()
    let left = 3
    loop.join(sender('big', 0, () => (--left > 0 ? 'more' : 'idle')))
    loop.join(sender('small'))
    clock.settle()
    expect(visits().filter(name => name === 'big')).toHaveLength(3)
    expect(visits().indexOf('small')).toBeLessThan(visits().lastIndexOf('big'))
  })

  it('works between the rounds of a peer that has a whole table to get', () => {
    const { clock, loop, work, sender, events } = world()
    loop.join(sender('big', 5, () => 'more'))
    for (let i = 0; i < 4; i++) clock.turn()
    work.pending = true
    clock.turn()
    expect(events.some(event => event.startsWith('work'))).toBe(true)
  })

  it('leaves a blocked peer alone until it is ready, whatever is flushed meanwhile', () => {
    const { clock, loop, work, sender, visits } = world()
    let result: SendResult = 'blocked'
    const stalled = loop.join(sender('stalled', 0, () => result))
    loop.join(sender('other'))
    clock.settle()
    for (let i = 0; i < 3; i++) {
      work.pending = true
      loop.schedule()
      clock.settle()
    }
    expect(visits().filter(name => name === 'stalled')).toHaveLength(1)
    expect(visits().filter(name => name === 'other')).toHaveLength(4)
    result = 'idle'
    loop.ready(stalled)
    clock.settle()
    expect(visits().filter(name => name === 'stalled')).toHaveLength(2)
  })

  it('does not visit a peer that left, not even later in the same round', () => {
    const { clock, loop, sender, visits } = world()
    let leave = (): void => {}
    loop.join(
      sender('first', 0, () => {
        leave()
        return 'idle'
      }),
    )
    const slot = loop.join(sender('second'))
    leave = () => loop.leave(slot)
    clock.settle()
    loop.ready(slot)
    clock.settle()
    expect(visits()).toEqual(['first'])
  })
})
