/** Random values of the types in wire/, for property tests. */

import fc from 'fast-check'
import type {
  AsPathSegment,
  Attribute,
  Capability,
  CodecContext,
  Family,
  LargeCommunity,
  Nlri,
  Open,
  Prefix,
  Tlv,
} from '../../wire/index.ts'
import { encodeAttributes, FAMILIES, IPV4_UNICAST, IPV6_UNICAST, multiprotocol, pathId } from '../../wire/index.ts'

/** Every property runs so many cases, from a fixed seed: short, and the same everywhere. */
export const RUNS = { numRuns: 300, seed: 20240614 } as const

const u8 = fc.integer({ min: 0, max: 0xff })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const asNumber = fc.oneof(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 1, max: 0xffffffff }))

/** Any octets. */
const octets = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength })

const exactOctets = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })

/** An address that may be a host's, for next hops (RFC 4271 6.3). */
const hostOctets = (length: number): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.integer({ min: 1, max: 223 }), exactOctets(length - 1))
    .map(([first, rest]) => Uint8Array.of(first, ...rest))

/** Four-octet or two-octet, internal or external, sets allowed or not. */
export const context: fc.Arbitrary<CodecContext> = fc.record(
  {
    fourOctetAs: fc.boolean(),
    peerKind: fc.constantFrom('ibgp' as const, 'ebgp' as const),
    families: fc.constantFrom<readonly Family[]>(FAMILIES, [IPV4_UNICAST], [IPV6_UNICAST]),
    maxLength: fc.constant(65535),
    rejectAsSets: fc.boolean(),
    addPath: fc.record({ receive: fc.subarray([...FAMILIES]), send: fc.subarray([...FAMILIES]) }),
    extendedNextHop: fc.subarray([IPV4_UNICAST]),
  },
  { requiredKeys: ['fourOctetAs', 'peerKind', 'families', 'maxLength', 'rejectAsSets'] },
)

/** A prefix of the family, host bits cleared. */
const prefixOf = (family: Family): fc.Arbitrary<Prefix> =>
  fc
    .record({
      words: fc.array(u32, { minLength: family.words, maxLength: family.words }),
      length: fc.integer({ min: 0, max: family.bits }),
    })
    .map(({ words, length }) => {
      const masked = words.map((word, index) => {
        const bits = Math.min(32, Math.max(0, length - 32 * index))
        return bits === 0 ? 0 : Number(BigInt(word) & (((1n << BigInt(bits)) - 1n) << BigInt(32 - bits)))
      })
      return { family, words: Uint32Array.from(masked), length }
    })

/** A prefix with a path identifier. */
export const nlriOf = (family: Family): fc.Arbitrary<Nlri> =>
  fc.tuple(prefixOf(family), u32).map(([value, id]) => ({ ...value, pathId: pathId(id) }))

/** A prefix of any family. */
export const prefix: fc.Arbitrary<Prefix> = fc.oneof(prefixOf(IPV4_UNICAST), prefixOf(IPV6_UNICAST))

/** A list of prefixes of one family. */
export const prefixesOf = (family: Family): fc.Arbitrary<Prefix[]> => fc.array(prefixOf(family), { maxLength: 12 })

const sequence: fc.Arbitrary<AsPathSegment> = fc
  .array(asNumber, { minLength: 1, maxLength: 6 })
  .map(asns => ({ type: 'sequence', asns }))

const set: fc.Arbitrary<AsPathSegment> = fc
  .array(asNumber, { minLength: 1, maxLength: 3 })
  .map(asns => ({ type: 'set', asns }))

const path = fc.array(fc.oneof({ weight: 4, arbitrary: sequence }, { weight: 1, arbitrary: set }), { maxLength: 3 })

const largeCommunity: fc.Arbitrary<LargeCommunity> = fc.tuple(u32, u32, u32)

