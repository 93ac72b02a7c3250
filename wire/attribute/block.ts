/**
 * The scratch pad of `judge.ts`: where the attributes of one block lie, and the verdict on it so far (RFC 7606 2, 3).
 * One object serves any number of blocks, one after the other; typed arrays indexed by type code, no allocation.
 * Called by `judge.ts`, `as4.ts`, `codec.ts` and `normalise.ts`.
 */

import type { CodecContext } from '../context.ts'
import { MODERN_CONTEXT } from '../context.ts'
import type { Notification } from '../errors.ts'
import { AttributeFlag } from '../iana.ts'
import type { AggregatorAttribute } from './aggregate.ts'
import type { AsPathSegment } from './as-path.ts'
import type { Action, AttributeProblem } from './row.ts'

const STRENGTH = { accept: 0, discard: 1, withdraw: 2, reset: 3 } as const

/** One block of path attributes under judgement. Reused; `reset` starts over. The bytes are borrowed. */
export class AttributeBlock {
  bytes: Uint8Array = new Uint8Array(0)
  context: CodecContext = MODERN_CONTEXT
  /** Usable attributes by ascending code in `codes[0, count)`; the other arrays are indexed by code. */
  count = 0
  readonly codes = new Uint8Array(256)
  readonly flags = new Uint8Array(256)
  /** Offsets of the value. */
  readonly starts = new Uint32Array(256)
  readonly ends = new Uint32Array(256)

  action: Action = 'accept'
  problems: AttributeProblem[] = []
  /** What to send when `action` is reset. */
  error: Notification | undefined = undefined

  /** From a two-octet speaker: path and aggregator with their real AS numbers (RFC 6793 4.2.3), see `as4.ts`. */
  mergedPath: readonly AsPathSegment[] | undefined = undefined
  mergedAggregator: AggregatorAttribute | undefined = undefined

  private readonly seen = new Uint32Array(256)
  private readonly repeated = new Uint32Array(256)
  private readonly kept = new Uint32Array(256)
  private turn = 0

  /** Forgets the last block and takes up a new one. */
  reset(bytes: Uint8Array, context: CodecContext): void {
    this.bytes = bytes
    this.context = context
    this.mergedPath = undefined
    this.mergedAggregator = undefined
    this.count = 0
    this.action = 'accept'
    this.error = undefined
    if (this.problems.length > 0) this.problems = []
    if (this.turn === 0xffffffff) {
      this.seen.fill(0)
      this.repeated.fill(0)
      this.kept.fill(0)
      this.turn = 0
    }
    this.turn++
  }

  /** Is there a usable attribute of this code? */
  has(code: number): boolean {
    return this.kept[code] === this.turn
  }

  /** Notes that this code was met. How often it had been met before: not at all, once, or more often (2). */
  meet(code: number): 0 | 1 | 2 {
    const earlier = this.seen[code] !== this.turn ? 0 : this.repeated[code] !== this.turn ? 1 : 2
    if (earlier === 1) this.repeated[code] = this.turn
    this.seen[code] = this.turn
    return earlier
  }

  /** Adds a usable attribute, keeping `codes` sorted. Blocks usually come sorted, so this seldom moves anything. */
  keep(code: number, flags: number, start: number, end: number): void {
    let at = this.count++
    while (at > 0 && this.codes[at - 1]! > code) {
      this.codes[at] = this.codes[at - 1]!
      at--
    }
    this.codes[at] = code
    this.kept[code] = this.turn
    this.flags[code] = flags
    this.starts[code] = start
    this.ends[code] = end
  }

  /** The whole attribute `code`, flags to end, as received. A copy. */
  octetsOf(code: number): Uint8Array {
    const head = ((this.flags[code] ?? 0) & AttributeFlag.EXTENDED_LENGTH) === 0 ? 3 : 4
    return this.bytes.slice((this.starts[code] ?? 0) - head, this.ends[code])
  }

  /** Records a problem; the strongest action stays (RFC 7606 3 h). */
  report(problem: AttributeProblem): void {
    this.problems.push(problem)
    if (STRENGTH[problem.action] > STRENGTH[this.action]) this.action = problem.action
  }

  /** Records a problem that ends the session. `octets` is the offending attribute. */
  fail(code: number, rfc: string, error: Notification, octets: Uint8Array): void {
    this.report({ code, action: 'reset', reason: error.reason, rfc, octets })
    this.error ??= error
  }
}
