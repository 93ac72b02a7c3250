import { describe, expect, it } from 'vitest'
import type { CodecContext } from '../../wire/index.ts'
import {
  decodeAttributes,
  encodeAttributes,
  formatAttributeValue,
  MODERN_CONTEXT,
  narrowAttributes,
} from '../../wire/index.ts'
import { attribute, hex, NEXT_HOP_10_0_0_1, ORIGIN_IGP, text } from '../support/wire-bytes.ts'

const OLD: CodecContext = { ...MODERN_CONTEXT, fourOctetAs: false, rejectAsSets: false }

/** A path as hex: numbers in so many octets; a leading 's' makes a set, 'c' a confederation sequence. */
function path(octets: 2 | 4, ...segments: string[]): string {
  return segments
    .map(segment => {
      const numbers = segment.replace(/^[sc]/, '').trim().split(/\s+/)
      const type = segment.startsWith('s') ? '01' : segment.startsWith('c') ? '03' : '02'
      const values = numbers.map(number =>
        Number(number)
          .toString(16)
          .padStart(2 * octets, '0'),
      )
      return type + numbers.length.toString(16).padStart(2, '0') + values.join('')
    })
    .join('')
}

function received(asPath: string, as4Path?: string, more = ''): { action: string; path?: string } {
  const as4 = as4Path === undefined ? '' : attribute(0xd0, 17, as4Path)
  const bytes = hex(attribute(0x50, 2, asPath) + as4 + more)
  const { attributes, action } = decodeAttributes(bytes, 0, bytes.length, OLD)
  const found = attributes.find(({ type }) => type === 'as-path')
  return found === undefined ? { action } : { action, path: formatAttributeValue(found) }
}

describe('the path of a two-octet speaker (RFC 6793 4.2.3)', () => {
  it.each([
    ['stands alone without AS4_PATH', path(2, '65001 23456'), undefined, '65001 23456'],
    ['is AS4_PATH when both are of equal length', path(2, '23456 65002'), path(4, '70001 65002'), '70001 65002'],
    ['leads AS4_PATH with what is missing there', path(2, '1 2 23456 4'), path(4, '70003 4'), '1 2 70003 4'],
    ['stands alone when AS4_PATH is longer', path(2, '1 23456'), path(4, '9 9 70003'), '1 23456'],
    ['counts a set as one', path(2, '1 23456', 's 5 6 7'), path(4, '70002', 's 5 6 7'), '1 70002 {5 6 7}'],
    ['leads with a whole set', path(2, 's 5 6', '23456'), path(4, '70001'), '{5 6} 70001'],
    ['takes part of a sequence that is too long', path(2, '1 2 3'), path(4, '70003'), '1 2 70003'],
    ['forgets confederation segments in AS4_PATH', path(2, '1 23456'), path(4, 'c 8 9', '70002'), '1 70002'],
    ['survives an AS4_PATH of confederations only', path(2, '1 2'), path(4, 'c 8'), '1 2'],
    ['may be empty', '', undefined, ''],
  ])('%s', (_name, asPath, as4Path, expected) => {
    expect(received(asPath, as4Path)).toEqual({ action: 'accept', path: expected })
  })

  it('keeps sequences apart that would not fit one segment', () => {
    const many = Array.from({ length: 200 }, (_, index) => `${index + 1}`).join(' ')
    const merged = received(path(2, many, '23456', many), path(4, '70001', many))
    expect(merged.path).toBe(`${many} 70001 ${many}`)
  })

  it('stands alone when AGGREGATOR was set by a later speaker', () => {
    const aggregators = attribute(0xc0, 7, 'fde9 0a000001') + attribute(0xc0, 18, '00011170 0a000002')
    expect(received(path(2, '1 23456'), path(4, '70002'), aggregators).path).toBe('1 23456')
  })

  it('is merged when AGGREGATOR is AS_TRANS', () => {
    const aggregators = attribute(0xc0, 7, '5ba0 0a000001') + attribute(0xc0, 18, '00011170 0a000002')
    expect(received(path(2, '1 23456'), path(4, '70002'), aggregators).path).toBe('1 70002')
  })

  it('makes a withdrawal of a set that only AS4_PATH has', () => {
    const bytes = hex(attribute(0x40, 2, path(2, '1 2')) + attribute(0xc0, 17, path(4, 's 1 2')))
    expect(decodeAttributes(bytes, 0, bytes.length, { ...OLD, rejectAsSets: true }).action).toBe('withdraw')
  })
})

