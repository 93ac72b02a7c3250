import { describe, expect, it } from 'vitest'
import type { LocalTerms } from '../../fsm/index.ts'
import { localOpen, negotiate, peerAsnOf } from '../../fsm/index.ts'
import type { Capability, Open } from '../../wire/index.ts'
import { IPV4_UNICAST, IPV6_UNICAST } from '../../wire/index.ts'
import { id, multiprotocol, peerOpen, terms } from '../support/fsm-peer.ts'

const agreed = (ours: Partial<LocalTerms> = {}, theirs: Partial<Open> = {}) => {
  const outcome = negotiate(terms(ours), peerOpen(theirs))
  if (!outcome.ok) throw new Error(`refused: ${outcome.error.reason}`)
  return outcome.value
}

const refused = (ours: Partial<LocalTerms> = {}, theirs: Partial<Open> = {}) => {
  const outcome = negotiate(terms(ours), peerOpen(theirs))
  if (outcome.ok) throw new Error('accepted')
  const { code, subcode, data } = outcome.error
  return { error: `${code}/${subcode}`, data: [...data] }
}

const four = (asn: number): Capability => ({ kind: 'four-octet-as', asn })
const IPV4 = multiprotocol(IPV4_UNICAST)
const IPV6 = multiprotocol(IPV6_UNICAST)

describe('our OPEN', () => {
  it('offers every family, route refresh, long messages and four-octet AS numbers', () => {
    expect(localOpen(terms())).toEqual({
      version: 4,
      asn: 64512,
      holdTimeS: 90,
      routerId: id('10.0.0.1'),
      capabilities: [IPV4, IPV6, { kind: 'route-refresh' }, { kind: 'extended-message' }, four(64512)],
    })
  })

  it('puts AS_TRANS in the old field when our AS number does not fit (RFC 6793 4.1)', () => {
    const open = localOpen(terms({ localAsn: 4_200_000_001 }))
    expect(open.asn).toBe(23456)
    expect(open.capabilities).toContainEqual(four(4_200_000_001))
  })

  it('keeps the largest two-octet AS number as it is', () => {
    expect(localOpen(terms({ localAsn: 65535 })).asn).toBe(65535)
  })
})

describe('what is not wanted', () => {
  it.each<[string, Partial<LocalTerms>, string[]]>([
    ['extended messages', { extendedMessages: false }, ['extended-message']],
    ['any refresh', { routeRefresh: 'off' }, ['route-refresh']],
  ])('is not offered: %s', (_name, ours, missing) => {
    const kinds = (changes: Partial<LocalTerms>) => localOpen(terms(changes)).capabilities.map(({ kind }) => kind)
    expect(kinds({}).filter(kind => !kinds(ours).includes(kind))).toEqual(missing)
  })

  it('marks of refresh are offered only to those who ask for it', () => {
    expect(localOpen(terms({ routeRefresh: 'enhanced' })).capabilities).toEqual([
      ...localOpen(terms({ routeRefresh: 'plain' })).capabilities,
      { kind: 'enhanced-route-refresh' },
    ])
  })
})

