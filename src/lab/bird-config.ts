/**
 * The BIRD 2 configuration of a member, written to do what Calico's templates do: learn what the agent wrote, tell peers
 * the workloads, put BGP routes into the kernel. One session a peer carries both families (RFC 4760).
 * INTEROP: BIRD 2.0.12; `learn` takes alien routes by notification, `scan time` is only the audit.
 */
import { memberIpv4, memberIpv6, UPLINK } from './link.ts'
import { LAB_ASN, type Member, neighboursOf, POD_RANGE_IPV4, POD_RANGE_IPV6, type Topology } from './topology.ts'

export function birdConfig(topology: Topology, member: Member): string {
  const isNode = member.role === 'node'
  return [
    `router id ${memberIpv4(member)};`,
    'protocol device { scan time 10; }',
    directProtocol(),
    workloadFilter('workloads4', POD_RANGE_IPV4),
    workloadFilter('workloads6', POD_RANGE_IPV6),
    isNode ? kernelProtocol('ipv4') + kernelProtocol('ipv6') : '',
    ...neighboursOf(topology, member).map(({ member: peer, isClient }) =>
      bgpProtocol(topology, { self: member, peer, isClient }),
    ),
    '',
  ].join('\n')
}

/** Connected networks, so that next hops resolve (RFC 4271 5.1.3). */
function directProtocol(): string {
  return `protocol direct { ipv4; ipv6; interface "${UPLINK}"; }`
}

function workloadFilter(name: string, range: string): string {
  return `filter ${name} { if net ~ [ ${range}+ ] && (source = RTS_INHERIT || source = RTS_BGP) then accept; reject; }`
}

function kernelProtocol(family: 'ipv4' | 'ipv6'): string {
  const channel = `${family} { import all; export where source = RTS_BGP; };`
  return `protocol kernel kernel_${family} { learn; persist; scan time 10; ${channel} }\n`
}

interface BgpPlan {
  readonly self: Member
  readonly peer: Member
  readonly isClient: boolean
}

function bgpProtocol({ transport, clusterId }: Topology, { self, peer, isClient }: BgpPlan): string {
  const address = transport === 'ipv4' ? memberIpv4 : memberIpv6
  const reflection = isClient && clusterId !== undefined ? `rr client; rr cluster id ${clusterId};` : ''
  const [ipv4NextHop, ipv6NextHop] =
    self.role === 'node' ? [`next hop address ${memberIpv4(self)};`, `next hop address ${memberIpv6(self)};`] : ['', '']
  return [
    `protocol bgp ${protocolName(peer)} {`,
    `  local ${address(self)} as ${LAB_ASN}; neighbor ${address(peer)} as ${LAB_ASN}; direct;`,
    `  hold time 9; connect delay time 1; connect retry time 1; error wait time 1, 2; ${reflection}`,
    `  ipv4 { import all; export filter workloads4; ${ipv4NextHop} };`,
    `  ipv6 { import all; export filter workloads6; ${ipv6NextHop} };`,
    '}',
  ].join('\n')
}

/** BIRD's symbols have no dashes. */
function protocolName(peer: Member): string {
  return peer.name.replaceAll('-', '_')
}

/** The member a BGP protocol leads to. */
export function memberName(protocol: string): string {
  return protocol.replaceAll('_', '-')
}
