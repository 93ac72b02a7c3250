/**
 * What every KernelPort does, as cases to run against each: in memory (`memory-port.test.ts`), and against the real kernel by rtnetlink and by `ip`
 * (`test/interop/kernel-port.test.ts`).
 * A world is a FIB with one interface `va` that is up and has 10.99.0.1/24 and fd99::1/64, and an agent who changes it behind the port's back.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Protocol, RouteKind, Table } from '../../../src/kernel/constants.ts'
import type { KernelPort } from '../../../src/kernel/port.ts'
import { Op, RecordFlag, RouteRecords } from '../../../src/kernel/record.ts'
import { address, prefix, Recorder, until } from './support.ts'

export interface AgentRoute {
  readonly prefix: string
  readonly via?: string
  readonly dev?: string
  readonly protocol?: number
  readonly metric?: number
}

export interface World {
  readonly port: KernelPort
  addRoute(route: AgentRoute): void
  removeRoute(route: Pick<AgentRoute, 'prefix' | 'metric'>): void
  setInterface(name: string, isUp: boolean): void
  addAddress(name: string, address: string): void
  /** Our routes in the FIB, as an independent witness sees them: "10.0.0.0/24 via 10.99.0.2", sorted. */
  ownRoutes(): string[]
  close(): Promise<void>
}

const WRITE = { protocol: Protocol.bird, table: Table.main }

interface Write {
  readonly op: number
  readonly to: string
  readonly via?: string
  readonly kind?: number
  readonly metric?: number
  readonly protocol?: number
  readonly dev?: string
  readonly isOnlink?: boolean
  readonly source?: string
  /** Several next hops. */
  readonly legs?: readonly string[]
}

/** A batch of writes; tokens count from 0. */
function batch(writes: readonly Write[], indexOf: (name: string) => number): RouteRecords {
  const records = new RouteRecords(writes.length)
  writes.forEach((write, token) => {
    const { family, words, length } = prefix(write.to)
    records.append(write.op)
    Object.assign(records, { family, length, token, kind: write.kind ?? RouteKind.unicast, metric: write.metric ?? 0 })
    Object.assign(records, { ...WRITE, ...(write.protocol === undefined ? {} : { protocol: write.protocol }) })
    words.forEach((word, k) => void records.setWord(k, word))
    if (write.via !== undefined) records.setGateway(address(write.via))
    if (write.dev !== undefined) records.interfaceIndex = indexOf(write.dev)
    if (write.source !== undefined) records.setSource(address(write.source))
    if (write.isOnlink) records.flags |= RecordFlag.onlink
    records.legs = write.legs?.length ?? 0
    for (const leg of write.legs ?? []) {
      Object.assign(records.append(Op.leg), { family, weight: 1 })
      records.setGateway(address(leg))
    }
  })
  return records
}

