/**
 * The routing port of a simulated speaker: a real `Rib` behind it, as `src/daemon/routing.ts` puts one there from
 * configuration. Also keeps an eye on the Loc-RIB: no route may lead back to its owner.
 * Called by the drivers of `src/net`; read by `speaker.ts` and `invariant.ts`.
 */
import type { Negotiated } from '../../fsm/index.ts'
import type { Family, Notification } from '../../wire/index.ts'
import { type RoutingPort, type SessionEndpoints, sessionFacts } from '../net/index.ts'
import { ACCEPT_ALL, compilePolicy } from '../policy/index.ts'
import type { PeerId, Rib } from '../rib/index.ts'
import type { Place } from './place.ts'
import type { Site } from './topology.ts'
import { Violation } from './violation.ts'

/** One Established session. */
export interface SimulatedSession {
  readonly id: PeerId
  readonly place: Place
  readonly negotiated: Negotiated
}

export interface RoutesOptions {
  readonly site: Site
  readonly rib: Rib
  /** By name of the peer. */
  readonly places: ReadonlyMap<string, Place>
  readonly fail: (violation: Violation) => void
}

const ACCEPT = compilePolicy(ACCEPT_ALL)

export class Routes implements RoutingPort<SimulatedSession> {
  /** By name of the peer. */
  readonly sessions = new Map<string, SimulatedSession>()
  readonly #options: RoutesOptions
  readonly #rib: Rib

  constructor(options: RoutesOptions) {
    const { rib, site, fail } = options
    this.#options = options
    this.#rib = rib
    const own = [site.ipv4.join('.'), site.ipv6.join('.')]
    rib.onBestRoute({
      routeChanged(route) {
        if (route.present && route.source === 'bgp' && own.includes(route.nextHop?.octets.join('.') ?? '')) {
          fail(new Violation('no-route-to-itself', `${site.index}: by ${route.nextHop?.text}`))
        }
      },
      flushed() {},
    })
  }

  get pending(): boolean {
    return this.#rib.pending
  }

  work(): void {
    this.#rib.work()
  }

  established(name: string, negotiated: Negotiated, endpoints: SessionEndpoints): SimulatedSession {
    const { site, places, fail } = this.#options
    const place = places.get(name)
    if (place === undefined) throw new RangeError(`a session of ${name}, which is not configured`)
    if (this.sessions.has(name)) fail(new Violation('one-session', `${name} has two`))
    const id = this.#rib.addPeer({
      ...sessionFacts(negotiated, endpoints),
      name,
      localAsn: site.asn,
      reflectorClient: place.hasClient,
      clusterId: site.clusterId,
      nextHopSelf: false,
      importPolicy: ACCEPT,
      exportPolicy: ACCEPT,
      nextHops: { ipv4: site.ipv4, ipv6: site.ipv6 },
    })
    const session = { id, place, negotiated }
    this.sessions.set(name, session)
    return session
  }

  update({ id }: SimulatedSession, bytes: Uint8Array, start: number, end: number): Notification | undefined {
    return this.#rib.update(id, bytes, start, end)
  }

  refresh({ id }: SimulatedSession, family: Family): void {
    this.#rib.refresh(id, family)
  }

  refreshBegins({ id }: SimulatedSession, family: Family): void {
    this.#rib.beginRefresh(id, family)
  }

  refreshEnds({ id }: SimulatedSession, family: Family): void {
    this.#rib.endRefresh(id, family)
  }

  down(session: SimulatedSession): void {
    const { name } = session.place
    if (this.sessions.get(name) !== session) {
      this.#options.fail(new Violation('one-session', `${name} ends a session it does not have`))
    }
    this.sessions.delete(name)
    this.#rib.removePeer(session.id)
  }

  pull({ id }: SimulatedSession, write: (bytes: Uint8Array) => void): boolean {
    return this.#rib.pull(id, write)
  }
}
