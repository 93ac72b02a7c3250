/** The demo itself, as a user runs it, small: in memory anywhere, in namespaces where this machine allows. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadLibc } from '../../src/sys/libc.ts'
import { hasBuild } from '../support/lab-interop.ts'

const GODWIT = fileURLToPath(new URL('../../dist/src/bin/godwit.js', import.meta.url))
const canEnter = loadLibc().isLoaded && process.getuid?.() === 0

interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

function demo(...args: readonly string[]): Promise<Outcome> {
  return new Promise(resolve => {
    const child = execFile(process.execPath, [GODWIT, 'lab', 'demo', ...args], (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr })
    })
  })
}

if (!hasBuild) console.log('demo.test.ts is skipped: godwit is not built (npm run build)')
if (!canEnter) console.log('demo.test.ts runs in memory only: not root, or no koffi')

const WAYS = canEnter ? [['in memory', '--memory'], ['in namespaces']] : [['in memory', '--memory']]

describe.skipIf(!hasBuild && !process.env['CI'])('the demo', () => {
  it.each(WAYS)('verifies every route of both topologies, %s', async (_way, ...flags) => {
    const { exitCode, stdout, stderr } = await demo('--json', '--scale', '12', ...flags)
    expect(exitCode, stderr).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ schema: 'godwit/v1', kind: 'DemoReport' })
    const names = report.topologies.map((one: { topology: string }) => one.topology)
    expect(names).toEqual(['full mesh', 'route reflectors'])
    expect(stderr.split('\n').filter(line => line.length > 80)).toEqual([])
  })

  it('refuses a scale that is no number, with what to write and exit code 2', async () => {
    const { exitCode, stderr } = await demo('--scale', 'many')
    expect(exitCode).toBe(2)
    expect(stderr).toContain('--scale is not a number of routes')
  })
})
