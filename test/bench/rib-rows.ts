/**
 * Benchmarks of what src/rib does with an UPDATE: find its attribute set (seen or not), take its prefixes. Two levels: the
 * interner alone, which is what issue 3 sets targets for, and the whole `Rib.update` for one route that is there already.
 */
import { ACCEPT_ALL, compilePolicy } from '../../src/policy/index.ts'
import { Core } from '../../src/rib/core.ts'
import { Rib, type RibPeer } from '../../src/rib/index.ts'
import { Interner } from '../../src/rib/interner.ts'
import { FAMILIES, locateMp, MpSections, splitUpdate, UpdateSections } from '../../wire/index.ts'
import { ipv4Update, ipv6Update } from './bytes.ts'
import type { Row } from './measure.ts'

const SETS = 512
const PREFIXES = 900
const policy = compilePolicy(ACCEPT_ALL)

const peer: RibPeer = {
  name: 'bench',
  kind: 'ibgp',
  asn: 64512,
  localAsn: 64512,
  routerId: 0x0a000001,
  address: Uint8Array.of(10, 0, 0, 1),
  localAddress: Uint8Array.of(10, 255, 0, 1),
  families: FAMILIES,
  fourOctetAs: true,
  maxLength: 4096,
  reflectorClient: true,
  clusterId: 0x0aff0001,
  nextHopSelf: false,
  importPolicy: policy,
  exportPolicy: policy,
  nextHops: {},
}

const CLASSIC = { ipv4Nlri: true, mpReach: false, anyReachable: true }

const core = new Core({ seed: 1, reserve: 8192, stretch: 65536 })
const interner = new Interner(core, { asn: 64512, routerId: 0x0aff0001 })
const record = core.sources.add(peer)
const sections = new UpdateSections()
const mp = new MpSections()

const messages = Array.from({ length: SETS }, (_, set) => ipv4Update({ set, first: set }))
const mpMessages = Array.from({ length: SETS }, (_, set) => ipv6Update({ set, first: set }))
const strangers = Array.from({ length: SETS }, (_, set) => ipv4Update({ set: 100_000 + set, first: set }))

function check(set: number): number {
  if (set <= 0) throw new Error('no set')
  return set
}

/** As `Ingest` does it: the bytes as they came, first. */
function seen(message: Uint8Array): number {
  splitUpdate(message, 19, message.length, sections)
  return check(interner.internPlain(record, message, sections.attributesStart, sections.attributesEnd))
}

function seenReach(message: Uint8Array): number {
  splitUpdate(message, 19, message.length, sections)
  locateMp(message, sections.attributesStart, sections.attributesEnd, mp)
  return check(interner.probeReach(record, message, sections.attributesStart, sections.attributesEnd, mp))
}

/** Probed in vain, found plain, described; then forgotten, so that it is unseen the next time. */
function unseen(message: Uint8Array): number {
  const set = seen(message)
  core.store.retain(set)
  core.store.release(set)
  return set
}

for (const message of messages) {
  splitUpdate(message, 19, message.length, sections)
  core.store.retain(interner.intern(record, message, sections.attributesStart, sections.attributesEnd, CLASSIC))
}
for (const message of mpMessages) {
  splitUpdate(message, 19, message.length, sections)
  const { attributesStart, attributesEnd } = sections
  core.store.retain(
    interner.intern(record, message, attributesStart, attributesEnd, { ...CLASSIC, ipv4Nlri: false, mpReach: true }),
  )
}

const rib = new Rib({ asn: 64512, routerId: 0x0aff0001, seed: 2, reserve: 8192 })
const id = rib.addPeer(peer)
const many = ipv4Update({ set: 1, prefixes: PREFIXES })
const mpMany = ipv6Update({ set: 1, prefixes: 500 })

function told(message: Uint8Array): void {
  const error = rib.update(id, message, 19, message.length)
  if (error !== undefined) throw new Error(error.reason)
}

function each(list: readonly Uint8Array[], run: (message: Uint8Array) => unknown): void {
  for (let i = 0; i < list.length; i++) run(list[i] as Uint8Array)
}

each([...messages, ...mpMessages, many, mpMany], told)
while (rib.pending) rib.work()

export const RIB_ROWS: readonly Row[] = [
  {
    name: 'seen attribute set',
    unit: 'UPDATE',
    count: SETS,
    goal: { ns: 250, octets: 0 },
    run: () => each(messages, seen),
  },
  {
    name: 'seen attribute set, IPv6',
    unit: 'UPDATE',
    count: SETS,
    goal: { ns: 250, octets: 0 },
    run: () => each(mpMessages, seenReach),
  },
  {
    name: 'unseen attribute set, and forgotten',
    unit: 'UPDATE',
    count: SETS,
    goal: { ns: 1500 },
    run: () => each(strangers, unseen),
  },
  {
    name: 'Rib.update, one route again',
    unit: 'UPDATE',
    count: SETS,
    goal: { octets: 0 },
    run: () => each(messages, told),
  },
  {
    name: 'Rib.update, one IPv6 route again',
    unit: 'UPDATE',
    count: SETS,
    goal: { octets: 0 },
    run: () => each(mpMessages, told),
  },
  { name: 'Rib.update, 900 routes again', unit: 'prefix', count: PREFIXES, goal: { octets: 0 }, run: () => told(many) },
  {
    name: 'Rib.update, 500 IPv6 routes again',
    unit: 'prefix',
    count: 500,
    goal: { octets: 0 },
    run: () => told(mpMany),
  },
]
