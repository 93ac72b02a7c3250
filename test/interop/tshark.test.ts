/**
 * Whatever wire/ and src/rib write is read by tshark without complaint, message for message: every kind of message, every
 * attribute, both sizes of AS number, path identifiers, the messages of other people's captures written again, and the
 * packed UPDATEs that a RIB tells internal, external, reflected and two-octet peers. Issue 3, Show 5.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ACCEPT_ALL, compilePolicy } from '../../src/policy/index.ts'
import { Rib, type RibPeer } from '../../src/rib/index.ts'
import {
  type CodecContext,
  decodeMessage,
  encodeMessage,
  encodeOpen,
  encodeUpdate,
  FAMILIES,
  IPV4_UNICAST,
  MODERN_CONTEXT,
  type Prefix,
} from '../../wire/index.ts'
import { type Box, box, type Piece, readShape, writeShape } from '../fuzz/shape.ts'
import { encodeRoutes, generatePrefixes } from '../support/rib-routes.ts'
import { buildUpdate } from '../support/rib-wire.ts'
import { askTshark, tsharkVersion } from '../support/tshark.ts'
import {
  CAPABILITIES,
  extendedOpen,
  MANDATORY,
  notificationSamples,
  openSamples,
  type Sample,
  smallSamples,
  updateSamples,
} from '../support/wire-samples.ts'

const version = tsharkVersion()
console.log(
  version === undefined
    ? 'tshark is not installed (Debian package tshark): its opinion is not asked'
    : `second opinion: ${version}`,
)

const WIDE: CodecContext = { ...MODERN_CONTEXT, maxLength: 65535, rejectAsSets: false }
const NARROW: CodecContext = { ...WIDE, fourOctetAs: false }
const EXTENDED = 65535
/** tshark 4.0 takes no message beyond RFC 4271 4.1; RFC 8654 came to later ones. */
const LONGEST_SEEN = 4096

/** Each message in a packet of one stream, and tshark sees them one by one. */
function expectUnderstood(samples: readonly Sample[], asnOctets: 2 | 4): void {
  expect(samples.length).toBeGreaterThan(0)
  const { types, complaints } = askTshark([samples.map(({ bytes }) => bytes)], asnOctets)
  const named = complaints.map(complaint => `${complaint} (${samples[Number(/\d+/.exec(complaint)?.[0]) - 1]?.name})`)
  expect(named).toEqual([])
  expect(types).toEqual(samples.map(({ bytes }) => bytes[18]))
}

/** A stream of whole messages as samples. */
function messagesOf(stream: Uint8Array, name: string): Sample[] {
  const samples: Sample[] = []
  for (let at = 0; at < stream.length; ) {
    const length = ((stream[at + 16] ?? 0) << 8) | (stream[at + 17] ?? 0)
    samples.push({ name: `${name} ${samples.length}`, bytes: stream.slice(at, at + length) })
    at += length
  }
  return samples
}

