/** What errors in attributes do to their UPDATE: the rows 93 to 108 and 117 to 124 of the conformance checklist. */

import { describe, expect, it } from 'vitest'
import type { Action, CodecContext } from '../../wire/index.ts'
import { decodeUpdate, IPV4_UNICAST, MODERN_CONTEXT } from '../../wire/index.ts'
import {
  attribute,
  hex,
  MANDATORY,
  NET_10,
  NEXT_HOP_10_0_0_1,
  ORIGIN_IGP,
  PATH_65001,
  text,
  updateBody,
} from '../support/wire-bytes.ts'

const IBGP = MODERN_CONTEXT
const EBGP: CodecContext = { ...MODERN_CONTEXT, peerKind: 'ebgp' }
const OLD: CodecContext = { ...MODERN_CONTEXT, fourOctetAs: false }

/** An UPDATE of 10.0.0.0/8 with what a route needs, these attributes in place of the mandatory ones of the same type. */
function update(attributes: readonly string[], context: CodecContext = IBGP, nlri = NET_10) {
  const codes = attributes.map(octets => octets.slice(2, 4))
  const path = context.fourOctetAs ? PATH_65001 : attribute(0x40, 2, '02 01 fde9')
  const others = [ORIGIN_IGP, path, NEXT_HOP_10_0_0_1].filter(octets => !codes.includes(octets.slice(2, 4)))
  return decode([...others, ...attributes], context, nlri)
}

function decode(attributes: readonly string[], context: CodecContext = IBGP, nlri = NET_10) {
  const body = hex(updateBody({ attributes, nlri }))
  const result = decodeUpdate(body, 0, body.length, context)
  if (!result.ok) return { action: 'reset' as Action, error: result.error, problems: [], nlri: 0, types: [] }
  const { action, problems, attributes: kept } = result.value
  return { action, error: undefined, problems, nlri: result.value.nlri.length, types: kept.map(({ type }) => type) }
}

const REACH = `0002 01 10 20010db8${'00'.repeat(12)} 00 20 20010db8`

