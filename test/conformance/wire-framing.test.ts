/** Framing and header: the rows 1 to 8 of the conformance checklist, as far as the codec decides them. */

import { describe, expect, it } from 'vitest'
import type { Notification } from '../../wire/index.ts'
import {
  agreeCodec,
  encodeOpen,
  encodeUpdate,
  Framer,
  IPV4_UNICAST,
  MODERN_CONTEXT,
  parsePrefix,
  summariseCapabilities,
} from '../../wire/index.ts'
import { hex, int, join, message, openBody, text } from '../support/wire-bytes.ts'

interface Heard {
  readonly messages: string[]
  readonly errors: Notification[]
}

function listen(maxLength = 4096): Heard & { framer: Framer } {
  const messages: string[] = []
  const errors: Notification[] = []
  const framer = new Framer({
    message: (_type, bytes, start, end) => {
      messages.push(text(bytes.slice(start, end)))
      return true
    },
    failure: error => errors.push(error),
  })
  framer.maxLength = maxLength
  return { framer, messages, errors }
}

const header = (length: number, type: number): Uint8Array =>
  join(hex('ff'.repeat(16) + int(length, 2) + int(type, 1)), new Uint8Array(Math.max(0, length - 19)))

const answer = ({ code, subcode, data }: Notification): string => `${code}/${subcode} ${text(data)}`

const EXTENDED = summariseCapabilities([{ kind: 'extended-message' }])
const PLAIN = summariseCapabilities([])

describe('framing and header', () => {
  it.each(Array.from({ length: 16 }, (_, index) => index))(
    'row 1: a marker whose octet %i is not 0xFF is answered with 1/1 and empty data',
    index => {
      const { framer, errors, messages } = listen()
      framer.push(message(4).map((octet, at) => (at === index ? 0xfe : octet)))
      expect([messages, errors.map(answer)]).toEqual([[], ['1/1 ']])
    },
  )

  it.each([0, 18, 4097, 65535])(
    'row 2: a header length of %i without extended messages is answered with 1/2 and the two octets as received',
    length => {
      const { framer, errors } = listen()
      framer.push(header(length, 2))
      expect(errors.map(answer)).toEqual([`1/2 ${int(length, 2)}`])
    },
  )

  it.each([
    ['OPEN', 1, 28],
    ['UPDATE', 2, 22],
    ['KEEPALIVE', 4, 20],
  ])('row 3: %s (type %i) of %i octets is answered with 1/2 carrying that length', (_name, type, length) => {
    const { framer, errors } = listen()
    framer.push(header(length, type))
    expect(errors.map(answer)).toEqual([`1/2 ${int(length, 2)}`])
    expect(errors[0]?.silent).toBeUndefined()
  })

  it('row 3: a NOTIFICATION below 21 octets closes the connection without a reply', () => {
    const { framer, errors } = listen()
    framer.push(header(20, 3))
    expect(errors[0]?.silent).toBe(true)
  })

  it.each([0, 6, 7, 255])('row 4: message type %i is answered with 1/3 and that octet', type => {
    const { framer, errors } = listen()
    framer.push(header(19, type))
    expect(errors.map(answer)).toEqual([`1/3 ${int(type, 1)}`])
  })

  it('row 5: one message in 1-octet segments, or 50 in one, are the same events as message by message', () => {
    const single = [message(1, openBody()), message(4), message(2, '00000000'), message(3, '0602')]
    const stream = Array.from({ length: 50 }, (_, index) => single[index % single.length] ?? message(4))
    const [each, whole, octets] = [listen(), listen(), listen()]
    for (const one of stream) each.framer.push(one)
    whole.framer.push(join(...stream))
    for (const octet of join(...stream)) octets.framer.push(Uint8Array.of(octet))
    expect(each.messages).toEqual(stream.map(text))
    expect([whole.messages, octets.messages]).toEqual([each.messages, each.messages])
  })

  it('row 6: with extended messages an UPDATE of 65535 octets is accepted', () => {
    const { framer, messages, errors } = listen(agreeCodec(EXTENDED, EXTENDED).maxReceiveLength)
    framer.push(message(2, '00'.repeat(65535 - 19)))
    expect([messages.length, errors]).toEqual([1, []])
  })

  it('row 6: with extended messages an OPEN above 4096 octets is still never sent, nor accepted', () => {
    const value = new Uint8Array(250)
    const capabilities = Array.from({ length: 20 }, () => ({ kind: 'unknown', code: 240, value }) as const)
    const fixed = { version: 4, asn: 65001, holdTimeS: 90, routerId: 1 }
    expect(() => encodeOpen({ ...fixed, capabilities })).toThrow(RangeError)
    const { framer, errors } = listen(65535)
    framer.push(header(4097, 1))
    expect(errors.map(answer)).toEqual(['1/2 1001'])
  })

  it('row 7: to a peer without capability 6 no message above 4096 octets is written, even if we advertised it', () => {
    const agreed = agreeCodec(EXTENDED, PLAIN)
    expect(agreed.maxLength).toBe(4096)
    const net = parsePrefix('10.0.0.0/32')
    const nlri = net === undefined ? [] : Array.from({ length: 2000 }, () => net)
    expect(() => encodeUpdate({ nlri }, { ...MODERN_CONTEXT, ...agreed })).toThrow(RangeError)
    expect(agreed.families).toEqual([IPV4_UNICAST])
  })

  it('row 8: after a bad header length in mid-stream no later octet is interpreted', () => {
    const { framer, messages, errors } = listen()
    framer.push(join(message(4), header(18, 2), message(4), message(4)))
    framer.push(message(4))
    expect([messages.length, errors.map(answer), framer.stopped]).toEqual([1, ['1/2 0012'], true])
  })
})
