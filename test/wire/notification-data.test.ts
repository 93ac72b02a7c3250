import { describe, expect, it } from 'vitest'
import type { Notification } from '../../wire/index.ts'
import {
  administrativeReset,
  administrativeShutdown,
  attributeError,
  badMessageLength,
  badMessageType,
  cease,
  decodeNotification,
  decodeNotificationData,
  decodeText,
  describeNotification,
  encodeNotification,
  formatNotificationData,
  HEADER_LENGTH,
  hardReset,
  holdTimerExpired,
  IPV6_UNICAST,
  invalidRefreshLength,
  maximumPrefixes,
  missingWellKnown,
  notification,
  unexpectedMessage,
  unsupportedCapability,
  unsupportedVersion,
} from '../../wire/index.ts'
import { hex, message } from '../support/wire-bytes.ts'

/** Through the wire and back. */
function travel(error: Notification): Notification {
  const bytes = encodeNotification(error)
  return decodeNotification(bytes, HEADER_LENGTH, bytes.length)
}

describe('the data of a NOTIFICATION', () => {
  it.each([
    ['length', badMessageLength(4097), { kind: 'length', length: 4097 }, 'length 4097'],
    ['type', badMessageType(9), { kind: 'message-type', messageType: 9 }, 'message type 9'],
    ['version', unsupportedVersion(5), { kind: 'version', version: 4 }, 'version 4'],
    [
      'capabilities',
      unsupportedCapability(hex('0104 00020001 4100'.replace('4100', '4600')), 'x'),
      {
        kind: 'capabilities',
        capabilities: [
          { kind: 'multiprotocol', family: IPV6_UNICAST, afi: 2, safi: 1 },
          { kind: 'enhanced-route-refresh' },
        ],
      },
      'multiprotocol ipv6-unicast, enhanced-route-refresh',
    ],
    [
      'attribute',
      attributeError(9, hex('80 0e 03 000201'), 'x'),
      { kind: 'attribute', flags: 0x80, code: 14, value: hex('000201') },
      'attribute 14 mp_reach_nlri, flags 0x80, value 0x000201',
    ],
    [
      'attribute with a wide length',
      attributeError(2, hex('50 fa 0001 07'), 'x'),
      { kind: 'attribute', flags: 0x50, code: 250, value: hex('07') },
      'attribute 250, flags 0x50, value 0x07',
    ],
    [
      'attribute without a value',
      attributeError(5, hex('40 01 00'), 'x'),
      { kind: 'attribute', flags: 0x40, code: 1, value: new Uint8Array(0) },
      'attribute 1 origin, flags 0x40, value empty',
    ],
    ['missing attribute', missingWellKnown(2), { kind: 'attribute-code', code: 2 }, 'attribute 2 as_path'],
    ['unexpected message', unexpectedMessage(1, 2), { kind: 'message-type', messageType: 2 }, 'message type 2'],
    [
      'prefix limit',
      maximumPrefixes(IPV6_UNICAST, 1000),
      { kind: 'prefix-limit', afi: 2, safi: 1, limit: 1000 },
      'ipv6-unicast, limit 1000',
    ],
    ['shutdown', administrativeShutdown('bye'), { kind: 'communication', text: 'bye' }, 'bye'],
    ['reset', administrativeReset('é'), { kind: 'communication', text: 'é' }, 'é'],
    ['shutdown with a length of 0', notification(6, 2, '', hex('00')), { kind: 'none' }, ''],
    ['refresh', invalidRefreshLength(message(5, '01')), { kind: 'message', octets: message(5, '01') }, undefined],
    ['hold timer', holdTimerExpired(), { kind: 'none' }, ''],
    ['collision', cease(7), { kind: 'none' }, ''],
  ])('of the error "%s" is read back', (_name, error, data, words) => {
    const back = travel(error)
    expect(decodeNotificationData(back)).toEqual(data)
    if (words !== undefined) expect(formatNotificationData(decodeNotificationData(back))).toBe(words)
    const name = describeNotification(error.code, error.subcode)
    expect(back.reason).toBe(words === '' ? name : `${name}: ${formatNotificationData(decodeNotificationData(back))}`)
  })

  it('of a hard reset is the real error (RFC 8538 3)', () => {
    const back = travel(hardReset(maximumPrefixes(IPV6_UNICAST, 5)))
    expect(back.reason).toBe('Cease / Hard Reset: Cease / Maximum Number of Prefixes Reached: ipv6-unicast, limit 5')
    expect(decodeNotificationData(back)).toMatchObject({ kind: 'hard-reset', inner: { code: 6, subcode: 1 } })
  })

  it('of a hard reset inside hard resets is not followed for ever', () => {
    const nested = Array.from({ length: 1000 }).reduce<Notification>(hardReset, administrativeShutdown('bye'))
    expect(travel(nested).reason.length).toBeLessThan(200)
  })

  it.each([
    ['a length of three octets', notification(1, 2, '', hex('000001'))],
    ['an attribute cut before its length', notification(3, 5, '', hex('4001'))],
    ['capabilities that overrun', notification(2, 7, '', hex('0109'))],
    ['a prefix limit of 6 octets', notification(6, 1, '', hex('000101000000'))],
    ['octets where none belong', notification(4, 0, '', hex('ff'))],
    ['a hard reset of one octet', notification(6, 9, '', hex('06'))],
    ['an error nobody knows', notification(77, 1, '', hex('00'))],
  ])('that does not fit is shown as octets: %s', (_name, error) => {
    expect(decodeNotificationData(error)).toEqual({ kind: 'opaque', octets: error.data })
    expect(formatNotificationData(decodeNotificationData(error))).toMatch(/^0x[0-9a-f]+$/)
  })

  it('of great length is shown by its beginning', () => {
    const words = formatNotificationData(decodeNotificationData(notification(77, 1, '', new Uint8Array(4000))))
    expect(words).toBe(`0x${'00'.repeat(32)}… (4000 octets)`)
  })
})

