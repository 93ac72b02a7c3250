/**
 * The case table: every kind of route that others put into the kernel, learned or not (calico.md 3.2), and every form that godwit writes (3.7), against
 * the real kernel with `ip -d route` as the witness. A second program has routes of the same prefixes, which nothing here may touch.
 * The tunnel device is a veth named tunl0: the IPIP driver is not everywhere, and to the routing table a device is a device. Needs root and koffi.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KernelTarget, TargetNextHop } from '../../src/kernel/index.ts'
import { address, key, until, via } from '../src/kernel/support.ts'
import { KernelSpeaker } from '../support/kernel-speaker.ts'
import { TestNamespace, whyNoKernel } from '../support/test-namespace.ts'

/** What it is; what the other program does, `P` its prefix; how it is learned, or undefined. */
const LEARNED: readonly [string, string, string, string | undefined][] = [
  ['boot (3), through a gateway', '10.1.0.0/24', 'add P via 10.99.0.7', 'via 10.99.0.7 dev va metric 0'],
  [
    'static (4), with a metric',
    '10.1.1.0/24',
    'add P via 10.99.0.7 proto static metric 9',
    'via 10.99.0.7 dev va metric 9',
  ],
  ['ra (9)', 'fd10:9::/64', 'add P via fd99::7 proto ra', 'via fd99::7 dev va metric 1024'],
  ['dhcp (16)', '10.1.2.0/24', 'add P via 10.99.0.7 proto dhcp', 'via 10.99.0.7 dev va metric 0'],
  ['another daemon (ospf)', '10.1.3.0/24', 'add P via 10.99.0.7 proto ospf', 'via 10.99.0.7 dev va metric 0'],
  ["the agent's workload (80, device)", '10.1.4.1/32', 'add P dev va scope link proto 80', 'dev va metric 0'],
  ['a workload with its metric', '10.1.4.2/32', 'add P dev va scope link metric 1024', 'dev va metric 1024'],
  ["the agent's remote block (80, gateway)", '10.1.5.0/26', 'add P via 10.99.0.7 proto 80', undefined],
  ["the agent's own block (80, blackhole)", '10.1.6.0/26', 'add blackhole P proto 80', undefined],
  ['unspecified (0)', '10.1.7.0/24', 'add P via 10.99.0.7 proto 0', undefined],
  ['redirect (1)', '10.1.8.0/24', 'add P via 10.99.0.7 proto redirect', undefined],
  ['kernel (2)', '10.1.9.0/24', 'add P via 10.99.0.7 proto kernel', undefined],
  ['bird (12), which is ours', '10.1.10.0/24', 'add P via 10.99.0.7 proto bird', undefined],
  [
    'a gateway on-link outside the subnet',
    '10.2.0.0/24',
    'add P via 172.31.0.1 dev va onlink',
    'via 172.31.0.1 dev va metric 0',
  ],
  ['multipath', '10.2.1.0/24', 'add P nexthop via 10.99.0.7 nexthop via 10.99.0.8', 'via 10.99.0.7 dev va metric 0'],
  ['IPv6 multipath', 'fd10:2::/64', 'add P nexthop via fd99::7 nexthop via fd99::8', 'via fd99::7 dev va metric 1024'],
  ['a nexthop object', '10.2.2.0/24', 'add P nhid 7', 'via 10.99.0.7 dev va metric 0'],
  ['blackhole', '10.3.0.0/24', 'add blackhole P', 'blackhole metric 0'],
  ['unreachable', '10.3.1.0/24', 'add unreachable P metric 5', 'unreachable metric 5'],
  ['prohibit', '10.3.2.0/24', 'add prohibit P', 'prohibit metric 0'],
  ['IPv6 unreachable', 'fd10:3::/64', 'add unreachable P', 'unreachable metric 1024'],
  ['throw', '10.3.3.0/24', 'add throw P', undefined],
  ['local', '10.3.4.1/32', 'add local P dev va table main', undefined],
  ['broadcast', '10.3.5.255/32', 'add broadcast P dev va table main', undefined],
  ['a default route', '0.0.0.0/0', 'add P via 10.99.0.254 metric 100', 'via 10.99.0.254 dev va metric 100'],
  ['an IPv6 default route', '::/0', 'add P via fd99::fe', 'via fd99::fe dev va metric 1024'],
  [
    'IPv6 through a link-local gateway',
    'fd10:4::/64',
    'add P via fe80::7 dev va metric 3',
    'via fe80::7 dev va metric 3',
  ],
  ['IPv4 through an IPv6 gateway', '10.4.0.0/24', 'add P via inet6 fe80::7 dev va', undefined],
  ['a type of service', '10.4.1.0/24', 'add P via 10.99.0.7 tos 0x10', undefined],
  ['another table', '10.4.2.0/24', 'add P via 10.99.0.7 table 100', undefined],
  ['multicast', '224.1.0.0/16', 'add P dev va', undefined],
  ['IPv6 multicast', 'ff15::/64', 'add P dev va table main', undefined],
  ['loopback', '127.5.0.0/16', 'add P dev va', undefined],
  ['link-local', '169.254.9.0/24', 'add P dev va', undefined],
  ['IPv6 link-local', 'fe80:9::/64', 'add P dev va', undefined],
]

