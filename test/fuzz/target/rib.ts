/**
 * Episodes in the life of a RIB: six sessions of all kinds send messages, come, go, stall, ask for refreshes; local routes
 * come and go. Nothing throws; everything told to a peer is framed and accepted whole in that peer's own session; the
 * number of routes told is the number the RIB says; and when all are gone no prefix, path, attribute set or next hop is
 * left. Thorough: the same episode between other poison tells the same.
 */
import { LOCAL_PREFERENCE, type PeerId, Rib, type RibPeer } from '../../../src/rib/index.ts'
import {
  type CodecContext,
  decodeMessage,
  Framer,
  IPV4_UNICAST,
  IPV6_UNICAST,
  type Prefix,
  type Update,
} from '../../../wire/index.ts'
import { bytesOf, check, digest, hexOf, kindOf, mix } from '../check.ts'
import { guarded } from '../guard.ts'
import { mutateMessage } from '../mutate.ts'
import type { Random } from '../random.ts'
import { type Pool, type Run, shorterMessages, type Target } from '../target.ts'
import { LOCAL_ASN, LOCAL_PREFIXES, LOCAL_SOURCES, PROFILES, type Profile } from './rib-cast.ts'

type Op = 'update' | 'settle' | 'work' | 'pull' | 'reset' | 'refresh' | 'local' | 'unlocal'

export interface Step {
  readonly op: Op
  readonly peer: number
  /** A whole message, for `update`; else empty. */
  readonly bytes: Uint8Array
}

export interface Episode {
  readonly steps: readonly Step[]
}

const NONE = new Uint8Array(0)

/** A session as the peer at its other end sees it. */
class Session {
  readonly id: PeerId
  readonly #context: CodecContext
  readonly #framer: Framer
  readonly #isDigested: boolean
  /** The prefixes it was told. */
  readonly told = new Set<string>()
  digest = 1

  constructor(id: PeerId, peer: RibPeer, isDigested: boolean) {
    this.id = id
    this.#isDigested = isDigested
    const { fourOctetAs, kind, families, maxLength } = peer
    this.#context = { fourOctetAs, peerKind: kind, families, maxLength, rejectAsSets: false }
    this.#framer = new Framer({
      message: (type, bytes, start, end) => this.#message(type, bytes, start, end),
      failure: error => check(false, 'what is told is framed', () => error.reason),
    })
    this.#framer.maxLength = maxLength
  }

  read(bytes: Uint8Array): void {
    this.#framer.push(bytes)
  }

  #message(type: number, bytes: Uint8Array, start: number, end: number): boolean {
    const result = decodeMessage(type, bytes, start, end, this.#context)
    const shown = () => hexOf(bytes.slice(start, Math.min(end, start + 400)))
    check(result.ok, 'what is told is accepted', () => `${result.ok ? '' : result.error.reason}: ${shown()}`)
    if (!result.ok || result.value.type !== 'update') return true
    const { update } = result.value
    check(
      update.action === 'accept',
      'what is told is accepted',
      () => `${JSON.stringify(update.problems)}: ${shown()}`,
    )
    this.#apply(update)
    if (this.#isDigested) this.digest = (this.digest + digest([update.withdrawn, update.attributes, update.nlri])) | 0
    return true
  }

  #apply({ withdrawn, attributes, nlri }: Update): void {
    const gone: Prefix[] = [...withdrawn]
    const come: Prefix[] = [...nlri]
    for (const attribute of attributes) {
      if (attribute.type === 'mp-unreach') gone.push(...attribute.nlri)
      if (attribute.type === 'mp-reach') come.push(...attribute.nlri)
    }
    for (const prefix of gone) this.told.delete(keyOf(prefix))
    for (const prefix of come) this.told.add(keyOf(prefix))
  }
}

const keyOf = ({ words, length }: Prefix): string => `${words.join()}/${length}`

class World {
  readonly #rib = new Rib({ asn: LOCAL_ASN, routerId: 0x0aff0001, seed: 1, logLimit: 8192, stretch: 64, reserve: 64 })
  readonly #sessions: Session[] = []
  readonly #poison: 0 | 1
  readonly #isDigested: boolean
  #born = 0
  digest = 1
  readonly outcomes = new Set<number>()
  ms = 0
  messages = 0

  constructor(poison: 0 | 1, isDigested: boolean) {
    this.#poison = poison
    this.#isDigested = isDigested
    for (let i = 0; i < PROFILES.length; i++) this.#sessions.push(this.#join(i))
  }

