/**
 * UPDATE (RFC 4271 4.3, 6.3; RFC 4760; RFC 7606) on two levels. Hot: `splitUpdate` and `locateMp` find the parts of a
 * message as offsets, and nothing else. Full: `decodeUpdate` and `encodeUpdate` turn a message into objects and back,
 * for show commands, inspection and tests. Both levels judge by the same rules, which live in `attribute/judge.ts`.
 * Called by `src/rib` (hot) and by `message.ts`, the CLI and tests (full).
 */

import { AttributeBlock } from './attribute/block.ts'
import { decodeBlock, encodeAttributes } from './attribute/codec.ts'
import { judgeAttributes, requireMandatory } from './attribute/judge.ts'
import type { MpReachAttribute, MpUnreachAttribute } from './attribute/mp-nlri.ts'
import { isNextHopLength, MIN_REACH_LENGTH, MIN_UNREACH_LENGTH } from './attribute/mp-nlri.ts'
import type { Attribute } from './attribute/registry.ts'
import type { Action, AttributeProblem } from './attribute/row.ts'
import { Category } from './attribute/row.ts'
import { u16 } from './bytes.ts'
import type { CodecContext } from './context.ts'
import { hasReceivedPathIds, hasSentPathIds, MODERN_CONTEXT } from './context.ts'
import type { Notification } from './errors.ts'
import { invalidNetworkField, malformedAttributeList } from './errors.ts'
import type { Family } from './family.ts'
import { familyOf, IPV4_UNICAST } from './family.ts'
import { encodeMessage } from './header.ts'
import { AttributeCode, AttributeFlag, MessageType } from './iana.ts'
import type { Nlri } from './nlri.ts'
import { decodeNlri, encodeNlri } from './nlri.ts'
import type { Result } from './result.ts'
import { failure, success } from './result.ts'

/** Offsets of the three parts of an UPDATE (RFC 4271 4.3). Reused; every field is overwritten by `splitUpdate`. */
export class UpdateSections {
  withdrawnStart = 0
  withdrawnEnd = 0
  attributesStart = 0
  attributesEnd = 0
  nlriStart = 0
  nlriEnd = 0
}

/**
 * Finds the parts of the UPDATE `bytes[start, end)`, header excluded. RFC 7606 3 b: lengths that contradict each other
 * are 3/1. No allocation when all is well.
 */
export function splitUpdate(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: UpdateSections,
): Notification | undefined {
  if (end - start < 4) return malformedAttributeList('the UPDATE is shorter than its two length fields')
  const withdrawnEnd = start + 2 + ((bytes[start]! << 8) | bytes[start + 1]!)
  if (withdrawnEnd + 2 > end) return malformedAttributeList('the withdrawn routes run past the UPDATE')
  const attributesEnd = withdrawnEnd + 2 + ((bytes[withdrawnEnd]! << 8) | bytes[withdrawnEnd + 1]!)
  if (attributesEnd > end) return malformedAttributeList('the path attributes run past the UPDATE')
  out.withdrawnStart = start + 2
  out.withdrawnEnd = withdrawnEnd
  out.attributesStart = withdrawnEnd + 2
  out.attributesEnd = attributesEnd
  out.nlriStart = attributesEnd
  out.nlriEnd = end
  return undefined
}

/**
 * Where MP_REACH_NLRI and MP_UNREACH_NLRI lie in a block of attributes. Reused; every field is overwritten by `locateMp`.
 * `reachStart` to `reachEnd` is the whole attribute with its flags; so is `unreachStart` to `unreachEnd`. The family is
 * undefined, and AFI and SAFI tell, when it is none of ours.
 */
export class MpSections {
  /** There is at least one of the two. */
  present = false
  hasReach = false
  hasUnreach = false
  /** False: a bound, a flag or a length is wrong, and `normaliseAttributes` of the whole block knows what to do. */
  wellFormed = true

  reachStart = 0
  reachEnd = 0
  reachAfi = 0
  reachSafi = 0
  reachFamily: Family | undefined = undefined
  nextHopStart = 0
  nextHopEnd = 0
  reachNlriStart = 0
  reachNlriEnd = 0

  unreachStart = 0
  unreachEnd = 0
  unreachAfi = 0
  unreachSafi = 0
  unreachFamily: Family | undefined = undefined
  unreachNlriStart = 0
  unreachNlriEnd = 0
}

