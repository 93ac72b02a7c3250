import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../../src/cli/commands/index.ts'
import type { RunningDaemon } from '../../../src/cli/context.ts'
import { formatProblem, type Problem } from '../../../src/config/problem.ts'
import type { Config, ConfigResult } from '../../../src/config/types.ts'
import { StartError } from '../../../src/observe/start-error.ts'
import { ACCEPT_ALL } from '../../../src/policy/policy.ts'
import { godwit } from './terminal.ts'

const SELECTION = {
  alwaysCompareMed: false,
  missingMedAsWorst: false,
  preferOlder: false,
  multipath: { ebgp: 1, ibgp: 1 },
}
const CONFIG: Config = {
  speaker: { asn: 64512, routerId: 0x0a000001, listen: [], holdTimeS: 90, connectRetryS: 5, selection: SELECTION },
  reflector: { clusterId: 0x0a000001, clientToClient: true },
  policies: new Map([['tor-in', ACCEPT_ALL]]),
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
    auditS: 0,
    learn: false,
    resolveNextHops: false,
    direct: [],
  },
  datastore: { type: 'none' },
  api: {},
  log: { level: 'info' },
}

const PROBLEM: Problem = {
  file: 'godwit.yaml',
  line: 3,
  column: 8,
  path: 'speaker.asn',
  message: 'is not a number',
  hint: 'write 1 to 4294967295',
  code: 'bad-asn',
}
const LINE = 'godwit.yaml:3:8 speaker.asn: is not a number; write 1 to 4294967295 [bad-asn]'

const VALID: ConfigResult = { ok: true, config: CONFIG, warnings: [] }
const INVALID: ConfigResult = { ok: false, problems: [PROBLEM], warnings: [] }

const load = (result: ConfigResult) => ({ loadConfig: async () => result })

