import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { addressOctets } from '../../../src/net/address.ts'
import { type SourcePrefix, sourceFilter } from '../../../src/net/source-filter.ts'
import { IS_LITTLE_ENDIAN } from '../../../src/sys/host-order.ts'
import { loadLibc } from '../../../src/sys/libc.ts'
import { attachFilter, detachFilter, droppedSegments } from '../../../src/sys/socket-filter.ts'
import { closeDescriptor, openTcp } from '../../../src/sys/tcp.ts'
import { ScriptedPeer } from '../../support/net-scripted-peer.ts'

const octets = (text: string): Uint8Array => {
  const found = addressOctets(text)
  if (found === undefined) throw new Error(`${text} is no address`)
  return found
}

const prefix = (text: string): SourcePrefix => {
  const [address = '', length] = text.split('/')
  return { address: octets(address), length: Number(length ?? octets(address).length * 8) }
}

/** A machine for the few instructions there are: whether a packet from this source is let through. */
function isLetThrough(program: Uint8Array, source: string): boolean {
  const view = new DataView(program.buffer)
  const packet = new Uint8Array(40)
  const address = octets(source)
  packet.set(address, address.length === 4 ? 12 : 8)
  const header = new DataView(packet.buffer)
  let accumulator = 0
  for (let at = 0; at < program.length; at += 8) {
    const value = view.getUint32(at + 4, IS_LITTLE_ENDIAN)
    switch (view.getUint16(at, IS_LITTLE_ENDIAN)) {
      case 0x20:
        accumulator = header.getUint32(value - 0xfff0_0000)
        break
      case 0x54:
        accumulator = (accumulator & value) >>> 0
        break
      case 0x15:
        at += 8 * (program[at + (accumulator === value ? 2 : 3)] ?? 0)
        break
      default:
        return value !== 0
    }
  }
  throw new Error('ran off the end')
}

describe('sourceFilter', () => {
  const some = ['10.0.0.1', '10.1.0.0/20', '192.0.2.128/25', 'fd00:1:2:3::/64', 'fd00:9::7', 'fe80::/10'].map(prefix)

  it.each([
    ['10.0.0.1', true],
    ['10.0.0.2', false],
    ['10.1.15.255', true],
    ['10.1.16.0', false],
    ['192.0.2.200', true],
    ['192.0.2.100', false],
    ['fd00:1:2:3::4', true],
    ['fd00:1:2:4::4', false],
    ['fd00:9::7', true],
    ['fd00:a::7', false],
    ['fe80::1', true],
    ['fec0::1', false],
  ])('%s is let through: %s', (source, expected) => {
    expect(isLetThrough(sourceFilter(some, source.includes(':') ? 16 : 4), source)).toBe(expected)
  })

  it('lets nobody through when there is nobody, and everybody through with 0.0.0.0/0', () => {
    expect(isLetThrough(sourceFilter([], 4), '10.0.0.1')).toBe(false)
    expect(isLetThrough(sourceFilter([prefix('0.0.0.0/0')], 4), '10.0.0.1')).toBe(true)
  })

  it('stays small with any number of sources, and never shuts one out', () => {
    const many = Array.from({ length: 20_000 }, (_, n) => `10.${n % 200}.${(n >> 4) & 255}.${n & 15}`)
    const program = sourceFilter(many.map(prefix), 4)
    expect(program.length).toBeLessThanOrEqual(400 * 4 * 8 + 8)
    for (const source of many) expect(isLetThrough(program, source)).toBe(true)
    expect(isLetThrough(program, '172.16.0.1')).toBe(false)
  })
})

describe.skipIf(!loadLibc().isLoaded)('on a listening socket', () => {
  it('strangers are dropped and counted, the others connect, until it is taken off', async () => {
    const fd = openTcp({ family: 'ipv4', local: { address: octets('127.0.0.1'), port: 0 } })
    const server = createServer(socket => socket.destroy())
    try {
      await new Promise<void>(resolve => server.listen({ fd }, resolve))
      const bound = server.address()
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0
      attachFilter(fd, sourceFilter([prefix('127.0.5.0/24')], 4))
      const before = droppedSegments(fd)
      const known = await ScriptedPeer.connect(port, '127.0.5.9')
      expect(known.error).toBeUndefined()
      const stranger = ScriptedPeer.connect(port, '127.0.6.9').catch(() => 'no answer')
      await new Promise(resolve => setTimeout(resolve, 100))
      expect(droppedSegments(fd)).toBeGreaterThan(before)
      detachFilter(fd)
      detachFilter(fd)
      // The first segment is sent again after a second.
      expect(await stranger).toBeInstanceOf(ScriptedPeer)
      known.close()
    } finally {
      if (server.listening) server.close()
      else closeDescriptor(fd)
    }
  })
})
