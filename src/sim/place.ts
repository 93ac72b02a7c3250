/**
 * Where a speaker meets one neighbour: the link, its end of it, and what is configured about the session.
 * Built by `cluster.ts`; known to speakers, faults and invariants.
 */
import { formatAddress } from '../../wire/index.ts'
import type { End, Link } from './link.ts'
import type { Edge, Site } from './topology.ts'

export class Place {
  /** As the peer is configured under. */
  readonly name: string
  readonly link: Link
  readonly end: End
  readonly edge: Edge
  readonly site: Site
  readonly remote: Site
  readonly localAddress: string
  readonly remoteAddress: string

  constructor(link: Link, end: End, edge: Edge, sites: readonly [Site, Site]) {
    const [site, remote] = sites
    this.name = `${site.index}-${remote.index}`
    this.link = link
    this.end = end
    this.edge = edge
    this.site = site
    this.remote = remote
    this.localAddress = formatAddress(site.ipv4)
    this.remoteAddress = formatAddress(remote.ipv4)
  }

  get isInternal(): boolean {
    return this.site.asn === this.remote.asn
  }

  /** The neighbour is our reflector client. */
  get hasClient(): boolean {
    return this.edge.hasClient[this.end]
  }

  get isPassive(): boolean {
    return this.edge.isPassive[this.end]
  }
}
