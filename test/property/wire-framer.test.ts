import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Framer } from '../../wire/index.ts'
import { RUNS } from '../support/wire-arbitraries.ts'
import { join, message, openBody, text } from '../support/wire-bytes.ts'

/** Everything a framer reports for these chunks, as comparable text. */
function hear(chunks: readonly Uint8Array[], maxLength = 4096): { events: string[]; stopped: boolean } {
  const events: string[] = []
  const framer = new Framer({
    message: (type, bytes, start, end) => {
      events.push(`${type} ${text(bytes.slice(start, end))}`)
      return true
    },
    failure: error => events.push(`error ${error.code}/${error.subcode} ${text(error.data)}`),
  })
  framer.maxLength = maxLength
  for (const chunk of chunks) framer.push(chunk)
  return { events, stopped: framer.stopped }
}

function cut(stream: Uint8Array, places: readonly number[]): Uint8Array[] {
  const bounds = [0, ...places.map(place => place % (stream.length + 1)).sort((a, b) => a - b), stream.length]
  return bounds.slice(1).map((end, index) => stream.slice(bounds[index], end))
}

const wholeMessage = fc.oneof(
  fc.constant(message(4)),
  fc.constant(message(1, openBody())),
  fc.constant(message(3, '0602')),
  fc.uint8Array({ maxLength: 600 }).map(body => message(2, `00000000${text(body)}`)),
)
const brokenMessage = fc
  .record({ bytes: wholeMessage, at: fc.nat(18), octet: fc.nat(255) })
  .map(({ bytes, at, octet }) => {
    return bytes.map((old, index) => (index === at ? octet : old))
  })
const stream = fc
  .array(fc.oneof({ weight: 8, arbitrary: wholeMessage }, { weight: 1, arbitrary: brokenMessage }), { maxLength: 8 })
  .map(parts => join(...parts))
const places = fc.array(fc.nat(5000), { maxLength: 20 })

describe('framing', () => {
  it('does not depend on how the stream is cut', () => {
    fc.assert(
      fc.property(stream, places, (bytes, where) => {
        expect(hear(cut(bytes, where))).toEqual(hear([bytes]))
      }),
      RUNS,
    )
  })

  it('of extended messages does not depend on how the stream is cut either (RFC 8654)', () => {
    const long = fc.integer({ min: 4097, max: 65535 }).map(length => message(2, '00'.repeat(length - 19)))
    const mixed = fc.array(fc.oneof(wholeMessage, long), { minLength: 1, maxLength: 3 }).map(parts => join(...parts))
    const anywhere = fc.array(fc.nat(200_000), { maxLength: 6 })
    fc.assert(
      fc.property(mixed, anywhere, (bytes, where) => {
        const whole = hear([bytes], 65535)
        expect(whole.stopped).toBe(false)
        expect(hear(cut(bytes, where), 65535).events.join('|') === whole.events.join('|')).toBe(true)
      }),
      { ...RUNS, numRuns: 20 },
    )
  })

  it('does not depend on a cut at any single place, even octet by octet', () => {
    fc.assert(
      fc.property(stream, bytes => {
        expect(hear(Array.from(bytes, octet => Uint8Array.of(octet)))).toEqual(hear([bytes]))
      }),
      { ...RUNS, numRuns: 60 },
    )
  })

  it('survives any octets, and stops for good at the first error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), places, (bytes, where) => {
        const { events, stopped } = hear(cut(bytes, where))
        expect(stopped).toBe(events.some(event => event.startsWith('error')))
        expect(events.filter(event => event.startsWith('error')).length).toBeLessThan(2)
      }),
      RUNS,
    )
  })
})
