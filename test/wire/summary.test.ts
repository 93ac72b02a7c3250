import { describe, expect, it } from 'vitest'
import { AttributeSummary, countAsn, hasClusterId, summarise } from '../../wire/index.ts'
import { attribute, hex, MANDATORY, NEXT_HOP_10_0_0_1, ORIGIN_IGP, surrounded, text } from '../support/wire-bytes.ts'

function summary(attributes: readonly string[]) {
  const { bytes, start, end } = surrounded(hex(attributes.join('')), 0xff)
  const out = new AttributeSummary()
  summarise(bytes, start, end, out)
  const at = (offset: number, length: number): string => text(bytes.slice(start + offset, start + offset + length))
  return { out, at }
}

const path = (value: string): string => attribute(0x40, 2, value)

describe('the summary of an attribute set', () => {
  it('has everything the decision process compares', () => {
    const { out } = summary([
      attribute(0x40, 1, '01'),
      path('02 02 0000fde9 fa56ea01'),
      NEXT_HOP_10_0_0_1,
      attribute(0x80, 4, 'ffffffff'),
      attribute(0x40, 5, '000000c8'),
      attribute(0x80, 9, 'c0000201'),
      attribute(0x80, 10, '0a000001 0a000002 0a000003'),
    ])
    expect(out).toMatchObject({
      origin: 1,
      asPathLength: 2,
      neighbourAs: 65001,
      hasMed: true,
      med: 4294967295,
      hasLocalPref: true,
      localPref: 200,
      hasOriginatorId: true,
      originatorId: 0xc0000201,
      clusterListLength: 3,
    })
  })

  it('tells where the values are, counted from the start of the block', () => {
    const { out, at } = summary([
      ...MANDATORY,
      attribute(0xc0, 8, '00010002'),
      attribute(0x80, 10, '0a000001'),
      attribute(0xc0, 16, '0002fde900000064'),
      attribute(0xc0, 32, '11'.repeat(12)),
    ])
    expect(at(out.asPathOffset, out.asPathLengthOctets)).toBe('02010000fde9')
    expect(at(out.nextHopOffset, out.nextHopLength)).toBe('0a000001')
    expect(at(out.communitiesOffset, out.communitiesLength)).toBe('00010002')
    expect(at(out.clusterListOffset, out.clusterListLengthOctets)).toBe('0a000001')
    expect(at(out.extendedCommunitiesOffset, out.extendedCommunitiesLength)).toBe('0002fde900000064')
    expect(at(out.largeCommunitiesOffset, out.largeCommunitiesLength)).toBe('11'.repeat(12))
  })

  it('has offset 0 for what is absent', () => {
    const { out } = summary([ORIGIN_IGP])
    expect([out.asPathOffset, out.nextHopOffset, out.communitiesOffset, out.clusterListOffset]).toEqual([0, 0, 0, 0])
    expect([out.hasMed, out.hasLocalPref, out.hasOriginatorId]).toEqual([false, false, false])
  })

  it('forgets the attribute set before', () => {
    const out = new AttributeSummary()
    const full = hex([...MANDATORY, attribute(0x80, 4, '00000001'), attribute(0xc0, 8, 'ffffff01')].join(''))
    summarise(full, 0, full.length, out)
    summarise(full, 0, 0, out)
    const fresh = new AttributeSummary()
    summarise(full, 0, 0, fresh)
    expect(out).toEqual(fresh)
    expect(out).toMatchObject({ neighbourAs: 0, med: 0, localPref: 0, originatorId: 0 })
  })

  it('tells where the attributes of reflection belong', () => {
    const before = [...MANDATORY, attribute(0xc0, 8, '00010002')]
    const place = before.join('').length / 2
    expect(summary(before).out.reflectionOffset).toBe(place)
    expect(summary([...before, attribute(0xc0, 16, '00'.repeat(8))]).out.reflectionOffset).toBe(place)
    expect(summary([...before, attribute(0x80, 9, '0a000001')]).out.reflectionOffset).toBe(place)
  })

  it.each([
    ['an empty path', '', 0, 0],
    ['one sequence', '02 03 00000001 00000002 00000003', 3, 1],
    ['two sequences', '02 01 00000001 02 02 00000002 00000003', 3, 1],
    ['a set at the end', '02 01 00000001 01 03 00000005 00000006 00000007', 2, 1],
    ['a set at the start', '01 02 00000005 00000006 02 01 00000001', 2, 0],
  ])('%s has its length and neighbour', (_name, value, length, neighbour) => {
    expect(summary([path(value)]).out).toMatchObject({ asPathLength: length, neighbourAs: neighbour })
  })

  it.each([
    ['ffffff01', { noExport: true, noAdvertise: false, noExportSubconfed: false }],
    ['00000001 ffffff02', { noExport: false, noAdvertise: true, noExportSubconfed: false }],
    ['ffffff03 ffff0000', { noExport: false, noAdvertise: false, noExportSubconfed: true }],
    ['fffffe01', { noExport: false, noAdvertise: false, noExportSubconfed: false }],
  ])('communities %s', (value, expected) => {
    expect(summary([attribute(0xc0, 8, value)]).out).toMatchObject(expected)
  })

  it('reads a value with Extended Length', () => {
    const { out } = summary([attribute(0xd0, 8, `${'00000001'.repeat(63)}ffffff01`), attribute(0xe0, 99, '00')])
    expect([out.communitiesOffset, out.communitiesLength, out.noExport]).toEqual([4, 256, true])
  })
})

describe('loop checks', () => {
  it('count an AS in segments of every type', () => {
    const value = hex('02 02 fa56ea01 00000001 01 02 00000001 fa56ea01')
    expect([4200000001, 1, 2].map(asn => countAsn(value, 0, value.length, asn))).toEqual([2, 2, 0])
    expect(countAsn(value, 0, 0, 1)).toBe(0)
  })

  it('find a cluster id, also above 127.255.255.255', () => {
    const value = hex('0a000001 c0000201')
    expect(hasClusterId(value, 0, 8, 0xc0000201)).toBe(true)
    expect(hasClusterId(value, 0, 4, 0xc0000201)).toBe(false)
  })
})
