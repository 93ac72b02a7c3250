/** Attributes that are judged and carried but not used, and those that are unknown: rows 73 to 75, 94 and 108 with them. */

import { describe, expect, it } from 'vitest'
import type { Attribute, Expectations } from '../../wire/index.ts'
import {
  AttributeSummary,
  aigpMetric,
  communityName,
  decodeAttributes,
  encodeAttributes,
  formatAttribute,
  formatCommunity,
  formatExtendedCommunity,
  formatLargeCommunity,
  MODERN_CONTEXT,
  NormalisedAttributes,
  normaliseAttributes,
  parseCommunity,
  parseExtendedCommunity,
  parseLargeCommunity,
  registeredAttributeName,
  summarise,
  WellKnownCommunity,
} from '../../wire/index.ts'
import { attribute, hex, MANDATORY, text } from '../support/wire-bytes.ts'

const IPV4: Expectations = { ipv4Nlri: true, mpReach: false, anyReachable: true }

/** What is left of these attributes after the mandatory ones in canonical form. */
function passedOn(...attributes: string[]): string {
  const bytes = hex([...MANDATORY, ...attributes].join(''))
  const out = new NormalisedAttributes()
  normaliseAttributes(bytes, 0, bytes.length, MODERN_CONTEXT, IPV4, out)
  return text(out.bytes.slice(0, out.length)).slice(MANDATORY.join('').length)
}

function judge(octets: string) {
  const bytes = hex(octets)
  return decodeAttributes(bytes, 0, bytes.length, MODERN_CONTEXT)
}

const PMSI = attribute(0xc0, 22, '00 06 000010 0a000001')
const ENCAPSULATION = attribute(0xc0, 23, '0008 0005 04 01 ff 06 00  000f 0006 80 0003 0a0b0c'.replaceAll(' ', ''))
const IPV6_COMMUNITY = attribute(0xc0, 25, `0002 20010db8${'00'.repeat(11)}01 0064`)
const AIGP = attribute(0x80, 26, '01 000b 0000000000000064')
const LINK_STATE = attribute(0x80, 29, '0400 0001 80')
const OTC = attribute(0xc0, 35, '0000fde9')
const NHC = attribute(0xc0, 39, '0001 01 04 0a000001 0001 0002 abcd')
const PREFIX_SID = attribute(0xc0, 40, '01 0007 00 0000 00000309')
const ATTR_SET = attribute(0xc0, 128, '0000fde9 400101 00 800404 00000001')

describe('attributes that are only carried', () => {
  it.each<[string, string]>([
    [PMSI, 'BGP.pmsi_tunnel: type 6 flags 0x0 label 0x10 id 0a000001'],
    [ENCAPSULATION, 'BGP.tunnel_encap: 8:0401ff0600 15:8000030a0b0c'],
    [IPV6_COMMUNITY, 'BGP.ipv6_ext_community: (rt, 2001:db8::1, 100)'],
    [AIGP, 'BGP.aigp: 100'],
    [LINK_STATE, 'BGP.link_state: 1024:80'],
    [OTC, 'BGP.otc: 65001'],
    [NHC, 'BGP.nhc: afi 1 safi 1 via 0x0a000001 1:abcd'],
    [PREFIX_SID, 'BGP.prefix_sid: 1:00000000000309'],
    [ATTR_SET, 'BGP.attr_set: AS65001 4001010080040400000001'],
  ])('%s is read, shown, and written back the same', (octets, line) => {
    const { attributes, action } = judge(octets)
    expect([action, attributes.map(formatAttribute)]).toEqual(['accept', [line]])
    expect(text(encodeAttributes(attributes, MODERN_CONTEXT))).toBe(octets)
  })

  it.each([PMSI, ENCAPSULATION, NHC, PREFIX_SID, ATTR_SET])(
    'row 74: %s is passed on with Partial set and its value untouched',
    octets => {
      expect(passedOn(octets)).toBe(`e0${octets.slice(2)}`)
    },
  )

  it('row 74: an unknown optional transitive attribute is passed on with Partial set, value untouched', () => {
    expect(passedOn(attribute(0xc0, 99, 'c0ffee'))).toBe(attribute(0xe0, 99, 'c0ffee'))
  })

  it.each([AIGP, LINK_STATE, attribute(0x80, 99, '00')])('row 75: %s goes no further', octets => {
    expect(passedOn(octets)).toBe('')
  })

  it.each([OTC, IPV6_COMMUNITY])('%s is passed on as it came', octets => {
    expect(passedOn(octets)).toBe(octets)
    expect(passedOn(`e0${octets.slice(2)}`)).toBe(`e0${octets.slice(2)}`)
  })

  it('row 73: Partial is 0 on well-known and non-transitive ones, whatever came', () => {
    expect(passedOn(attribute(0xa0, 4, '00000001'))).toBe(attribute(0x80, 4, '00000001'))
  })
})

