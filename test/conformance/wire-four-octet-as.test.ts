/** Four-octet AS numbers beside speakers of two: the rows 128 to 134 of the conformance checklist. */

import { describe, expect, it } from 'vitest'
import type { AsPathSegment, Attribute, CodecContext } from '../../wire/index.ts'
import {
  countAsn,
  decodeAttributes,
  encodeAttributes,
  formatAttributeValue,
  MODERN_CONTEXT,
  NormalisedAttributes,
  normaliseAttributes,
} from '../../wire/index.ts'
import { attribute, hex, text } from '../support/wire-bytes.ts'

const OLD: CodecContext = { ...MODERN_CONTEXT, fourOctetAs: false, rejectAsSets: false }
const IPV4 = { ipv4Nlri: true, mpReach: false, anyReachable: true }
const NEXT_HOP = attribute(0x40, 3, '0a000001')

function decode(blocks: readonly string[], context = OLD) {
  const bytes = hex([attribute(0x40, 1, '00'), ...blocks, NEXT_HOP].join(''))
  return decodeAttributes(bytes, 0, bytes.length, context)
}

/** The value of an attribute as shown, or undefined when it is not there. */
function shown(attributes: readonly Attribute[], type: Attribute['type']): string | undefined {
  const found = attributes.find(one => one.type === type)
  return found && formatAttributeValue(found)
}

const pathOf = (...blocks: string[]): string | undefined => shown(decode(blocks).attributes, 'as-path')

const sequence = (...asns: number[]): AsPathSegment => ({ type: 'sequence', asns })

const AS_PATH = (value: string): string => attribute(0x40, 2, value)
const AS4_PATH = (value: string): string => attribute(0xc0, 17, value)

describe('four-octet AS numbers', () => {
  it('row 128: to a two-octet peer 23456 stands for each large number, and AS4_PATH has the real ones', () => {
    const block = encodeAttributes([{ type: 'as-path', segments: [sequence(65001, 70000)] }], OLD)
    expect(text(block)).toBe(AS_PATH('02 02 fde9 5ba0') + AS4_PATH('02 02 0000fde9 00011170'))
  })

  it('row 128: without a large number there is no AS4_PATH', () => {
    const block = encodeAttributes([{ type: 'as-path', segments: [sequence(65001)] }], OLD)
    expect(text(block)).toBe(AS_PATH('02 01 fde9'))
  })

  it('row 128: AS4_PATH is sent without confederation segments', () => {
    const segments: AsPathSegment[] = [{ type: 'confed-sequence', asns: [80000] }, sequence(70000)]
    const block = encodeAttributes([{ type: 'as-path', segments }], OLD)
    expect(text(block)).toBe(AS_PATH('03 01 5ba0 02 01 5ba0') + AS4_PATH('02 01 00011170'))
  })

  it('row 129: an AS_PATH shorter than AS4_PATH voids the latter', () => {
    expect(pathOf(AS_PATH('02 01 fde9'), AS4_PATH('02 02 00011170 00011171'))).toBe('65001')
  })

  it('row 129: a set counts as one number', () => {
    const merged = pathOf(AS_PATH('01 03 0001 0002 0003'), AS4_PATH('02 02 00011170 00011171'))
    expect(merged).toBe('{1 2 3}')
  })

  it('row 130: the surplus leading numbers of AS_PATH are put before AS4_PATH', () => {
    const merged = pathOf(AS_PATH('02 03 fde9 5ba0 5ba0'), AS4_PATH('02 02 00011170 00011171'))
    expect(merged).toBe('65001 70000 70001')
  })

  it('row 130: with equal counts AS4_PATH is the path', () => {
    expect(pathOf(AS_PATH('02 01 5ba0'), AS4_PATH('02 01 00011170'))).toBe('70000')
  })

  it('row 131: an AGGREGATOR other than AS 23456 voids AS4_AGGREGATOR and AS4_PATH', () => {
    const { attributes } = decode([
      AS_PATH('02 01 5ba0'),
      attribute(0xc0, 7, 'fde9 0a000001'),
      AS4_PATH('02 01 00011170'),
      attribute(0xc0, 18, '00011170 0a000002'),
    ])
    expect([shown(attributes, 'as-path'), shown(attributes, 'aggregator')]).toEqual(['23456', '10.0.0.1 AS65001'])
  })

  it('row 131: an AGGREGATOR of AS 23456 is replaced by AS4_AGGREGATOR', () => {
    const aggregator = attribute(0xc0, 7, '5ba0 0a000001')
    const { attributes } = decode([AS_PATH('02 01 fde9'), aggregator, attribute(0xc0, 18, '00011170 0a000002')])
    expect(shown(attributes, 'aggregator')).toBe('10.0.0.2 AS70000')
  })

  it.each([
    ['AS4_PATH', AS4_PATH('02 01 00011170'), 17],
    ['AS4_AGGREGATOR', attribute(0xc0, 18, '00011170 0a000002'), 18],
  ])('row 132: %s from a four-octet peer is discarded, and the route goes on', (_name, block, code) => {
    const { action, attributes, problems } = decode([AS_PATH('02 01 0000fde9'), block], MODERN_CONTEXT)
    expect([action, shown(attributes, 'as-path')]).toEqual(['discard', '65001'])
    expect(problems.map(problem => [problem.code, problem.action])).toEqual([[code, 'discard']])
  })

  it.each([
    ['an unknown segment type', '09 01 00011170'],
    ['a segment that overruns', '02 09 00011170'],
    ['a stray octet', '02 01 00011170 00'],
    ['an empty segment', '02 00'],
    ['a length that is not even', '02 01 000111'],
  ])('row 133: AS4_PATH with %s is discarded, and the route kept', (_name, value) => {
    const { action, attributes } = decode([AS_PATH('02 01 5ba0'), AS4_PATH(value)])
    expect([action, shown(attributes, 'as-path')]).toEqual(['discard', '23456'])
  })

  it('row 134: a loop is looked for in the merged path', () => {
    const block = hex(
      [attribute(0x40, 1, '00'), AS_PATH('02 02 fde9 5ba0'), NEXT_HOP, AS4_PATH('02 02 0000fde9 00011170')].join(''),
    )
    const out = new NormalisedAttributes()
    normaliseAttributes(block, 0, block.length, OLD, IPV4, out)
    const path = '02020000fde900011170'
    const at = text(out.bytes.slice(0, out.length)).indexOf(path) / 2
    expect([70000, 23456].map(asn => countAsn(out.bytes, at, at + path.length / 2, asn))).toEqual([1, 0])
  })
})
