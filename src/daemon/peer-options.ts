/**
 * What the network side wants to know of peers and ranges, from the configuration. Called by speaker.ts at
 * start and by reconfigure.ts at a reload.
 */
import { type Family, formatPrefix } from '../../wire/index.ts'
import type { Config, PeerConfig, PeerRangeConfig } from '../config/index.ts'
import type { PeerOptions, RangeOptions } from '../net/index.ts'
import { memberConfig } from './member.ts'
import { offeredAddPath } from './route-options.ts'
import type { Routing } from './routing.ts'
import { transportOptions } from './transport.ts'

/** How the wait after a failed session grows (RFC 4271 8.1.1): doubled each time, never more than the cap. */
const IDLE_HOLD_MS = { first: 1_000, cap: 60_000 }

const NO_OTHERS: readonly number[] = []
const NO_FAMILIES: readonly Family[] = []

/** `otherPeerAsns`: what the neighbour may be instead of `peer.asn`. */
export function peerOptions(
  { speaker }: Config,
  peer: PeerConfig,
  otherPeerAsns: readonly number[] = NO_OTHERS,
): PeerOptions {
  return {
    name: peer.name,
    remoteAddress: peer.address,
    remotePort: peer.port,
    ...(peer.localAddress !== undefined && { localAddress: peer.localAddress }),
    transport: transportOptions(peer),
    ...(peer.sendHoldTimeS !== undefined && { sendHoldMs: peer.sendHoldTimeS * 1000 }),
    fsm: {
      localAsn: speaker.asn,
      peerAsn: peer.asn,
      otherPeerAsns,
      routerId: speaker.routerId,
      holdTimeS: peer.holdTimeS,
      families: peer.families,
      passive: peer.passive,
      connectRetryMs: peer.connectRetryS * 1000,
      idleHoldMs: IDLE_HOLD_MS,
      mayAccept: true,
      random: Math.random,
      minHoldTimeS: peer.minHoldTimeS,
      delayOpenMs: peer.delayOpenS * 1000,
      extendedMessages: peer.extendedMessages,
      routeRefresh: peer.routeRefresh,
      retryWithoutCapabilities: peer.retryWithoutCapabilities,
      addPath: offeredAddPath(peer, peer.families),
      extendedNextHop: peer.extendedNextHop ? peer.families.filter(({ bits }) => bits === 32) : NO_FAMILIES,
      ...(peer.limitRestartS !== undefined && { overloadHoldMs: peer.limitRestartS * 1000 }),
    },
  }
}

/** `current` is asked at the time somebody connects: a reload may have changed what the range says meanwhile. */
export function rangeOptions(range: PeerRangeConfig, current: () => Config, routing: Routing): RangeOptions {
  const { name, prefix, limit } = range
  return {
    name,
    network: formatPrefix(prefix.family, prefix.words, prefix.length).split('/')[0] ?? '',
    prefixLength: prefix.length,
    limit,
    transport: transportOptions(range),
    join(address) {
      const config = current()
      const now = config.peerRanges.find(other => other.name === name) ?? range
      const member = memberConfig(now, address)
      routing.join(member, name)
      return peerOptions(config, member, now.asns)
    },
    leave: member => routing.leave(member),
  }
}
