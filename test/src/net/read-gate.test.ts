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

  it('asks for no turn when nothing was read', () => {
    const { clock, gate, reader } = world()
    gate.offer(reader('a', 1), CHUNK)
    clock.turn()
    expect(clock.hasSoon).toBe(false)
  })
})
