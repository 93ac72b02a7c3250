/**
 * Tables as `kubectl get` prints them: no boxes, upper-case heads, left-aligned columns two spaces apart. A long table is printed as it comes: the widths are
 * those of its first rows. Lines are cut only to fit a terminal. Text in a cell that somebody else chose is made printable. Called by the show commands.
 */
import { printable } from '../observe/printable.ts'

export interface Column<Row> {
  readonly head: string
  readonly text: (row: Row) => string
  /** Colours the finished cell; called only when colours are wanted. */
  readonly paint?: (row: Row) => Paint | undefined
}

export type Paint = (text: string) => string

export interface TableOptions {
  /** Cut lines to so many characters. */
  readonly columns?: number
  readonly hasColour?: boolean
}

const GAP = '  '

export class Table<Row> {
  readonly #columns: readonly Column<Row>[]
  readonly #options: TableOptions
  readonly #widths: number[]

  constructor(columns: readonly Column<Row>[], options: TableOptions = {}) {
    this.#columns = columns
    this.#options = options
    this.#widths = columns.map(column => column.head.length)
  }

  /** Widens the columns to fit these rows. */
  measure(rows: readonly Row[]): void {
    for (const row of rows) {
      this.#columns.forEach((column, at) => {
        this.#widths[at] = Math.max(this.#widths[at] ?? 0, length(cell(column, row)))
      })
    }
  }

  head(): string {
    return this.#line(this.#columns.map(column => ({ text: column.head })))
  }

  line(row: Row): string {
    const { hasColour = false } = this.#options
    return this.#line(
      this.#columns.map(column => {
        const paint = hasColour ? column.paint?.(row) : undefined
        return { text: cell(column, row), ...(paint !== undefined && { paint }) }
      }),
    )
  }

  #line(cells: readonly { readonly text: string; readonly paint?: Paint }[]): string {
    let room = this.#options.columns ?? Number.POSITIVE_INFINITY
    let line = ''
    for (const [at, { text, paint = same }] of cells.entries()) {
      const gap = at === 0 ? '' : GAP
      const isLast = at === cells.length - 1
      const full = text + (isLast ? '' : ' '.repeat(Math.max(0, (this.#widths[at] ?? 0) - length(text))))
      room -= gap.length
      if (room <= 0) break
      const shown = length(full) > room && length(text) > room ? `${[...text].slice(0, room - 1).join('')}…` : full
      line += gap + paint(shown)
      room -= length(shown)
    }
    return `${line.trimEnd()}\n`
  }
}

/** A short table, all at once. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: TableOptions = {},
): string {
  const table = new Table(columns, options)
  table.measure(rows)
  return table.head() + rows.map(row => table.line(row)).join('')
}

/** `Name:  value` lines, values aligned; a value of several lines is continued under itself. */
export function formatDetails(details: readonly (readonly [string, string | readonly string[]])[]): string {
  const width = Math.max(...details.map(([name]) => name.length)) + 1
  return details
    .map(([name, value]) => {
      const lines = typeof value === 'string' ? [value] : value
      const [first = '-', ...others] = lines.map(line => printable(line) || '-')
      const rest = others.map(line => `${' '.repeat(width)}${GAP}${line}\n`).join('')
      return `${`${name}:`.padEnd(width)}${GAP}${first}\n${rest}`
    })
    .join('')
}

function cell<Row>(column: Column<Row>, row: Row): string {
  return printable(column.text(row)) || '-'
}

/** In characters as people count them, near enough: code points. */
function length(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

function same(text: string): string {
  return text
}
