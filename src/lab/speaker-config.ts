/**
 * A member's godwit configuration, as an operator would write it for a Calico node or a reflector: the plain object that
 * `src/config` takes. A node learns the agent's routes and tells workload prefixes only; a reflector has no kernel section.
 */
import type { ConfigInput } from '../config/index.ts'
import { LAB_ASN, type Member, neighboursOf, POD_RANGE_IPV4, POD_RANGE_IPV6, type Topology } from './topology.ts'

/** Where the members of one lab are and what they use. */
export interface Site {
  readonly kernel: 'rtnetlink' | 'memory'
  readonly port: number
  address(member: Member): string
  /** Own next hop for IPv6 routes where the member's interface does not show it. */
  ipv6NextHop?(member: Member): string
  socket(member: Member): string | false
}

const HOLD_TIME_S = 9
const CONNECT_RETRY_S = 1
/** BIRD's rtm_protocol, which Calico's agent leaves to the BGP speaker. */
export const SPEAKER_PROTOCOL = 12

export function speakerConfig(topology: Topology, member: Member, site: Site): ConfigInput {
  const isNode = member.role === 'node'
  const address = site.address(member)
  const { clusterId } = topology
  const nextHops = site.ipv6NextHop === undefined ? {} : { nextHops: { ipv6: site.ipv6NextHop(member) } }
  return {
    speaker: {
      asn: LAB_ASN,
      routerId: `10.0.0.${member.number}`,
      listen: [{ address, port: site.port }],
      holdTime: HOLD_TIME_S,
      connectRetry: CONNECT_RETRY_S,
    },
    ...(isNode || clusterId === undefined ? {} : { reflector: { clusterId } }),
    policies: {
      workloads: {
        terms: [
          { match: { prefixes: [`${POD_RANGE_IPV4}+`, `${POD_RANGE_IPV6}+`], sources: ['kernel'] }, action: 'accept' },
        ],
        otherwise: 'reject',
      },
    },
    peers: neighboursOf(topology, member).map(({ member: peer, isClient }) => ({
      name: peer.name,
      address: site.address(peer),
      asn: LAB_ASN,
      port: site.port,
      localAddress: address,
      export: isNode ? 'workloads' : 'accept-all',
      ...(isClient ? { reflectorClient: true } : {}),
      ...nextHops,
    })),
    ...(isNode ? { kernel: { backend: site.kernel, protocol: SPEAKER_PROTOCOL, learn: true } } : {}),
    api: { socket: site.socket(member) },
  }
}
