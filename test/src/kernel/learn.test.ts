import { beforeEach, describe, expect, it } from 'vitest'
import type { LearnedRoute } from '../../../src/kernel/alien.ts'
import { Interfaces } from '../../../src/kernel/interfaces.ts'
import { KernelLearn, type LearnSettings, type LearnSource } from '../../../src/kernel/learn.ts'
import { MemoryKernel, type MemoryRoute } from '../../../src/kernel/memory.ts'
import { fanOut } from '../../../src/kernel/port.ts'
import { formatAddress, formatPrefix, type Prefix } from '../../../wire/prefix.ts'

let kernel: MemoryKernel
let said: string[]
let tasks: (() => void)[]

function settle(): void {
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task()
}

/** What was said since the last call. */
function news(): string[] {
  settle()
  return said.splice(0)
}

const SETTINGS: LearnSettings = { learnAliens: true, directInterfaces: ['-cali*', '-kube-ipvs*', '*'] }

function start(options: Partial<LearnSettings> = {}): KernelLearn {
  const interfaces = new Interfaces()
  const text = ({ family, words, length }: Prefix) => formatPrefix(family, words, length)
  const learn = new KernelLearn(
    kernel,
    interfaces,
    {
      table: 254,
      protocol: 12,
      seed: 3,
      ...SETTINGS,
      ...options,
    },
    {
      announce: (source: LearnSource, prefix, route: LearnedRoute) => {
        const gateway = route.gateway === undefined ? '' : ` via ${formatAddress(route.gateway)}`
        const dev = route.interfaceName === '' ? '' : ` dev ${route.interfaceName}`
        const type = route.type === 'unicast' ? '' : ` ${route.type}`
        said.push(
          `+${source} ${text(prefix)}${type}${gateway}${dev} metric ${route.metric} preference ${route.preference}`,
        )
      },
      withdraw: (source, prefix) => void said.push(`-${source} ${text(prefix)}`),
    },
  )
  void kernel.start(fanOut(interfaces, learn))
  settle()
  return learn
}

beforeEach(() => {
  said = []
  tasks = []
  kernel = new MemoryKernel({ schedule: task => void tasks.push(task) })
  kernel.addInterface('eth0')
  kernel.addAddress('eth0', '10.99.0.1/24')
  kernel.addInterface('cali1')
})

const DIRECT = '+direct 10.99.0.0/24 dev eth0 metric 0 preference 240'

