/**
 * Entry point of the kernel worker: owns the request socket and the monitor, so that a commit that waits half a second for the kernel's own locks
 * never delays a keepalive. Started by port.ts; runs until told to close. Order at start: monitor, dump, events.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { SysError } from '../../sys/errno.ts'
import { SysUnavailable } from '../../sys/libc.ts'
import { KernelError, KernelErrorCode } from '../error.ts'
import type { Dump } from '../port.ts'
import { Op, RouteRecords } from '../record.ts'
import { exerciseMessages } from './exercise.ts'
import { RouteMonitor } from './monitor.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './protocol.ts'
import { RequestSocket } from './request.ts'

function post(message: FromWorker, ...transfer: ArrayBuffer[]): void {
  parentPort?.postMessage(message, transfer)
}

class KernelWorker {
  readonly #settings: WorkerSettings
  readonly #request: RequestSocket
  readonly #monitor: RouteMonitor

  constructor(settings: WorkerSettings) {
    const { namespace, table, receiveBuffer } = settings
    this.#settings = settings
    this.#request = new RequestSocket(namespace)
    try {
      this.#assertMayWrite()
      const ignore = this.#request.portId
      const options = { table, ignore, ...(namespace && { namespace }), ...(receiveBuffer && { receiveBuffer }) }
      this.#monitor = new RouteMonitor(options, {
        routes: records => this.#postRoutes(records),
        links: events => post({ kind: 'links', events }),
        addresses: events => post({ kind: 'addresses', events }),
        lost: reason => this.#resync(reason),
      })
    } catch (error) {
      this.#request.close()
      throw error
    }
  }

  get descriptor(): number {
    return this.#request.descriptor
  }

  handle(message: ToWorker): void {
    switch (message.kind) {
      case 'write': {
        const records = new RouteRecords(message.buffer, message.count)
        const reasons = this.#request.commit(records)
        post({ kind: 'written', buffer: message.buffer, count: message.count, reasons }, message.buffer)
        break
      }
      case 'dump':
        this.dump(message)
        break
      case 'close':
        this.#monitor.close()
        this.#request.close()
        parentPort?.close()
        break
      default:
        message satisfies never
    }
  }

  dump({ protocol, reason }: Dump): void {
    this.#monitor.flush()
    const dump: Dump = { protocol, reason }
    this.#request.dump(this.#settings.table, protocol, {
      started: () => post({ kind: 'dump-started', dump }),
      links: events => post({ kind: 'links', events }),
      addresses: events => post({ kind: 'addresses', events }),
      routes: ({ buffer, count }) => post({ kind: 'routes', buffer, count, readAtMs: 0 }, buffer),
    })
    post({ kind: 'dump-finished', dump })
  }

  /** Deletes a route that cannot exist: the kernel checks the permission first. */
  #assertMayWrite(): void {
    const probe = new RouteRecords(1).append(Op.delete)
    probe.length = 32
    probe.protocol = this.#settings.protocol
    probe.table = this.#settings.table
    this.#request.commit(probe)
    if (new SysError('', probe.seek(0).errno).code === 'EPERM') throw KernelError.permission()
  }

  #resync(reason: string): void {
    post({ kind: 'resync', reason })
    this.dump({ protocol: 0, reason })
  }

  #postRoutes(records: RouteRecords): void {
    const buffer = records.copy()
    post({ kind: 'routes', buffer, count: records.count, readAtMs: records.readAtMs }, buffer)
  }
}

/** The sentence for a person, whatever went wrong while starting. */
function explain(error: unknown, settings: WorkerSettings): KernelError {
  if (error instanceof KernelError) return error
  if (error instanceof SysUnavailable) return KernelError.unavailable(error.message)
  const message = error instanceof Error ? error.message : String(error)
  const isNamespace = settings.namespace !== undefined && /ENOENT|setns|netns/.test(message)
  if (isNamespace) return KernelError.namespace(settings.namespace, message)
  return new KernelError(
    KernelErrorCode.system,
    `The kernel's routes cannot be reached: ${message}.`,
    'See the manual page netlink(7).',
  )
}

function run(settings: WorkerSettings): void {
  try {
    const worker = new KernelWorker(settings)
    parentPort?.on('message', (message: ToWorker) => worker.handle(message))
    worker.dump({ protocol: 0, reason: 'start' })
    post({ kind: 'started', descriptor: worker.descriptor })
    inTurns(exerciseMessages())
  } catch (error) {
    const { code, message, hint } = explain(error, settings)
    post({ kind: 'failed', code, message, hint })
    parentPort?.close()
  }
}

/** Notifications and writes come between the steps. */
function inTurns(steps: Generator<void>): void {
  const step = (): void => {
    if (steps.next().done !== true) setImmediate(step).unref()
  }
  setImmediate(step).unref()
}

run(workerData as WorkerSettings)
