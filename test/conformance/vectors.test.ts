/**
 * Every byte vector of the corpus, read by us: none may make a decoder throw, and where the project it comes from says
 * what should come of it, we agree, or the disagreement is listed in fixtures/messages/disagreements.json together with
 * the sentence of the RFC that decides it.
 */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Attribute, Message, Nlri, Update } from '../../wire/index.ts'
import {
  decodeAttributes,
  decodeMessage,
  endOfRib,
  familyOf,
  formatAddress,
  formatAttributeValue,
  formatPrefix,
  formatRouterId,
  MODERN_CONTEXT,
} from '../../wire/index.ts'
import { hex, text } from '../support/wire-bytes.ts'
import type { PeerKind, Vector } from '../support/wire-vectors.ts'
import { contextOf, isCorpusWhole, isSame, loadVectors, messageOf, read, vectorId } from '../support/wire-vectors.ts'

interface Disagreement {
  readonly vector: string
  readonly stated: string
  readonly ours: string
  readonly rfc: string
  readonly why: string
}

const vectors = loadVectors()
const stated = vectors.filter(({ expect: { by } }) => by === 'source')
const listed: readonly Disagreement[] = JSON.parse(
  readFileSync(new URL('../../fixtures/messages/disagreements.json', import.meta.url), 'utf8'),
)

/** What the source says and what we say, when the two differ. */
function disagreement(vector: Vector): { stated: string; ours: string } | undefined {
  if (vector.suite === 'corebgp-fuzz') return byOutcome({ ...vector, expect: { ...vector.expect, action: 'error' } })
  if (vector.expect.action !== undefined && vector.expect.action !== null) return byOutcome(vector)
  if (vector.kind === 'as-path-2octet') return byPath(vector)
  return byContent(vector)
}

function byOutcome(vector: Vector): { stated: string; ours: string } | undefined {
  const { action, skip } = vector.expect
  const fourOctetAs = vector.context?.asn4 ?? true
  const kinds: readonly PeerKind[] = vector.context?.peer === undefined ? ['ebgp', 'ibgp'] : [vector.context.peer]
  for (const kind of kinds) {
    if (skip?.includes(kind.toUpperCase()) === true) continue
    const expected = typeof action === 'string' ? action : action?.[kind]
    const bytes = messageOf(vector, fourOctetAs)
    if (expected === undefined || bytes === undefined) continue
    const { outcome, message } = read(bytes, contextOf(vector, kind, fourOctetAs))
    if (!isSame(expected, outcome, vector.suite)) return { stated: `${kind} ${expected}`, ours: outcome }
    if (vector.expect.as4 !== undefined && vector.expect.as4 !== null && vector.expect.as4 > 0) {
      const found = message?.type === 'open' ? fourOctetAsOf(message) : vector.expect.as4
      if (found !== vector.expect.as4) return { stated: `AS ${vector.expect.as4}`, ours: `AS ${found}` }
    }
  }
  return undefined
}

const fourOctetAsOf = (message: Extract<Message, { type: 'open' }>): number | undefined =>
  message.open.capabilities.find(
    (capability): capability is Extract<typeof capability, { kind: 'four-octet-as' }> =>
      capability.kind === 'four-octet-as',
  )?.asn

/** FRR's tables state how a path reads, when they state anything; sets in brackets with commas, and sometimes asdot+. */
function byPath(vector: Vector): { stated: string; ours: string } | undefined {
  const bytes = messageOf(vector, false)
  if (bytes === undefined) return undefined
  const { message, outcome } = read(bytes, contextOf(vector, 'ibgp', false))
  const path = message?.type === 'update' ? find(message.update.attributes, 'as-path') : undefined
  const plain = vector.expect.as_path?.replace(/\b0\.(\d+)/g, '$1')
  if (plain === undefined) return outcome === 'accept' ? undefined : { stated: 'readable', ours: outcome }
  const sets = path && formatAttributeValue(path).replace(/\(?\{([^}]*)\}\)?/g, (_, set) => `[${set}]`)
  const ours = sets?.replace(/\[([^\]]*)\]/g, (_, set) => `[${sorted(set)}]`) ?? outcome
  return ours === plain ? undefined : { stated: plain, ours }
}

/** FRR prints sets in order, which means nothing in a set. */
const sorted = (set: string): string =>
  set
    .split(' ')
    .toSorted((a, b) => Number(a) - Number(b))
    .join(',')

const find = <T extends Attribute['type']>(attributes: readonly Attribute[], type: T) =>
  attributes.find((candidate): candidate is Extract<Attribute, { type: T }> => candidate.type === type)

type Json = Readonly<Record<string, unknown>>
const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? { ...value } : {})