describe('the aggregator of a two-octet speaker (RFC 6793 4.2.3)', () => {
  const aggregatorOf = (block: string): string | undefined => {
    const bytes = hex(block)
    const found = decodeAttributes(bytes, 0, bytes.length, OLD).attributes.find(({ type }) => type === 'aggregator')
    return found && formatAttributeValue(found)
  }

  it.each([
    [
      'is AS4_AGGREGATOR beside AS_TRANS',
      attribute(0xc0, 7, '5ba0 0a000001') + attribute(0xc0, 18, '00011170 0a000002'),
      '10.0.0.2 AS70000',
    ],
    [
      'is AGGREGATOR when that is not AS_TRANS',
      attribute(0xc0, 7, 'fde9 0a000001') + attribute(0xc0, 18, '00011170 0a000002'),
      '10.0.0.1 AS65001',
    ],
    ['is AGGREGATOR alone', attribute(0xc0, 7, '5ba0 0a000001'), '10.0.0.1 AS23456'],
    ['is not AS4_AGGREGATOR alone', attribute(0xc0, 18, '00011170 0a000002'), undefined],
  ])('%s', (_name, block, expected) => {
    expect(aggregatorOf(block)).toBe(expected)
  })
})

describe('what a two-octet speaker is sent (RFC 6793 4.2.2)', () => {
  const canonical = (...attributes: string[]): Uint8Array => hex(attributes.join(''))
  const wide = (...segments: string[]): string => attribute(0x40, 2, path(4, ...segments))
  const narrow = (...segments: string[]): string => attribute(0x40, 2, path(2, ...segments))

  it.each([
    ['only AS_PATH when every number fits', [wide('1 65535')], [narrow('1 65535')]],
    [
      'AS_TRANS and AS4_PATH when one does not',
      [wide('1 70002')],
      [narrow('1 23456'), attribute(0xc0, 17, path(4, '1 70002'))],
    ],
    [
      'AS4_PATH without confederations',
      [wide('c 70001', '70002')],
      [narrow('c 23456', '23456'), attribute(0xc0, 17, path(4, '70002'))],
    ],
    ['AGGREGATOR in two octets', [attribute(0xc0, 7, '0000fde9 0a000001')], [attribute(0xc0, 7, 'fde9 0a000001')]],
    [
      'AS_TRANS and AS4_AGGREGATOR',
      [attribute(0xc0, 7, '00011170 0a000001')],
      [attribute(0xc0, 7, '5ba0 0a000001'), attribute(0xc0, 18, '00011170 0a000001')],
    ],
    [
      'AS4 attributes in their place by type code',
      [
        ORIGIN_IGP,
        wide('70002'),
        NEXT_HOP_10_0_0_1,
        attribute(0xe0, 7, '00011170 0a000001'),
        attribute(0xe0, 32, '00'.repeat(12)),
      ],
      [
        ORIGIN_IGP,
        narrow('23456'),
        NEXT_HOP_10_0_0_1,
        attribute(0xe0, 7, '5ba0 0a000001'),
        attribute(0xc0, 17, path(4, '70002')),
        attribute(0xc0, 18, '00011170 0a000001'),
        attribute(0xe0, 32, '00'.repeat(12)),
      ],
    ],
  ])('is %s', (_name, before, after) => {
    const block = canonical(...before)
    expect(text(narrowAttributes(block, 0, block.length))).toBe(after.join(''))
  })

  it('has a short length again where two octets make the path short', () => {
    const many = Array.from({ length: 100 }, () => '7').join(' ')
    const block = canonical(attribute(0x50, 2, path(4, many)))
    expect(text(narrowAttributes(block, 0, block.length))).toBe(narrow(many))
  })

  it('is the same when built from objects', () => {
    const attributes = [
      { type: 'as-path', segments: [{ type: 'sequence', asns: [1, 70002] }] },
      { type: 'aggregator', asn: 70000, address: 0x0a000001 },
    ] as const
    const expected = [narrow('1 23456'), attribute(0xc0, 7, '5ba0 0a000001'), attribute(0xc0, 17, path(4, '1 70002'))]
    expect(text(encodeAttributes(attributes, OLD))).toBe(
      [...expected, attribute(0xc0, 18, '00011170 0a000001')].join(''),
    )
  })

  it('is written as several segments when a sequence has more than 255 numbers', () => {
    const asns = Array.from({ length: 256 }, () => 7)
    const encoded = encodeAttributes([{ type: 'as-path', segments: [{ type: 'sequence', asns }] }], MODERN_CONTEXT)
    const value = `${'02ff'}${'00000007'.repeat(255)}020100000007`
    expect(text(encoded)).toBe(attribute(0x50, 2, value))
  })
})
