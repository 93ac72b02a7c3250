/**
 * The fingerprint of a run: every event that matters goes through two 32-bit hashes. The same seed gives the same
 * fingerprint, or the core has looked at something it must not see (a clock, chance, an order of insertion).
 * With a writer, every event is also told as a line, for `npm run sim -- --seed N --trace`.
 * Called by speakers, links and faults.
 */

export class Trace {
  readonly #write: ((line: string) => void) | undefined
  readonly #now: () => number
  readonly #float = new Float64Array(1)
  readonly #words = new Uint32Array(this.#float.buffer)
  #a = 0x811c9dc5
  #b = 0x9747b28c

  constructor(now: () => number, write?: (line: string) => void) {
    this.#now = now
    this.#write = write
  }

  /** An event of one machine: what, and numbers about it. */
  note(who: number, what: string, ...facts: readonly number[]): void {
    this.#time(this.#now())
    this.#word(who)
    for (let i = 0; i < what.length; i++) this.#word(what.charCodeAt(i))
    for (const fact of facts) this.#word(fact)
    this.#write?.(`${this.#now().toFixed(3)} ${who} ${what} ${facts.join(' ')}`)
  }

  /** Octets that arrived. */
  octets(who: number, connection: number, bytes: Uint8Array): void {
    this.#time(this.#now())
    this.#word(who)
    this.#word(connection)
    this.#word(bytes.length)
    for (let i = 0; i < bytes.length; i++) this.#word(bytes[i]!)
    this.#write?.(`${this.#now().toFixed(3)} ${who} octets ${connection} ${bytes.length} type ${bytes[18] ?? -1}`)
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return [this.#a, this.#b].map(word => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }

  #time(now: number): void {
    this.#float[0] = now
    this.#word(this.#words[0]!)
    this.#word(this.#words[1]!)
  }

  #word(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0x01000193)
    this.#b = Math.imul((this.#b << 13) ^ (this.#b >>> 19) ^ word, 0x85ebca6b)
  }
}
