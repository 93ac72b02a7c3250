import { describe, expect, it } from 'vitest'
import {
  administrativeReset,
  administrativeShutdown,
  badMessageLength,
  badMessageType,
  badPeerAs,
  cease,
  decodeNotification,
  describeNotification,
  encodeNotification,
  hardReset,
  holdTimerExpired,
  IPV6_UNICAST,
  innerNotification,
  invalidNetworkField,
  malformedAttributeList,
  malformedParameter,
  maximumPrefixes,
  missingWellKnown,
  notification,
  notSynchronized,
  roleMismatch,
  sendHoldTimerExpired,
  shutdownCommunication,
  unacceptableHoldTime,
  unexpectedMessage,
  unsupportedCapability,
  unsupportedParameter,
  unsupportedVersion,
} from '../../wire/index.ts'
import { hex, message, text } from '../support/wire-bytes.ts'

const decode = (body: string) => {
  const bytes = hex(body)
  return decodeNotification(bytes, 0, bytes.length)
}

describe('each error carries the code, subcode and data its RFC asks for', () => {
  it.each([
    ['marker', notSynchronized(), '0101'],
    ['length', badMessageLength(4097), '0102 1001'],
    ['type', badMessageType(9), '0103 09'],
    ['parameter', malformedParameter('x'), '0200'],
    ['version', unsupportedVersion(5), '0201 0004'],
    ['peer AS', badPeerAs('x'), '0202'],
    ['optional parameter', unsupportedParameter(1), '0204'],
    ['hold time', unacceptableHoldTime(1), '0206'],
    ['capability', unsupportedCapability(hex('0104 0001 0001'), 'x'), '0207 010400010001'],
    ['role', roleMismatch('x'), '020b'],
    ['attribute list', malformedAttributeList('x'), '0301'],
    ['missing attribute', missingWellKnown(2), '0303 02'],
    ['network field', invalidNetworkField('x'), '030a'],
    ['hold timer', holdTimerExpired(), '0400'],
    ['unexpected message', unexpectedMessage(2, 2), '0502 02'],
    ['maximum prefixes', maximumPrefixes(IPV6_UNICAST, 1000), '0601 0002 01 000003e8'],
    ['shutdown without words', administrativeShutdown(), '0602'],
    ['shutdown with words', administrativeShutdown('bye'), '0602 03 627965'],
    ['reset with words', administrativeReset('é'), '0604 02 c3a9'],
    ['collision', cease(7), '0607'],
    ['hard reset', hardReset(administrativeShutdown('bye')), '0609 0602 03 627965'],
    ['send hold timer', sendHoldTimerExpired(), '0800'],
  ])('%s', (_name, error, body) => {
    expect(text(encodeNotification(error))).toBe(text(message(3, body.replaceAll(' ', ''))))
    expect(error.reason).not.toBe('')
  })
})

describe('the words of an operator (RFC 9003)', () => {
  it.each([
    ['in a shutdown', '0602 03 627965', 'bye'],
    ['in a reset', '0604 03 627965', 'bye'],
    ['shorter than the data', '0602 02 627965', 'by'],
    ['missing', '0602', undefined],
    ['of length 0', '0602 00', undefined],
    ['in a Cease that carries none', '0606 03 627965', undefined],
    ['in an error that is no Cease', '0302 03 627965', undefined],
    ['with a length beyond the data, as hex', '0602 09 627965', '0x09627965'],
    ['not in UTF-8, with the odd octets escaped', '0602 05 627965c328', 'bye\\xc3('],
    ['with line breaks and terminal escapes, defused', '0602 04 0a1b5b4b', '\\u{a}\\u{1b}[K'],
    ['with text direction marks, defused', '0602 03 e280ae', '\\u{202e}'],
  ])('%s', (_name, body, words) => {
    expect(shutdownCommunication(decode(body))).toBe(words)
  })

  it('are cut to 255 octets between two characters', () => {
    const error = administrativeShutdown(`a${'é'.repeat(200)}`)
    expect(error.data.length).toBe(256)
    expect(shutdownCommunication(error)).toBe(`a${'é'.repeat(127)}`)
  })

  it('become part of the reason', () => {
    expect(decode('0602 03 627965').reason).toBe('Cease / Administrative Shutdown: bye')
  })
})

describe('a NOTIFICATION', () => {
  it('keeps code, subcode and data', () => {
    expect(decode('0302 400200')).toMatchObject({ code: 3, subcode: 2, data: hex('400200') })
  })

  it('too short for a code is still a value', () => {
    expect(decode('06')).toMatchObject({ code: 0, subcode: 0 })
  })

  it('never exceeds 4096 octets', () => {
    expect(encodeNotification(notification(3, 5, 'x', new Uint8Array(9000))).length).toBe(4096)
  })

  it('may be longer with extended messages', () => {
    expect(encodeNotification(notification(3, 5, 'x', new Uint8Array(9000)), 65535).length).toBe(9021)
  })

  it('of a hard reset gives up the error inside', () => {
    const outer = decode('0609 0602 03 627965')
    expect(innerNotification(outer)).toMatchObject({ code: 6, subcode: 2, data: hex('03 627965') })
    expect(outer.reason).toBe('Cease / Hard Reset: Cease / Administrative Shutdown: bye')
  })

  it('of a hard reset without content is just that', () => {
    expect(innerNotification(decode('0609 06'))).toBeUndefined()
  })

  it.each([
    [2, 2, 'OPEN Message Error / Bad Peer AS'],
    [4, 0, 'Hold Timer Expired'],
    [3, 99, 'UPDATE Message Error / Subcode 99'],
    [77, 1, 'Error 77 / Subcode 1'],
  ])('%i/%i is called %s', (code, subcode, name) => {
    expect(describeNotification(code, subcode)).toBe(name)
  })
})
