/**
 * The describe block of suites that need all the other speakers: says once which versions it met; where one is missing it skips with the
 * reason printed, and in CI fails.
 */
import { describe, it } from 'vitest'
import { loadLibc } from '../../../src/sys/libc.ts'
import { hasBuild } from '../lab-interop.ts'
import { daemonVersions } from './start.ts'

export const versions = await daemonVersions()

function whyNot(): string | undefined {
  const libc = loadLibc()
  if (!libc.isLoaded) return libc.reason
  if (process.getuid?.() !== 0) return 'not root'
  const missing = Object.entries(versions).flatMap(([program, version]) => (version === undefined ? [program] : []))
  if (missing.length > 0) return `not on this machine: ${missing.join(', ')} (Debian: bird2 frr gobgpd tcpdump)`
  return hasBuild ? undefined : 'godwit is not built (npm run build)'
}

export function describeDaemons(name: string, body: () => void): void {
  const why = whyNot()
  if (why === undefined) {
    const met = Object.entries(versions).map(([program, version]) => `${program} ${version}`)
    console.log(`${name}: met ${met.join(', ')}`)
    describe(name, body)
  } else if (process.env['CI']) {
    describe(name, () => it('can run here', () => Promise.reject(new Error(why))))
  } else {
    console.log(`${name} is skipped: ${why}`)
    describe.skip(name, body)
  }
}
