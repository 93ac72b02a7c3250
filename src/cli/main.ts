/**
 * The command line: arguments in, exit code out. yargs (strict) chooses a command from the table in commands/index.ts, the command runs, and whatever goes
 * wrong becomes one line on standard error: `godwit: what; what to do`. A stack trace is shown only when GODWIT_TRACE is set. Called by src/bin/godwit.ts.
 *
 * Nothing heavy is imported here: `--version` does not even load yargs, and each command loads what it needs when it runs.
 */
import type { Arguments, Command } from './command.ts'
import { type CliContext, CliError, ExitCode } from './context.ts'

export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  if (argv.length === 1 && argv[0] === '--version') {
    await context.stdout.write(`${context.version}\n`)
    return ExitCode.done
  }
  try {
    const chosen = await choose(argv, context)
    return typeof chosen === 'number' ? chosen : await chosen.run(chosen.args, context)
  } catch (error) {
    return await report(error, context)
  }
}

interface Chosen {
  readonly run: NonNullable<Command['run']>
  readonly args: Arguments
}

/** How the script of `godwit completion` asks. */
const COMPLETION_REQUEST = '--get-yargs-completions'

/** The command the arguments name; an exit code when there is nothing left to run (help, completion, usage error). */
async function choose(argv: readonly string[], context: CliContext): Promise<Chosen | number> {
  if (argv[0] === COMPLETION_REQUEST) {
    const { completePeer } = await import('./complete.ts')
    const names = await completePeer(argv.slice(1), context)
    if (names.length > 0) {
      await context.stdout.write(names.map(name => `${name}\n`).join(''))
      return ExitCode.done
    }
  }
  const { createParser } = await import('./parser.ts')
  let chosen: Chosen | undefined
  let output = ''
  const parser = createParser(argv, context, (run, args) => {
    chosen = { run, args }
  })
  try {
    await parser.parseAsync([...argv], {}, (_error: unknown, _args: unknown, text: string) => {
      output = text
    })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new CliError(ExitCode.usage, oneLine(message), `see \`${await helpCommand(argv)}\``)
  }
  if (output !== '') {
    await context.stdout.write(output.endsWith('\n') ? output : `${output}\n`)
    return ExitCode.done
  }
  return chosen ?? ExitCode.done
}

async function report(error: unknown, { stderr, env }: CliContext): Promise<number> {
  const { printable } = await import('../observe/printable.ts')
  const { isStartError } = await import('../observe/start-error.ts')
  const message = printable(error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
  const isExpected = error instanceof CliError || isStartError(error)
  const line = isExpected
    ? `godwit: ${message}; ${printable(error.hint)}\n`
    : `godwit: unexpected: ${message}; set GODWIT_TRACE=1 to see where, and report it\n`
  await stderr.write(line)
  if (env['GODWIT_TRACE'] && error instanceof Error) await stderr.write(`${error.stack ?? ''}\n`)
  return error instanceof CliError ? error.exitCode : ExitCode.refused
}

/** yargs speaks in capitals and sometimes in several lines. */
function oneLine(text: string): string {
  const line = text.trim().replace(/:?\s*\n\s*/g, ': ')
  return line.charAt(0).toLowerCase() + line.slice(1)
}

/** What to ask help about: the command, when the first word is one. */
async function helpCommand(argv: readonly string[]): Promise<string> {
  const { COMMANDS } = await import('./commands/index.ts')
  const isCommand = COMMANDS.some(({ usage }) => usage.split(' ', 1)[0] === argv[0])
  return isCommand ? `godwit ${argv[0]} --help` : 'godwit --help'
}
