/**
 * The only TCP port beside BGP: `/metrics` for Prometheus, `/healthz` (the event loop turns) and `/readyz` (traffic may be sent this way). On a loopback
 * address a request must name it by number or as localhost, so that a web page cannot read it by DNS rebinding. Started and stopped by src/daemon.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { StartError } from '../observe/start-error.ts'
import {
  closeServer,
  createHttpServer,
  type FailureListener,
  methodNotAllowed,
  type RunningServer,
  sendError,
  sendJson,
  sendText,
} from './http.ts'
import type { Views } from './views.ts'

/** A heartbeat older than this means that the loop was held, or that its timers do not run. */
const BEAT_MS = 1000
const STALE_BEAT_MS = 5000

/** A page of metrics in the Prometheus text format, built when it is asked for. */
export interface MetricsPage {
  readonly contentType: string
  text(): Promise<string>
}

export interface MetricsServerOptions {
  readonly address: string
  /** 0: any free port, told by `address` of the running server. */
  readonly port: number
  readonly metrics: MetricsPage
  readonly views: Views
  readonly onFailure?: FailureListener
}

/** Listens. Rejects with a StartError (codes `metrics-address-…`) when the address cannot be had. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<RunningServer> {
  let lastBeat = performance.now()
  const heart = setInterval(() => {
    lastBeat = performance.now()
  }, BEAT_MS)
  heart.unref()
  const isLoopback = options.address === '::1' || options.address.startsWith('127.')
  const server = createHttpServer(
    (request, response) => {
      if (request.method !== 'GET') return sendError(response, methodNotAllowed(request.method, 'GET'))
      if (isLoopback && !namesLoopback(request)) return refuseHost(response)
      return serve(options, performance.now() - lastBeat, request, response)
    },
    options.onFailure ?? (() => {}),
  )
  try {
    await listen(server, options)
  } catch (error) {
    clearInterval(heart)
    throw error
  }
  const close = () => {
    clearInterval(heart)
    return closeServer(server)
  }
  return { address: addressText(server, options), close }
}

async function serve(
  options: MetricsServerOptions,
  beatAgeMs: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path] = (request.url ?? '/').split('?')
  switch (path) {
    case '/metrics': {
      const text = await options.metrics.text()
      return sendText(response, { status: 200, contentType: options.metrics.contentType, text })
    }
    case '/healthz': {
      const alive = beatAgeMs < STALE_BEAT_MS
      return sendJson(response, alive ? 200 : 503, { alive, heartbeatAgeMs: Math.round(beatAgeMs) })
    }
    case '/readyz': {
      const readiness = options.views.readiness()
      return sendJson(response, readiness.ready ? 200 : 503, readiness)
    }
    default: {
      const hint = 'there are /metrics, /healthz and /readyz'
      return sendError(response, {
        type: 'refusal',
        status: 404,
        code: 'endpoint-not-found',
        message: 'no such page',
        hint,
      })
    }
  }
}

function namesLoopback(request: IncomingMessage): boolean {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return host === 'localhost' || isIP(host) !== 0
}

function refuseHost(response: ServerResponse): void {
  const message = 'this port is for the machine itself'
  const hint = 'ask it as 127.0.0.1 or localhost'
  sendError(response, { type: 'refusal', status: 403, code: 'host-not-allowed', message, hint })
}

function listen(server: Server, { address, port }: MetricsServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => reject(describe(error, `${address}:${port}`))
    server.once('error', refuse)
    server.listen(port, address, () => {
      server.off('error', refuse)
      resolve()
    })
  })
}

function describe(cause: NodeJS.ErrnoException, where: string): StartError {
  const what = `cannot serve metrics on ${where}`
  switch (cause.code) {
    case 'EADDRINUSE':
      return new StartError('metrics-address-in-use', `${what}: the address is in use`, 'choose another api.metrics', {
        cause,
      })
    case 'EACCES':
      return new StartError(
        'metrics-address-not-permitted',
        `${what}: not permitted`,
        'choose a port above 1023 in api.metrics',
        { cause },
      )
    case 'EADDRNOTAVAIL':
      return new StartError(
        'metrics-address-not-here',
        `${what}: this machine does not have the address`,
        'correct api.metrics',
        { cause },
      )
    default:
      return new StartError('metrics-address-failed', `${what}: ${cause.code ?? cause.message}`, 'check api.metrics', {
        cause,
      })
  }
}

function addressText(server: Server, options: MetricsServerOptions): string {
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port
  return options.address.includes(':') ? `[${options.address}]:${port}` : `${options.address}:${port}`
}
