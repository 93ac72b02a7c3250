import { describe, expect, it } from 'vitest'
import { type Impact, isIdle, planReload } from '../../../src/config/diff.ts'
import { type Config, parseConfig } from '../../../src/config/index.ts'
import { objectionTo, summarisePlan } from '../../../src/config/plan-text.ts'

const BASE = `
speaker: { asn: 64512, routerId: 10.0.0.1 }
reflector: {}
policies:
  tor-in:
    terms:
      - { match: { prefixes: [10.1.0.0/16+, '10.2.0.0/16{20,24}'], communities: ['1:2', '1:1'] }, action: accept }
      - { match: { sources: [kernel, static] }, set: { med: 5 }, action: next }
    otherwise: reject
  spare: { otherwise: accept }
peers:
  - { name: tor, address: 10.0.0.254, asn: 65001, import: tor-in, export: accept-all }
  - { name: node, address: 10.0.0.2, asn: 64512, reflectorClient: true, holdTime: 30 }
statics:
  - { prefix: 192.0.2.0/24, blackhole: true }
  - { prefix: 198.51.100.0/24, via: 10.0.0.9 }
kernel: { backend: memory }
`

function load(text: string): Config {
  const result = parseConfig(text, 'test.yaml')
  if (!result.ok) throw new Error(result.problems.map(problem => problem.message).join('; '))
  return result.config
}

/** The plan of BASE with each `from` replaced by its `to`. */
function plan(...edits: readonly (readonly [from: string, to: string])[]) {
  let text = BASE
  for (const [from, to] of edits) {
    if (!text.includes(from)) throw new Error(`${from} is not in the base`)
    text = text.replace(from, to)
  }
  return planReload(load(BASE), load(text))
}

const TOR = '  - { name: tor, address: 10.0.0.254, asn: 65001, import: tor-in, export: accept-all }\n'
const NODE = '  - { name: node, address: 10.0.0.2, asn: 64512, reflectorClient: true, holdTime: 30 }\n'

describe('a configuration that means the same', () => {
  it.each<[string, [string, string]]>([
    ['read again', ['tor', 'tor']],
    ['with the peers in another order', [TOR + NODE, NODE + TOR]],
    [
      'with a default of a peer spelled out',
      ['name: tor,', 'name: tor, port: 179, families: [ipv6, ipv4], passive: false, nextHops: {},'],
    ],
    ['with the hold time of the speaker spelled out', ['name: tor,', 'name: tor, holdTime: 90, connectRetry: 5,']],
    [
      'with defaults of the speaker spelled out',
      [
        'routerId: 10.0.0.1',
        "routerId: 10.0.0.1, holdTime: 90, listen: [{ address: '::' }, { address: 0.0.0.0, port: 179 }]",
      ],
    ],
    ['with the cluster id spelled out', ['reflector: {}', 'reflector: { clusterId: 10.0.0.1 }']],
    [
      'with defaults of the kernel spelled out',
      ['backend: memory', "backend: memory, table: 254, protocol: 12, direct: ['-cali*', '-kube-ipvs*', '*']"],
    ],
    [
      'with the entries of a match in another order',
      [
        "[10.1.0.0/16+, '10.2.0.0/16{20,24}'], communities: ['1:2', '1:1']",
        "[{ prefix: 10.2.0.0/16, ge: 20, le: 24 }, '10.1.0.0/16{16,32}'], communities: ['1:1', '1:2']",
      ],
    ],
    ['with sources in another order', ['[kernel, static]', '[static, kernel]']],
    ['with a name for a term', ['- { match: { sources', '- { name: locals, match: { sources']],
    ['with a default policy spelled out', ['reflectorClient: true', 'reflectorClient: true, import: accept-all']],
    [
      'with the static routes in another order',
      [
        '  - { prefix: 192.0.2.0/24, blackhole: true }\n  - { prefix: 198.51.100.0/24, via: 10.0.0.9 }',
        '  - { prefix: 198.51.100.0/24, via: 10.0.0.9 }\n  - { prefix: 192.0.2.0/24, blackhole: true }',
      ],
    ],
    [
      'with the sections api and log spelled out',
      ['reflector: {}', 'reflector: {}\nlog: { level: info }\napi: { socket: /run/godwit/godwit.sock }'],
    ],
  ])('%s does nothing at all (row 187)', (_what, edit) => {
    const same = plan(edit)
    expect(same.settings).toEqual([])
    expect(isIdle(same)).toBe(true)
    expect(same.peers.map(({ action }) => action)).toEqual(['none', 'none'])
    expect(summarisePlan(same)).toBe('nothing changes; 2 peers untouched')
  })
})

