/**
 * What both HTTP servers of the daemon share: limits against slow and greedy clients, short JSON answers, an orderly end. Called by server.ts and
 * metrics-server.ts.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Refusal } from './endpoint.ts'

const MAX_CONNECTIONS = 32
const MAX_HEADER_OCTETS = 8 * 1024
const REQUEST_MS = 10_000
/** A reader that takes nothing for so long is cut off. */
const STALL_MS = 30_000
const GRACE_MS = 500

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/** Told about an exception behind a request: it was answered with 500, or cut off if the answer had begun. */
export type FailureListener = (error: unknown, request: string) => void

export interface RunningServer {
  /** Where it listens: a socket path, or `address:port` with the port really taken. */
  readonly address: string
  /** Refuses new connections, lets answers under way finish for half a second, then cuts them. */
  close(): Promise<void>
}

export function createHttpServer(handler: Handler, onFailure: FailureListener): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_OCTETS,
      requestTimeout: REQUEST_MS,
      headersTimeout: REQUEST_MS,
      keepAliveTimeout: 5000,
    },
    (request, response) => {
      handle(handler, request, response).catch(error => fail(error, request, response, onFailure))
    },
  )
  server.maxConnections = MAX_CONNECTIONS
  server.setTimeout(STALL_MS)
  return server
}

async function handle(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on('error', () => response.destroy())
  request.resume()
  return handler(request, response)
}

/** The refusal of a request whose path is known, but not with this method. */
export function methodNotAllowed(method: string | undefined, allow: string): Refusal {
  const message = `${method ?? ''} is not offered`
  return { type: 'refusal', status: 405, code: 'method-not-allowed', message, hint: `use ${allow}`, allow }
}

function fail(error: unknown, request: IncomingMessage, response: ServerResponse, onFailure: FailureListener): void {
  onFailure(error, `${request.method} ${request.url}`)
  if (response.headersSent) {
    response.destroy()
    return
  }
  sendError(response, {
    type: 'refusal',
    status: 500,
    code: 'internal-error',
    message: 'the daemon failed to answer this request',
    hint: 'its log says why',
  })
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  sendText(response, { status, contentType: 'application/json; charset=utf-8', text: `${JSON.stringify(body)}\n` })
}

export function sendError(response: ServerResponse, refusal: Refusal): void {
  const { code, message, hint, allow } = refusal
  if (allow !== undefined) response.setHeader('allow', allow).setHeader('connection', 'close')
  sendJson(response, refusal.status, { error: { code, message, hint } })
}

export function sendText(
  response: ServerResponse,
  answer: { readonly status: number; readonly contentType: string; readonly text: string },
): void {
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(answer.text)
}

export function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}
