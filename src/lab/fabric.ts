/**
 * The namespaces of a topology, wired: one for the bridge, one for every member, and pods as they come and go.
 * Knows nothing of routing daemons. Called by `kernel-cluster.ts` and by the interop suite.
 */
import { bridgeCommands, cableCommands, caliCommands, caliSysctls, podCommands, uplinkCommands } from './link.ts'
import { Namespaces } from './namespace.ts'
import type { Member, Pod, Topology } from './topology.ts'

const FABRIC = 'fabric'

export class Fabric {
  readonly namespaces = new Namespaces()

  /** Builds bridge, members and cables. After a failure call `remove`. */
  async build(topology: Topology): Promise<void> {
    const { namespaces } = this
    const { members } = topology
    await namespaces.add([FABRIC, ...members.map(member => member.name)])
    const cables = members.flatMap(member => cableCommands(member, namespaces.fullName(member.name)))
    await namespaces.ip(FABRIC, [...bridgeCommands(), ...cables])
    for (const member of members) {
      await namespaces.ip(member.name, uplinkCommands(member))
      namespaces.sysctl(member.name, { 'ipv4/ip_forward': 1, 'ipv6/conf/all/forwarding': 1 })
    }
  }

  /** A pod's namespace behind a `cali*` link of the node. Its routes are the agent's business. */
  async addPod(node: Member, pod: Pod): Promise<void> {
    const { namespaces } = this
    await namespaces.add([pod.name])
    namespaces.sysctl(pod.name, { 'ipv4/ping_group_range': '0 0' })
    await namespaces.ip(node.name, caliCommands(pod, namespaces.fullName(pod.name)))
    namespaces.sysctl(node.name, caliSysctls(pod))
    await namespaces.ip(pod.name, podCommands(pod))
  }

  /** Deletes the pod's namespace: its veth goes with it, and the kernel drops every route over `cali*`. */
  async removePod(pod: Pod): Promise<void> {
    await this.namespaces.remove([pod.name])
  }

  remove(): void {
    this.namespaces.removeAll()
  }
}
