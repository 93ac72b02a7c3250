/** `godwit show routes [prefix]`: paths, best one first within a prefix as the daemon gives them. */
import type { FamilyName, RouteRow, SourceKind } from '../../api/schema.ts'
import { type CliContext, CliError, ExitCode } from '../context.ts'
import type { Column } from '../table.ts'
import { orDash } from '../text.ts'
import { ask, colours, printList, type ShowOptions } from './print.ts'

export interface ShowRoutesOptions extends ShowOptions {
  readonly prefix?: string | undefined
  readonly family?: FamilyName | undefined
  readonly longest: boolean
  readonly peer?: string | undefined
  readonly source?: SourceKind | undefined
  readonly best: boolean
  readonly rejected: boolean
  readonly limit?: number | undefined
  readonly wide: boolean
}

export async function showRoutes(options: ShowRoutesOptions, context: CliContext): Promise<number> {
  const { prefix, family, longest, peer, source, best, rejected, limit } = options
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1)) {
    throw new CliError(ExitCode.usage, '--limit wants a whole number from 1', 'for example `--limit 100`')
  }
  const query = { family, prefix, longest, peer, source, best, rejected, limit }
  const request = ask(options, context, { path: '/v1/routes', kind: 'RouteList', query })
  return printList(request, options, context, { columns: routeColumns(options.wide), none: 'no such routes' })
}

const WIDE_COLUMNS: readonly Column<RouteRow>[] = [
  { head: 'COMMUNITIES', text: route => communities(route) },
  { head: 'ORIGINATOR', text: route => orDash(route.originatorId) },
  { head: 'CLUSTERS', text: route => route.clusterList.join(' ') },
  { head: 'VIA', text: route => orDash(route.via) },
  { head: 'METRIC', text: route => orDash(route.metric) },
  { head: 'LOST-ON', text: route => orDash(route.unusable ?? route.lostOn) },
]

export function routeColumns(isWide: boolean): readonly Column<RouteRow>[] {
  return [
    { head: 'BEST', text: route => (route.best ? '*' : ''), paint: () => colours.green },
    { head: 'PREFIX', text: route => route.prefix, paint: route => (route.best ? undefined : colours.dim) },
    { head: 'NEXT-HOP', text: route => route.nextHop ?? (route.type === 'unicast' ? '-' : route.type) },
    { head: 'INTERFACE', text: route => orDash(route.interface) },
    { head: 'SOURCE', text: route => route.source },
    { head: 'PEER', text: route => orDash(route.peer) },
    { head: 'PREFERENCE', text: route => String(route.preference) },
    { head: 'LOCAL-PREF', text: route => orDash(route.localPref) },
    { head: 'MED', text: route => orDash(route.med) },
    { head: 'ORIGIN', text: route => orDash(route.origin) },
    ...(isWide ? WIDE_COLUMNS : []),
    { head: 'AS-PATH', text: route => route.asPath },
  ]
}

function communities(route: RouteRow): string {
  return [...route.communities, ...route.extendedCommunities, ...route.largeCommunities].join(' ')
}
