/**
 * Writes a list document of any length with constant memory, one item a line, without holding the event loop: slices of a few milliseconds, then the other
 * work of the process, and a pause whenever the reader is slower than we are (design: no peer's silence is our fault). A reader may parse the whole as one
 * JSON document or line by line. When it goes away the iterator is returned and nothing more is built. Called by server.ts.
 */
import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SCHEMA_NAME } from './schema.ts'

const SLICE_MS = 4
const SLICE_CHARACTERS = 64 * 1024

export interface ListAnswer {
  readonly kind: string
  readonly items: Iterable<unknown>
  /** At most so many items; `truncated` in the document tells whether there were more. */
  readonly limit?: number
}

/** Resolves when all is handed to the socket or the reader has gone. An exception of the iterator before the first octet rejects with nothing written. */
export async function streamList(response: ServerResponse, answer: ListAnswer): Promise<void> {
  const writer = new ListWriter(answer)
  try {
    let text = writer.slice()
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
    while (text !== undefined && !response.destroyed) {
      if (!response.write(text)) await drained(response)
      else await nextTurn()
      text = response.destroyed ? undefined : writer.slice()
    }
    response.end()
  } finally {
    writer.close()
  }
}

/** Turns an iterator into pieces of text, each bounded in time and length. */
class ListWriter {
  readonly #iterator: Iterator<unknown>
  readonly #limit: number
  readonly #head: string
  #count = 0
  #stage: 'head' | 'items' | 'done' = 'head'

  constructor(answer: ListAnswer) {
    this.#iterator = answer.items[Symbol.iterator]()
    this.#limit = answer.limit ?? Number.POSITIVE_INFINITY
    this.#head = `{"schema":"${SCHEMA_NAME}","kind":"${answer.kind}","items":[`
  }

  /** The next piece, or undefined after the last. */
  slice(): string | undefined {
    if (this.#stage === 'done') return undefined
    let text = ''
    if (this.#stage === 'head') text = this.#head
    this.#stage = 'items'
    const until = performance.now() + SLICE_MS
    while (text.length < SLICE_CHARACTERS) {
      const next = this.#iterator.next()
      if (next.done === true || this.#count === this.#limit) return text + this.#tail(next.done !== true)
      text += (this.#count === 0 ? '\n' : ',\n') + JSON.stringify(next.value)
      this.#count++
      if (performance.now() >= until) break
    }
    return text
  }

  #tail(truncated: boolean): string {
    this.#stage = 'done'
    if (truncated) this.#iterator.return?.()
    return `\n],"count":${this.#count},"truncated":${truncated}}\n`
  }

  /** The reader has gone, or all is said. */
  close(): void {
    if (this.#stage === 'items') this.#iterator.return?.()
    this.#stage = 'done'
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const settle = () => {
      response.off('drain', settle)
      response.off('close', settle)
      resolve()
    }
    response.once('drain', settle)
    response.once('close', settle)
  })
}
