/**
 * What a command is given: where to write, the environment, and the programs it may start. Handed in by src/bin/godwit.ts, and by tests, so that no command
 * touches the process itself and none knows the daemon.
 */
import type { Config, ConfigResult } from '../config/types.ts'

/** Standard output or standard error. */
export interface Output {
  /** Resolves when more may be written; what is returned may be ignored for short texts. */
  write(text: string): Promise<void> | void
  readonly isTerminal: boolean
  /** Width of the terminal in characters. */
  readonly columns: number
}

export interface RunningDaemon {
  /** May be called more than once. */
  stop(reason: string): Promise<void>
  /** The exit code, once it has ended. */
  readonly finished: Promise<number>
  /** Reads the configuration again; what becomes of it is in the log. */
  reload(): void
}

export interface DemoOptions {
  /** Extra workload routes per topology for the latency line. */
  readonly scale: number
  /** Tables in memory even where namespaces are possible. */
  readonly memory: boolean
  /** The story goes to standard error, and one JSON document to standard output. */
  readonly json: boolean
}

/** Parts of godwit a command starts, each loaded when it is asked for. */
export interface Programs {
  loadConfig(path: string): Promise<ConfigResult>
  /** JSON Schema of the configuration. */
  configSchema(): Promise<unknown>
  runDaemon(config: Config, options: { readonly configPath: string; readonly version: string }): Promise<RunningDaemon>
  /** Runs the demo on the process's own streams; the exit code. */
  runDemo(options: DemoOptions): Promise<number>
  /** Calls `listener` on each SIGINT and SIGTERM until the returned function is called. */
  onStopSignal(listener: (signal: string) => void): () => void
  /** The same for SIGHUP, which asks for a reload. */
  onReloadSignal(listener: () => void): () => void
}

export interface CliContext {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  readonly programs: Programs
}

/** Exit codes, the same for every command. */
export const ExitCode = { done: 0, refused: 1, usage: 2, unreachable: 3 } as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** Something to tell the person at the terminal: one sentence, the next move, and the exit code. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly hint: string
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
    this.hint = hint
  }
}
