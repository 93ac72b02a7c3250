import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attribute, CodecContext, Expectations } from '../../wire/index.ts'
import {
  AttributeSummary,
  attributeCode,
  countAsn,
  decodeAttributes,
  decodeCanonicalAttributes,
  encodeAttributes,
  hasClusterId,
  MODERN_CONTEXT,
  NormalisedAttributes,
  narrowAttributes,
  normaliseAttributes,
  summarise,
} from '../../wire/index.ts'
import { attributeSoup, context, RUNS, roughRoute, routeAttributes } from '../support/wire-arbitraries.ts'
import { attribute, hex, join, text } from '../support/wire-bytes.ts'

const IPV4: Expectations = { ipv4Nlri: true, mpReach: false, anyReachable: true }
const MODERN: CodecContext = { ...MODERN_CONTEXT, rejectAsSets: false }

function normalise(bytes: Uint8Array, session: CodecContext, expects = IPV4) {
  const out = new NormalisedAttributes()
  normaliseAttributes(bytes, 0, bytes.length, session, expects, out)
  return { action: out.action, bytes: out.bytes.slice(0, out.length) }
}

/** Blocks with everything a route needs in front, so that some survive the rubbish after it. */
const MANDATORY_OLD = hex(attribute(0x40, 1, '00') + attribute(0x40, 2, '02 01 fde9') + attribute(0x40, 3, '0a000001'))
const MANDATORY_NEW = hex(
  attribute(0x40, 1, '00') + attribute(0x40, 2, '02010000fde9') + attribute(0x40, 3, '0a000001'),
)
const soupBlock = fc
  .tuple(attributeSoup, context)
  .map(([soup, session]) => ({ session, bytes: join(session.fourOctetAs ? MANDATORY_NEW : MANDATORY_OLD, soup) }))
const anyBlock = fc.oneof(roughRoute, soupBlock)

const find = <T extends Attribute['type']>(
  list: readonly Attribute[],
  type: T,
): Extract<Attribute, { type: T }> | undefined =>
  list.find((candidate): candidate is Extract<Attribute, { type: T }> => candidate.type === type)

describe('canonical bytes', () => {
  it('are their own canonical form, whatever they were made of', () => {
    fc.assert(
      fc.property(anyBlock, ({ bytes, session }) => {
        const once = normalise(bytes, session)
        if (once.action === 'withdraw' || once.action === 'reset') return
        const again = normalise(once.bytes, { ...MODERN, peerKind: session.peerKind })
        expect({ action: again.action, octets: text(again.bytes) }).toEqual({
          action: 'accept',
          octets: text(once.bytes),
        })
      }),
      { ...RUNS, numRuns: 1000 },
    )
  })

  it('do not depend on the order of arrival', () => {
    const shuffled = routeAttributes.chain(list =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        const blocks = [list, other].map(attributes => {
          return join(...attributes.map(single => encodeAttributes([single], MODERN)))
        })
        const [one, two] = blocks.map(block => text(normalise(block, MODERN).bytes))
        expect(one).toBe(two)
      }),
      RUNS,
    )
  })

  it('mean what was decoded', () => {
    fc.assert(
      fc.property(anyBlock, ({ bytes, session }) => {
        const { action, bytes: canonical } = normalise(bytes, session)
        if (action === 'withdraw' || action === 'reset') return
        const decoded = decodeAttributes(bytes, 0, bytes.length, session)
        const kept = decoded.attributes.flatMap(forwarded)
        expect(decodeCanonicalAttributes(canonical, 0, canonical.length)).toEqual(kept)
      }),
      { ...RUNS, numRuns: 1000 },
    )
  })

  it('of a sloppy peer are those of a tidy one', () => {
    fc.assert(
      fc.property(roughRoute, ({ attributes, bytes, session }) => {
        const rough = normalise(bytes, session)
        expect(['accept', 'discard']).toContain(rough.action)
        const tidy = normalise(encodeAttributes(attributes, session), session)
        const partialAside = (block: Uint8Array) => decodeCanonicalAttributes(block, 0, block.length)
        expect(partialAside(rough.bytes)).toEqual(partialAside(tidy.bytes))
      }),
      RUNS,
    )
  })

  it('are the same for a route in MP_REACH_NLRI, but for the next hop', () => {
    const hop = fc
      .constantFrom(16, 32)
      .chain(length => fc.uint8Array({ minLength: length, maxLength: length }))
      .filter(([first = 0]) => first > 0 && first < 0xff)
    fc.assert(
      fc.property(routeAttributes, hop, (list, octets) => {
        const mpReach = { type: 'mp-reach', afi: 2, safi: 1, nextHop: octets, nlri: [] } as const
        const expects = { ipv4Nlri: false, mpReach: true, anyReachable: true }
        const { bytes } = normalise(encodeAttributes([...list, mpReach], MODERN), MODERN, expects)
        const changed = list.map(item => (item.type === 'next-hop' ? { ...item, octets } : item))
        expect(decodeCanonicalAttributes(bytes, 0, bytes.length)).toEqual(changed.toSorted(byCode).flatMap(forwarded))
      }),
      RUNS,
    )
  })

  it('come back from a two-octet speaker as they were', () => {
    fc.assert(
      fc.property(routeAttributes, list => {
        const { bytes } = normalise(encodeAttributes(list, MODERN), MODERN)
        const narrow = narrowAttributes(bytes, 0, bytes.length)
        const back = normalise(narrow, { ...MODERN, fourOctetAs: false })
        expect(back.action).toBe('accept')
        const objects = (block: Uint8Array): unknown => decodeCanonicalAttributes(block, 0, block.length).map(flat)
        expect(objects(back.bytes)).toEqual(objects(bytes))
      }),
      RUNS,
    )
  })
})

