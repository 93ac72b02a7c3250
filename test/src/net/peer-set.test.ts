import { afterEach, describe, expect, it } from 'vitest'
import { NetError } from '../../../src/net/errors.ts'
import { noRefusals } from '../../../src/net/observer.ts'
import {
  KEEPALIVE,
  keepaliveMessage,
  message,
  openMessage,
  repeated,
  UPDATE,
  updateMessage,
} from '../../support/net-bytes.ts'
import { until } from '../../support/net-scripted-peer.ts'
import { fsmOptions, peerAt, World } from '../../support/net-world.ts'

const worlds: World[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map(world => world.stop()))
})

async function start(...parameters: Parameters<typeof World.start>): Promise<World> {
  const world = await World.start(...parameters)
  worlds.push(world)
  return world
}

/** Two speakers, 127.0.0.1 listening and 127.0.0.2 dialling. */
async function twoSpeakers() {
  const left = await start([peerAt(2)])
  const right = await start(
    [
      peerAt(1, {
        remotePort: left.port,
        localAddress: '127.0.0.2',
        fsm: fsmOptions({ routerId: 0xc0000202, passive: false }),
      }),
    ],
    { listen: [] },
  )
  await until(() => left.state(2) === 'Established' && right.state(1) === 'Established', 'both Established')
  return { left, right }
}

function codeOf(action: () => void): string | undefined {
  try {
    action()
  } catch (error) {
    return error instanceof NetError ? error.code : String(error)
  }
  return undefined
}

describe('two speakers', () => {
  it('establish a session and know what they agreed on', async () => {
    const { left, right } = await twoSpeakers()
    const row = left.peers.row('p2')
    expect(row).toMatchObject({ state: 'Established', remoteAddress: '127.0.0.2', peerAsn: 64512, isPassive: true })
    expect(row?.negotiated).toMatchObject({ kind: 'ibgp', peerRouterId: 0xc0000202, holdTimeMs: 90_000 })
    expect(row?.connection).toMatchObject({ direction: 'incoming', localPort: left.port })
    expect(right.peers.row('p1')?.connection).toMatchObject({ direction: 'outgoing', remotePort: left.port })
    const handle = left.routing.up('p2')
    expect(handle?.endpoints).toEqual({ local: Uint8Array.of(127, 0, 0, 1), remote: Uint8Array.of(127, 0, 0, 2) })
    expect(left.observer.lines).toContain('p2: OpenConfirm -> Established')
  })

  it('exchange UPDATEs in both directions', async () => {
    const { left, right } = await twoSpeakers()
    left.routing.announce(updateMessage(1))
    left.peers.wake()
    right.routing.announce(Buffer.concat([updateMessage(2), updateMessage(3)]))
    right.peers.wake()
    const atLeft = left.routing.up('p2')
    const atRight = right.routing.up('p1')
    await until(() => atLeft?.updates.length === 2 && atRight?.updates.length === 1, 'the UPDATEs')
    expect(atRight?.updates[0]).toEqual(updateMessage(1).slice(19))
    expect(atLeft?.updates[1]).toEqual(updateMessage(3).slice(19))
    const row = right.peers.row('p1')
    expect(row?.counters.sent.update).toBe(2)
    expect(row?.counters.received.update).toBe(1)
    expect(row?.traffic.updateOctetsSent).toBe(updateMessage(2).length * 2)
  })

  it('end up with one session when both dial at once (RFC 4271 6.8)', async () => {
    const left = await start([])
    const right = await start([], { listen: [{ address: '127.0.0.2', port: 0 }] })
    const dialling = { passive: false, connectRetryMs: 200 }
    left.peers.add(
      peerAt(2, { remotePort: right.port, localAddress: '127.0.0.1', fsm: fsmOptions({ ...dialling, routerId: 1 }) }),
    )
    right.peers.add(
      peerAt(1, { remotePort: left.port, localAddress: '127.0.0.2', fsm: fsmOptions({ ...dialling, routerId: 2 }) }),
    )
    await until(() => left.state(2) === 'Established' && right.state(1) === 'Established', 'both Established')
    expect(left.routing.handles.filter(handle => !handle.isDown)).toHaveLength(1)
    const ours = left.peers.row('p2')?.connection
    const theirs = right.peers.row('p1')?.connection
    expect(ours?.localPort).toBe(theirs?.remotePort)
    expect(ours?.direction).not.toBe(theirs?.direction)
  })

  it('take farewell with a reason, and every socket is closed when stop resolves', async () => {
    const { left, right } = await twoSpeakers()
    await left.peers.stop({ communication: 'maintenance' })
    await until(() => right.routing.handles[0]?.isDown === true, 'the other side to know')
    expect(left.routing.handles[0]?.isDown).toBe(true)
    expect(left.peers.listening).toEqual([])
    expect(right.observer.lines).toContain('p1: received 6/2')
    const error = right.peers.row('p1')?.lastError?.reason
    expect(error?.kind === 'notification-received' ? error.notification.reason : '').toContain('maintenance')
  })
})

