import { readFileSync } from 'node:fs'
import { endianness } from 'node:os'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RouteKind } from '../../../src/kernel/constants.ts'
import { Op, RecordFlag, RouteRecords, routeOf } from '../../../src/kernel/record.ts'
import { MessageBuilder } from '../../../src/kernel/rtnetlink/builder.ts'
import { MessageReader } from '../../../src/kernel/rtnetlink/parser.ts'
import { formatAddress } from '../../../wire/prefix.ts'
import { address, prefix, routeText } from './support.ts'

/** Captured datagrams by the command of iproute2 that caused them; see the head of the file. */
const captured = new Map<string, Uint8Array[]>()
const text = readFileSync(new URL('../../../fixtures/netlink/notifications.txt', import.meta.url), 'utf8')
for (const block of text.split('\n> ip ').slice(1)) {
  const [command = '', ...lines] = block.trim().split('\n')
  captured.set(
    command,
    lines.map(line => new Uint8Array(Buffer.from(line, 'hex'))),
  )
}

function datagram(command: string, at = 0): Uint8Array {
  const found = captured.get(command)?.[at]
  if (found === undefined) throw new Error(`no capture of "${command}"`)
  return found
}

/** The messages of a datagram, routes only, as text with what `ip` does not show. */
function routesOf(bytes: Uint8Array): string[] {
  const reader = new MessageReader().reset(bytes, bytes.length)
  const records = new RouteRecords(1)
  while (reader.next()) reader.route(records)
  const lines: string[] = []
  records.rewind()
  while (records.nextRoute()) {
    const { op, protocol, interfaceIndex, table, flags } = records
    const route = routeOf(records)
    const names = Object.entries(RecordFlag).filter(([, flag]) => (flags & flag) !== 0)
    const head = `${op === Op.gone ? 'gone' : 'present'} ${route === undefined ? '?' : routeText(route)}`
    lines.push(
      [head, `proto ${protocol} dev ${interfaceIndex} table ${table}`, ...names.map(([name]) => name)].join(' '),
    )
  }
  return lines
}

