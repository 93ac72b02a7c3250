/**
 * The kernel side against the real kernel, in a namespace of its own: `npx tsx test/bench/kernel.ts [routes]` as root, with BIRD 2 for the comparison.
 *
 * Same routes, same namespace, same run: a static route each through 16 gateways in turn. "wall" is until the kernel has them all, as `ip` counts; CPU is
 * that of the whole process (worker included) during it. Prints what was measured; gates nothing.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { warmUp } from '../../src/daemon/warm-up.ts'
import {
  appendRoute,
  fanOut,
  Interfaces,
  KernelLearn,
  KernelSync,
  type KernelTarget,
  Op,
  type PrefixKey,
  RequestSocket,
  RouteRecords,
  RtnetlinkPort,
} from '../../src/kernel/index.ts'
import { formatSummary, summarise } from '../../src/lab/latency.ts'
import { IPV4_UNICAST } from '../../wire/family.ts'

const ROUTES = Number(process.argv[2] ?? 200_000)
const NAMESPACE = `gwb${process.pid}`
const DEADLINE_MS = 90_000
/** Routes that the stand-in agent writes one by one. */
const LEARNED = 1_000
/** Routes of ours that somebody deletes. */
const LOST = 5_000

function ip(...commands: string[]): string {
  return execFileSync('ip', ['-n', NAMESPACE, '-batch', '-'], { input: `${commands.join('\n')}\n`, encoding: 'utf8' })
}

/** Routes in the IPv4 table as the kernel counts them, without listing them: leaves of the trie. */
function count(): number {
  const text = execFileSync('ip', ['netns', 'exec', NAMESPACE, 'cat', '/proc/net/fib_triestat'], { encoding: 'utf8' })
  const main = text.slice(text.search(/^(Main|Local|Id 254)/m))
  return Number(/Prefixes:\s+(\d+)/.exec(main)?.[1] ?? 0)
}

function setUp(): void {
  execFileSync('ip', ['netns', 'add', NAMESPACE])
  ip(
    'link set lo up',
    'link add va type veth peer name vb',
    'link set va up',
    'link set vb up',
    'addr add 10.99.0.1/24 dev va',
  )
}

const targets = (first: number): KernelTarget[] =>
  Array.from({ length: 16 }, (_, k) => ({
    type: 'unicast' as const,
    nextHops: [{ gateway: Uint8Array.of(10, 99, 0, first + k), interfaceIndex: 0, isOnlink: false }],
  }))

/** The i-th prefix: 11.0.0.0/32 and on. */
const prefix = (i: number): PrefixKey => ({
  family: IPV4_UNICAST,
  address0: 0x0b000000 + i,
  address1: 0,
  address2: 0,
  address3: 0,
  length: 32,
})

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

async function until(condition: () => boolean, everyMs: number): Promise<void> {
  const end = performance.now() + DEADLINE_MS
  while (!condition()) {
    if (performance.now() > end) throw new Error('not within the time allowed')
    await sleep(everyMs)
  }
}

interface Figure {
  readonly wallMs: number
  readonly cpuMs: number
}

function line(who: string, what: string, { wallMs, cpuMs }: Figure, extra = ''): void {
  const rate = Math.round(ROUTES / wallMs)
  console.log(
    `${who.padEnd(8)} ${what.padEnd(12)} ${wallMs.toFixed(0).padStart(7)} ms wall ${cpuMs.toFixed(0).padStart(7)} ms CPU ${String(rate).padStart(5)} k/s  ${extra}`,
  )
}

