/**
 * Found by fuzzing: the view name of a PEER_INDEX_TABLE was shown as it came, so that a file could send escape sequences to
 * the terminal of whoever looked at it with `godwit decode`.
 */
import { expect, it } from 'vitest'
import { DEFAULT_OPTIONS } from '../../src/decode/index.ts'
import { MrtReport } from '../../src/decode/mrt-file.ts'
import { Report } from '../../src/decode/report.ts'
import { hex, int } from '../support/wire-bytes.ts'

it.each([
  ['an escape sequence', '1b5b324a', '\\u{1b}[2J'],
  ['a line end', '610a62', 'a\\u{a}b'],
  ['octets that are no UTF-8', 'ff61', '\\xffa'],
])('the view name of an MRT file shows %s in words', (_what, name, shown) => {
  const body = `0a000001 ${int(name.length / 2, 2)} ${name} 0000`
  const record = hex(`00000000 000d 0001 ${int(hex(body).length, 4)} ${body}`)
  const report = new Report('text')
  const reader = new MrtReport('file', DEFAULT_OPTIONS, report)
  reader.push(record)
  reader.end()
  expect(report.take()).toContain(`view "${shown}"`)
})
