/** `godwit show nexthops`: each next hop of the routes in the tables, and what leads to it. */
import type { NextHopRow } from '../../api/schema.ts'
import type { CliContext } from '../context.ts'
import type { Column } from '../table.ts'
import { orDash } from '../text.ts'
import { ask, colours, printList, type ShowOptions } from './print.ts'

export function showNextHops(options: ShowOptions, context: CliContext): Promise<number> {
  const request = ask(options, context, { path: '/v1/nexthops', kind: 'NextHopList' })
  return printList(request, options, context, { columns: NEXT_HOP_COLUMNS, none: 'no route has a next hop' })
}

const NEXT_HOP_COLUMNS: readonly Column<NextHopRow>[] = [
  { head: 'NEXT-HOP', text: row => row.address },
  {
    head: 'STATE',
    text: row => (row.reachable ? 'reachable' : 'unreachable'),
    paint: row => (row.reachable ? colours.green : colours.red),
  },
  { head: 'VIA', text: row => orDash(row.via) },
  { head: 'METRIC', text: row => orDash(row.metric) },
  { head: 'CONNECTED', text: row => (row.connected === null ? '-' : row.connected ? 'yes' : 'no') },
  { head: 'INTERFACE', text: row => orDash(row.interface) },
  { head: 'LINK-LOCAL', text: row => orDash(row.linkLocal) },
]
