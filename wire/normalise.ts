/**
 * The slow half of interning attribute sets: RFC 7606 decides about a block of path attributes, and what is usable is
 * written once more in canonical form, so that equal attribute sets are equal bytes. Runs once per distinct block.
 *
 * Canonical form: attributes by ascending type code, each once; low four flag bits 0, Extended Length only above 255
 * octets, Partial only on optional transitive attributes; no MP_REACH_NLRI, MP_UNREACH_NLRI, AS4_PATH, AS4_AGGREGATOR;
 * the next hop always in NEXT_HOP, 4, 16 or 32 octets, also that of MP_REACH_NLRI; AS numbers in four octets, merged by
 * RFC 6793 4.2.3; discarded attributes gone; of those we do not use, the optional non-transitive ones gone too and the
 * optional transitive ones kept with Partial set (RFC 4271 5); repeated large communities once (RFC 8092 3).
 * What a modern peer sends is canonical already. Called by `src/rib`.
 */

import { AGGREGATOR } from './attribute/aggregate.ts'
import { encodeSegments } from './attribute/as-path.ts'
import { AttributeBlock } from './attribute/block.ts'
import { LARGE_COMMUNITY_LENGTH } from './attribute/community.ts'
import type { Expectations } from './attribute/judge.ts'
import { judgeAttributes, requireMandatory } from './attribute/judge.ts'
import { rowByCode } from './attribute/registry.ts'
import type { Action, AttributeProblem } from './attribute/row.ts'
import { Category } from './attribute/row.ts'
import { copyBytes, readU32 } from './bytes.ts'
import type { CodecContext } from './context.ts'
import { MODERN_CONTEXT } from './context.ts'
import type { Notification } from './errors.ts'
import { AttributeCode, AttributeFlag } from './iana.ts'

const CAPACITY = 65536

/** The outcome of `normaliseAttributes`. One object is reused; copy `bytes[0, length)` to keep it. */
export class NormalisedAttributes {
  /** The canonical block is in `bytes[0, length)`. */
  readonly bytes: Uint8Array = new Uint8Array(CAPACITY)
  /** 0 when the action is withdraw or reset: such a set is never used. */
  length = 0
  action: Action = 'accept'
  /** What to send when the action is reset. */
  error: Notification | undefined = undefined
  /** Everything that was wrong, in the order found. A new array when there is anything. */
  problems: readonly AttributeProblem[] = []
  /** Scratch for the walk; nobody else's business. */
  readonly block = new AttributeBlock()
}

/**
 * Judges `bytes[attributesStart, attributesEnd)` and writes its canonical form to `out`. `expects` says what the message
 * carries and so which next hop is meant: with `ipv4Nlri` that of NEXT_HOP, else with `mpReach` that of MP_REACH_NLRI.
 * For a message with both kinds of route the caller asks twice; a withdraw from either then holds for both (RFC 7606 2).
 * Prefixes are not looked at. Allocates nothing when all is well and the peer speaks four-octet AS numbers.
 */
export function normaliseAttributes(
  bytes: Uint8Array,
  attributesStart: number,
  attributesEnd: number,
  context: CodecContext,
  expects: Expectations,
  out: NormalisedAttributes,
): void {
  const block = out.block
  judgeAttributes(bytes, attributesStart, attributesEnd, context, block)
  const path = block.mergedPath === undefined ? undefined : encodeSegments(block.mergedPath, 4)
  // DEVIATION: a path that only fits the limits in two-octet numbers could be told to nobody else, so it is not taken.
  if (path !== undefined && attributesEnd - attributesStart + path.length > 0xffff) {
    const octets = block.octetsOf(AttributeCode.AS_PATH)
    const reason = 'AS_PATH is too long in four-octet numbers'
    block.report({ code: AttributeCode.AS_PATH, action: 'withdraw', reason, rfc: 'RFC 4271 4.3', octets })
  }
  requireMandatory(block, expects)
  out.action = block.action
  out.error = block.error
  out.problems = block.problems
  out.length = block.action === 'accept' || block.action === 'discard' ? writeCanonical(block, expects, path, out) : 0
}

function writeCanonical(
  block: AttributeBlock,
  expects: Expectations,
  path: Uint8Array | undefined,
  { bytes }: NormalisedAttributes,
): number {
  const isNextHopInMp = expects.mpReach && !expects.ipv4Nlri
  let isNextHopDue = isNextHopInMp
  let at = 0
  for (let i = 0; i < block.count; i++) {
    const code = block.codes[i]!
    if (isNextHopDue && code > AttributeCode.NEXT_HOP) {
      at = writeMpNextHop(block, bytes, at)
      isNextHopDue = false
    }
    switch (code) {
      case AttributeCode.MP_REACH:
      case AttributeCode.MP_UNREACH:
      case AttributeCode.AS4_PATH:
      case AttributeCode.AS4_AGGREGATOR:
        break
      case AttributeCode.NEXT_HOP:
        // RFC 4760 3: beside MP_REACH_NLRI without IPv4 NLRI, NEXT_HOP is ignored.
        if (!isNextHopInMp) at = writeKept(block, code, bytes, at)
        break
      case AttributeCode.AS_PATH:
        at = path === undefined ? writeKept(block, code, bytes, at) : writeNew(block, code, path, { bytes, at })
        break
      case AttributeCode.AGGREGATOR:
        at = writeAggregator(block, bytes, at)
        break
      case AttributeCode.LARGE_COMMUNITY:
        at = writeLargeCommunities(block, bytes, at)
        break
      default:
        at = writeKept(block, code, bytes, at)
    }
  }
  return at
}

