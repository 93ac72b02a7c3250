import { describe, expect, it } from 'vitest'
import type { Attribute, CodecContext } from '../../wire/index.ts'
import { decodeAttributes, IPV4_UNICAST, MODERN_CONTEXT } from '../../wire/index.ts'
import { attribute, hex, int, MANDATORY, surrounded, text } from '../support/wire-bytes.ts'

const INTERNAL = MODERN_CONTEXT
const EXTERNAL: CodecContext = { ...MODERN_CONTEXT, peerKind: 'ebgp' }
const OLD: CodecContext = { ...MODERN_CONTEXT, fourOctetAs: false }

function decode(block: string, context: CodecContext = INTERNAL) {
  const { bytes, start, end } = surrounded(hex(block), 0x40)
  return decodeAttributes(bytes, start, end, context)
}

const find = (type: Attribute['type'], attributes: readonly Attribute[]): Attribute | undefined =>
  attributes.find(candidate => candidate.type === type)

describe('a well-formed attribute is read', () => {
  it.each<[string, string, Attribute]>([
    ['ORIGIN', attribute(0x40, 1, '02'), { type: 'origin', origin: 2 }],
    ['AS_PATH, empty', attribute(0x40, 2), { type: 'as-path', segments: [] }],
    [
      'AS_PATH',
      attribute(0x40, 2, '02 02 0000fde9 fa56ea01'),
      { type: 'as-path', segments: [{ type: 'sequence', asns: [65001, 4200000001] }] },
    ],
    ['NEXT_HOP', attribute(0x40, 3, '0a000001'), { type: 'next-hop', octets: hex('0a000001') }],
    ['MULTI_EXIT_DISC', attribute(0x80, 4, 'ffffffff'), { type: 'med', value: 4294967295 }],
    ['LOCAL_PREF', attribute(0x40, 5, '00000064'), { type: 'local-pref', value: 100 }],
    ['ATOMIC_AGGREGATE', attribute(0x40, 6), { type: 'atomic-aggregate' }],
    ['AGGREGATOR', attribute(0xc0, 7, '0000fde9 0a000001'), { type: 'aggregator', asn: 65001, address: 0x0a000001 }],
    ['COMMUNITIES', attribute(0xc0, 8, 'ffffff01 fde90001'), { type: 'communities', values: [0xffffff01, 0xfde90001] }],
    ['ORIGINATOR_ID', attribute(0x80, 9, 'c0000201'), { type: 'originator-id', routerId: 0xc0000201 }],
    ['CLUSTER_LIST', attribute(0x80, 10, '0a000001 0a000002'), { type: 'cluster-list', ids: [0x0a000001, 0x0a000002] }],
    [
      'EXTENDED COMMUNITIES',
      attribute(0xc0, 16, '0002fde900000064'),
      { type: 'extended-communities', values: [hex('0002fde900000064')] },
    ],
    [
      'LARGE_COMMUNITY',
      attribute(0xc0, 32, '0000fde9 00000001 00000002'),
      { type: 'large-communities', values: [[65001, 1, 2]] },
    ],
    ['MP_UNREACH_NLRI', attribute(0x80, 15, '0002 01'), { type: 'mp-unreach', afi: 2, safi: 1, nlri: [] }],
    [
      'an unknown transitive one',
      attribute(0xe0, 99, '0102'),
      { type: 'unknown', code: 99, flags: 0xe0, value: hex('0102') },
    ],
    ['an unknown non-transitive one', attribute(0x80, 99), { type: 'unknown', code: 99, flags: 0x80, value: hex('') }],
    ['one with Extended Length for a short value', attribute(0x50, 1, '00'), { type: 'origin', origin: 0 }],
    ['one whose low flag bits are set', attribute(0x4f, 1, '00'), { type: 'origin', origin: 0 }],
    ['one with Partial set', attribute(0xe0, 8, '00000001'), { type: 'communities', values: [1] }],
  ])('%s', (_name, block, expected) => {
    const { attributes, action, problems } = decode(block)
    expect({ attributes, action, problems }).toEqual({ attributes: [expected], action: 'accept', problems: [] })
  })

  it('as two octets an AS number from an old speaker', () => {
    const block = attribute(0x40, 2, '02 02 fde9 fdea') + attribute(0xc0, 7, 'fde9 0a000001')
    expect(decode(block, OLD).attributes).toEqual([
      { type: 'as-path', segments: [{ type: 'sequence', asns: [65001, 65002] }] },
      { type: 'aggregator', asn: 65001, address: 0x0a000001 },
    ])
  })

  it.each(['02 02 fde9 0000', '02 01 0000', '02 03 fde9 0000 fdea'])('but not with AS 0 in its path %s', value => {
    expect(decode(attribute(0x40, 2, value), OLD)).toMatchObject({ action: 'withdraw', attributes: [] })
  })

  it('without repeated large communities', () => {
    const one = '0000fde9 00000001 00000002'
    const two = '0000fde9 00000001 00000003'
    const { attributes } = decode(attribute(0xc0, 32, one + two + one))
    expect(attributes).toEqual([
      {
        type: 'large-communities',
        values: [
          [65001, 1, 2],
          [65001, 1, 3],
        ],
      },
    ])
  })

  it('with sets in its path when they are allowed', () => {
    const block = attribute(0x40, 2, '02 01 0000fde9 01 02 00000001 00000002')
    expect(decode(block, { ...INTERNAL, rejectAsSets: false }).attributes).toEqual([
      {
        type: 'as-path',
        segments: [
          { type: 'sequence', asns: [65001] },
          { type: 'set', asns: [1, 2] },
        ],
      },
    ])
  })
})

