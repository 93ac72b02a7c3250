/**
 * Exercise before the first neighbour comes: a small table is taken in, decided and told, again and again, by RIBs that nobody sees
 * and that are thrown away; then the books of the kernel side the same way, where there is one.
 *
 * JavaScript starts in an interpreter, twenty times slower than compiled code, and a function is compiled after some thousand
 * calls; what was compiled for one kind of object is thrown away when the first of another kind comes. Without this the first 50,000
 * routes after a start would pay for that, at the very moment when the whole cluster waits for them. So the peers here are made as
 * real ones are. Runs in short slices between which everything else gets its turn, and costs about half a second of
 * processor time, once. Started by run.ts.
 */
import { localOpen, negotiate } from '../../fsm/index.ts'
import {
  type Attribute,
  encodeUpdate,
  type Family,
  Framer,
  IPV4_UNICAST,
  IPV6_UNICAST,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MODERN_CONTEXT,
  type Prefix,
} from '../../wire/index.ts'
import { type Config, type ConfigInput, configFromObject, type PeerConfig } from '../config/index.ts'
import { exerciseKernel } from '../kernel/index.ts'
import { type PeerId, Rib } from '../rib/index.ts'
import { Routing } from './routing.ts'

type Kind = 'ibgp' | 'ebgp'

const SLICE_MS = 5
/** Code that has met two RIBs serves any number of them. */
const RIBS = 2
/** Rounds with each: at the end profiles show hardly any interpreted code on the hot path. */
const ROUNDS = 4
const MESSAGES = 100
/** Every so often a set of attributes has more prefixes than one message holds when it is told. */
const MANY_PREFIXES = 200
const FULL_MESSAGES = 8
/** After so many chunks there is a flush. */
const CHUNKS_READ = 4
const CHUNK_OCTETS = 4000
const IPV6_NEXT_HOP = Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
const OWN_ASN = 64512

/** Begins at the next turn of the loop. The promise is resolved at the end; nothing needs to wait for it. */
export async function warmUp({ hasKernel }: { readonly hasKernel: boolean }): Promise<void> {
  await inTurns(exercise())
  if (hasKernel) await inTurns(exerciseKernel())
}

async function inTurns(steps: Generator<void>): Promise<void> {
  for (;;) {
    await new Promise(resolve => {
      setImmediate(resolve)
    })
    const until = performance.now() + SLICE_MS
    while (performance.now() < until) if (steps.next().done === true) return
  }
}

/** Each step takes well below a millisecond once it is warm. */
function* exercise(): Generator<void> {
  const config = configuration()
  const tables = { ebgp: tablesOf('ebgp'), ibgp: tablesOf('ibgp') }
  for (let n = 0; n < RIBS; n++) {
    const speaker = new Speaker(config)
    const readers = [speaker.add('ibgp'), speaker.add('ibgp'), speaker.add('ebgp')]
    for (let round = 0; round < ROUNDS; round++) {
      for (const kind of ['ebgp', 'ibgp'] as const) {
        const sender = speaker.add(kind)
        for (const stream of tables[kind]) {
          for (const _ of speaker.feed(sender, stream)) {
            speaker.drain([...readers, sender])
            yield
          }
        }
        speaker.remove(sender)
        speaker.drain(readers)
      }
    }
  }
}

/** RIB and routing as the daemon has them, without sockets. */
class Speaker {
  readonly #routing: Routing
  readonly #peers: readonly PeerConfig[]
  #next = 0

  constructor(config: Config) {
    this.#peers = config.peers
    this.#routing = new Routing(new Rib({ asn: OWN_ASN, routerId: 1, seed: 1, reserve: 64 }), config)
  }

