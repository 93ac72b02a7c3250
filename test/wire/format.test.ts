import { describe, expect, it } from 'vitest'
import type { Attribute } from '../../wire/index.ts'
import { ATTRIBUTES, decodeCanonicalAttributes, formatAttribute, parsePrefix } from '../../wire/index.ts'
import { attribute, hex, ORIGIN_IGP, PATH_65001 } from '../support/wire-bytes.ts'

const net = (text: string) => {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(text)
  return prefix
}

describe('attributes in the words of BIRD', () => {
  it.each<[Attribute, string]>([
    [{ type: 'origin', origin: 0 }, 'BGP.origin: IGP'],
    [{ type: 'origin', origin: 2 }, 'BGP.origin: Incomplete'],
    [{ type: 'as-path', segments: [] }, 'BGP.as_path: '],
    [
      {
        type: 'as-path',
        segments: [
          { type: 'sequence', asns: [65001, 65002] },
          { type: 'set', asns: [1, 2] },
        ],
      },
      'BGP.as_path: 65001 65002 {1 2}',
    ],
    [
      {
        type: 'as-path',
        segments: [
          { type: 'confed-sequence', asns: [1, 2] },
          { type: 'confed-set', asns: [3] },
        ],
      },
      'BGP.as_path: (1 2) ({3})',
    ],
    [{ type: 'next-hop', octets: hex('0a000001') }, 'BGP.next_hop: 10.0.0.1'],
    [
      { type: 'next-hop', octets: hex(`fd00${'00'.repeat(13)}01 fe80${'00'.repeat(13)}01`) },
      'BGP.next_hop: fd00::1 fe80::1',
    ],
    [{ type: 'med', value: 10 }, 'BGP.med: 10'],
    [{ type: 'local-pref', value: 100 }, 'BGP.local_pref: 100'],
    [{ type: 'atomic-aggregate' }, 'BGP.atomic_aggr: '],
    [{ type: 'aggregator', asn: 65001, address: 0x0a000001 }, 'BGP.aggregator: 10.0.0.1 AS65001'],
    [{ type: 'communities', values: [0xfde90064, 0xffffff01] }, 'BGP.community: (65001,100) (65535,65281)'],
    [{ type: 'originator-id', routerId: 0x0a000001 }, 'BGP.originator_id: 10.0.0.1'],
    [{ type: 'cluster-list', ids: [0x0a000001, 0xc0000201] }, 'BGP.cluster_list: 10.0.0.1 192.0.2.1'],
    [
      {
        type: 'extended-communities',
        values: [hex('0002fde900000064'), hex('01030a0000010064'), hex('0202fa56ea010064')],
      },
      'BGP.ext_community: (rt, 65001, 100) (ro, 10.0.0.1, 100) (rt, 4200000001, 100)',
    ],
    [
      { type: 'extended-communities', values: [hex('4004fde900000001'), hex('030b000000000001')] },
      'BGP.ext_community: (unknown 0x4004, 65001, 1) (generic, 0x30b0000, 0x1)',
    ],
    [{ type: 'large-communities', values: [[65001, 1, 2]] }, 'BGP.large_community: (65001, 1, 2)'],
    [{ type: 'unknown', code: 99, flags: 0xe0, value: hex('01ff') }, 'BGP.99 [t]: 01 ff'],
    [{ type: 'unknown', code: 99, flags: 0x80, value: hex('') }, 'BGP.99: '],
    [
      { type: 'mp-reach', afi: 2, safi: 1, nextHop: hex(`fd00${'00'.repeat(13)}01`), nlri: [net('2001:db8::/32')] },
      'BGP.mp_reach_nlri: ipv6-unicast 2001:db8::/32 via fd00::1',
    ],
    [
      { type: 'mp-reach', afi: 25, safi: 70, nextHop: hex('010203'), nlri: [], opaque: hex('0102') },
      'BGP.mp_reach_nlri: afi 25 safi 70 (2 octets) via 0x010203',
    ],
    [{ type: 'mp-unreach', afi: 2, safi: 1, nlri: [] }, 'BGP.mp_unreach_nlri: ipv6-unicast'],
  ])('%j', (value, line) => {
    expect(formatAttribute(value)).toBe(line)
  })
})

describe('canonical attributes as objects', () => {
  it('have next hops of every length and attributes of every kind', () => {
    const hop = `20010db8${'00'.repeat(11)}01`
    const block = hex([ORIGIN_IGP, PATH_65001, attribute(0x40, 3, hop), attribute(0xf0, 99, '01'.repeat(300))].join(''))
    expect(decodeCanonicalAttributes(block, 0, block.length).map(formatAttribute).slice(0, 3)).toEqual([
      'BGP.origin: IGP',
      'BGP.as_path: 65001',
      'BGP.next_hop: 2001:db8::1',
    ])
  })
})

describe('the attribute table', () => {
  it('has one row per code, in ascending order', () => {
    const codes = ATTRIBUTES.map(({ code }) => code)
    expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b))
  })

  it('has one row per type', () => {
    expect(new Set(ATTRIBUTES.map(({ type }) => type)).size).toBe(ATTRIBUTES.length)
  })
})
