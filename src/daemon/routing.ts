/**
 * The network side's port to the RIB: turns "this session is Established" into a peer of the RIB, and hands everything else through.
 *
 * Here configuration, negotiation and table meet: which families both sides speak, which policy applies, whom we reflect for (RFC 4456 2), and which own
 * address is told as next hop. One RIB peer lives as long as one session. Called by src/net; built and asked for rows by speaker.ts and views.ts.
 */
import type { Negotiated } from '../../fsm/index.ts'
import type { Family, Notification } from '../../wire/index.ts'
import type { Config, PeerConfig, SpeakerConfig } from '../config/index.ts'
import { type RoutingPort, type SessionEndpoints, sessionFacts } from '../net/index.ts'
import { routeLimit } from '../observe/channels.ts'
import type { PeerId, Rib, RibPeer } from '../rib/index.ts'
import { memberConfig } from './member.ts'
import { ownNextHops } from './own-address.ts'
import { PolicyShelf } from './policy-shelf.ts'
import { clusterIds, exportTerms, routeTerms } from './route-options.ts'

export class Routing implements RoutingPort<PeerId> {
  readonly #rib: Rib
  readonly #speaker: SpeakerConfig
  #peers: ReadonlyMap<string, PeerConfig>
  /** Those who came from a range, and which. */
  readonly #members = new Map<string, { readonly peer: PeerConfig; readonly range: string }>()
  readonly #sessions = new Map<string, PeerId>()
  readonly #endpoints = new Map<number, SessionEndpoints>()
  readonly #names = new Map<PeerId, string>()
  /** Sessions ended over a malformed UPDATE, by peer. */
  readonly #resets = new Map<string, number>()
  /** The same by range: whoever came from it and was reset is gone, as a rule. */
  readonly #rangeResets = new Map<string, number>()
  readonly #policies: PolicyShelf

  constructor(rib: Rib, config: Config) {
    const { speaker, peers } = config
    this.#rib = rib
    this.#speaker = speaker
    this.#peers = byName(peers)
    this.#policies = new PolicyShelf(speaker)
    rib.setClusterIds(clusterIds(config))
    rib.onLimit(({ name, family, kind, limit, count, action }) => {
      if (routeLimit.hasSubscribers) routeLimit.publish({ peer: name, family: family.name, kind, limit, count, action })
    })
  }

