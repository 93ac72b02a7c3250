import { describe, expect, it } from 'vitest'
import type { Capability } from '../../wire/index.ts'
import {
  decodeOpen,
  encodeOpen,
  formatCapability,
  IPV4_UNICAST,
  IPV6_UNICAST,
  multiprotocol,
} from '../../wire/index.ts'
import { hex, int, message, openBody, text } from '../support/wire-bytes.ts'

const decode = (body: string) => {
  const bytes = hex(body)
  return decodeOpen(bytes, 0, bytes.length)
}

const capabilitiesOf = (body: string): readonly Capability[] => {
  const result = decode(body)
  if (!result.ok) throw new Error(result.error.reason)
  return result.value.capabilities
}

const MP_IPV4 = '01 04 0001 00 01'
const MP_IPV6 = '01 04 0002 00 01'
const REFRESH = '02 00'
const AS4 = '41 04 fa56ea01'

/** A type-2 parameter around some capabilities. */
const parameter = (...capabilities: string[]): string => {
  const value = capabilities.join('').replace(/\s+/g, '')
  return `02${int(value.length / 2, 1)}${value}`
}

describe('decodeOpen reads', () => {
  it('an OPEN without parameters', () => {
    const result = decode(openBody())
    const value = { version: 4, asn: 65001, holdTimeS: 90, routerId: 0x0a000001, capabilities: [] }
    expect(result).toEqual({ ok: true, value })
  })

  it('AS_TRANS beside the real AS number and lets both stand', () => {
    const result = decode(openBody(parameter(AS4), { fixed: '04 5ba0 005a 0a000001' }))
    expect(result).toMatchObject({
      ok: true,
      value: { asn: 23456, capabilities: [{ kind: 'four-octet-as', asn: 4200000001 }] },
    })
  })

  it('all capabilities it knows', () => {
    expect(capabilitiesOf(openBody(parameter(MP_IPV4, MP_IPV6, REFRESH, AS4)))).toEqual([
      { kind: 'multiprotocol', family: IPV4_UNICAST, afi: 1, safi: 1 },
      { kind: 'multiprotocol', family: IPV6_UNICAST, afi: 2, safi: 1 },
      { kind: 'route-refresh' },
      { kind: 'four-octet-as', asn: 4200000001 },
    ])
  })

  it('capabilities spread over several parameters, repeats included, as one list', () => {
    const body = openBody(parameter(MP_IPV4) + parameter(MP_IPV6, MP_IPV4) + parameter(REFRESH))
    expect(capabilitiesOf(body).map(formatCapability)).toEqual([
      'multiprotocol ipv4-unicast',
      'multiprotocol ipv6-unicast',
      'multiprotocol ipv4-unicast',
      'route-refresh',
    ])
  })

  it('a family it does not speak, without a Family', () => {
    expect(capabilitiesOf(openBody(parameter('01 04 0019 00 46')))).toEqual([
      { kind: 'multiprotocol', afi: 25, safi: 70 },
    ])
  })

  it('a multiprotocol capability whose reserved octet is not zero', () => {
    expect(capabilitiesOf(openBody(parameter('01 04 0001 ff 01')))).toMatchObject([{ family: IPV4_UNICAST }])
  })

  it('an unknown capability, which is kept and listed', () => {
    const [capability] = capabilitiesOf(openBody(parameter('f0 03 010203')))
    expect(capability).toEqual({ kind: 'unknown', code: 240, value: hex('010203') })
    expect(capability && formatCapability(capability)).toBe('unknown 240 (010203)')
  })

  it('an empty capability parameter', () => {
    expect(capabilitiesOf(openBody('02 00'))).toEqual([])
  })

  it('identifiers inside 224/4 and 240/4', () => {
    expect(decode(openBody('', { fixed: '04 fde9 005a e0000001' })).ok).toBe(true)
    expect(decode(openBody('', { fixed: '04 fde9 005a ffffffff' })).ok).toBe(true)
  })

  it('a hold time of 0 and of 3', () => {
    expect(decode(openBody('', { fixed: '04 fde9 0000 0a000001' }))).toMatchObject({ value: { holdTimeS: 0 } })
    expect(decode(openBody('', { fixed: '04 fde9 0003 0a000001' }))).toMatchObject({ value: { holdTimeS: 3 } })
  })
})

describe('decodeOpen reads extended parameters (RFC 9072)', () => {
  const wide = (...capabilities: string[]): string => {
    const value = capabilities.join('').replace(/\s+/g, '')
    return `02${int(value.length / 2, 2)}${value}`
  }
  const extended = (parameters: string): string => `ff${int(parameters.length / 2, 2)}${parameters}`

  it('of less than 255 octets', () => {
    expect(capabilitiesOf(openBody(extended(wide(MP_IPV4)), { length: 255 }))).toMatchObject([{ family: IPV4_UNICAST }])
  })

  it('whatever the old length octet says', () => {
    expect(capabilitiesOf(openBody(extended(wide(MP_IPV6)), { length: 1 }))).toMatchObject([{ family: IPV6_UNICAST }])
  })

  it('of more than 255 octets, in several parameters', () => {
    const filler = `f0 f0 ${'aa'.repeat(240)}`
    const capabilities = capabilitiesOf(openBody(extended(wide(filler) + wide(filler, AS4)), { length: 255 }))
    expect(capabilities.map(({ kind }) => kind)).toEqual(['unknown', 'unknown', 'four-octet-as'])
  })

  it('but not when the old length says there is no parameter at all', () => {
    const body = openBody(extended(wide(MP_IPV4)), { length: 0 })
    expect(decode(body)).toMatchObject({ ok: false, error: { code: 2, subcode: 0 } })
  })

  it('and refuses a total that does not fill the message', () => {
    const body = openBody(`ff 0005 ${wide(MP_IPV4)}`, { length: 255 })
    expect(decode(body)).toMatchObject({ ok: false, error: { code: 2, subcode: 0 } })
  })
})

