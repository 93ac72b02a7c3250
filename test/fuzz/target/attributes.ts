/**
 * The slow half of interning: `normaliseAttributes` on the attributes of an UPDATE, for each kind of route it may carry.
 * Canonical output is its own normal form, reads as objects, sums up as a naive reader would sum it up, and survives being
 * narrowed for a two-octet speaker. Thorough: poison changes nothing.
 */
import {
  type Attribute,
  AttributeSummary,
  type CodecContext,
  countAsn,
  decodeAttributes,
  decodeCanonicalAttributes,
  formatAttribute,
  hasClusterId,
  locateMp,
  MpSections,
  NormalisedAttributes,
  narrowAttributes,
  normaliseAttributes,
  splitUpdate,
  summarise,
  UpdateSections,
} from '../../../wire/index.ts'
import { check, digest, hexOf, mix } from '../check.ts'
import { contextOf } from '../context.ts'
import { exact, type Guarded, guarded } from '../guard.ts'
import { attribute, leaf, type Piece, readAttributes, writePieces } from '../shape.ts'
import type { Run, Target } from '../target.ts'
import { MESSAGE, type MessageInput } from './message.ts'
import { checkError, checkVerdict } from './update-check.ts'

const EXPECTS = [
  { ipv4Nlri: true, mpReach: false, anyReachable: true },
  { ipv4Nlri: false, mpReach: true, anyReachable: true },
  { ipv4Nlri: false, mpReach: false, anyReachable: false },
] as const

const out = new NormalisedAttributes()
const again = new NormalisedAttributes()
const summary = new AttributeSummary()
const sections = new UpdateSections()
const mp = new MpSections()
let ms = 0

/** The attribute block of a message, or all its bytes when it is not an UPDATE. */
function blockOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 23 || splitUpdate(bytes, 19, bytes.length, sections) !== undefined) return bytes
  return bytes.subarray(sections.attributesStart, sections.attributesEnd)
}

function runAttributes({ context: index, bytes }: MessageInput, isThorough: boolean): Run {
  const context = contextOf(index)
  const block = blockOf(bytes)
  const outcomes: number[] = []
  ms = 0
  for (const i of EXPECTS.keys()) {
    const at = guarded(block, 0)
    const expected = normalise(at, context, i, isThorough)
    outcomes.push(mix(checkVerdict(out.action, out.problems), i))
    check(
      (out.action === 'reset') === (out.error !== undefined),
      'reset has an error, nothing else has',
      () => out.action,
    )
    if (out.error !== undefined) outcomes.push(checkError(out.error))
    check(
      out.length === 0 || out.action === 'accept' || out.action === 'discard',
      'refused sets are empty',
      () => out.action,
    )
    if (out.length > 0) checkCanonical(out.bytes.slice(0, out.length), context, i, block)
    if (!isThorough) continue
    check(
      normalise(guarded(block, 1), context, i, true) === expected,
      'reads only inside',
      () => 'normalise: poison changes the result',
    )
    check(
      normalise(exact(block), context, i, true) === expected,
      'reads only inside',
      () => 'normalise: reads past its buffer',
    )
  }
  const decoded = decodeAttributes(block, 0, block.length, context)
  outcomes.push(checkVerdict(decoded.action, decoded.problems))
  return { outcomes, ms: ms / EXPECTS.length, messages: 1 }
}

function normalise(
  { bytes, start, end }: Guarded,
  context: CodecContext,
  expects: number,
  isDigested: boolean,
): number {
  const started = performance.now()
  normaliseAttributes(bytes, start, end, context, EXPECTS[expects] ?? EXPECTS[0], out)
  ms += performance.now() - started
  if (!isDigested) return 0
  return mix(digest(out.bytes.subarray(0, out.length)), digest([out.action, out.problems, out.error]))
}

function checkCanonical(canonical: Uint8Array, context: CodecContext, expects: number, block: Uint8Array): void {
  const attributes = decodeCanonicalAttributes(canonical, 0, canonical.length)
  for (const one of attributes) check(formatAttribute(one).length > 0, 'an attribute has words', () => one.type)
  checkIdempotent(canonical, attributes, context, { expects, block })
  checkSummary(canonical, attributes)
  checkNarrow(canonical, attributes, context)
}

