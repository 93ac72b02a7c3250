/** The version in package.json, found from wherever this file was built to. Called by src/bin/godwit.ts. */
import { readFileSync } from 'node:fs'

const MAX_DEPTH = 5

/** `0.0.0` when there is no package.json of ours above. */
export function readVersion(): string {
  let directory = new URL('.', import.meta.url)
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const version = versionIn(new URL('package.json', directory))
    if (version !== undefined) return version
    directory = new URL('..', directory)
  }
  return '0.0.0'
}

function versionIn(file: URL): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
    const isOurs = typeof manifest === 'object' && manifest !== null && 'name' in manifest && manifest.name === 'godwit'
    return isOurs && 'version' in manifest && typeof manifest.version === 'string' ? manifest.version : undefined
  } catch {
    return undefined
  }
}
