import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CodecContext } from '../../wire/index.ts'
import { isPlainBlock, MODERN_CONTEXT, NormalisedAttributes, normaliseAttributes } from '../../wire/index.ts'
import { context, RUNS, roughRoute } from '../support/wire-arbitraries.ts'
import { attribute, hex, MANDATORY, text } from '../support/wire-bytes.ts'

const IPV4 = { ipv4Nlri: true, mpReach: false, anyReachable: true }
const EXTERNAL: CodecContext = { ...MODERN_CONTEXT, peerKind: 'ebgp' }
const out = new NormalisedAttributes()

/** What the long way makes of a block. */
function judged(bytes: Uint8Array, session: CodecContext) {
  normaliseAttributes(bytes, 0, bytes.length, session, IPV4, out)
  return { action: out.action, problems: out.problems.length, octets: text(out.bytes.slice(0, out.length)) }
}

const octets = (count: number) => fc.uint8Array({ minLength: count, maxLength: count }).map(bytes => text(bytes))
const list = (size: number) => fc.integer({ min: 1, max: 4 }).chain(count => octets(size * count))
const path = fc
  .array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 })
  .map(asns =>
    asns.length === 0 ? '' : `02${hexOctet(asns.length)}${asns.map(asn => `0000fd${hexOctet(asn)}`).join('')}`,
  )
const hexOctet = (n: number) => n.toString(16).padStart(2, '0')
const maybe = (flags: number, code: number, value: fc.Arbitrary<string>) =>
  fc.option(
    value.map(octets => attribute(flags, code, octets)),
    { nil: '' },
  )

/** Mostly sound blocks. */
const sound = fc
  .tuple(
    fc.constantFrom('00', '01', '02', '03').map(value => attribute(0x40, 1, value)),
    path.map(value => attribute(0x40, 2, value)),
    octets(4).map(value => attribute(0x40, 3, value)),
    maybe(0x80, 4, octets(4)),
    maybe(0x40, 5, octets(4)),
    maybe(0xc0, 8, list(4)),
    maybe(0x80, 9, octets(4)),
    maybe(0x80, 10, list(4)),
    maybe(0xe0, 16, list(8)),
    maybe(0xc0, 32, list(12)),
  )
  .map(parts => hex(parts.join('')))

/** The same with some octets changed or cut off. */
const damaged = fc
  .tuple(sound, fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 2 }), fc.nat(3))
  .map(([bytes, changes, cut]) => {
    const copy = bytes.slice(0, bytes.length - cut)
    for (const [at, octet] of changes) if (at < copy.length) copy[at] = octet
    return copy
  })

describe('the short cut for plain blocks', () => {
  it('is never taken where the long way finds a problem or writes other bytes', () => {
    let taken = 0
    fc.assert(
      fc.property(
        fc.oneof(
          sound,
          damaged,
          roughRoute.map(({ bytes }) => bytes),
        ),
        context,
        (bytes, other) => {
          for (const session of [MODERN_CONTEXT, EXTERNAL, other]) {
            if (!isPlainBlock(bytes, 0, bytes.length, session)) continue
            taken++
            expect(judged(bytes, session)).toEqual({ action: 'accept', problems: 0, octets: text(bytes) })
          }
        },
      ),
      { ...RUNS, numRuns: 6000 },
    )
    expect(taken).toBeGreaterThan(500)
  })

  const PLAIN = [
    ...MANDATORY,
    attribute(0x80, 4, '00000001'),
    attribute(0x40, 5, '00000064'),
    attribute(0xe0, 8, 'fde90001 fde90002'),
    attribute(0x80, 9, '0a000001'),
    attribute(0x80, 10, '0a000002 0a000003'),
    attribute(0xc0, 16, '0002fde900000064'),
    attribute(0xc0, 32, '0000fde9 00000001 00000002'),
  ]

  it('is taken for what a modern internal peer sends', () => {
    const bytes = hex(PLAIN.join(''))
    expect(isPlainBlock(bytes, 0, bytes.length, MODERN_CONTEXT)).toBe(true)
    expect(judged(bytes, MODERN_CONTEXT)).toEqual({ action: 'accept', problems: 0, octets: text(bytes) })
  })

  it.each([
    ['one octet less', hex(PLAIN.join('')).slice(0, -1), MODERN_CONTEXT],
    ['another order', hex([...PLAIN].reverse().join('')), MODERN_CONTEXT],
    ['ORIGIN missing', hex(PLAIN.slice(1).join('')), MODERN_CONTEXT],
    ['an attribute twice', hex([PLAIN[0], ...PLAIN].join('')), MODERN_CONTEXT],
    ['LOCAL_PREF of an external peer', hex(PLAIN.join('')), EXTERNAL],
    ['AS 0 in the path', hex([PLAIN[0], attribute(0x40, 2, '020100000000'), PLAIN[2]].join('')), MODERN_CONTEXT],
    ['an AS_SET', hex([PLAIN[0], attribute(0x40, 2, '01010000fde9'), PLAIN[2]].join('')), MODERN_CONTEXT],
    ['low flag bits', hex([attribute(0x41, 1, '00'), ...PLAIN.slice(1)].join('')), MODERN_CONTEXT],
    ['a multicast next hop', hex([...PLAIN.slice(0, 2), attribute(0x40, 3, 'e0000001')].join('')), MODERN_CONTEXT],
    ['two-octet AS numbers', hex(PLAIN.join('')), { ...MODERN_CONTEXT, fourOctetAs: false }],
    ['the AS of the peer demanded first', hex(PLAIN.join('')), { ...MODERN_CONTEXT, firstAs: 65001 }],
  ])('is not taken with %s', (_, bytes, session) => {
    expect(isPlainBlock(bytes, 0, bytes.length, session)).toBe(false)
  })
})