describe('malformed ones', () => {
  const zeros = (octets: number) => '00'.repeat(octets)

  it.each<[string, string, 'discard' | 'withdraw']>([
    ['PMSI_TUNNEL of 4 octets', attribute(0xc0, 22, '00 06 0000'), 'withdraw'],
    ['PMSI_TUNNEL of undefined type', attribute(0xc0, 22, '00 08 000000 0a000001'), 'withdraw'],
    ['PMSI_TUNNEL of type 255', attribute(0xc0, 22, '00 ff 000000 0a000001'), 'withdraw'],
    ['PMSI_TUNNEL to 3 octets', attribute(0xc0, 22, '00 06 000000 0a0000'), 'withdraw'],
    ['TUNNEL_ENCAPSULATION without a tunnel', attribute(0xc0, 23), 'withdraw'],
    ['TUNNEL_ENCAPSULATION with a cut head', attribute(0xc0, 23, '0007 00'), 'withdraw'],
    ['TUNNEL_ENCAPSULATION with an overrunning tunnel', attribute(0xc0, 23, '0007 0004 01'), 'withdraw'],
    ['TUNNEL_ENCAPSULATION with an overrunning sub-TLV', attribute(0xc0, 23, '0007 0004 01 ff 0000'), 'withdraw'],
    ['TUNNEL_ENCAPSULATION with an overrunning long sub-TLV', attribute(0xc0, 23, '0007 0003 80 0001'), 'withdraw'],
    ['IPV6_EXTENDED_COMMUNITIES of 0 octets', attribute(0xc0, 25), 'withdraw'],
    ['IPV6_EXTENDED_COMMUNITIES of 8 octets', attribute(0xc0, 25, zeros(8)), 'withdraw'],
    ['AIGP of 0 octets', attribute(0x80, 26), 'discard'],
    ['AIGP with a metric of 7 octets', attribute(0x80, 26, '01 000a 00000000000064'), 'discard'],
    ['AIGP with a length that does not count its head', attribute(0x80, 26, '02 0002 00'), 'discard'],
    ['AIGP that overruns', attribute(0x80, 26, '01 000b 00'), 'discard'],
    ['LINK_STATE that overruns', attribute(0x80, 29, '0400 0002 00'), 'discard'],
    ['LINK_STATE with a cut head', attribute(0x80, 29, '0400'), 'discard'],
    ['ONLY_TO_CUSTOMER of 3 octets', attribute(0xc0, 35, '00fde9'), 'withdraw'],
    ['ONLY_TO_CUSTOMER of 1024 octets', attribute(0xd0, 35, zeros(1024)), 'withdraw'],
    ['ONLY_TO_CUSTOMER of AS 0', attribute(0xc0, 35, '00000000'), 'withdraw'],
    ['next hop characteristics that overrun', attribute(0xc0, 39, '0001 01 00 0100 01ff 00'), 'discard'],
    ['next hop characteristics of an overrunning next hop', attribute(0xc0, 39, '0001 01 04 0a0000'), 'discard'],
    ['PREFIX_SID full of zeros', attribute(0xc0, 40, zeros(9)), 'discard'],
    ['PREFIX_SID with a short label index', attribute(0xc0, 40, '01 0003 000000'), 'discard'],
    ['PREFIX_SID with half a block of labels', attribute(0xc0, 40, '03 0005 0000 000000'), 'discard'],
    ['PREFIX_SID with a cut SRv6 service', attribute(0xc0, 40, '05 0004 00 01 00ff'), 'discard'],
    ['PREFIX_SID that overruns', attribute(0xc0, 40, '01 00ff 000000'), 'discard'],
    ['ATTR_SET of 3 octets', attribute(0xc0, 128, '00fde9'), 'withdraw'],
    ['ATTR_SET with MP_REACH_NLRI in it', attribute(0xc0, 128, '0000fde9 800e05 0002010000'), 'withdraw'],
    ['ATTR_SET with an overrun', attribute(0xc0, 128, '0000fde9 400102 00'), 'withdraw'],
    ['ATTR_SET with an ORIGIN of 2 octets', attribute(0xc0, 128, '0000fde9 400102 0000'), 'withdraw'],
  ])('%s', (_name, octets, action) => {
    const verdict = judge(octets)
    expect([verdict.action, verdict.attributes, verdict.problems.map(problem => text(problem.octets))]).toEqual([
      action,
      [],
      [octets],
    ])
  })

  it('types that nobody knows are no error', () => {
    const unknowns = [
      attribute(0xc0, 23, 'ffff 0000'),
      attribute(0xc0, 25, `ffff${zeros(18)}`),
      attribute(0x80, 26, '09 0004 00'),
      attribute(0xc0, 40, 'ff 0001 00'),
    ]
    expect(unknowns.map(octets => judge(octets).action)).toEqual(['accept', 'accept', 'accept', 'accept'])
  })
})

