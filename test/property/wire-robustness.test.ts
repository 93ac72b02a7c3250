import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CodecContext, Expectations } from '../../wire/index.ts'
import {
  decodeAttributes,
  decodeMessage,
  decodeNotification,
  decodeOpen,
  decodeRouteRefresh,
  decodeUpdate,
  FAMILIES,
  formatAttribute,
  formatCapability,
  IPV4_UNICAST,
  locateMp,
  MpSections,
  NlriReader,
  NormalisedAttributes,
  normaliseAttributes,
  parseAddress,
  parsePrefix,
  splitUpdate,
  UpdateSections,
} from '../../wire/index.ts'
import { attributeSoup, context, RUNS } from '../support/wire-arbitraries.ts'
import { hex, int, join, surrounded, text } from '../support/wire-bytes.ts'

type Read = (bytes: Uint8Array, start: number, end: number, session: CodecContext) => unknown

/** Reads the same octets amid two kinds of rubbish; whoever looks outside its range gives itself away. */
function readTwice(octets: Uint8Array, session: CodecContext, read: Read): void {
  const results = [0x00, 0xff].map(filler => {
    const { bytes, start, end } = surrounded(octets, filler)
    const before = text(bytes)
    const result = read(bytes, start, end, session)
    expect(text(bytes)).toBe(before)
    return result
  })
  expect(results[0]).toEqual(results[1])
}

const anyOctets = fc.oneof(fc.uint8Array({ maxLength: 80 }), attributeSoup)

/** UPDATE bodies whose lengths are mostly right. */
const updateSoup = fc
  .record({ withdrawn: fc.uint8Array({ maxLength: 12 }), block: attributeSoup, nlri: fc.uint8Array({ maxLength: 12 }) })
  .map(({ withdrawn, block, nlri }) =>
    join(hex(int(withdrawn.length, 2)), withdrawn, hex(int(block.length, 2)), block, nlri),
  )

/** OPEN bodies whose fixed part and lengths are mostly right. */
const openSoup = fc.uint8Array({ maxLength: 60 }).map(parameters => {
  return join(hex('04fde9005a0a000001'), hex(int(parameters.length, 1)), parameters)
})

const EXPECTATIONS: readonly Expectations[] = [
  { ipv4Nlri: true, mpReach: false, anyReachable: true },
  { ipv4Nlri: false, mpReach: true, anyReachable: true },
  { ipv4Nlri: true, mpReach: true, anyReachable: true },
  { ipv4Nlri: false, mpReach: false, anyReachable: false },
]

describe('any octets are survived, and nothing outside the range is read or written, by', () => {
  const readers: readonly (readonly [string, fc.Arbitrary<Uint8Array>, Read])[] = [
    ['decodeOpen', fc.oneof(anyOctets, openSoup), decodeOpen],
    ['decodeNotification', anyOctets, decodeNotification],
    ['decodeRouteRefresh', anyOctets, decodeRouteRefresh],
    ['decodeUpdate', fc.oneof(anyOctets, updateSoup), decodeUpdate],
    ['decodeAttributes', anyOctets, decodeAttributes],
    [
      'splitUpdate',
      anyOctets,
      (bytes, start, end) => {
        const out = new UpdateSections()
        return { error: splitUpdate(bytes, start, end, out), out }
      },
    ],
    [
      'locateMp',
      anyOctets,
      (bytes, start, end) => {
        const out = new MpSections()
        locateMp(bytes, start, end, out)
        expect(Math.max(out.nextHopEnd, out.unreachNlriEnd) <= end || !out.wellFormed).toBe(true)
        return out
      },
    ],
    [
      'NlriReader',
      anyOctets,
      (bytes, start, end) => {
        const reader = new NlriReader()
        const seen: number[][] = []
        for (const family of FAMILIES) {
          reader.reset(bytes, start, end, family)
          while (reader.next()) {
            seen.push([reader.address0, reader.address1, reader.address2, reader.address3, reader.length])
          }
        }
        return [...seen, [Number(reader.malformed)]]
      },
    ],
  ]

  it.each(readers)('%s', (_name, octets, read) => {
    fc.assert(
      fc.property(octets, context, (bytes, session) => readTwice(bytes, session, read)),
      RUNS,
    )
  })

  it('normaliseAttributes, whatever the message is said to carry', () => {
    const out = new NormalisedAttributes()
    fc.assert(
      fc.property(anyOctets, context, fc.constantFrom(...EXPECTATIONS), (octets, session, expects) => {
        readTwice(octets, session, (bytes, start, end) => {
          normaliseAttributes(bytes, start, end, session, expects, out)
          return {
            action: out.action,
            octets: text(out.bytes.slice(0, out.length)),
            problems: out.problems,
            error: out.error,
          }
        })
      }),
      RUNS,
    )
  })

  it('decodeMessage, for every type octet', () => {
    fc.assert(
      fc.property(anyOctets, context, fc.nat(7), (body, session, type) => {
        const bytes = join(new Uint8Array(19), body)
        const result = decodeMessage(type, bytes, 0, bytes.length, session)
        if (!result.ok) expect(result.error.reason).not.toBe('')
      }),
      RUNS,
    )
  })
})

describe('whatever could be decoded can be shown', () => {
  it('attributes', () => {
    fc.assert(
      fc.property(attributeSoup, context, (bytes, session) => {
        const { attributes } = decodeAttributes(bytes, 0, bytes.length, session)
        for (const attribute of attributes) expect(formatAttribute(attribute)).toMatch(/^BGP\.[a-z0-9_]+( \[t\])?: /)
      }),
      RUNS,
    )
  })

  it('capabilities', () => {
    fc.assert(
      fc.property(openSoup, bytes => {
        const result = decodeOpen(bytes, 0, bytes.length)
        for (const capability of result.ok ? result.value.capabilities : [])
          expect(formatCapability(capability)).not.toBe('')
      }),
      RUNS,
    )
  })
})

describe('text', () => {
  it('of any kind is an address or not, but never an exception', () => {
    const characters = fc.string({
      unit: fc.constantFrom('0', '1', '9', 'a', 'f', ':', '.', '/', '%', ' ', 'é'),
      maxLength: 24,
    })
    fc.assert(
      fc.property(characters, value => {
        const octets = parseAddress(value)
        expect(octets === undefined || octets.length === 4 || octets.length === 16).toBe(true)
        const prefix = parsePrefix(value)
        expect(prefix === undefined || prefix.length <= prefix.family.bits).toBe(true)
        if (prefix?.family === IPV4_UNICAST) expect(prefix.words.length).toBe(1)
      }),
      RUNS,
    )
  })
})
