import { describe, expect, it } from 'vitest'
import { decodeRouteRefresh, encodeRouteRefresh, formatRefreshSubtype } from '../../wire/index.ts'
import { hex, message, text } from '../support/wire-bytes.ts'

const decode = (body: string) => {
  const bytes = hex(body)
  return decodeRouteRefresh(bytes, 0, bytes.length)
}

describe('ROUTE-REFRESH', () => {
  it('has AFI, subtype and SAFI', () => {
    expect(decode('0002 00 01')).toEqual({ ok: true, value: { afi: 2, safi: 1, subtype: 0 } })
    expect(text(encodeRouteRefresh({ afi: 2, safi: 1, subtype: 0 }))).toBe(text(message(5, '00020001')))
  })

  it.each([
    ['a request', 0],
    ['a BoRR', 1],
    ['an EoRR', 2],
  ])('of five octets is 7/1 as %s', (_name, subtype) => {
    expect(decode(`0001 0${subtype} 01 00`)).toMatchObject({ ok: false, error: { code: 7, subcode: 1 } })
  })

  it('of five octets and a later subtype is a value to ignore', () => {
    expect(decode('0001 03 01 00')).toEqual({ ok: true, value: { afi: 1, safi: 1, subtype: 3 } })
  })

  it('calls its subtypes by name', () => {
    expect([0, 1, 2, 3].map(formatRefreshSubtype)).toEqual(['request', 'BoRR', 'EoRR', 'subtype 3'])
  })

  it('of a subtype or family nobody knows is read all the same', () => {
    expect(decode('4004 09 47')).toEqual({ ok: true, value: { afi: 0x4004, safi: 0x47, subtype: 9 } })
  })

  it.each(['', '0001', '000100', '0001000100'])('with the body "%s" is 7/1 with the whole message', body => {
    const result = decode(body)
    if (result.ok) throw new Error('was accepted')
    expect([result.error.code, result.error.subcode]).toEqual([7, 1])
    expect(text(result.error.data)).toBe(text(message(5, body)))
  })
})