describe('an OPEN is refused', () => {
  it.each<[string, Partial<LocalTerms>, Partial<Open>, string, number[]]>([
    ['with version 3: 2/1 and our version (row 9)', {}, { version: 3 }, '2/1', [0, 4]],
    ['with version 5: 2/1 and our version (row 9)', {}, { version: 5 }, '2/1', [0, 4]],
    ['with an AS that is not configured: 2/2 (row 10)', {}, { asn: 65002 }, '2/2', []],
    [
      'with a four-octet AS that is not configured: 2/2, whatever the old field says (row 10)',
      {},
      { asn: 65001, capabilities: [IPV4, four(65002)] },
      '2/2',
      [],
    ],
    ['with AS 0: 2/2 (row 10, RFC 7607 2)', { peerAsn: 0 }, { asn: 0, capabilities: [IPV4] }, '2/2', []],
    [
      'with AS 0 in the capability: 2/2 (RFC 7607 2)',
      { peerAsn: 0 },
      { asn: 65001, capabilities: [IPV4, four(0)] },
      '2/2',
      [],
    ],
    [
      'with AS 0 in the old field: 2/2, even with a good capability (RFC 7607 2)',
      {},
      { asn: 0, capabilities: [IPV4, four(65001)] },
      '2/2',
      [],
    ],
    [
      'with AS_TRANS and no capability 65, where another AS is configured: 2/2',
      { peerAsn: 4_200_000_001 },
      { asn: 23456, capabilities: [IPV4] },
      '2/2',
      [],
    ],
    ['with a hold time of 1: 2/6 (row 12)', {}, { holdTimeS: 1 }, '2/6', []],
    ['with a hold time of 2: 2/6 (row 12)', {}, { holdTimeS: 2 }, '2/6', []],
    ['with a hold time below our floor: 2/6 (row 13)', { minHoldTimeS: 20 }, { holdTimeS: 19 }, '2/6', []],
    ['with identifier 0.0.0.0: 2/3 (row 16)', {}, { routerId: 0 }, '2/3', []],
    [
      'with our own identifier on an internal session: 2/3 (row 17)',
      { peerAsn: 64512 },
      { asn: 64512, routerId: id('10.0.0.1') },
      '2/3',
      [],
    ],
    [
      'without a family in common: 2/7 and the families we want (row 26)',
      { families: [IPV4_UNICAST] },
      { capabilities: [IPV6, four(65001)] },
      '2/7',
      [1, 4, 0, 1, 0, 1],
    ],
    [
      'without any family capability, where we do not run IPv4: 2/7 and the families we want (rows 25, 26)',
      { families: [IPV6_UNICAST] },
      { capabilities: [] },
      '2/7',
      [1, 4, 0, 2, 0, 1],
    ],
    [
      'with families we have never heard of only: 2/7 and all of ours',
      {},
      { capabilities: [{ kind: 'multiprotocol', afi: 25, safi: 65 }] },
      '2/7',
      [1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1],
    ],
    [
      'without a capability we require: 2/7 and that capability (row 23)',
      { requiredCapabilities: [{ kind: 'route-refresh' }, four(64512)] },
      { capabilities: [IPV4, four(65001)] },
      '2/7',
      [2, 0],
    ],
    [
      'without a family we require: 2/7 and that family (row 23)',
      { requiredCapabilities: [IPV4, IPV6] },
      { capabilities: [IPV4] },
      '2/7',
      [1, 4, 0, 2, 0, 1],
    ],
    [
      'without a capability we require but cannot name: 2/7 and its code and value (row 23)',
      { requiredCapabilities: [{ kind: 'unknown', code: 71, value: Uint8Array.of(7) }] },
      {},
      '2/7',
      [71, 1, 7],
    ],
  ])('%s', (_name, ours, theirs, error, data) => {
    expect(refused(ours, theirs)).toEqual({ error, data })
  })

  it('for its AS before anything else is looked at', () => {
    expect(refused({}, { asn: 65002, holdTimeS: 1, routerId: 0, capabilities: [] }).error).toBe('2/2')
  })
})

describe('an OPEN is accepted', () => {
  it('with AS_TRANS in the old field and the real AS in the capability (row 11)', () => {
    const capabilities = [IPV4, four(4_200_000_001)]
    const session = agreed({ peerAsn: 4_200_000_001 }, { asn: 23456, capabilities })
    expect(session.peerAsn).toBe(4_200_000_001)
    expect(peerAsnOf(peerOpen({ asn: 23456, capabilities }))).toBe(4_200_000_001)
  })

  it('with our own identifier on an external session (row 17)', () => {
    expect(agreed({}, { routerId: id('10.0.0.1') }).peerRouterId).toBe(id('10.0.0.1'))
  })

  it.each(['224.0.0.5', '240.0.0.1', '255.255.255.255'])('with identifier %s (row 18)', routerId => {
    expect(agreed({}, { routerId: id(routerId) }).peerRouterId).toBe(id(routerId))
  })

  it('with a hold time at our floor, and with 0 whatever the floor (rows 13, 14)', () => {
    expect(agreed({ minHoldTimeS: 20 }, { holdTimeS: 20 }).holdTimeMs).toBe(20_000)
    expect(agreed({ minHoldTimeS: 20 }, { holdTimeS: 0 }).holdTimeMs).toBe(0)
  })

  it('with capabilities repeated and unknown ones among them (rows 21, 22)', () => {
    const unknown: Capability = { kind: 'unknown', code: 73, value: Uint8Array.of(1, 2) }
    const session = agreed({}, { capabilities: [IPV6, unknown, IPV6, IPV4, four(65001), four(65001)] })
    expect(session.families).toEqual([IPV4_UNICAST, IPV6_UNICAST])
    expect(session.capabilities).toContainEqual(unknown)
  })

  it('with every capability we require', () => {
    const requiredCapabilities: Capability[] = [{ kind: 'route-refresh' }, IPV6, four(1)]
    expect(agreed({ requiredCapabilities }).routeRefresh).toBe(true)
  })
})

