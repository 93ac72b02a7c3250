import { describe, expect, it } from 'vitest'
import type { CodecContext, Expectations } from '../../wire/index.ts'
import { MODERN_CONTEXT, NormalisedAttributes, normaliseAttributes } from '../../wire/index.ts'
import {
  attribute,
  hex,
  MANDATORY,
  NEXT_HOP_10_0_0_1,
  ORIGIN_IGP,
  PATH_65001,
  surrounded,
  text,
} from '../support/wire-bytes.ts'

const IPV4: Expectations = { ipv4Nlri: true, mpReach: false, anyReachable: true }
const MP: Expectations = { ipv4Nlri: false, mpReach: true, anyReachable: true }
const NOTHING: Expectations = { ipv4Nlri: false, mpReach: false, anyReachable: false }
const OLD: CodecContext = { ...MODERN_CONTEXT, fourOctetAs: false }
const EXTERNAL: CodecContext = { ...MODERN_CONTEXT, peerKind: 'ebgp' }

const V6_HOP = `20010db8${'00'.repeat(11)}01`
const REACH_V6 = attribute(0x80, 14, `0002 01 10 ${V6_HOP} 00 20 20010db8`)

function normalise(attributes: readonly string[], expects = IPV4, context = MODERN_CONTEXT) {
  const { bytes, start, end } = surrounded(hex(attributes.join('')), 0xff)
  const out = new NormalisedAttributes()
  normaliseAttributes(bytes, start, end, context, expects, out)
  return { action: out.action, octets: text(out.bytes.slice(0, out.length)), error: out.error, problems: out.problems }
}

/** The canonical form of these attributes for an IPv4 route. */
const canonical = (attributes: readonly string[], context = MODERN_CONTEXT): string =>
  normalise(attributes, IPV4, context).octets

