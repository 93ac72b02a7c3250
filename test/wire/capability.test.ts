import { describe, expect, it } from 'vitest'
import type { Capability } from '../../wire/index.ts'
import { CAPABILITIES, decodeCapabilities, encodeCapability, formatCapability } from '../../wire/index.ts'
import { hex, surrounded, text } from '../support/wire-bytes.ts'

function decode(octets: string): readonly Capability[] {
  const { bytes, start, end } = surrounded(hex(octets), 0xff)
  const result = decodeCapabilities(bytes, start, end)
  if (!result.ok) throw new Error(result.error.reason)
  return result.value
}

/** Octets on the wire, what they mean, how that is shown. */
const KNOWN: readonly (readonly [string, string, Capability, string])[] = [
  ['multiprotocol', '01 04 0019 00 46', { kind: 'multiprotocol', afi: 25, safi: 70 }, 'multiprotocol afi 25 safi 70'],
  ['route refresh', '02 00', { kind: 'route-refresh' }, 'route-refresh'],
  [
    'extended next hop',
    '05 0c 0001 0001 0002 0001 0080 0002',
    {
      kind: 'extended-next-hop',
      entries: [
        { afi: 1, safi: 1, nextHopAfi: 2 },
        { afi: 1, safi: 128, nextHopAfi: 2 },
      ],
    },
    'extended-next-hop ipv4-unicast via ipv6, afi 1 safi 128 via ipv6',
  ],
  ['extended message', '06 00', { kind: 'extended-message' }, 'extended-message'],
  ['role', '09 01 03', { kind: 'role', role: 3 }, 'role customer'],
  ['a role nobody knows', '09 01 09', { kind: 'role', role: 9 }, 'role 9'],
  [
    'graceful restart',
    '40 0a c078 0001 01 80 0002 01 00',
    {
      kind: 'graceful-restart',
      isRestarting: true,
      hasNotification: true,
      restartTimeS: 120,
      families: [
        { afi: 1, safi: 1, isForwarding: true },
        { afi: 2, safi: 1, isForwarding: false },
      ],
    },
    'graceful-restart 120 s restarting notification ipv4-unicast forwarding, ipv6-unicast',
  ],
  [
    'graceful restart for End-of-RIB only',
    '40 02 0fff',
    { kind: 'graceful-restart', isRestarting: false, hasNotification: false, restartTimeS: 4095, families: [] },
    'graceful-restart 4095 s End-of-RIB only',
  ],
  ['four-octet AS', '41 04 fa56ea01', { kind: 'four-octet-as', asn: 4200000001 }, 'four-octet-as 4200000001'],
  [
    'ADD-PATH',
    '45 08 0001 01 03 0002 01 04',
    {
      kind: 'add-path',
      entries: [
        { afi: 1, safi: 1, mode: 3 },
        { afi: 2, safi: 1, mode: 4 },
      ],
    },
    'add-path ipv4-unicast both, ipv6-unicast mode 4 (ignored)',
  ],
  ['enhanced route refresh', '46 00', { kind: 'enhanced-route-refresh' }, 'enhanced-route-refresh'],
  [
    'long-lived graceful restart',
    '47 07 0001 01 80 015180',
    {
      kind: 'long-lived-graceful-restart',
      families: [{ afi: 1, safi: 1, isForwarding: true, staleTimeS: 86400 }],
    },
    'long-lived-graceful-restart ipv4-unicast forwarding 86400 s',
  ],
  [
    'FQDN',
    '49 0c 05 6e6f646531 05 6c6f63616c',
    { kind: 'fqdn', hostname: 'node1', domain: 'local' },
    'fqdn node1.local',
  ],
  ['FQDN without a domain', '49 07 05 6e6f646531 00', { kind: 'fqdn', hostname: 'node1', domain: '' }, 'fqdn node1'],
  [
    'software version',
    '4b 07 06 464f4f2f3131',
    { kind: 'software-version', version: 'FOO/11' },
    'software-version FOO/11',
  ],
]

describe('a capability', () => {
  it.each(KNOWN)('of %s is read, written and shown', (_name, octets, capability, words) => {
    const [decoded] = decode(octets)
    expect(decoded).toEqual(capability)
    if (decoded === undefined) return
    expect(text(encodeCapability(decoded))).toBe(octets.replaceAll(' ', ''))
    expect(formatCapability(decoded)).toBe(words)
  })

  it('has a row for each code, and only one', () => {
    const codes = CAPABILITIES.map(({ code }) => code)
    expect(codes).toEqual([...new Set(codes)].toSorted((a, b) => a - b))
    const tested = new Set(KNOWN.map(([, , { kind }]) => kind))
    expect(CAPABILITIES.filter(({ kind }) => !tested.has(kind))).toEqual([])
  })

  it.each([
    ['FQDN of no octets', '49 00'],
    ['FQDN whose host name runs past it', '49 03 05 6e6f'],
    ['FQDN without the length of a domain', '49 03 02 6e6f'],
    ['FQDN with octets left over', '49 05 01 61 01 62 63'],
    ['software version of no octets', '4b 00'],
    ['software version that runs past it', '4b 02 05 61'],
    ['software version with octets left over', '4b 03 01 61 62'],
  ])('that only informs is kept as unknown when malformed: %s', (_name, octets) => {
    expect(decode(`${octets} 02 00`).map(({ kind }) => kind)).toEqual(['unknown', 'route-refresh'])
  })

  it('shows words of the peer without letting them move the cursor', () => {
    const [capability] = decode('4b 06 05 61 1b5b4b ff')
    expect(capability).toEqual({ kind: 'software-version', version: 'a\\u{1b}[K\\xff' })
  })

  it('without a row is shown with the name IANA has for it', () => {
    expect(decode('43 00 f0 01 07').map(formatCapability)).toEqual([
      'unknown 67 dynamic capability',
      'unknown 240 (07)',
    ])
  })

  it('of more than 255 octets is a mistake of the caller', () => {
    const entries = Array.from({ length: 64 }, () => ({ afi: 1, safi: 1, mode: 1 }))
    expect(() => encodeCapability({ kind: 'add-path', entries })).toThrow(RangeError)
  })

  it('never writes a restart time or stale time wider than its field', () => {
    const open = { isRestarting: false, hasNotification: false, families: [] }
    expect(text(encodeCapability({ kind: 'graceful-restart', ...open, restartTimeS: 9999 }))).toBe('40020fff')
    const families = [{ afi: 1, safi: 1, isForwarding: false, staleTimeS: 0x1000000 }]
    expect(text(encodeCapability({ kind: 'long-lived-graceful-restart', families }))).toBe('470700010100ffffff')
  })
})
