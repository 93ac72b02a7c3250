/**
 * A cluster anybody can run: every speaker in this process, on loopback addresses and a high port, each node's table in
 * memory. Sessions, sockets and messages are real; kernels, pods and processes are not. Called by the demo without root.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, startApiServer } from '../api/index.ts'
import { configFromObject, formatProblem } from '../config/index.ts'
import { type Speaker, startSpeaker } from '../daemon/index.ts'
import type { Cluster, PeerStatus } from './cluster.ts'
import type { NodeAddresses, TableRoute } from './expect.ts'
import { showGodwit } from './godwit.ts'
import { memberIpv6 } from './link.ts'
import { MemoryNode } from './memory-node.ts'
import { type Site, speakerConfig } from './speaker-config.ts'
import { type Member, nodesOf, type Pod, type Topology } from './topology.ts'
import { Watch } from './watch.ts'

const PORT = 17900
const VERSION = 'lab'

export class MemoryCluster implements Cluster {
  readonly topology: Topology
  readonly watch = new Watch()
  readonly addresses: readonly NodeAddresses[]
  readonly tables = 'tables'
  readonly killedBy = 'stopped'
  readonly #nodes = new Map<string, MemoryNode>()
  readonly #speakers = new Map<string, Speaker>()
  readonly #servers = new Map<string, RunningServer>()
  readonly #directory = mkdtempSync(join(tmpdir(), 'godwit-lab-'))
  readonly #site: Site

  constructor(topology: Topology) {
    this.topology = topology
    const subnet = loopbackSubnet()
    const address = (member: Member) => `${subnet}.${member.number}`
    this.#site = {
      kernel: 'memory',
      port: PORT,
      address,
      ipv6NextHop: memberIpv6,
      socket: member => join(this.#directory, `${member.name}.sock`),
    }
    this.addresses = nodesOf(topology).map(node => ({ name: node.name, ipv4: address(node), ipv6: memberIpv6(node) }))
    for (const { name, ipv4, ipv6 } of this.addresses) {
      this.#nodes.set(name, new MemoryNode(name, [`${ipv4}/24`, `${ipv6}/64`], this.watch))
    }
  }

  async start(): Promise<void> {
    for (const member of this.topology.members) {
      const result = configFromObject(speakerConfig(this.topology, member, this.#site), member.name)
      if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
      const kernel = this.#nodes.get(member.name)?.fib
      const speaker = await startSpeaker(result.config, kernel === undefined ? {} : { kernel })
      this.#speakers.set(member.name, speaker)
      const socketPath = join(this.#directory, `${member.name}.sock`)
      const server = await startApiServer({ socketPath, views: speaker.views, version: VERSION })
      this.#servers.set(member.name, server)
    }
  }

  async stop(): Promise<void> {
    for (const member of this.topology.members) await this.kill(member)
    this.abandon()
  }

  abandon(): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }

  peers(member: Member): Promise<readonly PeerStatus[]> {
    return Promise.resolve(this.#speakers.get(member.name)?.views.peers() ?? [])
  }

  addPod(node: Member, pod: Pod): Promise<void> {
    this.#node(node).addLink(pod.device)
    return Promise.resolve()
  }

  removePod(node: Member, pod: Pod): Promise<void> {
    this.#node(node).removeLink(pod.device)
    return Promise.resolve()
  }

  agentAdd(node: Member, prefix: string, device: string): number {
    const writtenAt = performance.now()
    this.#node(node).agentAdd(prefix, device)
    return writtenAt
  }

  agentRemove(node: Member, prefix: string): number {
    const removedAt = performance.now()
    this.#node(node).agentRemove(prefix)
    return removedAt
  }

  routes(node: Member): Promise<readonly TableRoute[]> {
    return Promise.resolve(this.#node(node).routes())
  }

  async kill(member: Member): Promise<void> {
    const { name } = member
    const [server, speaker] = [this.#servers.get(name), this.#speakers.get(name)]
    this.#servers.delete(name)
    this.#speakers.delete(name)
    await server?.close()
    await speaker?.stop()
  }

  showPeers(member: Member): Promise<string> {
    return showGodwit(join(this.#directory, `${member.name}.sock`), ['peers'])
  }

  showRoutes(node: Member): Promise<string> {
    return Promise.resolve(this.#node(node).text())
  }

  logs(): string {
    return ''
  }

  #node(member: Member): MemoryNode {
    const node = this.#nodes.get(member.name)
    if (node === undefined) throw new Error(`${member.name} has no table`)
    return node
  }
}

/** A /24 of 127.0.0.0/8 that labs in other processes do not use. */
function loopbackSubnet(): string {
  const { pid } = process
  return `127.${64 + ((pid >> 8) & 63)}.${pid & 255}`
}
