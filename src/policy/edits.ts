/**
 * Edits as small numbers: 0 changes nothing, every other distinct combination has one index that never changes.
 *
 * `next` terms add their edits to those of the terms before. Which combinations happen depends on the routes, so they are
 * built when first met and remembered per (edits so far, term). Two ways to the same result get the same index, so that
 * the RIB builds, interns and advertises one attribute set for both.
 */
import type { Edits } from './policy.ts'

const NO_EDITS: Edits = {}

/** `first`, then `second`. Within one Edits removal comes before addition; the result has no value in both lists. */
function combineEdits(first: Edits, second: Edits): Edits {
  const removed = new Set([...(first.removeCommunities ?? []), ...(second.removeCommunities ?? [])])
  const added = new Set(first.addCommunities ?? [])
  for (const value of second.removeCommunities ?? []) added.delete(value)
  for (const value of second.addCommunities ?? []) added.add(value)
  for (const value of added) removed.delete(value)
  const localPref = second.localPref ?? first.localPref
  const med = second.med ?? first.med
  return {
    ...(localPref === undefined ? {} : { localPref }),
    ...(med === undefined ? {} : { med }),
    ...(added.size === 0 ? {} : { addCommunities: ascending(added) }),
    ...(removed.size === 0 ? {} : { removeCommunities: ascending(removed) }),
    ...(first.nextHopSelf === true || second.nextHopSelf === true ? { nextHopSelf: true } : {}),
  }
}

function ascending(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b)
}

/** Does the route carry the community once these edits are done? Does not allocate. */
export function hasCommunityAfter(edits: Edits, value: number, before: boolean): boolean {
  if (edits.addCommunities?.includes(value) === true) return true
  return before && edits.removeCommunities?.includes(value) !== true
}

export class EditsTable {
  /** By index; [0] is empty. Grows, never changes. */
  readonly edits: Edits[] = [NO_EDITS]
  readonly #byContent = new Map<string, number>([[JSON.stringify(NO_EDITS), 0]])
  /** Per term: index so far -> index after it. */
  readonly #after: number[][] = []

  /** Index of `edits[index]` followed by `edits`, the edits of term number `term`. Allocates the first time only. */
  append(index: number, term: number, edits: Edits): number {
    const known = this.#after[term]?.[index]
    return known === undefined ? this.#learn(index, term, edits) : known
  }

  #learn(index: number, term: number, edits: Edits): number {
    const combined = combineEdits(this.edits[index] ?? NO_EDITS, edits)
    const content = JSON.stringify(combined)
    let result = this.#byContent.get(content)
    if (result === undefined) {
      result = this.edits.push(combined) - 1
      this.#byContent.set(content, result)
    }
    while (this.#after.length <= term) this.#after.push([])
    const row = this.#after[term]
    if (row !== undefined) row[index] = result
    return result
  }
}
