import { describe, expect, it } from 'vitest'
import { type Reader, ReadGate } from '../../../src/net/read-gate.ts'
import { FakeClock } from '../../support/net-clock.ts'

const CHUNK = Uint8Array.of(1)

function world(sliceMs = 10) {
  const clock = new FakeClock()
  const gate = new ReadGate(clock, sliceMs)
  const events: string[] = []
  const reader = (name: string, costMs: number): Reader => {
    let held: Uint8Array | undefined
    const self: Reader = {
      consume: () => {
        clock.time += costMs
        events.push(name)
      },
      hold: chunk => {
        held = chunk
        events.push(`${name} held`)
      },
      release: now => {
        if (held !== undefined) self.consume(held, now)
        held = undefined
      },
    }
    return self
  }
  return { clock, gate, events, reader }
}

describe('ReadGate', () => {
  it('parses at once while there is time', () => {
    const { gate, events, reader } = world()
    gate.offer(reader('a', 1), CHUNK)
    gate.offer(reader('b', 1), CHUNK)
    expect(events).toEqual(['a', 'b'])
  })

  it('holds chunks when the turn has had its share, and parses them in later turns in the order of arrival', () => {
    const { clock, gate, events, reader } = world(10)
    for (const name of ['a', 'b', 'c', 'd', 'e']) gate.offer(reader(name, 6), CHUNK)
    expect(events).toEqual(['a', 'b', 'c held', 'd held', 'e held'])
    clock.turn()
    expect(events.slice(5)).toEqual(['c', 'd'])
    clock.turn()
    expect(events.slice(7)).toEqual(['e'])
  })

  it('begins every turn with a fresh share', () => {
    const { clock, gate, events, reader } = world(10)
    const a = reader('a', 11)
    for (let i = 0; i < 3; i++) {
      gate.offer(a, CHUNK)
      clock.turn()
    }
    expect(events).toEqual(['a', 'a', 'a'])
  })

  it('asks for a turn only when half of the share is spent, however many chunks that took', () => {
    const { clock, gate, reader } = world(10)
    for (let i = 0; i < 4; i++) gate.offer(reader('a', 1), CHUNK)
    expect(clock.hasSoon).toBe(false)
    gate.offer(reader('a', 1), CHUNK)
    expect(clock.hasSoon).toBe(true)
    clock.turn()
    expect(clock.hasSoon).toBe(false)
  })

  it('holds no chunk for ever after a turn that used up its share with what had been held', () => {
    const { clock, gate, events, reader } = world(10)
    for (const name of ['a', 'b', 'c']) gate.offer(reader(name, 11), CHUNK)
    clock.turn()
    clock.turn()
    gate.offer(reader('d', 1), CHUNK)
    clock.turn()
    expect(events).toEqual(['a', 'b held', 'c held', 'b', 'c', 'd held', 'd'])
  })

  it('counts what earlier turns have left unsettled', () => {
    const { clock, gate, events, reader } = world(10)
    gate.offer(reader('a', 4), CHUNK)
    clock.turn()
    gate.offer(reader('b', 6), CHUNK)
    gate.offer(reader('c', 1), CHUNK)
    expect(events).toEqual(['a', 'b', 'c held'])
    clock.turn()
    expect(events.at(-1)).toBe('c')
  })
})
