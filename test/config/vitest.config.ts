import { defineConfig } from 'vitest/config'

/** The unit and property suites: pure, in memory, no root. The interop suites have a configuration of their own. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**', 'node_modules/**', 'dist/**'],
    isolate: false,
    testTimeout: 20_000,
  },
})