describe('the frame of attributes', () => {
  it.each([
    ['the last attribute overruns', '40 05 04 0000'],
    ['one stray octet remains', '40'],
    ['two stray octets remain', '40 05'],
    ['three octets with the extended flag remain', '50 05 00'],
  ])('row 93: when %s, the routes are withdrawn, and found by Total Attribute Length', (_name, stray) => {
    const { action, nlri, problems } = decode([...MANDATORY, stray.replaceAll(' ', '')])
    expect([action, nlri, problems[0]?.rfc]).toEqual(['withdraw', 1, 'RFC 7606 4'])
    expect(text(problems[0]?.octets ?? hex(''))).toBe(stray.replaceAll(' ', ''))
  })

  const WRONG_FLAGS: readonly (readonly [string, string])[] = [
    ['ORIGIN', attribute(0xc0, 1, '00')],
    ['AS_PATH', attribute(0x00, 2, '02 01 0000fde9')],
    ['NEXT_HOP', attribute(0x80, 3, '0a000001')],
    ['MULTI_EXIT_DISC', attribute(0xc0, 4, '00000001')],
    ['LOCAL_PREF', attribute(0xc0, 5, '00000001')],
    ['ATOMIC_AGGREGATE', attribute(0xc0, 6)],
    ['AGGREGATOR', attribute(0x80, 7, '0000fde9 0a000001')],
    ['COMMUNITIES', attribute(0x80, 8, '00010001')],
    ['ORIGINATOR_ID', attribute(0xc0, 9, '0a000001')],
    ['CLUSTER_LIST', attribute(0xc0, 10, '0a000001')],
    ['EXTENDED COMMUNITIES', attribute(0x80, 16, '0002fde900000001')],
    ['PMSI_TUNNEL', attribute(0x80, 22, '00 06 000000 0a000001')],
    ['TUNNEL_ENCAPSULATION', attribute(0x80, 23, '0007 0000')],
    ['IPV6_EXTENDED_COMMUNITIES', attribute(0x80, 25, `0002${'00'.repeat(18)}`)],
    ['LARGE_COMMUNITY', attribute(0x80, 32, '00'.repeat(12))],
    ['ONLY_TO_CUSTOMER', attribute(0x80, 35, '0000fde9')],
    ['ATTR_SET', attribute(0x80, 128, '0000fde9')],
  ]

  it.each(WRONG_FLAGS)(
    'row 94: wrong Optional or Transitive bits on %s withdraw, the session stays',
    (_name, octets) => {
      const { action, problems } = update([octets])
      expect([action, problems[0]?.rfc]).toEqual(['withdraw', 'RFC 7606 3 c'])
      expect(text(problems[0]?.octets ?? hex(''))).toBe(octets)
    },
  )

  it.each([
    ['AIGP', attribute(0xc0, 26, '01 000b 0000000000000001'), 'RFC 7311 3.2'],
    ['LINK_STATE', attribute(0xc0, 29, '0400 0001 00'), 'RFC 9552 8.2.2'],
    ['PREFIX_SID', attribute(0x80, 40, '01 0007 00 0000 00000001'), 'RFC 8669 6'],
  ])('row 94: but %s is only discarded, as its own document has it', (_name, octets, rfc) => {
    const { action, problems } = update([octets])
    expect([action, problems[0]?.rfc]).toEqual(['discard', rfc])
  })

  it.each([0xc0, 0x40, 0x00])('row 95: MP_REACH_NLRI with flags %i resets the session', flags => {
    const octets = attribute(flags, 14, REACH)
    const { action, error } = update([octets])
    expect([action, error?.code, error?.subcode, error && text(error.data)]).toEqual(['reset', 3, 4, octets])
  })

  it.each([0xc0, 0x40, 0x00])('row 95: MP_UNREACH_NLRI with flags %i resets the session', flags => {
    const octets = attribute(flags, 15, '0002 01')
    expect(update([octets]).error).toMatchObject({ code: 3, subcode: 4, data: hex(octets) })
  })

  it.each([
    ['ORIGIN', [PATH_65001, NEXT_HOP_10_0_0_1]],
    ['AS_PATH', [ORIGIN_IGP, NEXT_HOP_10_0_0_1]],
    ['NEXT_HOP', [ORIGIN_IGP, PATH_65001]],
  ])('row 96: without %s the routes are withdrawn', (_name, attributes) => {
    const { action, problems } = decode(attributes)
    expect([action, problems[0]?.rfc, problems[0]?.octets.length]).toEqual(['withdraw', 'RFC 7606 3 d', 0])
  })
})

