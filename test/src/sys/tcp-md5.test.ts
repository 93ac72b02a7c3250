import { createServer, type Server, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { loadLibc } from '../../../src/sys/libc.ts'
import {
  arrivalTtl,
  closeDescriptor,
  descriptorOf,
  KERNEL_TTL,
  missingOption,
  openTcp,
  setConnectionOptions,
  socketIdentity,
} from '../../../src/sys/tcp.ts'
import { encodeMd5Key, removeMd5Key, setMd5Key } from '../../../src/sys/tcp-md5.ts'

const isLoaded = loadLibc().isLoaded
const address = new Uint8Array([10, 0, 0, 1])
const address6 = new Uint8Array(16).fill(1, 15)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('struct tcp_md5sig', () => {
  it('has the address, the length of the key and the key where the kernel looks for them', () => {
    const bytes = encodeMd5Key({ address, key: Uint8Array.of(0x61, 0x62, 0x63) })
    expect(bytes).toHaveLength(216)
    expect([...new Uint16Array(bytes.buffer, 0, 1)]).toEqual([2])
    expect(hex(bytes.subarray(2, 8))).toBe('00000a000001')
    expect(hex(bytes.subarray(128, 130))).toBe('0000')
    expect([...new Uint16Array(bytes.buffer, 130, 1)]).toEqual([3])
    expect(hex(bytes.subarray(132, 140))).toBe('0000000061626300')
  })

  it('has an IPv6 address behind the flow label', () => {
    const bytes = encodeMd5Key({ address: address6, key: new Uint8Array(80).fill(7) })
    expect([...new Uint16Array(bytes.buffer, 0, 1)]).toEqual([10])
    expect(hex(bytes.subarray(8, 24))).toBe('00000000000000000000000000000001')
    expect(bytes.subarray(136).every(octet => octet === 7)).toBe(true)
  })

  it('is refused for a key of 81 octets, which the message does not show', () => {
    expect(() => encodeMd5Key({ address, key: new Uint8Array(81) })).toThrow('an MD5 key has at most 80 octets')
  })
})

describe.skipIf(!isLoaded)('options of a connection', () => {
  const cleanup: (() => void)[] = []
  afterEach(() => {
    for (const step of cleanup.splice(0)) step()
  })
  const tcp = (family: 'ipv4' | 'ipv6', options = {}): number => {
    const fd = openTcp({ family, ...options })
    cleanup.push(() => closeDescriptor(fd))
    return fd
  }

  it.each(['ipv4', 'ipv6'] as const)('are read back from an %s descriptor, the missing one by name', family => {
    const options = { ttl: 255, minimumTtl: 254, trafficClass: 0xc0, device: 'lo' }
    expect(missingOption(tcp(family, options), family, options)).toBeUndefined()
    const names = {
      ipv4: ['IP_TTL', 'IP_MINTTL', 'IP_TOS'],
      ipv6: ['IPV6_UNICAST_HOPS', 'IPV6_MINHOPCOUNT', 'IPV6_TCLASS'],
    }[family]
    const bare = tcp(family)
    expect(missingOption(bare, family, { ttl: 255 })).toBe(names[0])
    expect(missingOption(bare, family, { minimumTtl: 255 })).toBe(names[1])
    expect(missingOption(bare, family, { trafficClass: 0xc0 })).toBe(names[2])
    expect(missingOption(bare, family, { device: 'lo' })).toBe('SO_BINDTODEVICE')
    setConnectionOptions(bare, family, { ttl: 255 })
    setConnectionOptions(bare, family, { ttl: KERNEL_TTL })
    expect(missingOption(bare, family, { ttl: 255 })).toBe(names[0])
  })

  it('are refused with a code when there is no such device', () => {
    expect(() => openTcp({ family: 'ipv4', device: 'nope0' })).toThrow(expect.objectContaining({ code: 'ENODEV' }))
  })

  it('take a key, another one, and none, twice', () => {
    const fd = tcp('ipv4')
    setMd5Key(fd, { address, key: Uint8Array.of(1) })
    setMd5Key(fd, { address, key: Uint8Array.of(2) })
    removeMd5Key(fd, { address: address })
    removeMd5Key(fd, { address: address })
    expect(() => setMd5Key(fd, { address: address6, key: Uint8Array.of(1) })).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    )
  })

  it('tell sockets with the same number apart', () => {
    const first = openTcp({ family: 'ipv4' })
    const identity = socketIdentity(first)
    closeDescriptor(first)
    const second = tcp('ipv4')
    expect(second).toBe(first)
    expect(socketIdentity(second)).not.toBe(identity)
  })

  it.each([
    ['ipv4', '127.0.0.1', 37],
    ['ipv6', '::1', 201],
  ] as const)('tell the TTL that opened an accepted %s connection, once', async (family, host, ttl) => {
    const listening = openTcp({
      family,
      saveSyn: true,
      local: { address: family === 'ipv4' ? new Uint8Array([127, 0, 0, 1]) : address6, port: 0 },
    })
    const server: Server = createServer()
    const accepted = new Promise<Socket>(resolve => server.once('connection', resolve))
    await new Promise<void>(resolve => server.listen({ fd: listening }, resolve))
    const bound = server.address()
    const client = new Socket({ fd: openTcp({ family, ttl }) })
    client.connect({ host, port: typeof bound === 'object' && bound !== null ? bound.port : 0 })
    const peer = await accepted
    cleanup.push(
      () => client.destroy(),
      () => peer.destroy(),
      () => server.close(),
    )
    expect(arrivalTtl(descriptorOf(peer) ?? -1, family)).toBe(ttl)
    expect(arrivalTtl(descriptorOf(peer) ?? -1, family)).toBeUndefined()
  })
})
