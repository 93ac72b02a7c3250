/**
 * NOTIFICATION: the table of codes and data fields of the conformance checklist (1K), each as it goes onto the wire, and
 * the rows on ROUTE-REFRESH and Cease that the codec decides.
 */

import { describe, expect, it } from 'vitest'
import type { Notification } from '../../wire/index.ts'
import {
  administrativeReset,
  administrativeShutdown,
  attributeError,
  badIdentifier,
  badMessageLength,
  badMessageType,
  badPeerAs,
  cease,
  decodeNotification,
  decodeRouteRefresh,
  encodeCapability,
  encodeNotification,
  encodeRouteRefresh,
  HEADER_LENGTH,
  hardReset,
  holdTimerExpired,
  IPV4_UNICAST,
  innerNotification,
  invalidNetworkField,
  invalidRefreshLength,
  malformedAttributeList,
  malformedParameter,
  maximumPrefixes,
  missingWellKnown,
  multiprotocol,
  notification,
  notSynchronized,
  roleMismatch,
  sendHoldTimerExpired,
  unacceptableHoldTime,
  unexpectedMessage,
  unsupportedCapability,
  unsupportedParameter,
  unsupportedVersion,
} from '../../wire/index.ts'
import { hex, message, text } from '../support/wire-bytes.ts'

const REFRESH = message(5, '000101')

const TABLE: readonly (readonly [string, Notification, string])[] = [
  ['1/1: marker not all ones, empty', notSynchronized(), '0101'],
  ['1/2: bad length, the 2-octet length received', badMessageLength(18), '0102 0012'],
  ['1/3: bad type, the 1-octet type', badMessageType(6), '0103 06'],
  ['2/0: malformed recognised parameter, empty', malformedParameter('x'), '0200'],
  ['2/1: version, the 2-octet version we support', unsupportedVersion(3), '0201 0004'],
  ['2/2: peer AS, empty', badPeerAs('x'), '0202'],
  ['2/3: BGP identifier, empty', badIdentifier('x'), '0203'],
  ['2/4: optional parameter, empty', unsupportedParameter(3), '0204'],
  ['2/6: hold time, empty', unacceptableHoldTime(2), '0206'],
  [
    '2/7: unsupported capability, the capability triples we insist on',
    unsupportedCapability(encodeCapability(multiprotocol(2, 1)), 'x'),
    '0207 0104 0002 0001',
  ],
  ['2/11: role mismatch, empty', roleMismatch('x'), '020b'],
  ['3/1: malformed attribute list, empty', malformedAttributeList('x'), '0301'],
  ...[2, 4, 5, 6, 8, 9].map(
    subcode =>
      [
        `3/${subcode}: attribute error, the whole attribute`,
        attributeError(subcode, hex('4001 01 09'), 'x'),
        `03 0${subcode} 4001 01 09`,
      ] as const,
  ),
  ['3/3: missing well-known, the type code missing', missingWellKnown(1), '0303 01'],
  ['3/10: bad network field, empty', invalidNetworkField('x'), '030a'],
  ['3/11: bad AS_PATH, empty', notification(3, 11, 'x'), '030b'],
  ['4/0: hold timer, empty', holdTimerExpired(), '0400'],
  ...[1, 2, 3].map(
    subcode =>
      [`5/${subcode}: unexpected message, its type`, unexpectedMessage(subcode, 2), `05 0${subcode} 02`] as const,
  ),
  ['6/1: max prefixes, AFI SAFI limit', maximumPrefixes(IPV4_UNICAST, 5000), '0601 0001 01 00001388'],
  ['6/2: admin shutdown, length and UTF-8', administrativeShutdown('grüße'), '0602 07 6772c3bcc39f65'],
  ['6/4: admin reset, length and UTF-8', administrativeReset('ok'), '0604 02 6f6b'],
  ...[3, 5, 6, 7, 8].map(subcode => [`6/${subcode}: Cease, empty`, cease(subcode), `06 0${subcode}`] as const),
  [
    '6/9: hard reset, inner code, subcode and data',
    hardReset(maximumPrefixes(IPV4_UNICAST, 1)),
    '0609 0601 0001 01 00000001',
  ],
  ['6/10: BFD down, empty', cease(10), '060a'],
  ['7/1: refresh length, the whole message', invalidRefreshLength(REFRESH), `0701 ${text(REFRESH)}`],
  ['8/0: send hold timer, empty', sendHoldTimerExpired(), '0800'],
]

describe('NOTIFICATION, table 1K', () => {
  it.each(TABLE)('%s', (_name, error, body) => {
    const encoded = encodeNotification(error)
    expect(text(encoded)).toBe(text(message(3, body.replaceAll(' ', ''))))
    const { code, subcode, data } = decodeNotification(encoded, HEADER_LENGTH, encoded.length)
    expect({ code, subcode, data }).toEqual({ code: error.code, subcode: error.subcode, data: error.data })
  })

  it('3/x: an attribute too long for the message is cut to fit', () => {
    const attribute = new Uint8Array(6000).fill(7)
    expect(encodeNotification(attributeError(9, attribute, 'x')).length).toBe(4096)
  })

  it('6/2: a text of more than 255 octets is cut between two characters', () => {
    expect(administrativeShutdown('é'.repeat(200)).data.length).toBe(1 + 254)
  })
})

describe('ROUTE-REFRESH and Cease', () => {
  const decode = (body: string) => {
    const bytes = hex(body)
    return decodeRouteRefresh(bytes, 0, bytes.length)
  }

  it('row 167: a hard reset carries the real code, subcode and data inside', () => {
    const real = administrativeShutdown('maintenance')
    expect(innerNotification(hardReset(real))).toMatchObject({ code: 6, subcode: 2, data: real.data })
  })

  it('row 171: a refresh for a family nobody negotiated is a value, not an error', () => {
    expect(decode('0019 00 46')).toEqual({ ok: true, value: { afi: 25, safi: 70, subtype: 0 } })
  })

  it('row 172: BoRR and EoRR are written with their subtypes', () => {
    const bodies = [1, 2].map(subtype => text(encodeRouteRefresh({ afi: 1, safi: 1, subtype })))
    expect(bodies).toEqual(['00010101', '00010201'].map(body => text(message(5, body))))
  })

  it.each(['03', '7f', 'ff'])('row 175: subtype %s is a value to ignore', subtype => {
    expect(decode(`0001 ${subtype} 01`).ok).toBe(true)
    expect(decode(`0001 ${subtype} 01 0102`).ok).toBe(true)
  })

  it.each([
    ['BoRR', '0001 01 01 00'],
    ['EoRR', '0001 02 01 00'],
    ['BoRR', '0001 01'],
  ])('row 176: %s whose body is "%s" is answered with 7/1 and the full message', (_name, body) => {
    const result = decode(body)
    if (result.ok) throw new Error('was accepted')
    const { code, subcode, data } = result.error
    expect([code, subcode, text(data)]).toEqual([7, 1, text(message(5, body.replaceAll(' ', '')))])
  })

  it('row 181: the limit exceeded is told with AFI, SAFI and the limit', () => {
    expect(text(maximumPrefixes(IPV4_UNICAST, 100).data)).toBe('00010100000064')
  })
})
