import { describe, expect, it } from 'vitest'
import type { CodecContext, Update } from '../../wire/index.ts'
import {
  decodeUpdate,
  encodeEndOfRib,
  encodeUpdate,
  endOfRib,
  formatPrefix,
  IPV4_UNICAST,
  IPV6_UNICAST,
  locateMp,
  MODERN_CONTEXT,
  MpSections,
  parsePrefix,
  splitUpdate,
  UpdateSections,
} from '../../wire/index.ts'
import {
  attribute,
  hex,
  MANDATORY,
  message,
  NET_10,
  ORIGIN_IGP,
  PATH_65001,
  surrounded,
  text,
  updateBody,
} from '../support/wire-bytes.ts'

const V6_HOP = `20010db8${'00'.repeat(11)}01`
const LINK_LOCAL = `fe80${'00'.repeat(13)}01`
const REACH_V6 = attribute(0x80, 14, `0002 01 10 ${V6_HOP} 00 20 20010db8`)
const UNREACH_V6 = attribute(0x80, 15, '0002 01 20 20010db8')

function decode(body: string, context: CodecContext = MODERN_CONTEXT) {
  const { bytes, start, end } = surrounded(hex(body), 0xff)
  return decodeUpdate(bytes, start, end, context)
}

function accepted(body: string, context?: CodecContext): Update {
  const result = decode(body, context)
  if (!result.ok) throw new Error(`reset: ${result.error.reason}`)
  return result.value
}

const names = (prefixes: Update['nlri']): string[] => prefixes.map(p => formatPrefix(p.family, p.words, p.length))

describe('splitUpdate', () => {
  it('finds the three parts', () => {
    const { bytes, start, end } = surrounded(
      hex(updateBody({ withdrawn: '080b', attributes: [ORIGIN_IGP], nlri: NET_10 })),
      0,
    )
    const out = new UpdateSections()
    expect(splitUpdate(bytes, start, end, out)).toBeUndefined()
    const part = (from: number, to: number): string => text(bytes.slice(from, to))
    expect(part(out.withdrawnStart, out.withdrawnEnd)).toBe('080b')
    expect(part(out.attributesStart, out.attributesEnd)).toBe(ORIGIN_IGP)
    expect(part(out.nlriStart, out.nlriEnd)).toBe(NET_10)
  })

  it.each([
    ['a body of 3 octets', '000000'],
    ['withdrawn routes that leave no room for the attribute length', '0001 0000'],
    ['withdrawn routes that run past the message', 'ffff 0000'],
    ['attributes that run past the message', '0000 0005 40010100'],
    ['attributes of 65535 octets', '0000 ffff'],
  ])('answers %s with 3/1 (RFC 7606 3 b)', (_name, body) => {
    const bytes = hex(body)
    expect(splitUpdate(bytes, 0, bytes.length, new UpdateSections())).toMatchObject({ code: 3, subcode: 1 })
  })
})

