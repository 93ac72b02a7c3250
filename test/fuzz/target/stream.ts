/**
 * Several messages in one stream, cut at any places: whatever is delivered whole is delivered in pieces, nothing after a
 * header error is read, and a framer never grows beyond its longest message (RFC 4271 6.1).
 */
import { Framer } from '../../../wire/index.ts'
import { bytesOf, check, digest, hexOf, mix } from '../check.ts'
import { damage, mutateMessage } from '../mutate.ts'
import { Random } from '../random.ts'
import { type Run, shorter, type Target } from '../target.ts'

export interface StreamInput {
  readonly limit: 4096 | 65535
  readonly seed: number
  readonly bytes: Uint8Array
}

const MAX_STREAM = 200_000

function read(
  bytes: Uint8Array,
  limit: number,
  nextChunk: (left: number) => number,
): { digest: number; messages: number; octets: number } {
  let sum = 1
  let messages = 0
  let octets = 0
  let isFailed = false
  const framer = new Framer({
    message: (type, chunk, start, end) => {
      check(!isFailed, 'nothing after an error', () => `type ${type}`)
      check(
        end - start <= limit && end - start >= 19 && end <= chunk.length,
        'messages are within limits',
        () => `${start} to ${end}`,
      )
      sum = mix(sum, digest(chunk.subarray(start, end)))
      messages++
      octets += end - start
      return true
    },
    failure: error => {
      check(!isFailed, 'one error', () => error.reason)
      isFailed = true
      sum = mix(sum, digest(error))
    },
  })
  framer.maxLength = limit
  for (let at = 0; at < bytes.length; ) {
    const next = Math.min(bytes.length, at + Math.max(1, nextChunk(bytes.length - at)))
    // A chunk of its own, as a socket gives it, and overwritten afterwards, as a pool does.
    const chunk = bytes.slice(at, next)
    framer.push(chunk)
    chunk.fill(0xa5)
    at = next
  }
  check(framer.stopped === isFailed, 'stopped after an error only', () => `${framer.stopped}`)
  check(octets <= bytes.length, 'nothing is delivered twice', () => `${octets} of ${bytes.length}`)
  return { digest: mix(sum, framer.stopped ? 1 : 0), messages, octets }
}

function runStream({ limit, seed, bytes }: StreamInput, isThorough: boolean): Run {
  const started = performance.now()
  const whole = read(bytes, limit, left => left)
  const ms = performance.now() - started
  const random = new Random(seed)
  const sizes = random.pick([[1, 2, 3, 19, 20], [16, 17, 18, 19], [100, 1460, 4096], [65536]])
  const cut = read(bytes, limit, () => random.pick(sizes) + random.below(3))
  check(
    cut.digest === whole.digest,
    'any split gives the same messages',
    () => `${cut.messages} and ${whole.messages} messages`,
  )
  if (isThorough && bytes.length < 3000) {
    check(
      read(bytes, limit, () => 1).digest === whole.digest,
      'any split gives the same messages',
      () => 'octet by octet',
    )
  }
  return {
    outcomes: [mix(Math.min(whole.messages, 4), whole.octets === bytes.length ? 1 : 0)],
    ms,
    messages: Math.max(1, whole.messages),
  }
}

export const STREAM: Target<StreamInput> = {
  name: 'stream',
  batch: 96,
  weight: 1,
  seeds: messages => {
    const streams: StreamInput[] = []
    for (let at = 0; at < messages.length; at += 5) {
      streams.push({ limit: at % 10 === 0 ? 4096 : 65535, seed: at, bytes: joined(messages.slice(at, at + 5)) })
    }
    return streams
  },
  mutate: ({ limit, bytes }, random, pool) => {
    const parts = [bytes]
    for (let left = random.below(4); left > 0; left--)
      parts.splice(
        random.below(parts.length + 1),
        0,
        mutateMessage(pool.message(), random, () => pool.message()),
      )
    const whole = joined(parts)
    const kept = whole.length > 4000 && random.oneIn(2) ? whole.subarray(random.below(whole.length)) : whole
    const changed = random.oneIn(3) ? damage(kept, random) : kept.slice()
    return {
      limit: random.oneIn(8) ? (limit === 4096 ? 65535 : 4096) : limit,
      seed: random.next(),
      bytes: changed.slice(0, MAX_STREAM),
    }
  },
  run: runStream,
  limitMs: () => undefined,
  size: ({ bytes }) => bytes.length,
  *shrink({ limit, seed, bytes }) {
    for (const smaller of shorter(bytes)) yield { limit, seed, bytes: smaller }
  },
  toJson: ({ limit, seed, bytes }) => ({ limit, seed, hex: hexOf(bytes) }),
  fromJson: json => {
    const { limit, seed, hex } = json as { limit: 4096 | 65535; seed: number; hex: string }
    return { limit, seed, bytes: bytesOf(hex) }
  },
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
