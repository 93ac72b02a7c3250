/**
 * Which code ran, from V8's own precise block coverage (node:inspector in this process). V8 reports nested ranges with
 * counts since the last question and merges equal neighbours, so ranges themselves are not stable names; here every
 * character of a script has a bit, and blocks are counted as the stretches between all range borders ever seen.
 * One question costs some milliseconds, so it is asked once per batch of inputs.
 */
import { type Profiler, Session } from 'node:inspector'

interface Script {
  /** By character: did it run; and is it in a function that was ever called. */
  readonly covered: Uint8Array
  readonly reached: Uint8Array
  readonly borders: Set<number>
}

export interface Blocks {
  readonly covered: number
  readonly known: number
}

function blocksOf({ covered, reached, borders }: Script): Blocks {
  const sorted = [...borders].sort((a, b) => a - b)
  const blocks = { covered: 0, known: 0 }
  for (const at of sorted.slice(0, -1)) {
    if (reached[at] !== 1) continue
    blocks.known++
    if (covered[at] === 1) blocks.covered++
  }
  return blocks
}

/** An answer of V8. */
export type Ran = readonly Profiler.ScriptCoverage[]

export class Coverage {
  /** Milliseconds spent asking. */
  spentMs = 0
  questions = 0
  readonly #session = new Session()
  readonly #scripts = new Map<string, Script>()
  readonly #isOurs: (url: string) => boolean

  /** `isOurs` says of which scripts, by URL, coverage counts. */
  constructor(isOurs: (url: string) => boolean) {
    this.#isOurs = isOurs
  }

  start(): void {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  stop(): void {
    this.#session.post('Profiler.stopPreciseCoverage')
    this.#session.post('Profiler.disable')
    this.#session.disconnect()
  }

  /** Adds what ran since the last question; true when some of it never had. */
  collect(): boolean {
    const started = performance.now()
    const isNew = this.learn(this.#take())
    this.spentMs += performance.now() - started
    this.questions++
    return isNew
  }

  /** What ran since the last question, if some of it never had; it stays unknown until `learn`. */
  probe(): Ran | undefined {
    const started = performance.now()
    const ran = this.#take()
    const isNew = ran.some(script => this.#paint(script).isNew)
    this.spentMs += performance.now() - started
    this.questions++
    return isNew ? ran : undefined
  }

  /** From now on this is known; true when some of it was not. */
  learn(ran: Ran): boolean {
    let isNew = false
    for (const script of ran) if (this.#merge(script)) isNew = true
    return isNew
  }

  /** Stretches between borders that ran, and all there are in functions that were ever called. */
  blocks(): Blocks {
    let covered = 0
    let known = 0
    for (const script of this.#scripts.values()) {
      const blocks = blocksOf(script)
      covered += blocks.covered
      known += blocks.known
    }
    return { covered, known }
  }

  /** The same by script. */
  byScript(): (Blocks & { readonly url: string })[] {
    return [...this.#scripts].map(([url, script]) => ({ url, ...blocksOf(script) }))
  }

  #take(): Profiler.ScriptCoverage[] {
    let result: Profiler.ScriptCoverage[] = []
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error === null) result = answer.result
    })
    return result.filter(({ url }) => this.#isOurs(url))
  }

  #merge(script: Profiler.ScriptCoverage): boolean {
    const { painted, isNew, entry } = this.#paint(script)
    for (const { ranges } of script.functions) {
      const [whole] = ranges
      if (whole === undefined || ranges.every(({ count }) => count === 0)) continue
      entry.reached.fill(1, whole.startOffset, whole.endOffset)
      for (const { startOffset, endOffset } of ranges) {
        entry.borders.add(startOffset)
        entry.borders.add(endOffset)
      }
    }
    if (isNew) for (let i = 0; i < painted.length; i++) if (painted[i] === 1) entry.covered[i] = 1
    return isNew
  }

  /** V8 gives outer ranges before inner ones, so painting in order leaves the innermost count on each character. */
  #paint({ url, functions }: Profiler.ScriptCoverage): { painted: Uint8Array; isNew: boolean; entry: Script } {
    let length = 0
    for (const { ranges } of functions) for (const { endOffset } of ranges) length = Math.max(length, endOffset)
    let entry = this.#scripts.get(url)
    if (entry === undefined || entry.covered.length < length) {
      const covered = new Uint8Array(length)
      const reached = new Uint8Array(length)
      covered.set(entry?.covered ?? [])
      reached.set(entry?.reached ?? [])
      entry = { covered, reached, borders: entry?.borders ?? new Set() }
      this.#scripts.set(url, entry)
    }
    const painted = new Uint8Array(length)
    for (const { ranges } of functions) {
      for (const { startOffset, endOffset, count } of ranges) painted.fill(count > 0 ? 1 : 0, startOffset, endOffset)
    }
    let isNew = false
    for (let i = 0; i < length && !isNew; i++) isNew = painted[i] === 1 && entry.covered[i] !== 1
    return { painted, isNew, entry }
  }
}
