/** `godwit show kernel`: each route wanted in the kernel, and what became of it. */
import type { KernelRow, KernelState } from '../../api/schema.ts'
import type { CliContext } from '../context.ts'
import type { Column, Paint } from '../table.ts'
import { formatDuration, orDash } from '../text.ts'
import { ask, colours, printList, type ShowOptions } from './print.ts'

export function showKernel(options: ShowOptions, context: CliContext): Promise<number> {
  const request = ask(options, context, { path: '/v1/kernel', kind: 'KernelList' })
  return printList(request, options, context, { columns: KERNEL_COLUMNS, none: 'no routes are wanted in the kernel' })
}

const PAINT: Readonly<Record<KernelState, Paint>> = {
  confirmed: colours.green,
  desired: colours.yellow,
  pending: colours.yellow,
  failed: colours.red,
  conflict: colours.red,
}

export const KERNEL_COLUMNS: readonly Column<KernelRow>[] = [
  { head: 'PREFIX', text: row => row.prefix },
  { head: 'TYPE', text: row => row.type },
  { head: 'GATEWAY', text: row => listed(row, hop => hop.gateway) },
  { head: 'INTERFACE', text: row => listed(row, hop => hop.interface) },
  { head: 'METRIC', text: row => String(row.metric) },
  { head: 'STATE', text: row => row.state, paint: row => PAINT[row.state] },
  { head: 'AGE', text: row => formatDuration(row.ageMs / 1000) },
  { head: 'ERROR', text: row => orDash(row.errnoName) },
  { head: 'REASON', text: row => orDash(row.reason) },
]

/** One value a next hop, in their order; a dash where there is none. */
function listed({ nextHops }: KernelRow, read: (hop: KernelRow['nextHops'][number]) => string | null): string {
  return nextHops.length === 0 ? orDash(null) : nextHops.map(hop => orDash(read(hop))).join(',')
}
