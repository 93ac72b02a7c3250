import { describe, expect, it } from 'vitest'
import type { Family } from '../../wire/index.ts'
import {
  decodeNlri,
  formatPrefix,
  IPV4_UNICAST,
  IPV6_UNICAST,
  NlriReader,
  writeNlri4,
  writeNlri6,
} from '../../wire/index.ts'
import { hex, surrounded, text } from '../support/wire-bytes.ts'

function read(family: Family, octets: string): { prefixes: string[]; malformed: boolean } {
  const reader = new NlriReader()
  const { bytes, start, end } = surrounded(hex(octets), 0xff)
  reader.reset(bytes, start, end, family)
  const prefixes: string[] = []
  while (reader.next()) {
    const words = [reader.address0, reader.address1, reader.address2, reader.address3]
    prefixes.push(formatPrefix(family, words.slice(0, family.words), reader.length))
  }
  return { prefixes, malformed: reader.malformed }
}

describe('NlriReader', () => {
  it.each([
    ['nothing', IPV4_UNICAST, '', []],
    ['the default route', IPV4_UNICAST, '00', ['0.0.0.0/0']],
    [
      'every octet count of IPv4',
      IPV4_UNICAST,
      '080a 100a01 180a0102 200a010203',
      ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.3/32'],
    ],
    ['an address above 127 as unsigned', IPV4_UNICAST, '08c0', ['192.0.0.0/8']],
    ['host bits as zero', IPV4_UNICAST, '09ffff 07ff', ['255.128.0.0/9', '254.0.0.0/7']],
    ['the IPv6 default route', IPV6_UNICAST, '00', ['::/0']],
    [
      'a short IPv6 prefix after a long one',
      IPV6_UNICAST,
      `80${'11'.repeat(16)} 1020 01`,
      ['1111:1111:1111:1111:1111:1111:1111:1111/128', '2001::/16'],
    ],
    ['IPv6 host bits as zero', IPV6_UNICAST, '21 20010db8ff', ['2001:db8:8000::/33']],
    [
      'IPv6 lengths around the words',
      IPV6_UNICAST,
      '20 20010db8 40 20010db800000001 60 20010db80000000100000002',
      ['2001:db8::/32', '2001:db8:0:1::/64', '2001:db8:0:1:0:2::/96'],
    ],
  ])('reads %s', (_name, family, octets, prefixes) => {
    expect(read(family, octets)).toEqual({ prefixes, malformed: false })
  })

  it.each([
    ['an IPv4 length of 33', IPV4_UNICAST, '080a 21 0a00000000', ['10.0.0.0/8']],
    ['an IPv6 length of 129', IPV6_UNICAST, `81${'00'.repeat(17)}`, []],
    ['a prefix running past its field', IPV4_UNICAST, '080a 18 0a01', ['10.0.0.0/8']],
    ['a length octet with nothing after it', IPV6_UNICAST, '40', []],
  ])('stops at %s', (_name, family, octets, prefixes) => {
    expect(read(family, octets)).toEqual({ prefixes, malformed: true })
  })

  it('stays stopped after a malformed prefix, and recovers on reset', () => {
    const reader = new NlriReader()
    reader.reset(hex('21'), 0, 1, IPV4_UNICAST)
    expect([reader.next(), reader.next(), reader.malformed]).toEqual([false, false, true])
    reader.reset(hex('080a'), 0, 2, IPV4_UNICAST)
    expect([reader.next(), reader.malformed]).toEqual([true, false])
  })
})

describe('NlriReader with path identifiers (RFC 7911 3)', () => {
  const readPaths = (family: Family, octets: string): { paths: string[]; malformed: boolean } => {
    const { bytes, start, end } = surrounded(hex(octets), 0xff)
    const reader = new NlriReader()
    reader.reset(bytes, start, end, family, true)
    const paths: string[] = []
    while (reader.next()) paths.push(`${reader.pathId} ${reader.address0}/${reader.length}`)
    return { paths, malformed: reader.malformed }
  }

  it.each([
    ['nothing', IPV4_UNICAST, '', []],
    ['two paths of one prefix', IPV4_UNICAST, '00000001 080a 00000002 080a', ['1 167772160/8', '2 167772160/8']],
    ['the highest identifier as unsigned', IPV4_UNICAST, 'ffffffff 00', ['4294967295 0/0']],
    ['IPv6', IPV6_UNICAST, '00000007 1020 01', ['7 536936448/16']],
  ])('reads %s', (_name, family, octets, paths) => {
    expect(readPaths(family, octets)).toEqual({ paths, malformed: false })
  })

  it.each([
    ['an identifier cut short', '000001'],
    ['an identifier with no prefix after it', '00000001'],
    ['a prefix running past its field', '00000001 18 0a01'],
    ['a length of 33', '00000001 21 0a00000000'],
  ])('stops at %s', (_name, octets) => {
    expect(readPaths(IPV4_UNICAST, octets)).toEqual({ paths: [], malformed: true })
  })

  it('has identifier 0 again in the next list without any', () => {
    const reader = new NlriReader()
    reader.reset(hex('00000009 00'), 0, 5, IPV4_UNICAST, true)
    reader.next()
    reader.reset(hex('00'), 0, 1, IPV4_UNICAST)
    expect([reader.next(), reader.pathId]).toEqual([true, 0])
  })
})

describe('writing prefixes', () => {
  it.each([
    [0, 0xffffffff, '00'],
    [1, 0xffffffff, '0180'],
    [8, 0x0a010203, '080a'],
    [9, 0x0affffff, '090a80'],
    [24, 0xc0a801ff, '18c0a801'],
    [32, 0xc0a801ff, '20c0a801ff'],
  ])('an IPv4 prefix of length %i takes only the octets it needs, host bits zero', (length, address, expected) => {
    const out = new Uint8Array(5)
    const end = writeNlri4(out, 0, address, length)
    expect(text(out.slice(0, end))).toBe(expected)
  })

  it.each([
    [0, '00'],
    [33, '21ffffffff80'],
    [64, `40${'ff'.repeat(8)}`],
    [127, `7f${'ff'.repeat(15)}fe`],
    [128, `80${'ff'.repeat(16)}`],
  ])('an IPv6 prefix of length %i likewise', (length, expected) => {
    const out = new Uint8Array(17)
    const end = writeNlri6(out, 0, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, length)
    expect(text(out.slice(0, end))).toBe(expected)
  })

  it('decodeNlri gives up the whole list for one bad prefix', () => {
    expect(decodeNlri(hex('080a 21'), 0, 3, IPV4_UNICAST)).toBeUndefined()
  })
})
