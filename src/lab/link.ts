/**
 * The wiring of a lab as `ip` command lines: one bridge, a veth to every member, a veth to every pod. Pure text;
 * `fabric.ts` and `pod.ts` run it. The host's end of a pod's veth is set up as Calico sets up a `cali*` interface.
 */
import type { Member, Pod } from './topology.ts'

const BRIDGE = 'br0'
export const UPLINK = 'eth0'
/** Calico gives every host end this address, so a pod's gateway never changes hardware address when the pod moves. */
const CALI_MAC = 'ee:ee:ee:ee:ee:ee'
const CALI_LINK_LOCAL = 'fe80::ecee:eeff:feee:eeee'
const POD_GATEWAY = '169.254.1.1'
const GATEWAY_NUMBER = 254

export function memberIpv4(member: Member): string {
  return `10.0.0.${member.number}`
}

export function memberIpv6(member: Member): string {
  return `fd00:10::${member.number}`
}

/** In the fabric's namespace: the bridge; it is also the members' default gateway, as a ToR switch would be. */
export function bridgeCommands(): string[] {
  return [
    `link add ${BRIDGE} type bridge mcast_snooping 0`,
    `addr add 10.0.0.${GATEWAY_NUMBER}/24 dev ${BRIDGE}`,
    `addr add fd00:10::${GATEWAY_NUMBER}/64 dev ${BRIDGE} nodad`,
    `link set ${BRIDGE} up`,
  ]
}

/** In the fabric's namespace: a cable from the bridge to a member. */
export function cableCommands(member: Member, namespace: string): string[] {
  const port = `to-${member.name}`
  return [`link add ${port} type veth peer name ${UPLINK} netns ${namespace}`, `link set ${port} master ${BRIDGE} up`]
}

/** In a member's namespace: its addresses and its default route. */
export function uplinkCommands(member: Member): string[] {
  return [
    `addr add ${memberIpv4(member)}/24 dev ${UPLINK}`,
    `addr add ${memberIpv6(member)}/64 dev ${UPLINK} nodad`,
    `link set ${UPLINK} up`,
    `route add default via 10.0.0.${GATEWAY_NUMBER}`,
    `route add default via fd00:10::${GATEWAY_NUMBER}`,
  ]
}

/** In a node's namespace: the host end `cali*` of a pod's veth, whose other end appears in the pod's namespace. */
export function caliCommands(pod: Pod, namespace: string): string[] {
  return [
    `link add ${pod.device} address ${CALI_MAC} type veth peer name ${UPLINK} netns ${namespace}`,
    `link set ${pod.device} up`,
  ]
}

/** Under /proc/sys/net of a node: answer for the pod's gateway at once, and forward what the pod sends. */
export function caliSysctls(pod: Pod): Record<string, number> {
  return { [`ipv4/conf/${pod.device}/proxy_arp`]: 1, [`ipv4/neigh/${pod.device}/proxy_delay`]: 0 }
}

/** In the pod's namespace: a /32 and a /128, everything else through the host. */
export function podCommands(pod: Pod): string[] {
  return [
    `addr add ${pod.ipv4}/32 dev ${UPLINK}`,
    `addr add ${pod.ipv6}/128 dev ${UPLINK} nodad`,
    `link set ${UPLINK} up`,
    `route add ${POD_GATEWAY} dev ${UPLINK} scope link`,
    `route add default via ${POD_GATEWAY} dev ${UPLINK}`,
    `route add default via ${CALI_LINK_LOCAL} dev ${UPLINK}`,
  ]
}
