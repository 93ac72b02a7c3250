/** OPEN: the rows 9 to 34 of the conformance checklist, as far as the codec decides them; the others are the FSM's. */

import { describe, expect, it } from 'vitest'
import type { Capability, Open } from '../../wire/index.ts'
import {
  agreeCodec,
  capabilityCode,
  decodeOpen,
  encodeOpen,
  formatCapability,
  HEADER_LENGTH,
  IPV4_UNICAST,
  judgeRoles,
  multiprotocol,
  Role,
  summariseCapabilities,
  unsupportedCapability,
} from '../../wire/index.ts'
import { hex, int, openBody, text } from '../support/wire-bytes.ts'

const decode = (body: string) => {
  const bytes = hex(body)
  return decodeOpen(bytes, 0, bytes.length)
}

/** The code, subcode and data an OPEN is answered with. */
function answer(body: string): string {
  const result = decode(body)
  if (result.ok) return 'accepted'
  return `${result.error.code}/${result.error.subcode} ${text(result.error.data)}`
}

function opened(body: string): Open {
  const result = decode(body)
  if (!result.ok) throw new Error(result.error.reason)
  return result.value
}

const offerOf = (...capabilities: string[]) =>
  summariseCapabilities(opened(openBody(parameter(...capabilities))).capabilities)

/** A type-2 parameter around some capabilities. */
function parameter(...capabilities: string[]): string {
  const value = capabilities.join('').replace(/\s+/g, '')
  return `02${int(value.length / 2, 1)}${value}`
}

const wide = (value: string): string => `02${int(value.length / 2, 2)}${value}`
const extended = (parameters: string): string => `ff${int(parameters.length / 2, 2)}${parameters}`

const FIXED = { version: 4, asn: 65001, holdTimeS: 90, routerId: 0x0a000001 }
const MP_IPV4 = '0104 00010001'
const AS4 = '4104 fa56ea01'

