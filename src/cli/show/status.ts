/** `godwit show status`. */
import type { StatusView } from '../../api/schema.ts'
import type { CliContext } from '../context.ts'
import { formatDetails } from '../table.ts'
import { formatDuration } from '../text.ts'
import { ask, printItem, type ShowOptions } from './print.ts'

export function showStatus(options: ShowOptions, context: CliContext): Promise<number> {
  const request = ask(options, context, { path: '/v1/status', kind: 'Status' })
  return printItem<StatusView>(request, options, context, formatStatus)
}

export function formatStatus(status: StatusView): string {
  const { kernel, config } = status
  return formatDetails([
    ['Version', `${status.version} on Node.js ${status.nodeVersion}, process ${status.pid}`],
    ['AS', String(status.asn)],
    ['Router id', status.routerId],
    ['Cluster id', status.clusterId ?? 'none: not a route reflector'],
    ['Up', `${formatDuration(status.uptimeS)}, since ${status.startedAt}`],
    ['Peers', peersText(status)],
    ...(status.peerRanges.length === 0 ? [] : [['Peer ranges', rangeTexts(status)] as const]),
    ['Refused', refusalTexts(status)],
    ['Tables', status.tables.map(table => `${table.family}: ${table.prefixes} prefixes, ${table.paths} paths`)],
    ['Attribute sets', String(status.attributeSets)],
    [
      'Update groups',
      status.updateGroups.map(group => `${group.name}: ${group.peers} peers, ${group.logOctets} octets in its log`),
    ],
    [
      'Kernel',
      [`${kernel.backend}: ${kernel.state}${kernel.reason === null ? '' : `: ${kernel.reason}`}`, kernelText(status)],
    ],
    ['Configuration', [`${config.file}, read at ${config.loadedAt}`, ...reloadText(status)]],
  ])
}

function peersText({ peersByState }: StatusView): string {
  const shown = Object.entries(peersByState).filter(([, count]) => count > 0)
  return shown.length === 0 ? 'none' : shown.map(([state, count]) => `${count} ${state}`).join(', ')
}

function rangeTexts({ peerRanges }: StatusView): string[] {
  return peerRanges.map(({ name, peers, limit, resets }) => {
    const malformed = resets === 0 ? '' : `, ${resets} reset over malformed updates`
    return `${name}: ${peers} of at most ${limit}${malformed}`
  })
}

function refusalTexts({ refusals }: StatusView): string[] {
  const met = refusals.filter(({ count }) => count > 0)
  return met.length === 0 ? ['none'] : met.map(({ reason, count }) => `${reason}: ${count}`)
}

function kernelText({ kernel }: StatusView): string {
  const behind = kernel.behindMs === 0 ? '' : `, ${Math.round(kernel.behindMs / 1000)} s behind`
  const routes = Object.entries(kernel.routes).map(([state, count]) => `${count} ${state}`)
  return `${routes.join(', ')}${behind}`
}

function reloadText({ config: { lastReload } }: StatusView): string[] {
  if (lastReload === null) return []
  const result = lastReload.ok ? 'done' : 'refused'
  return [`last reload ${lastReload.at}: ${result}${lastReload.message === null ? '' : `: ${lastReload.message}`}`]
}
