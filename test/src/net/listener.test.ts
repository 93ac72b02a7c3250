import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { NetError } from '../../../src/net/errors.ts'
import { Listener } from '../../../src/net/listener.ts'
import { noRefusals } from '../../../src/net/observer.ts'
import { RecordingObserver } from '../../support/net-observer.ts'
import { ScriptedPeer, until } from '../../support/net-scripted-peer.ts'

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const step of cleanup.splice(0)) step()
})

/** A listener that knows the given addresses, and keeps what it accepts. */
async function open(known: readonly string[], address = '127.0.0.1') {
  const observer = new RecordingObserver()
  const accepted: Socket[] = []
  const acceptor = { accept: (socket: Socket) => void accepted.push(socket) }
  const lookup = (from: string) => (known.includes(from) ? acceptor : undefined)
  const listener = new Listener({ address: { address, port: 0 }, host: { lookup }, observer })
  await listener.open()
  cleanup.push(
    () => listener.close(),
    () => accepted.map(socket => socket.destroy()),
  )
  return { listener, observer, accepted, port: listener.address.port }
}

async function connect(port: number, from: string, host?: string): Promise<ScriptedPeer> {
  const peer = await ScriptedPeer.connect(port, from, host)
  cleanup.push(() => peer.close())
  return peer
}

async function problemWith(address: string, port: number): Promise<NetError> {
  const observer = new RecordingObserver()
  const listener = new Listener({ address: { address, port }, host: { lookup: () => undefined }, observer })
  cleanup.push(() => listener.close())
  const problem: unknown = await listener.open().catch((error: unknown) => error)
  if (!(problem instanceof NetError)) throw new Error('expected a NetError')
  expect(observer.lines).toEqual([`${address}: failed`])
  return problem
}

function hasIpv6(): Promise<boolean> {
  return new Promise(resolve => {
    const probe: Server = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(0, '::1', () => probe.close(() => resolve(true)))
  })
}

const HAS_IPV6 = await hasIpv6()

describe('Listener', () => {
  it('hands over connections from configured addresses, with the first bytes unread', async () => {
    const { accepted, port } = await open(['127.0.0.2'])
    const peer = await connect(port, '127.0.0.2')
    peer.send(Uint8Array.of(1, 2, 3))
    await until(() => accepted.length === 1, 'an accepted connection')
    const socket = accepted[0] as Socket
    expect(socket.isPaused()).toBe(true)
    expect(socket.bytesRead).toBe(0)
    socket.resume()
    await until(() => socket.bytesRead === 3, 'the bytes')
  })

  it('resets strangers, tells nobody but the observer, and counts them', async () => {
    const { accepted, listener, observer, port } = await open(['127.0.0.2'])
    const stranger = await connect(port, '127.0.0.3')
    await until(() => stranger.isClosed, 'the reset')
    expect(stranger.octetsReceived).toBe(0)
    expect(stranger.hasEnded).toBe(false)
    expect(accepted).toHaveLength(0)
    expect(listener.refusals).toEqual({ ...noRefusals(), stranger: 1 })
    expect(observer.lines).toContain('refused 127.0.0.3: stranger 1')
  })

  it('resets a connection the peer has no room for', async () => {
    const observer = new RecordingObserver()
    const lookup = () => ({ accept: () => 'too-many' as const })
    const listener = new Listener({ address: { address: '127.0.0.1', port: 0 }, host: { lookup }, observer })
    await listener.open()
    cleanup.push(() => listener.close())
    const peer = await connect(listener.address.port, '127.0.0.2')
    await until(() => peer.isClosed, 'the reset')
    expect(listener.refusals['too-many']).toBe(1)
  })

  it('accepts nobody any more once closed', async () => {
    const { listener, observer, port } = await open(['127.0.0.2'])
    listener.close()
    const peer = await connect(port, '127.0.0.2')
    expect(peer.error).toBe('ECONNREFUSED')
    expect(observer.lines).toEqual(['127.0.0.1: listening', '127.0.0.1: closed'])
  })

  it('says in one sentence that the port is in use', async () => {
    const { port } = await open([])
    const problem = await problemWith('127.0.0.1', port)
    expect(problem.code).toBe('listen-address-in-use')
    expect(problem.message).toBe(`cannot listen on 127.0.0.1:${port}: another process listens there already`)
    expect(problem.hint).not.toBe('')
  })

  it('says in one sentence that the address is not on this machine', async () => {
    const problem = await problemWith('192.0.2.1', 0)
    expect(problem.code).toBe('listen-address-not-available')
  })

  it('names the address in brackets when it is an IPv6 one', async () => {
    const problem = await problemWith('2001:db8::1', 0)
    expect(problem.message).toMatch(/^cannot listen on \[2001:db8::1\]:0: /)
  })

  it.runIf(HAS_IPV6)('takes IPv6 only on an IPv6 wildcard, so that the IPv4 one can have the same port', async () => {
    const v6 = await open(['::1'], '::')
    const v4 = createServer()
    cleanup.push(() => v4.close())
    await new Promise<void>((resolve, reject) => {
      v4.once('error', reject)
      v4.listen(v6.port, '0.0.0.0', resolve)
    })
    await connect(v6.port, '::1', '::1')
    await until(() => v6.accepted.length === 1, 'a connection over IPv6')
  })
})
