/** Whatever the fuzzer once broke stays mended: every file of fixtures/fuzz/crashes is executed with all checks. */
import { expect, it } from 'vitest'
import { loadCrashes } from './crash.ts'
import { TARGETS } from './targets.ts'

const crashes = loadCrashes(new URL('../../fixtures/fuzz/crashes', import.meta.url).pathname)

it.each(crashes)('$file is no crash any more', ({ crash }) => {
  const target = TARGETS.find(({ name }) => name === crash.target)
  expect(target, `target ${crash.target}`).toBeDefined()
  target?.run(target.fromJson(crash.input), true)
})

it('crashes that were kept can be read', () => {
  for (const { crash } of crashes) {
    expect(crash.reason.length, crash.property).toBeGreaterThan(0)
  }
})
