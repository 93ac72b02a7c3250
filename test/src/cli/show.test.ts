import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningServer, startApiServer } from '../../../src/api/server.ts'
import { SampleViews, sampleRoute } from '../api/sample-views.ts'
import { withTemporaryDirectory } from '../api/unix-client.ts'
import { godwit } from './terminal.ts'

let views: SampleViews
let directory: string
let socket: string
let server: RunningServer
let leave = () => {}

beforeAll(
  () =>
    new Promise<void>(resolve => {
      void withTemporaryDirectory(path => {
        directory = path
        resolve()
        return new Promise<void>(end => {
          leave = end
        })
      })
    }),
)

afterAll(() => leave())

beforeEach(async () => {
  views = new SampleViews()
  socket = join(directory, 'godwit.sock')
  server = await startApiServer({ socketPath: socket, views, version: '1.2.3' })
})

afterEach(() => server.close())

function show(words: string, terminal: Parameters<typeof godwit>[1] = {}) {
  return godwit(['show', ...words.split(' '), '--socket', socket], terminal)
}

describe('godwit show peers', () => {
  it('prints a line a peer', async () => {
    expect(await show('peers')).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'NAME      ADDRESS      AS     STATE        SINCE  RECEIVED  ACCEPTED  ADVERTISED  LAST-ERROR',
        'tor-a     10.0.0.254   65001  Established  1h2m   120       118       42          -',
        'node/b ü  2001:db8::2  64512  Active       4s     -         -         -           Cease / Administrative Shutdown: "back at noon\\u001b[31m"',
        '',
      ].join('\n'),
    })
  })

  it('prints more with --wide', async () => {
    const { stdout } = await show('peers --wide')
    expect(stdout).toContain('KIND  CLIENT  FAMILIES')
    expect(stdout).toContain('ibgp  yes     ipv4-unicast,ipv6-unicast')
  })

  it('colours and cuts lines on a terminal', async () => {
    const { stdout } = await show('peers', { isTerminal: true, columns: 70 })
    expect(stdout).toContain('\u001b[32mEstablished\u001b[39m')
    for (const line of stripVTControlCharacters(stdout).split('\n')) expect(line.length).toBeLessThanOrEqual(70)
  })

  it('uses no colour on a terminal where NO_COLOR is set', async () => {
    expect((await show('peers', { isTerminal: true, env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b')
  })

  it('says on standard error that there are none', async () => {
    views.peerList = []
    expect(await show('peers')).toEqual({ code: 0, stdout: '', stderr: 'no peers are configured\n' })
  })

  it('prints the document of the API for --json, unchanged', async () => {
    const { stdout } = await show('peers --json')
    expect(JSON.parse(stdout)).toEqual({
      schema: 'godwit/v1',
      kind: 'PeerList',
      items: views.peerList,
      count: 2,
      truncated: false,
    })
  })

  it('prints everything about one peer', async () => {
    const { code, stdout } = await show('peers tor-a')
    expect(code).toBe(0)
    expect(stdout).toBe(
      [
        'Name:               tor-a',
        'Address:            10.0.0.254',
        'AS:                 65001 (ebgp, local AS 64512)',
        'State:              Established for 1h2m',
        'Router id:          10.0.0.254',
        'Local address:      10.0.0.1',
        'Connection:         active',
        'Hold time:          90s',
        'Reflector client:   no',
        'Families:           ipv4-unicast',
        'Capabilities:       multiprotocol ipv4-unicast, route-refresh, four-octet-as',
        'Import policy:      tor-in',
        'Export policy:      tor-out',
        'Routes:             120 received, 118 accepted, 42 advertised',
        'Limits:             ipv4-unicast: 120 of at most 150 received, then block: reached now, reached 2 times, 31 blocked',
        'Attribute memory:   5120 octets of at most 1000000',
        'Messages in:        1 open, 30 update, 124 keepalive, 0 notification, 0 route refresh',
        'Messages out:       1 open, 12 update, 125 keepalive, 0 notification, 1 route refresh',
        'Queue:              0 octets',
        'Malformed updates:  1 treated as withdraw, 2 attribute discarded, 0 session reset',
        'Sessions:           2 established, 1 lost',
        'Last error:         none',
        'History:            2026-01-02T03:04:05.678Z Idle -> Connect: started',
        '                    2026-01-02T03:04:05.700Z Connect -> OpenSent: connected \\u001b[31m',
        '',
      ].join('\n'),
    )
  })

  it('passes on what the daemon refuses, with exit code 1', async () => {
    expect(await show('peers nobody')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'godwit: there is no peer named "nobody"; `godwit show peers` lists them\n',
    })
  })
})

describe('godwit show routes', () => {
  it('prints a line a path and marks the chosen one', async () => {
    expect((await show('routes')).stdout).toBe(
      [
        'BEST  PREFIX       NEXT-HOP    INTERFACE  SOURCE  PEER      PREFERENCE  LOCAL-PREF  MED  ORIGIN  AS-PATH',
        '*     10.1.0.0/16  10.0.0.254  eth0       bgp     tor-a     100         100         -    igp     65001 65010',
        '-     10.1.0.0/16  10.0.0.254  eth0       bgp     node/b ü  100         50          -    igp     -',
        '*     10.2.0.0/24  blackhole   -          static  -         200         -           -    -       -',
        '',
      ].join('\n'),
    )
  })

  it('prints why a path lost with --wide', async () => {
    expect((await show('routes --wide')).stdout).toContain('local preference')
  })

  it('asks for what the options say', async () => {
    await show('routes 10.1.2.3 --family ipv4 --peer tor-a --source bgp --best --limit 5')
    expect(views.lastQuery).toMatchObject({
      prefix: { length: 32 },
      longest: true,
      family: { name: 'ipv4-unicast' },
      peer: 'tor-a',
      source: 'bgp',
      best: true,
    })
  })

  it('says on standard error that there are none', async () => {
    expect(await show('routes 192.0.2.0/24')).toEqual({ code: 0, stdout: '', stderr: 'no such routes\n' })
  })

  it('explains a prefix with host bits, with exit code 1', async () => {
    expect(await show('routes 10.0.0.1/8')).toMatchObject({
      code: 1,
      stderr: 'godwit: "10.0.0.1/8" has bits set after its length; write 10.0.0.0/8\n',
    })
  })

  it('refuses a limit that is no number, with exit code 2', async () => {
    expect(await show('routes --limit many')).toMatchObject({ code: 2, stdout: '' })
  })

  it('prints 20,000 rows', async () => {
    views.routeList = Array.from({ length: 20_000 }, (_, at) =>
      sampleRoute({ prefix: `10.${at >> 8}.${at & 255}.0/24` }),
    )
    const { code, stdout } = await show('routes')
    expect(code).toBe(0)
    expect(stdout.split('\n')).toHaveLength(20_002)
  })

  it.each([['routes'], ['routes --json']])('%s fails when the daemon breaks off in the middle', async words => {
    views.routeList = {
      *[Symbol.iterator]() {
        for (let at = 0; at < 5000; at++) yield sampleRoute()
        throw new Error('gone')
      },
    }
    const { code, stderr } = await show(words)
    expect(code).toBe(3)
    expect(stderr).toBe(
      `godwit: the daemon at ${socket} broke off in the middle of its answer; look at its log, then ask again\n`,
    )
  })
})

describe('godwit show nexthops', () => {
  it('prints a line a next hop', async () => {
    expect((await show('nexthops')).stdout).toBe(
      [
        'NEXT-HOP     STATE        VIA          METRIC  CONNECTED  INTERFACE  LINK-LOCAL',
        '10.0.0.254   reachable    10.0.0.0/24  0       yes        eth0       -',
        '2001:db8::2  unreachable  -            -       -          -          fe80::2',
        '',
      ].join('\n'),
    )
  })
})

describe('godwit show kernel', () => {
  it('prints a line a route, with the reason of a refusal', async () => {
    expect((await show('kernel')).stdout).toBe(
      [
        'PREFIX         TYPE       GATEWAY     INTERFACE  METRIC  STATE      AGE   ERROR   REASON',
        '10.1.0.0/16    unicast    10.0.0.254  eth0       0       confirmed  1m5s  -       -',
        '2001:db8::/32  blackhole  -           -          1024    failed     1d1h  EEXIST  File exists',
        '',
      ].join('\n'),
    )
  })
})

describe('godwit explain', () => {
  const explain = (words: string) => godwit(['explain', ...words.split(' '), '--socket', socket])

  it('prints each path with what decided about it, and what each peer is told', async () => {
    expect((await explain('10.1.0.0/16')).stdout).toBe(
      [
        '10.1.0.0/16, ipv4-unicast: 3 paths',
        '',
        '* tor-a: next hop 10.0.0.254 by 10.0.0.0/24 at metric 0, AS path 65001 65010',
        '    import: accepted by tor-in, term 2 (pods): med 5',
        '  node/b ü: next hop 10.0.0.254 by 10.0.0.0/24 at metric 0',
        '    import: accepted by accept-all, otherwise',
        '    lost on local-pref (RFC 4271 9.1.1): LOCAL_PREF 50, against LOCAL_PREF 100 of tor-a',
        '  tor-b: next hop 10.0.0.254, AS path 65001 65010',
        '    import: accepted by tor-in, otherwise',
        '    never a route: a limit of routes is reached',
        '',
        'PEER      TOLD  PATH   PATH-ID  WHY',
        'tor-a     no    tor-a  -        its own route',
        'node/b ü  yes   tor-a  7        accepted by out, term 1: prepend 64512; on its way',
        'tor-b     no    tor-a  -        refused by tor-out, otherwise',
        '',
      ].join('\n'),
    )
  })

  it('hands on the document of the daemon with --json', async () => {
    const { stdout } = await explain('10.1.0.0/16 --peer tor-a --json')
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'godwit/v1',
      kind: 'Explanation',
      item: { family: 'ipv4-unicast' },
    })
  })

  it.each([
    ['10.9.0.0/16', 'there is no path to 10.9.0.0/16; `godwit show routes` lists all'],
    [
      'everything',
      '"everything" is neither a prefix nor an address; write it as 10.0.0.0/8, 2001:db8::/32 or 10.0.0.1',
    ],
  ])('says why not of %s, with exit code 1', async (prefix, line) => {
    expect(await explain(prefix)).toEqual({ code: 1, stdout: '', stderr: `godwit: ${line}\n` })
  })

  it('completes the names of peers', async () => {
    const words = ['--get-yargs-completions', 'godwit', 'explain', '10.1.0.0/16', '--socket', socket, '--peer', 't']
    expect((await godwit(words)).stdout).toBe('tor-a\n')
  })
})