describe('bad values and lengths', () => {
  it.each<[row: string, name: string, octets: string, context: CodecContext, action: Action, rfc: string]>([
    ['row 97', 'ORIGIN 3', attribute(0x40, 1, '03'), IBGP, 'withdraw', 'RFC 7606 7.1'],
    ['row 97', 'ORIGIN of two octets', attribute(0x40, 1, '0000'), EBGP, 'withdraw', 'RFC 7606 7.1'],
    [
      'row 98',
      'AS_PATH with an unknown segment type',
      attribute(0x40, 2, '05 01 0000fde9'),
      IBGP,
      'withdraw',
      'RFC 7606 7.2',
    ],
    ['row 98', 'AS_PATH with an overrun', attribute(0x40, 2, '02 02 0000fde9'), EBGP, 'withdraw', 'RFC 7606 7.2'],
    [
      'row 98',
      'AS_PATH with one stray octet',
      attribute(0x40, 2, '02 01 0000fde9 02'),
      IBGP,
      'withdraw',
      'RFC 7606 7.2',
    ],
    ['row 98', 'AS_PATH with a zero-count segment', attribute(0x40, 2, '02 00'), IBGP, 'withdraw', 'RFC 7606 7.2'],
    ['row 99', 'NEXT_HOP of three octets', attribute(0x40, 3, '0a0000'), IBGP, 'withdraw', 'RFC 7606 7.3'],
    ['row 99', 'MED of five octets', attribute(0x80, 4, '0000000001'), EBGP, 'withdraw', 'RFC 7606 7.4'],
    ['row 100', 'LOCAL_PREF from eBGP', attribute(0x40, 5, '00000064'), EBGP, 'discard', 'RFC 7606 7.5'],
    ['row 100', 'LOCAL_PREF of any length from eBGP', attribute(0x40, 5, '64'), EBGP, 'discard', 'RFC 7606 7.5'],
    ['row 100', 'LOCAL_PREF of three octets from iBGP', attribute(0x40, 5, '000064'), IBGP, 'withdraw', 'RFC 7606 7.5'],
    ['row 101', 'ATOMIC_AGGREGATE that is not empty', attribute(0x40, 6, '00'), IBGP, 'discard', 'RFC 7606 7.6'],
    [
      'row 101',
      'AGGREGATOR of the other AS size',
      attribute(0xc0, 7, 'fde9 0a000001'),
      IBGP,
      'discard',
      'RFC 7606 7.7',
    ],
    [
      'row 101',
      'AGGREGATOR too long for an old peer',
      attribute(0xc0, 7, '0000fde9 0a000001'),
      OLD,
      'discard',
      'RFC 7606 7.7',
    ],
    ['row 102', 'COMMUNITIES of length 0', attribute(0xc0, 8), IBGP, 'withdraw', 'RFC 7606 7.8'],
    ['row 102', 'COMMUNITIES of length 5', attribute(0xc0, 8, '0000000100'), EBGP, 'withdraw', 'RFC 7606 7.8'],
    ['row 102', 'EXTENDED COMMUNITIES of length 4', attribute(0xc0, 16, '00020001'), IBGP, 'withdraw', 'RFC 7606 7.14'],
    ['row 102', 'LARGE_COMMUNITY of length 0', attribute(0xc0, 32), IBGP, 'withdraw', 'RFC 8092 6'],
    ['row 102', 'LARGE_COMMUNITY of length 11', attribute(0xc0, 32, '00'.repeat(11)), IBGP, 'withdraw', 'RFC 8092 6'],
    ['row 104', 'ORIGINATOR_ID from eBGP', attribute(0x80, 9, '0a000001'), EBGP, 'discard', 'RFC 7606 7.9'],
    ['row 104', 'CLUSTER_LIST from eBGP', attribute(0x80, 10, '0a'), EBGP, 'discard', 'RFC 7606 7.10'],
    [
      'row 104',
      'ORIGINATOR_ID of bad length from iBGP',
      attribute(0x80, 9, '0a0000'),
      IBGP,
      'withdraw',
      'RFC 7606 7.9',
    ],
    [
      'row 104',
      'CLUSTER_LIST of bad length from iBGP',
      attribute(0x80, 10, '0a0000'),
      IBGP,
      'withdraw',
      'RFC 7606 7.10',
    ],
    ['row 108', 'MED of length 0', attribute(0x80, 4), IBGP, 'withdraw', 'RFC 7606 7.4'],
    ['row 108', 'AGGREGATOR of length 0', attribute(0xc0, 7), IBGP, 'discard', 'RFC 7606 7.7'],
    ['row 108', 'PREFIX_SID of length 0', attribute(0xc0, 40), IBGP, 'discard', 'RFC 8669 6'],
    ['row 121', 'AS 0 in AS_PATH', attribute(0x40, 2, '02 02 0000fde9 00000000'), EBGP, 'withdraw', 'RFC 7607 2'],
    ['row 121', 'AS 0 in AGGREGATOR', attribute(0xc0, 7, '00000000 0a000001'), EBGP, 'discard', 'RFC 7607 2'],
    ['row 122', 'an AS_SET', attribute(0x40, 2, '02 01 0000fde9 01 01 00000001'), EBGP, 'withdraw', 'RFC 9774 3'],
    [
      'row 123',
      'a confederation sequence from outside',
      attribute(0x40, 2, '03 01 0000fde9'),
      EBGP,
      'withdraw',
      'RFC 5065 5',
    ],
    [
      'row 123',
      'a confederation set from outside',
      attribute(0x40, 2, '04 01 0000fde9'),
      IBGP,
      'withdraw',
      'RFC 5065 5',
    ],
    [
      'row 132',
      'AS4_PATH from a four-octet peer',
      attribute(0xc0, 17, '02 01 0000fde9'),
      IBGP,
      'discard',
      'RFC 6793 6',
    ],
    [
      'row 132',
      'AS4_AGGREGATOR from a four-octet peer',
      attribute(0xc0, 18, '0000fde9 0a000001'),
      IBGP,
      'discard',
      'RFC 6793 6',
    ],
    [
      'row 133',
      'a malformed AS4_PATH from a two-octet peer',
      attribute(0xc0, 17, '02 02 0000fde9'),
      OLD,
      'discard',
      'RFC 6793 6',
    ],
  ])('%s: %s', (_row, _name, octets, context, action, rfc) => {
    const result = update([octets], context)
    expect([result.action, result.problems.map(problem => problem.rfc), result.nlri]).toEqual([action, [rfc], 1])
    expect(result.problems.map(problem => text(problem.octets))).toEqual([octets])
  })

  it('row 103: of equal large communities one stays', () => {
    const body = hex(
      updateBody({ attributes: [...MANDATORY, attribute(0xc0, 32, '000000010000000200000003'.repeat(2))] }),
    )
    const result = decodeUpdate(body, 0, body.length, IBGP)
    expect(result.ok && result.value.attributes.at(-1)).toEqual({ type: 'large-communities', values: [[1, 2, 3]] })
  })

  it('row 105: of a repeated attribute the first stays, the rest is dropped', () => {
    const { action, types } = update([attribute(0x80, 4, '00000001'), attribute(0x80, 4, '00')])
    expect([action, types]).toEqual(['discard', ['origin', 'as-path', 'next-hop', 'med']])
  })

  it.each([
    [14, REACH],
    [15, '0002 01'],
  ])('row 106: attribute %i repeated resets with 3/1', (code, value) => {
    const octets = attribute(0x80, code, value)
    expect(update([octets, octets]).error).toMatchObject({ code: 3, subcode: 1, data: hex('') })
  })

  it('row 107: of several errors only the strongest is applied', () => {
    const discard = attribute(0x40, 6, '00')
    const withdraw = attribute(0x80, 4, '00')
    const reset = attribute(0x40, 99, '00')
    expect(update([discard, withdraw]).action).toBe('withdraw')
    expect(update([withdraw, discard]).action).toBe('withdraw')
    expect(update([withdraw, reset]).error).toMatchObject({ code: 3, subcode: 2 })
  })

  it('row 108: AS_PATH and ATOMIC_AGGREGATE may be empty', () => {
    expect(update([attribute(0x40, 2), attribute(0x40, 6)]).action).toBe('accept')
  })

  it('row 117: an unknown attribute without the Optional bit resets with 3/2 and the attribute', () => {
    const octets = attribute(0x40, 99, '0102')
    expect(update([octets]).error).toMatchObject({ code: 3, subcode: 2, data: hex(octets) })
  })

  it('row 119: the raw bytes of every offender are kept, each once', () => {
    const first = attribute(0xc0, 8, '00')
    const second = attribute(0x90, 4, '0000')
    expect(update([first, second]).problems.map(({ octets }) => text(octets))).toEqual([first, second])
  })

  it('row 122: an AS_SET is read where the operator allows it', () => {
    const octets = attribute(0x40, 2, '02 01 0000fde9 01 01 00000001')
    expect(update([octets], { ...EBGP, rejectAsSets: false }).action).toBe('accept')
  })

  it('row 124: with enforcement, a first AS other than the peer withdraws and does not reset', () => {
    const enforced = { ...EBGP, firstAs: 65002 }
    expect(update([PATH_65001], enforced)).toMatchObject({ action: 'withdraw', problems: [{ rfc: 'RFC 4271 6.3' }] })
    expect(update([attribute(0x40, 2)], enforced).action).toBe('withdraw')
    expect(update([PATH_65001], { ...EBGP, firstAs: 65001 }).action).toBe('accept')
    expect(update([PATH_65001], { ...IBGP, firstAs: 65002 }).action).toBe('accept')
    expect(update([attribute(0x40, 2, '02 01 fde9')], { ...OLD, peerKind: 'ebgp', firstAs: 65001 }).action).toBe(
      'accept',
    )
  })
})

