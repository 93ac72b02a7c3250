import { chmodSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { configFromObject, loadConfig, parseConfig } from '../../../src/config/load.ts'
import { formatProblem } from '../../../src/config/problem.ts'
import type { ConfigInput } from '../../../src/config/schema.ts'
import type { Config } from '../../../src/config/types.ts'
import { ACCEPT_ALL, REJECT_ALL } from '../../../src/policy/policy.ts'
import { IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/family.ts'
import { formatPrefix, parsePrefix } from '../../../wire/prefix.ts'

const directory = mkdtempSync(join(tmpdir(), 'godwit-config-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function good(text: string): Config {
  const result = parseConfig(text, 'test.yaml')
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.config
}

function fixture(name: string): Config {
  return good(readFileSync(new URL(`../../../fixtures/configs/good/${name}`, import.meta.url), 'utf8'))
}

const SPEAKER = 'speaker: { asn: 64512, routerId: 10.0.0.1 }\n'

describe('defaults', () => {
  it('a speaker alone listens on both families and touches no kernel', () => {
    const config = fixture('minimal.yaml')
    expect(config).toEqual({
      speaker: {
        asn: 64512,
        routerId: 0x0a000001,
        listen: [
          { address: '0.0.0.0', port: 179 },
          { address: '::', port: 179 },
        ],
        holdTimeS: 90,
        connectRetryS: 5,
        selection: {
          alwaysCompareMed: false,
          missingMedAsWorst: false,
          preferOlder: false,
          multipath: { ebgp: 1, ibgp: 1 },
        },
      },
      policies: new Map(),
      peers: [],
      peerRanges: [],
      statics: [],
      kernel: {
        backend: 'none',
        protocol: 12,
        table: 254,
        metric: 0,
        metricFromLocalPref: false,
        source: {},
        rules: [],
        auditS: 600,
        learn: true,
        resolveNextHops: true,
        direct: ['-cali*', '-kube-ipvs*', '*'],
      },
      datastore: { type: 'none' },
      api: { socket: '/run/godwit/godwit.sock' },
      log: { level: 'info' },
    })
  })

  it('a kernel section means rtnetlink and the main table', () => {
    const { rules, source } = good(
      `${SPEAKER}kernel: { source: { ipv4: 10.0.0.1 }, rules: [{ prefixes: [10.65.0.0/16+], nextHops: [10.0.0.0/24], tunnel: tunl0, metric: 7 }] }\n`,
    ).kernel
    expect(source).toEqual({ ipv4: Uint8Array.of(10, 0, 0, 1) })
    expect(rules).toMatchObject([
      { prefixes: [{ minLength: 16, maxLength: 32 }], write: true, tunnel: 'tunl0', metric: 7 },
    ])
    expect(good(`${SPEAKER}kernel: {}\n`).kernel).toMatchObject({ backend: 'rtnetlink', table: 254, learn: true })
    expect(good(`${SPEAKER}kernel: { learn: false }\n`).kernel).toMatchObject({ resolveNextHops: false })
  })

  it('the cluster id is the router id', () => {
    expect(fixture('same.json').reflector).toEqual({ clusterId: 0x0a000001, clientToClient: true })
  })

  it('an iBGP peer exchanges everything, an eBGP peer without policy nothing (RFC 8212)', () => {
    const { peers } = good(
      `${SPEAKER}peers: [{ name: i, address: 10.0.0.2, asn: 64512 }, { name: e, address: 10.0.0.3, asn: 65001 }]\n`,
    )
    expect(peers.map(peer => [peer.import, peer.export])).toEqual([
      [ACCEPT_ALL, ACCEPT_ALL],
      [REJECT_ALL, REJECT_ALL],
    ])
    expect(peers[0]).toEqual({
      name: 'i',
      address: '10.0.0.2',
      asn: 64512,
      port: 179,
      passive: false,
      holdTimeS: 90,
      connectRetryS: 5,
      minHoldTimeS: 3,
      delayOpenS: 0,
      extendedMessages: true,
      routeRefresh: 'plain',
      retryWithoutCapabilities: true,
      families: [IPV4_UNICAST, IPV6_UNICAST],
      reflectorClient: false,
      import: ACCEPT_ALL,
      export: ACCEPT_ALL,
      clientToClient: true,
      nextHopMode: 'auto',
      nextHops: {},
      extendedNextHop: false,
      addPath: {},
      addPathSend: 'all',
      limits: {},
      allowOwnAs: 0,
      enforceFirstAs: false,
      rejectAsSets: true,
    })
  })

  it('a peer takes the timers of the speaker unless it has its own', () => {
    const { peers } = fixture('reflector.yaml')
    expect(peers.map(({ holdTimeS, connectRetryS }) => [holdTimeS, connectRetryS])).toEqual([
      [0, 1],
      [0, 20],
      [0, 1],
    ])
  })
})

describe('values', () => {
  it.each([
    ['64512', 64512],
    ['1.10', 65546],
    ['"1.10"', 65546],
    ['1.1', 65537],
    ['0.1', 1],
    ['65535.65535', 4294967295],
    ['4294967295', 4294967295],
  ])('the AS number %s is %d', (text, asn) => {
    expect(good(`speaker: { asn: ${text}, routerId: 10.0.0.1 }\n`).speaker.asn).toBe(asn)
  })

  it('addresses come out in canonical form', () => {
    const { peers } = good(
      `${SPEAKER}peers: [{ name: a, address: '2001:DB8:0:0::01', asn: 64512, localAddress: '2001:db8::0002' }]\n`,
    )
    expect(peers[0]).toMatchObject({ address: '2001:db8::1', localAddress: '2001:db8::2' })
  })

  it('next hops come out as octets', () => {
    const { peers } = fixture('ebgp-router.yaml')
    expect(peers[0]?.nextHops).toEqual({ ipv6: Uint8Array.of(0xfd, ...Array(14).fill(0), 1) })
  })

  it('statics know their kind and gateway', () => {
    const { statics } = fixture('ebgp-router.yaml')
    expect(statics[0]).toEqual({ prefix: parsePrefix('10.65.7.64/26'), type: 'blackhole' })
    expect(statics[1]).toMatchObject({ type: 'unicast', gateway: Uint8Array.of(0xfd, ...Array(13).fill(0), 2, 0x54) })
  })

  it('a policy comes out as its terms', () => {
    const policy = fixture('ebgp-router.yaml').policies.get('tor-out')
    expect(policy?.otherwise).toBe('reject')
    expect(policy?.terms[0]).toEqual({
      name: 'never-leak',
      match: { communities: [0xffffff01, 0xfc000001] },
      action: 'reject',
    })
    expect(policy?.terms[1]).toEqual({
      name: 'mark',
      match: {},
      set: { med: 50, removeCommunities: [0xfc000063] },
      action: 'next',
    })
    const matches = policy?.terms[2]?.match.prefixes?.map(({ prefix, minLength, maxLength }) => [
      formatPrefix(prefix.family, prefix.words, prefix.length),
      minLength,
      maxLength,
    ])
    expect(matches).toEqual([
      ['10.65.0.0/16', 16, 32],
      ['10.96.0.0/12', 24, 28],
      ['10.200.0.0/16', 24, 26],
      ['fd00:10::/32', 64, 128],
    ])
  })

  it('peers hold the policies they name', () => {
    const { peers, policies } = fixture('ebgp-router.yaml')
    expect(peers[0]?.import).toBe(policies.get('tor-in'))
    expect(fixture('aliases.yaml').peers[0]?.import.terms).toHaveLength(1)
  })

  it('false is no control socket, and metrics have an address and a port', () => {
    expect(fixture('reflector.yaml').api).toEqual({})
    expect(good(`${SPEAKER}api: { metrics: '[::1]:9179' }\n`).api.metrics).toEqual({ address: '::1', port: 9179 })
  })

  it('a neighbour on our own address but another port is somebody else', () => {
    const text = `speaker: { asn: 1, routerId: 10.0.0.1, listen: [{ address: 127.0.0.1, port: 1179 }] }\npeers: [{ name: a, address: 127.0.0.1, port: 2179, asn: 1 }]\n`
    expect(good(text).peers).toHaveLength(1)
  })

  it('Windows line ends and a byte order mark change nothing', () => {
    expect(good(`\uFEFF${SPEAKER.replace('\n', '\r\n')}log: { level: warn }\r\n`).log.level).toBe('warn')
  })
})

describe('a file that cannot be read is one sentence', () => {
  const said = (path: string): string => {
    const result = loadConfig(path)
    return result.ok ? 'accepted' : result.problems.map(formatProblem).join('\n')
  }
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(directory, name)
    writeFileSync(path, content)
    return path
  }

  it('that does not exist', () => {
    expect(said(join(directory, 'none.yaml'))).toBe(
      `${directory}/none.yaml: there is no such file; check the path given with --config [unreadable]`,
    )
  })

  it('that is a directory', () => {
    expect(said(directory)).toBe(`${directory}: is a directory; name the file in it [unreadable]`)
  })

  it('whose path goes through a file', () => {
    expect(said(join(file('plain', ''), 'x'))).toContain('a part of the path is not a directory')
  })

  it('that this user may not read', () => {
    const path = file('secret.yaml', SPEAKER)
    chmodSync(path, 0)
    // Root may read everything, so root becomes nobody for a moment.
    const isRoot = process.getuid?.() === 0
    if (isRoot) process.seteuid?.(65534)
    try {
      expect(said(path)).toContain('this user may not read it')
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })

  it('that is not UTF-8', () => {
    const path = file('latin1.yaml', Uint8Array.of(0x23, 0xfc, 0x0a))
    expect(said(path)).toBe(`${path}: is not UTF-8 text; save it as UTF-8, or check the path [unreadable]`)
  })

  it('that is larger than 16 MiB', () => {
    const path = file('large.yaml', '')
    truncateSync(path, 16 * 1024 * 1024 + 1)
    expect(said(path)).toBe(
      `${path}: is larger than 16 MiB; this cannot be a configuration; check the path [unreadable]`,
    )
  })

  it('that never ends', () => {
    expect(said('/dev/zero')).toContain('is larger than 16 MiB')
  })

  it('but a readable one is taken', () => {
    expect(said(file('good.yaml', SPEAKER))).toBe('accepted')
  })
})

describe('hostile text never throws', () => {
  it.each([
    ['brackets without end', '['.repeat(100_000)],
    ['maps without end', '{a: '.repeat(50_000)],
    ['a key named __proto__', `${SPEAKER}__proto__: { polluted: true }\n`],
    [
      'a policy named __proto__',
      `${SPEAKER}policies: { __proto__: { otherwise: accept } }\npeers: [{ name: a, address: 10.0.0.2, asn: 64512, import: __proto__ }]\n`,
    ],
    ['control characters', '\u0000\u0001\u0002'],
    ['an anchor that contains itself', `${SPEAKER}peers: &p [*p]\n`],
  ])('%s', (_, text) => {
    const result = parseConfig(text, 'hostile.yaml')
    expect(result.ok).toBe(false)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
})

describe('configFromObject', () => {
  const object: ConfigInput = {
    speaker: { asn: 64512, routerId: '10.0.0.1' },
    peers: [{ name: 'a', address: '10.0.0.2', asn: 64512 }],
  }

  it('makes the same configuration as the same text', () => {
    const result = configFromObject(object)
    expect(result.ok && result.config).toEqual(good(JSON.stringify(object)))
  })

  it('has the same problems without a line', () => {
    const result = configFromObject({ speaker: { asn: 0, routerId: '10.0.0.1' } }, 'demo')
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
      'demo speaker.asn: AS 0 is reserved (RFC 7607); write a number from 1 to 4294967295, or asdot such as 1.10 [bad-asn]',
    ])
  })

  it('does not guess what a fraction means as an AS number', () => {
    const result = configFromObject({ speaker: { asn: 1.1, routerId: '10.0.0.1' } })
    expect(result.ok ? '' : result.problems[0]?.message).toBe('is the number 1.1, which is not whole')
  })
})

describe('the send hold time', () => {
  const config = (keys: string) =>
    parseConfig(
      `speaker: { asn: 1, routerId: 10.0.0.1 }\npeers: [{ name: a, address: 10.0.0.2, asn: 1, ${keys} }]`,
      'x',
    )

  it.each([
    ['holdTime: 30, sendHoldTime: 30', ['contradiction']],
    ['sendHoldTime: 90', ['contradiction']],
    ['holdTime: 30, sendHoldTime: 31', []],
    ['sendHoldTime: 0', []],
    ['holdTime: 0, sendHoldTime: 1', []],
  ])('%s: must be more than the hold time, or 0 (row 63)', (keys, codes) => {
    const result = config(keys)
    expect(result.ok ? [] : result.problems.map(({ code }) => code)).toEqual(codes)
  })
})
