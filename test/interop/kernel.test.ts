/**
 * The kernel port, sync and learn against the real kernel, in namespaces of their own. iproute2 is the witness and the stranger who interferes.
 * Needs root and koffi; says why when it skips.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { KernelErrorCode } from '../../src/kernel/error.ts'
import { RtnetlinkPort } from '../../src/kernel/rtnetlink/port.ts'
import { address, key, until } from '../src/kernel/support.ts'
import { KernelSpeaker } from '../support/kernel-speaker.ts'
import { TestNamespace, whyNoKernel } from '../support/test-namespace.ts'

const whyNot = whyNoKernel('kernel.test.ts')

describe.skipIf(whyNot !== undefined)('rtnetlink', () => {
  describe('a speaker beside others on one node', () => {
    let namespace: TestNamespace
    let running: KernelSpeaker[]
    let watcher: ChildProcess | undefined

    beforeEach(() => {
      namespace = new TestNamespace()
      running = []
    })
    afterEach(async () => {
      watcher?.kill()
      await Promise.all(running.map(speaker => speaker.close()))
      namespace.remove()
    })

    async function start(): Promise<KernelSpeaker> {
      const speaker = new KernelSpeaker(namespace.name)
      running.push(speaker)
      await speaker.start()
      return speaker
    }

    it('learns alien routes by notification and forgets them', async () => {
      namespace.ip('route add 10.5.0.0/16 via 10.99.0.7')
      const speaker = await start()
      expect(speaker.said).toEqual(['+kernel 10.5.0.0/16', '+direct 10.99.0.0/24', '+direct fd99::/64'])
      speaker.said = []
      namespace.ip('route add 10.65.7.70/32 dev va scope link metric 1024', 'route add fd05::/64 via fd99::7')
      await until('both routes', () => speaker.said.length === 2)
      namespace.ip('route del 10.65.7.70/32', 'route del fd05::/64')
      await until('both gone', () => speaker.said.length === 4)
      expect(speaker.said).toEqual([
        '+kernel 10.65.7.70/32',
        '+kernel fd05::/64',
        '-kernel 10.65.7.70/32',
        '-kernel fd05::/64',
      ])
    })

    it('does not learn routes of the kernel, of the agent for remote blocks, or its own', async () => {
      const speaker = await start()
      speaker.said = []
      namespace.ip(
        'route add 10.70.0.0/26 via 10.99.0.3 proto 80',
        'route add blackhole 10.71.0.0/26 proto 80',
        'route add 10.72.0.0/26 via 10.99.0.3 proto 2',
        'route add 10.73.0.0/26 via 10.99.0.3 tos 0x10',
        'route add 10.74.0.0/26 via 10.99.0.3 table 100',
        'route add 10.75.0.0/26 via 10.99.0.3 proto 80 metric 7',
        'route add 10.76.0.1/32 dev va proto 80',
      )
      speaker.want('10.77.0.0/24', '10.99.0.2')
      await until('the one worth learning', () => speaker.said.length > 0)
      await speaker.settled()
      expect(speaker.said).toEqual(['+kernel 10.76.0.1/32'])
    })

    it('writes routes as proto bird and takes them away again', async () => {
      const speaker = await start()
      speaker.want('10.1.0.0/24', '10.99.0.2')
      speaker.want('fd01::/64', 'fd99::2')
      await speaker.settled()
      expect(namespace.ownRoutes()).toEqual(['10.1.0.0/24 via 10.99.0.2', 'fd01::/64 via fd99::2 metric 1024'])
      expect(speaker.states()).toEqual(['10.1.0.0/24 confirmed va', 'fd01::/64 confirmed va'])
      speaker.want('10.1.0.0/24', '10.99.0.3')
      await speaker.settled()
      expect(namespace.ownRoutes()).toEqual(['10.1.0.0/24 via 10.99.0.3', 'fd01::/64 via fd99::2 metric 1024'])
      speaker.unwant('10.1.0.0/24')
      speaker.unwant('fd01::/64')
      await speaker.settled()
      expect(namespace.ownRoutes()).toEqual([])
    })

    it('reports a conflict with a foreign route, does not steal it, and installs when it goes', async () => {
      namespace.ip('route add 10.5.0.0/16 via 10.99.0.7 proto static')
      const speaker = await start()
      speaker.want('10.5.0.0/16', '10.99.0.2')
      await speaker.settled()
      expect(speaker.states()).toEqual(['10.5.0.0/16 conflict va'])
      expect(namespace.ip('route show 10.5.0.0/16')).toContain('proto static')
      namespace.ip('route del 10.5.0.0/16')
      await until('installation', () => namespace.ownRoutes().length === 1)
      expect(namespace.ownRoutes()).toEqual(['10.5.0.0/16 via 10.99.0.2'])
    })

    it('finds out by a dump that a downed link took its routes, and puts them back after it is up', async () => {
      const speaker = await start()
      speaker.want('10.1.0.0/24', '10.99.0.2')
      await speaker.settled()
      namespace.ip('link set va down')
      await until('failure', () => speaker.states()[0]?.includes('failed') ?? false)
      expect(speaker.said).toContain('-direct 10.99.0.0/24')
      const up = performance.now()
      namespace.ip('link set va up')
      await until('repair', () => namespace.ownRoutes().length === 1)
      expect(performance.now() - up).toBeLessThan(1_000)
      await speaker.settled()
      expect(speaker.states()).toEqual(['10.1.0.0/24 confirmed va'])
    })

    it('finds out by a dump that a removed address took its routes', async () => {
      const speaker = await start()
      speaker.want('10.1.0.0/24', '10.99.0.2')
      await speaker.settled()
      namespace.ip('addr del 10.99.0.1/24 dev va')
      await until('failure', () => speaker.states()[0]?.includes('failed') ?? false)
      namespace.ip('addr add 10.99.0.1/24 dev va')
      await until('repair', () => namespace.ownRoutes().length === 1)
    })

    it('repairs routes that others delete or overwrite', async () => {
      const speaker = await start()
      speaker.want('10.1.0.0/24', '10.99.0.2')
      await speaker.settled()
      namespace.ip('route del 10.1.0.0/24')
      await until('repair', () => namespace.ownRoutes().length === 1)
      namespace.ip('route replace 10.1.0.0/24 via 10.99.0.9 proto bird')
      await until('repair', () => namespace.ownRoutes()[0] === '10.1.0.0/24 via 10.99.0.2')
      namespace.ip('route replace 10.1.0.0/24 via 10.99.0.9 proto static')
      await until('conflict', () => speaker.states()[0]?.includes('conflict') ?? false)
      expect(namespace.ip('route show 10.1.0.0/24')).toContain('proto static')
    })

    it('leaves routes at exit and adopts them at the next start without touching one', async () => {
      const first = await start()
      for (let i = 0; i < 50; i++) first.want(`10.1.${i}.0/24`, '10.99.0.2')
      first.want('fd01::/64', 'fd99::2')
      await first.settled()
      await first.close()
      const before = namespace.ownRoutes()
      expect(before).toHaveLength(51)

      watcher = spawn('ip', ['-n', namespace.name, 'monitor', 'route'], { stdio: ['ignore', 'pipe', 'inherit'] })
      let seen = ''
      watcher.stdout?.on('data', (chunk: Buffer) => {
        seen += chunk.toString()
      })
      // The kernel tells nobody of a route that is replaced by itself: each attempt of the witness is a new one.
      await until('the monitor listens', () => {
        if (!seen.includes('10.200.0.0'))
          namespace.ip('route flush 10.200.0.0/24', 'route add 10.200.0.0/24 via 10.99.0.2')
        return seen.includes('10.200.0.0')
      })
      seen = ''

      const second = await start()
      for (let i = 0; i < 50; i++) second.want(`10.1.${i}.0/24`, '10.99.0.2')
      second.want('fd01::/64', 'fd99::2')
      second.sync.recovered()
      await second.settled()
      expect(second.sync.counters).toMatchObject({ adopted: 51, adds: 0, replaces: 0, deletes: 0 })
      await new Promise(resolve => setTimeout(resolve, 100))
      // The witness's own route, and addresses of the links that finish their duplicate check.
      expect(seen.replace(/^(.*10\.200\.0\.0|local fe80::|fe80::).*\n/gm, '')).toBe('')
      expect(namespace.ownRoutes()).toEqual(before)
    })

    it('removes what an earlier process left only once it has recovered, other metrics too', async () => {
      namespace.ip(
        'route add 10.1.0.0/24 via 10.99.0.2 proto bird',
        'route add 10.2.0.0/24 via 10.99.0.2 proto bird metric 77',
        'route add fd01::/64 via fd99::2 proto bird',
      )
      const speaker = await start()
      speaker.want('10.9.0.0/24', '10.99.0.2')
      await speaker.settled()
      expect(namespace.ownRoutes()).toHaveLength(4)
      speaker.sync.recovered()
      await until('clean', () => namespace.ownRoutes().length === 1)
      expect(namespace.ownRoutes()).toEqual(['10.9.0.0/24 via 10.99.0.2'])
    })

    it('sends through tunl0 on-link while it is up, each leg of a multipath route too, and plainly otherwise', async () => {
      // Like the agent's: an address, no subnet. The tunnel driver is not everywhere; to the routing table a device is a device.
      namespace.ip(
        'link add tunl0 type veth peer name other',
        'link set tunl0 up',
        'link set other up',
        'addr add 10.65.7.64/32 dev tunl0',
        'route add 192.168.50.0/24 via 10.99.0.7',
      )
      const speaker = await start()
      const leg = (gateway: string, tunnel?: string) => ({
        gateway: address(gateway),
        interfaceIndex: 0,
        isOnlink: false,
        ...(tunnel !== undefined && { tunnel }),
      })
      const far = leg('192.168.50.9', 'tunl0')
      speaker.sync.desire(key('10.65.30.0/26'), { type: 'unicast', nextHops: [far] })
      speaker.sync.desire(key('10.65.31.0/26'), { type: 'unicast', nextHops: [leg('10.99.0.3'), far] })
      speaker.sync.commit()
      await speaker.settled()
      const details = () => namespace.show('-d route show proto bird').replace(/\s+/g, ' ').trim()
      expect(details()).toBe(
        'unicast 10.65.30.0/26 via 192.168.50.9 dev tunl0 scope global onlink unicast 10.65.31.0/26 scope global ' +
          'nexthop via 10.99.0.3 dev va weight 1 nexthop via 192.168.50.9 dev tunl0 weight 1 onlink',
      )
      namespace.ip('link set tunl0 down')
      const plain = '10.65.30.0/26 via 192.168.50.9'
      await until('the plain form', () => details().includes('10.65.30.0/26 via 10.99.0.7 dev va'))
      expect(namespace.ownRoutes()).not.toContain(plain)
      namespace.ip('link set tunl0 up')
      await until('the tunnel again', () => details().includes('via 192.168.50.9 dev tunl0 scope global onlink'))
      await speaker.settled()
      expect(speaker.states()).toEqual(['10.65.30.0/26 confirmed tunl0', '10.65.31.0/26 confirmed va'])
    })

    it('starts another worker when one dies, and finds out what happened meanwhile', async () => {
      const speaker = await start()
      for (let i = 0; i < 100; i++) speaker.want(`10.1.${i}.0/24`, '10.99.0.2')
      await speaker.settled()
      let victim: Worker | undefined
      const post = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker) {
        victim = this
      })
      // This write never reaches the worker: as if it had died with it.
      speaker.want('10.2.0.0/24', '10.99.0.2')
      post.mockRestore()
      const before = readdirSync('/proc/self/fd').length
      await victim?.terminate()
      namespace.ip('route del 10.1.7.0/24 proto bird', 'route add 10.65.7.71/32 dev va scope link')
      await until('everything is back', () => namespace.ownRoutes().length === 101, 5_000)
      await until('what came meanwhile is learned', () => speaker.said.includes('+kernel 10.65.7.71/32'))
      await speaker.settled()
      expect(speaker.problems).toEqual(['KERNEL_WORKER', undefined])
      expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before)
    })

    it('puts back 5,000 routes that somebody flushed, and rights those that were altered', async () => {
      const speaker = await start()
      const prefixes = Array.from({ length: 5_000 }, (_, i) => `10.${20 + (i >> 8)}.${i & 255}.0/24`)
      for (const prefix of prefixes) speaker.want(prefix, '10.99.0.2')
      await speaker.settled()
      namespace.ip('route flush proto bird')
      const flushed = performance.now()
      await until('routes', () => speaker.sync.counters.repaired >= 5_000 && speaker.sync.isSettled, 5_000)
      console.log(`5,000 flushed routes were back after ${(performance.now() - flushed).toFixed(0)} ms`)
      expect(namespace.ownRoutes()).toHaveLength(5_000)
      namespace.ip(...prefixes.slice(0, 1_000).map(prefix => `route replace ${prefix} via 10.99.0.9 proto bird`))
      const altered = performance.now()
      await until('repairs', () => speaker.sync.counters.repaired >= 6_000 && speaker.sync.isSettled, 5_000)
      console.log(`1,000 altered routes were right after ${(performance.now() - altered).toFixed(0)} ms`)
      expect(namespace.ownRoutes().filter(line => !line.endsWith('via 10.99.0.2'))).toEqual([])
    })

    it('closes every descriptor', async () => {
      const warm = await start()
      await warm.close()
      const before = readdirSync('/proc/self/fd').length
      for (let i = 0; i < 3; i++) {
        const speaker = await start()
        await speaker.close()
      }
      expect(readdirSync('/proc/self/fd').length).toBe(before)
    })
  })

  it('says in one sentence that it may not change routes', () => {
    const args = ['--bounding-set=-net_admin', '--inh-caps=-net_admin', process.execPath, '--import', 'tsx']
    const script = new URL('./kernel-start.ts', import.meta.url).pathname
    const text = execFileSync('setpriv', [...args, script], { encoding: 'utf8' })
    expect(text).toBe('KERNEL_PERMISSION: This process may not change routes: the kernel refused with EPERM.\n')
  })

  it('says in one sentence that a namespace does not exist', async () => {
    const port = new RtnetlinkPort({ table: 254, protocol: 12, namespace: 'no-such-namespace' })
    await expect(port.start({})).rejects.toMatchObject({ code: KernelErrorCode.namespace })
  })
})