describe('a peer', () => {
  it('can be removed: 6/3, its routes go, and its address is a stranger from then on', async () => {
    const world = await start([peerAt(2)])
    const peer = await world.establish(2)
    await world.peers.remove('p2')
    await until(() => peer.isClosed, 'the close')
    expect(peer.notification).toEqual([6, 3])
    expect(world.routing.handles[0]?.isDown).toBe(true)
    expect(world.peers.rows()).toEqual([])
    const again = await world.connect(2)
    await until(() => again.isClosed, 'the refusal')
    expect(world.peers.refusals().stranger).toBe(1)
  })

  it('can be taken away to be added again with other options: 6/6, and its address is known all the time', async () => {
    const world = await start([peerAt(2)])
    const peer = await world.establish(2)
    const isGone = world.peers.remove('p2', 'configuration-change')
    world.peers.add(peerAt(2))
    await isGone
    await until(() => peer.isClosed, 'the close')
    expect(peer.notification).toEqual([6, 6])
    expect(world.routing.handles[0]?.isDown).toBe(true)
    await world.establish(2)
    expect(world.peers.refusals().stranger).toBe(0)
  })

  it('that is disabled is told so, answers 6/5 to whoever comes, and comes up again when enabled', async () => {
    const world = await start([peerAt(2)])
    const first = await world.establish(2)
    world.peers.disable('p2', { communication: 'off' })
    await until(() => first.isClosed, 'the farewell')
    expect(first.notification).toEqual([6, 2])
    const second = await world.connect(2)
    await until(() => second.isClosed, 'the refusal')
    expect(second.notification).toEqual([6, 5])
    expect(second.error).toBeUndefined()
    world.peers.enable('p2')
    await world.establish(2)
  })

  it('that is reset hears 6/4 and may come back at once', async () => {
    const world = await start([peerAt(2)])
    const first = await world.establish(2)
    world.peers.reset('p2')
    await until(() => first.isClosed, 'the farewell')
    expect(first.notification).toEqual([6, 4])
    await world.establish(2)
    expect(world.routing.handles.map(handle => handle.isDown)).toEqual([true, false])
  })

  it('added to a running set comes up', async () => {
    const world = await start([])
    world.peers.add(peerAt(2))
    await world.establish(2)
    expect(world.peers.rows().map(row => row.name)).toEqual(['p2'])
  })

  it('that asks for a refresh gets it (RFC 2918)', async () => {
    const world = await start([peerAt(2)])
    const peer = await world.establish(2)
    peer.send(message(5, [0, 1, 0, 1]))
    await until(() => world.routing.handles[0]?.refreshed.length === 1, 'the refresh')
    expect(world.routing.handles[0]?.refreshed[0]?.name).toBe('ipv4-unicast')
  })

  it('that cannot be reached is dialled again, each time from a new socket', async () => {
    const world = await start([peerAt(2, { remotePort: 1, fsm: fsmOptions({ passive: false, connectRetryMs: 5 }) })])
    await until(() => (world.peers.row('p2')?.counters.dialFailures ?? 0) >= 3, 'three failures')
    expect(world.observer.lines).toContain('p2: dial failed: connection refused (ECONNREFUSED)')
  })

  it('whose socket cannot be made at all fails its dial and nothing else', async () => {
    const world = await start([peerAt(2, { fsm: fsmOptions({ passive: false }) })], {
      openSocket: () => {
        throw new Error('no such device')
      },
    })
    await until(() => world.observer.lines.includes('p2: dial failed: no such device'), 'the failure')
    expect(world.observer.faults).toEqual([])
    await world.establish(2)
  })
})

