/** What a session can do beyond carrying UPDATEs, over real sockets: orders, refresh, long messages, and what strangers try before there is one. */
import { afterEach, describe, expect, it } from 'vitest'
import { IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/index.ts'
import { keepaliveMessage, message, openMessage, typeOf, updateMessage } from '../../support/net-bytes.ts'
import type { ScriptedPeer } from '../../support/net-scripted-peer.ts'
import { until } from '../../support/net-scripted-peer.ts'
import { fastClock, fsmOptions, peerAt, World } from '../../support/net-world.ts'

const worlds: World[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map(world => world.stop()))
})

async function start(...parameters: Parameters<typeof World.start>): Promise<World> {
  const world = await World.start(...parameters)
  worlds.push(world)
  return world
}

const REFRESH = 5
const EXTENDED_MESSAGE = [6, 0]
const ENHANCED_REFRESH = [70, 0]

/** An OPEN with more capabilities than usual. */
function openWith(...extra: readonly number[]): Uint8Array {
  const capabilities = [1, 4, 0, 1, 0, 1, 2, 0, 65, 4, 0, 0, 0xfc, 0, ...extra]
  return message(1, [
    4,
    0xfc,
    0,
    0,
    90,
    192,
    0,
    2,
    99,
    capabilities.length + 2,
    2,
    capabilities.length,
    ...capabilities,
  ])
}

async function establish(world: World, open: Uint8Array): Promise<ScriptedPeer> {
  const peer = await world.connect(2)
  peer.send(open)
  await until(() => peer.messages.length >= 2, 'OPEN and KEEPALIVE')
  peer.send(keepaliveMessage())
  await until(() => world.routing.up('p2') !== undefined, 'the session')
  return peer
}

/** An UPDATE of exactly so many octets: an unknown attribute fills it. */
function longUpdate(octets: number): Uint8Array {
  const value = octets - 19 - 4 - 4
  return message(2, [
    0,
    0,
    (value + 4) >> 8,
    (value + 4) & 0xff,
    0xd0,
    200,
    value >> 8,
    value & 0xff,
    ...Array<number>(value).fill(7),
  ])
}

describe('extended messages', () => {
  it('an UPDATE of 65535 octets is taken where we offered to (row 6)', async () => {
    const world = await start([peerAt(2)])
    const peer = await establish(world, openWith(...EXTENDED_MESSAGE))
    peer.send(longUpdate(65_535))
    await until(() => world.routing.up('p2')?.updates.length === 1, 'the UPDATE')
    expect(world.routing.up('p2')?.updates[0]?.length).toBe(65_535 - 19)
    expect(world.routing.up('p2')?.negotiated.codec.maxLength).toBe(65_535)
  })

  it('an UPDATE of 4097 octets ends the session where we did not: 1/2 with the length (row 2)', async () => {
    const world = await start([peerAt(2, { fsm: fsmOptions({ extendedMessages: false }) })])
    const peer = await establish(world, openWith(...EXTENDED_MESSAGE))
    peer.send(longUpdate(4097))
    await until(() => peer.isClosed, 'the close')
    expect([...(peer.messages.find(bytes => typeOf(bytes) === 3) ?? [])].slice(19)).toEqual([1, 2, 0x10, 0x01])
  })

  it('we send at most 4096 octets to a neighbour that did not offer them, though we did (row 7)', async () => {
    const world = await start([peerAt(2)])
    await establish(world, openWith())
    expect(world.routing.up('p2')?.negotiated.codec).toMatchObject({ maxLength: 4096, maxReceiveLength: 65_535 })
  })
})

describe('route refresh', () => {
  it('hands BoRR and EoRR to the table (row 173)', async () => {
    const world = await start([peerAt(2, { fsm: fsmOptions({ routeRefresh: 'enhanced' }) })])
    const peer = await establish(world, openWith(...ENHANCED_REFRESH))
    peer.send(message(REFRESH, [0, 1, 1, 1]), updateMessage(1), message(REFRESH, [0, 1, 2, 1]))
    await until(() => world.routing.up('p2')?.marks.length === 2, 'both marks')
    expect(world.routing.up('p2')?.marks).toEqual(['begin ipv4-unicast', 'end ipv4-unicast'])
  })

  it('with a body that is not four octets ends the session with 7/1 and the whole message (row 176)', async () => {
    const world = await start([peerAt(2)])
    const peer = await establish(world, openWith(...ENHANCED_REFRESH))
    const wrong = message(REFRESH, [0, 1, 1, 1, 0])
    peer.send(wrong)
    await until(() => peer.isClosed, 'the close')
    expect([...(peer.messages.find(bytes => typeOf(bytes) === 3) ?? [])].slice(19)).toEqual([7, 1, ...wrong])
  })

  it('is asked for by order, in or out', async () => {
    const world = await start([peerAt(2)])
    const peer = await establish(world, openWith())
    expect(world.peers.refresh('p2', 'in')).toBeUndefined()
    await until(() => peer.count(REFRESH) === 1, 'the request')
    expect(world.peers.refresh('p2', 'out', [IPV4_UNICAST])).toBeUndefined()
    expect(world.routing.up('p2')?.refreshed).toEqual([IPV4_UNICAST])
    expect(world.peers.refresh('p2', 'in', [IPV6_UNICAST])).toBe('not-negotiated')
  })

  it('cannot be had of a neighbour that is down or offers none', async () => {
    const world = await start([peerAt(2)])
    expect(world.peers.refresh('p2', 'out')).toBe('no-session')
    await establish(world, message(1, [4, 0xfc, 0, 0, 90, 192, 0, 2, 99, 0]))
    expect(world.peers.refresh('p2', 'in')).toBe('not-offered')
    expect(world.peers.refresh('p2', 'out')).toBeUndefined()
  })
})