/**
 * Finds the MP attributes in `bytes[attributesStart, attributesEnd)` by walking attribute headers. Nothing else is
 * validated: other attributes may still be wrong, and the prefixes are for `NlriReader`. No allocation. Without the
 * `context` of the session an IPv4 route behind an IPv6 next hop (RFC 8950) is not `wellFormed`, only slower.
 */
export function locateMp(
  bytes: Uint8Array,
  attributesStart: number,
  attributesEnd: number,
  out: MpSections,
  context?: Pick<CodecContext, 'extendedNextHop'>,
): void {
  clearMp(out)
  let at = attributesStart
  while (at < attributesEnd) {
    const flags = bytes[at]!
    const isExtended = (flags & AttributeFlag.EXTENDED_LENGTH) !== 0
    const start = at + (isExtended ? 4 : 3)
    const length = start > attributesEnd ? 0 : isExtended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!
    const end = start + length
    if (end > attributesEnd) {
      out.wellFormed = false
      return
    }
    const code = bytes[at + 1]!
    if (code === AttributeCode.MP_REACH || code === AttributeCode.MP_UNREACH) {
      out.present = true
      const isFlagged = (flags & Category.OPTIONAL_TRANSITIVE) === Category.OPTIONAL_NON_TRANSITIVE
      const isReach = code === AttributeCode.MP_REACH
      const isSound = isReach ? locateReach(bytes, at, start, end, out) : locateUnreach(bytes, at, start, end, out)
      const isReachable = !isReach || !isSound || isNextHopSound(out, context)
      if (!isSound || !isFlagged || !isReachable) out.wellFormed = false
    }
    at = end
  }
}

/** RFC 4760 3. False: the attribute is a repeat or too short. */
function locateReach(bytes: Uint8Array, at: number, start: number, end: number, out: MpSections): boolean {
  if (out.hasReach || end - start < MIN_REACH_LENGTH) return false
  out.hasReach = true
  out.reachStart = at
  out.reachEnd = end
  out.reachAfi = (bytes[start]! << 8) | bytes[start + 1]!
  out.reachSafi = bytes[start + 2]!
  out.reachFamily = familyOf(out.reachAfi, out.reachSafi)
  out.nextHopStart = start + 4
  out.nextHopEnd = start + 4 + bytes[start + 3]!
  out.reachNlriStart = out.nextHopEnd + 1
  out.reachNlriEnd = end
  return out.reachNlriStart <= end
}

/** Has the next hop a length its family may have in this session? Of families we do not know, any will do. */
function isNextHopSound(
  { nextHopStart, nextHopEnd, reachFamily }: MpSections,
  context: Pick<CodecContext, 'extendedNextHop'> | undefined,
): boolean {
  return reachFamily === undefined || isNextHopLength(reachFamily, nextHopEnd - nextHopStart, context)
}

/** RFC 4760 4. False: the attribute is a repeat or too short. */
function locateUnreach(bytes: Uint8Array, at: number, start: number, end: number, out: MpSections): boolean {
  if (out.hasUnreach || end - start < MIN_UNREACH_LENGTH) return false
  out.hasUnreach = true
  out.unreachStart = at
  out.unreachEnd = end
  out.unreachAfi = (bytes[start]! << 8) | bytes[start + 1]!
  out.unreachSafi = bytes[start + 2]!
  out.unreachFamily = familyOf(out.unreachAfi, out.unreachSafi)
  out.unreachNlriStart = start + MIN_UNREACH_LENGTH
  out.unreachNlriEnd = end
  return true
}

function clearMp(out: MpSections): void {
  out.present = false
  out.hasReach = false
  out.hasUnreach = false
  out.wellFormed = true
  out.reachStart = out.reachEnd = 0
  out.reachAfi = out.reachSafi = 0
  out.reachFamily = undefined
  out.nextHopStart = out.nextHopEnd = 0
  out.reachNlriStart = out.reachNlriEnd = 0
  out.unreachStart = out.unreachEnd = 0
  out.unreachAfi = out.unreachSafi = 0
  out.unreachFamily = undefined
  out.unreachNlriStart = out.unreachNlriEnd = 0
}

/** An UPDATE as objects. The routes of MP attributes are in `attributes`. */
export interface Update {
  /** IPv4 prefixes of the Withdrawn Routes field. */
  readonly withdrawn: readonly Nlri[]
  readonly attributes: readonly Attribute[]
  /** IPv4 prefixes after the attributes. */
  readonly nlri: readonly Nlri[]
  readonly problems: readonly AttributeProblem[]
  /** With `withdraw`, every prefix that seems announced is withdrawn instead (RFC 7606 2). */
  readonly action: Exclude<Action, 'reset'>
}

