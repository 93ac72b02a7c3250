/**
 * One godwit and one other speaker on a cable between two namespaces, with a capture running: as many sessions as wanted side by side,
 * each between addresses of its own (10.99.N.1 and .2, fd99:N::1 and ::2; godwit is the first). What the interop suites stand on.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PeerDetail, RouteRow } from '../../../src/api/index.ts'
import { readItem, readList } from '../../../src/cli/client.ts'
import type { ConfigInput } from '../../../src/config/index.ts'
import { Godwit } from '../../../src/lab/godwit.ts'
import { Namespaces } from '../../../src/lab/namespace.ts'
import { pause } from '../../../src/lab/process.ts'
import { Crew } from './crew.ts'
import type { Daemon, DaemonKind, Neighbour, OwnRoute, Place } from './port.ts'
import { startDaemon } from './start.ts'
import { Tap } from './tap.ts'

type PeerInput = NonNullable<ConfigInput['peers']>[number]

/** A session of a link; what is not given is as plain as can be. */
export interface LinkSession {
  readonly name: string
  readonly isIpv6?: boolean
  readonly ours?: Partial<PeerInput>
  readonly theirs?: Partial<Neighbour>
}

export interface LinkPlan {
  readonly kind: DaemonKind
  readonly ourAsn: number
  readonly theirAsn: number
  readonly sessions: readonly LinkSession[]
  readonly routes?: readonly OwnRoute[]
  /** The rest of godwit's configuration. */
  readonly config?: Omit<ConfigInput, 'speaker' | 'peers' | 'api'>
}

const OUR_SPACE = 'ours'
const THEIR_SPACE = 'theirs'
const DEVICE = 'veth0'
/** How long one side is frozen: longer than the other waits before it dials. INTEROP: GoBGP 3.10 takes up to 10 s, whatever it is told. */
const SETTLED_MS = 1500
const FROZEN_MS: Readonly<Record<DaemonKind, number>> = { bird: 2500, frr: 2500, gobgp: 10_500 }

export class DaemonLink {
  readonly plan: LinkPlan
  readonly directory = mkdtempSync(join(tmpdir(), 'godwit-interop-'))
  readonly namespaces = new Namespaces()
  readonly #crew = new Crew(this.directory, this.namespaces)
  readonly #socket = join(this.directory, 'godwit.sock')
  #daemon: Daemon | undefined
  #godwit: Godwit | undefined
  #tap: Tap | undefined

  constructor(plan: LinkPlan) {
    this.plan = plan
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error(`${this.plan.kind} is not started`)
    return this.#daemon
  }