const commandsOf = ([, prefix, words]: (typeof LEARNED)[number]): string => `route ${words.replace('P', prefix)}`

const leg = (gateway: string, tunnel?: string): TargetNextHop => ({
  gateway: address(gateway),
  interfaceIndex: 0,
  isOnlink: false,
  ...(tunnel !== undefined && { tunnel }),
})
const through = (...nextHops: TargetNextHop[]): KernelTarget => ({ type: 'unicast', nextHops })

/** What it is, its prefix, what is asked for, what `ip -d route` shows. */
const WRITTEN: readonly [string, string, (device: (name: string) => number) => KernelTarget, string][] = [
  ['one gateway', '10.65.1.0/26', () => via('10.99.0.2'), 'unicast P via 10.99.0.2 dev va scope global'],
  [
    'one gateway and a metric',
    '10.65.2.0/26',
    () => ({ ...via('10.99.0.2'), metric: 1024 }),
    'unicast P via 10.99.0.2 dev va scope global metric 1024',
  ],
  [
    'the largest metric (eBGP)',
    '0.0.0.0/0',
    () => ({ ...via('10.99.0.254'), metric: 2147483547 }),
    'unicast default via 10.99.0.254 dev va scope global metric 2147483547',
  ],
  [
    'through the tunnel',
    '10.65.3.0/26',
    () => ({ ...through(leg('192.168.50.9', 'tunl0')), metric: 1024 }),
    'unicast P via 192.168.50.9 dev tunl0 scope global metric 1024 onlink',
  ],
  [
    'a tunnel that is not there: plainly',
    '10.65.4.0/26',
    () => through(leg('10.99.0.3', 'tunl9')),
    'unicast P via 10.99.0.3 dev va scope global',
  ],
  [
    'a next hop behind a gateway',
    '10.65.5.0/26',
    () => through(leg('192.168.60.9')),
    'unicast P via 10.99.0.7 dev va scope global',
  ],
  [
    'several gateways',
    '10.65.6.0/26',
    () => through(leg('10.99.0.3'), leg('10.99.0.2')),
    'unicast P scope global nexthop via 10.99.0.2 dev va weight 1 nexthop via 10.99.0.3 dev va weight 1',
  ],
  [
    'several gateways, each through the tunnel where it wants',
    '10.65.7.0/26',
    () => through(leg('10.99.0.3'), leg('192.168.50.9', 'tunl0')),
    'unicast P scope global nexthop via 10.99.0.3 dev va weight 1 nexthop via 192.168.50.9 dev tunl0 weight 1 onlink',
  ],
  [
    'more than 16 gateways: 16 of them',
    '10.65.8.0/26',
    () => through(...Array.from({ length: 20 }, (_, k) => leg(`10.99.0.${20 + k}`))),
    `unicast P scope global${Array.from({ length: 16 }, (_, k) => ` nexthop via 10.99.0.${20 + k} dev va weight 1`).join('')}`,
  ],
  ['blackhole', '10.65.9.0/26', () => ({ type: 'blackhole' }), 'blackhole P scope global'],
  ['unreachable', '10.65.10.0/26', () => ({ type: 'unreachable' }), 'unreachable P scope global'],
  ['prohibit', '10.65.11.0/26', () => ({ type: 'prohibit', metric: 7 }), 'prohibit P scope global metric 7'],
  [
    'a preferred source',
    '10.65.12.0/26',
    () => ({ type: 'unicast', nextHops: [leg('10.99.0.2')], source: address('10.99.0.1') }),
    'unicast P via 10.99.0.2 dev va scope global src 10.99.0.1',
  ],
  [
    'straight to a device',
    '10.65.13.1/32',
    device => ({ type: 'unicast', nextHops: [{ gateway: undefined, interfaceIndex: device('va'), isOnlink: false }] }),
    'unicast 10.65.13.1 dev va scope link',
  ],
  ['IPv6', 'fd65:1::/64', () => via('fd99::2'), 'unicast P via fd99::2 dev va scope global metric 1024 pref medium'],
  [
    'IPv6 with a metric',
    'fd65:2::/64',
    () => ({ ...via('fd99::2'), metric: 512 }),
    'unicast P via fd99::2 dev va scope global metric 512 pref medium',
  ],
  [
    'IPv6 through a link-local gateway',
    'fd65:3::/64',
    device => ({
      type: 'unicast',
      nextHops: [{ gateway: address('fe80::2'), interfaceIndex: device('va'), isOnlink: false }],
    }),
    'unicast P via fe80::2 dev va scope global metric 1024 pref medium',
  ],
  [
    'IPv6 through several gateways',
    'fd65:4::/64',
    () => through(leg('fd99::2'), leg('fd99::3')),
    'unicast P scope global metric 1024 pref medium nexthop via fd99::2 dev va weight 1 nexthop via fd99::3 dev va weight 1',
  ],
  [
    'IPv6 blackhole',
    'fd65:5::/64',
    () => ({ type: 'blackhole' }),
    'blackhole P dev lo scope global metric 1024 pref medium',
  ],
  [
    'an IPv6 default route',
    '::/0',
    () => via('fd99::fe'),
    'unicast default via fd99::fe dev va scope global metric 1024 pref medium',
  ],
]

