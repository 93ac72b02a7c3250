/**
 * The RIB as one would write it without a thought for speed: maps of objects, next hops resolved anew each time they are
 * asked for, and for each peer what it must be told now. The choice among paths is rib-decide.ts. Used by the property tests
 * as the truth.
 */
import type { CompiledPolicy, PolicySubject } from '../../src/policy/index.ts'
import { REJECT } from '../../src/policy/index.ts'
import type { LocalRoute, RibPeer, SelectionOptions } from '../../src/rib/index.ts'
import { FAMILIES } from '../../wire/index.ts'
import { policySubject } from './policy-subject.ts'
import { type Choice, decide, type ModelPath, multipathSet, rank } from './rib-decide.ts'
import { bytesOf, hexOf, type TestAttributes } from './rib-wire.ts'

export const OWN = { asn: 64512, routerId: 0x0a0000fe, clusterId: 0x0a0000fe }

const NO_EXPORT = 0xffffff01
const NO_ADVERTISE = 0xffffff02
const NO_EXPORT_SUBCONFED = 0xffffff03

const isIpv6 = (prefix: string) => prefix.indexOf('/') === 32

function subjectOf(prefix: string, path: Pick<ModelPath, 'source' | 'attributes' | 'local'>): PolicySubject {
  const [address = '', length = '0'] = prefix.split('/')
  const octets = bytesOf(address)
  const words = Uint32Array.from([0, 1, 2, 3], k => Number.parseInt(hexOf(octets.slice(4 * k, 4 * k + 4)) || '0', 16))
  const family = FAMILIES[isIpv6(prefix) ? 1 : 0]
  if (family === undefined) throw new Error('no family')
  const { source, attributes, local } = path
  return policySubject({ family, words, length: Number(length) }, attributes, { source, local })
}

/** Applies a verdict to attributes; undefined when rejected. */
function applyPolicy(policy: CompiledPolicy, subject: PolicySubject, a: TestAttributes) {
  const verdict = policy.evaluate(subject)
  if (verdict === REJECT) return undefined
  const edits = policy.edits[verdict] ?? {}
  const changed: TestAttributes = { ...a }
  if (edits.localPref !== undefined) changed.localPref = edits.localPref
  if (edits.med !== undefined) changed.med = edits.med
  if (edits.prepend !== undefined) changed.path = [...edits.prepend, ...a.path]
  if (edits.addCommunities !== undefined || edits.removeCommunities !== undefined) {
    const kept = (a.communities ?? []).filter(value => edits.removeCommunities?.includes(value) !== true)
    const standard = (edits.addCommunities ?? []).filter(value => typeof value === 'number')
    const added = standard.filter(value => !kept.includes(value))
    delete changed.communities
    if (kept.length + added.length > 0) changed.communities = [...kept, ...added]
  }
  return { verdict, edits, changed }
}

export interface ModelOptions {
  readonly selection?: SelectionOptions
  /** Next hops need a route of the underlay. */
  readonly resolveNextHops?: boolean
}

/** The first `bits` bits of octets in hex, as text. */
const bitsOf = (hex: string, bits: number) =>
  bytesOf(hex)
    .map(octet => octet.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, bits)

/** Sessions in the model, by the id the RIB gave them. */
export class Model {
  readonly peers = new Map<number, RibPeer>()
  /** prefix -> source and path identifier -> path */
  readonly table = new Map<string, Map<string, ModelPath>>()
  /** "<hex>/<length>" -> metric */
  readonly #underlay = new Map<string, number>()
  /** Told before the refresh that is under way, and not since (RFC 7313 4). */
  readonly #old = new Set<ModelPath>()
  /** By next hop, until the underlay changes. */
  readonly #metrics = new Map<string, number | undefined>()
  readonly #options: ModelOptions
  readonly #choice: Choice

