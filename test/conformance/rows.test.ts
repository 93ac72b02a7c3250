import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DUE, findTests, ROWS_FILE, readRows, rowsOf } from './rows.ts'

const rows = new Map(readRows(readFileSync(ROWS_FILE, 'utf8')).map(row => [row.number, row]))
const due = DUE.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index))

describe('the table of conformance rows', () => {
  it('has a test for every row that is due', () => {
    expect(due.filter(number => (rows.get(number)?.tests ?? []).length === 0)).toEqual([])
  })

  it('names only tests that there are', () => {
    const found = findTests()
    const gone = [...rows.values()].flatMap(({ number, tests }) => {
      return tests.filter(name => found.get(number)?.includes(name) !== true).map(name => `row ${number}: ${name}`)
    })
    expect(gone, 'renamed? npx tsx test/conformance/write-rows.ts').toEqual([])
  })
})

describe('the rows a title names', () => {
  it.each<[string, number[]]>([
    [`row ${8}: after a bad header length`, [8]],
    [`does both (rows ${13}, ${14})`, [13, 14]],
    [`of RFC 6608 (rows ${55} to ${57})`, [55, 56, 57]],
    [`is refused (row ${10}, RFC 7607 2)`, [10]],
    ['tells a row from a brow 7', []],
  ])('%s', (title, numbers) => {
    expect(rowsOf(title)).toEqual(numbers)
  })
})