describe('a peer that is disabled', () => {
  it('stays down when it is added again with other options, until it is enabled', async () => {
    const world = await start([peerAt(2)])
    world.peers.disable('p2')
    await world.peers.remove('p2', 'configuration-change')
    world.peers.add(peerAt(2, { fsm: fsmOptions({ holdTimeS: 30 }) }))
    const refused = await world.connect(2)
    await until(() => refused.isClosed, 'the refusal')
    expect(refused.notification).toEqual([6, 5])
    world.peers.reset('p2')
    expect(world.state(2)).toBe('Idle')
    world.peers.enable('p2')
    await world.establish(2)
  })

  it('is forgotten when it is deconfigured', async () => {
    const world = await start([peerAt(2)])
    world.peers.disable('p2')
    await world.peers.remove('p2')
    world.peers.add(peerAt(2))
    expect(world.peers.isDisabled('p2')).toBe(false)
    await world.establish(2)
  })

  it('has the order in its history', async () => {
    const world = await start([peerAt(2)])
    await world.establish(2)
    world.peers.disable('p2', { communication: 'back at noon' })
    const last = world.peers.history('p2').at(-1)
    expect(last).toMatchObject({ from: 'Established', to: 'Idle' })
    expect(last?.cause).toContain('back at noon')
    expect(last?.agoMs).toBeLessThan(3000)
  })
})

describe('a shutdown communication of 255 octets that are not UTF-8 (row 65, F43)', () => {
  it('ends the session, is never answered, and is shown escaped in error and history', async () => {
    const world = await start([peerAt(2)])
    const peer = await establish(world, openWith())
    peer.send(message(3, [6, 2, 255, 0x1b, 0x5b, ...Array<number>(253).fill(0xff)]))
    await until(() => peer.isClosed, 'the close')
    expect(peer.notification).toBeUndefined()
    const reason = world.peers.row('p2')?.lastError?.reason
    const text = reason?.kind === 'notification-received' ? reason.notification.reason : ''
    expect(text).toContain('Administrative Shutdown')
    expect(text).toContain('\\xff\\xff')
    expect([text, world.peers.history('p2').at(-1)?.cause].join('')).not.toMatch(/[\p{Cc}\p{Cs}\ufffd]/u)
  })
})

describe('an OPEN at one octet a second (F39)', () => {
  // Time runs twenty times as fast: an octet every 50 ms, and 10 s are half a second.
  const clock = fastClock(20)

  it('is cut off after 10 s, and keeps the real neighbour out for no moment of it', async () => {
    const world = await start([peerAt(2, { fsm: fsmOptions({ idleHoldMs: { first: 1000, cap: 60_000 } }) })], { clock })
    const slow = await world.connect(2)
    const octets = openMessage()
    let sent = 0
    const drip = setInterval(() => slow.isClosed || slow.send(octets.subarray(sent, ++sent)), 50)
    try {
      await until(() => sent >= 3, 'the first octets')
      const before = performance.now()
      const real = await world.establish(2)
      expect(performance.now() - before).toBeLessThan(500)
      await until(() => slow.isClosed, 'the end of the slow one')
      expect(sent).toBeLessThan(octets.length)
      expect([world.state(2), real.isClosed]).toEqual(['Established', false])
    } finally {
      clearInterval(drip)
    }
  })

  it('leaves no damping behind: the next connection is taken at once', async () => {
    const world = await start([peerAt(2, { fsm: fsmOptions({ idleHoldMs: { first: 60_000, cap: 60_000 } }) })], {
      clock,
    })
    const silent = await world.connect(2)
    await until(() => silent.isClosed, 'the deadline')
    expect(silent.notification).toEqual([4, 0])
    await world.establish(2)
  })
})

describe('a family that was not negotiated', () => {
  it('is refreshed for nobody, and the session stays (row 171)', async () => {
    const world = await start([peerAt(2, { fsm: fsmOptions({ families: [IPV4_UNICAST] }) })])
    const peer = await establish(world, openWith(1, 4, 0, 2, 0, 1, ...ENHANCED_REFRESH))
    peer.send(message(REFRESH, [0, 2, 0, 1]), message(REFRESH, [0, 2, 1, 1]), updateMessage(1))
    await until(() => world.routing.up('p2')?.updates.length === 1, 'what came after it')
    expect(world.routing.up('p2')?.refreshed).toEqual([])
    expect(world.routing.up('p2')?.marks).toEqual([])
    expect(world.routing.up('p2')?.negotiated.codec.families).toEqual([IPV4_UNICAST])
  })
})
