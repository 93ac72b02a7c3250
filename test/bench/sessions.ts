/**
 * `npx tsx test/bench/sessions.ts [start|idle|stream] [number]`: the built speaker with thousands of neighbours, each a bare socket on an address of 127/8 in this process.
 *
 * start: a thousand configured peers, half of them dialled, half dialling, from the start of the process until all are Established. idle: what five thousand
 * sessions cost, in memory against a speaker without any, and in processor time. stream: how late keepalives are while a table of a million routes passes
 * through. Prints figures, gates nothing. By hand.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StatusView } from '../../src/api/index.ts'
import { readItem } from '../../src/cli/client.ts'
import type { ConfigInput } from '../../src/config/index.ts'
import { Godwit } from '../../src/lab/godwit.ts'
import { pause } from '../../src/lab/process.ts'
import { encodeOpen, formatAddress, KEEPALIVE, multiprotocol, parseRouterId } from '../../wire/index.ts'
import { feedIndex, feedUpdates } from '../support/lab-feed.ts'
import { RawPeer } from '../support/lab-raw-peer.ts'

const PORT = 17_931
const SPEAKER = '127.0.3.31'
const ASN = 64_512
const GIVE_UP_MS = 30_000
const [OPEN, KEEPALIVE_TYPE] = [1, 4]

/** 127.64.0.1 and on. */
const addressOf = (index: number): string =>
  formatAddress(Uint8Array.of(127, 64 + (index >> 16), (index >> 8) & 255, index & 255))

/** The other end of a session that does nothing but stay up. */
class IdlePeer {
  readonly #socket: Socket
  readonly #address: string
  #beat: NodeJS.Timeout | undefined