/** Reads the UPDATE `bytes[start, end)`, header excluded. Errors: 3/1, 3/2, 3/4, 3/9, 3/10 as RFC 7606 leaves them. */
export function decodeUpdate(bytes: Uint8Array, start: number, end: number, context: CodecContext): Result<Update> {
  const sections = new UpdateSections()
  const error = splitUpdate(bytes, start, end, sections)
  if (error !== undefined) return failure(error)
  // RFC 7606 3 i and 5.3: unreadable prefixes, announced or withdrawn, end the session.
  const hasPathIds = hasReceivedPathIds(context, IPV4_UNICAST)
  const withdrawn = decodeNlri(bytes, sections.withdrawnStart, sections.withdrawnEnd, IPV4_UNICAST, hasPathIds)
  if (withdrawn === undefined) return failure(invalidNetworkField('a withdrawn prefix is malformed'))
  const nlri = decodeNlri(bytes, sections.nlriStart, sections.nlriEnd, IPV4_UNICAST, hasPathIds)
  if (nlri === undefined) return failure(invalidNetworkField('an announced prefix is malformed'))
  const block = new AttributeBlock()
  judgeAttributes(bytes, sections.attributesStart, sections.attributesEnd, context, block)
  const attributes = decodeBlock(block)
  const mpReach = attributes.some(attribute => attribute.type === 'mp-reach' && hasRoutes(attribute))
  const ipv4Nlri = nlri.length > 0
  requireMandatory(block, { ipv4Nlri, mpReach, anyReachable: ipv4Nlri || mpReach })
  const { action, problems } = block
  if (action === 'reset') return failure(block.error ?? malformedAttributeList('unusable path attributes'))
  return success({ withdrawn, attributes, nlri, problems, action })
}

function hasRoutes({ nlri, opaque }: MpReachAttribute | MpUnreachAttribute): boolean {
  return nlri.length > 0 || (opaque !== undefined && opaque.length > 0)
}

/**
 * What to put into an UPDATE; whatever is left out is empty. IPv6 routes go into MP attributes, and so do IPv4 routes
 * with an IPv6 next hop (RFC 8950 3).
 */
export interface UpdateContent {
  readonly withdrawn?: readonly Nlri[]
  readonly attributes?: readonly Attribute[]
  readonly nlri?: readonly Nlri[]
}

/**
 * Writes a whole UPDATE message, header included. What goes in is not judged; tests build nonsense with it.
 * Throws RangeError when the message would exceed `context.maxLength`, a mistake of the caller.
 */
export function encodeUpdate(update: UpdateContent, context: CodecContext): Uint8Array {
  const hasPathIds = hasSentPathIds(context, IPV4_UNICAST)
  const withdrawn = encodeNlri(update.withdrawn ?? [], hasPathIds)
  const attributes = encodeAttributes(update.attributes ?? [], context)
  const nlri = encodeNlri(update.nlri ?? [], hasPathIds)
  const parts = [u16(withdrawn.length), withdrawn, u16(attributes.length), attributes, nlri]
  const message = encodeMessage(MessageType.UPDATE, ...parts)
  if (message.length <= context.maxLength) return message
  throw new RangeError(`an UPDATE of ${message.length} octets exceeds the limit of ${context.maxLength}`)
}

/** The End-of-RIB message of a family: an UPDATE without content, or an empty MP_UNREACH_NLRI (RFC 4724 2). */
export function encodeEndOfRib(family: Family): Uint8Array {
  if (family === IPV4_UNICAST) return encodeUpdate({}, MODERN_CONTEXT)
  const { afi, safi } = family
  return encodeUpdate({ attributes: [{ type: 'mp-unreach', afi, safi, nlri: [] }] }, MODERN_CONTEXT)
}

/** The numbers of the family whose End-of-RIB this UPDATE is, or undefined when it is an ordinary one (RFC 4724 2). */
export function endOfRib(update: Update): { readonly afi: number; readonly safi: number } | undefined {
  if (update.withdrawn.length > 0 || update.nlri.length > 0) return undefined
  const [only, ...others] = update.attributes
  if (only === undefined) return { afi: IPV4_UNICAST.afi, safi: IPV4_UNICAST.safi }
  if (others.length > 0 || only.type !== 'mp-unreach' || hasRoutes(only)) return undefined
  return { afi: only.afi, safi: only.safi }
}