  #join(profile: number): Session {
    const n = ++this.#born
    const peer: RibPeer = {
      ...(PROFILES[profile] as Profile),
      name: `peer ${n}`,
      routerId: 0x0a000000 + n,
      address: Uint8Array.of(10, 0, n >> 8, n),
    }
    return new Session(this.#rib.addPeer(peer), peer, this.#isDigested)
  }

  step({ op, peer, bytes }: Step): void {
    const index = peer % PROFILES.length
    const session = this.#sessions[index] as Session
    switch (op) {
      case 'update':
        this.#update(index, session, bytes)
        break
      case 'settle':
        this.settle()
        break
      case 'work':
        this.#rib.work()
        break
      case 'pull':
        this.#rib.pull(session.id, octets => session.read(octets))
        break
      case 'reset':
        this.#reset(index)
        break
      case 'refresh':
        this.#rib.refresh(session.id, peer % 2 === 0 ? IPV4_UNICAST : IPV6_UNICAST)
        break
      case 'local': {
        const source = LOCAL_SOURCES[peer % 3] ?? 'static'
        const route = {
          metric: peer,
          type: 'unicast',
          interfaceIndex: 2,
          interfaceName: 'eth0',
          preference: LOCAL_PREFERENCE[source],
        } as const
        this.#rib.announceLocal(source, LOCAL_PREFIXES[peer % LOCAL_PREFIXES.length] as Prefix, route)
        break
      }
      case 'unlocal':
        this.#rib.withdrawLocal(
          LOCAL_SOURCES[peer % 3] ?? 'static',
          LOCAL_PREFIXES[peer % LOCAL_PREFIXES.length] as Prefix,
        )
        break
    }
  }

  #update(index: number, session: Session, message: Uint8Array): void {
    const { bytes, start, end } = guarded(message.subarray(Math.min(19, message.length)), this.#poison)
    const started = performance.now()
    const error = this.#rib.update(session.id, bytes, start, end)
    this.ms = Math.max(this.ms, performance.now() - started)
    this.messages++
    if (error === undefined) return
    check(
      error.code === 3 && error.reason.length > 0,
      'a reset is for an UPDATE',
      () => `${error.code}/${error.subcode}`,
    )
    this.digest = mix(this.digest, digest(error))
    this.outcomes.add(digest(kindOf(error.reason), index))
    this.#reset(index)
  }

  #reset(index: number): void {
    this.#rib.removePeer((this.#sessions[index] as Session).id)
    this.#sessions[index] = this.#join(index)
  }

  #work(): void {
    for (let left = 10_000; this.#rib.pending; left--) {
      check(left > 0, 'work comes to an end', () => JSON.stringify(this.#rib.stats()))
      this.#rib.work()
    }
  }

  settle(): void {
    this.#work()
    for (const session of this.#sessions) {
      for (let left = 100_000; this.#rib.pull(session.id, octets => session.read(octets)); left--) {
        check(left > 0, 'pull comes to an end', () => JSON.stringify(this.#rib.stats()))
      }
      const { prefixesAdvertised, ...counters } = this.#rib.peerCounters(session.id)
      const { told } = session
      check(
        told.size === prefixesAdvertised,
        'as many routes are told as counted',
        () => `${told.size} told, ${prefixesAdvertised} counted`,
      )
      this.digest = mix(this.digest, mix(session.digest, this.#isDigested ? digest([...told].sort()) : 0))
      const {
        loops,
        ownNextHops,
        treatedAsWithdraw,
        attributesDiscarded,
        oddPrefixes,
        foreignFamilies,
        rejectedByPolicy,
      } = counters
      const seen = [
        loops,
        ownNextHops,
        treatedAsWithdraw,
        attributesDiscarded,
        oddPrefixes,
        foreignFamilies,
        rejectedByPolicy,
      ]
      for (const [i, count] of seen.entries()) if (count > 0) this.outcomes.add(mix(i, 99))
    }
    for (const prefix of LOCAL_PREFIXES) {
      const { paths = [] } = this.#rib.explain(prefix) ?? {}
      check(
        paths.every(({ lost, view }, i) => (lost === undefined) === (i === 0 || view.unusable !== undefined)),
        'every loser knows why',
        () => `${paths.length} paths`,
      )
    }
    let routes = 0
    for (const { attributes, best } of this.#rib.routes({})) {
      routes += attributes.length + (best ? 1 : 0)
      if (routes > 2000) break
    }
  }

  /** Everybody leaves. */
  end(): void {
    this.settle()
    for (const source of LOCAL_SOURCES) for (const prefix of LOCAL_PREFIXES) this.#rib.withdrawLocal(source, prefix)
    for (const session of this.#sessions) this.#rib.removePeer(session.id)
    this.#work()
    // The last ids are recycled by the flush after the one that emptied them.
    this.#rib.work()
    const { families, attributeSets, attributeOctets, nextHops } = this.#rib.stats()
    const left = families.reduce(
      (sum, { prefixes, paths, dirty, tombstones }) => sum + prefixes + paths + dirty + tombstones,
      0,
    )
    const shown = () => JSON.stringify({ families, attributeSets, attributeOctets, nextHops })
    check(left + attributeSets + attributeOctets + nextHops === 0, 'nothing is left behind', shown)
  }
}

function live(steps: readonly Step[], poison: 0 | 1, isDigested: boolean): World {
  const world = new World(poison, isDigested)
  for (const step of steps) world.step(step)
  world.end()
  return world
}

function runEpisode({ steps }: Episode, isThorough: boolean): Run {
  const world = live(steps, 0, isThorough)
  if (isThorough) {
    const other = live(steps, 1, true)
    check(other.digest === world.digest, 'reads only inside', () => 'poison changes what is told')
  }
  return { outcomes: world.outcomes, ms: world.ms, messages: world.messages }
}

const MAX_STEPS = 48
const OPS: readonly Op[] = ['settle', 'work', 'pull', 'reset', 'refresh', 'local', 'unlocal', 'settle']

const updateStep = (random: Random, bytes: Uint8Array): Step => ({ op: 'update', peer: random.below(6), bytes })

function mutateEpisode({ steps: old }: Episode, random: Random, pool: Pool<Episode>): Episode {
  const steps = [...old]
  const message = () => mutateMessage(pool.message(), random, () => pool.message())
  for (let left = 1 + random.below(6); left > 0; left--) {
    const at = random.below(steps.length + 1)
    const step = steps[at]
    switch (random.below(8)) {
      case 0:
      case 1:
        steps.splice(at, 0, updateStep(random, message()))
        break
      case 2:
        steps.splice(at, 0, { op: random.pick(OPS), peer: random.below(6), bytes: NONE })
        break
      case 3:
        steps.splice(at, 1)
        break
      case 4:
        if (step?.op === 'update')
          steps[at] = { ...step, bytes: mutateMessage(step.bytes, random, () => pool.message()) }
        break
      case 5:
        if (step !== undefined) steps.splice(random.below(steps.length), 0, { ...step, peer: random.below(6) })
        break
      case 6:
        if (step !== undefined) steps[at] = { ...step, peer: random.below(6) }
        break
      default: {
        const other = pool.any().steps
        const from = random.below(other.length)
        steps.splice(at, random.below(4), ...other.slice(from, from + 8))
      }
    }
  }
  return { steps: steps.slice(0, MAX_STEPS) }
}

export const RIB: Target<Episode> = {
  name: 'rib',
  batch: 24,
  weight: 3,
  seeds: messages => {
    const episodes: Episode[] = []
    const updates = messages.filter(bytes => bytes[18] === 2)
    for (let at = 0; at < updates.length; at += 12) {
      const chosen = updates.slice(at, at + 12).map((bytes, i): Step => ({ op: 'update', peer: (at + i) % 6, bytes }))
      episodes.push({ steps: [...chosen.slice(0, 6), { op: 'settle', peer: 0, bytes: NONE }, ...chosen.slice(6)] })
    }
    return episodes
  },
  mutate: mutateEpisode,
  run: runEpisode,
  limitMs: () => undefined,
  size: ({ steps }) => steps.reduce((sum, { bytes }) => sum + bytes.length + 64, 0),
  *shrink({ steps }) {
    for (let chunk = steps.length >> 1; chunk >= 1; chunk >>= 1) {
      for (let at = 0; at < steps.length; at += chunk)
        yield { steps: [...steps.slice(0, at), ...steps.slice(at + chunk)] }
    }
    for (const [i, step] of steps.entries()) {
      if (step.op !== 'update') continue
      for (const bytes of shorterMessages(step.bytes))
        yield { steps: steps.map((other, k) => (k === i ? { ...step, bytes } : other)) }
    }
  },
  toJson: ({ steps }) => ({
    steps: steps.map(({ op, peer, bytes }) => (bytes.length > 0 ? { op, peer, hex: hexOf(bytes) } : { op, peer })),
  }),
  fromJson: json => {
    const { steps } = json as { steps: { op: Op; peer: number; hex?: string }[] }
    return { steps: steps.map(({ op, peer, hex = '' }) => ({ op, peer, bytes: bytesOf(hex) })) }
  },
}
