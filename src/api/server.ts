/**
 * The control API: HTTP and JSON on a unix socket; who may open the socket file (mode 0660) may use all of it. Each request is looked up in the route
 * table (endpoints.ts); short answers are sent at once, lists are streamed in slices (stream.ts). Started and stopped by src/daemon.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Controls } from './controls.ts'
import type { Answer, Context, Endpoint, Refusal } from './endpoint.ts'
import { ENDPOINTS } from './endpoints.ts'
import {
  closeServer,
  createHttpServer,
  type FailureListener,
  methodNotAllowed,
  type RunningServer,
  sendError,
  sendJson,
} from './http.ts'
import { streamList } from './stream.ts'
import { listenOnUnixSocket } from './unix-socket.ts'
import type { Views } from './views.ts'

export type { FailureListener, RunningServer } from './http.ts'

export interface ApiServerOptions {
  readonly socketPath: string
  readonly views: Views
  /** Absent: nothing can be changed through this socket. */
  readonly controls?: Controls
  /** Version of the daemon, for the OpenAPI page. */
  readonly version: string
  /** Told about exceptions of the views; the server itself goes on. */
  readonly onFailure?: FailureListener
}

/** Listens. Rejects with a StartError (codes `api-socket-…`) when the socket cannot be had. */
export async function startApiServer(options: ApiServerOptions): Promise<RunningServer> {
  const { views, controls, version } = options
  const context: Context = { views, version, ...(controls !== undefined && { controls }) }
  const server = createHttpServer(
    (request, response) => serve(context, request, response),
    options.onFailure ?? (() => {}),
  )
  await listenOnUnixSocket(server, options.socketPath)
  return { address: options.socketPath, close: () => closeServer(server) }
}

async function serve(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = dispatch(context, request)
  switch (answer.type) {
    case 'document':
      return sendJson(response, 200, answer.body)
    case 'list':
      return streamList(response, answer)
    case 'refusal':
      return sendError(response, answer)
    default:
      return answer satisfies never
  }
}

/** Finds the row of the table, takes the query apart and asks. Touches no socket. */
function dispatch(context: Context, { url = '/', method }: IncomingMessage): Answer {
  const [path = '/', search = ''] = splitOnce(url, '?')
  const found = findEndpoint(path)
  if (found === undefined) {
    const message = `there is no ${path.slice(0, 200)}`
    return refuse(404, 'endpoint-not-found', message, 'GET /v1/openapi.json lists what there is')
  }
  if (found.endpoint.method !== method) return methodNotAllowed(method, found.endpoint.method)
  if (found.name === undefined)
    return refuse(400, 'invalid-path', 'the path is not valid percent-encoding', 'encode it as UTF-8')
  const query: Record<string, string> = Object.create(null)
  for (const [key, value] of new URLSearchParams(search)) {
    if (key in query) return refuse(400, 'invalid-query', `${key} is given twice`, 'give it once')
    query[key] = value
  }
  return found.endpoint.answer(context, found.name, query)
}

function refuse(status: number, code: string, message: string, hint: string): Refusal {
  return { type: 'refusal', status, code, message, hint }
}

/** `name` is the variable segment, '' when the path has none, undefined when it cannot be decoded. */
function findEndpoint(path: string): { endpoint: Endpoint; name: string | undefined } | undefined {
  const exact = ENDPOINTS.find(row => row.path === path)
  if (exact !== undefined) return { endpoint: exact, name: '' }
  const slash = path.lastIndexOf('/')
  const last = path.slice(slash + 1)
  const variable = ENDPOINTS.find(row => row.path === `${path.slice(0, slash)}/{name}`)
  return variable === undefined || last === '' ? undefined : { endpoint: variable, name: decodeSegment(last) }
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
