/**
 * Messages that broke other speakers, built by hand from public descriptions (spec: test-material 5) and named after the CVE
 * or issue. Every one of them must be survived; several are also cases of the conformance suites. Seeds of the fuzzer and of
 * known-bugs.test.ts, which states the outcome.
 */
import { bytesOf } from './check.ts'

export interface KnownBug {
  readonly name: string
  readonly bytes: Uint8Array
  /** What an UPDATE must lead to on an external four-octet session; absent where any answer short of a throw is right. */
  readonly outcome?: 'accept' | 'discard' | 'withdraw' | 'reset'
}

const hex = (value: number, octets: number): string => value.toString(16).padStart(2 * octets, '0')
const tidy = (text: string): string => text.replace(/\s+/g, '')

function message(type: number, body: string): Uint8Array {
  const octets = tidy(body)
  return bytesOf('ff'.repeat(16) + hex(19 + octets.length / 2, 2) + hex(type, 1) + octets)
}

/** Flags, code, value; the length as the flags want it. */
function attribute(flags: number, code: number, value: string): string {
  const octets = tidy(value)
  const length = octets.length / 2
  const isExtended = (flags & 0x10) !== 0 || length > 255
  return hex(isExtended ? flags | 0x10 : flags, 1) + hex(code, 1) + hex(length, isExtended ? 2 : 1) + octets
}

function update(attributes: readonly string[], nlri = '18 cb0071', withdrawn = ''): Uint8Array {
  const block = attributes.join('')
  const gone = tidy(withdrawn)
  return message(2, hex(gone.length / 2, 2) + gone + hex(block.length / 2, 2) + block + nlri)
}

const ORIGIN = attribute(0x40, 1, '00')
const PATH = attribute(0x40, 2, '0201 0000fde9')
const NEXT_HOP = attribute(0x40, 3, 'c0000201')
const ROUTE = [ORIGIN, PATH, NEXT_HOP] as const

const openWith = (parameters: string, length = tidy(parameters).length / 2): Uint8Array =>
  message(1, `04 fde9 005a 0a000001 ${hex(length, 1)} ${parameters}`)
const capability = (code: number, value: string): string => {
  const octets = tidy(value)
  return `02 ${hex(octets.length / 2 + 2, 1)} ${hex(code, 1)} ${hex(octets.length / 2, 1)} ${octets}`
}

const numbers = (count: number): string => Array.from({ length: count }, (_, i) => hex(65000 + (i % 100), 4)).join('')
const segment = (count: number, type = 2): string => hex(type, 1) + hex(count, 1) + numbers(count)

const bug = (name: string, bytes: Uint8Array, outcome?: KnownBug['outcome']): KnownBug =>
  outcome === undefined ? { name, bytes } : { name, bytes, outcome }

export function knownBugs(): readonly KnownBug[] {
  return [...attributeBugs(), ...pathBugs(), ...updateBugs(), ...openBugs(), ...otherBugs()]
}

const attributeBugs = (): readonly KnownBug[] => [
  bug('cve-2023-38802-tunnel-encapsulation-corrupt', update([...ROUTE, attribute(0xc0, 23, '000f 0011 0102')])),
  bug('cve-2024-44070-tunnel-encapsulation-overrun', update([...ROUTE, attribute(0xc0, 23, '000f ffff 01')])),
  bug('cve-2023-38283-attribute-length', update([...ROUTE, attribute(0xc0, 8, 'fde900')]), 'withdraw'),
  bug('cve-2023-4481-entropy-label', update([...ROUTE, attribute(0xc0, 28, '')]), 'accept'),
  bug('2025-05-attribute-40-of-zeros', update([...ROUTE, attribute(0xc0, 40, '00'.repeat(24))])),
  bug('frr-19336-prefix-sid-cut', update([...ROUTE, attribute(0xc0, 40, '01 0007 00')])),
  bug('cve-2024-31948-prefix-sid-srv6-cut', update([...ROUTE, attribute(0xc0, 40, '05 0004 00 01 00ff')])),
  bug('bird-otc-length-1024', update([...ROUTE, attribute(0xd0, 35, '0000fde9'.repeat(256))])),
  bug('otc-valid', update([...ROUTE, attribute(0xc0, 35, '0000fde9')])),
  bug('gobgp-3305-next-hop-of-0', update([ORIGIN, PATH, attribute(0x40, 3, '')]), 'withdraw'),
  bug('cve-2026-30405-next-hop-of-3', update([ORIGIN, PATH, attribute(0x40, 3, 'c00002')]), 'withdraw'),
  bug('next-hop-of-16', update([ORIGIN, PATH, attribute(0x40, 3, '20010db8'.padEnd(32, '0'))]), 'withdraw'),
  bug('gobgp-3392-origin-flags', update([attribute(0xc0, 1, '00'), PATH, NEXT_HOP]), 'withdraw'),
  bug('cve-2026-41642-unknown-well-known', update([...ROUTE, attribute(0x40, 77, '00')]), 'reset'),
  bug('cve-2026-37461-ipv6-extended-community', update([...ROUTE, attribute(0xc0, 25, '00'.repeat(19))])),
  bug('cve-2023-41359-aigp-over-read', update([...ROUTE, attribute(0x80, 26, '01 000b 00')])),
  bug('aigp-length-of-2', update([...ROUTE, attribute(0x80, 26, '01 0002')])),
  bug('cve-2010-1674-extended-communities', update([...ROUTE, attribute(0xc0, 16, '0002fde9000000')]), 'withdraw'),
  bug('cve-2018-5379-cluster-list', update([...ROUTE, attribute(0x80, 10, '0a0000')]), 'discard'),
  bug('cve-2010-3035-attribute-99-of-3000', update([...ROUTE, attribute(0xd0, 99, '00'.repeat(3000))]), 'accept'),
  bug(
    'large-communities-repeated',
    update([...ROUTE, attribute(0xc0, 32, '0000fde90000000100000002'.repeat(3))]),
    'accept',
  ),
]

