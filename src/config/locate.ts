/**
 * A YAML document with the places of its values: `['peers', 0, 'asn']` to line and column, both from 1.
 *
 * Also evens out what YAML would lose: the number written at `asn` is kept as text, because asdot 1.10 is not the number 1.1.
 * Called by load.ts.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml'
import type { PathSegment } from './problem.ts'

export interface Place {
  readonly line: number
  readonly column: number
}

/** Trouble with the YAML itself. */
export interface SyntaxTrouble extends Place {
  readonly message: string
  readonly hint: string
}

export class LocatedDocument {
  readonly syntax: readonly SyntaxTrouble[]
  readonly #document: Document.Parsed
  readonly #lines = new LineCounter()

  constructor(text: string) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, logLevel: 'error' })
    const { errors, warnings } = this.#document
    const syntax = [...errors, ...warnings].map(({ code, message, pos }) => ({
      ...this.#placeAt(pos[0]),
      message: `this is not good YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`.replace(
        /; please.*$/,
        '',
      ),
      hint: SYNTAX_HINTS.get(code) ?? 'see the line and the one before it',
    }))
    this.syntax = syntax.length > 0 ? syntax : this.#evenOut()
  }

  get isEmpty(): boolean {
    const { contents } = this.#document
    return contents === null || (isScalar(contents) && contents.value === null)
  }

  /** The document as plain values. Only to be called when `syntax` is empty. */
  toObject(): unknown {
    return this.#document.toJS()
  }

  /** Where the value at the path is (`onKey`: its key), or the nearest thing around it that exists. */
  place(path: readonly PathSegment[], onKey = false): Place {
    let node: unknown = this.#document.contents
    let offset = startOf(node) ?? 0
    for (const [depth, segment] of path.entries()) {
      const whole = this.#resolve(node)
      const pair = isMap(whole) ? whole.items.find(item => keyText(item) === String(segment)) : undefined
      const next: unknown = isSeq(whole) ? whole.items[Number(segment)] : pair?.value
      const isLast = depth === path.length - 1
      if (pair !== undefined && isLast && onKey) return this.#placeAt(startOf(pair.key) ?? offset)
      const start = startOf(next) ?? startOf(pair?.key)
      if (start === undefined) break
      offset = start
      node = next
    }
    return this.#placeAt(offset)
  }

  #placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node
  }

  /** AS numbers to their source text; and what YAML allows but a configuration has no use for. */
  #evenOut(): SyntaxTrouble[] {
    const troubles: SyntaxTrouble[] = []
    const report = (node: unknown, message: string, hint: string): void => {
      troubles.push({ ...this.#placeAt(startOf(node) ?? 0), message, hint })
    }
    const { yaml } = this.#document.directives
    if (yaml.version !== '1.2')
      report(undefined, `this asks for YAML ${yaml.version}`, 'take the %YAML line out; 1.2 is meant')
    visit(this.#document, {
      Pair: (_, { key, value }) => {
        if (!isScalar(key)) report(key, 'a key is a list or map here', 'put the text in quotes')
        else if (key.value === 'asn' && isScalar(value) && typeof value.value === 'number')
          value.value = value.source ?? value.value
      },
      Alias: (_, alias) => {
        if (alias.resolve(this.#document) === undefined) {
          report(alias, `*${alias.source} refers to no anchor before it`, 'put text that begins with * in quotes')
        }
      },
    })
    return troubles
  }
}

const SYNTAX_HINTS: ReadonlyMap<string, string> = new Map([
  ['TAB_AS_INDENT', 'indent with spaces'],
  ['DUPLICATE_KEY', 'keep one of the two'],
  ['BAD_ALIAS', "put text that begins with * in quotes, such as '*'"],
  ['MULTIPLE_DOCS', 'keep one document: take out what follows the line ---'],
  ['BLOCK_AS_IMPLICIT_KEY', 'put text with a colon and a space in quotes'],
  ['MISSING_CHAR', 'close what is open; put text with { } [ ] or , in quotes'],
  ['BAD_INDENT', 'indent it like its neighbours, or close the bracket before it'],
  ['TAG_RESOLVE_FAILED', 'take the tag out'],
])

function startOf(node: unknown): number | undefined {
  return isNodeWithRange(node) ? node.range[0] : undefined
}

function isNodeWithRange(node: unknown): node is Node & { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
}

function keyText({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key)
}
