/**
 * UPDATE messages on their way out (RFC 4271 4.3, RFC 4760 3 and 4).
 *
 * IPv4 routes go into the NLRI and Withdrawn Routes fields (into MP_REACH_NLRI where their next hops may be IPv6, RFC 8950),
 * IPv6 routes into MP_REACH_NLRI and MP_UNREACH_NLRI, which come
 * first among the attributes; the others ascend; one kind of content per message (RFC 7606 5.1). Prefixes are packed until
 * fewer octets are left than the longest prefix could need, so a message is never above the limit and within one prefix of
 * it (RFC 4271 9.2, RFC 8654 4). Attributes are rewritten straight into the log, once per bucket and slab.
 * Hot module. Called by teller.ts and withdrawals.ts.
 */
import { AttributeCode, HEADER_LENGTH, MessageType } from '../../wire/iana.ts'
import { narrowAttributes } from '../../wire/narrow.ts'
import { writeNlri4, writeNlri6 } from '../../wire/nlri.ts'
import type { Edits } from '../policy/policy.ts'
import type { ChunkWriter } from './group-log.ts'
import type { PrefixBatch } from './prefix-batch.ts'
import type { PrefixRecords } from './prefix-record.ts'
import { maskOf, type RewritePlan, type Rewriter } from './rewrite.ts'

/** Outcome of `announce`. */
export const SENT = 0
/** An own address is needed as next hop and none is known. */
export const NO_NEXT_HOP = 1
/** The attributes leave no room for a prefix (RFC 8654 4). */
const TOO_LONG = 2

/** What may be left out when a message gets too long: errors in these only discard them (RFC 8654 4, RFC 7606 7.6, 7.7). */
const DISPENSABLE = maskOf(AttributeCode.ATOMIC_AGGREGATE, AttributeCode.AGGREGATOR)

function withoutDispensable(plan: RewritePlan): RewritePlan {
  return { ...plan, mask: plan.mask | DISPENSABLE }
}

const MAX_NLRI4 = 5
const MAX_NLRI6 = 17
/** Octets of a path identifier (RFC 7911 3). */
const PATH_ID = 4
/** Header, Withdrawn Routes Length, Total Path Attribute Length. */
const FIXED = HEADER_LENGTH + 4
/** Flags, type and two octets of length. */
const LONG_HEAD = 4
const OPTIONAL_LONG = 0x90
const MP_REACH = 14
const MP_UNREACH = 15

export interface Target {
  readonly writer: ChunkWriter
  readonly maxLength: number
}

export class UpdateWriter {
  readonly #rewriter: Rewriter
  #writer!: ChunkWriter
  #max = 0
  #batch!: PrefixBatch
  #prefixes!: PrefixRecords
  /** Octets of a path identifier before each prefix: 0 or 4. */
  #idOctets = 0

  constructor(rewriter: Rewriter) {
    this.#rewriter = rewriter
  }

  /** Everything that follows goes to `target` and is about prefixes of `batch`. */
  begin(target: Target, batch: PrefixBatch): void {
    this.#writer = target.writer
    this.#max = target.maxLength
    this.#batch = batch
    this.#prefixes = batch.table.prefixes
    this.#idOctets = batch.isPathwise ? PATH_ID : 0
  }

  /**
   * Tells `who` the prefixes at `head` and what `link` leads to, with the attributes of `set`. Nothing is written unless
   * the outcome is SENT.
   */
  announce(set: number, plan: RewritePlan, edits: Edits | undefined, chain: Chain): number {
    const writer = this.#writer
    const bound = this.#rewriter.bound(set, edits)
    return plan.isMultiprotocol
      ? this.#announceMp(set, plan, edits, chain, writer, bound)
      : this.#announce4(set, plan, edits, chain, writer, bound)
  }

  /** As `announce`; what is too long is told without what may be left out. */
  announceShort(set: number, plan: RewritePlan, edits: Edits | undefined, chain: Chain): number {
    const outcome = this.announce(set, plan, edits, chain)
    return outcome === TOO_LONG ? this.announce(set, withoutDispensable(plan), edits, chain) : outcome
  }