describe('a changed key of one peer', () => {
  it.each<[string, string, string, string, string, Impact]>([
    ['minHoldTime', 'tor', 'name: tor,', 'name: tor, minHoldTime: 9,', 'peers[tor].minHoldTime', 'reset'],
    ['sendHoldTime', 'tor', 'name: tor,', 'name: tor, sendHoldTime: 600,', 'peers[tor].sendHoldTime', 'reset'],
    ['delayOpen', 'tor', 'name: tor,', 'name: tor, delayOpen: 2,', 'peers[tor].delayOpen', 'reset'],
    [
      'extendedMessages',
      'tor',
      'name: tor,',
      'name: tor, extendedMessages: false,',
      'peers[tor].extendedMessages',
      'reset',
    ],
    ['routeRefresh', 'tor', 'name: tor,', 'name: tor, routeRefresh: enhanced,', 'peers[tor].routeRefresh', 'reset'],
    [
      'retryWithoutCapabilities',
      'tor',
      'name: tor,',
      'name: tor, retryWithoutCapabilities: false,',
      'peers[tor].retryWithoutCapabilities',
      'reset',
    ],
    ['address', 'tor', '10.0.0.254', '10.0.0.253', 'peers[tor].address', 'reset'],
    ['asn', 'tor', 'asn: 65001', 'asn: 65002', 'peers[tor].asn', 'reset'],
    ['port', 'tor', 'name: tor,', 'name: tor, port: 1790,', 'peers[tor].port', 'reset'],
    ['localAddress', 'tor', 'name: tor,', 'name: tor, localAddress: 10.0.0.1,', 'peers[tor].localAddress', 'reset'],
    ['passive', 'tor', 'name: tor,', 'name: tor, passive: true,', 'peers[tor].passive', 'reset'],
    ['holdTime', 'node', 'holdTime: 30', 'holdTime: 60', 'peers[node].holdTime', 'reset'],
    ['connectRetry', 'tor', 'name: tor,', 'name: tor, connectRetry: 9,', 'peers[tor].connectRetry', 'none'],
    ['families', 'tor', 'name: tor,', 'name: tor, families: [ipv4],', 'peers[tor].families', 'reset'],
    [
      'reflectorClient',
      'node',
      'reflectorClient: true',
      'reflectorClient: false',
      'peers[node].reflectorClient',
      'reset',
    ],
    ['import', 'tor', 'import: tor-in', 'import: spare', 'peers[tor].import', 'refresh'],
    ['export', 'tor', 'export: accept-all', 'export: reject-all', 'peers[tor].export', 'refresh'],
    ['the terms of its policy', 'tor', 'med: 5', 'med: 6', 'policies.tor-in', 'refresh'],
    ['nextHopSelf', 'tor', 'name: tor,', 'name: tor, nextHopSelf: true,', 'peers[tor].nextHopMode', 'refresh'],
    ['nextHopMode', 'tor', 'name: tor,', 'name: tor, nextHopMode: keep,', 'peers[tor].nextHopMode', 'refresh'],
    ['clusterId', 'node', 'holdTime: 30', 'holdTime: 30, clusterId: 10.0.0.7', 'peers[node].clusterId', 'reset'],
    [
      'extendedNextHop',
      'tor',
      'name: tor,',
      'name: tor, extendedNextHop: true,',
      'peers[tor].extendedNextHop',
      'reset',
    ],
    ['addPath', 'tor', 'name: tor,', 'name: tor, addPath: { ipv4: both },', 'peers[tor].addPath', 'reset'],
    ['addPathSend', 'tor', 'name: tor,', 'name: tor, addPathSend: 2,', 'peers[tor].addPathSend', 'reset'],
    ['limits', 'tor', 'name: tor,', 'name: tor, limits: { ipv4: { received: 5 } },', 'peers[tor].limits', 'none'],
    ['limits.restart', 'tor', 'name: tor,', 'name: tor, limits: { restart: 9 },', 'peers[tor].limits.restart', 'reset'],
    ['allowOwnAs', 'tor', 'name: tor,', 'name: tor, allowOwnAs: 1,', 'peers[tor].allowOwnAs', 'reset'],
    ['enforceFirstAs', 'tor', 'name: tor,', 'name: tor, enforceFirstAs: true,', 'peers[tor].enforceFirstAs', 'reset'],
    ['rejectAsSets', 'tor', 'name: tor,', 'name: tor, rejectAsSets: false,', 'peers[tor].rejectAsSets', 'reset'],
    ['nextHops', 'tor', 'name: tor,', "name: tor, nextHops: { ipv6: 'fd00::1' },", 'peers[tor].nextHops', 'reset'],
    [
      'the hold time it has from the speaker',
      'tor',
      'routerId: 10.0.0.1',
      'routerId: 10.0.0.1, holdTime: 45',
      'speaker.holdTime',
      'reset',
    ],
  ])('%s touches only that peer', (_key, name, from, to, path, action) => {
    const { peers, impact, settings } = plan([from, to])
    expect(peers.find(peer => peer.name === name)).toEqual({ name, action, because: [path] })
    expect(peers.filter(peer => peer.name !== name).map(peer => [peer.action, peer.because])).toEqual([['none', []]])
    expect(impact).toBe(action)
    expect(settings).toEqual([])
  })

  it('and another one are both named, in the order of the table', () => {
    const { peers } = plan(['asn: 65001', 'asn: 65002'], ['name: tor,', 'name: tor, connectRetry: 9,'])
    expect(peers[0]).toEqual({ name: 'tor', action: 'reset', because: ['peers[tor].asn', 'peers[tor].connectRetry'] })
  })
})

