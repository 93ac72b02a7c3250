import { afterEach, describe, expect, it } from 'vitest'
import {
  KernelListSchema,
  PeerListSchema,
  RouteListSchema,
  SCHEMA_NAME,
  StatusSchema,
} from '../../../src/api/schema.ts'
import { type ConfigInput, configFromObject } from '../../../src/config/index.ts'
import { type Speaker, startSpeaker } from '../../../src/daemon/index.ts'
import { MemoryKernel } from '../../../src/kernel/index.ts'

const running: Speaker[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map(speaker => speaker.stop()))
})

/** A node of a mesh of two, 127.9.0.1 and 127.9.0.2, with a table in memory and an interface whose subnet holds both. */
async function node(number: 1 | 2, extra: Partial<ConfigInput> = {}) {
  const address = `127.9.0.${number}`
  const fib = new MemoryKernel()
  fib.addInterface('eth0')
  fib.addAddress('eth0', `${address}/24`)
  fib.addInterface('cali1')
  const result = configFromObject({
    speaker: { asn: 64512, routerId: address, listen: [{ address, port: 17_901 }], connectRetry: 1 },
    peers: [
      {
        name: 'other',
        address: `127.9.0.${3 - number}`,
        asn: 64512,
        port: 17_901,
        localAddress: address,
        export: 'workloads',
      },
    ],
    policies: {
      workloads: { terms: [{ match: { sources: ['kernel', 'static'] }, action: 'accept' }], otherwise: 'reject' },
    },
    kernel: { backend: 'memory' },
    api: { socket: false },
    ...extra,
  })
  if (!result.ok) throw new Error(result.problems.map(problem => problem.message).join('; '))
  const speaker = await startSpeaker(result.config, { kernel: fib })
  running.push(speaker)
  return {
    speaker,
    fib,
    prefixes: () => fib.routes().flatMap(route => (route.protocol === 12 ? [routeText(route)] : [])),
  }
}

const routeText = (route: { words: Uint32Array; length: number }) =>
  `${(route.words[0] ?? 0).toString(16)}/${route.length}`

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('the condition did not come true within 5 s')
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

const isUp = ({ speaker }: { speaker: Speaker }) => speaker.peers.rows().every(row => row.state === 'Established')

describe('two speakers in one process', () => {
  it('carry a route from the table of one into the table of the other, and take it away again', async () => {
    const [one, two] = [await node(1), await node(2)]
    await until(() => isUp(one) && isUp(two))
    one.fib.addRoute({ prefix: '10.65.1.1/32', dev: 'cali1' })
    await until(() => two.prefixes().includes('a410101/32'))
    expect(two.fib.routes().find(route => route.protocol === 12)?.gateway).toEqual(Uint8Array.of(127, 9, 0, 1))
    one.fib.removeRoute({ prefix: '10.65.1.1/32' })
    await until(() => two.prefixes().length === 0)
  })

  it('leave their routes in the table when they stop', async () => {
    const [one, two] = [await node(1), await node(2)]
    one.fib.addRoute({ prefix: '10.65.1.1/32', dev: 'cali1' })
    await until(() => two.prefixes().length === 1)
    await two.speaker.stop()
    expect(two.prefixes()).toEqual(['a410101/32'])
  })

  it('show what the schemas of the control API promise', async () => {
    const [one, two] = [await node(1, { statics: [{ prefix: '192.0.2.0/24', blackhole: true }] }), await node(2)]
    one.fib.addRoute({ prefix: '10.65.1.1/32', dev: 'cali1' })
    await until(() => two.prefixes().length === 2)
    const { views } = two.speaker
    const head = { schema: SCHEMA_NAME, truncated: false }
    const list = <Item>(kind: string, items: readonly Item[]) => ({ ...head, kind, items, count: items.length })
    expect(() => StatusSchema.parse({ schema: SCHEMA_NAME, kind: 'Status', item: views.status() })).not.toThrow()
    expect(() => PeerListSchema.parse(list('PeerList', views.peers()))).not.toThrow()
    const routes = [...views.routes({ longest: false, best: false })]
    expect(() => RouteListSchema.parse(list('RouteList', routes))).not.toThrow()
    expect(routes.find(route => route.prefix === '10.65.1.1/32')).toMatchObject({
      source: 'bgp',
      peer: 'other',
      nextHop: '127.9.0.1',
      interface: 'eth0',
    })
    const kernel = [...views.kernel()]
    expect(() => KernelListSchema.parse(list('KernelList', kernel))).not.toThrow()
    expect(kernel.map(row => row.state)).toEqual(['confirmed', 'confirmed'])
  })
})

describe('a speaker that cannot start', () => {
  it('names the interface that a static route wants and the machine does not have', async () => {
    const start = node(1, { statics: [{ prefix: '192.0.2.0/24', interface: 'eth7' }] })
    await expect(start).rejects.toMatchObject({
      code: 'KERNEL_UNKNOWN_INTERFACE',
      message: expect.stringContaining('"eth7"'),
    })
  })

  it('names the address that somebody else listens on, and leaves nothing running', async () => {
    await node(1)
    await expect(node(1)).rejects.toMatchObject({ code: 'listen-address-in-use' })
    await Promise.all(running.splice(0).map(speaker => speaker.stop()))
    await node(1)
  })
})

it('a static route behind an interface is a device route of the table', async () => {
  const { fib } = await node(1, { statics: [{ prefix: '192.0.2.0/24', interface: 'cali1' }] })
  await until(() => fib.routes().some(route => route.protocol === 12))
  const written = fib.routes().find(route => route.protocol === 12)
  expect(written).toMatchObject({ type: 'unicast', interfaceIndex: fib.interfaces.indexOf('cali1') })
  expect(written?.gateway).toBeUndefined()
})
