/** The plan of a reload as a table: a line for everything that changes, none for what does not. Called by commands/reload.ts. */
import type { ReloadReport } from '../api/schema.ts'
import { type Column, formatTable, type TableOptions } from './table.ts'

type Plan = NonNullable<ReloadReport['plan']>

interface Row {
  readonly what: string
  readonly action: string
  readonly because: string
}

const COLUMNS: readonly Column<Row>[] = [
  { head: 'WHAT', text: row => row.what },
  { head: 'ACTION', text: row => row.action },
  { head: 'BECAUSE', text: row => row.because },
]

/** Empty when nothing changes. Sessions first, then what no session notices beyond its routes, then settings. */
export function formatPlan({ peers, ranges, statics, policies, settings }: Plan, options: TableOptions = {}): string {
  const changes = (what: string, items: Plan['peers']): Row[] =>
    items
      .filter(({ action, because }) => action !== 'none' || because.length > 0)
      .map(({ name, action, because }) =>
        row(`${what} ${name}`, action === 'none' ? 'live' : action, because.join(', ')),
      )
  const rows: Row[] = [
    ...changes('peer', peers),
    ...changes('range', ranges),
    ...statics.map(({ name, action }) => row(`static ${name}`, action)),
    ...policies.map(({ name, action }) => row(`policy ${name}`, action)),
    ...settings.map(({ path, action }) => row(path, action)),
  ]
  return rows.length === 0 ? '' : formatTable(COLUMNS, rows, options)
}

function row(what: string, action: string, because = ''): Row {
  return { what, action, because }
}
