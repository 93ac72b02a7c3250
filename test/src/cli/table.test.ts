import { describe, expect, it } from 'vitest'
import { type Column, formatDetails, formatTable, Table } from '../../../src/cli/table.ts'
import { formatDuration } from '../../../src/cli/text.ts'

interface Bird {
  readonly name: string
  readonly km: number | null
}

const COLUMNS: readonly Column<Bird>[] = [
  { head: 'NAME', text: bird => bird.name, paint: () => text => `<${text}>` },
  { head: 'KM', text: bird => (bird.km === null ? '' : String(bird.km)) },
  { head: 'NOTE', text: bird => `flies ${bird.km === null ? 'some' : 'far'}` },
]

const BIRDS: readonly Bird[] = [
  { name: 'bar-tailed godwit', km: 13560 },
  { name: 'wren', km: null },
]

describe('a table', () => {
  it('has upper-case heads, left-aligned columns two spaces apart, dashes for nothing, and no trailing spaces', () => {
    expect(formatTable(COLUMNS, BIRDS)).toBe(
      [
        'NAME               KM     NOTE',
        'bar-tailed godwit  13560  flies far',
        'wren               -      flies some',
        '',
      ].join('\n'),
    )
  })

  it('is its heads alone when there are no rows', () => {
    expect(formatTable(COLUMNS, [])).toBe('NAME  KM  NOTE\n')
  })

  it('is cut to the terminal, with a sign where text is missing', () => {
    const text = formatTable(COLUMNS, BIRDS, { columns: 32 })
    expect(text).toBe(
      [
        'NAME               KM     NOTE',
        'bar-tailed godwit  13560  flies…',
        'wren               -      flies…',
        '',
      ].join('\n'),
    )
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(32)
  })

  it.each([1, 2, 3, 17, 18, 19, 20, 21, 30])('never exceeds %i columns', columns => {
    for (const line of formatTable(COLUMNS, BIRDS, { columns }).split('\n'))
      expect(line.length).toBeLessThanOrEqual(columns)
  })

  it('is coloured only when asked, and colours do not shift the columns', () => {
    const [, first] = formatTable(COLUMNS, BIRDS, { hasColour: true }).split('\n')
    expect(first).toBe('<bar-tailed godwit>  13560  flies far')
    expect(formatTable(COLUMNS, BIRDS)).not.toContain('<')
  })

  it('keeps the widths of the rows it has measured', () => {
    const table = new Table(COLUMNS)
    table.measure(BIRDS.slice(1))
    expect(table.line({ name: 'wandering albatross', km: 1 })).toBe('wandering albatross  1   flies far\n')
  })

  it('shows control characters instead of obeying them', () => {
    expect(formatTable(COLUMNS, [{ name: 'x\u001b[2J\n', km: 1 }])).toContain('x\\u001b[2J\\u000a')
  })
})

describe('details', () => {
  it('align the values, continue lists, and print a dash for nothing', () => {
    const text = formatDetails([
      ['Name', 'tor-a'],
      ['Routes', ['1 received', '2 told']],
      ['Groups', []],
      ['Last error', ''],
    ])
    expect(text).toBe(
      [
        'Name:        tor-a',
        'Routes:      1 received',
        '             2 told',
        'Groups:      -',
        'Last error:  -',
        '',
      ].join('\n'),
    )
  })
})

describe('a duration', () => {
  it.each([
    [0, '0s'],
    [59.9, '59s'],
    [60, '1m0s'],
    [192, '3m12s'],
    [3600, '1h0m'],
    [18_200, '5h3m'],
    [86_400, '1d0h'],
    [1_053_000, '12d4h'],
    [-1, '0s'],
  ])('of %d seconds reads %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
  })
})
