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
import { mayBeHost } from './host-address.ts'
import { negotiatedFamily } from './mp-nlri.ts'
import { rowByCode } from './registry.ts'
import type { AttributeRow, AttributeSender, Fault } from './row.ts'

const CATEGORY_BITS = AttributeFlag.OPTIONAL | AttributeFlag.TRANSITIVE
const FLAG_BITS = CATEGORY_BITS | AttributeFlag.PARTIAL | AttributeFlag.EXTENDED_LENGTH
const WRONG_FLAGS = 'wrong attribute flags'
const NOTHING = new Uint8Array(0)

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
      withdraw(block, 0, 'RFC 7606 4', 'stray octets after the last attribute', bytes.slice(offset, end))
      break
    }
    const length = isExtended ? (bytes[offset + 2]! << 8) | bytes[offset + 3]! : bytes[offset + 2]!
    const valueEnd = valueStart + length
    if (valueEnd > end) {
      const rest = bytes.slice(offset, end)
      withdraw(block, bytes[offset + 1]!, 'RFC 7606 4', 'an attribute runs past the block', rest)
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
  const earlier = block.meet(code)
  // Further repeats are dropped without a word: a message may hold 20,000 of them.
  if (earlier > 1) return
  if (earlier === 1) judgeRepeat(block, offset, end)
  else if (row === undefined) judgeUnknown(block, offset, start, end)
  else judgeKnown(block, row, offset, start, end)
}

/** RFC 7606 3 g: of repeats the first counts; repeated MP attributes end the session. */
function judgeRepeat(block: AttributeBlock, offset: number, end: number): void {
  const code = block.bytes[offset + 1]!
  const octets = block.bytes.slice(offset, end)
  if (code === AttributeCode.MP_REACH || code === AttributeCode.MP_UNREACH) {
    block.fail(code, 'RFC 7606 3 g', malformedAttributeList(`attribute ${code} is repeated`), octets)
  } else {
    block.report({ code, action: 'discard', reason: 'repeated attribute', rfc: 'RFC 7606 3 g', octets })
  }
}

/** RFC 4271 6.3: what we do not know must at least be optional. */
function judgeUnknown(block: AttributeBlock, offset: number, start: number, end: number): void {
  const flags = block.bytes[offset]!
  const code = block.bytes[offset + 1]!
  if ((flags & AttributeFlag.OPTIONAL) !== 0) block.keep(code, flags & FLAG_BITS, start, end)
  else {
    const octets = block.bytes.slice(offset, end)
    const reason = `unknown well-known attribute ${code}`
    block.fail(code, 'RFC 4271 6.3', attributeError(UpdateSubcode.UNRECOGNIZED_WELL_KNOWN, octets, reason), octets)
  }
}

/** Flags first (RFC 7606 3 c, 5.3), then the sender, then the value (RFC 7606 7, RFC 6793 6, RFC 8092 6: the rows know). */
function judgeKnown(block: AttributeBlock, row: AttributeRow, offset: number, start: number, end: number): void {
  const flags = block.bytes[offset]!
  if ((flags & CATEGORY_BITS) !== row.flags) {
    judgeFlags(block, row, offset, end)
  } else if (!mayComeFrom(row.from, block.context)) {
    const reason = 'attribute not meant for this session'
    block.report({ code: row.code, action: 'discard', reason, rfc: rfcOf(row), octets: block.bytes.slice(offset, end) })
  } else {
    const fault = row.check(block.bytes, start, end, block.context)
    if (fault === undefined) block.keep(row.code, flags & FLAG_BITS, start, end)
    else judgeFault(block, row, typeof fault === 'string' ? { reason: fault } : fault, block.bytes.slice(offset, end))
  }
}

/** RFC 7606 3 c: wrong flags withdraw, unless the document of the attribute knows better; 5.3: in MP attributes they reset. */
function judgeFlags(block: AttributeBlock, row: AttributeRow, offset: number, end: number): void {
  const octets = block.bytes.slice(offset, end)
  if (row.onError === 'reset') {
    block.fail(row.code, 'RFC 7606 5.3', attributeError(UpdateSubcode.ATTRIBUTE_FLAGS, octets, WRONG_FLAGS), octets)
  } else {
    const action = row.onWrongFlags ?? 'withdraw'
    const rfc = row.onWrongFlags === undefined ? 'RFC 7606 3 c' : rfcOf(row)
    block.report({ code: row.code, action, reason: WRONG_FLAGS, rfc, octets })
  }
}

