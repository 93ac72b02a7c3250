/**
 * Messages out of captures and of collectors' files: what we read equals what tshark 4.0 reads in every field both have.
 * Differences are listed in fixtures/messages/tshark-differences.json, by field, with a reason and how often.
 */
import { describe, expect, it } from 'vitest'
import {
  agreeCodec,
  type CodecContext,
  decodeMessage,
  decodeOpen,
  FAMILIES,
  HEADER_LENGTH,
  IPV4_UNICAST,
  type Offer,
  summariseCapabilities,
} from '../../wire/index.ts'
import { Bgp4mpSubtype } from '../../wire/mrt/index.ts'
import { type CapturedMessage, hasSharedCorpus, loadDifferences, tsharkMessages } from '../support/decode-corpus.ts'
import { ourReading } from '../support/decode-tshark.ts'
import { hex } from '../support/wire-bytes.ts'

/** Subtypes of BGP4MP from here on have path identifiers (RFC 8050 3). */
const FIRST_ADD_PATH = Bgp4mpSubtype.MESSAGE_ADDPATH

interface Difference {
  /** Repository and path, or its start. */
  readonly source: string
  /** The field; `refused` when we read no field at all, with the NOTIFICATION we would send. */
  readonly field: string
  readonly count: number
  readonly reason: string
}

interface Found {
  readonly source: string
  readonly field: string
  readonly detail: string
}

const differences = loadDifferences<Difference>('messages/tshark-differences.json')

/** The offers of both directions of a connection, by stream. */
function offersOf(messages: readonly CapturedMessage[]): ReadonlyMap<string, Offer> {
  const offers = new Map<string, Offer>()
  for (const { source, stream, dir, hex: octets } of messages) {
    const bytes = hex(octets)
    if (bytes[HEADER_LENGTH - 1] !== 1) continue
    const open = decodeOpen(bytes, HEADER_LENGTH, bytes.length)
    if (open.ok) offers.set(`${source} ${stream} ${dir}`, summariseCapabilities(open.value.capabilities))
  }
  return offers
}

function contextOf(message: CapturedMessage, offers: ReadonlyMap<string, Offer>): CodecContext {
  const { source, stream, dir, asn4, subtype, tshark } = message
  const theirs = offers.get(`${source} ${stream} ${dir}`)
  const ours = offers.get(`${source} ${stream} ${1 - (dir ?? 0)}`)
  const agreed = theirs !== undefined && ours !== undefined ? agreeCodec(ours, theirs) : undefined
  // Without both OPENs the size of AS numbers is anybody's guess: here it is tshark's.
  const guess = tshark['as_path_segment.as2'] === undefined
  return {
    fourOctetAs: asn4 ?? agreed?.fourOctetAs ?? guess,
    peerKind: 'ibgp',
    families: FAMILIES,
    maxLength: 65535,
    extendedNextHop: [IPV4_UNICAST],
    rejectAsSets: false,
    ...(agreed?.addPath !== undefined && { addPath: agreed.addPath }),
    ...((subtype ?? 0) >= FIRST_ADD_PATH && { addPath: { receive: FAMILIES, send: [] } }),
  }
}

function compare(messages: readonly CapturedMessage[]): { found: Found[]; compared: number } {
  const offers = offersOf(messages)
  const found: Found[] = []
  let compared = 0
  for (const message of messages) {
    const { source, hex: octets, tshark } = message
    const bytes = hex(octets)
    const context = contextOf(message, offers)
    const result = decodeMessage(bytes[HEADER_LENGTH - 1] ?? 0, bytes, 0, bytes.length, context)
    if (!result.ok) {
      const { code, subcode, reason } = result.error
      found.push({ source, field: 'refused', detail: `${code}/${subcode} ${reason}` })
      continue
    }
    const reading = ourReading(result.value, context.fourOctetAs)
    for (const [field, ours] of Object.entries(reading)) {
      compared++
      const theirs = [tshark[field] ?? []].flat().map(String)
      if (ours.join() !== theirs.join()) found.push({ source, field, detail: `ours ${ours}; theirs ${theirs}` })
    }
  }
  return { found, compared }
}

describe.each(['mrt', 'pcap'] as const)('messages of %s files', kind => {
  const messages = tsharkMessages(kind)
  const { found, compared } = compare(messages)
  const isKnown = ({ source, field }: Found) =>
    differences.find(difference => source.startsWith(difference.source) && field === difference.field)

  it('are read as tshark reads them', () => {
    expect(compared).toBeGreaterThan(messages.length)
    expect(found.filter(difference => isKnown(difference) === undefined)).toEqual([])
  })

  it.runIf(hasSharedCorpus)('differ exactly as often as is written down', () => {
    const counted = new Map<Difference, number>()
    for (const difference of found) {
      const known = isKnown(difference)
      if (known !== undefined) counted.set(known, (counted.get(known) ?? 0) + 1)
    }
    for (const [{ source, field, count }, times] of counted)
      expect({ source, field, count: times }).toEqual({ source, field, count })
  })
})
