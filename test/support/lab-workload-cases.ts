/**
 * What must hold in every lab with godwit and BIRD in it, whoever reflects: one set of cases, run against each topology.
 * They build on one another, as a day in a cluster does: pods start, talk, move and go.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { differences } from '../../src/lab/expect.ts'
import { KernelCluster } from '../../src/lab/kernel-cluster.ts'
import { pause } from '../../src/lab/process.ts'
import { untilEstablished } from '../../src/lab/session.ts'
import { type Member, nodesOf, type Pod, podOf, podPrefixes, type Topology } from '../../src/lab/topology.ts'
import { Workloads } from '../../src/lab/workload.ts'
import { birdRoutes } from './lab-bird-routes.ts'
import { describeLab } from './lab-interop.ts'

const SESSION_TIMEOUT_MS = 20_000
/** BIRD's own table follows its kernel and its peers at once, but not within the same millisecond. */
const BIRD_TIMEOUT_MS = 3_000

export interface Home {
  readonly node: Member
  readonly pod: Pod
}

/** A started cluster and the pods in it. */
export class LabRun {
  readonly cluster: KernelCluster
  readonly workloads: Workloads
  readonly nodes: readonly Member[]
  homes: readonly Home[] = []

  constructor(topology: Topology) {
    this.cluster = new KernelCluster(topology)
    this.workloads = new Workloads(this.cluster)
    this.nodes = nodesOf(topology)
  }

  /** The names of the sessions that did not come up. */
  async start(): Promise<string[]> {
    await this.cluster.start()
    const missing = await untilEstablished(this.cluster, SESSION_TIMEOUT_MS)
    return missing.map(([one, other]) => `${one.name} -- ${other.name}`)
  }

  async addPod(home: Home): Promise<void> {
    await this.cluster.addPod(home.node, home.pod)
    this.homes = [...this.homes, home]
    await Promise.all(this.#workloadsOf(home).map(workload => this.workloads.add(workload)))
  }

  async removePod(home: Home): Promise<void> {
    await Promise.all(this.#workloadsOf(home).map(workload => this.workloads.remove(workload)))
    await this.cluster.removePod(home.node, home.pod)
    this.homes = this.homes.filter(other => other !== home)
  }

  /** The pod's namespace is deleted and nobody says a word to the routing table. */
  async losePod(home: Home): Promise<void> {
    const sinceMs = performance.now()
    await this.cluster.removePod(home.node, home.pod)
    this.homes = this.homes.filter(other => other !== home)
    await Promise.all(this.#workloadsOf(home).map(workload => this.workloads.vanished(workload, sinceMs)))
  }

  home(pod: string): Home {
    const home = this.homes.find(one => one.pod.name === pod)
    if (home === undefined) throw new Error(`no ${pod} in this lab`)
    return home
  }

  /** Every sentence about a route that is not as it must be, in any kernel. */
  async problems(): Promise<readonly string[]> {
    await this.workloads.verify('kernels')
    return this.workloads.problems
  }

  /** The same for what `birdc` says on every member that runs BIRD. */
  async birdProblems(): Promise<string[]> {
    const deadline = performance.now() + BIRD_TIMEOUT_MS
    for (;;) {
      const problems: string[] = []
      for (const member of this.cluster.topology.members.filter(({ software }) => software === 'bird')) {
        const seen = birdRoutes(await this.cluster.bird(member).command('show route primary'))
        problems.push(...differences(`birdc on ${member.name}`, this.workloads.expectedOn(member), seen))
      }
      if (problems.length === 0 || performance.now() > deadline) return problems
      await pause(50)
    }
  }

  /** `pod -> address` for every pod of another node that did not answer, both families. */
  async silent(): Promise<string[]> {
    const silent: string[] = []
    for (const from of this.homes) {
      for (const to of this.homes.filter(({ node }) => node !== from.node)) {
        for (const address of [to.pod.ipv4, to.pod.ipv6]) {
          const roundTripMs = await this.cluster.ping(from.pod, address)
          if (roundTripMs === undefined) silent.push(`${from.pod.name} -> ${address}`)
        }
      }
    }
    return silent
  }

  #workloadsOf({ node, pod }: Home) {
    return podPrefixes(pod).map(prefix => ({ node, prefix, device: pod.device }))
  }
}

export function workloadCases(name: string, topology: Topology): void {
  describeLab(name, () => {
    const run = new LabRun(topology)
    let missing: readonly string[] = []
    beforeAll(async () => {
      missing = await run.start()
    })
    afterAll(() => run.cluster.stop())

    it('brings every session up', () => {
      expect(missing).toEqual([])
    })

    it('puts each workload route into the kernels of all other nodes, both families', async () => {
      for (const node of run.nodes) {
        await run.addPod({ node, pod: podOf(node, 1) })
        await run.addPod({ node, pod: podOf(node, 2) })
      }
      expect(await run.problems()).toEqual([])
    })

    it('agrees with what birdc shows', async () => {
      expect(await run.birdProblems()).toEqual([])
    })

    it('lets every pod reach the pods of other nodes, both families', async () => {
      expect(await run.silent()).toEqual([])
    })

    it('follows a pod that moves to another node and keeps its addresses', async () => {
      const home = run.home('pod-1b')
      const target = run.nodes.at(-1)
      if (target === undefined) throw new Error('a lab has nodes')
      await run.removePod(home)
      await run.addPod({ node: target, pod: home.pod })
      expect(await run.problems()).toEqual([])
      expect(await run.birdProblems()).toEqual([])
      expect(await run.silent()).toEqual([])
    })

    it('takes a removed workload out of every kernel', async () => {
      await run.removePod(run.home('pod-2b'))
      expect(await run.problems()).toEqual([])
      expect(await run.birdProblems()).toEqual([])
    })

    it.each(['pod-1a', 'pod-2a', 'pod-3a'])(
      'takes %s out of every kernel when its link vanishes without a word',
      async pod => {
        await run.losePod(run.home(pod))
        expect(await run.problems()).toEqual([])
        expect(await run.birdProblems()).toEqual([])
      },
    )
  })
}
