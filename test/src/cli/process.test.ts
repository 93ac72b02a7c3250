import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withTemporaryDirectory } from '../api/unix-client.ts'

const ROOT = new URL('../../../', import.meta.url).pathname

/** The real program in a process of its own. */
function run(...argv: string[]) {
  const env = { ...process.env, NODE_OPTIONS: '' }
  const result = spawnSync(process.execPath, ['--import', 'tsx', 'src/bin/godwit.ts', ...argv], {
    cwd: ROOT,
    encoding: 'utf8',
    env,
  })
  return { code: result.status, stdout: result.stdout, stderr: result.stderr }
}

describe('the program', () => {
  it('knows the version of its package', () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))
    expect(run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('ends with 3 when there is no daemon', () => {
    const { code, stdout, stderr } = run('show', 'peers', '--socket', '/nowhere/x.sock')
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toMatch(/^godwit: cannot reach the daemon at \/nowhere\/x\.sock: .*; .*\n$/)
  })

  it('ends with 2 when it is not understood', () => {
    expect(run('fly').code).toBe(2)
  })

  it('ends with 1 when the configuration cannot be read', () => {
    expect(run('check', '/nowhere/godwit.yaml').code).toBe(1)
  })

  it('reloads on SIGHUP: a bad file is named line by line and changes nothing, a good one is applied', async () => {
    await withTemporaryDirectory(async directory => {
      const path = join(directory, 'godwit.yaml')
      const config = (level: string) => `speaker: { asn: 64512, routerId: 10.0.0.1, listen: [] }
api: { socket: ${join(directory, 'godwit.sock')} }
log: { level: ${level} }
`
      writeFileSync(path, config('info'))
      const argv = ['--import', 'tsx', 'src/bin/godwit.ts', 'run', '--config', path]
      const daemon = spawn(process.execPath, argv, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '' } })
      let log = ''
      daemon.stdout.on('data', piece => {
        log += piece
      })
      const logged = async (text: string) => {
        while (!log.includes(text)) await once(daemon.stdout, 'data')
      }
      await logged('"event":"started"')
      writeFileSync(path, config('loud'))
      daemon.kill('SIGHUP')
      await logged(`${path}:3:15 log.level: `)
      await logged('"event":"reload-refused"')
      writeFileSync(path, config('debug'))
      daemon.kill('SIGHUP')
      await logged('reloaded: log.level changed; 0 peers untouched')
      const socket = join(directory, 'godwit.sock')
      expect(run('reload', '--socket', socket)).toEqual({
        code: 0,
        stderr: '',
        stdout: 'applied: nothing changes; 0 peers untouched\n',
      })
      expect(run('show', 'status', '--socket', socket).stdout).toContain(': done: nothing changes; 0 peers untouched')
      daemon.kill('SIGTERM')
      expect(await once(daemon, 'exit')).toEqual([0, null])
    })
  }, 30_000)
})