const mpReach = fc
  .constantFrom(...FAMILIES)
  .chain(family => {
    const length = family === IPV4_UNICAST ? fc.constant(4) : fc.constantFrom(16, 32)
    return fc.record({ family: fc.constant(family), nextHop: length.chain(hostOctets), nlri: prefixesOf(family) })
  })
  .map(({ family, nextHop, nlri }) => ({
    type: 'mp-reach' as const,
    afi: family.afi,
    safi: family.safi,
    nextHop,
    nlri,
  }))

const mpUnreach = fc
  .constantFrom(...FAMILIES)
  .chain(family => fc.record({ family: fc.constant(family), nlri: prefixesOf(family) }))
  .map(({ family, nlri }) => ({ type: 'mp-unreach' as const, afi: family.afi, safi: family.safi, nlri }))

const unknown = fc.record({
  type: fc.constant('unknown' as const),
  code: fc.integer({ min: 129, max: 254 }),
  flags: fc.constantFrom(0x80, 0xc0, 0xe0),
  value: octets(300),
})

/** A TLV whose type is none of those with a shape of their own. */
const tlv = (minType: number): fc.Arbitrary<Tlv> =>
  fc.record({ type: fc.integer({ min: minType, max: 255 }), value: octets(20) })

const attrSet = fc
  .array(fc.constantFrom('c00804fde90001', '40010100', '80040400000001'), { maxLength: 2 })
  .map(parts => Uint8Array.from(parts.join('').match(/../g) ?? [], pair => Number.parseInt(pair, 16)))