  constructor(socket: Socket, address: string, holdTimeS: number) {
    this.#socket = socket
    this.#address = address
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => clearInterval(this.#beat))
    socket.on('data', chunk => this.#read(chunk, holdTimeS))
  }

  open(holdTimeS: number): void {
    const capabilities = [multiprotocol(1, 1), { kind: 'four-octet-as', asn: ASN } as const]
    const routerId = parseRouterId(this.#address) ?? 0
    this.#socket.write(encodeOpen({ version: 4, asn: ASN, holdTimeS, routerId, capabilities }))
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Messages of a session without routes come whole, and one after the other. */
  #read(chunk: Uint8Array, holdTimeS: number): void {
    for (let at = 0; at + 19 <= chunk.length; ) {
      const type = chunk[at + 18]
      if (type === OPEN) this.#socket.write(KEEPALIVE)
      if (type === KEEPALIVE_TYPE && this.#beat === undefined && holdTimeS > 0) {
        this.#beat = setInterval(() => this.#socket.write(KEEPALIVE), (holdTimeS * 1000) / 3)
      }
      at += Math.max(19, ((chunk[at + 16] ?? 0) << 8) | (chunk[at + 17] ?? 0))
    }
  }
}

/** Neighbours that are dialled: everything that is dialled on this port is one of them. */
async function listen(peers: IdlePeer[], holdTimeS: number): Promise<Server> {
  const server = createServer({ noDelay: true }, socket => {
    const peer = new IdlePeer(socket, socket.localAddress ?? '', holdTimeS)
    peer.open(holdTimeS)
    peers.push(peer)
  })
  await new Promise<void>(resolve => server.listen({ host: '0.0.0.0', port: PORT + 1, backlog: 8192 }, resolve))
  return server
}

interface Running {
  readonly godwit: Godwit
  readonly socket: string
  stop(): Promise<void>
}

function start(config: Omit<ConfigInput, 'speaker'>): Running {
  const directory = mkdtempSync(join(tmpdir(), 'godwit-sessions-'))
  const socket = join(directory, 'godwit.sock')
  const speaker = { asn: ASN, routerId: SPEAKER, listen: [{ address: SPEAKER, port: PORT }] }
  const whole = { speaker, api: { socket }, log: { level: 'warn' as const }, ...config }
  const godwit = Godwit.start({ name: 'speaker', config: whole, socket, directory, enter: work => work() })
  const stop = async () => {
    await godwit.process.stop(10_000)
    rmSync(directory, { recursive: true })
  }
  return { godwit, socket, stop }
}

async function established({ socket }: Running): Promise<number> {
  const status = await readItem<StatusView>({ socket, path: '/v1/status', kind: 'Status' }).catch(() => undefined)
  return status?.peersByState.Established ?? 0
}

async function allEstablished(running: Running, count: number): Promise<void> {
  const end = performance.now() + GIVE_UP_MS
  for (;;) {
    const now = await established(running)
    if (now >= count) return
    if (performance.now() > end) throw new Error(`only ${now} of ${count} sessions after ${GIVE_UP_MS} ms`)
    await pause(25)
  }
}

function status(running: Running, key: string): number {
  const text = readFileSync(`/proc/${running.godwit.process.pid}/status`, 'utf8')
  return Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1])
}

/** Seconds of processor time so far, all threads. */
function processorS(running: Running): number {
  const text = readFileSync(`/proc/${running.godwit.process.pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Keeps dialling until it is answered: the speaker may not listen yet. */
function dial(peers: IdlePeer[], index: number, holdTimeS: number): void {
  const address = addressOf(index)
  const socket = connect({ host: SPEAKER, port: PORT, localAddress: address, noDelay: true })
  const peer = new IdlePeer(socket, address, holdTimeS)
  socket.once('connect', () => {
    peers.push(peer)
    peer.open(holdTimeS)
  })
  socket.once('error', error => {
    if ('code' in error && error.code === 'ECONNREFUSED') setTimeout(() => dial(peers, index, holdTimeS), 50)
  })
}

async function measureStart(count: number): Promise<void> {
  const peers: IdlePeer[] = []
  const server = await listen(peers, 90)
  const configured = Array.from({ length: count }, (_, index) => ({
    name: `p${index}`,
    address: addressOf(index),
    localAddress: SPEAKER,
    asn: ASN,
    port: PORT + 1,
    passive: index % 2 === 0,
  }))
  const startedAt = performance.now()
  const running = start({ peers: configured })
  for (let index = 0; index < count; index += 2) dial(peers, index, 90)
  try {
    await allEstablished(running, count)
    const tookMs = performance.now() - startedAt
    console.log(
      `start: ${count} configured peers, all Established ${(tookMs / 1000).toFixed(2)} s after the process was started`,
    )
  } finally {
    await running.stop()
    for (const peer of peers) peer.close()
    server.close()
  }
}

async function measureIdle(count: number, windowS = 30): Promise<void> {
  const peers: IdlePeer[] = []
  const range = { name: 'nodes', prefix: '127.64.0.0/10', asn: ASN, limit: count }
  const running = start({ peerRanges: [range] })
  try {
    await running.godwit.ready()
    // What the speaker compiles and exercises at its start (src/daemon/warm-up.ts) is no session's memory.
    await pause(5000)
    const before = status(running, 'VmRSS')
    const startedAt = performance.now()
    for (let index = 0; index < count; index++) {
      dial(peers, index, 90)
      // As fast as they come, without making this process the slower side.
      if (index % 250 === 249) await pause(50)
    }
    await allEstablished(running, count)
    const tookS = (performance.now() - startedAt) / 1000
    await pause(15_000)
    const [rss, spent, at] = [status(running, 'VmRSS'), processorS(running), performance.now()]
    await pause(windowS * 1000)
    const share = (processorS(running) - spent) / ((performance.now() - at) / 1000)
    const still = await established(running)
    console.log(
      `idle: ${count} sessions, all Established after ${tookS.toFixed(1)} s; ${((rss - before) / count).toFixed(1)} KiB each ` +
        `(RSS ${before} -> ${rss} KiB); ${(share * 100).toFixed(2)} % of a core over ${windowS} s at hold time 90; ${still} still up`,
    )
  } finally {
    await running.stop()
    for (const peer of peers) peer.close()
  }
}

async function measureStream(routes: number): Promise<void> {
  const holdTimeS = 3
  const names = ['sender', 'receiver', 'bystander'] as const
  const policy = { holdTime: holdTimeS, passive: true, import: 'accept-all', export: 'accept-all' }
  const configured = names.map((name, index) => ({
    name,
    address: addressOf(index + 1),
    asn: 65_001 + index,
    ...policy,
  }))
  // Before anybody connects: making it takes this process a second, in which it would hear nobody.
  const feed = [...feedUpdates({ routes, asn: 65_001, nextHop: addressOf(1) })]
  const running = start({ peers: configured })
  try {
    await running.godwit.ready()
    let arrived = 0
    const seen = new Uint8Array(routes)
    const onPrefix = (address: number): void => {
      const index = feedIndex(address)
      if (seen[index] === 0) arrived += 1
      seen[index] = 1
    }
    const peers = configured.map(
      ({ name, address, asn }) =>
        new RawPeer({
          ...{ address, asn, remoteAddress: SPEAKER, remotePort: PORT, holdTimeS },
          ...(name === 'receiver' && { onPrefix }),
        }),
    )
    await Promise.all(peers.map(peer => peer.established()))
    const startedAt = performance.now()
    await peers[0]?.send(feed)
    while (arrived < routes && performance.now() - startedAt < GIVE_UP_MS) await pause(10)
    const tookS = (performance.now() - startedAt) / 1000
    await pause(holdTimeS * 1000)
    const late = peers.map(peer => Math.max(0, Math.round(peer.longestSilenceMs - (holdTimeS * 1000) / 3)))
    const failures = peers.flatMap(peer => peer.failure ?? [])
    console.log(
      `stream: ${arrived} of ${routes} routes through in ${tookS.toFixed(1)} s; latest keepalive or UPDATE beyond a third of the hold time: ` +
        `${names.map((name, at) => `${name} ${late[at]} ms`).join(', ')}${failures.length > 0 ? `; ended: ${failures.join(', ')}` : ''}`,
    )
    for (const peer of peers) peer.close()
  } finally {
    await running.stop()
  }
}

const [part, number] = process.argv.slice(2)
if (part === undefined || part === 'start') await measureStart(Number(number ?? 1000))
if (part === undefined || part === 'idle') await measureIdle(Number(number ?? 5000))
if (part === undefined || part === 'stream') await measureStream(Number(number ?? 1_000_000))
