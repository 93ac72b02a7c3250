/**
 * Three seconds of fuzzing in every test run, from a fixed seed and the seeds of the repository alone; the real runs are
 * `npm run fuzz`. And the parts of the fuzzer: shapes write what they read, mutators reach every kind of input, a broken
 * decoder is found and its input shrunk.
 */
import { describe, expect, it } from 'vitest'
import { Broken } from './check.ts'
import { Coverage } from './coverage.ts'
import { crashName } from './crash.ts'
import { Fuzzer } from './engine.ts'
import { mutateMessage } from './mutate.ts'
import { Random } from './random.ts'
import { foundInputs, seedMessages } from './seeds.ts'
import { readShape, writeShape } from './shape.ts'
import { MESSAGE, type MessageInput } from './target/message.ts'
import type { Target } from './target.ts'
import { TARGETS } from './targets.ts'

const root = new URL('../../', import.meta.url).pathname
const messages = seedMessages(root, false)

it('three seconds of mutations throw nothing and break no property', () => {
  const some = messages.filter((_, i) => i % 4 === 0 || i < 120)
  const fuzzer = new Fuzzer({
    seed: 7,
    targets: TARGETS,
    messages: some,
    found: foundInputs(root),
    coverage: undefined,
    until: performance.now() + 3000,
  })
  fuzzer.runSeeds()
  for (const _ of fuzzer.batches());
  expect(fuzzer.crashes.filter(({ property }) => property !== 'bounded time')).toEqual([])
  expect(fuzzer.throws).toBe(0)
  expect(fuzzer.executions).toBeGreaterThan(500)
}, 30_000)

it('the same seed and number of executions do the same without coverage', () => {
  const run = () => {
    const few = messages.slice(0, 24)
    const fuzzer = new Fuzzer({ seed: 3, targets: TARGETS, messages: few, coverage: undefined, executions: 700 })
    fuzzer.runSeeds()
    for (const _ of fuzzer.batches());
    return [fuzzer.executions, fuzzer.messages, fuzzer.outcomes, fuzzer.corpusSize, fuzzer.corpusOctets]
  }
  expect(run()).toEqual(run())
}, 30_000)

describe('shapes', () => {
  it('write the octets they were read from', () => {
    for (const bytes of messages) {
      if (bytes.length < 19 || bytes.length > 65535) continue
      const written = writeShape(readShape(bytes))
      // The length field is computed, whatever it was before.
      expect(Buffer.from(written.subarray(18)).equals(bytes.subarray(18)), Buffer.from(bytes).toString('hex')).toBe(
        true,
      )
    }
  })
})

it('mutated messages differ and never exceed what a length field can say', () => {
  const random = new Random(11)
  const donor = () => random.pick(messages)
  let changed = 0
  for (let i = 0; i < 3000; i++) {
    const before = random.pick(messages)
    const after = mutateMessage(before, random, donor)
    expect(after.length).toBeLessThanOrEqual(65535)
    if (Buffer.compare(before, after) !== 0) changed++
  }
  expect(changed).toBeGreaterThan(2500)
})

/** Finds fault with any UPDATE whose attributes hold type 77. */
const touchy: Target<MessageInput> = {
  ...MESSAGE,
  run: ({ bytes }) => {
    if (bytes.length > 30 && bytes[18] === 2 && bytes.subarray(23).includes(77))
      throw new Broken('no 77', 'there is one')
    return { outcomes: [bytes.length % 8], ms: 0, messages: 1 }
  },
}

it('a decoder that breaks is found, and its input made small', () => {
  const calm = messages.filter(bytes => !bytes.includes(77))
  const fuzzer = new Fuzzer({
    seed: 5,
    targets: [touchy as unknown as Target<unknown>],
    messages: calm,
    coverage: undefined,
    executions: 8000,
  })
  fuzzer.runSeeds()
  for (const _ of fuzzer.batches()) if (fuzzer.crashes.length > 0) break
  const [crash] = fuzzer.crashes
  expect(crash).toMatchObject({ target: 'message', property: 'no 77' })
  expect(JSON.stringify(crash?.input).length).toBeLessThan(120)
  expect(crash && crashName(crash)).toMatch(/^message-no-77-[0-9a-f]{8}\.json$/)
})

it('coverage tells when something ran for the first time', () => {
  const coverage = new Coverage(url => url.includes('fuzz/random'))
  coverage.start()
  const random = new Random(1)
  random.next()
  expect(coverage.collect()).toBe(true)
  random.next()
  expect(coverage.collect()).toBe(false)
  random.edge()
  const ran = coverage.probe()
  expect(ran).toBeDefined()
  expect(coverage.learn(ran ?? [])).toBe(true)
  random.edge()
  expect(coverage.probe()).toBeUndefined()
  coverage.stop()
  expect(coverage.blocks().covered).toBeGreaterThan(2)
})
