import { describe, expect, it } from 'vitest'
import type { Capability } from '../../wire/index.ts'
import {
  AddPathMode,
  agreeCodec,
  decodeCapabilities,
  IPV4_UNICAST,
  IPV6_UNICAST,
  judgeRoles,
  Role,
  summariseCapabilities,
} from '../../wire/index.ts'
import { hex } from '../support/wire-bytes.ts'

const offer = (octets: string) => {
  const bytes = hex(octets)
  const result = decodeCapabilities(bytes, 0, bytes.length)
  if (!result.ok) throw new Error(result.error.reason)
  return summariseCapabilities(result.value)
}

const BOTH = '0104 0001 0001 0104 0002 0001'

describe('the capabilities of one OPEN, summed up', () => {
  it('say nothing but IPv4 unicast when there are none (RFC 4760 8)', () => {
    expect(offer('')).toEqual({
      families: [{ afi: 1, safi: 1 }],
      hasRouteRefresh: false,
      hasEnhancedRouteRefresh: false,
      hasExtendedMessage: false,
      fourOctetAsn: undefined,
      roles: [],
      gracefulRestart: undefined,
      longLived: undefined,
      addPath: [],
      extendedNextHop: [],
    })
  })

  it('count a repeated family once', () => {
    expect(offer(BOTH + BOTH).families).toEqual([
      { afi: 1, safi: 1 },
      { afi: 2, safi: 1 },
    ])
  })

  it('take the last graceful restart capability, also when it lists nothing (RFC 4724 3)', () => {
    expect(offer('4006 0078 0001 01 00 4002 001e').gracefulRestart).toMatchObject({ restartTimeS: 30, families: [] })
  })

  it('pass over long-lived restart without graceful restart (RFC 9494 4.1)', () => {
    expect(offer('4707 00010100015180').longLived).toBeUndefined()
    expect(offer('4707 00010100015180 4002 0078').longLived?.families).toHaveLength(1)
  })

  it('pass over ADD-PATH tuples that mean nothing, and only those (RFC 7911 4)', () => {
    expect(offer('4510 0001 01 00 0001 02 04 0002 01 01 0002 01 03').addPath).toEqual([{ afi: 2, safi: 1, mode: 3 }])
  })

  it('keep of extended next hops what concerns IPv4 routes we speak (RFC 8950 4)', () => {
    expect(offer('0518 000100010002 000100800002 000100010001 000200010002').extendedNextHop).toEqual([
      { afi: 1, safi: 1, nextHopAfi: 2 },
    ])
  })

  it('tell each role once (RFC 9234 4.1)', () => {
    expect(offer('0901 03 0901 03').roles).toEqual([3])
    expect(offer('0901 03 0901 04').roles).toEqual([3, 4])
  })
})

describe('two offers', () => {
  const codec = (ours: string, theirs: string) => agreeCodec(offer(ours), offer(theirs))

  it('of plain speakers make the plainest codec', () => {
    expect(codec('', '')).toEqual({ fourOctetAs: false, families: [IPV4_UNICAST], maxLength: 4096 })
  })

  it('have in common what both name', () => {
    expect(codec(BOTH, '0104 0002 0001 4104 0000fde9')).toMatchObject({ fourOctetAs: false, families: [IPV6_UNICAST] })
    expect(codec('4104 00000001', '4104 00000002').fourOctetAs).toBe(true)
  })

  const modes = Object.entries(AddPathMode)
  it.each(modes.flatMap(([mine, a]) => modes.map(([yours, b]) => [mine, yours, a, b] as const)))(
    'carry path ids where one side sends and the other receives: %s and %s (RFC 7911 4)',
    (_mine, _yours, a, b) => {
      const one = summariseCapabilities([{ kind: 'add-path', entries: [{ afi: 1, safi: 1, mode: a }] }])
      const two = summariseCapabilities([{ kind: 'add-path', entries: [{ afi: 1, safi: 1, mode: b }] }])
      const [ours, theirs] = [agreeCodec(one, two).addPath, agreeCodec(two, one).addPath]
      expect(ours?.receive ?? []).toEqual((a & 1) !== 0 && (b & 2) !== 0 ? [IPV4_UNICAST] : [])
      expect(ours?.send ?? []).toEqual(theirs?.receive ?? [])
    },
  )

  it('use path ids and next hops only for families both speak', () => {
    const all = '4504 0002 01 03 0506 000100010002'
    expect(codec(all, all)).toMatchObject({ families: [IPV4_UNICAST], extendedNextHop: [IPV4_UNICAST] })
    expect(codec(all, all).addPath).toBeUndefined()
  })

  it.each([
    ['nobody', '', '', 4096, undefined],
    ['both', '0600', '0600', 65535, 65535],
    ['only we', '0600', '', 4096, 65535],
    ['only they', '', '0600', 4096, undefined],
  ])('set both limits when %s offers extended messages (RFC 8654 4)', (_name, ours, theirs, send, receive) => {
    expect(codec(ours, theirs).maxLength).toBe(send)
    expect(codec(ours, theirs).maxReceiveLength).toBe(receive)
  })
})

describe('two roles (RFC 9234 4.2)', () => {
  const names = Object.entries(Role)
  const PAIRS = ['PROVIDER CUSTOMER', 'CUSTOMER PROVIDER', 'ROUTE_SERVER ROUTE_SERVER_CLIENT']
  const ALLOWED = new Set([...PAIRS, 'ROUTE_SERVER_CLIENT ROUTE_SERVER', 'PEER PEER'])

  it.each(names.flatMap(([mine, own]) => names.map(([yours, theirs]) => [mine, yours, own, theirs] as const)))(
    '%s and %s',
    (mine, yours, own, theirs) => {
      const error = judgeRoles(own, [theirs], false)
      expect(error === undefined).toBe(ALLOWED.has(`${mine} ${yours}`))
      if (error !== undefined) expect(error).toMatchObject({ code: 2, subcode: 11, data: new Uint8Array(0) })
    },
  )

  it('go together with silence unless we are strict', () => {
    expect(judgeRoles(Role.PEER, [], false)).toBeUndefined()
    expect(judgeRoles(undefined, [Role.PEER], true)).toBeUndefined()
    expect(judgeRoles(Role.PEER, [], true)).toMatchObject({ code: 2, subcode: 11 })
  })

  it('of one speaker that differ are refused whatever ours is', () => {
    const roles = summariseCapabilities([3, 4].map((role): Capability => ({ kind: 'role', role }))).roles
    expect(judgeRoles(undefined, roles, false)).toMatchObject({ code: 2, subcode: 11 })
  })
})
