/**
 * The conformance rows and their tests. A test says which rows it is for in its title, as in "row 8: …" or "… (rows 13, 14)"; `rows.md` lists every row with
 * them. Read by `rows.test.ts`, which fails when a row that is due has no test or a test that is named does not exist, and written by `write-rows.ts`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Rows that must have a test. Whoever finishes more adds them here. */
export const DUE: readonly (readonly [first: number, last: number])[] = [
  [1, 89],
  [135, 155],
  [171, 176],
  [181, 181],
]

export interface Row {
  readonly number: number
  readonly given: string
  readonly must: string
  readonly reference: string
  /** `file: title` */
  readonly tests: readonly string[]
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const ROWS_FILE = fileURLToPath(new URL('rows.md', import.meta.url))

/** Where titles are looked for; not this folder's own test of the mechanism. */
const isTest = (name: string): boolean => name.endsWith('.test.ts') && name !== 'rows.test.ts'

/** A quoted text on one line that speaks of rows. */
const TITLE = /(['"`])((?:(?!\1)[^\\\n]|\\.)*\brows? \d(?:(?!\1)[^\\\n]|\\.)*)\1/g
const NUMBERS = /\brows? (\d+(?:(?:, | and | to |–)\d+)*)/g

/** Every title that names rows, by row. */
export function findTests(): ReadonlyMap<number, readonly string[]> {
  const byRow = new Map<number, string[]>()
  for (const file of readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).sort()) {
    if (!isTest(file.split('/').at(-1) ?? '')) continue
    const path = join(ROOT, 'test', file)
    for (const [, , title = ''] of readFileSync(path, 'utf8').matchAll(TITLE)) {
      const name = `${relative(ROOT, path)}: ${title}`
      for (const number of rowsOf(title)) byRow.set(number, [...(byRow.get(number) ?? []), name])
    }
  }
  return byRow
}

/** "rows 13, 14" and "rows 55 to 57" */
export function rowsOf(title: string): readonly number[] {
  return Array.from(title.matchAll(NUMBERS), ([, list = '']) => list).flatMap(list =>
    list.split(/, | and /).flatMap(part => {
      const [first = 0, last = first] = part.split(/ to |–/).map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    }),
  )
}

const escapeBars = (text: string): string => text.replaceAll('|', '\\|')
const CELL = /(?<!\\)\|/

/** The rows of `rows.md`. */
export function readRows(text: string): readonly Row[] {
  return text.split('\n').flatMap(line => {
    if (!/^\| \d+ \|/.test(line)) return []
    const [number = '', given = '', must = '', reference = '', tests = ''] = line
      .split(CELL)
      .slice(1)
      .map(cell => cell.trim())
    const names = tests === '' ? [] : tests.replaceAll('\\|', '|').split('<br>')
    return [{ number: Number(number), given, must, reference, tests: names }]
  })
}

/** The same text, with the tests there are now. */
export function writeRows(text: string): string {
  const found = findTests()
  const rows = readRows(text).map(({ number, given, must, reference }) => {
    const tests = (found.get(number) ?? []).map(escapeBars).join('<br>')
    return `| ${number} | ${given} | ${must} | ${reference} | ${tests} |`
  })
  const head = text.slice(0, text.search(/^\| \d+ \|/m))
  return `${head}${rows.join('\n')}\n`
}
