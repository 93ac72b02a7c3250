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
  pending: colours.yellow,
  failed: colours.red,
  conflict: colours.red,
}

export const KERNEL_COLUMNS: readonly Column<KernelRow>[] = [
  { head: 'PREFIX', text: row => row.prefix },
  { head: 'TYPE', text: row => row.type },
  { head: 'GATEWAY', text: row => orDash(row.gateway) },
  { head: 'INTERFACE', text: row => orDash(row.interface) },
  { head: 'METRIC', text: row => String(row.metric) },
  { head: 'STATE', text: row => row.state, paint: row => PAINT[row.state] },
  { head: 'AGE', text: row => formatDuration(row.ageMs / 1000) },
  { head: 'REASON', text: row => orDash(row.reason) },
]
