/**
 * A cluster of namespaces: real kernels, real links, real processes. Needs root on Linux. Members run godwit or BIRD as the
 * topology says. Called by the demo and by the interop suites.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Bird } from './bird.ts'
import type { Cluster, PeerStatus } from './cluster.ts'
import { Echo } from './echo.ts'
import type { NodeAddresses, TableRoute } from './expect.ts'
import { Fabric } from './fabric.ts'
import { Godwit } from './godwit.ts'
import { workloadRoutes } from './ip-route.ts'
import { KernelNode } from './kernel-node.ts'
import { memberIpv4, memberIpv6 } from './link.ts'
import { type Site, speakerConfig } from './speaker-config.ts'
import { type Member, nodesOf, type Pod, type Topology } from './topology.ts'
import { Watch } from './watch.ts'

type Program = Godwit | Bird
const BGP_PORT = 179

export class KernelCluster implements Cluster {
  readonly topology: Topology
  readonly watch = new Watch()
  readonly addresses: readonly NodeAddresses[]
  readonly tables = 'kernels'
  readonly killedBy = 'SIGKILL'
  readonly fabric = new Fabric()
  readonly #directory = mkdtempSync(join(tmpdir(), 'godwit-lab-'))
  readonly #site: Site
  readonly #nodes = new Map<string, KernelNode>()
  readonly #programs = new Map<string, Program>()
  readonly #echoes = new Map<string, Echo>()

  constructor(topology: Topology) {
    this.topology = topology
    this.#site = {
      kernel: 'rtnetlink',
      port: BGP_PORT,
      address: topology.transport === 'ipv4' ? memberIpv4 : memberIpv6,
      socket: member => this.#socket(member),
    }
    this.addresses = nodesOf(topology).map(node => ({
      name: node.name,
      ipv4: memberIpv4(node),
      ipv6: memberIpv6(node),
    }))
  }

  async start(): Promise<void> {
    const { namespaces } = this.fabric
    await this.fabric.build(this.topology)
    for (const { name } of nodesOf(this.topology)) {
      this.#nodes.set(name, new KernelNode(name, namespaces, this.watch))
    }
    await Promise.all(this.topology.members.map(member => this.startMember(member)))
  }

  /** Starts a member's program, for the first time or again. */
  async startMember(member: Member): Promise<void> {
    const { namespaces } = this.fabric
    if (member.software === 'bird') {
      const place = { namespaces, directory: this.#directory }
      this.#programs.set(member.name, await Bird.start(place, this.topology, member))
      return
    }
    const godwit = Godwit.start({
      name: member.name,
      config: speakerConfig(this.topology, member, this.#site),
      socket: this.#socket(member),
      directory: this.#directory,
      enter: work => namespaces.enter(member.name, work),
    })
    this.#programs.set(member.name, godwit)
    await godwit.ready()
  }

  /** The BIRD that runs on a member, to ask it questions. */
  bird(member: Member): Bird {
    const program = this.#programs.get(member.name)
    if (program instanceof Bird) return program
    throw new Error(`${member.name} does not run BIRD`)
  }

  async stop(): Promise<void> {
    this.#closeSockets()
    await Promise.all([...this.#programs.values()].map(({ process }) => process.stop()))
    this.abandon()
  }

  abandon(): void {
    this.#closeSockets()
    for (const { process } of this.#programs.values()) process.killNow()
    this.fabric.remove()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  peers(member: Member): Promise<readonly PeerStatus[]> {
    const program = this.#programs.get(member.name)
    if (program === undefined || program.process.hasEnded) return Promise.resolve([])
    return program.peers()
  }

  async addPod(node: Member, pod: Pod): Promise<void> {
    await this.fabric.addPod(node, pod)
    this.#node(node).linkAdded(pod.device)
    this.#echoes.set(
      pod.name,
      this.fabric.namespaces.enter(pod.name, () => new Echo(pod)),
    )
  }

  async removePod(_node: Member, pod: Pod): Promise<void> {
    this.#echoes.get(pod.name)?.close()
    this.#echoes.delete(pod.name)
    await this.fabric.removePod(pod)
  }

  agentAdd(node: Member, prefix: string, device: string): number {
    return this.#node(node).agentAdd(prefix, device)
  }

  agentRemove(node: Member, prefix: string, device: string): number {
    return this.#node(node).agentRemove(prefix, device)
  }

  async routes(node: Member): Promise<readonly TableRoute[]> {
    const { namespaces } = this.fabric
    const [ipv4, ipv6] = await Promise.all([
      namespaces.ipJson(node.name, 'route show'),
      namespaces.ipJson(node.name, '-6 route show'),
    ])
    return [...workloadRoutes(ipv4), ...workloadRoutes(ipv6)]
  }

  ping(from: Pod, address: string): Promise<number | undefined> {
    const echo = this.#echoes.get(from.name)
    if (echo === undefined) throw new Error(`${from.name} is not running`)
    return echo.ping(address)
  }

  async kill(member: Member): Promise<void> {
    await this.#programs.get(member.name)?.process.kill()
  }

  showPeers(member: Member): Promise<string> {
    const program = this.#programs.get(member.name)
    if (program instanceof Godwit) return program.show('peers')
    return this.bird(member).command('show protocols')
  }

  async showRoutes(node: Member): Promise<string> {
    const { namespaces } = this.fabric
    const shown = ([4, 6] as const).map(family => namespaces.ip(node.name, [`route show proto bird`], family))
    return (await Promise.all(shown)).join('')
  }

  logs(): string {
    return [...this.#programs.values()].map(({ process }) => `--- ${process.name}\n${process.tail()}`).join('\n')
  }

  #closeSockets(): void {
    for (const echo of this.#echoes.values()) echo.close()
    for (const node of this.#nodes.values()) node.close()
    this.#echoes.clear()
    this.#nodes.clear()
  }

  #socket(member: Member): string {
    return join(this.#directory, `${member.name}.sock`)
  }

  #node(member: Member): KernelNode {
    const node = this.#nodes.get(member.name)
    if (node === undefined) throw new Error(`${member.name} has no table of its own`)
    return node
  }
}