describe.skipIf(endianness() === 'BE')('messages of the kernel (captured on a little-endian machine)', () => {
  it.each([
    [
      'route add 10.1.0.0/24 via 10.99.0.2 metric 32 proto 80',
      'present 10.1.0.0/24 via 10.99.0.2 metric 32 proto 80 dev 40 table 254',
    ],
    [
      'route replace 10.1.0.0/24 via 10.99.0.9 metric 32 proto static',
      'present 10.1.0.0/24 via 10.99.0.9 metric 32 proto 4 dev 40 table 254 replaced',
    ],
    [
      'route append 10.1.0.0/24 via 10.99.0.3 metric 32 proto static',
      'present 10.1.0.0/24 via 10.99.0.3 metric 32 proto 4 dev 40 table 254 appended',
    ],
    [
      'route del 10.1.0.0/24 via 10.99.0.9 metric 32 proto static',
      'gone 10.1.0.0/24 via 10.99.0.9 metric 32 proto 4 dev 40 table 254',
    ],
    [
      'route add 10.2.0.1/32 via 172.31.0.1 dev va onlink proto bird',
      'present 10.2.0.1/32 via 172.31.0.1 onlink proto 12 dev 40 table 254 onlink',
    ],
    [
      'route add 10.3.0.0/26 dev va scope link proto boot metric 1024',
      'present 10.3.0.0/26 metric 1024 proto 3 dev 40 table 254',
    ],
    ['route add blackhole 10.4.0.0/26 proto bird', 'present blackhole 10.4.0.0/26 proto 12 dev 0 table 254'],
    [
      'route add 10.6.0.0/24 proto bird nexthop via 10.99.0.2 weight 1 nexthop via 10.99.0.3 weight 2',
      'present 10.6.0.0/24 nexthop 10.99.0.2*1 nexthop 10.99.0.3*2 proto 12 dev 40 table 254',
    ],
    ['route add 10.7.0.0/24 via 10.99.0.2 table 1000', 'present 10.7.0.0/24 via 10.99.0.2 proto 3 dev 40 table 1000'],
    ['route add 10.8.0.0/24 tos 0x10 via 10.99.0.2', 'present 10.8.0.0/24 via 10.99.0.2 proto 3 dev 40 table 254 tos'],
    ['route add default via 10.99.0.254 proto dhcp', 'present 0.0.0.0/0 via 10.99.0.254 proto 16 dev 40 table 254'],
    ['route add 10.9.0.0/24 via inet6 fe80::2 dev va', 'present 10.9.0.0/24 proto 3 dev 40 table 254 viaOtherFamily'],
    [
      '-6 route add fd00:1::/64 via fd99::2 metric 512 proto bird',
      'present fd00:1::/64 via fd99::2 metric 512 proto 12 dev 40 table 254',
    ],
    [
      '-6 route add fd00:2::/64 via fe80::1 dev va',
      'present fd00:2::/64 via fe80::1 metric 1024 proto 3 dev 40 table 254',
    ],
    [
      '-6 route add fd00:3::/64 nexthop via fd99::2 nexthop via fd99::3',
      'present fd00:3::/64 nexthop fd99::2*1 nexthop fd99::3*1 metric 1024 proto 3 dev 40 table 254',
    ],
    [
      '-6 route add unreachable fd00:4::/64 proto bird',
      'present unreachable fd00:4::/64 metric 1024 proto 12 dev 1 table 254',
    ],
  ])('ip %s', (command, expected) => {
    expect(routesOf(datagram(command))).toEqual([expected])
  })

  it('reads addresses, with the far end of a point-to-point link', () => {
    const bytes = datagram('addr add 10.98.0.1 peer 10.98.0.2/32 dev va')
    const reader = new MessageReader().reset(bytes, bytes.length)
    expect(reader.next()).toBe(true)
    const event = reader.address()
    expect(event).toMatchObject({ kind: 'present', interfaceIndex: 40, length: 32 })
    expect([event?.address, event?.subnet].map(octets => octets && formatAddress(octets))).toEqual([
      '10.98.0.1',
      '10.98.0.2',
    ])
  })

  it('reads names and states of links', () => {
    const link = (command: string) => {
      const bytes = datagram(command)
      const reader = new MessageReader().reset(bytes, bytes.length)
      return reader.next() ? reader.link() : undefined
    }
    expect(link('link set vb name cali0123456789a')).toEqual({
      kind: 'present',
      index: 41,
      name: 'cali0123456789a',
      isUp: true,
      isRunning: true,
    })
    expect(link('link set va down')).toMatchObject({ kind: 'present', index: 40, name: 'va', isUp: false })
  })

  it('never throws and never reads outside, whatever the octets', () => {
    const samples = [...captured.values()].flat()
    const damaged = fc.record({
      sample: fc.integer({ min: 0, max: samples.length - 1 }),
      cut: fc.nat(2000),
      at: fc.nat(200),
      octet: fc.integer({ min: 0, max: 255 }),
    })
    fc.assert(
      fc.property(damaged, ({ sample, cut, at, octet }) => {
        const whole = samples[sample] ?? new Uint8Array(0)
        const bytes = whole.slice(0, Math.max(0, whole.length - (cut % (whole.length + 1))))
        if (at < bytes.length) bytes[at] = octet
        const reader = new MessageReader().reset(bytes, bytes.length)
        const records = new RouteRecords(1)
        while (reader.next()) {
          reader.route(records)
          reader.link()
          reader.address()
          reader.errorText()
        }
        expect(records.count).toBeLessThanOrEqual(bytes.length)
      }),
    )
  })
})