describe('godwit show status', () => {
  it('prints the speaker as a whole', async () => {
    expect((await show('status')).stdout).toBe(
      [
        'Version:         1.2.3 on Node.js v20.20.2, process 4711',
        'AS:              64512',
        'Router id:       10.0.0.1',
        'Cluster id:      10.0.0.1',
        'Up:              1d0h, since 2026-01-02T03:04:05.000Z',
        'Peers:           1 Active, 1 Established',
        'Peer ranges:     nodes: 12 of at most 5000, 2 reset over malformed updates',
        'Refused:         stranger: 7',
        'Tables:          ipv4-unicast: 2 prefixes, 3 paths',
        '                 ipv6-unicast: 0 prefixes, 0 paths',
        'Attribute sets:  2',
        'Update groups:   ibgp-clients: 1 peers, 4096 octets in its log',
        'Kernel:          rtnetlink: up',
        '                 1 confirmed, 0 desired, 0 pending, 1 failed, 0 conflict',
        'Configuration:   /etc/godwit/godwit.yaml, read at 2026-01-02T03:04:05.000Z',
        '                 last reload 2026-01-02T04:00:00.000Z: refused: unknown key',
        '',
      ].join('\n'),
    )
  })
})

describe('the socket', () => {
  it('may be named by GODWIT_SOCKET', async () => {
    expect((await godwit(['show', 'status'], { env: { GODWIT_SOCKET: socket } })).code).toBe(0)
  })

  it('that does not exist is exit code 3 and a sentence', async () => {
    expect(await godwit(['show', 'peers', '--socket', '/nowhere/x.sock'])).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'godwit: cannot reach the daemon at /nowhere/x.sock: there is no such socket; start it with `godwit run --config FILE`, or name its socket with --socket\n',
    })
  })

  it.each([
    ['says something else', 'SSH-2.0-other\r\n', /is this the socket of a godwit daemon/],
    ['speaks another HTTP', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}', /does not speak godwit\/v1/],
    ['hangs up', '', /it closed the connection/],
  ])('of a program that %s is exit code 3 and a sentence', async (_what, words, sentence) => {
    const path = join(directory, 'other.sock')
    const other = await listen(path, words)
    const { code, stderr } = await godwit(['show', 'peers', '--socket', path])
    other.close()
    expect(code).toBe(3)
    expect(stderr).toMatch(sentence)
    expect(stderr.trimEnd()).not.toContain('\n')
  })
})

describe('completion', () => {
  it('offers the names of peers from the daemon', async () => {
    const words = ['--get-yargs-completions', 'godwit', 'show', 'peers', 't']
    expect((await godwit(words, { env: { GODWIT_SOCKET: socket } })).stdout).toBe('tor-a\n')
  })

  it('offers commands', async () => {
    const { stdout } = await godwit(['--get-yargs-completions', 'godwit', 'show', ''])
    expect(stdout).toContain('routes')
  })

  it('offers what it knows when there is no daemon', async () => {
    const words = ['--get-yargs-completions', 'godwit', 'show', 'peers', '--w']
    expect((await godwit(words, { env: { GODWIT_SOCKET: '/nowhere' } })).stdout).toContain('--wide')
  })
})

function listen(path: string, words: string): Promise<Server> {
  return new Promise(resolve => {
    const other = createServer(connection => {
      connection.on('error', () => {})
      connection.once('data', () => connection.end(words))
    })
    other.listen(path, () => resolve(other))
  })
}