/** Wishes in slices with the loop running in between, as the RIB's flushes bring them. */
async function godwit(): Promise<void> {
  const port = new RtnetlinkPort({ table: 254, protocol: 12, namespace: NAMESPACE })
  const interfaces = new Interfaces()
  const sync = new KernelSync(port, interfaces, { table: 254, protocol: 12, metric: 0, seed: 4711 })
  await port.start(fanOut(interfaces, sync))
  sync.recovered()
  // As a daemon does after its start: what is measured is not the compiler.
  await warmUp({ hasKernel: true })
  const base = count()
  const slices = async (each: (i: number) => void) => {
    for (let at = 0; at < ROUTES; at += 4096) {
      for (let i = at; i < Math.min(ROUTES, at + 4096); i++) each(i)
      sync.commit()
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const run = async (what: string, each: (i: number) => void, expected: number) => {
    let isFed = false
    const figure = await timedFed(
      sync,
      async () => {
        await slices(each)
        isFed = true
      },
      () => isFed,
    )
    const there = count() - base
    line('godwit', what, figure, `loop late ${figure.late}${there >= expected ? '' : `, ONLY ${there} there`}`)
  }
  const [first, second] = [targets(2), targets(32)]
  const nth = (list: KernelTarget[], i: number) => list[i & 15] as KernelTarget
  await run('add', i => sync.desire(prefix(i), nth(first, i)), ROUTES)
  await run('replace', i => sync.desire(prefix(i), nth(second, i)), ROUTES)
  await repair(sync, base)
  const idle = process.cpuUsage()
  await sleep(3_000)
  const { user, system } = process.cpuUsage(idle)
  console.log(`godwit   idle         ${((user + system) / 1000).toFixed(1)} ms CPU in 3 s`)
  await run('delete', i => sync.undesire(prefix(i)), 0)
  await port.close()
}

async function timedFed(
  sync: KernelSync,
  feed: () => Promise<void>,
  isFed: () => boolean,
): Promise<Figure & { late: string }> {
  const lateness = new Lateness()
  const [since, cpu] = [performance.now(), process.cpuUsage()]
  await feed()
  await until(() => isFed() && sync.isSettled, 2)
  const wallMs = performance.now() - since
  const { user, system } = process.cpuUsage(cpu)
  return { wallMs, cpuMs: (user + system) / 1000, late: lateness.end() }
}

/** How late the main loop was at most, with and without the time in which the machine gave it no processor. */
class Lateness {
  #at = performance.now()
  #waitedMs = waitedMs()
  #worstMs = 0
  #worstOwnMs = 0
  readonly #timer = setInterval(() => this.#tick(), 1)

  #tick(): void {
    const [now, waited] = [performance.now(), waitedMs()]
    const lateMs = Math.max(0, now - this.#at - 1)
    this.#worstMs = Math.max(this.#worstMs, lateMs)
    this.#worstOwnMs = Math.max(this.#worstOwnMs, lateMs - (waited - this.#waitedMs))
    this.#at = now
    this.#waitedMs = waited
  }

  end(): string {
    clearInterval(this.#timer)
    return `${this.#worstMs.toFixed(1)} ms, of itself ${this.#worstOwnMs.toFixed(1)} ms`
  }
}

/** How long the main thread was ready to run and had no processor, in ms since its start (sched_debug's run_delay). */
function waitedMs(): number {
  const [, nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')
  return Number(nanoseconds) / 1e6
}

/** A stand-in agent adds routes one at a time: from before its write to the call into the RIB, through the worker. */
async function learn(): Promise<void> {
  const port = new RtnetlinkPort({ table: 254, protocol: 12, namespace: NAMESPACE })
  const interfaces = new Interfaces()
  const samplesMs: number[] = []
  let since = 0
  const none = () => {}
  const options = { table: 254, protocol: 12, learnAliens: true, directInterfaces: [], seed: 4711 }
  const announce = () => void samplesMs.push(performance.now() - since)
  const learned = new KernelLearn(port, interfaces, options, { announce, withdraw: none })
  await port.start(fanOut(interfaces, learned))
  const agent = new RequestSocket(NAMESPACE)
  for (let i = 0; i < LEARNED; i++) {
    const batch = new RouteRecords(1)
    appendRoute(batch, Op.add, {
      family: IPV4_UNICAST,
      words: Uint32Array.of(0x0ac80000 + i),
      length: 32,
      protocol: 3,
      table: 254,
      metric: 1024,
      type: 'unicast',
      interfaceIndex: 0,
      isOnlink: false,
      gateway: Uint8Array.of(10, 99, 0, 2),
    })
    since = performance.now()
    agent.commit(batch)
    await sleep(2)
  }
  await until(() => samplesMs.length >= LEARNED, 2)
  console.log(
    `godwit   learn        ${formatSummary(summarise(samplesMs))}: from an agent's write to the call into the RIB`,
  )
  agent.close()
  await port.close()
  ip('route flush proto 3')
}

/** 5,000 of our routes deleted by somebody else: how long until they are back. */
async function repair(sync: KernelSync, base: number): Promise<void> {
  const lost = Array.from({ length: LOST }, (_, i) => `route del 11.0.${i >> 8}.${i & 255} proto bird`)
  const before = sync.counters.repaired
  ip(...lost)
  const since = performance.now()
  await until(() => sync.counters.repaired - before >= LOST && sync.isSettled && count() - base >= ROUTES, 1)
  console.log(
    `godwit   repair       ${(performance.now() - since).toFixed(0).padStart(7)} ms after the last of 5,000 deletions by ip, until all are back`,
  )
}

/** CPU of a process in ms. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function birdConfig(first: number): string {
  const routes = Array.from({ length: ROUTES }, (_, i) => {
    const a = 0x0b000000 + i
    return `route ${a >>> 24}.${(a >> 16) & 255}.${(a >> 8) & 255}.${a & 255}/32 via 10.99.0.${first + (i & 15)};`
  })
  return [
    'router id 10.99.0.1;',
    'protocol device { scan time 60; }',
    'protocol direct { ipv4; }',
    'protocol kernel { persist; scan time 600; ipv4 { import none; export all; }; }',
    `protocol static pool { ipv4; ${routes.join('\n')} }`,
    '',
  ].join('\n')
}

async function bird(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'gwb-'))
  const [config, socket] = [join(directory, 'bird.conf'), join(directory, 'bird.ctl')]
  let process_: ChildProcess | undefined
  const birdc = (...words: string[]) => execFileSync('birdc', ['-s', socket, ...words], { encoding: 'utf8' })
  try {
    writeFileSync(config, birdConfig(2))
    // Routes come when the protocol is enabled, so that reading the file is not measured.
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace('protocol static pool {', 'protocol static pool { disabled;'),
    )
    process_ = spawn('ip', ['netns', 'exec', NAMESPACE, 'bird', '-f', '-c', config, '-s', socket], { stdio: 'ignore' })
    const pid = process_.pid ?? 0
    await sleep(3_000)
    const base = count()
    const measure = async (what: string, act: () => void, done: () => boolean) => {
      const [since, cpu] = [performance.now(), cpuOf(pid)]
      act()
      await until(done, 5)
      line('bird 2', what, { wallMs: performance.now() - since, cpuMs: cpuOf(pid) - cpu })
    }
    await measure(
      'add',
      () => birdc('enable', 'pool'),
      () => count() >= base + ROUTES,
    )
    writeFileSync(config, birdConfig(32))
    const last = `11.${((ROUTES - 1) >> 16) & 255}.${((ROUTES - 1) >> 8) & 255}.${(ROUTES - 1) & 255}`
    const firstHop = `via 10.99.0.${32 + ((ROUTES - 1) & 15)}`
    // With reading the file, which BIRD needs for it.
    await measure(
      'replace*',
      () => birdc('configure'),
      () => ip(`route show ${last}`).includes(firstHop) && count() >= base + ROUTES,
    )
    await measure(
      'delete',
      () => birdc('disable', 'pool'),
      () => count() <= base,
    )
  } finally {
    process_?.kill()
    rmSync(directory, { recursive: true, force: true })
  }
}

setUp()
try {
  console.log(
    `${ROUTES} IPv4 /32 routes through 16 gateways, kernel ${execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim()}, node ${process.version}`,
  )
  await learn()
  await godwit()
  if (ROUTES <= 300_000) await bird()
  console.log('* with reading a new configuration file; a static route has no other way to change')
} finally {
  execFileSync('ip', ['netns', 'del', NAMESPACE])
}
