import { afterEach, describe, expect, it } from 'vitest'
import type { Millis } from '../../../fsm/index.ts'
import { type Clock, systemClock } from '../../../src/net/clock.ts'
import { malformedAttributeList } from '../../../wire/index.ts'
import {
  KEEPALIVE,
  keepaliveMessage,
  message,
  openMessage,
  repeated,
  UPDATE,
  updateMessage,
} from '../../support/net-bytes.ts'
import type { ScriptedPeer } from '../../support/net-scripted-peer.ts'
import { until } from '../../support/net-scripted-peer.ts'
import { fastClock, fsmOptions, peerAt, World } from '../../support/net-world.ts'

const worlds: World[] = []
const timers: NodeJS.Timeout[] = []
afterEach(async () => {
  for (const timer of timers.splice(0)) clearInterval(timer)
  await Promise.all(worlds.splice(0).map(world => world.stop()))
})

async function start(...parameters: Parameters<typeof World.start>): Promise<World> {
  const world = await World.start(...parameters)
  worlds.push(world)
  return world
}

/** Whether the peer p3 still works: an UPDATE of its own arrives. */
async function expectUnharmed(world: World, neighbour: ScriptedPeer): Promise<void> {
  const before = world.routing.up('p3')?.updates.length ?? 0
  neighbour.send(updateMessage(9))
  await until(() => (world.routing.up('p3')?.updates.length ?? 0) === before + 1, 'an UPDATE of the other peer')
  expect(world.state(3)).toBe('Established')
  expect(neighbour.notification).toBeUndefined()
}

const withBody = (type: number, length: number): Uint8Array => message(type, Array<number>(length).fill(0))

describe('a neighbour that breaks the protocol reads why before the connection closes, and nobody else is harmed', () => {
  it.each<[string, Uint8Array, [number, number]]>([
    ['a marker that is not all ones', new Uint8Array(64), [1, 1]],
    ['a length below the header', Uint8Array.from([...Array<number>(16).fill(255), 0, 18, 4]), [1, 2]],
    ['a message type nobody knows', message(77), [1, 3]],
    ['an OPEN in Established', openMessage(), [5, 3]],
    ['an UPDATE the RIB cannot take', updateMessage(66), [3, 1]],
    ['garbage after a good message', Buffer.concat([keepaliveMessage(), new Uint8Array(100_000)]), [1, 1]],
  ])('%s', async (_what, bytes, expected) => {
    const world = await start([peerAt(2), peerAt(3)])
    world.routing.onUpdate = (_handle, update) => (update[4] === 66 ? malformedAttributeList('a test') : undefined)
    const [bad, good] = [await world.establish(2), await world.establish(3)]
    bad.send(bytes)
    await until(() => bad.isClosed, 'the close')
    expect(bad.notification).toEqual(expected)
    expect(bad.error).toBeUndefined()
    expect(world.routing.handles.find(handle => handle.peer === 'p2')?.isDown).toBe(true)
    expect(world.observer.lines).toContain(`p2: sent ${expected.join('/')}`)
    await expectUnharmed(world, good)
  })

  it.each<[string, Uint8Array, [number, number]]>([
    ['an UPDATE instead of an OPEN', withBody(UPDATE, 4), [5, 1]],
    ['an OPEN of the wrong AS', openMessage({ asn: 1 }), [2, 2]],
    ['an OPEN with a hold time of one second', openMessage({ holdTimeS: 1 }), [2, 6]],
  ])('%s', async (_what, bytes, expected) => {
    const world = await start([peerAt(2)])
    const peer = await world.connect(2)
    peer.send(bytes)
    await until(() => peer.isClosed, 'the close')
    expect(peer.notification).toEqual(expected)
    expect(world.routing.handles).toEqual([])
  })

  it('a message cut short by the end of the connection', async () => {
    const world = await start([peerAt(2)])
    const peer = await world.establish(2)
    peer.send(updateMessage(1).slice(0, 20))
    peer.socket.end()
    await until(() => world.routing.handles[0]?.isDown === true, 'the session to end')
    expect(world.peers.row('p2')?.lastError?.reason).toMatchObject({ kind: 'connection-lost' })
  })
})

