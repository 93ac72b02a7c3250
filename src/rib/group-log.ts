/**
 * Encoded messages, shared: written once for a whole update group, read by every member at its own pace.
 *
 * A log is a singly linked list of chunks. A reader holds only its next chunk, so whatever the slowest one has read is
 * garbage by itself; nobody counts or trims. A chunk says which stretches of it concern whom, as segments [end, who]:
 * who = 0 everyone, > 0 everyone but that source, < 0 that source only. A source never hears its own routes back.
 * `ChunkWriter` fills slabs of memory and cuts chunks off them; a log and a catch-up slice both are its sinks.
 * Called by update-writer.ts (writing) and reader.ts (reading). No RFC.
 */

const NOTHING = new Uint8Array(0)

/** Octets of a slab for messages of up to 4096 octets; four messages of the longer kind. */
const SLAB_OCTETS = 65536

export class Chunk {
  bytes: Uint8Array = NOTHING
  segments: readonly number[] = []
  next: Chunk | undefined = undefined
  /** Octets of the log up to the end of this chunk. */
  end = 0
  /** The flush it belongs to. */
  flush = 0
}

export interface ChunkSink {
  /** One finished chunk. Its bytes are never changed again. */
  take(bytes: Uint8Array, segments: readonly number[]): void
}

export class ChunkWriter {
  /** Write at `buffer[offset]` after `room`, then move `offset` with `end`. */
  buffer: Uint8Array = NOTHING
  offset = 0
  messages = 0
  #segments: number[] = []
  readonly #slab: number
  readonly #sink: ChunkSink

  constructor(maxLength: number, sink: ChunkSink) {
    this.#slab = Math.max(SLAB_OCTETS, 4 * maxLength)
    this.#sink = sink
  }

  /** Makes sure that `octets` can be written at `offset`. May change `buffer` and `offset`. */
  room(octets: number): void {
    if (this.offset + octets <= this.buffer.length) return
    this.seal()
    if (octets <= this.buffer.length) return
    this.buffer = new Uint8Array(Math.max(this.#slab, octets))
  }

  /** A message for `who` ends at `offset`. */
  end(offset: number, who: number): void {
    this.offset = offset
    this.messages++
    const segments = this.#segments
    const count = segments.length
    if (count > 0 && segments[count - 1] === who) segments[count - 2] = offset
    else segments.push(offset, who)
  }

  /** Cuts off what was written as a chunk, if anything was. */
  seal(): void {
    if (this.offset === 0) return
    this.#sink.take(this.buffer.subarray(0, this.offset), this.#segments)
    this.buffer = this.buffer.subarray(this.offset)
    this.offset = 0
    this.#segments = []
  }
}

export class GroupLog implements ChunkSink {
  /** An empty chunk, to be filled next. Readers that are up to date stand here. */
  tail = new Chunk()
  /** Octets ever written. */
  octets = 0
  /** The flush whose messages are being written. */
  flush = 0
  readonly writer: ChunkWriter
  readonly maxLength: number

  constructor(maxLength: number) {
    this.maxLength = maxLength
    this.writer = new ChunkWriter(maxLength, this)
  }

  take(bytes: Uint8Array, segments: readonly number[]): void {
    const chunk = this.tail
    this.octets += bytes.length
    chunk.bytes = bytes
    chunk.segments = segments
    chunk.end = this.octets
    chunk.flush = this.flush
    this.tail = new Chunk()
    chunk.next = this.tail
  }
}

/** Gives `write` the stretches that concern `id`: the chunk's own bytes when all of them do. False: none did. */
export function readChunk(
  bytes: Uint8Array,
  segments: readonly number[],
  id: number,
  write: (bytes: Uint8Array) => void,
): boolean {
  let from = 0
  let to = 0
  let hasWritten = false
  for (let i = 0; i < segments.length; i += 2) {
    const end = segments[i]!
    const who = segments[i + 1]!
    if (who === id || (who < 0 && who !== -id)) {
      if (to > from) {
        write(bytes.subarray(from, to))
        hasWritten = true
      }
      from = end
    }
    to = end
  }
  if (to === from) return hasWritten
  write(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to))
  return true
}