describe('a malformed attribute makes its UPDATE a withdrawal', () => {
  it.each([
    ['ORIGIN 3', attribute(0x40, 1, '03')],
    ['ORIGIN of 2 octets', attribute(0x40, 1, '0000')],
    ['ORIGIN of 0 octets', attribute(0x40, 1)],
    ['AS_PATH with segment type 0', attribute(0x40, 2, '00 01 0000fde9')],
    ['AS_PATH with segment type 5', attribute(0x40, 2, '05 01 0000fde9')],
    ['AS_PATH with an overrunning segment', attribute(0x40, 2, '02 02 0000fde9')],
    ['AS_PATH with a stray octet', attribute(0x40, 2, '02 01 0000fde9 02')],
    ['AS_PATH with an empty segment', attribute(0x40, 2, '02 00')],
    ['AS_PATH with AS 0', attribute(0x40, 2, '02 02 0000fde9 00000000')],
    ['AS_PATH in two octets from a four-octet speaker', attribute(0x40, 2, '02 01 fde9')],
    ['AS_PATH with a set', attribute(0x40, 2, '02 01 0000fde9 01 01 00000001')],
    ['AS_PATH with a confederation sequence', attribute(0x40, 2, '03 01 0000fde9')],
    ['AS_PATH with a confederation set', attribute(0x40, 2, '04 01 0000fde9')],
    ['NEXT_HOP of 3 octets', attribute(0x40, 3, '0a0000')],
    ['NEXT_HOP of 16 octets', attribute(0x40, 3, '00'.repeat(16))],
    ['NEXT_HOP of 0 octets', attribute(0x40, 3)],
    ['MULTI_EXIT_DISC of 3 octets', attribute(0x80, 4, '000001')],
    ['MULTI_EXIT_DISC of 0 octets', attribute(0x80, 4)],
    ['LOCAL_PREF of 5 octets', attribute(0x40, 5, '0000000064')],
    ['LOCAL_PREF of 0 octets', attribute(0x40, 5)],
    ['COMMUNITIES of 0 octets', attribute(0xc0, 8)],
    ['COMMUNITIES of 6 octets', attribute(0xc0, 8, '000000010000')],
    ['ORIGINATOR_ID of 3 octets', attribute(0x80, 9, '0a0000')],
    ['CLUSTER_LIST of 0 octets', attribute(0x80, 10)],
    ['CLUSTER_LIST of 5 octets', attribute(0x80, 10, '0a00000100')],
    ['EXTENDED COMMUNITIES of 0 octets', attribute(0xc0, 16)],
    ['EXTENDED COMMUNITIES of 9 octets', attribute(0xc0, 16, '0002fde90000006400')],
    ['LARGE_COMMUNITY of 0 octets', attribute(0xc0, 32)],
    ['LARGE_COMMUNITY of 8 octets', attribute(0xc0, 32, '0000fde900000001')],
  ])('%s', (_name, block) => {
    const { attributes, action, problems, error } = decode(block)
    expect({ action, attributes, error }).toEqual({ action: 'withdraw', attributes: [], error: undefined })
    expect(problems.map(({ code }) => int(code, 1))).toEqual([block.slice(2, 4)])
  })
})

