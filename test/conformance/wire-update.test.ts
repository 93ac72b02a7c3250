/**
 * UPDATE: the rows of the conformance checklist on framing, prefixes and MP attributes (90 to 92, 106, 109 to 115, 120,
 * 126) and on writing (68, 70, 72 to 74, 84 to 86) that the codec decides.
 */

import { describe, expect, it } from 'vitest'
import type { Attribute, CodecContext, Expectations, Update } from '../../wire/index.ts'
import {
  agreeCodec,
  decodeUpdate,
  encodeUpdate,
  formatNlri,
  HEADER_LENGTH,
  IPV4_UNICAST,
  IPV6_UNICAST,
  isNextHopLength,
  MODERN_CONTEXT,
  NormalisedAttributes,
  nextHopAddresses,
  normaliseAttributes,
  parsePrefix,
  pathId,
  splitUpdate,
  summariseCapabilities,
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

const GLOBAL = `20010db8${'00'.repeat(11)}01`
const LINK_LOCAL = `fe80${'00'.repeat(13)}01`
const ZERO = '00'.repeat(16)
const reach = (value: string): string => attribute(0x80, 14, value)
const unreach = (value: string): string => attribute(0x80, 15, value)
const REACH_V6 = reach(`0002 01 10 ${GLOBAL} 00 20 20010db8`)
const PATH = [ORIGIN_IGP, PATH_65001]

function decode(body: string, context: CodecContext = MODERN_CONTEXT) {
  const { bytes, start, end } = surrounded(hex(body), 0xff)
  return decodeUpdate(bytes, start, end, context)
}

function accepted(body: string, context?: CodecContext): Update {
  const result = decode(body, context)
  if (!result.ok) throw new Error(`reset: ${result.error.reason}`)
  return result.value
}

/** "3/1" and so on; "accept", "withdraw" when there is no reset. */
function outcome(body: string, context?: CodecContext): string {
  const result = decode(body, context)
  return result.ok ? result.value.action : `${result.error.code}/${result.error.subcode}`
}

const find = <T extends Attribute['type']>({ attributes }: Update, type: T) =>
  attributes.find((one): one is Extract<Attribute, { type: T }> => one.type === type)

const prefix = (name: string) => {
  const parsed = parsePrefix(name)
  if (parsed === undefined) throw new Error(name)
  return parsed
}

/** The body a hot-path reader would take, judged by its own code. */
function normalised(body: string, context: CodecContext, expects: Expectations): NormalisedAttributes {
  const bytes = hex(body)
  const sections = new UpdateSections()
  const out = new NormalisedAttributes()
  if (splitUpdate(bytes, 0, bytes.length, sections) !== undefined) throw new Error('no sections')
  normaliseAttributes(bytes, sections.attributesStart, sections.attributesEnd, context, expects, out)
  return out
}

const MP_ONLY: Expectations = { ipv4Nlri: false, mpReach: true, anyReachable: true }

describe('receiving UPDATE', () => {
  it('row 90: attributes in any order, IPv4 and MP content mixed, are accepted', () => {
    const attributes = [REACH_V6, ...MANDATORY, unreach('0002 01 20 20010db9')]
    for (const order of [attributes, attributes.toReversed()]) {
      const update = accepted(updateBody({ withdrawn: '080b', attributes: order, nlri: NET_10 }))
      expect([update.action, update.attributes.length]).toEqual(['accept', 5])
    }
  })

  it('row 91: a prefix both withdrawn and announced in one message is reported in both, for the announcement to win', () => {
    const update = accepted(updateBody({ withdrawn: NET_10, attributes: MANDATORY, nlri: NET_10 }))
    expect(update).toMatchObject({ action: 'accept', problems: [] })
    expect([update.withdrawn, update.nlri].map(list => list.map(formatNlri))).toEqual([['10.0.0.0/8'], ['10.0.0.0/8']])
  })

  it.each([
    ['the withdrawn length alone', '0005 0000'],
    ['the attribute length alone', '0000 0001'],
    ['both together', '0002 080a 0004 400101'],
  ])('row 92: lengths that exceed the message (%s) are answered with 3/1', (_name, body) => {
    expect(outcome(body)).toBe('3/1')
  })

  it.each([
    ['MP_REACH_NLRI', [REACH_V6, REACH_V6]],
    ['MP_UNREACH_NLRI', [unreach('0002 01'), unreach('0002 01')]],
  ])('row 106: a repeated %s is answered with 3/1', (_name, attributes) => {
    expect(outcome(updateBody({ attributes: [...attributes, ...PATH] }))).toBe('3/1')
  })

  it.each([
    ['no route at all', [attribute(0x40, 1, '09')], ''],
    ['withdrawn routes only', [attribute(0x40, 1, '09'), unreach('0002 01 00')], NET_10],
    ['an empty MP_REACH_NLRI', [attribute(0x40, 1, '09'), reach(`0002 01 10 ${GLOBAL} 00`)], ''],
  ])('row 109: an error stronger than discard beside %s resets the session', (_name, attributes, withdrawn) => {
    expect(outcome(updateBody({ withdrawn, attributes }))).toBe('3/1')
  })

  it('row 109: with a reachable route the same error withdraws it', () => {
    const attributes = [attribute(0x40, 1, '09'), PATH_65001, MANDATORY[2]]
    expect(outcome(updateBody({ attributes, nlri: NET_10 }))).toBe('withdraw')
  })

  it.each([
    ['IPv4 length 33 announced', updateBody({ attributes: MANDATORY, nlri: '21 0000000000' })],
    ['IPv4 length 33 withdrawn', updateBody({ withdrawn: '21 0000000000' })],
    ['IPv4 announced past its field', updateBody({ attributes: MANDATORY, nlri: '20 0a0000' })],
    ['IPv4 withdrawn past its field', updateBody({ withdrawn: '20 0a0000' })],
    [
      'IPv6 length 129 announced',
      updateBody({ attributes: [reach(`0002 01 10 ${GLOBAL} 00 81 ${'00'.repeat(17)}`), ...PATH] }),
    ],
    ['IPv6 length 129 withdrawn', updateBody({ attributes: [unreach(`0002 01 81 ${'00'.repeat(17)}`)] })],
    [
      'IPv6 announced past its field',
      updateBody({ attributes: [reach(`0002 01 10 ${GLOBAL} 00 40 20010db8`), ...PATH] }),
    ],
    ['IPv6 withdrawn past its field', updateBody({ attributes: [unreach('0002 01 40 20010db8')] })],
  ])('row 110: a bad prefix is answered with 3/10: %s', (_name, body) => {
    expect(outcome(body)).toBe('3/10')
  })

  it('row 110: the same with path identifiers', () => {
    const context = { ...MODERN_CONTEXT, addPath: { receive: [IPV4_UNICAST, IPV6_UNICAST], send: [] } }
    expect(outcome(updateBody({ withdrawn: '000001' }), context)).toBe('3/10')
    expect(outcome(updateBody({ attributes: [unreach('0002 01 00000001 81')] }), context)).toBe('3/10')
  })

  it.each([
    ['MP_UNREACH_NLRI of 2 octets', unreach('0002')],
    ['MP_REACH_NLRI of 4 octets', reach('0002 01 00')],
    ['an IPv6 next hop of 0 octets', reach('0002 01 00 00')],
    ['an IPv6 next hop of 4 octets', reach('0002 01 04 0a000001 00')],
    ['an IPv6 next hop of 24 octets', reach(`0002 01 18 ${'00'.repeat(8)}${GLOBAL} 00`)],
    ['an IPv4 next hop of 5 octets', reach('0001 01 05 0a00000100 00')],
    ['an IPv4 next hop of 16 octets without capability 5', reach(`0001 01 10 ${GLOBAL} 00`)],
    ['a next hop running past its attribute', reach('0002 01 10 2001 00')],
  ])('row 111: %s is answered with 3/9 and the attribute', (_name, bad) => {
    const result = decode(updateBody({ attributes: [bad, ...PATH] }))
    if (result.ok) throw new Error('was accepted')
    expect([result.error.code, result.error.subcode, text(result.error.data)]).toEqual([3, 9, bad])
  })

  it.each([
    ['a link-local address alone', `10 ${LINK_LOCAL}`, 16],
    ['zero and a link-local address', `20 ${ZERO} ${LINK_LOCAL}`, 32],
    ['a link-local address twice', `20 ${LINK_LOCAL} ${LINK_LOCAL}`, 32],
  ])('row 112: an IPv6 next hop of %s is accepted, and names that link-local address only', (_name, hop, octets) => {
    const body = updateBody({ attributes: [reach(`0002 01 ${hop} 00 20 20010db8`), ...PATH] })
    const update = accepted(body)
    const { nextHop = new Uint8Array(0) } = find(update, 'mp-reach') ?? {}
    expect([update.action, nextHop.length]).toEqual(['accept', octets])
    expect(nextHopAddresses(nextHop)).toEqual({ linkLocal: hex(LINK_LOCAL) })
    expect(normalised(body, MODERN_CONTEXT, MP_ONLY).action).toBe('accept')
  })

  it('row 112: a global and a link-local address are both named, a global one alone', () => {
    expect(nextHopAddresses(hex(GLOBAL + LINK_LOCAL))).toEqual({ global: hex(GLOBAL), linkLocal: hex(LINK_LOCAL) })
    expect(nextHopAddresses(hex(GLOBAL))).toEqual({ global: hex(GLOBAL) })
    expect(nextHopAddresses(hex('0a000001'))).toEqual({ global: hex('0a000001') })
  })

  it.each(['01', 'ff'])('row 113: a reserved octet of %s in MP_REACH_NLRI is ignored', reserved => {
    const body = updateBody({ attributes: [reach(`0002 01 10 ${GLOBAL} ${reserved} 20 20010db8`), ...PATH] })
    expect(find(accepted(body), 'mp-reach')?.nlri.map(formatNlri)).toEqual(['2001:db8::/32'])
  })

  it.each(['00000000', '0a000001'])('row 114: NEXT_HOP %s beside MP_REACH_NLRI without IPv4 routes is ignored', hop => {
    const body = updateBody({ attributes: [REACH_V6, ...PATH, attribute(0x40, 3, hop)] })
    expect(outcome(body)).toBe('accept')
    const plain = updateBody({ attributes: [REACH_V6, ...PATH] })
    const canonical = [body, plain].map(one => {
      const { bytes, length } = normalised(one, MODERN_CONTEXT, MP_ONLY)
      return text(bytes.slice(0, length))
    })
    expect(canonical[0]).toBe(canonical[1])
  })

  it.each([
    ['unknown to us', reach('0019 46 00 00 ffffff')],
    ['known but not negotiated', reach('0002 01 03 010203 00 ff')],
    ['withdrawn, not negotiated', unreach('0002 01 ff')],
  ])('row 115: MP content of a family %s is carried along unread', (_name, content) => {
    const onlyIpv4 = { ...MODERN_CONTEXT, families: [IPV4_UNICAST] }
    const update = accepted(updateBody({ attributes: [content, ...MANDATORY], nlri: NET_10 }), onlyIpv4)
    expect([update.action, update.nlri.length]).toEqual(['accept', 1])
  })

  it('row 120: a withdraw on an ADD-PATH family names the (prefix, path id) pairs listed and nothing else', () => {
    const context = { ...MODERN_CONTEXT, addPath: { receive: [IPV4_UNICAST], send: [] } }
    const nlri = '00000001 080a 00000007 080a'.replaceAll(' ', '')
    const update = accepted(updateBody({ withdrawn: '00000003 080a', attributes: PATH, nlri }), context)
    expect(update.action).toBe('withdraw')
    expect(update.nlri.map(formatNlri)).toEqual(['10.0.0.0/8 path 1', '10.0.0.0/8 path 7'])
    expect(update.withdrawn.map(formatNlri)).toEqual(['10.0.0.0/8 path 3'])
  })

  it('row 126: correct attributes without any route are accepted', () => {
    expect(outcome(updateBody({ attributes: MANDATORY }))).toBe('accept')
  })
})

describe('writing UPDATE', () => {
  const write = (content: Parameters<typeof encodeUpdate>[0], context: CodecContext = MODERN_CONTEXT): string =>
    text(encodeUpdate(content, context)).slice(2 * HEADER_LENGTH)

  it('row 68: MP attributes come first, the others in ascending type order', () => {
    const attributes: Attribute[] = [
      { type: 'communities', values: [1] },
      { type: 'origin', origin: 0 },
      { type: 'mp-unreach', afi: 2, safi: 1, nlri: [] },
      { type: 'as-path', segments: [] },
      { type: 'mp-reach', afi: 2, safi: 1, nextHop: hex(GLOBAL), nlri: [] },
    ]
    const blocks = [`${reach(`0002 01 10 ${GLOBAL} 00`)}`, unreach('0002 01'), ORIGIN_IGP, attribute(0x40, 2)]
    expect(write({ attributes })).toBe(updateBody({ attributes: [...blocks, attribute(0xc0, 8, '00000001')] }))
  })

  it('row 72: Extended Length is set above 255 octets, and accepted on short ones', () => {
    const values = Array.from({ length: 64 }, (_, index) => index)
    expect(write({ attributes: [{ type: 'communities', values }] }).slice(8, 16)).toBe('d0080100')
    const wide = [attribute(0x50, 1, '00'), attribute(0x50, 2, '02 01 0000fde9'), attribute(0x50, 3, '0a000001')]
    expect(outcome(updateBody({ attributes: wide, nlri: NET_10 }))).toBe('accept')
  })

  it('row 73: the low four flag bits are ignored on receipt and sent 0', () => {
    const noisy = [attribute(0x4f, 1, '00'), attribute(0x4f, 2, '02 01 0000fde9'), attribute(0x4f, 3, '0a000001')]
    const update = accepted(updateBody({ attributes: noisy, nlri: NET_10 }))
    expect(update.action).toBe('accept')
    expect(write({ attributes: update.attributes, nlri: update.nlri })).toBe(
      updateBody({ attributes: MANDATORY, nlri: NET_10 }),
    )
  })

  it('row 84: host bits are written 0, and ignored on receipt', () => {
    expect(write({ withdrawn: [prefix('10.1.2.3/8')] })).toBe(updateBody({ withdrawn: NET_10 }))
    expect(accepted(updateBody({ withdrawn: '09 0aff' })).withdrawn.map(formatNlri)).toEqual(['10.128.0.0/9'])
  })

  it('row 85: a next hop of 32 octets has the link-local address in its second half', () => {
    const nextHop = hex(GLOBAL + LINK_LOCAL)
    const attributes: Attribute[] = [{ type: 'mp-reach', afi: 2, safi: 1, nextHop, nlri: [] }]
    expect(write({ attributes })).toBe(updateBody({ attributes: [reach(`0002 01 20 ${GLOBAL}${LINK_LOCAL} 00`)] }))
  })

  it('row 86: an IPv4 route may have an IPv6 next hop only if capability 5 covers it on both sides', () => {
    const able = summariseCapabilities([{ kind: 'extended-next-hop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] }])
    const unable = summariseCapabilities([])
    const may = (a: typeof able, b: typeof able) => isNextHopLength(IPV4_UNICAST, 16, agreeCodec(a, b))
    expect([may(able, able), may(able, unable), may(unable, able), may(unable, unable)]).toEqual([
      true,
      false,
      false,
      false,
    ])
  })

  it('row 86: such a route goes into MP_REACH_NLRI, and is read back from there', () => {
    const context = { ...MODERN_CONTEXT, extendedNextHop: [IPV4_UNICAST] }
    const nlri = [prefix('10.0.0.0/8')]
    const attributes: Attribute[] = [{ type: 'mp-reach', afi: 1, safi: 1, nextHop: hex(GLOBAL), nlri }]
    const body = updateBody({ attributes: [reach(`0001 01 10 ${GLOBAL} 00 ${NET_10}`)] })
    expect(write({ attributes }, context)).toBe(body)
    const whole = updateBody({ attributes: [reach(`0001 01 10 ${GLOBAL} 00 ${NET_10}`), ...PATH] })
    expect(outcome(whole, context)).toBe('accept')
    const { action, bytes, length } = normalised(whole, context, MP_ONLY)
    expect([action, text(bytes.slice(0, length))]).toEqual([
      'accept',
      ORIGIN_IGP + PATH_65001 + attribute(0x40, 3, GLOBAL),
    ])
  })

  it('row 70: no message exceeds the limit of the session', () => {
    const nlri = Array.from({ length: 10_000 }, () => prefix('10.0.0.0/24'))
    expect(() => encodeUpdate({ nlri }, MODERN_CONTEXT)).toThrow(RangeError)
    const fitting = nlri.slice(0, Math.floor((4096 - 23) / 4))
    expect(encodeUpdate({ nlri: fitting }, MODERN_CONTEXT).length).toBeLessThanOrEqual(4096)
  })

  it('path identifiers are written for the families the peer receives them of (RFC 7911 3)', () => {
    const context = { ...MODERN_CONTEXT, addPath: { receive: [], send: [IPV4_UNICAST] } }
    const one = { ...prefix('10.0.0.0/8'), pathId: pathId(9) }
    expect(write({ withdrawn: [one] }, context)).toBe(updateBody({ withdrawn: `00000009 ${NET_10}` }))
    expect(write({ withdrawn: [one] })).toBe(updateBody({ withdrawn: NET_10 }))
    expect(text(encodeUpdate({}, context))).toBe(text(message(2, '00000000')))
  })
})
