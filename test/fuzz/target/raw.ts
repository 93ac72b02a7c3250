/**
 * Decoders called directly, on any bytes in any range, as somebody who uses wire/ without the framer may: OPEN, UPDATE,
 * NOTIFICATION, ROUTE-REFRESH of impossible lengths, capabilities, prefixes of both families with and without path
 * identifiers. The prefixes are compared with those of a slow reader written next to RFC 4271 4.3.
 */
import {
  decodeNlri,
  decodeNotification,
  decodeOpen,
  decodeRouteRefresh,
  decodeUpdate,
  encodeNlri,
  FAMILIES,
  type Family,
  locateMp,
  MpSections,
  type Nlri,
  NlriReader,
  type PathId,
} from '../../../wire/index.ts'
import { check, digest, mix } from '../check.ts'
import { contextOf } from '../context.ts'
import { exact, type Guarded, guarded } from '../guard.ts'
import type { Run, Target } from '../target.ts'
import { MESSAGE, type MessageInput } from './message.ts'
import { checkError } from './update-check.ts'

const mp = new MpSections()
const reader = new NlriReader()

function decodeAll(
  { bytes, start, end }: Guarded,
  index: number,
  isDigested: boolean,
): { digest: number; outcomes: number[] } {
  const context = contextOf(index)
  const results = [
    decodeOpen(bytes, start, end),
    decodeUpdate(bytes, start, end, context),
    decodeRouteRefresh(bytes, start, end),
  ]
  const outcomes = results.map((result, i) => mix(result.ok ? 7 : checkError(result.error), i))
  const notification = decodeNotification(bytes, start, end)
  locateMp(bytes, start, end, mp, context)
  outcomes.push((mp.wellFormed ? 1 : 0) + (mp.hasReach ? 2 : 0) + (mp.hasUnreach ? 4 : 0))
  if (!isDigested) return { digest: 0, outcomes }
  const { reachStart, reachEnd, unreachStart, unreachEnd, reachAfi, reachSafi, nextHopStart, reachNlriStart, ...rest } =
    mp
  const places = [reachStart, reachEnd, unreachStart, unreachEnd, nextHopStart, reachNlriStart].map(place =>
    place === 0 ? 0 : place - start,
  )
  const { wellFormed, hasReach, hasUnreach } = rest
  const found = [wellFormed, hasReach, hasUnreach, reachAfi, reachSafi, ...(wellFormed ? places : [])]
  return { digest: mix(digest(results), digest([notification, found])), outcomes }
}

/** Length and address octets of each prefix, padded and masked, or undefined when the list is broken. */
function slowNlri(bytes: Uint8Array, { bits }: Family, hasPathIds: boolean): number[][] | undefined {
  const prefixes: number[][] = []
  let at = 0
  while (at < bytes.length) {
    const id = hasPathIds ? [...bytes.subarray(at, at + 4)] : [0, 0, 0, 0]
    if (hasPathIds) at += 4
    if (at >= bytes.length) return undefined
    const length = bytes[at] ?? 0
    const size = Math.ceil(length / 8)
    if (length > bits || at + 1 + size > bytes.length) return undefined
    const octets = Array.from({ length: bits / 8 }, (_, i) => (i < size ? (bytes[at + 1 + i] ?? 0) : 0))
    const spare = size * 8 - length
    if (size > 0) octets[size - 1] = Math.floor((octets[size - 1] ?? 0) / 2 ** spare) * 2 ** spare
    prefixes.push([...id, length, ...octets])
    at += 1 + size
  }
  return prefixes
}

const wordOctets = (word: number): number[] => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]

const octetsOf = ({ words, length, pathId = 0 as PathId }: Nlri): number[] => [
  ...wordOctets(pathId),
  length,
  ...Array.from(words).flatMap(wordOctets),
]

function checkNlri({ bytes, start, end }: Guarded, family: Family, hasPathIds: boolean): number {
  const slow = slowNlri(bytes.subarray(start, end), family, hasPathIds)
  const prefixes = decodeNlri(bytes, start, end, family, hasPathIds)
  const fast = prefixes?.map(octetsOf)
  check(digest(slow) === digest(fast), 'prefixes are right', () => `${fast?.join(' ')} instead of ${slow?.join(' ')}`)
  let count = 0
  reader.reset(bytes, start, end, family, hasPathIds)
  while (reader.next()) {
    const { address0, address1, address2, address3, pathId } = reader
    const isWord = [address0, address1, address2, address3, pathId].every(word => word >>> 0 === word)
    check(isWord, 'address words are unsigned', () => `${address0} ${address1} ${address2} ${address3}`)
    count++
  }
  check(
    reader.malformed === (slow === undefined) && (slow === undefined || count === slow.length),
    'the reader agrees',
    () => `${count}`,
  )
  if (prefixes === undefined) return 0
  const written = encodeNlri(prefixes, hasPathIds)
  const back = decodeNlri(written, 0, written.length, family, hasPathIds)
  check(digest(back) === digest(prefixes), 'prefixes round trip', () => `${prefixes.length}`)
  return 1 + Math.min(count, 3)
}

function runRaw({ context, bytes }: MessageInput, isThorough: boolean): Run {
  // The body of a message; the attributes of an UPDATE begin four octets later when nothing is withdrawn.
  const body = bytes.subarray(Math.min(19, bytes.length))
  const started = performance.now()
  const { digest: expected, outcomes } = decodeAll(guarded(body, 0), context, isThorough)
  const ms = performance.now() - started
  for (const part of [body, body.subarray(Math.min(4, body.length)), body.subarray(body.length >> 1)]) {
    if (!isThorough && part.length > 600) continue
    for (const family of FAMILIES) {
      for (const hasPathIds of [false, true])
        outcomes.push(mix(20 + family.index, checkNlri(guarded(part, 1), family, hasPathIds)))
    }
    locateMp(part, 0, part.length, mp)
  }
  if (isThorough) {
    check(
      decodeAll(guarded(body, 1), context, true).digest === expected,
      'reads only inside',
      () => 'poison changes the result',
    )
    check(decodeAll(exact(body), context, true).digest === expected, 'reads only inside', () => 'reads past its buffer')
  }
  return { outcomes, ms: ms / 5, messages: 1 }
}

export const RAW: Target<MessageInput> = { ...MESSAGE, name: 'raw', weight: 2, run: runRaw, limitMs: () => undefined }