describe('names and text', () => {
  it('well-known communities go by name, both ways', () => {
    for (const value of Object.values(WellKnownCommunity)) {
      expect(parseCommunity(communityName(value) ?? '')).toBe(value)
      expect(parseCommunity(formatCommunity(value))).toBe(value)
    }
    expect(formatCommunity(0xffffff01)).toBe('no-export')
    expect(formatCommunity(0xfde90064)).toBe('65001:100')
  })

  it.each<[string, number | undefined]>([
    ['NO_EXPORT', 0xffffff01],
    ['nopeer', 0xffffff04],
    ['blackhole', 0xffff029a],
    ['llgr-stale', 0xffff0006],
    ['accept-own', 0xffff0001],
    ['65001:100', 0xfde90064],
    ['(65001, 100)', 0xfde90064],
    ['65536:1', undefined],
    ['1', undefined],
    ['1:2:3', undefined],
    ['', undefined],
  ])('community %j is read as %s', (input, value) => {
    expect(parseCommunity(input)).toBe(value)
  })

  it('large communities, both ways', () => {
    expect(formatLargeCommunity([4200000001, 2, 3])).toBe('4200000001:2:3')
    expect(parseLargeCommunity('4200000001:2:3')).toEqual([4200000001, 2, 3])
    expect(parseLargeCommunity('(1, 2, 3)')).toEqual([1, 2, 3])
    expect(parseLargeCommunity('1:2')).toBeUndefined()
    expect(parseLargeCommunity('1:2:4294967296')).toBeUndefined()
  })

  it.each([
    ['0002fde900000064', 'rt:65001:100'],
    ['0003fde900000064', 'ro:65001:100'],
    ['01020a0000010064', 'rt:10.0.0.1:100'],
    ['0202fa56ea010064', 'rt:4200000001:100'],
    ['4004fde949989680', 'link-bandwidth:65001:1250000'],
    ['030b000000000064', 'color:0:100'],
    ['020200000001000a', 'generic:0x020200000001000a'],
    ['80060000477fff00', 'generic:0x80060000477fff00'],
  ])('extended community %s is %s, both ways', (octets, line) => {
    expect(formatExtendedCommunity(hex(octets))).toBe(line)
    expect(parseExtendedCommunity(line)).toEqual(hex(octets))
  })

  it.each<[string, string | undefined]>([
    ['(rt, 65001, 100)', '0002fde900000064'],
    ['(generic, 0x43000000, 0x1)', '4300000000000001'],
    ['rt:65001', undefined],
    ['rt:4294967296:1', undefined],
    ['rt:10.0.0.1:65536', undefined],
    ['link-bandwidth:1:x', undefined],
    ['generic:0x01', undefined],
    ['who:1:2', undefined],
  ])('extended community text %j', (line, octets) => {
    const parsed = parseExtendedCommunity(line)
    expect(parsed && text(parsed)).toBe(octets)
  })

  it('attributes have their registered names, deprecated ones too', () => {
    expect([22, 11, 200].map(registeredAttributeName)).toEqual(['PMSI_TUNNEL', 'DPA (deprecated)', undefined])
  })

  it('an AIGP metric has 64 bits, and may be missing', () => {
    const [found] = judge(attribute(0x80, 26, '01 000b ffffffffffffffff')).attributes
    const tlvs = (item: Attribute | undefined) => (item?.type === 'aigp' ? item.tlvs : [])
    expect([aigpMetric(tlvs(found)), aigpMetric([])]).toEqual([0xffffffffffffffffn, undefined])
  })

  it('confederation segments count nothing and hide no neighbour (RFC 5065 5.3)', () => {
    const block = hex(attribute(0x40, 2, '03 02 0000fde9 0000fdea 02 02 00000001 00000002'))
    const summary = new AttributeSummary()
    summarise(block, 0, block.length, summary)
    expect([summary.asPathLength, summary.neighbourAs]).toEqual([2, 1])
  })
})
