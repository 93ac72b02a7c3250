/**
 * Interface patterns as BIRD has them: a list tried in order, the first that matches decides; a leading `-` excludes. `*` stands for any text,
 * `?` for one character. Called by learn.ts.
 */

/** Is an interface of this name admitted? No match: no. */
export function isAdmitted(name: string, patterns: readonly string[]): boolean {
  for (const pattern of patterns) {
    const isExcluding = pattern.startsWith('-')
    if (matches(name, isExcluding ? pattern.slice(1) : pattern)) return !isExcluding
  }
  return false
}

/** Shell-like match without classes, in time proportional to both lengths multiplied. */
function matches(name: string, pattern: string): boolean {
  let at = 0
  let star = -1
  let resume = 0
  let p = 0
  while (at < name.length) {
    if (p < pattern.length && pattern[p] !== '*' && (pattern[p] === '?' || pattern[p] === name[at])) {
      at++
      p++
    } else if (pattern[p] === '*') {
      star = p++
      resume = at
    } else if (star >= 0) {
      p = star + 1
      at = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