/**
 * ExaBGP's bytes, the command it makes them of, and its JSON for them. Where a step of its test has several messages the
 * corpus pairs JSON of one with bytes of another: then the command decides. The size of AS numbers is only known to its
 * configuration, so either will do.
 */
function byContent(vector: Vector): { stated: string; ours: string } | undefined {
  // Prefixes of link-state routing, not a message.
  if (vector.expect.family?.startsWith('nlri') === true) return undefined
  const tries = [true, false].map(fourOctetAs => {
    const bytes = messageOf(vector, fourOctetAs)
    if (bytes === undefined) return { stated: 'a message', ours: 'none' }
    const { message, outcome } = read(bytes, contextOf(vector, 'ibgp', fourOctetAs))
    if (message === undefined) return { stated: 'a message', ours: outcome }
    const update = object(vector.expect.json?.['update'])
    if (message.type === 'update' && vector.expect.json !== undefined) {
      const difference = compare(message, update)
      return difference === undefined || isCommanded(message, vector.expect.command ?? '') ? undefined : difference
    }
    const eor = /announce eor (ipv[46]) unicast/.exec(vector.expect.command ?? '')?.[1]
    const end = message.type === 'update' ? endOfRib(message.update) : undefined
    const ours = end && familyOf(end.afi, end.safi)?.name.slice(0, 4)
    return eor === undefined || eor === ours ? undefined : { stated: `end of ${eor}`, ours: `${ours}` }
  })
  return tries.includes(undefined) ? undefined : tries[0]
}

/** Is what we read what the command asks for: every prefix, and the next hop, LOCAL_PREF and MED it names? */
function isCommanded({ update }: Extract<Message, { type: 'update' }>, command: string): boolean {
  const routes: Json = ourRoutes(update)
  const prefixes = Object.keys(routes).flatMap(name => {
    const list = routes[name]
    return Array.isArray(list) ? list : []
  })
  if (prefixes.length === 0) return isForeignCommanded(update, command)
  const attributes: Json = ourAttributes(update.attributes)
  const named = (word: string): string | undefined => new RegExp(`${word} (\\S+)`).exec(command)?.[1]
  const isWithdrawal = update.attributes.every(({ type }) => type === 'mp-unreach')
  return (
    prefixes.every(prefix => command.includes(`${prefix}`)) &&
    command.startsWith('withdraw') === isWithdrawal &&
    (isWithdrawal ||
      ['local-preference', 'med'].every(word => (named(word) ?? `${attributes[word]}`) === `${attributes[word]}`))
  )
}

/** The same for a family we do not read: its rate limit, if the command names one, or else that the command is of it. */
function isForeignCommanded({ attributes }: Update, command: string): boolean {
  const limit = /rate-limit:(\d+)/.exec(command)?.[1]
  if (limit === undefined) return !/^\w+ (route|ipv[46] unicast)/.test(command)
  const rates = find(attributes, 'extended-communities')?.values.filter(
    ([type, subtype]) => type === 0x80 && subtype === 6,
  )
  return rates?.some(rate => `${new DataView(rate.buffer, rate.byteOffset).getFloat32(4)}` === limit) ?? false
}

function compare(
  message: Extract<Message, { type: 'update' }>,
  json: Json,
): { stated: string; ours: string } | undefined {
  const theirs = { ...statedAttributes(object(json['attribute'])), ...statedRoutes(json) }
  const ours: Record<string, unknown> = { ...ourAttributes(message.update.attributes), ...ourRoutes(message.update) }
  for (const [name, value] of Object.entries(theirs)) {
    const [one, other] = [JSON.stringify(value), JSON.stringify(ours[name])]
    if (one !== other) return { stated: `${name} ${one}`, ours: `${name} ${other}` }
  }
  return undefined
}

function statedAttributes(attribute: Json): Json {
  const direct = [
    'origin',
    'local-preference',
    'med',
    'originator-id',
    'cluster-list',
    'atomic-aggregate',
    'aggregator',
  ]
  const lists = ['community', 'large-community']
  const found = [...direct, ...lists].flatMap(name => (attribute[name] === undefined ? [] : [[name, attribute[name]]]))
  const path = attribute['as-path']
  const extended = attribute['extended-community']
  return {
    ...Object.fromEntries(found),
    ...(path !== undefined && { 'as-path': Object.values(object(path)).flatMap(segment => object(segment)['value']) }),
    ...(Array.isArray(extended) && {
      'extended-community': extended.map(item =>
        BigInt(`${object(item)['value']}`)
          .toString(16)
          .padStart(16, '0'),
      ),
    }),
  }
}

