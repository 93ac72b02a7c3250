/**
 * Writes of routes as lines for `ip -batch`, and what `ip` says of them as outcomes. Pure.
 * INTEROP: iproute2 6.1. `add` is create-exclusive and `replace` create-or-replace, as the port wants them; a deletion names protocol and metric.
 */
import { constants } from 'node:os'
import { formatAddress, formatPrefix } from '../../../wire/prefix.ts'
import { Op, RecordFlag, type RouteRecords, routeType } from '../record.ts'

const VERBS: Readonly<Record<number, string>> = { [Op.add]: 'add', [Op.replace]: 'replace', [Op.delete]: 'del' }

/** The line for the write under the cursor, whose legs stand behind it. Leaves the cursor on the last leg. */
export function commandOf(records: RouteRecords, nameOf: (index: number) => string | undefined): string {
  const { op, family, length, protocol, table, metric, kind, legs } = records
  const words = [records.word(0), records.word(1), records.word(2), records.word(3)].slice(0, family.words)
  const type = routeType(kind)
  const isDelete = op === Op.delete
  const parts = ['route', VERBS[op] ?? 'add']
  if (!isDelete && type !== undefined && type !== 'unicast') parts.push(type)
  parts.push(formatPrefix(family, words, length), `proto ${protocol}`, `table ${table}`)
  if (metric !== 0) parts.push(`metric ${metric}`)
  if (isDelete) return parts.join(' ')
  if (records.hasSource) parts.push(`src ${formatAddress(records.sourceView())}`)
  if (type === 'unicast' && legs === 0) parts.push(legText(records, nameOf))
  for (let left = legs; left > 0 && records.next(); left--) {
    parts.push(`nexthop ${legText(records, nameOf)} weight ${Math.max(1, records.weight)}`)
  }
  return parts.join(' ')
}

function legText(records: RouteRecords, nameOf: (index: number) => string | undefined): string {
  const { interfaceIndex } = records
  const parts: string[] = []
  if (records.hasGateway) parts.push(`via ${formatAddress(records.gatewayView())}`)
  // An index without a name is no interface any more: `ip` is to say so, for this route. (It would read "if7" as an index.)
  if (interfaceIndex !== 0) parts.push(`dev ${nameOf(interfaceIndex) ?? `gone${interfaceIndex}`}`)
  if (records.has(RecordFlag.onlink)) parts.push('onlink')
  return parts.join(' ')
}

/** Why a line failed. */
export interface Failure {
  readonly errno: number
  readonly reason: string
}

const { errno } = constants

/** The C library's words and the kernel's own, by errno. What else the kernel says of a route is about the route: EINVAL. */
const ERRNO_OF: ReadonlyMap<string, number> = new Map([
  ['File exists', errno.EEXIST],
  ['No such process', errno.ESRCH],
  ['Network is unreachable', errno.ENETUNREACH],
  ['No route to host', errno.EHOSTUNREACH],
  ['Network is down', errno.ENETDOWN],
  ['No such device', errno.ENODEV],
  ['Operation not permitted', errno.EPERM],
  ['Permission denied', errno.EACCES],
  ['No buffer space available', errno.ENOBUFS],
  ['Cannot allocate memory', errno.ENOMEM],
  ['Device or resource busy', errno.EBUSY],
  ['Nexthop has invalid gateway', errno.ENETUNREACH],
  ['Nexthop device is not up', errno.ENETDOWN],
  ['Device for nexthop is not up', errno.ENETDOWN],
])

/** What `ip -force -batch -` wrote on standard error, as failures by number of the line, from 1. */
export function failuresOf(text: string): Map<number, Failure> {
  const failures = new Map<number, Failure>()
  let words = ''
  for (const line of text.split('\n')) {
    const at = /^Command failed [^:]*:(\d+)/.exec(line)?.[1]
    if (at === undefined) {
      words ||= line
      continue
    }
    failures.set(Number(at), failureOf(words))
    words = ''
  }
  return failures
}

function failureOf(words: string): Failure {
  const reason = words.replace(/^(Error|RTNETLINK answers): /, '').replace(/\.$/, '')
  if (reason.startsWith('Cannot find device')) return { errno: errno.ENODEV, reason }
  return { errno: ERRNO_OF.get(reason) ?? errno.EINVAL, reason }
}