describe('an exception on behalf of one peer', () => {
  const boom = (): never => {
    throw new Error('boom')
  }

  it('in its UPDATE ends its session with 6/8, and no other', async () => {
    const world = await start([peerAt(2), peerAt(3)])
    const [bad, good] = [await world.establish(2), await world.establish(3)]
    world.routing.onUpdate = handle => (handle.peer === 'p2' ? boom() : undefined)
    bad.send(updateMessage(1))
    await until(() => bad.isClosed, 'the close')
    expect(bad.notification).toEqual([6, 8])
    expect(world.peers.row('p2')?.traffic.faults).toBe(1)
    await expectUnharmed(world, good)
  })

  it('while writing to it ends its session, and others get what they should', async () => {
    const world = await start([peerAt(2), peerAt(3)])
    const [bad, good] = [await world.establish(2), await world.establish(3)]
    world.routing.onPull = handle => void (handle.peer === 'p2' ? boom() : undefined)
    world.routing.announce(updateMessage(1))
    world.peers.wake()
    await until(() => bad.isClosed && good.count(UPDATE) === 1, 'the end of one, the UPDATE at the other')
    expect(bad.notification).toEqual([6, 8])
    await expectUnharmed(world, good)
  })

  it('when its session comes up ends it', async () => {
    const world = await start([peerAt(2)])
    world.routing.onEstablished = boom
    const peer = await world.connect(2)
    await peer.establish()
    await until(() => peer.isClosed, 'the close')
    expect(peer.notification).toEqual([6, 8])
    expect(world.routing.handles).toEqual([])
  })

  it('is reported each time, with its stack as new only once', async () => {
    const world = await start([peerAt(2)])
    world.routing.onUpdate = boom
    for (let i = 1; i <= 2; i++) {
      const peer = await world.establish(2)
      peer.send(updateMessage(1))
      await until(() => peer.isClosed, 'the close')
      await until(() => world.state(2) === 'Active', 'the idle hold to end')
    }
    expect(world.observer.faults.map(({ peer, count, isFirst }) => [peer, count, isFirst])).toEqual([
      ['p2', 1, true],
      ['p2', 2, false],
    ])
  })

  it('in its state machine replaces the machine, which starts again after a rest', async () => {
    let isBroken = false
    const random = (): number => (isBroken ? boom() : 0)
    const world = await start([peerAt(2, { fsm: fsmOptions({ random }) }), peerAt(3)])
    const [bad, good] = [await world.establish(2), await world.establish(3)]
    isBroken = true
    world.routing.announce(updateMessage(1))
    world.peers.wake()
    await until(() => bad.count(2) === 1, 'the UPDATE')
    // That has moved the keepalive deadline, which is as near as can be, and that asks for jitter. The machine hears of it when it is asked.
    world.state(2)
    await until(() => bad.isClosed, 'the close')
    expect(bad.notification).toEqual([6, 8])
    expect(world.routing.handles.find(handle => handle.peer === 'p2')?.isDown).toBe(true)
    expect(world.state(2)).toBe('Idle')
    isBroken = false
    await until(() => world.state(2) === 'Active', 'the new start')
    await world.establish(2)
    await expectUnharmed(world, good)
  })
})

// Time runs twenty times as fast here: a hold time of 3 s is 150 ms.
const FACTOR = 20
const clock = fastClock(FACTOR)
const fast = (host: number, extra = {}) => peerAt(host, { fsm: fsmOptions({ holdTimeS: 3 }), ...extra })

/** Has the neighbour say KEEPALIVE often enough. */
function keepAlive(peer: ScriptedPeer): void {
  timers.push(setInterval(() => peer.isClosed || peer.send(keepaliveMessage()), 20))
}

const busy = (ms: number): void => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