describe('decodeOpen refuses', () => {
  it.each([
    ['version 3', openBody('', { fixed: '03 fde9 005a 0a000001' }), 1, '0004'],
    ['version 5', openBody('', { fixed: '05 fde9 005a 0a000001' }), 1, '0004'],
    ['a hold time of 1', openBody('', { fixed: '04 fde9 0001 0a000001' }), 6, ''],
    ['a hold time of 2', openBody('', { fixed: '04 fde9 0002 0a000001' }), 6, ''],
    ['identifier 0.0.0.0', openBody('', { fixed: '04 fde9 005a 00000000' }), 3, ''],
    ['parameter type 1, the old authentication', openBody('01 01 00'), 4, ''],
    ['parameter type 3', openBody('03 00'), 4, ''],
    ['parameter type 255 after the first', openBody('02 00 ff 00'), 4, ''],
    ['a capability running past its parameter', openBody('02 04 01 04 0001'), 0, ''],
    ['a parameter running past the message', openBody('02 09 0200'), 0, ''],
    ['a stray octet after the last parameter', openBody('02 00 02'), 0, ''],
    ['a stray octet after the last capability', openBody('02 03 0200 41'), 0, ''],
    ['a parameter length shorter than the message', openBody('02 02 0200', { length: 2 }), 0, ''],
    ['a parameter length longer than the message', openBody('02 02 0200', { length: 20 }), 0, ''],
    ['a multiprotocol capability of 3 octets', openBody('02 05 01 03 000101'), 0, ''],
    ['a route-refresh capability of 1 octet', openBody('02 03 02 01 00'), 0, ''],
    ['a four-octet AS capability of 2 octets', openBody('02 04 41 02 fde9'), 0, ''],
    ['an extended next hop capability of 5 octets', openBody('02 07 05 05 0001000100'), 0, ''],
    ['an extended message capability of 1 octet', openBody('02 03 06 01 00'), 0, ''],
    ['a role capability without a role', openBody('02 02 09 00'), 0, ''],
    ['a role capability of 2 octets', openBody('02 04 09 02 0000'), 0, ''],
    ['a graceful restart capability of 1 octet', openBody('02 03 40 01 00'), 0, ''],
    ['a graceful restart capability of 5 octets', openBody('02 07 40 05 0078 000101'), 0, ''],
    ['an ADD-PATH capability of 3 octets', openBody('02 05 45 03 000101'), 0, ''],
    ['an enhanced route refresh capability of 1 octet', openBody('02 03 46 01 00'), 0, ''],
    ['a long-lived restart capability of 6 octets', openBody('02 08 47 06 000101800000'), 0, ''],
  ])('%s', (_name, body, subcode, data) => {
    const result = decode(body)
    if (result.ok) throw new Error('was accepted')
    expect([result.error.code, result.error.subcode, text(result.error.data)]).toEqual([2, subcode, data])
  })
})

describe('encodeOpen writes', () => {
  const open = { version: 4, asn: 65001, holdTimeS: 90, routerId: 0x0a000001 }

  it('no parameter when there is no capability', () => {
    expect(text(encodeOpen({ ...open, capabilities: [] }))).toBe(text(message(1, openBody())))
  })

  it('all capabilities in one parameter', () => {
    const capabilities: Capability[] = [
      multiprotocol(1, 1),
      { kind: 'route-refresh' },
      { kind: 'four-octet-as', asn: 4200000001 },
    ]
    expect(text(encodeOpen({ ...open, capabilities }))).toBe(
      text(message(1, openBody(parameter(MP_IPV4, REFRESH, AS4)))),
    )
  })

  it('nothing above 4096 octets: that is a mistake of the caller', () => {
    const value = new Uint8Array(255)
    const capabilities = Array.from({ length: 16 }, () => ({ kind: 'unknown', code: 240, value }) as const)
    expect(() => encodeOpen({ ...open, capabilities })).toThrow(RangeError)
    expect(() => encodeOpen({ ...open, capabilities: capabilities.slice(1) })).not.toThrow()
  })

  it('the extended form when the parameters exceed 255 octets', () => {
    const value = new Uint8Array(254).fill(0xaa)
    const encoded = encodeOpen({ ...open, capabilities: [{ kind: 'unknown', code: 240, value }] })
    const body = openBody(`ff 0103 02 0100 f0 fe ${'aa'.repeat(254)}`, { length: 255 })
    expect(text(encoded)).toBe(text(message(1, body)))
  })
})
