/**
 * Processes the lab started: spawned inside a namespace, output kept in a file, ended by their own process id.
 * Nothing here knows what the program is; `godwit-process.ts` and `bird.ts` do.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

export interface ProcessPlan {
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  /** Both output streams go here. */
  readonly logFile: string
  /** Runs `spawn` in the right namespace; the child inherits the namespace of the thread that forks. */
  readonly enter: <T>(work: () => T) => T
}

const TAIL_LINES = 20

export class LabProcess {
  readonly name: string
  readonly #logFile: string
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  #failure: Error | undefined

  constructor(plan: ProcessPlan) {
    this.name = plan.name
    this.#logFile = plan.logFile
    const log = openSync(plan.logFile, 'a')
    try {
      this.#child = plan.enter(() => spawn(plan.program, plan.args, { stdio: ['ignore', log, log] }))
    } finally {
      closeSync(log)
    }
    this.#ended = new Promise(resolve => {
      this.#child.once('exit', () => resolve())
      this.#child.once('error', error => {
        this.#failure = error
        resolve()
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get hasEnded(): boolean {
    return this.#failure !== undefined || this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** The last lines the process wrote, for a failure report. */
  tail(): string {
    const lines = readFileSync(this.#logFile, 'utf8').trimEnd().split('\n')
    return lines.slice(-TAIL_LINES).join('\n')
  }

  /** Polls until `isReady` holds; throws with the tail of the log when the process ends first or time runs out. */
  async ready(isReady: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (!(await isReady())) {
      if (this.hasEnded) throw new Error(`${this.name} ended while starting:\n${this.tail()}`)
      if (performance.now() > deadline) throw new Error(`${this.name} not ready in ${timeoutMs} ms:\n${this.tail()}`)
      await pause(20)
    }
  }

  /** Politely, then not: SIGTERM, and SIGKILL when that is not heard. Resolves when the process is gone. */
  async stop(patienceMs = 3000): Promise<void> {
    if (this.hasEnded) return
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs)
    await this.#ended
    clearTimeout(timer)
  }

  /** SIGKILL: no goodbye to anybody. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.killNow()
    await this.#ended
  }

  /** The same without waiting, for the way out of a dying lab. */
  killNow(): void {
    if (!this.hasEnded) this.#child.kill('SIGKILL')
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
