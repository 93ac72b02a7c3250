import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ReloadResultSchema, SCHEMA_NAME } from '../../../src/api/schema.ts'
import { loadConfig } from '../../../src/config/index.ts'
import { createControls, startSpeaker } from '../../../src/daemon/index.ts'
import { MemoryKernel } from '../../../src/kernel/index.ts'
import { sessionNotification } from '../../../src/observe/channels.ts'
import { createLogger } from '../../../src/observe/log.ts'
import { routeText } from '../kernel/support.ts'

const PORT = 17_902
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Peer {
  readonly number: number
  readonly extra?: string
}

const address = (number: number) => `127.9.1.${number}`

function peerLine({ number, extra = '' }: Peer, own: number): string {
  const asn = 'asn: 64512, export: accept-all'
  return `  - { name: node-${number}, address: ${address(number)}, port: ${PORT}, localAddress: ${address(own)}, ${asn}${extra} }\n`
}

/** The file of node `own`. */
function yaml(own: number, peers: readonly Peer[], more = ''): string {
  const listen = `[{ address: ${address(own)}, port: ${PORT} }]`
  return `speaker: { asn: 64512, routerId: ${address(own)}, listen: ${listen}, connectRetry: 1 }
peers:
${peers.map(peer => peerLine(peer, own)).join('')}kernel: { backend: memory }
api: { socket: false }
${more}`
}

/** A speaker that was started from a file, and can be told to read it again. */
async function node(own: number, text: string) {
  const directory = mkdtempSync(join(tmpdir(), 'godwit-'))
  ends.push(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'godwit.yaml')
  writeFileSync(path, text)
  const result = loadConfig(path)
  if (!result.ok) throw new Error(result.problems.map(problem => problem.message).join('; '))
  const fib = new MemoryKernel()
  fib.addInterface('eth0')
  fib.addAddress('eth0', `${address(own)}/24`)
  const speaker = await startSpeaker(result.config, { kernel: fib, configPath: path })
  ends.push(() => speaker.stop())
  const lines: { event: string; msg: string }[] = []
  const logger = createLogger('info', { write: line => lines.push(JSON.parse(line)) })
  const controls = createControls({ speaker, load: () => loadConfig(path), logger })
  return {
    speaker,
    fib,
    lines,
    path,
    reload(next: string, { dryRun = false, maxImpact = 'reset' as 'none' | 'refresh' | 'reset' } = {}) {
      writeFileSync(path, next)
      const item = controls.reload({ dryRun, maxImpact })
      ReloadResultSchema.parse({ schema: SCHEMA_NAME, kind: 'ReloadResult', item })
      return item
    },
  }
}

type Node = Awaited<ReturnType<typeof node>>

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('the condition did not come true within 10 s')
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

const isUp = ({ speaker }: Node) => speaker.peers.rows().every(row => row.state === 'Established')
/** What a session is known by: the two ends of its connection, and how many there were. */
const session = ({ speaker }: Node, name: string) => {
  const row = speaker.peers.row(name)
  const { localPort, remotePort } = row?.connection ?? {}
  return { sessions: row?.counters.sessions, localPort, remotePort }
}
const prefixes = ({ speaker }: Node) =>
  Array.from(speaker.views.routes({ longest: false, best: true }), route => route.prefix).filter(
    prefix => !prefix.startsWith('127.'),
  )

/** Node 1 with two neighbours, all Established. */
async function cluster(more = '') {
  const one = await node(1, yaml(1, [{ number: 2 }, { number: 3 }], more))
  const two = await node(2, yaml(2, [{ number: 1 }]))
  const three = await node(3, yaml(3, [{ number: 1 }]))
  await until(() => isUp(one) && isUp(two) && isUp(three))
  return { one, two, three }
}

/** NOTIFICATIONs sent to a peer from now on. */
function farewells(): string[] {
  const sent: string[] = []
  ends.push(
    sessionNotification.subscribe(({ direction, peer, code, subcode }) => {
      if (direction === 'sent') sent.push(`${peer} ${code}/${subcode}`)
    }),
  )
  return sent
}