/** Attributes we only carry or drop, one arbitrary per row. */
const carriedKinds = {
  pmsi: fc.record({
    type: fc.constant('pmsi-tunnel' as const),
    flags: u8,
    tunnelType: fc.constant(6),
    label: fc.integer({ min: 0, max: 0xffffff }),
    identifier: exactOctets(4),
  }),
  encapsulation: fc.record({
    type: fc.constant('tunnel-encapsulation' as const),
    tunnels: fc.array(fc.record({ type: u16, value: fc.constantFrom(new Uint8Array(0), Uint8Array.of(6, 1, 9)) }), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
  ipv6Communities: fc.record({
    type: fc.constant('ipv6-extended-communities' as const),
    values: fc.array(exactOctets(20), { minLength: 1, maxLength: 3 }),
  }),
  aigp: fc.record({
    type: fc.constant('aigp' as const),
    tlvs: fc.array(tlv(2), { maxLength: 2 }).map(more => [{ type: 1, value: new Uint8Array(8).fill(7) }, ...more]),
  }),
  linkState: fc.record({
    type: fc.constant('link-state' as const),
    tlvs: fc.array(tlv(0), { minLength: 1, maxLength: 3 }),
  }),
  onlyToCustomer: fc.record({ type: fc.constant('only-to-customer' as const), asn: asNumber }),
  characteristics: fc.record({
    type: fc.constant('next-hop-characteristics' as const),
    afi: u16,
    safi: u8,
    nextHop: octets(16),
    tlvs: fc.array(tlv(0), { maxLength: 3 }),
  }),
  prefixSid: fc.record({
    type: fc.constant('prefix-sid' as const),
    tlvs: fc.array(tlv(7), { minLength: 1, maxLength: 3 }),
  }),
  attrSet: fc.record({ type: fc.constant('attr-set' as const), asn: u32, attributes: attrSet }),
}

const list = <T>(items: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[]> =>
  fc.array(items, { minLength: 1, maxLength })

/** One arbitrary per kind of attribute that may stand in an UPDATE, all of them well-formed on an internal session. */
const attributeKinds: readonly fc.Arbitrary<Attribute>[] = [
  fc.record({ type: fc.constant('origin' as const), origin: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ type: fc.constant('as-path' as const), segments: path }),
  fc.record({ type: fc.constant('next-hop' as const), octets: hostOctets(4) }),
  fc.record({ type: fc.constant('med' as const), value: u32 }),
  fc.record({ type: fc.constant('local-pref' as const), value: u32 }),
  fc.constant({ type: 'atomic-aggregate' as const }),
  fc.record({ type: fc.constant('aggregator' as const), asn: asNumber, address: u32 }),
  fc.record({ type: fc.constant('communities' as const), values: list(u32, 80) }),
  fc.record({ type: fc.constant('originator-id' as const), routerId: u32 }),
  fc.record({ type: fc.constant('cluster-list' as const), ids: list(u32, 4) }),
  mpReach,
  mpUnreach,
  fc.record({ type: fc.constant('extended-communities' as const), values: list(exactOctets(8), 4) }),
  carriedKinds.pmsi,
  carriedKinds.encapsulation,
  carriedKinds.ipv6Communities,
  carriedKinds.aigp,
  carriedKinds.linkState,
  fc.record({ type: fc.constant('large-communities' as const), values: list(largeCommunity, 4) }).map(attribute => {
    const distinct = new Map(attribute.values.map(value => [value.join(), value]))
    return { ...attribute, values: [...distinct.values()] }
  }),
  carriedKinds.onlyToCustomer,
  carriedKinds.characteristics,
  carriedKinds.prefixSid,
  carriedKinds.attrSet,
  unknown,
]

const ASCENDING = (attribute: Attribute): number =>
  attributeKinds.length + (attribute.type === 'unknown' ? attribute.code : 0)

/** Some attributes, each kind at most once, in the order they would be decoded in. */
export const attributes: fc.Arbitrary<Attribute[]> = fc
  .tuple(...attributeKinds.map(kind => fc.option(kind, { nil: undefined })))
  .map(choice => choice.filter(attribute => attribute !== undefined).sort((a, b) => ASCENDING(a) - ASCENDING(b)))

/** Like `attributes`, with everything an IPv4 route needs and no MP attribute. */
export const routeAttributes: fc.Arbitrary<Attribute[]> = fc
  .tuple(...attributeKinds.map((kind, index) => (index < 3 ? kind : fc.option(kind, { nil: undefined }))))
  .map(choice =>
    choice.filter(
      attribute => attribute !== undefined && attribute.type !== 'mp-reach' && attribute.type !== 'mp-unreach',
    ),
  )
  .map(choice => choice.filter(attribute => attribute !== undefined))

/** Text that survives being shown: no control characters, no backslash games. */
const words = fc.string({ unit: fc.constantFrom('a', 'Z', '0', '-', '.', '/', ' ', 'é', '鳥', '🐦'), maxLength: 30 })

const items = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 5 })

const restartFamily = { afi: u16, safi: u8, isForwarding: fc.boolean() }

/** Any capability, of every kind. */
export const capability: fc.Arbitrary<Capability> = fc.oneof(
  fc.tuple(u16, u8).map(([afi, safi]) => multiprotocol(afi, safi)),
  fc.constantFrom<Capability>(
    { kind: 'route-refresh' },
    { kind: 'enhanced-route-refresh' },
    { kind: 'extended-message' },
  ),
  fc.record({
    kind: fc.constant('extended-next-hop' as const),
    entries: items(fc.record({ afi: u16, safi: u16, nextHopAfi: u16 })),
  }),
  fc.record({ kind: fc.constant('role' as const), role: u8 }),
  fc.record({
    kind: fc.constant('graceful-restart' as const),
    isRestarting: fc.boolean(),
    hasNotification: fc.boolean(),
    restartTimeS: fc.nat(4095),
    families: items(fc.record(restartFamily)),
  }),
  u32.map((asn): Capability => ({ kind: 'four-octet-as', asn })),
  fc.record({
    kind: fc.constant('add-path' as const),
    entries: items(fc.record({ afi: u16, safi: u8, mode: u8 })),
  }),
  fc.record({
    kind: fc.constant('long-lived-graceful-restart' as const),
    families: items(fc.record({ ...restartFamily, staleTimeS: fc.nat(0xffffff) })),
  }),
  fc.record({ kind: fc.constant('fqdn' as const), hostname: words, domain: words }),
  fc.record({ kind: fc.constant('software-version' as const), version: words }),
  fc.record({ kind: fc.constant('unknown' as const), code: fc.integer({ min: 76, max: 255 }), value: octets(40) }),
)

/** An OPEN that is acceptable by itself. */
export const open: fc.Arbitrary<Open> = fc.record({
  version: fc.constant(4),
  asn: u16,
  holdTimeS: u16.filter(seconds => seconds !== 1 && seconds !== 2),
  routerId: fc.integer({ min: 1, max: 0xffffffff }),
  capabilities: fc.array(capability, { maxLength: 12 }),
})

/** Type codes of the attributes that are judged and carried. */
const CARRIED = [22, 23, 25, 26, 29, 35, 39, 40, 128] as const

/** Bytes that look like a block of attributes: real headers, often with lengths or flags gone wrong. */
export const attributeSoup: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.record({
      flags: fc.oneof(fc.constantFrom(0x40, 0x80, 0xc0, 0x50, 0x90, 0xd0), u8),
      code: fc.oneof(
        fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 32),
        fc.constantFrom(...CARRIED),
        u8,
      ),
      value: octets(24),
      skew: fc.oneof(
        { weight: 9, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: -2, max: 9 }) },
      ),
    }),
    { maxLength: 10 },
  )
  .map(parts =>
    Uint8Array.from(
      parts.flatMap(({ flags, code, value, skew }) => {
        const length = Math.max(0, value.length + skew)
        return [flags, code, ...((flags & 0x10) === 0 ? [length] : [0, length]), ...value]
      }),
    ),
  )

