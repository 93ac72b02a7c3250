/** Benchmarks of wire/: framing, the hot readers, the slow half of interning, encoders. */
import {
  AttributeSummary,
  type CodecContext,
  decodeMessage,
  decodeOpen,
  decodeUpdate,
  encodeUpdate,
  Framer,
  IPV4_UNICAST,
  IPV6_UNICAST,
  locateMp,
  MODERN_CONTEXT,
  MpSections,
  NlriReader,
  NormalisedAttributes,
  normaliseAttributes,
  splitUpdate,
  summarise,
  UpdateSections,
  writeNlri4,
} from '../../wire/index.ts'
import { ipv4Update, ipv6Update, joined, open } from './bytes.ts'
import type { Row } from './measure.ts'

const MESSAGES = 512
const PREFIXES = 900

const stream = joined(Array.from({ length: MESSAGES }, (_, set) => ipv4Update({ set, prefixes: 3 })))
const one = ipv4Update({ set: 1 })
const many = ipv4Update({ set: 1, prefixes: PREFIXES })
const mpMessage = ipv6Update({ set: 1 })
const mpMany = ipv6Update({ set: 1, prefixes: 500 })
const old = ipv4Update({ set: 1, isTwoOctet: true })
const opening = open()
const OLD: CodecContext = { ...MODERN_CONTEXT, fourOctetAs: false }
const CLASSIC = { ipv4Nlri: true, mpReach: false, anyReachable: true }
const MULTIPROTOCOL = { ipv4Nlri: false, mpReach: true, anyReachable: true }

let seen = 0
const framer = new Framer({
  message: (_type, _bytes, start, end) => {
    seen = (seen + end - start) & 0xffff
    return true
  },
  failure: error => {
    throw new Error(error.reason)
  },
})
/** Chunks as a socket gives them: most cut a message. */
const chunks = Array.from({ length: Math.ceil(stream.length / 1460) }, (_, i) =>
  stream.subarray(i * 1460, (i + 1) * 1460),
)

const sections = new UpdateSections()
const mp = new MpSections()
const reader = new NlriReader()
const normalised = new NormalisedAttributes()
const summary = new AttributeSummary()

function split(message: Uint8Array): UpdateSections {
  const error = splitUpdate(message, 19, message.length, sections)
  if (error !== undefined) throw new Error(error.reason)
  return sections
}

function normalise(message: Uint8Array, context: CodecContext, expects: typeof CLASSIC): NormalisedAttributes {
  const { attributesStart, attributesEnd } = split(message)
  normaliseAttributes(message, attributesStart, attributesEnd, context, expects, normalised)
  if (normalised.action !== 'accept') throw new Error(JSON.stringify(normalised.problems))
  return normalised
}

const canonical = normalise(one, MODERN_CONTEXT, CLASSIC).bytes.slice(0, normalised.length)
const decoded = decodeUpdate(one, 19, one.length, MODERN_CONTEXT)
if (!decoded.ok) throw new Error(decoded.error.reason)
const content = decoded.value
const out = new Uint8Array(65536)

export const WIRE_ROWS: readonly Row[] = [
  {
    name: 'framer, whole stream at once',
    unit: 'message',
    count: MESSAGES,
    goal: { octets: 0 },
    run: () => framer.push(stream),
  },
  {
    name: 'framer, chunks of 1460 octets',
    unit: 'message',
    count: MESSAGES,
    run: () => {
      for (const chunk of chunks) framer.push(chunk)
      return seen
    },
  },
  { name: 'splitUpdate', unit: 'message', goal: { octets: 0 }, run: () => split(one).nlriStart },
  {
    name: 'locateMp, MP_REACH_NLRI first',
    unit: 'message',
    goal: { octets: 0 },
    run: () => {
      const { attributesStart, attributesEnd } = split(mpMessage)
      locateMp(mpMessage, attributesStart, attributesEnd, mp)
      return mp.reachNlriStart
    },
  },
  {
    name: 'IPv4 prefixes read',
    unit: 'prefix',
    count: PREFIXES,
    goal: { ns: 10, octets: 0 },
    run: () => {
      const { nlriStart, nlriEnd } = split(many)
      let sum = 0
      reader.reset(many, nlriStart, nlriEnd, IPV4_UNICAST)
      while (reader.next()) sum ^= reader.address0
      return sum
    },
  },
  {
    name: 'IPv6 prefixes read',
    unit: 'prefix',
    count: 500,
    goal: { ns: 10, octets: 0 },
    run: () => {
      const { attributesStart, attributesEnd } = split(mpMany)
      locateMp(mpMany, attributesStart, attributesEnd, mp)
      let sum = 0
      reader.reset(mpMany, mp.reachNlriStart, mp.reachNlriEnd, IPV6_UNICAST)
      while (reader.next()) sum ^= reader.address1
      return sum
    },
  },
  { name: 'normalise, four-octet peer', unit: 'block', run: () => normalise(one, MODERN_CONTEXT, CLASSIC).length },
  {
    name: 'normalise, next hop in MP_REACH_NLRI',
    unit: 'block',
    run: () => normalise(mpMessage, MODERN_CONTEXT, MULTIPROTOCOL).length,
  },
  { name: 'normalise, two-octet peer', unit: 'block', run: () => normalise(old, OLD, CLASSIC).length },
  {
    name: 'summarise',
    unit: 'block',
    goal: { octets: 0 },
    run: () => {
      summarise(canonical, 0, canonical.length, summary)
      return summary.med
    },
  },
  { name: 'decodeUpdate to objects', unit: 'message', run: () => decodeUpdate(one, 19, one.length, MODERN_CONTEXT) },
  {
    name: 'decodeMessage to objects, 900 prefixes',
    unit: 'prefix',
    count: PREFIXES,
    run: () => decodeMessage(2, many, 0, many.length, MODERN_CONTEXT),
  },
  { name: 'decodeOpen', unit: 'message', run: () => decodeOpen(opening, 19, opening.length) },
  { name: 'encodeUpdate from objects', unit: 'message', run: () => encodeUpdate(content, MODERN_CONTEXT) },
  {
    name: 'IPv4 prefixes written',
    unit: 'prefix',
    count: PREFIXES,
    goal: { octets: 0 },
    run: () => {
      let at = 0
      for (let i = 0; i < PREFIXES; i++) at = writeNlri4(out, at, 0x14000000 + (i << 8), 24)
      return at
    },
  },
]