describe.skipIf(version === undefined)('tshark reads without complaint', () => {
  it('nothing that is broken', () => {
    const [sound] = updateSamples(WIDE) as [Sample]
    const broken = sound.bytes.slice()
    broken[sound.bytes.length - 1] = 33
    const attributes = sound.bytes.slice()
    attributes[22] = 200
    expect(askTshark([[sound.bytes]], 4)).toEqual({ types: [2], complaints: [] })
    for (const bytes of [broken, attributes]) expect(askTshark([[bytes]], 4).complaints).not.toEqual([])
    // Without its whole marker it is no message at all.
    expect(askTshark([[sound.bytes.slice(1)]], 4).types).toEqual([])
  })

  it('OPEN, NOTIFICATION, KEEPALIVE, ROUTE-REFRESH and End-of-RIB', () => {
    expectUnderstood([...openSamples(), ...smallSamples(), ...notificationSamples()], 4)
  })

  it('an OPEN whose parameters need the extended form, parameter by parameter', () => {
    const narrow = narrowed(extendedOpen())
    expect(narrow.length).toBeGreaterThan(30)
    expectUnderstood(narrow, 4)
  })

  it('every attribute, told to a four-octet speaker', () => {
    expectUnderstood(updateSamples(WIDE), 4)
  })

  it('every attribute, told to a two-octet speaker', () => {
    expectUnderstood(updateSamples(NARROW), 2)
  })

  it('path identifiers, once an OPEN said so', () => {
    const context: CodecContext = { ...WIDE, addPath: { receive: FAMILIES, send: FAMILIES } }
    const open: Sample = {
      name: 'OPEN',
      bytes: encodeOpen({ version: 4, asn: 23456, holdTimeS: 90, routerId: 1, capabilities: CAPABILITIES }),
    }
    expectUnderstood([open, ...updateSamples(context)], 4)
  })

  it('an UPDATE of nearly 65535 octets, prefixes dealt out to short ones', () => {
    const { addresses } = generatePrefixes(16_000, 1)
    const nlri = Array.from(
      addresses,
      (address): Prefix => ({ family: IPV4_UNICAST, words: Uint32Array.of(address & 0xffffff00), length: 24 }),
    )
    const bytes = encodeUpdate({ attributes: MANDATORY, nlri }, { ...WIDE, maxLength: EXTENDED })
    expect(bytes.length).toBeGreaterThan(64_000)
    expectUnderstood(shortened({ name: 'long UPDATE', bytes }), 4)
  })

  it('other people’s messages, written again', () => {
    for (const isWide of [true, false]) {
      const samples: Sample[] = []
      for (const { hex, asn4, tshark, source } of capturedMessages()) {
        // What tshark itself finds odd in the original proves nothing about the copy.
        if (asn4 !== isWide || tshark['malformed'] !== undefined || tshark['expert'] !== undefined) continue
        const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
        const again = rewritten(bytes, isWide ? WIDE : NARROW)
        if (again !== undefined) samples.push({ name: `${source} ${hex.slice(32, 120)}`, bytes: again })
      }
      expectUnderstood(samples, isWide ? 4 : 2)
    }
  })

  it.each(ribPeers())('what a RIB tells $name', receiver => {
    const stream = toldBy(receiver)
    expect(stream.length).toBeGreaterThan(10_000)
    expectUnderstood(messagesOf(stream, receiver.name).flatMap(shortened), receiver.fourOctetAs ? 4 : 2)
  })
})

interface Captured {
  readonly source: string
  readonly asn4: boolean
  readonly hex: string
  readonly tshark: Readonly<Record<string, unknown>>
}

function capturedMessages(): Captured[] {
  return ['captures.jsonl', 'collectors.jsonl'].flatMap(name => {
    const text = readFileSync(new URL(`../../fixtures/messages/${name}`, import.meta.url), 'utf8')
    return text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Captured)
  })
}

/** The message through our objects and back; undefined when it is no UPDATE we take whole. */
function rewritten(bytes: Uint8Array, context: CodecContext): Uint8Array | undefined {
  const result = decodeMessage(bytes[18] ?? 0, bytes, 0, bytes.length, context)
  if (!result.ok) return undefined
  switch (result.value.type) {
    case 'open':
      return encodeOpen(result.value.open)
    case 'update':
      return result.value.update.action === 'accept' ? encodeUpdate(result.value.update, context) : undefined
    case 'keepalive':
      return encodeMessage(4)
    default:
      return undefined
  }
}

/**
 * A message tshark would refuse for its length alone, as several short ones: the same attributes, the prefixes dealt out.
 * Done on the octets, so that no encoder of ours has a say.
 */
function shortened(sample: Sample): Sample[] {
  if (sample.bytes.length <= LONGEST_SEEN) return [sample]
  const shape = readShape(sample.bytes)
  const lists = [shape.parts, ...boxesOf(shape.parts).map(({ parts }) => parts)]
  const prefixes = lists.map(parts => parts.filter(({ role }) => role === 'prefix'))
  const rounds = Math.ceil(Math.max(...prefixes.map(({ length }) => length)) / 100)
  return Array.from({ length: rounds }, (_, round) => {
    for (const [i, parts] of lists.entries()) {
      const others = parts.filter(({ role }) => role !== 'prefix')
      parts.splice(0, parts.length, ...others, ...(prefixes[i]?.slice(round * 100, round * 100 + 100) ?? []))
    }
    return { name: `${sample.name}, part ${round}`, bytes: writeShape(shape) }
  })
}

