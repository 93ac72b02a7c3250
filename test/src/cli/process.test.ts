import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

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
})
