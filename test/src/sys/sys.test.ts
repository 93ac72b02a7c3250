import { createServer, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { IpOption, Ipv6Option, Level, SocketOption, TRAFFIC_CLASS_CS6 } from '../../../src/sys/constants.ts'
import { errnoName, errnoText, isSysError, SysError } from '../../../src/sys/errno.ts'
import { toNetworkOrder } from '../../../src/sys/host-order.ts'
import { load, loadLibc, requireLibc } from '../../../src/sys/libc.ts'
import { decodeEndpoint, encodeEndpoint, encodeNetlinkAddress, netlinkPortId } from '../../../src/sys/sockaddr.ts'
import { getOption } from '../../../src/sys/socket-option.ts'
import { closeDescriptor, descriptorOf, localEndpoint, openTcp } from '../../../src/sys/tcp.ts'

const isLoaded = loadLibc().isLoaded
const LOOPBACK = new Uint8Array([127, 0, 0, 1])
const LOOPBACK6 = new Uint8Array(16).fill(1, 15)

describe('the C library', () => {
  it('says in a sentence why it is not there', () => {
    expect(load('darwin', 'arm64')).toMatchObject({
      isLoaded: false,
      code: 'SYS_PLATFORM',
      reason: expect.stringContaining('darwin'),
    })
    expect(load('linux', 's390x')).toMatchObject({
      isLoaded: false,
      code: 'SYS_ARCHITECTURE',
      reason: expect.stringContaining('s390x'),
    })
  })

  it.skipIf(!isLoaded)('tells the errno of a failed call', () => {
    const libc = requireLibc()
    expect(libc.close(-1)).toBe(-1)
    expect(errnoName(libc.errno())).toBe('EBADF')
  })
})

describe('errors', () => {
  it('have a name, words and the call', () => {
    const error = new SysError('bind', 98)
    expect(error).toMatchObject({ code: 'EADDRINUSE', errno: 98, call: 'bind' })
    expect(error.message).toBe('bind: address already in use (EADDRINUSE)')
    expect(isSysError(error, 'EADDRINUSE')).toBe(true)
    expect(isSysError(error, 'EPERM')).toBe(false)
    expect(errnoText(9999)).toBe('E9999')
  })
})

describe('socket addresses', () => {
  it.each([
    [{ address: new Uint8Array([10, 0, 0, 1]), port: 179 }],
    [{ address: new Uint8Array(16).fill(0xfe, 0, 1).fill(7, 15), port: 65535, scopeId: 4 }],
  ])('survive the way through C and back: %j', endpoint => {
    expect(decodeEndpoint(encodeEndpoint(endpoint))).toEqual(endpoint)
  })

  it('have port and address in network order', () => {
    expect(
      Buffer.from(encodeEndpoint({ address: new Uint8Array([10, 0, 0, 1]), port: 179 }))
        .toString('hex')
        .slice(4),
    ).toBe('00b30a0000010000000000000000')
  })

  it('of netlink carry port id and groups', () => {
    expect(netlinkPortId(encodeNetlinkAddress(0x80001234, 0x440))).toBe(0x80001234)
  })

  it('network order of a number is its octets, most significant first', () => {
    const octets = new Uint8Array(new Uint32Array([toNetworkOrder(0x01020304)]).buffer)
    expect([...octets]).toEqual([1, 2, 3, 4])
  })
})

describe.skipIf(!isLoaded)('TCP descriptors', () => {
  const open: number[] = []
  const tcp = (options: Parameters<typeof openTcp>[0]): number => {
    const fd = openTcp(options)
    open.push(fd)
    return fd
  }
  afterEach(() => {
    for (const fd of open.splice(0)) closeDescriptor(fd)
  })

  it('have their options before anything else happens', () => {
    const libc = requireLibc()
    const fd = tcp({
      family: 'ipv4',
      reuseAddress: true,
      trafficClass: TRAFFIC_CLASS_CS6,
      local: { address: LOOPBACK, port: 0 },
    })
    expect(getOption(libc, fd, { level: Level.socket, number: SocketOption.reuseAddress, name: '' })).toBe(1)
    expect(getOption(libc, fd, { level: Level.ip, number: IpOption.typeOfService, name: '' })).toBe(0xc0)
    expect(localEndpoint(fd)?.address).toEqual(LOOPBACK)
    const fd6 = tcp({ family: 'ipv6', trafficClass: TRAFFIC_CLASS_CS6 })
    expect(getOption(libc, fd6, { level: Level.ipv6, number: Ipv6Option.v6Only, name: '' })).toBe(1)
    expect(getOption(libc, fd6, { level: Level.ipv6, number: Ipv6Option.trafficClass, name: '' })).toBe(0xc0)
  })

  it('are refused with a code when the source address is not ours, and nothing leaks', () => {
    const before = openTcp({ family: 'ipv4' })
    closeDescriptor(before)
    expect(() => openTcp({ family: 'ipv4', local: { address: new Uint8Array([192, 0, 2, 1]), port: 0 } })).toThrow(
      expect.objectContaining({ code: 'EADDRNOTAVAIL' }),
    )
    expect(tcp({ family: 'ipv4' })).toBe(before)
  })

  it.each(['ipv4', 'ipv6'] as const)(
    'listen and connect through node:net with their source address (%s)',
    async family => {
      const address = family === 'ipv4' ? LOOPBACK : LOOPBACK6
      const listening = openTcp({ family, reuseAddress: true, local: { address, port: 0 } })
      const server = createServer()
      const accepted = new Promise<Socket>(resolve => server.once('connection', resolve))
      await new Promise<void>(resolve => server.listen({ fd: listening }, resolve))
      const port = localEndpoint(listening)?.port ?? 0
      const source = family === 'ipv4' ? new Uint8Array([127, 0, 0, 7]) : LOOPBACK6
      const client = new Socket({ fd: openTcp({ family, local: { address: source, port: 0 } }) })
      client.connect({ host: family === 'ipv4' ? '127.0.0.1' : '::1', port })
      const peer = await accepted
      expect(peer.remoteAddress).toBe(family === 'ipv4' ? '127.0.0.7' : '::1')
      const fd = descriptorOf(peer) ?? 0
      expect(localEndpoint(fd)).toMatchObject({ address, port })
      client.destroy()
      peer.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  )
})
