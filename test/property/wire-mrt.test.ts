import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MrtDecoder, MrtFramer, ribAttributes } from '../../wire/mrt/index.ts'
import { RUNS } from '../support/wire-arbitraries.ts'
import { hex, int, join, text } from '../support/wire-bytes.ts'

/** Everything read out of these chunks, as comparable text. */
function hear(chunks: readonly Uint8Array[], maxLength = 4096): string[] {
  const events: string[] = []
  const decoder = new MrtDecoder()
  const framer = new MrtFramer(
    {
      record: (header, bytes, start, end) => {
        const shown = (_key: string, value: unknown): unknown => (value instanceof Uint8Array ? text(value) : value)
        events.push(JSON.stringify(decoder.decode(header, bytes, start, end), shown))
      },
      problem: problem => events.push(JSON.stringify(problem)),
    },
    maxLength,
  )
  for (const chunk of chunks) framer.push(chunk)
  framer.end()
  return events
}

function cut(stream: Uint8Array, places: readonly number[]): Uint8Array[] {
  const bounds = [0, ...places.map(place => place % (stream.length + 1)).sort((a, b) => a - b), stream.length]
  return bounds.slice(1).map((end, index) => stream.slice(bounds[index], end))
}

const kind = fc.constantFrom(
  [5, 1],
  [5, 3],
  [12, 1],
  [12, 2],
  [13, 1],
  [13, 2],
  [13, 4],
  [13, 6],
  [13, 8],
  [13, 12],
  [16, 0],
)
const moreKinds = fc.constantFrom([16, 1], [16, 4], [16, 5], [16, 7], [16, 9], [17, 4], [17, 5], [11, 0], [99, 9])
const record = fc
  .record({ kind: fc.oneof(kind, moreKinds), body: fc.uint8Array({ maxLength: 200 }), time: fc.nat() })
  .map(({ kind: [type = 0, subtype = 0], body, time }) =>
    join(hex(int(time, 4) + int(type, 2) + int(subtype, 2) + int(body.length, 4)), body),
  )
const places = fc.array(fc.nat(5000), { maxLength: 20 })

describe('an MRT file', () => {
  it('gives the same records however it is cut into chunks', () => {
    const file = fc.tuple(fc.array(record, { maxLength: 8 }), fc.uint8Array({ maxLength: 30 }))
    fc.assert(
      fc.property(file, places, ([records, rest], at) => {
        const bytes = join(...records, rest)
        expect(hear(cut(bytes, at), 150)).toEqual(hear([bytes], 150))
      }),
      RUNS,
    )
  })

  it('of arbitrary octets never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), bytes => {
        expect(() => hear([bytes])).not.toThrow()
      }),
      RUNS,
    )
  })

  it('of well-framed records of arbitrary content gives one value for each, and never throws', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 10 }), records => {
        expect(hear([join(...records)])).toHaveLength(records.length)
      }),
      RUNS,
    )
  })

  it('gives attributes that can be completed whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        expect(ribAttributes(bytes, 2, 1).length).toBeGreaterThanOrEqual(bytes.length)
      }),
      RUNS,
    )
  })
})