describe('godwit --version', () => {
  it('prints the version alone', async () => {
    expect(await godwit(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' })
  })
})

describe('godwit --help', () => {
  it('lists every command, examples and exit codes on standard output', async () => {
    const { code, stdout, stderr } = await godwit(['--help'])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    for (const { usage, summary } of COMMANDS) expect(stdout).toMatch(new RegExp(`${usage.split(' ')[0]}.*${summary}`))
    expect(stdout).toContain('Examples:')
    expect(stdout).toContain('Exit codes:')
  })

  it.each([
    'run',
    'check',
    'show',
    'show peers',
    'show routes',
    'show kernel',
    'show nexthops',
    'show status',
    'explain',
    'reload',
    'schema',
  ])('explains %s with an example', async words => {
    const { code, stdout } = await godwit([...words.split(' '), '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`godwit ${words}`)
    expect(stdout).toContain('Examples:')
  })
})

describe('a usage error', () => {
  it.each([
    ['', 'say what to do; see `godwit --help`'],
    ['shwo', 'did you mean show?; see `godwit --help`'],
    ['show', 'say which: status, peers, routes, nexthops, kernel; see `godwit show --help`'],
    ['show everything', 'unknown argument: everything; see `godwit show --help`'],
    ['show peers --jsno', 'unknown argument: jsno; see `godwit show --help`'],
    ['show peers a b', 'unknown argument: b; see `godwit show --help`'],
    ['run', 'missing required argument: config; see `godwit run --help`'],
    ['run --config', 'not enough arguments following: config; see `godwit run --help`'],
    ['check', 'name one configuration file; for example `godwit check godwit.yaml`'],
    ['check a --config b', 'name one configuration file; for example `godwit check godwit.yaml`'],
  ])('of "godwit %s" is exit code 2 and one line', async (words, line) => {
    const argv = words === '' ? [] : words.split(' ')
    expect(await godwit(argv)).toEqual({ code: 2, stdout: '', stderr: `godwit: ${line}\n` })
  })

  it('with a choice lists the choices on the same line', async () => {
    const { code, stderr } = await godwit(['show', 'routes', '--family', 'ipx'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^godwit: .*family.*ipx.*ipv4.*ipv6.*\n$/)
    expect(stderr).not.toContain('\\u')
  })
})

describe('godwit check', () => {
  it('sums up a valid configuration in one line', async () => {
    expect(await godwit(['check', 'godwit.yaml'], { programs: load(VALID) })).toEqual({
      code: 0,
      stderr: '',
      stdout:
        'godwit.yaml: valid: AS 64512, router id 10.0.0.1, route reflector, 0 peers, 1 policy, 0 static routes, kernel backend none\n',
    })
  })

  it('prints one line a problem with its place and what to do, exit code 1', async () => {
    expect(LINE).toBe(formatProblem(PROBLEM))
    expect(await godwit(['check', 'godwit.yaml'], { programs: load(INVALID) })).toEqual({
      code: 1,
      stdout: `${LINE}\n`,
      stderr: '',
    })
  })

  it('takes the file as --config too', async () => {
    let asked = ''
    const programs = {
      loadConfig: async (path: string) => {
        asked = path
        return VALID
      },
    }
    await godwit(['check', '-c', '123'], { programs })
    expect(asked).toBe('123')
  })

  it('prints warnings beside the verdict', async () => {
    const programs = load({ ...VALID, warnings: [PROBLEM] })
    const { code, stdout } = await godwit(['check', 'godwit.yaml'], { programs })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^warning: godwit\.yaml:3:8 .*\ngodwit\.yaml: valid: .*\n$/)
  })

  it('prints one document for --json', async () => {
    const { code, stdout } = await godwit(['check', 'godwit.yaml', '--json'], { programs: load(INVALID) })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual({
      schema: 'godwit/v1',
      kind: 'CheckResult',
      file: 'godwit.yaml',
      ok: false,
      problems: [PROBLEM],
      warnings: [],
    })
  })
})

describe('godwit schema', () => {
  it('prints the JSON Schema of the configuration', async () => {
    const programs = { configSchema: async () => ({ type: 'object' }) }
    expect(JSON.parse((await godwit(['schema'], { programs })).stdout)).toEqual({ type: 'object' })
  })
})

describe('godwit completion', () => {
  it('prints a shell script', async () => {
    const { code, stdout } = await godwit(['completion'])
    expect(code).toBe(0)
    expect(stdout).toContain('complete -o bashdefault -o default -F')
  })
})

describe('godwit run', () => {
  const RUN = ['run', '--config', 'godwit.yaml']

  /** A daemon that ends with `code` when it is stopped. */
  function daemon(code: number) {
    let finish: (code: number) => void = () => {}
    const stops: string[] = []
    const reloads: number[] = []
    const running: RunningDaemon = {
      finished: new Promise(resolve => {
        finish = resolve
      }),
      async stop(reason) {
        stops.push(reason)
        finish(code)
      },
      reload() {
        reloads.push(stops.length)
      },
    }
    return { running, stops, reloads }
  }

  it('prints what is wrong with the configuration and starts nothing', async () => {
    expect(await godwit(RUN, { programs: load(INVALID) })).toEqual({ code: 1, stdout: '', stderr: `${LINE}\n` })
  })

  it('runs until a signal stops the daemon, and ends with its exit code', async () => {
    const { running, stops } = daemon(0)
    let started: unknown
    let isUnsubscribed = false
    const { code } = await godwit(RUN, {
      programs: {
        ...load(VALID),
        runDaemon: async (config, options) => {
          started = [config, options]
          return running
        },
        onStopSignal(listener) {
          setImmediate(() => listener('SIGTERM'))
          return () => {
            isUnsubscribed = true
          }
        },
      },
    })
    expect(started).toEqual([CONFIG, { configPath: 'godwit.yaml', version: '1.2.3' }])
    expect(stops).toEqual(['SIGTERM'])
    expect(code).toBe(0)
    expect(isUnsubscribed).toBe(true)
  })

  it('reloads on SIGHUP, once more when it came while the daemon was starting, and not after the end', async () => {
    const { running, reloads } = daemon(0)
    const hangUps = new Set<() => void>()
    const hangUp = () => {
      for (const listener of hangUps) listener()
    }
    const { code } = await godwit(RUN, {
      programs: {
        ...load(VALID),
        async runDaemon() {
          hangUp()
          hangUp()
          return running
        },
        onReloadSignal(listener) {
          hangUps.add(listener)
          return () => hangUps.delete(listener)
        },
        onStopSignal(listener) {
          setImmediate(hangUp)
          setImmediate(() => listener('SIGTERM'))
          return () => {}
        },
      },
    })
    expect(code).toBe(0)
    expect(reloads).toEqual([0, 0])
    expect(hangUps.size).toBe(0)
  })

  it('does not wait for a daemon that cannot stop when the signal comes twice', async () => {
    const hanging: RunningDaemon = { finished: new Promise(() => {}), stop: () => new Promise(() => {}), reload() {} }
    const { code } = await godwit(RUN, {
      programs: {
        ...load(VALID),
        runDaemon: async () => hanging,
        onStopSignal(listener) {
          setImmediate(() => listener('SIGINT'))
          setImmediate(() => listener('SIGINT'))
          return () => {}
        },
      },
    })
    expect(code).toBe(1)
  })

  it.each([
    ['of ours', new StartError('listen-in-use', 'port 179 is in use', 'stop the other daemon')],
    ['of another part', Object.assign(new Error('port 179 is in use'), { code: 'x', hint: 'stop the other daemon' })],
  ])('prints a start error %s as one line with what to do', async (_whose, error) => {
    const programs = {
      ...load(VALID),
      runDaemon: async () => {
        throw error
      },
    }
    expect(await godwit(RUN, { programs })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'godwit: port 179 is in use; stop the other daemon\n',
    })
  })

  it('shows the stack of an unexpected exception only when GODWIT_TRACE is set', async () => {
    const programs = {
      loadConfig: async () => {
        throw new TypeError('x is not a function')
      },
    }
    const plain = await godwit(RUN, { programs })
    expect(plain.code).toBe(1)
    expect(plain.stderr).toBe(
      'godwit: unexpected: x is not a function; set GODWIT_TRACE=1 to see where, and report it\n',
    )
    const traced = await godwit(RUN, { programs, env: { GODWIT_TRACE: '1' } })
    expect(traced.stderr).toContain('command-line.test.ts')
  })
})
