/** A RIB with a few peers, for tests that say what goes in and what must come out. */
import { ACCEPT_ALL, compilePolicy } from '../../src/policy/index.ts'
import { type PeerId, Rib, type RibOptions, type RibPeer } from '../../src/rib/index.ts'
import { FAMILIES, type Notification, type Prefix, parsePrefix } from '../../wire/index.ts'
import { OWN } from './rib-model.ts'
import { buildUpdate, type ReadUpdate, readMessages, type TestAttributes, type TestUpdate } from './rib-wire.ts'

const acceptAll = compilePolicy(ACCEPT_ALL)

/** An internal client at 10.0.1.`n`; `more` changes what is to be different. */
export function peer(n: number, more: Partial<RibPeer> = {}): RibPeer {
  return {
    name: `peer ${n}`,
    kind: 'ibgp',
    asn: more.kind === 'ebgp' ? 65000 + n : OWN.asn,
    localAsn: OWN.asn,
    routerId: 0x0a000100 + n,
    address: Uint8Array.of(10, 0, 1, n),
    localAddress: Uint8Array.of(10, 0, 0, 254),
    families: FAMILIES,
    fourOctetAs: true,
    maxLength: 4096,
    reflectorClient: more.kind !== 'ebgp',
    clusterId: OWN.clusterId,
    nextHopSelf: false,
    importPolicy: acceptAll,
    exportPolicy: acceptAll,
    nextHops: {},
    ...more,
  }
}

/** Attributes of a plain internal route through 10.0.2.1. */
export function attributes(more: Partial<TestAttributes> = {}): TestAttributes {
  return { origin: 0, path: [65001], nextHop: '0a000201', localPref: 100, ...more }
}

/** "10.1.0.0/16" as the test reader writes it: "0a010000/16". */
export function key(text: string): string {
  const { words, family, length } = prefix(text)
  return `${Array.from(words.subarray(0, family.words), word => word.toString(16).padStart(8, '0')).join('')}/${length}`
}

export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text)
  if (parsed === undefined) throw new Error(`no prefix: ${text}`)
  return parsed
}

export class Fixture {
  readonly rib: Rib
  readonly #peers = new Map<PeerId, RibPeer>()

  constructor(options: Partial<RibOptions> = {}) {
    this.rib = new Rib({ asn: OWN.asn, routerId: OWN.routerId, seed: 1, reserve: 64, ...options })
  }

  /** A peer that has its (empty) table and End-of-RIB already, unless `isNew`. */
  join(description: RibPeer, { isNew = false } = {}): PeerId {
    const id = this.rib.addPeer(description)
    this.#peers.set(id, description)
    if (!isNew) this.read(id)
    return id
  }

  send(id: PeerId, update: TestUpdate): Notification | undefined {
    const description = this.#peers.get(id)
    if (description === undefined) throw new Error('no such peer')
    return this.sendBody(id, buildUpdate(update, description))
  }

  sendBody(id: PeerId, body: Uint8Array): Notification | undefined {
    return this.rib.update(id, body, 0, body.length)
  }

  /** Announces IPv4 prefixes given as text and flushes. */
  announce(id: PeerId, prefixes: readonly string[], a: Partial<TestAttributes> = {}): void {
    const error = this.send(id, { announced4: prefixes.map(key), attributes: attributes(a) })
    if (error !== undefined) throw new Error(error.reason)
    this.settle()
  }

  withdraw(id: PeerId, prefixes: readonly string[]): void {
    this.send(id, { withdrawn4: prefixes.map(key) })
    this.settle()
  }

  settle(): void {
    while (this.rib.pending) this.rib.work()
  }

  /** Everything there is for a peer, message by message. */
  read(id: PeerId): ReadUpdate[] {
    const description = this.#peers.get(id)
    const updates: ReadUpdate[] = []
    while (
      this.rib.pull(id, bytes =>
        updates.push(
          ...readMessages(bytes, { fourOctetAs: description?.fourOctetAs ?? true, addPath: description?.addPath }),
        ),
      )
    );
    return updates
  }

  /** As `read`, as "+prefix" and "-prefix" in order; "end" for End-of-RIB. */
  told(id: PeerId): string[] {
    return this.read(id).flatMap(({ withdrawn, announced }) => {
      const lines = [...withdrawn.map(one => `-${one}`), ...announced.map(one => `+${one}`)]
      return lines.length === 0 ? ['end'] : lines
    })
  }

  /** The attributes of the only announcement there is for a peer; undefined when there is none. */
  toldAttributes(id: PeerId): TestAttributes | undefined {
    return this.read(id).find(update => update.announced.length > 0)?.attributes
  }

  /** The source of the best path to a prefix. */
  best(text: string): string | undefined {
    for (const view of this.rib.routes({ prefix: prefix(text), best: true })) return view.peerName
    return undefined
  }
}

export { OWN }
