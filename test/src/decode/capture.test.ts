import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { DEFAULT_OPTIONS, decodeFile } from '../../../src/decode/index.ts'
import { PacketReader } from '../../../src/decode/packet.ts'
import { PcapReport } from '../../../src/decode/pcap-file.ts'
import { Report } from '../../../src/decode/report.ts'
import { TcpStream } from '../../../src/decode/tcp.ts'
import { RUNS } from '../../support/wire-arbitraries.ts'
import { hex, int, join, message, text } from '../../support/wire-bytes.ts'

const PCAP = `a1b2c3d4 00020004 00000000 00000000 00040000 00000065`
const KEEPALIVE = message(4)

interface Sent {
  readonly sequence: number
  readonly payload?: Uint8Array
  readonly flags?: number
  readonly isBack?: boolean
}

/** A raw IPv4 packet with a TCP segment between two fixed ends. */
function segment({ sequence, payload = new Uint8Array(0), flags = 0x10, isBack = false }: Sent): Uint8Array {
  const ends = isBack ? ['c0000202', 'c0000201', '00b3', '9c40'] : ['c0000201', 'c0000202', '9c40', '00b3']
  const [from, to, fromPort, toPort] = ends
  const ip = `4500 ${int(40 + payload.length, 2)} 0000 0000 40 06 0000 ${from} ${to}`
  const tcp = `${fromPort} ${toPort} ${int(sequence, 4)} 00000000 50 ${int(flags, 1)} ffff 0000 0000`
  return join(hex(ip + tcp), payload)
}

function capture(segments: readonly Sent[]): Uint8Array {
  const records = segments.map(sent => {
    const packet = segment(sent)
    return join(hex(`00000001 0000000a ${int(packet.length, 4)} ${int(packet.length, 4)}`), packet)
  })
  return join(hex(PCAP), ...records)
}

function read(chunks: readonly Uint8Array[]): string[] {
  const report = new Report('text')
  const reader = new PcapReport('file', DEFAULT_OPTIONS, report)
  for (const chunk of chunks) reader.push(chunk)
  reader.end()
  return report.take().split('\n').slice(0, -1)
}

const HEAD = '1970-01-01T00:00:01.000010Z 192.0.2.1:40000 > 192.0.2.2:179:'
const LINE = `${HEAD} KEEPALIVE, 19 octets`

describe('a capture', () => {
  it('gives the messages of a connection', () => {
    const segments = [
      { sequence: 99, flags: 2 },
      { sequence: 100, payload: join(KEEPALIVE, KEEPALIVE) },
    ]
    expect(read([capture(segments)])).toEqual([LINE, LINE])
  })

  it('puts segments in order and drops repeats', () => {
    const [first, second] = [KEEPALIVE.subarray(0, 7), KEEPALIVE.subarray(7)]
    const segments = [
      { sequence: 99, flags: 2 },
      { sequence: 107, payload: second },
      { sequence: 100, payload: first },
      { sequence: 100, payload: first },
      { sequence: 119, payload: KEEPALIVE },
    ]
    expect(read([capture(segments)])).toEqual([LINE, LINE])
  })

  it('says what is missing and goes on with the next message', () => {
    const segments = [
      { sequence: 99, flags: 2 },
      { sequence: 100, payload: KEEPALIVE },
      { sequence: 150, payload: KEEPALIVE },
    ]
    const gap = expect.stringContaining('31 octets are missing from the capture')
    expect(read([capture(segments)])).toEqual([LINE, gap, LINE])
  })

  it('that starts in the middle of a message starts with the next one', () => {
    const segments = [{ sequence: 5, payload: join(hex('0102030405'), KEEPALIVE) }]
    expect(read([capture(segments)])).toEqual([LINE])
  })

  it('goes on after a broken header', () => {
    const broken = join(hex(`${'ff'.repeat(16)}000104`), KEEPALIVE)
    expect(
      read([
        capture([
          { sequence: 99, flags: 2 },
          { sequence: 100, payload: broken },
        ]),
      ]).at(-1),
    ).toBe(LINE)
  })

  it('with data on its SYN is read in either numbering', () => {
    for (const next of [119, 120]) {
      const segments = [
        { sequence: 100, flags: 2, payload: KEEPALIVE },
        { sequence: next, payload: KEEPALIVE },
      ]
      expect(read([capture(segments)])).toEqual([LINE, LINE])
    }
  })

  it('takes the size of AS numbers from the OPENs', () => {
    const open = (capabilities: string): Uint8Array =>
      message(1, `04fde900b4c0000201${int(capabilities.length / 2, 1)}${capabilities}`)
    const four = open('02064104fde90000'.replace('fde90000', '0000fde9'))
    const update = message(
      2,
      '0000 0012 400101 00 400206 02 01 0000fde9 400304 c0000201'.replaceAll(' ', '').replace('0012', '0014'),
    )
    const start = [
      { sequence: 0, payload: four },
      { sequence: 0, payload: four, isBack: true },
    ]
    const lines = read([capture([...start, { sequence: four.length, payload: update }])])
    expect(lines).toContain('  BGP.as_path: 65001')
  })

  it('gives the same however the file is cut into chunks', () => {
    const bytes = capture([
      { sequence: 99, flags: 2 },
      { sequence: 119, payload: KEEPALIVE },
      { sequence: 100, payload: KEEPALIVE },
    ])
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 10 }), at => {
        const bounds = [0, ...at.sort((a, b) => a - b), bytes.length]
        expect(read(bounds.slice(1).map((end, index) => bytes.slice(bounds[index], end)))).toEqual([LINE, LINE])
      }),
      RUNS,
    )
  })

  it('of arbitrary octets never throws, in either format', () => {
    const start = fc.constantFrom(PCAP, 'd4c3b2a1', '0a0d0d0a 0000001c 1a2b3c4d 00010000 ffffffffffffffff 0000001c')
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 600 }), (head, bytes) => {
        expect(() => read([hex(head), bytes])).not.toThrow()
      }),
      RUNS,
    )
  })

  it('of arbitrary packets never throws', () => {
    const packets = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 })
    fc.assert(
      fc.property(packets, changes => {
        const bytes = capture([{ sequence: 1, payload: KEEPALIVE }])
        for (const [at, octet] of changes) bytes[40 + at] = octet
        expect(() => read([bytes])).not.toThrow()
      }),
      RUNS,
    )
  })
})