  get godwit(): Godwit {
    if (this.#godwit === undefined) throw new Error('godwit is not started')
    return this.#godwit
  }

  get tap(): Tap {
    if (this.#tap === undefined) throw new Error('the capture is not started')
    return this.#tap
  }

  get socket(): string {
    return this.#socket
  }

  place(space: string): Place {
    return this.#crew.place(space)
  }

  ourAddress(name: string): string {
    return this.#address(name, 1)
  }

  theirAddress(name: string): string {
    return this.#address(name, 2)
  }

  /**
   * One side first, then, with it frozen, the other: the kernel takes its connections meanwhile, and when the first wakes its own attempts are
   * overdue. So both dial at the same time on every session on which both do. INTEROP: GoBGP 3.10 does not dial while a connection waits to be
   * accepted, so it comes second.
   */
  async startTogether(): Promise<void> {
    await this.#wire()
    const isOursFirst = this.plan.kind === 'gobgp'
    await (isOursFirst ? this.#startGodwit() : this.#startDaemon())
    const { pid } = isOursFirst ? this.godwit.process : this.daemon.process
    if (pid === undefined) throw new Error('the first of both has no process')
    // FRR, for one, has to hear of its interfaces first; sessions that come up before are dropped again.
    await pause(SETTLED_MS)
    process.kill(pid, 'SIGSTOP')
    try {
      await (isOursFirst ? this.#startDaemon() : this.#startGodwit())
      await pause(FROZEN_MS[this.plan.kind])
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  }

  async start(): Promise<void> {
    await this.#wire()
    await Promise.all([this.#startDaemon(), this.#startGodwit()])
  }

  async peer(name: string): Promise<PeerDetail> {
    return readItem<PeerDetail>({ socket: this.#socket, path: `/v1/peers/${name}`, kind: 'Peer' })
  }

  async routes(query = ''): Promise<RouteRow[]> {
    const rows: RouteRow[] = []
    const ask = { socket: this.#socket, path: `/v1/routes${query}`, kind: 'RouteList' }
    for await (const row of readList<RouteRow>(ask)) rows.push(row)
    return rows
  }

  /** An order to godwit about one peer, such as `refresh` or `disable`, with what else the query says. */
  async order(verb: string, name: string, query = ''): Promise<void> {
    const path = `/v1/${verb}?peer=${name}${query}`
    const result = await readItem<{ peers: readonly { outcome: string; detail: string | null }[] }>({
      socket: this.#socket,
      path,
      kind: 'AdministrationResult',
      method: 'POST',
    })
    const refusal = result.peers.find(({ outcome }) => outcome !== 'done')
    if (refusal !== undefined) throw new Error(`${path}: ${refusal.outcome} ${refusal.detail}`)
  }

  /** What godwit has logged so far. */
  log(): string {
    return readFileSync(join(this.directory, 'godwit.log'), 'utf8')
  }

  /** Why sessions with a peer ended, from the log; without those that lost a collision, which may have been Established for a moment. */
  endsOf(name: string): string[] {
    const lines = this.log()
      .split('\n')
      .filter(line => line.includes('"session-state"'))
    const changes = lines.map(line => JSON.parse(line) as { peer: string; from: string; cause: string })
    return changes
      .filter(({ peer, from, cause }) => peer === name && from === 'Established' && !cause.includes('Collision'))
      .map(({ cause }) => cause)
  }

  /** Both sides call the session Established. */
  async isUp(name: string): Promise<boolean> {
    const { state } = await this.peer(name)
    return state === 'Established' && (await this.daemon.session(name)).isEstablished
  }

  async stop(): Promise<void> {
    await Promise.all([this.#crew.stop(), this.#godwit?.process.stop()])
    this.namespaces.removeAll()
    if (process.env['GODWIT_KEEP_LAB'] === undefined) rmSync(this.directory, { recursive: true })
    else console.log(`${this.plan.kind}: configurations, logs and capture are in ${this.directory}`)
  }

  /** The configuration godwit is started with. */
  config(): ConfigInput {
    const { ourAsn, theirAsn, sessions, config } = this.plan
    const peers = sessions.map(({ name, isIpv6 = false, ours }) => ({
      name,
      address: this.theirAddress(name),
      localAddress: this.ourAddress(name),
      asn: theirAsn,
      families: [isIpv6 ? ('ipv6' as const) : ('ipv4' as const)],
      import: 'reject-all',
      export: 'reject-all',
      ...ours,
    }))
    return {
      ...config,
      speaker: { asn: ourAsn, routerId: '10.0.0.1', connectRetry: 1 },
      peers,
      api: { socket: this.#socket },
    }
  }

  #address(name: string, side: 1 | 2): string {
    const index = this.plan.sessions.findIndex(session => session.name === name)
    return this.plan.sessions[index]?.isIpv6 === true ? `fd99:${index}::${side}` : `10.99.${index}.${side}`
  }

  async #wire(): Promise<void> {
    const { namespaces } = this
    await namespaces.add([OUR_SPACE, THEIR_SPACE])
    const peer = namespaces.fullName(THEIR_SPACE)
    await namespaces.ip(OUR_SPACE, [`link add ${DEVICE} type veth peer name ${DEVICE} netns ${peer}`])
    for (const [space, side] of [[OUR_SPACE, 1] as const, [THEIR_SPACE, 2] as const]) {
      const addresses = this.plan.sessions.map(({ name, isIpv6 = false }) => {
        return `addr add ${this.#address(name, side)}/${isIpv6 ? 64 : 24} dev ${DEVICE}`
      })
      await namespaces.ip(space, [`link set ${DEVICE} up`, ...addresses])
    }
    this.#tap = new Tap('tap', this.place(OUR_SPACE), DEVICE)
    await this.#tap.ready()
  }

  async #startDaemon(): Promise<void> {
    const { kind, ourAsn, theirAsn, sessions, routes = [] } = this.plan
    const neighbours = sessions.map(({ name, isIpv6 = false, theirs }) => ({
      name,
      address: this.ourAddress(name),
      localAddress: this.theirAddress(name),
      asn: ourAsn,
      families: [isIpv6 ? ('ipv6' as const) : ('ipv4' as const)],
      ...theirs,
    }))
    const plan = { name: kind, asn: theirAsn, routerId: '10.0.0.2', neighbours, routes }
    this.#daemon = await startDaemon(kind, plan, this.place(THEIR_SPACE))
  }

  async #startGodwit(): Promise<void> {
    const { directory, enter } = this.place(OUR_SPACE)
    this.#godwit = Godwit.start({ name: 'godwit', config: this.config(), socket: this.#socket, directory, enter })
    await this.#godwit.ready()
  }
}

const POLL_MS = 200

/** Waits until something holds; throws with what was waited for, and what was seen last, when it never does. */
export async function until(what: string, holds: () => Promise<boolean | string>, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const seen = await holds()
    if (seen === true) return
    if (performance.now() > deadline) {
      throw new Error(`not within ${timeoutMs / 1000} s: ${what}${typeof seen === 'string' ? `; seen: ${seen}` : ''}`)
    }
    await pause(POLL_MS)
  }
}