describe('canonical attributes', () => {
  const FULL = [
    ...MANDATORY,
    attribute(0x80, 4, '00000001'),
    attribute(0x40, 5, '00000064'),
    attribute(0x40, 6),
    attribute(0xc0, 7, '0000fde9 0a000001'),
    attribute(0xe0, 8, 'fde90001'),
    attribute(0x80, 9, '0a000001'),
    attribute(0x80, 10, '0a000002'),
    attribute(0xc0, 16, '0002fde900000064'),
    attribute(0xc0, 32, '0000fde9 00000001 00000002'),
    attribute(0xe0, 99, '010203'),
  ]

  it('are what a modern peer sends', () => {
    expect(normalise(FULL)).toEqual({ action: 'accept', octets: FULL.join(''), error: undefined, problems: [] })
  })

  it('are in ascending order whatever the order of arrival', () => {
    expect(canonical([...FULL].reverse())).toBe(FULL.join(''))
  })

  it('have their low flag bits cleared', () => {
    expect(canonical([attribute(0x4f, 1, '00'), ...MANDATORY.slice(1)])).toBe(MANDATORY.join(''))
  })

  it('have Partial only where it means something', () => {
    const before = [
      attribute(0x60, 1, '00'),
      PATH_65001,
      NEXT_HOP_10_0_0_1,
      attribute(0xa0, 4, '00000001'),
      attribute(0xe0, 8, '00000001'),
    ]
    const after = [...MANDATORY, attribute(0x80, 4, '00000001'), attribute(0xe0, 8, '00000001')]
    expect(canonical(before)).toBe(after.join(''))
  })

  it('have Extended Length only above 255 octets', () => {
    expect(canonical([attribute(0x50, 1, '00'), ...MANDATORY.slice(1)])).toBe(MANDATORY.join(''))
    const long = attribute(0xd0, 8, '00000001'.repeat(64))
    expect(canonical([...MANDATORY, long])).toBe([...MANDATORY, long].join(''))
  })

  it('have unknown transitive attributes with Partial set and the value untouched', () => {
    expect(canonical([...MANDATORY, attribute(0xc0, 99, '010203')])).toBe(
      [...MANDATORY, attribute(0xe0, 99, '010203')].join(''),
    )
  })

  it('lack unknown non-transitive attributes, without a word', () => {
    const result = normalise([...MANDATORY, attribute(0x80, 99, '010203')])
    expect(result).toMatchObject({ action: 'accept', octets: MANDATORY.join(''), problems: [] })
  })

  it('lack discarded attributes', () => {
    const external = normalise(
      [...MANDATORY, attribute(0x40, 5, '00000064'), attribute(0x80, 9, '0a000001')],
      IPV4,
      EXTERNAL,
    )
    expect(external).toMatchObject({ action: 'discard', octets: MANDATORY.join('') })
    expect(external.problems.map(({ code, action }) => [code, action])).toEqual([
      [5, 'discard'],
      [9, 'discard'],
    ])
  })

  it('have the first of a repeated attribute', () => {
    expect(canonical([...MANDATORY, attribute(0x40, 1, '02')])).toBe(MANDATORY.join(''))
  })

  it('have each large community once', () => {
    const one = '0000fde9 00000001 00000001'
    const two = '0000fde9 00000001 00000002'
    const after = [...MANDATORY, attribute(0xc0, 32, one + two)]
    expect(canonical([...MANDATORY, attribute(0xc0, 32, one + two + one + two)])).toBe(after.join(''))
  })

  it('have each large community once in a long list too, with the length in one octet again', () => {
    const value = (n: number): string => `0000fde9 00000001 ${n.toString(16).padStart(8, '0')}`
    const list = Array.from({ length: 100 }, (_, index) => value(index % 7)).join('')
    const after = attribute(0xc0, 32, Array.from({ length: 7 }, (_, index) => value(index)).join(''))
    expect(canonical([...MANDATORY, attribute(0xd0, 32, list), attribute(0xe0, 99, 'ff')])).toBe(
      [...MANDATORY, after, attribute(0xe0, 99, 'ff')].join(''),
    )
  })

  it('of a two-octet speaker have AS numbers in four octets', () => {
    const before = [
      ORIGIN_IGP,
      attribute(0x40, 2, '02 01 fde9'),
      NEXT_HOP_10_0_0_1,
      attribute(0xc0, 7, 'fde9 0a000001'),
    ]
    expect(canonical(before, OLD)).toBe([...MANDATORY, attribute(0xc0, 7, '0000fde9 0a000001')].join(''))
  })

  it('of a two-octet speaker have AS4_PATH and AS4_AGGREGATOR worked in', () => {
    const before = [
      ORIGIN_IGP,
      attribute(0x40, 2, '02 02 fde9 5ba0'),
      NEXT_HOP_10_0_0_1,
      attribute(0xe0, 7, '5ba0 0a000001'),
      attribute(0xc0, 17, '02 01 00011170'),
      attribute(0xc0, 18, '00011171 0a000002'),
    ]
    const after = [
      ORIGIN_IGP,
      attribute(0x40, 2, '02 02 0000fde9 00011170'),
      NEXT_HOP_10_0_0_1,
      attribute(0xe0, 7, '00011171 0a000002'),
    ]
    expect(canonical(before, OLD)).toBe(after.join(''))
  })

  it('of a two-octet speaker are refused when they no longer fit a message in four octets', () => {
    const segments = `02ff${'0001'.repeat(255)}`.repeat(70)
    const before = [ORIGIN_IGP, attribute(0x50, 2, segments), NEXT_HOP_10_0_0_1]
    expect(normalise(before, IPV4, OLD)).toMatchObject({ action: 'withdraw', octets: '' })
  })
})

