/**
 * Edits of the configuration of a godwit with live BIRD peers, and what each did: seen by BIRD (how often its session came up) and by us (the
 * log of our own states). Nobody but the peer an edit is about may be touched, and that one only where the table says so. The edits build on
 * each other; the table is printed as it came out and stands in docs/command-line.md.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { ReloadReport } from '../../src/api/schema.ts'
import { readItem } from '../../src/cli/client.ts'
import type { ConfigInput } from '../../src/config/index.ts'
import { pause } from '../../src/lab/process.ts'
import { describeDaemons } from '../support/daemons/describe.ts'
import { DaemonLink, until } from '../support/daemons/link.ts'
import { printTable } from '../support/daemons/table.ts'

type Peer = NonNullable<ConfigInput['peers']>[number]
type Fate = 'kept' | 'reset' | 'gone' | 'new'

interface Edit {
  readonly name: string
  /** What becomes of the peer the edit is about. */
  readonly fate: Fate
  /** Which that is. */
  readonly peer?: string
  readonly change: (config: ConfigInput) => ConfigInput
  /** What BIRD or our tables must then say. */
  readonly effect?: () => Promise<void>
  readonly isRefused?: boolean
  readonly maxImpact?: string
}

const NAMES = ['edited', 'bystander', 'guest'] as const
const FIRST = '192.0.2.0/25'
const SECOND = '192.0.2.128/25'
const THEIRS = '203.0.113.0/24'

const link = new DaemonLink({
  kind: 'bird',
  ourAsn: 65001,
  theirAsn: 65002,
  sessions: NAMES.map(name => ({ name, ours: { import: 'in', export: 'out' } })),
  routes: [{ prefix: THEIRS }],
  config: {
    policies: {
      in: { terms: [], otherwise: 'accept' },
      out: { terms: [{ match: { sources: ['static'] }, set: { med: 10 }, action: 'accept' }], otherwise: 'reject' },
      other: { terms: [{ set: { localPref: 150 }, action: 'accept' }], otherwise: 'reject' },
    },
    statics: [{ prefix: FIRST, blackhole: true }],
  },
})

const withPeer =
  (name: string, change: Partial<Peer>) =>
  (config: ConfigInput): ConfigInput => ({
    ...config,
    peers: (config.peers ?? []).map(peer => (peer.name === name ? { ...peer, ...change } : peer)),
  })

const atBird = async (prefix: string) =>
  (await link.daemon.routes()).find(route => route.prefix === prefix && route.from === link.ourAddress('edited'))
const here = async (peer: string) => (await link.routes(`?peer=${peer}`)).find(({ prefix }) => prefix === THEIRS)

let removed: Peer | undefined

const EDITS: readonly Edit[] = [
  {
    name: 'the file in another order',
    fate: 'kept',
    change: config => ({ ...config, peers: (config.peers ?? []).toReversed() }),
  },
  {
    name: 'defaults spelled out',
    fate: 'kept',
    change: withPeer('edited', { port: 179, passive: false, holdTime: 90, nextHopSelf: false }),
  },
  { name: 'connectRetry', fate: 'kept', change: withPeer('edited', { connectRetry: 2 }) },
  { name: 'log.level', fate: 'kept', change: config => ({ ...config, log: { level: 'debug' } }) },
  {
    name: 'a static route more',
    fate: 'kept',
    change: config => ({ ...config, statics: [...(config.statics ?? []), { prefix: SECOND, blackhole: true }] }),
    effect: () => until('the new route at BIRD', async () => (await atBird(SECOND)) !== undefined),
  },
  {
    name: 'a static route less',
    fate: 'kept',
    change: config => ({ ...config, statics: (config.statics ?? []).filter(({ prefix }) => prefix !== FIRST) }),
    effect: () => until('the route gone at BIRD', async () => (await atBird(FIRST)) === undefined),
  },
  {
    name: 'a policy under another name',
    fate: 'kept',
    change: config => {
      const { in: same, ...rest } = config.policies ?? {}
      const policies = { ...rest, ...(same !== undefined && { renamed: same }) }
      return { ...config, policies, peers: (config.peers ?? []).map(peer => ({ ...peer, import: 'renamed' })) }
    },
  },
  {
    name: 'import: another policy',
    fate: 'kept',
    change: withPeer('edited', { import: 'other' }),
    effect: () => until('the new preference here', async () => (await here('edited'))?.localPref === 150),
  },
  {
    name: 'export: another policy',
    fate: 'kept',
    change: config =>
      withPeer('edited', { export: 'dearer' })({
        ...config,
        policies: {
          ...config.policies,
          dearer: {
            terms: [{ match: { sources: ['static'] }, set: { med: 77 }, action: 'accept' }],
            otherwise: 'reject',
          },
        },
      }),
    effect: () => until('the new MED at BIRD', async () => (await atBird(SECOND))?.med === 77),
  },
  {
    name: 'holdTime, refused by --max-impact refresh',
    fate: 'kept',
    maxImpact: 'refresh',
    isRefused: true,
    change: withPeer('edited', { holdTime: 30 }),
  },
  {
    name: 'holdTime',
    fate: 'reset',
    change: withPeer('edited', { holdTime: 30 }),
    effect: () => until('the new hold time', async () => (await link.peer('edited')).holdTimeS === 30),
  },
  { name: 'families', fate: 'reset', change: withPeer('edited', { families: ['ipv4', 'ipv6'] }) },
  {
    name: 'a peer less',
    fate: 'gone',
    peer: 'guest',
    change: config => {
      removed = config.peers?.find(({ name }) => name === 'guest')
      return { ...config, peers: (config.peers ?? []).filter(({ name }) => name !== 'guest') }
    },
  },
  {
    name: 'a peer more',
    fate: 'new',
    peer: 'guest',
    change: config => ({ ...config, peers: [...(config.peers ?? []), ...(removed === undefined ? [] : [removed])] }),
  },
  {
    name: 'a key that does not exist',
    fate: 'kept',
    isRefused: true,
    change: config => ({ ...config, nonsense: true }) as ConfigInput,
  },
  {
    name: 'speaker.routerId, which needs a restart',
    fate: 'kept',
    isRefused: true,
    change: config => ({ ...config, speaker: { ...config.speaker, routerId: '10.0.0.77' } }),
  },
]

