/**
 * The two readings of an UPDATE side by side: the objects of `decodeUpdate`, applied to a table of maps, and the bytes as
 * `Rib.update` applies them. Each message comes twice, for the second time its attributes are known and not judged again;
 * the tables, attributes included, are the same each time, and both readings want the same resets.
 */
import { ACCEPT_ALL, compilePolicy } from '../../../src/policy/index.ts'
import { type PeerId, Rib, type RibPeer } from '../../../src/rib/index.ts'
import { isOddPrefix4, isOddPrefix6 } from '../../../src/rib/odd-prefix.ts'
import {
  ATTRIBUTES,
  type Attribute,
  type CodecContext,
  decodeUpdate,
  FAMILIES,
  type Family,
  formatPrefix,
  IPV4_UNICAST,
  IPV6_UNICAST,
  type Notification,
  type Prefix,
  type Result,
  splitUpdate,
  type Update,
  UpdateSections,
} from '../../../wire/index.ts'
import { bytesOf, check, digest, hexOf, mix } from '../check.ts'
import { mutateMessage } from '../mutate.ts'
import { type Run, shorterMessages, type Target } from '../target.ts'

export interface ApplyInput {
  readonly profile: number
  /** Whole messages. */
  readonly messages: readonly Uint8Array[]
}

const OWN_ASN = 64512
const OWN_ID = 0x0aff0001
const OWN_ADDRESS = Uint8Array.of(10, 255, 0, 1)
const policy = compilePolicy(ACCEPT_ALL)

const base: RibPeer = {
  name: 'peer',
  kind: 'ibgp',
  asn: OWN_ASN,
  localAsn: OWN_ASN,
  routerId: 0x0a000001,
  address: Uint8Array.of(10, 0, 0, 1),
  localAddress: OWN_ADDRESS,
  families: FAMILIES,
  fourOctetAs: true,
  maxLength: 4096,
  reflectorClient: true,
  clusterId: OWN_ID,
  nextHopSelf: false,
  importPolicy: policy,
  exportPolicy: policy,
  nextHops: {},
}

const external = { kind: 'ebgp', asn: 65001, reflectorClient: false } as const
const PEERS: readonly RibPeer[] = [
  base,
  { ...base, ...external },
  { ...base, fourOctetAs: false },
  { ...base, ...external, fourOctetAs: false, families: [IPV4_UNICAST] },
  { ...base, ...external, families: [IPV6_UNICAST] },
]

const contextFor = ({ fourOctetAs, kind, families, maxLength }: RibPeer): CodecContext => ({
  fourOctetAs,
  peerKind: kind,
  families,
  maxLength,
})

/** Prefix in words to a digest of the attributes. */
type Table = Map<string, number>

const keyOf = ({ family, words, length }: Prefix): string => formatPrefix(family, words, length)

function isOdd({ family, words, length }: Prefix): boolean {
  const [a0 = 0, a1 = 0, a2 = 0, a3 = 0] = words
  return family === IPV4_UNICAST ? isOddPrefix4(a0, length) : isOddPrefix6(a0, a1, a2, a3, length)
}

/** RFC 4271 9.1.2, RFC 4456 8, RFC 4271 6.3: what comes back to us does not come in. */
function isOurs(attributes: readonly Attribute[]): boolean {
  return attributes.some(one => {
    switch (one.type) {
      case 'as-path':
        return one.segments.some(({ asns }) => asns.includes(OWN_ASN))
      case 'originator-id':
        return one.routerId === OWN_ID
      case 'cluster-list':
        return one.ids.includes(OWN_ID)
      case 'next-hop':
        return one.octets.length === 4 && one.octets.every((octet, i) => octet === OWN_ADDRESS[i])
      default:
        return false
    }
  })
}

/** The attributes of routes with this next hop, as the RIB shows them. */
function kept(attributes: readonly Attribute[], nextHop: Uint8Array | undefined): Attribute[] {
  const list = attributes.filter(({ type }) => type !== 'mp-reach' && type !== 'mp-unreach' && type !== 'next-hop')
  if (nextHop !== undefined) list.push({ type: 'next-hop', octets: nextHop })
  return list
}

