import { describe, expect, it } from 'vitest'
import { printable } from '../../../src/observe/printable.ts'

describe('printable text', () => {
  it.each([
    ['plain', 'plain'],
    ['Grüße, 世界 🐦', 'Grüße, 世界 🐦'],
    ['a\tb\r\nc', 'a\\u0009b\\u000d\\u000ac'],
    ['\u001b]0;title\u0007', '\\u001b]0;title\\u0007'],
    ['\u0085\u2028\u2029', '\\u0085\\u2028\\u2029'],
    ['\u202eevil', '\\u202eevil'],
    ['zero\u200bwidth\ufeff', 'zero\\u200bwidth\\ufeff'],
    ['half \ud83d pair', 'half \\ud83d pair'],
  ])('%j becomes %j', (text, expected) => {
    expect(printable(text)).toBe(expected)
  })

  it('is of bounded length', () => {
    expect(printable('x'.repeat(5000))).toHaveLength(513)
  })
})
