/**
 * Passwords (RFC 2385), TTL security (RFC 5082), TTL and device between two godwit speakers, and between godwit and BIRD 2 in either role.
 * All cases run side by side between two namespaces, each with addresses of its own. `ss` is the witness of what the live sockets carry.
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

type PeerInput = NonNullable<ConfigInput['peers']>[number]
type Options = Pick<PeerInput, 'password' | 'ttlSecurity' | 'ttl' | 'device' | 'passive'>

interface Case {
  readonly name: string
  readonly ours: Options
  readonly theirs: Options
  readonly isUp: boolean
  readonly isIpv6?: boolean
}

const K1 = { password: 'k1-s3cret' }
const K2 = { password: 'k2-s3cret' }
const NEAR = { ttlSecurity: 1 }

/** What both kinds of neighbour understand. */
const COMMON: readonly Case[] = [
  { name: 'the right password', ours: K1, theirs: K1, isUp: true },
  { name: 'a wrong password', ours: K1, theirs: K2, isUp: false },
  { name: 'no password on their side', ours: K1, theirs: {}, isUp: false },
  { name: 'no password on our side', ours: {}, theirs: K1, isUp: false },
  { name: 'the right password over IPv6', ours: K1, theirs: K1, isUp: true, isIpv6: true },
  { name: 'a wrong password over IPv6', ours: K1, theirs: K2, isUp: false, isIpv6: true },
  { name: 'TTL security on both sides', ours: NEAR, theirs: NEAR, isUp: true },
  {
    name: 'TTL security and a password over IPv6',
    ours: { ...NEAR, ...K1 },
    theirs: { ...NEAR, ...K1 },
    isUp: true,
    isIpv6: true,
  },
  { name: 'TTL security on our side only', ours: NEAR, theirs: { ttl: 64 }, isUp: false },
  { name: 'TTL security on our side only, over IPv6', ours: NEAR, theirs: { ttl: 64 }, isUp: false, isIpv6: true },
  { name: 'TTL security on their side only', ours: {}, theirs: NEAR, isUp: false },
]

const OWN: readonly Case[] = [
  { name: 'a TTL of 1 and the device of the link', ours: { ttl: 1, device: 'veth0' }, theirs: { ttl: 1 }, isUp: true },
  { name: 'a device that does not lead there', ours: { device: 'lo' }, theirs: {}, isUp: false },
]

/** Both ways to get a connection: they wait, or we do. */
const inBothRoles = (cases: readonly Case[]): Case[] =>
  cases.flatMap(({ name, ours, theirs, ...rest }) => [
    { ...rest, name: `${name}; we dial`, ours, theirs: { ...theirs, passive: true } },
    { ...rest, name: `${name}; they dial`, ours: { ...ours, passive: true }, theirs },
  ])

type Side = 1 | 2
const addressOf = ({ isIpv6 = false }: Case, index: number, side: Side): string =>
  isIpv6 ? `fd99:${index}::${side}` : `10.99.${index}.${side}`
const sideName = (side: Side): string => (side === 1 ? 'ours' : 'theirs')

class Link {
  readonly directory = mkdtempSync(join(tmpdir(), 'godwit-transport-'))
  readonly namespaces = new Namespaces()
  readonly cases: readonly Case[]
  readonly established = new Set<string>()
  #speakers: Godwit[] = []
  #processes: LabProcess[] = []

  constructor(cases: readonly Case[]) {
    this.cases = cases
  }

  async start(theirs: 'godwit' | 'bird'): Promise<void> {
    const { namespaces } = this
    await namespaces.add(['ours', 'theirs'])
    await namespaces.ip('ours', [`link add veth0 type veth peer name veth0 netns ${namespaces.fullName('theirs')}`])
    for (const side of [1, 2] as const) {
      const addresses = this.cases.map((each, index) => {
        return `addr add ${addressOf(each, index, side)}/${each.isIpv6 === true ? '64' : '24'} dev veth0`
      })
      await namespaces.ip(sideName(side), ['link set veth0 up', ...addresses])
    }
    if (theirs === 'bird') this.#startBird()
    else this.#startGodwit(2)
    this.#startGodwit(1)
    for (const speaker of this.#speakers) await speaker.ready()
  }

  #startGodwit(side: Side): void {
    const other = side === 1 ? 2 : 1
    const socket = join(this.directory, `${side}.sock`)
    const peers = this.cases.map((each, index) => ({
      name: `p${index}`,
      address: addressOf(each, index, other),
      localAddress: addressOf(each, index, side),
      asn: 65000 + other,
      import: 'accept-all',
      export: 'accept-all',
      ...(side === 1 ? each.ours : each.theirs),
    }))
    const speaker = { asn: 65000 + side, routerId: `10.0.0.${side}`, connectRetry: 1 }
    const config: ConfigInput = { speaker, peers, api: { socket } }
    const enter = <T>(work: () => T): T => this.namespaces.enter(sideName(side), work)
    const godwit = Godwit.start({ name: sideName(side), config, socket, directory: this.directory, enter })
    this.#speakers.push(godwit)
    this.#processes.push(godwit.process)
  }

