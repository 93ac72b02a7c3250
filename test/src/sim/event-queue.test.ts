import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EventQueue } from '../../../src/sim/event-queue.ts'

it('gives events in order of time, and those of one instant in the order they were planned', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), times => {
      const queue = new EventQueue()
      for (const at of times) queue.add(at, () => {})
      const taken = times.map(() => queue.take())
      const sorted = times
        .map((at, sequence) => ({ at, sequence }))
        .sort((a, b) => a.at - b.at || a.sequence - b.sequence)
      expect(taken.map(one => ({ at: one?.at, sequence: one?.sequence }))).toEqual(sorted)
      expect(queue.take()).toBeUndefined()
      expect(queue.nextAt).toBe(Number.POSITIVE_INFINITY)
    }),
  )
})