describe('locateMp', () => {
  const locate = (block: string): { out: MpSections; part: (from: number, to: number) => string } => {
    const { bytes, start, end } = surrounded(hex(block), 0xff)
    const out = new MpSections()
    locateMp(bytes, start, end, out)
    return { out, part: (from, to) => text(bytes.slice(from, to)) }
  }

  it('finds nothing in a block without MP attributes', () => {
    expect(locate(MANDATORY.join('')).out).toMatchObject({ present: false, wellFormed: true })
  })

  it.each([
    ['first', REACH_V6 + ORIGIN_IGP + PATH_65001],
    ['last', ORIGIN_IGP + PATH_65001 + REACH_V6],
    ['between others', ORIGIN_IGP + REACH_V6 + PATH_65001],
  ])('finds MP_REACH_NLRI when it is %s', (_name, block) => {
    const { out, part } = locate(block)
    expect(out).toMatchObject({
      present: true,
      hasReach: true,
      hasUnreach: false,
      wellFormed: true,
      reachFamily: IPV6_UNICAST,
    })
    expect(part(out.reachStart, out.reachEnd)).toBe(REACH_V6)
    expect(part(out.nextHopStart, out.nextHopEnd)).toBe(V6_HOP)
    expect(part(out.reachNlriStart, out.reachNlriEnd)).toBe('2020010db8')
  })

  it('finds MP_UNREACH_NLRI beside it', () => {
    const { out, part } = locate(REACH_V6 + UNREACH_V6)
    expect(out).toMatchObject({
      hasReach: true,
      hasUnreach: true,
      unreachFamily: IPV6_UNICAST,
      unreachAfi: 2,
      unreachSafi: 1,
    })
    expect(part(out.unreachStart, out.unreachEnd)).toBe(UNREACH_V6)
    expect(part(out.unreachNlriStart, out.unreachNlriEnd)).toBe('2020010db8')
  })

  it('gives the numbers of a family it does not know, and accepts any next hop there', () => {
    const { out } = locate(attribute(0x80, 14, '0019 46 0c 000000000000000000000000 00 0102'))
    expect(out).toMatchObject({ present: true, wellFormed: true, reachFamily: undefined, reachAfi: 25, reachSafi: 70 })
  })

  it('forgets what it found before', () => {
    const out = new MpSections()
    const before = hex(REACH_V6 + UNREACH_V6 + REACH_V6)
    locateMp(before, 0, before.length, out)
    locateMp(hex(ORIGIN_IGP), 0, 4, out)
    expect(out).toEqual(new MpSections())
  })

  it.each([
    ['a repeated MP_REACH_NLRI', REACH_V6 + REACH_V6],
    ['a repeated MP_UNREACH_NLRI', UNREACH_V6 + UNREACH_V6],
    ['MP_REACH_NLRI with the Transitive bit', attribute(0xc0, 14, `0002 01 10 ${V6_HOP} 00`)],
    ['MP_UNREACH_NLRI without the Optional bit', attribute(0x00, 15, '0002 01')],
    ['MP_REACH_NLRI of 4 octets', attribute(0x80, 14, '0002 01 00')],
    ['MP_UNREACH_NLRI of 2 octets', attribute(0x80, 15, '0002')],
    ['MP_REACH_NLRI without its reserved octet', attribute(0x80, 14, `0002 01 10 ${V6_HOP}`)],
    ['a next hop running past its attribute', attribute(0x80, 14, `0002 01 11 ${V6_HOP} 00`)],
    ['an IPv6 next hop of 4 octets', attribute(0x80, 14, '0002 01 04 0a000001 00')],
    ['an IPv4 next hop of 16 octets', attribute(0x80, 14, `0001 01 10 ${V6_HOP} 00`)],
    ['an attribute running past the block', `${REACH_V6}400105`],
    ['a stray octet after the last attribute', `${REACH_V6}40`],
    ['an extended length cut off', `${REACH_V6}500100`],
  ])('hands %s to the slow path', (_name, block) => {
    expect(locate(block).out.wellFormed).toBe(false)
  })
})

describe('decodeUpdate accepts', () => {
  it('an IPv4 route with everything it needs', () => {
    const update = accepted(updateBody({ attributes: MANDATORY, nlri: NET_10 }))
    expect(update).toMatchObject({ action: 'accept', problems: [], withdrawn: [] })
    expect(names(update.nlri)).toEqual(['10.0.0.0/8'])
    expect(update.attributes.map(({ type }) => type)).toEqual(['origin', 'as-path', 'next-hop'])
  })

  it('withdrawn routes alone', () => {
    expect(names(accepted(updateBody({ withdrawn: '080a 180a0102' })).withdrawn)).toEqual(['10.0.0.0/8', '10.1.2.0/24'])
  })

  it('the same prefix in both fields', () => {
    const update = accepted(updateBody({ withdrawn: NET_10, attributes: MANDATORY, nlri: NET_10 }))
    expect([names(update.withdrawn), names(update.nlri)]).toEqual([['10.0.0.0/8'], ['10.0.0.0/8']])
  })

  it('attributes in any order, and IPv4 beside IPv6 content', () => {
    const update = accepted(updateBody({ attributes: [...MANDATORY, REACH_V6].reverse(), nlri: NET_10 }))
    expect(update.action).toBe('accept')
    expect(update.attributes.map(({ type }) => type)).toEqual(['origin', 'as-path', 'next-hop', 'mp-reach'])
  })

  it('IPv6 routes without NEXT_HOP', () => {
    const update = accepted(updateBody({ attributes: [REACH_V6, ORIGIN_IGP, PATH_65001] }))
    expect(update).toMatchObject({ action: 'accept', problems: [] })
    const reach = update.attributes.find(({ type }) => type === 'mp-reach')
    expect(reach?.type === 'mp-reach' && names(reach.nlri)).toEqual(['2001:db8::/32'])
  })

  it.each([
    ['a global one', `10 ${V6_HOP}`],
    ['a link-local one alone', `10 ${LINK_LOCAL}`],
    ['a global and a link-local one', `20 ${V6_HOP} ${LINK_LOCAL}`],
    ['zero and a link-local one', `20 ${'00'.repeat(16)} ${LINK_LOCAL}`],
    ['the link-local one twice', `20 ${LINK_LOCAL} ${LINK_LOCAL}`],
  ])('an IPv6 next hop that is %s', (_name, nextHop) => {
    const reach = attribute(0x80, 14, `0002 01 ${nextHop} 00 20 20010db8`)
    expect(accepted(updateBody({ attributes: [reach, ORIGIN_IGP, PATH_65001] })).action).toBe('accept')
  })

  it('a reserved octet that is not zero in MP_REACH_NLRI', () => {
    const reach = attribute(0x80, 14, `0002 01 10 ${V6_HOP} ff 20 20010db8`)
    expect(accepted(updateBody({ attributes: [reach, ORIGIN_IGP, PATH_65001] })).action).toBe('accept')
  })

  it('NEXT_HOP 0.0.0.0 beside MP_REACH_NLRI', () => {
    const zero = attribute(0x40, 3, '00000000')
    expect(accepted(updateBody({ attributes: [ORIGIN_IGP, PATH_65001, zero, REACH_V6] })).action).toBe('accept')
  })

  it('attributes without any route', () => {
    expect(accepted(updateBody({ attributes: MANDATORY })).action).toBe('accept')
    expect(accepted(updateBody({ attributes: [ORIGIN_IGP] })).action).toBe('accept')
  })

  it('content of a family that was not negotiated, which stays unread', () => {
    const onlyIpv4 = { ...MODERN_CONTEXT, families: [IPV4_UNICAST] }
    const nonsense = attribute(0x80, 14, '0002 01 03 010203 00 ff')
    const update = accepted(updateBody({ attributes: [nonsense, ORIGIN_IGP, PATH_65001] }), onlyIpv4)
    expect(update.attributes).toContainEqual({
      type: 'mp-reach',
      afi: 2,
      safi: 1,
      nextHop: hex('010203'),
      nlri: [],
      opaque: hex('ff'),
    })
  })
})

