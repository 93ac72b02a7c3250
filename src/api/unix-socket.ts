/**
 * Listening on a unix socket that a crashed predecessor may have left behind. The file mode is the authentication, as with BIRD's control socket: 0660 from
 * the first moment, by umask around the bind, so that no one slips in before a chmod. A file in the way is removed only if it is a socket nobody answers on.
 * Everything that can go wrong is a StartError with one sentence and a stable code. Called by server.ts.
 */
import { lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname } from 'node:path'
import { StartError } from '../observe/start-error.ts'

/** sun_path of Linux holds 108 octets with the closing zero. */
const MAX_PATH_OCTETS = 107
const PROBE_MS = 1000
/** 0777 without this is 0660. */
const SOCKET_UMASK = 0o117

/** Binds `server` to the socket file `path`, mode 0660, creating the parent directory. Rejects with StartError. */
export async function listenOnUnixSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_PATH_OCTETS) {
    throw new StartError(
      'api-socket-path-too-long',
      `the socket path ${path} is longer than ${MAX_PATH_OCTETS} octets`,
      'choose a shorter api.socket',
    )
  }
  makeParent(path)
  await clearStale(path)
  await bind(server, path)
}

function makeParent(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  } catch (error) {
    throw describe(error, path, `cannot create the directory ${dirname(path)}`)
  }
}

async function clearStale(path: string): Promise<void> {
  const kind = kindOf(path)
  if (kind === 'absent') return
  if (kind === 'other') {
    throw new StartError(
      'api-socket-not-a-socket',
      `${path} exists and is not a socket`,
      'move that file away or choose another api.socket',
    )
  }
  const answer = await probe(path)
  if (answer === 'alive') throw inUse(path)
  if (answer !== 'stale') throw describe(answer, path, `cannot tell whether ${path} is in use`)
  try {
    unlinkSync(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw describe(error, path, `cannot remove the stale socket ${path}`)
  }
}

function kindOf(path: string): 'absent' | 'socket' | 'other' {
  try {
    return lstatSync(path).isSocket() ? 'socket' : 'other'
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'absent'
    throw describe(error, path, `cannot look at ${path}`)
  }
}

/** Connects once. A full backlog or silence means that somebody is there. */
function probe(path: string): Promise<'alive' | 'stale' | Error> {
  return new Promise(resolve => {
    const socket = connect(path)
    const settle = (answer: 'alive' | 'stale' | Error) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(PROBE_MS, () => settle('alive'))
    socket.once('connect', () => settle('alive'))
    socket.once('error', error => {
      const code = codeOf(error)
      if (code === 'ECONNREFUSED' || code === 'ENOENT') settle('stale')
      else settle(code === 'EAGAIN' ? 'alive' : error)
    })
  })
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => reject(describe(error, path, `cannot listen on ${path}`))
    server.once('error', refuse)
    const before = process.umask(SOCKET_UMASK)
    try {
      server.listen(path, () => {
        server.off('error', refuse)
        resolve()
      })
    } finally {
      process.umask(before)
    }
  })
}

function inUse(path: string): StartError {
  return new StartError(
    'api-socket-in-use',
    `another process answers on ${path}`,
    'stop the other daemon or choose another api.socket',
  )
}

function describe(cause: unknown, path: string, what: string): StartError {
  const code = codeOf(cause)
  if (code === 'EADDRINUSE') return inUse(path)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const why = code === 'EROFS' ? 'the file system is read-only' : 'not permitted'
    return new StartError('api-socket-not-permitted', `${what}: ${why}`, 'choose an api.socket this user may write', {
      cause,
    })
  }
  return new StartError('api-socket-failed', `${what}: ${code ?? 'unknown error'}`, 'check the path in api.socket', {
    cause,
  })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
