/**
 * The kernel's FIB through the program `ip`: for machines where koffi does not load. No FFI, no addon; slower, and told late.
 *
 * Writes: one `ip -force -batch -` a batch, whose complaints name the lines that failed. Reads: `ip -json`. Events: `ip monitor` is only a doorbell, since
 * it drops lines under a burst; when it rings the table is read and compared with what it was (`snapshot.ts`), so events tell where the table got to.
 * All of it in one line of jobs, which gives the order the port promises. Runs on the main thread; `ip` does the work.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { FAMILIES, IPV4_UNICAST } from '../../../wire/family.ts'
import { KernelError, KernelErrorCode } from '../error.ts'
import type { Dump, KernelListener, KernelPort } from '../port.ts'
import { Op, type RouteRecords } from '../record.ts'
import { commandOf, type Failure, failuresOf } from './command.ts'
import { type Json, linkOf, rowsOf } from './json.ts'
import { Snapshot } from './snapshot.ts'

export interface IprouteOptions {
  readonly table: number
  readonly protocol: number
  /** Default: the process's own. */
  readonly namespace?: string
}

/** Rings of the doorbell within this time are answered by one look. */
const LOOK_AFTER_MS = 20
/** A look at a large table takes long: the next one waits this many times as long. */
const LOOK_PAUSE = 4
/** `ip monitor` may need this long to listen; what happened before that is seen by a look. */
const MONITOR_START_MS = 200
const MONITOR_RESTART_MS = 1_000
const OUTPUT_LIMIT = 1 << 30

export class IprouteKernel implements KernelPort {
  readonly #options: IprouteOptions
  readonly #snapshot: Snapshot
  #listener: Partial<KernelListener> = {}
  #jobs: Promise<void> = Promise.resolve()
  readonly #awaited = new Set<number>()
  #monitor: ChildProcess | undefined
  #lookTimer: NodeJS.Timeout | undefined
  #restartTimer: NodeJS.Timeout | undefined
  /** No look before this time. */
  #restUntilMs = 0
  #isClosed = false

  constructor(options: IprouteOptions) {
    this.#options = options
    this.#snapshot = new Snapshot(options.table)
  }

  async start(listener: Partial<KernelListener>): Promise<void> {
    this.#listener = listener
    await this.#assertMayWrite()
    this.#startMonitor()
    this.dump(0, 'start')
    await this.#jobs
  }

  submit(batch: RouteRecords): void {
    this.#do(() => this.#write(batch))
  }

  dump(protocol: number, reason: string): void {
    if (this.#awaited.has(0) || this.#awaited.has(protocol)) return
    this.#awaited.add(protocol)
    this.#do(() => this.#dump({ protocol, reason }))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#lookTimer)
    clearTimeout(this.#restartTimer)
    this.#monitor?.kill()
    await this.#jobs
  }

  /** Runs a job after all before it. One that fails is reported, and the others go on. */
  #do(job: () => Promise<void>): void {
    this.#jobs = this.#jobs.then(async () => {
      if (this.#isClosed) return
      try {
        await job()
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        const problem = `The program ip failed: ${message}.`
        this.#listener.problem?.(new KernelError(KernelErrorCode.system, problem, 'Try `ip route show` by hand.'))
      }
    })
  }

  async #write(batch: RouteRecords): Promise<void> {
    const lines: string[] = []
    const recordOf: number[] = []
    batch.rewind()
    while (batch.nextRoute()) {
      recordOf.push(batch.index)
      lines.push(commandOf(batch, index => this.#snapshot.nameOf(index)))
    }
    const { stderr } = await this.#ip(['-force', '-batch', '-'], `${lines.join('\n')}\n`)
    const failures = failuresOf(stderr)
    const reasons = ['']
    recordOf.forEach((record, at) => {
      const failure = failures.get(at + 1)
      batch.seek(record)
      if (failure === undefined) this.#snapshot.wrote(batch)
      else setOutcome(batch.seek(record), failure, reasons)
    })
    this.#listener.written?.(batch.rewind(), reasons)
  }

  async #dump(dump: Dump): Promise<void> {
    const { protocol } = dump
    const { rows, links } = await this.#read(protocol)
    this.#awaited.delete(protocol)
    this.#listener.dumpStarted?.(dump)
    if (protocol === 0) {
      this.#snapshot.setLinks(links)
      this.#listener.links?.(links.map(({ link }) => link))
      this.#listener.addresses?.(links.flatMap(({ addresses }) => addresses))
    }
    this.#listener.routes?.(this.#snapshot.take(rows, protocol).rewind())
    this.#listener.dumpFinished?.(dump)
  }

