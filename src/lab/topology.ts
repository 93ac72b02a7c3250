/**
 * Who is in a lab, who peers with whom, and which addresses everything has: plain data, no I/O.
 *
 * Two shapes: a full mesh of nodes (RFC 4271 9.2.1: internal peers are fully meshed), and the same nodes behind route
 * reflectors that share one cluster (RFC 4456 7). Both the namespace cluster and the memory cluster are built from it.
 * Numbers are the whole plan: node N has host number N, its pods are 10.65.N.P and fd65:0:N::P, reflectors count from 101.
 */
export type Software = 'godwit' | 'bird'
export type Role = 'node' | 'reflector'

export interface Member {
  readonly name: string
  /** Last octet of every address this member has; also decides its pods' addresses. */
  readonly number: number
  readonly role: Role
  readonly software: Software
}

export interface Topology {
  readonly name: string
  readonly members: readonly Member[]
  /** What the sessions run over; both families travel in either. */
  readonly transport: 'ipv4' | 'ipv6'
  /** RFC 4456 CLUSTER_ID all reflectors share, as an address; absent in a full mesh. */
  readonly clusterId?: string
}

export interface Neighbour {
  readonly member: Member
  /** True on a reflector for the nodes it reflects between. */
  readonly isClient: boolean
}

export interface Pod {
  readonly name: string
  readonly ipv4: string
  readonly ipv6: string
  /** The host's end of the pod's veth, as Calico names it. */
  readonly device: string
}

export const LAB_ASN = 64512
export const POD_RANGE_IPV4 = '10.65.0.0/16'
export const POD_RANGE_IPV6 = 'fd65::/32'
const WORKLOAD = /^(10\.65\.|fd65:)/
const FIRST_REFLECTOR = 101

/** Nodes 1..n, each running the named software (godwit where the list is shorter). */
export function fullMesh(nodes: number, software: readonly Software[] = []): Topology {
  return { name: 'full mesh', transport: 'ipv4', members: nodeMembers(nodes, software) }
}

/** Nodes 1..n that peer only with the reflectors; the reflectors peer with each other as non-clients. */
export function reflected(
  nodes: number,
  reflectors: readonly Software[],
  software: readonly Software[] = [],
): Topology {
  const members = nodeMembers(nodes, software)
  for (const [index, kind] of reflectors.entries()) {
    members.push({ name: `rr-${index + 1}`, number: FIRST_REFLECTOR + index, role: 'reflector', software: kind })
  }
  return { name: 'route reflectors', transport: 'ipv4', members, clusterId: '10.0.0.100' }
}

function nodeMembers(count: number, software: readonly Software[]): Member[] {
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1
    return { name: `node-${number}`, number, role: 'node', software: software[index] ?? 'godwit' }
  })
}

export function nodesOf(topology: Topology): Member[] {
  return topology.members.filter(member => member.role === 'node')
}

export function reflectorsOf(topology: Topology): Member[] {
  return topology.members.filter(member => member.role === 'reflector')
}

/** The peers of one member, in the order of the plan. */
export function neighboursOf(topology: Topology, self: Member): Neighbour[] {
  const hasReflectors = topology.clusterId !== undefined
  return topology.members
    .filter(other => other !== self && !(hasReflectors && self.role === 'node' && other.role === 'node'))
    .map(member => ({ member, isClient: self.role === 'reflector' && member.role === 'node' }))
}

/** Every unordered pair of peers, the lower number first. */
export function sessionsOf(topology: Topology): (readonly [Member, Member])[] {
  return topology.members.flatMap(self =>
    neighboursOf(topology, self)
      .filter(({ member }) => member.number > self.number)
      .map(({ member }) => [self, member] as const),
  )
}

/** Pod P (1 is `a`) made for node N. It keeps name, addresses and device when it moves. */
export function podOf(node: Member, index: number): Pod {
  const letter = String.fromCharCode('a'.charCodeAt(0) + index - 1)
  const { number } = node
  return {
    name: `pod-${number}${letter}`,
    ipv4: `10.65.${number}.${index}`,
    ipv6: `fd65:0:${number}::${index}`,
    device: `cali${number}${letter}`,
  }
}

/** Both host routes of a pod, as prefixes. */
export function podPrefixes(pod: Pod): readonly [string, string] {
  return [`${pod.ipv4}/32`, `${pod.ipv6}/128`]
}

/** True for prefixes inside the two pod ranges, as text. */
export function isWorkload(prefix: string): boolean {
  return WORKLOAD.test(prefix)
}

/** Extra workload `index` of a node, for latency samples: even ones IPv4, odd ones IPv6; room for 32768 a node. */
export function extraPrefix(node: Member, index: number): string {
  const k = index >> 1
  if (index % 2 === 0) return `10.65.${64 * node.number + (k >> 8)}.${k & 255}/32`
  return `fd65:0:${node.number}:1::${(k + 1).toString(16)}/128`
}
