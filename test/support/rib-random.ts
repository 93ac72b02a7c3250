/**
 * Random life for a RIB and its model: sessions of all kinds that come, go, stall and ask for refreshes; announcements,
 * withdraws, malformed messages; local routes; next hops that come and go. Everything follows from a seed. See test/property/rib-model.test.ts.
 */
import { ACCEPT_ALL, type CompiledPolicy, compilePolicy } from '../../src/policy/index.ts'
import {
  type BestRoute,
  LOCAL_PREFERENCE,
  type LocalRoute,
  type LocalSource,
  type PeerId,
  Rib,
  type RibPeer,
} from '../../src/rib/index.ts'
import { FAMILIES, type Family, IPV4_UNICAST, IPV6_UNICAST } from '../../wire/index.ts'
import type { ModelPath } from './rib-decide.ts'
import { attributesText, Model, type ModelOptions, OWN } from './rib-model.ts'
import { COMMUNITIES, drawPrefixes, POLICIES, prefixOf, randomFrom, splitId, UNDERLAY } from './rib-random-parts.ts'
import { buildUpdate, bytesOf, hexOf, readMessages, type TestAttributes } from './rib-wire.ts'

export interface WorldOptions extends ModelOptions {
  readonly prefixes?: number
  readonly logLimit?: number
  readonly stretch?: number
  /** Sessions may tell several paths to a prefix (RFC 7911). */
  readonly addPath?: boolean
  /** Some sessions are told several paths of a prefix (RFC 7911). */
  readonly sendsPaths?: boolean
}

interface Session {
  readonly id: PeerId
  readonly peer: RibPeer
  /** What it was told, as its own table. */
  readonly table: Map<string, string>
  readonly endOfRibs: number[]
  readonly speed: number
  /** Reads nothing until it is told to go on. */
  isStalled: boolean
  /** Families that it tells again at the moment (RFC 7313), as index. */
  readonly refreshing: Set<number>
}

type Profile = Omit<RibPeer, 'name' | 'routerId' | 'address'>

export class RandomRib {
  readonly rib: Rib
  readonly model: Model
  sessions: Session[] = []
  /** What a listener of best routes knows. */
  readonly fib = new Map<string, string>()
  readonly problems: string[] = []
  messages = 0
  /** Prefixes announced and withdrawn, and everything else that happened. */
  operations = 0
  readonly #random: () => number
  readonly #policies: CompiledPolicy[] = POLICIES.map(policy => compilePolicy(policy))
  readonly #prefixes4: readonly string[]
  readonly #prefixes6: readonly string[]
  readonly #hasAddPath: boolean
  readonly #profiles: Profile[]
  readonly #sendsPaths: boolean
  #born = 0

  constructor(seed: number, options: WorldOptions = {}) {
    const { prefixes = 6000, logLimit = 20_000, stretch = 1500, selection = {}, resolveNextHops = false } = options
    this.model = new Model({ selection, resolveNextHops })
    this.#hasAddPath = options.addPath ?? false
    this.#sendsPaths = options.sendsPaths ?? false
    this.#random = randomFrom(seed)
    this.#profiles = Array.from({ length: 5 }, () => this.#profile())
    this.rib = new Rib({
      ...{ asn: OWN.asn, routerId: OWN.routerId, seed: seed * 7919 },
      ...{ logLimit, stretch, reserve: 64, selection, resolveNextHops },
    })
    const drawn = drawPrefixes(prefixes, n => this.#below(n))
    this.#prefixes4 = drawn.ipv4
    this.#prefixes6 = drawn.ipv6
    this.rib.onBestRoute({ routeChanged: route => this.#routeChanged(route), flushed: () => {} })
  }

  /** A number from 0 to 999. */
  dice(): number {
    return this.#below(1000)
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n)
  }

  #chance(p: number): boolean {
    return this.#random() < p
  }

  #routeChanged(route: BestRoute): void {
    const words = [route.address0, route.address1, route.address2, route.address3].slice(0, route.family.words)
    const prefix = `${words.map(word => word.toString(16).padStart(8, '0')).join('')}/${route.length}`
    if (!route.present) this.fib.delete(prefix)
    else {
      const hops = Array.from({ length: route.nextHopCount }, (_, i) => hexOf(route.nextHopAt(i).octets))
      this.fib.set(prefix, `${route.sourceId} ${hops.join(' ')} ${route.local?.metric ?? '-'}`)
    }
  }