  constructor(options: ModelOptions = {}) {
    this.#options = options
    this.#choice = {
      ...options.selection,
      ownRouterId: OWN.routerId,
      metric: path => this.#metric(path) ?? Number.POSITIVE_INFINITY,
    }
  }

  /** Metric to the next hop of a path; undefined when nothing leads there (RFC 4271 9.1.2.1). */
  #metric({ local, attributes: { nextHop = '' } }: ModelPath): number | undefined {
    if (this.#options.resolveNextHops !== true || local !== undefined) return 0
    if (nextHop.length === 64 || nextHop.startsWith('fe80')) return 0
    if (!this.#metrics.has(nextHop)) this.#metrics.set(nextHop, this.#resolve(nextHop))
    return this.#metrics.get(nextHop)
  }

  #resolve(nextHop: string): number | undefined {
    let found: { length: number; metric: number } | undefined
    for (const [prefix, metric] of this.#underlay) {
      const [address = '', text] = prefix.split('/')
      const length = Number(text)
      if (address.length !== nextHop.length || bitsOf(address, length) !== bitsOf(nextHop, length)) continue
      if (found === undefined || length > found.length) found = { length, metric }
    }
    return found?.metric
  }

  /** The underlay has a route with this metric, or none. */
  setUnderlay(prefix: string, metric: number | undefined): void {
    if (metric === undefined) this.#underlay.delete(prefix)
    else this.#underlay.set(prefix, metric)
    this.#metrics.clear()
  }

  #usable(prefix: string): ModelPath[] {
    const paths = [...(this.table.get(prefix)?.values() ?? [])]
    return paths.filter(path => path.isKeptAside !== true && this.#metric(path) !== undefined)
  }

  withdraw(prefix: string, source: number, pathId = 0): void {
    this.table.get(prefix)?.delete(`${source}#${pathId}`)
  }

  announce(prefix: string, source: number, sent: TestAttributes, pathId = 0): void {
    const path = this.#imported(prefix, source, sent, pathId)
    // RFC 7606 7.1, 7.5, 7.9, 7.10
    if (path === undefined) this.withdraw(prefix, source, pathId)
    else this.#put(prefix, path)
  }

  /** Import policy of a session is another one: everything it sent is judged again. */
  importAgain(source: number): void {
    for (const [prefix, paths] of this.table) {
      for (const [key, path] of [...paths]) {
        if (path.sourceId !== source) continue
        this.announce(prefix, source, path.sent, path.pathId)
        const again = paths.get(key)
        if (again !== undefined && this.#old.delete(path)) this.#old.add(again)
      }
    }
  }

  /** A session begins to tell a family again; what it has told so far is old. */
  beginRefresh(source: number, isWide: boolean): void {
    for (const [, path] of this.sentBy(source, isWide)) this.#old.add(path)
  }

  /** What is still old goes. */
  endRefresh(source: number, isWide: boolean): void {
    for (const [prefix, paths] of this.table) {
      if (isIpv6(prefix) !== isWide) continue
      for (const [key, path] of paths) if (path.sourceId === source && this.#old.delete(path)) paths.delete(key)
    }
  }

  /** What a session has told: prefix, attributes as sent, path identifier. */
  *sentBy(source: number, isWide: boolean): Iterable<[string, ModelPath]> {
    for (const [prefix, paths] of this.table) {
      if (isIpv6(prefix) !== isWide) continue
      for (const path of paths.values()) if (path.sourceId === source) yield [prefix, path]
    }
  }

  announceLocal(prefix: string, sourceId: number, source: ModelPath['source'], local: LocalRoute): void {
    const attributes: TestAttributes = { origin: 0, path: [] }
    if (local.gateway !== undefined) attributes.nextHop = hexOf(local.gateway)
    const sets = [`${sourceId} ${JSON.stringify(local)} ${attributes.nextHop}`]
    const common = {
      peer: undefined,
      pathId: 0,
      local,
      sent: attributes,
      received: attributes,
      attributes,
      hasPolicyMed: false,
    }
    this.#put(prefix, { sourceId, source, sets, ...common })
  }

  #put(prefix: string, path: ModelPath): void {
    let paths = this.table.get(prefix)
    if (paths === undefined) {
      paths = new Map()
      this.table.set(prefix, paths)
    }
    paths.set(`${path.sourceId}#${path.pathId}`, path)
  }

  #imported(prefix: string, sourceId: number, sent: TestAttributes, pathId: number): ModelPath | undefined {
    const peer = this.peers.get(sourceId)
    if (peer === undefined) throw new Error('no such peer')
    if (sent.origin > 2) return undefined
    const received = { ...sent }
    if (peer.kind === 'ebgp') {
      delete received.localPref
      delete received.originatorId
      delete received.clusterList
    }
    const { originatorId, clusterList = [], nextHop } = received
    const base = `${sourceId} ${JSON.stringify(received)}`
    const common = { sourceId, pathId, peer, local: undefined, source: 'bgp', sent, received } as const
    const aside = { ...common, attributes: received, hasPolicyMed: false, isKeptAside: true }
    if (received.path.includes(OWN.asn) || originatorId === OWN.routerId || clusterList.includes(OWN.clusterId))
      return { ...aside, sets: [base] }
    const own = [peer.localAddress, peer.nextHops.ipv4, peer.nextHops.ipv6].map(octets => octets && hexOf(octets))
    if (own.includes(nextHop)) return { ...aside, sets: [base] }
    const outcome = applyPolicy(
      peer.importPolicy,
      subjectOf(prefix, { source: 'bgp', attributes: received, local: undefined }),
      received,
    )
    if (outcome === undefined) return { ...aside, sets: [base, `${base} refused`] }
    const sets = outcome.verdict === 0 ? [base] : [base, `${base} ${outcome.verdict}`]
    const hasPolicyMed = outcome.edits.med !== undefined
    return { ...common, attributes: outcome.changed, hasPolicyMed, sets }
  }

  removePeer(id: number): void {
    this.peers.delete(id)
    for (const paths of this.table.values()) {
      for (const [key, { sourceId }] of paths) if (sourceId === id) paths.delete(key)
    }
  }

  best(prefix: string): ModelPath | undefined {
    return decide(this.#usable(prefix), this.#choice)
  }

  /** As `best`, when `held` was the best one before. */
  bestAfter(prefix: string, held: ModelPath | undefined): ModelPath | undefined {
    return decide(this.#usable(prefix), this.#choice, held)
  }

  /** The paths the kernel gets. */
  equals(prefix: string): ModelPath[] {
    return multipathSet(this.#usable(prefix), this.#choice)
  }

  /** The best `limit` paths in order. */
  ranked(prefix: string, limit: number): ModelPath[] {
    return rank(this.#usable(prefix), this.#choice, limit)
  }

  /** The paths that peer `id` is told of, before its own ones, export rules and policy take their share. */
  chosen(id: number, prefix: string): ModelPath[] {
    const { addPath, addPathSend: limit = 'all' } = this.peers.get(id) ?? {}
    const isSeveral = addPath?.[isIpv6(prefix) ? 'ipv6-unicast' : 'ipv4-unicast']?.send === true
    if (isSeveral && limit === 'all') return this.#usable(prefix)
    if (isSeveral && limit === 'multipath') {
      const { ebgp = 1, ibgp = 1 } = this.#choice.multipath ?? {}
      const most = Math.max(ebgp, ibgp)
      return multipathSet(this.#usable(prefix), { ...this.#choice, multipath: { ebgp: most, ibgp: most } })
    }
    return this.ranked(prefix, isSeveral && typeof limit === 'number' ? limit : 1)
  }

  /** What peer `id` must be told about a prefix whose best path is `best`; undefined: nothing. */
  toldTo(id: number, prefix: string, best: ModelPath): TestAttributes | undefined {
    const to = this.peers.get(id)
    if (to === undefined || best.sourceId === id) return undefined
    const family = FAMILIES[isIpv6(prefix) ? 1 : 0]
    if (family === undefined || !to.families.includes(family)) return undefined
    const communities = best.attributes.communities ?? []
    if (communities.includes(NO_ADVERTISE)) return undefined
    if (to.kind === 'ebgp' && (communities.includes(NO_EXPORT) || communities.includes(NO_EXPORT_SUBCONFED)))
      return undefined
    const isReflected = to.kind === 'ibgp' && best.peer?.kind === 'ibgp'
    if (isReflected && !to.reflectorClient && best.peer?.reflectorClient !== true) return undefined
    const outcome = applyPolicy(to.exportPolicy, subjectOf(prefix, best), best.attributes)
    if (outcome === undefined) return undefined
    return this.#rewritten(to, prefix, best, outcome, isReflected)
  }

  #rewritten(
    to: RibPeer,
    prefix: string,
    best: ModelPath,
    { edits, changed }: { edits: { nextHopSelf?: boolean; med?: number }; changed: TestAttributes },
    isReflected: boolean,
  ): TestAttributes | undefined {
    const told: TestAttributes = { ...changed }
    if (to.kind === 'ebgp') {
      told.path = [to.localAsn, ...told.path]
      delete told.localPref
      delete told.originatorId
      delete told.clusterList
      if (edits.med === undefined && !best.hasPolicyMed) delete told.med
    } else {
      told.localPref ??= 100
      if (isReflected) {
        told.originatorId ??= best.peer?.routerId ?? 0
        const source = best.peer?.reflectorClient === true ? best.peer.clusterId : 0
        const target = to.reflectorClient ? to.clusterId : 0
        const first = source || target
        const own = target !== 0 && target !== first ? [target, first] : [first]
        told.clusterList = [...own, ...(told.clusterList ?? [])]
      }
    }
    const isSelf = to.kind === 'ebgp' || to.nextHopSelf || edits.nextHopSelf === true || told.nextHop === undefined
    if (isSelf) {
      const isWide = isIpv6(prefix)
      const own =
        to.localAddress.length === (isWide ? 16 : 4) ? to.localAddress : isWide ? to.nextHops.ipv6 : to.nextHops.ipv4
      if (own === undefined) return undefined
      told.nextHop = hexOf(own)
    } else if (told.nextHop?.length === 64) told.nextHop = told.nextHop.slice(0, 32)
    return told
  }

  /** Prefixes with a route. */
  *live(): Iterable<[string, ModelPath]> {
    for (const prefix of this.table.keys()) {
      const best = this.best(prefix)
      if (best !== undefined) yield [prefix, best]
    }
  }

  /** All attribute sets that must be in the store, by name. */
  sets(): Set<string> {
    const names = new Set<string>()
    for (const paths of this.table.values()) {
      for (const path of paths.values()) for (const name of path.sets) names.add(name)
    }
    return names
  }
}

/** One text per attribute set, whatever the order in which fields were set. */
export function attributesText(a: TestAttributes): string {
  const { origin, path, nextHop, med, localPref, communities, originatorId, clusterList } = a
  return JSON.stringify([origin, path, nextHop, med, localPref, communities, originatorId, clusterList])
}