describe('a next hop that is the address of no host (RFC 4271 6.3) withdraws its routes', () => {
  it.each(['00000000', '00000001', 'e0000001', 'efffffff', 'f0000001', 'ffffffff'])('NEXT_HOP %s', address => {
    const { action, problems } = update([attribute(0x40, 3, address)])
    expect([action, problems[0]?.rfc]).toEqual(['withdraw', 'RFC 4271 6.3'])
  })

  it.each(['01000001', '7f000001', 'dfffffff'])('but not NEXT_HOP %s', address => {
    expect(update([attribute(0x40, 3, address)]).action).toBe('accept')
  })

  it('nor one that nobody uses, beside MP_REACH_NLRI without IPv4 routes', () => {
    const { action } = update([attribute(0x40, 3, '00000000'), attribute(0x80, 14, REACH)], IBGP, '')
    expect(action).toBe('accept')
  })

  it('in MP_REACH_NLRI too, for IPv4 routes', () => {
    const bad = attribute(0x80, 14, '0001 01 04 e0000001 00 08 0b')
    expect(update([bad], IBGP, '').action).toBe('withdraw')
    expect(update([bad], { ...IBGP, families: [] }, '').action).toBe('accept')
    expect(IPV4_UNICAST.afi).toBe(1)
  })
})

