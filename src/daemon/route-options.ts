/**
 * What configuration and negotiation say about a neighbour's routes, as the RIB and the OPEN want it: path identifiers
 * (RFC 7911 4), limits, and how AS_PATH is judged. Called by routing.ts when a session comes up, and with peers' options.
 */
import type { Negotiated, PeerFsmOptions } from '../../fsm/index.ts'
import { AddPathMode } from '../../wire/index.ts'
import type { Config, RouteOptions, SessionConfig } from '../config/index.ts'
import type { ExportRules, RibPeer } from '../rib/index.ts'

const MODES = { receive: AddPathMode.RECEIVE, send: AddPathMode.SEND, both: AddPathMode.BOTH } as const

/** What to offer, see `LocalTerms.addPath`. */
export function offeredAddPath(
  { addPath }: RouteOptions,
  families: PeerFsmOptions['families'],
): NonNullable<PeerFsmOptions['addPath']> {
  return families.flatMap(family => {
    const mode = addPath[family.name]
    return mode === undefined ? [] : [{ family, mode: MODES[mode] }]
  })
}

/** The cluster ids of ours (RFC 4456 7, 8): the reflector's and those of clients that name another. */
export function clusterIds({ reflector, speaker, peers, peerRanges }: Config): number[] {
  const own = reflector?.clusterId ?? speaker.routerId
  const others = [...peers, ...peerRanges].map(item => (item.reflectorClient ? item.clusterId : undefined))
  return [...new Set([own, ...others.filter(id => id !== undefined)])]
}

/** The part of a RibPeer that is about what it is told, and may change under a session. */
export function exportTerms({ nextHopMode, clientToClient }: SessionConfig): Omit<ExportRules, 'exportPolicy'> {
  return { nextHopSelf: nextHopMode === 'self', nextHopKeep: nextHopMode === 'keep', clientToClient }
}

type RouteTerms = Pick<
  RibPeer,
  'addPathSend' | 'limits' | 'attributeOctets' | 'allowOwnAs' | 'rejectAsSets' | 'firstAs'
>

/** The part of a RibPeer that configuration says about its routes. */
export function routeTerms(options: RouteOptions, { kind, peerAsn }: Negotiated): RouteTerms {
  const { attributeOctets, limits, allowOwnAs, rejectAsSets, addPathSend } = options
  return {
    addPathSend,
    limits,
    ...(attributeOctets !== undefined && { attributeOctets }),
    allowOwnAs,
    rejectAsSets,
    ...(options.enforceFirstAs && kind === 'ebgp' && { firstAs: peerAsn }),
  }
}
