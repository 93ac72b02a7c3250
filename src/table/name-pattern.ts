/**
 * Names with `*` for any text and `?` for one character, as Calico's BGPFilter and BIRD have them for interfaces.
 * Called by src/policy/condition.ts for interfaces and peers, and by src/kernel/pattern.ts for interfaces that are learned from.
 */

/** Does the whole name fit? Time is proportional to both lengths multiplied at worst. */
export function fits(name: string, pattern: string): boolean {
  let at = 0
  let p = 0
  /** The last star, and how much of the name it stands for so far. */
  let star = -1
  let resume = 0
  while (at < name.length) {
    if (pattern[p] === '*') {
      star = p++
      resume = at
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[at])) {
      at++
      p++
    } else if (star >= 0) {
      p = star + 1
      at = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
