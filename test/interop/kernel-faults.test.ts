/**
 * What the kernel side makes of a world that changed behind its back, in large: events that could not be read, routes that were flushed or altered.
 * Prints the time to truth of each. Needs root and koffi; says why when it skips.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  appendRoute,
  fanOut,
  Interfaces,
  KernelSync,
  Op,
  RequestSocket,
  RouteMonitor,
  RouteRecords,
  RtnetlinkPort,
} from '../../src/kernel/index.ts'
import { IPV4_UNICAST } from '../../wire/family.ts'
import { key, until, via } from '../src/kernel/support.ts'
import { TestNamespace, whyNoKernel } from '../support/test-namespace.ts'

const CHANGES = 50_000
const WHOLE_BUFFER = 64 << 20
const DEADLINE_MS = 20_000

interface ChildState {
  readonly routes: number
  readonly resyncs: number
}

const prefixAt = (i: number): string => `10.${20 + (i >> 14)}.${(i >> 6) & 255}.${(i & 63) << 2}/30`
const commands = (words: (prefix: string) => string): string[] =>
  Array.from({ length: CHANGES }, (_, i) => words(prefixAt(i)))

describe.skipIf(whyNoKernel('kernel-faults.test.ts') !== undefined)('a world that changed behind our back', () => {
  let namespace: TestNamespace
  const closers: (() => unknown)[] = []

  beforeEach(() => {
    namespace = new TestNamespace()
  })
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
    namespace.remove()
  })

  it.each([
    ['that all fit into the monitor', WHOLE_BUFFER, false],
    ['of which most are lost', 4096, true],
  ])('knows all of 50,000 foreign changes %s while nothing was read', async (name, buffer, isLossy) => {
    const [child, state] = learner(buffer)
    await until('the first dump', () => state() !== undefined, DEADLINE_MS)
    for (const [what, words, routes] of [
      ['added', (prefix: string) => `route add ${prefix} via 10.99.0.2`, CHANGES],
      ['removed', (prefix: string) => `route del ${prefix} via 10.99.0.2`, 0],
    ] as const) {
      const before = state()?.resyncs ?? 0
      child.kill('SIGSTOP')
      namespace.ip(...commands(words))
      const since = performance.now()
      child.kill('SIGCONT')
      await until(`${routes} routes`, () => state()?.routes === routes, DEADLINE_MS)
      console.log(`50,000 routes ${what}, events ${name}: truth after ${(performance.now() - since).toFixed(0)} ms`)
      if (isLossy) expect(state()?.resyncs).toBeGreaterThan(before)
      else expect(state()?.resyncs).toBe(before)
    }
  })

  it('reads a flood of notifications in few turns of the loop, not 32 at a time', async () => {
    const parts: number[] = []
    const sink = { links: () => {}, addresses: () => {}, lost: () => {} }
    const monitor = new RouteMonitor(
      { namespace: namespace.name, table: 254 },
      { ...sink, routes: records => void parts.push(records.count) },
    )
    const agent = new RequestSocket(namespace.name)
    closers.push(
      () => monitor.close(),
      () => agent.close(),
    )
    const batch = new RouteRecords(1_000)
    for (let i = 0; i < 1_000; i++) {
      const words = Uint32Array.of(0x0ac80000 + i)
      const route = { family: IPV4_UNICAST, words, length: 32, protocol: 3, table: 254, metric: 0 }
      appendRoute(batch, Op.add, { ...route, type: 'blackhole', interfaceIndex: 0, isOnlink: false })
    }
    expect(agent.commit(batch)).toEqual([''])
    const heard = () => parts.reduce((sum, count) => sum + count, 0)
    await until('all of them', () => heard() >= 1_000, DEADLINE_MS)
    expect(heard()).toBe(1_000)
    expect(parts.length).toBeLessThan(5)
  })

  it('puts back 50,000 routes that were flushed, and rights as many that were altered', async () => {
    const sync = await writer()
    for (let i = 0; i < CHANGES; i++) sync.desire(key(prefixAt(i)), via('10.99.0.2'))
    sync.commit()
    await until('all written', () => sync.isSettled, DEADLINE_MS)
    const all = namespace.ownRoutes()
    expect(all).toHaveLength(CHANGES)
    for (const [what, act] of [
      ['flushed', () => namespace.ip('route flush proto bird')],
      ['altered', () => namespace.ip(...commands(prefix => `route replace ${prefix} via 10.99.0.9 proto bird`))],
    ] as const) {
      const before = sync.counters.repaired
      act()
      const since = performance.now()
      await until(what, () => sync.counters.repaired - before >= CHANGES && sync.isSettled, DEADLINE_MS)
      console.log(`50,000 routes ${what}: truth after ${(performance.now() - since).toFixed(0)} ms`)
      expect(namespace.ownRoutes()).toEqual(all)
    }
  })

  /** A learner in another process, and what it last said. */
  function learner(receiveBuffer: number): [ChildProcess, () => ChildState | undefined] {
    const script = new URL('./kernel-child.ts', import.meta.url)
    const child = fork(script, [namespace.name, String(receiveBuffer)], { execArgv: ['--import', 'tsx'] })
    let state: ChildState | undefined
    child.on('message', message => {
      state = message as ChildState
    })
    closers.push(
      () =>
        new Promise(resolve => {
          child.once('exit', resolve)
          child.kill('SIGKILL')
        }),
    )
    return [child, () => state]
  }

  async function writer(): Promise<KernelSync> {
    const ours = { table: 254, protocol: 12 }
    const port = new RtnetlinkPort({ ...ours, namespace: namespace.name })
    const interfaces = new Interfaces()
    const sync = new KernelSync(port, interfaces, { ...ours, metric: 0, seed: 7 })
    await port.start(fanOut(interfaces, sync))
    closers.push(() => port.close())
    return sync
  }
})