/** A value that is wrong does what the row says, or what the fault itself says. */
function judgeFault(block: AttributeBlock, row: AttributeRow, fault: Fault, octets: Uint8Array): void {
  const { reason, rfc = rfcOf(row), action = row.onError } = fault
  if (action === 'reset') {
    block.fail(row.code, rfc, attributeError(UpdateSubcode.OPTIONAL_ATTRIBUTE, octets, reason), octets)
  } else {
    block.report({ code: row.code, action, reason, rfc, octets })
  }
}

const rfcOf = (row: AttributeRow): string => row.rfc ?? 'RFC 7606 7'

function withdraw(
  block: AttributeBlock,
  code: number,
  rfc: string,
  reason: string,
  octets: Uint8Array = NOTHING,
): void {
  block.report({ code, action: 'withdraw', reason, rfc, octets })
}

function mayComeFrom(sender: AttributeSender, context: CodecContext): boolean {
  switch (sender) {
    case 'anybody':
      return true
    case 'inside':
      return context.peerKind === 'ibgp' || context.isConfederationPeer === true
    case 'internal':
      return context.peerKind === 'ibgp'
    case 'two-octet-speaker':
      return !context.fourOctetAs
  }
}

/**
 * RFC 7606 3 d: routes without ORIGIN, AS_PATH or their next hop are withdrawn, and so are those whose next hop is the
 * address of no host (RFC 4271 6.3). RFC 7606 5.2: without any reachable route nobody can be sure what is to be
 * withdrawn, so every error stronger than discard ends the session.
 * An attribute that is present but malformed is reported for that, not also as missing.
 */
export function requireMandatory(block: AttributeBlock, expects: Expectations): void {
  if (block.action === 'reset') return
  if (block.action !== 'withdraw' && (expects.ipv4Nlri || expects.mpReach)) {
    demand(block, AttributeCode.ORIGIN, 'ORIGIN is missing')
    demand(block, AttributeCode.AS_PATH, 'AS_PATH is missing')
    if (expects.ipv4Nlri) demand(block, AttributeCode.NEXT_HOP, 'NEXT_HOP is missing')
    if (expects.mpReach) demand(block, AttributeCode.MP_REACH, 'MP_REACH_NLRI is missing')
    judgeNextHops(block, expects)
  }
  if (block.action === 'withdraw' && !expects.anyReachable) {
    const first = block.problems.find(problem => problem.action === 'withdraw')
    const error = malformedAttributeList(`${first?.reason ?? 'error'}, and no route to withdraw for it`)
    block.fail(first?.code ?? 0, 'RFC 7606 5.2', error, first?.octets ?? NOTHING)
  }
}

function demand(block: AttributeBlock, code: number, reason: string): void {
  if (!block.has(code)) withdraw(block, code, 'RFC 7606 3 d', reason)
}

/**
 * RFC 4271 6.3: a next hop is syntactically correct when it is the address of a host; else the routes that need it are
 * withdrawn (RFC 7606 3 e). NEXT_HOP beside MP_REACH_NLRI alone is nobody's next hop (RFC 4760 3).
 */
function judgeNextHops(block: AttributeBlock, expects: Expectations): void {
  const { bytes, starts, context } = block
  if (expects.ipv4Nlri && block.has(AttributeCode.NEXT_HOP)) {
    const start = starts[AttributeCode.NEXT_HOP]!
    if (!mayBeHost(bytes, start, 4)) reportNextHop(block, AttributeCode.NEXT_HOP)
  }
  if (expects.mpReach && block.has(AttributeCode.MP_REACH)) {
    const start = starts[AttributeCode.MP_REACH]!
    if (negotiatedFamily(bytes, start, context) === undefined) return
    if (!mayBeHost(bytes, start + 4, bytes[start + 3]!)) reportNextHop(block, AttributeCode.MP_REACH)
  }
}

function reportNextHop(block: AttributeBlock, code: number): void {
  withdraw(block, code, 'RFC 4271 6.3', 'the next hop is not the address of a host', block.octetsOf(code))
}