/** What a sloppy but honest peer makes of an encoded attribute: stray low flag bits, Partial, a wide length field. */
const sloppy = fc.record({
  lowBits: fc.nat(15),
  isPartial: fc.boolean(),
  isWide: fc.boolean(),
  copies: fc.integer({ min: 1, max: 2 }),
})

function rewrite(
  encoded: Uint8Array,
  { lowBits, isPartial, isWide }: { lowBits: number; isPartial: boolean; isWide: boolean },
): number[] {
  const [flags = 0, code = 0, length = 0, ...rest] = encoded
  const isExtended = (flags & 0x10) !== 0
  const noise = flags | lowBits | (isPartial ? 0x20 : 0)
  return isWide && !isExtended ? [noise | 0x10, code, 0, length, ...rest] : [noise, code, length, ...rest]
}

/** The attributes of a route and their bytes as a sloppy peer may send them: shuffled, repeated, oddly flagged. */
export const roughRoute: fc.Arbitrary<{
  readonly attributes: Attribute[]
  readonly bytes: Uint8Array
  readonly session: CodecContext
}> = fc
  .tuple(routeAttributes, context)
  .chain(([list, session]) => {
    const styles = fc.array(sloppy, { minLength: list.length, maxLength: list.length })
    const order = fc.shuffledSubarray(list, { minLength: list.length })
    return fc.record({ attributes: fc.constant(list), order, styles, session: fc.constant(session) })
  })
  .map(({ attributes: list, order, styles, session }) => {
    const parts = order.map((single, index) => {
      // Two-octet speakers are covered by `narrowAttributes`; their AS4 attributes would appear several times here.
      const encoded = encodeAttributes([single], { ...session, fourOctetAs: true })
      const style = styles[index] ?? { lowBits: 0, isPartial: false, isWide: false, copies: 1 }
      return Array.from({ length: style.copies }, () => rewrite(encoded, style)).flat()
    })
    const bytes = Uint8Array.from(parts.flat())
    return { attributes: list, bytes, session: { ...session, fourOctetAs: true, rejectAsSets: false } }
  })