describe('the summary', () => {
  it('agrees with the decoded attributes', () => {
    fc.assert(
      fc.property(routeAttributes, list => {
        const { bytes } = normalise(encodeAttributes(list, MODERN), MODERN)
        const { attributes } = decodeAttributes(bytes, 0, bytes.length, MODERN)
        const out = new AttributeSummary()
        summarise(bytes, 0, bytes.length, out)
        const path = find(attributes, 'as-path')?.segments ?? []
        const clusters = find(attributes, 'cluster-list')?.ids ?? []
        const communities = find(attributes, 'communities')?.values ?? []
        expect(out).toMatchObject({
          origin: find(attributes, 'origin')?.origin,
          asPathLength: path.reduce((sum, { type, asns }) => sum + (type === 'sequence' ? asns.length : 1), 0),
          neighbourAs: path[0]?.type === 'sequence' ? path[0].asns[0] : 0,
          hasMed: find(attributes, 'med') !== undefined,
          med: find(attributes, 'med')?.value ?? 0,
          hasLocalPref: find(attributes, 'local-pref') !== undefined,
          localPref: find(attributes, 'local-pref')?.value ?? 0,
          hasOriginatorId: find(attributes, 'originator-id') !== undefined,
          originatorId: find(attributes, 'originator-id')?.routerId ?? 0,
          clusterListLength: clusters.length,
          nextHopLength: 4,
          noExport: communities.includes(0xffffff01),
          noAdvertise: communities.includes(0xffffff02),
          noExportSubconfed: communities.includes(0xffffff03),
        })
        const asns = path.flatMap(segment => [...segment.asns])
        const pathEnd = out.asPathOffset + out.asPathLengthOctets
        for (const asn of [...asns, 4242]) {
          expect(countAsn(bytes, out.asPathOffset, pathEnd, asn)).toBe(asns.filter(other => other === asn).length)
        }
        const clusterEnd = out.clusterListOffset + out.clusterListLengthOctets
        for (const id of clusters) expect(hasClusterId(bytes, out.clusterListOffset, clusterEnd, id)).toBe(true)
      }),
      RUNS,
    )
  })
})

const byCode = (a: Attribute, b: Attribute): number => attributeCode(a) - attributeCode(b)

/** What of a decoded attribute is left in canonical form. */
function forwarded(item: Attribute): Attribute[] {
  if (item.type === 'mp-reach' || item.type === 'mp-unreach') return []
  if (item.type === 'aigp' || item.type === 'link-state') return []
  if (item.type !== 'unknown') return [item]
  return (item.flags & 0x40) === 0 ? [] : [{ ...item, flags: 0xe0 }]
}

/** An AS_PATH without its division into sequences. */
function flat(item: Attribute): unknown {
  if (item.type !== 'as-path') return item
  return item.segments.map(({ type, asns }) => (type === 'sequence' ? asns.join(' ') : `{${asns.join(' ')}}`)).join(' ')
}
