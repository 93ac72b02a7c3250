/**
 * Neighbours with link-local addresses (RFC 4291 2.5.6, RFC 2545 3) over a link of their own: godwit and godwit, godwit and BIRD 2. Each side has a static
 * IPv6 route, and its neighbour has it in the kernel, through the link-local address, on that link. A second link has the same addresses on it, so that
 * nothing but the zone tells where the neighbour is.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConfigInput } from '../../src/config/index.ts'
import { run } from '../../src/lab/command.ts'
import { Godwit } from '../../src/lab/godwit.ts'
import { Namespaces } from '../../src/lab/namespace.ts'
import { LabProcess, pause } from '../../src/lab/process.ts'
import { describeLab } from '../support/lab-interop.ts'

const OURS = 'fe80::1'
const THEIRS = 'fe80::2'
const PATIENCE_MS = 20_000

class TwoLinks {
  readonly directory = mkdtempSync(join(tmpdir(), 'godwit-link-local-'))
  readonly namespaces = new Namespaces()
  readonly #processes: LabProcess[] = []
  #speaker: Godwit | undefined

  async start(theirs: 'godwit' | 'bird'): Promise<void> {
    const { namespaces } = this
    await namespaces.add(['ours', 'theirs', 'decoy'])
    // The decoy comes first: its interface has the lower index.
    await namespaces.ip('ours', [
      `link add veth0 type veth peer name veth0 netns ${namespaces.fullName('decoy')}`,
      `link add veth1 type veth peer name veth1 netns ${namespaces.fullName('theirs')}`,
    ])
    const up = (device: string, address: string) => [
      `link set ${device} addrgenmode none`,
      `link set ${device} up`,
      `addr add ${address}/64 dev ${device} nodad`,
    ]
    await namespaces.ip('ours', [...up('veth0', OURS), ...up('veth1', OURS)])
    await namespaces.ip('decoy', up('veth0', THEIRS))
    await namespaces.ip('theirs', up('veth1', THEIRS))
    if (theirs === 'bird') this.#startBird()
    else this.#startGodwit('theirs', 2, `${OURS}%veth1`, 'fd00:2::/64')
    this.#speaker = this.#startGodwit('ours', 1, `${THEIRS}%veth1`, 'fd00:1::/64')
    await this.#speaker.ready()
  }

  #startGodwit(name: string, side: number, address: string, prefix: string): Godwit {
    const socket = join(this.directory, `${name}.sock`)
    const policy = { import: 'accept-all', export: 'accept-all' }
    const config: ConfigInput = {
      speaker: { asn: 65000 + side, routerId: `10.0.0.${side}`, connectRetry: 1 },
      peers: [{ name: 'neighbour', address, asn: 65003 - side, families: ['ipv6'], ...policy }],
      statics: [{ prefix, blackhole: true }],
      kernel: { backend: 'rtnetlink' },
      api: { socket },
    }
    const enter = <T>(work: () => T): T => this.namespaces.enter(name, work)
    const godwit = Godwit.start({ name, config, socket, directory: this.directory, enter })
    this.#processes.push(godwit.process)
    return godwit
  }

  #startBird(): void {
    const file = join(this.directory, 'bird.conf')
    writeFileSync(
      file,
      `router id 10.0.0.2;
protocol device {}
protocol kernel { ipv6 { export all; }; }
protocol static { ipv6; route fd00:2::/64 blackhole; }
protocol bgp neighbour {
  local ${THEIRS} as 65002; neighbor ${OURS}%veth1 as 65001;
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv6 { import all; export all; };
}
`,
    )
    const args = ['-f', '-c', file, '-s', join(this.directory, 'bird.ctl')]
    const enter = <T>(work: () => T): T => this.namespaces.enter('theirs', work)
    const logFile = join(this.directory, 'bird.log')
    this.#processes.push(new LabProcess({ name: 'bird', program: 'bird', args, logFile, enter }))
  }

  async state(): Promise<string | undefined> {
    return (await this.#speaker?.peers())?.[0]?.state
  }

  /** The kernel's word on a prefix. */
  route(name: string, prefix: string): Promise<string> {
    return run('ip', ['netns', 'exec', this.namespaces.fullName(name), 'ip', '-6', 'route', 'show', prefix])
  }

  async stop(): Promise<void> {
    for (const process of this.#processes) await process.stop()
    this.namespaces.removeAll()
    rmSync(this.directory, { recursive: true })
  }
}

/** The last answer, wanted or not. */
async function eventually<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (isWanted(answer) || performance.now() > deadline) return answer
    await pause(50)
  }
}

describeLab('neighbours with link-local addresses', () => {
  describe.each(['godwit', 'bird'] as const)('between godwit and %s', theirs => {
    const link = new TwoLinks()
    beforeAll(() => link.start(theirs))
    afterAll(() => link.stop())

    it('come up', async () => {
      const isUp = (state: string | undefined): boolean => state === 'Established'
      expect(await eventually(() => link.state(), isUp)).toBe('Established')
    })

    it.each([
      ['ours', 'fd00:2::/64', THEIRS],
      ['theirs', 'fd00:1::/64', OURS],
    ])('%s has the route of the other in the kernel, through its address on that link', async (name, prefix, via) => {
      const route = await eventually(
        () => link.route(name, prefix),
        text => text.includes('via'),
      )
      expect(route).toContain(`${prefix} via ${via} dev veth1`)
    })
  })
})