describe('the agreement', () => {
  it.each([
    [90, 30, 30_000, 10_000],
    [30, 90, 30_000, 10_000],
    [90, 90, 90_000, 30_000],
    [90, 3, 3000, 1000],
    [0, 90, 0, 0],
    [90, 0, 0, 0],
  ])('of hold times %d s and %d s is %d ms, with a KEEPALIVE every %d ms (rows 14, 15)', (ours, theirs, hold, keep) => {
    const session = agreed({ holdTimeS: ours }, { holdTimeS: theirs })
    expect([session.holdTimeMs, session.keepaliveMs]).toEqual([hold, keep])
  })

  it('sends KEEPALIVEs as often as configured, but never more seldom than every third of the hold time', () => {
    expect(agreed({ keepaliveMs: 5000 }).keepaliveMs).toBe(5000)
    expect(agreed({ keepaliveMs: 60_000 }).keepaliveMs).toBe(30_000)
    expect(agreed({ keepaliveMs: 5000 }, { holdTimeS: 0 }).keepaliveMs).toBe(0)
  })

  it('has only IPv4 unicast with a peer that sends no multiprotocol capability (row 25)', () => {
    expect(agreed({}, { capabilities: [] }).families).toEqual([IPV4_UNICAST])
  })

  it('has the families of both sides, in our order', () => {
    const families = [IPV6_UNICAST, IPV4_UNICAST]
    expect(agreed({ families }).families).toEqual(families)
    expect(agreed({ families }, { capabilities: [IPV4] }).families).toEqual([IPV4_UNICAST])
  })

  it('is internal with a peer of our own AS, and tells the codec so', () => {
    const session = agreed({ peerAsn: 64512 }, { asn: 64512 })
    expect(session.kind).toBe('ibgp')
    expect(session.codec).toEqual({
      fourOctetAs: true,
      peerKind: 'ibgp',
      families: [IPV4_UNICAST, IPV6_UNICAST],
      maxLength: 4096,
      maxReceiveLength: 65535,
    })
  })

  it('is external with any other, with old AS numbers and no refresh where the peer knows nothing newer', () => {
    const session = agreed({}, { capabilities: [] })
    expect(session).toMatchObject({ kind: 'ebgp', peerAsn: 65001, fourOctetAs: false, routeRefresh: false })
    expect(session.codec).toMatchObject({ fourOctetAs: false, peerKind: 'ebgp' })
  })
})

describe('extended messages (rows 6, 7)', () => {
  const EXTENDED: Capability = { kind: 'extended-message' }

  it.each<[string, boolean, boolean, number, number | undefined]>([
    ['both offer them: 65535 octets both ways', true, true, 65535, 65535],
    ['only we do: never sent, yet accepted', true, false, 4096, 65535],
    ['only the peer does: neither sent nor accepted', false, true, 4096, undefined],
    ['nobody does', false, false, 4096, undefined],
  ])('%s', (_name, ours, theirs, sent, received) => {
    const capabilities = [...peerOpen().capabilities, ...(theirs ? [EXTENDED] : [])]
    const { codec } = agreed({ extendedMessages: ours }, { capabilities })
    expect([codec.maxLength, codec.maxReceiveLength]).toEqual([sent, received])
  })
})

