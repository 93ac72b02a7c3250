/**
 * The way down: packs writes into batches and keeps few of them on their way, so that a slow kernel only ever gets the newest wish. Called by sync.ts.
 */
import type { KernelPort } from './port.ts'
import type { PrefixStates } from './prefix-state.ts'
import { BATCH_RECORDS, RouteRecords } from './record.ts'

/** Batches on their way at once: one being committed, the others hiding the hand-over. */
const MAX_BATCHES = 4

export interface OutboxOptions {
  readonly protocol: number
  readonly table: number
}

export class Outbox {
  readonly #port: Pick<KernelPort, 'submit'>
  readonly #options: OutboxOptions
  #batch = new RouteRecords(BATCH_RECORDS)
  /** Batches that came back, to be filled again: a million routes are a thousand of them. */
  readonly #empty: RouteRecords[] = []
  #away = 0

  constructor(port: Pick<KernelPort, 'submit'>, options: OutboxOptions) {
    this.#port = port
    this.#options = options
  }

  get hasRoom(): boolean {
    const full = this.#batch.count >= BATCH_RECORDS ? 1 : 0
    return this.#away + full < MAX_BATCHES
  }

  get isEmpty(): boolean {
    return this.#away === 0 && this.#batch.count === 0
  }

  /** A write of the prefix, without metric and target yet; a full batch leaves before it. The record is the cursor's until the next call. */
  append(op: number, states: PrefixStates, id: number): RouteRecords {
    if (this.#batch.count >= BATCH_RECORDS) this.flush()
    const { family, table } = states
    const record = this.#batch.append(op)
    record.family = family
    for (let k = 0; k < family.words; k++) record.setWord(k, table.word(id, k))
    record.length = table.lengthOf(id)
    record.protocol = this.#options.protocol
    record.table = this.#options.table
    record.token = id * 2 + family.index
    return record
  }

  flush(): void {
    if (this.#batch.count === 0) return
    const batch = this.#batch
    this.#batch = this.#empty.pop()?.clear() ?? new RouteRecords(BATCH_RECORDS)
    this.submit(batch)
  }

  /** Sends a batch made elsewhere. */
  submit(batch: RouteRecords): void {
    this.#away += 1
    this.#port.submit(batch)
  }

  /** A batch came back with its outcomes, which have been read. */
  returned(batch: RouteRecords): void {
    this.#away -= 1
    if (this.#empty.length < MAX_BATCHES) this.#empty.push(batch)
  }

  /** What is on its way will not come back. */
  lost(): void {
    this.#away = 0
    this.#batch.clear()
  }
}
