/**
 * yargs, set up: strict, English, never ending the process, last of a repeated option wins. Loaded by main.ts only when there is something to parse.
 */
import yargs, { type Argv } from 'yargs'
import { type Chosen, mount } from './command.ts'
import { COMMANDS } from './commands/index.ts'
import type { CliContext } from './context.ts'

const MAX_HELP_COLUMNS = 100

/** `argv` is what will be parsed: the completion of yargs looks at it again. */
export function createParser(argv: readonly string[], context: CliContext, choose: Chosen): Argv {
  const parser = yargs([...argv])
    .scriptName('godwit')
    .locale('en')
    .example('$0 run --config godwit.yaml', 'start with this configuration')
    .example('$0 check godwit.yaml', 'say what is wrong with it')
    .example('$0 show peers', 'a line a peer')
    .example('$0 show routes 10.1.2.3', 'which route an address takes')
    .usage('$0 COMMAND\n\nA BGP-4 speaker and route reflector.')
    .parserConfiguration({ 'duplicate-arguments-array': false, 'parse-positional-numbers': false })
    .strict()
    .recommendCommands()
    .exitProcess(false)
    .fail(false)
    .version(context.version)
    .help()
    .wrap(context.stdout.isTerminal ? Math.min(MAX_HELP_COLUMNS, context.stdout.columns) : MAX_HELP_COLUMNS)
    .epilogue('Exit codes: 0 done, 1 refused or invalid, 2 usage, 3 the daemon cannot be reached.')
  for (const command of COMMANDS) mount(parser, command, choose)
  return parser
    .completion('completion', 'Print a script that completes commands in bash or zsh')
    .demandCommand(1, 'say what to do')
}