/** Read for show commands, and then treated as what we do not know: not passed on (RFC 4271 5). */
const DROPPED: ReadonlySet<string> = new Set(
  ATTRIBUTES.filter(({ flags, isUnused }) => isUnused === true && (flags & 0x40) === 0).map(({ type }) => type),
)

const digestOf = (attributes: readonly Attribute[]): number => {
  let sum = 0
  for (const one of attributes) {
    // On the way through, unknown transitive attributes become partial and the others stay behind (RFC 4271 5).
    if (one.type === 'unknown' && (one.flags & 0x40) === 0) continue
    if (DROPPED.has(one.type)) continue
    sum = (sum + digest(one.type === 'unknown' ? { ...one, flags: (one.flags & 0xc0) | 0x20 } : one)) | 0
  }
  return sum
}

/** Applies an UPDATE to the slow table, in the order of RFC 4271 4.3: what is withdrawn and announced is announced. */
function apply(table: Table, update: Update, { families }: RibPeer): void {
  const find = <T extends Attribute['type']>(type: T) =>
    update.attributes.find((one): one is Extract<Attribute, { type: T }> => one.type === type)
  const reach = find('mp-reach')
  const remove = (prefixes: readonly Prefix[]) => {
    for (const prefix of prefixes) table.delete(keyOf(prefix))
  }
  const announce = (prefixes: readonly Prefix[], family: Family, nextHop: Uint8Array | undefined) => {
    if (!families.includes(family)) return
    const attributes = kept(update.attributes, nextHop)
    const isOut = update.action === 'withdraw' || isOurs(attributes)
    for (const prefix of prefixes) {
      if (isOdd(prefix) && update.action !== 'withdraw') continue
      if (isOut) table.delete(keyOf(prefix))
      else table.set(keyOf(prefix), digestOf(attributes))
    }
  }
  remove(update.withdrawn)
  remove(find('mp-unreach')?.nlri ?? [])
  announce(update.nlri, IPV4_UNICAST, find('next-hop')?.octets)
  if (reach !== undefined && reach.nlri.length > 0) {
    announce(reach.nlri, reach.nlri[0]?.family ?? IPV6_UNICAST, reach.nextHop)
  }
}

/** A RIB with one session, which may be used again: everything goes when the session does. */
class Subject {
  readonly rib = new Rib({ asn: OWN_ASN, routerId: OWN_ID, seed: 3, reserve: 64, stretch: 4096 })
  readonly peer: RibPeer
  #id: PeerId

  constructor(peer: RibPeer) {
    this.peer = peer
    this.#id = this.rib.addPeer(peer)
  }

