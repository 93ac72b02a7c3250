/**
 * Interface patterns as BIRD has them: a list tried in order, the first that matches decides; a leading `-` excludes. `*` stands for any text,
 * `?` for one character. Called by learn.ts.
 */
import { fits } from '../table/name-pattern.ts'

/** Is an interface of this name admitted? No match: no. */
export function isAdmitted(name: string, patterns: readonly string[]): boolean {
  for (const pattern of patterns) {
    const isExcluding = pattern.startsWith('-')
    if (fits(name, isExcluding ? pattern.slice(1) : pattern)) return !isExcluding
  }
  return false
}