  /**
   * Other peers from now on. Sessions that are up get the policies and limits of today, and keep everything else they came up
   * with; those of peers that are gone must be down already.
   */
  configure(config: Config): void {
    const { peers, peerRanges } = config
    this.#peers = byName(peers)
    // Those of a member go with the member, see `leave`.
    for (const name of this.#resets.keys())
      if (!this.#peers.has(name) && !this.#members.has(name)) this.#resets.delete(name)
    for (const name of this.#rangeResets.keys())
      if (!peerRanges.some(range => range.name === name)) this.#rangeResets.delete(name)
    for (const [name, { peer, range: of }] of this.#members) {
      const range = peerRanges.find(other => other.name === of)
      if (range !== undefined) this.#members.set(name, { peer: memberConfig(range, peer.address), range: of })
    }
    this.#policies.keepOnly({ peers, peerRanges })
    this.#rib.setClusterIds(clusterIds(config))
    for (const [name, id] of this.#sessions) this.#reapply(name, id)
  }

  /** What has not changed is nothing to the RIB: policies are compiled once (policy-shelf.ts). */
  #reapply(name: string, id: PeerId): void {
    const peer = this.#peers.get(name) ?? this.#members.get(name)?.peer
    if (peer === undefined) return
    this.#rib.setImportPolicy(id, this.#policies.get(peer.import, peer))
    this.#rib.setExport(id, { exportPolicy: this.#policies.get(peer.export, peer), ...exportTerms(peer) })
    this.#rib.setLimits(id, peer)
  }

  /** Somebody connects from a range, and is a peer as long as that lasts. */
  join(peer: PeerConfig, range: string): void {
    this.#members.set(peer.name, { peer, range })
  }

  leave(name: string): void {
    this.#members.delete(name)
    this.#resets.delete(name)
  }

  member(name: string): { readonly peer: PeerConfig; readonly range: string } | undefined {
    return this.#members.get(name)
  }

  /** Who came from ranges, in the order they came. */
  members(): Iterable<{ readonly peer: PeerConfig; readonly range: string }> {
    return this.#members.values()
  }

  /** The RIB's id of a peer's present session. */
  session(name: string): PeerId | undefined {
    return this.#sessions.get(name)
  }

  /** Our address on the session with this id; undefined when it is over. */
  localAddress(id: number): Uint8Array | undefined {
    return this.#endpoints.get(id)?.local
  }

  /** The interface of a session with this id between link-local addresses. */
  zone(id: number): string | undefined {
    return this.#endpoints.get(id)?.zone
  }

  established(name: string, negotiated: Negotiated, endpoints: SessionEndpoints): PeerId {
    const peer = this.#peers.get(name) ?? this.#members.get(name)?.peer
    if (peer === undefined) throw new Error(`a session of ${name}, which is not configured`)
    const id = this.#rib.addPeer(this.#ribPeer(peer, negotiated, endpoints))
    this.#sessions.set(name, id)
    this.#endpoints.set(id, endpoints)
    this.#names.set(id, name)
    return id
  }

  update(id: PeerId, bytes: Uint8Array, start: number, end: number): Notification | undefined {
    const error = this.#rib.update(id, bytes, start, end)
    if (error !== undefined) this.#countReset(id)
    return error
  }

  /** How many sessions of a peer were ended over a malformed UPDATE (RFC 4271 6.3). */
  resets(name: string): number {
    return this.#resets.get(name) ?? 0
  }

  /** The same for all who came from a range, those who are gone included. */
  rangeResets(range: string): number {
    return this.#rangeResets.get(range) ?? 0
  }

  refresh(id: PeerId, family: Family): void {
    this.#rib.refresh(id, family)
  }

  refreshBegins(id: PeerId, family: Family): void {
    this.#rib.beginRefresh(id, family)
  }

  refreshEnds(id: PeerId, family: Family): void {
    this.#rib.endRefresh(id, family)
  }

  down(id: PeerId): void {
    const name = this.#names.get(id)
    this.#names.delete(id)
    if (name !== undefined) this.#sessions.delete(name)
    this.#endpoints.delete(id)
    this.#rib.removePeer(id)
  }

  pull(id: PeerId, write: (bytes: Uint8Array) => void): boolean {
    return this.#rib.pull(id, write)
  }

  get pending(): boolean {
    return this.#rib.pending
  }

  work(): void {
    this.#rib.work()
  }

  #countReset(id: PeerId): void {
    const name = this.#names.get(id)
    if (name === undefined) return
    this.#resets.set(name, this.resets(name) + 1)
    const range = this.#members.get(name)?.range
    if (range !== undefined) this.#rangeResets.set(range, this.rangeResets(range) + 1)
  }

  #ribPeer(peer: PeerConfig, negotiated: Negotiated, endpoints: SessionEndpoints): RibPeer {
    return {
      ...sessionFacts(negotiated, endpoints),
      name: peer.name,
      localAsn: this.#speaker.asn,
      reflectorClient: peer.reflectorClient,
      clusterId: peer.clusterId ?? this.#speaker.routerId,
      ...exportTerms(peer),
      importPolicy: this.#policies.get(peer.import, peer),
      exportPolicy: this.#policies.get(peer.export, peer),
      nextHops: ownNextHops(endpoints.local, peer.nextHops, familiesOfAddress(negotiated)),
      ...routeTerms(peer, negotiated),
    }
  }
}

function byName(peers: readonly PeerConfig[]): ReadonlyMap<string, PeerConfig> {
  return new Map(peers.map(peer => [peer.name, peer]))
}

/** Those whose routes need a next hop of the family itself: with RFC 8950 the session's own IPv6 address will do for IPv4 routes. */
function familiesOfAddress({ families, codec: { extendedNextHop = [] } }: Negotiated): readonly Family[] {
  return families.filter(family => !extendedNextHop.includes(family))
}
