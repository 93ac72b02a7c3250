import { describe, expect, it } from 'vitest'
import {
  MrtDecoder,
  MrtFramer,
  type MrtProblem,
  type MrtRecord,
  mrtTypeName,
  ribAttributes,
} from '../../wire/mrt/index.ts'
import { hex, int, join, message, text } from '../support/wire-bytes.ts'

/** One record: time 1000, type, subtype, content as hex. */
function record(type: number, subtype: number, content: string): Uint8Array {
  const body = hex(content)
  return join(hex(int(1000, 4) + int(type, 2) + int(subtype, 2) + int(body.length, 4)), body)
}

function read(bytes: Uint8Array, maxLength?: number): { records: MrtRecord[]; problems: MrtProblem[] } {
  const records: MrtRecord[] = []
  const problems: MrtProblem[] = []
  const decoder = new MrtDecoder()
  const framer = new MrtFramer(
    {
      record: (header, at, start, end) => records.push(decoder.decode(header, at.slice(), start, end)),
      problem: problem => problems.push(problem),
    },
    maxLength,
  )
  framer.push(bytes)
  framer.end()
  return { records, problems }
}

const contents = (bytes: Uint8Array) => read(bytes).records.map(({ content }) => content)
const keepalive = text(message(4))
const ends2 = `${int(65001, 2)}${int(65002, 2)}00000001c0000201c0000202`
const ends4 = `${int(4200000001, 4)}${int(65002, 4)}00000001c0000201c0000202`

describe('the messages of a session (RFC 6396 4.4)', () => {
  it('come with AS numbers of two octets', () => {
    const [content] = contents(record(16, 1, ends2 + keepalive))
    expect(content).toMatchObject({ kind: 'message', fourOctetAs: false, hasPathIds: false, isLocal: false })
    expect(content).toMatchObject({ peer: { asn: 65001, address: hex('c0000201') }, local: { asn: 65002 } })
  })

  it.each([
    [4, { fourOctetAs: true, isLocal: false, hasPathIds: false }],
    [7, { fourOctetAs: true, isLocal: true, hasPathIds: false }],
    [9, { fourOctetAs: true, isLocal: false, hasPathIds: true }],
    [11, { fourOctetAs: true, isLocal: true, hasPathIds: true }],
  ])('come in subtype %i', (subtype, expected) => {
    expect(contents(record(16, subtype, ends4 + keepalive))).toMatchObject([{ kind: 'message', ...expected }])
  })

  it('come with microseconds in BGP4MP_ET (RFC 6396 3)', () => {
    const { records } = read(record(17, 4, int(250_000, 4) + ends4 + keepalive))
    expect(records).toMatchObject([{ microseconds: 250_000, content: { kind: 'message' } }])
  })

  it('are malformed when the message says it is longer than the record', () => {
    const cut = keepalive.replace('001304', '001404')
    const reason = 'a BGP message of 20 octets in 19 octets'
    expect(contents(record(16, 4, ends4 + cut))).toMatchObject([{ kind: 'malformed', problem: { offset: 0, reason } }])
  })

  it('without header are what MRTD wrote (RFC 6396 B.2)', () => {
    const [content] = contents(record(5, 1, 'fde9c0000201fdeac000020200000000'))
    expect(content).toMatchObject({ kind: 'message', message: message(2, '00000000') })
  })
})

describe('the states of a session (RFC 6396 4.4.1)', () => {
  it('are a change from one number to another', () => {
    expect(contents(record(16, 5, `${ends4}00010002`))).toMatchObject([{ kind: 'state-change', from: 1, to: 2 }])
  })

  it('may lack the addresses, as Zebra left them out', () => {
    const [content] = contents(record(16, 0, '0000000000030004'))
    expect(content).toMatchObject({ kind: 'state-change', from: 3, to: 4, peer: { asn: 0, address: hex('00000000') } })
  })
})

const index = record(13, 1, 'c00002ff0002 6162 0001 02 c0000201 c0000201 0000fde9')