describe('peers that come and go', () => {
  it('are added without an impact', () => {
    const added = plan([NODE, `${NODE}  - { name: new, address: 10.0.0.3, asn: 64512 }\n`])
    expect(added).toMatchObject({ impact: 'none', peers: [{}, {}, { name: 'new', action: 'add', because: [] }] })
    expect(summarisePlan(added)).toBe('1 peer added; 2 peers untouched')
  })

  it('are removed with the impact of a reset', () => {
    const removed = plan([NODE, ''])
    expect(removed).toMatchObject({ impact: 'reset', peers: [{ action: 'none' }, { name: 'node', action: 'remove' }] })
    expect(objectionTo(removed, 'refresh')).toEqual({
      message: 'the impact would be reset, which is more than refresh: node (remove)',
      hint: 'allow it with --max-impact reset, or change less',
    })
    expect(objectionTo(removed, 'reset')).toBeUndefined()
  })

  it('are another peer under another name', () => {
    expect(plan(['name: node', 'name: knot']).peers.map(({ name, action }) => [name, action])).toEqual([
      ['tor', 'none'],
      ['knot', 'add'],
      ['node', 'remove'],
    ])
  })
})

describe('static routes and policies', () => {
  it('come, go and change without a session', () => {
    const changed = plan(
      ['  - { prefix: 192.0.2.0/24, blackhole: true }\n', "  - { prefix: '2001:db8::/32', blackhole: true }\n"],
      ['via: 10.0.0.9', 'via: 10.0.0.8'],
      ['spare: { otherwise: accept }', 'other: { otherwise: accept }'],
    )
    expect(changed).toMatchObject({
      impact: 'none',
      statics: [
        { name: '2001:db8::/32', action: 'add' },
        { name: '198.51.100.0/24', action: 'change' },
        { name: '192.0.2.0/24', action: 'remove' },
      ],
      policies: [
        { name: 'other', action: 'add' },
        { name: 'spare', action: 'remove' },
      ],
    })
    expect(objectionTo(changed, 'none')).toBeUndefined()
    expect(summarisePlan(changed)).toBe(
      '1 static route added, 1 static route changed, 1 static route removed, 1 policy added, 1 policy removed; 2 peers untouched',
    )
  })

  it('that only change the name of a policy reset nobody', () => {
    const renamed = plan(['  tor-in:', '  tor-input:'], ['import: tor-in', 'import: tor-input'])
    expect(renamed.peers.map(({ action }) => action)).toEqual(['none', 'none'])
  })
})