function statedRoutes(json: Json): Json {
  const routes: Record<string, unknown> = {}
  for (const family of ['ipv4 unicast', 'ipv6 unicast']) {
    const announced = object(object(json['announce'])[family])
    const withdrawn = object(json['withdraw'])[family]
    const prefixes = Object.values(announced).flatMap(list => (Array.isArray(list) ? list : []))
    if (prefixes.length > 0) routes[`announced ${family}`] = prefixes.map(prefixText).sort()
    if (Array.isArray(withdrawn)) routes[`withdrawn ${family}`] = withdrawn.map(prefixText).sort()
    const hops = Object.keys(announced).filter(hop => hop !== 'null')
    if (prefixes.length > 0 && hops.length === 1) routes[`next hop ${family}`] = hops[0]
  }
  return routes
}

const prefixText = (item: unknown): string => (typeof item === 'string' ? item : `${object(item)['nlri']}`)

function ourAttributes(attributes: readonly Attribute[]): Json {
  const get = <T extends Attribute['type']>(type: T) => find(attributes, type)
  const aggregator = get('aggregator')
  return {
    origin: ['igp', 'egp', 'incomplete'][get('origin')?.origin ?? 3],
    'local-preference': get('local-pref')?.value,
    med: get('med')?.value,
    'originator-id': formatRouterId(get('originator-id')?.routerId ?? 0),
    'cluster-list': get('cluster-list')?.ids.map(formatRouterId),
    'atomic-aggregate': get('atomic-aggregate') !== undefined,
    aggregator: aggregator && `${aggregator.asn}:${formatRouterId(aggregator.address)}`,
    community: get('communities')?.values.map(value => [value >>> 16, value & 0xffff]),
    'large-community': get('large-communities')?.values,
    'as-path': get('as-path')?.segments.flatMap(({ asns }) => asns),
    'extended-community': get('extended-communities')?.values.map(text),
  }
}

function ourRoutes(update: Update): Json {
  const reach = find(update.attributes, 'mp-reach')
  const unreach = find(update.attributes, 'mp-unreach')
  const list = (nlri: readonly Nlri[], bits: number): string[] =>
    nlri
      .flatMap(({ family, words, length }) => (family.bits === bits ? [formatPrefix(family, words, length)] : []))
      .sort()
  const announced = [...update.nlri, ...(reach?.nlri ?? [])]
  const withdrawn = [...update.withdrawn, ...(unreach?.nlri ?? [])]
  const nextHop = find(update.attributes, 'next-hop')?.octets
  const mpNextHop = reach?.nextHop.slice(0, 16)
  return {
    'announced ipv4 unicast': list(announced, 32),
    'announced ipv6 unicast': list(announced, 128),
    'withdrawn ipv4 unicast': list(withdrawn, 32),
    'withdrawn ipv6 unicast': list(withdrawn, 128),
    'next hop ipv4 unicast': formatAddress(nextHop ?? mpNextHop ?? hex('00000000')),
    'next hop ipv6 unicast': formatAddress(mpNextHop ?? hex('00000000')),
  }
}

describe('the vectors of other projects', () => {
  it('are all there', () => {
    expect([vectors.length, stated.length]).toEqual(isCorpusWhole ? [816, 324] : [vectors.length, stated.length])
    expect(stated.length).toBeGreaterThan(200)
  })

  it('are read or refused as their project says, but for the listed disagreements', () => {
    const found = stated.flatMap(vector => {
      const difference = disagreement(vector)
      return difference === undefined ? [] : [{ vector: vectorId(vector), ...difference }]
    })
    const ids = new Set(stated.map(vectorId))
    const expected = listed
      .filter(({ vector }) => ids.has(vector))
      .map(({ vector, stated, ours }) => ({ vector, stated, ours }))
    expect(found).toEqual(expected)
  })

  it('are disagreed with for a reason that an RFC gives', () => {
    for (const { rfc, why } of listed)
      expect([rfc, why]).toEqual([expect.stringMatching(/^RFC \d+ /), expect.stringMatching(/\w/)])
    expect(new Set(listed.map(({ vector }) => vector.split(' ').at(-1))).size).toBeLessThan(15)
  })

  it.each([...new Set(vectors.map(({ suite }) => suite))])('of %s do not make any decoder throw', suite => {
    for (const vector of vectors) if (vector.suite === suite) decodeEveryWay(vector)
  })
})

function decodeEveryWay(vector: Vector): void {
  const octets = hex(vector.hex)
  for (const fourOctetAs of [true, false]) {
    for (const kind of ['ebgp', 'ibgp'] as const) {
      const context = contextOf(vector, kind, fourOctetAs)
      const bytes = messageOf(vector, fourOctetAs)
      if (bytes !== undefined) read(bytes, context)
      decodeAttributes(octets, 0, octets.length, context)
    }
    for (const type of [1, 2, 3, 4, 5]) {
      decodeMessage(type, octets, 0, octets.length, { ...MODERN_CONTEXT, fourOctetAs })
    }
  }
}