describe('a reload', () => {
  it('of the same file, reordered and with defaults spelled out, does nothing at all', async () => {
    const { one } = await cluster()
    const sent = farewells()
    const before = [session(one, 'node-2'), session(one, 'node-3')]
    const report = one.reload(
      yaml(1, [{ number: 3, extra: ', families: [ipv6, ipv4], passive: false' }, { number: 2 }]),
    )
    expect(report).toMatchObject({ outcome: 'applied', summary: 'nothing changes; 2 peers untouched' })
    expect([session(one, 'node-2'), session(one, 'node-3')]).toEqual(before)
    expect(sent).toEqual([])
    expect(one.speaker.views.peers().map(({ name }) => name)).toEqual(['node-3', 'node-2'])
  })

  it('resets only the peer that changed, with Cease / Other Configuration Change, and it comes back as configured', async () => {
    const { one } = await cluster()
    const sent = farewells()
    const untouched = session(one, 'node-3')
    const report = one.reload(yaml(1, [{ number: 2, extra: ', holdTime: 30' }, { number: 3 }]))
    expect(report.plan?.peers).toEqual([
      { name: 'node-2', action: 'reset', because: ['peers[node-2].holdTime'] },
      { name: 'node-3', action: 'none', because: [] },
    ])
    expect(sent).toContain('node-2 6/6')
    expect(sent.filter(line => line.startsWith('node-3'))).toEqual([])
    expect(one.speaker.peers.row('node-2')?.state).not.toBe('Established')
    await until(() => isUp(one))
    expect(one.speaker.views.peers().find(({ name }) => name === 'node-2')?.holdTimeS).toBe(30)
    expect(session(one, 'node-3')).toEqual(untouched)
  })

  it('applies a new connect-retry time without a reset', async () => {
    const { one } = await cluster()
    const before = session(one, 'node-2')
    const report = one.reload(yaml(1, [{ number: 2, extra: ', connectRetry: 7' }, { number: 3 }]))
    expect(report.plan?.peers[0]).toEqual({ name: 'node-2', action: 'none', because: ['peers[node-2].connectRetry'] })
    expect(session(one, 'node-2')).toEqual(before)
  })

  it('removes a peer with Cease / Peer De-configured, and adds it again', async () => {
    const { one } = await cluster()
    const sent = farewells()
    const untouched = session(one, 'node-3')
    expect(one.reload(yaml(1, [{ number: 3 }]))).toMatchObject({ outcome: 'applied', plan: { impact: 'reset' } })
    expect(sent).toEqual(['node-2 6/3'])
    expect(one.speaker.views.peers().map(({ name }) => name)).toEqual(['node-3'])
    const again = one.reload(yaml(1, [{ number: 2 }, { number: 3 }]))
    expect(again.plan).toMatchObject({ impact: 'none', peers: [{ name: 'node-2', action: 'add' }, {}] })
    await until(() => isUp(one))
    expect(session(one, 'node-3')).toEqual(untouched)
  })

  it('lets two peers swap their names', async () => {
    const { one } = await cluster()
    const swapped = yaml(1, [{ number: 2 }, { number: 3 }])
      .replace('node-2', 'x')
      .replace('node-3', 'node-2')
      .replace('name: x', 'name: node-3')
    one.reload(swapped)
    await until(() => isUp(one))
    expect(one.speaker.views.peers().map(({ name, address: at }) => [name, at])).toEqual([
      ['node-3', address(2)],
      ['node-2', address(3)],
    ])
  })

  it('lets static routes come, change and go without any session noticing more than the routes', async () => {
    const { one, two } = await cluster('statics: [{ prefix: 192.0.2.0/24, blackhole: true }]')
    await until(() => prefixes(two).length === 1)
    const before = [session(one, 'node-2'), session(one, 'node-3'), session(two, 'node-1')]
    const next = 'statics: [{ prefix: 198.51.100.0/24, blackhole: true }, { prefix: 203.0.113.0/24, interface: eth0 }]'
    const report = one.reload(yaml(1, [{ number: 2 }, { number: 3 }], next), { maxImpact: 'none' })
    expect(report).toMatchObject({ outcome: 'applied', plan: { impact: 'none' } })
    await until(() => prefixes(two).sort().join() === '198.51.100.0/24,203.0.113.0/24')
    one.reload(yaml(1, [{ number: 2 }, { number: 3 }]))
    await until(() => prefixes(two).length === 0)
    expect([session(one, 'node-2'), session(one, 'node-3'), session(two, 'node-1')]).toEqual(before)
  })

  it('of a policy that says something else ends no session, and those that use it are told what it says now', async () => {
    const policy = (otherwise: string) => `policies: { out: { otherwise: ${otherwise} } }
statics: [{ prefix: 192.0.2.0/24, blackhole: true }]`
    const text = (otherwise: string) =>
      yaml(1, [{ number: 2 }, { number: 3 }], policy(otherwise)).replace('export: accept-all', 'export: out')
    const { one, two, three } = await cluster()
    one.reload(text('reject'))
    await until(() => isUp(one) && isUp(two) && prefixes(three).length === 1)
    expect(prefixes(two)).toEqual([])
    const untouched = [session(one, 'node-2'), session(one, 'node-3')]
    const report = one.reload(text('accept'))
    expect(report.plan?.peers[0]).toEqual({ name: 'node-2', action: 'refresh', because: ['policies.out'] })
    await until(() => prefixes(two).length === 1)
    expect([session(one, 'node-2'), session(one, 'node-3')]).toEqual(untouched)
  })

  it('of an import policy judges again what was received, without asking for it', async () => {
    const text = (otherwise: string) =>
      yaml(2, [{ number: 1 }, { number: 3 }], `policies: { in: { otherwise: ${otherwise} } }`).replace(
        'export: accept-all',
        'export: accept-all, import: in',
      )
    const { one, two } = await cluster()
    one.reload(yaml(1, [{ number: 2 }, { number: 3 }], 'statics: [{ prefix: 192.0.2.0/24, blackhole: true }]'))
    await until(() => prefixes(two).length === 1)
    const untouched = session(two, 'node-1')
    const report = two.reload(text('reject'))
    expect(report.plan?.peers[0]).toEqual({ name: 'node-1', action: 'refresh', because: ['peers[node-1].import'] })
    await until(() => prefixes(two).length === 0)
    expect(two.speaker.views.peers().map(peer => [peer.name, peer.routesReceived, peer.routesAccepted])[0]).toEqual([
      'node-1',
      1,
      0,
    ])
    two.reload(text('accept'))
    await until(() => prefixes(two).length === 1)
    expect(session(two, 'node-1')).toEqual(untouched)
  })
})