const pathBugs = (): readonly KnownBug[] => [
  bug('cve-2025-20115-segment-of-255', update([ORIGIN, attribute(0x50, 2, segment(255)), NEXT_HOP]), 'accept'),
  bug(
    'cve-2017-16227-path-of-600',
    update([ORIGIN, attribute(0x50, 2, segment(255) + segment(255) + segment(90)), NEXT_HOP]),
    'accept',
  ),
  bug('cve-2026-49943-path-over-2048', update([ORIGIN, attribute(0x50, 2, segment(255).repeat(16)), NEXT_HOP])),
  bug('path-of-empty-segments', update([ORIGIN, attribute(0x40, 2, '0200'.repeat(20)), NEXT_HOP]), 'withdraw'),
  bug('path-segment-overrun', update([ORIGIN, attribute(0x40, 2, '02ff0000fde9'), NEXT_HOP]), 'withdraw'),
  bug('cve-2026-41643-as4-path-before-as-path', update([attribute(0xc0, 17, '02020000'), ...ROUTE]), 'discard'),
  bug(
    'as4-path-longer-than-path',
    update([attribute(0xc0, 17, segment(3)), ORIGIN, attribute(0x40, 2, '0201fde9'), NEXT_HOP]),
  ),
  bug('kb13623-as4-path-confederation', update([...ROUTE, attribute(0xc0, 17, segment(2, 3))]), 'discard'),
  bug(
    'as4-aggregator-short',
    update([...ROUTE, attribute(0xc0, 7, '5ba00a000001'), attribute(0xc0, 18, '0000fde9')]),
    'discard',
  ),
  bug('as-0-in-path', update([ORIGIN, attribute(0x40, 2, '020100000000'), NEXT_HOP]), 'withdraw'),
  bug('confederation-from-outside', update([ORIGIN, attribute(0x40, 2, segment(1, 3)), NEXT_HOP]), 'withdraw'),
]

