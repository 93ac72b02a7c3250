/**
 * An UPDATE that was sent moves the next KEEPALIVE, and its jitter (RFC 4271 10) may move it to an earlier time than before.
 * The deadline timer was not told, so that KEEPALIVEs went out up to a quarter of their interval late.
 * Found by the simulator (seed 9, no faults) once it ran the real drivers.
 */
import { expect, it } from 'vitest'
import { run } from '../../src/sim/cluster.ts'

it.each([1, 2, 3, 4, 5, 6])('a KEEPALIVE that has become due sooner is sent in time: seed %i', seed => {
  const { violation } = run({ seed, topology: 'mesh', speakers: 4, minutes: 0.2, faults: 0 })
  expect(violation?.message).toBeUndefined()
})
