import { describe, expect, it } from 'vitest'
import {
  asn,
  decodeMessage,
  decodeUtf8,
  encodeUtf8,
  formatHex,
  KEEPALIVE,
  MODERN_CONTEXT,
  routerId,
} from '../../wire/index.ts'
import { hex, message, openBody, text } from '../support/wire-bytes.ts'

const decode = (bytes: Uint8Array) => decodeMessage(bytes[18] ?? 0, bytes, 0, bytes.length, MODERN_CONTEXT)

describe('decodeMessage', () => {
  it.each([
    ['open', message(1, openBody())],
    ['update', message(2, '00000000')],
    ['notification', message(3, '0602')],
    ['keepalive', message(4)],
    ['route-refresh', message(5, '00010001')],
  ])('reads an %s message', (type, bytes) => {
    expect(decode(bytes)).toMatchObject({ ok: true, value: { type } })
  })

  it.each([
    ['a type nobody knows', message(9), 1, 3],
    ['a KEEPALIVE with content', message(4, '00'), 1, 2],
    ['an OPEN too short', message(1, '04'), 1, 2],
    ['an UPDATE too short', message(2, '00'), 3, 1],
  ])('refuses %s', (_name, bytes, code, subcode) => {
    expect(decode(bytes)).toMatchObject({ ok: false, error: { code, subcode } })
  })

  it('has one KEEPALIVE for everybody', () => {
    expect(text(KEEPALIVE)).toBe(text(message(4)))
  })
})

describe('small things', () => {
  it.each([
    ['ascii', '61', 'a'],
    ['two octets', 'c3a9', 'é'],
    ['three octets', 'e282ac', '€'],
    ['four octets', 'f09f90a6', '🐦'],
  ])('UTF-8 of %s goes both ways', (_name, octets, string) => {
    expect(text(encodeUtf8(string))).toBe(octets)
    expect(decodeUtf8(hex(octets), 0, octets.length / 2)).toBe(string)
  })

  it.each(['80', 'c0af', 'c3', 'c328', 'e08080', 'eda080', 'f08080af', 'f4908080', 'ff', 'e282', 'f09f90'])(
    '%s is not UTF-8',
    octets => {
      expect(decodeUtf8(hex(octets), 0, octets.length / 2)).toBeUndefined()
    },
  )

  it('a lone surrogate is written as the replacement character', () => {
    expect(text(encodeUtf8('\ud800'))).toBe('efbfbd')
  })

  it('brands are unsigned numbers', () => {
    expect([asn(-1), routerId(0xc0000201)]).toEqual([4294967295, 0xc0000201])
  })

  it('hex is lower case without separators', () => {
    expect(formatHex(hex('0aFF00'))).toBe('0aff00')
  })
})