describe('the next hop in canonical attributes', () => {
  const withHop = (octets: string): string => [ORIGIN_IGP, PATH_65001, attribute(0x40, 3, octets)].join('')

  it('is that of MP_REACH_NLRI for its routes', () => {
    expect(normalise([REACH_V6, ORIGIN_IGP, PATH_65001], MP).octets).toBe(withHop(V6_HOP))
  })

  it('is the global and the link-local one when there are both', () => {
    const hops = `${V6_HOP}fe80${'00'.repeat(13)}01`
    const reach = attribute(0x80, 14, `0002 01 20 ${hops} 00 20 20010db8`)
    expect(normalise([ORIGIN_IGP, PATH_65001, reach], MP).octets).toBe(withHop(hops))
  })

  it('comes before MULTI_EXIT_DISC', () => {
    const med = attribute(0x80, 4, '00000001')
    expect(normalise([REACH_V6, ORIGIN_IGP, PATH_65001, med], MP).octets).toBe(withHop(V6_HOP) + med)
  })

  it('is not that of NEXT_HOP beside MP_REACH_NLRI without IPv4 routes', () => {
    expect(normalise([...MANDATORY, REACH_V6], MP).octets).toBe(withHop(V6_HOP))
  })

  it('of a message with both kinds of route is the one that is asked for', () => {
    const mixed = [...MANDATORY, REACH_V6]
    expect(normalise(mixed, IPV4).octets).toBe(MANDATORY.join(''))
    expect(normalise(mixed, MP).octets).toBe(withHop(V6_HOP))
  })

  it('is of four octets for IPv4 routes in MP_REACH_NLRI', () => {
    const reach = attribute(0x80, 14, '0001 01 04 0a000001 00 080a')
    expect(normalise([reach, ORIGIN_IGP, PATH_65001], MP).octets).toBe(MANDATORY.join(''))
  })
})

describe('normaliseAttributes decides', () => {
  it.each([
    ['withdraw without ORIGIN', MANDATORY.slice(1), IPV4],
    ['withdraw without AS_PATH', [ORIGIN_IGP, NEXT_HOP_10_0_0_1], IPV4],
    ['withdraw without NEXT_HOP for IPv4 routes', [ORIGIN_IGP, PATH_65001], IPV4],
    ['withdraw without ORIGIN for MP routes', [REACH_V6, PATH_65001], MP],
    ['withdraw without MP_REACH_NLRI for MP routes', MANDATORY, MP],
    ['withdraw for a malformed attribute', [...MANDATORY, attribute(0x80, 4, '01')], IPV4],
    ['withdraw for stray octets', [...MANDATORY, '40'], IPV4],
  ])('%s', (_name, attributes, expects) => {
    expect(normalise(attributes, expects)).toMatchObject({ action: 'withdraw', octets: '', error: undefined })
  })

  it.each([
    ['reset for a malformed attribute without any route', [attribute(0x40, 1, '09')], NOTHING, 1],
    ['reset for repeated MP_REACH_NLRI', [...MANDATORY, REACH_V6, REACH_V6], MP, 1],
    ['reset for an unknown well-known attribute', [...MANDATORY, attribute(0x40, 99)], IPV4, 2],
    ['reset for MP_REACH_NLRI with wrong flags', [attribute(0xc0, 14, `0002 01 10 ${V6_HOP} 00`)], MP, 4],
    ['reset for MP_REACH_NLRI with an impossible next hop', [attribute(0x80, 14, '0002 01 01 00 00')], MP, 9],
  ])('%s', (_name, attributes, expects, subcode) => {
    const result = normalise(attributes, expects)
    expect(result).toMatchObject({ action: 'reset', octets: '', error: { code: 3, subcode } })
  })

  it('nothing is missing where nothing is announced', () => {
    expect(normalise([], NOTHING)).toMatchObject({ action: 'accept', octets: '' })
  })

  it('each block by itself, with one object for all', () => {
    const out = new NormalisedAttributes()
    const run = (attributes: readonly string[]): string => {
      const bytes = hex(attributes.join(''))
      normaliseAttributes(bytes, 0, bytes.length, MODERN_CONTEXT, IPV4, out)
      return `${out.action} ${text(out.bytes.slice(0, out.length))} ${out.problems.length} ${out.error?.subcode}`
    }
    run([...MANDATORY, attribute(0x40, 99)])
    run([attribute(0x40, 1, '09'), attribute(0xc0, 99, 'ff')])
    expect(run(MANDATORY)).toBe(`accept ${MANDATORY.join('')} 0 undefined`)
  })
})
