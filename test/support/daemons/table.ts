/** Tables the interop suites print: one row a case, one column a daemon. */
import { DAEMON_KINDS, type DaemonKind } from './port.ts'

/** One cell for each daemon, in the order of the columns. */
export function cells(of: (kind: DaemonKind) => string | undefined): string[] {
  return DAEMON_KINDS.map(kind => of(kind) ?? '')
}

/** Prints columns padded to their widest cell. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0)))
  const text = lines.map(line =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  console.log(text.join('\n'))
}