  /** A session with the next configured peer of this kind is Established. */
  add(kind: Kind): PeerId {
    const peers = this.#peers.filter(({ asn }) => (asn === OWN_ASN) === (kind === 'ibgp'))
    const peer = peers[this.#next++]
    if (peer === undefined) throw new Error('the warm-up has no peers')
    const { asn, families, holdTimeS } = peer
    const terms = { localAsn: OWN_ASN, peerAsn: asn, routerId: 1, holdTimeS, families }
    const negotiated = negotiate(
      terms,
      localOpen({ ...terms, localAsn: asn, routerId: 2 + this.#next, extendedMessages: false }),
    )
    if (!negotiated.ok) throw new Error(negotiated.error.reason)
    const endpoints = { local: Uint8Array.of(192, 0, 2, 254), remote: Uint8Array.of(192, 0, 2, this.#next) }
    return this.#routing.established(peer.name, negotiated.value, endpoints)
  }

  remove(peer: PeerId): void {
    this.#routing.down(peer)
    while (this.#routing.pending) this.#routing.work()
  }

  /** Bytes as a socket hands them over: in chunks that end inside messages. One step a chunk. */
  *feed(peer: PeerId, stream: Buffer): Generator<void> {
    const framer = new Framer({
      message: (_type, bytes, start, end) => this.#routing.update(peer, bytes, start + 19, end) === undefined,
      failure: () => {},
    })
    framer.maxLength = MAX_EXTENDED_MESSAGE_LENGTH
    for (let at = 0, read = 1; at < stream.length; at += CHUNK_OCTETS, read++) {
      framer.push(stream.subarray(at, at + CHUNK_OCTETS))
      if (read % CHUNKS_READ === 0) this.#routing.work()
      yield
    }
    this.#routing.work()
  }

  drain(readers: readonly PeerId[]): void {
    for (const [n, reader] of readers.entries()) while (this.#routing.pull(reader, n % 2 === 0 ? nobody : noOne));
  }
}

function configuration(): Config {
  const peers = Array.from({ length: 4 * (ROUNDS + 3) }, (_, n): NonNullable<ConfigInput['peers']>[number] => ({
    name: `exercise-${n}`,
    address: `192.0.2.${n + 1}`,
    asn: n % 2 === 0 ? OWN_ASN : OWN_ASN + n,
    families: ['ipv4', 'ipv6'],
    import: 'accept-all',
    export: 'accept-all',
    nextHops: { ipv6: '2001:db8::254' },
    ...(n % 2 === 0 && { reflectorClient: true }),
  }))
  const speaker = { asn: OWN_ASN, routerId: '192.0.2.254' }
  const result = configFromObject({ speaker, reflector: { clusterId: '192.0.2.254' }, peers })
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join(', '))
  return result.config
}

/** Two, so that no code is made for the one. */
function nobody(): void {}
function noOne(): void {}

function tablesOf(kind: Kind): Buffer[] {
  return [IPV4_UNICAST, IPV6_UNICAST].flatMap(family => streams(family, kind))
}

/** A table of one family as three streams: announced as new, announced as known, withdrawn. */
function streams(family: Family, kind: Kind): Buffer[] {
  const random = xorshift(family.afi)
  const announcements: Uint8Array[] = []
  const withdraws: Uint8Array[] = []
  let shared: Attribute[] = []
  for (let n = 0; n < MESSAGES; n++) {
    const isFull = n % 32 < FULL_MESSAGES
    const nlri = Array.from({ length: isFull ? MANY_PREFIXES : 1 + (n % 13) }, () => prefix(random, family))
    if (!isFull || n % 32 === 0) shared = attributes(random, kind)
    const { afi, safi } = family
    if (family === IPV4_UNICAST) {
      const nextHop: Attribute = { type: 'next-hop', octets: Uint8Array.of(192, 0, 2, (n >>> 5) % 5) }
      announcements.push(encodeUpdate({ attributes: [...shared, nextHop], nlri }, MODERN_CONTEXT))
      withdraws.push(encodeUpdate({ withdrawn: nlri }, MODERN_CONTEXT))
    } else {
      const reach: Attribute = { type: 'mp-reach', afi, safi, nextHop: IPV6_NEXT_HOP, nlri }
      announcements.push(encodeUpdate({ attributes: [...shared, reach] }, MODERN_CONTEXT))
      withdraws.push(encodeUpdate({ attributes: [{ type: 'mp-unreach', afi, safi, nlri }] }, MODERN_CONTEXT))
    }
  }
  const announced = Buffer.concat(announcements)
  return [announced, announced, Buffer.concat(withdraws)]
}

/** Attributes as on the Internet, with numbers of all sizes: code compiled for small ones only would be thrown away at the first large one. */
function attributes(random: Random, kind: Kind): Attribute[] {
  const list = (longest: number): number[] => Array.from({ length: random() % (longest + 1) }, random)
  const communities = list(12)
  const large = list(3)
  const maybe = <T>(value: T): T[] => (random() % 4 === 0 ? [value] : [])
  return [
    { type: 'origin', origin: random() % 8 === 0 ? 2 : 0 },
    { type: 'as-path', segments: [{ type: 'sequence', asns: [65000, ...list(8).map(value => value | 1)] }] },
    ...maybe<Attribute>({ type: 'med', value: random() }),
    ...(kind === 'ibgp' ? ([{ type: 'local-pref', value: 100 + (random() % 3) }] as const) : []),
    ...maybe<Attribute>({ type: 'atomic-aggregate' }),
    ...maybe<Attribute>({ type: 'aggregator', asn: random() | 1, address: random() }),
    ...(communities.length > 0 ? ([{ type: 'communities', values: communities }] as const) : []),
    ...large.map((value): Attribute => ({ type: 'large-communities', values: [[value, 1, random()]] })).slice(0, 1),
  ]
}

function prefix(random: Random, family: Family): Prefix {
  const words = Uint32Array.from({ length: family.words }, random)
  // Never multicast, loopback or link-local: those would be left out.
  words[0] =
    family === IPV4_UNICAST
      ? ((words[0] ?? 0) & 0x3fffff00) | (random() % 2 === 0 ? 0x80000000 : 0x10000000)
      : 0x2a000000 | (random() & 0xffffff)
  const length = 8 + (random() % (family === IPV4_UNICAST ? 17 : 41))
  for (let k = 0; k < family.words; k++) words[k] = (words[k] ?? 0) & mask(length - 32 * k)
  return { family, words, length }
}

/** The first `bits` bits of a word. */
function mask(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits)
}

type Random = () => number

/** Unsigned 32-bit numbers, always the same ones. */
function xorshift(seed: number): Random {
  let x = seed
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x >>> 0
  }
}
