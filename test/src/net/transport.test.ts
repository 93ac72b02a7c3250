/** Sessions on loopback whose sockets have passwords and TTLs. Two real speakers, or one and a socket that pretends. */
import { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/net/clock.ts'
import { Dial, type DialSocket } from '../../../src/net/dialer.ts'
import { openDialSocket, type TransportOptions } from '../../../src/net/transport.ts'
import { loadLibc } from '../../../src/sys/libc.ts'
import { openTcp } from '../../../src/sys/tcp.ts'
import { keepaliveMessage, openMessage } from '../../support/net-bytes.ts'
import { ScriptedServer, until } from '../../support/net-scripted-peer.ts'
import { fsmOptions, peerAt, World } from '../../support/net-world.ts'

const cleanup: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0)) await step()
})

const password = (text: string): TransportOptions => ({ md5Key: () => new TextEncoder().encode(text) })
const dialling = fsmOptions({ passive: false, routerId: 0xc0000202, connectRetryMs: 600 })

async function world(...args: Parameters<typeof World.start>): Promise<World> {
  const made = await World.start(...args)
  cleanup.push(() => made.stop())
  return made
}

/** A speaker at 127.0.0.1 that waits for one at 127.0.0.2, which dials. */
async function pair(waits: TransportOptions, dials: TransportOptions) {
  const listener = await world([peerAt(2, { transport: waits })])
  const options = { remotePort: listener.port, localAddress: '127.0.0.2', transport: dials, fsm: dialling }
  const dialler = await world([peerAt(1, { ...options, connectTimeoutMs: 300 })], { listen: [] })
  return { listener, dialler }
}

/** Something on loopback that opens connections from 127.0.0.2 with a TTL of its choice and talks before anybody listens. */
function intruder(port: number, ttl: number): Socket {
  const socket = new Socket({
    fd: openTcp({ family: 'ipv4', ttl, local: { address: Uint8Array.of(127, 0, 0, 2), port: 0 } }),
  })
  cleanup.push(() => socket.destroy())
  socket.on('error', () => {})
  socket.connect({ port, host: '127.0.0.1' })
  socket.write(Buffer.concat([openMessage({ id: 2 }), keepaliveMessage()]))
  return socket
}

describe.skipIf(!loadLibc().isLoaded)('a session', () => {
  it.each([
    ['the same password', password('k1'), password('k1')],
    ['TTL security on both sides', { ttlSecurityHops: 1 }, { ttlSecurityHops: 1 }],
    ['TTL security for two hops and a neighbour one hop away', { ttlSecurityHops: 2 }, { ttlSecurityHops: 1 }],
    ['TTL security against a neighbour that only sends 255', { ttlSecurityHops: 1 }, { ttl: 255 }],
    ['a TTL and a device', { ttl: 1, device: 'lo' }, { ttl: 2, device: 'lo' }],
  ])('comes up with %s', async (_, waits, dials) => {
    const { listener, dialler } = await pair(waits, dials)
    await until(() => listener.state(2) === 'Established' && dialler.state(1) === 'Established', 'Established')
    expect(listener.peers.refusals().transport).toBe(0)
  })

  it.each([
    ['another password', password('k1'), password('k2'), 'connection attempt timed out'],
    ['no password where one is wanted', password('k1'), {}, 'connection attempt timed out'],
    ['a password where none is', {}, password('k1'), 'connection attempt timed out'],
    ['a missing device', {}, { device: 'nope0' }, 'SO_BINDTODEVICE: no such device (ENODEV)'],
  ])('never comes up with %s', async (_, waits, dials, reason) => {
    const { listener, dialler } = await pair(waits, dials)
    await until(() => (dialler.peers.row('p1')?.counters.dialFailures ?? 0) >= 2, 'two failures', 6000)
    expect(dialler.observer.lines.find(line => line.includes('dial failed'))).toContain(reason)
    expect(listener.peers.row('p2')?.traffic.accepted).toBe(0)
  })

  it('never comes up from too far away, even when OPEN and KEEPALIVE were there before the socket was accepted (row 67)', async () => {
    const listener = await world([peerAt(2, { transport: { ttlSecurityHops: 2 } })])
    intruder(listener.port, 253)
    await until(() => listener.peers.refusals().ttl === 1, 'the refusal')
    expect(listener.peers.row('p2')?.traffic.accepted).toBe(0)
    intruder(listener.port, 254)
    await until(() => listener.peers.row('p2')?.traffic.accepted === 1, 'a connection from near enough')
  })

  it('of a peer added and taken away at run time has its password from the first moment, and no longer', async () => {
    const listener = await world([])
    listener.peers.add(peerAt(2, { transport: password('k1') }))
    const options = { remotePort: listener.port, localAddress: '127.0.0.2', fsm: dialling, connectTimeoutMs: 300 }
    const bare = await world([peerAt(1, options)], { listen: [] })
    await until(() => bare.observer.lines.includes('p1: dial failed: connection attempt timed out'), 'the timeout')
    const keyed = await world([peerAt(1, { ...options, transport: password('k1') })], { listen: [] })
    await until(() => keyed.state(1) === 'Established', 'Established')
    await keyed.stop()
    await listener.peers.remove('p2')
    listener.peers.add(peerAt(2))
    await until(() => bare.state(1) === 'Established', 'Established without a password')
  })
})

describe.skipIf(!loadLibc().isLoaded)('silent downgrade', () => {
  const attempt = async (open: (port: number) => DialSocket) => {
    const server = new ScriptedServer()
    cleanup.push(() => server.close())
    const remotePort = await server.listen('127.0.0.1')
    const target = { remoteAddress: '127.0.0.1', remotePort, localAddress: undefined }
    return new Promise<string>(resolve => {
      const options = { target, timeoutMs: 1000, clock: systemClock, openSocket: () => open(remotePort) }
      new Dial({
        ...options,
        connected: socket => {
          socket.destroy()
          resolve('connected')
        },
        failed: resolve,
      })
    })
  }
  const target = { remoteAddress: '127.0.0.1', remotePort: 1, localAddress: undefined }

  it('does not happen when nothing goes wrong', async () => {
    expect(await attempt(() => openDialSocket(target, { ttl: 9 }))).toBe('connected')
  })

  it('is seen when the socket lost its descriptor before it was connected', async () => {
    // What Node does to a socket after an error: the next connect takes a fresh handle, without a word.
    const downgraded = openDialSocket(target, { ttl: 9 })
    const handle = Reflect.get(downgraded.socket, '_handle') as { close(): void }
    handle.close()
    Reflect.set(downgraded.socket, '_handle', null)
    expect(await attempt(() => downgraded)).toBe('connected with another socket than the one prepared')
  })

  it('is seen when an option is gone from the right descriptor', async () => {
    const { socket, flaw = () => undefined } = openDialSocket(target, { ttl: 9 })
    const weakened = () => {
      socket.on('connect', () => {})
      return flaw()
    }
    expect(flaw()).toBeUndefined()
    const { setConnectionOptions, descriptorOf } = await import('../../../src/sys/tcp.ts')
    setConnectionOptions(descriptorOf(socket) ?? -1, 'ipv4', { ttl: 10 })
    expect(weakened()).toBe('connected without IP_TTL')
    socket.destroy()
  })
})