describe('a reload of how paths are chosen', () => {
  it('chooses anew at once, tells the neighbours, and ends no session', async () => {
    const policy = (med: number) =>
      `policies: { out: { terms: [{ match: {}, set: { med: ${med}, prepend: [${65000 + med}] }, action: accept }], otherwise: reject } }
statics: [{ prefix: 192.0.2.0/24, blackhole: true }]
`
    const peers = [{ number: 2, extra: ', reflectorClient: true' }, { number: 3 }]
    const plain = yaml(1, peers, 'reflector: {}\n')
    const one = await node(1, plain)
    const two = await node(2, yaml(2, [{ number: 1 }], policy(50)).replace('export: accept-all', 'export: out'))
    const three = await node(3, yaml(3, [{ number: 1 }], policy(1)).replace('export: accept-all', 'export: out'))
    const best = () => Array.from(one.speaker.views.routes({ longest: false, best: true, source: 'bgp' }), r => r.peer)
    const all = () => Array.from(one.speaker.views.routes({ longest: false, best: false, source: 'bgp' }), r => r.peer)
    await until(() => isUp(one) && isUp(two) && isUp(three) && all().length === 2)
    // The neighbour ASes differ: MED has no say, the lower identifier has.
    expect(best()).toEqual(['node-2'])
    const sent = farewells()
    const selected = plain.replace('connectRetry: 1', 'connectRetry: 1, selection: { alwaysCompareMed: true }')
    expect(one.reload(selected)).toMatchObject({
      outcome: 'applied',
      plan: { impact: 'none', settings: [{ path: 'speaker.selection.alwaysCompareMed', action: 'live' }] },
    })
    await until(() => best().join() === 'node-3')
    await until(() => two.speaker.views.peers()[0]?.routesReceived === 1)
    one.reload(plain)
    await until(() => best().join() === 'node-2')
    expect(sent).toEqual([])
  })

  it('of the cluster id resets its clients, and judges what others told again', async () => {
    const peers = [{ number: 2, extra: ', reflectorClient: true' }, { number: 3 }]
    const one = await node(1, yaml(1, peers, 'reflector: { clusterId: 9.9.9.1 }\n'))
    const two = await node(2, yaml(2, [{ number: 1 }], 'statics: [{ prefix: 192.0.2.0/24, blackhole: true }]\n'))
    const inner = 'reflector: { clusterId: 9.9.9.9 }\n'
    const three = await node(3, yaml(3, [{ number: 1, extra: ', reflectorClient: true' }], inner))
    await until(() => isUp(one) && isUp(two) && isUp(three) && prefixes(three).length === 1)
    const untouched = session(one, 'node-3')
    const sent = farewells()
    const report = one.reload(yaml(1, peers, 'reflector: { clusterId: 9.9.9.2 }\n'))
    expect(report.plan?.peers).toEqual([
      { name: 'node-2', action: 'reset', because: ['reflector.clusterId'] },
      { name: 'node-3', action: 'none', because: [] },
    ])
    await until(() => isUp(one) && prefixes(three).length === 1)
    const list = () => Array.from(three.speaker.views.routes({ longest: false, best: true }), r => r.clusterList.join())
    await until(() => list().includes('9.9.9.2'))
    expect(session(one, 'node-3')).toEqual(untouched)
    expect(sent).toContain('node-2 6/6')
    expect(sent.filter(line => line.startsWith('node-3'))).toEqual([])
  })
})