export function portCases(name: string, makeWorld: () => Promise<World>): void {
  describe(name, () => {
    let world: World
    let heard: Recorder

    beforeEach(async () => {
      world = await makeWorld()
      heard = new Recorder()
    })
    afterEach(async () => {
      await world.port.close()
      await world.close()
    })

    /** Submits and waits for all outcomes. */
    async function write(...writes: readonly Write[]): Promise<string[]> {
      heard.outcomes.clear()
      world.port.submit(batch(writes, name => heard.indexOf(name)))
      await until('outcomes', () => heard.outcomes.size === writes.length)
      return writes.map((_, token) => heard.outcomes.get(token) ?? '')
    }

    /** Asks for a dump and returns the lines in it. */
    async function dump(protocol: number): Promise<string[]> {
      heard.lines = []
      world.port.dump(protocol, 'test')
      await until('dump', () => heard.lines.includes('}'))
      // Events may come before it and behind it, never in between.
      const { lines } = heard
      return lines.slice(lines.lastIndexOf(`dump ${protocol} {`) + 1, lines.indexOf('}'))
    }

    it('delivers links, addresses and routes in this order as one dump before start resolves', async () => {
      world.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
      await world.port.start(heard)
      const { lines } = heard
      expect(lines[0]).toBe('dump 0 {')
      expect(lines.at(-1)).toBe('}')
      const places = ['link va present up', 'address 10.99.0.1/24 present', 'present 10.5.0.0/16 via 10.99.0.7 proto 3']
      const at = places.map(line => lines.indexOf(line))
      expect(at.every(place => place > 0)).toBe(true)
      expect(at).toEqual([...at].sort((a, b) => a - b))
    })

    it('writes unicast, blackhole and unreachable routes of both families without echoing them', async () => {
      await world.port.start(heard)
      heard.lines = []
      const outcomes = await write(
        { op: Op.add, to: '10.1.0.0/24', via: '10.99.0.2' },
        { op: Op.add, to: '10.2.0.0/24', kind: RouteKind.blackhole },
        { op: Op.add, to: 'fd01::/64', via: 'fd99::2' },
        { op: Op.add, to: 'fd02::/64', kind: RouteKind.unreachable },
      )
      expect(outcomes).toEqual(['ok', 'ok', 'ok', 'ok'])
      expect(world.ownRoutes()).toEqual([
        '10.1.0.0/24 via 10.99.0.2',
        'blackhole 10.2.0.0/24',
        'fd01::/64 via fd99::2 metric 1024',
        'unreachable fd02::/64 metric 1024',
      ])
      world.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
      await until('event', () => heard.lines.length > 0)
      expect(heard.lines).toEqual(['present 10.5.0.0/16 via 10.99.0.7 proto 3'])
    })

    it.each<[string, Write, string]>([
      ['through a gateway', { op: Op.add, to: '10.1.0.0/24', via: '10.99.0.2' }, '10.1.0.0/24 via 10.99.0.2'],
      ['straight to a device', { op: Op.add, to: '10.1.0.1/32', dev: 'va' }, '10.1.0.1'],
      [
        'through a gateway on-link behind a device',
        { op: Op.add, to: '10.1.0.0/24', via: '172.31.0.1', dev: 'va', isOnlink: true },
        '10.1.0.0/24 via 172.31.0.1 onlink',
      ],
      ['into a blackhole', { op: Op.add, to: '10.1.0.0/24', kind: RouteKind.blackhole }, 'blackhole 10.1.0.0/24'],
      ['as unreachable', { op: Op.add, to: '10.1.0.0/24', kind: RouteKind.unreachable }, 'unreachable 10.1.0.0/24'],
      ['as prohibited', { op: Op.add, to: '10.1.0.0/24', kind: RouteKind.prohibit }, 'prohibit 10.1.0.0/24'],
      [
        'with a metric and a preferred source',
        { op: Op.add, to: '10.1.0.0/24', via: '10.99.0.2', metric: 32, source: '10.99.0.1' },
        '10.1.0.0/24 via 10.99.0.2 src 10.99.0.1 metric 32',
      ],
      [
        'through several gateways',
        { op: Op.add, to: '10.1.0.0/24', legs: ['10.99.0.2', '10.99.0.3'] },
        '10.1.0.0/24 nexthop via 10.99.0.2 nexthop via 10.99.0.3',
      ],
      [
        'IPv6 through several gateways',
        { op: Op.add, to: 'fd01::/64', legs: ['fd99::2', 'fd99::3'] },
        'fd01::/64 metric 1024 nexthop via fd99::2 nexthop via fd99::3',
      ],
      [
        'IPv6 through a link-local gateway',
        { op: Op.add, to: 'fd01::/64', via: 'fe80::7', dev: 'va', metric: 512 },
        'fd01::/64 via fe80::7 metric 512',
      ],
      ['an IPv6 default route', { op: Op.add, to: '::/0', via: 'fd99::2' }, 'default via fd99::2 metric 1024'],
    ])('writes a route %s, shows it in a dump, and deletes it', async (_, ask, seen) => {
      await world.port.start(heard)
      expect(await write(ask)).toEqual(['ok'])
      expect(world.ownRoutes()).toEqual([seen])
      expect(await dump(Protocol.bird)).toHaveLength(1)
      const metric = ask.metric ?? (ask.to.includes(':') ? 1024 : 0)
      expect(await write({ op: Op.delete, to: ask.to, metric })).toEqual(['ok'])
      expect(world.ownRoutes()).toEqual([])
      expect(await dump(Protocol.bird)).toEqual([])
    })

    it.each<[string, Write, string]>([
      ['an interface that does not exist', { op: Op.add, to: '10.1.0.0/24', dev: 'none' }, 'ENODEV'],
      [
        'a source that is no own address',
        { op: Op.add, to: '10.1.0.0/24', via: '10.99.0.2', source: '10.9.9.9' },
        'EINVAL',
      ],
    ])('says that a route wants %s, and does the others', async (_, bad, errno) => {
      await world.port.start(heard)
      const [first, second] = await write(bad, { op: Op.add, to: '10.2.0.0/24', via: '10.99.0.2' })
      expect(first).toMatch(new RegExp(`^${errno}`))
      expect(second).toBe('ok')
      expect(world.ownRoutes()).toEqual(['10.2.0.0/24 via 10.99.0.2'])
    })

    it('replaces one form by another in place, several gateways by one too', async () => {
      await world.port.start(heard)
      const forms: Partial<Write>[] = [
        { via: '10.99.0.2' },
        { legs: ['10.99.0.2', '10.99.0.3'] },
        { kind: RouteKind.blackhole },
        { via: '10.99.0.4' },
      ]
      for (const [at, form] of forms.entries()) {
        const op = at === 0 ? Op.add : Op.replace
        expect(await write({ op, to: '10.1.0.0/24', ...form })).toEqual(['ok'])
        expect(world.ownRoutes()).toHaveLength(1)
      }
      expect(world.ownRoutes()).toEqual(['10.1.0.0/24 via 10.99.0.4'])
    })

    it('refuses to add where another owner has the prefix and metric, and leaves that route alone', async () => {
      world.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
      await world.port.start(heard)
      expect((await write({ op: Op.add, to: '10.5.0.0/16', via: '10.99.0.2' }))[0]).toMatch(/^EEXIST/)
      expect(world.ownRoutes()).toEqual([])
      expect(await dump(0)).toContain('present 10.5.0.0/16 via 10.99.0.7 proto 3')
    })

    it('adds beside another owner with a metric of its own', async () => {
      world.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
      await world.port.start(heard)
      expect(await write({ op: Op.add, to: '10.5.0.0/16', via: '10.99.0.2', metric: 50 })).toEqual(['ok'])
      expect(world.ownRoutes()).toEqual(['10.5.0.0/16 via 10.99.0.2 metric 50'])
    })

    it('replaces in place and deletes by prefix, metric and protocol', async () => {
      await world.port.start(heard)
      await write({ op: Op.add, to: '10.1.0.0/24', via: '10.99.0.2' }, { op: Op.add, to: 'fd01::/64', via: 'fd99::2' })
      expect(
        await write(
          { op: Op.replace, to: '10.1.0.0/24', via: '10.99.0.3' },
          { op: Op.replace, to: 'fd01::/64', via: 'fd99::3' },
        ),
      ).toEqual(['ok', 'ok'])
      expect(world.ownRoutes()).toEqual(['10.1.0.0/24 via 10.99.0.3', 'fd01::/64 via fd99::3 metric 1024'])
      expect(
        await write({ op: Op.delete, to: '10.1.0.0/24' }, { op: Op.delete, to: 'fd01::/64', metric: 1024 }),
      ).toEqual(['ok', 'ok'])
      expect(world.ownRoutes()).toEqual([])
    })

    it('does not delete a route of another protocol', async () => {
      world.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
      await world.port.start(heard)
      expect((await write({ op: Op.delete, to: '10.5.0.0/16' }))[0]).toMatch(/^ESRCH/)
      expect(await dump(0)).toContain('present 10.5.0.0/16 via 10.99.0.7 proto 3')
    })

    it('reports each refused write of a long batch with its reason and does the others', async () => {
      await world.port.start(heard)
      const writes = Array.from({ length: 300 }, (_, i) => ({
        op: Op.add,
        to: `10.${100 + (i >> 8)}.${i & 255}.0/24`,
        via: i % 100 === 50 ? '172.31.0.1' : '10.99.0.2',
      }))
      const outcomes = await write(...writes)
      expect(outcomes.filter(outcome => outcome === 'ok')).toHaveLength(297)
      for (const at of [50, 150, 250]) expect(outcomes[at]).toBe('ENETUNREACH: Nexthop has invalid gateway')
      expect(world.ownRoutes()).toHaveLength(297)
    })

    it('tells of routes of others that come and go', async () => {
      await world.port.start(heard)
      heard.lines = []
      world.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7', metric: 9, protocol: 80 })
      await until('the route', () => heard.lines.length > 0)
      world.removeRoute({ prefix: '10.5.0.0/16', metric: 9 })
      await until('both events', () => heard.lines.length >= 2)
      expect(heard.lines).toEqual([
        'present 10.5.0.0/16 via 10.99.0.7 metric 9 proto 80',
        'gone 10.5.0.0/16 via 10.99.0.7 metric 9 proto 80',
      ])
    })

    it('tells when somebody else removes a route of ours', async () => {
      await world.port.start(heard)
      await write({ op: Op.add, to: '10.1.0.0/24', via: '10.99.0.2' })
      heard.lines = []
      world.removeRoute({ prefix: '10.1.0.0/24' })
      await until('event', () => heard.lines.length > 0)
      expect(heard.lines).toEqual(['gone 10.1.0.0/24 via 10.99.0.2 proto 12'])
    })

    it('shows only the asked protocol in a filtered dump', async () => {
      world.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
      await world.port.start(heard)
      await write({ op: Op.add, to: '10.1.0.0/24', via: '10.99.0.2' })
      expect(await dump(Protocol.bird)).toEqual(['present 10.1.0.0/24 via 10.99.0.2 proto 12'])
    })

    it('loses IPv4 routes when the link goes down, perhaps without an event, and a dump shows it', async () => {
      await world.port.start(heard)
      await write(
        { op: Op.add, to: '10.1.0.0/24', via: '10.99.0.2' },
        { op: Op.add, to: '10.2.0.0/24', kind: RouteKind.blackhole },
      )
      heard.lines = []
      world.setInterface('va', false)
      await until('link event', () => heard.lines.includes('link va present down'))
      // The kernel says nothing; who reads the table instead of listening to the kernel knows all the same.
      expect(heard.lines.filter(line => line.startsWith('present') && line.includes('10.1.0.0'))).toEqual([])
      expect(await dump(Protocol.bird)).toEqual(['present blackhole 10.2.0.0/24 proto 12'])
    })

    it('tells of addresses', async () => {
      await world.port.start(heard)
      heard.lines = []
      world.addAddress('va', '10.98.0.1/24')
      await until('event', () => heard.lines.length > 0)
      expect(heard.lines).toEqual(['address 10.98.0.1/24 present'])
    })

    it('leaves its routes in place when it closes', async () => {
      await world.port.start(heard)
      await write({ op: Op.add, to: '10.1.0.0/24', via: '10.99.0.2' })
      await world.port.close()
      expect(world.ownRoutes()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
    })
  })
}
