/**
 * Edits as small numbers: 0 changes nothing, every other distinct combination has one index that never changes.
 *
 * `next` terms add their edits to those of the terms before. Which combinations happen depends on the routes, so they are
 * built when first met and remembered per (edits so far, term). Two ways to the same result get the same index, so that
 * the RIB builds, interns and advertises one attribute set for both.
 */
import { compilePattern, standsFor } from './community.ts'
import type { Community, CommunityPattern, Edits } from './policy.ts'

const NO_EDITS: Edits = {}

type Removal = Community | CommunityPattern

/** `first`, then `second`. What is added later is not removed by name, so that one result has one form. */
function combineEdits(first: Edits, second: Edits): Edits {
  const later = second.removeCommunities ?? []
  const patterns = later.map(compilePattern)
  const kept = (first.addCommunities ?? []).filter(value => !patterns.some(pattern => standsFor(pattern, value)))
  const added = inOrder([...kept, ...(second.addCommunities ?? [])])
  const names = new Set(added.map(textOf))
  const removed = inOrder([...(first.removeCommunities ?? []), ...later]).filter(value => !names.has(textOf(value)))
  const localPref = second.localPref ?? first.localPref
  const fromMetric =
    second.localPref === undefined
      ? (second.localPrefFromMetric ?? first.localPrefFromMetric)
      : second.localPrefFromMetric
  const med = second.med ?? first.med
  const prepend = [...(second.prepend ?? []), ...(first.prepend ?? [])]
  const preference = second.preference ?? first.preference
  return {
    ...(localPref === undefined ? {} : { localPref }),
    ...(fromMetric === undefined ? {} : { localPrefFromMetric: fromMetric }),
    ...(med === undefined ? {} : { med }),
    ...(prepend.length === 0 ? {} : { prepend }),
    ...(added.length === 0 ? {} : { addCommunities: added }),
    ...(removed.length === 0 ? {} : { removeCommunities: removed }),
    ...(preference === undefined ? {} : { preference }),
    ...(first.nextHopSelf === true || second.nextHopSelf === true ? { nextHopSelf: true } : {}),
  }
}

const textOf = (value: Removal): string => JSON.stringify(value)

/** Each once, in an order that depends on the values alone: numbers ascending, then the rest. */
function inOrder<T extends Removal>(values: readonly T[]): T[] {
  const distinct = [...new Map(values.map(value => [textOf(value), value])).entries()]
  const rank = ([text, value]: [string, T]) => (typeof value === 'number' ? value : text)
  return distinct
    .sort((a, b) => {
      const [left, right] = [rank(a), rank(b)]
      if (typeof left === 'number' && typeof right === 'number') return left - right
      if (typeof left !== typeof right) return typeof left === 'number' ? -1 : 1
      return left < right ? -1 : left > right ? 1 : 0
    })
    .map(([, value]) => value)
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