const updateBugs = (): readonly KnownBug[] => [
  bug('cve-2026-42285-attribute-overrun', update([...ROUTE, 'c008ff']), 'withdraw'),
  bug('cve-2017-15865-extended-length-overrun', update([...ROUTE, 'd008ffff0001']), 'withdraw'),
  bug('cve-2018-5378-header-cut', update([...ROUTE, 'd008']), 'withdraw'),
  bug('cve-2026-37462-withdrawn-length', message(2, 'ffff 0000'), 'reset'),
  bug('cve-2026-37462-attribute-length', message(2, '0000 ffff'), 'reset'),
  bug('cve-2026-37462-length-inside-header', bytesOf(`${'ff'.repeat(16)}001602000000`)),
  bug('cve-2023-46753-only-unknown-attribute', update([attribute(0xc0, 99, '00')]), 'withdraw'),
  bug('cve-2023-47234-mp-unreach-and-nlri', update([attribute(0x80, 15, '0002 01 20 20010db8')]), 'withdraw'),
  bug('cve-2023-47235-end-of-rib-and-nlri', update([attribute(0x80, 15, '0002 01')]), 'withdraw'),
  bug('cve-2023-41358-nlri-without-attributes', update([]), 'withdraw'),
  bug('cve-2023-46752-mp-reach-empty', update([attribute(0x80, 14, '')]), 'reset'),
  bug(
    'cve-2023-46752-mp-reach-next-hop-overrun',
    update([ORIGIN, PATH, attribute(0x80, 14, '0002 01 ff 20010db8')], ''),
    'reset',
  ),
  bug(
    'mp-reach-next-hop-of-255',
    update([ORIGIN, PATH, attribute(0x90, 14, `0002 01 ff ${'20'.repeat(255)} 00 20 20010db8`)], ''),
    'reset',
  ),
  bug(
    'cve-2018-16230-nsap-next-hop',
    update([ORIGIN, PATH, attribute(0x80, 14, '0003 80 03 470005 00 10')], ''),
    'accept',
  ),
  bug(
    'cve-2019-16019-evpn-not-negotiated',
    update([ORIGIN, PATH, attribute(0x80, 14, '0019 46 04 c0000201 00 02 21 0001')], ''),
    'accept',
  ),
  bug(
    'cve-2025-43972-flow-specification-short',
    update([ORIGIN, PATH, attribute(0x80, 14, '0001 85 00 00 f0')], ''),
    'accept',
  ),
  bug('cve-2023-41909-flow-specification-withdrawn', update([attribute(0x80, 15, '0001 85 03 01 18')], ''), 'accept'),
  bug('prefix-of-33-bits', update(ROUTE, '21 c000020100'), 'reset'),
  bug('withdrawn-prefix-overrun', update([], '', '20 0a'), 'reset'),
  bug('attribute-repeated', update([...ROUTE, ORIGIN]), 'discard'),
]

const openBugs = (): readonly KnownBug[] => [
  bug('cve-2022-40302-parameters-255-cut', openWith('ff', 255)),
  bug('cve-2022-40318-extended-length-cut', openWith('ff 00', 255)),
  bug('cve-2022-43681-extended-of-one-octet', openWith('ff 0001 02', 255)),
  bug('parameters-of-1', openWith('02', 1)),
  bug('extended-parameters', openWith('ff 0009 02 0006 41 04 0000fde9', 255)),
  bug('cve-2022-36440-four-octet-as-cut', openWith('02 06 41 04 0000')),
  bug('cve-2022-37032-capability-of-1', openWith('02 01 41')),
  bug(
    'frr-22307-parameters-of-255',
    openWith(`02 fd ${capability(99, '00'.repeat(249)).slice(6)}`.replace(/\s+/g, '')),
  ),
  bug('cve-2023-31489-llgr-of-1', openWith(capability(71, '00'))),
  bug('cve-2023-41361-software-version-over-read', openWith(capability(75, 'ff 31'))),
  bug('cve-2025-43971-software-version-of-0', openWith(capability(75, '00'))),
  bug('fqdn-over-read', openWith(capability(73, 'ff 61'))),
  bug('graceful-restart-cut', openWith(capability(64, '0078 0001 01'))),
  bug('add-path-cut', openWith(capability(69, '0001 01'))),
  bug('cve-2018-5381-foreign-family-only', openWith(capability(1, '0063 00 63'))),
  bug('cve-2012-0249-orf-overrun', openWith(capability(3, '0001 00 01 ff 40 03'))),
]

const otherBugs = (): readonly KnownBug[] => [
  bug('gobgp-3325-message-type-6', message(6, '00')),
  bug('gobgp-3325-message-type-255', message(255, '')),
  bug('cve-2019-16159-shutdown-text-of-255', message(3, `06 02 ff ${'41'.repeat(255)}`)),
  bug('shutdown-text-overrun', message(3, '06 02 80 41')),
  bug('cve-2025-59688-notification-with-text', message(3, '06 02 05 68656c6c6f')),
  bug('shutdown-text-of-controls', message(3, '06 02 06 1b5b334a0a0d')),
  bug('frr-9372-notification-of-4096', message(3, `06 01 ${'41'.repeat(4075)}`)),
  bug('hard-reset-inside-hard-reset', message(3, '06 09 06 09 06 09')),
  bug('notification-without-code', bytesOf(`${'ff'.repeat(16)}001303`)),
  bug('cve-2023-41360-orf-one-octet-ahead', message(5, '0001 00 01 01')),
  bug('frr-22828-orf-malformed', message(5, '0001 00 01 01 40 ffff')),
  bug('keepalive-with-body', message(4, '00')),
  bug('route-refresh-subtypes', message(5, '0001 ff 01')),
]