describe('wrong Optional or Transitive bits make an UPDATE a withdrawal (RFC 7606 3 c)', () => {
  it.each([
    ['ORIGIN optional', attribute(0xc0, 1, '00')],
    ['ORIGIN not transitive', attribute(0x00, 1, '00')],
    ['AS_PATH optional', attribute(0xc0, 2)],
    ['NEXT_HOP optional', attribute(0x80, 3, '0a000001')],
    ['MULTI_EXIT_DISC transitive', attribute(0xc0, 4, '00000001')],
    ['LOCAL_PREF optional', attribute(0xc0, 5, '00000064')],
    ['ATOMIC_AGGREGATE optional', attribute(0xc0, 6)],
    ['AGGREGATOR not transitive', attribute(0x80, 7, '0000fde9 0a000001')],
    ['COMMUNITIES not optional', attribute(0x40, 8, '00000001')],
    ['ORIGINATOR_ID transitive', attribute(0xc0, 9, '0a000001')],
    ['CLUSTER_LIST not optional', attribute(0x40, 10, '0a000001')],
    ['EXTENDED COMMUNITIES not transitive', attribute(0x80, 16, '0002fde900000064')],
    ['LARGE_COMMUNITY not optional', attribute(0x40, 32, '00'.repeat(12))],
  ])('%s', (_name, block) => {
    expect(decode(block)).toMatchObject({ action: 'withdraw', problems: [{ reason: 'wrong attribute flags' }] })
  })

  it('but the Partial bit of a well-known attribute is let pass', () => {
    expect(decode(attribute(0x60, 1, '00')).action).toBe('accept')
  })
})

describe('some attributes are discarded and the rest of the UPDATE stays', () => {
  it.each<[string, string, CodecContext]>([
    ['ATOMIC_AGGREGATE that is not empty', attribute(0x40, 6, '00'), INTERNAL],
    ['AGGREGATOR of 6 octets between four-octet speakers', attribute(0xc0, 7, 'fde9 0a000001'), INTERNAL],
    ['AGGREGATOR of 8 octets from an old speaker', attribute(0xc0, 7, '0000fde9 0a000001'), OLD],
    ['AGGREGATOR of 0 octets', attribute(0xc0, 7), INTERNAL],
    ['AGGREGATOR with AS 0', attribute(0xc0, 7, '00000000 0a000001'), INTERNAL],
    ['LOCAL_PREF from outside', attribute(0x40, 5, '00000064'), EXTERNAL],
    ['LOCAL_PREF of any length from outside', attribute(0x40, 5, '0064'), EXTERNAL],
    ['ORIGINATOR_ID from outside', attribute(0x80, 9, '0a000001'), EXTERNAL],
    ['CLUSTER_LIST of any length from outside', attribute(0x80, 10, '0a'), EXTERNAL],
    ['AS4_PATH from a four-octet speaker', attribute(0xc0, 17, '02 01 0000fde9'), INTERNAL],
    ['AS4_AGGREGATOR from a four-octet speaker', attribute(0xc0, 18, '0000fde9 0a000001'), INTERNAL],
    ['AS4_PATH with an overrunning segment', attribute(0xc0, 17, '02 02 0000fde9'), OLD],
    ['AS4_PATH without a segment', attribute(0xc0, 17), OLD],
    ['AS4_PATH with AS 0', attribute(0xc0, 17, '02 01 00000000'), OLD],
    ['AS4_AGGREGATOR of 6 octets', attribute(0xc0, 18, 'fde9 0a000001'), OLD],
    ['AS4_AGGREGATOR with AS 0', attribute(0xc0, 18, '00000000 0a000001'), OLD],
  ])('%s', (_name, block, context) => {
    const { attributes, action } = decode(attribute(0x40, 1, '00') + block, context)
    expect({ attributes, action }).toEqual({ attributes: [{ type: 'origin', origin: 0 }], action: 'discard' })
  })
})

