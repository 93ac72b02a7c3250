/**
 * The shape of one command, and how it is put on yargs. Commands live in commands/, one file each, and are listed in commands/index.ts. Parsing only chooses
 * the command and its arguments; main.ts then runs it, so that a usage error and a failure can never be taken for each other.
 */
import type { Argv } from 'yargs'
import type { CliContext } from './context.ts'

export type Arguments = Readonly<Record<string, unknown>>

export interface Command {
  /** As yargs wants it: `check [file]`, `show`. */
  readonly usage: string
  readonly summary: string
  /** Command line without `godwit`, and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  readonly options?: (yargs: Argv) => Argv
  /** Present: this is a group, and one of these must follow. */
  readonly subcommands?: readonly Command[]
  readonly run?: (args: Arguments, context: CliContext) => Promise<number>
}

/** A command whose `run` sees the types its `options` declare. */
export function defineCommand<Options>(command: {
  readonly usage: string
  readonly summary: string
  readonly examples: readonly (readonly [string, string])[]
  readonly options: (yargs: Argv) => Argv<Options>
  readonly run: (args: Options, context: CliContext) => Promise<number>
}): Command {
  const { options, run, ...rest } = command
  // yargs in strict mode hands over exactly what `options` declares.
  return { ...rest, options: yargs => options(yargs) as Argv, run: (args, context) => run(args as Options, context) }
}

export type Chosen = (run: NonNullable<Command['run']>, args: Arguments) => void

/** Adds `command` and all below it. `choose` is told which one the arguments name. */
export function mount(yargs: Argv, command: Command, choose: Chosen): Argv {
  const { run, subcommands = [] } = command
  return yargs.command(
    command.usage,
    command.summary,
    inner => {
      const withOptions = command.options?.(inner) ?? inner
      for (const [line, meaning] of command.examples) withOptions.example(`$0 ${line}`, meaning)
      for (const sub of subcommands) mount(withOptions, sub, choose)
      return subcommands.length > 0 ? withOptions.demandCommand(1, `say which: ${names(subcommands)}`) : withOptions
    },
    args => {
      if (run !== undefined) choose(run, args)
    },
  )
}

function names(commands: readonly Command[]): string {
  return commands.map(({ usage }) => usage.split(' ', 1)[0]).join(', ')
}
