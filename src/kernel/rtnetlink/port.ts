/**
 * The kernel's FIB as a KernelPort: the main thread's side of the worker. Nothing here blocks; a batch costs one transfer each way.
 */
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { loadLibc, requireLibc } from '../../sys/libc.ts'
import { KernelError } from '../error.ts'
import type { KernelListener, KernelPort } from '../port.ts'
import { RouteRecords } from '../record.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './protocol.ts'

/** A worker that does not answer is stuck in the kernel; the process leaves all the same. */
const CLOSE_TIMEOUT_MS = 2_000

/** Time for deliveries in one turn of the loop. */
const SLICE_MS = 5

/** How long after a worker's death the next one starts: doubled each time, since what killed one may kill the next. */
const RELAUNCH_MS = { first: 50, last: 10_000 }

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
  #relaunchMs: number = RELAUNCH_MS.first
  #relaunchTimer: NodeJS.Timeout | undefined

  constructor(options: RtnetlinkOptions) {
    this.#settings = options
  }

  async start(listener: Partial<KernelListener>): Promise<void> {
    const libc = loadLibc()
    if (!libc.isLoaded) throw KernelError.unavailable(libc.reason)
    this.#listener = listener
    await this.#launch()
  }

  /** Starts a worker; resolves when its first dump was delivered. From then on its end is an accident, and another one takes its place. */
  async #launch(): Promise<void> {
    const worker = startWorker(this.#settings)
    this.#worker = worker
    let hasStarted = false
    let descriptor = -1
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'failed') {
          reject(new KernelError(message.code, message.message, message.hint))
        } else if (message.kind === 'started') {
          hasStarted = true
          descriptor = message.descriptor
          this.#receive(resolve)
        } else this.#receive(() => this.#deliver(message))
      })
      const ended = (why: string) => {
        if (this.#worker !== worker) return
        this.#worker = undefined
        const error = KernelError.worker(why)
        reject(error)
        if (hasStarted && !this.#isClosing) this.#died(error, descriptor)
      }
      worker.on('error', error => ended(error.message))
      worker.on('exit', code => ended(`exit code ${code}`))
    }).catch((error: unknown) => {
      if (this.#worker === worker) this.#worker = undefined
      throw error
    })
  }

  /** What was delivered before still counts; what was on its way is lost. A descriptor that libc opened in a worker outlives it. */
  #died(error: KernelError, descriptor: number): void {
    requireLibc().close(descriptor)
    this.#receive(() => {
      this.#awaited.clear()
      this.#listener.problem?.(error)
      this.#listener.writesLost?.()
    })
    this.#relaunch()
  }

  #relaunch(): void {
    const waitMs = this.#relaunchMs
    this.#relaunchMs = Math.min(waitMs * 2, RELAUNCH_MS.last)
    this.#relaunchTimer = setTimeout(() => {
      this.#awaited.clear()
      this.#launch().then(
        () => this.#listener.problem?.(undefined),
        (error: unknown) => {
          if (this.#isClosing) return
          this.#listener.problem?.(error instanceof KernelError ? error : KernelError.worker(String(error)))
          this.#relaunch()
        },
      )
    }, waitMs)
    this.#relaunchTimer.unref()
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
    clearTimeout(this.#relaunchTimer)
    const worker = this.#worker
    if (this.#isClosing) return
    this.#isClosing = true
    if (worker === undefined) return
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
        listener.routes?.(recordsOf(message))
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

function recordsOf({ buffer, count, readAtMs }: Extract<FromWorker, { kind: 'routes' }>): RouteRecords {
  const records = new RouteRecords(buffer, count)
  records.readAtMs = readAtMs
  return records
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