/** The flags an attribute has in canonical form, Extended Length apart; 0 when it is not to be kept (RFC 4271 5). */
function canonicalFlags(code: number, flags: number): number {
  const row = rowByCode(code)
  if (row !== undefined && row.isUnused !== true) {
    return row.flags === Category.OPTIONAL_TRANSITIVE ? row.flags | (flags & AttributeFlag.PARTIAL) : row.flags
  }
  return (flags & AttributeFlag.TRANSITIVE) === 0 ? 0 : Category.OPTIONAL_TRANSITIVE | AttributeFlag.PARTIAL
}

/** Writes flags, type and length; returns the offset of the value. */
function writeHead(out: Uint8Array, at: number, flags: number, code: number, length: number): number {
  out[at + 1] = code
  if (length <= 255) {
    out[at] = flags
    out[at + 2] = length
    return at + 3
  }
  out[at] = flags | AttributeFlag.EXTENDED_LENGTH
  out[at + 2] = length >>> 8
  out[at + 3] = length
  return at + 4
}

/** An attribute whose value stays as it came. */
function writeKept(block: AttributeBlock, code: number, out: Uint8Array, at: number): number {
  const flags = canonicalFlags(code, block.flags[code]!)
  if (flags === 0) return at
  const start = block.starts[code]!
  const end = block.ends[code]!
  return copyBytes(block.bytes, start, end, out, writeHead(out, at, flags, code, end - start))
}

/** An attribute with a value of our making. */
function writeNew(
  block: AttributeBlock,
  code: number,
  value: Uint8Array,
  { bytes: out, at }: { bytes: Uint8Array; at: number },
): number {
  const flags = canonicalFlags(code, block.flags[code]!)
  return copyBytes(value, 0, value.length, out, writeHead(out, at, flags, code, value.length))
}

function writeMpNextHop(block: AttributeBlock, out: Uint8Array, at: number): number {
  const lengthAt = block.starts[AttributeCode.MP_REACH]! + 3
  const length = block.bytes[lengthAt]!
  const valueAt = writeHead(out, at, Category.WELL_KNOWN, AttributeCode.NEXT_HOP, length)
  return copyBytes(block.bytes, lengthAt + 1, lengthAt + 1 + length, out, valueAt)
}

function writeAggregator(block: AttributeBlock, out: Uint8Array, at: number): number {
  const merged = block.mergedAggregator
  if (merged === undefined) return writeKept(block, AttributeCode.AGGREGATOR, out, at)
  return writeNew(block, AttributeCode.AGGREGATOR, AGGREGATOR.encode(merged, MODERN_CONTEXT), { bytes: out, at })
}

/** RFC 8092 3: repeats are dropped, the first stays. Short lists are compared pairwise, long ones through a set. */
function writeLargeCommunities(block: AttributeBlock, out: Uint8Array, at: number): number {
  const code = AttributeCode.LARGE_COMMUNITY
  const end = block.ends[code]!
  const written = writeKept(block, code, out, at)
  const listStart = written - (end - block.starts[code]!)
  const length = dropRepeats(out, listStart, written)
  if (length === written - listStart) return written
  // Shorter now, perhaps so much that the length fits one octet: write the head again and move the list up to it.
  const valueAt = writeHead(out, at, canonicalFlags(code, block.flags[code]!), code, length)
  out.copyWithin(valueAt, listStart, listStart + length)
  return valueAt + length
}

const PAIRWISE_LIMIT = 32 * LARGE_COMMUNITY_LENGTH

/** Moves the first of each large community in `list[start, end)` to the front; returns the octets they take. */
function dropRepeats(list: Uint8Array, start: number, end: number): number {
  const seen = end - start > PAIRWISE_LIMIT ? new Set<string>() : undefined
  let keptEnd = start
  for (let item = start; item < end; item += LARGE_COMMUNITY_LENGTH) {
    const isRepeat = seen === undefined ? isAmong(list, start, keptEnd, item) : !addItem(seen, list, item)
    if (isRepeat) continue
    if (item !== keptEnd) list.copyWithin(keptEnd, item, item + LARGE_COMMUNITY_LENGTH)
    keptEnd += LARGE_COMMUNITY_LENGTH
  }
  return keptEnd - start
}

function isAmong(list: Uint8Array, start: number, end: number, item: number): boolean {
  for (let other = start; other < end; other += LARGE_COMMUNITY_LENGTH) {
    let i = 0
    while (i < LARGE_COMMUNITY_LENGTH && list[other + i] === list[item + i]) i++
    if (i === LARGE_COMMUNITY_LENGTH) return true
  }
  return false
}

function addItem(seen: Set<string>, list: Uint8Array, item: number): boolean {
  const key = `${readU32(list, item)},${readU32(list, item + 4)},${readU32(list, item + 8)}`
  if (seen.has(key)) return false
  seen.add(key)
  return true
}