describe('decodeUpdate of thousands of repeats', () => {
  it('names each repeated attribute once, lest a message cost more to judge than to send', () => {
    const repeats = Array.from({ length: 1000 }, () => attribute(0xc0, 8, '00000001'))
    const update = accepted(updateBody({ attributes: [...MANDATORY, ...repeats, ...MANDATORY], nlri: NET_10 }))
    expect(update.action).toBe('discard')
    expect(update.problems.map(({ code }) => code)).toEqual([8, 1, 2, 3])
  })
})

describe('decodeUpdate withdraws (RFC 7606 3 d)', () => {
  it.each([
    ['without ORIGIN', MANDATORY.slice(1), 'ORIGIN is missing'],
    ['without AS_PATH', [MANDATORY[0], MANDATORY[2]], 'AS_PATH is missing'],
    ['without NEXT_HOP', MANDATORY.slice(0, 2), 'NEXT_HOP is missing'],
    ['without any attribute', [], 'ORIGIN is missing'],
    ['without NEXT_HOP although there is MP_REACH_NLRI', [REACH_V6, ORIGIN_IGP, PATH_65001], 'NEXT_HOP is missing'],
  ])('IPv4 routes %s', (_name, attributes, reason) => {
    const update = accepted(updateBody({ attributes, nlri: NET_10 }))
    expect(update.action).toBe('withdraw')
    expect(update.problems[0]?.reason).toBe(reason)
    expect(names(update.nlri)).toEqual(['10.0.0.0/8'])
  })

  it('IPv6 routes without AS_PATH', () => {
    expect(accepted(updateBody({ attributes: [REACH_V6, ORIGIN_IGP] })).action).toBe('withdraw')
  })

  it.each([
    ['an attribute running past the block', '400105'],
    ['one stray octet', '40'],
    ['two stray octets', '4001'],
    ['three stray octets of an extended header', '500100'],
  ])('and still finds the routes after %s', (_name, tail) => {
    const update = accepted(updateBody({ attributes: [...MANDATORY, tail], nlri: NET_10 }))
    expect(update.action).toBe('withdraw')
    expect(names(update.nlri)).toEqual(['10.0.0.0/8'])
  })
})

