/** Without listeners, sockets and peers nothing kept the event loop, and Node ended the process with exit code 13 once the warm-up was over. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { withTemporaryDirectory } from '../src/api/unix-client.ts'

const ROOT = new URL('../../', import.meta.url).pathname
/** Several times what the warm-up takes, and Node to give up after it. */
const WATCH_MS = 4000

it('a speaker without listener, socket and peers stays until it is told to go', async () => {
  await withTemporaryDirectory(async directory => {
    const path = join(directory, 'godwit.yaml')
    writeFileSync(path, 'speaker: { asn: 64512, routerId: 10.0.0.1, listen: [] }\n')
    const argv = ['--import', 'tsx', 'src/bin/godwit.ts', 'run', '--config', path]
    const daemon = spawn(process.execPath, argv, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '' } })
    try {
      const ended = once(daemon, 'exit')
      let log = ''
      daemon.stdout.on('data', piece => {
        log += piece
      })
      while (!log.includes('"event":"started"')) await once(daemon.stdout, 'data')
      expect(await Promise.race([ended, pause(WATCH_MS, 'still here')])).toBe('still here')
      daemon.kill('SIGTERM')
      expect(await ended).toEqual([0, null])
    } finally {
      daemon.kill('SIGKILL')
    }
  })
}, 30_000)