  update(message: Uint8Array): Notification | undefined {
    return this.rib.update(this.#id, message, Math.min(19, message.length), message.length)
  }

  table(): Table {
    const table: Table = new Map()
    for (const { prefix, attributes } of this.rib.routes()) table.set(prefix, digestOf(attributes))
    return table
  }

  restart(): void {
    this.rib.removePeer(this.#id)
    for (let left = 1000; this.rib.pending && left > 0; left--) this.rib.work()
    const { attributeSets, families } = this.rib.stats()
    check(
      attributeSets === 0 && families.every(({ paths }) => paths === 0),
      'nothing is left behind',
      () => `${attributeSets} sets`,
    )
    this.#id = this.rib.addPeer(this.peer)
  }
}

const subjects: (Subject | undefined)[] = []
const sections = new UpdateSections()

function compare(fast: Table, slow: Table, when: string): void {
  check(fast.size === slow.size, 'both readings give the same routes', () => {
    const only = [...fast.keys()].filter(key => !slow.has(key)).concat([...slow.keys()].filter(key => !fast.has(key)))
    return `${when}: ${fast.size} in the RIB, ${slow.size} in the table; only in one: ${only.slice(0, 5).join()}`
  })
  for (const [prefix, value] of slow) {
    check(fast.get(prefix) === value, 'both readings give the same attributes', () => `${when}: ${prefix}`)
  }
}

/**
 * Routes of a family the session does not speak, where src/rib and the objects differ knowingly: it does not read IPv4
 * prefixes then (RFC 4760 8); and it does not count routes in MP_REACH_NLRI as routes, so that a withdraw becomes a reset,
 * see test/regression/reset-for-routes-of-another-family.test.ts.
 */
function isOfOtherFamily(error: Notification | undefined, result: Result<Update>, { families }: RibPeer): boolean {
  if (!result.ok)
    return error === undefined && !families.includes(IPV4_UNICAST) && sections.nlriEnd > sections.nlriStart
  const { attributes, action, nlri } = result.value
  const hasOthers = attributes.some(one => one.type === 'mp-reach' && one.opaque !== undefined)
  return error !== undefined && action === 'withdraw' && hasOthers && nlri.length === 0
}

function runApply({ profile, messages }: ApplyInput, isThorough: boolean): Run {
  const index = profile % PEERS.length
  const peer = PEERS[index] ?? base
  const subject = isThorough ? new Subject(peer) : (subjects[index] ?? new Subject(peer))
  // A subject in doubt is not used again.
  subjects[index] = undefined
  const context = contextFor(peer)
  const slow: Table = new Map()
  const outcomes: number[] = []
  let ms = 0
  for (const message of messages) {
    if (message.length < 23 || splitUpdate(message, 19, message.length, sections) !== undefined) continue
    const started = performance.now()
    const error = subject.update(message)
    ms = Math.max(ms, performance.now() - started)
    const result = decodeUpdate(message, 19, message.length, context)
    if (isOfOtherFamily(error, result, peer)) break
    check(
      result.ok === (error === undefined),
      'both readings want the same resets',
      () => `RIB: ${error?.reason ?? 'none'}; objects: ${result.ok ? result.value.action : result.error.reason}`,
    )
    outcomes.push(mix(digest(result.ok ? result.value.action : 'reset'), index))
    if (!result.ok) break
    apply(slow, result.value, peer)
    compare(subject.table(), slow, 'unseen')
    check(
      subject.update(message) === undefined,
      'a message is judged the same twice',
      () => 'a reset for the second one',
    )
    compare(subject.table(), slow, 'seen')
  }
  subject.restart()
  subjects[index] = subject
  return { outcomes, ms, messages: messages.length }
}

const MAX_MESSAGES = 4

export const APPLY: Target<ApplyInput> = {
  name: 'apply',
  batch: 96,
  weight: 3,
  seeds: messages =>
    messages
      .filter(bytes => bytes[18] === 2 && bytes.length <= 4096)
      .map((bytes, i, all) => ({
        profile: i % PEERS.length,
        messages: [bytes, all[i + 1] ?? bytes].slice(0, 1 + (i % 2)),
      })),
  mutate: ({ profile, messages }, random, pool) => {
    const list = [...messages]
    const at = random.below(list.length)
    const fresh = mutateMessage(list[at] ?? pool.message(), random, () => pool.message())
    if (random.oneIn(4))
      list.splice(
        at,
        0,
        mutateMessage(pool.message(), random, () => pool.message()),
      )
    else if (random.oneIn(2)) list.push(fresh)
    else list[at] = fresh
    return { profile: random.oneIn(5) ? random.below(PEERS.length) : profile, messages: list.slice(0, MAX_MESSAGES) }
  },
  run: runApply,
  limitMs: () => undefined,
  size: ({ messages }) => messages.reduce((sum, { length }) => sum + length, 0),
  *shrink({ profile, messages }) {
    for (const i of messages.keys()) yield { profile, messages: messages.filter((_, k) => k !== i) }
    for (const [i, message] of messages.entries()) {
      for (const smaller of shorterMessages(message))
        yield { profile, messages: messages.map((other, k) => (k === i ? smaller : other)) }
    }
  },
  toJson: ({ profile, messages }) => ({ profile, hex: messages.map(hexOf) }),
  fromJson: json => {
    const { profile, hex } = json as { profile: number; hex: string[] }
    return { profile, messages: hex.map(bytesOf) }
  },
}
