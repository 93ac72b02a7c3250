/**
 * A chunk of bytes as a peer sends it: through the framer, and every message through `decodeMessage`, in one of the
 * sessions of context.ts. Thorough: with two poisons around it, alone in its buffer, and cut into pieces.
 */
import { type CodecContext, decodeMessage, Framer } from '../../../wire/index.ts'
import { bytesOf, check, digest, hexOf, mix } from '../check.ts'
import { CONTEXTS, contextOf, receiveLimit } from '../context.ts'
import { exact, type Guarded, guarded } from '../guard.ts'
import { mutateMessage } from '../mutate.ts'
import type { Random } from '../random.ts'
import type { Pool, Run, Target } from '../target.ts'
import { shorterMessages } from '../target.ts'
import { checkError, checkMessage } from './update-check.ts'

export interface MessageInput {
  /** Index of CONTEXTS. */
  readonly context: number
  readonly bytes: Uint8Array
}

interface Reading {
  /** Digest of everything that was delivered. */
  digest: number
  outcomes: number[]
  messages: number
  ms: number
}

interface Mode {
  /** Every property of every message. */
  readonly isChecked: boolean
  /** A digest, to compare with. */
  readonly isDigested: boolean
  readonly cuts: readonly number[]
}

const AGAIN: Mode = { isChecked: false, isDigested: true, cuts: [] }

/** Frames and decodes. */
function read({ bytes, start, end }: Guarded, context: CodecContext, { isChecked, isDigested, cuts }: Mode): Reading {
  const reading: Reading = { digest: 1, outcomes: [], messages: 0, ms: 0 }
  const framer = new Framer({
    message: (type, octets, from, to) => {
      const started = performance.now()
      const result = decodeMessage(type, octets, from, to, context)
      reading.ms += performance.now() - started
      reading.messages++
      if (isDigested) reading.digest = mix(reading.digest, digest(result))
      if (isChecked) reading.outcomes.push(mix(checkMessage(result, context), type))
      return result.ok
    },
    failure: error => {
      if (isDigested) reading.digest = mix(reading.digest, digest(error))
      if (isChecked) reading.outcomes.push(checkError(error))
    },
  })
  framer.maxLength = receiveLimit(context)
  let from = start
  for (const cut of cuts) {
    framer.push(bytes.subarray(from, start + cut))
    from = start + cut
  }
  framer.push(bytes.subarray(from, end))
  reading.digest = mix(reading.digest, framer.stopped ? 1 : 0)
  return reading
}

/** Decodes in place, at an offset, between poison: unlike the framer's subarrays these let an overrun see something. */
function readInPlace({ bytes, start, end }: Guarded, context: CodecContext): number {
  if (end - start < 19) return 0
  return digest(decodeMessage(bytes[start + 18] ?? 0, bytes, start, end, context))
}

/** Places to cut at, from the bytes themselves, so that a replay cuts at the same places. */
function cutsOf(bytes: Uint8Array): number[] {
  const seed = digest(bytes) >>> 0
  const cuts = [1, 16, 18, 19, 20, seed % (bytes.length + 1), (seed >>> 8) % (bytes.length + 1)].filter(
    cut => cut < bytes.length,
  )
  return [...new Set(cuts)].sort((a, b) => a - b)
}

function runMessage({ context: index, bytes }: MessageInput, isThorough: boolean): Run {
  const context = contextOf(index)
  const {
    digest: expected,
    outcomes,
    messages,
    ms,
  } = read(guarded(bytes, 0), context, { isChecked: true, isDigested: isThorough, cuts: [] })
  if (isThorough) {
    check(
      read(guarded(bytes, 1), context, AGAIN).digest === expected,
      'reads only inside',
      () => 'framed: poison changes the result',
    )
    check(
      read(exact(bytes), context, { ...AGAIN, cuts: cutsOf(bytes) }).digest === expected,
      'any split gives the same messages',
      () => cutsOf(bytes).join(),
    )
    const inPlace = readInPlace(exact(bytes), context)
    for (const poison of [0, 1] as const) {
      check(
        readInPlace(guarded(bytes, poison), context) === inPlace,
        'reads only inside',
        () => `poison ${poison} changes the result`,
      )
    }
  }
  return { outcomes, ms, messages: Math.max(1, messages) }
}

export const MESSAGE: Target<MessageInput> = {
  name: 'message',
  batch: 384,
  weight: 6,
  seeds: messages => messages.flatMap((bytes, i) => [{ context: i % CONTEXTS.length, bytes }]),
  mutate: ({ context, bytes }, random: Random, pool: Pool<MessageInput>) => ({
    context: random.oneIn(4) ? random.below(CONTEXTS.length) : context,
    bytes: mutateMessage(bytes, random, () => pool.message()),
  }),
  run: runMessage,
  limitMs: ({ bytes }) => (bytes.length <= 4096 ? 1 : 16),
  size: ({ bytes }) => bytes.length,
  *shrink({ context, bytes }) {
    for (const smaller of shorterMessages(bytes)) yield { context, bytes: smaller }
    for (let other = 0; other < context; other++) yield { context: other, bytes }
  },
  toJson: ({ context, bytes }) => ({ context: CONTEXTS[context]?.name, hex: hexOf(bytes) }),
  fromJson: json => messageFromJson(json),
}

/** Reads `{ context, hex }` of a fixture. */
function messageFromJson(json: unknown): MessageInput {
  const { context: name, hex } = json as { context?: string; hex: string }
  const context = CONTEXTS.findIndex(candidate => candidate.name === name)
  return { context: Math.max(0, context), bytes: bytesOf(hex) }
}
