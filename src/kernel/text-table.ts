/**
 * Texts as small numbers: the kernel's reasons, of which there are some hundred, beside a million routes. Called by sync.ts and row.ts.
 */

/** More distinct texts than any kernel has: what comes then is told without words. */
const LIMIT = 4096

export class TextTable {
  readonly #texts: string[] = ['']
  readonly #ids = new Map<string, number>([['', 0]])

  /** The number of a text; 0 is the empty one. */
  intern(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    if (this.#texts.length >= LIMIT) return 0
    this.#ids.set(text, this.#texts.length)
    return this.#texts.push(text) - 1
  }

  has(text: string): boolean {
    return this.#ids.has(text)
  }

  get(id: number): string {
    return this.#texts[id] ?? ''
  }
}
