/**
 * What is going to happen: a binary heap ordered by time, then by the order of planning, so that two events of the same
 * instant always happen in the same order. Nothing is ever taken out early; who changes his mind ignores the call.
 * Called by `clock.ts`.
 */

/** One thing to come. */
export interface Happening {
  /** Virtual milliseconds. */
  readonly at: number
  readonly sequence: number
  readonly run: () => void
}

export class EventQueue {
  readonly #heap: Happening[] = []
  #sequence = 0

  get size(): number {
    return this.#heap.length
  }

  /** When the next event is due; infinity when there is none. */
  get nextAt(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  add(at: number, run: () => void): void {
    const heap = this.#heap
    const happening = { at, sequence: this.#sequence++, run }
    let place = heap.length
    while (place > 0) {
      const parentPlace = (place - 1) >> 1
      const parent = heap[parentPlace]!
      if (!isBefore(happening, parent)) break
      heap[place] = parent
      place = parentPlace
    }
    heap[place] = happening
  }

  /** Takes out the next event. */
  take(): Happening | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || first === undefined || last === first) return first
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[place] = heap[child]!
      place = child
    }
    heap[place] = last
    return first
  }
}

const isBefore = (a: Happening, b: Happening): boolean => a.at < b.at || (a.at === b.at && a.sequence < b.sequence)