describe('repeated attributes (RFC 7606 3 g)', () => {
  it('count the first time only', () => {
    const { attributes, action } = decode(attribute(0x80, 4, '00000001') + attribute(0x80, 4, '00000002'))
    expect({ attributes, action }).toEqual({ attributes: [{ type: 'med', value: 1 }], action: 'discard' })
  })

  it('are not even looked at', () => {
    expect(decode(attribute(0x80, 4, '00000001') + attribute(0xc0, 4, '02')).action).toBe('discard')
  })

  it('count the first time also when we do not know them', () => {
    const { attributes } = decode(attribute(0xc0, 99, '01') + attribute(0xc0, 99, '02'))
    expect(attributes).toEqual([{ type: 'unknown', code: 99, flags: 0xc0, value: hex('01') }])
  })

  it.each([14, 15])('reset the session when it is attribute %i', code => {
    const one = attribute(0x80, code, `0002 01 10 ${'00'.repeat(16)} 00`)
    expect(decode(one + one)).toMatchObject({ action: 'reset', error: { code: 3, subcode: 1, data: hex('') } })
  })
})

describe('a reset carries the attribute at fault', () => {
  it.each([
    ['an unknown well-known attribute', attribute(0x40, 99, '0102'), 2],
    ['MP_REACH_NLRI with the Transitive bit', attribute(0xc0, 14, `0002 01 10 ${'00'.repeat(16)} 00`), 4],
    ['MP_UNREACH_NLRI without the Optional bit', attribute(0x00, 15, '0002 01'), 4],
    ['MP_REACH_NLRI of 4 octets', attribute(0x80, 14, '0002 01 00'), 9],
    ['MP_UNREACH_NLRI of 2 octets', attribute(0x80, 15, '0002'), 9],
    ['MP_REACH_NLRI of 0 octets', attribute(0x80, 14), 9],
    ['MP_REACH_NLRI without its reserved octet', attribute(0x80, 14, `0002 01 10 ${'00'.repeat(16)}`), 9],
    ['a next hop running past MP_REACH_NLRI', attribute(0x80, 14, '0002 01 11 00'), 9],
    ['an IPv6 next hop of 17 octets', attribute(0x80, 14, `0002 01 11 ${'00'.repeat(17)} 00`), 9],
    ['an IPv4 next hop of 5 octets', attribute(0x80, 14, `0001 01 05 ${'00'.repeat(5)} 00`), 9],
  ])('%s', (_name, block, subcode) => {
    const { action, error } = decode(MANDATORY.join('') + block)
    expect(action).toBe('reset')
    expect([error?.code, error?.subcode, error && text(error.data)]).toEqual([3, subcode, block])
  })

  it('unless a prefix is at fault, which is 3/10 without data', () => {
    const { error } = decode(attribute(0x80, 15, '0002 01 81'))
    expect([error?.code, error?.subcode, error?.data.length]).toEqual([3, 10, 0])
  })

  it('but nothing of a family that was not negotiated is at fault', () => {
    const context = { ...INTERNAL, families: [IPV4_UNICAST] }
    expect(decode(attribute(0x80, 14, '0002 01 05 0000000000 00 81'), context).action).toBe('accept')
  })
})

describe('of several errors the strongest counts (RFC 7606 3 h)', () => {
  const DISCARD = attribute(0x40, 6, '00')
  const WITHDRAW = attribute(0x40, 1, '03')
  const RESET = attribute(0x40, 99)

  it.each([
    ['discard and withdraw', DISCARD + WITHDRAW, 'withdraw', 2],
    ['withdraw and discard', WITHDRAW + DISCARD, 'withdraw', 2],
    ['withdraw and reset', WITHDRAW + RESET, 'reset', 2],
    ['reset and withdraw', RESET + WITHDRAW, 'reset', 1],
  ])('%s', (_name, block, action, problems) => {
    const result = decode(block)
    expect([result.action, result.problems.length]).toEqual([action, problems])
  })

  it('and what was fine is still there to look at', () => {
    expect(find('med', decode(WITHDRAW + attribute(0x80, 4, '00000007')).attributes)).toEqual({ type: 'med', value: 7 })
  })
})