  /** What sessions have in common; few of them, so that update groups have several members. */
  #profile(): Profile {
    const isExternal = this.#chance(0.35)
    const policy = () => this.#policies[this.#below(this.#policies.length)] ?? compilePolicy(ACCEPT_ALL)
    return {
      kind: isExternal ? 'ebgp' : 'ibgp',
      asn: isExternal ? ([65001, 65002, 4200000001][this.#below(3)] ?? 65001) : OWN.asn,
      localAsn: OWN.asn,
      localAddress: Uint8Array.of(10, 0, 0, 250 + this.#below(2)),
      families: this.#chance(0.7) ? FAMILIES : [this.#chance(0.7) ? IPV4_UNICAST : IPV6_UNICAST],
      fourOctetAs: this.#chance(0.8),
      maxLength: this.#chance(0.15) ? 65535 : 4096,
      reflectorClient: !isExternal && this.#chance(0.6),
      clusterId: OWN.clusterId,
      nextHopSelf: this.#chance(0.2),
      importPolicy: policy(),
      exportPolicy: policy(),
      addPath: this.#addPath(),
      addPathSend: (['all', 1, 2, 3, 'multipath'] as const)[this.#below(5)] ?? 'all',
      nextHops: this.#chance(0.7) ? { ipv6: Uint8Array.from(bytesOf(`20010db8${'00'.repeat(11)}fe`)) } : {},
    }
  }

  /** RFC 7911 in either direction, as the world has it. */
  #addPath(): NonNullable<RibPeer['addPath']> {
    const sends = this.#sendsPaths && this.#chance(0.6)
    const use = () => ({ receive: this.#hasAddPath && this.#chance(0.6), send: sends && this.#chance(0.8) })
    return { 'ipv4-unicast': use(), 'ipv6-unicast': use() }
  }

  join(): void {
    this.operations++
    const n = ++this.#born
    const profile = this.#profiles[this.#below(this.#profiles.length)] ?? this.#profile()
    const address = Uint8Array.of(10, 0, 1, n)
    const peer: RibPeer = { ...profile, name: `peer ${n}`, routerId: 0x0a000000 + 1 + (n % 50), address }
    const id = this.rib.addPeer(peer)
    this.model.peers.set(id, peer)
    this.sessions.push({
      id,
      peer,
      table: new Map(),
      endOfRibs: [0, 0],
      speed: [1, 0.3, 0.02][this.#below(3)] ?? 1,
      isStalled: false,
      refreshing: new Set(),
    })
  }

  leave(): void {
    this.operations++
    const session = this.#session()
    this.sessions = this.sessions.filter(one => one !== session)
    this.rib.removePeer(session.id)
    this.model.removePeer(session.id)
  }

  #session(): Session {
    const session = this.sessions[this.#below(this.sessions.length)]
    if (session === undefined) throw new Error('no session')
    return session
  }

  #attributes({ kind, asn }: RibPeer, id: number): TestAttributes {
    const isExternal = kind === 'ebgp'
    const tail = Array.from({ length: this.#below(3) }, () => [65001, 65010, 4200000010][this.#below(3)] ?? 65010)
    const a: TestAttributes = { origin: this.#below(3), path: isExternal ? [asn, ...tail] : tail, nextHop: '' }
    a.nextHop = hexOf([10, 0, 2, this.#below(4) + (id % 8) * 8])
    if (this.#chance(0.02)) a.path.push(OWN.asn)
    if (this.#chance(0.02)) a.nextHop = hexOf([10, 0, 0, 250])
    if (this.#chance(0.4)) a.med = this.#below(3)
    if (!isExternal || this.#chance(0.1)) a.localPref = 100 + this.#below(2)
    if (this.#chance(0.5)) {
      const count = 1 + this.#below(2)
      a.communities = [
        ...new Set(Array.from({ length: count }, () => COMMUNITIES[this.#below(this.#chance(0.9) ? 3 : 6)] ?? 1)),
      ]
    }
    if (this.#chance(isExternal ? 0.02 : 0.15))
      a.originatorId = this.#chance(0.1) ? OWN.routerId : 0x0a000000 + this.#below(40)
    if (a.originatorId !== undefined)
      a.clusterList = [0x0b000000 + this.#below(3), ...(this.#chance(0.1) ? [OWN.clusterId] : [])]
    if (this.#chance(0.02)) a.origin = 3
    return a
  }

  #pick(from: readonly string[], most: number): string[] {
    const isHot = this.#chance(0.5)
    const range = isHot ? Math.min(200, from.length) : from.length
    return Array.from({ length: this.#below(most) }, () => from[this.#below(range)] ?? '')
  }

  /** One random UPDATE from a random session, to the RIB and the model. */
  update(): void {
    const { id, peer } = this.#session()
    const has4 = peer.families.includes(IPV4_UNICAST)
    const has6 = peer.families.includes(IPV6_UNICAST)
    const attributes = this.#attributes(peer, id)
    const ids4 = (prefixes: string[]) => this.#withIds(prefixes, peer, IPV4_UNICAST)
    const ids6 = (prefixes: string[]) => this.#withIds(prefixes, peer, IPV6_UNICAST)
    const withdrawn4 = ids4(has4 ? this.#pick(this.#prefixes4, 40) : [])
    const announced4 = ids4(has4 ? this.#pick(this.#prefixes4, this.#chance(0.7) ? 100 : 3) : [])
    const withdrawn6 = ids6(has6 && this.#chance(0.5) ? this.#pick(this.#prefixes6, 30) : [])
    const announced6 = ids6(has6 && this.#chance(0.5) ? this.#pick(this.#prefixes6, 60) : [])
    const global = `20010db8000000000000000000000${hexOf([this.#below(4)])}0`
    const nextHop6 = this.#chance(0.2) ? `${global}fe80000000000000000000000000000${this.#below(4)}` : global
    this.messages++
    this.operations += withdrawn4.length + announced4.length + withdrawn6.length + announced6.length
    const body = buildUpdate({ withdrawn4, announced4, withdrawn6, announced6, attributes, nextHop6 }, peer)
    const error = this.rib.update(id, body, 0, body.length)
    if (announced4.length + announced6.length === 0 && attributes.origin === 3) {
      this.#expectReset(id, error?.code, withdrawn4)
      return
    }
    if (error !== undefined) this.problems.push(`reset: ${error.reason}`)
    for (const [prefix, pathId] of [...withdrawn4, ...withdrawn6].map(splitId)) this.model.withdraw(prefix, id, pathId)
    for (const [prefix, pathId] of announced4.map(splitId)) this.model.announce(prefix, id, attributes, pathId)
    for (const [prefix, pathId] of announced6.map(splitId)) {
      this.model.announce(prefix, id, { ...attributes, nextHop: nextHop6 }, pathId)
    }
  }

  /** The prefixes as they are told in this family of this session: with path identifiers or without. */
  #withIds(prefixes: string[], { addPath }: RibPeer, family: Family): string[] {
    if (addPath?.[family.name]?.receive !== true) return prefixes
    return prefixes.map(prefix => `${prefix}#${[0, 1, 2, 0xffffffff][this.#below(4)] ?? 0}`)
  }

  /** RFC 7606 5.2: bad attributes without routes end the session; what was withdrawn before stays withdrawn. */
  #expectReset(id: PeerId, code: number | undefined, withdrawn: readonly string[]): void {
    if (code !== 3) this.problems.push('bad attributes without routes did not reset the session')
    for (const [prefix, pathId] of withdrawn.map(splitId)) this.model.withdraw(prefix, id, pathId)
    this.sessions = this.sessions.filter(one => one.id !== id)
    this.rib.removePeer(id)
    this.model.removePeer(id)
  }

  /** A local source changes its mind about a random prefix. */
  local(): void {
    this.operations++
    const source = (['kernel', 'direct', 'static'] as const)[this.#below(3)] ?? 'static'
    const text = this.#pick(this.#chance(0.6) ? this.#prefixes4 : this.#prefixes6, 2)[0]
    if (text === undefined) return
    const prefix = prefixOf(text)
    const id = { kernel: 1, direct: 2, static: 3 }[source]
    if (this.#chance(0.4)) {
      this.rib.withdrawLocal(source, prefix)
      this.model.withdraw(text, id)
      return
    }
    const route = this.#localRoute(source, prefix.family.bits === 128)
    this.rib.announceLocal(source, prefix, route)
    this.model.announceLocal(text, id, source, route)
  }

  #localRoute(source: LocalSource, isWide: boolean): LocalRoute {
    const gateway = Uint8Array.from(
      isWide ? bytesOf(`20010db8${'00'.repeat(11)}0${this.#below(3)}`) : [10, 9, 9, this.#below(3)],
    )
    return {
      metric: this.#below(2),
      type: 'unicast',
      interfaceIndex: 2,
      interfaceName: 'eth0',
      preference: LOCAL_PREFERENCE[source],
      ...(this.#chance(0.5) && { gateway }),
    }
  }

  refresh(): void {
    this.operations++
    const { id } = this.#session()
    const family = FAMILIES[this.#below(2)]
    if (family !== undefined) this.rib.refresh(id, family)
  }

  /** A session, or a few of one profile, are to be told by other rules. */
  changeExport(): void {
    this.operations++
    const exportPolicy = this.#policies[this.#below(this.#policies.length)]
    if (exportPolicy === undefined) return
    const nextHopSelf = this.#chance(0.2)
    const { asn, kind } = this.#session().peer
    const isOne = this.#chance(0.3)
    for (const { id } of this.sessions.filter(({ peer }) => peer.asn === asn && peer.kind === kind)) {
      const peer = this.model.peers.get(id)
      if (peer === undefined || (isOne && this.#chance(0.7))) continue
      this.model.peers.set(id, { ...peer, exportPolicy, nextHopSelf })
      this.rib.setExport(id, { exportPolicy, nextHopSelf })
    }
  }

  /** What sessions of one profile told comes in by another policy. */
  changeImport(): void {
    this.operations++
    const importPolicy = this.#policies[this.#below(this.#policies.length)]
    if (importPolicy === undefined) return
    const { asn, kind } = this.#session().peer
    const isOne = this.#chance(0.5)
    for (const { id } of this.sessions.filter(({ peer }) => peer.asn === asn && peer.kind === kind)) {
      const peer = this.model.peers.get(id)
      if (peer === undefined || (isOne && this.#chance(0.7))) continue
      this.model.peers.set(id, { ...peer, importPolicy })
      this.model.importAgain(id)
      this.rib.setImportPolicy(id, importPolicy)
    }
  }

  /** A session begins to tell a family again, or comes to the end of that: what it left out is gone (RFC 7313). */
  refreshIn(): void {
    this.operations++
    const { id, peer, refreshing } = this.#session()
    const family = peer.families[this.#below(peer.families.length)]
    if (family === undefined) return
    const isWide = family.bits === 128
    if (!refreshing.has(family.index)) {
      refreshing.add(family.index)
      this.rib.beginRefresh(id, family)
      this.model.beginRefresh(id, isWide)
      for (const [prefix, path] of [...this.model.sentBy(id, isWide)])
        if (this.#chance(0.7)) this.#tellAgain(id, prefix, path)
    } else {
      refreshing.delete(family.index)
      this.rib.endRefresh(id, family)
      this.model.endRefresh(id, isWide)
    }
  }

  #tellAgain(id: PeerId, prefix: string, { sent, pathId, peer }: ModelPath): void {
    this.operations++
    if (peer === undefined) return
    const isWide = prefix.indexOf('/') === 32
    const hasId = peer.addPath?.[isWide ? 'ipv6-unicast' : 'ipv4-unicast']?.receive === true
    const told = [hasId ? `${prefix}#${pathId}` : prefix]
    const body = isWide
      ? buildUpdate({ announced6: told, attributes: sent, nextHop6: sent.nextHop ?? '' }, peer)
      : buildUpdate({ announced4: told, attributes: sent }, peer)
    if (this.rib.update(id, body, 0, body.length) !== undefined)
      this.problems.push('a route told again resets the session')
    this.model.announce(prefix, id, sent, pathId)
  }

  /** A route that next hops are resolved by comes, goes, or gets another metric. */
  changeUnderlay(): void {
    this.operations++
    const text = UNDERLAY[this.#below(UNDERLAY.length)] ?? ''
    const metric = this.#chance(0.35) ? undefined : this.#below(3)
    this.model.setUnderlay(text, metric)
    if (metric === undefined) this.rib.removeUnderlayRoute(prefixOf(text))
    else this.rib.setUnderlayRoute(prefixOf(text), { metric, isConnected: metric === 0, interfaceIndex: 2 })
  }

  /** A session stops reading, or one that did goes on. */
  stall(): void {
    this.operations++
    const session = this.#session()
    session.isStalled = !session.isStalled
  }

  /** Every session reads a little, each at its speed. */
  read(): void {
    for (const session of this.sessions) {
      if (this.#chance(session.speed) && !session.isStalled) this.#pull(session)
    }
  }

  #pull(session: Session): boolean {
    return this.rib.pull(session.id, bytes => this.#receive(session, bytes))
  }

  #receive(session: Session, bytes: Uint8Array): void {
    for (const { withdrawn, announced, attributes, types, length } of readMessages(bytes, session.peer)) {
      if (length > session.peer.maxLength) this.problems.push(`a message of ${length} octets`)
      const rest = types[0] === 14 || types[0] === 15 ? types.slice(1) : types
      if (rest.some((type, i) => i > 0 && type <= (rest[i - 1] ?? 0)))
        this.problems.push(`attributes in order ${types}`)
      for (const prefix of withdrawn) session.table.delete(prefix)
      for (const prefix of announced)
        session.table.set(prefix, attributes === undefined ? '' : attributesText(attributes))
      if (withdrawn.length + announced.length === 0) {
        const index = types.length > 0 ? 1 : 0
        session.endOfRibs[index] = (session.endOfRibs[index] ?? 0) + 1
      }
    }
  }

  work(): void {
    if (this.rib.pending) this.rib.work()
  }

  /** Lets everything come to rest. */
  settle(): void {
    while (this.rib.pending) this.rib.work()
    for (const session of this.sessions) while (this.#pull(session));
    // Nobody has anything to read any more, so emptied prefixes may go.
    this.rib.work()
  }
}