describe('alien routes', () => {
  it('are announced with metric, gateway and interface, before and after start', () => {
    kernel.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
    start()
    expect(news()).toEqual(['+kernel 10.5.0.0/16 via 10.99.0.7 dev eth0 metric 0 preference 10', DIRECT])
    kernel.addRoute({ prefix: '10.65.7.70/32', dev: 'cali1', metric: 1024 })
    kernel.addRoute({ prefix: '10.66.0.0/26', type: 'blackhole', protocol: 4 })
    expect(news()).toEqual([
      '+kernel 10.65.7.70/32 dev cali1 metric 1024 preference 10',
      '+kernel 10.66.0.0/26 blackhole metric 0 preference 10',
    ])
    kernel.removeRoute({ prefix: '10.65.7.70/32', metric: 1024 })
    expect(news()).toEqual(['-kernel 10.65.7.70/32'])
  })

  it.each<[string, MemoryRoute]>([
    ['made by the kernel', { prefix: '10.5.0.0/16', via: '10.99.0.7', protocol: 2 }],
    ['made by a redirect', { prefix: '10.5.0.0/16', via: '10.99.0.7', protocol: 1 }],
    ['of nobody', { prefix: '10.5.0.0/16', via: '10.99.0.7', protocol: 0 }],
    ['of our own', { prefix: '10.5.0.0/16', via: '10.99.0.7', protocol: 12 }],
    ['of the agent with a gateway', { prefix: '10.5.0.0/16', via: '10.99.0.7', protocol: 80 }],
    ['of the agent into a blackhole', { prefix: '10.5.0.0/26', type: 'blackhole', protocol: 80 }],
    ['to multicast', { prefix: '224.0.0.0/4', via: '10.99.0.7' }],
    ['to loopback', { prefix: '127.1.0.0/16', dev: 'eth0' }],
    ['to link-local', { prefix: '169.254.0.0/16', dev: 'eth0' }],
    ['to reserved space', { prefix: '240.0.0.0/4', via: '10.99.0.7' }],
    ['to IPv6 multicast', { prefix: 'ff00::/8', dev: 'eth0' }],
    ['to IPv6 link-local', { prefix: 'fe80::/64', dev: 'eth0' }],
    ['to IPv6 loopback', { prefix: '::1/128', dev: 'eth0' }],
    ['through one of our own addresses', { prefix: '10.5.0.0/16', via: '10.99.0.1' }],
  ])('are not learned when they are %s', (_, route) => {
    start()
    news()
    kernel.addRoute(route)
    expect(news()).toEqual([])
  })

  it('are learned when they are default routes, or device routes of the agent', () => {
    start()
    news()
    kernel.addRoute({ prefix: '0.0.0.0/0', via: '10.99.0.254', protocol: 16 })
    kernel.addRoute({ prefix: '::/0', via: 'fe80::1', dev: 'eth0', protocol: 9 })
    kernel.addRoute({ prefix: '10.65.7.71/32', dev: 'cali1', protocol: 80 })
    expect(news()).toEqual([
      '+kernel 0.0.0.0/0 via 10.99.0.254 dev eth0 metric 0 preference 10',
      '+kernel ::/0 via fe80::1 dev eth0 metric 1024 preference 10',
      '+kernel 10.65.7.71/32 dev cali1 metric 0 preference 10',
    ])
  })

  it('of one prefix: the lowest metric is announced, the next one takes over', () => {
    start()
    news()
    kernel.addRoute({ prefix: '10.65.7.70/32', dev: 'cali1', metric: 1024 })
    kernel.addRoute({ prefix: '10.65.7.70/32', dev: 'cali1', metric: 2048 })
    expect(news()).toEqual(['+kernel 10.65.7.70/32 dev cali1 metric 1024 preference 10'])
    kernel.addRoute({ prefix: '10.65.7.70/32', dev: 'cali1', metric: 512 })
    expect(news()).toEqual(['+kernel 10.65.7.70/32 dev cali1 metric 512 preference 10'])
    kernel.removeRoute({ prefix: '10.65.7.70/32', metric: 512 })
    expect(news()).toEqual(['+kernel 10.65.7.70/32 dev cali1 metric 1024 preference 10'])
    kernel.removeRoute({ prefix: '10.65.7.70/32', metric: 2048 })
    expect(news()).toEqual([])
    kernel.removeRoute({ prefix: '10.65.7.70/32', metric: 1024 })
    expect(news()).toEqual(['-kernel 10.65.7.70/32'])
  })

  it('are announced again only when something about them changed', () => {
    start()
    news()
    kernel.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
    kernel.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
    kernel.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.8' })
    expect(news()).toEqual([
      '+kernel 10.5.0.0/16 via 10.99.0.7 dev eth0 metric 0 preference 10',
      '+kernel 10.5.0.0/16 via 10.99.0.8 dev eth0 metric 0 preference 10',
    ])
  })

  it('are withdrawn when something we do not learn overwrites them', () => {
    start()
    kernel.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
    news()
    kernel.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7', protocol: 80 })
    expect(news()).toEqual(['-kernel 10.5.0.0/16'])
  })

  it('go with their link, of which the kernel says nothing for IPv4', () => {
    start()
    kernel.addRoute({ prefix: '10.65.7.70/32', dev: 'cali1' })
    kernel.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
    news()
    kernel.setInterface('cali1', false)
    expect(news()).toEqual(['-kernel 10.65.7.70/32'])
    kernel.removeInterface('eth0')
    expect(news().sort()).toEqual(['-direct 10.99.0.0/24', '-kernel 10.5.0.0/16'])
  })

  it('carry the new name after their interface was renamed', () => {
    start()
    kernel.addRoute({ prefix: '10.65.7.70/32', dev: 'cali1' })
    news()
    kernel.renameInterface('cali1', 'cali2')
    expect(news()).toEqual(['+kernel 10.65.7.70/32 dev cali2 metric 0 preference 10'])
  })

  it('after a fresh dump: only the differences are told', () => {
    start()
    kernel.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
    kernel.addRoute({ prefix: '10.6.0.0/16', via: '10.99.0.7' })
    news()
    kernel.removeRoute({ prefix: '10.5.0.0/16' })
    kernel.addRoute({ prefix: '10.7.0.0/16', via: '10.99.0.7' })
    kernel.loseEvents()
    expect(news()).toEqual(['+kernel 10.7.0.0/16 via 10.99.0.7 dev eth0 metric 0 preference 10', '-kernel 10.5.0.0/16'])
  })

  it('are not learned at all when learning is off', () => {
    kernel.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
    start({ learnAliens: false })
    expect(news()).toEqual([DIRECT])
  })
})