describe('a stream of segments', () => {
  it('is the same in whatever order they arrive', () => {
    const pieces = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 })
    fc.assert(
      fc.property(pieces, fc.integer({ min: 0, max: 0xffffffff }), (order, start) => {
        const heard: Uint8Array[] = []
        const stream = new TcpStream({ data: bytes => heard.push(bytes.slice()), gap: () => heard.push(hex('ee')) })
        stream.start((start - 1) >>> 0, new Uint8Array(0))
        for (const piece of order) stream.push((start + 3 * piece) >>> 0, hex(int(piece, 1).repeat(3)))
        expect(text(join(...heard))).toBe('000000010101020202030303040404050505060606070707')
      }),
      RUNS,
    )
  })
})

describe('packets of pcapng', () => {
  it('have the clock of their interface', () => {
    const section = '0a0d0d0a 0000001c 1a2b3c4d 00010000 ffffffffffffffff 0000001c'
    const link = '00000001 0000001c 0065 0000 00040000 0009 0001 09000000 0000001c'.replaceAll(' ', '')
    const packet = '00000006 00000024 00000000 00000000 3b9aca05 00000001 00000001 ff000000 00000024'
    const times: number[][] = []
    const reader = new PacketReader({
      packet: ({ timeS, nanos }) => times.push([timeS, nanos]),
      problem: (_offset, reason) => expect.unreachable(reason),
    })
    reader.push(hex(section + link + packet))
    expect(times).toEqual([[1, 5]])
  })

  it('may claim a time beyond all calendars', () => {
    const section = '0a0d0d0a 0000001c 1a2b3c4d 00010000 ffffffffffffffff 0000001c'
    const link = '00000001 0000001c 0065 0000 00040000 0009 0001 00000000 0000001c'
    const packet = segment({ sequence: 1, payload: join(KEEPALIVE, hex('00')) })
    const block = `00000006 00000060 00000000 ffffffff 00000001 ${int(packet.length, 4).repeat(2)}`
    const bytes = join(
      hex(section + link + block.replace('00000060', int(32 + packet.length, 4))),
      packet,
      hex('00000000'),
    )
    expect(read([bytes])[0]).toMatch(/^18446744069414584000 s 192/)
  })
})

describe('a file', () => {
  const folder = mkdtempSync(path(tmpdir(), 'godwit-decode-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  async function decode(bytes: Uint8Array | string, form: 'text' | 'mrt-text' = 'text') {
    const file = path(folder, 'file')
    writeFileSync(file, bytes)
    const found = { written: '', complaints: [] as string[] }
    const output = {
      write: (piece: string) => {
        found.written += piece
      },
      complain: (sentence: string) => void found.complaints.push(sentence.replace(file, 'FILE')),
    }
    const request = { form, options: DEFAULT_OPTIONS, content: { kind: 'messages' } } as const
    const isClean = await decodeFile(file, undefined, request, output)
    return { ...found, written: found.written.replaceAll(file, 'FILE'), isClean }
  }

  it('is told by its first octets, compressed or not', async () => {
    const bytes = capture([{ sequence: 1, payload: KEEPALIVE }])
    for (const file of [bytes, gzipSync(bytes)]) expect((await decode(file)).written).toBe(`${LINE}\n`)
  })

  it('may be text of hex digits', async () => {
    expect((await decode(`${text(KEEPALIVE)}\n`)).written).toBe('FILE: KEEPALIVE, 19 octets\n')
  })

  it('whose compression is broken is read as far as it goes', async () => {
    const record = hex(`00000001 0010 0005 00000018 0000fde9 0000fdea 0000 0001 c0000201 c0000202 0001 0002`)
    const found = await decode(gzipSync(record).subarray(0, -6), 'mrt-text')
    expect(found).toMatchObject({ written: 'BGP4MP|1|STATE|192.0.2.1|65001|1|2\n', isClean: false })
    expect(found.complaints).toEqual([expect.stringMatching(/^FILE: the compressed data is broken: /)])
  })

  it.each([
    ['random', '425a6839 31415926 5359 00112233445566778899'],
    ['cut', '425a6839 31415926 5359'],
  ])('of bzip2 that is %s is a complaint, not an exception', async (_what, octets) => {
    const { written, isClean } = await decode(hex(octets))
    expect(written).toContain('the compressed data is broken')
    expect(isClean).toBe(false)
  })

  it('that is not there is an error of its own', async () => {
    const output = { write: () => undefined, complain: () => undefined }
    const request = { form: 'text', options: DEFAULT_OPTIONS, content: { kind: 'messages' } } as const
    await expect(decodeFile('/nowhere/file', undefined, request, output)).rejects.toThrow(/cannot be read: ENOENT/)
  })
})