describe('a key that only a new process can have', () => {
  it.each<[string, string, string]>([
    ['speaker.routerId', 'routerId: 10.0.0.1', 'routerId: 10.0.0.7'],
    ['speaker.listen', 'routerId: 10.0.0.1', 'routerId: 10.0.0.1, listen: []'],
    ['kernel.backend', 'backend: memory', 'backend: rtnetlink'],
    ['kernel.resolveNextHops', 'backend: memory', 'backend: memory, resolveNextHops: false'],
    ['kernel.table', 'backend: memory', 'backend: memory, table: 100'],
    ['kernel.protocol', 'backend: memory', 'backend: memory, protocol: 13'],
    ['api.socket', 'reflector: {}', 'reflector: {}\napi: { socket: false }'],
    ['api.metrics', 'reflector: {}', "reflector: {}\napi: { metrics: '127.0.0.1:9179' }"],
  ])('%s refuses the whole reload', (path, from, to) => {
    const fixed = plan([from, to])
    expect(fixed.settings).toContainEqual({ path, action: 'restart' })
    expect(objectionTo(fixed, 'reset')?.message).toContain(`${path} `)
    expect(objectionTo(fixed, 'reset')?.message).toContain('cannot change while godwit runs')
  })

  it('is named with all the others', () => {
    const fixed = plan(['backend: memory', 'backend: memory, table: 100, protocol: 13'])
    expect(objectionTo(fixed, 'reset')).toEqual({
      message: 'kernel.protocol and kernel.table cannot change while godwit runs',
      hint: 'restart godwit to have the new values, or put the old back',
    })
  })

  it('says nothing about a kernel that neither configuration uses', () => {
    const off = BASE.replace('kernel: { backend: memory }', '')
    const spelled = BASE.replace('backend: memory', 'backend: none, table: 100')
    expect(isIdle(planReload(load(off), load(spelled)))).toBe(true)
  })
})

it.each([
  ['preferOlder', 'preferOlder: true, multipath: { ebgp: 1 }'],
  ['multipath', 'multipath: { ibgp: 4 }'],
])('speaker.selection.%s changes live', (key, selection) => {
  const changed = plan(['routerId: 10.0.0.1', `routerId: 10.0.0.1, selection: { ${selection} }`])
  expect(changed).toMatchObject({ settings: [{ path: `speaker.selection.${key}`, action: 'live' }], impact: 'none' })
  expect(objectionTo(changed, 'none')).toBeUndefined()
})

it('another cluster id resets the clients that have it, and nobody else', () => {
  const { settings, peers } = plan(['reflector: {}', 'reflector: { clusterId: 10.0.0.7 }'])
  expect(settings).toEqual([{ path: 'reflector.clusterId', action: 'live' }])
  expect(peers).toEqual([
    { name: 'tor', action: 'none', because: [] },
    { name: 'node', action: 'reset', because: ['reflector.clusterId'] },
  ])
})

it('clients that are meshed are told the difference', () => {
  const { settings, peers } = plan(['reflector: {}', 'reflector: { clientToClient: false }'])
  expect(settings).toEqual([{ path: 'reflector.clientToClient', action: 'live' }])
  expect(peers).toEqual([
    { name: 'tor', action: 'none', because: [] },
    { name: 'node', action: 'refresh', because: ['reflector.clientToClient'] },
  ])
})

it('the log level changes live', () => {
  const { settings, impact } = plan(['reflector: {}', 'reflector: {}\nlog: { level: debug }'])
  expect({ settings, impact }).toEqual({ settings: [{ path: 'log.level', action: 'live' }], impact: 'none' })
})

it.each([
  ['kernel.metric', 'metric: 5'],
  ['kernel.metricFromLocalPref', 'metricFromLocalPref: true'],
  ['kernel.source', 'source: { ipv4: 10.0.0.1 }'],
  ['kernel.rules', 'rules: [{ prefixes: [10.96.0.0/12+], write: false }]'],
  ['kernel.learn', 'learn: false, resolveNextHops: true'],
  ['kernel.elevated', 'elevated: {}'],
  ['kernel.direct', "direct: ['*', '-cali*', '-kube-ipvs*']"],
  ['kernel.auditS', 'auditS: 7'],
])('%s changes live', (path, text) => {
  const { settings, impact } = plan(['backend: memory', `backend: memory, ${text}`])
  expect({ settings, impact }).toEqual({ settings: [{ path, action: 'live' }], impact: 'none' })
})