describe('OPEN', () => {
  it.each(['03', '05'])('row 9: version %s is answered with 2/1 and the version we speak', version => {
    expect(answer(openBody('', { fixed: `${version} fde9 005a 0a000001` }))).toBe('2/1 0004')
  })

  it('row 11: AS 23456 beside capability 65 is not complained about, and the capability has the number', () => {
    const open = opened(openBody(parameter(AS4), { fixed: '04 5ba0 005a 0a000001' }))
    expect([open.asn, summariseCapabilities(open.capabilities).fourOctetAsn]).toEqual([23456, 4200000001])
  })

  it.each([1, 2])('row 12: a hold time of %i is answered with 2/6', holdTime => {
    expect(answer(openBody('', { fixed: `04 fde9 ${int(holdTime, 2)} 0a000001` }))).toBe('2/6 ')
  })

  it('row 16: the BGP Identifier 0.0.0.0 is answered with 2/3', () => {
    expect(answer(openBody('', { fixed: '04 fde9 005a 00000000' }))).toBe('2/3 ')
  })

  it.each(['e0000001', 'f0000001', 'ffffffff'])('row 18: the identifier %s inside 224/4 or 240/4 is accepted', id => {
    expect(answer(openBody('', { fixed: `04 fde9 005a ${id}` }))).toBe('accepted')
  })

  it.each([0, 1, 3, 254])('row 19: optional parameter type %i is answered with 2/4', type => {
    expect(answer(openBody(`${int(type, 1)} 02 0000`))).toBe('2/4 ')
  })

  it('row 19: type 255 anywhere but first is answered with 2/4', () => {
    expect(answer(openBody(`${parameter(MP_IPV4)} ff 00`))).toBe('2/4 ')
  })

  it.each([
    ['a parameter', '02 09 0200'],
    ['a capability', '02 04 0104 0001'],
    ['an extended parameter', extended('02 00ff 0200'.replaceAll(' ', ''))],
  ])('row 20: %s whose length overruns its field is answered with 2/0, never Cease', (_name, parameters) => {
    const isExtended = parameters.startsWith('ff')
    expect(answer(openBody(parameters, isExtended ? { length: 255 } : {}))).toBe('2/0 ')
  })

  it('row 21: capabilities spread over several parameters, some repeated, count as their union', () => {
    const body = openBody(parameter(MP_IPV4) + parameter('0200', MP_IPV4) + parameter('0104 00020001', '0200'))
    const offer = summariseCapabilities(opened(body).capabilities)
    expect(offer.families).toEqual([
      { afi: 1, safi: 1 },
      { afi: 2, safi: 1 },
    ])
    expect(offer.hasRouteRefresh).toBe(true)
  })

  it.each([0, 3, 66, 67, 128, 255])('row 22: unknown capability %i is ignored, and there to be listed', code => {
    const { capabilities } = opened(openBody(parameter(`${int(code, 1)} 02 abcd`, '0200')))
    expect(capabilities.map(capabilityCode)).toEqual([code, 2])
    expect(capabilities.map(formatCapability)[0]).toMatch(new RegExp(`^unknown ${code}.*\\(abcd\\)$`))
  })

  it('row 23: a missing capability is asked for with 2/7 in code-length-value form', () => {
    const error = unsupportedCapability(hex('0104 00020001 4104 0000fde9'), 'missing')
    expect([error.code, error.subcode, text(error.data)]).toEqual([2, 7, '01040002000141040000fde9'])
  })

  it('row 25: without a multiprotocol capability only IPv4 unicast is negotiated', () => {
    expect(agreeCodec(offerOf(MP_IPV4, '0104 00020001'), offerOf('0200')).families).toEqual([IPV4_UNICAST])
  })

  it('row 26: with no common family nothing is agreed on', () => {
    expect(agreeCodec(offerOf(MP_IPV4), offerOf('0104 00020001')).families).toEqual([])
  })

  it('row 27: parameters above 255 octets are written as 255, 255, two-octet total, two-octet lengths', () => {
    const value = new Uint8Array(120).fill(0xaa)
    const capabilities: Capability[] = [1, 2, 3].map(() => ({ kind: 'unknown', code: 240, value }))
    const encoded = text(encodeOpen({ ...FIXED, capabilities })).slice(2 * HEADER_LENGTH)
    const list = `f078${'aa'.repeat(120)}`.repeat(3)
    expect(encoded).toBe(openBody(extended(wide(list)), { length: 255 }))
  })

  it('row 27: parameters of exactly 255 octets are written in the old form', () => {
    const value = new Uint8Array(251)
    const encoded = encodeOpen({ ...FIXED, capabilities: [{ kind: 'unknown', code: 240, value }] })
    expect(text(encoded.slice(HEADER_LENGTH + 9, HEADER_LENGTH + 12))).toBe('ff02fd')
    expect(answer(text(encoded.slice(HEADER_LENGTH)))).toBe('accepted')
  })

  it('row 28: an extended OPEN of less than 255 octets of parameters is accepted', () => {
    const { capabilities } = opened(openBody(extended(wide('0200')), { length: 255 }))
    expect(capabilities).toEqual([{ kind: 'route-refresh' }])
  })

  it.each([1, 4, 8, 254, 255])('row 29: with a first parameter type of 255 the old length %i is ignored', length => {
    const { capabilities } = opened(openBody(extended(wide('0200')), { length }))
    expect(capabilities).toEqual([{ kind: 'route-refresh' }])
  })

  it('row 30: of two graceful restart capabilities only the last is honoured', () => {
    const offer = offerOf('4006 0078 0001 01 80', '4006 803c 0002 01 00')
    expect(offer.gracefulRestart).toMatchObject({
      isRestarting: true,
      restartTimeS: 60,
      families: [{ afi: 2, safi: 1, isForwarding: false }],
    })
  })

  it.each([0, 4, 255])('row 31: an ADD-PATH tuple with value %i is ignored, and that tuple only', value => {
    const both = '4504 0002 01 03'
    const ours = offerOf(MP_IPV4, '0104 00020001', '4508 0001 01 03 0002 01 03')
    const theirs = offerOf(MP_IPV4, '0104 00020001', `4508 0001 01 ${int(value, 1)} 0002 01 03`)
    expect(theirs.addPath).toEqual(offerOf(both).addPath)
    expect(agreeCodec(ours, theirs).addPath?.receive.map(({ name }) => name)).toEqual(['ipv6-unicast'])
  })

  it('row 32: long-lived graceful restart without graceful restart is disregarded', () => {
    expect(offerOf('4707 0001 01 80 015180').longLived).toBeUndefined()
    expect(offerOf('4707 0001 01 80 015180', '4002 0078').longLived).toBeDefined()
  })

  it('row 33: incompatible roles are answered with 2/11 and empty data', () => {
    const error = judgeRoles(Role.CUSTOMER, offerOf('0901 03').roles, false)
    expect(error).toMatchObject({ code: 2, subcode: 11, data: new Uint8Array(0) })
  })

  it('row 33: two different role values are answered with 2/11', () => {
    expect(judgeRoles(Role.CUSTOMER, offerOf('0901 00', '0901 01').roles, false)).toMatchObject({ subcode: 11 })
    expect(judgeRoles(Role.CUSTOMER, offerOf('0901 00', '0901 00').roles, true)).toBeUndefined()
  })

  it('row 33: if only one side sends a role the session continues unless strict', () => {
    const { roles } = offerOf('0200')
    expect(judgeRoles(Role.CUSTOMER, roles, false)).toBeUndefined()
    expect(judgeRoles(Role.CUSTOMER, roles, true)).toMatchObject({ code: 2, subcode: 11 })
  })

  it('row 34: an extended next hop triple for a family we do not run is ignored', () => {
    const triples = '0512 0001 0080 0002 0001 0001 0002 0063 0001 0002'
    const offer = offerOf(MP_IPV4, triples)
    expect(offer.extendedNextHop).toEqual([{ afi: 1, safi: 1, nextHopAfi: 2 }])
    expect(agreeCodec(offer, offer).extendedNextHop).toEqual([IPV4_UNICAST])
    expect(multiprotocol(1, 128).family).toBeUndefined()
  })
})
