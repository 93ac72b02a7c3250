import { constants } from 'node:os'
import { beforeEach, describe, expect, it } from 'vitest'
import { Interfaces } from '../../../src/kernel/interfaces.ts'
import { MemoryKernel } from '../../../src/kernel/memory.ts'
import { fanOut } from '../../../src/kernel/port.ts'
import { Op } from '../../../src/kernel/record.ts'
import { KernelSync } from '../../../src/kernel/sync.ts'
import type { KernelTarget } from '../../../src/kernel/target.ts'
import { address, key, routeText, via } from './support.ts'

const { EACCES, EEXIST, ENETUNREACH, ENOBUFS, ENOMEM } = constants.errno

/** A FIB in memory whose clockwork is turned by hand. */
class Node {
  now = 1_000
  deadlineChanges = 0
  readonly kernel: MemoryKernel
  readonly sync: KernelSync
  readonly #interfaces = new Interfaces()
  #tasks: (() => void)[] = []

  constructor(kernel?: MemoryKernel, metric = 0) {
    this.kernel = kernel ?? new MemoryKernel({ schedule: task => void this.#tasks.push(task) })
    if (kernel === undefined) {
      this.kernel.addInterface('eth0')
      this.kernel.addAddress('eth0', '10.99.0.1/24')
      this.kernel.addAddress('eth0', 'fd99::1/64')
    }
    const options = { protocol: 12, table: 254, metric, seed: 7 }
    const deadlineChanged = () => void this.deadlineChanges++
    this.sync = new KernelSync(this.kernel, this.#interfaces, { ...options, now: () => this.now, deadlineChanged })
  }

  start(): void {
    void this.kernel.start(fanOut(this.#interfaces, this.sync))
    this.settle()
  }

  /** Lets everything that is under way arrive. */
  settle(): void {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task()
  }

  want(prefix: string, target: KernelTarget): void {
    this.sync.desire(key(prefix), target)
    this.sync.commit()
  }

  unwant(prefix: string): void {
    this.sync.undesire(key(prefix))
    this.sync.commit()
  }

  own(): string[] {
    return this.kernel
      .routes()
      .filter(route => route.protocol === 12)
      .map(routeText)
      .sort()
  }

  states(): string[] {
    return [...this.sync.rows()].map(row => `${row.prefix} ${row.state}`)
  }
}

let node: Node

beforeEach(() => {
  node = new Node()
})

describe('installing', () => {
  it('writes nothing before the first dump', () => {
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.settle()
    expect(node.own()).toEqual([])
    expect(node.states()).toEqual(['10.1.0.0/24 desired'])
    node.start()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
  })

  it('goes from desired over pending to confirmed, with ages', () => {
    node.start()
    node.sync.desire(key('10.1.0.0/24'), via('10.99.0.2'))
    expect(node.states()).toEqual(['10.1.0.0/24 desired'])
    node.sync.commit()
    expect(node.states()).toEqual(['10.1.0.0/24 pending'])
    node.now += 3
    node.settle()
    node.now += 40
    expect([...node.sync.rows()]).toEqual([
      {
        prefix: '10.1.0.0/24',
        family: 'ipv4-unicast',
        type: 'unicast',
        gateway: '10.99.0.2',
        interface: 'eth0',
        nextHops: [{ gateway: '10.99.0.2', interface: 'eth0', isOnlink: false }],
        metric: 0,
        state: 'confirmed',
        errno: null,
        errnoName: null,
        reason: null,
        ageMs: 40,
      },
    ])
    expect(node.sync.latency).toMatchObject({ total: 1, sumMs: 3 })
    expect(node.sync.isSettled).toBe(true)
  })

  it('writes unicast, device, blackhole and unreachable routes of both families', () => {
    node.start()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.want('10.2.0.0/26', {
      type: 'unicast',
      nextHops: [{ gateway: undefined, interfaceIndex: 1, isOnlink: false }],
    })
    node.want('10.3.0.0/26', { type: 'blackhole' })
    node.want('10.4.0.0/24', via('172.31.0.1', 1, true))
    node.want('fd01::/64', via('fd99::2'))
    node.want('fd02::/64', { type: 'unreachable' })
    node.settle()
    expect(node.own()).toEqual([
      '10.1.0.0/24 via 10.99.0.2',
      '10.2.0.0/26',
      '10.4.0.0/24 via 172.31.0.1 onlink',
      'blackhole 10.3.0.0/26',
      'fd01::/64 via fd99::2 metric 1024',
      'unreachable fd02::/64 metric 1024',
    ])
    expect(node.sync.stateCounts()).toMatchObject({ confirmed: 6 })
  })

  it('writes the newest wish only, when wishes change while a write is on its way', () => {
    node.start()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    for (const gateway of ['10.99.0.3', '10.99.0.4', '10.99.0.5']) node.want('10.1.0.0/24', via(gateway))
    node.settle()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.5'])
    expect(node.sync.counters).toMatchObject({ adds: 1, replaces: 1 })
  })

  it('deletes what was withdrawn while its write was on its way, and forgets the prefix', () => {
    node.start()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.unwant('10.1.0.0/24')
    node.settle()
    expect(node.own()).toEqual([])
    expect(node.states()).toEqual([])
  })

  it('never rewrites an unchanged route', () => {
    node.start()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.settle()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.unwant('10.1.0.0/24')
    node.sync.desire(key('10.1.0.0/24'), via('10.99.0.2'))
    node.settle()
    node.sync.undesire(key('10.1.0.0/24'))
    node.sync.desire(key('10.1.0.0/24'), via('10.99.0.2'))
    node.sync.commit()
    node.settle()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
    expect(node.sync.counters.replaces).toBe(0)
  })

  it('sends thousands of routes in few batches and stops while the kernel is behind', () => {
    node.start()
    let submitted = 0
    const submit = node.kernel.submit.bind(node.kernel)
    node.kernel.submit = batch => {
      submitted += batch.count
      submit(batch)
    }
    for (let i = 0; i < 10_000; i++)
      node.sync.desire({ ...key('10.0.0.0/32'), address0: 0x0b000000 + i }, via('10.99.0.2'))
    node.sync.commit()
    expect(submitted).toBe(4 * 1024)
    node.settle()
    expect(submitted).toBe(10_000)
    expect(node.own()).toHaveLength(10_000)
  })
})

describe('what others hold', () => {
  it('reports a conflict and does not steal; installs when the other goes', () => {
    node.kernel.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7', protocol: 4 })
    node.start()
    node.want('10.5.0.0/16', via('10.99.0.2'))
    node.settle()
    expect([...node.sync.rows()][0]).toMatchObject({
      state: 'conflict',
      errno: EEXIST,
      reason: 'a route of another owner has this prefix and metric',
    })
    expect(node.own()).toEqual([])
    node.kernel.removeRoute({ prefix: '10.5.0.0/16' })
    node.settle()
    expect(node.own()).toEqual(['10.5.0.0/16 via 10.99.0.2'])
    expect(node.states()).toEqual(['10.5.0.0/16 confirmed'])
  })

  it('takes the prefix as its own when a conflict turns out to be with itself', () => {
    node.start()
    // Lost on the way: the model does not know of this route.
    node.kernel.addRoute({ prefix: '10.1.0.0/24', via: '10.99.0.9', protocol: 12 })
    node.kernel.loseEvents()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.settle()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
    expect(node.states()).toEqual(['10.1.0.0/24 confirmed'])
  })

  it('installs beside the other with a metric of its own', () => {
    node = new Node(undefined, 32)
    node.kernel.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7' })
    node.start()
    node.want('10.5.0.0/16', via('10.99.0.2'))
    node.settle()
    expect(node.own()).toEqual(['10.5.0.0/16 via 10.99.0.2 metric 32'])
  })

  it('yields when its route is overwritten by another owner', () => {
    node.start()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.settle()
    node.kernel.addRoute({ prefix: '10.1.0.0/24', via: '10.99.0.7', protocol: 4 })
    node.settle()
    expect(node.states()).toEqual(['10.1.0.0/24 conflict'])
    node.unwant('10.1.0.0/24')
    node.settle()
    expect(node.kernel.routes().map(routeText)).toContain('10.1.0.0/24 via 10.99.0.7')
  })
})

describe('repair', () => {
  beforeEach(() => {
    node.start()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.settle()
  })

  it('puts back what somebody deleted', () => {
    node.kernel.removeRoute({ prefix: '10.1.0.0/24' })
    expect(node.own()).toEqual([])
    node.settle()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
    expect(node.sync.counters.repaired).toBe(1)
  })

  it('puts right what somebody changed under our protocol number', () => {
    node.kernel.addRoute({ prefix: '10.1.0.0/24', via: '10.99.0.9', protocol: 12 })
    node.settle()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
  })

  it('dumps its own routes after a link went down, and installs them again when it is up', () => {
    node.kernel.setInterface('eth0', false)
    node.settle()
    expect([...node.sync.rows()][0]).toMatchObject({ state: 'failed', errno: ENETUNREACH })
    node.kernel.setInterface('eth0', true)
    node.settle()
    node.sync.tick(node.now)
    node.settle()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
  })

  it('dumps its own routes after an address was removed', () => {
    node.kernel.removeAddress('eth0', '10.99.0.1/24')
    node.settle()
    expect(node.states()).toEqual(['10.1.0.0/24 failed'])
  })

  it('does not dump when a link without addresses or routes of ours comes and goes', () => {
    const before = node.sync.counters.dumps
    node.kernel.addInterface('cali1')
    node.kernel.addAddress('cali1', 'fe80::1/64')
    node.settle()
    node.kernel.removeInterface('cali1')
    node.settle()
    expect(node.sync.counters.dumps).toBe(before)
  })

  it('finds out by a dump what it missed when events were lost', () => {
    node.kernel.removeRoute({ prefix: '10.1.0.0/24' })
    node.kernel.loseEvents()
    node.settle()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
    expect(node.sync.counters).toMatchObject({ resyncs: 1, repaired: 1 })
  })

  it('removes a route under our number that nobody wants, once recovered', () => {
    node.sync.recovered()
    node.settle()
    node.kernel.addRoute({ prefix: '10.8.0.0/24', via: '10.99.0.2', protocol: 12 })
    node.kernel.addRoute({ prefix: '10.1.0.0/24', via: '10.99.0.2', protocol: 12, metric: 99 })
    node.settle()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
  })
})

describe('routes made by redirects', () => {
  const REDIRECT = 1
  const foreign = () =>
    node.kernel
      .routes()
      .filter(({ protocol }) => protocol !== 12)
      .map(routeText)
      .sort()

  it('are removed once recovered, also where a route of ours has their prefix and metric, and nothing else is', () => {
    node.kernel.addRoute({ prefix: '10.5.0.0/16', via: '10.99.0.7', protocol: REDIRECT })
    node.kernel.addRoute({ prefix: '10.6.0.1/32', via: '10.99.0.7', protocol: REDIRECT, metric: 5 })
    node.kernel.addRoute({ prefix: '10.6.0.1/32', via: '10.99.0.7', protocol: 4 })
    node.start()
    node.want('10.5.0.0/16', via('10.99.0.2'))
    node.settle()
    expect(foreign()).toHaveLength(3)
    node.sync.recovered()
    node.settle()
    expect(foreign()).toEqual(['10.6.0.1/32 via 10.99.0.7'])
    node.now += 1_000
    node.sync.tick(node.now)
    node.settle()
    expect(node.own()).toEqual(['10.5.0.0/16 via 10.99.0.2'])
  })

  it('are removed when they come', () => {
    node.start()
    node.sync.recovered()
    node.kernel.addRoute({ prefix: 'fd06::1/128', via: 'fd99::7', protocol: REDIRECT })
    node.settle()
    expect(foreign()).toEqual([])
    expect(node.sync.counters).toMatchObject({ leftoversRemoved: 1, adds: 0 })
  })
})

describe('refusals', () => {
  it('keeps errno, reason and age, and retries by itself ever more slowly', () => {
    node.start()
    node.kernel.refuse(() => ({ errno: EACCES, reason: 'Not today' }))
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.settle()
    const gaps: number[] = []
    for (let round = 0; round < 9; round++) {
      const deadline = node.sync.nextDeadlineMs() ?? Number.NaN
      gaps.push((deadline - node.now) / 1_000)
      node.now = deadline
      node.sync.tick(node.now)
      node.settle()
    }
    expect(gaps).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
    const [row] = [...node.sync.rows()]
    expect(row).toMatchObject({ state: 'failed', errno: EACCES, reason: 'Not today', ageMs: node.now - 1_000 })
    node.kernel.refuse(undefined)
    node.now = node.sync.nextDeadlineMs() ?? Number.NaN
    node.sync.tick(node.now)
    node.settle()
    expect(node.states()).toEqual(['10.1.0.0/24 confirmed'])
    expect(node.sync.nextDeadlineMs()).toBeUndefined()
  })

  it('brings the retry forward when the network changes, and says so', () => {
    node.start()
    node.want('10.1.0.0/24', via('10.98.0.2'))
    node.settle()
    expect(node.states()).toEqual(['10.1.0.0/24 failed'])
    node.deadlineChanges = 0
    node.kernel.addAddress('eth0', '10.98.0.1/24')
    node.settle()
    expect(node.deadlineChanges).toBe(1)
    expect(node.sync.nextDeadlineMs()).toBe(node.now)
    node.sync.tick(node.now)
    node.settle()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.98.0.2'])
  })

  it('does not let one bad route stop the others', () => {
    node.start()
    for (let i = 0; i < 100; i++) node.want(`10.1.${i}.0/24`, via(i === 50 ? '172.31.0.1' : '10.99.0.2'))
    node.settle()
    expect(node.sync.stateCounts()).toMatchObject({ confirmed: 99, failed: 1 })
  })

  it('takes the old route away when the new target is refused', () => {
    node.start()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.settle()
    node.want('10.1.0.0/24', via('172.31.0.1'))
    node.settle()
    expect(node.own()).toEqual([])
    expect(node.states()).toEqual(['10.1.0.0/24 failed'])
    node.want('10.1.0.0/24', via('10.99.0.3'))
    node.settle()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.3'])
  })

  it.each([ENOMEM, ENOBUFS])('keeps the old route over a passing shortage (errno %i)', errno => {
    node.start()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.settle()
    node.kernel.refuse((_, op) => (op === Op.replace ? { errno, reason: '' } : undefined))
    node.want('10.1.0.0/24', via('10.99.0.3'))
    node.settle()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.2'])
    node.kernel.refuse(undefined)
    node.now += 1_000
    node.sync.tick(node.now)
    node.settle()
    expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.3'])
  })

  it('retries a refused delete without spinning', () => {
    node.start()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.settle()
    node.kernel.refuse((_, op) => (op === Op.delete ? { errno: EACCES, reason: 'no' } : undefined))
    node.unwant('10.1.0.0/24')
    node.settle()
    expect(node.sync.counters.deletes).toBe(1)
    node.kernel.refuse(undefined)
    node.now += 1_000
    node.sync.tick(node.now)
    node.settle()
    expect(node.own()).toEqual([])
  })
})

describe('restart', () => {
  it('adopts what is wanted, replaces what differs, and removes the rest only after recovery', () => {
    const { kernel } = node
    kernel.addRoute({ prefix: '10.1.0.0/24', via: '10.99.0.2', protocol: 12 })
    kernel.addRoute({ prefix: '10.2.0.0/24', via: '10.99.0.2', protocol: 12 })
    kernel.addRoute({ prefix: '10.3.0.0/24', via: '10.99.0.2', protocol: 12 })
    kernel.addRoute({ prefix: '10.1.0.0/24', via: '10.99.0.2', protocol: 12, metric: 77 })
    const changes: string[] = []
    kernel.onChange(({ kind, route }) => void changes.push(`${kind} ${routeText(route)}`))
    node.start()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.want('10.2.0.0/24', via('10.99.0.5'))
    node.settle()
    expect(changes).toEqual(['present 10.2.0.0/24 via 10.99.0.5'])
    node.sync.recovered()
    node.settle()
    expect(changes.slice(1).sort()).toEqual([
      'gone 10.1.0.0/24 via 10.99.0.2 metric 77',
      'gone 10.3.0.0/24 via 10.99.0.2',
    ])
    expect(node.sync.counters).toMatchObject({ adopted: 1, leftoversRemoved: 2, adds: 0 })
  })

  it('removes before recovery what was wanted and withdrawn in this life', () => {
    node.kernel.addRoute({ prefix: '10.1.0.0/24', via: '10.99.0.2', protocol: 12 })
    node.start()
    node.want('10.1.0.0/24', via('10.99.0.2'))
    node.settle()
    node.unwant('10.1.0.0/24')
    node.settle()
    expect(node.own()).toEqual([])
  })

  it('never touches routes of other protocols', () => {
    for (const protocol of [3, 4, 16, 80])
      node.kernel.addRoute({ prefix: `10.${protocol}.0.0/16`, via: '10.99.0.7', protocol })
    node.start()
    node.sync.recovered()
    node.settle()
    expect(node.kernel.routes()).toHaveLength(4)
  })
})

it('forgets targets that no route uses, however many next hops come by', () => {
  node.start()
  for (let i = 0; i < 9_000; i++) {
    node.want('10.1.0.0/24', via(`10.99.${0}.${2 + (i % 200)}`, 1, true))
    node.want('10.2.0.0/24', via(`172.16.${i >> 8}.${i & 255}`, 1, true))
    if (i % 16 === 0) node.settle()
  }
  node.settle()
  expect(node.own()).toEqual(['10.1.0.0/24 via 10.99.0.201 onlink', '10.2.0.0/24 via 172.16.35.39 onlink'])
  expect(node.states()).toEqual(['10.1.0.0/24 confirmed', '10.2.0.0/24 confirmed'])
})

it('notices that a form changes although the targets were numbered anew just before', () => {
  node.kernel.addInterface('tunl0', false)
  node.start()
  const far: KernelTarget = {
    type: 'unicast',
    nextHops: [{ gateway: address('10.99.0.9'), interfaceIndex: 0, isOnlink: false, tunnel: 'tunl0' }],
  }
  node.want('10.3.0.0/24', far)
  node.settle()
  for (let i = 0; i < 5_000; i++) {
    node.want('10.2.0.0/24', via(`172.16.${i >> 8}.${i & 255}`, 1, true))
    if (i % 16 === 0) node.settle()
  }
  node.settle()
  expect(node.own()).toContain('10.3.0.0/24 via 10.99.0.9')
  node.kernel.setInterface('tunl0', true)
  node.settle()
  expect(node.own()).toContain('10.3.0.0/24 via 10.99.0.9 onlink')
})
