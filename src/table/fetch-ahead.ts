/**
 * Memory for later, fetched little by little: the arrays that a growing table goes over to next are made in good time and each of their pages is written
 * once, a page a call.
 *
 * The system hands out memory when it is first written, page by page, and takes its time: some microseconds each, in a virtual machine ten and more. An
 * array of 16 MB that is filled or copied into at once costs 4,096 of them, up to 60 ms in one turn of the loop. Touched before, the same copy takes 2 ms.
 * Called by prefix-table.ts and by src/kernel/prefix-state.ts.
 */

/** Where pages are larger, some touches are needless. */
const PAGE_OCTETS = 4096

/** Arrays below this are fetched in one go: not worth the trouble. */
export const WORTH_TOUCHING_OCTETS = 1 << 20

export type Column =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>

export class FetchAhead<T extends Readonly<Record<string, Column>>> {
  readonly columns: T
  readonly #all: readonly Column[]
  readonly #share: number
  #column = 0
  #at = 0

  /** `share`: how much of each array, from its start, will be written at once. The arrays are zero and stay so. */
  constructor(columns: T, share: number) {
    this.columns = columns
    this.#all = Object.values(columns)
    this.#share = share
  }

  /** Touches the next page, if one is left. */
  touch(): void {
    const column = this.#all[this.#column]
    if (column === undefined) return
    column[this.#at] = 0
    this.#at += PAGE_OCTETS / column.BYTES_PER_ELEMENT
    if (this.#at < column.length * this.#share) return
    this.#at = 0
    this.#column += 1
  }
}
