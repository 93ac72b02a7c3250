/**
 * RFC 7606 in one place: walks a block of path attributes, finds what is wrong and what that does to the UPDATE, and
 * notes where each usable attribute lies. Rules are in the order of RFC 7606 3, 4, 5; the rules for single values are
 * in the rows of `registry.ts`. Nothing is allocated while nothing is wrong.
 * Called by `codec.ts` (objects) and `normalise.ts` (bytes), so that both always agree.
 */

import type { CodecContext } from '../context.ts'
import { attributeError, malformedAttributeList } from '../errors.ts'
import { AttributeCode, AttributeFlag, UpdateSubcode } from '../iana.ts'
import { reconcileAs4 } from './as4.ts'
import type { AttributeBlock } from './block.ts'
import { rowByCode } from './registry.ts'
import type { AttributeRow, AttributeSender } from './row.ts'

const CATEGORY_BITS = AttributeFlag.OPTIONAL | AttributeFlag.TRANSITIVE
const FLAG_BITS = CATEGORY_BITS | AttributeFlag.PARTIAL | AttributeFlag.EXTENDED_LENGTH
const WRONG_FLAGS = 'wrong attribute flags'

/** What the UPDATE around the block carries; decides which attributes are mandatory (RFC 4271 5, RFC 4760 3). */
export interface Expectations {
  /** The message has NLRI after its attributes: IPv4 unicast routes, with their next hop in NEXT_HOP. */
  readonly ipv4Nlri: boolean
  /** The message has routes in MP_REACH_NLRI, with their next hop there. */
  readonly mpReach: boolean
  /** The message announces anything at all, of whatever family. */
  readonly anyReachable: boolean
}

/**
 * Walks the block `bytes[start, end)` and leaves the verdict in `block`, which borrows the bytes and the context.
 * Missing attributes are the affair of `requireMandatory`.
 */
export function judgeAttributes(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: CodecContext,
  block: AttributeBlock,
): void {
  block.reset(bytes, context)
  let offset = start
  while (offset < end) {
    // RFC 7606 4: octets that cannot hold an attribute, or an attribute that runs past the block. What lies after the
    // block is found by its total length, so the prefixes are known and can be withdrawn.
    const isExtended = (bytes[offset]! & AttributeFlag.EXTENDED_LENGTH) !== 0
    const valueStart = offset + (isExtended ? 4 : 3)
    if (valueStart > end) {
      block.report(0, 'withdraw', 'stray octets after the last attribute')
      break
    }
    const length = isExtended ? (bytes[offset + 2]! << 8) | bytes[offset + 3]! : bytes[offset + 2]!
    const valueEnd = valueStart + length
    if (valueEnd > end) {
      block.report(bytes[offset + 1]!, 'withdraw', 'an attribute runs past the block')
      break
    }
    judgeOne(block, offset, valueStart, valueEnd)
    if (block.action === 'reset') return
    offset = valueEnd
  }
  if (!context.fourOctetAs) reconcileAs4(block)
}

/** One attribute: its first octet is at `offset`, its value in `[start, end)`. */
function judgeOne(block: AttributeBlock, offset: number, start: number, end: number): void {
  const code = block.bytes[offset + 1]!
  const row = rowByCode(code)
  if (block.meet(code)) judgeRepeat(block, code)
  else if (row === undefined) judgeUnknown(block, offset, start, end)
  else judgeKnown(block, row, offset, start, end)
}

/** RFC 7606 3 g: of repeats the first counts; repeated MP attributes end the session. */
function judgeRepeat(block: AttributeBlock, code: number): void {
  const isMp = code === AttributeCode.MP_REACH || code === AttributeCode.MP_UNREACH
  if (isMp) block.fail(code, malformedAttributeList(`attribute ${code} is repeated`))
  else block.report(code, 'discard', 'repeated attribute')
}

/** RFC 4271 6.3: what we do not know must at least be optional. */
function judgeUnknown(block: AttributeBlock, offset: number, start: number, end: number): void {
  const flags = block.bytes[offset]!
  const code = block.bytes[offset + 1]!
  if ((flags & AttributeFlag.OPTIONAL) !== 0) block.keep(code, flags & FLAG_BITS, start, end)
  else fail(block, offset, end, UpdateSubcode.UNRECOGNIZED_WELL_KNOWN, `unknown well-known attribute ${code}`)
}

/** Flags first (RFC 7606 3 c, 5.3), then the sender, then the value (RFC 7606 7, RFC 6793 6, RFC 8092 6: the rows know). */
function judgeKnown(block: AttributeBlock, row: AttributeRow, offset: number, start: number, end: number): void {
  const flags = block.bytes[offset]!
  const isReset = row.onError === 'reset'
  if ((flags & CATEGORY_BITS) !== row.flags) {
    if (isReset) fail(block, offset, end, UpdateSubcode.ATTRIBUTE_FLAGS, WRONG_FLAGS)
    else block.report(row.code, 'withdraw', WRONG_FLAGS)
    return
  }
  if (!mayComeFrom(row.from, block.context)) {
    block.report(row.code, 'discard', 'attribute not meant for this session')
    return
  }
  const reason = row.check(block.bytes, start, end, block.context)
  if (reason === undefined) block.keep(row.code, flags & FLAG_BITS, start, end)
  else if (isReset) fail(block, offset, end, UpdateSubcode.OPTIONAL_ATTRIBUTE, reason)
  else block.report(row.code, row.onError, reason)
}

/** Ends the session with 3/`subcode` and the attribute `[offset, end)` as data (RFC 4271 6.3). */
function fail(block: AttributeBlock, offset: number, end: number, subcode: number, reason: string): void {
  block.fail(block.bytes[offset + 1]!, attributeError(subcode, block.bytes.slice(offset, end), reason))
}

function mayComeFrom(sender: AttributeSender, context: CodecContext): boolean {
  switch (sender) {
    case 'anybody':
      return true
    case 'internal':
      return context.peerKind === 'ibgp'
    case 'two-octet-speaker':
      return !context.fourOctetAs
  }
}

/**
 * RFC 7606 3 d: routes without ORIGIN, AS_PATH or their next hop are withdrawn. RFC 7606 5.2: without any reachable
 * route nobody can be sure what is to be withdrawn, so every error stronger than discard ends the session.
 * An attribute that is present but malformed is reported for that, not also as missing.
 */
export function requireMandatory(block: AttributeBlock, expects: Expectations): void {
  if (block.action === 'reset') return
  if (block.action !== 'withdraw' && (expects.ipv4Nlri || expects.mpReach)) {
    if (!block.has(AttributeCode.ORIGIN)) block.report(AttributeCode.ORIGIN, 'withdraw', 'ORIGIN is missing')
    if (!block.has(AttributeCode.AS_PATH)) block.report(AttributeCode.AS_PATH, 'withdraw', 'AS_PATH is missing')
    const isNextHopMissing = expects.ipv4Nlri && !block.has(AttributeCode.NEXT_HOP)
    if (isNextHopMissing) block.report(AttributeCode.NEXT_HOP, 'withdraw', 'NEXT_HOP is missing')
    const isReachMissing = expects.mpReach && !block.has(AttributeCode.MP_REACH)
    if (isReachMissing) block.report(AttributeCode.MP_REACH, 'withdraw', 'MP_REACH_NLRI is missing')
  }
  if (block.action === 'withdraw' && !expects.anyReachable) {
    const first = block.problems.find(problem => problem.action === 'withdraw')
    block.fail(first?.code ?? 0, malformedAttributeList(`${first?.reason ?? 'error'}, and no route to withdraw for it`))
  }
}
