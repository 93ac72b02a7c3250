/** Neighbours that are known by where they connect from, over real sockets on loopback. */
import { afterEach, describe, expect, it } from 'vitest'
import { PeerRange, type RangeOptions, RangeTable } from '../../../src/net/peer-range.ts'
import { openMessage } from '../../support/net-bytes.ts'
import { until } from '../../support/net-scripted-peer.ts'
import { fsmOptions, peerAt, World } from '../../support/net-world.ts'

let world: World
let left: string[]
afterEach(() => world.stop())

const range = (overrides: Partial<RangeOptions> = {}): RangeOptions => ({
  name: 'nodes',
  network: '127.0.7.0',
  prefixLength: 24,
  limit: 3,
  join: address => ({ name: `nodes@${address}`, remoteAddress: address, fsm: fsmOptions() }),
  leave: member => left.push(member),
  ...overrides,
})

async function start(...ranges: readonly RangeOptions[]): Promise<World> {
  left = []
  world = await World.start([], { listen: [{ address: '127.0.0.1', port: 0 }] })
  for (const each of ranges) world.peers.addRange(each)
  return world
}

const rows = () => world.peers.rows().map(({ name, state }) => `${name} ${state}`)

describe('a range of peers', () => {
  it('makes a peer of whoever connects from it, and forgets it when the connection is gone', async () => {
    await start(range())
    const peer = await world.connectFrom('127.0.7.9')
    await peer.establish()
    await until(() => rows()[0] === 'nodes@127.0.7.9 Established', 'Established')
    expect(world.peers.ranges()).toEqual([{ name: 'nodes', limit: 3, members: ['nodes@127.0.7.9'] }])
    peer.close()
    await until(() => rows().length === 0, 'nobody')
    expect(left).toEqual(['nodes@127.0.7.9'])
    const again = await world.connectFrom('127.0.7.9')
    await again.establish()
    await until(() => rows()[0] === 'nodes@127.0.7.9 Established', 'Established again')
  })

  it('refuses whoever comes when it is full, and takes the next when one has gone', async () => {
    await start(range({ limit: 1 }))
    const first = await world.connectFrom('127.0.7.1')
    await first.establish()
    const second = await world.connectFrom('127.0.7.2')
    await until(() => second.isClosed, 'the reset')
    expect(world.peers.refusals()).toMatchObject({ 'range-full': 1, stranger: 0 })
    expect(second.octetsReceived).toBe(0)
    world.peers.setRangeLimit('nodes', 2)
    const third = await world.connectFrom('127.0.7.2')
    await third.establish()
    await until(() => rows().length === 2 && rows().every(row => row.endsWith('Established')), 'both')
  })

  it('takes any of its AS numbers and no other', async () => {
    const join: RangeOptions['join'] = address => ({
      name: address,
      remoteAddress: address,
      fsm: fsmOptions({ peerAsn: 65001, otherPeerAsns: [65002, 65003] }),
    })
    await start(range({ join }))
    const [good, bad] = [await world.connectFrom('127.0.7.1'), await world.connectFrom('127.0.7.2')]
    await good.establish({ asn: 65003 })
    await until(() => rows()[0] === '127.0.7.1 Established', 'Established')
    expect(world.peers.row('127.0.7.1')?.negotiated).toMatchObject({ peerAsn: 65003, kind: 'ebgp' })
    bad.send(openMessage({ asn: 65004 }))
    await until(() => bad.notification !== undefined, 'the NOTIFICATION')
    expect(bad.notification).toEqual([2, 2])
  })

  it('holds one connection of a source that has not come up; a silent one gives way after a second', async () => {
    await start(range())
    const silent = await world.connectFrom('127.0.7.1')
    await until(() => rows().length === 1, 'the member')
    const hasty = await world.connectFrom('127.0.7.1')
    await until(() => hasty.isClosed, 'the reset')
    expect(world.peers.refusals()).toMatchObject({ pending: 1 })
    await new Promise(resolve => setTimeout(resolve, 1050))
    const real = await world.connectFrom('127.0.7.1')
    await until(() => silent.isClosed, 'the end of the silent one')
    await real.establish()
    await until(() => rows()[0] === 'nodes@127.0.7.1 Established', 'Established')
  })

  it('a configured peer inside it is that peer; added later, it takes the place of the member', async () => {
    await start(range({ network: '127.0.0.0', prefixLength: 16 }))
    world.peers.add(peerAt(2))
    const configured = await world.connect(2)
    await configured.establish()
    await until(() => rows()[0] === 'p2 Established', 'the configured peer')
    const member = await world.connect(3)
    await member.establish()
    await until(() => rows()[1] === 'nodes@127.0.0.3 Established', 'the member')
    world.peers.add(peerAt(3))
    await until(() => member.notification !== undefined, 'the NOTIFICATION')
    expect(member.notification).toEqual([6, 6])
    expect(rows().map(row => row.split(' ')[0])).toEqual(['p2', 'p3'])
  })

  it('takes its members with it when it is removed, each with Cease / Peer De-configured', async () => {
    await start(range())
    const member = await world.connectFrom('127.0.7.1')
    await member.establish()
    await until(() => rows()[0]?.endsWith('Established') === true, 'Established')
    world.peers.removeRange('nodes')
    expect(rows()).toEqual([])
    await until(() => member.notification !== undefined, 'the NOTIFICATION')
    expect(member.notification).toEqual([6, 3])
    const late = await world.connectFrom('127.0.7.1')
    await until(() => late.isClosed, 'the reset')
    expect(world.peers.refusals()).toMatchObject({ stranger: 1 })
  })

  it('bounds how often one source may connect', async () => {
    await start(range())
    for (let turn = 0; turn < 25; turn++) await world.connectFrom('127.0.7.1')
    await until(() => world.peers.refusals()['source-rate'] > 0, 'a refusal')
    const other = await world.connectFrom('127.0.7.2')
    await other.establish()
    await until(() => rows().includes('nodes@127.0.7.2 Established'), 'the other source')
  })
})

describe('RangeTable', () => {
  const table = new RangeTable()
  const prefixes = ['10.0.0.0/8', '10.1.0.0/20', '10.1.2.0/23', '0.0.0.0/0', 'fd00::/7', '10.1.2.3/32']
  for (const prefix of prefixes) {
    const [network = '', length] = prefix.split('/')
    table.add(new PeerRange({ ...range(), name: prefix, network, prefixLength: Number(length) }))
  }

  it.each([
    ['10.1.3.255', '10.1.2.0/23'],
    ['10.1.4.0', '10.1.0.0/20'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['10.1.16.0', '10.0.0.0/8'],
    ['11.0.0.0', '0.0.0.0/0'],
    ['fdff::1', 'fd00::/7'],
    ['fe80::1%eth0', undefined],
    ['nobody', undefined],
  ])('the longest prefix that covers %s is %s', (address, prefix) => {
    expect(table.match(address)?.name).toBe(prefix)
  })
})
