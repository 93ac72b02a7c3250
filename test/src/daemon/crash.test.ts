import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { withTemporaryDirectory } from '../api/unix-client.ts'

const ROOT = new URL('../../../', import.meta.url).pathname

it('an exception in the core ends the process within a second, non-zero, with its stack in the log', async () => {
  await withTemporaryDirectory(async directory => {
    const path = join(directory, 'godwit.yaml')
    const config = (statics: string) => `speaker: { asn: 64512, routerId: 10.0.0.1, listen: [] }
api: { socket: ${join(directory, 'godwit.sock')} }
statics: [${statics}]
`
    writeFileSync(path, config(''))
    const imports = ['--import', 'tsx', '--import', './test/support/throw-in-core.ts']
    const argv = [...imports, 'src/bin/godwit.ts', 'run', '--config', path]
    const daemon = spawn(process.execPath, argv, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '' } })
    try {
      let log = ''
      daemon.stdout.on('data', piece => {
        log += piece
      })
      while (!log.includes('"event":"started"')) await once(daemon.stdout, 'data')
      writeFileSync(path, config('{ prefix: 192.0.2.0/24, blackhole: true }'))
      const before = performance.now()
      daemon.kill('SIGHUP')
      expect(await once(daemon, 'exit')).toEqual([1, null])
      expect(performance.now() - before).toBeLessThan(1000)
      const lines = log.split('\n').filter(line => line.includes('"event":"crash"'))
      expect(lines.length).toBe(1)
      expect(lines[0]).toContain('planted in the core')
      expect(lines[0]).toContain('throw-in-core.ts')
    } finally {
      daemon.kill('SIGKILL')
    }
  })
}, 30_000)
