import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Capability,
  clearHostBits,
  decodeAttributes,
  decodeCapabilities,
  decodeNlri,
  decodeNotification,
  decodeOpen,
  decodeRouteRefresh,
  decodeUpdate,
  encodeAttributes,
  encodeCapability,
  encodeNlri,
  encodeNotification,
  encodeOpen,
  encodeRouteRefresh,
  encodeUpdate,
  FAMILIES,
  formatAddress,
  formatPrefix,
  HEADER_LENGTH,
  IPV4_UNICAST,
  MODERN_CONTEXT,
  notification,
  parseAddress,
  parsePrefix,
} from '../../wire/index.ts'
import { attributes, capability, context, nlriOf, open, prefix, prefixesOf, RUNS } from '../support/wire-arbitraries.ts'

const WIDE = { ...MODERN_CONTEXT, maxLength: 65535, rejectAsSets: false }

describe('what is written is read back the same', () => {
  it('OPEN, in both forms of its parameters', () => {
    fc.assert(
      fc.property(open, value => {
        const bytes = encodeOpen(value)
        expect(decodeOpen(bytes, HEADER_LENGTH, bytes.length)).toEqual({ ok: true, value })
      }),
      RUNS,
    )
  })

  it('a capability of any kind', () => {
    fc.assert(
      fc.property(capability, value => {
        const bytes = encodeCapability(value)
        const expected: { ok: true; value: Capability[] } = { ok: true, value: [value] }
        expect(decodeCapabilities(bytes, 0, bytes.length)).toEqual(expected)
      }),
      { ...RUNS, numRuns: 1000 },
    )
  })

  it('NOTIFICATION', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), fc.uint8Array({ maxLength: 300 }), (code, subcode, data) => {
        const bytes = encodeNotification(notification(code, subcode, '', data))
        expect(decodeNotification(bytes, HEADER_LENGTH, bytes.length)).toMatchObject({ code, subcode, data })
      }),
      RUNS,
    )
  })

  it('ROUTE-REFRESH', () => {
    fc.assert(
      fc.property(fc.nat(65535), fc.nat(255), fc.nat(255), (afi, safi, subtype) => {
        const bytes = encodeRouteRefresh({ afi, safi, subtype })
        expect(decodeRouteRefresh(bytes, HEADER_LENGTH, bytes.length)).toEqual({
          ok: true,
          value: { afi, safi, subtype },
        })
      }),
      RUNS,
    )
  })

  it.each(FAMILIES.map(family => [family.name, family] as const))('prefixes of %s', (_name, family) => {
    fc.assert(
      fc.property(prefixesOf(family), prefixes => {
        const bytes = encodeNlri(prefixes)
        expect(decodeNlri(bytes, 0, bytes.length, family)).toEqual(prefixes)
      }),
      RUNS,
    )
  })

  it.each(FAMILIES.map(family => [family.name, family] as const))('prefixes of %s with path ids', (_name, family) => {
    fc.assert(
      fc.property(fc.array(nlriOf(family), { maxLength: 12 }), list => {
        const bytes = encodeNlri(list, true)
        expect(decodeNlri(bytes, 0, bytes.length, family, true)).toEqual(list)
        expect(decodeNlri(encodeNlri(list), 0, encodeNlri(list).length, family)).toEqual(
          list.map(({ pathId: _id, ...plain }) => plain),
        )
      }),
      RUNS,
    )
  })

  it('UPDATE of a session with ADD-PATH and IPv6 next hops for IPv4 routes', () => {
    const session = {
      ...WIDE,
      addPath: { receive: FAMILIES, send: FAMILIES },
      extendedNextHop: [IPV4_UNICAST],
    }
    const routes = fc.array(nlriOf(IPV4_UNICAST), { maxLength: 12 })
    const hop = fc.constantFrom(4, 16, 32).chain(size => fc.uint8Array({ minLength: size, maxLength: size }))
    fc.assert(
      fc.property(fc.tuple(routes, routes, routes, hop), ([withdrawn, nlri, mpNlri, nextHop]) => {
        const list = [{ type: 'mp-reach', afi: 1, safi: 1, nextHop, nlri: mpNlri }] as const
        const bytes = encodeUpdate({ withdrawn, attributes: list, nlri }, session)
        const result = decodeUpdate(bytes, HEADER_LENGTH, bytes.length, session)
        expect(result).toMatchObject({ ok: true, value: { withdrawn, nlri, attributes: list } })
      }),
      RUNS,
    )
  })

  it('attributes, to speakers of two and of four octets', () => {
    fc.assert(
      fc.property(attributes, fc.boolean(), (list, fourOctetAs) => {
        const session = { ...WIDE, fourOctetAs }
        const bytes = encodeAttributes(list, session)
        const decoded = decodeAttributes(bytes, 0, bytes.length, session)
        expect(decoded).toMatchObject({ action: 'accept', problems: [] })
        const ordered = fourOctetAs ? list : list.map(joined)
        expect(decoded.attributes.map(fourOctetAs ? same => same : joined).sort(byType)).toEqual(
          [...ordered].sort(byType),
        )
      }),
      RUNS,
    )
  })

  it('UPDATE', () => {
    const any = fc.tuple(prefixesOf(IPV4_UNICAST), attributes, prefixesOf(IPV4_UNICAST))
    fc.assert(
      fc.property(any, ([withdrawn, list, nlri]) => {
        const bytes = encodeUpdate({ withdrawn, attributes: list, nlri }, WIDE)
        const result = decodeUpdate(bytes, HEADER_LENGTH, bytes.length, WIDE)
        expect(result).toMatchObject({ ok: true, value: { withdrawn, nlri } })
        const decoded = result.ok ? [...result.value.attributes] : []
        expect(decoded.sort(byType)).toEqual([...list].sort(byType))
      }),
      RUNS,
    )
  })

  it('addresses and prefixes as text', () => {
    fc.assert(
      fc.property(prefix, value => {
        const { family, words, length } = value
        const text = formatPrefix(family, words, length)
        expect(parsePrefix(text)).toEqual(value)
        expect(clearHostBits(value)).toEqual(value)
        const address = parseAddress(text.split('/')[0] ?? '')
        expect(address && `${formatAddress(address)}/${length}`).toBe(text)
      }),
      RUNS,
    )
  })

  it('whatever the session is like, encoding never throws for attributes of the usual size', () => {
    fc.assert(
      fc.property(attributes, context, (list, session) => {
        expect(encodeAttributes(list, session).length).toBeLessThan(65536)
      }),
      RUNS,
    )
  })
})

type Item = Parameters<typeof encodeAttributes>[0][number]

const byType = (a: Item, b: Item): number => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0)

/** Neighbouring sequences as one: a merged path does not tell where a two-octet speaker had cut it. */
function joined(attribute: Item): Item {
  if (attribute.type !== 'as-path') return attribute
  const segments: { type: 'sequence' | 'set' | 'confed-sequence' | 'confed-set'; asns: readonly number[] }[] = []
  for (const segment of attribute.segments) {
    const last = segments.at(-1)
    if (last?.type === 'sequence' && segment.type === 'sequence') last.asns = [...last.asns, ...segment.asns]
    else segments.push({ ...segment })
  }
  return { type: 'as-path', segments }
}