describe('decodeUpdate resets', () => {
  it.each([
    ['an IPv4 length of 33 among the routes', updateBody({ attributes: MANDATORY, nlri: '21 0a00000000' }), 10],
    ['a route running past the message', updateBody({ attributes: MANDATORY, nlri: '18 0a' }), 10],
    ['an IPv4 length of 33 among the withdrawn', updateBody({ withdrawn: '21 0a00000000' }), 10],
    ['a withdrawn route running past its field', updateBody({ withdrawn: '18 0a' }), 10],
    ['an IPv6 length of 129', updateBody({ attributes: [attribute(0x80, 15, `0002 01 81 ${'00'.repeat(17)}`)] }), 10],
    [
      'an MP_REACH_NLRI route running past it',
      updateBody({ attributes: [attribute(0x80, 14, `0002 01 10 ${V6_HOP} 00 40 00`)] }),
      10,
    ],
    [
      'a malformed attribute when there is nothing to withdraw',
      updateBody({ attributes: [attribute(0x40, 1, '09')] }),
      1,
    ],
    ['stray octets when there is nothing to withdraw', updateBody({ attributes: ['4001'] }), 1],
    [
      'a malformed attribute beside an empty MP_REACH_NLRI',
      updateBody({ attributes: [attribute(0x40, 1, '09'), attribute(0x80, 14, `0002 01 10 ${V6_HOP} 00`)] }),
      1,
    ],
    [
      'a malformed attribute beside MP_UNREACH_NLRI only',
      updateBody({ attributes: [attribute(0x40, 1, '09'), UNREACH_V6] }),
      1,
    ],
  ])('for %s', (_name, body, subcode) => {
    expect(decode(body)).toMatchObject({ ok: false, error: { code: 3, subcode } })
  })

  it('not for an attribute that is only discarded when there is nothing to withdraw (RFC 7606 5.2)', () => {
    const broken = attribute(0x40, 6, '00')
    expect(accepted(updateBody({ attributes: [broken, UNREACH_V6] })).action).toBe('discard')
  })
})

describe('encodeUpdate', () => {
  const net10 = parsePrefix('10.1.2.3/8')
  const net6 = parsePrefix('2001:db8::/32')
  if (net10 === undefined || net6 === undefined) throw new Error('prefixes for the tests')

  it('writes withdrawn routes, attributes and routes, host bits zero', () => {
    const encoded = encodeUpdate(
      {
        withdrawn: [net10],
        attributes: [
          { type: 'next-hop', octets: hex('0a000001') },
          { type: 'as-path', segments: [{ type: 'sequence', asns: [65001] }] },
          { type: 'origin', origin: 0 },
        ],
        nlri: [net10],
      },
      MODERN_CONTEXT,
    )
    expect(text(encoded)).toBe(text(message(2, updateBody({ withdrawn: NET_10, attributes: MANDATORY, nlri: NET_10 }))))
  })

  it('puts MP attributes first', () => {
    const encoded = encodeUpdate(
      {
        attributes: [
          { type: 'origin', origin: 0 },
          { type: 'mp-reach', afi: 2, safi: 1, nextHop: hex(V6_HOP), nlri: [net6] },
        ],
      },
      MODERN_CONTEXT,
    )
    expect(text(encoded)).toBe(text(message(2, updateBody({ attributes: [REACH_V6, ORIGIN_IGP] }))))
  })

  it('sets Extended Length above 255 octets only', () => {
    const communities = (count: number): string => {
      const values = Array.from({ length: count }, () => 1)
      return text(encodeUpdate({ attributes: [{ type: 'communities', values }] }, MODERN_CONTEXT)).slice(46, 54)
    }
    expect(communities(63)).toBe('c008fc00')
    expect(communities(64)).toBe('d0080100')
  })

  it('gives an empty AS_PATH a length of 0', () => {
    const encoded = encodeUpdate({ attributes: [{ type: 'as-path', segments: [] }] }, MODERN_CONTEXT)
    expect(text(encoded)).toBe(text(message(2, updateBody({ attributes: [attribute(0x40, 2)] }))))
  })

  it('refuses to exceed the limit of the session', () => {
    const nlri = Array.from({ length: 3000 }, () => net10)
    expect(() => encodeUpdate({ nlri }, MODERN_CONTEXT)).toThrow(RangeError)
    expect(encodeUpdate({ nlri }, { ...MODERN_CONTEXT, maxLength: 65535 }).length).toBe(23 + 6000)
  })
})

describe('End-of-RIB (RFC 4724 2)', () => {
  it('of IPv4 unicast is an UPDATE of 23 octets', () => {
    expect(text(encodeEndOfRib(IPV4_UNICAST))).toBe(text(message(2, '00000000')))
    expect(endOfRib(accepted('00000000'))).toEqual({ afi: 1, safi: 1 })
  })

  it('of any other family is an empty MP_UNREACH_NLRI', () => {
    const body = updateBody({ attributes: [attribute(0x80, 15, '0002 01')] })
    expect(text(encodeEndOfRib(IPV6_UNICAST))).toBe(text(message(2, body)))
    expect(endOfRib(accepted(body))).toEqual({ afi: 2, safi: 1 })
  })

  it.each([
    ['withdrawn routes', updateBody({ withdrawn: NET_10 })],
    ['routes', updateBody({ attributes: MANDATORY, nlri: NET_10 })],
    ['routes in MP_UNREACH_NLRI', updateBody({ attributes: [UNREACH_V6] })],
    ['other attributes', updateBody({ attributes: [ORIGIN_IGP] })],
  ])('is not an UPDATE with %s', (_name, body) => {
    expect(endOfRib(accepted(body))).toBeUndefined()
  })
})
