import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startApiServer } from '../../../src/api/server.ts'
import { SampleViews } from './sample-views.ts'
import { fetchUnix, withTemporaryDirectory } from './unix-client.ts'

function start(socketPath: string) {
  return startApiServer({ socketPath, views: new SampleViews(), version: '1.2.3' })
}

/** A socket file that nobody listens on, as a killed daemon leaves it: bound by a process that ends without closing. */
function leaveStaleSocket(path: string): void {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', script])
}

describe('the socket file', () => {
  it('may be used by owner and group only, whatever the umask, and its directory is created', async () => {
    await withTemporaryDirectory(async directory => {
      const path = join(directory, 'run', 'godwit', 'godwit.sock')
      const before = process.umask(0)
      try {
        const server = await start(path)
        expect(statSync(path).mode & 0o777).toBe(0o660)
        expect(process.umask()).toBe(0)
        await server.close()
      } finally {
        process.umask(before)
      }
    })
  })

  it('is gone after the server has closed', async () => {
    await withTemporaryDirectory(async directory => {
      const path = join(directory, 'godwit.sock')
      const server = await start(path)
      expect(existsSync(path)).toBe(true)
      await server.close()
      expect(existsSync(path)).toBe(false)
    })
  })

  it('is replaced when a daemon that was killed has left it', async () => {
    await withTemporaryDirectory(async directory => {
      const path = join(directory, 'godwit.sock')
      leaveStaleSocket(path)
      expect(statSync(path).isSocket()).toBe(true)
      const server = await start(path)
      expect((await fetchUnix(path, '/v1/status')).status).toBe(200)
      await server.close()
    })
  })

  it('is left alone when another daemon answers on it', async () => {
    await withTemporaryDirectory(async directory => {
      const path = join(directory, 'godwit.sock')
      const first = await start(path)
      await expect(start(path)).rejects.toMatchObject({
        code: 'api-socket-in-use',
        message: `another process answers on ${path}`,
        hint: expect.stringContaining('api.socket'),
      })
      expect((await fetchUnix(path, '/v1/status')).status).toBe(200)
      await first.close()
    })
  })

  it('is left alone when another program listens that says nothing', async () => {
    await withTemporaryDirectory(async directory => {
      const path = join(directory, 'other.sock')
      const other = await listen(path)
      await expect(start(path)).rejects.toMatchObject({ code: 'api-socket-in-use' })
      other.close()
    })
  })

  it.each([
    ['a file', (path: string) => writeFileSync(path, 'precious')],
    ['a directory', (path: string) => mkdirSync(path)],
    ['a link', (path: string) => symlinkSync('/nowhere', path)],
  ])('is not put in the place of %s', async (_what, make) => {
    await withTemporaryDirectory(async directory => {
      const path = join(directory, 'thing')
      make(path)
      await expect(start(path)).rejects.toMatchObject({ code: 'api-socket-not-a-socket' })
    })
  })

  it('needs a path the system call can hold', async () => {
    const path = `/tmp/${'x'.repeat(110)}`
    await expect(start(path)).rejects.toMatchObject({ code: 'api-socket-path-too-long' })
  })

  it('says so when its directory cannot be created', async () => {
    await withTemporaryDirectory(async directory => {
      writeFileSync(join(directory, 'file'), '')
      await expect(start(join(directory, 'file', 'godwit.sock'))).rejects.toMatchObject({ code: 'api-socket-failed' })
    })
  })

  it('says so when the directory may not be written', async () => {
    await withTemporaryDirectory(async directory => {
      chmodSync(directory, 0o555)
      await asNobody(async () => {
        await expect(start(join(directory, 'godwit.sock'))).rejects.toMatchObject({ code: 'api-socket-not-permitted' })
      })
    })
  })

  it('says so when a socket of somebody else is in the way', async () => {
    await withTemporaryDirectory(async directory => {
      const path = join(directory, 'godwit.sock')
      leaveStaleSocket(path)
      chmodSync(path, 0o000)
      chmodSync(directory, 0o555)
      await asNobody(async () => {
        await expect(start(path)).rejects.toMatchObject({ code: 'api-socket-not-permitted' })
      })
    })
  })

  it('says so when the system has no room for it there', async () => {
    await expect(start('/proc/godwit.sock')).rejects.toMatchObject({ code: expect.stringMatching(/^api-socket-/) })
  })
})

/** Root may write everywhere, so the superuser steps down for a moment. */
async function asNobody(act: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return act()
  process.seteuid?.(65534)
  try {
    await act()
  } finally {
    process.seteuid?.(0)
  }
}

function listen(path: string): Promise<Server> {
  return new Promise(resolve => {
    const server = createServer(socket => socket.on('error', () => {}))
    server.listen(path, () => resolve(server))
  })
}
