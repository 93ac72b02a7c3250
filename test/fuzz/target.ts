/**
 * What the engine wants of a thing to fuzz: inputs from seeds, new inputs from old ones, one execution that throws when a
 * property does not hold, and smaller inputs for a failing one. Inputs are immutable.
 */
import type { Random } from './random.ts'

/** The corpus as targets see it. */
export interface Pool<Input> {
  /** Any input of this target. */
  any(): Input
  /** The bytes of any message of the whole corpus. */
  message(): Uint8Array
}

/** What one execution says about itself. */
export interface Run {
  /** A number for each thing that came out of it; an input with one never seen is kept. */
  readonly outcomes: Iterable<number>
  /** Milliseconds of the code under test alone, first touch included. */
  readonly ms: number
  /** Messages executed, for the counter. */
  readonly messages: number
}

export interface Target<Input = unknown> {
  readonly name: string
  /** Executions in one batch, after which coverage is asked for. */
  readonly batch: number
  /** How often it is chosen, relative to the others. */
  readonly weight: number
  /** Inputs out of known messages. */
  seeds(messages: readonly Uint8Array[]): Input[]
  mutate(input: Input, random: Random, pool: Pool<Input>): Input
  /** `isThorough`: also run what costs twice or three times (poison, splits). Throws when a property is broken. */
  run(input: Input, isThorough: boolean): Run
  /** Milliseconds that the input may take, or undefined when time is not judged. */
  limitMs(input: Input): number | undefined
  size(input: Input): number
  /** Smaller inputs to try instead of a failing one, best first. */
  shrink(input: Input): Iterable<Input>
  /** For fixtures. */
  toJson(input: Input): object
  fromJson(json: unknown): Input
}

/** Chunks of bytes taken away, large ones first, then single octets set to 0. */
export function* shorter(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let chunk = bytes.length >> 1; chunk >= 1; chunk >>= 1) {
    for (let at = 0; at < bytes.length; at += chunk) {
      const out = new Uint8Array(bytes.length - Math.min(chunk, bytes.length - at))
      out.set(bytes.subarray(0, at))
      out.set(bytes.subarray(Math.min(bytes.length, at + chunk)), at)
      yield out
    }
  }
  for (let at = 0; at < Math.min(bytes.length, 256); at++) {
    if (bytes[at] === 0) continue
    const out = bytes.slice()
    out[at] = 0
    yield out
  }
}

/** A message with its length field right and its marker whole, if it is long enough to have them. */
function mended(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 19) return bytes
  const out = bytes.slice()
  out.fill(0xff, 0, 16)
  out[16] = out.length >>> 8
  out[17] = out.length
  return out
}

/** Smaller whole messages: attributes and other boxes go first in `shorter`, which does not know them; so mend what is left. */
export function* shorterMessages(bytes: Uint8Array): Iterable<Uint8Array> {
  for (const smaller of shorter(bytes)) yield mended(smaller)
  yield* shorter(bytes)
}
