/** Configurations of fixtures/configs: what is said about the bad ones, to the letter; nothing about the good ones. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/load.ts'
import { formatProblem, PROBLEM_CODES } from '../../../src/config/problem.ts'
import type { ConfigResult } from '../../../src/config/types.ts'

const configs = (folder: string): URL => new URL(`../../../fixtures/configs/${folder}/`, import.meta.url)
const names = (folder: string): string[] =>
  readdirSync(configs(folder))
    .filter(name => !name.endsWith('.expected'))
    .sort()

function check(folder: string, name: string): ConfigResult {
  return parseConfig(readFileSync(new URL(name, configs(folder)), 'utf8'), `${folder}/${name}`)
}

function said(result: ConfigResult): string {
  const problems = result.ok ? result.warnings : [...result.problems, ...result.warnings]
  return `${problems.map(formatProblem).join('\n')}\n`
}

function expected(folder: string, name: string): string {
  const file = new URL(name.replace(/\.\w+$/, '.expected'), configs(folder))
  return existsSync(file) ? readFileSync(file, 'utf8') : `${file.pathname} is missing`
}

describe('a bad configuration is refused with exactly the expected words', () => {
  it.each(names('bad'))('%s', name => {
    const result = check('bad', name)
    expect(result.ok).toBe(false)
    expect(said(result)).toBe(expected('bad', name))
  })

  it('and between them they show every code that the text of a file can cause', () => {
    const shown = [
      ...names('bad').map(name => expected('bad', name)),
      ...names('warned').map(name => expected('warned', name)),
    ].join('')
    expect(PROBLEM_CODES.filter(code => !shown.includes(`[${code}]\n`))).toEqual(['unreadable'])
  })
})

describe('a doubtful configuration is taken with exactly the expected warnings', () => {
  it.each(names('warned'))('%s', name => {
    const result = check('warned', name)
    expect(result.ok).toBe(true)
    expect(said(result)).toBe(expected('warned', name))
  })
})

describe('a good configuration is taken without a word', () => {
  it.each(names('good'))('%s', name => {
    const result = check('good', name)
    expect(said(result)).toBe('\n')
    expect(result.ok).toBe(true)
  })
})
