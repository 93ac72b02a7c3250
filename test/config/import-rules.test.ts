import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'

const checker = join(import.meta.dirname, 'check-imports.mjs')
const trees: string[] = []

/** Runs the checker over a small tree of its own; `fewest` modules are demanded of it. */
function check(files: Record<string, string>, fewest = 1) {
  const tree = mkdtempSync(join(tmpdir(), 'godwit-imports-'))
  trees.push(tree)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(tree, dirname(path)), { recursive: true })
    writeFileSync(join(tree, path), text)
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [checker, tree, String(fewest)], { encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

afterAll(() => {
  for (const tree of trees) rmSync(tree, { recursive: true })
})

it.each([
  [
    'wire/ imports node:net',
    { 'wire/framer.ts': "import net from 'node:net'\nexport const a = net\n" },
    'wire-knows-only-itself',
  ],
  [
    'src/rib imports src/net',
    {
      'src/rib/rib.ts': "import { b } from '../net/dialer.ts'\nexport const a = b\n",
      'src/net/dialer.ts': 'export const b = 1\n',
    },
    'src.rib-knows-only',
  ],
  [
    'src/rib takes more than types of src/policy',
    {
      'src/rib/rib.ts': "import { b } from '../policy/policy.ts'\nexport const a = b\n",
      'src/policy/policy.ts': 'export const b = 1\n',
    },
    'rib-takes-only-types-of-policy',
  ],
  [
    'anybody but src/sys imports koffi',
    { 'src/net/a.ts': "import koffi from 'koffi'\nexport const a = koffi\n" },
    'koffi-only-in-sys',
  ],
  [
    'two files import each other',
    {
      'wire/a.ts': "import { b } from './b.ts'\nexport const a = () => b\n",
      'wire/b.ts': "import { a } from './a.ts'\nexport const b = () => a\n",
    },
    'no-cycles',
  ],
])('the import rules fail when %s', (_what, files, rule) => {
  const { status, output } = check(files)
  expect(output).toContain(rule)
  expect(status).toBe(1)
})

it('the import rules fail when fewer modules were read than the tree must have', () => {
  const { status, output } = check({ 'wire/a.ts': 'export const a = 1\n' }, 2)
  expect(output).toContain('nothing-read')
  expect(status).toBe(1)
})

it('the import rules accept a tree that keeps them', () => {
  const { status, output } = check({
    'wire/a.ts': 'export const a = 1\n',
    'fsm/b.ts': "import { a } from '../wire/a.ts'\nexport const b = a\n",
  })
  expect(output).toContain('2 modules read, 0 violations')
  expect(status).toBe(0)
})