it('a reload of kernel settings writes, learns and forgets only what they make different', async () => {
  const statics = 'statics: [{ prefix: 192.0.2.0/24, blackhole: true }, { prefix: 203.0.113.0/24, blackhole: true }]'
  const text = (kernel: string) =>
    yaml(1, [{ number: 2 }], statics).replace('backend: memory', `backend: memory, resolveNextHops: true${kernel}`)
  const one = await node(1, text(''))
  const { fib, speaker } = one
  fib.addRoute({ prefix: '10.65.7.70/32', dev: 'eth0', metric: 1024 })
  await until(() => prefixes(one).length === 3 && ours(fib).length === 2)
  const writes: string[] = []
  ends.push(fib.onChange(({ kind, route, isOwn }) => void (isOwn && writes.push(`${kind} ${routeText(route)}`))))
  const settled = async (routes: readonly string[]) => {
    await until(() => ours(fib).join() === routes.join() && speaker.views.status().kernel.routes.pending === 0)
    return writes.splice(0).sort()
  }

  const report = one.reload(text(', rules: [{ prefixes: [192.0.2.0/24], metric: 77 }]'), { maxImpact: 'none' })
  expect(report).toMatchObject({ outcome: 'applied', summary: 'kernel.rules changed; 1 peer untouched' })
  const first = ['blackhole 192.0.2.0/24 metric 77', 'blackhole 203.0.113.0/24']
  expect(await settled(first)).toEqual(['gone blackhole 192.0.2.0/24', 'present blackhole 192.0.2.0/24 metric 77'])

  one.reload(text(', rules: [{ prefixes: [203.0.113.0/24], write: false }], metric: 77, learn: false'))
  expect(await settled(['blackhole 192.0.2.0/24 metric 77'])).toEqual(['gone blackhole 203.0.113.0/24'])
  expect(prefixes(one).sort()).toEqual(['192.0.2.0/24', '203.0.113.0/24'])

  one.reload(text(', metric: 77, auditS: 1'))
  const dumps = speaker.views.status().kernel.counters['dumps'] ?? 0
  expect(await settled(first.map(line => line.replace(/113.0\/24$/, '113.0/24 metric 77')))).toEqual([
    'present blackhole 203.0.113.0/24 metric 77',
  ])
  expect(prefixes(one)).toHaveLength(3)
  await until(() => (speaker.views.status().kernel.counters['dumps'] ?? 0) > dumps)
  expect(writes).toEqual([])
})

