import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_OPTIONS, type DecodeRequest, decodeTexts, parseHex } from '../../../src/decode/index.ts'
import { IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/index.ts'
import { RUNS } from '../../support/wire-arbitraries.ts'
import { attribute, hex, message, text, updateBody } from '../../support/wire-bytes.ts'

const MESSAGES: DecodeRequest = { form: 'text', options: DEFAULT_OPTIONS, content: { kind: 'messages' } }

async function decode(texts: readonly string[], request: Partial<DecodeRequest> = {}): Promise<[string, boolean]> {
  let written = ''
  const output = {
    write: (piece: string) => {
      written += piece
    },
    complain: () => undefined,
  }
  const isClean = await decodeTexts(texts, { ...MESSAGES, ...request }, output)
  return [written, isClean]
}

const KEEPALIVE = text(message(4))
const UPDATE = text(
  message(
    2,
    updateBody({
      attributes: [attribute(0x40, 1, '00'), attribute(0x40, 2, '02010000fde9'), attribute(0x40, 3, 'c0000201')],
      nlri: '080a',
    }),
  ),
)

describe('hex digits', () => {
  it.each([
    ['ff00', 'ff00'],
    ['FF 00', 'ff00'],
    ['0xff,0x00', 'ff00'],
    ['ff:00\n', 'ff00'],
    ['f0 0xff', 'f0ff'],
  ])('%j are octets', (digits, octets) => {
    expect(parseHex(digits)).toEqual({ bytes: hex(octets) })
  })

  it('name the digit that is none', () => {
    expect(parseHex('ff 0g')).toEqual({ digit: 4, reason: '"g" is no hex digit' })
  })

  it('name half an octet', () => {
    expect(parseHex('ff0')).toEqual({ digit: 3, reason: 'half an octet at the end' })
  })

  it('of arbitrary text never throw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 100 }), async digits => {
        await expect(decode([digits])).resolves.toBeDefined()
      }),
      RUNS,
    )
  })

  it('of arbitrary octets never throw, whatever they are taken for', async () => {
    const contents: DecodeRequest['content'][] = [
      { kind: 'messages' },
      { kind: 'attributes' },
      { kind: 'nlri', family: IPV6_UNICAST },
    ]
    const form = fc.constantFrom<DecodeRequest['form']>('text', 'json')
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(...contents),
        form,
        async (bytes, content, form) => {
          await expect(decode([text(bytes)], { content, form })).resolves.toBeDefined()
          await expect(decode([text(message(2, text(bytes)))], { form })).resolves.toBeDefined()
        },
      ),
      RUNS,
    )
  })
})

describe('messages in hex', () => {
  it('are read one after the other', async () => {
    expect(await decode([KEEPALIVE + KEEPALIVE])).toEqual(['argument 1: KEEPALIVE, 19 octets\n'.repeat(2), true])
  })

  it('come in words', async () => {
    const [written] = await decode([UPDATE])
    expect(written.split('\n').map(line => line.trim())).toEqual([
      `argument 1: UPDATE, ${UPDATE.length / 2} octets`,
      'announced: 10.0.0.0/8',
      'BGP.origin: IGP',
      'BGP.as_path: 65001',
      'BGP.next_hop: 192.0.2.1',
      '',
    ])
  })

  it('come as JSON', async () => {
    const [written] = await decode([UPDATE], { form: 'json' })
    expect(JSON.parse(written)).toMatchObject({
      schema: 'godwit/v1',
      kind: 'Message',
      source: 'argument 1',
      content: { type: 'update', action: 'accept', nlri: ['10.0.0.0/8'] },
      problems: [],
    })
  })

  it('are complained of with the paragraph that decides', async () => {
    const missing = text(message(2, updateBody({ attributes: [attribute(0x40, 1, '00')], nlri: '080a' })))
    const [written, isClean] = await decode([missing])
    expect(written).toContain('! treated as withdrawn: AS_PATH is missing (RFC 7606 3')
    expect(isClean).toBe(false)
  })

  it('are refused with the NOTIFICATION they deserve', async () => {
    const [written] = await decode([text(message(1, '03fde900b4c000020100'))])
    expect(written).toContain('! session reset, 2/1 OPEN Message Error / Unsupported Version Number: ')
    expect(written).toContain('(RFC 4271 6.2)')
  })

  it.each([
    [
      'a broken marker',
      `${KEEPALIVE}00${KEEPALIVE.slice(2)}`,
      'argument 1, digit 39: the marker is not all ones (RFC 4271 6.1)',
    ],
    ['a message cut short', KEEPALIVE.slice(2), 'argument 1, digit 1: 18 octets are no whole message'],
    ['nothing', ' ', 'argument 1: no hex digits'],
  ])('that are %s say where', async (_what, digits, expected) => {
    const [written, isClean] = await decode([digits])
    expect(written).toContain(expected)
    expect(isClean).toBe(false)
  })

  it('have path identifiers when told so', async () => {
    const withdrawn = text(message(2, updateBody({ withdrawn: '0000002a080a' })))
    const options = { ...DEFAULT_OPTIONS, addPath: [IPV4_UNICAST] }
    expect((await decode([withdrawn], { options }))[0]).toContain('withdrawn: 10.0.0.0/8 path 42')
  })

  it('have AS numbers of two octets when told so', async () => {
    const block = attribute(0x40, 2, '0201fde9')
    const content = { kind: 'attributes' } as const
    const options = { ...DEFAULT_OPTIONS, as2: true }
    expect((await decode([block], { content, options }))[0]).toContain('BGP.as_path: 65001')
  })

  it('come from outside when told so', async () => {
    const content = { kind: 'attributes' } as const
    const options = { ...DEFAULT_OPTIONS, peerKind: 'ebgp' } as const
    const [written] = await decode([attribute(0x80, 9, 'c0000201')], { content, options })
    expect(written).toContain('attribute discarded')
  })
})

describe('prefixes in hex', () => {
  it('are listed', async () => {
    const [written] = await decode(['080a 18c00002'], { content: { kind: 'nlri', family: IPV4_UNICAST } })
    expect(written).toBe('argument 1: ipv4-unicast prefixes, 6 octets\n  10.0.0.0/8\n  192.0.2.0/24\n')
  })

  it('may be malformed', async () => {
    const [written] = await decode(['210a'], { content: { kind: 'nlri', family: IPV4_UNICAST } })
    expect(written).toContain('a prefix is malformed (RFC 7606 5.3)')
  })
})