describe('words of the other side', () => {
  it.each([
    ['plain', '627965', 'bye'],
    ['of several octets a character', 'c3a9 e9b3a5 f09f90a6', 'é鳥🐦'],
    ['with an octet that begins no character', '61ff62', 'a\\xffb'],
    ['with a character cut short at the end', '61e9b3', 'a\\xe9\\xb3'],
    ['with a stray continuation', '80 61', '\\x80a'],
    ['with an overlong form', 'c0af', '\\xc0\\xaf'],
    ['with a surrogate', 'eda080', '\\xed\\xa0\\x80'],
    ['with control characters beside bad octets', '0aff', '\\u{a}\\xff'],
    ['with a line separator', 'e280a8', '\\u{2028}'],
  ])('%s', (_name, octets, words) => {
    const bytes = hex(octets)
    expect(decodeText(bytes, 0, bytes.length)).toBe(words)
  })
})

describe('every error of the registry has a name', () => {
  it.each([
    [1, ['Connection Not Synchronized', 'Bad Message Length', 'Bad Message Type']],
    [
      2,
      [
        'Unsupported Version Number',
        'Bad Peer AS',
        'Bad BGP Identifier',
        'Unsupported Optional Parameter',
        'Authentication Failure',
        'Unacceptable Hold Time',
        'Unsupported Capability',
      ],
    ],
    [
      3,
      [
        'Malformed Attribute List',
        'Unrecognized Well-known Attribute',
        'Missing Well-known Attribute',
        'Attribute Flags Error',
        'Attribute Length Error',
        'Invalid ORIGIN Attribute',
        'AS Routing Loop',
        'Invalid NEXT_HOP Attribute',
        'Optional Attribute Error',
        'Invalid Network Field',
        'Malformed AS_PATH',
      ],
    ],
    [
      5,
      [
        'Unexpected Message in OpenSent State',
        'Unexpected Message in OpenConfirm State',
        'Unexpected Message in Established State',
      ],
    ],
    [
      6,
      [
        'Maximum Number of Prefixes Reached',
        'Administrative Shutdown',
        'Peer De-configured',
        'Administrative Reset',
        'Connection Rejected',
        'Other Configuration Change',
        'Connection Collision Resolution',
        'Out of Resources',
        'Hard Reset',
        'BFD Down',
      ],
    ],
    [7, ['Invalid Message Length']],
  ])('under code %i', (code, names) => {
    const ours = names.map((_, index) => describeNotification(code, index + 1).split(' / ')[1])
    expect(ours).toEqual(names)
  })

  it('also role mismatch and the timers', () => {
    expect([describeNotification(2, 11), describeNotification(4, 0), describeNotification(8, 0)]).toEqual([
      'OPEN Message Error / Role Mismatch',
      'Hold Timer Expired',
      'Send Hold Timer Expired',
    ])
  })
})