describe('time', () => {
  it('runs out for a silent neighbour: 4/0', async () => {
    const world = await start([fast(2)], { clock })
    const peer = await world.establish(2)
    await until(() => peer.isClosed, 'the hold timer')
    expect(peer.notification).toEqual([4, 0])
  })

  it('does not run out for a neighbour whose KEEPALIVE lay unread because we were busy for longer than the hold time', async () => {
    const world = await start([fast(2)], { clock })
    const peer = await world.establish(2)
    peer.send(keepaliveMessage())
    busy((3500 / FACTOR) * 1.2)
    keepAlive(peer)
    const before = world.peers.row('p2')?.counters.received.keepalive ?? 0
    await until(() => (world.peers.row('p2')?.counters.received.keepalive ?? 0) > before + 3, 'more KEEPALIVEs')
    expect(world.state(2)).toBe('Established')
  })

  it('leaves room for KEEPALIVEs to others while one neighbour is written a large table', async () => {
    const world = await start([fast(2), fast(3)], { clock })
    const [big, quiet] = [await world.establish(2), await world.establish(3)]
    keepAlive(big)
    keepAlive(quiet)
    const piece = repeated(updateMessage(1), 500)
    let isDone = false
    world.routing.onPull = handle => {
      if (handle.peer !== 'p2' || isDone) return
      busy(1)
      handle.outbox.push(piece, piece)
      if (handle.outbox.length > 4) handle.outbox.length = 4
    }
    world.routing.announce(piece)
    world.peers.wake()
    const before = quiet.count(KEEPALIVE)
    await until(() => quiet.count(KEEPALIVE) >= before + 8, 'KEEPALIVEs to the quiet one')
    expect(world.routing.up('p2')?.outbox.length).toBeGreaterThan(0)
    expect(big.count(UPDATE)).toBeGreaterThan(500)
    // An UPDATE is as good as a KEEPALIVE, so the big one needs none beside the one that opened the session.
    expect(big.count(KEEPALIVE)).toBeLessThanOrEqual(2)
    isDone = true
    expect(world.state(2)).toBe('Established')
    expect(world.state(3)).toBe('Established')
  })

  it('brings a KEEPALIVE after an interval in which nothing was written, however often the neighbour was visited', async () => {
    let skewMs = 0
    const jumping: Clock = { ...systemClock, now: () => (systemClock.now() + skewMs) as Millis }
    const world = await start([peerAt(2, { fsm: fsmOptions({ holdTimeS: 3 }) })], { clock: jumping })
    const peer = await world.establish(2)
    let visits = 0
    world.routing.onPull = () => visits++
    const visit = async () => {
      const before = visits
      world.routing.pending = true
      world.peers.wake()
      await until(() => visits > before, 'a visit')
    }
    const keepalives = () => world.peers.row('p2')?.counters.sent.keepalive
    expect(keepalives()).toBe(1)
    world.routing.announce(updateMessage(1))
    await visit()
    await until(() => peer.count(UPDATE) === 1, 'the UPDATE')
    // An interval has a second at least. Two visits, then it is over since the UPDATE, but not since the last visit.
    skewMs += 700
    await visit()
    skewMs += 700
    await visit()
    expect(keepalives()).toBe(2)
  })

  it('runs out for a neighbour that talks but takes nothing (RFC 9687), and others do not notice', async () => {
    const world = await start([fast(2, { sendHoldMs: 4000 }), fast(3)], { clock })
    const [stuck, good] = [await world.establish(2), await world.establish(3)]
    keepAlive(stuck)
    keepAlive(good)
    stuck.socket.pause()
    const piece = repeated(updateMessage(1), 2000)
    for (let i = 0; i < 300; i++) world.routing.announce(piece)
    world.peers.wake()
    await until(() => world.routing.handles.find(({ peer }) => peer === 'p2')?.isDown === true, 'the send hold timer')
    expect(world.observer.lines).toContain('p2: sent 8/0')
    await expectUnharmed(world, good)
    stuck.socket.resume()
    await until(() => stuck.isClosed, 'the stuck socket to be given up')
  })
})
