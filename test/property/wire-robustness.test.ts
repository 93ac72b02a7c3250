import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CodecContext, Expectations } from '../../wire/index.ts'
import {
  decodeAttributes,
  decodeCapabilities,
  decodeMessage,
  decodeNotification,
  decodeNotificationData,
  decodeOpen,
  decodeRouteRefresh,
  decodeText,
  decodeUpdate,
  FAMILIES,
  formatAttribute,
  formatCapability,
  formatNotificationData,
  IPV4_UNICAST,
  locateMp,
  MpSections,
  NlriReader,
  NormalisedAttributes,
  normaliseAttributes,
  notification,
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

/** Capabilities we know with values that are mostly none of theirs. */
const capabilitySoup = fc
  .array(fc.tuple(fc.constantFrom(1, 2, 5, 6, 9, 64, 65, 69, 70, 71, 73, 75), fc.uint8Array({ maxLength: 20 })), {
    maxLength: 6,
  })
  .map(list => Uint8Array.from(list.flatMap(([code, value]) => [code, value.length, ...value])))

/** OPEN bodies with parameters in extended form (RFC 9072 2), their lengths right or nearly so. */
const wideOpenSoup = fc
  .tuple(fc.array(capabilitySoup, { maxLength: 4 }), fc.constantFrom(0, 0, 0, -1, 1), fc.integer({ min: 1, max: 255 }))
  .map(([parts, skew, oldLength]) => {
    const parameters = join(...parts.map(part => join(hex(`02${int(part.length, 2)}`), part)))
    const total = Math.max(0, parameters.length + skew)
    return join(hex(`04fde9005a0a000001${int(oldLength, 1)}ff${int(total, 2)}`), parameters)
  })

const EXPECTATIONS: readonly Expectations[] = [
  { ipv4Nlri: true, mpReach: false, anyReachable: true },
  { ipv4Nlri: false, mpReach: true, anyReachable: true },
  { ipv4Nlri: true, mpReach: true, anyReachable: true },
  { ipv4Nlri: false, mpReach: false, anyReachable: false },
]

describe('any octets are survived, and nothing outside the range is read or written, by', () => {
  const readers: readonly (readonly [string, fc.Arbitrary<Uint8Array>, Read])[] = [
    ['decodeOpen', fc.oneof(anyOctets, openSoup, wideOpenSoup), decodeOpen],
    ['decodeNotification', anyOctets, decodeNotification],
    ['decodeRouteRefresh', anyOctets, decodeRouteRefresh],
    ['decodeText', anyOctets, decodeText],
    [
      'decodeCapabilities',
      fc.oneof(anyOctets, capabilitySoup),
      (bytes, start, end) => {
        const result = decodeCapabilities(bytes, start, end)
        return result.ok ? [result.value, result.value.map(formatCapability)] : result
      },
    ],
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
        for (const [family, hasPathIds] of FAMILIES.flatMap(one => [[one, false] as const, [one, true] as const])) {
          reader.reset(bytes, start, end, family, hasPathIds)
          while (reader.next()) {
            seen.push([
              reader.pathId,
              reader.address0,
              reader.address1,
              reader.address2,
              reader.address3,
              reader.length,
            ])
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

  it('the data of a NOTIFICATION', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(12), fc.oneof(anyOctets, capabilitySoup), (code, subcode, data) => {
        const words = formatNotificationData(decodeNotificationData(notification(code, subcode, '', data)))
        expect(words).not.toMatch(/\p{Cc}/u)
      }),
      { ...RUNS, numRuns: 1000 },
    )
  })

  it('capabilities', () => {
    fc.assert(
      fc.property(fc.oneof(openSoup, wideOpenSoup), bytes => {
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
