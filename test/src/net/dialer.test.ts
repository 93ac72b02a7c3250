import { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/net/clock.ts'
import { Dial, Dialer, type DialOptions, type DialSocket, type DialTarget } from '../../../src/net/dialer.ts'
import type { StreamSocket } from '../../../src/net/stream-socket.ts'
import { FakeClock } from '../../support/net-clock.ts'
import { ScriptedServer, until } from '../../support/net-scripted-peer.ts'

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const step of cleanup.splice(0)) step()
})

/** Dials, and keeps what comes of it. */
function dial(where: Partial<DialTarget> & { remotePort: number }, options: Partial<DialOptions> = {}) {
  const target: DialTarget = { remoteAddress: '127.0.0.1', localAddress: undefined, ...where }
  const outcome: { socket?: StreamSocket; reason?: string; calls: number } = { calls: 0 }
  const attempt = new Dial({
    target,
    timeoutMs: 1000,
    clock: systemClock,
    connected: socket => {
      outcome.socket = socket
      outcome.calls++
      cleanup.push(() => socket.destroy())
    },
    failed: reason => {
      outcome.reason = reason
      outcome.calls++
    },
    ...options,
  })
  return { attempt, outcome, settled: () => until(() => outcome.calls > 0, 'the outcome of a dial') }
}

async function server(): Promise<{ server: ScriptedServer; port: number }> {
  const server = new ScriptedServer()
  cleanup.push(() => server.close())
  return { server, port: await server.listen('127.0.0.1') }
}

/** A port nobody listens on. */
async function closedPort(): Promise<number> {
  const { server: gone, port } = await server()
  gone.close()
  return port
}

describe('Dial', () => {
  it('connects from the configured local address', async () => {
    const { server: other, port } = await server()
    const { outcome, settled } = dial({ remotePort: port, localAddress: '127.0.0.7' })
    await settled()
    await until(() => other.peers.length === 1, 'a connection')
    expect(other.peers[0]?.socket.remoteAddress).toBe('127.0.0.7')
    expect((outcome.socket as Socket).listenerCount('error')).toBe(0)
  })

  it('says that the connection was refused', async () => {
    const { outcome, settled } = dial({ remotePort: await closedPort() })
    await settled()
    expect(outcome).toEqual({ calls: 1, reason: 'connection refused (ECONNREFUSED)' })
  })

  it('says that the local address is not there', async () => {
    const { port } = await server()
    const { outcome, settled } = dial({ remotePort: port, localAddress: '192.0.2.1' })
    await settled()
    expect(outcome.reason).toBe('local address not available (EADDRNOTAVAIL)')
  })

  it('gives up after the connect timeout', async () => {
    const { port } = await server()
    const clock = new FakeClock()
    const { outcome } = dial({ remotePort: port }, { clock, timeoutMs: 500 })
    clock.advance(500)
    expect(outcome).toEqual({ calls: 1, reason: 'connection attempt timed out' })
  })

  it('says nothing after it was cancelled', async () => {
    const { server: other, port } = await server()
    const cancelled = dial({ remotePort: port })
    cancelled.attempt.cancel()
    const refused = dial({ remotePort: await closedPort() })
    refused.attempt.cancel()
    await dial({ remotePort: port }).settled()
    await until(() => other.peers.length === 1, 'the third connection')
    expect(cancelled.outcome.calls + refused.outcome.calls).toBe(0)
  })

  it('does not accept a connection that left from another address than configured', async () => {
    const { server: other, port } = await server()
    // A socket that forgets its source address, as one does that lost its descriptor.
    class Forgetful extends Socket {
      override connect(...args: unknown[]): this {
        const [options] = args as [{ host: string; port: number }]
        return super.connect({ host: options.host, port: options.port })
      }
    }
    const target = { remotePort: port, localAddress: '127.0.0.7' }
    const { outcome, settled } = dial(target, { openSocket: () => ({ socket: new Forgetful() }) })
    await settled()
    expect(outcome.reason).toBe('connected from 127.0.0.1 instead of 127.0.0.7')
    await until(() => other.peers[0]?.hasEnded === true || other.peers[0]?.error !== undefined, 'the end of it')
  })

  it('leaves no descriptor behind after many refused attempts', async () => {
    const port = await closedPort()
    const sockets: Socket[] = []
    const openSocket = (): DialSocket => {
      const socket = new Socket()
      sockets.push(socket)
      return { socket }
    }
    const attempts = Array.from({ length: 50 }, () => dial({ remotePort: port }, { openSocket }))
    await Promise.all(attempts.map(({ settled }) => settled()))
    expect(sockets.every(socket => socket.destroyed)).toBe(true)
    expect(new Set(sockets).size).toBe(50)
  })
})

describe('Dialer', () => {
  it('reports a source address that is none once, and leaves no timer behind', () => {
    const clock = new FakeClock()
    const reasons: string[] = []
    const dialer = new Dialer({
      target: { remoteAddress: '127.0.0.1', remotePort: 1, localAddress: 'nonsense' },
      timeoutMs: 1000,
      clock,
      connected: () => {},
      failed: reason => reasons.push(reason),
    })
    dialer.start()
    expect(reasons).toHaveLength(1)
    expect(reasons[0]).toContain('nonsense')
    expect(clock.armed).toBe(0)
  })
})
