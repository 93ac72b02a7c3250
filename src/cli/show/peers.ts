/** `godwit show peers [name]`: a line a peer, or everything about one. */
import type { MessageCounts, PeerDetail, PeerState, PeerView } from '../../api/schema.ts'
import type { CliContext } from '../context.ts'
import { type Column, formatDetails, type Paint } from '../table.ts'
import { formatDuration, orDash } from '../text.ts'
import { ask, colours, printItem, printList, type ShowOptions } from './print.ts'

export interface ShowPeersOptions extends ShowOptions {
  readonly name?: string | undefined
  readonly wide: boolean
}

export function showPeers(options: ShowPeersOptions, context: CliContext): Promise<number> {
  if (options.name !== undefined) {
    const path = `/v1/peers/${encodeURIComponent(options.name)}`
    return printItem<PeerDetail>(ask(options, context, { path, kind: 'Peer' }), options, context, formatPeer)
  }
  const request = ask(options, context, { path: '/v1/peers', kind: 'PeerList' })
  return printList(request, options, context, { columns: peerColumns(options.wide), none: 'no peers are configured' })
}

const PAINT: Readonly<Record<PeerState, Paint>> = {
  Idle: colours.red,
  Connect: colours.yellow,
  Active: colours.yellow,
  OpenSent: colours.yellow,
  OpenConfirm: colours.yellow,
  Established: colours.green,
}

const WIDE_COLUMNS: readonly Column<PeerView>[] = [
  { head: 'KIND', text: peer => peer.kind },
  { head: 'CLIENT', text: peer => (peer.reflectorClient ? 'yes' : 'no') },
  { head: 'FAMILIES', text: peer => peer.families.join(',') },
  { head: 'LOCAL', text: peer => orDash(peer.localAddress) },
  { head: 'HOLD', text: peer => (peer.holdTimeS === null ? '-' : `${peer.holdTimeS}s`) },
  { head: 'IMPORT', text: peer => peer.importPolicy },
  { head: 'EXPORT', text: peer => peer.exportPolicy },
]

export function peerColumns(isWide: boolean): readonly Column<PeerView>[] {
  return [
    { head: 'NAME', text: peer => peer.name },
    { head: 'ADDRESS', text: peer => peer.address },
    { head: 'AS', text: peer => String(peer.asn) },
    { head: 'STATE', text: peer => (peer.disabled ? 'disabled' : peer.state), paint: peer => PAINT[peer.state] },
    { head: 'SINCE', text: peer => formatDuration(peer.sinceMs / 1000) },
    { head: 'RECEIVED', text: peer => orDash(peer.routesReceived) },
    { head: 'ACCEPTED', text: peer => orDash(peer.routesAccepted) },
    { head: 'ADVERTISED', text: peer => orDash(peer.routesAdvertised) },
    ...(isWide ? WIDE_COLUMNS : []),
    { head: 'LAST-ERROR', text: peer => orDash(peer.lastError) },
  ]
}

export function formatPeer(peer: PeerDetail): string {
  const since = formatDuration(peer.sinceMs / 1000)
  const { withdraw, discard, reset } = peer.updateErrors
  return formatDetails([
    ['Name', peer.name],
    ['Address', peer.address],
    ...(peer.range === null ? [] : [['Range', peer.range] as const]),
    ['AS', `${peer.asn} (${peer.kind}, local AS ${peer.localAsn})`],
    ['State', `${peer.state} for ${since}${peer.disabled ? ', disabled by an operator' : ''}`],
    ['Router id', orDash(peer.routerId)],
    ['Local address', orDash(peer.localAddress)],
    ['Connection', peer.passive ? 'passive: waits for the neighbour' : 'active'],
    ['Hold time', holdText(peer.holdTimeS)],
    ['Reflector client', peer.reflectorClient ? 'yes' : 'no'],
    ['Families', peer.families.join(', ')],
    ['Capabilities', peer.capabilities.join(', ')],
    ['Import policy', peer.importPolicy],
    ['Export policy', peer.exportPolicy],
    ['Routes', routesText(peer)],
    ...(peer.limits.length === 0 ? [] : [['Limits', peer.limits.map(limitText)] as const]),
    ['Attribute memory', attributeText(peer.attributeOctets)],
    ['Messages in', messagesText(peer.messagesIn)],
    ['Messages out', messagesText(peer.messagesOut)],
    ['Queue', peer.queueOctets === null ? '-' : `${peer.queueOctets} octets`],
    ['Malformed updates', `${withdraw} treated as withdraw, ${discard} attribute discarded, ${reset} session reset`],
    ['Sessions', `${peer.establishedCount} established, ${peer.flapCount} lost`],
    ['Last error', peer.lastError ?? 'none'],
    ['History', peer.history.map(({ at, from, to, cause }) => `${at} ${from} -> ${to}: ${cause}`)],
  ])
}

function holdText(holdTimeS: number | null): string {
  if (holdTimeS === null) return '-'
  return holdTimeS === 0 ? 'none' : `${holdTimeS}s`
}

function routesText(peer: PeerView): string[] {
  const line = (received: number | null, accepted: number | null, advertised: number | null) =>
    `${orDash(received)} received, ${orDash(accepted)} accepted, ${orDash(advertised)} advertised`
  return [
    line(peer.routesReceived, peer.routesAccepted, peer.routesAdvertised),
    ...peer.routesByFamily.map(
      counts => `${counts.family}: ${line(counts.received, counts.accepted, counts.advertised)}`,
    ),
  ]
}

function limitText({ family, kind, count, limit, action, reached, timesReached, blocked }: PeerView['limits'][number]) {
  const past = timesReached === 0 ? '' : `, reached ${timesReached} times`
  const kept = blocked === 0 ? '' : `, ${blocked} blocked`
  return `${family}: ${orDash(count)} of at most ${limit} ${kind}, then ${action}${reached ? ': reached now' : ''}${past}${kept}`
}

function attributeText({ now, limit }: PeerView['attributeOctets']): string {
  return `${orDash(now)} octets${limit === null ? '' : ` of at most ${limit}`}`
}

function messagesText(counts: MessageCounts): string {
  const { open, update, keepalive, notification, routeRefresh } = counts
  return `${open} open, ${update} update, ${keepalive} keepalive, ${notification} notification, ${routeRefresh} route refresh`
}