describe('tables', () => {
  it('of one path a record have the peer in it (RFC 6396 4.2)', () => {
    const [content] = contents(record(12, 1, '0000 0007 0a000000 08 01 00000005 c0000201 fde9 0004 40010100'))
    expect(content).toMatchObject({ kind: 'rib', sequence: 7, fourOctetAs: false })
    expect(content).toMatchObject({ entries: [{ peer: { asn: 65001 }, originatedS: 5, attributes: hex('40010100') }] })
  })

  it('name their peers by number in an index (RFC 6396 4.3)', () => {
    const rib = record(13, 2, '00000001 08 0a 0001 0000 00000005 0004 40010100')
    const [first, second] = contents(join(index, rib))
    expect(first).toMatchObject({ kind: 'peer-index', viewName: 'ab', peers: [{ asn: 65001, routerId: 0xc0000201 }] })
    expect(second).toMatchObject({ kind: 'rib', afi: 1, safi: 1, entries: [{ peerIndex: 0, peer: { asn: 65001 } }] })
  })

  it('have path identifiers in each entry (RFC 8050 4.1)', () => {
    const rib = record(13, 8, '00000001 08 0a 0001 0000 00000005 0000002a 0004 40010100')
    expect(contents(join(index, rib))[1]).toMatchObject({ kind: 'rib', entries: [{ pathId: 42 }] })
  })

  it.each([
    ['in each entry', '00000001 0001 01 08 0a 0001 0000 00000005 0000002a 0004 40010100'],
    ['in the NLRI', '00000001 0001 01 0000002a 08 0a 0001 0000 00000005 0004 40010100'],
  ])('of any family have path identifiers %s (RFC 8050 4.2)', (_where, content) => {
    expect(contents(join(index, record(13, 12, content)))[1]).toMatchObject({ kind: 'rib', entries: [{ pathId: 42 }] })
  })

  it('keep the octets of prefixes nobody here can read', () => {
    const rib = record(13, 6, '00000001 0019 41 08 0a 0000')
    expect(contents(rib)).toMatchObject([{ kind: 'rib', afi: 25, safi: 65, opaque: hex('080a') }])
  })

  it('may name a peer that is not in the index', () => {
    const rib = record(13, 2, '00000001 08 0a 0001 0009 00000005 0000')
    expect(contents(join(index, rib))[1]).toMatchObject({ entries: [{ peer: undefined, peerIndex: 9 }] })
  })
})

describe('MP_REACH_NLRI of a table', () => {
  const nextHop = `10${'20010db8'.padEnd(32, '0')}`

  it('gets its family back (RFC 6396 4.3.4)', () => {
    const whole = ribAttributes(hex(`800e11${nextHop}`), 2, 1)
    expect(text(whole)).toBe(`900e0015000201${nextHop}00`)
  })

  it('stays as it is where the writer left it whole', () => {
    const whole = hex(`800e15000201${nextHop}00`)
    expect(ribAttributes(whole, 2, 1)).toBe(whole)
  })
})

describe('a file', () => {
  it('goes on after a malformed record', () => {
    const bad = record(16, 4, '00')
    expect(contents(join(bad, record(16, 4, ends4 + keepalive))).map(({ kind }) => kind)).toEqual([
      'malformed',
      'message',
    ])
  })

  it('goes on after a record that is too long', () => {
    const { records, problems } = read(join(record(13, 1, '00'.repeat(300)), record(11, 0, '')), 200)
    expect(records).toMatchObject([{ header: { offset: 312, type: 11 }, content: { kind: 'skipped' } }])
    expect(problems).toEqual([
      { offset: 0, reason: 'a record of 300 octets; at most 200 are read', section: 'RFC 6396 2' },
    ])
  })

  it('that ends early says by how much', () => {
    const { problems } = read(record(16, 4, ends4 + keepalive).subarray(0, 30))
    expect(problems).toMatchObject([{ offset: 0, reason: 'the file ends 21 octets before the end of the record' }])
  })

  it('names what it does not read', () => {
    expect([mrtTypeName(11, 0), mrtTypeName(5, 7), mrtTypeName(77, 1)]).toEqual([
      'OSPFv2 subtype 0',
      'BGP KEEPALIVE',
      'type 77 subtype 1',
    ])
  })
})
