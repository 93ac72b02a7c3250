/**
 * Crashes as files: `fixtures/fuzz/crashes/NAME.json`, one failing input each with the target that broke and the reason.
 * They stay when the bug is fixed; `crashes.test.ts` replays them all.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digest } from './check.ts'
import type { Crash } from './engine.ts'

/** Name of the file without folder, for a crash. */
export function crashName({ target, property, input }: Crash): string {
  const words = property
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return `${target}-${words}-${(digest(input) >>> 0).toString(16).padStart(8, '0')}.json`
}

/** Writes a crash and returns its path. */
export function saveCrash(folder: string, crash: Crash): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, crashName(crash))
  writeFileSync(path, `${JSON.stringify(crash, undefined, 2)}\n`)
  return path
}

/** Every crash ever kept, by file name. */
export function loadCrashes(folder: string): { readonly file: string; readonly crash: Crash }[] {
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter(file => file.endsWith('.json'))
  return files.sort().map(file => ({ file, crash: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Crash }))
}