/** What both ends know of a session: another value, another session. */
async function incarnation(name: string): Promise<string> {
  const { isEstablished, incarnation: since } = await link.daemon.session(name)
  return `${isEstablished} ${since} ${link.endsOf(name).length}`
}

async function incarnations(): Promise<Map<string, string>> {
  return new Map(await Promise.all(NAMES.map(async name => [name, await incarnation(name)] as const)))
}

async function reload(config: ConfigInput, maxImpact = 'reset'): Promise<ReloadReport> {
  writeFileSync(join(link.directory, 'godwit.yaml'), stringify(config))
  const path = `/v1/reload?maxImpact=${maxImpact}`
  return readItem<ReloadReport>({ socket: link.socket, path, kind: 'ReloadResult', method: 'POST' })
}

const planned = ({ outcome, plan }: ReloadReport, name: string): string =>
  outcome === 'refused' ? 'refused' : (plan?.peers.find(peer => peer.name === name)?.action ?? '-')

/** What happened to the peer an edit is about, from before and after. */
async function fateOf(name: string, { fate }: Edit, before: string): Promise<Fate> {
  if (fate === 'gone') {
    await until('BIRD misses us', async () => !(await link.daemon.session(name)).isEstablished)
    return 'gone'
  }
  if (fate === 'new') {
    await until('the peer is up', () => link.isUp(name))
    return 'new'
  }
  if (fate === 'reset') await until('another session', async () => (await incarnation(name)) !== before)
  // Long enough for a session that is about to end to end.
  else await pause(1000)
  await until('the session is up', () => link.isUp(name))
  return (await incarnation(name)) === before ? 'kept' : 'reset'
}

describeDaemons('reload', () => {
  let config = link.config()
  const rows: string[][] = []

  beforeAll(async () => {
    await link.start()
    for (const name of NAMES) await until(`${name} is up`, () => link.isUp(name))
    await until('their route here', async () => (await here('edited')) !== undefined)
  })
  afterAll(async () => {
    printTable(['edit', 'plan', 'the peer it is about', 'the others'], rows)
    await link.stop()
  })

  it.each(EDITS)('$name: $fate', async edit => {
    const about = edit.peer ?? 'edited'
    const before = await incarnations()
    const next = edit.change(config)
    const report = await reload(next, edit.maxImpact)
    expect(report.outcome).toBe(edit.isRefused === true ? 'refused' : 'applied')
    if (report.outcome === 'applied') config = next
    const fate = await fateOf(about, edit, before.get(about) ?? '')
    await edit.effect?.()
    const others = NAMES.filter(name => name !== about)
    const after = await incarnations()
    const areKept = others.every(name => after.get(name) === before.get(name))
    rows.push([edit.name, planned(report, about), fate, areKept ? 'kept' : 'RESET'])
    expect(fate).toBe(edit.fate)
    expect(others.map(name => after.get(name))).toEqual(others.map(name => before.get(name)))
  })
})
