import { beforeEach, describe, expect, it } from 'vitest'
import { Interfaces } from '../../../src/kernel/interfaces.ts'
import { KernelLearn } from '../../../src/kernel/learn.ts'
import { MemoryKernel } from '../../../src/kernel/memory.ts'
import { fanOut } from '../../../src/kernel/port.ts'
import { type KernelRule, ruleFor } from '../../../src/kernel/rule.ts'
import { KernelSync } from '../../../src/kernel/sync.ts'
import type { KernelTarget } from '../../../src/kernel/target.ts'
import { Wishes } from '../../../src/kernel/wish.ts'
import { address, key, prefix, routeText } from './support.ts'

let kernel: MemoryKernel
let sync: KernelSync
let interfaces: Interfaces
let tasks: (() => void)[]
let changes: string[]
let underlay: string[]

function settle(): void {
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task()
}

function want(to: string, target: KernelTarget): void {
  sync.desire(key(to), target)
  sync.commit()
  settle()
}

const through = (...gateways: readonly string[]): KernelTarget => ({
  type: 'unicast',
  nextHops: gateways.map(gateway => ({ gateway: address(gateway), interfaceIndex: 0, isOnlink: false })),
})

const own = (): string[] =>
  kernel
    .routes()
    .filter(route => route.protocol === 12)
    .map(routeText)
    .sort()

beforeEach(() => {
  tasks = []
  changes = []
  underlay = []
  kernel = new MemoryKernel({ schedule: task => void tasks.push(task) })
  for (const [name, text] of [
    ['eth0', '10.99.0.1/24'],
    ['eth1', '10.98.0.1/24'],
  ] as const) {
    kernel.addInterface(name)
    kernel.addAddress(name, text)
  }
  interfaces = new Interfaces()
  const common = { table: 254, protocol: 12, seed: 9 }
  const learn = new KernelLearn(
    kernel,
    interfaces,
    { ...common, learnAliens: false, directInterfaces: [] },
    { announce: () => {}, withdraw: () => {} },
  )
  learn.underlay.watch(({ words, length }, route) => {
    const to = [24, 16, 8, 0].map(shift => ((words[0] ?? 0) >>> shift) & 255).join('.')
    const how = route === undefined ? 'gone' : route.isConnected ? 'connected' : `metric ${route.metric}`
    underlay.push(`${to}/${length} ${how}`)
  })
  sync = new KernelSync(kernel, interfaces, { ...common, metric: 0, now: () => 0, underlay: learn.underlay })
  void kernel.start(fanOut(interfaces, learn, sync))
  settle()
  kernel.onChange(({ kind, route, isOwn }) => isOwn && changes.push(`${kind} ${routeText(route)}`))
})

describe('a next hop beyond the subnets', () => {
  it('gets the gateway of the foreign route that leads there, and follows it', () => {
    kernel.addRoute({ prefix: '172.16.0.0/16', via: '10.99.0.9' })
    settle()
    want('10.1.0.0/24', through('172.16.0.5'))
    expect(own()).toEqual(['10.1.0.0/24 via 10.99.0.9'])
    kernel.addRoute({ prefix: '172.16.0.0/24', via: '10.98.0.9' })
    settle()
    expect(own()).toEqual(['10.1.0.0/24 via 10.98.0.9'])
    kernel.removeRoute({ prefix: '172.16.0.0/24' })
    settle()
    expect(own()).toEqual(['10.1.0.0/24 via 10.99.0.9'])
    expect(changes.filter(line => line.startsWith('gone'))).toEqual([])
  })

  it('is not rewritten when a foreign route elsewhere changes', () => {
    want('10.1.0.0/24', through('10.99.0.2'))
    changes = []
    kernel.addRoute({ prefix: '172.16.0.0/16', via: '10.99.0.9' })
    kernel.addInterface('cali1')
    settle()
    expect(changes).toEqual([])
  })

  it('tells the RIB of subnets and foreign routes, never of our own', () => {
    expect(underlay).toEqual(['10.99.0.0/24 connected', '10.98.0.0/24 connected'])
    underlay = []
    want('10.1.0.0/24', through('10.99.0.2'))
    kernel.addRoute({ prefix: '172.16.0.0/16', via: '10.99.0.9', metric: 7 })
    settle()
    kernel.setInterface('eth0', false)
    settle()
    expect(underlay).toEqual(['172.16.0.0/16 metric 7', '172.16.0.0/16 gone', '10.99.0.0/24 gone'])
  })
})

