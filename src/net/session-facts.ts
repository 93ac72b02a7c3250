/**
 * What an Established session has settled about its routes, in the words of a table's peer (`RibPeer` in src/rib): the part that is said by the two OPENs and the
 * connection, and not by any configuration. Called by those who implement the routing port: src/daemon/routing.ts and src/sim/routes.ts.
 */
import type { Negotiated } from '../../fsm/index.ts'
import type { SessionEndpoints } from './routing-port.ts'

export function sessionFacts(negotiated: Negotiated, { local, remote }: SessionEndpoints) {
  const { kind, peerAsn, peerRouterId, families, fourOctetAs, enhancedRefresh, codec } = negotiated
  const { receive = [], send = [] } = codec.addPath ?? {}
  return {
    kind,
    asn: peerAsn,
    routerId: peerRouterId,
    address: remote,
    localAddress: local,
    families,
    fourOctetAs,
    maxLength: codec.maxLength,
    enhancedRefresh,
    addPath: Object.fromEntries(
      families.map(family => [family.name, { receive: receive.includes(family), send: send.includes(family) }]),
    ),
    ...(codec.extendedNextHop !== undefined && { extendedNextHop: codec.extendedNextHop }),
  }
}
