import { describe, expect, it } from 'vitest'
import { parseCommunity, parseCommunityPattern } from '../../../src/config/community.ts'
import { LocatedDocument } from '../../../src/config/locate.ts'
import { formatPath } from '../../../src/config/problem.ts'
import { suggest } from '../../../src/config/suggest.ts'
import { parsePrefixMatch, parsePrefixText } from '../../../src/config/text.ts'
import { formatPrefix } from '../../../wire/prefix.ts'

describe('prefix text', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8', 8, 8],
    ['10.0.0.0/8+', '10.0.0.0/8', 8, 32],
    ['10.0.0.0/8{16,24}', '10.0.0.0/8', 16, 24],
    ['10.0.0.0/8{ 8, 8 }', '10.0.0.0/8', 8, 8],
    ['0.0.0.0/0+', '0.0.0.0/0', 0, 32],
    ['2001:DB8::/32{48,64}', '2001:db8::/32', 48, 64],
    ['::ffff:10.0.0.0/104', '::ffff:10.0.0.0/104', 104, 104],
    ['255.255.255.255/32', '255.255.255.255/32', 32, 32],
  ])('%s is %s, lengths %d to %d', (text, prefix, minLength, maxLength) => {
    const parsed = parsePrefixMatch(text)
    if (!parsed.ok) throw new Error(parsed.finding.message)
    const { family, words, length } = parsed.value.prefix
    expect([formatPrefix(family, words, length), parsed.value.minLength, parsed.value.maxLength]).toEqual([
      prefix,
      minLength,
      maxLength,
    ])
  })

  it.each([
    '',
    '/',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8 ',
    ' 10.0.0.0/8',
    '10.0.0/8',
    '1.2.3.4.5/8',
    'fe80::%eth0/64',
    '::/129',
    '10.0.0.0/8/8',
    '::1::/8',
  ])('%j is none', text => {
    expect(parsePrefixText(text).ok).toBe(false)
  })

  it('names the right prefix of mapped IPv4 as BIRD prints it', () => {
    const parsed = parsePrefixText('::ffff:10.0.0.1/104')
    expect(parsed.ok ? '' : parsed.finding.hint).toContain('write ::ffff:10.0.0.0/104')
  })
})

describe('community text', () => {
  it.each([
    ['64512:10', 0xfc00000a],
    ['0:0', 0],
    ['65535:65535', 0xffffffff],
    ['no-export', 0xffffff01],
    ['blackhole', 0xffff029a],
    ['4200000001:0:4294967295', [4200000001, 0, 4294967295]],
  ])('%s is %j', (text, value) => {
    expect(parseCommunity(text)).toEqual({ ok: true, value })
    expect(parseCommunityPattern(text)).toEqual({ ok: true, value })
  })

  it.each([
    ['64512:*', 0xfc000000, 0xffff0000],
    ['*:7', 7, 0xffff],
    ['*:*', 0, 0],
    ['64512:*:7', [64512, 0, 7], [0xffffffff, 0, 0xffffffff]],
  ])('%s is a pattern', (text, value, mask) => {
    expect(parseCommunityPattern(text)).toEqual({ ok: true, value: { value, mask } })
    expect(parseCommunity(text)).toMatchObject({ ok: false, finding: { code: 'bad-community' } })
  })

  it.each(['64512', '64512:65536', '1:2:4294967296', '1:2:3:4', 'no_export', '64512:', ':1', '-1:1', '64512:1*'])(
    '%s is refused',
    text => {
      expect(parseCommunityPattern(text)).toMatchObject({ ok: false, finding: { code: 'bad-community' } })
    },
  )
})

describe('did you mean', () => {
  const KEYS = ['address', 'asn', 'port', 'passive', 'import', 'export']
  it.each([
    ['adress', 'address'],
    ['adresss', 'address'],
    ['ans', 'asn'],
    ['Passive', 'passive'],
    ['exprot', 'export'],
    ['frobnicate', undefined],
    ['x', undefined],
  ])('%s: %s', (word, meant) => {
    expect(suggest(word, KEYS)).toBe(meant)
  })
})

describe('places', () => {
  const document = new LocatedDocument('a:\n  - b: 1\n    c: 2\nd: &x { e: [ 3, 4 ] }\nf: *x\n')
  it.each([
    [[], false, 1, 1],
    [['a'], false, 2, 3],
    [['a'], true, 1, 1],
    [['a', 0, 'b'], false, 2, 8],
    [['a', 0, 'b'], true, 2, 5],
    [['a', 0, 'absent'], false, 2, 5],
    [['a', 7], false, 2, 3],
    [['d', 'e', 1], false, 4, 17],
    [['f', 'e', 0], false, 4, 14],
    [['f'], false, 5, 4],
    [['nowhere', 'at', 'all'], false, 1, 1],
  ])('%j, key %s, is at %d:%d', (path, onKey, line, column) => {
    expect(document.place(path, onKey)).toEqual({ line, column })
  })

  it('paths read as people write them', () => {
    expect(formatPath(['peers', 0, 'asn'])).toBe('peers[0].asn')
    expect(formatPath(['policies', 'a b', 'terms', 1])).toBe('policies["a b"].terms[1]')
    expect(formatPath([])).toBe('')
  })
})