describe('connected prefixes', () => {
  it('follow addresses and the state of their interface, host addresses too', () => {
    start()
    expect(news()).toEqual([DIRECT])
    kernel.addAddress('eth0', 'fd99::1/64')
    kernel.addInterface('tunl0')
    kernel.addAddress('tunl0', '10.65.7.64/32')
    expect(news()).toEqual([
      '+direct fd99::/64 dev eth0 metric 0 preference 240',
      '+direct 10.65.7.64/32 dev tunl0 metric 0 preference 240',
    ])
    kernel.setInterface('tunl0', false)
    expect(news()).toEqual(['-direct 10.65.7.64/32'])
    kernel.setInterface('tunl0', true)
    expect(news()).toEqual(['+direct 10.65.7.64/32 dev tunl0 metric 0 preference 240'])
    kernel.removeAddress('tunl0', '10.65.7.64/32')
    expect(news()).toEqual(['-direct 10.65.7.64/32'])
  })

  it('of a point-to-point link are those of the far end', () => {
    start()
    news()
    kernel.addAddress('cali1', '10.98.0.1/32', '10.98.0.2')
    kernel.addInterface('ppp0')
    kernel.addAddress('ppp0', '10.98.0.1/32', '10.98.0.2')
    expect(news()).toEqual(['+direct 10.98.0.2/32 dev ppp0 metric 0 preference 240'])
  })

  it('of workload interfaces, of service addresses, of loopback and link-local are not announced', () => {
    start()
    news()
    kernel.addAddress('cali1', '10.97.0.1/24')
    kernel.addInterface('kube-ipvs0')
    kernel.addAddress('kube-ipvs0', '10.96.0.1/32')
    kernel.addInterface('lo')
    kernel.addAddress('lo', '127.0.0.1/8')
    kernel.addAddress('lo', '::1/128')
    kernel.addAddress('eth0', '169.254.7.7/16')
    kernel.addAddress('eth0', 'fe80::7/64')
    expect(news()).toEqual([])
  })

  it('obey configured patterns in order', () => {
    kernel.addInterface('docker0')
    kernel.addAddress('docker0', '172.17.0.1/16')
    start({ directInterfaces: ['-docker*', '*'] })
    expect(news()).toEqual([DIRECT])
  })

  it('stay while another interface has the same one', () => {
    start()
    kernel.addInterface('eth1')
    kernel.addAddress('eth1', '10.99.0.77/24')
    news()
    kernel.removeAddress('eth0', '10.99.0.1/24')
    expect(news()).toEqual(['+direct 10.99.0.0/24 dev eth1 metric 0 preference 240'])
  })
})

describe('other settings while it learns', () => {
  let learn: KernelLearn

  beforeEach(() => {
    kernel.addRoute({ prefix: '10.65.7.70/32', dev: 'cali1', metric: 512 })
    kernel.addRoute({ prefix: '10.65.7.71/32', dev: 'cali1', metric: 1024 })
    learn = start()
    news()
  })

  it('say nothing when they mean the same', () => {
    learn.configure({ ...SETTINGS })
    expect(news()).toEqual([])
  })

  it('withdraw and announce what others wrote when that is no longer, or again, wanted', () => {
    learn.configure({ ...SETTINGS, learnAliens: false })
    expect(news()).toEqual(['-kernel 10.65.7.70/32', '-kernel 10.65.7.71/32'])
    kernel.removeRoute({ prefix: '10.65.7.71/32', metric: 1024 })
    expect(news()).toEqual([])
    learn.configure(SETTINGS)
    expect(news()).toEqual(['+kernel 10.65.7.70/32 dev cali1 metric 512 preference 10'])
  })

  it('announce anew only the routes that have another preference', () => {
    learn.configure({ ...SETTINGS, elevated: { interfaces: ['cali*'], belowMetric: 1024, preference: 150 } })
    expect(news()).toEqual(['+kernel 10.65.7.70/32 dev cali1 metric 512 preference 150'])
    learn.configure(SETTINGS)
    expect(news()).toEqual(['+kernel 10.65.7.70/32 dev cali1 metric 512 preference 10'])
  })

  it('announce and withdraw subnets whose interfaces other patterns admit', () => {
    learn.configure({ ...SETTINGS, directInterfaces: [] })
    expect(news()).toEqual(['-direct 10.99.0.0/24'])
    learn.configure(SETTINGS)
    expect(news()).toEqual([DIRECT])
  })
})