describe.skipIf(endianness() === 'BE')('requests to the kernel', () => {
  interface Ask {
    readonly op: number
    readonly to: string
    readonly kind?: number
    readonly via?: string
    readonly dev?: number
    readonly metric?: number
    readonly table?: number
    readonly flags?: number
  }

  /** The octets of one request, in hex. */
  function build({ op, to, kind = RouteKind.unicast, via, dev = 0, metric = 0, table = 254, flags = 0 }: Ask): string {
    const { family, words, length } = prefix(to)
    const records = new RouteRecords(1).append(op)
    Object.assign(records, { family, length, kind, protocol: 12, table, metric, flags, interfaceIndex: dev })
    words.forEach((word, k) => void records.setWord(k, word))
    if (via !== undefined) records.setGateway(address(via))
    const builder = new MessageBuilder(1024)
    builder.route(records, 7)
    return Buffer.from(builder.bytes.subarray(0, builder.length)).toString('hex')
  }

  // Header: length, type (24 new, 25 delete), flags, sequence 7, port 0. Then struct rtmsg, then attributes: destination, priority, gateway, interface.
  it.each<[string, Ask, string]>([
    [
      'adds exclusively, and leaves the device to the kernel',
      { op: Op.add, to: '10.1.0.0/24', via: '10.99.0.2' },
      '2c000000 1800 0106 07000000 00000000 02180000fe0c0001 00000000 080001000a010000 080005000a630002',
    ],
    [
      'replaces with metric and device',
      { op: Op.replace, to: '10.1.0.0/24', via: '10.99.0.2', metric: 32, dev: 40 },
      '3c000000 1800 0105 07000000 00000000 02180000fe0c0001 00000000 080001000a010000 0800060020000000 080005000a630002 0800040028000000',
    ],
    [
      'marks a gateway as on-link',
      { op: Op.add, to: '10.1.0.0/24', via: '172.31.0.1', dev: 40, flags: RecordFlag.onlink },
      '34000000 1800 0106 07000000 00000000 02180000fe0c0001 04000000 080001000a010000 08000500ac1f0001 0800040028000000',
    ],
    [
      'gives a device route link scope',
      { op: Op.add, to: '10.3.0.0/26', dev: 40 },
      '2c000000 1800 0106 07000000 00000000 021a0000fe0cfd01 00000000 080001000a030000 0800040028000000',
    ],
    [
      'writes a blackhole',
      { op: Op.add, to: '10.4.0.0/26', kind: RouteKind.blackhole },
      '24000000 1800 0106 07000000 00000000 021a0000fe0c0006 00000000 080001000a040000',
    ],
    [
      'names a large table in an attribute',
      { op: Op.add, to: '10.4.0.0/26', kind: RouteKind.blackhole, table: 1000 },
      '2c000000 1800 0106 07000000 00000000 021a0000000c0006 00000000 080001000a040000 08000f00e8030000',
    ],
    [
      'deletes by prefix, protocol and metric, whatever type and scope',
      { op: Op.delete, to: '10.1.0.0/24', metric: 32 },
      '2c000000 1900 0100 07000000 00000000 02180000fe0cff00 00000000 080001000a010000 0800060020000000',
    ],
    [
      'writes IPv6',
      { op: Op.add, to: 'fd01::/64', via: 'fd99::2', metric: 1024 },
      '4c000000 1800 0106 07000000 00000000 0a400000fe0c0001 00000000 14000100fd010000000000000000000000000000 0800060000040000 14000500fd990000000000000000000000000002',
    ],
  ])('%s', (_, ask, expected) => {
    expect(build(ask)).toBe(expected.replaceAll(' ', ''))
  })

  it('never creates without saying exclusive or replace', () => {
    for (const op of [Op.add, Op.replace]) {
      const flags = Number.parseInt(build({ op, to: '10.1.0.0/24', via: '10.99.0.2' }).slice(14, 16), 16)
      expect(flags & 0x04).toBe(0x04)
      expect(flags & 0x03).not.toBe(0)
    }
  })

  it('writes the legs of a multipath route with their weights, and reads them back the same', () => {
    const records = new RouteRecords(1).append(Op.add)
    Object.assign(records, {
      family: prefix('10.6.0.0/24').family,
      length: 24,
      kind: RouteKind.unicast,
      protocol: 12,
      table: 254,
      legs: 2,
    })
    records.setWord(0, 0x0a060000)
    for (const [gateway, weight] of [
      ['10.99.0.2', 1],
      ['10.99.0.3', 2],
    ] as const) {
      records.append(Op.leg)
      Object.assign(records, { family: prefix('10.6.0.0/24').family, weight, interfaceIndex: 40 })
      records.setGateway(address(gateway))
    }
    const builder = new MessageBuilder(1024)
    builder.route(records.seek(0), 7)
    const legs = '1000 00 00 28000000 080005000a630002 1000 00 01 28000000 080005000a630003'
    expect(Buffer.from(builder.bytes.subarray(36, builder.length)).toString('hex')).toBe(
      `24000900${legs.replaceAll(' ', '')}`,
    )
    expect(routesOf(builder.bytes.slice(0, builder.length))).toEqual([
      'present 10.6.0.0/24 nexthop 10.99.0.2*1 nexthop 10.99.0.3*2 proto 12 dev 40 table 254',
    ])
  })

  it('reads the errno and the words of a refusal', () => {
    const message = Buffer.from('Nexthop has invalid gateway\0')
    const bytes = new Uint8Array(16 + 4 + 16 + 4 + message.length)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, bytes.length, true)
    view.setUint16(4, 2, true)
    view.setUint16(6, 0x300, true)
    view.setInt32(16, -101, true)
    view.setUint16(36, 4 + message.length, true)
    view.setUint16(38, 1, true)
    bytes.set(message, 40)
    const reader = new MessageReader().reset(bytes, bytes.length)
    expect(reader.next()).toBe(true)
    expect([reader.errno, reader.errorText()]).toEqual([101, 'Nexthop has invalid gateway'])
  })
})