describe('inside a confederation (RFC 5065 5)', () => {
  const MEMBER: CodecContext = { ...EBGP, isConfederationPeer: true }
  const MATE: CodecContext = { ...IBGP, isConfederationPeer: true }
  const inside = attribute(0x40, 2, '03 02 0000fde9 0000fdea 02 01 00000001')

  it('confederation sequences are read', () => {
    expect(update([inside], MEMBER).action).toBe('accept')
    expect(update([inside], MATE).action).toBe('accept')
  })

  it('a path from another member begins with one', () => {
    expect(update([PATH_65001], MEMBER)).toMatchObject({ action: 'withdraw', problems: [{ rfc: 'RFC 5065 5' }] })
    expect(update([attribute(0x40, 2)], MEMBER).action).toBe('withdraw')
    expect(update([PATH_65001], MATE).action).toBe('accept')
  })

  it('LOCAL_PREF crosses member borders, the attributes of reflection do not', () => {
    expect(update([inside, attribute(0x40, 5, '00000064')], MEMBER).action).toBe('accept')
    expect(update([inside, attribute(0x80, 9, '0a000001')], MEMBER).action).toBe('discard')
  })

  it('confederation sets are sets (RFC 9774 3)', () => {
    const set = attribute(0x40, 2, '03 01 0000fde9 04 01 0000fdea')
    expect(update([set], MEMBER)).toMatchObject({ action: 'withdraw', problems: [{ rfc: 'RFC 9774 3' }] })
    expect(update([set], { ...MEMBER, rejectAsSets: false }).action).toBe('accept')
  })
})
