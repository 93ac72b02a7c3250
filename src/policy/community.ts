/**
 * Communities and large communities (RFC 1997, RFC 8092) of a route, with the changes that earlier terms have made.
 * A pattern is compiled to words under masks: one word for a community, three for a large one. Called by condition.ts and edits.ts.
 */
import { LARGE_COMMUNITY_LENGTH } from '../../wire/attribute/community.ts'
import { readU32 } from '../../wire/bytes.ts'
import type { Community, CommunityPattern, Edits, PolicySubject } from './policy.ts'

/** Ready to compare; `width` is 1 or 3 words. */
export interface CompiledPattern {
  readonly width: number
  readonly value: readonly number[]
  readonly mask: readonly number[]
}

const ALL = 0xffffffff
const words = (community: Community): readonly number[] => (typeof community === 'number' ? [community] : community)

export function compilePattern(given: Community | CommunityPattern): CompiledPattern {
  const isPattern = typeof given === 'object' && 'mask' in given
  const value = words(isPattern ? given.value : given)
  const mask = isPattern ? words(given.mask) : value.map(() => ALL)
  return { width: value.length, value: value.map((word, k) => (word & (mask[k] ?? 0)) >>> 0), mask }
}

interface Changes {
  readonly added: readonly (readonly number[])[]
  readonly removed: readonly CompiledPattern[]
}

const NO_CHANGES: Changes = { added: [], removed: [] }
const compiled = new WeakMap<Edits, Changes>()

/** The communities that edits add and take away, compiled once. */
function changesOf(edits: Edits): Changes {
  let changes = compiled.get(edits)
  if (changes === undefined) {
    changes = {
      added: (edits.addCommunities ?? []).map(words),
      removed: (edits.removeCommunities ?? []).map(compilePattern),
    }
    compiled.set(edits, changes)
  }
  return changes
}

function hasOctets({ width, value, mask }: CompiledPattern, bytes: Uint8Array, at: number): boolean {
  for (let k = 0; k < width; k++) {
    if ((readU32(bytes, at + 4 * k) & (mask[k] ?? 0)) >>> 0 !== value[k]) return false
  }
  return true
}

function hasWords({ width, value, mask }: CompiledPattern, given: readonly number[]): boolean {
  if (given.length !== width) return false
  for (let k = 0; k < width; k++) if (((given[k] ?? 0) & (mask[k] ?? 0)) >>> 0 !== value[k]) return false
  return true
}

function isRemoved(removed: readonly CompiledPattern[], width: number, bytes: Uint8Array, at: number): boolean {
  for (const one of removed) if (one.width === width && hasOctets(one, bytes, at)) return true
  return false
}

/** Does the pattern stand for this community? */
export function standsFor(pattern: CompiledPattern, community: Community): boolean {
  return hasWords(pattern, words(community))
}

/** Does the route carry a community of this pattern once the edits are done? */
export function carries(subject: PolicySubject, pattern: CompiledPattern, edits: Edits | undefined): boolean {
  const changes = edits === undefined ? NO_CHANGES : changesOf(edits)
  for (const value of changes.added) if (hasWords(pattern, value)) return true
  const { bytes, start, attributes } = subject
  const isLarge = pattern.width === 3
  const size = isLarge ? LARGE_COMMUNITY_LENGTH : 4
  const first = start + (isLarge ? attributes.largeCommunitiesOffset : attributes.communitiesOffset)
  const end = first + (isLarge ? attributes.largeCommunitiesLength : attributes.communitiesLength)
  for (let at = first; at < end; at += size) {
    if (hasOctets(pattern, bytes, at) && !isRemoved(changes.removed, pattern.width, bytes, at)) return true
  }
  return false
}