  #announce4(
    set: number,
    plan: RewritePlan,
    edits: Edits | undefined,
    chain: Chain,
    writer: ChunkWriter,
    bound: number,
  ): number {
    const { link, who } = chain
    const prefixes = this.#prefixes
    const { ids, paths } = this.#batch
    const idOctets = this.#idOctets
    const max = this.#max
    const room = Math.max(max, FIXED + bound)
    let head = chain.head
    let template: Uint8Array | undefined
    let first = 0
    let body = 0
    while (head !== 0) {
      writer.room(room)
      const out = writer.buffer
      const start = writer.offset
      let o = start + FIXED
      if (out !== template) {
        o = this.#attributes(set, plan, edits, out, o)
        if (o < 0) return NO_NEXT_HOP
        body = o - start
        if (body + MAX_NLRI4 + idOctets > max) return TOO_LONG
        startUpdate(out, start, 0, body - FIXED)
        template = out
        first = start
      } else {
        out.copyWithin(start, first, first + body)
        o = start + body
      }
      const limit = start + max - MAX_NLRI4 - idOctets
      while (head !== 0 && o <= limit) {
        const id = ids[head - 1]!
        if (idOctets !== 0) o = writeU32(out, o, paths[head - 1]!)
        o = writeNlri4(out, o, prefixes.word(id, 0), prefixes.lengthOf(id))
        head = link[head - 1]!
      }
      endUpdate(out, start, o)
      writer.end(o, who)
    }
    return SENT
  }

  /** IPv6, and IPv4 where next hops may be IPv6 (RFC 8950 3). The rewritten attributes wait beyond the longest message until the prefixes before them are written. */
  #announceMp(
    set: number,
    plan: RewritePlan,
    edits: Edits | undefined,
    chain: Chain,
    writer: ChunkWriter,
    bound: number,
  ): number {
    const { link, who } = chain
    const rewriter = this.#rewriter
    const prefixes = this.#prefixes
    const { ids, paths } = this.#batch
    const idOctets = this.#idOctets
    const max = this.#max
    const { family } = prefixes
    const isWide = family.words === 4
    const maxNlri = isWide ? MAX_NLRI6 : MAX_NLRI4
    let head = chain.head
    while (head !== 0) {
      writer.room(max + bound)
      const out = writer.buffer
      const start = writer.offset
      const waiting = start + max
      const waitingEnd = this.#attributes(set, plan, edits, out, waiting)
      if (waitingEnd < 0) return NO_NEXT_HOP
      const others = waitingEnd - waiting
      const reach = start + FIXED
      let o = reach + LONG_HEAD
      out[o] = 0
      out[o + 1] = family.afi
      out[o + 2] = 1
      out[o + 3] = rewriter.nextHopLength
      o += 4
      for (let i = 0; i < rewriter.nextHopLength; i++) out[o++] = rewriter.nextHopBytes[rewriter.nextHopStart + i]!
      out[o++] = 0
      const limit = start + max - others - maxNlri - idOctets
      if (o > limit) return TOO_LONG
      while (head !== 0 && o <= limit) {
        const id = ids[head - 1]!
        if (idOctets !== 0) o = writeU32(out, o, paths[head - 1]!)
        const length = prefixes.lengthOf(id)
        if (!isWide) o = writeNlri4(out, o, prefixes.word(id, 0), length)
        else {
          o = writeNlri6(
            out,
            o,
            prefixes.word(id, 0),
            prefixes.word(id, 1),
            prefixes.word(id, 2),
            prefixes.word(id, 3),
            length,
          )
        }
        head = link[head - 1]!
      }
      longHead(out, reach, MP_REACH, o - reach - LONG_HEAD)
      out.copyWithin(o, waiting, waitingEnd)
      o += others
      startUpdate(out, start, 0, o - reach)
      endUpdate(out, start, o)
      writer.end(o, who)
    }
    return SENT
  }

  #attributes(set: number, plan: RewritePlan, edits: Edits | undefined, out: Uint8Array, o: number): number {
    const end = this.#rewriter.rewrite(set, plan, edits, out, o)
    if (end < 0 || !plan.isTwoOctet) return end
    const narrow = narrowAttributes(out, o, end)
    out.set(narrow, o)
    return o + narrow.length
  }

  /** Takes the prefixes `ids` (of which the `paths`, where several are told) in a chain back from those it is for. */
  withdraw(ids: Uint32Array, paths: Uint32Array, chain: Chain): void {
    if (this.#prefixes.family.bits === 128) this.#withdraw6(ids, paths, chain)
    else this.#withdraw4(ids, paths, chain)
  }

  #withdraw4(ids: Uint32Array, paths: Uint32Array, { link, head, who }: Chain): void {
    const writer = this.#writer
    const idOctets = this.#idOctets
    const prefixes = this.#prefixes
    let next = head
    while (next !== 0) {
      writer.room(this.#max)
      const out = writer.buffer
      const start = writer.offset
      let o = start + HEADER_LENGTH + 2
      const limit = start + this.#max - MAX_NLRI4 - 2 - idOctets
      while (next !== 0 && o <= limit) {
        const id = ids[next - 1]!
        if (idOctets !== 0) o = writeU32(out, o, paths[next - 1]!)
        o = writeNlri4(out, o, prefixes.word(id, 0), prefixes.lengthOf(id))
        next = link[next - 1]!
      }
      startUpdate(out, start, o - start - HEADER_LENGTH - 2, 0)
      endUpdate(out, start, o + 2)
      writer.end(o + 2, who)
    }
  }

  #withdraw6(ids: Uint32Array, paths: Uint32Array, { link, head, who }: Chain): void {
    const writer = this.#writer
    const idOctets = this.#idOctets
    const prefixes = this.#prefixes
    let next = head
    while (next !== 0) {
      writer.room(this.#max)
      const out = writer.buffer
      const start = writer.offset
      const unreach = start + FIXED
      let o = unreach + LONG_HEAD
      out[o] = 0
      out[o + 1] = 2
      out[o + 2] = 1
      o += 3
      const limit = start + this.#max - MAX_NLRI6 - idOctets
      while (next !== 0 && o <= limit) {
        const id = ids[next - 1]!
        if (idOctets !== 0) o = writeU32(out, o, paths[next - 1]!)
        const length = prefixes.lengthOf(id)
        o = writeNlri6(
          out,
          o,
          prefixes.word(id, 0),
          prefixes.word(id, 1),
          prefixes.word(id, 2),
          prefixes.word(id, 3),
          length,
        )
        next = link[next - 1]!
      }
      longHead(out, unreach, MP_UNREACH, o - unreach - LONG_HEAD)
      startUpdate(out, start, 0, o - unreach)
      endUpdate(out, start, o)
      writer.end(o, who)
    }
  }
}

/** A list of prefixes: position + 1 of the first, the links by position, and whom it is for (see group-log.ts). */
export interface Chain {
  head: number
  link: Uint32Array
  who: number
}

/** Marker, type and the two length fields; Total Path Attribute Length goes where `withdrawn` octets of routes end. */
function startUpdate(out: Uint8Array, start: number, withdrawn: number, attributes: number): void {
  for (let i = start; i < start + 16; i++) out[i] = 0xff
  out[start + 18] = MessageType.UPDATE
  out[start + 19] = withdrawn >>> 8
  out[start + 20] = withdrawn
  const at = start + HEADER_LENGTH + 2 + withdrawn
  out[at] = attributes >>> 8
  out[at + 1] = attributes
}

function endUpdate(out: Uint8Array, start: number, end: number): void {
  const length = end - start
  out[start + 16] = length >>> 8
  out[start + 17] = length
}

function writeU32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24
  out[at + 1] = value >>> 16
  out[at + 2] = value >>> 8
  out[at + 3] = value
  return at + 4
}

function longHead(out: Uint8Array, at: number, type: number, length: number): void {
  out[at] = OPTIONAL_LONG
  out[at + 1] = type
  out[at + 2] = length >>> 8
  out[at + 3] = length
}
