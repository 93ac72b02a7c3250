/**
 * Files and standard input as chunks, decompressed on the way: gzip (RFC 1952) by node:zlib, bzip2 by unbzip2-stream, told
 * by their first octets and never by their names. What a file is after that is told by its first octets too.
 * Called by `index.ts`.
 */

import { createReadStream } from 'node:fs'
import { Readable, type Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import createBunzip2 from 'unbzip2-stream'

type Chunks = AsyncIterable<Uint8Array>

/** What a file holds. */
export type FileKind = 'mrt' | 'pcap' | 'hex'

/** The name that means standard input. */
export const STANDARD_INPUT = '-'

/** The chunks of a file, as they are. Errors are those of the file system. */
export function openFile(path: string): Chunks {
  return path === STANDARD_INPUT ? createReadStream('', { fd: 0, autoClose: false }) : createReadStream(path)
}

/** The same chunks, decompressed if they are compressed. A broken end of the compression is thrown after what was good. */
export async function* decompress(chunks: Chunks): AsyncGenerator<Uint8Array> {
  const { head, rest } = await peek(chunks, 3)
  const [a = 0, b = 0, c = 0] = head
  if (a === 0x1f && b === 0x8b) yield* gunzip(rest)
  else if (a === 0x42 && b === 0x5a && c === 0x68) yield* bunzip2(rest)
  else yield* rest
}

/** The first octets, fewer when there are no more, and the chunks with those octets still in them. */
export async function peek(chunks: Chunks, octets: number): Promise<{ head: Uint8Array; rest: Chunks }> {
  const iterator = chunks[Symbol.asyncIterator]()
  let head: Uint8Array = new Uint8Array(0)
  let failure: { readonly error: unknown } | undefined
  try {
    while (head.length < octets) {
      const next = await iterator.next()
      if (next.done === true) break
      head = head.length === 0 ? next.value : Buffer.concat([head, next.value])
    }
  } catch (error) {
    // What came before the fault is still good: it is thrown in its place.
    failure = { error }
  }
  async function* rest(): AsyncGenerator<Uint8Array> {
    try {
      if (head.length > 0) yield head
      if (failure !== undefined) throw failure.error
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
    } finally {
      await iterator.return?.()
    }
  }
  return { head, rest: rest() }
}

async function* gunzip(chunks: Chunks): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks)
  const gunzipped: Transform = createGunzip()
  source.once('error', error => gunzipped.destroy(error))
  yield* source.pipe(gunzipped)
}

/** Octets given to the bzip2 decoder at a time: it decodes all it can before it returns. */
const BZIP2_SLICE = 4096
/** A slice of honest data decodes to a few hundred KiB; beyond this it was made to fill memories. */
const MAX_BZIP2_BURST = 256 * 1024 * 1024

async function* bunzip2(chunks: Chunks): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = []
  let burst = 0
  let failure: Error | undefined
  const stream = createBunzip2()
    .on('data', chunk => {
      burst += chunk.length
      // Thrown into the decoder, which stops for good and reports it as its own error.
      if (burst > MAX_BZIP2_BURST) throw new Error('the bzip2 data decompresses to far more than it can hold')
      ready.push(chunk)
    })
    .on('error', error => {
      failure ??= error
    })
  function* taken(): Generator<Uint8Array> {
    yield* ready
    ready = []
    burst = 0
    if (failure !== undefined) throw failure
  }
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += BZIP2_SLICE) {
      stream.write(chunk.subarray(at, at + BZIP2_SLICE))
      yield* taken()
    }
  }
  stream.end()
  yield* taken()
}

/** First four octets of pcap (both byte orders, microseconds and nanoseconds) and pcapng. */
const PCAP_MAGIC = new Set([0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1, 0x0a0d0d0a])

/** What the first octets of a decompressed file say it is. Text of hex digits and spaces is hex; anything else is MRT. */
export function fileKind(head: Uint8Array): FileKind {
  const [a = 0, b = 0, c = 0, d = 0] = head
  if (PCAP_MAGIC.has(((a << 24) | (b << 16) | (c << 8) | d) >>> 0)) return 'pcap'
  const start = head.subarray(0, 64)
  const isText = start.length > 0 && start.every(octet => /[0-9a-fx\s:,]/i.test(String.fromCharCode(octet)))
  return isText ? 'hex' : 'mrt'
}