describe('whoever connects', () => {
  it('is reset unread when it is no configured neighbour', async () => {
    const world = await start([peerAt(2)])
    const stranger = await world.connect(3)
    stranger.send(openMessage())
    await until(() => stranger.isClosed, 'the reset')
    expect(stranger.octetsReceived).toBe(0)
    expect(world.peers.refusals()).toEqual({ ...noRefusals(), stranger: 1 })
    expect(world.observer.lines).toContain('refused 127.0.0.3: stranger 1')
  })

  it('from a configured address gets no more than a few sockets, however often it tries', async () => {
    const world = await start([peerAt(2)])
    const crowd = await Promise.all(Array.from({ length: 20 }, () => world.connect(2)))
    await until(() => crowd.filter(peer => !peer.isClosed).length <= 4, 'all but a few to be closed')
    expect(crowd.some(peer => !peer.isClosed)).toBe(true)
  })

  it('cannot lock the real neighbour out with silent connections', async () => {
    const world = await start([peerAt(2)])
    for (let i = 0; i < 4; i++) await world.connect(2)
    await world.establish(2)
  })
})

describe('configuration mistakes', () => {
  it('of a port in use keep the set from starting, with one clear sentence, and leave nothing bound', async () => {
    const world = await start([])
    const other = new World({
      listen: [
        { address: '127.0.0.2', port: 0 },
        { address: '127.0.0.1', port: world.port },
      ],
    })
    const problem: unknown = await other.peers.start().catch((error: unknown) => error)
    expect(problem).toBeInstanceOf(NetError)
    expect(problem).toMatchObject({ code: 'listen-address-in-use' })
    expect(other.peers.listening).toEqual([])
    expect(other.observer.lines).toEqual(['127.0.0.2: listening', '127.0.0.1: failed', '127.0.0.2: closed'])
  })

  it('of names and addresses have a code each', async () => {
    const world = await start([peerAt(2)])
    expect(codeOf(() => world.peers.add(peerAt(2)))).toBe('peer-duplicate-name')
    expect(codeOf(() => world.peers.add(peerAt(2, { name: 'other' })))).toBe('peer-duplicate-address')
    expect(codeOf(() => world.peers.add(peerAt(3, { remoteAddress: 'router.example' })))).toBe('peer-address-invalid')
    expect(codeOf(() => world.peers.enable('nobody'))).toBe('peer-unknown')
  })
})

describe('output', () => {
  it('goes to every peer in the turn of the loop that brought it, when idle', async () => {
    const world = await start([peerAt(2), peerAt(3)])
    const [sender, receiver] = [await world.establish(2), await world.establish(3)]
    const piece = updateMessage(7)
    let workedAt = 0
    let turns = 0
    world.routing.onUpdate = () => {
      world.routing.announce(piece)
      setImmediate(() => setImmediate(() => (turns = world.routing.workCount - workedAt)))
      return undefined
    }
    workedAt = world.routing.workCount
    sender.send(updateMessage(1))
    await until(() => receiver.count(UPDATE) === 1, 'the UPDATE at the other peer')
    expect(turns).toBe(1)
  })

  it('of a large table arrives whole and in order', async () => {
    const world = await start([peerAt(2)])
    const peer = await world.establish(2)
    const pieces = Array.from({ length: 64 }, (_, i) => repeated(updateMessage(i), 2000))
    for (const piece of pieces) world.routing.announce(piece)
    world.peers.wake()
    const total = pieces.reduce((sum, piece) => sum + piece.length, 0)
    await until(() => world.peers.row('p2')?.traffic.updateOctetsSent === total, 'everything written')
    await until(() => peer.count(UPDATE) === 64 * 2000, 'everything read')
    expect(peer.messages.filter(bytes => bytes[18] === UPDATE).at(-1)).toEqual(updateMessage(63))
    expect(world.peers.row('p2')?.counters.sent.update).toBe(64 * 2000)
    expect(peer.count(KEEPALIVE)).toBe(1)
  })

  it('to a neighbour that reads nothing is bounded, and others get theirs meanwhile', async () => {
    const world = await start([peerAt(2), peerAt(3)])
    const [stalled, healthy] = [await world.establish(2), await world.establish(3)]
    stalled.socket.pause()
    const piece = repeated(updateMessage(1), 2000)
    for (let i = 0; i < 400; i++) world.routing.announce(piece)
    world.peers.wake()
    const expected = 400 * piece.length
    await until(() => world.peers.row('p3')?.traffic.updateOctetsSent === expected, 'the healthy one to be served')
    await until(() => healthy.octetsReceived >= expected, 'the healthy one to have read')
    const queued = world.peers.row('p2')?.connection?.queuedOctets ?? 0
    expect(queued).toBeGreaterThan(0)
    expect(queued).toBeLessThan(1024 * 1024)
    expect(world.routing.up('p2')?.outbox.length).toBeGreaterThan(0)
    stalled.socket.resume()
    await until(() => world.routing.up('p2')?.outbox.length === 0, 'the stalled one to catch up')
    stalled.send(keepaliveMessage())
    expect(world.state(2)).toBe('Established')
  })
})