describe.skipIf(whyNoKernel('kernel-table.test.ts') !== undefined)('the case table', () => {
  let namespace: TestNamespace
  let running: KernelSpeaker[]

  beforeEach(() => {
    namespace = new TestNamespace()
    running = []
    namespace.ip('nexthop add id 7 via 10.99.0.7 dev va')
  })
  afterEach(async () => {
    await Promise.all(running.map(speaker => speaker.close()))
    namespace.remove()
  })

  async function start(table = 254): Promise<KernelSpeaker> {
    const speaker = new KernelSpeaker(namespace.name, table)
    running.push(speaker)
    await speaker.start()
    return speaker
  }

  /** A route a line, as `ip -d` shows them. */
  function show(which: string): string[] {
    const text = namespace.show(`-d route show ${which}`) + namespace.show(`-d -6 route show ${which}`)
    const joined = text.replace(/\s*\n\s*nexthop/g, ' nexthop').replace(/\\/g, ' ')
    return joined
      .split('\n')
      .map(line => line.replace(/ +/g, ' ').trim())
      .filter(line => line !== '')
  }

  it.each(['before the start', 'while it runs'])('of what others write, %s, is learned as it should be', async when => {
    const isBefore = when === 'before the start'
    if (isBefore) namespace.ip(...LEARNED.map(commandsOf))
    const speaker = await start()
    if (!isBefore) namespace.ip(...LEARNED.map(commandsOf))
    const wanted = LEARNED.map(([what, prefix, , how]) => [what, prefix, how])
    const found = () => LEARNED.map(([what, prefix]) => [what, prefix, speaker.learned.get(prefix)])
    await until('all of them', () => JSON.stringify(found()) === JSON.stringify(wanted), 1_000).catch(() => {})
    expect(found()).toEqual(wanted)
    // Of several routes for one prefix the one with the lowest metric counts.
    namespace.ip('route add 10.1.1.0/24 via 10.99.0.8 proto static metric 4')
    await until('the better one', () => speaker.learned.get('10.1.1.0/24') === 'via 10.99.0.8 dev va metric 4')
    namespace.ip(
      'route del 10.1.1.0/24 metric 4',
      ...LEARNED.slice(0, 3).map(one => commandsOf(one).replace(' add ', ' del ')),
    )
    await until('all gone', () => !['10.1.0.0/24', '10.1.1.0/24', 'fd10:9::/64'].some(one => speaker.learned.has(one)))
  })

  it('does not learn a route through an address that is our own by now', async () => {
    namespace.ip('addr add 10.98.0.1/24 dev va', 'route add 10.7.0.0/24 via 10.98.0.5', 'addr add 10.98.0.5/32 dev vb')
    const speaker = await start()
    expect(show('proto boot')).toEqual(['unicast 10.7.0.0/24 via 10.98.0.5 dev va scope global'])
    expect([...speaker.learned.keys()]).toEqual([])
  })

  it('of what is written, looks as it should, and a second program keeps its routes of the same prefixes', async () => {
    namespace.ip(
      'link add tunl0 type veth peer name other',
      'link set tunl0 up',
      'link set other up',
      'addr add 10.65.7.64/32 dev tunl0',
      'route add 192.168.50.0/24 via 10.99.0.7 proto static',
      'route add 192.168.60.0/24 via 10.99.0.7 proto static',
      // The second program: another metric than ours each, and one where ours cannot go.
      ...WRITTEN.map(([, prefix]) =>
        prefix.includes(':')
          ? `route add ${prefix} via fd99::77 proto static metric 4999`
          : `route add ${prefix} via 10.99.0.77 proto static metric 4999`,
      ),
      'route add 10.65.99.0/26 via 10.99.0.77 proto static',
    )
    const theirs = show('proto static')
    const speaker = await start()
    for (const [, prefix, target] of WRITTEN)
      speaker.sync.desire(
        key(prefix),
        target(name => speaker.indexOf(name)),
      )
    speaker.want('10.65.99.0/26', '10.99.0.2')
    await speaker.settled()
    const wanted = WRITTEN.map(([what, prefix, , line]) => [what, line.replace('P', prefix)])
    const lines = new Set(show('proto bird'))
    expect(WRITTEN.map(([what, prefix, , line]) => [what, pick(lines, line.replace('P', prefix), prefix)])).toEqual(
      wanted,
    )
    expect(lines.size).toBe(WRITTEN.length)
    expect(speaker.states().filter(line => !line.includes(' confirmed'))).toEqual(['10.65.99.0/26 conflict va'])
    expect(show('proto static')).toEqual(theirs)
    for (const [, prefix] of WRITTEN) speaker.sync.undesire(key(prefix))
    speaker.unwant('10.65.99.0/26')
    await speaker.settled()
    expect(show('proto bird')).toEqual([])
    expect(show('proto static')).toEqual(theirs)
  })

  it('of another table is written there and nowhere else', async () => {
    const speaker = await start(1000)
    speaker.want('10.65.1.0/26', '10.99.0.2')
    await speaker.settled()
    expect(show('proto bird')).toEqual([])
    const there = namespace.show('-d route show proto bird table 1000').replace(/ +/g, ' ').trim()
    expect(there).toBe('unicast 10.65.1.0/26 via 10.99.0.2 dev va scope global')
  })

  it('knows no route that an ICMP redirect made: it is deleted, and nothing beside it', async () => {
    namespace.ip(
      'route add 10.5.0.0/16 via 10.99.0.7 proto redirect',
      'route add 10.5.0.0/16 via 10.99.0.8 proto static metric 5',
    )
    const speaker = await start()
    expect(show('proto redirect')).toHaveLength(1)
    speaker.sync.recovered()
    await until('the deletion', () => show('proto redirect').length === 0)
    namespace.ip('route add fd05::1/128 via fd99::7 proto redirect')
    await until('the deletion of a later one', () => show('proto redirect').length === 0)
    expect(show('proto static')).toHaveLength(1)
  })
})

/** The line that was expected, or the one of that prefix. */
function pick(lines: ReadonlySet<string>, line: string, prefix: string): string | undefined {
  const place = prefix.replace(/\/(32|128)$/, '').replace(/^(0\.0\.0\.0|::)\/0$/, 'default')
  return lines.has(line) ? line : [...lines].find(one => one.split(' ')[1] === place)
}
