import { describe, expect, it } from 'vitest'
import type { Notification } from '../../wire/index.ts'
import { Framer } from '../../wire/index.ts'
import { hex, int, join, message, openBody, text } from '../support/wire-bytes.ts'

interface Seen {
  readonly messages: { type: number; octets: string }[]
  readonly errors: Notification[]
}

function listen(options: { maxLength?: number; stopAfter?: number } = {}): Seen & { framer: Framer } {
  const messages: { type: number; octets: string }[] = []
  const errors: Notification[] = []
  const framer = new Framer({
    message: (type, bytes, start, end) => {
      messages.push({ type, octets: text(bytes.slice(start, end)) })
      return messages.length !== options.stopAfter
    },
    failure: error => errors.push(error),
  })
  framer.maxLength = options.maxLength ?? 4096
  return { framer, messages, errors }
}

const KEEPALIVE = message(4)
const UPDATE = message(2, '0000 0000')

describe('the framer', () => {
  it('delivers a whole message in place, without copying it', () => {
    let given: Uint8Array | undefined
    const framer = new Framer({
      message: (_type, bytes) => {
        given = bytes
        return true
      },
      failure: () => {},
    })
    const chunk = join(KEEPALIVE, UPDATE)
    framer.push(chunk)
    expect(given).toBe(chunk)
  })

  it('delivers fifty messages in one chunk in order', () => {
    const { framer, messages } = listen()
    framer.push(join(...Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? KEEPALIVE : UPDATE))))
    expect(messages.map(({ type }) => type)).toEqual(
      Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? 4 : 2)),
    )
  })

  it('delivers the same messages when every octet arrives alone', () => {
    const { framer, messages } = listen()
    const stream = join(message(1, openBody()), KEEPALIVE, UPDATE)
    for (const octet of stream) framer.push(Uint8Array.of(octet))
    expect(messages.map(({ octets }) => octets).join('')).toBe(text(stream))
  })

  it('grows its carry buffer for a message longer than it started with', () => {
    const { framer, messages } = listen()
    const long = message(2, `0000 0000${'00'.repeat(3000)}`)
    framer.push(long.slice(0, 100))
    framer.push(long.slice(100, 2000))
    framer.push(join(long.slice(2000), KEEPALIVE))
    expect(messages.map(({ octets }) => octets)).toEqual([text(long), text(KEEPALIVE)])
  })

  it('accepts an UPDATE of 65535 octets once extended messages are negotiated', () => {
    const { framer, messages, errors } = listen({ maxLength: 65535 })
    framer.push(message(2, '00'.repeat(65535 - 19)))
    expect(errors).toEqual([])
    expect(messages[0]?.octets.length).toBe(2 * 65535)
  })

  it('takes a new limit into account from the next message on', () => {
    const { framer, messages } = listen()
    framer.push(KEEPALIVE)
    framer.maxLength = 65535
    framer.push(message(2, '00'.repeat(5000)))
    expect(messages.length).toBe(2)
  })

  it('stops when the sink says so and drops the rest', () => {
    const { framer, messages } = listen({ stopAfter: 1 })
    framer.push(join(KEEPALIVE, KEEPALIVE))
    framer.push(KEEPALIVE)
    expect(messages.length).toBe(1)
    expect(framer.stopped).toBe(true)
  })

  it('stops when the sink says so about a message that came in two chunks', () => {
    const { framer, messages } = listen({ stopAfter: 1 })
    framer.push(KEEPALIVE.slice(0, 7))
    framer.push(join(KEEPALIVE.slice(7), KEEPALIVE))
    expect(messages.length).toBe(1)
  })

  it('ignores an empty chunk', () => {
    const { framer, messages } = listen()
    framer.push(KEEPALIVE.slice(0, 5))
    framer.push(new Uint8Array(0))
    framer.push(KEEPALIVE.slice(5))
    expect(messages.length).toBe(1)
  })
})

describe('the framer answers a bad header', () => {
  const marker = 'ff'.repeat(16)
  const spoilt = (at: number): Uint8Array => KEEPALIVE.map((octet, index) => (index === at ? 0xfe : octet))
  const header = (length: number, type: number): Uint8Array => {
    return join(hex(marker + int(length, 2) + int(type, 1)), new Uint8Array(Math.max(0, length - 19)))
  }

  it.each([
    ['a marker whose first octet is not all ones', spoilt(0), 1, 1, ''],
    ['a marker whose last octet is not all ones', spoilt(15), 1, 1, ''],
    ['a length of 18', header(18, 4), 1, 2, '0012'],
    ['a length of 0', header(0, 4), 1, 2, '0000'],
    ['a length of 4097 without extended messages', header(4097, 2), 1, 2, '1001'],
    ['type 0', header(19, 0), 1, 3, '00'],
    ['type 6', header(19, 6), 1, 3, '06'],
    ['a bad length before a bad type', header(18, 9), 1, 2, '0012'],
    ['an OPEN of 28 octets', header(28, 1), 1, 2, '001c'],
    ['an UPDATE of 22 octets', header(22, 2), 1, 2, '0016'],
    ['a NOTIFICATION of 20 octets', header(20, 3), 1, 2, '0014'],
    ['a KEEPALIVE of 20 octets', header(20, 4), 1, 2, '0014'],
  ])('%s', (_name, bytes, code, subcode, data) => {
    const { framer, messages, errors } = listen()
    framer.push(bytes)
    expect(messages).toEqual([])
    expect(errors.map(error => [error.code, error.subcode, text(error.data)])).toEqual([[code, subcode, data]])
    expect(framer.stopped).toBe(true)
  })

  it('the same way when the header arrives in two chunks', () => {
    const { framer, errors } = listen()
    framer.push(spoilt(3).slice(0, 10))
    framer.push(spoilt(3).slice(10))
    expect(errors.map(error => [error.code, error.subcode])).toEqual([[1, 1]])
  })

  it('and reads nothing after it', () => {
    const { framer, messages, errors } = listen()
    framer.push(join(KEEPALIVE, header(18, 4), KEEPALIVE))
    framer.push(KEEPALIVE)
    expect(messages.length).toBe(1)
    expect(errors.length).toBe(1)
  })

  it('an OPEN above 4096 octets even with extended messages', () => {
    const { framer, errors } = listen({ maxLength: 65535 })
    framer.push(header(4097, 1))
    expect(errors.map(error => [error.code, error.subcode])).toEqual([[1, 2]])
  })

  it('a short NOTIFICATION silently, for a NOTIFICATION is never answered', () => {
    const { framer, errors } = listen()
    framer.push(header(20, 3))
    expect(errors[0]?.silent).toBe(true)
  })
})