const ours = (fib: MemoryKernel) =>
  fib
    .routes()
    .filter(({ protocol }) => protocol === 12)
    .map(routeText)
    .sort()

describe('a reload that is refused', () => {
  const OTHER = [{ number: 2, extra: ', holdTime: 30' }, { number: 3 }]
  it.each<[string, string, RegExp]>([
    ['is broken', yaml(1, OTHER).replace('64512', 'x'), /^.*godwit\.yaml:1:17 speaker\.asn: .* \[bad-asn\]$/],
    [
      'needs a restart',
      yaml(1, OTHER, 'log: { level: debug }').replace('backend: memory', 'backend: memory, table: 9'),
      /^reload refused: kernel\.table cannot/,
    ],
    [
      'wants an interface that is not there',
      yaml(1, OTHER, 'statics: [{ prefix: 192.0.2.0/24, blackhole: true }, { prefix: 10.0.0.0/8, interface: eth7 }]'),
      /^reload refused: .*"eth7"/,
    ],
  ])('because the file %s changes nothing', async (_why, text, line) => {
    const { one } = await cluster()
    const sent = farewells()
    const before = [session(one, 'node-2'), session(one, 'node-3'), one.speaker.current.config]
    const report = one.reload(text)
    expect(report.outcome).toBe('refused')
    expect(report.refusal).not.toBeNull()
    expect([session(one, 'node-2'), session(one, 'node-3'), one.speaker.current.config]).toEqual(before)
    expect(sent).toEqual([])
    expect(prefixes(one)).toEqual([])
    expect(one.lines.map(({ msg }) => msg)).toContainEqual(expect.stringMatching(line))
    const { config } = one.speaker.views.status()
    expect(config.lastReload).toMatchObject({ ok: false })
    expect(config.lastReload?.message).not.toBe('')
  })

  it('because it would do too much changes nothing, and says what', async () => {
    const { one } = await cluster()
    const before = session(one, 'node-2')
    const report = one.reload(yaml(1, OTHER), { maxImpact: 'refresh' })
    expect(report.refusal?.message).toBe('the impact would be reset, which is more than refresh: node-2 (reset)')
    expect(session(one, 'node-2')).toEqual(before)
  })

  it('as a dry run changes nothing, logs nothing and is no last reload', async () => {
    const { one } = await cluster()
    const before = session(one, 'node-2')
    expect(one.reload(yaml(1, OTHER), { dryRun: true })).toMatchObject({
      outcome: 'planned',
      plan: { impact: 'reset' },
    })
    expect(session(one, 'node-2')).toEqual(before)
    expect(one.lines).toEqual([])
    expect(one.speaker.views.status().config.lastReload).toBeNull()
  })

  it('because the speaker is stopping changes nothing', async () => {
    const one = await node(1, yaml(1, [{ number: 2 }]))
    const stopped = one.speaker.stop()
    expect(one.reload(yaml(1, [{ number: 3 }])).refusal?.message).toBe('godwit is stopping')
    await stopped
  })
})

it('the status shows the last reload and when the configuration in use was read', async () => {
  const one = await node(1, yaml(1, [{ number: 2 }]))
  const { loadedAt } = one.speaker.views.status().config
  await new Promise(resolve => setTimeout(resolve, 5))
  one.reload(yaml(1, [{ number: 2 }, { number: 3 }]))
  const { config } = one.speaker.views.status()
  expect(config.lastReload).toMatchObject({ ok: true, message: '1 peer added; 1 peer untouched' })
  expect(Date.parse(config.loadedAt)).toBeGreaterThan(Date.parse(loadedAt))
  expect(one.lines).toEqual([
    expect.objectContaining({ event: 'reload', msg: 'reloaded: 1 peer added; 1 peer untouched' }),
  ])
})
