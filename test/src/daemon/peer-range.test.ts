/** Ranges of peers and changing keys in whole speakers on loopback: what a reload does to sessions that are up. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/index.ts'
import { createControls, startSpeaker } from '../../../src/daemon/index.ts'
import { createLogger } from '../../../src/observe/log.ts'
import { loadLibc } from '../../../src/sys/libc.ts'

const PORT = 17_903
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const address = (host: number): string => `127.9.2.${host}`

/** A speaker whose file can be written again. */
async function node(host: number, yaml: () => string) {
  const load = () => parseConfig(yaml(), 'test.yaml')
  const result = load()
  if (!result.ok) throw new Error(result.problems.map(problem => problem.message).join('; '))
  const speaker = await startSpeaker(result.config)
  ends.push(() => speaker.stop())
  const controls = createControls({ speaker, load, logger: createLogger('silent') })
  return { host, speaker, reload: () => controls.reload({ dryRun: false, maxImpact: 'reset' }) }
}

const head = (host: number): string =>
  `speaker: { asn: 64512, routerId: ${address(host)}, listen: [{ address: ${address(host)}, port: ${PORT} }], connectRetry: 1 }
api: { socket: false }
`
const client = (host: number, more = ''): string =>
  `${head(host)}peers: [{ name: rr, address: ${address(1)}, port: ${PORT}, localAddress: ${address(host)}, asn: 64512${more} }]\n`
const reflector = (range: string): string =>
  `${head(1)}peerRanges: [{ name: nodes, prefix: 127.9.2.0/24, asn: 64512, ${range} }]\n`

type Node = Awaited<ReturnType<typeof node>>
const views = ({ speaker }: Node) => speaker.views.peers().map(({ name, state, range }) => `${name} ${state} ${range}`)
const sessions = ({ speaker }: Node) =>
  speaker.peers.rows().map(({ name, connection, counters }) => [name, connection?.remotePort, counters.sessions])

async function until(condition: () => boolean, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > end) throw new Error('the condition did not come true')
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

describe('a reload of a range of peers', () => {
  it('changes its limit under the sessions, resets them with another option, and ends them when it goes', async () => {
    let range = 'limit: 1'
    const one = await node(1, () => (range === '' ? head(1) : reflector(range)))
    const two = await node(2, () => client(2))
    const isUp = () => two.speaker.peers.row('rr')?.state === 'Established'
    await until(() => isUp() && views(one).length === 1)
    expect(views(one)).toEqual(['nodes@127.9.2.2 Established nodes'])
    expect(one.speaker.views.readiness().ready).toBe(true)
    const before = sessions(one)
    range = 'limit: 2'
    expect(one.reload()).toMatchObject({ outcome: 'applied', plan: { impact: 'none' } })
    expect(sessions(one)).toEqual(before)
    const three = await node(3, () => client(3))
    await until(() => views(one).length === 2 && three.speaker.peers.row('rr')?.state === 'Established')
    range = 'limit: 2, holdTime: 30'
    expect(one.reload()).toMatchObject({ outcome: 'applied', plan: { impact: 'reset' } })
    await until(() => one.speaker.peers.rows().filter(row => row.negotiated?.holdTimeMs === 30_000).length === 2)
    range = ''
    expect(one.reload()).toMatchObject({ outcome: 'applied', plan: { impact: 'reset' } })
    expect(views(one)).toEqual([])
    await until(() => !isUp())
  })
})

describe.skipIf(!loadLibc().isLoaded)('a reload after another password was written into the file', () => {
  it('exchanges the key of the live session, and of those to come', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'godwit-key-'))
    ends.push(() => rmSync(directory, { recursive: true }))
    const file = join(directory, 'password')
    writeFileSync(file, 'first\n')
    const one = await node(1, () => reflector(`holdTime: 9, passwordFile: ${file}`))
    const two = await node(2, () => client(2, `, holdTime: 9, passwordFile: ${file}`))
    const isUp = () => two.speaker.peers.row('rr')?.state === 'Established'
    await until(() => isUp() && views(one).length === 1)
    const before = sessions(one)
    expect(one.reload()).toMatchObject({ summary: 'nothing changes; 0 peers untouched' })
    writeFileSync(file, 'second\n')
    expect(one.reload().plan?.ranges).toEqual([
      { name: 'nodes', action: 'none', because: ['peerRanges[nodes].passwordFile'] },
    ])
    expect(two.reload()).toMatchObject({ outcome: 'applied', plan: { impact: 'none' } })
    const heard = one.speaker.views.peers()[0]?.messagesIn.keepalive ?? 0
    await until(() => (one.speaker.views.peers()[0]?.messagesIn.keepalive ?? 0) > heard, 9000)
    expect(sessions(one)).toEqual(before)
    two.speaker.peers.reset('rr')
    await until(() => isUp() && sessions(one).length === 1 && sessions(one)[0]?.[1] !== before[0]?.[1])
  })

  it('is refused, and changes nothing, when the file is gone', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'godwit-key-'))
    const file = join(directory, 'password')
    writeFileSync(file, 'first\n')
    const one = await node(1, () => reflector(`passwordFile: ${file}`))
    rmSync(directory, { recursive: true })
    const report = one.reload()
    expect(report.outcome).toBe('refused')
    expect(report.refusal?.message).toContain('cannot be read: ENOENT')
    expect(one.speaker.peers.ranges()).toHaveLength(1)
  })
})
