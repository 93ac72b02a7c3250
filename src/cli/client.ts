/**
 * The client of the control API: one request on the unix socket. A list comes one item a line (src/api/stream.ts), so it is read with constant memory. Every way
 * of not reaching the daemon is one sentence with what to do. The schemas are only known as types here: an answer is believed when it names the schema and
 * kind asked for. Called by the commands.
 */
import { type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'
import type { ErrorDocument, SCHEMA_NAME } from '../api/schema.ts'
import { DEFAULT_SOCKET } from '../config/types.ts'
import { CliError, ExitCode } from './context.ts'

const EXPECTED_SCHEMA: typeof SCHEMA_NAME = 'godwit/v1'
/** So long the daemon may say nothing. */
const PATIENCE_MS = 10_000

export interface Request {
  readonly socket: string
  /** With the query, if any. */
  readonly path: string
  /** The kind of document expected. */
  readonly kind: string
  readonly patienceMs?: number
  /** Default GET. */
  readonly method?: 'GET' | 'POST'
}

/** The option, or GODWIT_SOCKET, or the default. */
export function socketPath(option: unknown, env: Readonly<Record<string, string | undefined>>): string {
  if (typeof option === 'string' && option !== '') return option
  return env['GODWIT_SOCKET'] || DEFAULT_SOCKET
}

/** `/v1/routes?family=…`; undefined and false are left out. */
export function pathWithQuery(
  path: string,
  query: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== false) search.set(key, String(value))
  }
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}

/** The answer exactly as it came, piece by piece. */
export async function* readText(ask: Request): AsyncGenerator<string> {
  const response = await open(ask)
  response.setEncoding('utf8')
  try {
    for await (const piece of response) yield String(piece)
  } catch (error) {
    throw brokenOff(ask, error)
  }
  if (!response.complete) throw brokenOff(ask)
}

/** The `item` of a document that holds one thing. */
export async function readItem<Item>(ask: Request): Promise<Item> {
  let text = ''
  for await (const piece of readText(ask)) text += piece
  const document = parseJson(text, ask)
  checkKind(document, ask)
  if (!('item' in document)) throw notUnderstood(ask)
  return document.item as Item
}

/** The items of a list, one at a time. */
export async function* readList<Item>(ask: Request): AsyncGenerator<Item> {
  const response = await open(ask)
  const lines = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })
  let stage: 'head' | 'items' | 'done' = 'head'
  try {
    for await (const line of lines) {
      if (stage === 'head') {
        checkKind(parseJson(`${line}]}`, ask), ask)
        stage = 'items'
      } else if (line.startsWith(']')) {
        stage = 'done'
      } else {
        yield parseJson(line.endsWith(',') ? line.slice(0, -1) : line, ask) as Item
      }
    }
  } catch (error) {
    throw error instanceof CliError ? error : brokenOff(ask, error)
  } finally {
    lines.close()
    response.destroy()
  }
  if (stage !== 'done') throw brokenOff(ask)
}

async function open(ask: Request): Promise<IncomingMessage> {
  const response = await send(ask)
  if (response.statusCode === 200) return response
  let text = ''
  response.setEncoding('utf8')
  for await (const piece of response) text += String(piece)
  throw refusal(text, ask)
}

function send(ask: Request): Promise<IncomingMessage> {
  const { socket, path, method = 'GET', patienceMs = PATIENCE_MS } = ask
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: socket, path, method, agent: false, timeout: patienceMs })
    outgoing.once('response', resolve)
    outgoing.on('timeout', () => outgoing.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })))
    outgoing.on('error', error => reject(unreachable(error, socket)))
    outgoing.end()
  })
}

/** What the daemon said, as it said it. */
function refusal(text: string, ask: Request): CliError {
  const document = parseJson(text, ask)
  if (typeof document !== 'object' || document === null || !('error' in document)) return notUnderstood(ask)
  const { message, hint } = (document as ErrorDocument).error
  return new CliError(ExitCode.refused, message, hint)
}

const UNREACHABLE: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['there is no such socket', 'start it with `godwit run --config FILE`, or name its socket with --socket'],
  ECONNREFUSED: ['nobody listens there', 'the daemon has ended: look at its log and start it again'],
  EACCES: ['not permitted', "run this as root or as a member of the socket's group"],
  EPERM: ['not permitted', "run this as root or as a member of the socket's group"],
  ENOTSOCK: ['it is not a socket', 'name the socket of the daemon with --socket'],
  ETIMEDOUT: ['it does not answer', 'look at its log and at the load of the machine'],
  ECONNRESET: ['it closed the connection', 'too many clients may be asking at once; try again'],
}

function unreachable(cause: Error, socket: string): CliError {
  const code = 'code' in cause ? String(cause.code) : ''
  const [why, hint] = UNREACHABLE[code] ?? [cause.message, 'is this the socket of a godwit daemon?']
  return new CliError(ExitCode.unreachable, `cannot reach the daemon at ${socket}: ${why}`, hint, { cause })
}

function brokenOff(ask: Request, cause?: unknown): CliError {
  const message = `the daemon at ${ask.socket} broke off in the middle of its answer`
  return new CliError(ExitCode.unreachable, message, 'look at its log, then ask again', { cause })
}

function notUnderstood(ask: Request): CliError {
  const message = `what answers on ${ask.socket} does not speak ${EXPECTED_SCHEMA}`
  return new CliError(ExitCode.unreachable, message, 'is it a godwit daemon of the same version?')
}

function parseJson(text: string, ask: Request): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw notUnderstood(ask)
  }
}

function checkKind(document: unknown, ask: Request): asserts document is object {
  const isExpected =
    typeof document === 'object' &&
    document !== null &&
    'schema' in document &&
    document.schema === EXPECTED_SCHEMA &&
    'kind' in document &&
    document.kind === ask.kind
  if (!isExpected) throw notUnderstood(ask)
}
