/** A command line without a process: collected output, made-up programs. */
import type { CliContext, Output, Programs } from '../../../src/cli/context.ts'
import { runCli } from '../../../src/cli/main.ts'

export interface Terminal {
  readonly isTerminal?: boolean
  readonly columns?: number
  readonly env?: Readonly<Record<string, string>>
  readonly programs?: Partial<Programs>
}

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** `godwit …argv` */
export async function godwit(argv: readonly string[], terminal: Terminal = {}): Promise<Outcome> {
  const { isTerminal = false, columns = 80, env = {} } = terminal
  const texts = { stdout: '', stderr: '' }
  const output = (name: 'stdout' | 'stderr'): Output => ({
    write(text) {
      texts[name] += text
    },
    isTerminal,
    columns,
  })
  const context: CliContext = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    env,
    version: '1.2.3',
    programs: { ...NO_PROGRAMS, ...terminal.programs },
  }
  const code = await runCli(argv, context)
  return { code, ...texts }
}

function notHere(): never {
  throw new Error('this test has no such program')
}

const NO_PROGRAMS: Programs = {
  loadConfig: async () => notHere(),
  configSchema: async () => notHere(),
  runDaemon: async () => notHere(),
  runDemo: async () => notHere(),
  onStopSignal: () => notHere(),
  onReloadSignal: () => () => {},
}
