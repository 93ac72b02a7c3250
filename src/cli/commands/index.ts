/** The table of commands, in the order of `godwit --help`. A new command is a new file here and a new row. */
import type { Command } from '../command.ts'
import { ADMINISTRATION_COMMANDS } from './administer.ts'
import { checkCommand } from './check.ts'
import { decodeCommand } from './decode.ts'
import { explainCommand } from './explain.ts'
import { labCommand } from './lab.ts'
import { reloadCommand } from './reload.ts'
import { runCommand } from './run.ts'
import { schemaCommand } from './schema.ts'
import { showCommand } from './show.ts'

export const COMMANDS: readonly Command[] = [
  runCommand,
  checkCommand,
  showCommand,
  explainCommand,
  reloadCommand,
  ...ADMINISTRATION_COMMANDS,
  schemaCommand,
  decodeCommand,
  labCommand,
]
