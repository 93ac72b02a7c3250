/** Families are a matter of each session: what was not negotiated is neither read nor kept (RFC 4760 8). */
import { describe, expect, it } from 'vitest'
import { type Family, IPV4_UNICAST, IPV6_UNICAST } from '../../wire/index.ts'
import { Fixture, peer } from '../support/rib-fixture.ts'
import { attribute, hex, ORIGIN_IGP, updateBody } from '../support/wire-bytes.ts'

const IPV4_NLRI = '18 0a0102'
const NEXT_HOP = attribute(0x40, 3, '0a000002')
const AS_PATH = attribute(0x40, 2, '')
const LOCAL_PREF = attribute(0x40, 5, '00000064')
const COMMON = [ORIGIN_IGP, AS_PATH, NEXT_HOP, LOCAL_PREF]
const mpReach = (nlri: string): string => attribute(0x80, 14, `0002 01 10 ${'20010db8'.padEnd(32, '0')} 00 ${nlri}`)

/** A table with one internal session that speaks `families`; how many paths of each it has after `body`. */
function pathsAfter(families: readonly Family[], body: string): { readonly ipv4: number; readonly ipv6: number } {
  const fixture = new Fixture()
  const id = fixture.join(peer(2, { families, reflectorClient: false }))
  expect(fixture.sendBody(id, hex(body))).toBeUndefined()
  const paths = (family: Family): number => fixture.rib.stats().families.find(one => one.family === family)?.paths ?? 0
  return { ipv4: paths(IPV4_UNICAST), ipv6: paths(IPV6_UNICAST) }
}

describe('an UPDATE with routes of both families', () => {
  const body = updateBody({ attributes: [...COMMON, mpReach('20 20010db8')], nlri: IPV4_NLRI })

  it.each<[string, readonly Family[], { ipv4: number; ipv6: number }]>([
    ['both', [IPV4_UNICAST, IPV6_UNICAST], { ipv4: 1, ipv6: 1 }],
    ['IPv4 alone', [IPV4_UNICAST], { ipv4: 1, ipv6: 0 }],
    ['IPv6 alone', [IPV6_UNICAST], { ipv4: 0, ipv6: 1 }],
  ])('leaves those of the families that were negotiated: %s', (_name, families, paths) => {
    expect(pathsAfter(families, body)).toEqual(paths)
  })
})

describe('nonsense in a family that was not negotiated', () => {
  it('is not read: an IPv6 prefix of 200 bits harms neither the session nor the IPv4 route beside it', () => {
    const body = updateBody({ attributes: [...COMMON, mpReach('c8 20010db8')], nlri: IPV4_NLRI })
    expect(pathsAfter([IPV4_UNICAST], body)).toEqual({ ipv4: 1, ipv6: 0 })
  })
})