/** tshark 4.0 does not know RFC 9072 either: each capability of the wide form in a narrow OPEN of its own. */
function narrowed({ name, bytes }: Sample): Sample[] {
  const { parts, ...shape } = readShape(bytes)
  const capabilities = boxesOf(parts).filter(({ role }) => role === 'capability')
  return capabilities.map(capability => {
    const parameters = box('parameters', [], 1, [box('parameter', [2], 1, [capability])])
    return {
      name: `${name}, ${capability.head[0]}`,
      bytes: writeShape({ ...shape, parts: [...parts.slice(0, 1), parameters] }),
    }
  })
}

function boxesOf(parts: readonly Piece[]): Box[] {
  return parts.flatMap(part => (part.kind === 'box' ? [part, ...boxesOf(part.parts)] : []))
}

const policy = compilePolicy(ACCEPT_ALL)

function peer(name: string, n: number, changes: Partial<RibPeer> = {}): RibPeer {
  return {
    name,
    kind: 'ibgp',
    asn: 64512,
    localAsn: 64512,
    routerId: 0x0a000000 + n,
    address: Uint8Array.of(10, 0, 0, n),
    localAddress: Uint8Array.of(10, 255, 0, 1),
    families: FAMILIES,
    fourOctetAs: true,
    maxLength: 4096,
    reflectorClient: true,
    clusterId: 0x0aff0001,
    nextHopSelf: false,
    importPolicy: policy,
    exportPolicy: policy,
    nextHops: { ipv6: new Uint8Array(Buffer.from('20010db80000000000000000000000fe', 'hex')) },
    ...changes,
  }
}

function ribPeers(): RibPeer[] {
  return [
    peer('a client', 2),
    peer('an internal peer that is no client', 3, { reflectorClient: false }),
    peer('an external peer', 4, { kind: 'ebgp', asn: 65001, reflectorClient: false }),
    peer('a two-octet external peer', 5, { kind: 'ebgp', asn: 65002, reflectorClient: false, fourOctetAs: false }),
    peer('a two-octet client', 6, { fourOctetAs: false, families: [IPV4_UNICAST] }),
    peer('a client of extended messages, with our next hop', 7, { maxLength: EXTENDED, nextHopSelf: true }),
  ]
}

/** Everything a RIB with some thousand routes of both families, then half of them withdrawn, tells this peer. */
function toldBy(receiver: RibPeer): Uint8Array {
  const rib = new Rib({ asn: 64512, routerId: 0x0aff0001, seed: 1, reserve: 4096 })
  const sender = rib.addPeer(peer('sender', 1))
  const id = rib.addPeer(receiver)
  const chunks: Uint8Array[] = []
  const settle = () => {
    while (rib.pending) rib.work()
    while (rib.pull(id, bytes => chunks.push(bytes.slice())));
  }
  const { bytes, offsets } = encodeRoutes(generatePrefixes(3000, 5), 40, 1)
  for (let i = 0; i + 1 < offsets.length; i++) rib.update(sender, bytes, (offsets[i] ?? 0) + 19, offsets[i + 1] ?? 0)
  for (let n = 0; n < 60; n++) {
    const announced6 = Array.from(
      { length: 40 },
      (_, i) => `20010db8${(n * 40 + i).toString(16).padStart(8, '0')}${'00'.repeat(8)}/64`,
    )
    const attributes = {
      origin: 0,
      path: [65010 + (n % 7), 4_200_000_000 + n],
      localPref: 100,
      communities: [0xfde90000 + n],
    }
    const body = buildUpdate(
      { announced6, attributes, nextHop6: `20010db8${'00'.repeat(11)}01` },
      { fourOctetAs: true },
    )
    rib.update(sender, body, 0, body.length)
  }
  settle()
  rib.removePeer(sender)
  settle()
  return Buffer.concat(chunks)
}
