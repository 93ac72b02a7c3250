/**
 * What the show commands share: passing a document through for `--json`, printing a list as a table while it is still coming, colours only where wanted.
 */
import pc from 'picocolors'
import { pathWithQuery, type Request, readItem, readList, readText, socketPath } from '../client.ts'
import { type CliContext, ExitCode } from '../context.ts'
import { type Column, Table, type TableOptions } from '../table.ts'

/** Options of every show command, as yargs gives them. */
export interface ShowOptions {
  readonly socket?: string | undefined
  readonly json: boolean
}

export type Query = Parameters<typeof pathWithQuery>[1]

/** So many rows are looked at before the first is printed. */
const MEASURED_ROWS = 1000
const PIECE_CHARACTERS = 64 * 1024

export function ask(
  options: ShowOptions,
  context: CliContext,
  target: { path: string; kind: string; query?: Query },
): Request {
  return {
    socket: socketPath(options.socket, context.env),
    path: pathWithQuery(target.path, target.query ?? {}),
    kind: target.kind,
  }
}

/** `--json`: the daemon's own document, unchanged. */
async function printJson(request: Request, { stdout }: CliContext): Promise<number> {
  for await (const piece of readText(request)) await stdout.write(piece)
  return ExitCode.done
}

export async function printItem<Item>(
  request: Request,
  options: ShowOptions,
  context: CliContext,
  format: (item: Item) => string,
): Promise<number> {
  if (options.json) return printJson(request, context)
  await context.stdout.write(format(await readItem<Item>(request)))
  return ExitCode.done
}

/** Prints rows as they come. `none` goes to standard error when there are none, so that a script reads an empty table. */
export async function printList<Row>(
  request: Request,
  options: ShowOptions,
  context: CliContext,
  view: { readonly columns: readonly Column<Row>[]; readonly none: string },
): Promise<number> {
  if (options.json) return printJson(request, context)
  const table = new Table(view.columns, tableOptions(context))
  let waiting: Row[] | undefined = []
  let text = ''
  for await (const row of readList<Row>(request)) {
    if (waiting === undefined) text += table.line(row)
    else if (waiting.push(row) === MEASURED_ROWS) {
      text += begin(table, waiting)
      waiting = undefined
    }
    if (text.length < PIECE_CHARACTERS) continue
    await context.stdout.write(text)
    text = ''
  }
  if (waiting?.length === 0) await context.stderr.write(`${view.none}\n`)
  else await context.stdout.write(waiting === undefined ? text : begin(table, waiting))
  return ExitCode.done
}

function begin<Row>(table: Table<Row>, rows: readonly Row[]): string {
  table.measure(rows)
  return table.head() + rows.map(row => table.line(row)).join('')
}

function tableOptions({ stdout, env }: CliContext): TableOptions {
  const hasColour = (stdout.isTerminal || Boolean(env['FORCE_COLOR'])) && !env['NO_COLOR']
  return { hasColour, ...(stdout.isTerminal && { columns: stdout.columns }) }
}

/** Colours for cells; whether they are used is the table's business. */
export const colours = pc.createColors(true)
