/**
 * The kernel's FIB as a KernelPort: the main thread's side of the worker. Nothing here blocks; a batch costs one transfer each way.
 */
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { loadLibc } from '../../sys/libc.ts'
import { KernelError, KernelErrorCode } from '../error.ts'
import type { KernelListener, KernelPort } from '../port.ts'
import { RouteRecords } from '../record.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './protocol.ts'

/** A worker that does not answer is stuck in the kernel; the process leaves all the same. */
const CLOSE_TIMEOUT_MS = 2_000

/** Time for deliveries in one turn of the loop. */
const SLICE_MS = 5

export type RtnetlinkOptions = WorkerSettings

export class RtnetlinkPort implements KernelPort {
  readonly #settings: WorkerSettings
  #worker: Worker | undefined
  #listener: Partial<KernelListener> = {}
  /** Protocols of the dumps that were asked for and have not begun. */
  readonly #awaited = new Set<number>()
  /** Deliveries that wait for a turn. The one at the head may be running. */
  readonly #inbox: (() => void)[] = []
  #isClosing = false

  constructor(options: RtnetlinkOptions) {
    this.#settings = options
  }

  async start(listener: Partial<KernelListener>): Promise<void> {
    const libc = loadLibc()
    if (!libc.isLoaded) throw KernelError.unavailable(libc.reason)
    this.#listener = listener
    const worker = startWorker(this.#settings)
    this.#worker = worker
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'failed') reject(new KernelError(message.code, message.message, message.hint))
        else this.#receive(message.kind === 'started' ? resolve : () => this.#deliver(message))
      })
      const ended = (why: string) => {
        const error = new KernelError(
          KernelErrorCode.worker,
          `The kernel worker ended: ${why}.`,
          'Restart godwit; report this.',
        )
        reject(error)
        if (this.#worker === worker && !this.#isClosing) this.#listener.problem?.(error)
        this.#worker = undefined
      }
      worker.on('error', error => ended(error.message))
      worker.on('exit', code => ended(`exit code ${code}`))
    }).catch((error: unknown) => {
      this.#worker = undefined
      throw error
    })
  }

  submit(batch: RouteRecords): void {
    const { buffer, count } = batch
    this.#post({ kind: 'write', buffer, count }, buffer)
  }

  dump(protocol: number, reason: string): void {
    if (this.#awaited.has(0) || this.#awaited.has(protocol)) return
    this.#awaited.add(protocol)
    this.#post({ kind: 'dump', protocol, reason })
  }

  async close(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined || this.#isClosing) return
    this.#isClosing = true
    const timer = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT_MS)
    await new Promise<void>(resolve => {
      worker.once('exit', () => resolve())
      this.#post({ kind: 'close' })
    })
    clearTimeout(timer)
  }

  #post(message: ToWorker, ...transfer: ArrayBuffer[]): void {
    this.#worker?.postMessage(message, transfer)
  }

  /** Runs deliveries in order, a few milliseconds of them a turn: a dump of a full table is a thousand messages. */
  #receive(delivery: () => void): void {
    this.#inbox.push(delivery)
    if (this.#inbox.length === 1) this.#drain()
  }

  #drain(): void {
    const until = performance.now() + SLICE_MS
    let done = 0
    try {
      do this.#inbox[done++]?.()
      while (done < this.#inbox.length && performance.now() < until)
    } finally {
      // A listener that throws loses its own delivery, not those behind it.
      this.#inbox.splice(0, done)
      if (this.#inbox.length > 0) setImmediate(() => this.#drain())
    }
  }

  #deliver(message: FromWorker): void {
    const listener = this.#listener
    switch (message.kind) {
      case 'routes':
        listener.routes?.(new RouteRecords(message.buffer, message.count))
        break
      case 'written':
        listener.written?.(new RouteRecords(message.buffer, message.count), message.reasons)
        break
      case 'dump-started':
        this.#awaited.delete(message.dump.protocol)
        listener.dumpStarted?.(message.dump)
        break
      case 'dump-finished':
        listener.dumpFinished?.(message.dump)
        break
      case 'links':
        listener.links?.(message.events)
        break
      case 'addresses':
        listener.addresses?.(message.events)
        break
      case 'resync':
        listener.resync?.(message.reason)
        break
      case 'started':
      case 'failed':
        break
      default:
        message satisfies never
    }
  }
}

/** The worker beside this file, with this file's own extension: JavaScript when built, TypeScript when run from source. */
function startWorker(settings: WorkerSettings): Worker {
  const extension = extname(new URL(import.meta.url).pathname)
  const url = new URL(`./worker${extension}`, import.meta.url)
  const options = { name: 'kernel', workerData: settings }
  return extension === '.ts' ? new Worker(fromSource(url), { ...options, eval: true }) : new Worker(url, options)
}

/** A worker does not inherit the loader that runs us from source: it registers tsx, a development dependency, and goes on from there. */
function fromSource(url: URL): string {
  const tsx = new URL(
    './dist/esm/api/index.mjs',
    pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json')),
  )
  return `import(${JSON.stringify(tsx.href)}).then(tsx => { tsx.register(); return import(${JSON.stringify(url.href)}) })`
}