/** Sent once more by a four-octet peer, with the next hop where its routes want it, it comes out as it went in. */
function checkIdempotent(
  canonical: Uint8Array,
  attributes: readonly Attribute[],
  context: CodecContext,
  { expects, block }: { expects: number; block: Uint8Array },
): void {
  let input = canonical
  if (expects === 1) {
    // Nobody asks for the next hop of a family that was not negotiated.
    locateMp(block, 0, block.length, mp, context)
    const nextHop = attributes.find(one => one.type === 'next-hop')
    if (nextHop === undefined || mp.reachFamily === undefined || !context.families.includes(mp.reachFamily)) return
    input = withReach(canonical, mp.reachFamily.afi, nextHop.octets)
  }
  normaliseAttributes(input, 0, input.length, { ...context, fourOctetAs: true }, EXPECTS[expects] ?? EXPECTS[0], again)
  const isSame = again.length === canonical.length && canonical.every((octet, i) => again.bytes[i] === octet)
  const why = () =>
    `${hexOf(canonical)} became ${again.action} ${hexOf(again.bytes.slice(0, again.length))} ${JSON.stringify(again.problems)}`
  check(again.action === 'accept' && isSame, 'canonical form is its own normal form', why)
}

/** The block with MP_REACH_NLRI, of unicast routes, instead of NEXT_HOP. */
function withReach(canonical: Uint8Array, afi: number, nextHop: Uint8Array): Uint8Array {
  const parts = readAttributes(canonical).filter(part => part.kind !== 'box' || part.head[1] !== 3)
  const reach: Piece = attribute(0x80, 14, [leaf([0, afi, 1, nextHop.length, ...nextHop, 0, 0])])
  return writePieces([reach, ...parts])
}

/** The summary says what a slow reader of the objects would say. */
function checkSummary(canonical: Uint8Array, attributes: readonly Attribute[]): void {
  // At an offset, as in the arena of the RIB.
  const at = guarded(canonical, 1)
  summarise(at.bytes, at.start, at.end, summary)
  const find = <T extends Attribute['type']>(type: T) =>
    attributes.find((one): one is Extract<Attribute, { type: T }> => one.type === type)
  const segments = find('as-path')?.segments ?? []
  const first = segments[0]
  const length = segments.reduce(
    (sum, { type, asns }) => sum + (type === 'sequence' ? asns.length : type === 'set' ? 1 : 0),
    0,
  )
  const clusters = find('cluster-list')?.ids ?? []
  const values = find('communities')?.values ?? []
  const slow = [
    find('origin')?.origin ?? 2,
    length,
    first?.type === 'sequence' ? first.asns[0] : 0,
    find('med')?.value ?? 0,
    find('local-pref')?.value ?? 0,
    find('originator-id')?.routerId ?? 0,
    clusters.length,
    find('next-hop')?.octets.length ?? 0,
    values.includes(0xffffff01),
    values.includes(0xffffff02),
    values.includes(0xffffff03),
  ]
  const { origin, asPathLength, neighbourAs, med, localPref, originatorId, clusterListLength, nextHopLength } = summary
  const { noExport, noAdvertise, noExportSubconfed } = summary
  const fast = [
    origin,
    asPathLength,
    neighbourAs,
    med,
    localPref,
    originatorId,
    clusterListLength,
    nextHopLength,
    noExport,
    noAdvertise,
    noExportSubconfed,
  ]
  check(slow.join() === fast.join(), 'summary is right', () => `${fast.join()} instead of ${slow.join()}`)
  const numbers = segments.flatMap(segment => segment.asns)
  const wanted = numbers.at(-1) ?? 65001
  const path = at.start + summary.asPathOffset
  const count = countAsn(at.bytes, path, path + summary.asPathLengthOctets, wanted)
  check(
    count === numbers.filter(number => number === wanted).length,
    'AS numbers are counted',
    () => `${count} times ${wanted}`,
  )
  const list = at.start + summary.clusterListOffset
  const isFound = hasClusterId(at.bytes, list, list + summary.clusterListLengthOctets, clusters.at(-1) ?? 1)
  check(isFound === clusters.length > 0, 'cluster ids are found', () => clusters.join())
}

/** RFC 6793 4.2.2 and 4.2.3: told to a two-octet speaker of ours and heard from it, numbers and order are the same. */
function checkNarrow(canonical: Uint8Array, attributes: readonly Attribute[], context: CodecContext): void {
  const narrow = narrowAttributes(canonical, 0, canonical.length)
  const numbers = (list: readonly Attribute[]) =>
    list.flatMap(one =>
      one.type === 'as-path'
        ? one.segments.flatMap(segment => [segment.type === 'set' ? -1 : 0, ...segment.asns].filter(n => n !== 0))
        : [],
    )
  const { attributes: back, problems } = decodeAttributes(narrow, 0, narrow.length, { ...context, fourOctetAs: false })
  const path = numbers(attributes).join(' ')
  // Sets and confederations count otherwise than they are long; sequences are what speakers still send.
  if (path.includes('-1')) return
  check(
    numbers(back).join(' ') === path,
    'AS4_PATH brings the path back',
    () => `${numbers(back).join(' ')} instead of ${path}: ${JSON.stringify(problems)}`,
  )
}

export const ATTRIBUTES: Target<MessageInput> = { ...MESSAGE, name: 'attributes', weight: 5, run: runAttributes }