describe('a route with several next hops', () => {
  it('leaves out the one whose link is down, and takes it back', () => {
    want('10.1.0.0/24', through('10.99.0.2', '10.98.0.2'))
    expect(own()).toEqual(['10.1.0.0/24 nexthop 10.98.0.2*1 nexthop 10.99.0.2*1'])
    kernel.setInterface('eth1', false)
    settle()
    expect(own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
    kernel.setInterface('eth1', true)
    settle()
    expect(own()).toEqual(['10.1.0.0/24 nexthop 10.98.0.2*1 nexthop 10.99.0.2*1'])
  })

  it('is the same in any order, and one route when all lead the same way', () => {
    want('10.1.0.0/24', through('10.99.0.2', '10.98.0.2'))
    changes = []
    want('10.1.0.0/24', through('10.98.0.2', '10.99.0.2'))
    expect(changes).toEqual([])
    kernel.addRoute({ prefix: '172.16.0.0/16', via: '10.99.0.9' })
    settle()
    want('10.2.0.0/24', through('172.16.0.1', '172.16.0.2'))
    expect(own()).toContain('10.2.0.0/24 via 10.99.0.9')
  })

  it('shows every next hop', () => {
    want('10.1.0.0/24', through('10.99.0.2', '10.98.0.2'))
    expect([...sync.rows()][0]?.nextHops).toEqual([
      { gateway: '10.98.0.2', interface: 'eth1', isOnlink: false },
      { gateway: '10.99.0.2', interface: 'eth0', isOnlink: false },
    ])
  })
})

describe('a tunnel', () => {
  const tunnelled: KernelTarget = {
    type: 'unicast',
    nextHops: [{ gateway: address('10.99.0.2'), interfaceIndex: 0, isOnlink: false, tunnel: 'tunl0' }],
  }

  it('is used while it is up, and not while it is missing or down', () => {
    want('10.1.0.0/24', tunnelled)
    expect(own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
    kernel.addInterface('tunl0')
    settle()
    expect(own()).toEqual(['10.1.0.0/24 via 10.99.0.2 onlink'])
    kernel.setInterface('tunl0', false)
    settle()
    expect(own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
  })
})

describe('a metric of its own', () => {
  it('comes before the route with the old metric goes', () => {
    want('10.1.0.0/24', through('10.99.0.2'))
    changes = []
    want('10.1.0.0/24', { ...through('10.99.0.2'), metric: 512 })
    expect(changes).toEqual(['present 10.1.0.0/24 via 10.99.0.2 metric 512', 'gone 10.1.0.0/24 via 10.99.0.2'])
    expect([...sync.rows()][0]).toMatchObject({ state: 'confirmed', metric: 512 })
    sync.undesire(key('10.1.0.0/24'))
    sync.commit()
    settle()
    expect(own()).toEqual([])
  })

  it('is found again after lost events, among strays', () => {
    want('10.1.0.0/24', { ...through('10.99.0.2'), metric: 512 })
    sync.recovered()
    kernel.addRoute({ prefix: '10.1.0.0/24', via: '10.99.0.3', protocol: 12, metric: 9 })
    kernel.addRoute({ prefix: '10.1.0.0/24', via: '10.99.0.3', protocol: 12, metric: 1000 })
    kernel.loseEvents()
    settle()
    expect(own()).toEqual(['10.1.0.0/24 via 10.99.0.2 metric 512'])
  })
})

it('writes again what was on its way when the port lost it', () => {
  const submit = kernel.submit.bind(kernel)
  kernel.submit = () => {}
  want('10.1.0.0/24', through('10.99.0.2'))
  kernel.submit = submit
  sync.writesLost()
  kernel.dump(0, 'back')
  settle()
  expect(own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
  expect(sync.isSettled).toBe(true)
})

describe('rules', () => {
  const range = (text: string, minLength: number, maxLength: number) => ({ prefix: prefix(text), minLength, maxLength })
  const rules: KernelRule[] = [
    {
      prefixes: [range('10.96.0.0/12', 12, 32), range('0.0.0.0/0', 0, 0), range('fd00:96::/64', 64, 128)],
      write: false,
    },
    { prefixes: [range('10.65.0.0/16', 16, 32)], nextHops: [prefix('192.168.44.0/24')], write: true, metric: 7 },
    { prefixes: [range('10.65.0.0/16', 16, 32)], write: true, tunnel: 'tunl0' },
  ]

  it.each([
    ['10.96.0.0/12', '192.168.44.2', 0],
    ['10.97.1.1/32', '192.168.44.2', 0],
    ['0.0.0.0/0', '192.168.44.2', 0],
    ['10.0.0.0/8', '192.168.44.2', -1],
    ['fd00:96::7/128', 'fd99::1', 0],
    ['fd00:97::7/128', 'fd99::1', -1],
    ['10.65.9.0/26', '192.168.44.22', 1],
    ['10.65.9.0/26', '192.168.50.9', 2],
    ['10.66.0.0/16', '192.168.50.9', -1],
  ])('%s through %s: rule %i', (to, hop, expected) => {
    expect(ruleFor(rules, key(to), address(hop))).toBe(expected)
  })

  it('decide hop by hop, and make one target for the same hops', () => {
    const wishes = new Wishes({ rules, source: { ipv4: address('10.99.0.1') } })
    const [near, far] = [{ octets: address('192.168.44.22') }, { octets: address('192.168.50.9') }]
    const take = (to: string) => {
      wishes.begin()
      for (const hop of [near, far]) wishes.add(key(to), hop)
      return wishes.take({ linkLocalInterface: 0, localPref: 100 })
    }
    const target = take('10.65.9.0/26')
    expect(target).toMatchObject({
      type: 'unicast',
      metric: 7,
      source: address('10.99.0.1'),
      nextHops: [{ gateway: near.octets }, { gateway: far.octets, tunnel: 'tunl0' }],
    })
    expect(take('10.65.8.0/26')).toBe(target)
    expect(take('10.97.0.0/16')).toBeUndefined()
  })

  // calico.md 3.5 and 3.7: LOCAL_PREF is 2147483647 less the metric at the origin of the route, and back.
  it.each([
    [2147482623, 1024],
    [2147483135, 512],
    [100, 2147483547],
    [2147483647, 1],
    [4294967295, 1],
  ])('LOCAL_PREF %i becomes metric %i when asked for, unless a rule names one', (localPref, metric) => {
    const wishes = new Wishes({ rules, source: {}, metricFromLocalPref: true })
    const hop = { octets: address('192.168.44.22') }
    const take = (to: string) => {
      wishes.begin()
      wishes.add(key(to), hop)
      return wishes.take({ linkLocalInterface: 0, localPref })
    }
    expect(take('10.66.0.0/16')?.metric).toBe(metric)
    expect(take('10.66.1.0/24')).toBe(take('10.66.0.0/16'))
    expect(take('10.65.9.0/26')?.metric).toBe(7)
  })
})
