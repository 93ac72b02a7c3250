import { describe, expect, it } from 'vitest'
import {
  clearHostBits,
  familyByName,
  familyOf,
  formatAddress,
  formatPrefix,
  formatRouterId,
  hasHostBits,
  IPV4_UNICAST,
  IPV6_UNICAST,
  parseAddress,
  parsePrefix,
  parseRouterId,
} from '../../wire/index.ts'
import { hex, text } from '../support/wire-bytes.ts'

const roundTrip = (prefix: string): string | undefined => {
  const parsed = parsePrefix(prefix)
  return parsed && formatPrefix(parsed.family, parsed.words, parsed.length)
}

describe('addresses as text', () => {
  it.each([
    ['10.0.0.1', '0a000001'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '00'.repeat(16)],
    ['::1', `${'00'.repeat(15)}01`],
    ['2001:db8::1', `20010db8${'00'.repeat(11)}01`],
    ['fe80::1:0:0:1', 'fe80000000000000 0001000000000001'],
    ['::ffff:10.0.0.1', `${'00'.repeat(10)}ffff0a000001`],
    ['::10.0.0.1', `${'00'.repeat(12)}0a000001`],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:0:3:4:5:6:7:8', '00010000000300040005000600070008'],
    ['1::4:5:0:0:8', '00010000000000040005000000000008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ])('%s is read into its octets', (address, octets) => {
    expect(text(parseAddress(address) ?? new Uint8Array(0))).toBe(octets.replaceAll(' ', ''))
  })

  it.each([
    ['10.0.0.1', '0a000001'],
    ['::', '00'.repeat(16)],
    ['::1', `${'00'.repeat(15)}01`],
    ['2001:db8::1', `20010db8${'00'.repeat(11)}01`],
    ['fe80::1:0:0:1', 'fe80000000000000 0001000000000001'],
    ['1:0:3:4:5:6:7:8', '00010000000300040005000600070008'],
    ['1::4:5:0:0:8', '00010000000000040005000000000008'],
    ['1:2:3:4:5:6:7:0', '00010002000300040005000600070000'],
    ['2001:db8::', `20010db8${'00'.repeat(12)}`],
    ['::ffff:10.0.0.1', `${'00'.repeat(10)}ffff0a000001`],
    ['::10.0.0.1', `${'00'.repeat(12)}0a000001`],
  ])('%s is the one way to write its octets', (address, octets) => {
    expect(formatAddress(hex(octets))).toBe(address)
  })

  it.each([
    '',
    '10',
    '10.0.0',
    '10.0.0.0.1',
    '10.0.0.256',
    '10.0.0.01',
    '10.0.0.-1',
    ' 10.0.0.1',
    '10.0.0.1 ',
    '0x0a.0.0.1',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    'fe80::1%eth0',
    '10.0.0.1::',
    '::10.0.0.1:1',
    '::10.0.0',
    '1:2:3:4:5:6:7:10.0.0.1',
  ])('"%s" is no address', address => {
    expect(parseAddress(address)).toBeUndefined()
  })
})

describe('prefixes as text', () => {
  it.each(['0.0.0.0/0', '10.0.0.0/8', '10.1.2.3/32', '::/0', '2001:db8::/32', 'fd00::1/128'])('%s survives', prefix => {
    expect(roundTrip(prefix)).toBe(prefix)
  })

  it('keeps host bits and tells of them', () => {
    const prefix = parsePrefix('10.1.2.3/8')
    expect(prefix && formatPrefix(prefix.family, prefix.words, prefix.length)).toBe('10.1.2.3/8')
    expect(prefix && hasHostBits(prefix)).toBe(true)
  })

  it.each([
    ['10.0.0.0/8', false],
    ['0.0.0.0/0', false],
    ['128.0.0.0/0', true],
    ['10.1.2.3/32', false],
    ['2001:db8::/32', false],
    ['2001:db8::1/127', true],
    ['2001:db8::1/128', false],
    ['2001:db8:0:1::/63', true],
    ['2001:db8:0:1::/64', false],
  ])('%s has host bits: %s', (prefix, expected) => {
    const parsed = parsePrefix(prefix)
    expect(parsed && hasHostBits(parsed)).toBe(expected)
    expect(parsed && hasHostBits(clearHostBits(parsed))).toBe(false)
  })

  it.each(['10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/08', '::/129', '10.0.0.0/8/8', '/8', '10.0.0.0/-1'])(
    '"%s" is no prefix',
    prefix => {
      expect(parsePrefix(prefix)).toBeUndefined()
    },
  )

  it('reads words as unsigned numbers, most significant first', () => {
    expect(parsePrefix('2001:db8::ff/128')).toEqual({
      family: IPV6_UNICAST,
      words: Uint32Array.of(0x20010db8, 0, 0, 0xff),
      length: 128,
    })
    expect(parsePrefix('192.0.2.0/24')).toEqual({ family: IPV4_UNICAST, words: Uint32Array.of(0xc0000200), length: 24 })
  })
})

describe('router ids and families', () => {
  it('a router id is an unsigned number and its dotted form', () => {
    expect(parseRouterId('192.0.2.1')).toBe(0xc0000201)
    expect(formatRouterId(0xc0000201)).toBe('192.0.2.1')
    expect(parseRouterId('::1')).toBeUndefined()
  })

  it('a family is found by its numbers and by its name', () => {
    expect(familyOf(1, 1)).toBe(IPV4_UNICAST)
    expect(familyOf(2, 1)).toBe(IPV6_UNICAST)
    expect(familyOf(1, 2)).toBeUndefined()
    expect(familyOf(25, 70)).toBeUndefined()
    expect(familyByName('ipv6-unicast')).toBe(IPV6_UNICAST)
    expect(familyByName('ipv5-unicast')).toBeUndefined()
  })
})