  #startBird(): void {
    const protocols = this.cases.map((each, index) => {
      const { password, ttlSecurity, passive } = each.theirs
      const channel = each.isIpv6 === true ? 'ipv6' : 'ipv4'
      return `protocol bgp p${index} {
        local ${addressOf(each, index, 2)} as 65002; neighbor ${addressOf(each, index, 1)} as 65001;
        ${password === undefined ? '' : `password "${password}";`} ${ttlSecurity === undefined ? '' : 'ttl security on;'}
        ${passive === true ? 'passive on;' : ''} connect delay time 1; connect retry time 1; error wait time 1, 2;
        ${channel} { import none; export none; };
      }`
    })
    const file = join(this.directory, 'bird.conf')
    writeFileSync(file, `router id 10.0.0.2;\nprotocol device {}\n${protocols.join('\n')}\n`)
    const args = ['-f', '-c', file, '-s', join(this.directory, 'bird.ctl')]
    const enter = <T>(work: () => T): T => this.namespaces.enter('theirs', work)
    this.#processes.push(
      new LabProcess({ name: 'bird', program: 'bird', args, logFile: join(this.directory, 'bird.log'), enter }),
    )
  }

  /** Watches until all that shall be up are, and then as long again as several attempts take. */
  async watch(): Promise<void> {
    const wanted = this.cases.flatMap((each, index) => (each.isUp ? [`p${index}`] : []))
    const look = async (): Promise<void> => {
      for (const { name, state } of (await this.#speakers.at(-1)?.peers()) ?? [])
        if (state === 'Established') this.established.add(name)
    }
    const deadline = performance.now() + 30_000
    while (!wanted.every(name => this.established.has(name)) && performance.now() < deadline) {
      await look()
      await pause(100)
    }
    for (let turn = 0; turn < 50; turn++) {
      await look()
      await pause(100)
    }
  }

  /** `ss` on the established connections of our side with this local address. */
  sockets(address: string): Promise<string> {
    const filter = ['state', 'established', 'src', address.includes(':') ? `[${address}]` : address]
    return run('ip', ['netns', 'exec', this.namespaces.fullName('ours'), 'ss', '-tniHO', '--tos', ...filter])
  }

  async stop(): Promise<void> {
    for (const process of this.#processes) await process.stop()
    this.namespaces.removeAll()
    rmSync(this.directory, { recursive: true })
  }
}

function transportCases(theirs: 'godwit' | 'bird', cases: readonly Case[]): void {
  describe(`between godwit and ${theirs}`, () => {
    const link = new Link(inBothRoles(cases))
    beforeAll(async () => {
      await link.start(theirs)
      await link.watch()
    })
    afterAll(() => link.stop())

    it.each(link.cases.map((each, index) => ({ ...each, index })))('$name: Established is $isUp', ({ index, isUp }) => {
      expect(link.established.has(`p${index}`)).toBe(isUp)
    })

    it('every live socket has its key and CS6, as ss sees them', async () => {
      for (const [index, each] of link.cases.entries()) {
        if (!each.isUp) continue
        const sockets = await link.sockets(addressOf(each, index, 1))
        expect(sockets).toMatch(each.isIpv6 === true ? /tclass:0xc0/ : /tos:0xc0/)
        if (each.ours.password === undefined) expect(sockets).not.toContain('md5keys:')
        else expect(sockets).toContain(`md5keys:${addressOf(each, index, 2)}/${each.isIpv6 === true ? 128 : 32}=`)
      }
    })
  })
}

describeLab('options of TCP', () => {
  transportCases('godwit', [...COMMON, ...OWN])
  transportCases('bird', COMMON)
})
