/** An IPv4 route through an IPv6 next hop (RFC 8950) is told to neighbours, and stays out of a kernel side that has no form for it. */
import { afterEach, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/index.ts'
import { startSpeaker } from '../../../src/daemon/index.ts'
import { MemoryKernel } from '../../../src/kernel/index.ts'

const PORT = 17_911
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Two speakers over IPv6 loopback, told apart by their ports. */
async function speaker(own: number, other: number, yaml: string, kernel?: MemoryKernel) {
  const result = parseConfig(
    `speaker: { asn: ${64512 + own}, routerId: 10.0.0.${own + 1}, listen: [{ address: '::1', port: ${PORT + own} }], connectRetry: 1 }
peers:
  - { name: other, address: '::1', port: ${PORT + other}, asn: ${64512 + other}, families: [ipv4], extendedNextHop: true,
      import: accept-all, export: accept-all, passive: ${own === 1}, nextHops: { ipv6: '2001:db8::${own + 1}' } }
api: { socket: false }
${yaml}`,
    'test.yaml',
  )
  if (!result.ok) throw new Error(result.problems.map(problem => problem.message).join('; '))
  const started = await startSpeaker(result.config, kernel === undefined ? {} : { kernel })
  ends.push(() => started.stop())
  return started
}

it('is in the table of the neighbour with its IPv6 next hop, and not in its kernel', async () => {
  const fib = new MemoryKernel()
  const two = await speaker(1, 0, 'kernel: { backend: memory, resolveNextHops: false }', fib)
  const one = await speaker(0, 1, 'statics: [{ prefix: 192.0.2.0/24, blackhole: true }]')
  const routes = () => Array.from(two.views.routes({ longest: false, best: true, source: 'bgp' }))
  const deadline = performance.now() + 10_000
  while (routes().length === 0) {
    if (performance.now() > deadline) throw new Error(JSON.stringify([one.views.peers(), two.views.peers()]))
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  expect(routes()).toMatchObject([{ prefix: '192.0.2.0/24', nextHop: '2001:db8::1' }])
  expect(one.views.peers()[0]?.capabilities.join()).toContain('extended-next-hop ipv4-unicast via ipv6')
  // The kernel side hears of it with the flush, a few turns of the loop later.
  for (let turn = 0; turn < 100; turn++) await new Promise(resolve => setImmediate(resolve))
  expect(Array.from(two.views.kernel())).toEqual([])
})