  /** Reads everything and tells what changed. */
  async #look(): Promise<void> {
    const since = performance.now()
    const { rows, links } = await this.#read(0)
    const changes = this.#snapshot.compareLinks(links)
    if (changes.links.length > 0) this.#listener.links?.(changes.links)
    if (changes.addresses.length > 0) this.#listener.addresses?.(changes.addresses)
    const routes = this.#snapshot.compare(rows)
    if (routes.count > 0) this.#listener.routes?.(routes.rewind())
    const tookMs = performance.now() - since
    this.#restUntilMs = performance.now() + LOOK_PAUSE * tookMs
  }

  async #read(protocol: number): Promise<{ rows: Json[][]; links: ReturnType<typeof linkOf>[] }> {
    const { table } = this.#options
    const filter = protocol === 0 ? [] : ['proto', String(protocol)]
    // One after the other: two sides of one table at two times would not fit together, and neither would a link and its routes.
    const links = protocol === 0 ? rowsOf(await this.#json(['address', 'show'])) : []
    const rows: Json[][] = []
    for (const family of FAMILIES) {
      const args = [family === IPV4_UNICAST ? '-4' : '-6', 'route', 'show', 'table', String(table), ...filter]
      rows.push(rowsOf(await this.#json(args)))
    }
    return { rows, links: links.map(linkOf) }
  }

  async #json(args: readonly string[]): Promise<string> {
    const { stdout, stderr, code } = await this.#ip(['-N', '-d', '-json', ...args])
    // A table that nobody has used yet does not exist.
    if (code === 0 || /FIB table does not exist/.test(stderr)) return stdout
    throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`)
  }

  #ip(args: readonly string[], input?: string): Promise<{ stdout: string; stderr: string; code: number }> {
    const { namespace } = this.#options
    const all = namespace === undefined ? [...args] : ['-n', namespace, ...args]
    return new Promise((resolve, reject) => {
      const child = execFile('ip', all, { maxBuffer: OUTPUT_LIMIT }, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code
        if (typeof code === 'number') resolve({ stdout, stderr, code })
        else reject(error ?? new Error('ip ended without a code'))
      })
      child.stdin?.on('error', () => {})
      child.stdin?.end(input ?? '')
    })
  }

  /** Deletes a route that cannot exist: the kernel checks the permission first. */
  async #assertMayWrite(): Promise<void> {
    const { table, protocol, namespace } = this.#options
    try {
      const line = `route del 0.0.0.0/32 proto ${protocol} table ${table}\n`
      const { stderr } = await this.#ip(['-force', '-batch', '-'], line)
      if (/not permitted/.test(stderr)) throw KernelError.permission()
      if (namespace !== undefined && /namespace/.test(stderr)) throw KernelError.namespace(namespace, stderr.trim())
    } catch (error) {
      if (error instanceof KernelError) throw error
      throw KernelError.unavailable('the program ip (package iproute2) cannot be run.')
    }
  }

  #startMonitor(): void {
    if (this.#isClosed) return
    const { namespace } = this.#options
    const args = [...(namespace === undefined ? [] : ['-n', namespace]), 'monitor', 'link', 'address', 'route']
    const monitor = spawn('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#monitor = monitor
    monitor.stdout.on('data', () => this.#ring(LOOK_AFTER_MS))
    // "No buffer space available": lines were lost. The next look sees what they would have said, but not what came and went.
    monitor.stderr.on('data', () => {
      this.#listener.resync?.('ip monitor lost events')
      this.dump(0, 'ip monitor lost events')
    })
    monitor.on('error', () => {})
    monitor.on('close', () => {
      if (this.#isClosed || this.#monitor !== monitor) return
      this.#restartTimer = setTimeout(() => {
        this.#startMonitor()
        this.#listener.resync?.('ip monitor ended')
        this.dump(0, 'ip monitor ended')
      }, MONITOR_RESTART_MS)
      this.#restartTimer.unref()
    })
    this.#ring(MONITOR_START_MS)
  }

  /** Something changed: look soon, once. */
  #ring(afterMs: number): void {
    if (this.#lookTimer !== undefined || this.#isClosed) return
    const wait = Math.max(afterMs, this.#restUntilMs - performance.now())
    this.#lookTimer = setTimeout(() => {
      this.#lookTimer = undefined
      this.#do(() => this.#look())
    }, wait)
  }
}

function setOutcome(record: RouteRecords, { errno, reason }: Failure, reasons: string[]): void {
  // A route that is gone already was to be deleted: the port's word for that is ESRCH.
  const number = record.op === Op.delete && errno === constants.errno.ENOENT ? constants.errno.ESRCH : errno
  let at = reasons.indexOf(reason)
  if (at < 0) at = reasons.push(reason) - 1
  record.setOutcome(number, at)
}
