/** Whether this machine can run a lab of namespaces with the built godwit and a real BIRD, and the describe block for it. */
import { existsSync } from 'node:fs'
import { describe, it } from 'vitest'
import { birdVersion } from '../../src/lab/bird.ts'
import { loadLibc } from '../../src/sys/libc.ts'

const libc = loadLibc()
const bird = await birdVersion()

export const hasBuild = existsSync(new URL('../../dist/src/bin/godwit.js', import.meta.url))

function whyNot(): string | undefined {
  if (!libc.isLoaded) return libc.reason
  if (process.getuid?.() !== 0) return 'not root'
  if (bird === undefined) return 'no bird on this machine (Debian: bird2)'
  return hasBuild ? undefined : 'godwit is not built (npm run build)'
}

/** Says which BIRD it met. Skips with the reason printed; in CI nothing skips. */
export function describeLab(name: string, body: () => void): void {
  const why = whyNot()
  if (why === undefined) {
    console.log(`${name}: met ${bird}`)
    describe(name, body)
  } else if (process.env['CI']) {
    describe(name, () => it('can run here', () => Promise.reject(new Error(why))))
  } else {
    console.log(`${name} is skipped: ${why}`)
    describe.skip(name, body)
  }
}