describe('roles (row 33)', () => {
  const role = (...values: number[]) => ({
    capabilities: [...peerOpen().capabilities, ...values.map(value => ({ kind: 'role', role: value }) as const)],
  })
  const CUSTOMER = 3
  const PROVIDER = 0

  it.each<[string, Partial<LocalTerms>, Partial<Open>]>([
    ['that do not go together', { role: CUSTOMER }, role(CUSTOMER)],
    ['of two values', {}, role(CUSTOMER, PROVIDER)],
    ['that are missing where we are strict', { role: CUSTOMER, hasStrictRole: true }, {}],
  ])('%s: 2/11', (_name, ours, theirs) => {
    const outcome = negotiate(terms(ours), peerOpen(theirs))
    expect(outcome.ok ? 'agreed' : `${outcome.error.code}/${outcome.error.subcode}`).toBe('2/11')
  })

  it.each<[string, Partial<LocalTerms>, Partial<Open>]>([
    ['that go together', { role: CUSTOMER }, role(PROVIDER)],
    ['of one side only', { role: CUSTOMER }, {}],
    ['that we do not say', {}, role(PROVIDER)],
  ])('%s are in order', (_name, ours, theirs) => {
    expect(negotiate(terms(ours), peerOpen(theirs)).ok).toBe(true)
  })
})

describe('an OPEN of ours without capabilities', () => {
  it('makes a session without them, whatever the peer offers (RFC 5492 3)', () => {
    const sent = { ...localOpen(terms()), capabilities: [] }
    const outcome = negotiate(terms(), peerOpen(), sent)
    if (!outcome.ok) throw new Error(outcome.error.reason)
    const { families, fourOctetAs, answersRefresh, enhancedRefresh, codec } = outcome.value
    expect([families, fourOctetAs, answersRefresh, enhancedRefresh]).toEqual([[IPV4_UNICAST], false, false, false])
    expect(codec.maxReceiveLength).toBeUndefined()
  })
})

describe('path identifiers (row 151)', () => {
  const modes = [0, 1, 2, 3]
  const pairs = modes.flatMap(ours => modes.map(theirs => [ours, theirs] as const))
  const isTaken = (here: number, there: number) => (here & 1) !== 0 && (there & 2) !== 0

  it.each(pairs)('are used where one side may send and the other receive: %i offered, %i heard', (ours, theirs) => {
    // The other family has it the other way round, so that neither can be taken for the other.
    const addPath = [
      { family: IPV4_UNICAST, mode: ours },
      { family: IPV6_UNICAST, mode: theirs },
    ].filter(({ mode }) => mode > 0)
    const entries = [
      { afi: 1, safi: 1, mode: theirs },
      { afi: 2, safi: 1, mode: ours },
    ].filter(({ mode }) => mode > 0)
    const capabilities = [IPV4, IPV6, four(65001), { kind: 'add-path', entries } as const]
    const { codec } = agreed({ addPath }, { capabilities })
    const families = (wanted: readonly (readonly [typeof IPV4_UNICAST, boolean])[]) =>
      wanted.filter(([, isUsed]) => isUsed).map(([family]) => family)
    const receive = families([
      [IPV4_UNICAST, isTaken(ours, theirs)],
      [IPV6_UNICAST, isTaken(theirs, ours)],
    ])
    const send = families([
      [IPV4_UNICAST, isTaken(theirs, ours)],
      [IPV6_UNICAST, isTaken(ours, theirs)],
    ])
    expect(codec.addPath ?? { receive: [], send: [] }).toEqual({ receive, send })
  })

  it('are not offered unless configured', () => {
    expect(localOpen(terms()).capabilities.map(({ kind }) => kind)).not.toContain('add-path')
  })
})

describe('extended next hops (RFC 8950 4)', () => {
  it.each([
    [true, true, [IPV4_UNICAST]],
    [true, false, undefined],
    [false, true, undefined],
  ])('row 86: we offer them: %s, the peer does: %s', (ours, theirs, families) => {
    const own = ours ? { extendedNextHop: [IPV4_UNICAST] } : {}
    const entries = [{ afi: 1, safi: 1, nextHopAfi: 2 }]
    const capability: Capability = { kind: 'extended-next-hop', entries }
    const capabilities = [IPV4, IPV6, four(65001), ...(theirs ? [capability] : [])]
    expect(localOpen(terms(own)).capabilities.some(({ kind }) => kind === capability.kind)).toBe(ours)
    expect(agreed(own, { capabilities }).codec.extendedNextHop).toEqual(families)
  })
})
